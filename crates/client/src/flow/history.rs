//! Earlier messages for those who came later. A member whom the log lets do so hands their
//! devices the keys of what was said, in pieces through the queue. Whoever gets keys takes them
//! only if the same log lets both, and remembers from whom they are.

use std::collections::BTreeSet;

use cloister_e2ee::{DeviceContent, Primitives, device_message::HistoryKey};
use cloister_proof::{GuildLog, encode, guild_log::LogRights, policy::HistoryRule};
use cloister_wire::{
    Bytes, ChannelId, DeviceId, Hash, UserId,
    channel::{
        Claimed, HandHistory, HistoryClaim, HistoryStep, HistoryWish, HistoryWishes, Message,
    },
    key::{QueuedItem, SendToDevice, ToDeviceClass, ToDeviceItem},
    limits::{HISTORY_KEYS_PER_ITEM, HISTORY_SESSIONS},
};

use crate::{
    core::{Core, Shared},
    engine::Method,
    flow::{
        call::{CallError, read, to_cbor},
        envelope, guild, incoming, people, queue, sync,
    },
    store::{ChannelRow, HeldKey, InboundRow, Parcel, WaitingKeys},
    view::{CommandReply, Refusal, Topic},
};

/// In a large guild not everybody asks at once who waits: so long for each member, at most.
const SPREAD_MS: u64 = 40;
const SPREAD_MAX_MS: u64 = 10_000;
/// Items that are sealed in one go.
const ITEMS_AT_ONCE: usize = 20;

/// Somebody waits for what was said in a channel.
pub(crate) fn wanted<P: Primitives>(shared: &Shared<P>, channel: ChannelId) {
    let spread = {
        let core = shared.core();
        let guild = core.store.channel(channel).ok().flatten();
        let guild = guild.and_then(|row| row.view.guild);
        let guild = guild.and_then(|guild| core.store.guild(guild).ok().flatten());
        guild.map_or(0, |row| u64::from(row.view.member_count) * SPREAD_MS)
    };
    look(shared, spread.min(SPREAD_MAX_MS));
}

/// Looks whether somebody waits for history, after about `spread_ms`.
pub(crate) fn look<P: Primitives>(shared: &Shared<P>, spread_ms: u64) {
    shared.spawn_single("history".to_owned(), move |shared| async move {
        let wait = shared.core().jitter(spread_ms);
        shared.sleep(wait).await;
        if let Err(error) = hand_over_all(&shared).await {
            shared.core().fail(&error);
        }
    });
}

async fn hand_over_all<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let wishes: Result<HistoryWishes, CallError> =
        shared.get("/api/v1/history/wishes".to_owned()).await;
    for wish in wishes?.wishes {
        hand_over(shared, &wish).await?;
    }
    Ok(())
}

/// Hands one channel's keys to one person, if that is for this device to do.
async fn hand_over<P: Primitives>(shared: &Shared<P>, wish: &HistoryWish) -> Result<(), Refusal> {
    if shared.core().store.shareable(wish.channel, 1)?.is_empty() {
        return Ok(());
    }
    people::refresh(shared, &BTreeSet::from([wish.user])).await?;
    if !entitled(&shared.core(), wish)? {
        // What lets them read may be in the log already and not here.
        sync::bring_log(shared, wish.guild).await?;
        if !entitled(&shared.core(), wish)? {
            return Ok(());
        }
    }
    let begin = HandHistory {
        user: wish.user,
        step: HistoryStep::Begin,
    };
    if say(shared, wish, &begin).await? == HistoryClaim::Taken {
        return Ok(());
    }
    let devices = devices(&shared.core(), wish.user)?;
    let targets: Vec<(UserId, DeviceId)> = devices.iter().map(|one| (one.0, one.1)).collect();
    envelope::ensure_sessions(shared, &targets).await?;
    let sessions = shared
        .core()
        .store
        .shareable(wish.channel, HISTORY_SESSIONS)?;
    for some in sessions.chunks(HISTORY_KEYS_PER_ITEM * ITEMS_AT_ONCE) {
        pack(&mut shared.core(), wish.channel, some, &devices)?;
        // Others may have something to do in between.
        shared.sleep(0).await;
    }
    queue::resend(shared);
    let end = HandHistory {
        user: wish.user,
        step: HistoryStep::End,
    };
    say(shared, wish, &end).await?;
    Ok(())
}

async fn say<P: Primitives>(
    shared: &Shared<P>,
    wish: &HistoryWish,
    request: &HandHistory,
) -> Result<HistoryClaim, Refusal> {
    let path = format!("/api/v1/channels/{}/history", wish.channel);
    let answer = shared
        .call(Method::Put, path, Some(to_cbor(request)))
        .await?;
    let claimed: Claimed = read(&answer)?;
    Ok(claimed.claim)
}

