//! What the gateway tells, applied one by one.

use std::collections::BTreeSet;

use cloister_e2ee::Primitives;
use cloister_proof::guild_log::OpBody;
use cloister_wire::{
    GuildId, UserId,
    channel::EpochView,
    gateway::Event,
    guild::{Channel, Guild, Member},
    key::KeyCounts,
};

use super::{
    bring_guild,
    log::{bring_log_soon, extend_log, signer},
    log_head, note_epoch, store_dm, store_guild,
};
use crate::{
    core::{Core, Shared},
    flow::{
        device, govern, history, incoming, people, pin, prekeys, presence, queue, remark, search,
        thread, typing,
    },
    store::{Store, StoreError},
    view::{Refusal, Topic},
};

#[expect(clippy::too_many_lines, reason = "one arm for each event")]
pub(super) fn apply<P: Primitives>(shared: &Shared<P>, event: Event) -> Result<(), Refusal> {
    match event {
        Event::MessageSent { message, head } => {
            shared
                .core()
                .store
                .update_channel_view(message.channel, |view| {
                    view.last_seq = view.last_seq.max(message.seq);
                })?;
            incoming::arrive(shared, &message, &head)?;
            typing::said(shared, message.channel, message.sender_user);
        }
        Event::TypingStarted { channel, user } => typing::heard(shared, channel, user),
        Event::MessagesScrubbed { channel, scrubs } => {
            remark::scrubbed(shared, channel, &scrubs)?;
        }
        Event::PinsChanged {
            channel,
            version,
            pins,
        } => pin::changed(&mut shared.core(), channel, version, &pins)?,
        Event::PresenceChanged { presence } => presence::changed(shared, presence),
        Event::HistoryWanted { channel } => history::wanted(shared, channel),
        Event::EpochChanged { epoch } => epoch_changed(&mut shared.core(), &epoch)?,
        Event::LogAppended {
            guild,
            seq,
            entry,
            access_version,
            head,
        } => {
            log_appended(shared, guild, seq, entry.as_ref(), access_version)?;
            if let Some(head) = head {
                log_head::take(&mut shared.core(), guild, &head)?;
            }
        }
        Event::MemberJoined {
            guild,
            member,
            access_version,
        } => {
            member_joined(&mut shared.core(), guild, &member, access_version)?;
            presence::bring(shared);
        }
        Event::MemberLeft {
            guild,
            user,
            access_version,
        } => member_left(&mut shared.core(), guild, user, access_version)?,
        Event::GuildChanged {
            guild,
            access_version,
        } => {
            follow_rights(&shared.core(), guild, access_version)?;
            govern::refresh_soon(shared, guild);
        }
        Event::MemberChanged {
            guild,
            member,
            access_version,
        } => {
            let mine = {
                let mut core = shared.core();
                core.store
                    .commit(|store| store.put_member(guild, &member))?;
                follow_rights(&core, guild, access_version)?;
                core.tell(Topic::Guild { guild });
                core.store.me()?.user == member.user
            };
            if mine {
                govern::refresh_soon(shared, guild);
            }
        }
        Event::ChannelCreated { guild, channel } => {
            channel_created(&mut shared.core(), guild, &channel)?;
        }
        Event::ChannelHidden { guild, channel } => {
            let mut core = shared.core();
            core.store.commit(|store| {
                store.delete_channel(channel)?;
                update_guild(store, guild, |view| {
                    view.channels.retain(|one| one.id != channel);
                })
            })?;
            core.tell(Topic::Guilds);
            core.tell(Topic::Guild { guild });
            core.tell(Topic::Channel { channel });
        }
        Event::GuildJoined { guild } => {
            let mut core = shared.core();
            let now = core.now;
            core.store.commit(|store| store_guild(store, &guild, now))?;
            core.tell(Topic::Guilds);
            core.tell(Topic::Dms);
            drop(core);
            bring_guild(shared, &guild);
            pin::look(shared);
            presence::bring(shared);
        }
        Event::GuildLeft { guild } => {
            let mut core = shared.core();
            core.store.commit(|store| store.delete_guild(guild))?;
            core.tell(Topic::Guilds);
            core.tell(Topic::Dms);
            core.tell(Topic::Guild { guild });
            drop(core);
            search::fill(shared);
        }
        Event::DmOpened { dm } => {
            let mut core = shared.core();
            let now = core.now;
            core.store.commit(|store| store_dm(store, &dm, now))?;
            core.tell(Topic::Dms);
            core.tell(Topic::Channel {
                channel: dm.channel.id,
            });
            drop(core);
            presence::bring(shared);
        }
        Event::RelationsChanged {} => govern::bring_relations(shared),
        Event::DevlogAppended {
            user,
            version,
            entry,
        } => devlog_appended(shared, user, version, entry.as_ref())?,
        Event::DeviceWaiting { .. } => device::reload(shared),
        Event::DeletionChanged { at } => {
            let mut core = shared.core();
            core.store.put_deletion_at(at)?;
            core.tell(Topic::Session);
        }
        Event::PersonDeleted { user, username } => {
            let mut core = shared.core();
            core.store.forget_person(user, &username)?;
            core.tell(Topic::Person { user });
            core.tell(Topic::Dms);
            drop(core);
            govern::bring_relations(shared);
        }
        Event::SecurityNoticed { .. } => shared.core().tell(Topic::Security),
        Event::ToDevice { item } => queue::arrive(shared, &item)?,
        Event::ReadMoved { channel, seq } => {
            let mut core = shared.core();
            core.store
                .update_channel_view(channel, |view| view.read_seq = view.read_seq.max(seq))?;
            core.store.put_told_read(channel, seq)?;
            if let Some(row) = core.store.channel(channel)? {
                incoming::tell(&mut core, &row);
            }
        }
        Event::ThreadChanged {
            thread,
            archived_at,
            ..
        } => {
            let mut core = shared.core();
            core.store.put_thread_archived(thread, archived_at)?;
            thread::tell(&mut core, thread)?;
        }
        Event::ThreadReadMoved {
            channel,
            thread,
            seq,
            at,
        } => thread::read_elsewhere(shared, channel, thread, (seq, at))?,
        Event::ApplicationsChanged { .. } | Event::ApplicationDecided { .. } => {
            shared.core().tell(Topic::Applications);
        }
        Event::ReportMade { .. } => {
            let mut core = shared.core();
            core.reports_new = true;
            core.tell(Topic::Reports);
            core.tell(Topic::Session);
        }
        Event::ReportChanged { .. } | Event::ReportResolved { .. } => {
            shared.core().tell(Topic::Reports);
        }
        Event::KeysLow {
            one_time,
            fallback_used,
        } => prekeys::supply(
            shared,
            KeyCounts {
                one_time,
                fallback_used,
            },
        ),
    }
    Ok(())
}

