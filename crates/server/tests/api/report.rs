//! Reports: what proves a message, what does not, and who gets to see it.

use cloister_proof::{Context, frank};
use cloister_wire::{
    Bytes, ChannelId, Hash, Octets, Permissions,
    channel::{Message, Send, Sent},
    report::{Report, ReportReason, ReportTo, Reports, Resolution, Revealed},
};
use serde_json::{Value, json};

use super::role::promote;
use crate::cast::{
    Answer, Stage, config, on_every_database,
    person::{Device, Guild, Person},
    talk::{Voice, dm_of, two},
};

/// After this long, one more report is let in.
const ONE_MORE_MS: u64 = 12_000;

const KEY: Hash = Octets([42; 32]);

/// Says something with a true commitment to it, as an honest client does.
async fn say(voice: &Voice<'_>, who: &Person, number: u8, index: u32, content: &[u8]) -> Revealed {
    let mut send = voice.message(number, index);
    commit(voice, who, &mut send, content);
    let sent = voice.send(&send).await.expect(201);
    let sent: Sent = serde_json::from_value(sent).unwrap();
    reveal(voice, who, &send, &sent, content)
}

fn context(voice: &Voice<'_>, who: &Person, send: &Send) -> Context {
    Context::of_send(voice.channel, who.id, voice.device.id, send)
}

fn commit(voice: &Voice<'_>, who: &Person, send: &mut Send, content: &[u8]) {
    send.c2 = frank::commit(&KEY, &context(voice, who, send), content);
}

fn reveal(voice: &Voice<'_>, who: &Person, send: &Send, sent: &Sent, content: &[u8]) -> Revealed {
    Revealed {
        message: sent.id,
        seq: sent.seq,
        at: sent.at,
        epoch: send.epoch,
        context: Bytes(context(voice, who, send).to_bytes()),
        content: Bytes(content.to_vec()),
        frank_key: KEY,
        c2: send.c2,
        frank_tag: sent.frank_tag.clone(),
    }
}

fn report(to: ReportTo, messages: Vec<Revealed>) -> Report {
    Report {
        to,
        reason: ReportReason::Harassment,
        note: "  He does this every day.  ".into(),
        messages,
    }
}

async fn hand_in(stage: &Stage, device: &Device, channel: ChannelId, report: &Report) -> Answer {
    let path = format!("/api/v1/channels/{channel}/reports");
    stage
        .post(&path)
        .bearing(&device.access)
        .json(report)
        .send()
        .await
}

async fn look(stage: &Stage, device: &Device, path: &str) -> Reports {
    let answer = stage.get(path).bearing(&device.access).send().await;
    serde_json::from_value(answer.expect(200)).unwrap()
}

