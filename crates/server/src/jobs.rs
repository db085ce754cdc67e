//! What the server does by itself: once an hour it throws away what has run out, which was worth
//! nothing before, and every minute it puts devices to sleep that do not come for what waits.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use cloister_wire::{ChannelId, UserId, limits::RESUME_MS};

use crate::{App, Result, access, action, action::factor::OFFER_MS, seal::rotation, store};

const EVERY: Duration = Duration::from_mins(1);
/// Cleaning up is done once in so many rounds.
const CLEAN_UP: u32 = 60;

const MONTH_MS: u64 = 30 * 24 * 60 * 60_000;
/// How long people see what happened to their accounts; the address is forgotten after a month.
const EVENTS_KEPT_MS: u64 = 12 * MONTH_MS;
/// How often other programs' endings of sign-ins are looked for.
const LISTEN_EVERY: Duration = Duration::from_millis(500);
/// Clocks and commits of two programs are not in step: what is looked at twice does no harm.
const LISTEN_BACK_MS: u64 = 3_000;

/// How long no token lives: the key before the current one is of no use any more.
const OLD_KEY_MS: u64 = 25 * 60 * 60_000;

/// Ends connections of sign-ins that were ended by another program on the same database, such as
/// the operator's command, and takes keys that it rotated, within a second.
pub async fn listen(app: App, data: PathBuf) {
    let mut rotated_at = rotation::rotated_at(&data).ok();
    loop {
        tokio::time::sleep(LISTEN_EVERY).await;
        let now_at = rotation::rotated_at(&data).ok();
        if now_at != rotated_at && take_keys(&app, &data) {
            rotated_at = now_at;
        }
        if let Err(error) = hear(&app).await {
            tracing::warn!(%error, "could not look for ended sign-ins");
        }
    }
}

fn take_keys(app: &App, data: &Path) -> bool {
    match app.keys.reload_tokens(data) {
        Ok(()) => {
            tracing::info!("the keys of access tokens were rotated");
            true
        }
        Err(error) => {
            tracing::error!(%error, "rotated keys could not be taken");
            false
        }
    }
}

/// Forgets the key before the current one once its tokens have run out.
fn forget_old_key(app: &App, data: &Path) -> Result<()> {
    if app.env.now() >= rotation::rotated_at(data)? + OLD_KEY_MS {
        rotation::forget_old(data)?;
        app.keys.reload_tokens(data)?;
    }
    Ok(())
}

async fn hear(app: &App) -> Result<()> {
    let since = app.env.now().saturating_sub(LISTEN_BACK_MS);
    let ended = app
        .db
        .read(move |tx| {
            let permit = access::anyone(tx);
            store::session::page_ended(tx, &permit, since)
        })
        .await?;
    if ended.is_empty() {
        return Ok(());
    }
    app.db
        .write(move |tx| {
            let permit = access::anyone(tx);
            action::ending::hear_of_ended(tx, &permit, since)
        })
        .await
}

/// Messages that disappear go within so long.
const EXPIRY_EVERY: Duration = Duration::from_secs(20);
/// Removed in one transaction.
const EXPIRED_AT_ONCE: u32 = 200;

/// Removes messages whose time has come, for as long as the server runs.
pub async fn run_expiry(app: App) {
    loop {
        if let Err(error) = expire(&app).await {
            tracing::warn!(%error, "could not remove messages that disappear; trying again soon");
        }
        if let Err(error) = sweep_some(&app).await {
            tracing::warn!(%error, "could not remove what banned people said; trying again soon");
        }
        tokio::time::sleep(EXPIRY_EVERY).await;
    }
}

/// Removes every message whose time has come.
pub async fn expire(app: &App) -> Result<()> {
    loop {
        let removed = app
            .db
            .write(|tx| {
                let permit = access::system(tx, "messages that disappear");
                store::scrub::scrub_expired(tx, &permit, EXPIRED_AT_ONCE)
            })
            .await?;
        if removed < EXPIRED_AT_ONCE {
            return Ok(());
        }
    }
}

/// Pieces of removing that are done before a ban is answered; the rest follows by itself.
const SWEPT_AT_ONCE: u32 = 20;

/// Removes some of what people said who were banned.
pub async fn sweep_some(app: &App) -> Result<()> {
    for _ in 0..SWEPT_AT_ONCE {
        let more = app
            .db
            .write(|tx| {
                let permit = access::system_quietly(tx);
                action::sweep::step(tx, &permit)
            })
            .await?;
        if !more {
            break;
        }
    }
    Ok(())
}

/// Since when people are away who are members somewhere for as long as their connection lasts.
pub type Absences = BTreeMap<UserId, u64>;

/// Memberships that one round looks at.
const TEMPORARY_AT_ONCE: u32 = 2_000;

/// Ends temporary memberships of people whose last connection is over for as long as a connection
/// that broke is waited for.
pub async fn end_temporary(app: &App, absences: &mut Absences) -> Result<()> {
    let found = app
        .db
        .read(|tx| {
            let permit = access::system_quietly(tx);
            store::guild::page_temporary(tx, &permit, TEMPORARY_AT_ONCE)
        })
        .await?;
    let now = app.env.now();
    absences.retain(|user, _| !app.bus.is_here(*user) && found.iter().any(|one| one.1 == *user));
    for (guild, user) in found {
        if app.bus.is_here(user) || *absences.entry(user).or_insert(now) + RESUME_MS > now {
            continue;
        }
        let parts = app.clone();
        app.db
            .write(move |tx| {
                let permit = access::system(tx, "a temporary membership is over");
                action::guild::end_temporary(tx, &parts, &permit, guild, user)
            })
            .await?;
    }
    Ok(())
}

