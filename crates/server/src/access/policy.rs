//! What each right asks of a member, as one pure function over what the database says.
//!
//! `wire::permission::evaluate` turns roles and overwrites into permissions; here stands which of
//! them a verb needs, and whether a refusal may admit that the thing exists.

use cloister_wire::{Permissions, guild::GuildKind};

/// What somebody wants to do in a guild or one of its channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// See the guild: names, members, log.
    LookAround,
    ViewChannel,
    ReadHistory,
    SendMessage,
    PinMessage,
    CreateChannel,
    CreateInvite,
    EndAnyInvite,
    Vouch,
    SetPolicy,
    GiveRoles,
    HandOver,
    TakeOut,
    ReviewReports,
    DeleteGuild,
    Leave,
    EditGuild,
    ManageRoles,
    ManageChannels,
    /// See every overwrite.
    SeeOverwrites,
    /// Ask why somebody else may do something.
    ExplainOthers,
    Kick,
    Ban,
    TimeOut,
    ViewAudit,
    /// Say what one is called here.
    NameSelf,
    NameOthers,
    ManageEmoji,
}

impl Verb {
    pub const ALL: [Self; 28] = [
        Self::LookAround,
        Self::ViewChannel,
        Self::ReadHistory,
        Self::SendMessage,
        Self::PinMessage,
        Self::CreateChannel,
        Self::CreateInvite,
        Self::EndAnyInvite,
        Self::Vouch,
        Self::SetPolicy,
        Self::GiveRoles,
        Self::HandOver,
        Self::TakeOut,
        Self::ReviewReports,
        Self::DeleteGuild,
        Self::Leave,
        Self::EditGuild,
        Self::ManageRoles,
        Self::ManageChannels,
        Self::SeeOverwrites,
        Self::ExplainOthers,
        Self::Kick,
        Self::Ban,
        Self::TimeOut,
        Self::ViewAudit,
        Self::NameSelf,
        Self::NameOthers,
        Self::ManageEmoji,
    ];
}

impl Verb {
    /// Whether there is such a thing in a conversation of several people, and in a guild.
    pub const fn fits(self, kind: GuildKind) -> bool {
        match kind {
            GuildKind::Guild => !matches!(self, Self::TakeOut),
            GuildKind::Group => matches!(
                self,
                Self::LookAround
                    | Self::ViewChannel
                    | Self::ReadHistory
                    | Self::SendMessage
                    | Self::PinMessage
                    | Self::Vouch
                    | Self::SetPolicy
                    | Self::HandOver
                    | Self::TakeOut
                    | Self::DeleteGuild
                    | Self::Leave
            ),
        }
    }
}

/// How somebody stands in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Stranger,
    Member(Permissions),
    Owner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    Allowed,
    /// They may know that it exists.
    Forbidden,
    /// For them it does not exist.
    Hidden,
}

/// The whole policy.
#[expect(clippy::match_same_arms, reason = "each verb has its line")]
pub fn rule(relation: Relation, verb: Verb) -> Ruling {
    let permissions = match relation {
        Relation::Stranger => return Ruling::Hidden,
        Relation::Owner => Permissions::ALL,
        Relation::Member(permissions) => permissions,
    };
    let needed = match verb {
        Verb::ViewChannel => Permissions::VIEW_CHANNEL,
        Verb::ReadHistory => Permissions::VIEW_CHANNEL.union(Permissions::READ_HISTORY),
        Verb::SendMessage => Permissions::VIEW_CHANNEL.union(Permissions::SEND_MESSAGES),
        Verb::PinMessage => Permissions::VIEW_CHANNEL
            .union(Permissions::READ_HISTORY)
            .union(Permissions::PIN_MESSAGES),
        Verb::CreateChannel | Verb::ManageChannels | Verb::SetPolicy => {
            Permissions::MANAGE_CHANNELS
        }
        Verb::EditGuild => Permissions::MANAGE_GUILD,
        Verb::ManageRoles | Verb::GiveRoles | Verb::ExplainOthers => Permissions::MANAGE_ROLES,
        Verb::SeeOverwrites if permissions.contains(Permissions::MANAGE_CHANNELS) => {
            Permissions::NONE
        }
        Verb::SeeOverwrites => Permissions::MANAGE_ROLES,
        Verb::Kick => Permissions::KICK_MEMBERS,
        Verb::Ban => Permissions::BAN_MEMBERS,
        Verb::TimeOut => Permissions::TIMEOUT_MEMBERS,
        Verb::ViewAudit => Permissions::VIEW_AUDIT_LOG,
        Verb::NameSelf if permissions.contains(Permissions::MANAGE_NICKNAMES) => Permissions::NONE,
        Verb::NameSelf => Permissions::CHANGE_NICKNAME,
        Verb::NameOthers => Permissions::MANAGE_NICKNAMES,
        Verb::ManageEmoji => Permissions::MANAGE_EMOJI,
        Verb::CreateInvite => Permissions::CREATE_INVITE,
        Verb::EndAnyInvite => Permissions::MANAGE_INVITES,
        Verb::Vouch => Permissions::VOUCH_MEMBERS,
        Verb::ReviewReports => Permissions::MANAGE_MESSAGES,
        Verb::Leave if relation == Relation::Owner => return Ruling::Forbidden,
        Verb::LookAround | Verb::Leave => Permissions::NONE,
        Verb::DeleteGuild | Verb::HandOver | Verb::TakeOut if relation == Relation::Owner => {
            Permissions::NONE
        }
        Verb::DeleteGuild | Verb::HandOver | Verb::TakeOut => return Ruling::Forbidden,
    };
    let in_channel = matches!(
        verb,
        Verb::ViewChannel | Verb::ReadHistory | Verb::SendMessage | Verb::PinMessage
    );
    if in_channel && !permissions.contains(Permissions::VIEW_CHANNEL) {
        return Ruling::Hidden;
    }
    if permissions.contains(needed) {
        Ruling::Allowed
    } else {
        Ruling::Forbidden
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn the_whole_policy_is_this_table() {
        let relations = [
            ("stranger", Relation::Stranger),
            ("blind", Relation::Member(Permissions::NONE)),
            ("member", Relation::Member(Permissions::EVERYONE)),
            ("admin", Relation::Member(Permissions::ALL)),
            ("owner", Relation::Owner),
        ];
        let mut table = String::new();
        for verb in Verb::ALL {
            write!(table, "{:14}", format!("{verb:?}")).unwrap();
            for (name, relation) in relations {
                write!(table, " {name}={:?}", rule(relation, verb)).unwrap();
            }
            table += "\n";
        }
        insta::assert_snapshot!(table);
    }
}
