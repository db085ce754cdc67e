//! The gateway connection: opened, kept alive, opened again.

use std::{
    future::{Future as _, poll_fn},
    task::Poll,
};

use cloister_e2ee::Primitives;
use cloister_wire::{
    Octets,
    gateway::{ClientFrame, CloseCode, Identify, Resume, ServerFrame},
};

use crate::{
    core::Shared,
    engine::Outgoing,
    flow::{
        call::{CallError, from_cbor},
        presence, queue, sync,
    },
    store::{Nonces, Trouble},
    view::{Connection, Topic},
};

/// Waits between attempts: 250 ms at first, at most 4 s for the first minutes, then 30 s.
const RETRY_FIRST_MS: u64 = 250;
const RETRY_SOON_MS: u64 = 4_000;
const RETRY_LATE_MS: u64 = 30_000;
const ATTEMPTS_SOON: u32 = 60;

pub(crate) fn start<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single(
        "link".to_owned(),
        |shared| async move { keep(&shared).await },
    );
}

pub(crate) fn opened<P: Primitives>(shared: &Shared<P>) {
    let mut core = shared.core();
    core.link.heard_at = core.now;
}

pub(crate) fn closed<P: Primitives>(shared: &Shared<P>, code: Option<u16>) {
    let mut core = shared.core();
    core.link.socket = false;
    core.link.identifying = false;
    core.link.connection = Connection::Offline;
    core.tell(Topic::Session);
    if let Some(code) = code {
        if code == CloseCode::DeviceCloned.code() {
            drop(core);
            shared.end(Trouble::Cloned);
        } else if code == CloseCode::Unauthenticated.code() {
            // The token may merely have run out: force a new one; a dead sign-in shows itself.
            drop(core);
            let shared = shared.clone();
            shared.clone().spawn(async move {
                let _ = shared.access_token(true).await;
            });
        }
    }
}

pub(crate) fn frame<P: Primitives>(shared: &Shared<P>, bytes: &[u8]) {
    let Some(frame) = from_cbor::<ServerFrame>(bytes) else {
        // An event that this version does not know is not an error; anything else is.
        let mut core = shared.core();
        core.link.heard_at = core.now;
        return;
    };
    {
        let mut core = shared.core();
        core.link.heard_at = core.now;
    }
    match frame {
        ServerFrame::Hello { heartbeat_ms, .. } => {
            {
                let mut core = shared.core();
                core.link.heartbeat_ms = heartbeat_ms.max(1_000);
                core.link.beat_at = core.now + core.link.heartbeat_ms;
            }
            let shared = shared.clone();
            shared.clone().spawn(async move { identify(&shared).await });
        }
        ServerFrame::Ready(ready) => {
            online(shared);
            let mut core = shared.core();
            core.link.gateway = Some(ready.gateway);
            core.link.event = ready.n;
            drop(core);
            sync::ready(shared, &ready);
            presence::connected(shared);
        }
        ServerFrame::Resumed { .. } => {
            online(shared);
            sync::go_on(shared);
            presence::connected(shared);
        }
        ServerFrame::Event(event) => {
            let expected = {
                let mut core = shared.core();
                let expected = core.link.event + 1;
                core.link.event = event.n;
                expected
            };
            if event.n == expected {
                sync::event(shared, event.event);
            } else if event.n > expected {
                // Something was lost on the way: begin again from a full account.
                let mut core = shared.core();
                core.link.gateway = None;
                core.send(Outgoing::CloseSocket);
            }
        }
        ServerFrame::HeartbeatAck { .. } => {}
    }
}

fn online<P: Primitives>(shared: &Shared<P>) {
    let mut core = shared.core();
    core.link.connection = Connection::Online;
    core.link.identifying = false;
    core.link.confirmed = true;
    core.link.attempts = 0;
    core.link.retry_at = None;
    core.link.again_at = None;
    core.last_error = None;
    // The server has taken the new nonce: from now on it is the last one.
    if let Ok(Some(nonces)) = core.store.nonces() {
        let fresh = Nonces {
            last: Some(nonces.next),
            next: Octets(core.draw()),
        };
        if let Err(error) = core.store.put_nonces(&fresh) {
            core.last_error = Some(error.to_string());
        }
    }
    core.tell(Topic::Session);
}

