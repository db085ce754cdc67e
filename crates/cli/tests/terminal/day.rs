//! A day of two people, and then a look at everything that the server has written down: its
//! database, its files, its logs, and what was said to it.

use std::{fs, path::Path, process::Command};

use cloister_proof::fingerprint::{from_base32, normalise};

use crate::stage::{PASSWORD, Person, Stage};

const GUILD: &str = "Friends";
const GENERAL: &str = "Friends/general";

/// Where something may be found after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Nowhere,
    /// Only on its way to the server: a password, or what was reported on purpose.
    Requests,
}

struct Secret {
    what: &'static str,
    bytes: Vec<u8>,
    may_be: Place,
}

/// Everything that must not be found on the server.
struct Secrets(Vec<Secret>);

impl Secrets {
    fn keep(&mut self, what: &'static str, bytes: impl Into<Vec<u8>>) {
        self.put(what, bytes, Place::Nowhere);
    }

    fn put(&mut self, what: &'static str, bytes: impl Into<Vec<u8>>, may_be: Place) {
        let bytes = bytes.into();
        self.0.push(Secret {
            what,
            bytes,
            may_be,
        });
    }

    /// Nothing of it is in `bytes`.
    fn are_not_in(&self, place: &str, bytes: &[u8]) {
        let hay = Hay::of(bytes);
        for secret in &self.0 {
            let found = hay.form_of(&secret.bytes);
            assert!(found.is_none(), "{} is in {place} {found:?}", secret.what);
        }
    }

    fn are_not_below(&self, folder: &Path) {
        each_file(folder, &mut |path, bytes| {
            self.are_not_in(&path.display().to_string(), bytes);
        });
    }

    /// What people said to the server gives away what they meant for it, and nothing else.
    fn are_not_in_requests(&self, bytes: &[u8]) {
        let hay = Hay::of(bytes);
        for secret in &self.0 {
            let found = hay.form_of(&secret.bytes);
            let expected = secret.may_be == Place::Requests;
            assert_eq!(
                found.is_some(),
                expected,
                "{} in requests: {found:?}",
                secret.what
            );
        }
    }
}

fn each_file(folder: &Path, look: &mut dyn FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            each_file(&path, look);
        } else if let Ok(bytes) = fs::read(&path) {
            look(&path, &bytes);
        }
    }
}

/// Bytes to search, each as one character; as they are, and in small letters.
struct Hay {
    exact: String,
    lower: String,
}

impl Hay {
    fn of(bytes: &[u8]) -> Hay {
        let exact = latin(bytes);
        Hay {
            lower: exact.to_ascii_lowercase(),
            exact,
        }
    }

    /// How something stands here, if it does: as it is or in capitals, as hexadecimal digits, as
    /// text of two bytes a letter, as base64 of either alphabet, as a list of numbers.
    fn form_of(&self, secret: &[u8]) -> Option<&'static str> {
        let lower = secret.to_ascii_lowercase();
        let wide: Vec<u8> = lower.iter().flat_map(|byte| [*byte, 0]).collect();
        let hex: Vec<String> = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let numbers: Vec<String> = secret.iter().map(u8::to_string).collect();
        let forms = [
            ("as it is", latin(&lower)),
            ("in two bytes a letter", latin(&wide)),
            ("in hexadecimal digits", hex.concat()),
            ("as a list", numbers.join(",")),
        ];
        for (name, form) in forms {
            if self.lower.contains(&form) {
                return Some(name);
            }
        }
        let in_base64 = base64_of(secret).into_iter().any(|form| {
            let other = form.replace('+', "-").replace('/', "_");
            self.exact.contains(&form) || self.exact.contains(&other)
        });
        in_base64.then_some("in base64")
    }
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The base64 of a text wherever it stands in something longer: three places, without its ends,
/// which depend on what surrounds it.
fn base64_of(text: &[u8]) -> Vec<String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    (0..3)
        .map(|skipped| {
            let whole = text.get(skipped..).unwrap_or_default();
            let mut digits = String::new();
            for three in whole.chunks_exact(3) {
                let bits =
                    u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
                for place in [18, 12, 6, 0] {
                    digits.push(char::from(DIGITS[(bits >> place & 63) as usize]));
                }
            }
            digits
        })
        .filter(|digits| digits.len() >= 8)
        .collect()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A guild and a link into it, with which bob comes.
