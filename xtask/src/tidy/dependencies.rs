//! Every dependency that we name ourselves has its reason in docs/DEPENDENCIES.md, and nothing stands
//! there that is not used any more.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::tidy::{Fault, Source};

const LIST: &str = "docs/DEPENDENCIES.md";
const RUST: &str = "Cargo.toml";
const WEB: &str = "web/package.json";
const OURS: &str = "cloister";

pub(super) fn check(sources: &[Source]) -> Result<Vec<Fault>> {
    let text = |path: &str| {
        let found = sources.iter().find(|source| source.path == path);
        found
            .map(|source| source.text.as_str())
            .with_context(|| format!("{path} is missing"))
    };
    let named = rust(text(RUST)?).chain(web(text(WEB)?)?).collect();
    Ok(compare(&named, &explained(text(LIST)?)))
}

fn compare(named: &BTreeSet<String>, explained: &BTreeSet<String>) -> Vec<Fault> {
    let without_reason = named
        .difference(explained)
        .map(|name| format!("`{name}` has no reason here; add its line"));
    let left_over = explained
        .difference(named)
        .map(|name| format!("`{name}` is no dependency any more"));
    without_reason
        .chain(left_over)
        .map(|what| Fault::new(LIST, 0, what))
        .collect()
}

/// The crates of `[workspace.dependencies]`, without our own.
fn rust(manifest: &str) -> impl Iterator<Item = String> {
    let section = manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1);
    let names = section
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='));
    names
        .map(|(name, _)| name.trim().to_owned())
        .filter(|name| !name.starts_with(['#']) && !name.starts_with(OURS))
}

fn web(manifest: &str) -> Result<Vec<String>> {
    let manifest: Value = serde_json::from_str(manifest).context(WEB)?;
    let groups = ["dependencies", "devDependencies"].map(|group| manifest[group].as_object());
    Ok(groups
        .into_iter()
        .flatten()
        .flat_map(serde_json::Map::keys)
        .cloned()
        .collect())
}

/// The first cells of the tables.
fn explained(list: &str) -> BTreeSet<String> {
    let cells = list
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    cells.map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source;

    #[test]
    fn a_dependency_without_a_reason_and_a_reason_without_a_dependency_are_found() {
        let manifest = "[package]\nname = 1\n[workspace.dependencies]\ncloister-wire = { path = \"x\" }\n# data\n\
            serde = \"1\"\nuuid = \"1\"\n\n[workspace.lints]\nrust = \"x\"\n";
        let web = r#"{"dependencies": {"react": "1"}, "devDependencies": {"vite": "1"}}"#;
        let list = "| crate | for |\n| `serde` | types |\n| `react` | view |\n| `vite` | build |\n| `gone` | x |\n";
        let sources = [source(RUST, manifest), source(WEB, web), source(LIST, list)];
        let said: Vec<String> = check(&sources)
            .expect("readable")
            .into_iter()
            .map(|fault| fault.what)
            .collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            said[0].contains("`uuid` has no reason") && said[1].contains("`gone` is no dependency"),
            "{said:?}"
        );
    }
}
