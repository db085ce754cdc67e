//! A6, A10, A13, A27 and the transcript: messages that the server moves, repeats or relabels.

use std::{cell::RefCell, rc::Rc};

use cloister_client::view::Command;
use cloister_proof::{LogEntry, Signed, guild_log::Position, transcript};
use cloister_testkit::{judge::read, meddler::Answer, server::WireRequest};
use cloister_wire::{
    Bytes, ChannelId, ErrorCode, Hash, MessageId,
    channel::{History, SealedContent, Send},
    guild::Log,
};

use crate::cast::Cast;

/// Lets bob learn of general only by asking, and changes what he is answered.
fn with_history(cast: &mut Cast, mut change: impl FnMut(&mut History) + 'static) {
    let (bob, general) = (cast.bob, cast.general);
    cast.stage.world.kill(bob);
    cast.stage
        .world
        .meddler
        .on_answers(move |_, client, request, answer| {
            if client == bob && asks_history(request, general) {
                edit(answer, &mut change);
            }
        });
}

fn asks_history(request: &WireRequest, channel: ChannelId) -> bool {
    let path = format!("/api/v1/channels/{channel}/messages?");
    request.path.starts_with(&path)
}

fn edit(answer: &mut Answer, change: &mut impl FnMut(&mut History)) {
    if let Some(mut history) = read::<History>(&answer.body) {
        change(&mut history);
        answer.say(&history);
    }
}

/// Alice says something while bob is away; then he comes back. What he sees.
fn bob_reads(cast: &mut Cast, text: &str) -> Vec<String> {
    let (alice, bob, general) = (cast.alice, cast.bob, cast.general);
    cast.stage.says(alice, general, text);
    cast.stage.world.revive(bob);
    cast.stage.settle();
    cast.stage.sees(bob, general)
}

#[test]
fn a10_a_message_is_not_shown_as_anothers() {
    let mut cast: Cast = Cast::new(221);
    let carol = cast.entry(cast.carol);
    with_history(&mut cast, move |history| {
        for message in &mut history.messages {
            message.sender_user = carol.user;
            message.sender_device = carol.device;
        }
    });
    let shown = bob_reads(&mut cast, "I am alice");
    assert_eq!(shown, ["WrongSender"]);
}

#[test]
fn a13_a_message_is_not_shown_twice() {
    let mut cast: Cast = Cast::new(222);
    with_history(&mut cast, |history| {
        if let Some(mut again) = history.messages.last().cloned() {
            again.seq += 1;
            again.id = MessageId::from_bytes([0x66; 16]);
            history.messages.push(again);
        }
    });
    let shown = bob_reads(&mut cast, "pay ten to carol");
    assert_eq!(shown, ["pay ten to carol", "Replayed"]);
}

#[test]
fn a13_a_message_belongs_to_its_epoch_and_purpose() {
    let mut cast: Cast = Cast::new(223);
    with_history(&mut cast, |history| {
        for message in &mut history.messages {
            message.epoch += 1;
        }
    });
    assert_eq!(bob_reads(&mut cast, "at this moment"), ["WrongSender"]);
}

#[test]
fn a13_a_message_of_one_channel_is_not_shown_in_another() {
    let mut cast: Cast = Cast::new(224);
    let (guild, alice) = (cast.guild, cast.alice);
    let name = "Pond".to_owned();
    cast.stage.does(
        alice,
        Command::CreateChannel {
            guild,
            name,
            readers: None,
            continues: None,
        },
    );
    cast.stage.settle();
    let taken = Rc::new(RefCell::new(None));
    let (bob, general, book) = (cast.bob, cast.general, taken.clone());
    cast.stage.world.kill(bob);
    cast.stage
        .world
        .meddler
        .on_answers(move |_, client, request, answer| {
            let history = request.path.contains("/messages?") && client == bob;
            let Some(mut page) = read::<History>(&answer.body).filter(|_| history) else {
                return;
            };
            if asks_history(request, general) {
                *book.borrow_mut() = page.messages.last().cloned();
            } else if let (Some(moved), Some(place)) =
                (book.borrow().clone(), page.messages.last_mut())
            {
                let (channel, seq) = (place.channel, place.seq);
                *place = moved;
                (place.channel, place.seq) = (channel, seq);
                place.id = MessageId::from_bytes([0x66; 16]);
                answer.say(&page);
            }
        });
    cast.stage.says(alice, general, "said in general");
    let pond = cast.stage.world.judge.accepted(general)[0].channel;
    assert_eq!(pond, general);
    cast.stage.world.revive(bob);
    cast.stage.settle();
    assert_eq!(cast.stage.sees(bob, general), ["said in general"]);
    assert!(taken.borrow().is_some());
}

