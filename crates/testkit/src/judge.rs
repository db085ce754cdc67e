//! The promises of the protocol, checked with every request and whenever everything is at rest.
//!
//! The numbers are those of the protocol's list of invariants: 1 completeness, 2 exclusion,
//! 3 sessions and coverage, 4 one ciphertext for each place in a session, 5 each message once,
//! 6 one order, 7 the queue, 8 recovery of lost sessions, 9 nothing waits for ever, 10 the sender
//! that is shown, 11 one audience for each epoch, 12 pinned device logs, 13 readers whom the signed
//! log lets in, 14 one-time keys, 15 keys of direct messages, 26 copies of stores, 27 the suite.

use std::collections::{BTreeMap, BTreeSet};

use cloister_client::Method;
use cloister_proof::{
    DeviceLog, GuildLog, Prekey, Signed, decode, hash, policy::SUITE_TEXT, prekey::PrekeyKind,
};
use cloister_wire::{
    ChannelId, DeviceId, GuildId, Hash, MessageId, Txn,
    channel::{SealedContent, Send, Sent, Share},
    key::ClaimedKeys,
};
use rusqlite::Connection;

use crate::{
    server::WireRequest,
    truth::{self, MessageRow},
};

/// A message that the server accepted, with those who might read the channel at that moment.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub row: MessageRow,
    pub channel: ChannelId,
    pub readers: BTreeSet<DeviceId>,
    /// Those of them that got no key because the channel's policy says so.
    pub kept_out: BTreeSet<DeviceId>,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Judge {
    accepted: BTreeMap<ChannelId, Vec<Accepted>>,
    /// Where in `accepted` the messages of a group session are.
    by_session: BTreeMap<Hash, Vec<(ChannelId, usize)>>,
    by_txn: BTreeMap<(DeviceId, Txn), (ChannelId, usize)>,
    ciphertexts: BTreeMap<(Hash, u32), Hash>,
    answers: BTreeMap<(ChannelId, Txn), MessageId>,
    /// The audience of each epoch in which something was said, the newest last.
    audiences: BTreeMap<(ChannelId, u64), Hash>,
    logs: BTreeMap<GuildId, GuildLog>,
    /// One-time keys that were handed out.
    claimed: BTreeSet<Hash>,
    /// Devices whose stores were put back to an earlier state: nothing more may come from them.
    pub rolled_back: BTreeSet<DeviceId>,
    pub messages: u64,
}

impl Judge {
    pub fn accepted(&self, channel: ChannelId) -> &[Accepted] {
        self.accepted.get(&channel).map_or(&[], Vec::as_slice)
    }

    pub fn of_session(&self, session: &Hash) -> impl Iterator<Item = &Accepted> {
        let places = self.by_session.get(session).into_iter().flatten();
        places.map(|(channel, at)| &self.accepted[channel][*at])
    }

    pub fn of_txn(&self, device: DeviceId, txn: Txn) -> Option<&Accepted> {
        let (channel, at) = self.by_txn.get(&(device, txn))?;
        Some(&self.accepted[channel][*at])
    }

    /// How many messages a device has sent.
    pub fn sent_by(&self, device: DeviceId) -> u64 {
        let of_device = self.by_txn.keys().filter(|(sender, _)| *sender == device);
        of_device.count() as u64
    }

    /// After every request.
    pub fn watch(
        &mut self,
        db: &Connection,
        request: &WireRequest,
        status: u16,
        body: &[u8],
    ) -> Result<(), String> {
        if status >= 500 {
            let text = String::from_utf8_lossy(body);
            return Err(format!("the server failed at {}: {text}", request.path));
        }
        if request.path == "/api/v1/keys/claim" && status < 300 {
            return self.once_per_key(body);
        }
        let Some(channel) = posts_to(request) else {
            return Ok(());
        };
        let Some(send) = request.body.as_deref().and_then(read::<Send>) else {
            return Ok(());
        };
        self.once_per_index(&send)?;
        if status >= 300 {
            return Ok(());
        }
        let sent: Sent = read(body).ok_or("a receipt could not be read")?;
        let known = self.answers.entry((channel, send.txn)).or_insert(sent.id);
        if *known != sent.id {
            return Err(format!("I5: {} was acknowledged as two messages", send.txn));
        }
        let before = self.messages;
        self.take_new(db, channel)
            .map_err(|error| error.to_string())??;
        if self.messages > before {
            self.check_sealing(channel, &send)?;
        }
        Ok(())
    }

