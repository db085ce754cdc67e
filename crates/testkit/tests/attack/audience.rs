//! A1, A2, A4: people and devices that the server would like to read along.

use cloister_client::view::Command;
use cloister_proof::RosterEntry;
use cloister_testkit::judge::read;
use cloister_wire::{DeviceId, ErrorCode, channel::EpochView};

use crate::cast::{Cast, asks_epoch};

#[test]
fn a1_a_ghost_in_a_direct_conversation_gets_no_key() {
    let mut cast: Cast = Cast::new(201);
    let (alice, ghost) = (cast.alice, cast.entry(cast.carol));
    let dm = cast.stage.dm(alice, cast.bob);
    cast.swells_audience(alice, dm, vec![ghost]);
    cast.stage.says(alice, dm, "for bob alone");
    assert_eq!(cast.failure(alice), Some(ErrorCode::RosterUnverifiable));
    assert!(!cast.has_handed(alice, ghost.device));
    assert_eq!(cast.accepted(dm), 0);
}

#[test]
fn a1_somebody_whom_no_member_let_in_gets_no_key_of_a_channel() {
    let mut cast: Cast = Cast::new(202);
    let (alice, guild, general) = (cast.alice, cast.guild, cast.general);
    let ghost = cast.entry(cast.carol);
    cast.stage.does(cast.carol, Command::LeaveGuild { guild });
    cast.stage.settle();
    cast.forget_handed();
    // Alice has the log of after carol left, and meets the audience for the first time.
    cast.swells_audience(alice, general, vec![ghost]);
    cast.stage.says(alice, general, "for members");
    assert!(!cast.has_handed(alice, ghost.device));
    assert!(cast.failure(alice).is_some());
    assert_eq!(cast.accepted(general), 0);
}

#[test]
fn a2_a_device_that_its_owner_did_not_sign_for_gets_no_key() {
    let mut cast: Cast = Cast::new(203);
    let (alice, general) = (cast.alice, cast.general);
    let ghost = RosterEntry {
        device: DeviceId::from_bytes([0x66; 16]),
        ..cast.entry(cast.bob)
    };
    cast.swells_audience(alice, general, vec![ghost]);
    cast.stage.says(alice, general, "for real devices");
    assert_eq!(cast.failure(alice), Some(ErrorCode::RosterUnverifiable));
    assert!(!cast.has_handed(alice, ghost.device));
    assert_eq!(cast.accepted(general), 0);
}

#[test]
fn a2_another_registration_of_a_device_than_its_owner_signed_gets_no_key() {
    let mut cast: Cast = Cast::new(204);
    let (alice, general) = (cast.alice, cast.general);
    let ghost = RosterEntry {
        reg_id: 2,
        ..cast.entry(cast.bob)
    };
    cast.swells_audience(alice, general, vec![ghost]);
    cast.stage.says(alice, general, "for bob as he signed");
    assert_eq!(cast.failure(alice), Some(ErrorCode::RosterUnverifiable));
    assert_eq!(cast.accepted(general), 0);
}

#[test]
fn a4_a_revoked_device_does_not_come_back_with_an_audience() {
    let mut cast: Cast = Cast::new(205);
    let (alice, bob, general) = (cast.alice, cast.bob, cast.general);
    let laptop = cast.second_device("bob", bob);
    let gone = cast.entry(laptop);
    cast.stage.says(alice, general, "for all of bob's devices");
    let device = gone.device;
    let also = Vec::new();
    cast.stage.does(bob, Command::RevokeDevice { device, also });
    // Alice learns of it before she knows who reads now.
    cast.stage.says(alice, general, "not for the laptop");
    cast.forget_handed();
    cast.swells_audience(alice, general, vec![gone]);
    let name = "Pond".to_owned();
    let guild = cast.guild;
    let made = cast.stage.does(
        alice,
        Command::CreateChannel {
            guild,
            name,
            readers: None,
            continues: None,
        },
    );
    let cloister_client::view::CommandReply::Channel { channel } = made else {
        panic!("a channel was answered with {made:?}");
    };
    cast.stage.settle();
    cast.swells_audience(alice, channel, vec![gone]);
    cast.stage.says(alice, channel, "not for the laptop either");
    assert!(!cast.has_handed(alice, device));
    assert_eq!(cast.accepted(channel), 0);
}

#[test]
fn a4_an_audience_that_the_server_did_not_sign_is_not_used() {
    let mut cast: Cast = Cast::new(206);
    let (alice, general) = (cast.alice, cast.general);
    cast.stage
        .world
        .meddler
        .on_answers(move |_, client, request, answer| {
            if client == alice
                && asks_epoch(request, general)
                && let Some(mut view) = read::<EpochView>(&answer.body)
            {
                for proof in &mut view.records {
                    proof.signature.0[0] ^= 1;
                }
                answer.say(&view);
            }
        });
    cast.stage.says(alice, general, "to whom?");
    assert_eq!(cast.failure(alice), Some(ErrorCode::RosterUnverifiable));
    assert_eq!(cast.accepted(general), 0);
}

#[test]
fn a4_the_audience_of_another_channel_is_not_used() {
    let mut cast: Cast = Cast::new(207);
    let (alice, general) = (cast.alice, cast.general);
    let dm = cast.stage.dm(alice, cast.bob);
    cast.stage
        .world
        .meddler
        .on_answers(move |server, client, request, answer| {
            if client != alice || !asks_epoch(request, dm) {
                return;
            }
            let Some(mut view) = read::<EpochView>(&answer.body) else {
                return;
            };
            let record = cloister_testkit::truth::epoch_record(&server.eyes, general).unwrap();
            let roster = cloister_testkit::truth::roster(&server.eyes, general).unwrap();
            view.roster_hash = roster.hash();
            view.roster = Some(roster.to_bytes().into());
            view.records = server.app().authority.sign_epochs(&[record]);
            answer.say(&view);
        });
    cast.stage.says(alice, dm, "only for bob");
    assert_eq!(cast.failure(alice), Some(ErrorCode::RosterUnverifiable));
    assert!(!cast.has_handed(alice, cast.device(cast.carol)));
}
