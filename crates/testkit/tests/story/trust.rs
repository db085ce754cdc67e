//! Stories of people and devices that make sure of each other.

use cloister_client::{
    Symbolic, Vodozemac,
    view::{
        Command, CommandReply, ComparisonStage, ComparisonView, DeviceState, DeviceView, EmojiView,
        KeyChange, PersonTrust, Query, QueryReply, Safety, VerifiedHow,
    },
};
use cloister_testkit::cast::{Pair, Stage, Who};
use cloister_wire::{ChannelId, ErrorCode, GuildId};

struct Two {
    stage: Stage<Symbolic>,
    alice: Who,
    bob: Who,
    guild: GuildId,
    general: ChannelId,
}

fn two(seed: u64) -> Two {
    let Pair {
        mut stage,
        alice,
        bob,
        guild,
        general,
    } = Pair::new(seed);
    stage.says(alice, general, "hello");
    stage.says(bob, general, "hi");
    Two {
        stage,
        alice,
        bob,
        guild,
        general,
    }
}

impl Two {
    fn person(&self, who: Who, of: Who) -> PersonTrust {
        person(&self.stage, who, of)
    }

    fn comparison(&self, who: Who) -> ComparisonView {
        comparisons(&self.stage, who).pop().expect("a comparison")
    }

    /// Both devices up to the emoji.
    fn compare(&mut self) {
        let user = self.stage.user(self.bob);
        self.stage.does(self.alice, Command::Compare { user });
        self.stage.settle();
        let asked = self.comparison(self.bob);
        assert_eq!(asked.stage, ComparisonStage::Incoming);
        assert_eq!(asked.user, self.stage.user(self.alice));
        self.stage
            .does(self.bob, Command::AcceptComparison { id: asked.id });
        self.stage.settle();
    }

    fn judges(&mut self, who: Who, same: bool) {
        let id = self.comparison(who).id;
        self.stage.does(who, Command::JudgeComparison { id, same });
        self.stage.settle();
    }

    /// A further device of somebody, waiting.
    fn waiting(&mut self, name: &str) -> Who {
        let (who, state) = self.stage.signs_in(name, None);
        assert_eq!(state, DeviceState::Pending);
        who
    }

    fn device_of(&self, who: Who) -> cloister_wire::DeviceId {
        let me = self.stage.world.clients[who].session().me;
        me.expect("somebody is signed in").device
    }
}

fn person<P: cloister_client::Primitives>(stage: &Stage<P>, who: Who, of: Who) -> PersonTrust {
    let user = stage.user(of);
    match stage.world.clients[who].query(&Query::Person { user }) {
        QueryReply::Person { person: Some(view) } => view,
        other => panic!("nobody: {other:?}"),
    }
}

fn comparisons<P: cloister_client::Primitives>(stage: &Stage<P>, who: Who) -> Vec<ComparisonView> {
    match stage.world.clients[who].query(&Query::Comparisons) {
        QueryReply::Comparisons { comparisons } => comparisons,
        other => panic!("no comparisons: {other:?}"),
    }
}

fn devices(stage: &Stage<Symbolic>, who: Who) -> Vec<DeviceView> {
    match stage.world.clients[who].query(&Query::Devices) {
        QueryReply::Devices { devices } => devices,
        other => panic!("no devices: {other:?}"),
    }
}

fn emoji(view: &ComparisonView) -> &[EmojiView] {
    match &view.stage {
        ComparisonStage::Compare { emoji } | ComparisonStage::Confirmed { emoji } => emoji,
        other => panic!("no emoji: {other:?}"),
    }
}