fn meet(stage: &Stage, alice: &Person, secrets: &mut Secrets) -> Person {
    let id = text(&alice.json(&["guild", "create", GUILD])["id"]);
    let channels = alice.all(&["channel", "list", "--guild", &id]);
    if !channels.iter().any(|channel| channel["name"] == "general") {
        alice.json(&["channel", "create", "--guild", &id, "general"]);
    }
    let code = text(&alice.json(&["invite", "create", "--guild", GUILD])["code"]);
    let (_, seed) = code.split_once('#').expect("a seed");
    secrets.keep("the seed of a link", seed);
    secrets.keep("the seed of a link", from_base32(seed).expect("a seed"));
    let bob = stage.person("bob");
    let key = text(&bob.json(&stage.register_arguments("bob", &code))["recovery_key"]);
    let plain = normalise(&key).replace('-', "");
    secrets.keep("a recovery key", from_base32(&plain[..32]).expect("a key"));
    secrets.keep("a recovery key", plain);
    secrets.keep("a recovery key", key);
    for person in [alice, &bob] {
        let key = fs::read(person.profile.join("store.key")).expect("a key");
        secrets.keep("the key of a store", key);
    }
    bob
}

/// What people say in a day, in every way there is.
fn talk(alice: &Person, bob: &Person, secrets: &mut Secrets) {
    let heron = "the heron landed at midnight";
    let first = alice.sends(GENERAL, heron);
    secrets.keep("a message", heron);
    let mut said = |what, who: &Person, arguments: &[&str]| {
        let text = *arguments.last().expect("a text");
        secrets.keep(what, text);
        let line = who.json(arguments);
        line["id"].as_str().unwrap_or_default().to_owned()
    };
    bob.reads(GENERAL);
    said(
        "an answer",
        bob,
        &["reply", &first, "herons sleep standing"],
    );
    said(
        "a message",
        bob,
        &["send", "@alice", "my sister is pregnant"],
    );
    said(
        "a message",
        alice,
        &["send", "@bob", "congratulations to her"],
    );
    said("an edit", alice, &["edit", &first, "it landed before dawn"]);
    said("a reaction", bob, &["react", &first, "\u{1f9a9}"]);
    let gone = said(
        "a deleted message",
        alice,
        &["send", GENERAL, "forget this marmalade"],
    );
    alice.json(&["delete", &gone]);
    let poll = [
        "poll",
        GENERAL,
        "which lighthouse shall we visit",
        "the crimson",
        "the derelict one",
    ];
    said("an option of a poll", alice, &poll);
    secrets.keep("a question of a poll", poll[2]);
    secrets.keep("an option of a poll", poll[3]);
    alice.json(&[
        "group",
        "create",
        "--name",
        "surprise for grandmother",
        "bob",
    ]);
    secrets.keep("the name of a conversation", "surprise for grandmother");
    assert_eq!(bob.all(&["search", "congratulations her"]).len(), 1);
    bob.all(&["search", "pomegranate"]);
    secrets.keep("what was searched for", "pomegranate");
}

/// What is reported is sent to the server on purpose, and kept sealed.
fn complain(alice: &Person, bob: &Person, secrets: &mut Secrets) {
    let insult = "somebody stole my bicycle";
    let sent = bob.sends(GENERAL, insult);
    alice.reads(GENERAL);
    let note = "an unpleasant episode";
    let words = [
        "report", "send", &sent, "--reason", "threats", "--yes", "--note", note,
    ];
    alice.json(&words);
    secrets.put("a reported message", insult, Place::Requests);
    secrets.put("the note of a report", note, Place::Requests);
    let reports = alice.all(&["report", "list", "--guild", GUILD]);
    assert_eq!(reports[0]["messages"][0]["body"], insult);
}

