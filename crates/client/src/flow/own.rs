//! What this person keeps for themself on all their devices: settings, a status, drafts. The
//! devices hand it to each other inside Olm; the server knows neither names nor contents.

use cloister_e2ee::{DeviceContent, OwnNote, Primitives};
use cloister_wire::{ChannelId, DeviceId, MessageId, UserId, key::ToDeviceClass};
use serde::Serialize;

use crate::{
    core::{Core, Shared},
    flow::{envelope, notice, presence, queue, thread},
    store::{Due, KEYWORDS, Store, StoreError},
    view::{Connection, Refusal, Topic},
};

/// What changes within so long is handed out together.
const SETTLE_MS: u64 = 3_000;
/// Bytes of one item of a queue, so that its envelope is not too large.
const ITEM_BYTES: usize = 5_000;

/// A decision waits so often and so long until it is on its way.
const PATIENCE: u32 = 30;
const PATIENCE_MS: u64 = 100;

/// Names under which things are kept.
pub(crate) const STATUS: &str = "status";
pub(crate) const DRAFT: &str = "draft/";
pub(crate) const THREAD_DRAFT: &str = "thread-draft/";
const FOLLOW: &str = "thread/";
const NOTICE: &str = "notice/";

/// Keeps something, or nothing any more, and hands it to one's other devices soon.
pub(crate) fn keep<P: Primitives, T: Serialize>(
    shared: &Shared<P>,
    name: &str,
    value: Option<&T>,
) -> Result<(), StoreError> {
    {
        let core = shared.core();
        let me = core.store.me()?;
        core.store.keep_own(name, value, core.now, me.device)?;
    }
    hand_out(shared, SETTLE_MS);
    Ok(())
}

/// The same for what a person has decided: at once, and over when it is on its way, if there is a
/// connection.
pub(crate) async fn decide<P: Primitives, T: Serialize>(
    shared: &Shared<P>,
    name: &str,
    value: Option<&T>,
) -> Result<(), Refusal> {
    keep(shared, name, value)?;
    if shared.core().link.connection != Connection::Online {
        return Ok(());
    }
    hand(shared).await?;
    for _ in 0..PATIENCE {
        if shared.core().store.next_parcel(None)?.is_none() {
            break;
        }
        shared.sleep(PATIENCE_MS).await;
    }
    Ok(())
}

/// Keeps the text of an unfinished message.
pub(crate) fn keep_draft<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    body: &str,
) -> Result<(), StoreError> {
    let known = shared.core().store.channel(channel)?;
    if known.is_none_or(|row| row.draft == body) {
        return Ok(());
    }
    shared.core().store.put_draft(channel, body)?;
    let draft = Some(body.to_owned()).filter(|body| !body.is_empty());
    keep(shared, &format!("{DRAFT}{channel}"), draft.as_ref())
}

/// The text was sent: nothing is unfinished there any more.
pub(crate) fn end_draft<P: Primitives>(
    store: &Store<P>,
    channel: ChannelId,
    now: u64,
    device: DeviceId,
) -> Result<(), StoreError> {
    store.put_draft(channel, "")?;
    let name = format!("{DRAFT}{channel}");
    let kept: Option<String> = store.own(&name)?;
    match kept {
        Some(_) => store.keep_own::<String>(&name, None, now, device),
        None => Ok(()),
    }
}

/// Takes in what another device of this person keeps.
pub(crate) fn merge<P: Primitives>(core: &mut Core<P>, notes: &[OwnNote]) -> Result<(), Refusal> {
    for note in notes {
        let known = core.store.own_note(&note.name)?;
        if known.is_some_and(|known| !note.replaces(&known)) {
            continue;
        }
        core.store.put_own_note(note, Due::No)?;
        took(core, note)?;
    }
    Ok(())
}

