//! How people keep each other, and who may write to whom.

use axum::extract::State;
use cloister_wire::{
    UserId,
    moderation::{Relations, SetContact, SetRelation},
};

use super::{
    address::At,
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller},
    action, store,
};

pub async fn list(State(app): State<App>, caller: Caller) -> Result<Reply<Relations>> {
    let relations = app
        .db
        .read(move |tx| {
            let permit = access::act(tx, &caller)?;
            Ok(Relations {
                relations: store::relation::page(tx, &permit)?,
                contact: action::relation::contact(tx, &permit)?,
            })
        })
        .await?;
    Ok(Reply::ok(relations))
}

pub async fn set(
    State(app): State<App>,
    caller: Caller,
    At(user): At<UserId>,
    Body(request): Body<SetRelation>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::relation::set(tx, &permit, user, request.relation)
        })
        .await?;
    Ok(Done::default())
}

pub async fn set_contact(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<SetContact>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::relation::set_contact(tx, &permit, request.who)
        })
        .await?;
    Ok(Done::default())
}