fn member_joined<P: Primitives>(
    core: &mut Core<P>,
    guild: GuildId,
    member: &Member,
    access_version: u64,
) -> Result<(), Refusal> {
    core.store.commit(|store| {
        store.put_person(member.user, &member.username, &member.display_name)?;
        store.put_member(guild, member)?;
        follow_members(store, guild, access_version)?;
        update_guild(store, guild, |view| {
            // One's own joining is counted already in what came with it.
            if view.access_version < access_version {
                view.member_count += 1;
            }
            view.access_version = view.access_version.max(access_version);
        })
    })?;
    core.tell(Topic::Guild { guild });
    Ok(())
}

fn member_left<P: Primitives>(
    core: &mut Core<P>,
    guild: GuildId,
    user: UserId,
    access_version: u64,
) -> Result<(), Refusal> {
    core.store.commit(|store| {
        store.delete_member(guild, user)?;
        follow_members(store, guild, access_version)?;
        update_guild(store, guild, |view| {
            view.access_version = access_version;
            view.member_count = view.member_count.saturating_sub(1);
        })
    })?;
    core.tell(Topic::Guild { guild });
    Ok(())
}

/// Rights changed, and nobody came or went.
fn follow_rights<P: Primitives>(
    core: &Core<P>,
    guild: GuildId,
    version: u64,
) -> Result<(), Refusal> {
    core.store.commit(|store| {
        follow_members(store, guild, version)?;
        update_guild(store, guild, |view| {
            view.access_version = view.access_version.max(version);
        })
    })?;
    Ok(())
}

