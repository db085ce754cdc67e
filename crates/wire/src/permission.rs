//! The 64 permission bits and how they are evaluated: one pure function for server and clients.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

mod constraint;
mod explain;
mod rules;

pub use constraint::{Constraint, Constraints, Facts, Hours, Network, Seat};
pub use explain::{Decision, Explanation, Step, explain};
pub use rules::{Holder, Place, Rank, Role as RoleRule, Rules, Subject};

/// A set of permissions. A decimal string in JSON, an integer in CBOR.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, as = "String"))]
pub struct Permissions(pub u64);

macro_rules! bits {
    ($($(#[$doc:meta])* $name:ident = $bit:literal)*) => {
        impl Permissions {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            /// Every named right with its name in snake case.
            pub const NAMED: &'static [(&'static str, Permissions)] =
                &[$((stringify!($name), Self::$name),)*];
        }
    };
}

bits! {
    VIEW_CHANNEL = 0
    SEND_MESSAGES = 1
    READ_HISTORY = 2
    ADD_REACTIONS = 3
    ATTACH_FILES = 4
    EMBED_LINKS = 5
    MENTION_EVERYONE = 6
    USE_EXTERNAL_EMOJI = 7
    CREATE_THREADS = 8
    SEND_IN_THREADS = 9
    PIN_MESSAGES = 10
    CREATE_POLLS = 11
    USE_COMMANDS = 12
    BYPASS_SLOW_MODE = 13
    /// Write in announcement channels, where others read, react and answer in threads.
    ANNOUNCE = 14
    CREATE_INVITE = 16
    CHANGE_NICKNAME = 17
    CONNECT = 20
    SPEAK = 21
    STREAM = 22
    USE_VOICE_ACTIVITY = 23
    PRIORITY_SPEAKER = 24
    MUTE_MEMBERS = 25
    DEAFEN_MEMBERS = 26
    MOVE_MEMBERS = 27
    MANAGE_MESSAGES = 32
    MANAGE_THREADS = 33
    MANAGE_NICKNAMES = 34
    TIMEOUT_MEMBERS = 35
    KICK_MEMBERS = 36
    BAN_MEMBERS = 37
    /// Vouch for members who came without an invite link, and decide applications.
    VOUCH_MEMBERS = 38
    VIEW_REPORTS = 39
    VIEW_AUDIT_LOG = 40
    MANAGE_CHANNELS = 48
    MANAGE_ROLES = 49
    MANAGE_GUILD = 50
    MANAGE_WEBHOOKS = 51
    MANAGE_EMOJI = 52
    MANAGE_INVITES = 53
    /// All of the above, in every channel.
    ADMINISTRATOR = 63
}

impl Permissions {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(u64::MAX);

    /// What @everyone has in a new guild.
    pub const EVERYONE: Self = Self(
        Self::VIEW_CHANNEL.0
            | Self::SEND_MESSAGES.0
            | Self::READ_HISTORY.0
            | Self::ADD_REACTIONS.0
            | Self::ATTACH_FILES.0
            | Self::EMBED_LINKS.0
            | Self::CREATE_THREADS.0
            | Self::SEND_IN_THREADS.0
            | Self::CREATE_POLLS.0
            | Self::USE_COMMANDS.0
            | Self::CREATE_INVITE.0
            | Self::CHANGE_NICKNAME.0
            | Self::CONNECT.0
            | Self::SPEAK.0
            | Self::STREAM.0
            | Self::USE_VOICE_ACTIVITY.0,
    );

    /// What @everyone may never hold: one careless click must not hand over a guild.
    pub const DANGEROUS: Self = Self(
        Self::ADMINISTRATOR.0
            | Self::MANAGE_GUILD.0
            | Self::MANAGE_ROLES.0
            | Self::MANAGE_CHANNELS.0
            | Self::MANAGE_WEBHOOKS.0
            | Self::KICK_MEMBERS.0
            | Self::BAN_MEMBERS.0
            | Self::TIMEOUT_MEMBERS.0
            | Self::MANAGE_MESSAGES.0
            | Self::VOUCH_MEMBERS.0
            | Self::VIEW_AUDIT_LOG.0
            | Self::VIEW_REPORTS.0
            | Self::MANAGE_THREADS.0
            | Self::MANAGE_NICKNAMES.0
            | Self::MANAGE_INVITES.0
            | Self::MANAGE_EMOJI.0,
    );

