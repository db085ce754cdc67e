//! Rules about Rust's tokens: what the crates without input and output may name, where SQL may stand,
//! and macros that mean unfinished work. Comments are no tokens; doc comments and unit tests are skipped.

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::tidy::{Fault, Source};

/// These take the time, chance and everything from outside as arguments.
const SANS_IO: [&str; 5] = [
    "crates/wire/src/",
    "crates/proof/src/",
    "crates/e2ee/src/",
    "crates/client/src/",
    "crates/sfu/src/",
];
/// What such a crate may not name; what starts so is meant as well.
const AMBIENT: [&str; 12] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "std::time::SystemTime",
    "std::time::Instant",
    "SystemTime::now",
    "Instant::now",
    "getrandom",
    "tokio",
];
/// The only rooms that write SQL. The last two look into tables past their owners: the simulator judges and
/// lies that way, and the benches fill a store with more than they could send.
const SQL_ROOMS: [&str; 4] = [
    "crates/server/src/store/",
    "crates/client/src/store/",
    "crates/testkit/src/",
    "crates/bench/src/",
];
const SQL: [&str; 7] = [
    "SELECT ",
    "INSERT INTO ",
    "INSERT OR ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "DROP TABLE ",
    "ALTER TABLE ",
];
const UNFINISHED: [&str; 2] = ["todo", "unimplemented"];

pub(super) fn check(source: &Source) -> Result<Vec<Fault>> {
    let found = Found::of(source)?;
    let mut faults = Vec::new();
    let mut fault = |line: usize, what: String| faults.push(Fault::new(&source.path, line, what));
    for (line, name) in &found.macros {
        if UNFINISHED.contains(&name.as_str()) {
            fault(*line, format!("`{name}!`: finish it, or leave it out"));
        }
    }
    if SANS_IO.iter().any(|folder| source.path.starts_with(folder)) {
        for (line, path) in &found.paths {
            if AMBIENT.iter().any(|banned| is_in(path, banned)) {
                fault(
                    *line,
                    format!("`{path}`: this crate takes time, chance and the outside as arguments"),
                );
            }
        }
    }
    let may_hold_sql = SQL_ROOMS.iter().any(|room| source.path.starts_with(room));
    if source.path.starts_with("crates/") && source.path.contains("/src/") && !may_hold_sql {
        for (line, literal) in &found.literals {
            if is_sql(literal) {
                fault(*line, "SQL stands only in store/".to_owned());
            }
        }
    }
    Ok(faults)
}

/// Every path that a file names, whole even where `use` groups them, with its line.
pub(super) fn paths(source: &Source) -> Result<Vec<(usize, String)>> {
    Ok(Found::of(source)?.paths)
}