/// Whoever shows it draws anew.
fn took<P: Primitives>(core: &mut Core<P>, note: &OwnNote) -> Result<(), Refusal> {
    if note.name == STATUS {
        presence::state(core);
        core.tell(Topic::Presences);
    } else if note.name.starts_with(NOTICE) || note.name == KEYWORDS {
        notice::tell(core)?;
    } else if let Some(root) = note.name.strip_prefix(FOLLOW)
        && let Ok(root) = root.parse::<MessageId>()
    {
        let follow = core.store.own(&note.name)?;
        core.store.put_follow(root, follow)?;
        thread::tell(core, root)?;
    } else if let Some(root) = note.name.strip_prefix(THREAD_DRAFT)
        && let Ok(root) = root.parse::<MessageId>()
    {
        thread::tell(core, root)?;
    } else if let Some(channel) = note.name.strip_prefix(DRAFT)
        && let Ok(channel) = channel.parse::<ChannelId>()
    {
        let draft: Option<String> = core.store.own(&note.name)?;
        core.store.put_draft(channel, &draft.unwrap_or_default())?;
        core.tell(Topic::Channel { channel });
    }
    Ok(())
}

/// Hands what one's other devices lack to them, once it has settled.
pub(crate) fn hand_out<P: Primitives>(shared: &Shared<P>, after_ms: u64) {
    shared.spawn_single("own notes".to_owned(), move |shared| async move {
        if after_ms > 0 {
            shared.sleep(after_ms).await;
        }
        if let Err(error) = hand(&shared).await {
            shared.core().fail(&error);
        }
    });
}

async fn hand<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let (due, devices) = {
        let core = shared.core();
        let due = core.store.own_notes_due()?;
        if due.is_empty() {
            return Ok(());
        }
        (due, others(&core)?)
    };
    let pairs: Vec<_> = devices.iter().map(|one| (one.0, one.1)).collect();
    envelope::ensure_sessions(shared, &pairs).await?;
    {
        let mut core = shared.core();
        core.store.begin()?;
        let sealed = devices.iter().try_for_each(|to| pack(&mut core, *to, &due));
        let done = sealed.and_then(|()| {
            for note in &due {
                core.store.own_note_handed(note)?;
            }
            Ok(())
        });
        core.store.end(done)?;
    }
    queue::resend(shared);
    Ok(())
}

/// One's other active devices.
fn others<P: Primitives>(core: &Core<P>) -> Result<Vec<(UserId, DeviceId, u32)>, StoreError> {
    let me = core.store.me()?;
    let log = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
    Ok(log
        .active()
        .filter(|record| record.cert.device != me.device)
        .map(|record| (me.user, record.cert.device, record.reg_id))
        .collect())
}

/// Everything that is kept, for one's own new device; the caller commits.
pub(crate) fn pack_all<P: Primitives>(
    core: &mut Core<P>,
    to: (UserId, DeviceId, u32),
) -> Result<(), Refusal> {
    let notes = core.store.own_notes()?;
    pack(core, to, &notes)
}

/// Parcels with notes; one that is too large for an item stays on this device.
fn pack<P: Primitives>(
    core: &mut Core<P>,
    to: (UserId, DeviceId, u32),
    notes: &[OwnNote],
) -> Result<(), Refusal> {
    let mut item: Vec<OwnNote> = Vec::new();
    let mut bytes = 0;
    for note in notes {
        let size = note.value.0.len() + note.name.len() + 64;
        if size > ITEM_BYTES {
            continue;
        }
        if bytes + size > ITEM_BYTES {
            seal(core, to, std::mem::take(&mut item))?;
            bytes = 0;
        }
        bytes += size;
        item.push(note.clone());
    }
    seal(core, to, item)
}

fn seal<P: Primitives>(
    core: &mut Core<P>,
    to: (UserId, DeviceId, u32),
    notes: Vec<OwnNote>,
) -> Result<(), Refusal> {
    if notes.is_empty() {
        return Ok(());
    }
    let content = DeviceContent::Notes { notes };
    envelope::seal_parcel(core, to, ToDeviceClass::Secret, &content)?;
    Ok(())
}
