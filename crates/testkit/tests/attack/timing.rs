//! A28: what is secret is compared in a time that says nothing of it. Time itself is too coarse to
//! be measured in a test; this reads the sources, and fails where such a comparison is written in
//! another way.

use std::{fs, path::Path};

/// A function that compares a secret, and what it does that with.
const COMPARISONS: [(&str, &str, &str); 5] = [
    ("crates/proof/src/frank.rs", "pub fn opens(", ".ct_eq("),
    (
        "crates/proof/src/frank.rs",
        "pub fn tag_verifies(",
        ".ct_eq(",
    ),
    (
        "crates/server/src/action/session.rs",
        "fn check_client(",
        "ConstantTimeEq::ct_eq(",
    ),
    // HMAC of the library, compared by it.
    ("crates/e2ee/src/sas.rs", "fn ", ".verify_mac("),
    ("crates/server/src/seal/totp.rs", "fn ", ".check("),
];

/// Secrets that are looked up are looked up by their hash: how long that takes says nothing of
/// what was guessed.
const LOOKUPS: [(&str, &str); 3] = [
    ("crates/server/src/store/session.rs", "t.token_hash = $1"),
    ("crates/server/src/store/one_time.rs", "token_hash = $1"),
    ("crates/server/src/store/invite.rs", "i.code_hash = $1"),
];

fn source(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap()
}

#[test]
fn a28_secrets_are_compared_in_constant_time_or_looked_up_by_their_hash() {
    for (path, function, how) in COMPARISONS {
        let text = source(path);
        let start = text.find(function);
        let body = &text[start.unwrap_or_else(|| panic!("{path} has no {function:?}"))..];
        let body = match function {
            "fn " => body,
            _ => &body[..body.find("\n}\n").unwrap()],
        };
        assert!(body.contains(how), "{function}…) of {path} lacks {how:?}");
        if function != "fn " {
            assert!(!body.contains(" == "), "{function}…) of {path} compares");
        }
    }
    for (path, how) in LOOKUPS {
        assert!(source(path).contains(how), "{path} lacks {how:?}");
    }
}
