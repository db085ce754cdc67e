//! The rules of rights, once more: slow, by the letter of the document, one right at a time, and
//! compared with the evaluation that server and clients use, over guilds that change at random.

use std::collections::{BTreeMap, BTreeSet};

use cloister_wire::{
    CategoryId, ChannelId, Permissions, RoleId, UserId,
    permission::{
        Constraint, Constraints, Decision, Facts, Holder, Hours, Overwrite, Place, Rank, RoleRule,
        Rules, Seat, Step, Subject, explain,
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
    /// What each role asks of whoever holds it, and what of that is so for whom.
    asks: BTreeMap<RoleId, BTreeSet<Asked>>,
    met: BTreeMap<UserId, BTreeSet<Asked>>,
    /// Days since 1970 began.
    today: u64,
    /// For a place, a subject and a bit: whether it is given or refused.
    said: BTreeMap<(Place, Subject, u32), bool>,
}

/// What a role may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Factor,
    Device,
    Home,
    /// Until the hundredth day.
    Early,
    /// On Mondays.
    Monday,
}

const ASKED: [Asked; 5] = [
    Asked::Factor,
    Asked::Device,
    Asked::Home,
    Asked::Early,
    Asked::Monday,
];
const DAY_MS: u64 = 24 * 60 * 60_000;

impl Notebook {
    /// Roles of somebody that give nothing now but reading.
    fn silent(&self, who: UserId) -> BTreeSet<RoleId> {
        let so = |asked: &Asked| match asked {
            Asked::Early => self.today < 100,
            // The first day was a Thursday.
            Asked::Monday => self.today % 7 == 4,
            other => self.met.get(&who).is_some_and(|met| met.contains(other)),
        };
        let mut silent = BTreeSet::new();
        for role in self.held.get(&who).into_iter().flatten() {
            let asks = self.asks.get(role).into_iter().flatten();
            if self.roles.contains_key(role) && !asks.into_iter().all(so) {
                silent.insert(*role);
            }
        }
        silent
    }

    /// The document, rule by rule, for one right: without what silent roles give, but for reading.
    fn may(&self, owner: UserId, who: UserId, channel: Option<ChannelId>, bit: u32) -> bool {
        let reading = [Permissions::VIEW_CHANNEL, Permissions::READ_HISTORY].map(number);
        let silent = self.silent(who);
        self.may_without((owner, who), channel, bit, &silent)
            || reading.contains(&bit)
                && self.may_without((owner, who), channel, bit, &BTreeSet::new())
    }

