//! Applying for an account, and deciding about it.

use serde_json::{Value, json};

use super::email::{round, with_mail};
use crate::cast::{
    Answer, Stage,
    guard::{MINUTE_MS, ask, show},
    on_every_database,
    person::Person,
};

async fn put(stage: &Stage, token: &str, path: &str, body: Value) -> Answer {
    let path = format!("/api/v1/{path}");
    stage.put(&path).bearing(token).json(body).send().await
}

async fn apply(stage: &Stage, name: &str, address: Option<&str>, answers: &[&str]) -> Answer {
    let body = json!({
        "username": name, "display_name": name, "address": address, "answers": answers,
    });
    stage
        .post("/api/v1/account-applications")
        .json(body)
        .send()
        .await
}

/// An instance that takes applications and asks one question.
async fn opened(stage: &Stage) -> Person {
    let trent = Person::set_up(stage, "trent", 6).await;
    let own = &trent.device.access;
    apply(stage, "bob", None, &[])
        .await
        .refused(403, "REGISTRATION_CLOSED");
    let rules = json!({"registration": "application", "second_factor": null});
    put(stage, own, "operate/policy", rules).await.expect(204);
    let asked = json!({"questions": ["Whom do you know here?"]});
    put(stage, own, "operate/questions", asked)
        .await
        .expect(204);
    trent
}

async fn waiting(stage: &Stage, operator: &Person) -> Value {
    show(
        stage,
        &operator.device.access,
        "operate/account-applications",
    )
    .await
}

async fn decide(stage: &Stage, by: &Person, id: &Value, how: &str, body: Value) -> Answer {
    let path = format!(
        "operate/account-applications/{}/{how}",
        id.as_str().unwrap()
    );
    ask(stage, &by.device.access, &path, body).await
}

#[tokio::test]
async fn an_application_answers_every_question_and_asks_for_a_name_that_is_free() {
    on_every_database(async |stage| {
        let trent = opened(stage).await;
        apply(stage, "bob", None, &[]).await.refused(422, "INVALID");
        apply(stage, "bob", None, &["  "])
            .await
            .refused(422, "INVALID");
        apply(stage, "admin", None, &["Ada"])
            .await
            .refused(422, "USERNAME_INVALID");
        apply(stage, "trent", None, &["Ada"])
            .await
            .refused(409, "USERNAME_TAKEN");
        apply(stage, "bob", None, &["Ada"]).await.expect(204);
        apply(stage, "b0b", None, &["me too"])
            .await
            .refused(409, "USERNAME_TAKEN");
        assert_eq!(waiting(stage, &trent).await["waiting"], 1);
    })
    .await;
}

#[tokio::test]
async fn whoever_applies_is_let_in_with_a_one_time_password_and_chooses_their_own() {
    on_every_database(async |stage| {
        let trent = opened(stage).await;
        let instance = stage.get("/api/v1/instance").send().await.expect(200);
        assert_eq!(instance["questions"], json!(["Whom do you know here?"]));
        apply(stage, "bob", None, &["Ada, from the choir"])
            .await
            .expect(204);
        let page = waiting(stage, &trent).await;
        let [one] = &page["applications"].as_array().unwrap()[..] else {
            panic!("{page}")
        };
        assert_eq!(one["answers"][0]["answer"], "Ada, from the choir");
        let approved = decide(
            stage,
            &trent,
            &one["id"],
            "approve",
            json!({"by": "password"}),
        )
        .await;
        let approved = approved.expect(200);
        let password = approved["password"].as_str().unwrap().to_owned();
        assert!(
            approved["url"]
                .as_str()
                .unwrap()
                .ends_with(&format!("/activate#bob.{password}"))
        );
        assert_eq!(password.len(), 24);
        for kind in [char::is_uppercase, char::is_lowercase, char::is_numeric] {
            assert!(password.contains(kind), "{password}");
        }
        decide(stage, &trent, &one["id"], "reject", json!({"reason": ""}))
            .await
            .refused(409, "ALREADY_RESOLVED");

        // For nobody else, and not under another name.
        let eve = Person::new("eve", 5);
        let wrong = eve.registration(&json!({"activation": {"code": password}}));
        let refused = stage.post("/api/v1/accounts").json(wrong).send().await;
        refused.refused(410, "LINK_INVALID");
        let nothing = eve.registration(&json!({"activation": {"code": "guessed"}}));
        let refused = stage.post("/api/v1/accounts").json(nothing).send().await;
        refused.refused(410, "LINK_INVALID");
        let mut bob = Person::new("bob", 2);
        bob.register(stage, json!({"activation": {"code": password}}))
            .await;
        let again = Person::new("bob", 7);
        let again = again.registration(&json!({"activation": {"code": password}}));
        stage
            .post("/api/v1/accounts")
            .json(again)
            .send()
            .await
            .refused(410, "LINK_INVALID");
        let decided = show(
            stage,
            &trent.device.access,
            "operate/account-applications?decided=true",
        )
        .await;
        assert_eq!(decided["applications"][0]["used_at"], stage.now());
        assert_eq!(decided["applications"][0]["decided_by_name"], "trent");
    })
    .await;
}

