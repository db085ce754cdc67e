//! The hand on the database while a request is handled, on what clients send, and on the stores of
//! clients: one of these has lost a check too.

use cloister_proof::{DeviceLog, Roster, RosterEntry, decode, encode};
use cloister_wire::{
    Bytes, ChannelId, DeviceId, Octets, UserId,
    channel::{SealedContent, Send, Share, Wrap},
    key::Envelope,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Done, Mallory, Mutation};
use crate::{
    judge::read,
    meddler::written,
    server::{Server, WireRequest},
};

/// Pauses before a client's store is changed: what it held at the first one is known by then.
const RESTS: u64 = 2;

impl Mallory {
    pub(super) fn reach_in(
        &mut self,
        db: &Connection,
        request: &mut WireRequest,
        send: Option<(ChannelId, Send)>,
    ) -> Done {
        match (self.mutation, send) {
            (Mutation::AnyAudience, Some((channel, mut send))) if self.chance.happens(50) => {
                let other = Octets(self.chance.bytes());
                db.execute(
                    "INSERT INTO roster (hash, devices, created_at)
                     SELECT ?2, devices, created_at FROM roster WHERE hash = ?1",
                    params![send.roster_hash.0, other.0],
                )?;
                db.execute(
                    "UPDATE channel SET roster_hash = ?2 WHERE id = ?1",
                    params![channel.as_bytes(), other.0],
                )?;
                self.undo.push((
                    "UPDATE channel SET roster_hash = ?2 WHERE id = ?1",
                    channel.as_bytes().to_vec(),
                    send.roster_hash.0.to_vec(),
                ));
                send.roster_hash = other;
                request.body = Some(written(&send));
            }
            (Mutation::GhostInAudience, Some((channel, send))) => {
                if let SealedContent::Group { .. } = send.content {
                    add_ghost(db, channel)?;
                }
            }
            (Mutation::WrapLeftOut, Some((_, mut send))) => {
                if let Some(left_out) = send.wraps.pop() {
                    self.drop_from_roster(db, &send, left_out.device)?;
                    request.body = Some(written(&send));
                }
            }
            (Mutation::AnySuite, Some((channel, mut send))) => {
                send.suite += 1;
                let (channel, suite) = (channel.as_bytes(), send.suite);
                let set = "UPDATE channel SET suite = ?2 WHERE id = ?1";
                db.execute(set, params![channel, suite])?;
                let back = "UPDATE channel SET suite = length(?2) WHERE id = ?1";
                self.undo.push((back, channel.to_vec(), vec![0]));
                request.body = Some(written(&send));
            }
            (Mutation::KeyTwice, None) if request.path == "/api/v1/keys/claim" => {
                self.remember_keys(db)?;
            }
            (Mutation::StrangersEnvelope, None) if request.path.ends_with("/shares") => {
                let share = request.body.as_deref().and_then(read::<Share>);
                if let Some(mut share) = share {
                    share.envelopes.push(self.envelope());
                    request.body = Some(written(&share));
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn put_right(&mut self, db: &Connection) -> Done {
        for (statement, first, second) in self.undo.drain(..) {
            db.execute(statement, params![first, second])?;
        }
        Ok(())
    }

    fn drop_from_roster(&mut self, db: &Connection, send: &Send, device: DeviceId) -> Done {
        let hash = send.roster_hash.0.to_vec();
        let before = change_roster(db, &hash, |entries| {
            entries.retain(|entry| entry.device != device);
        })?;
        let back = "UPDATE roster SET devices = ?2 WHERE hash = ?1";
        self.undo.push((back, hash, before));
        Ok(())
    }

    fn remember_keys(&mut self, db: &Connection) -> Done {
        let mut keys = db.prepare("SELECT hash, signed FROM one_time_key WHERE signed NOT NULL")?;
        let keys = keys.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let back = "UPDATE one_time_key SET signed = ?2, claimed_at = NULL WHERE hash = ?1";
        for key in keys {
            let (hash, signed) = key?;
            self.undo.push((back, hash, signed));
        }
        db.execute("DELETE FROM key_claim", [])?;
        Ok(())
    }

    fn envelope(&mut self) -> Wrap {
        Wrap {
            device: DeviceId::from_bytes(self.chance.bytes()),
            dedupe_id: Octets(self.chance.bytes()),
            envelope: Envelope {
                reg_id: 1,
                kind: 0,
                ct: Bytes(vec![0; 32]),
            },
        }
    }

    /// Before a frame of a device reaches the server.
    pub fn before_frame(&self, server: &Server, device: DeviceId) -> Done {
        if self.mutation == Mutation::CopiedStore {
            server.eyes.execute(
                "UPDATE device SET writes = 0, last_nonce = NULL, next_nonce = NULL,
                     cloned_at = NULL WHERE id = ?1",
                [device.as_bytes()],
            )?;
        }
        Ok(())
    }

    /// Before the promises are checked.
    pub fn at_rest(&mut self, server: &Server, stores: &[&Connection]) -> Done {
        self.rests += 1;
        if self.rests < RESTS {
            return Ok(());
        }
        if self.mutation == Mutation::SilentRemoval {
            server.eyes.execute(
                "UPDATE message SET ct = NULL, ct_hash = zeroblob(32), scrubbed_at = 1,
                     scrubbed_by = sender_user
                 WHERE class = 'message' AND scrubbed_at IS NULL",
                [],
            )?;
        }
        for (at, store) in (0_i64..).zip(stores) {
            match self.mutation {
                Mutation::LogTurnedBack => turn_logs_back(store)?,
                Mutation::OtherAuthor => {
                    store.execute(
                        "UPDATE message SET author = (SELECT user FROM person
                             WHERE user <> message.author ORDER BY user LIMIT 1)
                         WHERE class = 0 AND state = 0 AND EXISTS
                             (SELECT 1 FROM person WHERE user <> message.author)",
                        [],
                    )?;
                }
                Mutation::OtherKeyOwner => {
                    store.execute("UPDATE inbound SET sender_device = zeroblob(16)", [])?;
                }
                Mutation::OtherText => {
                    store.execute("UPDATE message SET body = body || ?1 WHERE state = 0", [at])?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Somebody with an account and without any business in the guild reads along.
fn add_ghost(db: &Connection, channel: ChannelId) -> Done {
    let stranger: Option<[u8; 16]> = db
        .query_row(
            "SELECT a.id FROM account a WHERE a.id NOT IN (SELECT m.user_id FROM member m
                 JOIN channel c ON c.guild_id = m.guild_id WHERE c.id = ?1) LIMIT 1",
            [channel.as_bytes()],
            |row| row.get(0),
        )
        .optional()?;
    let Some(stranger) = stranger else {
        return Ok(());
    };
    let hash: Vec<u8> = db.query_row(
        "SELECT roster_hash FROM channel WHERE id = ?1",
        [channel.as_bytes()],
        |row| row.get(0),
    )?;
    change_roster(db, &hash, |entries| {
        entries.push(RosterEntry {
            user: UserId::from_bytes(stranger),
            device: DeviceId::from_bytes([0x66; 16]),
            reg_id: 1,
        });
    })?;
    Ok(())
}

/// Changes a roster under its hash; what it was.
fn change_roster(
    db: &Connection,
    hash: &[u8],
    change: impl FnOnce(&mut Vec<RosterEntry>),
) -> Done<Vec<u8>> {
    let before: Vec<u8> = db.query_row(
        "SELECT devices FROM roster WHERE hash = ?1",
        [hash],
        |row| row.get(0),
    )?;
    let roster = Roster::parse(&before).expect("the server keeps rosters as they are hashed");
    let mut entries: Vec<RosterEntry> = roster.entries().copied().collect();
    change(&mut entries);
    db.execute(
        "UPDATE roster SET devices = ?2 WHERE hash = ?1",
        params![hash, Roster::new(entries).to_bytes()],
    )?;
    Ok(before)
}

fn turn_logs_back(store: &Connection) -> Done {
    let mut logs = store.prepare("SELECT user, log FROM person WHERE log IS NOT NULL")?;
    let logs: Vec<(Vec<u8>, Vec<u8>)> = logs
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (user, log) in logs {
        if let Ok(mut log) = decode::<DeviceLog>(&log) {
            log.version -= 1;
            store.execute(
                "UPDATE person SET log = ?2 WHERE user = ?1",
                params![user, encode(&log)],
            )?;
        }
    }
    Ok(())
}
