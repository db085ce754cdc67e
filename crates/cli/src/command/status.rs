//! How things stand, on one page.

use cloister_client::view::{
    BackupView, DeviceState, Query, QueryReply, SessionView, StatusView, Undecryptable,
};
use cloister_wire::ErrorCode;
use serde_json::{Map, Value, json};

use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, printable},
    seat::{self, Seat},
    target::unexpected,
};

pub(crate) fn run(global: &Global, print: &Print) -> Result<(), Failure> {
    seat::with_profile(global, print, async |seat| {
        if seat.session().await?.state == DeviceState::SignedOut {
            return Err(seat::signed_out());
        }
        if let Err(failure) = seat.reach().await {
            // A device that waits, or that ended, has a status too.
            let state = seat.session().await?.state;
            if state == DeviceState::Active && !failure.is(ErrorCode::Offline) {
                return Err(failure);
            }
        }
        let status = match seat.query(Query::Status).await? {
            QueryReply::Status(status) => status,
            other => return Err(unexpected(&other)),
        };
        let backup = match seat.query(Query::Backup).await? {
            QueryReply::Backup(backup) => backup,
            other => return Err(unexpected(&other)),
        };
        let session = seat.session().await?;
        show(seat, &session, &status, &backup)
    })
}

fn show(
    seat: &Seat<'_>,
    session: &SessionView,
    status: &StatusView,
    backup: &BackupView,
) -> Result<(), Failure> {
    let server = seat.profile().server().to_string();
    let undecryptable: Map<String, Value> = status
        .undecryptable
        .iter()
        .map(|count| (text_of(&json!(count.cause)), json!(count.count)))
        .collect();
    let username = session.me.as_ref().map(|me| printable(&me.username));
    let lost: u32 = status.undecryptable.iter().map(|count| count.count).sum();
    let backup_object = json!({
        "missing": backup.missing, "saved": backup.saved, "refused": backup.refused,
        "restoring": backup.restore.as_ref().map(|restore| {
            json!({"taken": restore.taken, "total": restore.total})
        }),
        "trouble": backup.trouble,
    });
    let object = json!({
        "server": server, "username": username, "state": session.state,
        "connection": status.connection, "outbox": status.outbox, "failed": status.failed,
        "devices": status.devices, "backup": backup_object, "undecryptable": undecryptable, "waiting": status.waiting,
        "queue_seq": status.queue_seq, "code": session.pending_code,
        "last_error": status.last_error, "alarm": session.alarm,
    });
    let mut lines = vec![
        format!("account     {} at {server}", username.unwrap_or_default()),
        format!("device      {}", text_of(&json!(session.state))),
        format!("connection  {}", text_of(&json!(status.connection))),
        format!(
            "outbox      {} waiting, {} failed",
            status.outbox, status.failed
        ),
        format!("devices     {}", status.devices),
        backup_line(backup),
        format!(
            "unreadable  {lost}, and {} waiting for a key",
            status.waiting
        ),
    ];
    lines.extend(status.undecryptable.iter().map(|one| {
        let (what, next) = sentences(one.cause);
        let cause = text_of(&json!(one.cause));
        format!("            {} {cause}: {what} {next}", one.count)
    }));
    if let Some(code) = &session.pending_code {
        lines.push(format!("code        {code}"));
    }
    if let Some(error) = &status.last_error {
        lines.push(format!("last error  {}", printable(error)));
    }
    if let Some(alarm) = &session.alarm {
        lines.push(format!("ALARM       {}", printable(alarm)));
    }
    seat.print.line(&object, lines.join("\n"))
}

fn backup_line(backup: &BackupView) -> String {
    let mut line = match backup.missing {
        0 => format!("backup      all {} keys", backup.saved),
        1 => "backup      1 key not backed up".to_owned(),
        missing => format!("backup      {missing} keys not backed up"),
    };
    if let Some(restore) = &backup.restore {
        let more = format!(", {} of {} brought back", restore.taken, restore.total);
        line.push_str(&more);
    }
    if backup.refused > 0 {
        let more = format!(", {} records on the server are not yours", backup.refused);
        line.push_str(&more);
    }
    line
}

/// Why a message can't be read, and the next step.
const fn sentences(cause: Undecryptable) -> (&'static str, &'static str) {
    match cause {
        Undecryptable::KeyMissing => (
            "The key never arrived.",
            "Ask the author to send it again, and tell whoever runs the server: this should not happen.",
        ),
        Undecryptable::WithheldUnvouched => (
            "This channel gives keys to people whom somebody vouched for, and nobody has for you.",
            "Ask the author or the owner to vouch for you.",
        ),
        Undecryptable::WithheldViolation => (
            "The author's device saw your keys change in a way that can't be right.",
            "Speak with the author in another way, and tell them what happened.",
        ),
        Undecryptable::WithheldNoKeys => (
            "This device had no keys left that the author could use.",
            "Keep it online for a moment, then ask the author to send it again.",
        ),
        Undecryptable::Corrupt => (
            "It was damaged or changed on its way.",
            "Ask the author to send it again.",
        ),
        Undecryptable::WrongSender => (
            "It wasn't written by the device that it names.",
            "Don't rely on it; ask the author in another way.",
        ),
        Undecryptable::Replayed => (
            "It is a copy of an earlier message.",
            "Ignore it; if there are many, tell whoever runs the server.",
        ),
        Undecryptable::KeysLost => (
            "It was sent to devices that you have lost; nobody can read it for you any more.",
            "Ask its author to send it again, if it matters.",
        ),
        Undecryptable::BeforeThisDevice => (
            "It was sent before this device was yours.",
            "Its key is on your other device: keep that one online for a moment.",
        ),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
