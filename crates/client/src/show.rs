//! Answers to queries, from the store alone.

mod channel;
mod emoji;
pub(crate) mod member;
mod outbox;
pub(crate) mod picture;
mod pin;
mod place;
mod poll;
mod report;
mod search;
mod seen;
mod thread;
mod timeline;
mod trust;

use cloister_e2ee::Primitives;
use cloister_proof::{
    DeviceOffer,
    fingerprint::{self, DeviceCode},
    policy::Readers,
};
use cloister_wire::{
    ChannelId, GuildId, MessageId, Txn,
    account::{Device, DeviceStanding},
    guild::GuildKind,
    moderation::Relation,
    role::Category,
};

use crate::{
    core::Core,
    flow::{account, backup, invite, notice, presence, recovery, schedule, ways},
    store::{ChannelRow, EntryState, KEYWORDS, StoreError, Trouble},
    view::{
        BackupView, CauseCount, ChannelSummary, DeviceState, DeviceView, GuildView, InviteView,
        MeView, PlaceView, Query, QueryReply, RecoveryView, RestoreView, SessionView, StatusView,
    },
};

type Shown<T> = Result<T, StoreError>;

#[expect(clippy::too_many_lines, reason = "one arm for each query")]
pub(crate) fn answer<P: Primitives>(core: &Core<P>, query: &Query) -> Shown<QueryReply> {
    Ok(match query {
        Query::Session => QueryReply::Session(session(core)?),
        Query::Guilds => QueryReply::Guilds {
            guilds: place::guilds(core)?,
        },
        Query::Guild { guild } => QueryReply::Guild {
            guild: guild_view(core, *guild)?,
        },
        Query::Members {
            guild,
            search,
            users,
            offset,
            limit,
        } => QueryReply::Members(member::page(
            core,
            *guild,
            search,
            users.as_deref(),
            *offset,
            *limit,
        )?),
        Query::Picture { picture } => QueryReply::Picture {
            url: picture::url(core, picture)?,
        },
        Query::Dms => QueryReply::Dms {
            dms: channel::dms(core)?,
        },
        Query::People => QueryReply::People {
            people: channel::acquaintances(core)?,
        },
        Query::Channel { channel } => QueryReply::Channel {
            channel: channel::view(core, *channel)?,
        },
        Query::Timeline {
            channel,
            before,
            limit,
        } => QueryReply::Timeline(timeline::timeline(core, *channel, *before, *limit)?),
        Query::Thread {
            channel,
            thread,
            before,
            limit,
        } => QueryReply::Thread {
            thread: thread::view(core, *thread, *before, *limit)?
                .filter(|view| view.channel == *channel)
                .map(Box::new),
        },
        Query::Threads { channel, state } => QueryReply::Threads {
            threads: thread::list(core, *channel, *state)?,
        },
        Query::Notice { about } => QueryReply::Notice(notice::view(core, *about)?),
        Query::Scheduled { channel } => QueryReply::Scheduled {
            entries: schedule::views(core, *channel)?,
        },
        Query::Keywords => QueryReply::Keywords {
            words: core.store.own(KEYWORDS)?.unwrap_or_default(),
        },
        Query::Presences => QueryReply::Presences(presence::presences(core)?),
        Query::Pins { channel } => QueryReply::Pins {
            pins: pin::list(core, *channel)?,
        },
        Query::Mentions { limit } => QueryReply::Mentions {
            mentions: timeline::calls(core, *limit)?,
        },
        Query::Places => QueryReply::Places {
            places: places(core)?,
        },
        Query::Typing { channel } => QueryReply::Typing {
            names: typing(core, *channel)?,
        },
        Query::Edits { message, .. } => QueryReply::Edits {
            edits: timeline::edits(core, *message)?,
        },
        Query::Devices => QueryReply::Devices {
            devices: devices(core)?,
        },
        Query::Person { user } => QueryReply::Person {
            person: trust::person(core, *user)?,
        },
        Query::Comparisons => QueryReply::Comparisons {
            comparisons: trust::comparisons(core)?,
        },
        Query::Recovery => QueryReply::Recovery(recovery(core)?),
        Query::Outbox => QueryReply::Outbox {
            entries: outbox::outbox(core)?,
        },
        Query::Sent { entry } => QueryReply::Sent {
            message: sent(core, entry)?,
        },
        Query::Invites { guild } => QueryReply::Invites {
            invites: invites(core, *guild)?,
        },
        Query::Backup => QueryReply::Backup(backup_view(core)?),
        Query::Ways => QueryReply::Ways {
            ways: ways::views(core)?,
        },
        Query::Status => QueryReply::Status(status(core)?),
        Query::Reportable { message } => QueryReply::Reportable {
            view: report::reportable(core, *message)?,
        },
        Query::Seen { channel } => QueryReply::Seen {
            seen: seen::seen(core, *channel)?,
        },
        Query::Locate { message } => QueryReply::Locate {
            place: search::locate(core, *message)?,
        },
        Query::Search {
            text,
            channel,
            order,
            cursor,
            limit,
            zone_minutes,
        } => QueryReply::Search(search::search(
            core,
            text,
            search::Page {
                channel: *channel,
                order: *order,
                cursor: cursor.as_deref(),
                limit: *limit,
                zone_minutes: *zone_minutes,
            },
        )?),
    })
}

