//! Links that are good for one use. The token stands behind the `#` of a page of ours, which no
//! server's log sees, and here only its keyed hash is kept.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cloister_wire::{ErrorCode, UserId};

use crate::{
    Error, Result,
    access::{Anyone, Permit},
    app::Parts,
    limit::Window,
    store::{
        self,
        db::Tx,
        one_time::{self, Purpose},
    },
    visitor::Visitor,
};

/// Minutes of the window in which tried links are counted by address.
const TRIED_MINUTES: u64 = 60;

/// Draws the token of a link; it ends those before it for the same purpose, but for links in
/// mails about what happened: of these each stays good.
pub(super) fn draw<R>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    of: (UserId, Purpose),
    lives_ms: u64,
) -> Result<String> {
    let token = format!("clw_{}", URL_SAFE_NO_PAD.encode(tx.random::<32>()));
    let hash = parts.keys.hash_secret(of.1.name(), token.as_bytes());
    match of.1 {
        Purpose::Alarm | Purpose::Undo => one_time::append(tx, permit, of, &hash, lives_ms)?,
        _ => one_time::insert(tx, permit, of, &hash, lives_ms)?,
    }
    Ok(token)
}

/// Whose link it is, which stays good.
pub(super) fn whose(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (purpose, token): (Purpose, &str),
) -> Result<Option<UserId>> {
    let hash = parts.keys.hash_secret(purpose.name(), token.as_bytes());
    one_time::get(tx, permit, purpose, &hash)
}

/// Uses a link up; says whose it was.
pub(super) fn take(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (purpose, token): (Purpose, &str),
) -> Result<Option<UserId>> {
    let hash = parts.keys.hash_secret(purpose.name(), token.as_bytes());
    one_time::take(tx, permit, purpose, &hash)
}

/// Counts a link that somebody tries.
pub(super) fn count(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    visitor: &Visitor,
) -> Result<()> {
    let key = parts
        .keys
        .hash_secret("resets", visitor.network().as_bytes());
    let window = Window::per_minutes(parts.config.limits.resets_per_address, TRIED_MINUTES);
    store::attempt::spend(tx, permit, &key, window)?.allowed()
}

pub(super) fn invalid() -> Error {
    Error::refuse(
        ErrorCode::LinkInvalid,
        "This link was used, has run out or was replaced by a newer one. Ask for another.",
    )
}
