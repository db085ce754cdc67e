//! Messages that disappear, and those that are too old for their channel. Each client removes them
//! by itself when their time has come, with or without a connection.

use cloister_e2ee::Primitives;

use crate::{core::Shared, flow::incoming, view::Refusal};

/// Removes what has run out, and waits for the next message to do so.
pub(crate) fn watch<P: Primitives>(shared: &Shared<P>) {
    let next = match step(shared) {
        Ok(next) => next,
        Err(error) => {
            shared.core().fail(&error);
            return;
        }
    };
    let Some(at) = next else { return };
    {
        let mut core = shared.core();
        if core.expiry_at.is_some_and(|planned| planned <= at) {
            return;
        }
        core.expiry_at = Some(at);
    }
    let shared = shared.clone();
    shared.clone().spawn(async move {
        shared.sleep_until(at).await;
        {
            let mut core = shared.core();
            if core.expiry_at != Some(at) {
                // One that disappears sooner has taken over.
                return;
            }
            core.expiry_at = None;
        }
        watch(&shared);
    });
}

/// Removes what has run out, and says when the next one does.
fn step<P: Primitives>(shared: &Shared<P>) -> Result<Option<u64>, Refusal> {
    let mut core = shared.core();
    let now = core.now;
    let mut expired = core.store.expired(now)?;
    expired.extend(core.store.outlived(now)?);
    if !expired.is_empty() {
        core.store.commit(|store| {
            expired
                .iter()
                .try_for_each(|row| store.scrub(row.id, row.author))
        })?;
        let mut channels: Vec<_> = expired.iter().map(|row| row.channel).collect();
        channels.dedup();
        for channel in channels {
            if let Some(row) = core.store.channel(channel)? {
                incoming::tell(&mut core, &row);
            }
        }
    }
    let ends = [core.store.next_expiry()?, core.store.next_outlived()?];
    Ok(ends.into_iter().flatten().min())
}