fn is_in(path: &str, start: &str) -> bool {
    path.strip_prefix(start)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn is_sql(literal: &str) -> bool {
    let content = literal
        .trim_start_matches(['r', 'b', '#', '"'])
        .trim_start();
    SQL.iter().any(|verb| content.starts_with(verb))
        || content.starts_with("UPDATE ") && content.contains(" SET ")
        || content.starts_with("WITH ") && content.contains(" SELECT ")
}

/// What stands in a file, each with its line.
#[derive(Default)]
struct Found {
    paths: Vec<(usize, String)>,
    literals: Vec<(usize, String)>,
    macros: Vec<(usize, String)>,
}

impl Found {
    fn of(source: &Source) -> Result<Self> {
        let tokens: TokenStream = source
            .text
            .parse()
            .map_err(|error| anyhow!("{}: {error}", source.path))?;
        let mut found = Self::default();
        found.read(&tokens.into_iter().collect::<Vec<_>>());
        Ok(found)
    }

    fn read(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Punct(mark) if mark.as_char() == '#' => self.attribute(tokens, at),
                TokenTree::Ident(_) => self.path(tokens, at, ""),
                TokenTree::Group(group) => {
                    self.read(&group.stream().into_iter().collect::<Vec<_>>());
                    at + 1
                }
                TokenTree::Literal(literal) => {
                    self.literals
                        .push((literal.span().start().line, literal.to_string()));
                    at + 1
                }
                TokenTree::Punct(_) => at + 1,
            };
        }
    }

    /// Skips `#[doc = "…"]`, which is what a doc comment is, and what is under `#[cfg(test)]`; reads into
    /// every other attribute.
    fn attribute(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let inner = usize::from(is_mark(tokens.get(at + 1), '!'));
        if let Some(TokenTree::Group(group)) = tokens.get(at + 1 + inner) {
            let content: Vec<TokenTree> = group.stream().into_iter().collect();
            if group.stream().to_string().replace(' ', "") == "cfg(test)" {
                return end_of_item(tokens, at + 2 + inner);
            }
            if !matches!(content.first(), Some(TokenTree::Ident(name)) if name == "doc") {
                self.read(&content);
            }
            return at + 2 + inner;
        }
        at + 1
    }

    /// Reads `a::b::c` or `a::{b, c::d}` and returns where it ends. `before` is what the group stands under.
    fn path(&mut self, tokens: &[TokenTree], start: usize, before: &str) -> usize {
        let mut path = before.to_owned();
        let mut at = start;
        while let Some(TokenTree::Ident(name)) = tokens.get(at) {
            path.push_str(&name.to_string());
            at += 1;
            if !(is_mark(tokens.get(at), ':') && is_mark(tokens.get(at + 1), ':')) {
                break;
            }
            at += 2;
            if let Some(TokenTree::Group(group)) = tokens.get(at)
                && group.delimiter() == Delimiter::Brace
            {
                self.group(
                    &group.stream().into_iter().collect::<Vec<_>>(),
                    &format!("{path}::"),
                );
                return at + 1;
            }
            path.push_str("::");
        }
        let line = tokens[start].span().start().line;
        if is_mark(tokens.get(at), '!') {
            self.macros.push((line, path.clone()));
        }
        // `a::{self, b}` names `a`.
        let path = path.strip_suffix("::self").unwrap_or(&path).to_owned();
        self.paths.push((line, path));
        at
    }

    fn group(&mut self, tokens: &[TokenTree], before: &str) {
        let mut at = 0;
        while at < tokens.len() {
            at = match tokens[at] {
                TokenTree::Ident(_) => self.path(tokens, at, before),
                _ => at + 1,
            };
        }
    }
}

/// Behind the braces or the semicolon with which an item ends.
fn end_of_item(tokens: &[TokenTree], start: usize) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => is_mark(Some(token), ';'),
    };
    tokens[start..]
        .iter()
        .position(is_end)
        .map_or(tokens.len(), |length| start + length + 1)
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let faults = check(&source(path, text)).expect("Rust");
        faults.into_iter().map(|fault| fault.line).collect()
    }

    #[test]
    fn the_clock_and_the_files_are_found_however_they_are_named() {
        let text = "use std::fs;\n\
            use std::{collections::BTreeMap, net::{IpAddr, TcpStream}};\n\
            use std::time::Duration;\n\
            fn now() -> u64 { std::time::SystemTime::now().elapsed() }\n\
            fn dice() { getrandom::fill(&mut x) }\n";
        assert_eq!(lines("crates/e2ee/src/session.rs", text), [1, 2, 2, 4, 5]);
        assert!(lines("crates/server/src/env.rs", text).is_empty());
    }

    #[test]
    fn sql_is_found_outside_the_store_and_left_alone_in_it_and_in_comments() {
        let text = "/// INSERT INTO is for the store\n\
            // SELECT x FROM y\n\
            fn f() { get(\"SELECT id FROM users WHERE id = $1\"); }\n\
            const Q: &str = r#\"\n UPDATE users SET name = $1\"#;\n\
            const SAID: &str = \"SELECTED\";\n";
        assert_eq!(lines("crates/server/src/http/account.rs", text), [3, 4]);
        assert!(lines("crates/server/src/store/account.rs", text).is_empty());
        assert!(lines("crates/server/tests/api/account.rs", text).is_empty());
    }

    #[test]
    fn unit_tests_may_arrange_what_the_code_may_not() {
        let text = "#[cfg(test)]\nmod tests {\n const Q: &str = \"SELECT 1\";\n}\nconst Q: &str = \"SELECT 1\";\n";
        assert_eq!(lines("crates/cli/src/main.rs", text), [5]);
    }

    #[test]
    fn macros_of_unfinished_work_are_found_inside_other_macros_too() {
        let text = format!(
            "fn f() {{ assert!({}!()); }}\nfn g() {{ {}!() }}\n",
            UNFINISHED[0], UNFINISHED[1]
        );
        assert_eq!(lines("crates/cli/src/main.rs", &text), [1, 2]);
    }
}
