//! Signing up, in and out.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use cloister_client::view::{AccountAct, Command, CommandReply, DeviceState, Query, QueryReply};
use cloister_client_native::{Credential, Pin, Profile, ServerUrl, inspect};
use cloister_wire::ErrorCode;
use serde_json::json;

use crate::{
    arguments::Global,
    failure::{self, CONFLICT, Failure, UNREACHABLE, UNSAFE},
    print::{Form, Print, printable},
    seat::{self, Seat},
    secret::{self, Typed},
    target::unexpected,
};

/// A person may take any time to approve a device; this is looked at again after each.
const APPROVAL: Duration = Duration::from_hours(1);
/// Without a single record for so long, bringing back keys is left to later.
const RESTORE: Duration = Duration::from_secs(15);

#[derive(Debug, Args)]
pub(crate) struct Register {
    /// Address of the server; not needed with a whole invite link
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The invite: CODE, CODE#SEED or the whole link; not needed where registration is open
    #[arg(long, value_name = "CODE", required_unless_present = "server")]
    invite: Option<String>,
    /// File with the one-time password that an approved application was answered with (`-`: stdin)
    #[arg(long, value_name = "FILE", conflicts_with = "invite")]
    activation_file: Option<PathBuf>,
    #[command(flatten)]
    sign: Sign,
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// Address of the server; not needed where this profile was used before
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    #[command(flatten)]
    sign: Sign,
    /// File with the recovery key (`-`: stdin), when no other device can approve this one
    #[arg(long, value_name = "FILE")]
    recovery_key_file: Option<PathBuf>,
    /// File with the passphrase (`-`: stdin), instead of the recovery key
    #[arg(long, value_name = "FILE", conflicts_with = "recovery_key_file")]
    passphrase_file: Option<PathBuf>,
    /// Code of your authenticator, or a backup code
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
}

#[derive(Debug, Args)]
struct Sign {
    /// Name of the account
    #[arg(long, value_name = "NAME")]
    username: String,
    /// File with the password (`-`: stdin); without it, it is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Key of the server's certificate, as `cloister serve` prints it
    #[arg(long, value_name = "sha256:HEX")]
    trust: Option<Pin>,
    /// What this device is called in your list of devices
    #[arg(long, value_name = "NAME", default_value = "Terminal")]
    device_name: String,
}

impl Register {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let dir = seat::folder(global)?;
        let link = self.invite.as_deref().and_then(link_of);
        let server = self.server.as_deref().or(link);
        let sign = self.sign;
        seat::run(async {
            let profile = prepare(&dir, server, sign.trust, print).await?;
            let password =
                secret::read(sign.password_file.as_deref(), "New password", Typed::Twice)?;
            let invite = self.invite.clone();
            let file = self.activation_file.as_deref();
            let activation = file
                .map(|file| secret::read(Some(file), "One-time password", Typed::Once))
                .transpose()?;
            let register = Command::Register {
                set_up_token: None,
                invite,
                activation,
                display_name: sign.username.clone(),
                username: sign.username,
                password,
                device_name: sign.device_name,
            };
            seat::at(profile, print, async |seat| signed_up(seat, register).await).await
        })
    }
}

/// Applying for an account, where a server takes people that way.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// Address of the server
    #[arg(long, value_name = "URL")]
    server: String,
    /// Name that the account is to have
    #[arg(long, value_name = "NAME")]
    username: String,
    /// E-mail address, to which the answer goes
    #[arg(long)]
    address: Option<String>,
    /// An answer, once for each question; without any, the questions are printed
    #[arg(long = "answer", value_name = "TEXT")]
    answers: Vec<String>,
    /// Key of the server's certificate, as `cloister serve` prints it
    #[arg(long, value_name = "sha256:HEX")]
    trust: Option<Pin>,
}

