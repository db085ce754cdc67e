//! The rules of rights, once more: slow, by the letter of the document, one right at a time, and
//! compared with the evaluation that server and clients use, over guilds that change at random.

use std::collections::{BTreeMap, BTreeSet};

use cloister_wire::{
    CategoryId, ChannelId, Permissions, RoleId, UserId,
    permission::{
        Decision, Holder, Overwrite, Place, Rank, RoleRule, Rules, Step, Subject, explain,
    },
};
use uuid::Uuid;

/// Unoptimised, the whole hundred thousand take minutes.
const OPERATIONS: usize = if cfg!(debug_assertions) {
    10_000
} else {
    100_000
};

/// A role as a person with a pencil would keep it: its place, and what it gives.
type Noted = (u32, BTreeSet<u32>);

/// A guild in lists, and nothing clever.
#[derive(Default)]
struct Notebook {
    roles: BTreeMap<RoleId, Noted>,
    everyone: BTreeSet<u32>,
    held: BTreeMap<UserId, BTreeSet<RoleId>>,
    on_hold: BTreeSet<UserId>,
    in_quarantine: BTreeSet<UserId>,
    stands_in: BTreeMap<ChannelId, CategoryId>,
    /// For a place, a subject and a bit: whether it is given or refused.
    said: BTreeMap<(Place, Subject, u32), bool>,
}

impl Notebook {
    /// The document, rule by rule, for one right.
    fn may(&self, owner: UserId, who: UserId, channel: Option<ChannelId>, bit: u32) -> bool {
        if who == owner {
            return true;
        }
        let [admin, view, read] = [
            Permissions::ADMINISTRATOR,
            Permissions::VIEW_CHANNEL,
            Permissions::READ_HISTORY,
        ]
        .map(number);
        let apart = self.in_quarantine.contains(&who);
        let kept = !(apart || self.on_hold.contains(&who)) || bit == view || bit == read;
        let mut roles = self.held.get(&who).cloned().unwrap_or_default();
        if apart {
            roles.clear();
        }
        let role_gives = |bit: u32| {
            let mine = roles.iter().filter_map(|role| self.roles.get(role));
            mine.into_iter().any(|(_, bits)| bits.contains(&bit))
        };
        if role_gives(admin) {
            return kept;
        }
        let base = self.everyone.contains(&bit) || role_gives(bit);
        let Some(channel) = channel else {
            return base && kept;
        };
        if bit == admin {
            return false;
        }
        let mut may = base;
        for place in self.places(channel) {
            may = self.in_place(place, who, &roles, bit, may);
        }
        if bit != view && !self.may(owner, who, Some(channel), view) {
            return false;
        }
        may && kept
    }

    fn places(&self, channel: ChannelId) -> Vec<Place> {
        let mut places = Vec::new();
        if let Some(category) = self.stands_in.get(&channel) {
            let category = *category;
            places.push(Place::Category { category });
        }
        places.push(Place::Channel { channel });
        places
    }

    fn in_place(
        &self,
        place: Place,
        who: UserId,
        roles: &BTreeSet<RoleId>,
        bit: u32,
        before: bool,
    ) -> bool {
        let said = |subject| self.said.get(&(place, subject, bit)).copied();
        let mut may = said(Subject::Everyone).unwrap_or(before);
        let of_roles: Vec<bool> = roles
            .iter()
            .filter_map(|role| said(Subject::Role { role: *role }))
            .collect();
        if of_roles.contains(&true) {
            may = true;
        } else if of_roles.contains(&false) {
            may = false;
        }
        if self.in_quarantine.contains(&who) {
            return may;
        }
        said(Subject::Member { user: who }).unwrap_or(may)
    }

    fn rank(&self, owner: UserId, who: UserId) -> Rank {
        if who == owner {
            return Rank::Owner;
        }
        let mut highest = 0;
        for role in self.held.get(&who).into_iter().flatten() {
            if let Some((position, _)) = self.roles.get(role) {
                highest = highest.max(*position);
            }
        }
        Rank::Role(highest)
    }
}

fn number(bit: Permissions) -> u32 {
    bit.0.trailing_zeros()
}

/// A small generator with a seed (SplitMix64), so that a failure can be repeated.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

fn id(kind: u8, number: usize) -> Uuid {
    let mut bytes = [kind; 16];
    bytes[15] = number as u8;
    Uuid::from_bytes(bytes)
}

struct Both {
    owner: UserId,
    notebook: Notebook,
    rules: Rules,
}

impl Both {
    fn new() -> Self {
        let owner = UserId(id(1, 0));
        let mut notebook = Notebook::default();
        for (_, bit) in Permissions::NAMED {
            if Permissions::EVERYONE.contains(*bit) {
                notebook.everyone.insert(number(*bit));
            }
        }
        Self {
            owner,
            notebook,
            rules: Rules::new(owner, Permissions::EVERYONE),
        }
    }

