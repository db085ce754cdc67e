//! Messages: who may send what, when, and what everybody gets to see of it.

use cloister_proof::transcript;
use cloister_wire::{
    MessageId, Octets,
    channel::{History, MessageClass, Notify, SealedContent, Send, Sent},
};
use serde_json::json;

use crate::cast::{
    on_every_database,
    person::Person,
    talk::{Voice, two, view_in},
};

#[tokio::test]
async fn a_message_is_accepted_once_everybody_who_reads_has_the_key() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        let message = voice.message(1, 0);
        let refused = voice.send(&message).await;
        refused.refused(409, "SHARE_REQUIRED");
        assert_eq!(view_in(&refused).missing, [bob.device.id]);
        let shared = voice
            .share(&voice.sharing(&[bob.device.id]))
            .await
            .expect(200);
        assert_eq!(shared["covered"], 1);
        let sent = voice.send(&message).await.expect(201);
        assert_eq!(sent["seq"], 1);
    })
    .await;
}

#[tokio::test]
async fn the_order_is_gap_free_and_everybody_sees_the_same_signed_chain() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        Voice::of(stage, &alice.device, guild.channel)
            .await
            .say(3)
            .await;
        let listener = Voice::of(stage, &bob.device, guild.channel).await;
        listener.say(1).await;
        let history: History =
            serde_json::from_value(listener.history("").await.expect(200)).unwrap();
        let seqs: Vec<u64> = history.messages.iter().map(|message| message.seq).collect();
        assert_eq!(seqs, [1, 2, 3, 4]);
        let head = history
            .messages
            .iter()
            .fold(history.prev_head, |head, message| {
                transcript::next(&head, message.id, message.sender_device, &message.content)
            });
        assert_eq!(history.prev_head, transcript::start(guild.channel));
        assert_eq!(head, history.head.head);
        let key = stage.app.authority.public_key();
        transcript::verify(1, guild.channel, &history.head, &key).unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_same_transaction_gets_the_same_answer_whatever_its_body() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(1).await;
        let again = voice.send(&voice.message(1, 0)).await.expect(201);
        let first: Sent = serde_json::from_value(again).unwrap();
        assert_eq!(first.seq, 1);
        let other = Send {
            epoch: 99,
            c2: Octets([0; 32]),
            ..voice.message(1, 7)
        };
        let second: Sent = serde_json::from_value(voice.send(&other).await.expect(201)).unwrap();
        assert_eq!(second, first);
        assert_eq!(
            voice.history("").await.expect(200)["messages"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn a_message_for_yesterdays_audience_is_refused_with_what_changed() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(1).await;
        let carol = Person::invited(stage, "carol", 5).await;
        let link = alice.invite(stage, &guild, "second-gate", 0).await;
        carol.join(stage, &guild, &link).await.expect(201);
        let refused = voice.send(&voice.message(2, 1)).await;
        refused.refused(409, "EPOCH_STALE");
        let view = view_in(&refused);
        let records = voice.records(&view);
        assert_eq!(records.len(), 1);
        let after = voice.roster.after(&records[0]).unwrap();
        assert_eq!(after.hash(), view.roster_hash);
        assert!(after.device(carol.device.id).is_some());
        assert_eq!(view.devlogs[0].user, carol.id);
        // The session goes on, once the newcomer has it: nobody lost access.
        let mut voice = voice;
        voice.look().await;
        voice
            .share(&voice.sharing(&[carol.device.id]))
            .await
            .expect(200);
        voice.send(&voice.message(2, 1)).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn after_somebody_left_the_old_session_is_refused() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let mut voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(1).await;
        let path = format!("/api/v1/guilds/{}/leave", guild.id);
        stage
            .post(&path)
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(204);
        voice.look().await;
        assert!(voice.others().is_empty());
        voice
            .send(&voice.message(2, 1))
            .await
            .refused(409, "ROTATE_REQUIRED");
        voice
            .share(&voice.sharing(&[]))
            .await
            .refused(409, "ROTATE_REQUIRED");
        // A new one needs no share, since nobody else is there.
        voice.session = Octets([0x99; 32]);
        voice.send(&voice.message(2, 0)).await.expect(201);
        voice_of_a_leaver_is_unheard(stage, &bob, guild.channel).await;
    })
    .await;
}

