//! The guild log: one chain per guild that says who made it, who may invite, who joined how and
//! what its channels promise. Members sign the operations, the server only puts them in order
//! and may only ever take people out.

use std::collections::BTreeMap;

use cloister_wire::{ChannelId, GuildId, Hash, UserId};
use minicbor::{Decode, Encode};

use crate::{ChannelPolicy, DeviceLog, ProofError, Purpose, Signed, policy::ChannelClass};

mod op;

pub use op::{Change, InviteUse, LogEntry, LogRights, Op, OpBody, Position, RemoveCause};

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
                self.everyone = everyone;
                self.members.insert(
                    op.user,
                    LogMember {
                        genesis: op.genesis,
                        joined_seq: seq,
                        vouched: true,
                    },
                );
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
                if let Some(member) = self
                    .members
                    .get_mut(&user)
                    .filter(|member| member.genesis == genesis)
                {
                    member.vouched = true;
                }
            }
        }
        Ok(())
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
        self.members.insert(op.user, member);
    }

    fn apply_remove(&mut self, user: UserId, seq: u64) -> Result<(), ProofError> {
        self.members.remove(&user).ok_or(ProofError::Mismatch)?;
        self.removed.insert(user, seq);
        Ok(())
    }

    fn check_signer(
        &self,
        op: &Op,
        signed: &Signed,
        devlogs: &dyn Devlogs,
    ) -> Result<(), ProofError> {
        if op.v != 1 || op.guild != self.guild {
            return Err(ProofError::Mismatch);
        }
        let log = devlogs.devlog(op.user).ok_or(ProofError::UnknownSigner)?;
        if log.genesis != op.genesis {
            return Err(ProofError::Mismatch);
        }
        if op.devlog_version > log.version {
            return Err(ProofError::UnknownSigner);
        }
        let device = log
            .signer_at(op.device, op.devlog_version)
            .ok_or(ProofError::NotAllowed)?;
        signed.verify(Purpose::GuildOp, &device.cert.signing)?;
        if !self.is_at(op.after) {
            return Err(ProofError::Broken);
        }
        // An operation signed before the signer was taken out says nothing any more.
        if self
            .removed
            .get(&op.user)
            .is_some_and(|removed| op.after.seq < *removed)
        {
            return Err(ProofError::NotAllowed);
        }
        Ok(())
    }

    fn check_body(&self, op: &Op) -> Result<(), ProofError> {
        let started = self.position.seq > 0;
        match &op.body {
            OpBody::Create { everyone } => {
                let only_known = everyone.0
                    & !(LogRights::INVITE.0 | LogRights::VOUCH.0 | LogRights::POLICY.0)
                    == 0;
                if started || !only_known {
                    Err(ProofError::Broken)
                } else {
                    Ok(())
                }
            }
            OpBody::Policy { policy } => {
                self.allows(op, LogRights::POLICY)?;
                let expected = self
                    .policies
                    .get(&policy.channel)
                    .map_or(1, |known| known.version + 1);
                let encrypted = policy.class == ChannelClass::Encrypted;
                if policy.version == expected && encrypted {
                    Ok(())
                } else {
                    Err(ProofError::Broken)
                }
            }
            OpBody::Invite { code, .. } => {
                self.allows(op, LogRights::INVITE)?;
                if self.invites.contains_key(code) {
                    Err(ProofError::Broken)
                } else {
                    Ok(())
                }
            }
            OpBody::InviteEnd { code } => {
                let invite = self
                    .invites
                    .get(code)
                    .filter(|one| !one.ended)
                    .ok_or(ProofError::Mismatch)?;
                if op.user == self.owner || op.user == invite.by {
                    self.member(op)
                } else {
                    Err(ProofError::NotAllowed)
                }
            }
            OpBody::Join { .. } => {
                if !started || self.members.contains_key(&op.user) {
                    Err(ProofError::Broken)
                } else {
                    Ok(())
                }
            }
            OpBody::Add { user, genesis } => {
                self.allows(op, LogRights::VOUCH)?;
                let member = self.members.get(user).ok_or(ProofError::Mismatch)?;
                let stale = self
                    .removed
                    .get(user)
                    .is_some_and(|removed| op.after.seq < *removed);
                if stale || member.genesis != *genesis {
                    Err(ProofError::Mismatch)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Whether the log alone gives the signer of `op` a right: the owner has all of them,
    /// vouched members have what the guild gives everyone.
    fn allows(&self, op: &Op, right: LogRights) -> Result<(), ProofError> {
        self.member(op)?;
        let vouched = self
            .members
            .get(&op.user)
            .is_some_and(|member| member.vouched);
        if op.user == self.owner || (vouched && self.everyone.contains(right)) {
            Ok(())
        } else {
            Err(ProofError::NotAllowed)
        }
    }

    fn member(&self, op: &Op) -> Result<(), ProofError> {
        let member = self.members.get(&op.user).ok_or(ProofError::NotAllowed)?;
        if member.genesis == op.genesis {
            Ok(())
        } else {
            Err(ProofError::NotAllowed)
        }
    }

    /// Whether the log went through `position`.
    pub fn is_at(&self, position: Position) -> bool {
        match position.seq.checked_sub(1) {
            None => position == Position::START,
            Some(index) => self.heads.get(index as usize) == Some(&position.head),
        }
    }
}
