//! What scripts rely on: exit codes, JSON on stderr, trust in certificates.

use crate::stage::{PASSWORD, Stage, cloister};

#[test]
fn the_server_says_where_it_listens_and_ends_in_time_when_asked() {
    let mut stage = Stage::new();
    assert!(stage.url.starts_with("https://127.0.0.1:"));
    assert!(stage.pin.starts_with("sha256:") && stage.pin.len() == 71);
    let set_up = stage.set_up.clone().expect("there is no operator yet");
    assert!(set_up.starts_with(&format!("{}/setup#", stage.url)));
    let pin = stage.pin.clone();

    let mut server = stage.server.take().expect("it runs");
    server.signal("TERM");
    assert!(server.wait().success());
    stage.serve("127.0.0.1:0");
    assert_eq!(stage.pin, pin, "the key stays");
    assert_eq!(
        stage
            .set_up
            .as_deref()
            .and_then(|link| link.split('#').nth(1)),
        set_up.split('#').nth(1)
    );
}

#[test]
fn wrong_usage_ends_with_2_and_says_so_in_the_form_that_was_asked_for() {
    let text = cloister().arg("nonsense").output().unwrap();
    assert_eq!(text.status.code(), Some(2));
    assert!(text.stdout.is_empty());
    let json = cloister().args(["send", "--json"]).output().unwrap();
    assert_eq!(json.status.code(), Some(2));
    let error: serde_json::Value = serde_json::from_slice(&json.stderr).unwrap();
    assert_eq!(error["error"]["code"], "USAGE");
    let version = cloister().arg("version").output().unwrap();
    assert!(version.status.success());
    assert!(
        String::from_utf8(version.stdout)
            .unwrap()
            .starts_with("cloister ")
    );
}

#[test]
fn who_is_not_signed_in_is_told_so_with_3() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["whoami"][..],
        &["guild", "list"],
        &["send", "a/b", "text"],
        &["status"],
    ] {
        let mut command = cloister();
        command
            .args(arguments)
            .arg("--json")
            .arg("--profile")
            .arg(folder.path());
        let said = command.output().unwrap();
        assert_eq!(said.status.code(), Some(3), "{arguments:?}");
        let error: serde_json::Value = serde_json::from_slice(&said.stderr).unwrap();
        assert_eq!(error["error"]["code"], "SIGNED_OUT");
    }
}

#[test]
fn an_unknown_certificate_is_refused_and_a_changed_one_too() {
    let (mut stage, alice) = Stage::with_alice();
    let stranger = stage.person("stranger");
    let mut arguments = stage.login_arguments("alice");
    arguments.drain(3..5);
    arguments.push("--json".into());
    let unknown = stranger.run(&arguments);
    assert_eq!(
        (unknown.code, unknown.error().as_str()),
        (7, "CERTIFICATE_UNKNOWN")
    );
    assert!(unknown.stderr.contains(&stage.pin), "the key is shown");

    let other = format!("sha256:{}", "00".repeat(32));
    arguments.extend(["--trust".into(), other]);
    let wrong = stranger.run(&arguments);
    assert_eq!(
        (wrong.code, wrong.error().as_str()),
        (7, "CERTIFICATE_CHANGED")
    );
    assert!(
        !stranger.profile.join("profile.toml").exists(),
        "nothing was pinned"
    );

    let mut server = stage.server.take().expect("it runs");
    server.kill();
    std::fs::remove_dir_all(stage.data().join("tls")).unwrap();
    stage.serve_again();
    let changed = alice.run(&["guild", "create", "Trap", "--json"]);
    assert_eq!(
        (changed.code, changed.error().as_str()),
        (7, "CERTIFICATE_CHANGED")
    );
}

#[test]
fn wrong_credentials_a_taken_name_and_a_dead_invite_have_numbers_of_their_own() {
    let (stage, _alice) = Stage::with_alice();
    std::fs::write(stage.path("wrong"), "not the password").unwrap();
    let eve = stage.person("eve");
    let mut arguments = stage.login_arguments("alice");
    *arguments.last_mut().unwrap() = stage.path("wrong");
    assert_eq!(eve.run(&arguments).code, 3);

    let invite = stage.operator(&["invite", "create", "--json"], &[]);
    let code = invite["code"].as_str().unwrap().to_owned();
    let taken = eve.run(&stage.register_arguments("alice", &code));
    assert_eq!(taken.code, 6, "{}", taken.stderr);
    let dead = eve.run(&stage.register_arguments("eve", "nosuchcode"));
    assert_eq!(dead.code, 6, "{}", dead.stderr);
}

