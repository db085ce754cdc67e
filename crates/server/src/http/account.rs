//! Becoming somebody, and one's vault.

use axum::extract::State;
use cloister_wire::{
    ErrorCode,
    account::{PutVault, Register, SignedIn, Vault},
};

use super::{
    extract::{Address, Body},
    reply::{Done, Reply},
    session::cookie_of,
};
use crate::{
    App, Error, Result,
    access::{self, Caller},
    action,
    seal::password::Password,
    store,
};

pub async fn register(
    State(app): State<App>,
    Address(address): Address,
    Body(request): Body<Register>,
) -> Result<Reply<SignedIn>> {
    let names = [
        request.username.as_str(),
        request.display_name.as_str(),
        app.config.name.as_str(),
    ];
    action::account::Username::parse(&request.username)?;
    action::account::check_password(&request.password, &names)?;
    let hash = app
        .hasher
        .hash(Password::new(request.password.clone()))
        .await?;
    let parts = app.clone();
    let granted = app
        .db
        .write(move |tx| {
            let permit = access::anyone(tx);
            let address = address.to_string();
            action::account::register(tx, &parts, &permit, &request, &hash, &address)
        })
        .await?;
    Ok(Reply::created(granted.signed_in).with_cookie(cookie_of(&app, granted.fresh.cookie)))
}

pub async fn vault(State(app): State<App>, caller: Caller) -> Result<Reply<Vault>> {
    let vault = app
        .db
        .read(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            store::account::get_vault(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(Vault {
        vault: vault.unwrap_or_default(),
    }))
}

pub async fn put_vault(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<PutVault>,
) -> Result<Done> {
    if request.vault.0.len() > action::account::VAULT_BYTES {
        return Err(Error::refuse(
            ErrorCode::TooLarge,
            "The vault is too large.",
        ));
    }
    app.db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            store::account::update_vault(tx, &permit, &request.vault)
        })
        .await?;
    Ok(Done::default())
}