#[tokio::test]
async fn a_report_shows_what_was_said_to_those_it_is_for_and_to_nobody_else() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let carol = Person::invited(stage, "carol", 5).await;
        let link = alice.invite(stage, &guild, "second-gate", 0).await;
        carol.join(stage, &guild, &link).await.expect(201);
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        let before = say(&voice, &bob, 1, 0, b"an hour before").await;
        let insult = say(&voice, &bob, 2, 1, b"an insult").await;
        let made = report(ReportTo::Guild, vec![insult, before]);
        let answer = hand_in(stage, &carol.device, guild.channel, &made)
            .await
            .expect(201);
        // The same again is the same report.
        let again = hand_in(stage, &carol.device, guild.channel, &made)
            .await
            .expect(201);
        assert_eq!(answer, again);
        let path = format!("/api/v1/guilds/{}/reports", guild.id);
        let reports = look(stage, &alice.device, &path).await.reports;
        assert_eq!(reports.len(), 1);
        let one = &reports[0];
        assert_eq!(
            (one.reporter, one.note.as_str()),
            (carol.id, "He does this every day.")
        );
        let texts: Vec<_> = one
            .messages
            .iter()
            .map(|one| one.content.0.as_slice())
            .collect();
        assert_eq!(texts, [b"an insult".as_slice(), b"an hour before"]);
        assert!(
            one.messages
                .iter()
                .all(|one| one.sender == bob.id && one.sender_name == "bob")
        );
        for device in [&bob.device, &carol.device] {
            let refused = stage.get(&path).bearing(&device.access).send().await;
            refused.refused(403, "FORBIDDEN");
        }
        // Alice runs the instance too, but this was not for those who do.
        assert!(
            look(stage, &alice.device, "/api/v1/reports")
                .await
                .reports
                .is_empty()
        );
        stage
            .get("/api/v1/reports")
            .bearing(&carol.device.access)
            .send()
            .await
            .refused(403, "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn what_was_not_said_here_so_then_by_them_is_not_taken() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        let honest = say(&voice, &bob, 1, 0, b"good morning").await;
        let other = say(&voice, &bob, 2, 1, b"good evening").await;
        let framed = |change: &dyn Fn(&mut Revealed)| {
            let mut one = honest.clone();
            change(&mut one);
            report(ReportTo::Guild, vec![one])
        };
        let context: Context = cloister_proof::decode(honest.context.as_ref()).unwrap();
        let mut blamed = context.clone();
        blamed.sender_user = alice.id;
        let lies: [&dyn Fn(&mut Revealed); 9] = [
            &|one| one.content = Bytes(b"bad morning".to_vec()),
            &|one| one.frank_key = Octets([43; 32]),
            &|one| one.seq += 1,
            &|one| one.at += 1,
            &|one| one.message = other.message,
            &|one| one.frank_tag = other.frank_tag.clone(),
            &|one| one.context = Bytes(blamed.to_bytes()),
            &|one| one.context = Bytes(vec![1, 2, 3]),
            // A commitment to the lie, under the tag of the truth.
            &|one| {
                one.content = Bytes(b"bad morning".to_vec());
                one.c2 = frank::commit(&KEY, &context, b"bad morning");
            },
        ];
        for (number, lie) in lies.iter().enumerate() {
            stage.wait(ONE_MORE_MS);
            let answer = hand_in(stage, &alice.device, guild.channel, &framed(lie)).await;
            assert_eq!(answer.code(), "REPORT_UNPROVED", "lie {number}");
        }
        stage.wait(5 * ONE_MORE_MS);
        let twice = report(ReportTo::Guild, vec![honest.clone(), honest.clone()]);
        hand_in(stage, &alice.device, guild.channel, &twice)
            .await
            .refused(422, "INVALID");
        let none = report(ReportTo::Guild, vec![]);
        hand_in(stage, &alice.device, guild.channel, &none)
            .await
            .refused(422, "INVALID");
        // None of this was kept; the truth is.
        let path = format!("/api/v1/guilds/{}/reports", guild.id);
        assert!(look(stage, &alice.device, &path).await.reports.is_empty());
        let truth = report(ReportTo::Guild, vec![honest]);
        hand_in(stage, &alice.device, guild.channel, &truth)
            .await
            .expect(201);
        assert_eq!(look(stage, &alice.device, &path).await.reports.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_commitment_opens_to_one_content_and_serves_one_message() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        // The same commitment for two messages: the second is bound to its own txn, so it opens nothing.
        let mut first = voice.message(1, 0);
        commit(&voice, &bob, &mut first, b"harmless");
        let mut second = voice.message(2, 1);
        second.c2 = first.c2;
        let mut revealed = Vec::new();
        for send in [&first, &second] {
            let sent = voice.send(send).await.expect(201);
            let sent: Sent = serde_json::from_value(sent).unwrap();
            revealed.push(reveal(&voice, &bob, send, &sent, b"harmless"));
        }
        let of = |one: &Revealed| report(ReportTo::Guild, vec![one.clone()]);
        hand_in(stage, &alice.device, guild.channel, &of(&revealed[0]))
            .await
            .expect(201);
        let reused = hand_in(stage, &alice.device, guild.channel, &of(&revealed[1])).await;
        reused.refused(422, "REPORT_UNPROVED");
        // No other key opens the same commitment to another text.
        for number in 0..=255 {
            let mut other = revealed[0].clone();
            other.frank_key = Octets([number; 32]);
            other.content = Bytes(b"something vile".to_vec());
            let one = cloister_proof::decode::<Context>(other.context.as_ref()).unwrap();
            assert!(!frank::opens(
                &other.c2,
                &other.frank_key,
                &one,
                other.content.as_ref()
            ));
        }
    })
    .await;
}

