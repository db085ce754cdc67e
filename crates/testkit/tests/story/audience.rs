//! Stories of audiences that are full.

use std::num::NonZero;

use cloister_client::{
    Symbolic,
    view::{Command, CommandReply, RoomView},
};
use cloister_testkit::cast::{Pair, Stage, Who};
use cloister_wire::{ChannelId, ErrorCode};

type Plain = Stage<Symbolic>;

/// Alice and bob, whose devices fill every channel, and carol, who comes after them.
fn three(seed: u64) -> (Pair<Symbolic>, Who) {
    let mut two = Pair::with(seed, |world| {
        world.limit_audiences(NonZero::new(2).unwrap());
    });
    let link = two.stage.link(two.alice, two.guild);
    let (carol, _) = two.stage.newcomer("carol", &link);
    two.stage.settle();
    (two, carol)
}

fn room(stage: &Plain, who: Who, channel: ChannelId) -> RoomView {
    *stage.channel(who, channel).unwrap().room
}

fn refused(stage: &mut Plain, who: Who, channel: ChannelId) -> ErrorCode {
    let command = Command::LoadHistory {
        channel,
        before: None,
    };
    stage.asks(who, command).unwrap_err().code
}

#[test]
fn who_waits_for_a_place_is_told_so_and_reads_from_the_moment_there_is_one() {
    let (mut two, carol) = three(1);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(alice, general, "just the two of us");
    assert_eq!(two.stage.world.broken, None);
    assert_eq!(
        two.stage.sees(bob, general).last().unwrap(),
        "just the two of us"
    );
    let view = two.stage.channel(carol, general).unwrap();
    assert!(view.room.waits && !view.can_send);
    assert_eq!(view.blocked.unwrap().code, ErrorCode::AudienceFull);
    assert_eq!(
        refused(&mut two.stage, carol, general),
        ErrorCode::AudienceFull
    );
    let seen = room(&two.stage, alice, general);
    assert_eq!((seen.waiting, seen.can_continue), (1, true));
    assert!(!room(&two.stage, bob, general).can_continue);
    let guild = two.guild;
    two.does(bob, Command::LeaveGuild { guild });
    two.stage.says(alice, general, "welcome");
    let room = room(&two.stage, carol, general);
    assert_eq!((room.waits, room.waiting), (false, 0));
    assert_eq!(two.stage.sees(carol, general).last().unwrap(), "welcome");
    two.stage.says(carol, general, "thanks");
    assert_eq!(two.stage.sees(alice, general).last().unwrap(), "thanks");
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_full_channel_goes_on_in_another_one_and_each_names_the_other() {
    let (mut two, carol) = three(2);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    two.stage.says(bob, general, "the old room");
    let command = Command::CreateChannel {
        guild: two.guild,
        name: "general-two".to_owned(),
        readers: None,
        continues: Some(general),
    };
    let CommandReply::Channel { channel } = two.stage.does(alice, command) else {
        panic!("a channel is made");
    };
    two.stage.settle();
    two.stage.says(carol, channel, "a new room");
    assert_eq!(two.stage.sees(alice, channel).last().unwrap(), "a new room");
    let old = room(&two.stage, carol, general);
    assert_eq!(old.continued_in.unwrap().name, "general-two");
    let new = room(&two.stage, carol, channel);
    assert_eq!(new.continues.unwrap().id, general);
    // Bob has no place in the new one, and reads and writes in the old one as before.
    assert!(room(&two.stage, bob, channel).waits);
    assert!(!room(&two.stage, alice, general).can_continue);
    two.stage.says(bob, general, "still here");
    assert_eq!(two.stage.sees(alice, general).last().unwrap(), "still here");
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn another_device_of_a_reader_is_let_into_a_full_channel() {
    let (mut two, carol) = three(3);
    let (alice, general) = (two.alice, two.general);
    let (laptop, _) = two.stage.signs_in("bob", None);
    let code = two.stage.world.clients[laptop].session().pending_code;
    let code = code.expect("a pending device shows its code");
    let bob = two.bob;
    two.does(bob, Command::ApproveDevice { code });
    two.stage.says(alice, general, "to three devices");
    assert_eq!(
        two.stage.sees(laptop, general).last().unwrap(),
        "to three devices"
    );
    assert!(room(&two.stage, carol, general).waits);
    assert_eq!(two.stage.world.broken, None);
}
