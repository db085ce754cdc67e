//! A new beginning that its person did not want: by the server's own hand, or to inherit what
//! somebody else was trusted with.

use cloister_client::view::{
    Command, DeviceState, KeyChange, PersonTrust, Query, QueryReply, Safety,
};
use cloister_e2ee::signing_key;
use cloister_proof::{
    DeviceCert, DeviceLog, Purpose, Signed, Signer as _,
    devlog::{Body, Entry},
};
use cloister_wire::{
    Bytes, ChannelId, DeviceId, ErrorCode, Octets, UserId,
    account::{Devlogs, UserLog},
    channel::EpochView,
};

use crate::cast::{Cast, asks_epoch, swell};
use cloister_testkit::{cast::Who, judge::read};

const DAY_MS: u64 = 24 * 3_600_000;

fn person(cast: &Cast, who: Who, user: UserId) -> PersonTrust {
    match cast.stage.world.clients[who].query(&Query::Person { user }) {
        QueryReply::Person { person: Some(view) } => view,
        other => panic!("nobody: {other:?}"),
    }
}

/// A new beginning of bob's account with keys of the server's own.
fn forged(cast: &Cast) -> (DeviceId, Bytes) {
    let user = cast.stage.user(cast.bob);
    let db = &cast.stage.world.server.eyes;
    let mut entries = db
        .prepare("SELECT entry FROM devlog WHERE user_id = ?1 ORDER BY version")
        .unwrap();
    let entries: Vec<Vec<u8>> = entries
        .query_map([user.as_bytes()], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let log = DeviceLog::replay(&entries).unwrap();
    let key = |byte: u8| -> cloister_e2ee::SigningKey { signing_key(&Octets([byte; 32])) };
    let device = DeviceId::from_bytes([0x66; 16]);
    let cert = DeviceCert {
        user,
        device,
        reg_id: 1,
        signing: key(1).public_key(),
        identity: Octets([2; 32]),
        calls: key(3).public_key(),
        platform: "web".to_owned(),
        created_ms: cast.stage.world.now(),
    };
    let entry = Entry {
        v: 1,
        user,
        version: log.version + 1,
        prev: None,
        at_ms: cast.stage.world.now(),
        body: Body::Genesis {
            device: cert.clone(),
            recovery_key: key(4).public_key(),
            vault: Octets([5; 32]),
            reset_of: Some(log.head),
        },
    };
    let signed = Signed::seal(Purpose::Devlog, &entry, &[&key(1), &key(4)]);
    (device, Bytes(signed.to_bytes()))
}

/// Alice is shown a new beginning of bob's by the server's hand, and an audience with its device.
fn with_forged_beginning(cast: &mut Cast) -> (UserId, DeviceId, ChannelId) {
    let (alice, bob) = (cast.alice, cast.bob);
    let user = cast.stage.user(bob);
    let dm = cast.stage.dm(alice, bob);
    let (device, entry) = forged(cast);
    let ghost = cloister_proof::RosterEntry {
        user,
        device,
        reg_id: 1,
    };
    cast.stage
        .world
        .meddler
        .on_answers(move |server, client, request, answer| {
            if client != alice {
                return;
            }
            if asks_epoch(request, dm) {
                swell(server, dm, &[ghost], answer);
            } else if request.path == "/api/v1/devlogs"
                && let Some(mut logs) = read::<Devlogs>(&answer.body)
            {
                let news = |log: &&mut UserLog| log.user == user && log.first_version == 2;
                for log in logs.logs.iter_mut().filter(news) {
                    log.entries.push(entry.clone());
                }
                answer.say(&logs);
            }
        });
    (user, device, dm)
}

#[test]
fn a2_the_server_cannot_start_somebody_over_unnoticed() {
    for verified in [true, false] {
        let mut cast: Cast = Cast::new(281);
        let (alice, user) = (cast.alice, cast.stage.user(cast.bob));
        if verified {
            let number = person(&cast, alice, user).safety_number.unwrap();
            cast.stage
                .does(alice, Command::NumberMatches { user, number });
            cast.stage.settle();
        }
        begins_unwanted(&mut cast);
    }
}

fn begins_unwanted(cast: &mut Cast) {
    let alice = cast.alice;
    let (user, device, dm) = with_forged_beginning(cast);
    cast.stage.says(alice, dm, "for bob alone");
    assert!(!cast.has_handed(alice, device), "a key for the server");
    let seen = person(cast, alice, user);
    assert!(seen.started_over_at.is_some());
    assert_eq!(seen.safety, Safety::Violation);
    assert_eq!(seen.change, Some(KeyChange::StartedOver));
    assert_eq!(cast.accepted(dm), 0);
}

#[test]
fn a_new_beginning_does_not_inherit_a_private_channel() {
    let mut cast: Cast = Cast::new(282);
    let (alice, bob, carol, guild) = (cast.alice, cast.bob, cast.carol, cast.guild);
    let made = cast.stage.does(
        alice,
        Command::CreateChannel {
            guild,
            name: "Shed".to_owned(),
            readers: Some(vec![cast.stage.user(bob), cast.stage.user(carol)]),
            continues: None,
        },
    );
    let cloister_client::view::CommandReply::Channel { channel } = made else {
        panic!("a channel was answered with {made:?}");
    };
    cast.stage.settle();
    cast.stage.says(alice, channel, "for three");
    // Somebody who knows bob's password waits until his device was away for three days.
    cast.stage.world.kill(bob);
    cast.stage.world.run_for(3 * DAY_MS);
    let (thief, _) = cast.stage.signs_in("bob", None);
    let begin = Command::StartOver {
        password: cloister_testkit::cast::PASSWORD.to_owned(),
        code: None,
        device_name: "thief".to_owned(),
    };
    cast.stage.does(thief, begin);
    cast.stage.settle();
    cast.forget_handed();
    let stolen = cast.device(thief);
    cast.stage.says(alice, channel, "not for the thief");
    assert!(!cast.has_handed(alice, stolen));
    assert!(cast.stage.channel(thief, channel).is_none());
    assert_eq!(
        cast.stage.sees(carol, channel),
        ["for three", "not for the thief"]
    );
    let gone = cast.stage.channel(alice, channel).unwrap();
    let user = cast.stage.user(thief);
    assert!(gone.people.iter().all(|one| one.user != user));
    // Nor do old signatures open a door: the old device is heard by nobody.
    cast.stage.world.revive(bob);
    cast.stage.settle();
    assert_ne!(cast.stage.state(bob), DeviceState::Active);
    let refused = cast.stage.asks(
        bob,
        Command::CreateGuild {
            name: "x".to_owned(),
        },
    );
    assert!(matches!(
        refused.unwrap_err().code,
        ErrorCode::DeviceRevoked | ErrorCode::SignedOut | ErrorCode::Unauthenticated
    ));
}

#[test]
fn a2_the_server_cannot_say_who_i_am() {
    let mut cast: Cast = Cast::new(283);
    let (alice, bob) = (cast.alice, cast.bob);
    let dm = cast.stage.dm(bob, alice);
    let (device, entry) = forged(&cast);
    let user = cast.stage.user(bob);
    let ghost = cloister_proof::RosterEntry {
        user,
        device,
        reg_id: 1,
    };
    let own = cast.entry(bob);
    cast.stage
        .world
        .meddler
        .on_answers(move |server, client, request, answer| {
            if client != bob || !asks_epoch(request, dm) {
                return;
            }
            swell(server, dm, &[ghost], answer);
            if let Some(mut view) = read::<EpochView>(&answer.body) {
                view.devlogs.push(UserLog {
                    user: own.user,
                    username: "bob".to_owned(),
                    display_name: "bob".to_owned(),
                    first_version: 2,
                    entries: vec![entry.clone()],
                });
                answer.say(&view);
            }
        });
    cast.stage.says(bob, dm, "between us");
    assert!(!cast.has_handed(bob, device), "a key for the server");
    assert_eq!(cast.accepted(dm), 0);
    assert_eq!(cast.stage.state(bob), DeviceState::StartedOver);
    assert!(cast.alarm(bob).is_some());
}