/// Gives members the roles that they are due, and tells guilds whose roles time turned since
/// `before`.
pub async fn keep_terms(app: &App, before: u64) -> Result<()> {
    let due = app
        .db
        .read(|tx| {
            let permit = access::system_quietly(tx);
            store::term::due_guilds(tx, &permit)
        })
        .await?;
    for guild in due {
        loop {
            let parts = app.clone();
            let more = app
                .db
                .write(move |tx| {
                    let permit = access::system_quietly(tx);
                    action::term::give_some(tx, &parts, &permit, guild)
                })
                .await?;
            if !more {
                break;
            }
        }
    }
    app.db
        .write(move |tx| {
            let permit = access::system_quietly(tx);
            action::term::tell_turned(tx, &permit, before)
        })
        .await
}

/// Runs the jobs for as long as the server does.
pub async fn run(app: App, data: PathBuf) {
    let mut round = 0_u32;
    let mut terms_at = app.env.now();
    let mut absences = Absences::new();
    loop {
        if round.is_multiple_of(CLEAN_UP) {
            if let Err(error) = forget_old_key(&app, &data) {
                tracing::error!(%error, "the key of old tokens could not be forgotten");
            }
            if let Err(error) = clean_up(&app).await {
                tracing::error!(%error, "the hourly clean-up failed; it runs again in an hour");
            }
        }
        if let Err(error) = end_temporary(&app, &mut absences).await {
            tracing::error!(%error, "temporary memberships go on for now");
        }
        let now = app.env.now();
        match keep_terms(&app, terms_at).await {
            Ok(()) => terms_at = now,
            Err(error) => tracing::error!(%error, "roles that are due are given later"),
        }
        if let Err(error) = retain(&app, false).await {
            tracing::error!(%error, "messages that are too old stay for now");
        }
        if let Err(error) = delete_accounts(&app).await {
            tracing::error!(%error, "accounts whose time is over stay for now");
        }
        if let Err(error) = put_to_sleep(&app).await {
            tracing::error!(%error, "devices that are away stay in their audiences for now");
        }
        round = round.wrapping_add(1);
        tokio::time::sleep(EVERY).await;
    }
}

/// Removes what is too old, if it is time to look or `now_at_all`. Says how many messages went.
pub async fn retain(app: &App, now_at_all: bool) -> Result<u64> {
    let begun = app
        .db
        .write(move |tx| {
            let permit = access::system_quietly(tx);
            action::retention::begin(tx, &permit, now_at_all)
        })
        .await?;
    let Some(run) = begun else { return Ok(0) };
    let mut removed = 0;
    let mut after = None;
    loop {
        let page = app
            .db
            .read(move |tx| {
                let permit = access::system_quietly(tx);
                action::retention::channels(tx, &permit, after)
            })
            .await?;
        let Some(last) = page.last() else { break };
        after = Some(last.channel);
        for kept in page {
            removed += retain_in(app, run, kept.channel).await?;
        }
    }
    app.db
        .write(move |tx| {
            let permit = access::system(tx, "messages that are too old were removed");
            action::retention::end(tx, &permit, run)
        })
        .await?;
    tracing::info!(removed, "messages that are too old");
    Ok(removed)
}

async fn retain_in(app: &App, run: u64, channel: ChannelId) -> Result<u64> {
    let mut removed = 0;
    loop {
        let of = (channel, removed == 0);
        let (gone, more) = app
            .db
            .write(move |tx| {
                let permit = access::system_quietly(tx);
                action::retention::step(tx, &permit, run, of)
            })
            .await?;
        removed += gone;
        if !more {
            return Ok(removed);
        }
    }
}

/// Accounts that one round ends.
const DELETED_AT_ONCE: u32 = 20;

/// Ends accounts whose time has come, one after the other.
pub async fn delete_accounts(app: &App) -> Result<()> {
    let due = app
        .db
        .read(|tx| {
            let permit = access::system_quietly(tx);
            store::deletion::page_due(tx, &permit, DELETED_AT_ONCE)
        })
        .await?;
    for user in due {
        let parts = app.clone();
        app.db
            .write(move |tx| {
                let permit = access::system(tx, "the time of an account is over");
                action::deletion::carry_out(tx, &parts, &permit, user)
            })
            .await?;
    }
    Ok(())
}

/// Puts devices to sleep that do not come for what waits for them, one after the other.
pub async fn put_to_sleep(app: &App) -> Result<()> {
    let away = app
        .db
        .read(|tx| {
            let permit = access::system_quietly(tx);
            action::dormancy::away(tx, &permit)
        })
        .await?;
    for one in away {
        let parts = app.clone();
        app.db
            .write(move |tx| {
                let permit = access::system(tx, "a device is away for too long");
                action::dormancy::put_to_sleep(tx, &parts.authority, &permit, one)
            })
            .await?;
    }
    Ok(())
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
            let now = tx.now();
            store::lockout::delete_old(tx, &permit, now.saturating_sub(MONTH_MS))?;
            store::one_time::delete_old(tx, &permit)?;
            store::factor::delete_old(tx, &permit, now.saturating_sub(OFFER_MS))?;
            let (addresses, events) = (
                now.saturating_sub(MONTH_MS),
                now.saturating_sub(EVENTS_KEPT_MS),
            );
            store::security_event::delete_old(tx, &permit, addresses, events)?;
            store::email::delete_old(tx, &permit)?;
            let mails = now.saturating_sub(crate::mail::round::KEPT_MS);
            store::mail::delete_old(tx, &permit, mails)?;
            action::account_application::prune(tx, &permit)?;
            store::moderation::prune(tx, &permit)?;
            tracing::info!(sessions, attempts, prekeys, rosters, "cleaned up");
            Ok(())
        })
        .await
}