#[test]
fn a27_a_message_of_another_suite_is_not_shown() {
    let mut cast: Cast = Cast::new(225);
    with_history(&mut cast, |history| {
        for message in &mut history.messages {
            message.suite += 1;
        }
    });
    assert_eq!(bob_reads(&mut cast, "in suite 1"), ["WrongSender"]);
}

#[test]
fn a19_what_does_not_open_its_commitment_is_not_shown() {
    let mut cast: Cast = Cast::new(226);
    with_history(&mut cast, |history| {
        for message in &mut history.messages {
            message.c2.0[0] ^= 1;
        }
    });
    assert_eq!(bob_reads(&mut cast, "could not be reported"), ["Corrupt"]);
}

#[test]
fn a19_a_changed_ciphertext_is_not_shown() {
    let mut cast: Cast = Cast::new(227);
    with_history(&mut cast, |history| {
        for message in &mut history.messages {
            if let SealedContent::Group { ct, .. } = &mut message.content
                && let Some(last) = ct.0.last_mut()
            {
                *last ^= 1;
            }
        }
    });
    assert_eq!(bob_reads(&mut cast, "as it was sealed"), ["Corrupt"]);
}

#[test]
fn a_history_that_is_not_the_signed_one_raises_an_alarm() {
    let mut cast: Cast = Cast::new(228);
    with_history(&mut cast, |history| {
        for message in &mut history.messages {
            message.id = MessageId::from_bytes([0x66; 16]);
        }
    });
    bob_reads(&mut cast, "the first of all");
    assert!(cast.alarm(cast.bob).is_some(), "nobody noticed");
}

#[test]
fn a_head_that_the_server_did_not_sign_raises_an_alarm() {
    let mut cast: Cast = Cast::new(229);
    with_history(&mut cast, |history| {
        history.head.signature.0[0] ^= 1;
    });
    bob_reads(&mut cast, "signed by nobody");
    assert!(cast.alarm(cast.bob).is_some(), "nobody noticed");
}