fn session<P: Primitives>(core: &Core<P>) -> Shown<SessionView> {
    let identity = core.store.identity()?;
    let trouble = core.store.trouble()?;
    let signed_in = core.store.tokens()?.is_some();
    let state = match (&identity, trouble) {
        (Some(_), Some(Trouble::Revoked)) => DeviceState::Revoked,
        (Some(_), Some(Trouble::Cloned)) => DeviceState::Cloned,
        (Some(_), Some(Trouble::StartedOver)) => DeviceState::StartedOver,
        (Some(identity), None) if signed_in => account::state_of(identity.standing),
        _ => DeviceState::SignedOut,
    };
    let offer = identity
        .as_ref()
        .filter(|_| state == DeviceState::Pending)
        .and_then(|identity| identity.offer.as_ref())
        .and_then(|offer| DeviceOffer::verify(offer.as_ref()).ok());
    Ok(SessionView {
        state,
        connection: core.link.connection,
        me: identity.map(|me| MeView {
            user: me.user,
            username: me.username,
            display_name: me.display_name,
            device: me.device,
            operator: me.operator,
        }),
        pending_code: offer.as_ref().map(fingerprint::device_code),
        pending_qr: offer.as_ref().map(|offer| DeviceCode::of(offer).to_text()),
        retry_at: core.link.retry_at,
        instance_name: core
            .store
            .instance()?
            .map_or_else(String::new, |instance| instance.name),
        alarm: core.alarm.clone(),
        reports_new: core.reports_new,
        deletion_at: core.store.deletion_at()?,
    })
}

fn unread<P: Primitives>(core: &Core<P>, row: &ChannelRow) -> Shown<u32> {
    let Some(me) = core.store.identity()? else {
        return Ok(0);
    };
    core.store.unread(row.view.id, row.view.read_seq, me.user)
}

/// Channels of a guild in their order, with what is unread.
fn guild_channels<P: Primitives>(
    core: &Core<P>,
    guild: GuildId,
    row_categories: &[Category],
) -> Shown<Vec<ChannelSummary>> {
    let log = core.store.guild_log(guild)?;
    let mut channels = core
        .store
        .channels_of(guild)?
        .iter()
        .map(|row| {
            let view = &row.view;
            let news = thread::news(core, view.id)?;
            let summary = ChannelSummary {
                id: view.id,
                name: view.name.clone(),
                topic: view.topic.clone(),
                category: view.category,
                position: view.position,
                slow_mode_s: view.slow_mode_s,
                retention_days: view.retention_days,
                kept_days: view.kept_days,
                writers: view.writers,
                my_permissions: view.my_permissions,
                unread: unread(core, row)?,
                mentions: core.store.mentions(view.id, view.read_seq)? + news.mentions,
                threads: news.threads,
                last_seq: view.last_seq,
                muted: core.store.notice_in(row, core.now)?.1,
                waiting: view.waiting,
                waits: view.waits,
                continues: view.continues,
                private: log.as_ref().is_some_and(|log| {
                    log.policies
                        .get(&view.id)
                        .is_some_and(|policy| policy.readers != Readers::Everyone)
                }),
            };
            let category = view.category.map(|category| {
                let known = row_categories.iter().find(|one| one.id == category);
                known.map_or(u32::MAX, |one| one.position)
            });
            Ok(((category, view.position), summary))
        })
        .collect::<Shown<Vec<_>>>()?;
    channels.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    Ok(channels.into_iter().map(|(_, summary)| summary).collect())
}

