//! Every function of the server's store proves with a permit that its caller may do this. The few that
//! must run before there can be a permit are listed in `xtask/permitless.txt`, and the list may only
//! get shorter.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::place::Place;
use crate::tidy::{Fault, Source, has_extension};

const LIST: &str = "xtask/permitless.txt";
const STORE: &str = "crates/server/src/store/";
/// The ways to the database: a function that takes one of them reads or writes.
const DOORS: [&str; 2] = ["Tx", "Db"];
/// The proofs: only `access` makes them.
const PROOFS: [&str; 3] = ["Permit", "System", "Subscription"];
/// The database itself, which the permits are about, not the data in it.
const ENGINE: [&str; 2] = ["db.rs", "db/"];

pub(super) fn check(place: &Place, sources: &[Source]) -> Result<Vec<Fault>> {
    let list = fs::read_to_string(place.root().join(LIST))
        .with_context(|| format!("cannot read {LIST}"))?;
    let listed: BTreeSet<&str> = list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let mut found = BTreeSet::new();
    let mut faults = Vec::new();
    for source in sources {
        let Some(noun) = source.path.strip_prefix(STORE) else {
            continue;
        };
        if !has_extension(noun, &["rs"]) || ENGINE.iter().any(|engine| noun.starts_with(engine)) {
            continue;
        }
        for (line, function) in permitless(source)? {
            let name = format!("{noun}::{function}");
            if !listed.contains(name.as_str()) {
                let what = format!(
                    "`{function}` reaches data without a permit; take a Permit, or System with a reason"
                );
                faults.push(Fault::new(&source.path, line, what));
            }
            found.insert(name);
        }
    }
    for gone in listed.iter().filter(|name| !found.contains(**name)) {
        faults.push(Fault::new(
            LIST,
            0,
            format!("{gone} is no longer there or takes a permit now; take it off the list"),
        ));
    }
    Ok(faults)
}

/// The public functions that take a door and no proof, with their lines.
fn permitless(source: &Source) -> Result<Vec<(usize, String)>> {
    let tokens: TokenStream = source
        .text
        .parse()
        .map_err(|error| anyhow!("{}: {error}", source.path))?;
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
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
        let names = |all: &[&str]| all.iter().any(|one| words.contains(*one));
        if names(&DOORS) && !names(&PROOFS) {
            found.push((name.span().start().line, name.to_string()));
        }
    }
    Ok(found)
}

fn is_public(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(word)] | [.., TokenTree::Ident(word), TokenTree::Group(_)] => {
            word == "pub"
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

    #[test]
    fn only_public_functions_that_reach_data_without_a_proof_are_found() {
        let text = "pub fn by_token(tx: &mut Tx, token: &str) -> Result<Row> { x }\n\
            pub(crate) fn rights(tx: &mut Tx) -> Rights { x }\n\
            pub fn append(tx: &mut Tx, permit: &Permit<Send>) { x }\n\
            pub fn sweep<'tx>(tx: &mut Tx<'tx>, why: &System) { x }\n\
            pub fn pure(row: &Row) -> Message { x }\n\
            fn own(tx: &mut Tx) { x }\n";
        let found = permitless(&source("crates/server/src/store/session.rs", text)).expect("Rust");
        assert_eq!(
            found,
            [(1, "by_token".to_owned()), (2, "rights".to_owned())]
        );
    }
}
