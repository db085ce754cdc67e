//! Nobody reaches data without the proof that they may, which is a permit.
//!
//! The server's actions take one, all of them. So do the store's functions, if they are called from
//! anywhere but the rooms that make permits or hold one already. What must run before there can be a
//! permit is a list, `xtask/permitless.txt`, that may only get shorter.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::place::Place;
use crate::tidy::{Fault, Source, has_extension, rust};

const LIST: &str = "xtask/permitless.txt";
const SERVER: &str = "crates/server/src/";
const STORE: &str = "store/";
const ACTION: &str = "action/";
/// They make permits, hold one, or are the data; or they are tests.
const TRUSTED: [&str; 8] = [
    "access.rs",
    "access/",
    "action.rs",
    "action/",
    "store.rs",
    "store/",
    "testing.rs",
    "testing/",
];
/// The ways to the database: a function that takes one of them reads or writes.
const DOORS: [&str; 2] = ["Tx", "Db"];
/// The proofs: only `access` makes them.
const PROOFS: [&str; 3] = ["Permit", "System", "Subscription"];
/// The database itself, which the permits are about, not the data in it.
const ENGINE: &str = "db";

pub(super) fn check(place: &Place, sources: &[Source]) -> Result<Vec<Fault>> {
    let list = fs::read_to_string(place.root().join(LIST))
        .with_context(|| format!("cannot read {LIST}"))?;
    let listed = list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let found = find(sources)?;
    Ok(compare(&listed, found))
}

/// A function that reaches data unproved: its name on the list, and the fault if it is not there.
type Unproved = (String, Fault);

fn compare(listed: &BTreeSet<&str>, found: Vec<Unproved>) -> Vec<Fault> {
    let names: BTreeSet<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let gone = listed.iter().filter(|name| !names.contains(**name));
    let gone = gone.map(|name| {
        Fault::new(
            LIST,
            0,
            format!("{name} needs no exception any more; take it off the list"),
        )
    });
    let gone: Vec<Fault> = gone.collect();
    let new = found
        .into_iter()
        .filter(|(name, _)| !listed.contains(name.as_str()))
        .map(|(_, fault)| fault);
    new.chain(gone).collect()
}

fn find(sources: &[Source]) -> Result<Vec<Unproved>> {
    let mut found = Vec::new();
    let mut unproved = BTreeSet::new();
    for (source, file) in sources
        .iter()
        .filter_map(|source| Some((source, source.path.strip_prefix(SERVER)?)))
    {
        if !has_extension(file, &["rs"]) {
            continue;
        }
        if let Some(action) = file.strip_prefix(ACTION) {
            for (line, function) in permitless(source)? {
                let what = format!(
                    "`{function}` takes no permit; only parts that actions share, pub(super), may"
                );
                found.push((
                    format!("{ACTION}{action}::{function}"),
                    Fault::new(&source.path, line, what),
                ));
            }
        } else if let Some(noun) = file
            .strip_prefix(STORE)
            .and_then(|file| file.strip_suffix(".rs"))
        {
            unproved.extend(
                permitless(source)?
                    .into_iter()
                    .map(|(_, function)| format!("store::{noun}::{function}")),
            );
        }
    }
    for (source, file) in sources
        .iter()
        .filter_map(|source| Some((source, source.path.strip_prefix(SERVER)?)))
    {
        if has_extension(file, &["rs"]) && !TRUSTED.iter().any(|room| file.starts_with(room)) {
            for (line, path) in rust::paths(source)? {
                found.extend(call(&source.path, line, &path, &unproved));
            }
        }
    }
    Ok(found)
}

/// What is wrong with naming this path outside of the trusted rooms.
fn call(file: &str, line: usize, path: &str, unproved: &BTreeSet<String>) -> Option<Unproved> {
    let path = path.strip_prefix("crate::").unwrap_or(path);
    let noun = path.strip_prefix("store::")?;
    if noun.split("::").next() == Some(ENGINE) {
        return None;
    }
    let what = if unproved.contains(path) {
        format!("`{path}` takes no permit, and this is not a room that makes or holds one")
    } else if noun.contains("::") || noun.starts_with(char::is_uppercase) {
        return None;
    } else {
        format!(
            "name the functions of `{path}` by their whole path, so that it is seen which are called"
        )
    };
    Some((path.to_owned(), Fault::new(file, line, what)))
}

