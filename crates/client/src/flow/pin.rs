//! What channels keep at hand. The server has the list: it says which messages, never what they
//! say.

use cloister_e2ee::Primitives;
use cloister_wire::{
    ChannelId, MessageId,
    channel::{PinView, Pins},
};

use crate::{
    core::{Core, Outcome, Shared},
    engine::Method,
    flow::{call::CallError, say},
    view::{CommandReply, Refusal, Topic},
};

/// Pins a message. The list comes back as an event, to this device as to all others.
pub(crate) async fn pin<P: Primitives>(shared: &Shared<P>, message: MessageId) -> Outcome {
    change(shared, Method::Put, message).await
}

/// Takes a pin away.
pub(crate) async fn unpin<P: Primitives>(shared: &Shared<P>, message: MessageId) -> Outcome {
    change(shared, Method::Delete, message).await
}

async fn change<P: Primitives>(shared: &Shared<P>, method: Method, message: MessageId) -> Outcome {
    let channel = say::known(shared, message)?.channel;
    let path = format!("/api/v1/channels/{channel}/pins/{message}");
    shared.call(method, path, None).await?;
    Ok(CommandReply::Done)
}

/// The server says what is pinned now.
pub(crate) fn changed<P: Primitives>(
    core: &mut Core<P>,
    channel: ChannelId,
    version: u64,
    pins: &Vec<PinView>,
) -> Result<(), Refusal> {
    if version > core.store.pins(channel)?.0 {
        core.store.commit(|store| {
            store.update_channel_view(channel, |view| {
                view.pin_version = view.pin_version.max(version);
            })?;
            store.put_pins(channel, version, pins)
        })?;
        core.tell(Topic::Timeline { channel });
    }
    Ok(())
}

/// Brings lists that have changed since they were brought.
pub(crate) fn look<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("pins".to_owned(), |shared| async move {
        if let Err(error) = bring(&shared).await {
            shared.core().fail(&error);
        }
    });
}

async fn bring<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let rows = shared.core().store.all_channels()?;
    for row in rows {
        let channel = row.view.id;
        if row.view.pin_version <= shared.core().store.pins(channel)?.0 {
            continue;
        }
        let path = format!("/api/v1/channels/{channel}/pins");
        let list: Result<Pins, CallError> = shared.get(path).await;
        match list.map_err(Refusal::from) {
            Ok(list) => changed(&mut shared.core(), channel, list.version, &list.pins)?,
            // Gone meanwhile.
            Err(error) if error.code == cloister_wire::ErrorCode::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