fn channel_created<P: Primitives>(
    core: &mut Core<P>,
    guild: GuildId,
    channel: &Channel,
) -> Result<(), Refusal> {
    let now = core.now;
    core.store.commit(|store| {
        store.put_channel(channel, None, 0)?;
        note_epoch(store, channel.id, channel.epoch.max(1), now)?;
        update_guild(store, guild, |view| {
            view.channels.retain(|one| one.id != channel.id);
            view.channels.push(channel.clone());
        })
    })?;
    core.tell(Topic::Guild { guild });
    Ok(())
}

/// The member list is the one of `version` now, if it was the one just before. A list that had
/// missed something stays old, and is brought whole with the next connection.
fn follow_members<P: Primitives>(
    store: &Store<P>,
    guild: GuildId,
    version: u64,
) -> Result<(), StoreError> {
    match store.guild(guild)? {
        Some(row) if row.members_version + 1 == version as i64 => {
            store.put_members_version(guild, version)
        }
        _ => Ok(()),
    }
}

/// Only notes that the audience is another one: it is brought and verified before the next
/// message is encrypted.
pub(super) fn epoch_changed<P: Primitives>(
    core: &mut Core<P>,
    view: &EpochView,
) -> Result<(), Refusal> {
    let now = core.now;
    let known = core
        .store
        .channel(view.channel)?
        .and_then(|row| row.audience)
        .map_or(0, |audience| audience.epoch);
    if view.epoch > known {
        core.store.commit(|store| {
            store.mark_stale(view.channel, now)?;
            store.update_channel_view(view.channel, |channel| {
                channel.epoch = channel.epoch.max(view.epoch);
            })
        })?;
        core.tell(Topic::Channel {
            channel: view.channel,
        });
    }
    Ok(())
}

pub(super) fn log_appended<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    seq: u64,
    entry: &[u8],
    access_version: u64,
) -> Result<(), Refusal> {
    let ready = {
        let core = shared.core();
        core.store.commit(|store| {
            update_guild(store, guild, |view| {
                view.log_seq = view.log_seq.max(seq);
                view.access_version = view.access_version.max(access_version);
            })
        })?;
        let next = core
            .store
            .guild_log(guild)?
            .is_some_and(|log| log.position.seq + 1 == seq);
        let signer_known = match signer(entry) {
            Some(op) => core
                .store
                .devlog(op.user)?
                .is_some_and(|log| log.version >= op.devlog_version),
            None => true,
        };
        next && signer_known
    };
    if ready {
        extend_log(&mut shared.core(), guild, seq - 1, &[entry])?;
        if signer(entry).is_some_and(|op| matches!(op.body, OpBody::TransferOwner { .. })) {
            govern::refresh_soon(shared, guild);
        }
        return Ok(());
    }
    bring_log_soon(shared, guild);
    Ok(())
}

pub(super) fn devlog_appended<P: Primitives>(
    shared: &Shared<P>,
    user: UserId,
    version: u64,
    entry: &[u8],
) -> Result<(), Refusal> {
    let (mine, known) = {
        let core = shared.core();
        (core.store.me()?.user == user, core.store.devlog(user)?)
    };
    let Some(known) = known else { return Ok(()) };
    if version == known.version + 1 {
        if mine {
            device::grow_own_log(shared, entry)?;
            device::reload(shared);
            return Ok(());
        }
        match known.appended(entry) {
            Ok(grown) => return Ok(shared.core().store.put_devlog(&grown)?),
            Err(_) => {
                return Ok(shared
                    .core()
                    .store
                    .put_violation(user, "An entry of their device log does not continue it.")?);
            }
        }
    }
    if version > known.version {
        let shared = shared.clone();
        shared.clone().spawn(async move {
            if let Err(error) = people::refresh(&shared, &BTreeSet::from([user])).await {
                shared.core().fail(&Refusal::from(error));
            }
            if mine && let Err(error) = device::notice_standing(&shared) {
                shared.core().fail(&error);
            }
        });
    }
    Ok(())
}

pub(super) fn update_guild<P: Primitives>(
    store: &Store<P>,
    guild: GuildId,
    change: impl FnOnce(&mut Guild),
) -> Result<(), StoreError> {
    let Some(mut row) = store.guild(guild)? else {
        return Ok(());
    };
    change(&mut row.view);
    store.put_guild(&row.view)
}