    /// What a client hands out keys to, compared with the device logs that it has verified.
    pub fn watch_keys(&self, store: &Connection, request: &WireRequest) -> Result<(), String> {
        let body = request.body.as_deref();
        let wraps = if request.path.ends_with("/shares") {
            body.and_then(read::<Share>).map(|share| share.envelopes)
        } else if posts_to(request).is_some() {
            body.and_then(read::<Send>).map(|send| send.wraps)
        } else {
            None
        };
        let wraps = wraps.unwrap_or_default();
        if wraps.is_empty() {
            return Ok(());
        }
        let mut known = BTreeSet::new();
        let logs = pinned_logs(store).map_err(|error| error.to_string())?;
        for (_, log) in logs {
            known.extend(log?.devices.into_keys());
        }
        let stranger = wraps.iter().find(|wrap| !known.contains(&wrap.device));
        stranger.map_or(Ok(()), |wrap| {
            Err(format!(
                "I12: a key was sealed for {}, which is in no verified log",
                wrap.device
            ))
        })
    }

    /// A one-time key is handed out once; the fallback key is for whom there is none left.
    fn once_per_key(&mut self, body: &[u8]) -> Result<(), String> {
        let claimed: ClaimedKeys = read(body).ok_or("claimed keys could not be read")?;
        for one in &claimed.keys {
            let Some(bytes) = &one.key else { continue };
            let prekey = Signed::parse(bytes.as_ref()).and_then(|signed| signed.open::<Prekey>());
            let prekey = prekey.map_err(|error| format!("a prekey could not be read: {error}"))?;
            let again = !self.claimed.insert(hash(&[bytes.as_ref()]));
            if again && prekey.kind == PrekeyKind::OneTime {
                return Err(format!(
                    "I14: a one-time key of {} was handed out twice",
                    one.device
                ));
            }
        }
        Ok(())
    }

    /// Everybody in the audience that a message names is let in by the guild's signed log.
    fn check_log(
        &mut self,
        db: &Connection,
        channel: ChannelId,
        guild: GuildId,
    ) -> rusqlite::Result<Result<(), String>> {
        let seq = self.logs.get(&guild).map_or(0, |log| log.position.seq);
        if let Some(newer) = truth::guild_log(db, guild, seq)? {
            self.logs.insert(guild, newer);
        }
        let Some(log) = self.logs.get(&guild) else {
            return Ok(Err("a guild has no log".to_owned()));
        };
        let roster = truth::roster(db, channel)?;
        let ghost = roster.entries().find(|one| !log.reads(channel, one.user));
        Ok(ghost.map_or(Ok(()), |ghost| {
            Err(format!(
                "I13: {} is in the audience of {channel} and not let in by the log",
                ghost.user
            ))
        }))
    }

    /// What an accepted message was sealed with, and for whom.
    fn check_sealing(&self, channel: ChannelId, send: &Send) -> Result<(), String> {
        if send.suite != SUITE_TEXT {
            return Err(format!(
                "I27: a message of suite {} was accepted",
                send.suite
            ));
        }
        let Some(last) = self.accepted(channel).last() else {
            return Ok(());
        };
        if !matches!(send.content, SealedContent::Direct { .. }) {
            return Ok(());
        }
        let served: BTreeSet<DeviceId> = send.wraps.iter().map(|wrap| wrap.device).collect();
        let mut others = last.readers.clone();
        others.remove(&last.row.sender);
        if served == others {
            Ok(())
        } else {
            Err(format!(
                "I15: seq {} brings its key to {} devices, {} read it",
                last.row.seq,
                served.len(),
                others.len()
            ))
        }
    }

    /// One audience for each epoch, epochs that never fall, and nothing from a copied store.
    fn check_row(&mut self, channel: ChannelId, row: &MessageRow) -> Result<(), String> {
        if self.rolled_back.contains(&row.sender) {
            return Err(format!(
                "I26: seq {} comes from a store that was put back",
                row.seq
            ));
        }
        let newest = self
            .accepted(channel)
            .last()
            .map_or(0, |last| last.row.epoch);
        let known = *self
            .audiences
            .entry((channel, row.epoch))
            .or_insert(row.roster_hash);
        if row.epoch < newest || known != row.roster_hash {
            return Err(format!(
                "I11: seq {} has another audience than epoch {} had",
                row.seq, row.epoch
            ));
        }
        Ok(())
    }

