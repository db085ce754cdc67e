//! Encrypting a message, and handing the session to whoever lacks it. The audience was verified
//! before; whatever is encrypted is stored with the moved ratchet in one step.

use std::collections::BTreeSet;

use cloister_e2ee::{DeviceContent, Plain, Primitives, direct};
use cloister_proof::{Context, policy::SUITE_TEXT, transcript};
use cloister_wire::{
    Bytes, ChannelId, DeviceId, ErrorCode, Hash, UserId,
    channel::{SealedContent, Send, Share, Withhold, WithholdCode},
    key::ToDeviceClass,
    limits::{ENVELOPES_PER_SHARE, ROTATION_MESSAGES, ROTATION_MS},
};

use crate::{
    core::{Core, Shared, refuse},
    flow::{audience, call::to_cbor, envelope},
    store::{Audience, EntryState, InboundRow, OutboundRow, OutboxRow, Parcel, StoreError},
    view::Refusal,
};

/// Encrypts a channel message with Megolm, after everybody in the audience holds the session.
pub(super) async fn seal_group<P: Primitives>(
    shared: &Shared<P>,
    entry: &OutboxRow,
    audience: &Audience,
) -> Result<(), Refusal> {
    let channel = entry.channel;
    let outbound = usable_session(&mut shared.core(), channel, audience)?;
    let lacking = lacking(&shared.core(), channel, &outbound.session, audience)?;
    if !lacking.is_empty() {
        return share(shared, channel, audience, &outbound, lacking).await;
    }
    let mut core = shared.core();
    let mut outbound = outbound;
    let session = outbound.session;
    let msg_index = P::outbound_index(&outbound.ratchet);
    let placeholder = SealedContent::Group {
        session,
        msg_index,
        ct: Bytes::default(),
    };
    let (mut send, plain) = compose(&mut core, entry, audience, placeholder)?;
    let ct = Bytes(P::outbound_encrypt(
        &mut outbound.ratchet,
        &plain.to_padded(),
    ));
    outbound.sent += 1;
    send.content = SealedContent::Group {
        session,
        msg_index,
        ct,
    };
    core.store.commit(|store| {
        send.writes = store.raise_writes()?;
        store.put_outbound(channel, &outbound)?;
        store.put_entry_state(entry.entry, &EntryState::Sealed(to_cbor(&send)))
    })?;
    Ok(())
}

/// Encrypts a direct message under a key of its own, and that key for every device.
pub(super) async fn seal_direct<P: Primitives>(
    shared: &Shared<P>,
    entry: &OutboxRow,
    audience: &Audience,
) -> Result<(), Refusal> {
    let me = shared.core().store.me()?;
    let others: Vec<_> = audience
        .roster
        .entries()
        .filter(|one| one.device != me.device)
        .copied()
        .collect();
    let devices: Vec<(UserId, DeviceId)> =
        others.iter().map(|one| (one.user, one.device)).collect();
    if !audience::distrusted(&shared.core(), entry.channel, &audience.roster)?.is_empty() {
        return Err(refuse(
            ErrorCode::TrustViolation,
            "Their keys changed in a way that can't be right. Nothing is sent until you know why.",
        ));
    }
    envelope::ensure_sessions(shared, &devices).await?;
    let mut core = shared.core();
    let (mut send, plain) = compose(
        &mut core,
        entry,
        audience,
        SealedContent::Direct {
            ct: Bytes::default(),
        },
    )?;
    let context = Context::of_send(entry.channel, me.user, me.device, &send);
    let (key, ct) = direct::seal(&context, &plain.to_padded(), &mut core.chance);
    let ciphertext = cloister_proof::hash(&[&ct]);
    send.content = SealedContent::Direct { ct: Bytes(ct) };
    core.store.begin()?;
    let content = DeviceContent::DmKey {
        channel: entry.channel,
        txn: entry.entry,
        key,
        ciphertext,
    };
    let sealed = others.iter().try_for_each(|one| {
        let to = (one.user, one.device, one.reg_id);
        let wrap = envelope::seal(&mut core, to, ToDeviceClass::DmKey, &content)?;
        send.wraps.push(wrap.ok_or_else(|| {
            refuse(
                ErrorCode::Unavailable,
                "A device of theirs has no keys left. Trying again.",
            )
        })?);
        Ok::<(), Refusal>(())
    });
    let done = sealed.and_then(|()| {
        core.store
            .put_dm_key(entry.channel, me.device, entry.entry, &key, &ciphertext)?;
        send.writes = core.store.raise_writes()?;
        Ok(core
            .store
            .put_entry_state(entry.entry, &EntryState::Sealed(to_cbor(&send)))?)
    });
    core.store.end(done)
}

