//! The promises of the protocol, checked with every request and whenever everything is at rest.
//!
//! The numbers are those of the protocol's list of invariants: 1 completeness, 2 exclusion,
//! 3 sessions and coverage, 4 one ciphertext for each place in a session, 5 each message once,
//! 6 one order, 7 the queue, 8 recovery of lost sessions, 9 nothing waits for ever.

use std::collections::{BTreeMap, BTreeSet};

use cloister_client::Method;
use cloister_proof::hash;
use cloister_wire::{
    ChannelId, DeviceId, Hash, MessageId, Txn,
    channel::{SealedContent, Send, Sent},
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
        self.take_new(db, channel)
            .map_err(|error| error.to_string())?
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
            if let Err(broken) = check_session(db, &row, state.floor, &readers)? {
                return Ok(Err(broken));
            }
            self.keep(channel, row, readers.clone());
        }
        Ok(Ok(()))
    }

    fn keep(&mut self, channel: ChannelId, row: MessageRow, readers: BTreeSet<DeviceId>) {
        self.messages += 1;
        let all = self.accepted.entry(channel).or_default();
        let place = (channel, all.len());
        if let Some((session, _)) = row.group {
            self.by_session.entry(session).or_default().push(place);
        }
        self.by_txn.insert((row.sender, row.txn), place);
        all.push(Accepted {
            row,
            channel,
            readers,
        });
    }
}

fn check_session(
    db: &Connection,
    row: &MessageRow,
    floor: u64,
    readers: &BTreeSet<DeviceId>,
) -> rusqlite::Result<Result<(), String>> {
    let Some((session, index)) = &row.group else {
        return Ok(Ok(()));
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
    let covered = truth::covered(db, row.sender, session, *index)?;
    let missing = readers
        .iter()
        .filter(|device| **device != row.sender && !covered.contains(device))
        .count();
    Ok(if missing == 0 {
        Ok(())
    } else {
        Err(format!(
            "I3: seq {} was accepted although {missing} readers hold no key for it",
            row.seq
        ))
    })
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
