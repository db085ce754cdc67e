//! The keys of access tokens, as the operator looks after them on the machine.

use std::path::Path;

use crate::{
    App, Result, access,
    config::Config,
    env::Env,
    seal::rotation::{self, Urgency},
    store,
};

pub use crate::seal::rotation::{TokenKey, list};

/// Puts a new key in the place of the one that signs. In an emergency every sign-in is over, and
/// everybody signs in again; says how many were.
pub async fn rotate(data: &Path, config: Config, env: Env, urgency: Urgency) -> Result<u64> {
    let app = App::open(data, config, env.clone()).await?;
    rotation::rotate(data, &env, urgency)?;
    match urgency {
        Urgency::Usual => Ok(0),
        Urgency::Emergency => {
            app.db
                .write(|tx| {
                    let permit = access::system(tx, "the keys of tokens are in other hands");
                    store::session::update_all_ended(tx, &permit, "emergency rotation")
                })
                .await
        }
    }
}
