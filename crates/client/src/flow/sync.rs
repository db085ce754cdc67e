//! Bringing the store up to date: after connecting, and with every event.

mod event;
mod log;
pub(crate) mod log_head;

use std::collections::BTreeSet;

use cloister_e2ee::Primitives;
use cloister_wire::{
    GuildId, UserId,
    account::DeviceStanding,
    gateway::{Event, Ready},
    guild::{Dm, Guild, Members},
    key::KeyCounts,
    limits::ONE_TIME_KEYS_LOW,
};

pub(crate) use self::log::bring_log;
use self::{event::apply, log::bring_log_soon};
use crate::{
    core::{Core, Shared},
    flow::{
        account, backup, call::CallError, device, expiry, govern, health, history, incoming,
        outgoing, own, people, pin, prekeys, queue, reading, recovery, remark, schedule, search,
        thread, vault, verify,
    },
    store::{Store, StoreError},
    view::{Refusal, Topic},
};

/// The server's account of everything this person may see.
pub(crate) fn ready<P: Primitives>(shared: &Shared<P>, ready: &Ready) {
    let stored = store_ready(&mut shared.core(), ready);
    if let Err(error) = stored {
        shared.core().fail(&error);
        return;
    }
    let Ready {
        queue_seq,
        one_time_keys,
        fallback_used,
        devlog_version,
        dormant,
        user,
        ..
    } = *ready;
    let shared = shared.clone();
    shared.clone().spawn(async move {
        let (own_version, taken) = {
            let core = shared.core();
            let version = core
                .store
                .devlog(user)
                .ok()
                .flatten()
                .map_or(0, |log| log.version);
            (version, core.store.queue_seq().unwrap_or(0))
        };
        if devlog_version > own_version
            && let Err(error) = people::refresh(&shared, &BTreeSet::from([user])).await
        {
            shared.core().fail(&Refusal::from(error));
        }
        if let Err(error) = device::notice_standing(&shared) {
            shared.core().fail(&error);
        }
        if dormant && let Err(error) = device::renew(&shared, queue_seq).await {
            shared.core().fail(&error);
            return;
        }
        if queue_seq > taken && !dormant {
            queue::drain(&shared);
        }
        if !dormant && ((one_time_keys as usize) < ONE_TIME_KEYS_LOW || fallback_used) {
            prekeys::supply(
                &shared,
                KeyCounts {
                    one_time: one_time_keys,
                    fallback_used,
                },
            );
        }
        if let Err(error) = vault::finish(&shared).await {
            shared.core().fail(&error);
        }
        vault::rotate_soon(&shared);
        backup::restore(&shared);
        device::reload(&shared);
        health::tell(&shared, health::When::Connected);
        go_on(&shared);
    });
}

/// Starts again whatever was interrupted.
pub(crate) fn go_on<P: Primitives>(shared: &Shared<P>) {
    let (guilds, channels, busy) = {
        let core = shared.core();
        let now = core.now;
        if let Err(error) = core.store.prune_items(now) {
            drop(core);
            shared.core().fail(&Refusal::from(error));
            return;
        }
        let guilds = core.store.guilds().unwrap_or_default();
        let channels = core.store.all_channels().unwrap_or_default();
        (
            guilds,
            channels,
            core.store.busy_channels().unwrap_or_default(),
        )
    };
    // What became too old while nobody was here.
    expiry::watch(shared);
    for guild in guilds {
        bring_guild(shared, &guild);
    }
    let stale = shared.core().stale_guilds.clone();
    for guild in stale {
        govern::refresh_soon(shared, guild);
    }
    for row in channels {
        if row.view.last_seq > row.high {
            incoming::catch_up(shared, row.view.id);
        }
        if row.view.scrub_seq > row.scrub_seq {
            remark::catch_up(shared, row.view.id);
        }
    }
    for channel in busy {
        outgoing::pump(shared, channel);
    }
    govern::bring_relations(shared);
    reading::tell_server(shared);
    thread::look(shared);
    own::hand_out(shared, 0);
    pin::look(shared);
    schedule::watch(shared);
    search::fill(shared);
    backup::save(shared);
    queue::acknowledge(shared);
    queue::answer_nacks(shared);
    queue::settle(shared);
    let decided = history::take_waiting(&mut shared.core());
    if let Err(error) = decided {
        shared.core().fail(&error);
    }
    history::look(shared, 0);
    account::replace(shared);
    verify::hand_out(shared);
    recovery::ripen(shared);
}

