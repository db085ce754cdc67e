//! Device logs of people: brought, verified, pinned.

use std::collections::BTreeSet;

use cloister_e2ee::Primitives;
use cloister_proof::DeviceLog;
use cloister_wire::{
    UserId,
    account::{DeviceStanding, Devlogs, KnownLog, QueryDevlogs, UserLog},
};

use crate::{
    core::Shared,
    flow::call::CallError,
    store::{Store, StoreError, Trouble},
    view::{Refusal, Topic},
};

/// People in one request.
const CHUNK: usize = 200;

/// Brings the newest entries of these people's logs.
pub(crate) async fn refresh<P: Primitives>(
    shared: &Shared<P>,
    users: &BTreeSet<UserId>,
) -> Result<(), CallError> {
    let users: Vec<UserId> = users.iter().copied().collect();
    for chunk in users.chunks(CHUNK) {
        let known = {
            let core = shared.core();
            chunk
                .iter()
                .map(|user| KnownLog {
                    user: *user,
                    version: core
                        .store
                        .devlog(*user)
                        .ok()
                        .flatten()
                        .map(|log| log.version),
                })
                .collect()
        };
        let logs: Devlogs = shared
            .post("/api/v1/devlogs".to_owned(), &QueryDevlogs { users: known })
            .await?;
        take_all(shared, &logs.logs);
    }
    Ok(())
}

/// Applies logs that came along with something else.
pub(crate) fn take_all<P: Primitives>(shared: &Shared<P>, logs: &[UserLog]) {
    let mut core = shared.core();
    for log in logs {
        let taken: Result<bool, Refusal> = core.store.commit(|store| Ok(take(store, log)?));
        match taken {
            Ok(true) => {}
            Ok(false) => {
                core.alarm = Some(format!(
                    "{}'s keys changed in a way that can't be right.",
                    log.display_name
                ));
            }
            Err(error) => core.fail(&error),
        }
        core.tell(Topic::Session);
    }
}

/// Nobody else says who this person is: an own log that starts over ends this device.
fn replaces_me<P: Primitives>(store: &Store<P>, grown: &DeviceLog) -> Result<bool, StoreError> {
    let me = store.identity()?;
    let Some(me) = me.filter(|me| me.user == grown.user && me.standing == DeviceStanding::Active)
    else {
        return Ok(false);
    };
    let pinned = store.devlog(me.user)?;
    Ok(pinned.is_some_and(|pinned| pinned.genesis != grown.genesis))
}

/// Applies what is new in one log. False: it does not continue what was pinned.
pub(crate) fn take<P: Primitives>(store: &Store<P>, log: &UserLog) -> Result<bool, StoreError> {
    store.put_person(log.user, &log.username, &log.display_name)?;
    let pinned = store.devlog(log.user)?;
    let known = pinned.as_ref().map_or(0, |pinned| pinned.version);
    let Some(skip) = (known + 1).checked_sub(log.first_version) else {
        return Ok(true);
    };
    let fresh = log.entries.get(skip as usize..).unwrap_or_default();
    let grown = match (pinned, fresh) {
        (_, []) => return Ok(true),
        (Some(pinned), fresh) => fresh
            .iter()
            .try_fold(pinned, |log, entry| log.appended(entry.as_ref())),
        (None, fresh) => DeviceLog::replay(fresh),
    };
    match grown {
        Ok(grown) if grown.user == log.user && replaces_me(store, &grown)? => {
            store.put_trouble(&Trouble::StartedOver)?;
            Ok(false)
        }
        Ok(grown) if grown.user == log.user => {
            store.put_devlog(&grown)?;
            Ok(true)
        }
        _ => {
            store.put_violation(
                log.user,
                "The server showed a device log that does not continue the one seen before.",
            )?;
            Ok(false)
        }
    }
}
