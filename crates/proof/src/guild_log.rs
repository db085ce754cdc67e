//! The guild log: one chain per guild that says who made it, who may invite, who joined how and
//! what its channels promise. Members sign the operations, the server only puts them in order
//! and may only ever take people out.

use std::collections::{BTreeMap, BTreeSet};

use cloister_wire::{ChannelId, GuildId, Hash, RoleId, UserId};
use minicbor::{Decode, Encode};

use crate::{ChannelPolicy, DeviceLog, ProofError, Purpose, Signed, policy::Readers};

mod check;
mod op;
mod reader;

pub use op::{Change, InviteUse, LogEntry, LogRights, Op, OpBody, Position, RemoveCause, RoleHeld};

/// A member as the log tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LogMember {
    #[n(0)]
    pub genesis: Hash,
    #[n(1)]
    pub joined_seq: u64,
    /// Held an invite link that its inviter was allowed to make, or was vouched for.
    #[n(2)]
    pub vouched: bool,
}

/// A role as the log tells it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LogRole {
    #[n(0)]
    pub rights: LogRights,
    #[n(1)]
    pub held: RoleHeld,
    /// Who was given it.
    #[n(2)]
    pub holders: BTreeSet<UserId>,
    /// When it was last taken from somebody: earlier grants are void for them.
    #[n(3)]
    pub taken: BTreeMap<UserId, u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LogInvite {
    #[n(0)]
    pub cert: Hash,
    #[n(1)]
    pub key: Hash,
    #[n(2)]
    pub uses: u32,
    #[n(3)]
    pub used: u32,
    #[n(4)]
    pub expires_ms: Option<u64>,
    #[n(5)]
    pub ended: bool,
    #[n(6)]
    pub by: UserId,
    #[n(7)]
    pub at_ms: u64,
}

/// Where verification finds the device logs of signers.
pub trait Devlogs {
    fn devlog(&self, user: UserId) -> Option<&DeviceLog>;
}

impl Devlogs for BTreeMap<UserId, DeviceLog> {
    fn devlog(&self, user: UserId) -> Option<&DeviceLog> {
        self.get(&user)
    }
}

/// A log whose every entry was verified.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GuildLog {
    #[n(0)]
    pub guild: GuildId,
    #[n(1)]
    pub position: Position,
    #[n(2)]
    pub at_ms: u64,
    /// Hash of the `Create` operation's payload: which guild this is.
    #[n(3)]
    pub genesis: Hash,
    #[n(4)]
    pub owner: UserId,
    #[n(5)]
    pub everyone: LogRights,
    #[n(6)]
    pub members: BTreeMap<UserId, LogMember>,
    /// When somebody was last taken out: operations from before that are void for them.
    #[n(7)]
    pub removed: BTreeMap<UserId, u64>,
    #[n(8)]
    pub policies: BTreeMap<ChannelId, ChannelPolicy>,
    #[n(9)]
    pub invites: BTreeMap<String, LogInvite>,
    /// Hashes of all entries, the first at index 0.
    #[n(10)]
    heads: Vec<Hash>,
    /// Which account the owner is: whoever starts over owns nothing.
    #[n(11)]
    pub owner_genesis: Hash,
    #[n(12)]
    pub roles: BTreeMap<RoleId, LogRole>,
    /// Roles that are gone; their ids are not used again.
    #[n(13)]
    pub ended_roles: BTreeSet<RoleId>,
}

impl GuildLog {
    /// A log before its first entry.
    pub fn empty(guild: GuildId) -> Self {
        Self {
            guild,
            position: Position::START,
            at_ms: 0,
            genesis: Position::START.head,
            owner: UserId::from_bytes([0; 16]),
            everyone: LogRights::NONE,
            members: BTreeMap::new(),
            removed: BTreeMap::new(),
            policies: BTreeMap::new(),
            invites: BTreeMap::new(),
            heads: Vec::new(),
            owner_genesis: Position::START.head,
            roles: BTreeMap::new(),
            ended_roles: BTreeSet::new(),
        }
    }

    /// Verifies one more entry and applies it; on an error the log must be thrown away.
    pub fn append(
        &mut self,
        entry: &[u8],
        server_key: &Hash,
        devlogs: &dyn Devlogs,
    ) -> Result<Change, ProofError> {
        let signed = Signed::parse(entry)?;
        signed.verify(Purpose::LogEntry, server_key)?;
        let entry: LogEntry = signed.open()?;
        if entry.guild != self.guild {
            return Err(ProofError::Mismatch);
        }
        let next =
            entry.v == 1 && entry.seq == self.position.seq + 1 && entry.prev == self.position.head;
        if !next || entry.at_ms < self.at_ms {
            return Err(ProofError::Broken);
        }
        match &entry.change {
            Change::Op { op } => self.apply_op(op.as_ref(), entry.seq, entry.at_ms, devlogs)?,
            Change::Remove { user, .. } => self.apply_remove(*user, entry.seq)?,
            Change::Ungrant { user, role } => self.apply_ungrant(*user, *role, entry.seq)?,
            Change::RoleEnd { role } => self.apply_role_end(*role)?,
        }
        self.at_ms = entry.at_ms;
        self.position = Position {
            seq: entry.seq,
            head: signed.payload_hash(),
        };
        self.heads.push(self.position.head);
        Ok(entry.change)
    }

    /// Whether `op` could be the next entry; what the server asks before it signs.
    pub fn check(&self, op: &[u8], devlogs: &dyn Devlogs) -> Result<Op, ProofError> {
        let signed = Signed::parse(op)?;
        let op: Op = signed.open()?;
        self.check_signer(&op, &signed, devlogs)?;
        self.check_body(&op)?;
        Ok(op)
    }

