//! Who is there. The server holds it in memory and tells it; nothing of it is stored here either,
//! but what this person lets others see.

use cloister_e2ee::Primitives;
use cloister_wire::{
    ErrorCode, GuildId, UserId,
    gateway::ClientFrame,
    limits::STATUS_CHARS,
    presence::{Activity, Availability, LookAt, Presence, PresenceState, Presences, StatePresence},
};
use serde::{Deserialize, Serialize};

use super::own;
use crate::{
    core::{Core, Outcome, Shared, refuse},
    flow::call::CallError,
    store::StoreError,
    view::{CommandReply, Connection, OwnStatus, PresenceView, PresencesView, Refusal, Topic},
};

/// Several people who come at once are asked for together.
const BRING_AFTER_MS: u64 = 1_500;

/// What this person lets others see, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Status {
    availability: Availability,
    text: Option<String>,
    until: Option<u64>,
}

fn status<P: Primitives>(core: &Core<P>) -> Result<Status, StoreError> {
    let kept: Option<Status> = core.store.own(own::STATUS)?;
    let mut status = kept.unwrap_or(Status {
        availability: Availability::Automatic,
        text: None,
        until: None,
    });
    if status.until.is_some_and(|until| until <= core.now) {
        status.text = None;
        status.until = None;
    }
    Ok(status)
}

/// The shell says whether somebody uses this device.
#[expect(clippy::unnecessary_wraps, reason = "an outcome, as of every command")]
pub(crate) fn note<P: Primitives>(shared: &Shared<P>, active: bool) -> Outcome {
    let mut core = shared.core();
    let activity = Some(if active {
        Activity::Active
    } else {
        Activity::Idle
    });
    let first = core.activity.is_none();
    if core.activity != activity {
        core.activity = activity;
        state(&mut core);
    }
    drop(core);
    if first {
        bring(shared);
    }
    Ok(CommandReply::Done)
}

/// What others see from now on.
pub(crate) async fn set<P: Primitives>(
    shared: &Shared<P>,
    availability: Availability,
    text: Option<String>,
    for_s: u32,
) -> Outcome {
    let text = text.map(|text| text.trim().to_owned());
    let text = text.filter(|text| !text.is_empty());
    let sound =
        |text: &String| text.chars().count() <= STATUS_CHARS && !text.chars().any(char::is_control);
    if !text.as_ref().is_none_or(sound) {
        return Err(refuse(
            ErrorCode::Invalid,
            "A status is one line of at most 100 characters.",
        ));
    }
    let until = {
        let core = shared.core();
        (text.is_some() && for_s > 0).then(|| core.now + u64::from(for_s) * 1_000)
    };
    let status = Status {
        availability,
        text,
        until,
    };
    own::decide(shared, own::STATUS, Some(&status)).await?;
    let mut core = shared.core();
    state(&mut core);
    core.tell(Topic::Presences);
    Ok(CommandReply::Done)
}

/// Says how this person is, if this device's shell takes part in that.
pub(crate) fn state<P: Primitives>(core: &mut Core<P>) {
    let (Some(activity), Connection::Online) = (core.activity, core.link.connection) else {
        return;
    };
    let Ok(status) = status(core) else { return };
    core.send_frame(&ClientFrame::Presence(StatePresence {
        activity,
        availability: status.availability,
        text: status.text,
        text_until: status.until,
    }));
}

/// The connection stands: says how this person is, and asks who is there.
pub(crate) fn connected<P: Primitives>(shared: &Shared<P>) {
    state(&mut shared.core());
    bring(shared);
}

/// Asks who is there, if this device's shell takes part in that.
pub(crate) fn bring<P: Primitives>(shared: &Shared<P>) {
    if shared.core().activity.is_none() {
        return;
    }
    shared.spawn_single("presences".to_owned(), |shared| async move {
        shared.sleep(BRING_AFTER_MS).await;
        if let Err(error) = ask(&shared).await {
            shared.core().fail(&error);
        }
    });
}

/// Asks who is there, now.
pub(crate) async fn load<P: Primitives>(shared: &Shared<P>) -> Outcome {
    ask(shared).await?;
    Ok(CommandReply::Done)
}

async fn ask<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let list: Result<Presences, CallError> = shared.get("/api/v1/presences".to_owned()).await;
    let there = list?.presences.into_iter();
    let mut core = shared.core();
    core.presences = there.map(|one| (one.user, one)).collect();
    core.tell(Topic::Presences);
    Ok(())
}

/// Asks which of these members of a guild are there. Nobody is told of it when they change.
pub(crate) async fn look_at<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    users: Vec<UserId>,
) -> Outcome {
    let path = format!("/api/v1/guilds/{guild}/presences");
    let list: Result<Presences, CallError> = shared
        .post(
            path,
            &LookAt {
                users: users.clone(),
            },
        )
        .await;
    let list = list?;
    let mut core = shared.core();
    for user in users {
        core.presences.remove(&user);
    }
    let there = list.presences.into_iter().map(|one| (one.user, one));
    core.presences.extend(there);
    core.tell(Topic::Presences);
    Ok(CommandReply::Done)
}

/// Somebody came, went, or is otherwise now.
pub(crate) fn changed<P: Primitives>(shared: &Shared<P>, presence: Presence) {
    let mut core = shared.core();
    if presence.state == PresenceState::Offline {
        core.presences.remove(&presence.user);
    } else {
        core.presences.insert(presence.user, presence);
    }
    core.tell(Topic::Presences);
}

/// Who is there now; nobody is known to be while there is no connection.
pub(crate) fn presences<P: Primitives>(core: &Core<P>) -> Result<PresencesView, StoreError> {
    let online = core.link.connection == Connection::Online;
    let people = core.presences.values().filter(|_| online);
    let Status {
        availability,
        text,
        until,
    } = status(core)?;
    Ok(PresencesView {
        people: people
            .map(|one| PresenceView {
                user: one.user,
                state: one.state,
                text: one.text.clone(),
            })
            .collect(),
        mine: OwnStatus {
            availability,
            text,
            text_until: until,
        },
    })
}
