//! Whether an operation may stand in the log: who signed it, and what the log alone lets them.

use cloister_wire::{Hash, RoleId, UserId};

use super::{Devlogs, GuildLog, LogRights, Op, OpBody};
use crate::{ChannelPolicy, ProofError, Purpose, Signed, policy::Readers};

impl GuildLog {
    pub(super) fn check_signer(
        &self,
        op: &Op,
        signed: &Signed,
        devlogs: &dyn Devlogs,
    ) -> Result<(), ProofError> {
        if op.v != 1 || op.guild != self.guild {
            return Err(ProofError::Mismatch);
        }
        let log = devlogs.devlog(op.user).ok_or(ProofError::UnknownSigner)?;
        if op.devlog_version > log.version {
            return Err(ProofError::UnknownSigner);
        }
        // Who they were when they signed: an operation outlives its signer's starting over.
        if log.genesis_at(op.devlog_version) != Some(op.genesis) {
            return Err(ProofError::Mismatch);
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

    pub(super) fn check_body(&self, op: &Op) -> Result<(), ProofError> {
        let started = self.position.seq > 0;
        match &op.body {
            OpBody::Create { everyone } => {
                let common = LogRights::INVITE
                    .union(LogRights::VOUCH)
                    .union(LogRights::POLICY);
                if started || !common.contains(*everyone) {
                    Err(ProofError::Broken)
                } else {
                    Ok(())
                }
            }
            OpBody::Policy { policy } => self.check_policy(op, policy),
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
                if self.owns(op) || op.user == invite.by {
                    self.member(op)
                } else {
                    Err(ProofError::NotAllowed)
                }
            }
            OpBody::Join { .. } => {
                let same = self
                    .members
                    .get(&op.user)
                    .is_some_and(|member| member.genesis == op.genesis);
                if !started || same {
                    Err(ProofError::Broken)
                } else {
                    Ok(())
                }
            }
            OpBody::Add { user, genesis } => {
                self.allows(op, LogRights::VOUCH)?;
                self.check_recent(op, *user)?;
                match self.members.get(user) {
                    Some(member) if member.genesis != *genesis => Err(ProofError::Mismatch),
                    _ => Ok(()),
                }
            }
            OpBody::TransferOwner { user, genesis } => self.check_transfer(op, *user, genesis),
            OpBody::Role { role, rights, .. } => self.check_role(op, *role, *rights),
            OpBody::Grant {
                role,
                user,
                genesis,
            } => self.check_grant(op, *role, *user, genesis),
        }
    }

    fn check_transfer(&self, op: &Op, user: UserId, genesis: &Hash) -> Result<(), ProofError> {
        self.member(op)?;
        if !self.owns(op) {
            return Err(ProofError::NotAllowed);
        }
        self.check_subject(op, user, genesis)?;
        if self.vouched(user) && user != op.user {
            Ok(())
        } else {
            Err(ProofError::Mismatch)
        }
    }

    fn check_policy(&self, op: &Op, policy: &ChannelPolicy) -> Result<(), ProofError> {
        self.allows(op, LogRights::POLICY)?;
        let continues = match self.policies.get(&policy.channel) {
            // Whoever may not read a channel does not say who may.
            Some(_) if !self.reads(policy.channel, op.user) => return Err(ProofError::NotAllowed),
            Some(known) => known.may_become(policy),
            None => policy.version == 1 && policy.is_well_formed(),
        };
        if !continues {
            return Err(ProofError::Broken);
        }
        match &policy.readers {
            Readers::Everyone => Ok(()),
            Readers::Roles { roles } => {
                if roles.iter().all(|role| self.roles.contains_key(role)) {
                    Ok(())
                } else {
                    Err(ProofError::Mismatch)
                }
            }
            Readers::Users { users } => {
                for user in users {
                    self.check_recent(op, *user)?;
                    self.members.get(user).ok_or(ProofError::Mismatch)?;
                }
                Ok(())
            }
        }
    }

    /// A role's rights are given by the owner, or by somebody who may give roles and has those
    /// rights: nobody makes themselves more than they are.
    fn check_role(&self, op: &Op, role: RoleId, rights: LogRights) -> Result<(), ProofError> {
        self.allows(op, LogRights::GRANT)?;
        if !LogRights::ALL.contains(rights) || self.ended_roles.contains(&role) {
            return Err(ProofError::Broken);
        }
        let before = self
            .roles
            .get(&role)
            .map_or(LogRights::NONE, |known| known.rights);
        self.allows(op, rights.union(before))
    }

    fn check_grant(
        &self,
        op: &Op,
        role: RoleId,
        user: UserId,
        genesis: &Hash,
    ) -> Result<(), ProofError> {
        self.allows(op, LogRights::GRANT)?;
        let known = self.roles.get(&role).ok_or(ProofError::Mismatch)?;
        self.allows(op, known.rights)?;
        self.check_subject(op, user, genesis)?;
        let stale = known
            .taken
            .get(&user)
            .is_some_and(|taken| op.after.seq < *taken);
        if stale || known.holders.contains(&user) {
            Err(ProofError::Mismatch)
        } else {
            Ok(())
        }
    }

    /// That the subject is a member, is this account, and was not taken out since.
    fn check_subject(&self, op: &Op, user: UserId, genesis: &Hash) -> Result<(), ProofError> {
        self.check_recent(op, user)?;
        let member = self.members.get(&user).ok_or(ProofError::Mismatch)?;
        if member.genesis == *genesis {
            Ok(())
        } else {
            Err(ProofError::Mismatch)
        }
    }

    /// What was signed about somebody before they were last taken out says nothing any more.
    fn check_recent(&self, op: &Op, user: UserId) -> Result<(), ProofError> {
        let stale = self
            .removed
            .get(&user)
            .is_some_and(|removed| op.after.seq < *removed);
        if stale {
            Err(ProofError::Mismatch)
        } else {
            Ok(())
        }
    }

    /// Whether the log alone gives the signer of `op` a right: the owner has all of them,
    /// vouched members have what the guild gives everyone and what their roles give.
    fn allows(&self, op: &Op, right: LogRights) -> Result<(), ProofError> {
        self.member(op)?;
        if self.rights(op.user).contains(right) {
            Ok(())
        } else {
            Err(ProofError::NotAllowed)
        }
    }

    fn owns(&self, op: &Op) -> bool {
        op.user == self.owner && op.genesis == self.owner_genesis
    }

    fn member(&self, op: &Op) -> Result<(), ProofError> {
        let member = self.members.get(&op.user).ok_or(ProofError::NotAllowed)?;
        if member.genesis == op.genesis {
            Ok(())
        } else {
            Err(ProofError::NotAllowed)
        }
    }
}
