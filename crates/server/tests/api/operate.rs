//! What the operator does from a client.

use std::num::NonZero;

use cloister_server::operator::person;
use cloister_wire::{account::Registration, operate::SetPolicy};
use serde_json::{Value, json};

use crate::cast::{
    self, Answer, Stage, config,
    guard::{MINUTE_MS, NEW_PASSWORD, ask, enable, kinds, me, prepare, show},
    on_every_database,
    person::{PASSWORD, Person},
};

async fn deed(stage: &Stage, operator: &Person, user: &Person, deed: &str) -> Answer {
    let path = format!("operate/people/{}", user.id);
    let token = &operator.device.access;
    ask(stage, token, &path, json!({"deed": deed})).await
}

async fn put(stage: &Stage, token: &str, path: &str, body: Value) -> Answer {
    let path = format!("/api/v1/{path}");
    stage.put(&path).bearing(token).json(body).send().await
}

fn names(found: &Value) -> Vec<&str> {
    let people = found["people"].as_array().unwrap().iter();
    people
        .map(|one| one["username"].as_str().unwrap())
        .collect()
}

fn kinds_of(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().unwrap().iter();
    events
        .map(|event| event["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_operator_finds_people_and_looks_after_their_accounts() {
    on_every_database(async |stage| {
        let trent = Person::set_up(stage, "trent", 6).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let carol = Person::invited(stage, "carol", 3).await;
        let own = &trent.device.access;
        let all = show(stage, own, "operate/people").await;
        assert_eq!(names(&all), ["bob", "carol", "trent"]);
        assert_eq!(all["people"][0]["sign_ins"], 1);
        assert_eq!(all["next"], Value::Null);
        let some = show(stage, own, "operate/people?with=BO").await;
        assert_eq!(names(&some), ["bob"]);
        let after = show(stage, own, "operate/people?after=bob").await;
        assert_eq!(names(&after), ["carol", "trent"]);
        let operators = show(stage, own, "operate/people?state=operators").await;
        assert_eq!(names(&operators), ["trent"]);
        enable(stage, &carol.device.access).await;
        let bare = show(stage, own, "operate/people?state=without_second_factor").await;
        assert_eq!(names(&bare), ["bob", "trent"]);

        deed(stage, &trent, &bob, "end_sessions").await.expect(204);
        me(stage, &bob.device.access)
            .await
            .refused(401, "UNAUTHENTICATED");
        deed(stage, &trent, &bob, "disable").await.expect(204);
        prepare(stage, PASSWORD, None)
            .await
            .refused(403, "ACCOUNT_DISABLED");
        let disabled = show(stage, own, "operate/people?state=disabled").await;
        assert_eq!(names(&disabled), ["bob"]);
        deed(stage, &trent, &bob, "enable").await.expect(204);
        deed(stage, &trent, &carol, "remove_factors")
            .await
            .expect(204);
        let seen = kinds(stage, &carol.device.access).await;
        assert!(seen.contains(&"second_factors_removed".to_owned()));
        // Nobody shuts themself out, or does as somebody else what they can do as themself.
        for own_deed in ["disable", "end_sessions", "remove_factors"] {
            deed(stage, &trent, &trent, own_deed)
                .await
                .refused(422, "INVALID");
        }
        let nobody = "operate/people/0190c0de-0000-7000-8000-000000000001";
        ask(stage, own, nobody, json!({"deed": "disable"}))
            .await
            .refused(404, "NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn a_shut_door_is_seen_and_opened_and_a_link_is_told_to_the_person() {
    let mut strict = config();
    strict.limits.wrong_passwords = NonZero::new(5).unwrap();
    cast::play(strict, async |stage| {
        let trent = Person::set_up(stage, "trent", 6).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let own = &trent.device.access;
        for _ in 0..5 {
            prepare(stage, "wrong", None)
                .await
                .refused(401, "WRONG_CREDENTIALS");
        }
        prepare(stage, PASSWORD, None)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        let shut = show(stage, own, "operate/people?with=bob").await;
        assert!(shut["people"][0]["locked_until"].as_u64() > Some(stage.now()));
        deed(stage, &trent, &bob, "unlock").await.expect(204);
        let open = show(stage, own, "operate/people?with=bob").await;
        assert_eq!(open["people"][0]["locked_until"], Value::Null);
        stage.wait(MINUTE_MS);
        prepare(stage, PASSWORD, None).await.expect(200);

        let path = format!("operate/people/{}/reset", bob.id);
        let made = ask(stage, own, &path, Value::Null).await.expect(201);
        let url = made["url"].as_str().unwrap();
        let (_, token) = url.split_once("/reset#").unwrap();
        let told = kinds(stage, &bob.device.access).await;
        assert_eq!(told[0], "reset_link_made");
        let reset = stage.post("/api/v1/password/reset");
        let body = json!({"token": token, "new": NEW_PASSWORD});
        reset.json(body).send().await.expect(204);
        prepare(stage, NEW_PASSWORD, None).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn nobody_but_the_operator_looks_after_accounts_and_deeds_need_a_fresh_password() {
    on_every_database(async |stage| {
        let trent = Person::set_up(stage, "trent", 6).await;
        let bob = Person::invited(stage, "bob", 2).await;
        deed(stage, &bob, &trent, "disable")
            .await
            .refused(403, "FORBIDDEN");
        stage.wait(14 * MINUTE_MS);
        let refresh = stage.post("/api/v1/sessions/refresh");
        let body = json!({"refresh_token": trent.device.refresh});
        let fresh = refresh.json(body).send().await.expect(200);
        let own = fresh["access_token"].as_str().unwrap();
        stage.wait(2 * MINUTE_MS);
        let path = format!("operate/people/{}", bob.id);
        for (path, body) in [
            (path.clone(), json!({"deed": "disable"})),
            (format!("{path}/reset"), Value::Null),
            (
                "operate/mail/test".to_owned(),
                json!({"to": "trent@example.org"}),
            ),
            ("operate/security-events/export".to_owned(), Value::Null),
        ] {
            ask(stage, own, &path, body)
                .await
                .refused(403, "PROOF_REQUIRED");
        }
        let rules = json!({"registration": "open", "second_factor": null});
        put(stage, own, "operate/policy", rules)
            .await
            .refused(403, "PROOF_REQUIRED");
        // To look is not sensitive.
        let mail = show(stage, own, "operate/mail").await;
        assert_eq!(mail["server"], Value::Null);
        ask(stage, own, "session/proof", json!({"password": PASSWORD}))
            .await
            .expect(204);
        ask(
            stage,
            own,
            "operate/mail/test",
            json!({"to": "trent@example.org"}),
        )
        .await
        .refused(409, "MAIL_OFF");
    })
    .await;
}

#[tokio::test]
async fn rules_that_an_operator_chooses_count_at_once_and_outlive_the_configuration() {
    on_every_database(async |stage| {
        let trent = Person::set_up(stage, "trent", 6).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let own = &trent.device.access;
        let before = show(stage, own, "operate/policy").await;
        assert_eq!(before["registration"], "invite");
        assert_eq!(before["registration_chosen"], Value::Null);
        let rules = json!({"registration": "closed", "second_factor": "all"});
        put(stage, own, "operate/policy", rules).await.expect(204);
        let instance = stage.get("/api/v1/instance").send().await.expect(200);
        assert_eq!(instance["registration"], "closed");
        me(stage, &bob.device.access).await.expect(200);
        stage
            .get("/api/v1/guilds")
            .bearing(&bob.device.access)
            .send()
            .await
            .refused(403, "SECOND_FACTOR_NEEDED");
        // Who asks for one needs one: also for the rules themselves.
        let undo = json!({"registration": null, "second_factor": null});
        put(stage, own, "operate/policy", undo.clone())
            .await
            .refused(403, "SECOND_FACTOR_NEEDED");
        enable(stage, own).await;
        put(stage, own, "operate/policy", undo).await.expect(204);
        show(stage, &bob.device.access, "guilds").await;
        let page = show(stage, own, "operate/security-events?kind=policy_changed").await;
        let about: Vec<_> = page["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["about"])
            .collect();
        assert_eq!(
            about,
            [
                "registration: closed → invite; second factor: all → nobody",
                "registration: invite → closed; second factor: nobody → all",
            ]
        );
        // The same from the machine, where nobody is signed in.
        let set = SetPolicy {
            registration: Some(Registration::Open),
            second_factor: None,
        };
        let after = person::policy_on(&stage.app, Some(set)).await.unwrap();
        assert_eq!(after.registration, Registration::Open);
        let page = show(stage, own, "operate/security-events?kind=policy_changed").await;
        assert_eq!(page["events"][0]["username"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn the_operator_sees_what_happened_to_everybody_and_who_did_it() {
    on_every_database(async |stage| {
        let trent = Person::set_up(stage, "trent", 6).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let own = &trent.device.access;
        stage.wait(MINUTE_MS);
        let since = stage.now();
        deed(stage, &trent, &bob, "end_sessions").await.expect(204);
        prepare(stage, "wrong", None)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        let all = show(
            stage,
            own,
            &format!("operate/security-events?since={since}"),
        )
        .await;
        assert_eq!(kinds_of(&all), ["sign_in_failed", "all_sessions_ended"]);
        let ended = &all["events"][1];
        assert_eq!(
            (&ended["username"], &ended["by_name"]),
            (&json!("bob"), &json!("trent"))
        );
        assert_eq!(ended["address"], "127.0.0.1");
        let of_bob = show(stage, own, "operate/security-events?username=bob").await;
        assert_eq!(
            kinds_of(&of_bob),
            ["sign_in_failed", "all_sessions_ended", "registered"]
        );
        let first = of_bob["events"][0]["id"].as_str().unwrap();
        let older = show(
            stage,
            own,
            &format!("operate/security-events?username=bob&before={first}"),
        )
        .await;
        assert_eq!(kinds_of(&older), ["all_sessions_ended", "registered"]);
        let none = show(stage, own, "operate/security-events?username=nobody_here").await;
        assert_eq!(kinds_of(&none), [""; 0]);
        let path = "/api/v1/operate/security-events?kind=nonsense";
        stage
            .get(path)
            .bearing(own)
            .send()
            .await
            .refused(400, "MALFORMED");

        let file = "operate/security-events/export?username=bob&format=json";
        let file = ask(stage, own, file, Value::Null).await.expect(200);
        assert_eq!(file.as_array().unwrap().len(), 3);
        let taken = show(stage, own, "operate/security-events?kind=events_exported").await;
        assert_eq!(taken["events"][0]["about"], "3 entries");
        // Where from is forgotten after a month; the place stays.
        let people = show(stage, own, "operate/limits").await;
        let limits = people["limits"].as_array().unwrap();
        for key in [
            "invites_per_account",
            "devlog_entries_per_account",
            "reports_per_account",
        ] {
            assert!(limits.iter().any(|limit| limit["key"] == key), "{key}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_that_names_no_picture_is_answered_like_every_other() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let guild = alice.create_guild(stage, 9).await;
        for wrong in ["nonsense", "AAAA", "%00"] {
            let path = format!("/api/v1/guilds/{}/pictures/{wrong}", guild.id);
            let answer = stage.get(&path).bearing(&alice.device.access).send().await;
            answer.refused(404, "NOT_FOUND");
        }
    })
    .await;
}
