//! From a commit to the connections that listen on this node.
//!
//! The database is the truth and the bus only a hint: an event carries the seq of its channel or
//! log, and a receiver that sees a gap reads the database. On SQLite notices arrive in the order
//! of their commits; on PostgreSQL nearly so, which is why guild events are stamped with the
//! `access_version` that a receiver must have derived its rights at (see `session`).
//!
//! The bus routes coarsely, by person, device and guild; each connection then decides by its own
//! subscription. Publishing never waits: a connection whose mailbox is full is let go, and comes
//! back by cursor.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cloister_wire::{
    ChannelId, DeviceId, GuildId, Hash, SessionId, UserId,
    gateway::{CloseCode, Event},
    limits,
};
use tokio::sync::{mpsc, oneshot};

pub use super::published::Published;
use super::session::Carried;

/// One thing that a transaction did, told after its commit.
#[derive(Debug, Clone)]
pub enum Notice {
    /// Something happened that the audience may know.
    Event(Arc<Published>),
    /// A sign-in is over: its connections close at once.
    SessionEnded { session: SessionId },
    /// A person's device was revoked, or found to be a copy: its connections close at once.
    DeviceRevoked { device: DeviceId, code: CloseCode },
}

/// Who may hear an event. The event knows its audience, not the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Every device of a person.
    User(UserId),
    Device(DeviceId),
    /// Members, as of this access version.
    Guild {
        guild: GuildId,
        access_version: u64,
    },
    /// Who may read a guild's channel, as of this access version.
    Channel {
        guild: GuildId,
        channel: ChannelId,
        access_version: u64,
    },
    /// Those who may read a channel that not every member reads.
    Readers {
        guild: GuildId,
        channel: ChannelId,
        users: BTreeSet<UserId>,
        access_version: u64,
    },
    /// Exactly these people.
    Users(BTreeSet<UserId>),
    /// The two of a direct conversation.
    Pair([UserId; 2]),
    /// A person, and whoever shares a guild or a conversation with them.
    Acquaintances {
        user: UserId,
        guilds: Vec<GuildId>,
        peers: Vec<UserId>,
    },
}

impl Notice {
    pub fn event(audience: Audience, event: Event) -> Self {
        Self::Event(Arc::new(Published::new(audience, event)))
    }
}

/// What reaches a connection's mailbox.
#[derive(Debug)]
pub enum Delivery {
    Event(Arc<Published>),
    /// The connection is over.
    End(CloseCode),
    /// Another socket goes on with this gateway session.
    HandOver(oneshot::Sender<Carried>),
}

/// Names one connection within this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listener(u64);

/// Whose connection it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub user: UserId,
    pub device: DeviceId,
    pub session: SessionId,
}

/// Where notices are published.
#[derive(Clone, Default)]
pub struct Bus {
    board: Arc<Mutex<Board>>,
}

/// Takes a connection off the bus when it is dropped.
#[derive(Debug)]
pub struct Mailbox {
    pub listener: Listener,
    bus: Bus,
    deliveries: mpsc::Receiver<Delivery>,
}

#[derive(Default)]
struct Board {
    last: u64,
    listeners: BTreeMap<Listener, Entry>,
    by_user: BTreeMap<UserId, BTreeSet<Listener>>,
    by_device: BTreeMap<DeviceId, Listener>,
    by_guild: BTreeMap<GuildId, BTreeSet<Listener>>,
    by_gateway: BTreeMap<Hash, Listener>,
}

struct Entry {
    identity: Identity,
    gateway: Hash,
    guilds: BTreeSet<GuildId>,
    sender: mpsc::Sender<Delivery>,
}

impl Bus {
    /// Listens from now on. Older connections of the same device are fenced.
    pub fn listen(&self, identity: Identity, gateway: Hash, guilds: &[GuildId]) -> Mailbox {
        let (sender, deliveries) = mpsc::channel(limits::GATEWAY_QUEUE);
        let mut board = self.board();
        if let Some(older) = board.by_device.get(&identity.device).copied() {
            board.end(older, CloseCode::Superseded);
        }
        board.last += 1;
        let listener = Listener(board.last);
        let entry = Entry {
            identity,
            gateway,
            guilds: BTreeSet::new(),
            sender,
        };
        board.listeners.insert(listener, entry);
        board
            .by_user
            .entry(identity.user)
            .or_default()
            .insert(listener);
        board.by_device.insert(identity.device, listener);
        board.by_gateway.insert(gateway, listener);
        for guild in guilds {
            board.follow(listener, *guild);
        }
        drop(board);
        Mailbox {
            listener,
            bus: self.clone(),
            deliveries,
        }
    }

    /// Asks for a gateway session of this device, live or waiting for its client, to go on with.
    pub fn claim(&self, gateway: Hash, identity: Identity) -> Option<oneshot::Receiver<Carried>> {
        let board = self.board();
        let listener = board.by_gateway.get(&gateway)?;
        let entry = board
            .listeners
            .get(listener)
            .filter(|entry| entry.identity == identity)?;
        let (sender, carried) = oneshot::channel();
        entry.sender.try_send(Delivery::HandOver(sender)).ok()?;
        Some(carried)
    }

    /// Guilds that a connection listens to, as derived from the database.
    pub fn follow(&self, listener: Listener, guilds: impl IntoIterator<Item = GuildId>) {
        let mut board = self.board();
        for guild in guilds {
            board.follow(listener, guild);
        }
    }

    /// Whether any device of the person is connected, or about to be again.
    pub fn is_here(&self, user: UserId) -> bool {
        self.board().by_user.contains_key(&user)
    }

