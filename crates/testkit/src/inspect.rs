//! The promises that hold whenever everything is at rest.

use std::collections::BTreeMap;

use cloister_client::{
    Primitives,
    view::{
        Command, Connection, Content, Delivery, DeviceState, MeView, OutboxView, Query, QueryReply,
        StatusView,
    },
};
use cloister_wire::{ChannelId, DeviceId, ErrorCode, Octets, Txn};

use crate::{judge::Accepted, sim::Sim, truth};

type Checked = Result<(), String>;

/// Pages of older messages that a rest waits for.
const PAGES: usize = 40;

impl<P: Primitives> Sim<P> {
    /// Installations that should work now: running, signed in, active for the server too.
    fn working(&self) -> Vec<(usize, MeView)> {
        let db = &self.world.server.eyes;
        let clients = self.world.clients.iter().enumerate();
        clients
            .filter(|(_, client)| client.is_running())
            .filter_map(|(at, client)| {
                let session = client.session();
                let me = session
                    .me
                    .filter(|_| session.state == DeviceState::Active)?;
                truth::is_active(db, me.device)
                    .is_ok_and(|active| active)
                    .then_some((at, me))
            })
            .collect()
    }

    /// Nothing is on its way and no outbox waits.
    pub(crate) fn is_at_rest(&self) -> bool {
        !self.world.is_busy()
            && self.working().iter().all(|(client, _)| {
                let waits = self
                    .outbox(*client)
                    .iter()
                    .any(|entry| entry.delivery == Delivery::Sending);
                let status = self.status(*client);
                let keys_come = status.waiting == 0 || self.world.clients[*client].lost_sessions;
                !waits && status.connection == Connection::Online && keys_come
            })
    }

    /// Brings everything that people may read into their stores.
    pub(crate) fn load_history(&mut self) {
        for _ in 0..PAGES {
            let mut asked = false;
            for (client, _) in self.working() {
                for channel in self.channels(client) {
                    let view = self.timeline(client, channel);
                    if view.older_on_server {
                        let before = view.messages.first().map(|oldest| oldest.seq);
                        self.world
                            .command(client, Command::LoadHistory { channel, before });
                        asked = true;
                    }
                }
            }
            if !asked {
                return;
            }
            self.world.run_for(5_000);
        }
    }

    pub(crate) fn inspect(&mut self) -> Checked {
        for (client, me) in self.working() {
            let name = format!("{} ({})", self.world.clients[client].name, me.device);
            self.inspect_status(client, &me)
                .and_then(|()| self.inspect_outbox(client, &me))
                .and_then(|()| self.inspect_channels(client, &me))
                .map_err(|broken| format!("{broken}; seen by {name}"))?;
        }
        for client in 0..self.world.clients.len() {
            self.inspect_keys(client)
                .map_err(|error| error.to_string())??;
        }
        Ok(())
    }

    fn status(&self, client: usize) -> StatusView {
        match self.world.clients[client].query(&Query::Status) {
            QueryReply::Status(status) => status,
            other => panic!("another answer than was asked for: {other:?}"),
        }
    }

    fn outbox(&self, client: usize) -> Vec<OutboxView> {
        match self.world.clients[client].query(&Query::Outbox) {
            QueryReply::Outbox { entries } => entries,
            other => panic!("another answer than was asked for: {other:?}"),
        }
    }

    fn inspect_status(&self, client: usize, me: &MeView) -> Checked {
        let status = self.status(client);
        if status.connection != Connection::Online {
            return Err(format!(
                "I9: a client stays offline ({:?})",
                status.last_error
            ));
        }
        if let Some(alarm) = self.world.clients[client].session().alarm {
            return Err(format!("I6: an alarm: {alarm}"));
        }
        let (last, waiting) =
            truth::queue(&self.world.server.eyes, me.device).map_err(|error| error.to_string())?;
        if waiting > 0 || last != status.queue_seq {
            return Err(format!(
                "I7: {waiting} items wait in the queue; it ends at {last}, taken up to {} ({:?})",
                status.queue_seq, status.last_error
            ));
        }
        Ok(())
    }

    /// Nothing waits for ever, and what is not in the outbox any more is a message once.
    fn inspect_outbox(&mut self, client: usize, me: &MeView) -> Checked {
        for entry in self.outbox(client) {
            let Delivery::Failed { code, message } = &entry.delivery else {
                return Err(format!(
                    "I9: {} is not sent ({:?})",
                    entry.entry,
                    self.status(client).last_error
                ));
            };
            // Whoever leaves a channel can't send in it any more.
            if !matches!(code, ErrorCode::NotFound | ErrorCode::Forbidden) {
                return Err(format!("I9: {} failed: {code:?} {message}", entry.entry));
            }
            let txn: Txn = entry.entry.parse().map_err(|_| "an entry has no id")?;
            if self.world.judge.of_txn(me.device, txn).is_some() {
                return Err(format!("I5: {txn} was accepted and shown as failed"));
            }
            let entry = entry.entry;
            self.world.command(client, Command::Drop { entry });
        }
        Ok(())
    }

