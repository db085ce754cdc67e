//! The end of an account.

use cloister_server::jobs;
use cloister_wire::{
    ChannelId,
    channel::{History, Message, MessageClass, SealedContent},
    gateway::Event,
    guild::DmRequest,
};
use serde_json::{Value, json};

use super::email::{give_address, round, with_mail};
use crate::cast::{
    Answer, DAY_MS, Stage,
    guard::{ask, enable, kinds, me, second_device, show},
    live::{Line, Live},
    on_every_database,
    person::{Guild, PASSWORD, Person},
    talk::{Voice, dm_of, two},
};

const PATH: &str = "account/deletion";

async fn asks(stage: &Stage, person: &Person, username: &str) -> Answer {
    ask(
        stage,
        &person.device.access,
        PATH,
        json!({"username": username}),
    )
    .await
}

async fn keeps(stage: &Stage, token: &str) -> Answer {
    let path = format!("/api/v1/{PATH}");
    stage.delete(&path).bearing(token).send().await
}

/// Everything whose time has come goes.
async fn time_passes(stage: &Stage, ms: u64) {
    stage.wait(ms);
    jobs::delete_accounts(&stage.app).await.unwrap();
    jobs::sweep_some(&stage.app).await.unwrap();
}

async fn hears(line: &mut Line, wanted: impl Fn(&Event) -> bool) {
    while !wanted(&line.event().await.1) {}
}