    /// Every bit that has a meaning. Others are refused, so that they can get one later.
    pub const KNOWN: Self = {
        let mut all = 0;
        let mut at = 0;
        while at < Self::NAMED.len() {
            all |= Self::NAMED[at].1.0;
            at += 1;
        }
        Self(all)
    };

    /// What somebody keeps who was timed out: to see and to read.
    pub const TIMED_OUT: Self = Self::READING;

    /// Seeing and reading: what decides who holds the keys of a channel.
    pub const READING: Self = Self(Self::VIEW_CHANNEL.0 | Self::READ_HISTORY.0);

    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The name of the lowest bit, in snake case.
    pub fn name(self) -> Option<String> {
        let named = Self::NAMED.iter().find(|(_, bit)| self.contains(*bit))?;
        Some(named.0.to_lowercase())
    }

    /// The right of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        let found = Self::NAMED
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, bit)| *bit)
    }

    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// What a role or a person is given and refused in one channel or category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overwrite {
    pub allow: Permissions,
    pub deny: Permissions,
}

/// Everything that decides what one member may do in one place.
#[derive(Debug, Clone, Default)]
pub struct Standing<'a> {
    pub owner: bool,
    pub everyone: Permissions,
    /// Permissions of the member's roles.
    pub roles: &'a [Permissions],
    /// Overwrites from the outside in: category first, then channel. In each place @everyone's
    /// comes first, then those of roles (taken together), then the member's own.
    pub places: &'a [PlaceOverwrites<'a>],
    /// A moderator has put the member on hold.
    pub timed_out: bool,
}

/// The overwrites of one place that apply to one member.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlaceOverwrites<'a> {
    pub everyone: Overwrite,
    pub roles: &'a [Overwrite],
    pub member: Overwrite,
}

