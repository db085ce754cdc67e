//! How long messages are kept, as the operator looks after it on the machine.

use std::path::Path;

use cloister_wire::retention::Retention;

use crate::{App, Result, access, action, config::Config, env::Env, jobs};

/// What is kept for how long, the last runs, and what would go now. Nothing is changed.
pub async fn report(data: &Path, config: Config, env: Env) -> Result<Retention> {
    report_on(&App::open(data, config, env).await?).await
}

async fn report_on(app: &App) -> Result<Retention> {
    app.db
        .read(|tx| {
            let permit = access::system(tx, "the operator looks at what is kept");
            action::retention::report(tx, &permit)
        })
        .await
}

/// Removes what is too old now, also beside a running server. Says how many messages went.
pub async fn run(data: &Path, config: Config, env: Env) -> Result<(u64, Retention)> {
    let app = App::open(data, config, env).await?;
    let removed = jobs::retain(&app, true).await?;
    Ok((removed, report_on(&app).await?))
}
