//! What becomes of letters: handed on once, over TLS, also when the mail server is away.

use cloister_server::{App, env::Env, mail, operator};

use super::email::{round, want, with_mail};
use crate::cast::{
    Stage, config,
    guard::MINUTE_MS,
    person::Person,
    postbox::{Manner, Postbox},
};

#[tokio::test]
async fn letters_wait_for_a_mail_server_that_is_away_and_come_once() {
    with_mail(async |stage, postbox| {
        let bob = Person::invited(stage, "bob", 2).await;
        postbox.behave(Manner::Busy);
        want(stage, &bob, "bob@example.org").await.expect(204);
        assert_eq!(round(stage).await, 0);
        let standing = operator::mail::standing_on(&stage.app).await.unwrap();
        assert_eq!(standing.waiting, 1);
        assert!(standing.said.unwrap().contains("451"));
        // Not at every round, but after a minute, two, four.
        for wait in [1, 2, 4] {
            stage.wait(wait * MINUTE_MS - 1);
            assert_eq!(round(stage).await, 0);
            stage.wait(1);
            if wait == 4 {
                postbox.behave(Manner::Takes);
            }
            assert_eq!(round(stage).await, u32::from(wait == 4));
        }
        postbox.one();
        stage.wait(60 * MINUTE_MS);
        assert_eq!(round(stage).await, 0);
        let standing = operator::mail::standing_on(&stage.app).await.unwrap();
        assert_eq!(
            (standing.waiting, standing.sent, standing.failed),
            (0, 1, 0)
        );
    })
    .await;
}

#[tokio::test]
async fn what_may_have_arrived_is_not_sent_again_and_what_is_refused_is_given_up() {
    with_mail(async |stage, postbox| {
        let bob = Person::invited(stage, "bob", 2).await;
        postbox.behave(Manner::HangsUp);
        want(stage, &bob, "bob@example.org").await.expect(204);
        round(stage).await;
        postbox.one();
        postbox.behave(Manner::Refuses);
        want(stage, &bob, "bob@example.net").await.expect(204);
        round(stage).await;
        postbox.behave(Manner::Takes);
        for _ in 0..8 {
            stage.wait(60 * MINUTE_MS);
            assert_eq!(round(stage).await, 0);
        }
        assert!(postbox.take().is_empty());
        let standing = operator::mail::standing_on(&stage.app).await.unwrap();
        assert_eq!((standing.waiting, standing.failed), (0, 2));
    })
    .await;
}

#[tokio::test]
async fn a_mail_server_without_tls_or_with_another_name_gets_nothing() {
    let postbox = Postbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let mut unknown = postbox.configure(config(), folder.path());
    unknown.mail.ca_file = None;
    let mut named = postbox.configure(config(), folder.path());
    named.mail.server = Some("127.0.0.1".to_owned());
    let to = mail::EmailAddress::parse("bob@example.org").unwrap();
    for config in [unknown, named] {
        let stage = Stage::open_sqlite(config).await;
        let went = operator::mail::test_on(&stage.app, &to).await.unwrap();
        assert!(went.is_err());
    }
    assert!(postbox.take().is_empty());
    let good = Stage::open_sqlite(postbox.configure(config(), folder.path())).await;
    operator::mail::test_on(&good.app, &to)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(postbox.one().subject, "Cloister can send mail");
}

#[tokio::test]
async fn a_sealed_password_opens_with_the_servers_keys() {
    let postbox = Postbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = postbox.configure(config(), folder.path());
    config.mail.password = None;
    let data = folder.path().join("data");
    let env = Env::system();
    operator::mail::set_password(&data, config.clone(), env.clone(), "hunter2")
        .await
        .unwrap();
    let app = App::open(&data, config, env).await.unwrap();
    let to = mail::EmailAddress::parse("bob@example.org").unwrap();
    operator::mail::test_on(&app, &to).await.unwrap().unwrap();
    assert_eq!(postbox.one().login, "AGNoYXQAaHVudGVyMg==");
}

#[tokio::test]
async fn a_mail_outlives_its_server_and_comes_once() {
    let postbox = Postbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let config = postbox.configure(config(), folder.path());
    let stage = Stage::open_sqlite(config.clone()).await;
    let bob = Person::invited(&stage, "bob", 2).await;
    // One waits, one may have arrived, one was claimed for a try that never was.
    postbox.behave(Manner::Busy);
    want(&stage, &bob, "waits@example.org").await.expect(204);
    round(&stage).await;
    postbox.behave(Manner::HangsUp);
    want(&stage, &bob, "arrived@example.org").await.expect(204);
    round(&stage).await;
    assert_eq!(postbox.one().to, ["arrived@example.org"]);
    want(&stage, &bob, "written@example.org").await.expect(204);
    postbox.behave(Manner::Takes);
    // Another process takes the folder over; the first one never ends in order.
    let later = stage.now() + 20 * MINUTE_MS;
    let env = Env::injected(move || later, |bytes| bytes.fill(7));
    let other = App::open(stage.data(), config, env).await.unwrap();
    assert_eq!(mail::round(&other).await.unwrap(), 2);
    stage.wait(30 * MINUTE_MS);
    assert_eq!(round(&stage).await, 0);
    let mut to: Vec<String> = postbox.take().into_iter().flat_map(|one| one.to).collect();
    to.sort();
    assert_eq!(to, ["waits@example.org", "written@example.org"]);
}