    /// Everybody sees the same messages in the same order, and reads those meant for them.
    fn inspect_channels(&self, client: usize, me: &MeView) -> Checked {
        let db = &self.world.server.eyes;
        let mine = truth::channels_of(db, me.user).map_err(|error| error.to_string())?;
        let shown = self.channels(client);
        if mine.iter().map(|(channel, _)| *channel).collect::<Vec<_>>() != shown {
            return Err(format!(
                "I6: {} channels are shown, {} are there",
                shown.len(),
                mine.len()
            ));
        }
        for (channel, joined) in mine {
            self.inspect_timeline(client, me, channel, joined)?;
        }
        Ok(())
    }

    fn inspect_timeline(
        &self,
        client: usize,
        me: &MeView,
        channel: ChannelId,
        joined: u64,
    ) -> Checked {
        let accepted = self.world.judge.accepted(channel);
        let view = self.timeline(client, channel);
        let shown: BTreeMap<u64, _> = view.messages.iter().map(|one| (one.seq, one)).collect();
        // A view shows the newest thousand.
        let from = accepted.len().saturating_sub(900);
        for one in &accepted[from..] {
            let (seq, reads) = (one.row.seq, one.readers.contains(&me.device));
            if seq <= joined {
                continue;
            }
            let Some(message) = shown.get(&seq) else {
                if reads {
                    return Err(format!("I1: seq {seq} of {channel} is not shown"));
                }
                continue;
            };
            if message.id != one.row.id {
                return Err(format!("I6: seq {seq} of {channel} is another message"));
            }
            match (&message.content, reads) {
                (Content::Text { .. }, true) => {}
                (Content::Text { .. }, false) => {
                    return Err(format!("I2: seq {seq} of {channel} is read by an outsider"));
                }
                (_, true) if self.is_excused(client, one) => {}
                (content, true) => {
                    return Err(format!(
                        "I1: seq {seq} of {channel} from {} shows {content:?}",
                        one.row.sender
                    ));
                }
                (_, false) => {}
            }
        }
        Ok(())
    }

    /// No installation, whoever's and in whatever state, holds a key of a message that was not
    /// for it, even if it had everything that the server ever accepted.
    fn inspect_keys(&self, client: usize) -> rusqlite::Result<Checked> {
        let one = &self.world.clients[client];
        let Some(me) = one.session_if_running().and_then(|session| session.me) else {
            return Ok(Ok(()));
        };
        let excluded = |one: &&Accepted| !one.readers.contains(&me.device);
        let mut sessions = one
            .eyes
            .prepare_cached("SELECT session, first_index FROM inbound")?;
        let sessions: Vec<([u8; 32], u32)> = sessions
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (session, first) in sessions {
            let session = Octets(session);
            let mut messages = self.world.judge.of_session(&session);
            let leaked = messages.find(|one| {
                one.row.group.is_some_and(|(_, index)| index >= first) && excluded(one)
            });
            if let Some(leaked) = leaked {
                return Ok(Err(leak(leaked, me.device)));
            }
        }
        let mut keys = one
            .eyes
            .prepare_cached("SELECT sender_device, txn FROM dm_key")?;
        let keys: Vec<([u8; 16], [u8; 16])> = keys
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (device, txn) in keys {
            let (device, txn) = (DeviceId::from_bytes(device), Txn::from_bytes(txn));
            let accepted = self.world.judge.of_txn(device, txn);
            if let Some(leaked) = accepted.filter(excluded) {
                return Ok(Err(leak(leaked, me.device)));
            }
        }
        Ok(Ok(()))
    }

    /// A key that was lost with a part of the store comes again from its sender, if there is one.
    fn is_excused(&self, client: usize, message: &Accepted) -> bool {
        self.world.clients[client].lost_sessions
            && !truth::is_active(&self.world.server.eyes, message.row.sender).unwrap_or(true)
    }

    /// Messages that somebody who should read them can't, all in all.
    pub(crate) fn undecryptable(&self) -> u64 {
        let mut sum = 0;
        for (client, me) in self.working() {
            for channel in self.channels(client) {
                let view = self.timeline(client, channel);
                let accepted = self.world.judge.accepted(channel);
                let unread = view.messages.iter().filter(|message| {
                    let one = accepted.get(message.seq as usize - 1);
                    !matches!(message.content, Content::Text { .. })
                        && one.is_some_and(|one| {
                            one.readers.contains(&me.device) && !self.is_excused(client, one)
                        })
                });
                sum += unread.count() as u64;
            }
        }
        sum
    }
}

fn leak(message: &Accepted, device: DeviceId) -> String {
    format!(
        "I2: {device} holds the key of seq {} in {} at epoch {}",
        message.row.seq, message.channel, message.row.epoch
    )
}
