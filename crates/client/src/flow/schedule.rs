//! Messages that leave later. They wait on this device, which encrypts them when their time has
//! come, for those who read then; the server knows nothing of them before.

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_wire::{ChannelId, ErrorCode, Txn};

use super::{incoming, outgoing, own, say};
use crate::{
    core::{Core, Outcome, Shared, refuse},
    store::{Frame, Saying, ScheduledRow, StoreError},
    view::{CommandReply, Refusal, ScheduledView, Topic},
};

/// Messages that wait at once.
const SCHEDULED_MAX: usize = 100;
const YEAR_S: u32 = 366 * 24 * 3_600;

/// Keeps a message for later. The text that was being written is used up.
pub(crate) fn schedule<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    body: &str,
    after_s: u32,
) -> Outcome {
    let body = say::checked(body)?;
    let due_at = due(&shared.core(), after_s)?;
    let entry = {
        let mut core = shared.core();
        if core.store.channel(channel)?.is_none() {
            return Err(refuse(ErrorCode::NotFound, "That channel is not here."));
        }
        if core.store.scheduled()?.len() >= SCHEDULED_MAX {
            return Err(refuse(
                ErrorCode::TooMany,
                "100 messages wait already. Let some go first.",
            ));
        }
        let entry = Txn::new(core.now, &core.draw());
        let row = ScheduledRow {
            entry,
            channel,
            body,
            due_at,
        };
        let (now, device) = (core.now, core.store.me()?.device);
        core.store.commit(|store| {
            store.put_scheduled(&row)?;
            own::end_draft(store, channel, now, device)
        })?;
        core.tell(Topic::Scheduled);
        core.tell(Topic::Channel { channel });
        entry
    };
    own::hand_out(shared, 0);
    wait_for(shared, due_at);
    Ok(CommandReply::Queued {
        entry: entry.to_string(),
    })
}

/// Changes what a message that waits says, and when it leaves.
pub(crate) fn change<P: Primitives>(
    shared: &Shared<P>,
    entry: &str,
    body: &str,
    after_s: u32,
) -> Outcome {
    let body = say::checked(body)?;
    let due_at = due(&shared.core(), after_s)?;
    {
        let mut core = shared.core();
        let row = find(&core, entry)?;
        core.store.put_scheduled(&ScheduledRow {
            body,
            due_at,
            ..row
        })?;
        core.tell(Topic::Scheduled);
    }
    wait_for(shared, due_at);
    Ok(CommandReply::Done)
}

/// Gives a message that waits up; its text comes back.
pub(crate) fn cancel<P: Primitives>(shared: &Shared<P>, entry: &str) -> Outcome {
    let mut core = shared.core();
    let row = find(&core, entry)?;
    core.store.delete_scheduled(row.entry)?;
    core.tell(Topic::Scheduled);
    Ok(CommandReply::Dropped { body: row.body })
}

fn due<P: Primitives>(core: &Core<P>, after_s: u32) -> Result<u64, Refusal> {
    if !(1..=YEAR_S).contains(&after_s) {
        return Err(refuse(
            ErrorCode::Invalid,
            "Choose a time from now on, within a year.",
        ));
    }
    Ok(core.now + u64::from(after_s) * 1_000)
}

fn find<P: Primitives>(core: &Core<P>, entry: &str) -> Result<ScheduledRow, Refusal> {
    let gone = || refuse(ErrorCode::NotFound, "That message does not wait any more.");
    let entry: Txn = entry.parse().map_err(|_| gone())?;
    core.store.scheduled_entry(entry)?.ok_or_else(gone)
}

/// Takes up waiting, for everything that is kept: what is due leaves now.
pub(crate) fn watch<P: Primitives>(shared: &Shared<P>) {
    if let Err(error) = send_due(shared) {
        shared.core().fail(&error);
    }
    let soonest = shared.core().store.scheduled();
    for row in soonest.into_iter().flatten() {
        wait_for(shared, row.due_at);
    }
}

fn wait_for<P: Primitives>(shared: &Shared<P>, due_at: u64) {
    shared.spawn_single(format!("scheduled {due_at}"), move |shared| async move {
        shared.sleep_until(due_at).await;
        if let Err(error) = send_due(&shared) {
            shared.core().fail(&error);
        }
    });
}

/// What is due goes from here into the outbox in one commit each: a crash leaves it in one of the
/// two, never in both.
fn send_due<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let due: Vec<ScheduledRow> = {
        let core = shared.core();
        let rows = core.store.scheduled()?.into_iter();
        rows.filter(|row| row.due_at <= core.now).collect()
    };
    for row in due {
        let (body, notify) = say::addressed(shared, row.channel, &row.body, None)?;
        let saying = Saying {
            content: MessageContent::text(body),
            frame: Frame {
                notify,
                ..Frame::default()
            },
        };
        {
            let mut core = shared.core();
            let now = core.now;
            core.store.commit(|store| {
                store.queue(row.entry, row.channel, &saying, now)?;
                store.delete_scheduled(row.entry)
            })?;
            core.tell(Topic::Scheduled);
            core.tell(Topic::Outbox);
            if let Some(channel) = core.store.channel(row.channel)? {
                incoming::tell(&mut core, &channel);
            }
        }
        outgoing::pump(shared, row.channel);
    }
    Ok(())
}

pub(crate) fn views<P: Primitives>(
    core: &Core<P>,
    channel: Option<ChannelId>,
) -> Result<Vec<ScheduledView>, StoreError> {
    let rows = core.store.scheduled()?.into_iter();
    rows.filter(|row| channel.is_none_or(|one| row.channel == one))
        .map(|row| {
            let place = core.store.channel(row.channel)?;
            let peer = place.as_ref().and_then(|place| place.peer);
            let name = match (peer, &place) {
                (Some(peer), _) => core.store.display_name(peer)?,
                (None, Some(place)) => place
                    .title
                    .clone()
                    .unwrap_or_else(|| place.view.name.clone()),
                (None, None) => String::new(),
            };
            Ok(ScheduledView {
                entry: row.entry.to_string(),
                channel: row.channel,
                channel_name: name,
                guild: place.and_then(|place| place.view.guild),
                body: row.body,
                due_at: row.due_at,
            })
        })
        .collect()
}
