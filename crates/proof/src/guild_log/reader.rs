//! What the log says about one person: what they may sign, what they hold, what they may read.

use std::collections::BTreeSet;

use cloister_wire::{ChannelId, RoleId, UserId};

use super::{GuildLog, LogRights, RoleHeld};
use crate::policy::Readers;

impl GuildLog {
    /// Whether somebody held an invite link or was vouched for.
    pub fn vouched(&self, user: UserId) -> bool {
        self.members.get(&user).is_some_and(|member| member.vouched)
    }

    /// Whether somebody owns the guild by the log: an owner who started over does not.
    pub fn is_owner(&self, user: UserId) -> bool {
        user == self.owner
            && self
                .members
                .get(&user)
                .is_some_and(|member| member.genesis == self.owner_genesis)
    }

    pub fn holds(&self, user: UserId, role: RoleId) -> bool {
        self.roles.get(&role).is_some_and(|known| {
            known.holders.contains(&user)
                || (known.held == RoleHeld::ByVouched && self.vouched(user))
        })
    }

    /// What somebody may sign.
    pub fn rights(&self, user: UserId) -> LogRights {
        if self.is_owner(user) {
            return LogRights::ALL;
        }
        let mut rights = LogRights::NONE;
        if self.vouched(user) {
            rights = self.everyone;
        }
        for (role, known) in &self.roles {
            if self.holds(user, *role) {
                rights = rights.union(known.rights);
            }
        }
        rights
    }

    /// Whether somebody may be in a channel's audience: the owner, whoever reads everything, and
    /// those whom the channel's policy names. Nobody, if no member signed a policy.
    pub fn reads(&self, channel: ChannelId, user: UserId) -> bool {
        let Some(policy) = self.policies.get(&channel) else {
            return false;
        };
        if !self.members.contains_key(&user) {
            return false;
        }
        let named = match &policy.readers {
            Readers::Everyone => true,
            Readers::Roles { roles } => roles.iter().any(|role| self.holds(user, *role)),
            Readers::Users { users } => users.binary_search(&user).is_ok(),
        };
        named || self.is_owner(user) || self.rights(user).contains(LogRights::READ)
    }

    /// Everybody who may be in a channel's audience.
    pub fn readers(&self, channel: ChannelId) -> BTreeSet<UserId> {
        self.members
            .keys()
            .copied()
            .filter(|user| self.reads(channel, *user))
            .collect()
    }
}