#[tokio::test]
async fn an_account_that_is_about_to_go_can_be_kept_by_one_act() {
    on_every_database(async |stage| {
        let (_, mut bob, guild) = two(stage).await;
        let phone = second_device(stage, &mut bob, 40).await;
        let token = bob.device.access.clone();
        let before = show(stage, &token, PATH).await;
        assert_eq!(
            before,
            json!({"asked_at": null, "at": null, "grace_days": 30, "owns": []})
        );
        stage.wait(16 * 60_000);
        bob.comes_back(stage).await;
        for wrong in ["", "alice", "bob2"] {
            asks(stage, &bob, wrong).await.refused(422, "NOT_CONFIRMED");
        }
        asks(stage, &bob, "Bob").await.expect(204);
        let token = bob.device.access.clone();
        let at = stage.now() + 30 * DAY_MS;
        assert_eq!(me(stage, &token).await.expect(200)["deletion_at"], at);
        me(stage, &phone.access)
            .await
            .refused(401, "UNAUTHENTICATED");
        // Asking once more puts nothing off, and they go on as always.
        stage.wait(60_000);
        asks(stage, &bob, "bob").await.expect(204);
        assert_eq!(show(stage, &token, PATH).await["at"], at);
        stage
            .get(&format!("/api/v1/guilds/{}", guild.id))
            .bearing(&token)
            .send()
            .await
            .expect(200);

        // Signing in with a device that nobody has approved yet shows it, and keeps the account.
        time_passes(stage, 29 * DAY_MS).await;
        let laptop = bob.add_pending(stage, 41).await;
        assert_eq!(
            me(stage, &laptop.access).await.expect(200)["deletion_at"],
            at
        );
        keeps(stage, &laptop.access).await.expect(204);
        keeps(stage, &laptop.access).await.expect(204);
        time_passes(stage, 31 * DAY_MS).await;
        let back = bob.comes_back(stage).await;
        assert_eq!(back["me"]["deletion_at"], Value::Null);
        let kinds = kinds(stage, &bob.device.access).await;
        let of = |wanted: &str| kinds.iter().filter(|kind| *kind == wanted).count();
        assert_eq!((of("deletion_asked"), of("deletion_cancelled")), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn the_end_of_an_account_is_asked_for_with_the_password_of_a_moment_ago() {
    on_every_database(async |stage| {
        let (_, mut bob, _) = two(stage).await;
        let back = bob.comes_back(stage).await;
        stage.wait(16 * 60_000);
        let body = json!({"refresh_token": back["tokens"]["refresh_token"]});
        let fresh = stage.post("/api/v1/sessions/refresh").json(body);
        let fresh = fresh.send().await.expect(200);
        bob.device.access = fresh["access_token"].as_str().unwrap().to_owned();
        asks(stage, &bob, "bob")
            .await
            .refused(403, "PROOF_REQUIRED");
        let body = json!({"password": PASSWORD, "second": null});
        let proof = ask(stage, &bob.device.access, "session/proof", body).await;
        proof.expect(204);
        asks(stage, &bob, "bob").await.expect(204);
    })
    .await;
}

#[tokio::test]
async fn whoever_owns_something_or_runs_the_instance_alone_stays_until_others_have_it() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        asks(stage, &alice, "alice")
            .await
            .refused(409, "OWNS_GUILDS");
        let owns = show(stage, &alice.device.access, PATH).await["owns"].clone();
        assert_eq!(owns, json!([guild.id]));
        let path = format!("/api/v1/guilds/{}", guild.id);
        let ask = stage.delete(&path).bearing(&alice.device.access);
        ask.send().await.expect(204);
        asks(stage, &alice, "alice")
            .await
            .refused(409, "LAST_OPERATOR");
        asks(stage, &bob, "bob").await.expect(204);
        let (body, _) = bob.creation(7);
        let made = crate::cast::guard::ask(stage, &bob.device.access, "guilds", body).await;
        made.refused(409, "DELETION_PENDING");
        keeps(stage, &bob.device.access).await.expect(204);
        bob.create_guild(stage, 7).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_of_an_account_but_its_id_and_its_public_keys() {
    with_mail(async |stage, postbox| {
        let (mut alice, bob, guild) = two(stage).await;
        let mut carol = Person::invited(stage, "carol", 5).await;
        let link = alice.invite(stage, &guild, "welcome-all", 0).await;
        carol.join(stage, &guild, &link).await.expect(201);
        give_address(stage, postbox, &bob, "bob@example.org").await;
        enable(stage, &bob.device.access).await;
        let dm = Box::pin(both_talk(stage, &alice, &bob, &guild)).await;
        asks(stage, &bob, "bob").await.expect(204);
        round(stage).await;
        postbox.take();

        stage.wait(30 * DAY_MS - 60_000);
        alice.comes_back(stage).await;
        carol.comes_back(stage).await;
        let live = Live::of(stage).await;
        let (mut hearing, _) = live.join(&carol.device).await;
        time_passes(stage, 60_000).await;
        hears(
            &mut hearing,
            |event| matches!(event, Event::PersonDeleted { user, .. } if *user == bob.id),
        )
        .await;
        let known = bob.known(stage, &bob.device).await;
        bob.sign_in(stage, known)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        round(stage).await;
        let letter = postbox.one();
        assert!(
            letter.html.contains("Your account is deleted"),
            "{letter:?}"
        );

        Box::pin(nothing_is_seen(stage, &alice, &bob, (&guild, dm))).await;
        if stage.app.config.database.url.is_none() {
            nothing_of(stage, &bob);
        }
        Person::invited(stage, "bob", 60).await;
        jobs::delete_accounts(&stage.app).await.unwrap();
    })
    .await;
}

/// Bob says something to all, something about it, and something to Alice alone: where that is.
async fn both_talk(stage: &Stage, alice: &Person, bob: &Person, guild: &Guild) -> ChannelId {
    let alices = Voice::of(stage, &alice.device, guild.channel).await;
    alices.say(1).await;
    let bobs = Voice::of(stage, &bob.device, guild.channel).await;
    bobs.share(&bobs.sharing(&bobs.others())).await.expect(200);
    bobs.send(&bobs.message(9, 0)).await.expect(201);
    let first = of(&history(stage, alice, guild.channel).await, 1).id;
    let reaction = bobs.about(10, 1, MessageClass::Annotation, first);
    bobs.send(&reaction).await.expect(201);
    let dm = dm_of(stage, bob, alice).await;
    let direct = Voice::of(stage, &bob.device, dm).await;
    direct
        .send(&direct.direct(11, &direct.others()))
        .await
        .expect(201);
    dm
}

async fn nothing_is_seen(
    stage: &Stage,
    alice: &Person,
    bob: &Person,
    (guild, dm): (&Guild, ChannelId),
) {
    // The place of what they said is kept, and nothing of it.
    let page = history(stage, alice, guild.channel).await;
    let scrubbed = |one: &Message| matches!(one.content, SealedContent::Scrubbed { .. });
    assert!(scrubbed(of(&page, 2)));
    assert!(!scrubbed(of(&page, 1)));
    let spoken = history(stage, alice, dm).await;
    assert!(scrubbed(of(&spoken, 1)));
    let alices = Voice::of(stage, &alice.device, dm).await;
    assert_eq!(alices.roster.len(), 1, "nobody but Alice reads on");
    let refused = alices.send(&alices.direct(12, &[])).await;
    refused.refused(410, "PERSON_GONE");
    let dms = show(stage, &alice.device.access, "dms").await;
    assert_eq!(dms["dms"][0]["display_name"], "Deleted account");
    assert_eq!(dms["dms"][0]["request"], json!(DmRequest::Gone));
    let members = format!("guilds/{}/members", guild.id);
    let members = show(stage, &alice.device.access, &members).await;
    assert_eq!(members["members"].as_array().unwrap().len(), 2);

    // Others still verify what was signed; the name is free again.
    let logs = json!({"users": [{"user": bob.id, "version": null}]});
    let logs = ask(stage, &alice.device.access, "devlogs", logs).await;
    let log = logs.expect(200)["logs"][0].clone();
    assert_eq!(log["display_name"], "Deleted account");
    assert!(!log["entries"].as_array().unwrap().is_empty());
}

fn of(page: &History, seq: u64) -> &Message {
    page.messages.iter().find(|one| one.seq == seq).unwrap()
}

async fn history(stage: &Stage, person: &Person, channel: ChannelId) -> History {
    let path = format!("/api/v1/channels/{channel}/messages");
    let ask = stage.get(&path).bearing(&person.device.access);
    serde_json::from_value(ask.send().await.expect(200)).unwrap()
}

/// Tables that may speak of somebody who is gone: by an id that says nothing, in what belongs to
/// others or to all.
const KEPT: [&str; 5] = ["account", "devlog", "dm", "guild_signer", "report"];

/// Whatever the database holds, table by table.
fn nothing_of(stage: &Stage, person: &Person) {
    let connection = rusqlite::Connection::open(stage.data().join("cloister.db")).unwrap();
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> = strings(&connection, names);
    assert!(tables.len() > 50);
    for table in tables {
        let columns = strings(
            &connection,
            &format!("SELECT name FROM pragma_table_info('{table}')"),
        );
        for column in columns {
            for name in ["bob", "bob@example.org", "Bob"] {
                let found: i64 = connection
                    .query_row(
                        &format!("SELECT count(*) FROM {table} WHERE CAST({column} AS TEXT) = ?1"),
                        [name],
                        |row| row.get(0),
                    )
                    .unwrap();
                assert_eq!(found, 0, "{table}.{column} says {name}");
            }
        }
        let keys = format!(
            "SELECT \"from\" FROM pragma_foreign_key_list('{table}') WHERE \"table\" = 'account'"
        );
        for column in strings(&connection, &keys) {
            let found: i64 = connection
                .query_row(
                    &format!("SELECT count(*) FROM {table} WHERE {column} = ?1"),
                    [person.id.as_bytes()],
                    |row| row.get(0),
                )
                .unwrap();
            assert!(
                found == 0 || KEPT.contains(&table.as_str()),
                "{table}.{column} still has rows of an account that is gone"
            );
        }
    }
    let empty = "SELECT count(*) FROM account WHERE id = ?1 AND deleted_at IS NOT NULL
        AND vault IS NULL AND password_hash = '' AND username LIKE 'deleted_%'";
    let emptied: i64 = connection
        .query_row(empty, [person.id.as_bytes()], |row| row.get(0))
        .unwrap();
    assert_eq!(emptied, 1);
    let open = "SELECT count(*) FROM message WHERE sender_user = ?1 AND ct IS NOT NULL";
    let open: i64 = connection
        .query_row(open, [person.id.as_bytes()], |row| row.get(0))
        .unwrap();
    assert_eq!(open, 0, "what they said, and what they said about others'");
}

fn strings(connection: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn an_operator_can_end_and_keep_an_account_and_neither_their_own_nor_at_once() {
    on_every_database(async |stage| {
        let (mut alice, mut bob, guild) = two(stage).await;
        let token = alice.device.access.clone();
        let token = token.as_str();
        let deed = async |of: &Person, deed: &str| {
            let path = format!("operate/people/{}", of.id);
            ask(stage, token, &path, json!({"deed": deed})).await
        };
        deed(&alice, "delete").await.refused(422, "INVALID");
        deed(&bob, "delete").await.expect(204);
        me(stage, &bob.device.access)
            .await
            .refused(401, "UNAUTHENTICATED");
        let people = show(stage, token, "operate/people").await;
        let at = people["people"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["username"] == "bob");
        assert_eq!(at.unwrap()["deletion_at"], stage.now() + 30 * DAY_MS);
        deed(&bob, "keep").await.expect(204);
        bob.comes_back(stage).await;
        deed(&bob, "delete").await.expect(204);
        let log = show(stage, token, &format!("guilds/{}/log", guild.id)).await;
        let entries = log["entries"].as_array().unwrap().len();
        time_passes(stage, 30 * DAY_MS - 1).await;
        alice.comes_back(stage).await;
        bob.comes_back(stage).await;
        let live = Live::of(stage).await;
        let (mut going, _) = live.join(&bob.device).await;
        time_passes(stage, 1).await;
        assert_eq!(going.closed().await, 4401);
        let token = alice.device.access.as_str();
        let people = show(stage, token, "operate/people").await;
        assert_eq!(
            people["people"].as_array().unwrap().len(),
            1,
            "no row for nobody"
        );
        let log = show(stage, token, &format!("guilds/{}/log", guild.id)).await;
        assert_eq!(log["entries"].as_array().unwrap().len(), entries + 1);
    })
    .await;
}
