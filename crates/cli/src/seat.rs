//! An open profile: what every client command works with.

use std::{cell::Cell, path::PathBuf, time::Duration};

use cloister_client::view::{
    Command, CommandReply, Connection, DeviceState, MeView, Query, QueryReply, SessionView, Topic,
};
use cloister_client_native::{Client, Profile};
use cloister_wire::ErrorCode;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::broadcast,
};

use crate::{
    arguments::Global,
    failure::{self, Failure},
    print::Print,
    target::unexpected,
};

/// How long a command waits for the server before it gives up.
const REACH: Duration = Duration::from_secs(15);
/// A first attempt to connect may fail by a blip; after this long, a failed one is an answer.
const BLIP: Duration = Duration::from_secs(2);
/// How long what follows from a command may take to show up in the store.
pub(crate) const SETTLE: Duration = Duration::from_secs(10);

/// How long the end of a command waits for the backup.
const SAVE: Duration = Duration::from_secs(10);

pub(crate) struct Seat<'a> {
    client: Client,
    pub(crate) print: &'a Print,
    /// The person has signed out: asking once more would make a new store.
    left: Cell<bool>,
}

/// The folder of the profile that was chosen.
pub(crate) fn folder(global: &Global) -> Result<PathBuf, Failure> {
    let default = || dirs::data_dir().map(|data| data.join("cloister"));
    global.profile.clone().or_else(default).ok_or_else(|| {
        Failure::usage("This system names no folder for data.").next("Give --profile DIR.")
    })
}