    fn once_per_index(&mut self, send: &Send) -> Result<(), String> {
        let SealedContent::Group {
            session,
            msg_index,
            ct,
        } = &send.content
        else {
            return Ok(());
        };
        let new = hash(&[ct.as_ref()]);
        let known = *self
            .ciphertexts
            .entry((*session, *msg_index))
            .or_insert(new);
        if known == new {
            Ok(())
        } else {
            Err(format!(
                "I4: index {msg_index} of a session was used for two ciphertexts"
            ))
        }
    }

    fn take_new(
        &mut self,
        db: &Connection,
        channel: ChannelId,
    ) -> rusqlite::Result<Result<(), String>> {
        let seen = self.accepted(channel).last().map_or(0, |last| last.row.seq);
        let rows = truth::messages_after(db, channel, seen)?;
        if rows.is_empty() {
            return Ok(Ok(()));
        }
        let readers = truth::readers(db, channel)?;
        let Some(state) = truth::channel(db, channel)? else {
            return Ok(Err("a message was accepted in no channel".to_owned()));
        };
        for (at, row) in rows.into_iter().enumerate() {
            if row.seq != seen + 1 + at as u64 {
                return Ok(Err(format!(
                    "I6: seq {} follows {}",
                    row.seq,
                    seen + at as u64
                )));
            }
            if row.epoch != state.epoch {
                return Ok(Err(format!(
                    "I3: seq {} was accepted at epoch {} while the channel was at {}",
                    row.seq, row.epoch, state.epoch
                )));
            }
            if let Err(broken) = self.check_row(channel, &row) {
                return Ok(Err(broken));
            }
            let kept_out = match check_session(db, &row, state.floor, &readers)? {
                Ok(kept_out) => kept_out,
                Err(broken) => return Ok(Err(broken)),
            };
            self.keep(Accepted {
                row,
                channel,
                readers: readers.clone(),
                kept_out,
            });
        }
        match state.guild {
            Some(guild) => self.check_log(db, channel, guild),
            None => Ok(Ok(())),
        }
    }

    fn keep(&mut self, one: Accepted) {
        self.messages += 1;
        let all = self.accepted.entry(one.channel).or_default();
        let place = (one.channel, all.len());
        if let Some((session, _)) = one.row.group {
            self.by_session.entry(session).or_default().push(place);
        }
        self.by_txn.insert((one.row.sender, one.row.txn), place);
        all.push(one);
    }
}

fn check_session(
    db: &Connection,
    row: &MessageRow,
    floor: u64,
    readers: &BTreeSet<DeviceId>,
) -> rusqlite::Result<Result<BTreeSet<DeviceId>, String>> {
    let Some((session, index)) = &row.group else {
        return Ok(Ok(BTreeSet::new()));
    };
    let Some((created, covers)) = truth::session(db, row.sender, session)? else {
        return Ok(Err(format!("I3: seq {} belongs to no session", row.seq)));
    };
    if created < floor || covers != row.epoch {
        return Ok(Err(format!(
            "I3: seq {} at epoch {} uses a session of epoch {created} (floor {floor}) that covers {covers}",
            row.seq, row.epoch
        )));
    }
    let mut missing = readers.clone();
    missing.remove(&row.sender);
    for device in truth::covered(db, row.sender, session, *index)? {
        missing.remove(&device);
    }
    let allowed = truth::kept_out(db, row.sender, session)?;
    let kept_out: BTreeSet<DeviceId> = missing.intersection(&allowed).copied().collect();
    let missing = missing.len() - kept_out.len();
    Ok(if missing == 0 {
        Ok(kept_out)
    } else {
        Err(format!(
            "I3: seq {} was accepted although {missing} readers hold no key for it",
            row.seq
        ))
    })
}

/// The device logs that a client has verified, with whose they are.
pub(crate) fn pinned_logs(
    store: &Connection,
) -> rusqlite::Result<Vec<([u8; 16], Result<DeviceLog, String>)>> {
    store
        .prepare_cached("SELECT user, log FROM person WHERE log IS NOT NULL")?
        .query_map([], |row| {
            let log: Vec<u8> = row.get(1)?;
            let log = decode(&log).map_err(|_| "I12: a pinned device log can't be read".to_owned());
            Ok((row.get(0)?, log))
        })?
        .collect()
}

/// The channel that a request sends a message to.
pub(crate) fn posts_to(request: &WireRequest) -> Option<ChannelId> {
    if request.method != Method::Post {
        return None;
    }
    let rest = request.path.strip_prefix("/api/v1/channels/")?;
    rest.strip_suffix("/messages")?.parse().ok()
}

/// A body as a value, if it is one.
pub fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    ciborium::from_reader(bytes).ok()
}
