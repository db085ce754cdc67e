//! What the server does by itself, once an hour: throws away what has run out. None of it was
//! worth anything before, so that a job that stands still harms nobody.

use std::time::Duration;

use crate::{App, Result, access, action, store};

const EVERY: Duration = Duration::from_hours(1);

/// Runs the jobs for as long as the server does.
pub async fn run(app: App) {
    loop {
        if let Err(error) = clean_up(&app).await {
            tracing::error!(%error, "the hourly clean-up failed; it runs again in an hour");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Deletes sign-ins, tokens, counted attempts, prekeys and rosters that have run out.
pub async fn clean_up(app: &App) -> Result<()> {
    app.db
        .write(|tx| {
            let permit = access::system(tx, "hourly clean-up");
            let sessions = store::session::delete_old(tx, &permit)?;
            let attempts = store::attempt::delete_old(tx, &permit)?;
            let prekeys = action::prekey::prune(tx, &permit)?;
            let rosters = action::epoch::prune(tx, &permit)?;
            tracing::info!(sessions, attempts, prekeys, rosters, "cleaned up");
            Ok(())
        })
        .await
}