#[tokio::test]
async fn a_one_time_password_is_good_for_a_day_and_its_name_is_kept_as_long() {
    on_every_database(async |stage| {
        let trent = opened(stage).await;
        apply(stage, "bob", None, &["Ada"]).await.expect(204);
        // Somebody with an invitation doesn't take the name away meanwhile.
        let code = stage.instance_invite(1).await;
        let thief = Person::new("bob", 7);
        let thief = thief.registration(&json!({"invite": {"code": code}}));
        stage
            .post("/api/v1/accounts")
            .json(thief)
            .send()
            .await
            .refused(409, "USERNAME_TAKEN");
        let id = waiting(stage, &trent).await["applications"][0]["id"].clone();
        let approved = decide(stage, &trent, &id, "approve", json!({"by": "password"})).await;
        let password = approved.expect(200)["password"]
            .as_str()
            .unwrap()
            .to_owned();
        stage.wait(24 * 60 * MINUTE_MS);
        let late = Person::new("bob", 2);
        let late = late.registration(&json!({"activation": {"code": password}}));
        stage
            .post("/api/v1/accounts")
            .json(late)
            .send()
            .await
            .refused(410, "LINK_INVALID");
        Person::invited(stage, "bob", 3).await;
    })
    .await;
}

#[tokio::test]
async fn an_approved_applicant_is_mailed_a_link_that_proves_the_address_and_a_rejected_one_the_reason()
 {
    with_mail(async |stage, postbox| {
        let trent = opened(stage).await;
        apply(stage, "bob", Some("not an address"), &["Ada"])
            .await
            .refused(422, "EMAIL_INVALID");
        apply(stage, "bob", Some("bob@example.org"), &["Ada"])
            .await
            .expect(204);
        stage.wait(1);
        apply(stage, "eve", Some("eve@example.org"), &["nobody"])
            .await
            .expect(204);
        assert_eq!(
            round(stage).await,
            0,
            "nothing is mailed because somebody asks for it"
        );
        let page = waiting(stage, &trent).await;
        let (eve, bob) = (&page["applications"][0], &page["applications"][1]);
        assert_eq!(
            (&eve["username"], &bob["username"]),
            (&json!("eve"), &json!("bob"))
        );
        assert_eq!(bob["address"], "bob@example.org");
        let mailed = decide(stage, &trent, &bob["id"], "approve", json!({"by": "mail"})).await;
        assert_eq!(mailed.expect(200), json!({"url": null, "password": null}));
        assert_eq!(round(stage).await, 1);
        let letter = postbox.one();
        assert_eq!(letter.to, ["bob@example.org"]);
        let token = letter.token("activate");
        let (name, code) = token.split_once('.').unwrap();
        assert_eq!(name, "bob");
        let mut person = Person::new("bob", 2);
        person
            .register(stage, json!({"activation": {"code": code}}))
            .await;
        let email = show(stage, &person.device.access, "email").await;
        assert_eq!(email["address"], "bob@example.org");

        let reason = json!({"reason": "Nobody here knows you."});
        decide(stage, &trent, &eve["id"], "reject", reason)
            .await
            .expect(204);
        round(stage).await;
        let letter = postbox.one();
        assert_eq!(letter.to, ["eve@example.org"]);
        assert!(
            letter.text.contains("Nobody here knows you."),
            "{}",
            letter.text
        );
    })
    .await;
}

#[tokio::test]
async fn applications_of_one_address_are_limited_and_only_operators_see_them() {
    on_every_database(async |stage| {
        let trent = opened(stage).await;
        let bob = Person::invited(stage, "bob", 2).await;
        for name in ["ann", "ben", "cid", "dan", "eva"] {
            apply(stage, name, None, &["Ada"]).await.expect(204);
        }
        apply(stage, "fay", None, &["Ada"])
            .await
            .refused(429, "RATE_LIMITED");
        stage.wait(5 * MINUTE_MS);
        apply(stage, "fay", None, &["Ada"]).await.expect(204);
        let own = &bob.device.access;
        let refused = stage
            .get("/api/v1/operate/account-applications")
            .bearing(own)
            .send()
            .await;
        refused.refused(403, "FORBIDDEN");
        assert_eq!(waiting(stage, &trent).await["waiting"], 6);
        let kinds = show(
            stage,
            &trent.device.access,
            "operate/security-events?kind=applied",
        )
        .await;
        assert_eq!(kinds["events"].as_array().unwrap().len(), 6);
        assert_eq!(kinds["events"][0]["about"], "fay");
        let many = json!({"questions": vec!["Why?"; 9]});
        put(stage, &trent.device.access, "operate/questions", many)
            .await
            .refused(422, "INVALID");
    })
    .await;
}
