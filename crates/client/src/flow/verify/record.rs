//! Decisions about people: kept here, handed to one's other devices, and what follows from them.

use std::collections::BTreeSet;

use cloister_e2ee::{
    DeviceContent, Primitives,
    record::{How, PersonRecord},
    sas::About,
};
use cloister_proof::DeviceLog;
use cloister_wire::{
    DeviceId, ErrorCode, Hash, Octets, UserId,
    account::{Devlogs, KnownLog, QueryDevlogs},
    key::ToDeviceClass,
};

use super::{COMPARING_MAX, Comparing, Stage, decision, unknown};
use crate::{
    core::{Core, Outcome, Shared, refuse},
    flow::{envelope, queue},
    store::{Store, StoreError},
    view::{CommandReply, Refusal, Topic},
};

/// Records in one item of a queue.
const RECORDS_PER_ITEM: usize = 48;

/// Keeps a decision and tells one's other devices.
pub(crate) fn remember<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    user: UserId,
    genesis: Hash,
    how: How,
) -> Result<(), Refusal> {
    let record = decision(core, user, genesis, how)?;
    let blocked = core.store.distrust(user)?.is_some();
    core.store.commit(|store| {
        store.merge_person_records(&[record])?;
        store.note_start(user)?;
        let mut due = store.records_due()?.unwrap_or_default();
        due.push(user);
        store.put_records_due(&due)?;
        if blocked {
            end_sessions(store, user)?;
        }
        Ok::<(), StoreError>(())
    })?;
    tell(core, user)?;
    let flow = shared.clone();
    core.spawn_later(async move { hand_out(&flow) });
    Ok(())
}

/// Takes in what another device of this person decided.
pub(crate) fn merge<P: Primitives>(
    core: &mut Core<P>,
    records: &[PersonRecord],
) -> Result<(), Refusal> {
    let mut blocked = BTreeSet::new();
    for record in records {
        if core.store.distrust(record.user)?.is_some() {
            blocked.insert(record.user);
        }
    }
    for user in core.store.merge_person_records(records)? {
        if blocked.contains(&user) && core.store.distrust(user)?.is_none() {
            end_sessions(&core.store, user)?;
        }
        tell(core, user)?;
    }
    Ok(())
}

/// Somebody who got no keys gets them with the next message: under new sessions, since the old
/// ones say that they are withheld.
fn end_sessions<P: Primitives>(store: &Store<P>, user: UserId) -> Result<(), StoreError> {
    for row in store.all_channels()? {
        let reads = row
            .audience
            .as_ref()
            .is_some_and(|audience| audience.roster.users().contains(&user));
        if reads {
            store.end_outbound(row.view.id)?;
        }
    }
    Ok(())
}

/// Whoever shows this person draws anew.
pub(super) fn tell<P: Primitives>(core: &mut Core<P>, user: UserId) -> Result<(), StoreError> {
    for guild in core.store.guilds()? {
        core.tell(Topic::Guild { guild: guild.id });
    }
    for row in core.store.all_channels()? {
        core.tell(Topic::Channel {
            channel: row.view.id,
        });
    }
    core.tell(Topic::Person { user });
    core.tell(Topic::Dms);
    core.tell(Topic::Comparisons);
    Ok(())
}

/// Hands decisions that one's other devices lack to them.
pub(crate) fn hand_out<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("records".to_owned(), |shared| async move {
        if let Err(error) = hand(&shared).await {
            shared.core().fail(&error);
        }
    });
}

async fn hand<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let (due, devices) = {
        let core = shared.core();
        let due = core.store.records_due()?.unwrap_or_default();
        if due.is_empty() {
            return Ok(());
        }
        let me = core.store.me()?;
        let log = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
        let devices: Vec<_> = log
            .active()
            .filter(|record| record.cert.device != me.device)
            .map(|record| (me.user, record.cert.device, record.reg_id))
            .collect();
        (due, devices)
    };
    let pairs: Vec<_> = devices.iter().map(|one| (one.0, one.1)).collect();
    envelope::ensure_sessions(shared, &pairs).await?;
    {
        let mut core = shared.core();
        let records: Vec<_> = core
            .store
            .person_records()?
            .into_iter()
            .filter(|record| due.contains(&record.user))
            .collect();
        core.store.begin()?;
        let sealed = devices
            .iter()
            .try_for_each(|to| pack_records(&mut core, *to, &records));
        let done = sealed.and_then(|()| {
            let rest: Vec<_> = core
                .store
                .records_due()?
                .unwrap_or_default()
                .into_iter()
                .skip(due.len())
                .collect();
            Ok(core.store.put_records_due(&rest)?)
        });
        core.store.end(done)?;
    }
    queue::resend(shared);
    Ok(())
}

/// Parcels with records for one's own device; the caller commits.
pub(crate) fn pack_records<P: Primitives>(
    core: &mut Core<P>,
    to: (UserId, DeviceId, u32),
    records: &[PersonRecord],
) -> Result<(), Refusal> {
    for chunk in records.chunks(RECORDS_PER_ITEM) {
        let content = DeviceContent::Records {
            records: chunk.to_vec(),
        };
        envelope::seal_parcel(core, to, ToDeviceClass::Secret, &content)?;
    }
    Ok(())
}

/// A device of somebody says that it has read the code on this screen.
pub(crate) fn code_was_read<P: Primitives>(
    core: &mut Core<P>,
    from: (UserId, DeviceId),
    secret: &Octets<16>,
) -> Result<(), Refusal> {
    let me = core.store.me()?;
    if *secret != core.code_secret || from.0 == me.user || core.comparing.len() >= COMPARING_MAX {
        return Ok(());
    }
    core.code_secret = Octets(core.draw());
    let Some(log) = core.store.devlog(from.0)? else {
        return Ok(());
    };
    let txn = Octets(core.draw());
    let mut one = Comparing::new(About::Person, from.0, Stage::CodeRead, core.now);
    one.genesis = Some(log.genesis);
    core.comparing.insert(txn, one);
    core.tell(Topic::Comparisons);
    core.tell(Topic::Person { user: from.0 });
    Ok(())
}

/// The person takes somebody's new keys as they are, and has compared nothing.
pub(crate) async fn accept<P: Primitives>(shared: &Shared<P>, user: UserId) -> Outcome {
    let whole = QueryDevlogs {
        users: vec![KnownLog {
            user,
            version: None,
        }],
    };
    let logs: Devlogs = shared.post("/api/v1/devlogs".to_owned(), &whole).await?;
    let shown = logs
        .logs
        .iter()
        .find(|log| log.user == user)
        .ok_or_else(unknown)?;
    let log = DeviceLog::replay(&shown.entries)
        .ok()
        .filter(|log| log.user == user)
        .ok_or_else(|| {
            refuse(
                ErrorCode::TrustViolation,
                "What the server shows of their devices does not even check by itself. There is nothing to accept.",
            )
        })?;
    let mut core = shared.core();
    core.store.repin(&log)?;
    // Channels that read them are verified anew before anything is encrypted.
    let now = core.now;
    for row in core.store.all_channels()? {
        core.store.mark_stale(row.view.id, now)?;
    }
    remember(shared, &mut core, user, log.genesis, How::Accepted)?;
    let store = &core.store;
    store.commit(|store| end_sessions(store, user))?;
    Ok(CommandReply::Done)
}
