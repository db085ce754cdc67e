//! What people are told that the server can see is what it is sent.

use std::collections::BTreeSet;

use cloister_server::http::{openapi, routes};
use cloister_wire::seen::{Fact, TABLE};
use serde_json::Value;

/// Whatever is sent about a channel.
fn is_about_channels(path: &str) -> bool {
    [
        "/api/v1/channels/",
        "/api/v1/dms",
        "/api/v1/guilds/{guild}/channels",
    ]
    .iter()
    .any(|start| path.starts_with(start))
}

/// Every field of a type and of the types within, as `Type.field`.
fn collect(
    schemas: &Value,
    name: &str,
    seen: &mut BTreeSet<String>,
    fields: &mut BTreeSet<String>,
) {
    if !seen.insert(name.to_owned()) {
        return;
    }
    let schema = &schemas[name];
    assert!(schema.is_object(), "{name} has no schema");
    take(schemas, name, schema, seen, fields);
}

fn take(
    schemas: &Value,
    place: &str,
    schema: &Value,
    seen: &mut BTreeSet<String>,
    fields: &mut BTreeSet<String>,
) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        collect(schemas, name, seen, fields);
    }
    for (field, inner) in schema["properties"].as_object().into_iter().flatten() {
        let of_variant = inner["properties"].is_object();
        let path = format!("{place}.{field}");
        if !of_variant {
            fields.insert(path.clone());
        }
        take(schemas, &path, inner, seen, fields);
    }
    for kind in ["oneOf", "anyOf", "allOf"] {
        for inner in schema[kind].as_array().into_iter().flatten() {
            take(schemas, place, inner, seen, fields);
        }
    }
    if schema["items"].is_object() {
        take(schemas, place, &schema["items"], seen, fields);
    }
}

#[test]
fn every_field_that_is_sent_about_a_channel_is_told_to_people() {
    let document = serde_json::to_value(openapi::document()).unwrap();
    let schemas = &document["components"]["schemas"];
    let mut fields = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut routes_seen = 0;
    for route in routes::table() {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        if is_about_channels(route.path) && operation["requestBody"].is_object() {
            routes_seen += 1;
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            take(schemas, "", body, &mut seen, &mut fields);
        }
    }
    assert!(
        routes_seen >= 5,
        "requests about channels are no longer found"
    );
    let told: BTreeSet<String> = TABLE.iter().map(|(field, _)| (*field).to_owned()).collect();
    let untold: Vec<_> = fields.difference(&told).collect();
    let gone: Vec<_> = told.difference(&fields).collect();
    assert!(
        untold.is_empty() && gone.is_empty(),
        "wire::seen::TABLE lacks {untold:?} and names what is not there: {gone:?}"
    );
}

#[test]
fn what_is_told_to_be_unseen_is_sealed_or_not_sent_at_all() {
    for fact in Fact::ALL.into_iter().filter(|fact| !fact.is_seen()) {
        for field in fact.fields() {
            let last = field.rsplit('.').next().unwrap_or_default();
            assert!(
                ["ct", "content", "wraps", "envelopes", "envelope"].contains(&last),
                "{field} holds {fact:?} in the clear"
            );
        }
    }
}
