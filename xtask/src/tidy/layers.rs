//! Which crate may know which. That the server can't decrypt is a fact of this table.

use crate::tidy::Fault;
use crate::workspace::Workspace;

/// Each crate with those of ours it may name; the test kit may name all, the build commands none.
const LAYERS: &[(&str, &[&str])] = &[
    ("cloister-wire", &[]),
    ("cloister-proof", &["cloister-wire"]),
    ("cloister-e2ee", &["cloister-proof", "cloister-wire"]),
    (
        "cloister-client",
        &["cloister-e2ee", "cloister-proof", "cloister-wire"],
    ),
    (
        "cloister-client-wasm",
        &[
            "cloister-client",
            "cloister-e2ee",
            "cloister-proof",
            "cloister-wire",
        ],
    ),
    (
        "cloister-client-native",
        &[
            "cloister-client",
            "cloister-e2ee",
            "cloister-proof",
            "cloister-wire",
        ],
    ),
    ("cloister-sfu", &["cloister-wire"]),
    (
        "cloister-server",
        &["cloister-wire", "cloister-proof", "cloister-sfu"],
    ),
    (
        "cloister",
        &[
            "cloister-server",
            "cloister-client-native",
            "cloister-client",
            "cloister-proof",
            "cloister-wire",
        ],
    ),
    (
        "cloister-testkit",
        &[
            "cloister-server",
            "cloister-client-native",
            "cloister-client",
            "cloister-e2ee",
            "cloister-proof",
            "cloister-sfu",
            "cloister-wire",
        ],
    ),
    (
        "cloister-bench",
        &[
            "cloister-client-native",
            "cloister-client",
            "cloister-e2ee",
            "cloister-proof",
            "cloister-wire",
        ],
    ),
    ("xtask", &[]),
];

/// What must not come into a crate by any way, and why.
const NEVER_INSIDE: &[(&str, &[&str], &str)] = &[
    (
        "cloister-server",
        &[
            "cloister-e2ee",
            "cloister-client",
            "cloister-client-native",
            "vodozemac",
        ],
        "the server must not be able to decrypt",
    ),
    (
        "cloister-proof",
        &["vodozemac"],
        "public structures are checked without any secret",
    ),
    (
        "cloister-sfu",
        &["vodozemac"],
        "the forwarder must not be able to decrypt",
    ),
    (
        "cloister-client",
        &["tokio", "reqwest"],
        "the engine does no input or output of its own",
    ),
];

pub(super) fn check(workspace: &Workspace) -> Vec<Fault> {
    let mut faults = Vec::new();
    for name in workspace.members().keys() {
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| layer == name) else {
            faults.push(fault(
                name,
                "is a crate without a layer; say in this rule what it may know",
            ));
            continue;
        };
        for other in workspace.direct(name) {
            if workspace.members().contains_key(other) && !allowed.contains(&other) {
                faults.push(fault(name, &format!("may not depend on {other}")));
            }
        }
    }
    for (name, banned, reason) in NEVER_INSIDE {
        let inside = workspace.reachable(name);
        for other in banned.iter().filter(|other| inside.contains(**other)) {
            faults.push(fault(
                name,
                &format!("has {other} inside, by some way: {reason}"),
            ));
        }
    }
    faults
}

fn fault(name: &str, what: &str) -> Fault {
    Fault::new("Cargo.toml", 0, format!("{name} {what}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn workspace(edges: &[(&str, &[&str])]) -> Workspace {
        let members: Vec<&str> = edges
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| *name != "vodozemac")
            .collect();
        let packages: Vec<Value> = edges
            .iter()
            .map(|(name, _)| json!({"id": name, "name": name, "manifest_path": format!("/{name}/Cargo.toml")}))
            .collect();
        let nodes: Vec<Value> = edges
            .iter()
            .map(|(name, all)| {
                let deps: Vec<Value> = all
                    .iter()
                    .map(|to| json!({"pkg": to, "dep_kinds": [{"kind": null}]}))
                    .collect();
                json!({"id": name, "deps": deps})
            })
            .collect();
        Workspace::parse(&json!({
            "workspace_members": members, "packages": packages, "resolve": {"nodes": nodes},
        }))
        .expect("well formed")
    }

    #[test]
    fn a_server_that_could_decrypt_is_found_even_through_another_crate() {
        let faults = check(&workspace(&[
            ("cloister-server", &["cloister-proof"]),
            ("cloister-proof", &["vodozemac"]),
            ("vodozemac", &[]),
        ]));
        let said: Vec<&str> = faults.iter().map(|fault| fault.what.as_str()).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            said[0].starts_with("cloister-server has vodozemac inside"),
            "{said:?}"
        );
    }

    #[test]
    fn a_crate_may_not_know_one_above_it_nor_come_without_a_layer() {
        let faults = check(&workspace(&[
            ("cloister-wire", &["cloister-odd"]),
            ("cloister-odd", &[]),
        ]));
        let mut said: Vec<&str> = faults.iter().map(|fault| fault.what.as_str()).collect();
        said.sort_unstable();
        assert!(
            said[0].starts_with("cloister-odd is a crate without a layer"),
            "{said:?}"
        );
        assert_eq!(said[1], "cloister-wire may not depend on cloister-odd");
    }

    #[test]
    fn the_layers_as_drawn_are_good() {
        let faults = check(&workspace(&[
            ("cloister-wire", &[]),
            ("cloister-e2ee", &["cloister-wire", "vodozemac"]),
            ("cloister-server", &["cloister-wire"]),
            ("vodozemac", &[]),
        ]));
        assert_eq!(faults, []);
    }
}
