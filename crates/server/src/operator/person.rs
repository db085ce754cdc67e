//! People, as the operator looks after them on the machine.

use std::path::Path;

use cloister_wire::security::{SecurityEventKind, Session};

use crate::{
    App, Error, Result, access,
    access::{Permit, System},
    action,
    config::Config,
    env::Env,
    store::{self, account::Account, db::Tx},
};

/// What the operator sees of somebody.
#[derive(Debug, Clone)]
pub struct Seen {
    pub account: Account,
    pub totp_at: Option<u64>,
    pub sessions: Vec<Session>,
}

/// What the operator does to somebody's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Nobody signs in, and whoever is signed in is out within a second.
    Disable,
    Enable,
    /// Wrong guesses are forgotten.
    Unlock,
    EndSessions,
    /// For somebody who lost them all. The password stays.
    RemoveFactors,
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
            let user = account.id;
            let note = action::security::note_by_operator;
            match deed {
                Deed::Disable => {
                    let now = tx.now();
                    store::account::update_disabled(tx, &permit, user, Some(now))?;
                    action::ending::end_all(tx, &permit, user, "account disabled")?;
                    note(tx, &permit, user, SecurityEventKind::Disabled)
                }
                Deed::Enable => {
                    store::account::update_disabled(tx, &permit, user, None)?;
                    note(tx, &permit, user, SecurityEventKind::Enabled)
                }
                Deed::Unlock => {
                    action::attempt::unlock(tx, &parts, &permit, &account.username)?;
                    note(tx, &permit, user, SecurityEventKind::Unlocked)
                }
                Deed::EndSessions => {
                    action::ending::end_all(tx, &permit, user, "ended by the operator")?;
                    note(tx, &permit, user, SecurityEventKind::AllSessionsEnded)
                }
                Deed::RemoveFactors => action::factor::remove(tx, &permit, user),
            }
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
            action::password::offer_reset(tx, &parts, &permit, account.id)
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