/// The request without its ciphertext, and the plaintext bound to it.
pub(super) fn compose<P: Primitives>(
    core: &mut Core<P>,
    entry: &OutboxRow,
    audience: &Audience,
    content: SealedContent,
) -> Result<(Send, Plain), Refusal> {
    let me = core.store.me()?;
    let row = core
        .store
        .channel(entry.channel)?
        .ok_or_else(audience::gone)?;
    let frame = entry.saying.frame.clone();
    let mut send = Send {
        txn: entry.entry,
        epoch: audience.epoch,
        roster_hash: audience::roster_hash(audience),
        suite: SUITE_TEXT,
        class: entry.saying.class(),
        target: frame.target,
        thread: frame.thread,
        notify: frame.notify,
        ttl_s: frame.ttl_s,
        content,
        c2: cloister_wire::Octets([0; 32]),
        wraps: Vec::new(),
        writes: 0,
    };
    let context = Context::of_send(entry.channel, me.user, me.device, &send);
    let seen = row.signed_head.unwrap_or(transcript::NOTHING_SEEN);
    let content = entry.saying.content.clone();
    let log = match row.view.guild {
        Some(guild) => core.store.signed_guild_head(guild)?,
        None => None,
    };
    let plain = Plain::new(context, core.now, content, &seen, &mut core.chance).with_log(log);
    send.c2 = plain.commitment();
    Ok((send, plain))
}

/// The session to send with: the current one, or a new one where that must not go on.
pub(super) fn usable_session<P: Primitives>(
    core: &mut Core<P>,
    channel: ChannelId,
    audience: &Audience,
) -> Result<OutboundRow<P>, Refusal> {
    let row = core.store.channel(channel)?.ok_or_else(audience::gone)?;
    let shared_history = match row
        .view
        .guild
        .map(|guild| core.store.guild_log(guild))
        .transpose()?
        .flatten()
    {
        Some(log) => log
            .policies
            .get(&channel)
            .is_some_and(|policy| policy.history == cloister_proof::policy::HistoryRule::Shared),
        None => false,
    };
    if let Some(outbound) = core.store.outbound(channel)? {
        let worn = outbound.sent >= ROTATION_MESSAGES
            || core.now.saturating_sub(outbound.created_at) >= ROTATION_MS;
        if !worn
            && outbound.created_epoch >= audience.floor
            && outbound.shared_history == shared_history
        {
            return Ok(outbound);
        }
    }
    let me = core.store.me()?;
    let ratchet = P::new_outbound(&mut core.chance);
    let own = P::inbound(&P::outbound_key(&ratchet)).ok_or(StoreError::Unreadable)?;
    let session = P::outbound_id(&ratchet);
    let outbound = OutboundRow {
        session,
        ratchet,
        created_epoch: audience.epoch,
        created_at: core.now,
        shared_history,
        sent: 0,
    };
    let inbound = InboundRow {
        session,
        channel,
        sender_user: me.user,
        sender_device: me.device,
        ratchet: own,
        created_epoch: audience.epoch,
        shared_history,
        suite: SUITE_TEXT,
        restored: false,
    };
    core.store.commit(|store| {
        store.end_outbound(channel)?;
        store.put_outbound(channel, &outbound)?;
        store.put_inbound(&inbound)?;
        store.raise_writes()
    })?;
    Ok(outbound)
}

