//! Addresses that are proved, links to a new password, and notices.

use cloister_server::mail;
use serde_json::json;

use crate::cast::{
    self, Answer, Stage, config,
    guard::{MINUTE_MS, NEW_PASSWORD, ask, enable, kinds, me, prepare, show},
    person::{PASSWORD, Person},
    postbox::{Manner, Postbox},
};

/// Plays a story on every database, with a mail server.
pub(super) async fn with_mail(story: impl AsyncFn(&Stage, &Postbox)) {
    let postbox = Postbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let config = postbox.configure(config(), folder.path());
    cast::play(config, async |stage: &Stage| {
        postbox.behave(Manner::Takes);
        postbox.take();
        story(stage, &postbox).await;
    })
    .await;
}

async fn post(stage: &Stage, path: &str, body: serde_json::Value) -> Answer {
    let path = format!("/api/v1/{path}");
    stage.post(&path).json(body).send().await
}

pub(super) async fn round(stage: &Stage) -> u32 {
    mail::round(&stage.app).await.unwrap()
}

pub(super) async fn want(stage: &Stage, person: &Person, address: &str) -> Answer {
    let ask = stage.put("/api/v1/email").bearing(&person.device.access);
    ask.json(json!({"address": address})).send().await
}

/// Gives somebody a proved address.
pub(super) async fn give_address(stage: &Stage, postbox: &Postbox, person: &Person, address: &str) {
    want(stage, person, address).await.expect(204);
    round(stage).await;
    let token = postbox.one().token("verify");
    post(stage, "email/verify", json!({"token": token}))
        .await
        .expect(204);
}