fn guild_view<P: Primitives>(core: &Core<P>, guild: GuildId) -> Shown<Option<GuildView>> {
    let Some(row) = core.store.guild(guild)? else {
        return Ok(None);
    };
    let me = core.store.me()?;
    let categories = row.view.categories;
    Ok(Some(GuildView {
        id: guild,
        name: row.view.name,
        icon: picture::shown(core, row.view.icon)?,
        banner: picture::shown(core, row.view.banner)?,
        emoji: emoji::own(core, &row.view.emoji)?,
        rules: row.view.rules,
        rules_wait: row.view.rules_wait,
        retention_days: row.view.retention_days,
        questions: row.view.questions,
        owner: row.view.owner,
        my_permissions: row.view.my_permissions,
        my_roles: row.view.my_roles,
        everyone: row.view.everyone,
        roles: row.view.roles,
        categories: categories.clone(),
        channels: guild_channels(core, guild, &categories)?,
        member_count: row.view.member_count,
        me: member::one(core, guild, me.user)?.map(Box::new),
        changed: member::changed(core, guild)?.map(Box::new),
    }))
}

/// Every channel of every guild, in the order of the lists.
fn places<P: Primitives>(core: &Core<P>) -> Shown<Vec<PlaceView>> {
    let mut places = Vec::new();
    for guild in core.store.guilds()? {
        if guild.kind == GuildKind::Group {
            continue;
        }
        let channels = guild_channels(core, guild.id, &guild.categories)?;
        places.extend(channels.into_iter().map(|channel| PlaceView {
            guild: guild.id,
            guild_name: guild.name.clone(),
            channel: channel.id,
            name: channel.name,
            unread: channel.unread,
            mentions: channel.mentions,
        }));
    }
    Ok(places)
}

/// Names of those whose last word on writing is not too old.
fn typing<P: Primitives>(core: &Core<P>, channel: ChannelId) -> Shown<Vec<String>> {
    let row = core.store.channel(channel)?;
    let guild = row.and_then(|row| row.view.guild);
    core.typing
        .iter()
        .filter(|((at, _), until)| *at == channel && **until > core.now)
        .filter(|((_, user), _)| {
            let kept = core.store.relation(*user);
            !matches!(kept, Ok(Relation::Muted | Relation::Blocked))
        })
        .map(|((_, user), _)| core.store.name_in(guild, *user))
        .collect()
}

/// What an entry became once the server had acknowledged it.
fn sent<P: Primitives>(core: &Core<P>, entry: &str) -> Shown<Option<MessageId>> {
    match (core.store.identity()?, entry.parse::<Txn>()) {
        (Some(me), Ok(txn)) => core.store.message_of_txn(me.device, txn),
        _ => Ok(None),
    }
}

