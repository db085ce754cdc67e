//! People of a server, as its operator looks after them.

use clap::{Args, Subcommand};
use cloister_server::{
    action::operate::Asked,
    env::Env,
    operator::person::{self, Deed, Seen},
};
use cloister_wire::{
    operate::Happened,
    security::{Place, SecurityEventKind},
};
use serde_json::json;

use super::{Data, fault};
use crate::{
    failure::Failure,
    print::{Print, moment, printable},
    seat,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Look {
    /// List everybody
    List {
        /// Only those whose names have this
        #[arg(long, value_name = "TEXT")]
        with: Option<String>,
        #[command(flatten)]
        data: Data,
    },
    /// What happened to accounts, newest first
    Events(Events),
    /// Show one account
    Show(Named),
    /// List the sign-ins of an account
    Sessions(Named),
    /// Nobody signs in to the account any more, and whoever is signed in is out
    Disable(Named),
    /// Undo `disable`
    Enable(Named),
    /// Forget wrong passwords, so that unknown devices may try again
    Unlock(Named),
    /// End every sign-in of the account
    SignOut(Named),
    /// Take the second factors away, for somebody who lost them all
    RemoveFactors(Named),
    /// Make a link with which the person sets a new password: good once, for an hour
    ResetPassword(Named),
    /// Delete the account after the usual days, in which it can be kept
    Delete(Named),
    /// Keep an account that is about to be deleted
    Keep(Named),
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Only to this account
    name: Option<String>,
    /// Only of this kind, such as `sign_in_failed`
    #[arg(long)]
    kind: Option<String>,
    /// Only of the time before now: `24h`, `7d`
    #[arg(long, value_name = "TIME", value_parser = crate::arguments::duration_s)]
    last: Option<u32>,
    #[command(flatten)]
    data: Data,
}

impl Events {
    fn run(self, print: &Print) -> Result<(), Failure> {
        let kind = self.kind.as_deref().map(kind_of).transpose()?;
        let env = Env::system();
        let since = self.last.map(|last| env.now() - u64::from(last) * 1_000);
        let asked = Asked {
            username: self.name,
            kind,
            since,
            ..Asked::default()
        };
        let config = self.data.of_server()?;
        let found = person::happened(self.data.folder(), config, env, asked);
        let page = seat::run(async { found.await.map_err(|error| fault(&error)) })?;
        page.events.iter().try_for_each(|event| told(event, print))
    }
}

fn kind_of(text: &str) -> Result<SecurityEventKind, Failure> {
    let value = serde_json::Value::String(text.to_owned());
    serde_json::from_value(value)
        .map_err(|_| Failure::usage(format!("{text:?} is no kind of event.")))
}

fn told(event: &Happened, print: &Print) -> Result<(), Failure> {
    let value = serde_json::to_value(event).unwrap_or_default();
    let kind = value["kind"].as_str().unwrap_or_default().to_owned();
    let whose = event.username.as_deref().unwrap_or("-");
    let by = event.by_name.as_deref().map(|by| format!("  by {by}"));
    print.line(
        &value,
        format_args!(
            "{}  {kind}  {whose}{}  {} {}  {} {}",
            moment(event.at),
            by.unwrap_or_default(),
            event.address,
            place(&event.place),
            printable(&event.user_agent),
            printable(&event.about),
        ),
    )
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Name of the account
    name: String,
    #[command(flatten)]
    data: Data,
}

impl Look {
    pub(crate) fn run(self, print: &Print) -> Result<(), Failure> {
        match self {
            Look::List { with, data } => {
                let config = data.of_server()?;
                let listed = person::list(data.folder(), config, Env::system());
                let all = seat::run(async { listed.await.map_err(|error| fault(&error)) })?;
                let with = with.unwrap_or_default().to_lowercase();
                let has = |name: &str| name.to_lowercase().contains(&with);
                all.iter()
                    .filter(|seen| has(&seen.account.username) || has(&seen.account.display_name))
                    .try_for_each(|seen| line(seen, print))
            }
            Look::Events(events) => events.run(print),
            Look::Show(named) => line(&named.look()?, print),
            Look::Sessions(named) => sessions(&named.look()?, print),
            Look::Disable(named) => named.act(Deed::Disable, "disabled", print),
            Look::Enable(named) => named.act(Deed::Enable, "enabled", print),
            Look::Unlock(named) => named.act(Deed::Unlock, "unlocked", print),
            Look::SignOut(named) => named.act(Deed::EndSessions, "signed out", print),
            Look::RemoveFactors(named) => {
                named.act(Deed::RemoveFactors, "second factors removed", print)
            }
            Look::Delete(named) => named.act(Deed::Delete, "to be deleted", print),
            Look::Keep(named) => named.act(Deed::Keep, "kept", print),
            Look::ResetPassword(named) => named.reset(print),
        }
    }
}

impl Named {
    fn look(&self) -> Result<Seen, Failure> {
        let config = self.data.of_server()?;
        let shown = person::show(self.data.folder(), config, Env::system(), self.name.clone());
        seat::run(async { shown.await.map_err(|error| fault(&error)) })
    }

    fn act(&self, deed: Deed, done: &str, print: &Print) -> Result<(), Failure> {
        let config = self.data.of_server()?;
        let what = (self.name.clone(), deed);
        let acted = person::act(self.data.folder(), config, Env::system(), what);
        seat::run(async { acted.await.map_err(|error| fault(&error)) })?;
        print.line(&json!({"username": self.name, "state": done}), done)
    }

    fn reset(&self, print: &Print) -> Result<(), Failure> {
        let mut config = self.data.of_server()?;
        config.public_url = config.public_url.or_else(|| self.data.last_address());
        let name = self.name.clone();
        let made = person::reset_link(self.data.folder(), config, Env::system(), name);
        let url = seat::run(async { made.await.map_err(|error| fault(&error)) })?;
        print.note("Hand this to the person by a way that only they read. It is good for an hour.");
        print.line(&json!({"username": self.name, "url": url}), &url)
    }
}

fn line(seen: &Seen, print: &Print) -> Result<(), Failure> {
    let account = &seen.account;
    let mut facts = vec![format!("{} signed in", seen.sessions.len())];
    if account.operator_at.is_some() {
        facts.push("operator".to_owned());
    }
    if seen.totp_at.is_some() {
        facts.push("second factor".to_owned());
    }
    if account.disabled_at.is_some() {
        facts.push("disabled".to_owned());
    }
    if let Some(at) = account.deletion_at {
        facts.push(format!("deleted on {}", moment(at)));
    }
    print.line(
        &json!({
            "user": account.id, "username": account.username,
            "display_name": account.display_name, "operator_at": account.operator_at,
            "disabled_at": account.disabled_at, "deletion_at": account.deletion_at,
            "totp_at": seen.totp_at,
            "sessions": seen.sessions.len(),
        }),
        format_args!("{}  {}", printable(&account.username), facts.join(", ")),
    )
}

fn sessions(seen: &Seen, print: &Print) -> Result<(), Failure> {
    for session in &seen.sessions {
        let from = place(&session.place);
        print.line(
            &json!({
                "id": session.id, "device": session.device, "client": session.client,
                "user_agent": session.user_agent, "place": session.place,
                "created_at": session.created_at, "last_seen_at": session.last_seen_at,
                "expires_at": session.expires_at,
            }),
            format_args!(
                "{}  {from}  last used {}  {}",
                session.id,
                moment(session.last_seen_at),
                printable(&session.user_agent)
            ),
        )?;
    }
    Ok(())
}

/// Where a sign-in came from, in words.
pub(crate) fn place(place: &Place) -> String {
    match place {
        Place::ThisMachine => "the server's machine".to_owned(),
        Place::LocalNetwork => "the local network".to_owned(),
        Place::Network { prefix } => format!("network {prefix}"),
    }
}
