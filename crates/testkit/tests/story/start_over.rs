//! Stories of somebody who has neither a device nor the recovery key left.

use cloister_client::{
    Primitives, Symbolic, Vodozemac,
    view::{Command, DeviceState, KeyChange, MemberView, PersonTrust, Query, QueryReply, Safety},
};
use cloister_testkit::{
    cast::{PASSWORD, Pair, Stage, Who},
    meddler::Meddler,
};
use cloister_wire::{ChannelId, ErrorCode, GuildId};

const DAY_MS: u64 = 24 * 3_600_000;

fn person<P: Primitives>(stage: &Stage<P>, who: Who, of: Who) -> PersonTrust {
    let user = stage.user(of);
    match stage.world.clients[who].query(&Query::Person { user }) {
        QueryReply::Person { person: Some(view) } => view,
        other => panic!("nobody: {other:?}"),
    }
}

fn member<P: Primitives>(stage: &Stage<P>, who: Who, guild: GuildId, of: Who) -> MemberView {
    let user = stage.user(of);
    let mut members = stage.world.clients[who].members(guild).into_iter();
    members.find(|one| one.user == user).expect("a member")
}

/// Scrolls back to the start.
fn scrolls_back<P: Primitives>(stage: &mut Stage<P>, who: Who, channel: ChannelId) -> Vec<String> {
    let before = None;
    stage.does(who, Command::LoadHistory { channel, before });
    stage.settle();
    stage.sees(who, channel)
}

fn start_over() -> Command {
    Command::StartOver {
        password: PASSWORD.to_owned(),
        code: None,
        device_name: "bob's new phone".to_owned(),
    }
}

/// All of bob's devices are lost, and he starts over on a new one after three days.
fn starts_over<P: Primitives>(stage: &mut Stage<P>, lost: Who) -> Who {
    stage.world.kill(lost);
    stage.world.run_for(3 * DAY_MS);
    let (phone, state) = stage.signs_in("bob", None);
    assert_eq!(state, DeviceState::Pending);
    stage.does(phone, start_over());
    stage.settle();
    assert_eq!(stage.state(phone), DeviceState::Active);
    phone
}

fn tells_the_truth<P: Primitives>(seed: u64) {
    let Pair {
        mut stage,
        alice,
        bob,
        guild,
        general,
    } = Pair::<P>::new(seed);
    let dm = stage.dm(alice, bob);
    stage.says(alice, general, "before");
    stage.says(alice, dm, "between us");
    let key = match stage.world.clients[bob].query(&Query::Recovery) {
        QueryReply::Recovery(view) => view.key,
        other => panic!("no recovery key: {other:?}"),
    };
    let phone = starts_over(&mut stage, bob);
    // What was sealed for the lost devices stays closed, and says so.
    assert_eq!(scrolls_back(&mut stage, phone, dm), ["KeysLost"]);
    assert!(scrolls_back(&mut stage, phone, general).contains(&"KeysLost".to_owned()));
    // Everybody is shown it; in the guild nobody has vouched for who he is now.
    let seen = person(&stage, alice, phone);
    assert!(seen.unverified_start && seen.started_over_at.is_some());
    assert_eq!(seen.change, Some(KeyChange::StartedOver));
    assert!(!member(&stage, alice, guild, phone).vouched);
    // Between the two nothing is encrypted until she has seen it. Then it goes on from here.
    stage.writes(alice, dm, "too early");
    stage.settle();
    assert_eq!(stage.sees(phone, dm), ["KeysLost"]);
    let user = stage.user(phone);
    stage.does(alice, Command::AcceptKeys { user });
    assert_eq!(person(&stage, alice, phone).safety, Safety::Known);
    stage.says(alice, dm, "is it you?");
    stage.says(phone, dm, "it is");
    let shown = stage.sees(phone, dm);
    assert_eq!(shown.first().map(String::as_str), Some("KeysLost"));
    assert!(
        shown.ends_with(&["is it you?".to_owned(), "it is".to_owned()]),
        "{shown:?}"
    );
    stage.says(alice, general, "welcome back");
    assert_eq!(
        stage.sees(phone, general).last().map(String::as_str),
        Some("welcome back")
    );
    stage.does(alice, Command::Vouch { guild, user });
    stage.settle();
    assert!(member(&stage, alice, guild, phone).vouched);
    // Another recovery key, and the old one opens nothing.
    let fresh = match stage.world.clients[phone].query(&Query::Recovery) {
        QueryReply::Recovery(view) => view.key,
        other => panic!("no recovery key: {other:?}"),
    };
    assert!(fresh.is_some() && fresh != key);
    // The device that turns up again learns that it belongs to what was.
    stage.world.revive(bob);
    stage.settle();
    assert!(matches!(
        stage.state(bob),
        DeviceState::StartedOver | DeviceState::Revoked
    ));
    assert_eq!(stage.world.broken, None);
}