/// Devices of the audience that do not hold the session.
pub(super) fn lacking<P: Primitives>(
    core: &Core<P>,
    channel: ChannelId,
    session: &Hash,
    audience: &Audience,
) -> Result<Vec<(UserId, DeviceId, u32)>, Refusal> {
    let me = core.store.me()?;
    let mut covered: BTreeSet<(DeviceId, u32)> = core.store.covered(session)?.into_iter().collect();
    // Whoever was kept from the key and need not be any more gets it now.
    let kept = core.store.withheld_from(session)?;
    if kept.iter().any(|(_, code)| *code != WithholdCode::NoPrekey) {
        let untrusted = audience::untrusted(core, channel, &audience.roster)?;
        for (device, code) in kept {
            let still = audience
                .roster
                .device(device)
                .is_none_or(|entry| untrusted.contains_key(&entry.user));
            if !still && code != WithholdCode::NoPrekey {
                covered.retain(|(one, _)| *one != device);
            }
        }
    }
    Ok(audience
        .roster
        .entries()
        .filter(|one| one.device != me.device && !covered.contains(&(one.device, one.reg_id)))
        .map(|one| (one.user, one.device, one.reg_id))
        .collect())
}

/// Encrypts the session for devices that lack it, as parcels that will be delivered first.
pub(super) async fn share<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    audience: &Audience,
    outbound: &OutboundRow<P>,
    lacking: Vec<(UserId, DeviceId, u32)>,
) -> Result<(), Refusal> {
    let devices: Vec<(UserId, DeviceId)> = lacking
        .iter()
        .map(|(user, device, _)| (*user, *device))
        .collect();
    envelope::ensure_sessions(shared, &devices).await?;
    let mut core = shared.core();
    let untrusted = audience::untrusted(&core, channel, &audience.roster)?;
    let content = DeviceContent::RoomKey {
        channel,
        session: outbound.session,
        key: Bytes(P::outbound_key(&outbound.ratchet)),
        created_epoch: outbound.created_epoch,
        shared_history: u8::from(outbound.shared_history),
        suite: SUITE_TEXT,
    };
    core.store.begin()?;
    let done = lacking.chunks(ENVELOPES_PER_SHARE).try_for_each(|chunk| {
        let mut request = Share {
            session: outbound.session,
            epoch: audience.epoch,
            roster_hash: audience::roster_hash(audience),
            from_index: P::outbound_index(&outbound.ratchet),
            shared_history: outbound.shared_history,
            envelopes: Vec::with_capacity(chunk.len()),
            withheld: Vec::new(),
            writes: 0,
        };
        for to in chunk {
            let mut why = untrusted.get(&to.0).copied();
            if why.is_none() {
                match envelope::seal(&mut core, *to, ToDeviceClass::RoomKey, &content)? {
                    Some(wrap) => request.envelopes.push(wrap),
                    None => why = Some(WithholdCode::NoPrekey),
                }
            }
            if let Some(code) = why {
                let device = to.1;
                request.withheld.push(Withhold { device, code });
            }
            core.store.put_withheld_from(&outbound.session, to.1, why)?;
        }
        request.writes = core.store.raise_writes()?;
        let devices = chunk
            .iter()
            .map(|(_, device, reg_id)| (*device, *reg_id))
            .collect();
        let path = format!("/api/v1/channels/{channel}/shares");
        let parcel = Parcel {
            number: 0,
            channel: Some(channel),
            path,
            body: to_cbor(&request),
            session: Some(outbound.session),
            devices,
        };
        Ok::<(), Refusal>(core.store.put_parcel(&parcel)?)
    });
    core.store.end(done)
}
