//! The list of mutations: what is dropped, where, and who must notice.
//!
//! A file of `crates/testkit/mutations` holds entries like this one; text before the first is for
//! people.
//!
//! ```text
//! # name-of-the-mutation
//! in path/of/a/source.rs
//! - the lines as they stand, without their indentation
//! + the lines instead; DROPPED is true while this mutation is on, DROPPED(other) while another is
//! by test-binary name_of_a_test
//! ```
//!
//! `in`, `-` and `+` may repeat; an entry without them is switched by the lines of another one.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// One check that is left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mutation {
    pub(crate) name: String,
    pub(crate) edits: Vec<Edit>,
    pub(crate) tests: Vec<Test>,
}

/// Lines of a source that other lines replace.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Edit {
    /// Relative to the repository.
    pub(crate) file: String,
    old: Vec<String>,
    new: Vec<String>,
}

/// A test that notices: the program, and the test's name or the beginning of several.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) program: String,
    pub(crate) name: String,
}

/// Every mutation there is, in the order of the files and of their entries.
pub(crate) fn read(root: &Path) -> Result<Vec<Mutation>> {
    let mut all = Vec::new();
    for name in ["server", "proof", "client"] {
        let file = root.join(format!("crates/testkit/mutations/{name}.txt"));
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        all.extend(parse(&text).with_context(|| file.display().to_string())?);
    }
    Ok(all)
}

fn parse(text: &str) -> Result<Vec<Mutation>> {
    let mut all: Vec<Mutation> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("# ") {
            all.push(Mutation {
                name: name.to_owned(),
                ..Mutation::default()
            });
            continue;
        }
        let Some(mutation) = all.last_mut() else {
            continue;
        };
        let edit = mutation.edits.last_mut();
        match line.split_once(' ') {
            None if line.is_empty() => {}
            Some(("in", file)) => mutation.edits.push(Edit {
                file: file.to_owned(),
                ..Edit::default()
            }),
            Some(("-", old)) => edit.context("`-` without `in`")?.old.push(old.to_owned()),
            Some(("+", new)) => edit.context("`+` without `in`")?.new.push(new.to_owned()),
            Some(("by", test)) => {
                let (program, name) = test.split_once(' ').context("`by PROGRAM TEST`")?;
                mutation.tests.push(Test {
                    program: program.to_owned(),
                    name: name.to_owned(),
                });
            }
            _ => bail!("{}: what is {line:?}?", mutation.name),
        }
    }
    Ok(all)
}

impl Edit {
    /// The source with these lines replaced; they must stand in it exactly once.
    pub(crate) fn apply(&self, mutation: &str, source: &str) -> Result<String> {
        let lines: Vec<&str> = source.lines().collect();
        let fits = |at: &usize| {
            let here = lines[*at..].iter().map(|line| line.trim());
            here.take(self.old.len())
                .eq(self.old.iter().map(String::as_str))
        };
        let places: Vec<usize> = (0..lines.len()).filter(fits).collect();
        let [place] = places[..] else {
            bail!(
                "{mutation}: {} holds {:?} {} times, not once",
                self.file,
                self.old,
                places.len()
            );
        };
        let new: Vec<String> = self
            .new
            .iter()
            .map(|line| switched(line, mutation))
            .collect();
        let mut text: Vec<&str> = lines[..place].to_vec();
        text.extend(new.iter().map(String::as_str));
        text.extend(&lines[place + self.old.len()..]);
        Ok(text.join("\n") + "\n")
    }
}

/// A line with the questions whether a mutation is on.
fn switched(line: &str, own: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("DROPPED") {
        let named = after
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'));
        let (name, after) = named.unwrap_or((own, after));
        text.push_str(before);
        text.push_str("(cloister_wire::mutation::is_on(\"");
        text.push_str(name);
        text.push_str("\"))");
        rest = after;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_and_applied_where_its_lines_stand() {
        let text = "Why.\n\n# loose\nin a.rs\n- if b {\n+ if DROPPED || DROPPED(c) {\nby t m::n\n";
        let [mutation] = &parse(text).expect("well formed")[..] else {
            panic!("one entry");
        };
        let changed = mutation.edits[0].apply("loose", "fn a() {\n    if b {\n    }\n}\n");
        assert_eq!(
            changed.expect("stands once"),
            "fn a() {\nif (cloister_wire::mutation::is_on(\"loose\")) || \
             (cloister_wire::mutation::is_on(\"c\")) {\n    }\n}\n"
        );
        assert!(mutation.edits[0].apply("loose", "fn a() {}\n").is_err());
    }

    #[test]
    fn every_mutation_of_the_list_still_has_its_place_and_its_tests() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let all = read(&root).expect("the list is there");
        assert!(all.len() >= 40, "{} mutations", all.len());
        for mutation in &all {
            assert!(!mutation.tests.is_empty(), "{} has no test", mutation.name);
            for edit in &mutation.edits {
                let source = fs::read_to_string(root.join(&edit.file)).expect("a source");
                if let Err(error) = edit.apply(&mutation.name, &source) {
                    panic!("{error}");
                }
            }
            let named = format!("DROPPED({})", mutation.name);
            let switched = |edit: &Edit| edit.new.iter().any(|line| line.contains(&named));
            let used = all.iter().flat_map(|other| &other.edits).any(switched);
            assert!(
                used || !mutation.edits.is_empty(),
                "{} does nothing",
                mutation.name
            );
        }
    }
}