fn devices<P: Primitives>(core: &Core<P>) -> Shown<Vec<DeviceView>> {
    let Some(me) = core.store.identity()? else {
        return Ok(Vec::new());
    };
    let log = core.store.devlog(me.user)?;
    let key = core.store.account_key()?;
    let view = |device: &Device| {
        let offer = DeviceOffer::verify(device.cert.as_ref()).ok();
        let record = log.as_ref().and_then(|log| log.devices.get(&device.id));
        let cert = record
            .map(|record| &record.cert)
            .or(offer.as_ref().map(|offer| &offer.cert));
        // What the log says counts; the server's word is for devices that are not in it yet.
        let state = match record {
            Some(record) if record.active() => DeviceState::Active,
            Some(_) => DeviceState::Revoked,
            None => DeviceState::Pending,
        };
        DeviceView {
            id: device.id,
            name: key
                .and_then(|key| account::open_name(&key, device.name_ct.as_ref()))
                .unwrap_or_default(),
            platform: cert.map(|cert| cert.platform.clone()).unwrap_or_default(),
            state,
            this_one: device.id == me.device,
            created_at: device.created_at,
            last_seen_at: device.last_seen_at,
            code: offer
                .as_ref()
                .filter(|_| state == DeviceState::Pending)
                .map(fingerprint::device_code),
            approved_by: record.and_then(|record| record.approver),
            added: log
                .as_ref()
                .map(|log| trust::added_by(log, device.id))
                .unwrap_or_default(),
        }
    };
    let list = core.store.device_list()?.unwrap_or_default();
    Ok(list
        .iter()
        .filter(|device| device.standing != DeviceStanding::Revoked)
        .map(view)
        .collect())
}

fn recovery<P: Primitives>(core: &Core<P>) -> Shown<RecoveryView> {
    let change = recovery::change_view(core)?;
    let Some(recovery) = core.store.recovery()? else {
        return Ok(RecoveryView {
            key: None,
            offer: false,
            change,
        });
    };
    let me = core.store.me()?;
    let offer = core.now >= recovery.later_until && core.store.exchange_took_place(&me)?;
    Ok(RecoveryView {
        key: Some(recovery.key),
        offer,
        change,
    })
}

fn invites<P: Primitives>(core: &Core<P>, guild: GuildId) -> Shown<Vec<InviteView>> {
    let Some(log) = core.store.guild_log(guild)? else {
        return Ok(Vec::new());
    };
    let mut invites = log
        .invites
        .iter()
        .filter(|(_, invite)| !invite.ended && invite.expires_ms.is_none_or(|at| at > core.now))
        .map(|(code, one)| {
            let seed = core.store.invite_seed(code)?;
            Ok(InviteView {
                code: code.clone(),
                url: seed.map(|seed| invite::link_url(&core.options.base_url, code, &seed)),
                uses: one.uses,
                used: one.used,
                expires_at: one.expires_ms,
                created_by: one.by,
                created_at: one.at_ms,
            })
        })
        .collect::<Shown<Vec<_>>>()?;
    invites.sort_by_key(|invite| std::cmp::Reverse(invite.created_at));
    Ok(invites)
}

fn backup_view<P: Primitives>(core: &Core<P>) -> Shown<BackupView> {
    let (missing, saved) = backup::counts(core)?;
    let restoring = core.store.restoring()?;
    let refused = restoring.as_ref().map_or(0, |one| one.refused as u32);
    let restore = restoring
        .filter(|restoring| !restoring.done)
        .map(|restoring| RestoreView {
            taken: restoring.taken as u32,
            total: restoring.total as u32,
        });
    Ok(BackupView {
        missing,
        saved,
        restore,
        refused,
        trouble: core.store.backup_trouble()?,
    })
}

fn status<P: Primitives>(core: &Core<P>) -> Shown<StatusView> {
    let outbox = core.store.outbox(None)?;
    let failed = outbox
        .iter()
        .filter(|row| matches!(row.state, EntryState::Failed { .. }))
        .count() as u32;
    let (causes, waiting) = core.store.undecryptable()?;
    Ok(StatusView {
        connection: core.link.connection,
        outbox: outbox.len() as u32,
        failed,
        reads_due: (core.store.unsaid_reads()?.len() + core.store.unsaid_thread_reads()?.len())
            as u32,
        undecryptable: causes
            .into_iter()
            .map(|(cause, count)| CauseCount { cause, count })
            .collect(),
        waiting,
        devices: devices(core)?.len() as u32,
        not_backed_up: backup::counts(core)?.0,
        queue_seq: core.store.queue_seq()?,
        last_error: core.last_error.clone(),
    })
}