/// The public functions that take a door and no proof, with their lines.
fn permitless(source: &Source) -> Result<Vec<(usize, String)>> {
    let tokens: TokenStream = source
        .text
        .parse()
        .map_err(|error| anyhow!("{}: {error}", source.path))?;
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let proofs = proofs(&tokens);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let (TokenTree::Ident(word), Some(TokenTree::Ident(name))) = (token, tokens.get(at + 1))
        else {
            continue;
        };
        if word != "fn" || !is_public(&tokens[..at]) {
            continue;
        }
        let signature = tokens[at + 2..].iter().take_while(|token| !is_body(token));
        let mut words = BTreeSet::new();
        collect_words(signature.cloned().collect(), &mut words);
        if DOORS.iter().any(|door| words.contains(*door)) && words.is_disjoint(&proofs) {
            found.push((name.span().start().line, name.to_string()));
        }
    }
    Ok(found)
}

/// The names of proofs, those that the file gives them itself included: `type Sender<'tx> = Permit<…>;`.
fn proofs(tokens: &[TokenTree]) -> BTreeSet<String> {
    let mut proofs: BTreeSet<String> = PROOFS.map(str::to_owned).into();
    for (at, token) in tokens.iter().enumerate() {
        if let (TokenTree::Ident(word), Some(TokenTree::Ident(name))) = (token, tokens.get(at + 1))
            && word == "type"
        {
            let meaning = tokens[at + 2..]
                .iter()
                .take_while(|token| token.to_string() != ";");
            let mut words = BTreeSet::new();
            collect_words(meaning.cloned().collect(), &mut words);
            if !words.is_disjoint(&proofs) {
                proofs.insert(name.to_string());
            }
        }
    }
    proofs
}

/// `pub` or `pub(crate)`; `pub(super)` stays within the room.
fn is_public(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(word)] => word == "pub",
        [.., TokenTree::Ident(word), TokenTree::Group(scope)] => {
            word == "pub" && scope.stream().to_string() == "crate"
        }
        _ => false,
    }
}

fn is_body(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn collect_words(tokens: TokenStream, words: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => {
                words.insert(word.to_string());
            }
            TokenTree::Group(group) => collect_words(group.stream(), words),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source;

    const STORE_TEXT: &str = "pub fn by_token(tx: &mut Tx, token: &str) -> Result<Row> { x }\n\
        pub fn append(tx: &mut Tx, permit: &Permit<Send>) { x }\n\
        pub fn sweep<'tx>(tx: &mut Tx<'tx>, why: &System) { x }\n\
        pub fn pure(row: &Row) -> Message { x }\n\
        pub(super) fn shared(tx: &mut Tx) { x }\n\
        fn own(tx: &mut Tx) { x }\n";

    fn names(sources: &[Source]) -> Vec<String> {
        find(sources)
            .expect("Rust")
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn an_action_that_takes_no_permit_is_found() {
        assert_eq!(
            names(&[source("crates/server/src/action/message.rs", STORE_TEXT)]),
            ["action/message.rs::by_token"]
        );
    }

    #[test]
    fn a_permit_under_a_name_of_the_file_is_a_permit() {
        let text = "type Sender<'tx> = Permit<'tx, MaySend>;\npub fn send(tx: &mut Tx, sender: &Sender<'_>) { x }\n";
        assert!(names(&[source("crates/server/src/action/message.rs", text)]).is_empty());
    }

    #[test]
    fn a_handler_may_call_only_what_takes_a_permit() {
        let handler = "use crate::store::{self, db::Tx, Row};\n\
            fn a() { store::session::by_token(tx, token); store::session::append(tx, permit); }\n";
        let store = || source("crates/server/src/store/session.rs", STORE_TEXT);
        assert_eq!(
            names(&[store(), source("crates/server/src/http/a.rs", handler)]),
            ["store::session::by_token"]
        );
        assert!(names(&[store(), source("crates/server/src/access/a.rs", handler)]).is_empty());
        let hidden = "use crate::store::session;\n";
        assert_eq!(
            names(&[store(), source("crates/server/src/http/a.rs", hidden)]),
            ["store::session"]
        );
    }

    #[test]
    fn the_list_excuses_and_may_only_get_shorter() {
        let found = || vec![("store::a::b".to_owned(), Fault::new("x.rs", 1, "unproved"))];
        assert_eq!(compare(&BTreeSet::new(), found()).len(), 1);
        assert!(compare(&BTreeSet::from(["store::a::b"]), found()).is_empty());
        assert_eq!(
            compare(&BTreeSet::from(["store::a::b"]), Vec::new()).len(),
            1
        );
    }
}
