//! Applications for an account, as the operator decides about them on the machine.

use std::path::Path;

use cloister_wire::{
    AccountApplicationId,
    account_application::{AccountApplications, Approved, Handing},
};

use crate::{
    App, Error, Result, access,
    access::{Permit, System},
    action,
    config::Config,
    env::Env,
    store::{self, db::Tx},
    visitor::Visitor,
};

/// Those that wait, or those that were decided.
pub async fn list(
    data: &Path,
    config: Config,
    env: Env,
    decided: bool,
) -> Result<AccountApplications> {
    let app = App::open(data, config, env).await?;
    let parts = app.clone();
    app.db
        .read(move |tx| {
            let permit = access::system(tx, "the operator looks at applications");
            action::account_application::page(tx, &parts, &permit, (decided, None))
        })
        .await
}

/// Lets the one in who waits for a name.
pub async fn approve(
    data: &Path,
    config: Config,
    env: Env,
    (username, by): (String, Handing),
) -> Result<Approved> {
    let app = App::open(data, config, env).await?;
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::system(tx, "the operator approves an application");
            let id = find(tx, &permit, &username)?;
            action::account_application::approve(tx, &parts, &permit, (id, by), &Visitor::here())
        })
        .await
}

/// Turns the one away who waits for a name.
pub async fn reject(
    data: &Path,
    config: Config,
    env: Env,
    (username, reason): (String, String),
) -> Result<()> {
    let app = App::open(data, config, env).await?;
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::system(tx, "the operator rejects an application");
            let of = (find(tx, &permit, &username)?, reason.as_str());
            action::account_application::reject(tx, &parts, &permit, of, &Visitor::here())
        })
        .await
}

/// Chooses what applicants are asked.
pub async fn set_questions(
    data: &Path,
    config: Config,
    env: Env,
    questions: Vec<String>,
) -> Result<()> {
    App::open(data, config, env)
        .await?
        .db
        .write(move |tx| {
            let permit = access::system(tx, "the operator chooses questions");
            action::account_application::set_questions(tx, &permit, &questions, &Visitor::here())
        })
        .await
}

fn find(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, System>,
    username: &str,
) -> Result<AccountApplicationId> {
    store::account_application::find(tx, permit, username)?.ok_or_else(Error::not_found)
}
