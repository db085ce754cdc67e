//! The promises that hold whenever everything is at rest.

mod timeline;

use cloister_client::{
    Primitives,
    view::{
        Command, Connection, Delivery, DeviceState, MeView, OutboxView, Query, QueryReply,
        StatusView,
    },
};
use cloister_wire::{ChannelId, DeviceId, ErrorCode, Octets, Txn, UserId};

use crate::{
    judge::{Accepted, pinned_logs},
    sim::Sim,
    truth,
};

use self::timeline::Said;

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
        let mut said = Said::default();
        for (client, me) in self.working() {
            let name = format!("{} ({})", self.world.clients[client].name, me.device);
            self.inspect_status(client, &me)
                .and_then(|()| self.inspect_outbox(client, &me))
                .and_then(|()| self.inspect_channels(client, &me, &mut said))
                .map_err(|broken| format!("{broken}; seen by {name}"))?;
        }
        self.inspect_readers()
            .map_err(|error| error.to_string())??;
        for client in 0..self.world.clients.len() {
            self.inspect_keys(client)
                .and_then(|kept| Ok(kept.and(self.inspect_logs(client)?)))
                .map_err(|error| error.to_string())??;
        }
        Ok(())
    }

    /// The device logs that an installation has pinned only ever grow.
    fn inspect_logs(&mut self, client: usize) -> rusqlite::Result<Checked> {
        for (user, log) in pinned_logs(&self.world.clients[client].eyes)? {
            let version = match log {
                Ok(log) => log.version,
                Err(broken) => return Ok(Err(broken)),
            };
            let pinned = self.pinned.entry((client, user)).or_insert(version);
            if version < *pinned {
                let user = UserId::from_bytes(user);
                return Ok(Err(format!("I12: the device log of {user} went back")));
            }
            *pinned = version;
        }
        Ok(Ok(()))
    }

    /// Channels that only some members read are read by those whom the signed log names.
    fn inspect_readers(&self) -> rusqlite::Result<Checked> {
        let db = &self.world.server.eyes;
        for channel in truth::channels(db)? {
            let Some(guild) = truth::channel(db, channel)?.and_then(|state| state.guild) else {
                continue;
            };
            let Some(log) = truth::guild_log(db, guild, 0)? else {
                return Ok(Err("I13: a guild has no log".to_owned()));
            };
            let people = truth::people(db, channel)?;
            if let Some(ghost) = people.iter().find(|user| !log.reads(channel, **user)) {
                return Ok(Err(format!(
                    "I13: {ghost} reads {channel} and is not let in by the log"
                )));
            }
        }
        Ok(Ok(()))
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
            // Whoever leaves a channel can't send in it any more, and what is gone stays gone.
            let gone = matches!(
                code,
                ErrorCode::NotFound
                    | ErrorCode::Forbidden
                    | ErrorCode::TargetGone
                    | ErrorCode::TimedOutMember
            );
            if !gone {
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

    /// What members handed over is of a channel whose policy shares it, and newer than that.
    fn inspect_handed(&self, client: usize, device: DeviceId) -> rusqlite::Result<Checked> {
        let mut handed = self.world.clients[client]
            .eyes
            .prepare_cached("SELECT session, first_index, channel FROM history_key")?;
        let handed: Vec<([u8; 32], u32, [u8; 16])> = handed
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        for (session, first, channel) in handed {
            let channel = ChannelId::from_bytes(channel);
            let since = truth::shared_since(&self.world.server.eyes, channel)?;
            let session = Octets(session);
            let mut messages = self.world.judge.of_session(&session);
            let leaked = messages.find(|one| {
                one.row.group.is_some_and(|(_, index)| index >= first)
                    && !one.readers.contains(&device)
                    && (one.channel != channel || since.is_none_or(|since| one.row.seq <= since))
            });
            if let Some(leaked) = leaked {
                return Ok(Err(leak(leaked, device)));
            }
        }
        Ok(Ok(()))
    }

    /// No installation, whoever's and in whatever state, holds a key of a message that was not
    /// for it, even if it had everything that the server ever accepted.
    fn inspect_keys(&self, client: usize) -> rusqlite::Result<Checked> {
        let one = &self.world.clients[client];
        let Some(me) = one.session_if_running().and_then(|session| session.me) else {
            return Ok(Ok(()));
        };
        let excluded = |one: &&Accepted| !one.readers.contains(&me.device);
        let own = truth::devices_of(&self.world.server.eyes, me.user)?;
        // What another device of the person could read, a backup brings; a key that its sender
        // gave reaches as far back as the one that was brought before it.
        let brought = truth::has_backup(&self.world.server.eyes, me.user)?;
        let foreign = |one: &&Accepted| one.readers.is_disjoint(&own);
        let mut sessions = one
            .eyes
            .prepare_cached("SELECT session, first_index, sender_device, restored FROM inbound")?;
        let sessions: Vec<([u8; 32], u32, [u8; 16], bool)> = sessions
            .query_map([], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect::<Result<_, _>>()?;
        for (session, first, sender, restored) in sessions {
            let session = Octets(session);
            let sender = DeviceId::from_bytes(sender);
            if let Some(other) = self
                .world
                .judge
                .of_session(&session)
                .find(|one| one.row.sender != sender)
            {
                return Ok(Err(format!(
                    "I10: {} holds the key of seq {} as {sender}'s",
                    me.device, other.row.seq
                )));
            }
            let mut messages = self.world.judge.of_session(&session);
            let leaked = messages.find(|one| {
                let outside = if restored || brought {
                    foreign(one)
                } else {
                    excluded(one)
                };
                one.row.group.is_some_and(|(_, index)| index >= first) && outside
            });
            if let Some(leaked) = leaked {
                return Ok(Err(leak(leaked, me.device)));
            }
        }
        if let Err(broken) = self.inspect_handed(client, me.device)? {
            return Ok(Err(broken));
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
            if let Some(leaked) = accepted.filter(foreign) {
                return Ok(Err(leak(leaked, me.device)));
            }
        }
        Ok(Ok(()))
    }
}

fn leak(message: &Accepted, device: DeviceId) -> String {
    format!(
        "I2: {device} holds the key of seq {} in {} at epoch {}",
        message.row.seq, message.channel, message.row.epoch
    )
}