#[tokio::test]
async fn an_address_is_ones_own_when_the_link_that_was_mailed_there_is_used() {
    with_mail(async |stage, postbox| {
        let bob = Person::invited(stage, "bob", 2).await;
        let token = &bob.device.access;
        for wrong in ["", "a@b", "bob@example.org\r\nBcc: eve@example.org"] {
            want(stage, &bob, wrong).await.refused(422, "EMAIL_INVALID");
        }
        want(stage, &bob, "Bob@Example.ORG").await.expect(204);
        assert_eq!(round(stage).await, 1);
        let letter = postbox.one();
        assert!(
            letter.over_tls && letter.login == "AGNoYXQAaHVudGVyMg==",
            "{letter:?}"
        );
        assert_eq!(
            (letter.from.as_str(), letter.to.as_slice()),
            (
                "chat@example.org",
                ["Bob@example.org".to_owned()].as_slice()
            )
        );
        assert!(letter.raw.contains("Auto-Submitted: auto-generated"));
        assert!(letter.html.contains("verify#clw_") && !letter.html.contains("<img"));
        let before = show(stage, token, "email").await;
        assert_eq!(
            before,
            json!({"address": null, "wanted": "Bob@example.org", "mail": true})
        );
        let secret = letter.token("verify");
        post(stage, "email/verify", json!({"token": "clw_wrong"}))
            .await
            .refused(410, "LINK_INVALID");
        post(stage, "email/verify", json!({"token": secret}))
            .await
            .expect(204);
        post(stage, "email/verify", json!({"token": secret}))
            .await
            .refused(410, "LINK_INVALID");
        let after = show(stage, token, "email").await;
        assert_eq!(
            after,
            json!({"address": "Bob@example.org", "wanted": null, "mail": true})
        );
        assert!(
            kinds(stage, token)
                .await
                .contains(&"email_changed".to_owned())
        );
        // Addresses are at rest under a key that is not in the database.
        if stage.app.config.database.url.is_none() {
            let file = std::fs::read(stage.data().join("cloister.db")).unwrap();
            let wal = std::fs::read(stage.data().join("cloister.db-wal")).unwrap_or_default();
            let stored = String::from_utf8_lossy(&[file, wal].concat()).to_lowercase();
            assert!(!stored.contains("bob@example.org"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_to_an_address_runs_out_after_a_day_and_is_replaced_by_the_next() {
    with_mail(async |stage, postbox| {
        let bob = Person::invited(stage, "bob", 2).await;
        let mut tokens = Vec::new();
        for address in ["one@example.org", "two@example.org"] {
            want(stage, &bob, address).await.expect(204);
            round(stage).await;
            tokens.push(postbox.one().token("verify"));
        }
        let verify = async |token: &str| post(stage, "email/verify", json!({"token": token})).await;
        verify(&tokens[0]).await.refused(410, "LINK_INVALID");
        stage.wait(cast::DAY_MS);
        verify(&tokens[1]).await.refused(410, "LINK_INVALID");
    })
    .await;
}

#[tokio::test]
async fn whoever_forgot_their_password_gets_a_link_that_works_once_for_an_hour() {
    with_mail(async |stage, postbox| {
        let bob = Person::invited(stage, "bob", 2).await;
        give_address(stage, postbox, &bob, "bob@example.org").await;
        let link = async |who: &str| {
            post(stage, "password/forgot", json!({"who": who}))
                .await
                .expect(204);
            round(stage).await;
            postbox.one().token("reset")
        };
        let first = link("bob").await;
        let second = link("BOB@example.org").await;
        let reset = async |token: &str| {
            post(
                stage,
                "password/reset",
                json!({"token": token, "new": NEW_PASSWORD}),
            )
            .await
        };
        reset(&first).await.refused(410, "LINK_INVALID");
        stage.wait(59 * MINUTE_MS);
        reset(&second).await.expect(204);
        reset(&second).await.refused(410, "LINK_INVALID");
        me(stage, &bob.device.access)
            .await
            .refused(401, "UNAUTHENTICATED");
        prepare(stage, PASSWORD, None)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        prepare(stage, NEW_PASSWORD, None).await.expect(200);
        // And the person hears of it.
        round(stage).await;
        assert!(postbox.one().subject.contains("Password set anew"));
        stage.wait(MINUTE_MS);
        let late = link("bob").await;
        stage.wait(60 * MINUTE_MS);
        reset(&late).await.refused(410, "LINK_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_link_to_a_new_password_stands_for_no_second_factor() {
    with_mail(async |stage, postbox| {
        let bob = Person::invited(stage, "bob", 2).await;
        give_address(stage, postbox, &bob, "bob@example.org").await;
        enable(stage, &bob.device.access).await;
        round(stage).await;
        assert!(postbox.one().subject.contains("Second factor turned on"));
        post(stage, "password/forgot", json!({"who": "bob"}))
            .await
            .expect(204);
        round(stage).await;
        let token = postbox.one().token("reset");
        let body = json!({"token": token, "new": NEW_PASSWORD});
        post(stage, "password/reset", body).await.expect(204);
        prepare(stage, NEW_PASSWORD, None)
            .await
            .refused(401, "SECOND_FACTOR_REQUIRED");
    })
    .await;
}

#[tokio::test]
async fn nobody_learns_from_an_answer_who_has_an_account() {
    with_mail(async |stage, postbox| {
        let bob = Person::invited(stage, "bob", 2).await;
        let carol = Person::invited(stage, "carol", 3).await;
        let dave = Person::invited(stage, "dave", 4).await;
        give_address(stage, postbox, &bob, "bob@example.org").await;
        want(stage, &carol, "carol@example.org").await.expect(204);
        round(stage).await;
        postbox.take();
        // Known, unproved, without an address, unknown, and nonsense: one answer.
        let mut answers = Vec::new();
        for who in [
            "bob",
            "bob@example.org",
            "carol",
            "carol@example.org",
            "dave",
            "nobody",
            "no@body.example",
            "%@%",
        ] {
            let answer = post(stage, "password/forgot", json!({"who": who})).await;
            answers.push((answer.status.as_u16(), answer.body.to_string()));
        }
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{answers:?}"
        );
        round(stage).await;
        let arrived = postbox.take();
        assert_eq!(arrived.len(), 2);
        assert!(
            arrived
                .iter()
                .all(|letter| letter.to == ["bob@example.org"])
        );
        // Nor from whether one may have an address; its owner hears of it.
        let free = want(stage, &dave, "dave@example.org").await;
        let taken = want(stage, &dave, "bob@example.org").await;
        assert_eq!((free.status, free.body), (taken.status, taken.body));
        round(stage).await;
        let arrived = postbox.take();
        assert!(
            arrived[1].text.contains("It stays with yours"),
            "{arrived:?}"
        );
        assert!(!arrived[1].text.contains("clw_"));
    })
    .await;
}

#[tokio::test]
async fn another_address_is_told_to_the_one_before_which_can_go_back_for_a_week() {
    with_mail(async |stage, postbox| {
        let bob = Person::invited(stage, "bob", 2).await;
        give_address(stage, postbox, &bob, "bob@example.org").await;
        // Somebody who holds bob's device takes the account away from him, twice over.
        let mut undo = String::new();
        for address in ["eve@example.net", "eve@example.com"] {
            give_address(stage, postbox, &bob, address).await;
            round(stage).await;
            let letter = postbox.one();
            if letter.to == ["bob@example.org"] {
                undo = letter.token("not-me");
            }
        }
        stage.wait(6 * cast::DAY_MS);
        post(stage, "not-me", json!({"token": undo}))
            .await
            .expect(204);
        me(stage, &bob.device.access)
            .await
            .refused(401, "UNAUTHENTICATED");
        // The password opens nothing until it is set anew, and the link goes to bob.
        prepare(stage, PASSWORD, None)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        round(stage).await;
        let letter = postbox.one();
        assert_eq!(letter.to, ["bob@example.org"]);
        let body = json!({"token": letter.token("reset"), "new": NEW_PASSWORD});
        post(stage, "password/reset", body).await.expect(204);
        prepare(stage, NEW_PASSWORD, None).await.expect(200);
        post(stage, "not-me", json!({"token": undo}))
            .await
            .refused(410, "LINK_INVALID");
    })
    .await;
}

#[tokio::test]
async fn what_looks_odd_is_mailed_with_a_link_that_ends_every_sign_in() {
    with_mail(async |stage, postbox| {
        let bob = Person::invited(stage, "bob", 2).await;
        give_address(stage, postbox, &bob, "bob@example.org").await;
        let stranger = bob.add_pending(stage, 12).await;
        round(stage).await;
        let letter = postbox.one();
        assert!(
            letter.subject.contains("A new device signed in"),
            "{letter:?}"
        );
        let token = letter.token("not-me");
        post(stage, "not-me", json!({"token": token}))
            .await
            .expect(204);
        for access in [&bob.device.access, &stranger.access] {
            me(stage, access).await.refused(401, "UNAUTHENTICATED");
        }
        round(stage).await;
        // Not even a device that is known opens anything with the old password.
        let known = bob.known(stage, &bob.device).await;
        bob.sign_in(stage, known)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        assert!(postbox.one().text.contains("/reset#clw_"));
        post(stage, "not-me", json!({"token": token}))
            .await
            .refused(410, "LINK_INVALID");
    })
    .await;
}

#[tokio::test]
async fn whoever_guesses_does_not_fill_a_mailbox() {
    with_mail(async |stage, postbox| {
        let bob = Person::invited(stage, "bob", 2).await;
        give_address(stage, postbox, &bob, "bob@example.org").await;
        enable(stage, &bob.device.access).await;
        round(stage).await;
        postbox.take();
        for _ in 0..8 {
            let wrong = Some(json!({"code": {"code": "000000"}}));
            prepare(stage, PASSWORD, wrong)
                .await
                .refused(401, "SECOND_FACTOR_WRONG");
        }
        for _ in 0..10 {
            post(stage, "password/forgot", json!({"who": "bob"}))
                .await
                .expect(204);
        }
        let limited = post(stage, "password/forgot", json!({"who": "bob"})).await;
        limited.refused(429, "RATE_LIMITED");
        round(stage).await;
        let subjects: Vec<String> = postbox.take().into_iter().map(|one| one.subject).collect();
        let of = |part: &str| subjects.iter().filter(|one| one.contains(part)).count();
        assert_eq!(
            (of("wrong code"), of("A new password")),
            (2, 3),
            "{subjects:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn without_a_mail_server_everything_says_so() {
    cast::on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let instance = stage.get("/api/v1/instance").send().await.expect(200);
        assert_eq!(instance["mail"], false);
        let shown = show(stage, &bob.device.access, "email").await;
        assert_eq!(
            shown,
            json!({"address": null, "wanted": null, "mail": false})
        );
        want(stage, &bob, "bob@example.org")
            .await
            .refused(409, "MAIL_OFF");
        post(stage, "password/forgot", json!({"who": "bob"}))
            .await
            .refused(409, "MAIL_OFF");
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_taken_away_gets_no_mail_but_the_notice() {
    with_mail(async |stage, postbox| {
        let bob = Person::invited(stage, "bob", 2).await;
        give_address(stage, postbox, &bob, "bob@example.org").await;
        let gone = stage
            .delete("/api/v1/email")
            .bearing(&bob.device.access)
            .send()
            .await;
        gone.expect(204);
        round(stage).await;
        assert!(postbox.one().subject.contains("was changed"));
        post(stage, "password/forgot", json!({"who": "bob"}))
            .await
            .expect(204);
        ask(
            stage,
            &bob.device.access,
            "password",
            json!({"current": PASSWORD, "new": NEW_PASSWORD}),
        )
        .await
        .expect(204);
        round(stage).await;
        assert!(postbox.take().is_empty());
    })
    .await;
}