/// Opens the profile, does `work`, and closes it, also when the person interrupts.
pub(crate) fn with_profile(
    global: &Global,
    print: &Print,
    work: impl AsyncFnOnce(&Seat<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let profile = Profile::find(&folder(global)?)?.ok_or_else(signed_out)?;
    run(async { at(profile, print, work).await })
}

/// The same for a profile that is at hand, within a runtime.
pub(crate) async fn at(
    profile: Profile,
    print: &Print,
    work: impl AsyncFnOnce(&Seat<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let client = Client::open(profile).await?;
    let seat = Seat {
        client,
        print,
        left: Cell::new(false),
    };
    let outcome = tokio::select! {
        outcome = work(&seat) => outcome,
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
        _ = terminate.recv() => Err(Failure::interrupted()),
    };
    if !seat.left.get() {
        seat.save_keys().await;
    }
    seat.client.close().await;
    outcome
}

pub(crate) fn run<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(future)
}

pub(crate) fn signed_out() -> Failure {
    Failure::new(
        failure::SIGNED_OUT,
        &failure::name(ErrorCode::SignedOut),
        "Nobody is signed in here.",
    )
    .next("Sign in with `cloister login`, or sign up with `cloister register`.")
}

impl Seat<'_> {
    /// A command is often over before new keys were written behind: they are written now, if
    /// the server is at hand; else with the next command.
    async fn save_keys(&self) {
        let online = matches!(
            self.session().await,
            Ok(session) if session.connection == Connection::Online
                && session.state == DeviceState::Active
        );
        let missing = match self.query(Query::Backup).await {
            Ok(QueryReply::Backup(backup)) => backup.missing,
            _ => 0,
        };
        if online && missing > 0 {
            let saved = tokio::time::timeout(SAVE, self.command(Command::BackUp));
            if !matches!(saved.await, Ok(Ok(_))) {
                self.print
                    .note("Some keys are not backed up yet; the next command tries again.");
            }
        }
    }

    /// Signs out: what this device stored is destroyed.
    pub(crate) async fn leave(&self, anyway: bool) -> Result<(), Failure> {
        self.done(Command::SignOut { anyway }).await?;
        self.left.set(true);
        Ok(())
    }

    pub(crate) fn profile(&self) -> &Profile {
        self.client.profile()
    }

    pub(crate) fn topics(&self) -> broadcast::Receiver<Topic> {
        self.client.topics()
    }

    pub(crate) async fn query(&self, query: Query) -> Result<QueryReply, Failure> {
        Ok(self.client.query(query).await?)
    }

    pub(crate) async fn session(&self) -> Result<SessionView, Failure> {
        Ok(self.client.session().await?)
    }

    pub(crate) async fn command(&self, command: Command) -> Result<CommandReply, Failure> {
        match self.client.command(command).await {
            Ok(reply) => Ok(reply),
            Err(refusal) if refusal.code == ErrorCode::Offline => Err(self.unreachable().await),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// A command that says no more than that it was done.
    pub(crate) async fn done(&self, command: Command) -> Result<(), Failure> {
        match self.command(command).await? {
            CommandReply::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn wait_until<T>(
        &self,
        query: &Query,
        patience: Duration,
        pick: impl FnMut(QueryReply) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        Ok(self.client.wait_until(query, patience, pick).await?)
    }

    /// Who is signed in here; a failure that says what is the matter if this device is not one
    /// of theirs.
    pub(crate) async fn me(&self) -> Result<MeView, Failure> {
        active(self.session().await?)
    }

    /// Waits until the server answers and knows this device.
    pub(crate) async fn reach(&self) -> Result<MeView, Failure> {
        self.me().await?;
        let verdict = |view, give_up: bool| match view {
            QueryReply::Session(session) if session.state != DeviceState::Active => {
                Some(active(session).map(|_| Connection::Offline))
            }
            QueryReply::Session(session) => match session.connection {
                Connection::Online => Some(Ok(Connection::Online)),
                // An attempt has failed and the next one is planned.
                Connection::Offline if give_up && session.retry_at.is_some() => {
                    Some(Ok(Connection::Offline))
                }
                Connection::Offline | Connection::Connecting => None,
            },
            other => Some(Err(unexpected(&other))),
        };
        let at_once = |view| verdict(view, false);
        let mut outcome = self.wait_until(&Query::Session, BLIP, at_once).await?;
        if outcome.is_none() {
            let patiently = |view| verdict(view, true);
            outcome = self.wait_until(&Query::Session, REACH, patiently).await?;
        }
        match outcome.transpose()? {
            Some(Connection::Online) => {
                self.client.settle(SETTLE).await?;
                self.me().await
            }
            _ => Err(self.unreachable().await),
        }
    }

    /// Reaches the server or, if it is away, says that what follows is from the store.
    pub(crate) async fn reach_if_possible(&self) -> Result<bool, Failure> {
        match self.reach().await {
            Ok(_) => Ok(true),
            Err(failure) if failure.is(ErrorCode::Offline) => {
                self.print
                    .note("The server cannot be reached: this is what was stored before.");
                Ok(false)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Why the server cannot be reached: it is away, or it is not the one that is believed.
    pub(crate) async fn unreachable(&self) -> Failure {
        let profile = self.profile();
        match (self.client.refused_certificate().await, profile.pin()) {
            (Ok(Some(shown)), Some(pinned)) => Failure::new(
                failure::UNSAFE,
                &failure::name(ErrorCode::CertificateChanged),
                format!(
                    "{} shows the certificate {shown}, and {pinned} is the pinned one: this may \
                     be somebody else.",
                    profile.server()
                ),
            )
            .next("Ask the operator whether the key was changed before you sign in anew."),
            (Ok(Some(shown)), None) => Failure::new(
                failure::UNSAFE,
                &failure::name(ErrorCode::CertificateChanged),
                format!(
                    "No authority that this machine knows vouches for {shown}, the certificate \
                     of {}.",
                    profile.server()
                ),
            )
            .next("Ask the operator what happened to the certificate."),
            _ => offline(profile),
        }
    }
}

fn offline(profile: &Profile) -> Failure {
    Failure::new(
        failure::UNREACHABLE,
        &failure::name(ErrorCode::Offline),
        format!("{} cannot be reached.", profile.server()),
    )
    .next("Check the connection and that the server runs, then try again.")
}

fn active(session: SessionView) -> Result<MeView, Failure> {
    let refused = |code, message: &str| {
        Err(Failure::from(cloister_client::view::Refusal {
            code,
            message: message.into(),
            retry_after_ms: None,
        }))
    };
    match session.state {
        DeviceState::SignedOut => Err(signed_out()),
        DeviceState::Pending => refused(
            ErrorCode::DevicePending,
            "This device waits to be approved.",
        ),
        DeviceState::Revoked => refused(ErrorCode::DeviceRevoked, "This device was revoked."),
        DeviceState::StartedOver => refused(
            ErrorCode::DeviceRevoked,
            "Your account started over on another device; this one belongs to what it was before.",
        ),
        DeviceState::Cloned => refused(
            ErrorCode::DeviceCloned,
            "The server has seen a later state of this device.",
        ),
        DeviceState::Active => session.me.ok_or_else(signed_out),
    }
}
