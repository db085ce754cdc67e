//! Stories of a few people on real engines and the real server.

use cloister_client::{
    Symbolic, Vodozemac,
    view::{Command, DeviceState, MemberView},
};
use cloister_testkit::cast::{Stage, Who};
use cloister_wire::{ChannelId, ErrorCode, GuildId};

type Plain = Stage<Symbolic>;

/// Alice with a guild, and bob in it by an invite link.
struct Two {
    stage: Plain,
    alice: Who,
    bob: Who,
    bobs_key: String,
    guild: GuildId,
    general: ChannelId,
}

fn two(seed: u64) -> Two {
    let mut stage = Plain::new(seed);
    let alice = stage.operator("alice");
    let (guild, general) = stage.guild(alice);
    let link = stage.link(alice, guild);
    let (bob, bobs_key) = stage.newcomer("bob", &link);
    Two {
        stage,
        alice,
        bob,
        bobs_key,
        guild,
        general,
    }
}

impl Two {
    /// Bob's second device, approved from his first.
    fn second_device(&mut self) -> Who {
        let (laptop, state) = self.stage.signs_in("bob", None);
        assert_eq!(state, DeviceState::Pending);
        let code = self.stage.world.clients[laptop].session().pending_code;
        let code = code.expect("a pending device shows its code");
        self.stage.does(self.bob, Command::ApproveDevice { code });
        self.stage.settle();
        laptop
    }

    fn member(&self, who: Who, of: Who) -> Option<MemberView> {
        let user = self.stage.user(of);
        let guild = self.guild;
        let mut members = self.stage.world.clients[who].members(guild).into_iter();
        members.find(|member| member.user == user)
    }
}

/// The code of a link without its seed.
fn code_of(link: &str) -> String {
    let (address, _) = link.split_once('#').expect("a guild's link has a seed");
    let (_, code) = address.rsplit_once('/').expect("a link has a path");
    code.to_owned()
}

#[test]
fn one_person_sets_up_makes_a_guild_and_reads_their_own_words() {
    let mut stage = Plain::new(1);
    let alice = stage.operator("alice");
    let (_, general) = stage.guild(alice);
    stage.says(alice, general, "hello");
    assert_eq!(stage.sees(alice, general), ["hello"]);
    assert_eq!(stage.world.broken, None);
}

#[test]
fn two_people_talk_in_a_channel_and_directly() {
    let mut stage = Plain::new(2);
    let alice = stage.operator("alice");
    let (guild, general) = stage.guild(alice);
    let link = stage.link(alice, guild);
    let (bob, _) = stage.newcomer("bob", &link);
    stage.says(alice, general, "hello");
    stage.says(bob, general, "hi");
    assert_eq!(stage.sees(alice, general), ["hello", "hi"]);
    assert_eq!(stage.sees(bob, general), ["hello", "hi"]);
    let dm = stage.dm(alice, bob);
    stage.says(alice, dm, "only you");
    stage.says(bob, dm, "only us");
    assert_eq!(stage.sees(bob, dm), ["only you", "only us"]);
    assert_eq!(stage.sees(alice, dm), ["only you", "only us"]);
    assert_eq!(stage.world.broken, None);
}

#[test]
fn two_people_talk_with_real_cryptography() {
    let mut stage = Stage::<Vodozemac>::new(3);
    let alice = stage.operator("alice");
    let (guild, general) = stage.guild(alice);
    let link = stage.link(alice, guild);
    let (bob, _) = stage.newcomer("bob", &link);
    stage.says(alice, general, "hello");
    stage.says(bob, general, "hi");
    let dm = stage.dm(bob, alice);
    stage.says(bob, dm, "psst");
    assert_eq!(stage.sees(bob, general), ["hello", "hi"]);
    assert_eq!(stage.sees(alice, general), ["hello", "hi"]);
    assert_eq!(stage.sees(alice, dm), ["psst"]);
    assert_eq!(stage.world.broken, None);
}