#[test]
fn two_people_compare_emoji_and_are_verified_on_both_sides() {
    let mut two = two(101);
    two.compare();
    let (at_alice, at_bob) = (two.comparison(two.alice), two.comparison(two.bob));
    assert_eq!(emoji(&at_alice), emoji(&at_bob));
    assert_eq!(emoji(&at_alice).len(), 7);
    two.judges(two.alice, true);
    assert_eq!(two.person(two.alice, two.bob).safety, Safety::Known);
    two.judges(two.bob, true);
    for (who, of) in [(two.alice, two.bob), (two.bob, two.alice)] {
        let view = two.person(who, of);
        assert_eq!(view.safety, Safety::Verified);
        assert_eq!(view.verified_how, Some(VerifiedHow::Emoji));
        assert_eq!(two.comparison(who).stage, ComparisonStage::Done);
    }
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn two_people_compare_emoji_with_real_cryptography() {
    let mut stage = Stage::<Vodozemac>::new(102);
    let alice = stage.operator("alice");
    let (guild, general) = stage.guild(alice);
    let link = stage.link(alice, guild);
    let (bob, _) = stage.newcomer("bob", &link);
    stage.says(alice, general, "hello");
    let user = stage.user(bob);
    stage.does(alice, Command::Compare { user });
    stage.settle();
    let id = comparisons(&stage, bob).pop().unwrap().id;
    stage.does(bob, Command::AcceptComparison { id: id.clone() });
    stage.settle();
    for who in [bob, alice] {
        let id = id.clone();
        stage.does(who, Command::JudgeComparison { id, same: true });
        stage.settle();
    }
    assert_eq!(person(&stage, alice, bob).safety, Safety::Verified);
    assert_eq!(person(&stage, bob, alice).safety, Safety::Verified);
}

#[test]
fn emoji_that_one_finds_different_verify_nobody() {
    let mut two = two(103);
    two.compare();
    two.judges(two.alice, true);
    two.judges(two.bob, false);
    for (who, of) in [(two.alice, two.bob), (two.bob, two.alice)] {
        assert_eq!(two.person(who, of).safety, Safety::Known);
        let over = two.comparison(who).stage;
        assert!(matches!(over, ComparisonStage::Ended { .. }), "{over:?}");
    }
}

#[test]
fn the_safety_number_is_the_same_on_both_sides_and_can_be_marked_as_compared() {
    let mut two = two(104);
    let (alice, bob) = (two.alice, two.bob);
    let number = two.person(alice, bob).safety_number.unwrap();
    assert_eq!(two.person(bob, alice).safety_number.unwrap(), number);
    let user = two.stage.user(bob);
    let wrong = Command::NumberMatches {
        user,
        number: number.replace('1', "2"),
    };
    let refused = two.stage.asks(alice, wrong).unwrap_err();
    assert_eq!(refused.code, ErrorCode::KeysDiffer);
    assert_eq!(two.person(alice, bob).safety, Safety::Known);
    two.stage
        .does(alice, Command::NumberMatches { user, number });
    assert_eq!(
        two.person(alice, bob).verified_how,
        Some(VerifiedHow::Number)
    );
    // One read it; the other has still to say so.
    assert_eq!(two.person(bob, alice).safety, Safety::Known);
}

#[test]
fn whoever_reads_the_code_is_sure_and_whoever_showed_it_says_who_read_it() {
    let mut two = two(105);
    let (alice, bob) = (two.alice, two.bob);
    let code = two.person(bob, alice).code.unwrap();
    let user = two.stage.user(bob);
    let read = Command::ReadCode {
        user,
        code: code.clone(),
    };
    two.stage.does(alice, read);
    two.stage.settle();
    assert_eq!(two.person(alice, bob).verified_how, Some(VerifiedHow::Qr));
    assert_eq!(two.person(bob, alice).safety, Safety::Known);
    assert_eq!(two.comparison(bob).stage, ComparisonStage::CodeRead);
    two.judges(bob, true);
    assert_eq!(two.person(bob, alice).verified_how, Some(VerifiedHow::Qr));
    // A code proves one reading: the next one is another.
    assert_ne!(two.person(bob, alice).code.unwrap(), code);
}

#[test]
fn a_code_for_somebody_else_or_with_other_keys_verifies_nobody() {
    let mut two = two(106);
    let (alice, bob) = (two.alice, two.bob);
    let own = two.person(alice, bob).code.unwrap();
    let user = two.stage.user(bob);
    let refused = two.stage.asks(alice, Command::ReadCode { user, code: own });
    assert_eq!(refused.unwrap_err().code, ErrorCode::PersonCodeWrong);
    let code = two.person(bob, alice).code.unwrap();
    let mut parts: Vec<&str> = code.split(':').collect();
    let (theirs, mine) = (parts[4], parts[6]);
    parts[4] = mine;
    parts[6] = theirs;
    let code = parts.join(":");
    let refused = two.stage.asks(alice, Command::ReadCode { user, code });
    assert_eq!(refused.unwrap_err().code, ErrorCode::KeysDiffer);
    assert_eq!(two.person(alice, bob).safety, Safety::Known);
}

#[test]
fn a_verified_person_is_verified_on_all_ones_devices_also_on_later_ones() {
    let mut two = two(107);
    let (alice, bob) = (two.alice, two.bob);
    let laptop = two.waiting("bob");
    let code = two.stage.world.clients[laptop].session().pending_code;
    let code = code.unwrap();
    two.stage.does(bob, Command::ApproveDevice { code });
    two.stage.settle();
    let number = two.person(bob, alice).safety_number.unwrap();
    let user = two.stage.user(alice);
    two.stage.does(bob, Command::NumberMatches { user, number });
    two.stage.settle();
    two.stage.says(alice, two.general, "for all three");
    assert_eq!(two.person(laptop, alice).safety, Safety::Verified);
    // A device that comes later hears of it from the one that let it in.
    let phone = two.waiting("bob");
    let code = two.stage.world.clients[phone].session().pending_code;
    let code = code.unwrap();
    two.stage.does(laptop, Command::ApproveDevice { code });
    two.stage.settle();
    assert_eq!(two.person(phone, alice).safety, Safety::Verified);
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_new_device_is_approved_by_what_a_camera_read() {
    let mut two = two(108);
    let laptop = two.waiting("bob");
    let code = two.stage.world.clients[laptop].session().pending_qr;
    let code = code.unwrap();
    let other = two.waiting("bob");
    two.stage.does(two.bob, Command::ApproveDevice { code });
    two.stage.settle();
    assert_eq!(two.stage.state(laptop), DeviceState::Active);
    assert_eq!(two.stage.state(other), DeviceState::Pending);
}

#[test]
fn a_new_device_is_approved_by_emoji_when_both_show_the_same() {
    let mut two = two(109);
    let (bob, general) = (two.bob, two.general);
    let laptop = two.waiting("bob");
    let device = two.device_of(laptop);
    two.stage.does(bob, Command::CompareDevice { device });
    two.stage.settle();
    let (here, there) = (two.comparison(bob), two.comparison(laptop));
    assert!(here.own_device && there.own_device);
    assert_eq!(emoji(&here), emoji(&there));
    two.judges(laptop, true);
    assert_eq!(two.stage.state(laptop), DeviceState::Pending);
    two.judges(bob, true);
    assert_eq!(two.stage.state(laptop), DeviceState::Active);
    two.stage.says(laptop, general, "from my laptop");
    assert_eq!(
        two.stage.sees(two.alice, general),
        ["hello", "hi", "from my laptop"]
    );
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_new_device_whose_emoji_differ_stays_outside() {
    let mut two = two(110);
    let laptop = two.waiting("bob");
    let device = two.device_of(laptop);
    two.stage.does(two.bob, Command::CompareDevice { device });
    two.stage.settle();
    two.judges(laptop, true);
    two.judges(two.bob, false);
    assert_eq!(two.stage.state(laptop), DeviceState::Pending);
}

#[test]
fn a_server_that_swaps_the_devices_keys_makes_the_comparison_fail() {
    let mut two = two(111);
    let laptop = two.waiting("bob");
    let other = two.waiting("bob");
    let (device, spare) = (two.device_of(laptop), two.device_of(other));
    // The server shows the offer of another device under this id.
    let swapped = two.stage.world.server.eyes.execute(
        "UPDATE device SET cert = (SELECT cert FROM device WHERE id = ?2) WHERE id = ?1",
        [device.as_bytes().as_slice(), spare.as_bytes().as_slice()],
    );
    assert_eq!(swapped.unwrap(), 1);
    let refused = two.stage.asks(two.bob, Command::CompareDevice { device });
    assert_eq!(refused.unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn removing_a_device_offers_those_that_it_let_in() {
    let mut two = two(112);
    let (bob, laptop) = (two.bob, two.waiting("bob"));
    let code = two.stage.world.clients[laptop].session().pending_code;
    two.stage.does(
        bob,
        Command::ApproveDevice {
            code: code.unwrap(),
        },
    );
    two.stage.settle();
    let phone = two.waiting("bob");
    let code = two.stage.world.clients[phone].session().pending_code;
    two.stage.does(
        laptop,
        Command::ApproveDevice {
            code: code.unwrap(),
        },
    );
    two.stage.settle();
    let (device, through) = (two.device_of(laptop), two.device_of(phone));
    let listed = devices(&two.stage, bob);
    let one = listed.iter().find(|one| one.id == device).unwrap();
    assert_eq!(one.added, [through]);
    let own = two.device_of(bob);
    let refused = two.stage.asks(
        bob,
        Command::RevokeDevice {
            device,
            also: vec![own],
        },
    );
    assert_eq!(refused.unwrap_err().code, ErrorCode::Invalid);
    two.stage.does(
        bob,
        Command::RevokeDevice {
            device,
            also: vec![through],
        },
    );
    two.stage.settle();
    assert_eq!(two.stage.state(laptop), DeviceState::Revoked);
    assert_eq!(two.stage.state(phone), DeviceState::Revoked);
    assert_eq!(two.stage.state(bob), DeviceState::Active);
}

#[test]
fn a_waiting_device_that_is_not_ones_own_is_sent_away() {
    let mut two = two(113);
    let stranger = two.waiting("bob");
    let device = two.device_of(stranger);
    let also = Vec::new();
    two.stage
        .does(two.bob, Command::RevokeDevice { device, also });
    two.stage.settle();
    assert_eq!(two.stage.state(stranger), DeviceState::Revoked);
    assert_eq!(devices(&two.stage, two.bob).len(), 1);
}

#[test]
fn keys_that_contradict_block_until_the_person_decides() {
    let mut two = two(114);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    let user = two.stage.user(bob);
    let dm = two.stage.dm(alice, bob);
    let noted = two.stage.world.clients[alice].eyes.execute(
        "UPDATE person SET violation = 'The server lied.' WHERE user = ?1",
        [user.as_bytes().as_slice()],
    );
    assert_eq!(noted.unwrap(), 1);
    let view = two.person(alice, bob);
    assert_eq!(view.safety, Safety::Violation);
    assert_eq!(
        view.change,
        Some(KeyChange::Contradiction {
            what: "The server lied.".to_owned()
        })
    );
    two.stage.writes(alice, dm, "secret");
    two.stage.settle();
    assert_eq!(two.stage.sees(bob, dm), Vec::<String>::new());
    let reply = two.stage.does(alice, Command::AcceptKeys { user });
    assert_eq!(reply, CommandReply::Done);
    assert_eq!(two.person(alice, bob).safety, Safety::Known);
    two.stage.says(alice, general, "readable again");
    let shown = two.stage.sees(bob, general);
    assert_eq!(shown.last().map(String::as_str), Some("readable again"));
    two.stage.says(alice, dm, "not so secret");
    let shown = two.stage.sees(bob, dm);
    assert_eq!(shown.last().map(String::as_str), Some("not so secret"));
    let _ = two.guild;
}