    /// Whether a join at `at_ms` would be vouched by its invitation.
    pub fn vouches(&self, op: &Op, signed: &Signed, at_ms: u64) -> bool {
        let OpBody::Join { invite: Some(one) } = &op.body else {
            return false;
        };
        self.invites.get(&one.code).is_some_and(|invite| {
            invite.cert == one.cert
                && !invite.ended
                && (invite.uses == 0 || invite.used < invite.uses)
                && invite.expires_ms.is_none_or(|expires| at_ms <= expires)
                && signed.verify(Purpose::GuildOp, &invite.key).is_ok()
        })
    }

    fn apply_op(
        &mut self,
        bytes: &[u8],
        seq: u64,
        at_ms: u64,
        devlogs: &dyn Devlogs,
    ) -> Result<(), ProofError> {
        let op = self.check(bytes, devlogs)?;
        let signed = Signed::parse(bytes)?;
        match op.body.clone() {
            OpBody::Create { everyone } => {
                self.genesis = signed.payload_hash();
                self.owner = op.user;
                self.owner_genesis = op.genesis;
                self.everyone = everyone;
                self.admit(op.user, op.genesis, seq);
            }
            OpBody::Policy { policy } => {
                self.policies.insert(policy.channel, policy);
            }
            OpBody::Invite {
                code,
                cert,
                key,
                uses,
                expires_ms,
            } => {
                let invite = LogInvite {
                    cert,
                    key,
                    uses,
                    used: 0,
                    expires_ms,
                    ended: false,
                    by: op.user,
                    at_ms,
                };
                self.invites.insert(code, invite);
            }
            OpBody::InviteEnd { code } => {
                if let Some(invite) = self.invites.get_mut(&code) {
                    invite.ended = true;
                }
            }
            OpBody::Join { invite } => self.apply_join(&op, &signed, invite, seq, at_ms),
            OpBody::Add { user, genesis } => {
                let known = self.members.get_mut(&user);
                match known.filter(|member| member.genesis == genesis) {
                    Some(member) => member.vouched = true,
                    None => self.admit(user, genesis, seq),
                }
            }
            OpBody::TransferOwner { user, genesis } => {
                self.owner = user;
                self.owner_genesis = genesis;
            }
            OpBody::Role { role, rights, held } => self.apply_role(role, rights, held),
            OpBody::Grant { role, user, .. } => {
                if let Some(role) = self.roles.get_mut(&role) {
                    role.holders.insert(user);
                }
            }
        }
        Ok(())
    }

    fn apply_role(&mut self, role: RoleId, rights: LogRights, held: RoleHeld) {
        let known = self.roles.remove(&role);
        let (holders, taken) = known
            .map(|known| (known.holders, known.taken))
            .unwrap_or_default();
        let next = LogRole {
            rights,
            held,
            holders,
            taken,
        };
        self.roles.insert(role, next);
    }

    fn admit(&mut self, user: UserId, genesis: Hash, seq: u64) {
        let member = LogMember {
            genesis,
            joined_seq: seq,
            vouched: true,
        };
        self.members.insert(user, member);
    }

    fn apply_join(
        &mut self,
        op: &Op,
        signed: &Signed,
        invite: Option<InviteUse>,
        seq: u64,
        at_ms: u64,
    ) {
        let vouched = self.vouches(op, signed, at_ms);
        let used = invite.and_then(|one| self.invites.get_mut(&one.code));
        if let Some(invite) = used.filter(|_| vouched) {
            invite.used += 1;
        }
        let member = LogMember {
            genesis: op.genesis,
            joined_seq: seq,
            vouched,
        };
        // Somebody who started over is somebody else: nothing that was theirs remains.
        self.forget(op.user);
        self.members.insert(op.user, member);
    }

    fn apply_remove(&mut self, user: UserId, seq: u64) -> Result<(), ProofError> {
        self.members.remove(&user).ok_or(ProofError::Mismatch)?;
        self.removed.insert(user, seq);
        self.forget(user);
        Ok(())
    }

    /// Takes away everything that operations gave somebody.
    fn forget(&mut self, user: UserId) {
        for role in self.roles.values_mut() {
            role.holders.remove(&user);
        }
        for policy in self.policies.values_mut() {
            if let Readers::Users { users } = &mut policy.readers {
                users.retain(|reader| *reader != user);
            }
        }
    }

    fn apply_ungrant(&mut self, user: UserId, role: RoleId, seq: u64) -> Result<(), ProofError> {
        let role = self.roles.get_mut(&role).ok_or(ProofError::Mismatch)?;
        if !role.holders.remove(&user) {
            return Err(ProofError::Mismatch);
        }
        role.taken.insert(user, seq);
        Ok(())
    }

    fn apply_role_end(&mut self, role: RoleId) -> Result<(), ProofError> {
        self.roles.remove(&role).ok_or(ProofError::Mismatch)?;
        self.ended_roles.insert(role);
        for policy in self.policies.values_mut() {
            if let Readers::Roles { roles } = &mut policy.readers {
                roles.retain(|reader| *reader != role);
            }
        }
        Ok(())
    }

    /// Whether the log went through `position`.
    pub fn is_at(&self, position: Position) -> bool {
        match position.seq.checked_sub(1) {
            None => position == Position::START,
            Some(index) => self.heads.get(index as usize) == Some(&position.head),
        }
    }
}
