//! Channels and conversations, and who reads them.

use cloister_e2ee::Primitives;
use cloister_proof::{
    GuildLog,
    guild_log::LogRights,
    policy::{HistoryRule, MinTrust, Readers},
};
use cloister_wire::{
    ChannelId, ErrorCode, Permissions, UserId,
    guild::{Channel, DmRequest, GuildKind, Writers},
    moderation::Relation,
};

use super::{
    Shown,
    trust::{self, safety},
    unread,
};
use crate::{
    core::Core,
    flow::{audience, mention},
    store::{ChannelRow, GuildRow, MessageRow},
    view::{
        ChannelKind, ChannelLink, ChannelView, DmSummary, EarlierMessages, ForkView, NoticeLevel,
        PersonView, ReaderRight, ReaderView, Refusal, RoomView, Safety,
    },
};

/// People from whom on an audience is called large.
const LARGE: usize = 300;

/// Names of so many people stand for a conversation without one.
const NAMES: usize = 4;

/// Conversations, those with the newest activity first.
pub(super) fn dms<P: Primitives>(core: &Core<P>) -> Shown<Vec<DmSummary>> {
    let mut dms = Vec::new();
    for row in core.store.dms()? {
        let Some(peer) = row.peer else { continue };
        let declined = core.store.request(row.view.id)? == Some(DmRequest::Declined);
        if declined || core.store.relation(peer)? == Relation::Blocked {
            continue;
        }
        let (username, display_name) = core.store.names(peer)?.unwrap_or_default();
        dms.push(summary(core, &row, Some(peer), username, display_name, 2)?);
    }
    for guild in core.store.guilds()? {
        if guild.kind != GuildKind::Group {
            continue;
        }
        for row in core.store.channels_of(guild.id)? {
            let name = group_name(core, &row)?;
            let people = guild.member_count;
            dms.push(summary(core, &row, None, String::new(), name, people)?);
        }
    }
    dms.sort_by_key(|dm| (std::cmp::Reverse(dm.last_at), dm.channel));
    Ok(dms)
}

fn summary<P: Primitives>(
    core: &Core<P>,
    row: &ChannelRow,
    peer: Option<UserId>,
    username: String,
    display_name: String,
    people: u32,
) -> Shown<DmSummary> {
    let (level, muted) = core.store.notice_in(row, core.now)?;
    let request = core.store.request(row.view.id)?;
    // Who has yet to decide is not called, and not shown what a stranger wrote.
    let waits = request == Some(DmRequest::Incoming);
    let news = super::thread::news(core, row.view.id)?;
    Ok(DmSummary {
        channel: row.view.id,
        peer,
        username,
        display_name,
        people,
        safety: peer.map_or(Ok(Safety::Known), |peer| safety(core, peer))?,
        request,
        unread: if waits {
            0
        } else {
            unread(core, row)? + news.unread
        },
        last_at: row.last_at,
        preview: core
            .store
            .last_text(row.view.id)?
            .filter(|_| !waits)
            .map(|text| mention::spell(core, row.view.guild, &text))
            .transpose()?,
        muted,
        quiet: muted || level == Some(NoticeLevel::Nothing),
        mentions: if waits {
            0
        } else {
            core.store.mentions(row.view.id, row.view.read_seq)? + news.mentions
        },
    })
}

/// What its people call a conversation, or else their names.
fn group_name<P: Primitives>(core: &Core<P>, row: &ChannelRow) -> Shown<String> {
    if let Some(title) = &row.title {
        return Ok(title.clone());
    }
    let me = core.store.me()?.user;
    let mut names = Vec::new();
    if let Some(guild) = row.view.guild {
        for user in core.store.members(guild)?.into_iter().map(|one| one.user) {
            if user != me {
                names.push(core.store.display_name(user)?);
            }
        }
    }
    let more = names.len().saturating_sub(NAMES);
    names.truncate(NAMES);
    let mut name = names.join(", ");
    if more > 0 {
        name.extend([" +", &more.to_string()]);
    }
    Ok(name)
}

/// Everybody in a guild of this person's, by name.
pub(super) fn acquaintances<P: Primitives>(core: &Core<P>) -> Shown<Vec<PersonView>> {
    let me = core.store.me()?.user;
    let mut people = std::collections::BTreeMap::new();
    for guild in core.store.guilds()? {
        for user in core
            .store
            .members(guild.id)?
            .into_iter()
            .map(|one| one.user)
        {
            if user == me || people.contains_key(&user) {
                continue;
            }
            let (username, display_name) = core.store.names(user)?.unwrap_or_default();
            let safety = safety(core, user)?;
            people.insert(
                user,
                PersonView {
                    user,
                    username,
                    display_name,
                    safety,
                },
            );
        }
    }
    let mut people: Vec<_> = people.into_values().collect();
    people.sort_by_key(|one| (one.display_name.to_lowercase(), one.user));
    Ok(people)
}

