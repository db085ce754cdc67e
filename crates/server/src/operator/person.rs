//! People, as the operator looks after them on the machine.

use std::path::Path;

pub use cloister_wire::operate::Deed;
use cloister_wire::{
    operate::{HAPPENED_EXPORT, HappenedPage, Policy, SetPolicy},
    security::Session,
};

use crate::{
    App, Error, Result, access,
    access::{Permit, System},
    action::{self, operate::Asked},
    config::Config,
    env::Env,
    store::{self, account::Account, db::Tx},
    visitor::Visitor,
};

/// What the operator sees of somebody.
#[derive(Debug, Clone)]
pub struct Seen {
    pub account: Account,
    pub totp_at: Option<u64>,
    pub sessions: Vec<Session>,
}

/// Everybody, by name.
pub async fn list(data: &Path, config: Config, env: Env) -> Result<Vec<Seen>> {
    App::open(data, config, env)
        .await?
        .db
        .read(|tx| {
            let permit = access::system(tx, "the operator lists people");
            let accounts = store::account::page(tx, &permit)?;
            accounts
                .into_iter()
                .map(|account| see(tx, &permit, account))
                .collect()
        })
        .await
}

/// One person.
pub async fn show(data: &Path, config: Config, env: Env, username: String) -> Result<Seen> {
    show_on(&App::open(data, config, env).await?, username).await
}

/// The same on an open server.
pub async fn show_on(app: &App, username: String) -> Result<Seen> {
    app.db
        .read(move |tx| {
            let permit = access::system(tx, "the operator looks at somebody");
            let account = find(tx, &permit, &username)?;
            see(tx, &permit, account)
        })
        .await
}

/// Does something to an account, also beside a running server.
pub async fn act(
    data: &Path,
    config: Config,
    env: Env,
    (username, deed): (String, Deed),
) -> Result<()> {
    let app = App::open(data, config, env).await?;
    carry_out(&app, username, deed).await
}

/// The same on an open server.
pub async fn carry_out(app: &App, username: String, deed: Deed) -> Result<()> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::system(tx, "the operator looks after an account");
            let account = find(tx, &permit, &username)?;
            let (of, here) = ((account.id, deed), Visitor::here());
            action::operate::look_after(tx, &parts, &permit, of, &here)
        })
        .await
}

/// A link with which somebody sets a new password: good once, for an hour.
pub async fn reset_link(data: &Path, config: Config, env: Env, username: String) -> Result<String> {
    let app = App::open(data, config, env).await?;
    let address = app.config.address(app.config.listen);
    let token = reset_token(&app, username).await?;
    Ok(format!("{address}/reset#{token}"))
}

/// The token of such a link, on an open server.
pub async fn reset_token(app: &App, username: String) -> Result<String> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::system(tx, "the operator hands out a link to a new password");
            let account = find(tx, &permit, &username)?;
            action::operate::offer_reset(tx, &parts, &permit, account.id, &Visitor::here())
        })
        .await
}

/// What happened to everybody, or to one, newest first.
pub async fn happened(data: &Path, config: Config, env: Env, asked: Asked) -> Result<HappenedPage> {
    App::open(data, config, env)
        .await?
        .db
        .read(move |tx| {
            let permit = access::system(tx, "the operator looks at what happened");
            action::operate::happened(tx, &permit, &asked, HAPPENED_EXPORT)
        })
        .await
}

/// The rules of the instance; with `set`, after choosing them.
pub async fn policy(
    data: &Path,
    config: Config,
    env: Env,
    set: Option<SetPolicy>,
) -> Result<Policy> {
    policy_on(&App::open(data, config, env).await?, set).await
}

/// The same on an open server.
pub async fn policy_on(app: &App, set: Option<SetPolicy>) -> Result<Policy> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::system(tx, "the operator looks at the rules");
            if let Some(set) = &set {
                action::policy::choose(tx, &parts, &permit, set, &Visitor::here())?;
            }
            action::policy::show(tx, &parts, &permit)
        })
        .await
}

fn find(tx: &mut Tx<'_>, permit: &Permit<'_, System>, username: &str) -> Result<Account> {
    store::account::find(tx, permit, username)?.ok_or_else(Error::not_found)
}

fn see(tx: &mut Tx<'_>, permit: &Permit<'_, System>, account: Account) -> Result<Seen> {
    Ok(Seen {
        totp_at: store::factor::get_totp_at(tx, permit, account.id)?,
        sessions: store::session::page_of(tx, permit, account.id)?,
        account,
    })
}