impl Apply {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let dir = seat::folder(global)?;
        seat::run(async {
            let profile = prepare(&dir, Some(&self.server), self.trust, print).await?;
            seat::at(profile, print, async |seat| self.apply(seat, print).await).await
        })
    }

    async fn apply(self, seat: &Seat<'_>, print: &Print) -> Result<(), Failure> {
        let questions = match seat.command(Command::Preview { invite: None }).await? {
            CommandReply::Instance(instance) => instance.questions,
            other => return Err(unexpected(&other)),
        };
        let questions = questions.ok_or_else(|| {
            Failure::usage("This server takes no applications. Ask somebody there for an invite.")
        })?;
        if self.answers.is_empty() && !questions.is_empty() {
            return questions.iter().try_for_each(|question| {
                print.line(&json!({"question": question}), printable(question))
            });
        }
        let act = AccountAct::Apply {
            display_name: self.username.clone(),
            username: self.username.clone(),
            address: self.address,
            answers: self.answers,
        };
        seat.command(Command::Account { act }).await?;
        print.line(
            &json!({"username": self.username, "state": "waiting"}),
            "Somebody who runs the server looks at it. The answer comes by mail, or from them.",
        )
    }
}

async fn signed_up(seat: &Seat<'_>, register: Command) -> Result<(), Failure> {
    still_free(seat).await?;
    let (key, guild) = match seat.command(register).await? {
        CommandReply::Registered {
            recovery_key,
            guild,
        } => (recovery_key, guild),
        other => return Err(unexpected(&other)),
    };
    // The key is shown before anything else can fail.
    let me = seat.me().await?;
    let server = seat.profile().server();
    seat.print.line(
        &json!({
            "state": "active", "user": me.user, "username": me.username, "device": me.device,
            "server": server.to_string(), "recovery_key": key, "guild": guild,
        }),
        format_args!("signed in as {} at {server}", printable(&me.username)),
    )?;
    show_recovery_key(seat, &key).await?;
    seat.reach_if_possible().await.map(|_| ())
}

/// In JSON it is part of the answer already. From here on it is the person's to keep.
async fn show_recovery_key(seat: &Seat<'_>, key: &str) -> Result<(), Failure> {
    if seat.print.form() == Form::Text {
        let line = format!("recovery key: {key}");
        seat.print.line(&json!(null), line)?;
        seat.print.note(
            "Keep the recovery key away from this machine: with it and the password you come \
             back when all your devices are lost. It is not shown again.",
        );
    }
    seat.done(Command::RecoveryKept).await
}

impl Login {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let dir = seat::folder(global)?;
        let sign = self.sign;
        seat::run(async {
            let profile = prepare(&dir, self.server.as_deref(), sign.trust, print).await?;
            let password = secret::read(sign.password_file.as_deref(), "Password", Typed::Once)?;
            let recovery_key = self
                .recovery_key_file
                .as_deref()
                .map(|file| secret::read(Some(file), "Recovery key", Typed::Once))
                .transpose()?;
            let passphrase = self
                .passphrase_file
                .as_deref()
                .map(|file| secret::read(Some(file), "Passphrase", Typed::Once))
                .transpose()?;
            let sign_in = Command::SignIn {
                username: sign.username,
                password,
                code: self.code,
                device_name: sign.device_name,
                recovery_key,
            };
            seat::at(profile, print, async |seat| {
                signed_in(seat, sign_in, passphrase).await
            })
            .await
        })
    }
}

