//! Who is writing now.

use axum::extract::State;
use cloister_wire::ChannelId;

use super::{address::At, reply::Done};
use crate::{
    App, Result,
    access::{self, Caller},
    action,
};

pub async fn tell(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::channel::send(tx, &caller, channel)?;
            action::typing::tell(tx, &permit);
            Ok(())
        })
        .await?;
    Ok(Done::default())
}