    /// Connections on this node, for figures and tests.
    pub fn listeners(&self) -> usize {
        self.board().listeners.len()
    }

    /// Closes every connection, with a code that asks to come back.
    pub fn drain(&self) {
        let mut board = self.board();
        let all: Vec<_> = board.listeners.keys().copied().collect();
        for listener in all {
            board.end(listener, CloseCode::Draining);
        }
    }

    /// Only the write door publishes.
    pub(crate) fn publish(&self, notices: Vec<Notice>) {
        let mut board = self.board();
        for notice in notices {
            match notice {
                Notice::Event(published) => board.deliver(&published),
                Notice::SessionEnded { session } => {
                    board.end_where(CloseCode::Unauthenticated, |identity| {
                        identity.session == session
                    });
                }
                Notice::DeviceRevoked { device, code } => {
                    board.end_where(code, |identity| identity.device == device);
                }
            }
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // Nothing in here panics half way; a poisoned board is still whole.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailbox {
    /// The next delivery; `None` when the connection was let go.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }

    /// The next delivery, if one waits.
    pub fn try_next(&mut self) -> Option<Delivery> {
        self.deliveries.try_recv().ok()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.bus.board().remove(self.listener);
    }
}

impl Board {
    fn follow(&mut self, listener: Listener, guild: GuildId) {
        if let Some(entry) = self.listeners.get_mut(&listener) {
            entry.guilds.insert(guild);
            self.by_guild.entry(guild).or_default().insert(listener);
        }
    }

    fn deliver(&mut self, published: &Arc<Published>) {
        if let Audience::User(user) = published.audience {
            self.follow_membership(user, &published.event);
        }
        let mut full = Vec::new();
        for listener in self.receivers(&published.audience) {
            let Some(entry) = self.listeners.get(&listener) else {
                continue;
            };
            if entry
                .sender
                .try_send(Delivery::Event(published.clone()))
                .is_err()
            {
                full.push(listener);
            }
        }
        for listener in full {
            self.remove(listener);
        }
    }

    /// Whoever enters a guild hears its events from here on; their session derives its rights
    /// before it passes any of them. Whoever leaves hears no more.
    fn follow_membership(&mut self, user: UserId, event: &Event) {
        let theirs = self.by_user.get(&user).into_iter().flatten().copied();
        let theirs: Vec<_> = theirs.collect();
        for listener in theirs {
            match event {
                Event::GuildJoined { guild } => self.follow(listener, guild.id),
                Event::GuildLeft { guild } => self.unfollow(listener, *guild),
                _ => return,
            }
        }
    }

    fn unfollow(&mut self, listener: Listener, guild: GuildId) {
        if let Some(entry) = self.listeners.get_mut(&listener) {
            entry.guilds.remove(&guild);
            drop_from(&mut self.by_guild, &guild, listener);
        }
    }

    fn receivers(&self, audience: &Audience) -> Vec<Listener> {
        let of_guild = |guild| self.by_guild.get(guild).into_iter().flatten().copied();
        let of_user = |user| self.by_user.get(user).into_iter().flatten().copied();
        match audience {
            Audience::User(user) => of_user(user).collect(),
            Audience::Device(device) => self.by_device.get(device).copied().into_iter().collect(),
            Audience::Guild { guild, .. } | Audience::Channel { guild, .. } => {
                of_guild(guild).collect()
            }
            Audience::Readers { users, .. } | Audience::Users(users) => {
                users.iter().flat_map(of_user).collect()
            }
            Audience::Pair(pair) => pair.iter().flat_map(of_user).collect(),
            Audience::Acquaintances {
                user,
                guilds,
                peers,
            } => {
                let near = guilds.iter().flat_map(of_guild);
                let all: BTreeSet<_> = near
                    .chain(peers.iter().flat_map(of_user))
                    .chain(of_user(user))
                    .collect();
                all.into_iter().collect()
            }
        }
    }

    fn end_where(&mut self, code: CloseCode, hit: impl Fn(&Identity) -> bool) {
        let hits: Vec<_> = self
            .listeners
            .iter()
            .filter(|(_, entry)| hit(&entry.identity))
            .map(|(id, _)| *id)
            .collect();
        for listener in hits {
            self.end(listener, code);
        }
    }

    /// Tells a connection that it is over. One whose mailbox is full ends by losing it.
    fn end(&mut self, listener: Listener, code: CloseCode) {
        if let Some(entry) = self.remove(listener) {
            let _ = entry.sender.try_send(Delivery::End(code));
        }
    }

    fn remove(&mut self, listener: Listener) -> Option<Entry> {
        let entry = self.listeners.remove(&listener)?;
        drop_from(&mut self.by_user, &entry.identity.user, listener);
        for guild in &entry.guilds {
            drop_from(&mut self.by_guild, guild, listener);
        }
        if self.by_device.get(&entry.identity.device) == Some(&listener) {
            self.by_device.remove(&entry.identity.device);
        }
        if self.by_gateway.get(&entry.gateway) == Some(&listener) {
            self.by_gateway.remove(&entry.gateway);
        }
        Some(entry)
    }
}

fn drop_from<K: Ord>(index: &mut BTreeMap<K, BTreeSet<Listener>>, key: &K, listener: Listener) {
    if let Some(set) = index.get_mut(key) {
        set.remove(&listener);
        if set.is_empty() {
            index.remove(key);
        }
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bus({} listeners)", self.listeners())
    }
}

#[cfg(test)]
mod tests;