/// Whether this person read the channel when a message was sent that was not for this device:
/// then another of their devices could.
pub(super) fn read_then<P: Primitives>(core: &Core<P>, message: &MessageRow) -> Shown<bool> {
    let me = core.store.me()?;
    let created = core.store.cert(me.user, me.device)?;
    if created.is_none_or(|cert| cert.created_ms <= message.at) {
        return Ok(false);
    }
    let Some(guild) = core
        .store
        .channel(message.channel)?
        .and_then(|row| row.view.guild)
    else {
        return Ok(true);
    };
    let joined = core.store.member(guild, me.user)?;
    Ok(joined.is_some_and(|one| one.joined_at <= message.at))
}

/// Whether a message went to devices that were lost before this person started over.
pub(super) fn lost<P: Primitives>(core: &Core<P>, message: &MessageRow) -> Shown<bool> {
    let me = core.store.me()?;
    let began = core
        .store
        .devlog(me.user)?
        .and_then(|log| log.started_over_at());
    Ok(began.is_some_and(|began| message.at < began))
}

pub(super) fn view<P: Primitives>(
    core: &Core<P>,
    channel: ChannelId,
) -> Shown<Option<ChannelView>> {
    let Some(row) = core.store.channel(channel)? else {
        return Ok(None);
    };
    let guild = match row.view.guild {
        Some(guild) => core.store.guild(guild)?,
        None => None,
    };
    let log = match row.view.guild {
        Some(guild) => core.store.guild_log(guild)?,
        None => None,
    };
    let policy = log.as_ref().and_then(|log| log.policies.get(&channel));
    let kind = kind(&row, guild.as_ref(), log.as_ref());
    let name = match (&kind, row.peer) {
        (ChannelKind::Group { .. }, _) => group_name(core, &row)?,
        (_, Some(peer)) => core.store.display_name(peer)?,
        _ => row.view.name.clone(),
    };
    let roster = row.audience.as_ref().map(|audience| &audience.roster);
    let readers = roster
        .map(cloister_proof::Roster::users)
        .unwrap_or_default();
    let unvouched = log
        .as_ref()
        .map_or_else(Vec::new, |log| unvouched(log, channel));
    let people = match (&kind, &log) {
        (ChannelKind::Private | ChannelKind::Group { .. }, Some(log)) => {
            people(core, log, channel)?
        }
        _ => Vec::new(),
    };
    let me = core.store.me()?.user;
    let may_manage = row
        .view
        .my_permissions
        .contains(Permissions::MANAGE_CHANNELS);
    Ok(Some(ChannelView {
        id: channel,
        kind,
        guild: row.view.guild,
        name,
        topic: row.view.topic.clone(),
        slow_mode_s: row.view.slow_mode_s,
        kept_days: row.view.kept_days,
        writers: row.view.writers,
        draft: row.draft.clone(),
        read_seq: row.view.read_seq,
        last_seq: row.view.last_seq,
        readers: readers.len() as u32,
        devices: roster.map_or(0, |roster| roster.len() as u32),
        unvouched,
        unvouched_kept_out: policy.is_some_and(|policy| policy.min_trust != MinTrust::Any),
        people,
        history: policy.map(|policy| match policy.history {
            HistoryRule::None => EarlierMessages::Kept,
            HistoryRule::Shared => EarlierMessages::Shared,
        }),
        history_asked_at: core.store.history_asked_at(channel)?,
        may_have_history: log
            .as_ref()
            .is_some_and(|log| log.vouched(me) && log.reads(channel, me)),
        can_set_policy: may_manage
            && log.is_some_and(|log| log.rights(me).contains(LogRights::POLICY)),
        request: core.store.request(channel)?,
        can_send: can_send(&row.view),
        room: Box::new(room(core, &row, guild.as_ref(), readers.len())?),
        fork: fork(core, &row)?.map(Box::new),
        blocked: blocked(core, &row)?,
    }))
}

/// Readers of the channel for whom nobody vouches.
fn unvouched(log: &GuildLog, channel: ChannelId) -> Vec<UserId> {
    let readers = log.readers(channel).into_iter();
    readers.filter(|user| !log.vouched(*user)).collect()
}

