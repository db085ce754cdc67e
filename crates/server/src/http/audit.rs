//! The audit log of a guild: pages for those who may see it, proofs for every member.

use std::fmt::Write as _;

use axum::{
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use cloister_wire::{
    GuildId, UserId,
    audit::{AuditPage, AuditProof, AuditView},
    limits::{AUDIT_EXPORT, AUDIT_PAGE},
};
use serde::Deserialize;

use super::{
    address::{At, Query},
    reply::Reply,
};
use crate::{
    App, Error, Result,
    access::{self, Caller, policy::Verb},
    action,
    store::{self, audit::Only},
};

/// Which entries: at most one of the three names a column.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    before: Option<u64>,
    limit: Option<u32>,
    actor: Option<UserId>,
    action: Option<String>,
    target: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    #[serde(default)]
    since: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct As {
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Csv,
    Json,
}

pub async fn page(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Query(wanted): Query<Wanted>,
) -> Result<Reply<AuditPage>> {
    let limit = wanted.limit.unwrap_or(AUDIT_PAGE).clamp(1, AUDIT_PAGE);
    let before = wanted.before.unwrap_or(i64::MAX as u64);
    let texts = wanted.action.iter().chain(&wanted.target);
    if texts.flat_map(|text| text.chars()).any(char::is_control) {
        return Err(Error::invalid("There is no such act or target."));
    }
    let only = match (wanted.actor, wanted.action, wanted.target) {
        (None, None, None) => Only::All,
        (Some(actor), None, None) => Only::Actor(actor),
        (None, Some(action), None) => Only::Action(action),
        (None, None, Some(target)) => Only::Target(target),
        _ => return Err(Error::invalid("Filter by one thing at a time.")),
    };
    let mut entries = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::ViewAudit)?;
            store::audit::page(tx, &permit, &only, before, limit + 1)
        })
        .await?;
    let end = entries.len() <= limit as usize;
    entries.truncate(limit as usize);
    let entries = entries.into_iter().map(store::audit::Stored::into_wire);
    Ok(Reply::ok(AuditPage {
        entries: entries.collect(),
        end,
    }))
}

pub async fn checkpoint(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Query(Since { since }): Query<Since>,
) -> Result<Reply<AuditProof>> {
    let authority = app.authority.clone();
    let proof = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::LookAround)?;
            action::audit::prove(tx, &authority, &permit, since)
        })
        .await?;
    Ok(Reply::ok(proof))
}

/// The newest entries as a file; that somebody took them is an entry itself.
pub async fn export(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Query(As { format }): Query<As>,
) -> Result<Response> {
    let asker = caller.clone();
    let entries = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &asker, guild, Verb::ViewAudit)?;
            let newest = i64::MAX as u64;
            store::audit::page(tx, &permit, &Only::All, newest, AUDIT_EXPORT)
        })
        .await?;
    // Nothing is handed out that is not written down.
    let count = entries.len();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ViewAudit)?;
            action::audit::exported(tx, &permit, count)
        })
        .await?;
    let entries: Vec<AuditView> = entries
        .into_iter()
        .map(store::audit::Stored::into_wire)
        .collect();
    let (kind, name, body) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "audit.csv", csv(&entries)?),
        Format::Json => (
            "application/json",
            "audit.json",
            serde_json::to_vec_pretty(&entries).map_err(Error::internal)?,
        ),
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok((
        [
            (CONTENT_TYPE, kind.to_owned()),
            (CONTENT_DISPOSITION, disposition),
            (CACHE_CONTROL, "no-store".to_owned()),
        ],
        body,
    )
        .into_response())
}

fn csv(entries: &[AuditView]) -> Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = [
        "seq",
        "at",
        "actor",
        "actor_name",
        "device",
        "action",
        "target",
        "before",
        "after",
        "reason",
        "digest",
        "head",
    ];
    table.write_record(head).map_err(Error::internal)?;
    for entry in entries {
        let id = |id: Option<String>| id.unwrap_or_default();
        let cells = [
            entry.seq.to_string(),
            entry.at.to_string(),
            id(entry.actor.map(|actor| actor.to_string())),
            id(entry.actor_name.clone()),
            id(entry.device.map(|device| device.to_string())),
            entry.action.clone(),
            entry.target.clone(),
            id(entry.before.clone()),
            id(entry.after.clone()),
            id(entry.reason.clone()),
            hex(&entry.digest.0),
            hex(&entry.head.0),
        ];
        table
            .write_record(cells.iter().map(|cell| harmless(cell)))
            .map_err(Error::internal)?;
    }
    table
        .into_inner()
        .map_err(|error| Error::internal(error.to_string()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A cell that no spreadsheet takes for a formula.
pub(super) fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_like_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert!(harmless(cell).starts_with('\''), "{cell}");
        }
        assert_eq!(harmless("rain = wet"), "rain = wet");
    }
}
