//! Who is there.

use axum::extract::State;
use cloister_wire::presence::Presences;

use super::reply::Reply;
use crate::{
    App, Result,
    access::{self, Caller},
    store,
};

pub async fn list(State(app): State<App>, caller: Caller) -> Result<Reply<Presences>> {
    let users = app
        .db
        .read(move |tx| {
            let permit = access::act(tx, &caller)?;
            store::presence::audience(tx, &permit, permit.user)
        })
        .await?;
    let there = users.into_iter().filter_map(|user| app.presences.get(user));
    Ok(Reply::ok(Presences {
        presences: there.collect(),
    }))
}
