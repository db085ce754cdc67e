//! Keeping the search whole: texts that are not in the index yet are put there bit by bit, and
//! older messages are brought from the server when somebody asks for them.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, ErrorCode};

use crate::{
    core::{Outcome, Shared},
    flow::incoming,
    store::{ChannelRow, StoreError},
    view::{CommandReply, OlderView, Refusal, Topic},
};

/// Texts that are put into the index at once: a screen must not wait for them.
const BATCH: u32 = 250;
/// Before each batch other things have their turn.
const PAUSE_MS: u64 = 15;
/// After the server asked to wait, and did not say how long.
const WAIT_MS: u64 = 5_000;
const FILLING: &str = "fill the search index";
const BRINGING: &str = "bring older messages";

/// How far bringing older messages is; it ends with the program.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bringing {
    pub brought: u32,
    pub stop: bool,
    pub failed: Option<Refusal>,
}

/// Puts into the index what an earlier version, or a taken out channel, left outside of it.
pub(crate) fn fill<P: Primitives>(shared: &Shared<P>) {
    if matches!(shared.core().store.unindexed(), Ok(0)) {
        return;
    }
    shared.spawn_single(FILLING.to_owned(), |shared| async move {
        loop {
            shared.sleep(PAUSE_MS).await;
            let done = {
                let mut core = shared.core();
                let done = core.store.commit(|store| store.index_more(BATCH));
                core.tell(Topic::Search);
                done
            };
            match done {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => return shared.core().fail(&Refusal::from(error)),
            }
        }
    });
}

/// Whether the server has messages of a channel that this person may read and that are not here.
pub(crate) fn has_older(row: &ChannelRow) -> bool {
    !row.reached_start && row.low > row.view.joined_seq + 1
}

/// Brings all older messages of one channel, or of every channel.
#[expect(clippy::unnecessary_wraps, reason = "an outcome, as of every command")]
pub(crate) fn bring_older<P: Primitives>(
    shared: &Shared<P>,
    channel: Option<ChannelId>,
) -> Outcome {
    {
        let mut core = shared.core();
        if core.running.contains(BRINGING) {
            // Going on; a second wish is part of the first.
            return Ok(CommandReply::Done);
        }
        core.bringing = Bringing::default();
        core.tell(Topic::Search);
    }
    shared.spawn_single(BRINGING.to_owned(), move |shared| async move {
        let ended = bring(&shared, channel).await;
        let mut core = shared.core();
        core.bringing.failed = ended.err();
        core.tell(Topic::Search);
    });
    Ok(CommandReply::Done)
}

#[expect(clippy::unnecessary_wraps, reason = "an outcome, as of every command")]
pub(crate) fn stop_bringing<P: Primitives>(shared: &Shared<P>) -> Outcome {
    let mut core = shared.core();
    core.bringing.stop = true;
    core.tell(Topic::Search);
    Ok(CommandReply::Done)
}

async fn bring<P: Primitives>(
    shared: &Shared<P>,
    channel: Option<ChannelId>,
) -> Result<(), Refusal> {
    let wanted: Vec<ChannelId> = {
        let rows = shared.core().store.all_channels()?;
        rows.iter()
            .filter(|row| channel.is_none_or(|one| one == row.view.id) && has_older(row))
            .map(|row| row.view.id)
            .collect()
    };
    for channel in wanted {
        loop {
            {
                let core = shared.core();
                let left = core.store.channel(channel)?;
                if core.bringing.stop {
                    return Ok(());
                }
                if !left.is_some_and(|row| has_older(&row)) {
                    break;
                }
            }
            match incoming::load_older(shared, channel).await {
                Ok(CommandReply::History { loaded, .. }) => {
                    let mut core = shared.core();
                    core.bringing.brought += loaded;
                    core.tell(Topic::Search);
                }
                Ok(_) => break,
                Err(error)
                    if matches!(error.code, ErrorCode::RateLimited | ErrorCode::Unavailable) =>
                {
                    shared.sleep(error.retry_after_ms.unwrap_or(WAIT_MS)).await;
                }
                // Left, or deleted, meanwhile.
                Err(error) if error.code == ErrorCode::NotFound => break,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// What a search can't see because it lies on the server.
pub(crate) fn older<P: Primitives>(
    core: &crate::core::Core<P>,
    channel: Option<ChannelId>,
) -> Result<OlderView, StoreError> {
    let rows = core.store.all_channels()?;
    let channels = rows
        .iter()
        .filter(|row| channel.is_none_or(|one| one == row.view.id) && has_older(row))
        .count() as u32;
    Ok(OlderView {
        channels,
        bringing: core.running.contains(BRINGING),
        brought: core.bringing.brought,
        failed: core.bringing.failed.clone(),
    })
}
