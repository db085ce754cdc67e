//! How long it takes to say what one member may do in every channel of a large guild: the one
//! evaluation that server and clients share.

use std::time::Duration;

use cloister_wire::{
    CategoryId, ChannelId, Permissions, RoleId, UserId,
    permission::{Facts, Holder, Overwrite, Place, RoleRule, Rules, Subject},
};

use crate::{
    env,
    figure::{Figure, Report},
};

const CHANNELS: u32 = 200;
const CATEGORIES: u32 = 20;
const ROLES: u32 = 100;
/// Roles of the member who is looked at.
const HELD: u32 = 20;
const ROUNDS: usize = 200;
const TARGET_MS: f64 = 1.0;

pub(super) fn measure(report: &mut Report) {
    let rules = guild();
    let held: Vec<RoleId> = (0..HELD).map(|n| RoleId::from_bytes(id(n * 5))).collect();
    let holder = Holder {
        user: UserId::from_bytes(id(1)),
        roles: &held,
        timed_out: false,
        quarantined: false,
        facts: Facts::default(),
    };
    let mut seen = 0;
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = env::instant();
            let rights = (0..CHANNELS)
                .map(|n| rules.in_channel(&holder, ChannelId::from_bytes(id(n))))
                .filter(|rights| rights.contains(Permissions::VIEW_CHANNEL));
            seen = rights.count();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let median = times[ROUNDS / 2].as_secs_f64() * 1_000.0;
    let figure = Figure::new("rights-200", median, "ms")
        .at_most(TARGET_MS)
        .with("channels", CHANNELS)
        .with("roles", ROLES)
        .with("roles_held", HELD)
        .with("channels_seen", seen)
        .latency(&mut times);
    report.add(figure);
}

/// A guild whose channels stand in categories, each with overwrites for everyone, roles and one
/// member.
fn guild() -> Rules {
    let mut rules = Rules::new(UserId::from_bytes(id(0)), Permissions::EVERYONE);
    for n in 0..ROLES {
        let rule = RoleRule::new(n + 1, Permissions::EMBED_LINKS);
        rules.roles.insert(RoleId::from_bytes(id(n)), rule);
    }
    for n in 0..CATEGORIES {
        let category = CategoryId::from_bytes(id(n));
        overwrites(&mut rules, Place::Category { category }, n);
    }
    for n in 0..CHANNELS {
        let channel = ChannelId::from_bytes(id(n));
        let category = CategoryId::from_bytes(id(n % CATEGORIES));
        rules.categories.insert(channel, category);
        overwrites(&mut rules, Place::Channel { channel }, n);
    }
    rules
}

fn overwrites(rules: &mut Rules, place: Place, n: u32) {
    let there = rules.overwrites.entry(place).or_default();
    let hidden = Overwrite {
        allow: Permissions::NONE,
        deny: Permissions::VIEW_CHANNEL,
    };
    let shown = Overwrite {
        allow: Permissions::VIEW_CHANNEL,
        deny: Permissions::NONE,
    };
    there.insert(Subject::Everyone, hidden);
    for role in (n..n + 10).map(|role| RoleId::from_bytes(id(role % ROLES))) {
        there.insert(Subject::Role { role }, shown);
    }
    let user = UserId::from_bytes(id(n));
    there.insert(Subject::Member { user }, hidden);
}

fn id(number: u32) -> [u8; 16] {
    u128::from(number + 1).to_be_bytes()
}
