//! One's own devices.

use std::path::PathBuf;

use clap::Subcommand;
use cloister_client::view::{Command, CommandReply, DeviceView, Query, QueryReply};
use cloister_wire::DeviceId;
use serde_json::json;

use crate::{
    arguments::Global,
    command::verify,
    failure::{CONFLICT, Failure},
    print::{Print, moment, printable},
    seat::{self, Seat},
    secret::{self, Typed},
    target::unexpected,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Device {
    /// List your devices, and those that wait for approval
    List,
    /// Approve the device that shows this code
    Approve {
        /// XXXX-XXXX-XXXX-XXXX, or what its QR code says
        code: String,
    },
    /// Compare emoji with a device that waits, and approve it if they match; on the one that
    /// waits, without an id
    Compare {
        /// Id of the waiting device
        id: Option<String>,
    },
    /// End a device: it is signed out and gets no more keys
    Revoke {
        /// Its id
        id: String,
        /// End every device that came in through it, too
        #[arg(long)]
        with_added: bool,
    },
    /// Come back as a new device after the server stopped this one as a copy; what it has read
    /// stays, and once another device approves it the old one ends
    Reenrol {
        /// File with the password (`-`: stdin); without it, it is asked for
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Code of your authenticator, or a backup code
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
        /// What this device is called in your list of devices
        #[arg(long, value_name = "NAME", default_value = "Terminal")]
        device_name: String,
    },
    /// Call a device something else
    Rename {
        /// Its id
        id: String,
        name: String,
    },
}

impl Device {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| match self {
            Device::List => list(seat).await,
            Device::Approve { code } => approve(seat, code).await,
            Device::Compare { id: Some(id) } => compare(seat, &id).await,
            Device::Compare { id: None } => {
                seat.print
                    .note("Waiting: choose \"Compare emoji\" for this device on another one.");
                let id = verify::next(seat).await?;
                verify::compare(seat, &id).await?;
                seat.print.line(&json!({"state": "compared"}), "compared")
            }
            Device::Revoke { id, with_added } => revoke(seat, &id, with_added).await,
            Device::Reenrol {
                password_file,
                code,
                device_name,
            } => {
                let password = secret::read(password_file.as_deref(), "Password", Typed::Once)?;
                let back = Command::Reenrol {
                    password,
                    code,
                    device_name,
                };
                reenrol(seat, back).await
            }
            Device::Rename { id, name } => {
                seat.reach().await?;
                let device = find(seat, &id).await?;
                let object = json!({"id": device, "name": name});
                seat.done(Command::RenameDevice { device, name }).await?;
                seat.print.line(&object, "renamed")
            }
        })
    }
}

async fn reenrol(seat: &Seat<'_>, back: Command) -> Result<(), Failure> {
    seat.command(back).await?;
    let code = seat.session().await?.pending_code.unwrap_or_default();
    seat.print.line(
        &json!({"state": "pending", "code": code}),
        format_args!("code: {code}"),
    )?;
    seat.print.note(format_args!(
        "Compare this code on another device of yours and approve it there \
         (`cloister device approve {code}`); `cloister status` goes on."
    ));
    Ok(())
}

async fn compare(seat: &Seat<'_>, id: &str) -> Result<(), Failure> {
    seat.reach().await?;
    let device = find(seat, id).await?;
    match seat.command(Command::CompareDevice { device }).await? {
        CommandReply::Comparison { id } => verify::compare(seat, &id).await?,
        other => return Err(unexpected(&other)),
    }
    seat.print
        .line(&json!({"id": device, "state": "approved"}), "approved")
}

async fn revoke(seat: &Seat<'_>, id: &str, with_added: bool) -> Result<(), Failure> {
    seat.reach().await?;
    let device = find(seat, id).await?;
    let listed = devices(seat).await?;
    let added = listed.into_iter().find(|one| one.id == device);
    let also = match added {
        Some(one) if with_added => one.added,
        _ => Vec::new(),
    };
    let object = json!({"id": device, "also": also, "state": "revoked"});
    seat.done(Command::RevokeDevice { device, also }).await?;
    seat.print.line(&object, "revoked")
}

async fn approve(seat: &Seat<'_>, code: String) -> Result<(), Failure> {
    seat.reach().await?;
    let object = json!({"code": code, "state": "approved"});
    seat.done(Command::ApproveDevice { code }).await?;
    seat.print.line(&object, "approved")
}

async fn devices(seat: &Seat<'_>) -> Result<Vec<DeviceView>, Failure> {
    match seat.query(Query::Devices).await? {
        QueryReply::Devices { devices } => Ok(devices),
        other => Err(unexpected(&other)),
    }
}

async fn find(seat: &Seat<'_>, wanted: &str) -> Result<DeviceId, Failure> {
    let id = wanted.parse().map_err(|_| {
        Failure::usage(format!(
            "{wanted:?} is not an id; see `cloister device list`."
        ))
    })?;
    if devices(seat).await?.iter().any(|device| device.id == id) {
        return Ok(id);
    }
    Err(Failure::new(
        CONFLICT,
        "NOT_FOUND",
        format!("None of your devices is {id}."),
    ))
}

async fn list(seat: &Seat<'_>) -> Result<(), Failure> {
    seat.reach_if_possible().await?;
    for device in devices(seat).await? {
        let object = json!({
            "id": device.id, "name": device.name, "platform": device.platform,
            "state": device.state, "this_one": device.this_one, "created_at": device.created_at,
            "last_seen_at": device.last_seen_at, "code": device.code,
            "approved_by": device.approved_by, "added": device.added,
        });
        let state = object["state"].as_str().unwrap_or_default().to_owned();
        let this = if device.this_one { "  this one" } else { "" };
        let seen = device.last_seen_at.map_or_else(
            || "not seen yet".to_owned(),
            |at| format!("seen {}", moment(at)),
        );
        let code = device
            .code
            .map_or_else(String::new, |code| format!("  code {code}"));
        seat.print.line(
            &object,
            format_args!(
                "{}  {}  {}  since {}  {seen}  {state}{code}{this}",
                device.id,
                printable(&device.name),
                printable(&device.platform),
                moment(device.created_at),
            ),
        )?;
    }
    Ok(())
}
