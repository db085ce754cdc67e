//! Mail, as the operator looks after it.

use std::path::Path;

use crate::{
    App, Error, Result, access, action,
    config::Config,
    env::Env,
    mail::{EmailAddress, round},
    store::{self, mail::Standing},
};

/// Hands a letter to the mail server at once. The outer error is ours, the inner one what the
/// mail server said.
pub async fn test(
    data: &Path,
    config: Config,
    env: Env,
    to: &str,
) -> Result<std::result::Result<(), String>> {
    let to = EmailAddress::parse(to)?;
    test_on(&App::open(data, config, env).await?, &to).await
}

/// The same on an open server.
pub async fn test_on(app: &App, to: &EmailAddress) -> Result<std::result::Result<(), String>> {
    if !app.config.mail.is_on() {
        return Err(action::email::off());
    }
    let letter = action::mail::house(app).test(to);
    let went = round::test(app, &letter).await;
    Ok(went.map_err(|trouble| trouble.said().to_owned()))
}

/// How many wait, and what became of those of the last week.
pub async fn standing(data: &Path, config: Config, env: Env) -> Result<Standing> {
    standing_on(&App::open(data, config, env).await?).await
}

/// The same on an open server.
pub async fn standing_on(app: &App) -> Result<Standing> {
    let since = app.env.now().saturating_sub(round::KEPT_MS);
    app.db
        .read(move |tx| {
            let permit = access::system(tx, "the operator looks at the mail");
            store::mail::standing(tx, &permit, since)
        })
        .await
}

/// Keeps the password of the mail server's account, sealed.
pub async fn set_password(data: &Path, config: Config, env: Env, password: &str) -> Result<()> {
    if password.is_empty() {
        return Err(Error::invalid("The password is empty."));
    }
    let app = App::open(data, config, env).await?;
    let sealed = app
        .keys
        .seal(&app.env, action::mail::PASSWORD, password.as_bytes())?;
    app.db
        .write(move |tx| {
            let permit = access::system(tx, "the operator sets the mail server's password");
            store::mail::update_password(tx, &permit, Some(&sealed))
        })
        .await
}