#[test]
fn a_second_device_approved_by_its_code_reads_and_writes_from_then_on() {
    let mut two = two(4);
    let general = two.general;
    two.stage.says(two.alice, general, "before");
    let laptop = two.second_device();
    assert_eq!(two.stage.state(laptop), DeviceState::Active);
    two.stage.says(two.alice, general, "after");
    two.stage.says(laptop, general, "from my laptop");
    let shown = two.stage.sees(laptop, general);
    assert_eq!(shown, ["after", "from my laptop"]);
    assert_eq!(
        two.stage.sees(two.bob, general),
        ["before", "after", "from my laptop"]
    );
    assert_eq!(
        two.stage.sees(two.alice, general),
        ["before", "after", "from my laptop"]
    );
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_code_that_no_device_shows_approves_nothing() {
    let mut two = two(5);
    let (laptop, _) = two.stage.signs_in("bob", None);
    let code = "AAAA-AAAA-AAAA-AAAA".to_owned();
    let refused = two.stage.asks(two.bob, Command::ApproveDevice { code });
    assert_eq!(refused.unwrap_err().code, ErrorCode::CodeUnknown);
    two.stage.settle();
    assert_eq!(two.stage.state(laptop), DeviceState::Pending);
}

#[test]
fn a_recovery_key_lets_a_new_device_in_without_the_old_one() {
    let mut two = two(6);
    let general = two.general;
    two.stage.world.kill(two.bob);
    let key = two.bobs_key.clone();
    let (phone, state) = two.stage.signs_in("bob", Some(key));
    assert_eq!(state, DeviceState::Active);
    two.stage.says(two.alice, general, "welcome back");
    two.stage.says(phone, general, "thank you");
    assert_eq!(
        two.stage.sees(phone, general),
        ["welcome back", "thank you"]
    );
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_client_killed_between_its_commit_and_its_send_loses_nothing() {
    let mut two = two(7);
    let general = two.general;
    two.stage.says(two.bob, general, "first");
    two.stage.writes(two.bob, general, "second");
    // The request is in the store; nothing of it has left.
    two.stage.world.kill(two.bob);
    two.stage.settle();
    two.stage.world.revive(two.bob);
    two.stage.settle();
    for who in [two.alice, two.bob] {
        assert_eq!(two.stage.sees(who, general), ["first", "second"]);
    }
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_server_killed_while_people_write_loses_nothing() {
    let mut two = two(8);
    let general = two.general;
    two.stage.writes(two.bob, general, "one");
    two.stage.writes(two.alice, general, "two");
    two.stage.world.restart_server();
    two.stage.writes(two.bob, general, "three");
    two.stage.settle();
    let mut shown = two.stage.sees(two.alice, general);
    assert_eq!(shown, two.stage.sees(two.bob, general));
    shown.sort();
    assert_eq!(shown, ["one", "three", "two"]);
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_lost_session_between_two_devices_heals_through_a_report() {
    let mut two = two(9);
    let general = two.general;
    two.stage.says(two.alice, general, "a session is there");
    two.stage.says(two.bob, general, "in both directions");
    two.stage.world.kill(two.bob);
    let lost = two.stage.world.clients[two.bob]
        .eyes
        .execute("DELETE FROM olm", []);
    assert!(lost.unwrap() > 0);
    two.stage.world.revive(two.bob);
    two.stage.settle();
    // A direct message needs the lost session at once.
    let dm = two.stage.dm(two.alice, two.bob);
    two.stage.says(two.alice, dm, "can you read this?");
    two.stage.settle();
    assert_eq!(two.stage.sees(two.bob, dm), ["can you read this?"]);
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn whoever_left_reads_nothing_that_is_said_later() {
    let mut two = two(10);
    let (guild, general) = (two.guild, two.general);
    two.stage.says(two.alice, general, "for bob too");
    two.stage.does(two.bob, Command::LeaveGuild { guild });
    two.stage.settle();
    two.stage.says(two.alice, general, "not for bob");
    let link = two.stage.link(two.alice, guild);
    two.stage.does(two.bob, Command::JoinGuild { invite: link });
    two.stage.settle();
    two.stage.says(two.alice, general, "bob is back");
    assert_eq!(two.stage.sees(two.bob, general), ["bob is back"]);
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_join_by_the_bare_code_is_unvouched_until_a_member_vouches() {
    let mut two = two(11);
    let guild = two.guild;
    assert!(two.member(two.alice, two.bob).unwrap().vouched);
    let code = code_of(&two.stage.link(two.alice, guild));
    let (carol, _) = two.stage.newcomer("carol", &code);
    two.stage.settle();
    if two.member(two.alice, carol).is_none() {
        two.stage.does(carol, Command::JoinGuild { invite: code });
        two.stage.settle();
    }
    assert!(!two.member(two.alice, carol).unwrap().vouched);
    let user = two.stage.user(carol);
    two.stage.does(two.alice, Command::Vouch { guild, user });
    two.stage.settle();
    for who in [two.alice, two.bob, carol] {
        assert!(two.member(who, carol).unwrap().vouched);
    }
}

#[test]
fn a_link_with_another_seed_lets_nobody_in() {
    let mut two = two(12);
    let guild = two.guild;
    let link = two.stage.link(two.alice, guild);
    let (address, seed) = link.split_once('#').unwrap();
    let flipped: String = seed
        .chars()
        .map(|c| if c == 'a' { 'b' } else { 'a' })
        .take(seed.len())
        .collect();
    two.stage.does(two.bob, Command::LeaveGuild { guild });
    two.stage.settle();
    let invite = format!("{address}#{flipped}");
    let refused = two.stage.asks(two.bob, Command::JoinGuild { invite });
    assert!(refused.is_err(), "{refused:?}");
    two.stage.settle();
    assert!(two.member(two.alice, two.bob).is_none());
}

#[test]
fn a_revoked_device_reads_nothing_that_is_said_later() {
    let mut two = two(13);
    let general = two.general;
    let laptop = two.second_device();
    two.stage.says(two.alice, general, "for both");
    let device = two.stage.world.clients[laptop].session().me.unwrap().device;
    two.stage.does(
        two.bob,
        Command::RevokeDevice {
            device,
            also: Vec::new(),
        },
    );
    two.stage.settle();
    two.stage.says(two.alice, general, "for one");
    assert_eq!(two.stage.state(laptop), DeviceState::Revoked);
    assert_eq!(two.stage.sees(laptop, general), ["for both"]);
    assert_eq!(two.stage.sees(two.bob, general), ["for both", "for one"]);
    assert_eq!(two.stage.world.broken, None);
}