#[test]
fn a6_what_a_server_refused_and_leaked_was_not_sealed_for_the_removed_twice() {
    let mut cast: Cast = Cast::new(230);
    let (alice, carol, guild, general) = (cast.alice, cast.carol, cast.guild, cast.general);
    cast.stage.says(alice, general, "for everybody");
    let sent = Rc::new(RefCell::new(Vec::<Hash>::new()));
    let book = sent.clone();
    cast.stage
        .world
        .meddler
        .on_requests(move |client, request| {
            let posts = client == alice && request.path.ends_with("/messages");
            let body = request.body.as_deref().filter(|_| posts);
            if let Some(SealedContent::Group { session, .. }) =
                body.and_then(read::<Send>).map(|send| send.content)
            {
                book.borrow_mut().push(session);
            }
        });
    // Alice hears nothing of it that carol leaves.
    cast.stage
        .world
        .meddler
        .on_frames(move |client, _| client != alice);
    cast.stage.does(carol, Command::LeaveGuild { guild });
    cast.stage.says(alice, general, "without carol");
    let sessions = sent.borrow().clone();
    assert!(sessions.len() >= 2, "the first attempt was not refused");
    assert_ne!(sessions.first(), sessions.last());
    let held: i64 = cast.stage.world.clients[carol]
        .eyes
        .query_row(
            "SELECT count(*) FROM inbound WHERE session = ?1",
            [sessions.last().unwrap().0],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(held, 0, "carol holds the key of what was said without her");
    assert_eq!(cast.accepted(general), 2);
}

#[test]
fn a12_nobody_changes_what_somebody_else_said() {
    let mut cast: Cast = Cast::new(231);
    let (alice, bob, carol, general) = (cast.alice, cast.bob, cast.carol, cast.general);
    cast.stage.says(alice, general, "I never said so");
    let message = cast.stage.world.judge.accepted(general)[0].row.id;
    // Bob's own client takes the message for his: it lets him change it.
    let changed = cast.stage.world.clients[bob].eyes.execute(
        "UPDATE message SET author = ?1, device = ?2",
        rusqlite::params![cast.stage.user(bob).as_bytes(), cast.device(bob).as_bytes()],
    );
    assert_eq!(changed.unwrap(), 1);
    let body = "I said so".to_owned();
    cast.stage.does(bob, Command::Edit { message, body });
    cast.stage.settle();
    assert_eq!(cast.accepted(general), 2, "the server took no edit");
    for who in [alice, carol] {
        assert_eq!(cast.stage.sees(who, general)[0], "I never said so");
    }
}

/// Bob alone is shown another history than the one that alice has, properly signed.
fn forks(cast: &mut Cast) {
    let (bob, general) = (cast.bob, cast.general);
    cast.stage.world.kill(bob);
    cast.stage
        .world
        .meddler
        .on_answers(move |server, client, request, answer| {
            if client != bob || !asks_history(request, general) {
                return;
            }
            let Some(mut history) = read::<History>(&answer.body) else {
                return;
            };
            let mut head = history.prev_head;
            for message in &mut history.messages {
                message.id = MessageId::from_bytes([0x66; 16]);
                head = transcript::next(&head, message.id, message.sender_device, &message.content);
            }
            let seq = history
                .messages
                .last()
                .map_or(history.head.seq, |last| last.seq);
            history.head = server.app().authority.sign_head(general, seq, head);
            answer.say(&history);
        });
}

#[test]
fn members_who_are_shown_different_histories_find_out_and_send_nothing_more() {
    let mut cast: Cast = Cast::new(241);
    let (alice, bob, general) = (cast.alice, cast.bob, cast.general);
    forks(&mut cast);
    assert_eq!(bob_reads(&mut cast, "as alice has it"), ["as alice has it"]);
    assert!(cast.alarm(bob).is_none(), "bob can't know yet");
    cast.stage.says(bob, general, "what I saw stands in this");
    let view = cast.stage.channel(alice, general).unwrap();
    let fork = view.fork.expect("alice was not told");
    assert!(!fork.proof.is_empty());
    assert!(view.blocked.is_some());
    let before = cast.accepted(general);
    cast.stage.says(alice, general, "nothing is sent here");
    assert_eq!(cast.accepted(general), before);
    assert_eq!(cast.failure(alice), Some(ErrorCode::TrustViolation));
    // It outlives the program, until she has said that she has seen it.
    cast.stage.world.kill(alice);
    cast.stage.world.revive(alice);
    cast.stage.settle();
    assert!(cast.stage.channel(alice, general).unwrap().fork.is_some());
    let channel = general;
    cast.stage.does(alice, Command::AcceptFork { channel });
    cast.stage.says(alice, general, "on we go");
    assert_eq!(cast.accepted(general), before + 1);
}

/// Bob alone is shown the newest entry of the guild's log with another time, properly signed.
fn forks_the_log(cast: &mut Cast) {
    let (bob, guild) = (cast.bob, cast.guild);
    let path = format!("/api/v1/guilds/{guild}/log");
    cast.stage
        .world
        .meddler
        .on_answers(move |server, client, request, answer| {
            if client != bob || !request.path.starts_with(&path) {
                return;
            }
            let Some(mut log) = read::<Log>(&answer.body) else {
                return;
            };
            let Some(last) = log.entries.last_mut() else {
                return;
            };
            let mut entry: LogEntry = Signed::parse(last.as_ref()).unwrap().open().unwrap();
            entry.at_ms += 1;
            let authority = &server.app().authority;
            let signed = authority.sign_entry(&entry);
            *last = Bytes(signed.to_bytes());
            let position = Position {
                seq: entry.seq,
                head: signed.payload_hash(),
            };
            log.head = Some(authority.sign_log_head(guild, position));
            answer.say(&log);
        });
}

#[test]
fn members_who_are_shown_different_logs_find_out_and_send_nothing_more() {
    let mut cast: Cast = Cast::new(242);
    let (alice, bob, general) = (cast.alice, cast.bob, cast.general);
    cast.stage.says(bob, general, "before");
    cast.stage.world.kill(bob);
    forks_the_log(&mut cast);
    let guild = cast.guild;
    cast.stage.link(alice, guild);
    cast.stage.settle();
    cast.stage.world.revive(bob);
    cast.stage.settle();
    assert!(cast.alarm(bob).is_none(), "bob can't know yet");
    cast.stage
        .says(bob, general, "who came and went stands in this");
    let view = cast.stage.channel(alice, general).unwrap();
    let fork = view.fork.expect("alice was not told");
    assert!(!fork.proof.is_empty());
    let before = cast.accepted(general);
    cast.stage.says(alice, general, "nothing is sent here");
    assert_eq!(cast.accepted(general), before);
    assert_eq!(cast.failure(alice), Some(ErrorCode::TrustViolation));
    let channel = general;
    cast.stage.does(alice, Command::AcceptFork { channel });
    cast.stage.says(alice, general, "on we go");
    assert_eq!(cast.accepted(general), before + 1);
}

#[test]
fn what_a_member_says_of_a_log_without_the_servers_signature_alarms_nobody() {
    let mut cast: Cast = Cast::new(243);
    let (alice, bob, general) = (cast.alice, cast.bob, cast.general);
    cast.stage.says(bob, general, "before");
    // Bob's own client makes the head up that it says it saw.
    let changed = cast.stage.world.clients[bob].eyes.execute(
        "UPDATE guild SET log_head = CAST(substr(log_head, 1, length(log_head) - 40) || zeroblob(40) AS BLOB)",
        [],
    );
    assert_eq!(changed.unwrap(), 1);
    cast.stage.says(bob, general, "I saw something else");
    assert_eq!(cast.stage.channel(alice, general).unwrap().fork, None);
    assert_eq!(
        cast.stage.sees(alice, general).last().unwrap(),
        "I saw something else"
    );
}