async fn voice_of_a_leaver_is_unheard(
    stage: &crate::cast::Stage,
    bob: &Person,
    channel: cloister_wire::ChannelId,
) {
    let path = format!("/api/v1/channels/{channel}/messages");
    stage
        .get(&path)
        .bearing(&bob.device.access)
        .send()
        .await
        .refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_place_in_a_session_is_used_once_only() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(3).await;
        voice
            .send(&voice.message(9, 2))
            .await
            .refused(409, "INDEX_STALE");
        voice
            .send(&voice.message(9, 0))
            .await
            .refused(409, "INDEX_STALE");
        voice.send(&voice.message(9, 17)).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn nothing_that_can_be_read_is_accepted() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        let sealed = |ct: &[u8]| Send {
            content: SealedContent::Group {
                session: voice.session,
                msg_index: 0,
                ct: ct.into(),
            },
            ..voice.message(1, 0)
        };
        let text = sealed("Hello, everybody in this channel!".as_bytes());
        voice.send(&text).await.refused(422, "PLAINTEXT_REFUSED");
        voice
            .send(&sealed(b""))
            .await
            .refused(422, "PLAINTEXT_REFUSED");
        let mut body = serde_json::to_value(voice.message(1, 0)).unwrap();
        body["content"] = json!({"plain": {"text": "hello"}});
        let path = format!("/api/v1/channels/{}/messages", guild.channel);
        let ask = stage.post(&path).bearing(&alice.device.access).json(body);
        ask.send().await.refused(400, "MALFORMED");
        // The sealing of a direct conversation is not that of a channel.
        voice
            .send(&voice.direct(1, &voice.others()))
            .await
            .refused(422, "INVALID");
        assert_eq!(voice.history("").await.expect(200)["messages"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        let ct = vec![0xff; cloister_wire::limits::CIPHERTEXT_BYTES + 1].into();
        let long = Send {
            content: SealedContent::Group {
                session: voice.session,
                msg_index: 0,
                ct,
            },
            ..voice.message(1, 0)
        };
        voice.send(&long).await.refused(413, "MESSAGE_TOO_LONG");
    })
    .await;
}

#[tokio::test]
async fn annotations_need_a_living_target_and_deletions_their_author() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(1).await;
        let history: History = serde_json::from_value(voice.history("").await.expect(200)).unwrap();
        let target = history.messages[0].id;
        let nothing = MessageId::from_bytes([7; 16]);
        let annotation = MessageClass::Annotation;
        voice
            .send(&voice.about(2, 1, annotation, nothing))
            .await
            .refused(404, "TARGET_GONE");
        let edit = voice.about(3, 1, annotation, target);
        let edited: Sent = serde_json::from_value(voice.send(&edit).await.expect(201)).unwrap();
        // An annotation is nothing to annotate.
        let twice = voice.about(4, 2, annotation, edited.id);
        voice.send(&twice).await.refused(404, "TARGET_GONE");
        let other = Voice::of(stage, &bob.device, guild.channel).await;
        other
            .share(&other.sharing(&other.others()))
            .await
            .expect(200);
        let deletion = other.about(5, 0, MessageClass::Control, target);
        other.send(&deletion).await.refused(403, "FORBIDDEN");
        voice
            .send(&voice.about(6, 2, MessageClass::Control, target))
            .await
            .expect(201);
        let targeted = Send {
            target: Some(target),
            ..voice.message(7, 3)
        };
        voice.send(&targeted).await.refused(422, "INVALID");
    })
    .await;
}

#[tokio::test]
async fn history_pages_both_ways_and_says_where_it_ends() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(7).await;
        let page = async |query: &str| -> (Vec<u64>, bool) {
            let answer = voice.history(query).await.expect(200);
            let history: History = serde_json::from_value(answer).unwrap();
            (
                history.messages.iter().map(|one| one.seq).collect(),
                history.end,
            )
        };
        assert_eq!(page("?limit=3").await, (vec![5, 6, 7], false));
        assert_eq!(page("?limit=3&before=5").await, (vec![2, 3, 4], false));
        assert_eq!(page("?limit=3&before=2").await, (vec![1], true));
        assert_eq!(page("?limit=3&after=2").await, (vec![3, 4, 5], false));
        assert_eq!(page("?limit=3&after=4").await, (vec![5, 6, 7], true));
        assert_eq!(page("?after=7").await, (vec![], true));
        voice.history("?limit=101").await.refused(422, "INVALID");
        voice
            .history("?before=3&after=1")
            .await
            .refused(422, "INVALID");
        voice.history("?around=3").await.refused(400, "MALFORMED");
    })
    .await;
}

