//! Stories of newcomers, and of members who are set apart.

use cloister_client::{
    Symbolic,
    view::{Act, Command, CommandReply, GuildView, MemberView, Query, QueryReply},
};
use cloister_testkit::cast::{Pair, Who};
use cloister_wire::{GuildId, moderation::Gate};

const DAY_S: u32 = 86_400;

fn guild_id(two: &Pair<Symbolic>) -> GuildId {
    match two.stage.world.clients[two.alice].query(&Query::Guilds) {
        QueryReply::Guilds { guilds } => guilds[0].id,
        other => panic!("no guilds: {other:?}"),
    }
}

fn view(two: &Pair<Symbolic>, who: Who, guild: GuildId) -> GuildView {
    match two.stage.world.clients[who].query(&Query::Guild { guild }) {
        QueryReply::Guild { guild: Some(guild) } => guild,
        other => panic!("no guild: {other:?}"),
    }
}

fn bob(two: &Pair<Symbolic>, seen_by: Who, guild: GuildId) -> MemberView {
    let user = two.stage.user(two.bob);
    let members = two.stage.world.clients[seen_by].members(guild);
    members.into_iter().find(|one| one.user == user).unwrap()
}

fn limit(two: &mut Pair<Symbolic>, guild: GuildId, links_s: u32, mentions_s: u32) {
    let act = Act::SetGate {
        joins: Gate::Open,
        invites: Gate::Open,
        newcomer_s: 0,
        links_s,
        mentions_s,
        reason: None,
    };
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
}

#[test]
fn links_of_who_is_new_are_held_until_a_moderator_says_so() {
    let mut two = Pair::<Symbolic>::new(51);
    let (general, guild) = (two.general, guild_id(&two));
    let text = "look at https://example.org/prize";
    two.stage.says(two.bob, general, text);
    assert_eq!(two.shown(two.alice, text).links_held_until, None);
    limit(&mut two, guild, DAY_S, 0);
    let joined = bob(&two, two.alice, guild).joined_at;
    let until = joined + u64::from(DAY_S) * 1_000;
    assert_eq!(two.shown(two.alice, text).links_held_until, Some(until));
    assert!(bob(&two, two.alice, guild).is_new);
    // The owner is never new.
    two.stage
        .says(two.alice, general, "read https://example.org/rules");
    let own = two.shown(two.bob, "read https://example.org/rules");
    assert_eq!(own.links_held_until, None);
    let act = Act::Settle {
        user: two.stage.user(two.bob),
        reason: None,
    };
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
    for who in [two.alice, two.bob] {
        assert_eq!(two.shown(who, text).links_held_until, None);
        assert!(!bob(&two, who, guild).is_new);
    }
}

#[test]
fn a_mention_of_who_is_new_arrives_and_calls_nobody() {
    let mut two = Pair::<Symbolic>::new(52);
    let (general, guild) = (two.general, guild_id(&two));
    limit(&mut two, guild, 0, DAY_S);
    two.stage.says(two.bob, general, "hello @alice");
    let text = format!("hello <@{}>", two.stage.user(two.alice));
    assert!(!two.shown(two.alice, &text).calls_me);
    limit(&mut two, guild, 0, 0);
    two.stage.says(two.bob, general, "again, @alice");
    let text = format!("again, <@{}>", two.stage.user(two.alice));
    assert!(two.shown(two.alice, &text).calls_me);
}

#[test]
fn who_is_in_quarantine_loses_a_private_channel_and_gets_it_back() {
    let mut two = Pair::<Symbolic>::new(53);
    let guild = guild_id(&two);
    let user = two.stage.user(two.bob);
    let create = Command::CreateChannel {
        guild,
        name: "shed".to_owned(),
        readers: Some(vec![user]),
        continues: None,
    };
    let CommandReply::Channel { channel } = two.stage.does(two.alice, create) else {
        panic!("no channel");
    };
    two.stage.settle();
    two.stage.says(two.alice, channel, "before");
    assert_eq!(two.stage.sees(two.bob, channel), ["before"]);
    let act = Act::Quarantine { user, reason: None };
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
    let channels = |two: &Pair<Symbolic>| view(two, two.bob, guild).channels.len();
    assert_eq!(channels(&two), 1);
    assert!(bob(&two, two.alice, guild).quarantined_at.is_some());
    two.stage.says(two.alice, channel, "without bob");
    let act = Act::LiftQuarantine { user, reason: None };
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
    assert_eq!(channels(&two), 2);
    two.stage.says(two.alice, channel, "after");
    let seen = two.stage.sees(two.bob, channel);
    assert!(seen.contains(&"after".to_owned()), "{seen:?}");
    assert!(!seen.contains(&"without bob".to_owned()), "{seen:?}");
}
