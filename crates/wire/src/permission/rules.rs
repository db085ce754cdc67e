//! What a guild says of rights, and what follows from it for one person: the same code on the
//! server, which enforces it, and in clients, which show it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Constraint, Constraints, Facts, Overwrite, Permissions, PlaceOverwrites, Standing, evaluate,
};
use crate::{CategoryId, ChannelId, RoleId, UserId};

/// Whom an overwrite is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Subject {
    Everyone,
    Role { role: RoleId },
    Member { user: UserId },
}

/// Where an overwrite applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "RightPlace"))]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Place {
    Category { category: CategoryId },
    Channel { channel: ChannelId },
}

/// A role as evaluation sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// 1 is the lowest.
    pub position: u32,
    pub permissions: Permissions,
    /// What must be so for it to count.
    pub constraints: Option<Box<Constraints>>,
}

impl Role {
    /// A role without constraints.
    pub const fn new(position: u32, permissions: Permissions) -> Self {
        Self {
            position,
            permissions,
            constraints: None,
        }
    }
}

/// Roles, categories and overwrites of a guild. What is not in here does not count: for one
/// person in one channel their own roles and the overwrites of that place are enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub owner: UserId,
    pub everyone: Permissions,
    pub roles: BTreeMap<RoleId, Role>,
    /// Channels that stand in a category.
    pub categories: BTreeMap<ChannelId, CategoryId>,
    pub overwrites: BTreeMap<Place, BTreeMap<Subject, Overwrite>>,
}

/// A member as evaluation sees them.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    pub user: UserId,
    pub roles: &'a [RoleId],
    pub timed_out: bool,
    /// Their roles count for nothing.
    pub quarantined: bool,
    /// What the constraints of roles ask about.
    pub facts: Facts,
}

impl<'a> Holder<'a> {
    /// The roles that count.
    pub(super) const fn counted(&self) -> &'a [RoleId] {
        if self.quarantined { &[] } else { self.roles }
    }

    /// What an overwrite for this person is about, if it counts.
    pub(super) const fn own(&self) -> Option<Subject> {
        if self.quarantined {
            return None;
        }
        Some(Subject::Member { user: self.user })
    }

    const fn only_reads(&self) -> bool {
        self.timed_out || self.quarantined
    }
}

/// How high somebody stands. Nobody acts on an equal or a higher one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The position of the highest role; 0 without any.
    Role(u32),
    Owner,
}

impl Rules {
    /// Nothing but what everyone has.
    pub const fn new(owner: UserId, everyone: Permissions) -> Self {
        Self {
            owner,
            everyone,
            roles: BTreeMap::new(),
            categories: BTreeMap::new(),
            overwrites: BTreeMap::new(),
        }
    }

    /// What somebody may do in the guild as a whole.
    pub fn in_guild(&self, holder: &Holder<'_>) -> Permissions {
        self.in_places(holder, &[])
    }

    /// What somebody may do in a channel.
    pub fn in_channel(&self, holder: &Holder<'_>, channel: ChannelId) -> Permissions {
        self.in_places(holder, &self.places_of(channel))
    }

    /// What somebody may do in a category, apart from its channels.
    pub fn in_category(&self, holder: &Holder<'_>, category: CategoryId) -> Permissions {
        self.in_places(holder, &[Place::Category { category }])
    }

    /// How high somebody stands for others, whatever their roles' constraints say.
    pub fn rank(&self, holder: &Holder<'_>) -> Rank {
        self.highest(holder, |_| true)
    }

    /// How high somebody stands who acts: roles whose constraints are not met lift nobody.
    pub fn reach(&self, holder: &Holder<'_>) -> Rank {
        self.highest(holder, |role| self.unmet(*role, holder).is_none())
    }

    fn highest(&self, holder: &Holder<'_>, counts: impl Fn(&RoleId) -> bool) -> Rank {
        if holder.user == self.owner {
            return Rank::Owner;
        }
        let held = holder.roles.iter().filter(|role| counts(role));
        let positions = held.filter_map(|role| self.roles.get(role));
        Rank::Role(positions.map(|role| role.position).max().unwrap_or(0))
    }

    /// The constraint of a role that its holder does not meet.
    pub fn unmet(&self, role: RoleId, holder: &Holder<'_>) -> Option<Constraint> {
        let constraints = self.roles.get(&role)?.constraints.as_ref()?;
        constraints.unmet(&holder.facts)
    }

    /// The roles of somebody that count for nothing but reading, for now.
    pub(super) fn suspended(&self, holder: &Holder<'_>) -> Vec<RoleId> {
        let held = holder.counted().iter().copied();
        held.filter(|role| self.unmet(*role, holder).is_some())
            .collect()
    }

    /// The places whose overwrites decide in a channel, from the outside in.
    pub fn places_of(&self, channel: ChannelId) -> Vec<Place> {
        let category = self.categories.get(&channel).copied();
        let outside = category.map(|category| Place::Category { category });
        outside
            .into_iter()
            .chain([Place::Channel { channel }])
            .collect()
    }

    /// Roles whose constraints are not met give nothing; what one may see and read is as if they
    /// were.
    fn in_places(&self, holder: &Holder<'_>, places: &[Place]) -> Permissions {
        let suspended = self.suspended(holder);
        let all = self.without_gifts(holder, places, &[]);
        if suspended.is_empty() {
            return all;
        }
        self.without_gifts(holder, places, &suspended)
            .union(all.intersection(Permissions::READING))
    }

    /// The evaluation where some roles give nothing. What they refuse stays refused.
    pub(super) fn without_gifts(
        &self,
        holder: &Holder<'_>,
        places: &[Place],
        mute: &[RoleId],
    ) -> Permissions {
        let of_roles: Vec<Vec<Overwrite>> = places
            .iter()
            .map(|place| self.role_overwrites(*place, holder, mute))
            .collect();
        let overwrites: Vec<PlaceOverwrites<'_>> = places
            .iter()
            .zip(&of_roles)
            .map(|(place, roles)| PlaceOverwrites {
                everyone: self.overwrite(*place, Subject::Everyone),
                roles,
                member: holder
                    .own()
                    .map_or_else(Overwrite::default, |own| self.overwrite(*place, own)),
            })
            .collect();
        let counted = holder.counted().iter().filter(|role| !mute.contains(role));
        let roles: Vec<Permissions> = counted
            .filter_map(|role| self.roles.get(role))
            .map(|role| role.permissions)
            .collect();
        evaluate(&Standing {
            owner: holder.user == self.owner,
            everyone: self.everyone,
            roles: &roles,
            places: &overwrites,
            timed_out: holder.only_reads(),
        })
    }

    pub(super) fn overwrite(&self, place: Place, subject: Subject) -> Overwrite {
        let there = self.overwrites.get(&place);
        there
            .and_then(|all| all.get(&subject))
            .copied()
            .unwrap_or_default()
    }

    fn role_overwrites(
        &self,
        place: Place,
        holder: &Holder<'_>,
        mute: &[RoleId],
    ) -> Vec<Overwrite> {
        let Some(there) = self.overwrites.get(&place) else {
            return Vec::new();
        };
        let of = |role: &RoleId| {
            let mut said = there.get(&Subject::Role { role: *role }).copied()?;
            if mute.contains(role) {
                said.allow = Permissions::NONE;
            }
            Some(said)
        };
        holder.counted().iter().filter_map(of).collect()
    }
}
