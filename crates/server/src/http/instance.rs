//! What anybody may know of this instance.

use axum::extract::State;
use cloister_wire::account::Instance;

use super::reply::Reply;
use crate::{App, Result, access, action, store};

pub async fn show(State(app): State<App>) -> Result<Reply<Instance>> {
    let parts = app.clone();
    let (incarnation, operators, rules) = app
        .db
        .read(move |tx| {
            let permit = access::anyone(tx);
            let incarnation = store::instance::get_incarnation(tx, &permit)?;
            let operators = store::instance::count_operators(tx, &permit)?;
            let rules = action::policy::in_force(tx, &parts, &permit)?;
            Ok((incarnation, operators, rules))
        })
        .await?;
    Ok(Reply::ok(Instance {
        name: app.config.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        registration: rules.registration,
        mail: app.config.mail.is_on(),
        set_up_needed: operators == 0,
        server_key: app.keys.server_key(),
        incarnation,
    }))
}