    fn may_without(
        &self,
        (owner, who): (UserId, UserId),
        channel: Option<ChannelId>,
        bit: u32,
        silent: &BTreeSet<RoleId>,
    ) -> bool {
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
            let speak = roles.iter().filter(|role| !silent.contains(role));
            let mine = speak.filter_map(|role| self.roles.get(role));
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
            may = self.in_place(place, who, (&roles, silent), bit, may);
        }
        if bit != view && !self.may_without((owner, who), Some(channel), view, silent) {
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
        (roles, silent): (&BTreeSet<RoleId>, &BTreeSet<RoleId>),
        bit: u32,
        before: bool,
    ) -> bool {
        let said = |subject| self.said.get(&(place, subject, bit)).copied();
        let mut may = said(Subject::Everyone).unwrap_or(before);
        let of_roles: Vec<bool> = roles
            .iter()
            .filter_map(|role| Some((role, said(Subject::Role { role: *role })?)))
            .filter(|(role, gives)| !(*gives && silent.contains(role)))
            .map(|(_, gives)| gives)
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

    fn rank(&self, owner: UserId, who: UserId, silent: &BTreeSet<RoleId>) -> Rank {
        if who == owner {
            return Rank::Owner;
        }
        let mut highest = 0;
        for role in self.held.get(&who).into_iter().flatten() {
            if silent.contains(role) {
                continue;
            }
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
        match chance.below(12) {
            9 => self.ask(role, chance),
            10 => {
                let asked = ASKED[chance.below(3)];
                let met = self.notebook.met.entry(user).or_default();
                if !met.remove(&asked) {
                    met.insert(asked);
                }
            }
            11 => self.notebook.today = chance.below(200) as u64,
            0 => {
                let position = 1 + chance.below(8) as u32;
                let bits: BTreeSet<u32> = [number(bit)].into();
                self.notebook.roles.insert(role, (position, bits));
                self.notebook.asks.remove(&role);
                self.rules.roles.insert(role, RoleRule::new(position, bit));
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

    /// A role asks something, or no longer does.
    fn ask(&mut self, role: RoleId, chance: &mut Chance) {
        let asks = self.notebook.asks.entry(role).or_default();
        let asked = ASKED[chance.below(ASKED.len())];
        if !asks.remove(&asked) {
            asks.insert(asked);
        }
        let asks = |asked: Asked| self.notebook.asks[&role].contains(&asked);
        let home = asks(Asked::Home).then(|| "192.0.2.0/24".parse().unwrap());
        let constraints = Constraints {
            second_factor: asks(Asked::Factor),
            verified_device: asks(Asked::Device),
            expires_at: asks(Asked::Early).then_some(100 * DAY_MS),
            hours: asks(Asked::Monday).then_some(Hours {
                days: 1,
                from_min: 0,
                until_min: 0,
                offset_min: 0,
            }),
            networks: home.into_iter().collect(),
        };
        if let Some(rule) = self.rules.roles.get_mut(&role) {
            rule.constraints = Some(Box::new(constraints));
        }
    }

    fn facts(&self, who: UserId) -> Facts {
        let met = |asked| {
            self.notebook
                .met
                .get(&who)
                .is_some_and(|met| met.contains(&asked))
        };
        let address = if met(Asked::Home) {
            "192.0.2.9"
        } else {
            "198.51.100.9"
        };
        Facts {
            now_ms: self.notebook.today * DAY_MS + DAY_MS / 2,
            second_factor: met(Asked::Factor),
            seat: Some(Seat {
                verified_device: met(Asked::Device),
                address: address.parse().ok(),
            }),
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
            facts: self.facts(who),
        };
        let silent = self.notebook.silent(who);
        let none = BTreeSet::new();
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
            // A constraint is named if and only if nothing else stands in the way.
            let people = (self.owner, who);
            let free = self
                .notebook
                .may_without(people, channel, number(*bit), &none);
            let named = matches!(why.decided_by, Step::Constrained { .. });
            assert_eq!(named, free && !expected, "{case}: {why:?}");
        }
        let expected = self.notebook.rank(self.owner, who, &none);
        assert_eq!(self.rules.rank(&holder), expected, "step {step}: {who}");
        let expected = self.notebook.rank(self.owner, who, &silent);
        assert_eq!(self.rules.reach(&holder), expected, "step {step}: {who}");
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
        facts: Facts::default(),
    };
    let why = explain(&rules, &holder, Some(channel), Permissions::SEND_MESSAGES);
    let decided = Step::Overwrite {
        at: place,
        of: Subject::Everyone,
        decision: Decision::Refuses,
    };
    assert_eq!((why.allowed, why.decided_by), (false, decided));
}

#[test]
fn a_role_that_asks_for_more_still_reads_and_the_explanation_says_what_it_asks() {
    let (owner, bob) = (UserId(id(1, 0)), UserId(id(1, 1)));
    let (role, channel) = (RoleId(id(2, 1)), ChannelId(id(3, 1)));
    let place = Place::Channel { channel };
    let mut rules = Rules::new(owner, Permissions::EVERYONE);
    let hidden = Overwrite {
        allow: Permissions::NONE,
        deny: Permissions::VIEW_CHANNEL,
    };
    let there = BTreeMap::from([(Subject::Everyone, hidden)]);
    rules.overwrites.insert(place, there);
    let mut rule = RoleRule::new(1, Permissions::ADMINISTRATOR);
    rule.constraints = Some(Box::new(Constraints {
        second_factor: true,
        ..Constraints::default()
    }));
    rules.roles.insert(role, rule);
    let mut holder = Holder {
        user: bob,
        roles: &[role],
        timed_out: false,
        quarantined: false,
        facts: Facts::default(),
    };
    assert_eq!(rules.in_channel(&holder, channel), Permissions::READING);
    assert_eq!(rules.in_guild(&holder), Permissions::EVERYONE);
    let why = explain(&rules, &holder, Some(channel), Permissions::SEND_MESSAGES);
    let constraint = Constraint::SecondFactor;
    let decided = Step::Constrained { role, constraint };
    assert_eq!((why.allowed, why.decided_by), (false, decided));
    holder.facts.second_factor = true;
    assert_eq!(rules.in_channel(&holder, channel), Permissions::ALL);
}
