//! Every test that docs/REQUIREMENTS.md names as a proof exists: a promise whose proof was renamed or
//! thrown away is no promise.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use crate::tidy::{Fault, Source, has_extension};

const LIST: &str = "docs/REQUIREMENTS.md";
/// A sentence has more words than this; what is shorter is no name of a test.
const WORDS_MIN: usize = 4;

pub(super) fn check(sources: &[Source]) -> Result<Vec<Fault>> {
    let list = sources
        .iter()
        .find(|source| source.path == LIST)
        .with_context(|| format!("{LIST} is missing"))?;
    let tests: BTreeSet<&str> = sources
        .iter()
        .filter(|source| has_extension(&source.path, &["rs"]))
        .flat_map(|source| functions(&source.text))
        .collect();
    let stories: String = sources
        .iter()
        .filter(|source| has_extension(&source.path, &["ts", "tsx", "mjs"]))
        .map(|source| source.text.as_str())
        .collect();
    Ok(compare(&list.text, &tests, &stories))
}

fn compare(list: &str, tests: &BTreeSet<&str>, stories: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (number, line) in list.lines().enumerate() {
        let rust = quoted(line, '`', '`').filter(|name| is_sentence(name));
        let missing = rust.filter(|name| !tests.contains(name));
        // A browser test is named by its title, in quotes.
        let titles = line.split("browser test ").skip(1);
        let titles = titles.filter_map(|rest| quoted(rest, '"', '"').next());
        let untold = titles.filter(|title| !stories.contains(title));
        for name in missing.chain(untold) {
            let what = format!("no test is called `{name}`; name the one that proves this line");
            faults.push(Fault::new(LIST, number + 1, what));
        }
    }
    faults
}

fn is_sentence(name: &str) -> bool {
    let letters = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    letters && name.split('_').count() >= WORDS_MIN
}

fn quoted(line: &str, open: char, close: char) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(open)?;
        let (inside, left) = after.split_once(close)?;
        rest = left;
        Some(inside)
    })
}

/// Names of the functions in a source.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (_, rest) = line.split_once("fn ")?;
        rest.split(['(', '<']).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_that_is_gone_is_a_fault() {
        let tests = BTreeSet::from(["the_sun_rises_every_day"]);
        let list = "| sun | `the_sun_rises_every_day` |\n| moon | `the_moon_is_made_of_cheese` |\n\
                    | both | `cargo xtask sim`, browser test \"two people meet\" |";
        let faults = compare(list, &tests, "test(\"two people meet\", …)");
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].line, 2);
        assert_eq!(compare(list, &tests, "").len(), 2);
    }

    #[test]
    fn functions_are_found_whatever_stands_before_them() {
        let text = "    async fn one_two() {\npub(crate) fn three<T>(t: T) {\nlet x = 1;";
        assert_eq!(functions(text).collect::<Vec<_>>(), ["one_two", "three"]);
    }
}
