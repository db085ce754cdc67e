//! Stories of a few people on real engines and the real server.

use cloister_client::Symbolic;
use cloister_testkit::cast::Stage;

type Plain = Stage<Symbolic>;

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