#[test]
fn somebody_who_lost_everything_starts_over_and_everybody_is_told_the_truth() {
    tells_the_truth::<Symbolic>(401);
}

#[test]
fn somebody_starts_over_with_real_cryptography() {
    tells_the_truth::<Vodozemac>(402);
}

#[test]
fn whoever_has_a_living_device_cannot_be_thrown_out_by_a_password() {
    let Pair {
        mut stage,
        alice,
        bob,
        general,
        ..
    } = Pair::<Symbolic>::new(403);
    stage.says(alice, general, "hello");
    let (thief, state) = stage.signs_in("bob", None);
    assert_eq!(state, DeviceState::Pending);
    let refused = stage.asks(thief, start_over()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::StartOverTooSoon);
    assert!(
        refused
            .retry_after_ms
            .is_some_and(|wait| wait <= 3 * DAY_MS)
    );
    // As long as bob's device comes by, the time does not run out.
    stage.world.run_for(4 * DAY_MS);
    stage.says(alice, general, "still here");
    let refused = stage.asks(thief, start_over()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::StartOverTooSoon);
    assert_eq!(stage.state(bob), DeviceState::Active);
    assert_eq!(stage.sees(bob, general), ["hello", "still here"]);
    // Nor is it for a device that is in use.
    let refused = stage.asks(bob, start_over()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Invalid);
}

#[test]
fn a_verified_person_who_starts_over_gets_nothing_until_the_others_decide() {
    let Pair {
        mut stage,
        alice,
        bob,
        general,
        ..
    } = Pair::<Symbolic>::new(404);
    stage.says(alice, general, "hello");
    let dm = stage.dm(alice, bob);
    let number = person(&stage, alice, bob).safety_number.unwrap();
    let user = stage.user(bob);
    stage.does(alice, Command::NumberMatches { user, number });
    stage.settle();
    let phone = starts_over(&mut stage, bob);
    let seen = person(&stage, alice, phone);
    assert_eq!(seen.safety, Safety::Violation);
    assert_eq!(seen.change, Some(KeyChange::StartedOver));
    stage.writes(alice, dm, "secret");
    stage.settle();
    assert_eq!(stage.sees(phone, dm), Vec::<String>::new());
    stage.does(alice, Command::AcceptKeys { user });
    stage.says(alice, general, "now");
    assert_eq!(
        stage.sees(phone, general).last().map(String::as_str),
        Some("now")
    );
    assert_eq!(stage.world.broken, None);
}

#[test]
fn a_private_channel_waits_until_somebody_vouches_for_who_started_over() {
    let Pair {
        mut stage,
        alice,
        bob,
        guild,
        ..
    } = Pair::<Symbolic>::new(405);
    let carol = {
        let link = stage.link(alice, guild);
        stage.newcomer("carol", &link).0
    };
    let group = stage.group(alice, &[bob, carol], None);
    stage.says(alice, group, "one");
    let phone = starts_over(&mut stage, bob);
    let user = stage.user(phone);
    for who in [alice, carol] {
        stage.does(who, Command::AcceptKeys { user });
    }
    stage.says(alice, group, "two");
    let last = |stage: &Stage<Symbolic>| stage.sees(phone, group).pop();
    assert_ne!(last(&stage).as_deref(), Some("two"));
    let group_guild = stage.channel(alice, group).and_then(|view| view.guild);
    let vouch = Command::Vouch {
        guild: group_guild.unwrap(),
        user,
    };
    stage.does(carol, vouch);
    stage.says(alice, group, "three");
    assert_eq!(last(&stage).as_deref(), Some("three"));
    assert_eq!(stage.sees(carol, group), ["one", "two", "three"]);
    assert_eq!(stage.world.broken, None);
}

#[test]
fn a_lost_answer_does_not_lose_the_new_beginning() {
    let Pair {
        mut stage,
        alice,
        bob,
        general,
        ..
    } = Pair::<Symbolic>::new(406);
    stage.says(alice, general, "hello");
    stage.world.kill(bob);
    stage.world.run_for(3 * DAY_MS);
    let (phone, _) = stage.signs_in("bob", None);
    stage
        .world
        .meddler
        .on_answers(move |_, client, request, answer| {
            if client == phone && request.path == "/api/v1/sessions" && answer.status == 201 {
                answer.status = 502;
                answer.body.clear();
            }
        });
    let lost = stage.asks(phone, start_over());
    assert!(lost.is_err(), "{lost:?}");
    stage.world.meddler = Meddler::default();
    stage.does(phone, start_over());
    stage.settle();
    assert_eq!(stage.state(phone), DeviceState::Active);
    stage.says(alice, general, "again");
    let shown = stage.sees(phone, general);
    assert_eq!(shown.last().map(String::as_str), Some("again"));
    assert_eq!(stage.world.broken, None);
}