async fn signed_in(
    seat: &Seat<'_>,
    sign_in: Command,
    passphrase: Option<String>,
) -> Result<(), Failure> {
    still_free(seat).await?;
    let reply = match seat.command(sign_in.clone()).await {
        Err(failure) if failure.is(ErrorCode::SecondFactorRequired) && Print::can_ask() => {
            seat.command(with_code(sign_in)?).await?
        }
        other => other?,
    };
    let state = match reply {
        CommandReply::SignedIn { state } => state,
        other => return Err(unexpected(&other)),
    };
    match (state, passphrase) {
        (DeviceState::Pending, Some(words)) => {
            let unlock = Command::UnlockWithPassphrase { words };
            seat.command(unlock).await?;
        }
        (DeviceState::Pending, None) => approved(seat).await?,
        _ => {}
    }
    let me = seat.reach().await?;
    restored(seat).await?;
    let key = match seat.query(Query::Recovery).await? {
        QueryReply::Recovery(recovery) => recovery.key,
        other => return Err(unexpected(&other)),
    };
    let server = seat.profile().server();
    seat.print.line(
        &json!({
            "state": "active", "user": me.user, "username": me.username, "device": me.device,
            "server": server.to_string(), "recovery_key": key,
        }),
        format_args!("signed in as {} at {server}", printable(&me.username)),
    )?;
    // An account that the operator made gets its keys, this one too, at its first sign-in.
    match key {
        Some(key) => show_recovery_key(seat, &key).await,
        None => Ok(()),
    }
}

/// The password was right, and the account has a second factor.
fn with_code(mut sign_in: Command) -> Result<Command, Failure> {
    if let Command::SignIn { code, .. } = &mut sign_in {
        *code = Some(secret::read_line(
            "Code of your authenticator, or a backup code",
        )?);
    }
    Ok(sign_in)
}

/// Waits until what the backup holds is here, for as long as it goes on.
async fn restored(seat: &Seat<'_>) -> Result<(), Failure> {
    let mut before = None;
    loop {
        let backup = match seat.query(Query::Backup).await? {
            QueryReply::Backup(backup) => backup,
            other => return Err(unexpected(&other)),
        };
        let Some(restore) = backup.restore else {
            return Ok(());
        };
        if before.replace(restore.taken) == Some(restore.taken) {
            seat.print
                .note("Bringing back your keys takes long; it goes on with the next command.");
            return Ok(());
        }
        seat.print.note(format_args!(
            "Bringing back your keys: {} of {}.",
            restore.taken, restore.total
        ));
        let more = |view| match view {
            QueryReply::Backup(now) => match now.restore {
                Some(now) => (now.taken > restore.taken).then_some(()),
                None => Some(()),
            },
            _ => None,
        };
        seat.wait_until(&Query::Backup, RESTORE, more).await?;
    }
}

/// Shows the code of this device until another one has approved it.
async fn approved(seat: &Seat<'_>) -> Result<(), Failure> {
    let code = seat
        .wait_until(
            &Query::Session,
            Duration::from_secs(10),
            |view| match view {
                QueryReply::Session(session) => session.pending_code,
                _ => None,
            },
        )
        .await?
        .ok_or_else(|| Failure::other("This device has no code to show."))?;
    seat.print.line(
        &json!({"state": "pending", "code": code}),
        format_args!("code: {code}"),
    )?;
    seat.print.note(format_args!(
        "Compare this code on another device of yours and approve it there \
         (`cloister device approve {code}`). You may interrupt: `cloister status` goes on."
    ));
    loop {
        let state = seat
            .wait_until(&Query::Session, APPROVAL, |view| match view {
                QueryReply::Session(session) => {
                    (session.state != DeviceState::Pending).then_some(session.state)
                }
                _ => None,
            })
            .await?;
        match state {
            Some(DeviceState::Active) => return Ok(()),
            Some(_) => {
                seat.me().await?;
            }
            None => {}
        }
    }
}

/// One profile, one account.
async fn still_free(seat: &Seat<'_>) -> Result<(), Failure> {
    let session = seat.session().await?;
    let name = session.me.map_or_else(String::new, |me| me.username);
    match session.state {
        DeviceState::SignedOut => Ok(()),
        _ => Err(taken(&name)),
    }
}

fn taken(name: &str) -> Failure {
    Failure::new(
        CONFLICT,
        "SIGNED_IN",
        format!("{} is signed in with this profile.", printable(name)),
    )
    .next("Sign out first with `cloister logout`, or choose another --profile.")
}

#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// Sign out although keys are lost that the backup does not hold yet
    #[arg(long)]
    anyway: bool,
}

