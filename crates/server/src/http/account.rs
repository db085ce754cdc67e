//! Becoming somebody, and one's vault.

use axum::extract::State;
use cloister_wire::account::{Register, SignedIn, Vault};

use super::{extract::Body, reply::Reply, session::cookie_of};
use crate::{
    App, Result,
    access::{self, Caller},
    action::{
        self,
        password::{self, Beside},
    },
    config::Required,
    seal::password::Password,
    store,
    visitor::Visitor,
};

pub async fn register(
    State(app): State<App>,
    visitor: Visitor,
    Body(request): Body<Register>,
) -> Result<Reply<SignedIn>> {
    action::account::Username::parse(&request.username)?;
    action::account::display_name(&request.display_name)?;
    // A password is looked at and hashed for those only who have a door to come in by.
    let (parts, admission, from) = (app.clone(), request.admission.clone(), visitor.clone());
    let rules = app
        .db
        .write(move |tx| {
            let permit = access::anyone(tx);
            let rules = action::policy::in_force(tx, &parts, &permit)?;
            let knocked = action::account::knock(tx, &parts, &permit, &admission, &from)?;
            Ok(knocked.map(|()| rules))
        })
        .await??;
    let _place = app.registrations.enter(visitor.network())?;
    let names = password::names(&app, &request.username, &request.display_name);
    // Where everybody must have a second factor, this password will not stand alone.
    let beside = match rules.second_factor {
        Required::All => Beside::SecondFactor,
        Required::Nobody | Required::Staff => Beside::Nothing,
    };
    password::check(
        app.config.passwords.profile,
        beside,
        &request.password,
        &names,
    )?;
    let hash = app
        .hasher
        .hash(Password::new(request.password.clone()))
        .await?;
    let parts = app.clone();
    let granted = app
        .db
        .write(move |tx| {
            let permit = access::anyone(tx);
            action::account::register(tx, &parts, &permit, (&request, &hash), &visitor)
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