/// Whether the log lets somebody hand history on: a vouched member who may let others in.
fn hands_on(log: &GuildLog, user: UserId) -> bool {
    let rights = log.rights(user);
    log.vouched(user) && (rights.contains(LogRights::INVITE) || rights.contains(LogRights::VOUCH))
}

/// Whether the signed log entitles a person to a channel's history, and this one to hand it
/// over. The server's word is not enough.
fn entitled<P: Primitives>(core: &Core<P>, wish: &HistoryWish) -> Result<bool, Refusal> {
    let me = core.store.me()?.user;
    let (Some(log), Some(row)) = (
        core.store.guild_log(wish.guild)?,
        core.store.channel(wish.channel)?,
    ) else {
        return Ok(false);
    };
    Ok(row.view.guild == Some(wish.guild)
        && shares(&log, wish.channel)
        && hands_on(&log, me)
        && may_have(core, &log, wish.channel, wish.user)?)
}

fn shares(log: &GuildLog, channel: ChannelId) -> bool {
    let policy = log.policies.get(&channel);
    policy.is_some_and(|policy| policy.history == HistoryRule::Shared)
}

/// A vouched reader of the channel, the same one as in the log, and not in violation.
fn may_have<P: Primitives>(
    core: &Core<P>,
    log: &GuildLog,
    channel: ChannelId,
    user: UserId,
) -> Result<bool, Refusal> {
    let genesis = core.store.devlog(user)?.map(|log| log.genesis);
    let member = log.members.get(&user);
    let same = genesis.is_some() && member.map(|member| member.genesis) == genesis;
    Ok(same
        && log.vouched(user)
        && log.reads(channel, user)
        && core.store.violation(user)?.is_none())
}

/// Devices that somebody's own log names, except this one.
fn devices<P: Primitives>(
    core: &Core<P>,
    user: UserId,
) -> Result<Vec<(UserId, DeviceId, u32)>, Refusal> {
    let me = core.store.me()?.device;
    let log = core.store.devlog(user)?;
    let log = log.ok_or_else(crate::flow::audience::gone)?;
    Ok(log
        .active()
        .map(|record| (user, record.cert.device, record.reg_id))
        .filter(|one| one.1 != me)
        .collect())
}

/// Seals the keys for every device, as parcels that will be delivered.
fn pack<P: Primitives>(
    core: &mut Core<P>,
    channel: ChannelId,
    sessions: &[Hash],
    devices: &[(UserId, DeviceId, u32)],
) -> Result<(), Refusal> {
    core.store.begin()?;
    let done = (|| {
        for piece in sessions.chunks(HISTORY_KEYS_PER_ITEM) {
            let keys = keys(core, channel, piece)?;
            let content = DeviceContent::History { channel, keys };
            let mut items = Vec::new();
            for to in devices {
                let class = ToDeviceClass::RoomKey;
                if let Some(wrap) = envelope::seal(core, *to, class, &content)? {
                    items.push(ToDeviceItem {
                        device: to.1,
                        dedupe_id: wrap.dedupe_id,
                        class,
                        envelope: wrap.envelope,
                    });
                }
            }
            if !items.is_empty() {
                core.store.put_parcel(&Parcel {
                    number: 0,
                    channel: None,
                    path: "/api/v1/to-device".to_owned(),
                    body: to_cbor(&SendToDevice { items }),
                    session: None,
                    devices: Vec::new(),
                })?;
            }
        }
        core.store.raise_writes()?;
        Ok::<(), Refusal>(())
    })();
    core.store.end(done)
}

/// Each session from as far back as it is known here.
fn keys<P: Primitives>(
    core: &Core<P>,
    channel: ChannelId,
    sessions: &[Hash],
) -> Result<Vec<HistoryKey>, Refusal> {
    let first = |row: &InboundRow<P>| P::inbound_first_index(&row.ratchet);
    let mut keys = Vec::new();
    for session in sessions {
        let direct = core.store.inbound(session)?;
        let handed = core.store.history_keys(session, channel)?;
        let rows = direct
            .filter(|row| row.channel == channel && row.shared_history)
            .into_iter()
            .chain(handed.into_iter().map(|held| held.row));
        let Some(row) = rows.min_by_key(first) else {
            continue;
        };
        keys.push(HistoryKey {
            session: *session,
            sender_user: row.sender_user,
            sender_device: row.sender_device,
            key: Bytes(P::inbound_export(&row.ratchet)),
            created_epoch: row.created_epoch,
            suite: row.suite,
        });
    }
    Ok(keys)
}

/// Whether keys that somebody handed over may be taken.
enum Verdict {
    Take,
    Refuse,
    /// The log here does not say it yet.
    Wait,
}

