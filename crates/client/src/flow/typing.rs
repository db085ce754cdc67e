//! Who is writing now. None of it is stored.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, UserId, limits::TYPING_MS};

use crate::{
    core::{Outcome, Shared},
    engine::Method,
    view::{CommandReply, Connection, Topic},
};

/// Others are told again after so long at the earliest.
const AGAIN_MS: u64 = TYPING_MS / 2;

/// Tells the others that this person is writing. If that fails, nobody misses it.
#[expect(clippy::unnecessary_wraps, reason = "an outcome, as of every command")]
pub(crate) fn tell<P: Primitives>(shared: &Shared<P>, channel: ChannelId) -> Outcome {
    {
        let mut core = shared.core();
        let now = core.now;
        let soon = core
            .typed
            .is_some_and(|(at, before)| at == channel && now < before + AGAIN_MS);
        if soon || core.link.connection != Connection::Online {
            return Ok(CommandReply::Done);
        }
        core.typed = Some((channel, now));
    }
    let shared = shared.clone();
    shared.clone().spawn(async move {
        let path = format!("/api/v1/channels/{channel}/typing");
        // Best effort: the next stroke tells again.
        let _ = shared.call(Method::Post, path, None).await;
    });
    Ok(CommandReply::Done)
}

/// Somebody is writing.
pub(crate) fn heard<P: Primitives>(shared: &Shared<P>, channel: ChannelId, user: UserId) {
    let until = {
        let mut core = shared.core();
        if core.store.me().is_ok_and(|me| me.user == user) {
            return;
        }
        let until = core.now + TYPING_MS;
        let now = core.now;
        core.typing.retain(|_, until| *until > now);
        core.typing.insert((channel, user), until);
        core.tell(Topic::Typing { channel });
        until
    };
    let shared = shared.clone();
    shared.clone().spawn(async move {
        shared.sleep_until(until).await;
        shared.core().tell(Topic::Typing { channel });
    });
}

/// Whoever has said something is not writing it any more.
pub(crate) fn said<P: Primitives>(shared: &Shared<P>, channel: ChannelId, user: UserId) {
    let mut core = shared.core();
    if core.typing.remove(&(channel, user)).is_some() {
        core.tell(Topic::Typing { channel });
    }
}