#[tokio::test]
async fn a_vouched_newcomer_may_fetch_what_the_policy_shares() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let mut voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(2).await;
        let carol = Person::invited(stage, "carol", 5).await;
        let link = alice.invite(stage, &guild, "second-gate", 0).await;
        carol.join(stage, &guild, &link).await.expect(201);
        voice.look().await;
        voice
            .share(&voice.sharing(&[carol.device.id]))
            .await
            .expect(200);
        voice.send(&voice.message(9, 2)).await.expect(201);
        let late = Voice::of(stage, &carol.device, guild.channel).await;
        let history: History = serde_json::from_value(late.history("").await.expect(200)).unwrap();
        assert_eq!(
            history
                .messages
                .iter()
                .map(|one| one.seq)
                .collect::<Vec<_>>(),
            [1, 2, 3]
        );
        assert!(history.end);
        // The chain can still be checked from there.
        let head = history
            .messages
            .iter()
            .fold(history.prev_head, |head, one| {
                transcript::next(&head, one.id, one.sender_device, &one.content)
            });
        assert_eq!(head, history.head.head);
    })
    .await;
}

#[tokio::test]
async fn strangers_neither_read_nor_write_nor_learn_that_the_channel_exists() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let dave = Person::invited(stage, "dave", 6).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        let stranger = Voice {
            device: dave.device.clone(),
            ..voice
        };
        stranger
            .send(&stranger.message(1, 0))
            .await
            .refused(404, "NOT_FOUND");
        stranger
            .share(&stranger.sharing(&[]))
            .await
            .refused(404, "NOT_FOUND");
        stranger.history("").await.refused(404, "NOT_FOUND");
        let path = format!("/api/v1/channels/{}/epoch", guild.channel);
        let ask = stage.get(&path).bearing(&dave.device.access);
        ask.send().await.refused(404, "NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn the_same_epoch_with_another_roster_is_answered_with_the_whole_one() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        let forged = Send {
            roster_hash: Octets([1; 32]),
            ..voice.message(1, 0)
        };
        let refused = voice.send(&forged).await;
        refused.refused(409, "EPOCH_STALE");
        let view = view_in(&refused);
        assert_eq!(view.roster.unwrap().as_ref(), voice.roster.to_bytes());
    })
    .await;
}

#[tokio::test]
async fn waking_everybody_takes_a_right_of_its_own() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let loud = |voice: &Voice<'_>| Send {
            notify: Some(Notify {
                users: vec![],
                everyone: true,
            }),
            ..voice.message(1, 0)
        };
        let member = Voice::of(stage, &bob.device, guild.channel).await;
        member
            .share(&member.sharing(&member.others()))
            .await
            .expect(200);
        member.send(&loud(&member)).await.refused(403, "FORBIDDEN");
        let owner = Voice::of(stage, &alice.device, guild.channel).await;
        owner
            .share(&owner.sharing(&owner.others()))
            .await
            .expect(200);
        owner.send(&loud(&owner)).await.expect(201);
        let history = member.history("").await.expect(200);
        assert_eq!(history["messages"][0]["notify"]["everyone"], true);
    })
    .await;
}

#[tokio::test]
async fn the_clean_up_leaves_everything_that_is_in_use() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(1).await;
        stage.wait(20 * crate::cast::DAY_MS);
        cloister_server::jobs::clean_up(&stage.app).await.unwrap();
        let known = alice.known(stage, &alice.device).await;
        let answer = alice.sign_in(stage, known).await.expect(201);
        let mut voice = voice;
        answer["tokens"]["access_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut voice.device.access);
        voice.look().await;
        voice.send(&voice.message(2, 1)).await.expect(201);
        voice
            .send(&voice.message(3, 1))
            .await
            .refused(409, "INDEX_STALE");
    })
    .await;
}
