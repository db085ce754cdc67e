//! The ways back into the account without any device.

use std::path::PathBuf;

use clap::Subcommand;
use cloister_client::view::{Command, CommandReply, Query, QueryReply, RecoveryView, WayKind};
use serde_json::json;

use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, moment, printable},
    seat::{self, Seat},
    secret::{self, Typed},
    target::unexpected,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Recovery {
    /// List your ways back in, and a recovery key that is on its way
    List,
    /// Make another recovery key with the old one; it counts at once
    Replace {
        /// File with the old recovery key (`-`: stdin); without it, it is asked for
        #[arg(long, value_name = "FILE")]
        recovery_key_file: Option<PathBuf>,
    },
    /// Make another recovery key without the old one; it counts after three days, unless one of
    /// your devices cancels it
    Propose,
    /// Stop a recovery key that is on its way: the old one stays
    Cancel,
    /// Draw a passphrase of six words that opens your account on a new device
    Passphrase,
    /// Begin your account anew on this device, which waits for approval, when you have neither
    /// another device nor the recovery key: old messages can't be read any more
    StartOver {
        /// File with the password (`-`: stdin); without it, it is asked for
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Code of your authenticator, or a backup code
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
        /// What this device is called in your list of devices
        #[arg(long, value_name = "NAME", default_value = "Terminal")]
        device_name: String,
        /// You know that this can't be undone
        #[arg(long, required = true)]
        lose_everything: bool,
    },
    /// End a passkey or the passphrase
    Remove {
        /// As `recovery list` shows it
        id: String,
    },
}

impl Recovery {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            if let Recovery::StartOver {
                password_file,
                code,
                device_name,
                ..
            } = self
            {
                let password = secret::read(password_file.as_deref(), "Password", Typed::Once)?;
                let begin = Command::StartOver {
                    password,
                    code,
                    device_name,
                };
                return start_over(seat, begin).await;
            }
            seat.reach().await?;
            match self {
                Recovery::StartOver { .. } => Ok(()),
                Recovery::List => list(seat).await,
                Recovery::Replace { recovery_key_file } => {
                    let old =
                        secret::read(recovery_key_file.as_deref(), "Recovery key", Typed::Once)?;
                    let recovery_key = Some(old);
                    new_key(seat, Command::ReplaceRecovery { recovery_key }).await
                }
                Recovery::Propose => new_key(seat, Command::ProposeRecovery).await,
                Recovery::Cancel => {
                    seat.done(Command::CancelRecovery).await?;
                    seat.print.line(
                        &json!({"state": "cancelled"}),
                        "cancelled: the old key stays",
                    )
                }
                Recovery::Passphrase => passphrase(seat).await,
                Recovery::Remove { id } => {
                    let object = json!({"id": id, "state": "removed"});
                    seat.done(Command::RemoveWay { id }).await?;
                    seat.print.line(&object, "removed")
                }
            }
        })
    }
}

/// The new recovery key is shown before anything else can fail.
async fn start_over(seat: &Seat<'_>, begin: Command) -> Result<(), Failure> {
    seat.command(begin).await?;
    let key = view(seat).await?.key;
    let me = seat.me().await?;
    let shown = key.as_deref().unwrap_or_default();
    seat.print.line(
        &json!({
            "state": "active", "user": me.user, "username": me.username, "device": me.device,
            "recovery_key": key,
        }),
        format_args!(
            "started over as {}\nrecovery key: {shown}",
            printable(&me.username)
        ),
    )?;
    seat.print.note(
        "Keep the recovery key away from this machine. Everybody you write with is shown that \
         you have new keys; members of your guilds can vouch for you.",
    );
    seat.done(Command::RecoveryKept).await
}

async fn view(seat: &Seat<'_>) -> Result<RecoveryView, Failure> {
    match seat.query(Query::Recovery).await? {
        QueryReply::Recovery(view) => Ok(view),
        other => Err(unexpected(&other)),
    }
}

async fn new_key(seat: &Seat<'_>, command: Command) -> Result<(), Failure> {
    let key = match seat.command(command).await? {
        CommandReply::RecoveryKey { recovery_key } => recovery_key,
        other => return Err(unexpected(&other)),
    };
    let change = view(seat).await?.change;
    let from = change.as_ref().map(|change| change.ripe_at);
    seat.print.line(
        &json!({"recovery_key": key, "counts_from": from}),
        format_args!("recovery key: {key}"),
    )?;
    match from {
        Some(from) => seat.print.note(format_args!(
            "Write it down now. It counts from {}; until then the old one does, and any device of \
             yours can stop it with `cloister recovery cancel`.",
            moment(from)
        )),
        None => {
            seat.print
                .note("Write it down now: it is not shown again, and the old one is paper.");
            seat.done(Command::RecoveryKept).await?;
        }
    }
    Ok(())
}

async fn passphrase(seat: &Seat<'_>) -> Result<(), Failure> {
    let words = match seat.command(Command::MakePassphrase).await? {
        CommandReply::Passphrase { words } => words,
        other => return Err(unexpected(&other)),
    };
    seat.print.line(
        &json!({"passphrase": words}),
        format_args!("passphrase: {words}"),
    )?;
    seat.print.note(
        "Write it down now: it is not shown again. With your password it lets a new device in, as \
         with `cloister login --passphrase-file FILE`.",
    );
    Ok(())
}

async fn list(seat: &Seat<'_>) -> Result<(), Failure> {
    let ways = match seat.query(Query::Ways).await? {
        QueryReply::Ways { ways } => ways,
        other => return Err(unexpected(&other)),
    };
    for way in ways {
        let kind = match way.kind {
            WayKind::RecoveryKey => "recovery key",
            WayKind::Passkey => "passkey",
            WayKind::Passphrase => "passphrase",
        };
        seat.print.line(
            &json!({"id": way.id, "kind": way.kind, "name": way.name, "added_at": way.added_at}),
            format_args!(
                "{}  {kind}  {}  since {}",
                way.id,
                printable(&way.name),
                moment(way.added_at)
            ),
        )?;
    }
    let Some(change) = view(seat).await?.change else {
        return Ok(());
    };
    let by = if change.this_device {
        "this device"
    } else {
        "another of your devices"
    };
    seat.print.line(
        &json!({
            "kind": "recovery_key_proposed", "device": change.device,
            "proposed_at": change.proposed_at, "counts_from": change.ripe_at,
        }),
        format_args!(
            "a new recovery key counts from {}; {by} asked for it on {}",
            moment(change.ripe_at),
            moment(change.proposed_at)
        ),
    )
}