/// A day; what of it is secret comes back.
fn day(stage: &Stage, alice: &Person) -> Secrets {
    let mut secrets = Secrets(Vec::new());
    secrets.put("a password", PASSWORD, Place::Requests);
    let bob = meet(stage, alice, &mut secrets);
    talk(alice, &bob, &mut secrets);
    complain(alice, &bob, &mut secrets);
    assert_eq!(bob.run(&["logout"]).code, 0);
    secrets
}

/// What the server knows is found in the same place by the same search.
fn is_found(what: &str, place: &str, bytes: &[u8]) {
    let found = Hay::of(bytes).form_of(what.as_bytes());
    assert!(found.is_some(), "{what:?} is not in {place}");
}

fn log_of(stage: &Stage) -> Vec<u8> {
    fs::read(stage.log()).expect("a log")
}

#[test]
fn what_is_looked_for_is_found_in_every_form_and_what_is_not_there_is_not() {
    let forms: [(&[u8], Option<&str>); 7] = [
        (b"x\0\xffA Lighthouse.", Some("as it is")),
        (
            b"a\0 \0l\0i\0g\0h\0t\0h\0o\0u\0s\0e\0",
            Some("in two bytes a letter"),
        ),
        (
            b"\\x0061206C69676874686f757365",
            Some("in hexadecimal digits"),
        ),
        (
            b"[97,32,108,105,103,104,116,104,111,117,115,101]",
            Some("as a list"),
        ),
        (b"'eHgiYSBsaWdodGhvdXNlIg=='", Some("in base64")),
        (b"'eGEgbGlnaHRob3VzZXl5'", Some("in base64")),
        (b"a light house", None),
    ];
    for (bytes, form) in forms {
        assert_eq!(Hay::of(bytes).form_of(b"a lighthouse"), form);
    }
}

#[test]
fn nothing_that_was_said_searched_or_kept_secret_is_on_the_server_after_a_day() {
    let debug = vec![("RUST_LOG".to_owned(), "debug".to_owned())];
    let (stage, tap) = Stage::within(debug).tapped();
    let (mut stage, alice) = stage.and_alice();
    let secrets = day(&stage, &alice);
    secrets.are_not_below(&stage.data());
    secrets.are_not_in("the log", &log_of(&stage));
    secrets.are_not_in_requests(&tap.heard());
    // The write-ahead log too, and what is left when it was taken in.
    stage.server.as_mut().expect("a server").signal("TERM");
    stage.server.as_mut().expect("a server").wait();
    secrets.are_not_below(&stage.data());
    // Nothing was searched in the wrong place.
    let mut folder = Vec::new();
    each_file(&stage.data(), &mut |_, bytes| {
        folder.extend_from_slice(bytes);
    });
    is_found(GUILD, "the data folder", &folder);
    is_found("bob", "the data folder", &folder);
    is_found("debug", "the log", &log_of(&stage));
    is_found("roster_hash", "the requests", &tap.heard());
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test command says where its PostgreSQL is"
)]
fn nor_is_it_in_a_dump_of_postgres() {
    let Ok(url) = std::env::var("CLOISTER_TEST_POSTGRES_URL") else {
        return;
    };
    let (server, _) = url.rsplit_once('/').expect("a database in the address");
    let name = format!("day_{}", std::process::id());
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        let output = output.expect("PostgreSQL's programs are installed");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        output.stdout
    };
    run("psql", &[&url, "-qc", &format!("CREATE DATABASE {name}")]);
    let database = format!("{server}/{name}");
    let environment = vec![
        ("DATABASE_URL".to_owned(), database.clone()),
        ("RUST_LOG".to_owned(), "debug".to_owned()),
    ];
    let (stage, alice) = Stage::within(environment).and_alice();
    let secrets = day(&stage, &alice);
    let dump = run("pg_dump", &["--inserts", &database]);
    secrets.are_not_in("the dump", &dump);
    secrets.are_not_below(&stage.data());
    secrets.are_not_in("the log", &log_of(&stage));
    is_found(GUILD, "the dump", &dump);
    is_found("bob", "the dump", &dump);
    drop(stage);
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    run("psql", &[&url, "-qc", &drop]);
}