fn store_ready<P: Primitives>(core: &mut Core<P>, ready: &Ready) -> Result<(), Refusal> {
    let now = core.now;
    let gone = core.store.commit(|store| {
        let mut gone = Vec::new();
        store.put_deletion_at(ready.deletion_at)?;
        // A device that waits is told of nothing; what it has read may be here all the same.
        if store.me()?.standing != DeviceStanding::Active {
            return Ok(gone);
        }
        for guild in &ready.guilds {
            store_guild(store, guild, now)?;
        }
        for guild in store.guilds()? {
            if !ready.guilds.iter().any(|one| one.id == guild.id) {
                store.delete_guild(guild.id)?;
                gone.push(guild.id);
            }
        }
        for dm in &ready.dms {
            store_dm(store, dm, now)?;
        }
        Ok::<_, StoreError>(gone)
    })?;
    for guild in gone
        .into_iter()
        .chain(ready.guilds.iter().map(|guild| guild.id))
    {
        core.tell(Topic::Guild { guild });
    }
    core.tell(Topic::Guilds);
    core.tell(Topic::Dms);
    core.tell(Topic::Session);
    Ok(())
}

/// Stores a guild with its channels as the server shows them.
pub(crate) fn store_guild<P: Primitives>(
    store: &Store<P>,
    guild: &Guild,
    now: u64,
) -> Result<(), StoreError> {
    store.put_guild(guild)?;
    store.pin_applied(guild.id)?;
    for row in store.channels_of(guild.id)? {
        if !guild
            .channels
            .iter()
            .any(|channel| channel.id == row.view.id)
        {
            store.delete_channel(row.view.id)?;
        }
    }
    for channel in &guild.channels {
        store.put_channel(channel, None, 0)?;
        note_epoch(store, channel.id, channel.epoch, now)?;
    }
    Ok(())
}

pub(crate) fn store_dm<P: Primitives>(
    store: &Store<P>,
    dm: &Dm,
    now: u64,
) -> Result<(), StoreError> {
    store.put_person(dm.peer, &dm.username, &dm.display_name)?;
    store.put_channel(&dm.channel, Some(dm.peer), dm.last_at)?;
    store.put_request(dm.channel.id, dm.request)?;
    note_epoch(store, dm.channel.id, dm.channel.epoch, now)
}

/// Marks an audience that is not the newest one.
fn note_epoch<P: Primitives>(
    store: &Store<P>,
    channel: cloister_wire::ChannelId,
    epoch: u64,
    now: u64,
) -> Result<(), StoreError> {
    let known = store
        .channel(channel)?
        .and_then(|row| row.audience)
        .map_or(0, |audience| audience.epoch);
    if known < epoch {
        store.mark_stale(channel, now)
    } else {
        Ok(())
    }
}

/// Brings the log and the members of a guild, if they are behind.
pub(crate) fn bring_guild<P: Primitives>(shared: &Shared<P>, guild: &Guild) {
    let id = guild.id;
    let (log_behind, members_behind) = {
        let core = shared.core();
        let log = core
            .store
            .guild_log(id)
            .ok()
            .flatten()
            .map_or(0, |log| log.position.seq);
        let members = core
            .store
            .guild(id)
            .ok()
            .flatten()
            .map_or(-1, |row| row.members_version);
        (log < guild.log_seq, members != guild.access_version as i64)
    };
    if log_behind {
        bring_log_soon(shared, id);
    }
    govern::watch_audit(shared, id);
    govern::bring_pictures(shared, id);
    if members_behind {
        let version = guild.access_version;
        shared.spawn_single(format!("members {id}"), move |shared| async move {
            if let Err(error) = bring_members(&shared, id, version).await {
                shared.core().fail(&error);
            }
        });
    }
}

async fn bring_members<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    version: u64,
) -> Result<(), Refusal> {
    let mut all = Vec::new();
    let mut after: Option<UserId> = None;
    loop {
        let from = after.map_or_else(String::new, |user| format!("?after={user}"));
        let page: Result<Members, CallError> = shared
            .get(format!("/api/v1/guilds/{guild}/members{from}"))
            .await;
        let page = page?;
        after = page.members.last().map(|member| member.user);
        all.extend(page.members);
        if page.end || after.is_none() {
            break;
        }
    }
    let mut core = shared.core();
    core.store.commit(|store| {
        store.clear_members(guild)?;
        for member in &all {
            store.put_person(member.user, &member.username, &member.display_name)?;
            store.put_member(guild, member)?;
        }
        store.put_members_version(guild, version)
    })?;
    core.tell(Topic::Guild { guild });
    Ok(())
}

/// Something happened.
pub(crate) fn event<P: Primitives>(shared: &Shared<P>, event: Event) {
    if let Err(error) = apply(shared, event) {
        shared.core().fail(&error);
    }
}
