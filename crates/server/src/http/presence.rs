//! Who is there.

use axum::extract::State;
use cloister_wire::{
    GuildId, UserId,
    limits::PRESENCES_AT_ONCE,
    presence::{LookAt, Presences},
};

use super::{address::At, extract::Body, reply::Reply};
use crate::{
    App, Error, Result,
    access::{self, Caller, policy::Verb},
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

/// Of whom one shows: in a large guild nobody is told of everybody.
pub async fn look_at(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(LookAt { users }): Body<LookAt>,
) -> Result<Reply<Presences>> {
    if users.is_empty() || users.len() > PRESENCES_AT_ONCE {
        return Err(Error::invalid("Ask about 1 to 100 people."));
    }
    let users: Vec<UserId> = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::LookAround)?;
            let mut fellows = Vec::new();
            for user in &users {
                if store::presence::is_fellow(tx, &permit, *user)? {
                    fellows.push(*user);
                }
            }
            Ok(fellows)
        })
        .await?;
    let there = users.into_iter().filter_map(|user| app.presences.get(user));
    Ok(Reply::ok(Presences {
        presences: there.collect(),
    }))
}
