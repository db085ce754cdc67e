//! Rules about files as text: their length, their names, and words that mean unfinished work or
//! somebody's own machine.

use std::path::Path;

use crate::tidy::{Fault, Source, has_extension};

const LINES_MAX: usize = 500;
const CODE: [&str; 6] = ["rs", "ts", "tsx", "css", "sql", "mjs"];
const COUNTED: [&str; 4] = ["rs", "ts", "tsx", "mjs"];
/// Names that say nothing about what is inside, as file or folder.
const EMPTY_NAMES: [&str; 8] = [
    "util", "utils", "helper", "helpers", "common", "manager", "service", "services",
];
/// Written by programs from other sources.
const GENERATED: [&str; 2] = ["web/src/wire/", "web/src/engine/wasm/"];
// In two parts, so that this file keeps its own rules.
const UNFINISHED: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
];
const MACHINE: [&str; 4] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/tm", "p/plan"),
];

pub(super) fn check(source: &Source) -> Vec<Fault> {
    if GENERATED
        .iter()
        .any(|folder| source.path.starts_with(folder))
    {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let mut fault = |line: usize, what: String| faults.push(Fault::new(&source.path, line, what));
    if has_extension(&source.path, &CODE) {
        if let Some(name) = empty_name(&source.path) {
            fault(
                0,
                format!("`{name}` says nothing; name the file for what it owns"),
            );
        }
        for (line, word) in mentions(&source.text, &UNFINISHED) {
            fault(line, format!("`{word}`: finish it, or leave it out"));
        }
    }
    if has_extension(&source.path, &COUNTED) {
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            fault(
                lines,
                format!("has {lines} lines, more than {LINES_MAX}; split it by what it owns"),
            );
        }
    }
    for (line, word) in mentions(&source.text, &MACHINE) {
        fault(line, format!("`{word}` is a path of one machine"));
    }
    if source.path.ends_with("package-lock.json") {
        for (line, _) in mentions(&source.text, &["\"resolved\": \"http"]) {
            fault(
                line,
                "names a registry's host; npm needs only the name and the hash".to_owned(),
            );
        }
    }
    faults
}

fn empty_name(path: &str) -> Option<&str> {
    let stems = Path::new(path)
        .iter()
        .filter_map(|part| part.to_str()?.split('.').next());
    stems.into_iter().find(|stem| EMPTY_NAMES.contains(stem))
}

fn mentions<'a>(text: &'a str, words: &'a [&'a str]) -> impl Iterator<Item = (usize, &'a str)> {
    text.lines().enumerate().flat_map(move |(index, line)| {
        words
            .iter()
            .filter(move |word| line.contains(**word))
            .map(move |word| (index + 1, *word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source;

    fn faults(path: &str, text: &str) -> Vec<usize> {
        check(&source(path, text))
            .into_iter()
            .map(|fault| fault.line)
            .collect()
    }

    #[test]
    fn a_file_of_five_hundred_lines_is_good_and_one_more_is_not() {
        assert!(faults("crates/wire/src/id.rs", &"x\n".repeat(500)).is_empty());
        assert_eq!(faults("crates/wire/src/id.rs", &"x\n".repeat(501)), [501]);
        assert!(faults("web/src/wire/Id.ts", &"x\n".repeat(501)).is_empty());
        assert!(faults("docs/PROTOCOL.md", &"x\n".repeat(501)).is_empty());
    }

    #[test]
    fn names_that_say_nothing_are_found_in_folders_too() {
        assert_eq!(faults("web/src/utils.ts", ""), [0]);
        assert_eq!(faults("crates/server/src/common/id.rs", ""), [0]);
        assert!(faults("crates/server/src/store/commonplace.rs", "").is_empty());
    }

    #[test]
    fn unfinished_work_is_found_in_code_with_its_line() {
        let text = format!("fine\n// {}: later\n", UNFINISHED[0]);
        assert_eq!(faults("web/src/main.tsx", &text), [2]);
        assert!(faults("docs/STYLE.md", &text).is_empty());
    }

    #[test]
    fn a_path_of_one_machine_is_found_in_any_file() {
        assert_eq!(
            faults("docs/STYLE.md", &format!("see {}x", MACHINE[2])),
            [1]
        );
    }

    #[test]
    fn a_lock_file_may_not_name_a_registrys_host() {
        let text = "{\n\"resolved\": \"https://registry.example/x.tgz\"\n}";
        assert_eq!(faults("web/package-lock.json", text), [2]);
    }
}