/// The one evaluation of rights.
///
/// 1. The owner has everything.
/// 2. @everyone and all roles are added up.
/// 3. ADMINISTRATOR gives everything.
/// 4. For each place, outside in: @everyone's overwrite, then the union of the role overwrites
///    (refusals first, then grants), then the member's own; each removes what it refuses, then
///    adds what it gives.
/// 5. Without VIEW_CHANNEL in a place nothing is left.
/// 6. Who is timed out keeps VIEW_CHANNEL and READ_HISTORY of it, administrators too.
pub fn evaluate(standing: &Standing<'_>) -> Permissions {
    if standing.owner {
        return Permissions::ALL;
    }
    let base = standing
        .roles
        .iter()
        .fold(standing.everyone, |sum, role| sum.union(*role));
    let kept = if standing.timed_out {
        Permissions::TIMED_OUT
    } else {
        Permissions::ALL
    };
    if base.contains(Permissions::ADMINISTRATOR) {
        return kept;
    }
    let rights = standing.places.iter().fold(base, |rights, place| {
        let roles = place
            .roles
            .iter()
            .fold(Overwrite::default(), |sum, one| Overwrite {
                allow: sum.allow.union(one.allow),
                deny: sum.deny.union(one.deny),
            });
        [place.everyone, roles, place.member]
            .iter()
            .fold(rights, |rights, step| {
                rights.without(step.deny).union(step.allow)
            })
    });
    // An overwrite can't make anybody an administrator.
    let rights = rights.without(Permissions::ADMINISTRATOR);
    if standing.places.is_empty() || rights.contains(Permissions::VIEW_CHANNEL) {
        rights.intersection(kept)
    } else {
        Permissions::NONE
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return f.write_str("ALL");
        }
        f.debug_list()
            .entries(
                Self::NAMED
                    .iter()
                    .filter(|(_, bit)| self.contains(*bit))
                    .map(|(name, _)| name),
            )
            .finish()
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&self.0)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Permissions;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a 64-bit number, or its decimal text")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Permissions, E> {
                text.parse()
                    .map(Permissions)
                    .map_err(|_| E::custom("not a decimal 64-bit number"))
            }
            fn visit_u64<E: de::Error>(self, bits: u64) -> Result<Permissions, E> {
                Ok(Permissions(bits))
            }
        }
        // Inside a tagged enum the format is not known any more, so that both forms are read.
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(Visitor)
        } else {
            deserializer.deserialize_u64(Visitor)
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Permissions {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Permissions {}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(everyone: Overwrite, roles: &[Overwrite], member: Overwrite) -> PlaceOverwrites<'_> {
        PlaceOverwrites {
            everyone,
            roles,
            member,
        }
    }

    #[test]
    fn the_owner_has_every_right_whatever_is_refused() {
        let places = [place(
            Overwrite {
                allow: Permissions::NONE,
                deny: Permissions::ALL,
            },
            &[],
            Overwrite::default(),
        )];
        let standing = Standing {
            owner: true,
            places: &places,
            ..Standing::default()
        };
        assert_eq!(evaluate(&standing), Permissions::ALL);
    }

    #[test]
    fn a_member_has_what_everyone_has() {
        let standing = Standing {
            everyone: Permissions::EVERYONE,
            ..Standing::default()
        };
        assert_eq!(evaluate(&standing), Permissions::EVERYONE);
    }

    #[test]
    fn the_members_own_overwrite_beats_those_of_roles() {
        let roles = [Overwrite {
            allow: Permissions::SEND_MESSAGES,
            deny: Permissions::NONE,
        }];
        let own = Overwrite {
            allow: Permissions::NONE,
            deny: Permissions::SEND_MESSAGES,
        };
        let places = [place(Overwrite::default(), &roles, own)];
        let standing = Standing {
            everyone: Permissions::EVERYONE,
            places: &places,
            ..Standing::default()
        };
        assert!(!evaluate(&standing).contains(Permissions::SEND_MESSAGES));
    }

    #[test]
    fn one_role_that_allows_beats_another_that_refuses() {
        let roles = [
            Overwrite {
                allow: Permissions::NONE,
                deny: Permissions::SEND_MESSAGES,
            },
            Overwrite {
                allow: Permissions::SEND_MESSAGES,
                deny: Permissions::NONE,
            },
        ];
        let places = [place(Overwrite::default(), &roles, Overwrite::default())];
        let standing = Standing {
            everyone: Permissions::EVERYONE,
            places: &places,
            ..Standing::default()
        };
        assert!(evaluate(&standing).contains(Permissions::SEND_MESSAGES));
    }

    #[test]
    fn without_view_nothing_is_left_in_a_place() {
        let deny = Overwrite {
            allow: Permissions::NONE,
            deny: Permissions::VIEW_CHANNEL,
        };
        let places = [place(deny, &[], Overwrite::default())];
        let standing = Standing {
            everyone: Permissions::EVERYONE,
            places: &places,
            ..Standing::default()
        };
        assert_eq!(evaluate(&standing), Permissions::NONE);
    }

    #[test]
    fn an_overwrite_cannot_make_an_administrator() {
        let allow = Overwrite {
            allow: Permissions::ALL,
            deny: Permissions::NONE,
        };
        let places = [place(allow, &[], Overwrite::default())];
        let standing = Standing {
            everyone: Permissions::EVERYONE,
            places: &places,
            ..Standing::default()
        };
        assert!(!evaluate(&standing).contains(Permissions::ADMINISTRATOR));
    }

    #[test]
    fn bits_are_distinct_and_everyone_holds_nothing_dangerous() {
        let sum = Permissions::NAMED
            .iter()
            .fold(0u64, |sum, (_, bit)| sum | bit.0);
        assert_eq!(sum.count_ones() as usize, Permissions::NAMED.len());
        assert_eq!(Permissions::EVERYONE.0 & Permissions::DANGEROUS.0, 0);
    }

    #[test]
    fn permissions_are_a_decimal_string_in_json() {
        assert_eq!(
            serde_json::to_string(&Permissions::ADMINISTRATOR).unwrap(),
            "\"9223372036854775808\""
        );
    }
}