#[test]
fn the_password_comes_from_stdin_when_asked_and_sign_out_destroys_the_store() {
    let (stage, alice) = Stage::with_alice();
    let who = alice.json(&["whoami"]);
    assert_eq!(
        (&who["username"], &who["operator"]),
        (&"alice".into(), &true.into())
    );
    assert_eq!(alice.json(&["status"])["connection"], "online");
    let again = alice.run(&stage.login_arguments("alice"));
    assert_eq!(again.code, 6, "one profile, one account: {}", again.stderr);

    let invite = stage.operator(&["invite", "create", "--json"], &[]);
    let bob = stage.person("bob");
    let mut arguments = stage.register_arguments("bob", invite["code"].as_str().unwrap());
    let file = arguments
        .iter()
        .position(|one| one == "--password-file")
        .unwrap()
        + 1;
    arguments[file] = "-".into();
    let registered = bob.run_with_stdin(&arguments, &format!("{PASSWORD}\n"));
    assert_eq!(registered.code, 0, "{}", registered.stderr);
    assert!(registered.stdout.contains("recovery key: "));

    assert_eq!(bob.run(&["logout"]).code, 0);
    assert!(!bob.profile.join("store.db").exists());
    assert!(!bob.profile.join("store.key").exists());
    assert_eq!(bob.run(&["whoami"]).code, 3);
}

#[test]
fn the_operator_can_look_at_a_server_without_starting_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let run = |arguments: &[&str]| {
        let mut command = cloister();
        command
            .args(arguments)
            .arg("--data")
            .arg(&data)
            .output()
            .unwrap()
    };
    assert_eq!(
        run(&["config", "check"]).status.code(),
        Some(2),
        "there is nothing yet"
    );
    assert!(run(&["init"]).status.success());
    assert!(run(&["config", "check"]).status.success());
    let shown = String::from_utf8(run(&["config", "show"]).stdout).unwrap();
    assert!(shown.contains("listen = \"0.0.0.0:8765\""), "{shown}");
    assert!(run(&["doctor"]).status.success());

    let policy = run(&["policy", "set", "--registration", "closed", "--json"]);
    let policy: serde_json::Value = serde_json::from_slice(&policy.stdout).unwrap();
    assert_eq!(policy["registration"], "closed");
    assert_eq!(policy["registration_configured"], "invite");
    assert_ne!(
        run(&["policy", "set", "--registration", "maybe"])
            .status
            .code(),
        Some(0)
    );
    let events = run(&["user", "events", "--kind", "policy_changed", "--json"]);
    let event: serde_json::Value = serde_json::from_slice(&events.stdout).unwrap();
    assert_eq!(event["about"], "registration: invite → closed");

    std::fs::write(data.join("cloister.toml"), "lisen = \"0.0.0.0:1\"").unwrap();
    assert_ne!(run(&["config", "check"]).status.code(), Some(0));
    let findings = run(&["doctor", "--json"]);
    assert_eq!(findings.status.code(), Some(1));
    assert!(
        String::from_utf8(findings.stdout)
            .unwrap()
            .contains("\"ok\":false")
    );
}

#[test]
fn doctor_names_each_weak_setting_and_operators_without_a_second_factor() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let run = |arguments: &[&str]| {
        let mut command = cloister();
        let command = command.args(arguments).arg("--data").arg(&data);
        command.output().unwrap()
    };
    assert!(run(&["init"]).status.success());
    let weak = "[limits]\nlockout = \"everybody\"\nwrong_passwords = 50";
    std::fs::write(data.join("cloister.toml"), weak).unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "vivid otter climbs nine").unwrap();
    let file = password.to_str().unwrap();
    let made = run(&[
        "user",
        "create",
        "trent",
        "--operator",
        "--password-file",
        file,
    ]);
    assert!(made.status.success());
    let said = run(&["doctor", "--json"]);
    assert_eq!(said.status.code(), Some(1));
    let said = String::from_utf8(said.stdout).unwrap();
    let troubled: Vec<String> = said
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|finding| finding["ok"] == false)
        .map(|finding| finding["check"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        troubled,
        ["limits.lockout", "limits.wrong_passwords", "operators"]
    );
}

#[test]
fn a_hangup_ends_nothing() {
    let (stage, alice) = Stage::with_alice();
    let server = stage.server.as_ref().expect("it runs");
    server.signal("HUP");
    assert!(alice.json(&["guild", "create", "Garden"])["id"].is_string());
}

#[test]
fn doctor_says_when_the_certificate_ends_soon() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let run = |arguments: &[&str]| {
        let mut command = cloister();
        let command = command.args(arguments).arg("--data").arg(&data);
        command.output().unwrap()
    };
    assert!(run(&["init"]).status.success());
    let key = rcgen::KeyPair::generate().unwrap();
    let (cert_file, key_file) = (data.join("chat.pem"), data.join("chat.key.pem"));
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    let settings = format!("[tls]\ncert_file = {cert_file:?}\nkey_file = {key_file:?}\n");
    std::fs::write(data.join("cloister.toml"), settings).unwrap();
    let now = time::OffsetDateTime::now_utc();
    for (days, is_fine) in [(20, true), (3, false), (-1, false)] {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = now - time::Duration::days(30);
        params.not_after = now + time::Duration::days(days);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(&cert_file, certificate.pem()).unwrap();
        let said = String::from_utf8(run(&["doctor", "--json"]).stdout).unwrap();
        let finding = said
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .find(|finding| finding["check"] == "certificate")
            .unwrap();
        assert_eq!(finding["ok"], is_fine, "{days}: {finding}");
    }
}
