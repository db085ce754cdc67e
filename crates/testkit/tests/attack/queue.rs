//! A14, A15: keys that the server keeps back or says are kept back, and a member who takes nothing.

use std::{cell::RefCell, rc::Rc};

use cloister_testkit::{judge::read, meddler::written};
use cloister_wire::{
    gateway::{Event, EventFrame, ServerFrame},
    key::{AckToDevice, NackReason, NackToDevice, QueuePage},
};
use rusqlite::params;

use crate::cast::Cast;

#[test]
fn a14_a_key_that_the_server_keeps_back_is_missed_and_said() {
    let mut cast: Cast = Cast::new(217);
    let (alice, bob, general) = (cast.alice, cast.bob, cast.general);
    cast.stage.world.kill(bob);
    let meddler = &mut cast.stage.world.meddler;
    meddler.on_answers(move |_, client, request, answer| {
        if client == bob
            && request.path.starts_with("/api/v1/to-device?")
            && let Some(mut page) = read::<QueuePage>(&answer.body)
        {
            page.items.clear();
            answer.say(&page);
        }
    });
    meddler.on_frames(move |client, frame| {
        let item = matches!(
            read::<ServerFrame>(frame),
            Some(ServerFrame::Event(EventFrame {
                event: Event::ToDevice { .. },
                ..
            }))
        );
        client != bob || !item
    });
    cast.stage
        .says(alice, general, "with a key that never comes");
    cast.stage.world.revive(bob);
    cast.stage.settle();
    assert_eq!(cast.stage.sees(bob, general), ["KeyMissing"]);
}

#[test]
fn a15_whoever_refuses_everything_gets_it_a_few_times_only() {
    let mut cast: Cast = Cast::new(218);
    let (alice, bob) = (cast.alice, cast.bob);
    let counted = Rc::new(RefCell::new((0, 0)));
    let count = counted.clone();
    cast.stage
        .world
        .meddler
        .on_requests(move |client, request| {
            let body = request.body.as_deref();
            if client == bob
                && request.path == "/api/v1/to-device/ack"
                && let Some(ack) = body.and_then(read::<AckToDevice>)
            {
                let (seq, reason) = (ack.seq, NackReason::Corrupt);
                request.path = "/api/v1/to-device/nack".to_owned();
                request.body = Some(written(&NackToDevice { seq, reason }));
            }
            let mut count = count.borrow_mut();
            match request.path.as_str() {
                "/api/v1/to-device" if client == alice => count.0 += 1,
                "/api/v1/keys/claim" if client == alice => count.1 += 1,
                _ => {}
            }
        });
    let dm = cast.stage.dm(alice, bob);
    cast.stage.says(alice, dm, "is this readable?");
    for _ in 0..10 {
        cast.stage.settle();
    }
    assert_eq!(cast.stage.sees(bob, dm), ["is this readable?"]);
    let (resent, claimed) = *counted.borrow();
    assert!((1..=3).contains(&resent), "sent again {resent} times");
    assert!(claimed <= 2, "{claimed} keys were claimed");
}

#[test]
fn a14_a_servers_word_that_a_key_is_withheld_takes_no_key_away() {
    let mut cast: Cast = Cast::new(219);
    let (alice, bob, general) = (cast.alice, cast.bob, cast.general);
    let (from, to) = (cast.entry(alice), cast.device(bob));
    cast.stage
        .says(alice, general, "so that there is a session");
    cast.stage.world.kill(bob);
    cast.stage.says(alice, general, "for bob too");
    // Before the next message, and after the key, the queue says that there is none.
    let db = &cast.stage.world.server.eyes;
    let forged = db.execute(
        "INSERT INTO inbox_item (device_id, seq, at, sender_user, sender_device, dedupe_id, class,
             withheld, about_channel, about_session)
         SELECT ?1, b.last_seq + 1, 1, ?2, ?3, randomblob(32), 'control', 'min_trust', ?4, s.id
         FROM inbox b, group_session s WHERE b.device_id = ?1 AND s.device_id = ?3
             AND s.channel_id = ?4",
        params![
            to.as_bytes(),
            from.user.as_bytes(),
            from.device.as_bytes(),
            general.as_bytes()
        ],
    );
    assert_eq!(forged, Ok(1));
    db.execute(
        "UPDATE inbox SET last_seq = last_seq + 1 WHERE device_id = ?1",
        [to.as_bytes()],
    )
    .unwrap();
    cast.stage.world.revive(bob);
    cast.stage.settle();
    cast.stage.says(alice, general, "and this");
    let all = ["so that there is a session", "for bob too", "and this"];
    assert_eq!(cast.stage.sees(bob, general), all);
}