impl Logout {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            if seat.session().await?.state == DeviceState::SignedOut {
                return Err(seat::signed_out());
            }
            seat.leave(self.anyway).await?;
            seat.print.line(
                &json!({"state": "signed_out"}),
                "signed out; what this device stored is destroyed",
            )
        })
    }
}

pub(crate) fn whoami(global: &Global, print: &Print) -> Result<(), Failure> {
    seat::with_profile(global, print, async |seat| {
        let me = seat.me().await?;
        let server = seat.profile().server();
        seat.print.line(
            &json!({
                "user": me.user, "username": me.username, "display_name": me.display_name,
                "device": me.device, "server": server.to_string(), "operator": me.operator,
            }),
            format_args!("{} at {server}", printable(&me.username)),
        )
    })
}

/// The address within an invite link.
fn link_of(invite: &str) -> Option<&str> {
    invite.contains("://").then_some(invite)
}

/// The profile in `dir`, made if there is none, for a server whose certificate is believed.
async fn prepare(
    dir: &Path,
    server: Option<&str>,
    trust: Option<Pin>,
    print: &Print,
) -> Result<Profile, Failure> {
    let known = Profile::find(dir)?;
    let server: ServerUrl = match (server, &known) {
        (Some(server), _) => server
            .parse()
            .map_err(|error| Failure::usage(format!("{error}.")))?,
        (None, Some(known)) => known.server().clone(),
        (None, None) => {
            return Err(Failure::usage("It is not said which server.").next("Give --server URL."));
        }
    };
    let fits =
        |known: &Profile| *known.server() == server && (trust.is_none() || trust == known.pin());
    if let Some(known) = known.filter(fits) {
        return Ok(known);
    }
    let pin = believe(&server, trust, print).await?;
    not_in_use(dir, print).await?;
    Ok(Profile::create(dir, server, pin)?)
}

/// Before a profile is given another server or key: nobody may be signed in with it.
async fn not_in_use(dir: &Path, print: &Print) -> Result<(), Failure> {
    match Profile::find(dir)? {
        Some(profile) => seat::at(profile, print, async |seat| still_free(seat).await).await,
        None => Ok(()),
    }
}

/// The pin for a server: the given one if the server shows it, none where this machine's
/// authorities vouch, else what the person accepts.
async fn believe(
    server: &ServerUrl,
    trust: Option<Pin>,
    print: &Print,
) -> Result<Option<Pin>, Failure> {
    let credential = inspect(server, trust).await.map_err(|error| {
        Failure::new(
            UNREACHABLE,
            &failure::name(ErrorCode::Offline),
            format!("{server} cannot be reached: {error}."),
        )
        .next("Check the address and that the server runs.")
    })?;
    match (credential, trust) {
        (Credential::Believed, trust) => Ok(trust),
        (Credential::Unknown(shown), Some(trust)) => Err(Failure::new(
            UNSAFE,
            &failure::name(ErrorCode::CertificateChanged),
            format!("{server} shows the certificate {shown} and not {trust}."),
        )
        .next("Ask the operator which one is right.")),
        (Credential::Unknown(shown), None) if Print::can_ask() => {
            print.note(format_args!(
                "No authority vouches for the certificate of {server}. Its key is\n  {shown}\n\
                 Compare it with what the operator told you. Is it the same? [yes/no]"
            ));
            let mut answer = String::new();
            std::io::stdin().read_line(&mut answer)?;
            match answer.trim() {
                "yes" | "y" => Ok(Some(shown)),
                _ => Err(unknown_certificate(server, shown)),
            }
        }
        (Credential::Unknown(shown), None) => Err(unknown_certificate(server, shown)),
    }
}

fn unknown_certificate(server: &ServerUrl, shown: Pin) -> Failure {
    Failure::new(
        UNSAFE,
        "CERTIFICATE_UNKNOWN",
        format!("No authority vouches for {shown}, the certificate of {server}."),
    )
    .next(format!(
        "If that is what `cloister serve` printed there, add --trust {shown}."
    ))
}
