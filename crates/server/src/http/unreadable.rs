//! How many messages devices can't read: numbers for who looks after the instance.

use axum::extract::State;
use cloister_wire::health::TellUnreadable;

use super::{extract::Body, reply::Done};
use crate::{
    App, Result,
    access::{self, Caller},
};

pub async fn tell(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<TellUnreadable>,
) -> Result<Done> {
    let device = app
        .db
        .read(move |tx| Ok(access::act(tx, &caller)?.device))
        .await?;
    app.measures.tell(device, request.counts, app.env.now())?;
    Ok(Done::default())
}
