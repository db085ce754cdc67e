//! How far this person has read. The cursor is the server's, one for all their devices, and only
//! moves forward; what can't be told now is told with the next connection.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, ErrorCode, GuildId, channel::MarkRead};

use crate::{
    core::{Core, Outcome, Shared, refuse},
    engine::Method,
    flow::{incoming, thread},
    store::ChannelRow,
    view::{CommandReply, Refusal},
};

/// Everything up to `seq` has been seen.
pub(crate) fn mark<P: Primitives>(shared: &Shared<P>, channel: ChannelId, seq: u64) -> Outcome {
    {
        let mut core = shared.core();
        let Some(row) = core.store.channel(channel)? else {
            return Err(refuse(ErrorCode::NotFound, "That channel is not here."));
        };
        move_to(&mut core, &row, seq)?;
    }
    tell_server(shared);
    Ok(CommandReply::Done)
}

/// Everything that has arrived has been seen: in one guild, or everywhere.
pub(crate) fn mark_all<P: Primitives>(shared: &Shared<P>, guild: Option<GuildId>) -> Outcome {
    {
        let mut core = shared.core();
        let rows = match guild {
            Some(guild) => core.store.channels_of(guild)?,
            None => core.store.all_channels()?,
        };
        for row in rows {
            move_to(&mut core, &row, row.high)?;
            thread::mark_all(&mut core, row.view.id)?;
        }
    }
    tell_server(shared);
    Ok(CommandReply::Done)
}

fn move_to<P: Primitives>(core: &mut Core<P>, row: &ChannelRow, seq: u64) -> Result<(), Refusal> {
    let seq = seq.min(row.view.last_seq.max(row.high));
    if seq > row.view.read_seq {
        core.store
            .update_channel_view(row.view.id, |view| view.read_seq = seq)?;
        incoming::tell(core, row);
    }
    Ok(())
}

/// Tells the server what it does not know yet.
pub(crate) fn tell_server<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("reads".to_owned(), move |shared| async move {
        if let Err(error) = tell_all(&shared).await {
            shared.core().fail(&error);
        }
    });
}

async fn tell_all<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let rows = shared.core().store.unsaid_reads()?;
    for (channel, seq) in rows {
        let path = format!("/api/v1/channels/{channel}/read");
        let told = shared
            .tell_server(Method::Put, path, &MarkRead { seq })
            .await;
        match told.map_err(Refusal::from) {
            Ok(()) => {}
            // Gone meanwhile, or never there: nothing is left to say about it.
            Err(error) if matches!(error.code, ErrorCode::NotFound | ErrorCode::Invalid) => {}
            Err(error) => return Err(error),
        }
        shared.core().store.put_told_read(channel, seq)?;
    }
    thread::tell_server(shared).await
}
