//! Telling the server how many messages this device can't read, by cause: numbers, so that who
//! looks after the instance notices when something is wrong, and nothing else.

use cloister_e2ee::Primitives;
use cloister_wire::health::{TellUnreadable, UnreadableCause, UnreadableCount};

use crate::{
    core::Shared,
    engine::Method,
    flow::call::to_cbor,
    view::{Refusal, Undecryptable},
};

/// When the numbers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// The server may have forgotten what it was told.
    Connected,
    /// Something was decided: if a number changed.
    Decided,
}

pub(crate) fn tell<P: Primitives>(shared: &Shared<P>, when: When) {
    shared.spawn_single("unreadable".to_owned(), move |shared| async move {
        if let Err(error) = tell_now(&shared, when).await {
            shared.core().fail(&error);
        }
    });
}

async fn tell_now<P: Primitives>(shared: &Shared<P>, when: When) -> Result<(), Refusal> {
    let (counts, told) = {
        let core = shared.core();
        let (causes, _) = core.store.undecryptable()?;
        let counts: Vec<UnreadableCount> = causes
            .into_iter()
            .map(|(cause, count)| UnreadableCount {
                cause: cause_of(cause),
                count,
            })
            .collect();
        (counts, core.store.told_unreadable()?.unwrap_or_default())
    };
    let again = when == When::Connected && !counts.is_empty();
    if counts == told && !again {
        return Ok(());
    }
    let request = TellUnreadable {
        counts: counts.clone(),
    };
    let path = "/api/v1/unreadable".to_owned();
    shared
        .call(Method::Put, path, Some(to_cbor(&request)))
        .await?;
    shared.core().store.put_told_unreadable(&counts)?;
    Ok(())
}

const fn cause_of(cause: Undecryptable) -> UnreadableCause {
    match cause {
        Undecryptable::KeyMissing => UnreadableCause::KeyMissing,
        Undecryptable::WithheldUnvouched => UnreadableCause::WithheldUnvouched,
        Undecryptable::WithheldViolation => UnreadableCause::WithheldViolation,
        Undecryptable::WithheldNoKeys => UnreadableCause::WithheldNoKeys,
        Undecryptable::Corrupt => UnreadableCause::Corrupt,
        Undecryptable::WrongSender => UnreadableCause::WrongSender,
        Undecryptable::Replayed => UnreadableCause::Replayed,
        Undecryptable::BeforeThisDevice => UnreadableCause::BeforeThisDevice,
        Undecryptable::KeysLost => UnreadableCause::KeysLost,
    }
}