#[tokio::test]
async fn what_one_could_not_read_one_can_not_report() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        let early = say(&voice, &bob, 1, 0, b"before carol came").await;
        let carol = Person::invited(stage, "carol", 5).await;
        let link = alice.invite(stage, &guild, "second-gate", 0).await;
        carol.join(stage, &guild, &link).await.expect(201);
        let made = report(ReportTo::Guild, vec![early.clone()]);
        // The policy shares what was said before with whoever is vouched for.
        hand_in(stage, &carol.device, guild.channel, &made)
            .await
            .expect(201);
        let dave = Person::invited(stage, "dave", 6).await;
        hand_in(stage, &dave.device, guild.channel, &made)
            .await
            .refused(404, "NOT_FOUND");
        // Nor does a message of one channel prove anything in another.
        let dm = dm_of(stage, &alice, &bob).await;
        let moved = report(ReportTo::Operator, vec![early]);
        hand_in(stage, &alice.device, dm, &moved)
            .await
            .refused(422, "REPORT_UNPROVED");
    })
    .await;
}

#[tokio::test]
async fn a_direct_message_is_reported_to_the_operators_who_resolve_it_once() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let dm = dm_of(stage, &alice, &bob).await;
        let voice = Voice::of(stage, &alice.device, dm).await;
        let mut send = voice.direct(1, &voice.others());
        commit(&voice, &alice, &mut send, b"psst");
        let sent: Sent = serde_json::from_value(voice.send(&send).await.expect(201)).unwrap();
        let revealed = reveal(&voice, &alice, &send, &sent, b"psst");
        let to_guild = report(ReportTo::Guild, vec![revealed.clone()]);
        hand_in(stage, &bob.device, dm, &to_guild)
            .await
            .refused(422, "INVALID");
        let made = report(ReportTo::Operator, vec![revealed]);
        let id = hand_in(stage, &bob.device, dm, &made).await.expect(201)["report"].clone();
        assert_eq!(
            look(stage, &alice.device, "/api/v1/reports")
                .await
                .reports
                .len(),
            1
        );
        let path = format!("/api/v1/reports/{}/resolve", id.as_str().unwrap());
        let resolve = async |device: &Device, resolution: Resolution| {
            let ask = stage.post(&path).bearing(&device.access);
            ask.json(json!({"resolution": resolution})).send().await
        };
        resolve(&bob.device, Resolution::NoAction)
            .await
            .refused(403, "FORBIDDEN");
        resolve(&alice.device, Resolution::ActionTaken)
            .await
            .expect(204);
        resolve(&alice.device, Resolution::ActionTaken)
            .await
            .expect(204);
        resolve(&alice.device, Resolution::NoAction)
            .await
            .refused(409, "ALREADY_RESOLVED");
        assert!(
            look(stage, &alice.device, "/api/v1/reports")
                .await
                .reports
                .is_empty()
        );
        let all = look(stage, &alice.device, "/api/v1/reports?open=false")
            .await
            .reports;
        assert_eq!(all[0].resolution, Some(Resolution::ActionTaken));
        let mine = stage
            .get("/api/v1/reports/mine")
            .bearing(&bob.device.access)
            .send()
            .await;
        let mine = mine.expect(200);
        assert_eq!(mine["reports"][0]["resolution"], "action_taken");
        assert_eq!(mine["reports"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn reports_are_limited_and_tags_name_the_generation_of_their_key() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        let mut codes = Vec::new();
        for number in 0..7 {
            let one = say(&voice, &bob, number + 1, u32::from(number), b"again").await;
            let made = report(ReportTo::Guild, vec![one]);
            let answer = hand_in(stage, &alice.device, guild.channel, &made).await;
            codes.push(answer.status.as_u16());
        }
        assert_eq!(codes, [201, 201, 201, 201, 201, 429, 429]);
        let history: cloister_wire::channel::History =
            serde_json::from_value(voice.history("").await.expect(200)).unwrap();
        let of_first: Vec<&Message> = history.messages.iter().take(1).collect();
        let tag = of_first[0].frank_tag.as_ref();
        assert_eq!(tag[..4], [0, 0, 0, 1], "the generation stands in front");
    })
    .await;
}

/// Carol moderates, bob reported himself; where the report stands.
async fn reported_to_carol(stage: &Stage) -> (Person, Person, Person, Guild, String) {
    let (alice, bob, guild) = two(stage).await;
    let carol = Person::invited(stage, "carol", 5).await;
    let link = alice.invite(stage, &guild, "second-gate", 0).await;
    carol.join(stage, &guild, &link).await.expect(201);
    let rights = Permissions::MANAGE_MESSAGES;
    promote(stage, &alice, &guild, 40, (&carol, rights)).await;
    let voice = Voice::of(stage, &bob.device, guild.channel).await;
    voice
        .share(&voice.sharing(&voice.others()))
        .await
        .expect(200);
    let insult = say(&voice, &bob, 1, 0, b"an insult").await;
    let made = report(ReportTo::Guild, vec![insult]);
    hand_in(stage, &bob.device, guild.channel, &made)
        .await
        .expect(201);
    let list = format!("/api/v1/guilds/{}/reports", guild.id);
    let id = look(stage, &carol.device, &list).await.reports[0].id;
    (alice, bob, carol, guild, format!("{list}/{id}"))
}