async fn identify<P: Primitives>(shared: &Shared<P>) {
    let Ok(access_token) = shared.access_token(false).await else {
        shared.core().send(Outgoing::CloseSocket);
        return;
    };
    let mut core = shared.core();
    let nonces = match core.store.nonces() {
        Ok(Some(nonces)) => nonces,
        Ok(None) => {
            let first = Nonces {
                last: None,
                next: Octets(core.draw()),
            };
            if core.store.put_nonces(&first).is_err() {
                return;
            }
            first
        }
        Err(_) => return,
    };
    let resume = core.link.gateway.map(|gateway| Resume {
        gateway,
        n: core.link.event,
    });
    // What was sealed since the start has not left yet, and must not make an old store look new.
    let writes = if core.link.confirmed {
        core.store.writes().unwrap_or(0)
    } else {
        core.opened_writes
    };
    let Nonces {
        last: last_nonce,
        next: next_nonce,
    } = nonces;
    core.link.identifying = true;
    core.send_frame(&ClientFrame::Identify(Identify {
        access_token,
        last_nonce,
        next_nonce,
        writes,
        resume,
    }));
}

/// Keeps a connection for as long as somebody is signed in.
async fn keep<P: Primitives>(shared: &Shared<P>) {
    while wanted(shared) {
        match shared.access_token(false).await {
            Ok(_) => {
                {
                    let mut core = shared.core();
                    core.link.connection = Connection::Connecting;
                    core.link.socket = true;
                    core.link.retry_at = None;
                    core.link.heard_at = core.now;
                    core.link.beat_at = core.now + core.link.heartbeat_ms;
                    core.tell(Topic::Session);
                    core.send(Outgoing::OpenSocket);
                }
                while_open(shared).await;
            }
            Err(CallError::Refused {
                status: 401 | 403, ..
            }) => {
                let mut core = shared.core();
                core.link.connection = Connection::Offline;
                core.tell(Topic::Session);
                return;
            }
            Err(_) => {}
        }
        if wanted(shared) {
            pause(shared).await;
        }
    }
}

fn wanted<P: Primitives>(shared: &Shared<P>) -> bool {
    let core = shared.core();
    let signed_in = matches!(core.store.tokens(), Ok(Some(_)));
    signed_in && matches!(core.store.trouble(), Ok(None))
}

/// What the keeper of an open socket wakes up for.
enum Woken {
    Closed,
    Beat,
    /// Something got no answer although the socket stands.
    Again,
}

/// Until the socket closes: sends heartbeats, starts interrupted work again, and gives up on a
/// silent server.
async fn while_open<P: Primitives>(shared: &Shared<P>) {
    loop {
        let beat_at = shared.core().link.beat_at;
        let mut beat = Box::pin(shared.sleep_until(beat_at));
        let woken = poll_fn(|context| {
            let link = shared.core().link;
            if !link.socket {
                return Poll::Ready(Woken::Closed);
            }
            if let Some(at) = link
                .again_at
                .filter(|_| link.connection == Connection::Online)
            {
                let mut again = Box::pin(shared.sleep_until(at));
                if again.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Woken::Again);
                }
            }
            beat.as_mut().poll(context).map(|()| Woken::Beat)
        })
        .await;
        match woken {
            Woken::Closed => return,
            Woken::Again => {
                shared.core().link.again_at = None;
                queue::drain(shared);
                sync::go_on(shared);
                continue;
            }
            Woken::Beat => {}
        }
        let mut core = shared.core();
        core.link.beat_at = core.now + core.link.heartbeat_ms;
        if core.now.saturating_sub(core.link.heard_at) > 2 * core.link.heartbeat_ms {
            core.send(Outgoing::CloseSocket);
            core.link.socket = false;
            core.link.identifying = false;
            core.link.connection = Connection::Offline;
            core.tell(Topic::Session);
        } else if core.link.connection == Connection::Online {
            let n = core.link.event;
            core.send_frame(&ClientFrame::Heartbeat { n });
        }
    }
}

/// Waits before the next attempt; [`hurry`] ends it.
async fn pause<P: Primitives>(shared: &Shared<P>) {
    let at = {
        let mut core = shared.core();
        let attempts = core.link.attempts;
        core.link.attempts += 1;
        let longest = if attempts < ATTEMPTS_SOON {
            RETRY_SOON_MS
        } else {
            RETRY_LATE_MS
        };
        let wait = (RETRY_FIRST_MS << attempts.min(16)).min(longest);
        let at = core.now + core.jitter(wait);
        core.link.retry_at = Some(at);
        core.link.connection = Connection::Offline;
        core.tell(Topic::Session);
        at
    };
    let mut timer = Box::pin(shared.sleep_until(at));
    poll_fn(|context| {
        if shared.core().link.retry_at.is_none() {
            return Poll::Ready(());
        }
        timer.as_mut().poll(context)
    })
    .await;
}

/// Connects now instead of waiting.
pub(crate) fn hurry<P: Primitives>(shared: &Shared<P>) {
    shared.core().link.retry_at = None;
    start(shared);
}