fn can_send(channel: &Channel) -> bool {
    let needed = match channel.writers {
        Writers::All => Permissions::SEND_MESSAGES,
        Writers::Announcers => Permissions::SEND_MESSAGES.union(Permissions::ANNOUNCE),
    };
    channel.my_permissions.contains(needed) && !channel.waits
}

/// What is to be known of an audience that is full, or about to be.
fn room<P: Primitives>(
    core: &Core<P>,
    row: &ChannelRow,
    guild: Option<&GuildRow>,
    readers: usize,
) -> Shown<RoomView> {
    let Some(guild) = guild.filter(|guild| guild.view.kind == GuildKind::Guild) else {
        return Ok(RoomView::default());
    };
    let mut room = RoomView {
        waiting: row.view.waiting,
        waits: row.view.waits,
        large: readers > LARGE,
        ..RoomView::default()
    };
    for other in core.store.channels_of(guild.view.id)? {
        let link = ChannelLink {
            id: other.view.id,
            name: other.view.name,
        };
        if row.view.continues == Some(link.id) {
            room.continues = Some(link);
        } else if other.view.continues == Some(row.view.id) {
            room.continued_in = Some(link);
        }
    }
    let may_make = guild
        .view
        .my_permissions
        .contains(Permissions::MANAGE_CHANNELS);
    room.can_continue = may_make && room.waiting > 0 && room.continued_in.is_none();
    Ok(room)
}

fn kind(row: &ChannelRow, guild: Option<&GuildRow>, log: Option<&GuildLog>) -> ChannelKind {
    if let Some(peer) = row.peer {
        return ChannelKind::Dm { peer };
    }
    if let Some(group) = guild.filter(|guild| guild.view.kind == GuildKind::Group) {
        return ChannelKind::Group {
            guild: group.view.id,
            owner: group.view.owner,
            title: row.title.clone(),
        };
    }
    let everyone = log
        .and_then(|log| log.policies.get(&row.view.id))
        .is_none_or(|policy| policy.readers == Readers::Everyone);
    if everyone {
        ChannelKind::Text
    } else {
        ChannelKind::Private
    }
}

/// Everybody who may read a channel by the signed log, those with the strongest right first.
fn people<P: Primitives>(
    core: &Core<P>,
    log: &GuildLog,
    channel: ChannelId,
) -> Shown<Vec<ReaderView>> {
    let me = core.store.me()?.user;
    let mut people = Vec::new();
    for user in log.readers(channel) {
        let (username, _) = core.store.names(user)?.unwrap_or_default();
        let display_name = core.store.name_in(Some(log.guild), user)?;
        let right = if log.is_owner(user) {
            ReaderRight::Owner
        } else if log.rights(user).contains(LogRights::READ) {
            ReaderRight::Role
        } else {
            ReaderRight::Named
        };
        people.push(ReaderView {
            user,
            username,
            display_name,
            right,
            vouched: log.vouched(user),
            me: user == me,
            safety: safety(core, user)?,
        });
    }
    let order = |right| match right {
        ReaderRight::Owner => 0,
        ReaderRight::Role => 1,
        ReaderRight::Named => 2,
    };
    people.sort_by_key(|one| (order(one.right), one.display_name.to_lowercase(), one.user));
    Ok(people)
}

/// A contradiction that the person has not answered yet.
fn fork<P: Primitives>(core: &Core<P>, row: &ChannelRow) -> Shown<Option<ForkView>> {
    Ok(core.store.open_fork(row)?.map(|fork| ForkView {
        sentence: fork.sentence,
        proof: fork.proof,
        at: fork.at,
    }))
}

/// Why nothing can be encrypted here, if so.
fn blocked<P: Primitives>(core: &Core<P>, row: &ChannelRow) -> Shown<Option<Refusal>> {
    if row.view.waits {
        return Ok(Some(audience::waits()));
    }
    let why = match (row.view.guild, row.peer) {
        _ if fork(core, row)?.is_some() => fork(core, row)?.map(|fork| fork.sentence),
        (Some(guild), _) => core.store.guild(guild)?.and_then(|row| row.violation),
        (None, Some(peer)) => trust::why_distrusted(core, peer)?,
        (None, None) => None,
    };
    Ok(why.map(|message| Refusal {
        code: ErrorCode::TrustViolation,
        message,
        retry_after_ms: None,
    }))
}
