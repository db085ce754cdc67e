//! The crates of the workspace and what they depend on, as cargo resolves it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::place::Place;
use crate::process;

/// The graph of packages, without dependencies that only tests have, with every feature on.
pub(crate) struct Workspace {
    members: BTreeMap<String, PathBuf>,
    names: BTreeMap<String, String>,
    edges: BTreeMap<String, Vec<String>>,
}

impl Workspace {
    pub(crate) fn read(place: &Place) -> Result<Self> {
        let text = process::read(place.cargo().args([
            "metadata",
            "--all-features",
            "--format-version",
            "1",
        ]))?;
        Self::parse(&serde_json::from_str(&text).context("cargo metadata")?)
    }

    pub(crate) fn parse(metadata: &Value) -> Result<Self> {
        let mut workspace = Self {
            members: BTreeMap::new(),
            names: BTreeMap::new(),
            edges: BTreeMap::new(),
        };
        let member_ids: BTreeSet<&str> = list(&metadata["workspace_members"])
            .iter()
            .filter_map(Value::as_str)
            .collect();
        for package in list(&metadata["packages"]) {
            let (id, name) = (text(&package["id"])?, text(&package["name"])?);
            workspace.names.insert(id.to_owned(), name.to_owned());
            if member_ids.contains(id) {
                let folder = PathBuf::from(text(&package["manifest_path"])?);
                workspace.members.insert(
                    name.to_owned(),
                    folder.parent().context("a crate has no folder")?.into(),
                );
            }
        }
        for node in list(&metadata["resolve"]["nodes"]) {
            let mut targets = Vec::new();
            for dependency in list(&node["deps"]) {
                let kinds = list(&dependency["dep_kinds"]);
                if kinds
                    .iter()
                    .any(|kind| kind["kind"].as_str() != Some("dev"))
                {
                    targets.push(text(&dependency["pkg"])?.to_owned());
                }
            }
            workspace
                .edges
                .insert(text(&node["id"])?.to_owned(), targets);
        }
        Ok(workspace)
    }

    /// The crates of the workspace and their folders.
    pub(crate) fn members(&self) -> &BTreeMap<String, PathBuf> {
        &self.members
    }

    /// The names of the packages that a crate of the workspace names itself.
    pub(crate) fn direct(&self, member: &str) -> BTreeSet<&str> {
        self.ids(member)
            .flat_map(|id| &self.edges[id])
            .filter_map(|id| self.names.get(id))
            .map(String::as_str)
            .collect()
    }

    /// The names of all packages that end up in a crate of the workspace, itself not among them.
    pub(crate) fn reachable(&self, member: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&String> = self.ids(member).flat_map(|id| &self.edges[id]).collect();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(self.edges.get(id).into_iter().flatten());
            }
        }
        seen.into_iter()
            .filter_map(|id| self.names.get(id))
            .map(String::as_str)
            .collect()
    }

    fn ids<'a>(&'a self, member: &'a str) -> impl Iterator<Item = &'a String> {
        self.edges
            .keys()
            .filter(move |id| self.names.get(*id).is_some_and(|name| name == member))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("cargo metadata has an unknown form")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dependencies_of_dependencies_are_found_and_those_of_tests_are_not() {
        let package = |name: &str| json!({"id": name, "name": name, "manifest_path": format!("/{name}/Cargo.toml")});
        let depends = |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let workspace = Workspace::parse(&json!({
            "workspace_members": ["top"],
            "packages": [package("top"), package("middle"), package("deep"), package("tests")],
            "resolve": {"nodes": [
                {"id": "top", "deps": [depends("middle", Value::Null), depends("tests", json!("dev"))]},
                {"id": "middle", "deps": [depends("deep", json!("build"))]},
                {"id": "deep", "deps": []},
                {"id": "tests", "deps": []},
            ]},
        }))
        .expect("well formed");
        assert_eq!(workspace.direct("top"), BTreeSet::from(["middle"]));
        assert_eq!(
            workspace.reachable("top"),
            BTreeSet::from(["middle", "deep"])
        );
        assert_eq!(workspace.members().keys().collect::<Vec<_>>(), ["top"]);
    }
}
