//! What anybody may know of this instance.

use axum::extract::State;
use cloister_wire::account::{Instance, Registration};

use super::reply::Reply;
use crate::{App, Result, access, action, store};

pub async fn show(State(app): State<App>) -> Result<Reply<Instance>> {
    let parts = app.clone();
    let (incarnation, operators, rules, questions) = app
        .db
        .read(move |tx| {
            let permit = access::anyone(tx);
            let incarnation = store::instance::get_incarnation(tx, &permit)?;
            let operators = store::instance::count_operators(tx, &permit)?;
            let rules = action::policy::in_force(tx, &parts, &permit)?;
            let questions = match rules.registration {
                Registration::Application => {
                    store::account_application::get_questions(tx, &permit)?
                }
                _ => Vec::new(),
            };
            Ok((incarnation, operators, rules, questions))
        })
        .await?;
    Ok(Reply::ok(Instance {
        name: app.config.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        registration: rules.registration,
        questions,
        lock_after_ms: app.config.sessions.lifetimes().lock_ms,
        mail: app.config.mail.is_on(),
        set_up_needed: operators == 0,
        server_key: app.keys.server_key(),
        incarnation,
    }))
}