async fn keep(stage: &Stage, who: &Person, path: &str, body: Value) -> Answer {
    let put = stage.put(path).bearing(&who.device.access);
    put.json(body).send().await
}

async fn end(stage: &Stage, who: &Person, path: &str) -> Answer {
    let path = format!("{path}/resolve");
    let post = stage.post(&path).bearing(&who.device.access);
    post.json(json!({"resolution": "action_taken"}))
        .send()
        .await
}

#[tokio::test]
async fn one_moderator_takes_a_report_and_notes_what_they_found_for_the_others_only() {
    on_every_database(async |stage| {
        let (alice, bob, carol, guild, path) = reported_to_carol(stage).await;
        let list = format!("/api/v1/guilds/{}/reports", guild.id);
        let take = json!({"claim": "take", "finding": "asked twice to stop"});
        keep(stage, &carol, &path, take.clone()).await.expect(204);
        keep(stage, &bob, &path, take)
            .await
            .refused(403, "FORBIDDEN");
        let seen = look(stage, &alice.device, &list).await.reports.remove(0);
        assert_eq!(seen.claimed_by_name.as_deref(), Some("carol"));
        assert_eq!(seen.finding, "asked twice to stop");
        // Nobody else takes or ends it meanwhile; letting go frees it, and a note stays.
        let take = json!({"claim": "take", "finding": null});
        keep(stage, &alice, &path, take.clone())
            .await
            .refused(409, "ALREADY_RESOLVED");
        end(stage, &alice, &path)
            .await
            .refused(409, "ALREADY_RESOLVED");
        let release = json!({"claim": "release", "finding": null});
        keep(stage, &alice, &path, release).await.expect(204);
        end(stage, &alice, &path).await.expect(204);
        keep(stage, &carol, &path, take)
            .await
            .refused(409, "ALREADY_RESOLVED");
        let long = json!({"claim": null, "finding": "x".repeat(1_001)});
        keep(stage, &carol, &path, long)
            .await
            .refused(422, "INVALID");
        let all = format!("{list}?open=false");
        let seen = look(stage, &carol.device, &all).await.reports.remove(0);
        assert_eq!(seen.resolution, Some(Resolution::ActionTaken));
        assert_eq!(seen.finding, "asked twice to stop");
        // The reporter sees what came of it and not a word of the note.
        let mine = stage.get("/api/v1/reports/mine");
        let mine = mine.bearing(&bob.device.access).send().await;
        let mine = mine.expect(200).to_string();
        assert!(mine.contains("action_taken") && !mine.contains("asked twice"));
        // Each act has its line in the audit log, and no line has a word of what was said.
        let log = format!("/api/v1/guilds/{}/audit", guild.id);
        let log = stage.get(&log).bearing(&alice.device.access).send().await;
        let log = log.expect(200).to_string();
        assert_eq!(
            log.matches(r#""action":"report.claim""#).count(),
            2,
            "{log}"
        );
        assert_eq!(
            log.matches(r#""action":"report.resolve""#).count(),
            1,
            "{log}"
        );
        assert!(!log.contains("insult") && !log.contains("asked twice"));
    })
    .await;
}

#[tokio::test]
async fn what_devices_can_not_read_is_told_as_a_number() {
    let stage = &Stage::open_sqlite(config()).await;
    let alice = Person::invited(stage, "alice", 1).await;
    let tell = async |body: Value| {
        let put = stage.put("/api/v1/unreadable");
        put.bearing(&alice.device.access).json(body).send().await
    };
    let two = json!({"counts": [{"cause": "key_missing", "count": 2}]});
    tell(two).await.expect(204);
    let invented = json!({"counts": [{"cause": "boredom", "count": 2}]});
    assert_eq!(tell(invented).await.status.as_u16() / 100, 4);
    let many = json!({"counts": vec![json!({"cause": "corrupt", "count": 1}); 10]});
    tell(many).await.refused(422, "INVALID");
    let text = stage.app.measures.text(0).unwrap();
    assert!(text.contains("{cause=\"key_missing\"} 2"), "{text}");
}
