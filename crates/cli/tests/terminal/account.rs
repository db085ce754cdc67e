//! What guards an account, from terminals.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use totp_rs::{Builder, Secret};

use crate::stage::{Person, Stage};

/// What an authenticator shows now.
#[expect(
    clippy::disallowed_methods,
    reason = "the built program reads the system's clock, and so does an authenticator"
)]
fn code_of(secret: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    totp.generate(now.as_secs()).to_string()
}

fn with(arguments: Vec<String>, more: &[&str]) -> Vec<String> {
    let more = more.iter().map(|one| (*one).to_owned());
    arguments.into_iter().chain(more).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[test]
fn an_authenticator_is_set_up_and_a_backup_code_signs_in() {
    let (stage, alice) = Stage::with_alice();
    assert_eq!(alice.json(&["factor", "show"])["totp_at"], Value::Null);
    let said = alice.answers(&["factor", "enable"], |offer| {
        code_of(&text(&offer["secret"]))
    });
    let codes = said[1]["backup_codes"].as_array().expect("codes").clone();
    assert_eq!(codes.len(), 10);
    assert_eq!(alice.json(&["factor", "show"])["backup_codes_left"], 10);

    let other = stage.person("alice-elsewhere");
    let alone = other.run(&with(stage.login_arguments("alice"), &["--json"]));
    assert_eq!(
        (alone.code, alone.error().as_str()),
        (3, "SECOND_FACTOR_REQUIRED")
    );
    let wrong = with(
        stage.login_arguments("alice"),
        &["--code", "000000", "--json"],
    );
    let wrong = other.run(&wrong);
    assert_eq!(
        (wrong.code, wrong.error().as_str()),
        (3, "SECOND_FACTOR_WRONG")
    );
    let backup = text(&codes[0]);
    let second = other.starts(&with(stage.login_arguments("alice"), &["--code", &backup]));
    let pending = second.lines.next_json();
    assert_eq!(pending["state"], "pending");
    alice.json(&["device", "approve", &text(&pending["code"])]);
    assert_eq!(second.lines.next_json()["state"], "active");
    let kinds: Vec<String> = alice
        .all(&["security-events"])
        .iter()
        .map(|event| text(&event["kind"]))
        .collect();
    for kind in ["totp_enabled", "backup_code_used", "signed_in_new_device"] {
        assert!(kinds.contains(&kind.to_owned()), "{kind} in {kinds:?}");
    }
}

#[test]
fn a_changed_password_counts_and_the_operators_link_replaces_it() {
    let (stage, alice) = Stage::with_alice();
    let new = stage.path("new-password");
    fs::write(&new, "eleven brass kettles hum").unwrap();
    let old = stage.password_file();
    let change = [
        "password",
        "change",
        "--password-file",
        &old,
        "--new-password-file",
        &new,
    ];
    alice.json(&change);
    let stale = alice.run(&change);
    assert_eq!(stale.code, 3, "{}", stale.stderr);
    let link = stage.operator(&["user", "reset-password", "alice", "--json"], &[]);
    assert!(text(&link["url"]).starts_with(&format!("{}/reset#clw_", stage.url)));
}

#[test]
fn what_the_operator_ends_beside_the_server_is_over_within_a_second() {
    let (stage, alice) = Stage::with_alice();
    let listed: Vec<Value> = alice.all(&["session", "list"]);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["this_one"], true);
    let keys = |stage: &Stage| stage.operator(&["keys", "list", "--json"], &[])["kid"].clone();
    let before = keys(&stage);
    stage.operator(&["keys", "rotate", "--json"], &[]);
    assert_ne!(keys(&stage), before);
    // Nobody noticed.
    assert_eq!(alice.all(&["session", "list"]).len(), 1);
    stage.operator(&["user", "sign-out", "alice", "--json"], &[]);
    let ended = alice.run(&["session", "list", "--json"]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert_eq!(sessions_of(&stage), 0);
    stage.operator(&["user", "disable", "alice", "--json"], &[]);
    let refused: Person = stage.person("again");
    let refused = refused.run(&with(stage.login_arguments("alice"), &["--json"]));
    assert_eq!(
        (refused.code, refused.error().as_str()),
        (4, "ACCOUNT_DISABLED")
    );
}

#[test]
fn who_applies_from_a_terminal_is_let_in_by_the_operator_on_the_machine() {
    let (stage, _alice) = Stage::with_alice();
    let carol = stage.person("carol");
    let apply = [
        "apply",
        "--server",
        &stage.url,
        "--trust",
        &stage.pin,
        "--username",
        "carol",
    ];
    let early = carol.run(&apply);
    assert!(
        early.stderr.contains("takes no applications"),
        "{}",
        early.stderr
    );
    stage.operator(
        &["policy", "set", "--registration", "application", "--json"],
        &[],
    );
    let question = [
        "account-application",
        "questions",
        "--ask",
        "Whom do you know?",
        "--json",
    ];
    stage.operator(&question, &[]);
    assert_eq!(carol.json(&apply)["question"], "Whom do you know?");
    let answered = [&apply[..], &["--answer", "Alice, from school"]].concat();
    assert_eq!(carol.json(&answered)["state"], "waiting");
    let waits = stage.operator(&["account-application", "list", "--json"], &[]);
    assert_eq!(waits["username"], "carol");
    assert_eq!(waits["answers"][0]["answer"], "Alice, from school");
    let approved = stage.operator(&["account-application", "approve", "carol", "--json"], &[]);
    let once = stage.path("one-time-password");
    fs::write(&once, text(&approved["password"])).unwrap();
    let password = stage.password_file();
    let register = [
        "register",
        "--server",
        &stage.url,
        "--trust",
        &stage.pin,
        "--username",
        "carol",
        "--password-file",
        &password,
        "--activation-file",
        &once,
    ];
    assert_eq!(carol.json(&register)["username"], "carol");
    let again = [&register[..], &["--json"]].concat();
    let again = stage.person("again").run(&again);
    assert_eq!(again.error(), "LINK_INVALID", "{}", again.stderr);
}

fn sessions_of(stage: &Stage) -> u64 {
    let shown = stage.operator(&["user", "show", "alice", "--json"], &[]);
    shown["sessions"].as_u64().expect("a number")
}
