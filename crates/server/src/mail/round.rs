//! Writes what is to be written, and hands it on.

use std::time::Duration;

use super::{
    Letter,
    smtp::{Envelope, Line, Trouble},
};
use crate::{
    App, Error, Result, access, action,
    store::{
        self,
        mail::{Due, End},
    },
};

/// How often the queue is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// Written, or handed on, in one round.
const AT_ONCE: u32 = 50;
/// After how long the first time, then twice as long after each try.
const WAIT_MS: u64 = 60_000;
const WAIT_MS_MAX: u64 = 60 * 60_000;
/// An answer that has not come by then does not come.
const LOST_MS: u64 = 15 * 60_000;
/// How long it is known what became of a mail.
pub const KEPT_MS: u64 = 7 * 24 * 60 * 60_000;

/// Goes round for as long as the server runs, if there is a mail server.
pub async fn run(app: App) {
    if !app.config.mail.is_on() {
        return;
    }
    loop {
        if let Err(error) = round(&app).await {
            tracing::error!(%error, "mails wait; trying again soon");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Writes every letter, and hands on those whose turn has come. Says how many went.
pub async fn round(app: &App) -> Result<u32> {
    for _ in 0..AT_ONCE {
        let parts = app.clone();
        let wrote = app
            .db
            .write(move |tx| {
                let permit = access::system_quietly(tx);
                action::mail::write_next(tx, &parts, &permit)
            })
            .await?;
        if !wrote {
            break;
        }
    }
    let due = app
        .db
        .read(|tx| {
            let permit = access::system_quietly(tx);
            store::mail::page_due(tx, &permit, AT_ONCE)
        })
        .await?;
    if due.is_empty() {
        return Ok(0);
    }
    let lost = app.env.now().saturating_sub(LOST_MS);
    app.db
        .write(move |tx| {
            let permit = access::system_quietly(tx);
            store::mail::update_all_ended(tx, &permit, lost)
        })
        .await?;
    hand_on(app, due).await
}

async fn hand_on(app: &App, due: Vec<Due>) -> Result<u32> {
    let password = password(app).await?;
    let (mut line, mut sent) = (None, 0);
    for one in due {
        if !claim(app, one.clone()).await? {
            continue;
        }
        let letter = action::mail::open(app, &one.sealed)?;
        match try_one(app, (&mut line, password.as_deref()), (&one, &letter)).await {
            Ok(()) => sent += 1,
            Err(trouble) => {
                line = None;
                settle(app, &one, trouble).await?;
            }
        }
    }
    if let Some(line) = line {
        line.close().await;
    }
    Ok(sent)
}

async fn try_one(
    app: &App,
    (line, password): (&mut Option<Line>, Option<&str>),
    (due, letter): (&Due, &Letter),
) -> Result<(), Trouble> {
    let fault = |error: Error| Trouble::Later(error.to_string());
    let id = (due.id.to_string(), app.env.now());
    let envelope = Envelope::of(&app.config, (&id.0, id.1), letter).map_err(fault)?;
    let open = match line.take() {
        Some(open) => open,
        None => Line::open(&app.config, password).await?,
    };
    let open = line.insert(open);
    open.address(&envelope).await?;
    let mail = due.id;
    let first = app
        .db
        .write(move |tx| {
            let permit = access::system_quietly(tx);
            store::mail::update_handed(tx, &permit, mail)
        })
        .await
        .map_err(fault)?;
    if !first {
        return Err(Trouble::Unknown("it was handed over before".to_owned()));
    }
    open.hand(&envelope).await?;
    // It has gone: whatever happens now, it does not go again.
    end(app, due, End::Sent, None)
        .await
        .map_err(|error| Trouble::Unknown(error.to_string()))
}

/// Writes down what became of a letter that did not go.
async fn settle(app: &App, due: &Due, trouble: Trouble) -> Result<()> {
    let said = trouble.said().to_owned();
    tracing::warn!(mail = %due.id, tries = due.tries + 1, %said, "a mail did not go");
    match trouble {
        Trouble::Refused(_) => end(app, due, End::Refused, Some(said)).await,
        Trouble::Unknown(_) => end(app, due, End::Unknown, Some(said)).await,
        Trouble::Later(_) => {
            let mail = due.id;
            app.db
                .write(move |tx| {
                    let permit = access::system_quietly(tx);
                    store::mail::update_taken_back(tx, &permit, mail, &said)
                })
                .await
        }
    }
}

async fn end(app: &App, due: &Due, end: End, said: Option<String>) -> Result<()> {
    let mail = due.id;
    app.db
        .write(move |tx| {
            let permit = access::system_quietly(tx);
            store::mail::update_ended(tx, &permit, mail, (end, said.as_deref()))
        })
        .await
}

async fn claim(app: &App, due: Due) -> Result<bool> {
    let wait_ms = WAIT_MS
        .saturating_mul(1 << due.tries.min(16))
        .min(WAIT_MS_MAX);
    app.db
        .write(move |tx| {
            let permit = access::system_quietly(tx);
            store::mail::claim(tx, &permit, &due, wait_ms)
        })
        .await
}

/// As the configuration says, or as the operator sealed it.
pub(crate) async fn password(app: &App) -> Result<Option<String>> {
    if let Some(password) = &app.config.mail.password {
        return Ok(Some(password.clone()));
    }
    let sealed = app
        .db
        .read(|tx| {
            let permit = access::system_quietly(tx);
            store::mail::get_password(tx, &permit)
        })
        .await?;
    let Some(sealed) = sealed else {
        return Ok(None);
    };
    let opened = app.keys.open_sealed(action::mail::PASSWORD, &sealed)?;
    String::from_utf8(opened.to_vec())
        .map(Some)
        .map_err(Error::internal)
}

/// Sends a letter at once, past the queue: the operator looks on.
pub async fn test(app: &App, letter: &Letter) -> Result<(), Trouble> {
    let fault = |error: Error| Trouble::Later(error.to_string());
    let password = password(app).await.map_err(fault)?;
    let now = app.env.now();
    let id = app.env.id(cloister_wire::MailId::new).to_string();
    let envelope = Envelope::of(&app.config, (&id, now), letter).map_err(fault)?;
    let mut line = Line::open(&app.config, password.as_deref()).await?;
    line.address(&envelope).await?;
    line.hand(&envelope).await?;
    line.close().await;
    Ok(())
}