    /// One change at random, in both.
    fn change(&mut self, chance: &mut Chance) {
        let bit = Permissions::NAMED[chance.below(Permissions::NAMED.len())].1;
        let role = RoleId(id(2, chance.below(8)));
        let user = UserId(id(1, chance.below(6)));
        let channel = ChannelId(id(3, chance.below(5)));
        let category = CategoryId(id(4, chance.below(3)));
        match chance.below(9) {
            0 => {
                let position = 1 + chance.below(8) as u32;
                let bits: BTreeSet<u32> = [number(bit)].into();
                self.notebook.roles.insert(role, (position, bits));
                let rule = RoleRule {
                    position,
                    permissions: bit,
                };
                self.rules.roles.insert(role, rule);
            }
            1 => {
                if !self.notebook.everyone.remove(&number(bit)) {
                    self.notebook.everyone.insert(number(bit));
                }
                self.rules.everyone = Permissions(self.rules.everyone.0 ^ bit.0);
                // What everyone may never hold is taken away at once, as the server would.
                self.rules.everyone = self.rules.everyone.without(Permissions::DANGEROUS);
                let harmless = |bit: &u32| Permissions::DANGEROUS.0 >> bit & 1 == 0;
                self.notebook.everyone.retain(harmless);
            }
            2 => {
                let held = self.notebook.held.entry(user).or_default();
                if !held.remove(&role) {
                    held.insert(role);
                }
            }
            3 => {
                if !self.notebook.on_hold.remove(&user) {
                    self.notebook.on_hold.insert(user);
                }
            }
            4 => {
                if !self.notebook.in_quarantine.remove(&user) {
                    self.notebook.in_quarantine.insert(user);
                }
            }
            5 => {
                self.notebook.stands_in.insert(channel, category);
                self.rules.categories.insert(channel, category);
            }
            6 => self.overwrite(chance, Place::Category { category }, bit, (role, user)),
            _ => self.overwrite(chance, Place::Channel { channel }, bit, (role, user)),
        }
    }

    fn overwrite(
        &mut self,
        chance: &mut Chance,
        place: Place,
        bit: Permissions,
        (role, user): (RoleId, UserId),
    ) {
        let subject = match chance.below(3) {
            0 => Subject::Everyone,
            1 => Subject::Role { role },
            _ => Subject::Member { user },
        };
        let there = self.rules.overwrites.entry(place).or_default();
        let Overwrite { allow, deny } = there.get(&subject).copied().unwrap_or_default();
        let key = (place, subject, number(bit));
        let (allow, deny) = match chance.below(3) {
            0 => {
                self.notebook.said.insert(key, true);
                (allow.union(bit), deny.without(bit))
            }
            1 => {
                self.notebook.said.insert(key, false);
                (allow.without(bit), deny.union(bit))
            }
            _ => {
                self.notebook.said.remove(&key);
                (allow.without(bit), deny.without(bit))
            }
        };
        there.insert(subject, Overwrite { allow, deny });
    }

    /// Everything about one person in one place, asked both ways.
    fn compare(&self, chance: &mut Chance, step: usize) {
        let who = UserId(id(1, chance.below(6)));
        let channel = match chance.below(4) {
            0 => None,
            _ => Some(ChannelId(id(3, chance.below(5)))),
        };
        let held = self.notebook.held.get(&who).into_iter().flatten();
        let roles: Vec<RoleId> = held.copied().collect();
        let holder = Holder {
            user: who,
            roles: &roles,
            timed_out: self.notebook.on_hold.contains(&who),
            quarantined: self.notebook.in_quarantine.contains(&who),
        };
        let rights = match channel {
            Some(channel) => self.rules.in_channel(&holder, channel),
            None => self.rules.in_guild(&holder),
        };
        for (name, bit) in Permissions::NAMED {
            let expected = self.notebook.may(self.owner, who, channel, number(*bit));
            let case = format!("step {step}: {who} {channel:?} {name}");
            assert_eq!(rights.contains(*bit), expected, "{case}");
            let why = explain(&self.rules, &holder, channel, *bit);
            assert_eq!(why.allowed, expected, "{case}: {why:?}");
            assert_eq!(why.steps.last(), Some(&why.decided_by));
        }
        let expected = self.notebook.rank(self.owner, who);
        assert_eq!(self.rules.rank(&holder), expected, "step {step}: {who}");
    }
}

#[test]
fn a_slow_reading_of_the_rules_agrees_after_every_change() {
    let (mut both, mut chance) = (Both::new(), Chance(4));
    for step in 0..OPERATIONS {
        both.change(&mut chance);
        both.compare(&mut chance, step);
    }
}

#[test]
fn the_explanation_names_what_decides() {
    let (owner, bob) = (UserId(id(1, 0)), UserId(id(1, 1)));
    let channel = ChannelId(id(3, 1));
    let place = Place::Channel { channel };
    let mut rules = Rules::new(owner, Permissions::EVERYONE);
    let refuse = Overwrite {
        allow: Permissions::NONE,
        deny: Permissions::SEND_MESSAGES,
    };
    let there = BTreeMap::from([(Subject::Everyone, refuse)]);
    rules.overwrites.insert(place, there);
    let holder = Holder {
        user: bob,
        roles: &[],
        timed_out: false,
        quarantined: false,
    };
    let why = explain(&rules, &holder, Some(channel), Permissions::SEND_MESSAGES);
    let decided = Step::Overwrite {
        at: place,
        of: Subject::Everyone,
        decision: Decision::Refuses,
    };
    assert_eq!((why.allowed, why.decided_by), (false, decided));
}
