//! What the operator does on the machine of the server, beside a running one or without.

mod account_application;
mod key;
mod mail;
mod person;
mod policy;
mod retention;

pub(crate) use self::{
    account_application::AccountApplication, key::Keys, mail::Mail, person::place, policy::Policy,
    retention::Retention,
};

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use cloister_server::{
    App, Error,
    config::{Config as Configuration, TlsMode},
    env::Env,
    operator::{self, Initial, InviteTerms, NewUser, Role},
    seal::password::Password,
    serve, tls,
};
use serde_json::json;

use crate::{
    failure::{self, Failure},
    print::Print,
    seat,
    secret::{self, Typed},
};

const DATA: &str = "cloister-data";
/// File with the address of the running server.
const ADDRESS: &str = "address";

/// Which server.
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// Data folder of the server
    #[arg(long, value_name = "DIR", default_value = DATA, env = "CLOISTER_DATA")]
    data: PathBuf,
    /// Configuration, when it is not in the data folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Data {
    pub(crate) const fn new(data: PathBuf, config: Option<PathBuf>) -> Data {
        Data { data, config }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.data
    }

    /// The configuration; the folder is made, with what a server needs, if it is not there.
    pub(crate) fn config(&self) -> Result<Configuration, Failure> {
        serve::prepare(&self.data, self.config.as_deref()).map_err(|error| fault(&error))
    }

    /// The configuration of a server that has been made before.
    pub(crate) fn of_server(&self) -> Result<Configuration, Failure> {
        if self.data.is_dir() {
            return self.config();
        }
        Err(
            Failure::usage(format!("There is no folder {}.", self.data.display()))
                .next("Give --data DIR, or make one with `cloister init`."),
        )
    }

    /// Opens keys and database, as a starting server does.
    async fn open(&self, config: Configuration) -> Result<(), Failure> {
        App::open(&self.data, config, Env::system())
            .await
            .map(|_| ())
            .map_err(|error| fault(&error))
    }

    /// Keeps the address that the running server has, for the links that are made beside it.
    pub(crate) fn keep_address(&self, address: &str) -> Result<(), Failure> {
        Ok(fs::write(self.data.join(ADDRESS), address)?)
    }

    pub(super) fn last_address(&self) -> Option<String> {
        let address = fs::read_to_string(self.data.join(ADDRESS)).ok()?;
        Some(address.trim().to_owned()).filter(|address| !address.is_empty())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print the configuration with all defaults, without secrets
    Show(Data),
    /// Say whether the configuration can be used
    Check(Data),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Limits {
    /// Print what is limited, how much, and in which time
    List(Data),
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Make an account; its keys are made at its first sign-in
    Create(CreateUser),
    #[command(flatten)]
    Look(person::Look),
}

#[derive(Debug, Args)]
pub(crate) struct CreateUser {
    /// Name of the account
    name: String,
    /// The account runs the instance
    #[arg(long)]
    operator: bool,
    /// File with the password (`-`: stdin); without it, it is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// File with a bcrypt hash that the person brings from another program, in place of a password
    #[arg(long, value_name = "FILE", conflicts_with = "password_file")]
    password_hash_file: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
}

/// A server's error in the terms of the command line. Whoever runs this command is the
/// operator, so a fault is shown with its cause.
pub(crate) fn fault(error: &Error) -> Failure {
    match error {
        Error::Refused(_) => {
            let body = error.body();
            Failure::from(cloister_client::view::Refusal {
                code: body.code,
                message: body.message,
                retry_after_ms: body.retry_after_ms,
            })
        }
        Error::Database(_) | Error::Internal(_) => Failure::new(
            failure::OTHER,
            &failure::name(error.code()),
            error.to_string(),
        ),
    }
}

pub(crate) fn init(data: &Data, print: &Print) -> Result<(), Failure> {
    let fresh = !data.folder().exists();
    let config = data.config()?;
    let identity = tls::load(data.folder(), &config, &Env::system()).map_err(|e| fault(&e))?;
    seat::run(data.open(config))?;
    let (folder, fingerprint) = (data.folder().display(), identity.fingerprint);
    let state = if fresh { "made" } else { "ready" };
    print.line(
        &json!({
            "data": folder.to_string(), "certificate": format!("sha256:{fingerprint}"), "state": state,
        }),
        format_args!("{state} {folder}\ncertificate sha256:{fingerprint}"),
    )
}

impl Config {
    pub(crate) fn run(self, print: &Print) -> Result<(), Failure> {
        match self {
            Config::Show(data) => {
                let shown = data.of_server()?.shown().map_err(|error| fault(&error))?;
                print.line(&json!({"config": shown}), shown.trim_end())
            }
            Config::Check(data) => {
                data.of_server()?;
                print.line(&json!({"ok": true}), "The configuration can be used.")
            }
        }
    }
}

impl Limits {
    pub(crate) fn run(self, print: &Print) -> Result<(), Failure> {
        let Limits::List(data) = self;
        for limit in data.of_server()?.limits.table() {
            let time = limit
                .window_s
                .map_or_else(String::new, |seconds| format!(" in {seconds} s"));
            print.line(
                &json!({
                    "key": limit.key, "most": limit.most, "window_s": limit.window_s,
                    "counts": limit.counts,
                }),
                format_args!("{} = {}{time}: {}", limit.key, limit.most, limit.counts),
            )?;
        }
        Ok(())
    }
}

impl User {
    pub(crate) fn run(self, print: &Print) -> Result<(), Failure> {
        let create = match self {
            User::Create(create) => create,
            User::Look(look) => return look.run(print),
        };
        let password = match &create.password_hash_file {
            Some(file) => Initial::Hash(secret::read(Some(file), "Hash", Typed::Once)?),
            None => {
                let file = create.password_file.as_deref();
                let password = secret::read(file, "New password", Typed::Twice)?;
                Initial::Password(Password::new(password))
            }
        };
        let role = if create.operator {
            Role::Operator
        } else {
            Role::Person
        };
        let new = NewUser {
            username: create.name.clone(),
            password,
            role,
        };
        let config = create.data.config()?;
        let made = operator::user_create(create.data.folder(), config, Env::system(), new);
        let user = seat::run(async { made.await.map_err(|error| fault(&error)) })?;
        print.line(
            &json!({"user": user, "username": create.name, "operator": create.operator}),
            user,
        )
    }
}

/// An invite to the instance.
pub(crate) fn invite(
    data: &Data,
    uses: u32,
    expires_in_s: u32,
    print: &Print,
) -> Result<(), Failure> {
    let mut config = data.of_server()?;
    // Where the server really is: it may listen on a port that the configuration leaves open.
    config.public_url = config.public_url.or_else(|| data.last_address());
    let terms = InviteTerms {
        uses,
        lives_ms: Some(u64::from(expires_in_s) * 1_000),
    };
    let made = operator::invite_create(data.folder(), config, Env::system(), terms);
    let invite = seat::run(async { made.await.map_err(|error| fault(&error)) })?;
    print.line(
        &json!({"code": invite.code, "url": invite.url}),
        &invite.url,
    )
}

/// What `doctor` looked at.
struct Finding {
    check: &'static str,
    /// What is the matter, or nothing.
    trouble: Option<String>,
}

pub(crate) fn doctor(data: &Data, print: &Print) -> Result<(), Failure> {
    if !data.folder().is_dir() {
        data.of_server()?;
    }
    let findings = examine(data);
    let mut troubled = 0;
    for Finding { check, trouble } in &findings {
        let said = trouble.as_deref().unwrap_or("fine");
        print.line(
            &json!({"check": check, "ok": trouble.is_none(), "finding": trouble}),
            format_args!("{check}: {said}"),
        )?;
        troubled += usize::from(trouble.is_some());
    }
    match troubled {
        0 => Ok(()),
        count => Err(Failure::new(
            failure::OTHER,
            "FINDINGS",
            format!("{count} of {} checks found something.", findings.len()),
        )),
    }
}

fn examine(data: &Data) -> Vec<Finding> {
    let finding = |check, outcome: Result<(), String>| Finding {
        check,
        trouble: outcome.err(),
    };
    let folder = finding("folder", is_private(data.folder()));
    let config = match data.config() {
        Ok(config) => config,
        Err(failure) => return vec![folder, finding("configuration", Err(failure.message))],
    };
    let warnings = config.warnings();
    let certificate = certified(data, &config);
    let database = seat::run(data.open(config)).map_err(|failure| failure.message);
    let mut findings = vec![folder, finding("configuration", Ok(()))];
    // Each weak setting is a finding of its own, under its key.
    if warnings.is_empty() {
        findings.push(finding("settings", Ok(())));
    }
    for warning in warnings {
        findings.push(finding(warning.key, Err(warning.sentence.to_owned())));
    }
    findings.push(finding("certificate", certificate));
    findings.push(finding("keys", are_private(data.folder())));
    let opened = database.is_ok();
    findings.push(finding("database", database));
    if opened {
        findings.push(finding("operators", guarded(data)));
    }
    findings
}

/// An authority's certificate is renewed a month before its end; a week before, nobody has.
const ENDS_SOON_DAYS: u64 = 7;
const DAY_MS: u64 = 24 * 60 * 60_000;

fn certified(data: &Data, config: &Configuration) -> Result<(), String> {
    if config.tls.mode == TlsMode::Off {
        return Ok(());
    }
    let env = Env::system();
    let identity = tls::load(data.folder(), config, &env).map_err(|error| fault(&error).message)?;
    let left = identity.ends_at.saturating_sub(env.now()) / DAY_MS;
    match left {
        0 if identity.ends_at <= env.now() => Err("It has ended: nobody can connect.".to_owned()),
        0..ENDS_SOON_DAYS => Err(format!("It ends within {} days: renew it.", left + 1)),
        _ => Ok(()),
    }
}

/// Key files are for the owner's eyes.
fn are_private(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let keys = [folder.to_owned(), folder.join("keys")];
    let files = keys.iter().filter_map(|folder| fs::read_dir(folder).ok());
    for file in files.flatten().filter_map(Result::ok) {
        let is_key = file.path().extension().is_some_and(|kind| kind == "key");
        let mode = file
            .metadata()
            .map_or(0, |found| found.permissions().mode());
        if is_key && mode & 0o077 != 0 {
            let path = file.path();
            return Err(format!(
                "Others on this machine may read {} (mode {:o}): run chmod 600 on it.",
                path.display(),
                mode & 0o777
            ));
        }
    }
    Ok(())
}

/// Operators whose password is all that guards them.
fn guarded(data: &Data) -> Result<(), String> {
    let message = |failure: Failure| failure.message;
    let config = data.config().map_err(message)?;
    let listed = operator::person::list(data.folder(), config, Env::system());
    let all = seat::run(async { listed.await.map_err(|error| fault(&error)) }).map_err(message)?;
    let bare: Vec<_> = all
        .iter()
        .filter(|one| one.account.operator_at.is_some() && one.account.disabled_at.is_none())
        .filter(|one| one.totp_at.is_none())
        .map(|one| one.account.username.clone())
        .collect();
    match bare.len() {
        0 => Ok(()),
        _ => Err(format!(
            "Without a second factor: {}. Set second_factor.required to \"staff\".",
            bare.join(", ")
        )),
    }
}

/// Keys lie in the folder: nobody else of the machine may enter it.
fn is_private(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(folder)
        .map_err(|error| format!("{error}."))?
        .permissions()
        .mode();
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(format!(
            "Others on this machine may enter it (mode {:o}): run chmod 700 {}.",
            mode & 0o777,
            folder.display()
        )),
    }
}