fn judge<P: Primitives>(
    core: &Core<P>,
    via: (UserId, DeviceId),
    channel: ChannelId,
) -> Result<Verdict, Refusal> {
    let me = core.store.me()?.user;
    let Some(guild) = core.store.channel(channel)?.map(|row| row.view.guild) else {
        return Ok(Verdict::Wait);
    };
    // Nobody comes later to a conversation of two.
    let Some(guild) = guild else {
        return Ok(Verdict::Refuse);
    };
    let behind = core.store.guild(guild)?.map_or(0, |row| row.view.log_seq);
    let Some(log) = core
        .store
        .guild_log(guild)?
        .filter(|log| log.position.seq >= behind)
    else {
        return Ok(Verdict::Wait);
    };
    let theirs = core.store.devlog(via.0)?;
    let active = theirs.is_some_and(|log| {
        let device = log.devices.get(&via.1);
        device.is_some_and(cloister_proof::devlog::DeviceRecord::active)
    });
    let by_right = active
        && shares(&log, channel)
        && hands_on(&log, via.0)
        && may_have(core, &log, channel, via.0)?
        && log.vouched(me)
        && log.reads(channel, me);
    Ok(if by_right {
        Verdict::Take
    } else {
        Verdict::Refuse
    })
}

/// Takes keys that another device handed over, or keeps them until it is known whether that is
/// right. The item's sender was checked already. The caller commits.
pub(crate) fn take<P: Primitives>(
    core: &mut Core<P>,
    item: &QueuedItem,
    channel: ChannelId,
    keys: Vec<HistoryKey>,
) -> Result<(), Refusal> {
    let via = (item.sender_user, item.sender_device);
    if keys.len() > HISTORY_KEYS_PER_ITEM {
        return Ok(());
    }
    match judge(core, via, channel)? {
        Verdict::Refuse => Ok(()),
        Verdict::Wait => {
            let waiting = WaitingKeys {
                dedupe_id: item.dedupe_id,
                channel,
                via,
                keys: encode(&keys),
            };
            Ok(core.store.put_waiting_keys(&waiting, core.now)?)
        }
        Verdict::Take => keep(core, via.0, channel, keys),
    }
}

fn keep<P: Primitives>(
    core: &mut Core<P>,
    via: UserId,
    channel: ChannelId,
    keys: Vec<HistoryKey>,
) -> Result<(), Refusal> {
    for key in keys {
        let ratchet = P::inbound_import(key.key.as_ref());
        let Some(ratchet) = ratchet.filter(|ratchet| P::inbound_id(ratchet) == key.session) else {
            continue;
        };
        let row = InboundRow {
            session: key.session,
            channel,
            sender_user: key.sender_user,
            sender_device: key.sender_device,
            ratchet,
            created_epoch: key.created_epoch,
            shared_history: true,
            suite: key.suite,
            restored: false,
        };
        if core.store.put_history_key(&HeldKey { row, via })? {
            let sealed = core.store.sealed_in(channel, Some(&key.session))?;
            incoming::reopen(core, &sealed)?;
        }
    }
    core.store.note_history_came(channel)?;
    core.tell(Topic::Timeline { channel });
    core.tell(Topic::Channel { channel });
    Ok(())
}

/// A log has grown, or a channel is here now: what waited for it is decided.
pub(crate) fn take_waiting<P: Primitives>(core: &mut Core<P>) -> Result<(), Refusal> {
    for waiting in core.store.waiting_keys()? {
        let verdict = judge(core, waiting.via, waiting.channel)?;
        if matches!(verdict, Verdict::Wait) {
            continue;
        }
        core.store.begin()?;
        let done = (|| {
            core.store.delete_waiting_keys(&waiting.dedupe_id)?;
            match (verdict, cloister_proof::decode(&waiting.keys)) {
                (Verdict::Take, Ok(keys)) => keep(core, waiting.via.0, waiting.channel, keys),
                _ => Ok(()),
            }
        })();
        core.store.end(done)?;
    }
    Ok(())
}

/// Asks members for the keys of what was said before, whoever tried before.
pub(crate) async fn ask<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
) -> Result<CommandReply, Refusal> {
    let path = format!("/api/v1/channels/{channel}/history/wish");
    shared.call(Method::Put, path, None).await?;
    let mut core = shared.core();
    core.store.note_history_asked(channel, core.now)?;
    core.tell(Topic::Channel { channel });
    Ok(CommandReply::Done)
}

/// Says by a signed policy whether those who come later read what was said before.
pub(crate) async fn set_rule<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    rule: HistoryRule,
) -> Result<CommandReply, Refusal> {
    guild::change_policy(shared, channel, |policy| {
        policy.history = rule;
        Ok(())
    })
    .await
}

/// Whether this person was not among the members when a message was sent: who left and came back
/// reads it only if its key is handed over.
pub(crate) fn came_after<P: Primitives>(
    core: &Core<P>,
    row: &ChannelRow,
    message: &Message,
) -> Result<bool, Refusal> {
    let me = core.store.me()?.user;
    let Some(guild) = row.view.guild else {
        return Ok(false);
    };
    let mut members = core.store.members(guild)?.into_iter();
    let joined = members.find(|one| one.user == me);
    Ok(joined.is_some_and(|one| one.joined_at > message.at))
}
