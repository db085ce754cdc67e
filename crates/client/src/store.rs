//! The encrypted store: everything that this device knows, in one SQLite database that the
//! shell has already opened with its key.
//!
//! All SQL of the client is here, a file a noun. Functions read and write; [`Store::commit`]
//! makes several of them one step that survives a crash whole or not at all.

mod backup;
mod channel;
mod closed;
mod evidence;
mod fork;
mod guild;
mod guild_head;
mod history_key;
mod message;
mod meta;
mod notice;
mod outbox;
mod own;
mod person;
mod picture;
mod pin;
mod ratchet;
mod record;
mod relation;
mod schedule;
mod search;
mod thread;
mod withheld;

use std::{cell::Cell, marker::PhantomData};

use cloister_e2ee::Primitives;
use rusqlite::Connection;

pub(crate) use backup::{Backed, Subject};
pub(crate) use channel::{Audience, ChannelRow};
pub(crate) use evidence::Evidence;
pub(crate) use fork::Fork;
pub(crate) use guild::{GuildRow, MemberRow};
pub(crate) use history_key::{HeldKey, WaitingKeys};
pub(crate) use message::{MessageRow, MessageState, Remark, text_of};
pub(crate) use meta::{Identity, Nonces, PendingVault, Recovery, Restoring, Secrets, Trouble};
pub(crate) use notice::{KEYWORDS, Notice, name_of as notice_name};
pub(crate) use outbox::{EntryState, Frame, OutboxRow, Saying};
pub(crate) use own::Due;
pub(crate) use ratchet::{InboundRow, OutboundRow, Parcel, SentItem};
pub(crate) use record::Distrust;
pub(crate) use schedule::ScheduledRow;
pub(crate) use search::{Hit, Marks, Sought};
pub(crate) use thread::{ThreadRow, follow_name};

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("it holds something that this version does not understand")]
    Unreadable,
    #[error("it was made by a newer version")]
    Newer,
}

pub(crate) type StoreResult<T> = Result<T, StoreError>;

pub(crate) struct Store<P> {
    connection: Connection,
    /// Something was put that the backup does not hold.
    grew: Cell<bool>,
    primitives: PhantomData<fn() -> P>,
}

/// The newest shape of the database; kept in SQLite's `user_version`.
const VERSION: i64 = 1;

impl<P: Primitives> Store<P> {
    pub fn open(connection: Connection) -> StoreResult<Self> {
        connection.execute_batch("PRAGMA foreign_keys = ON;")?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version > VERSION {
            return Err(StoreError::Newer);
        }
        connection.set_prepared_statement_cache_capacity(128);
        let store = Self {
            connection,
            grew: Cell::new(false),
            primitives: PhantomData,
        };
        if version == 0 {
            store.commit(|store| {
                store
                    .connection
                    .execute_batch(include_str!("store/schema.sql"))?;
                store
                    .connection
                    .pragma_update(None, "user_version", VERSION)?;
                Ok::<(), StoreError>(())
            })?;
        }
        store.commit(Self::renew_index)?;
        Ok(store)
    }

    /// Runs `step` as one transaction: after a crash all of it is there, or none.
    pub fn commit<T, E: From<StoreError>>(
        &self,
        step: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.connection.is_autocommit() {
            return step(self);
        }
        self.begin()?;
        self.end(step(self))
    }

    /// Starts a step whose parts need more than the store; [`Store::end`] must follow.
    pub fn begin(&self) -> StoreResult<()> {
        self.run("BEGIN IMMEDIATE")
    }

    /// Ends a step: committed if `outcome` is good, undone if it is not.
    pub fn end<T, E: From<StoreError>>(&self, outcome: Result<T, E>) -> Result<T, E> {
        match outcome {
            Ok(value) => {
                self.run("COMMIT")?;
                Ok(value)
            }
            Err(error) => {
                // If rolling back fails too, SQLite has already done so.
                let _ = self.run("ROLLBACK");
                Err(error)
            }
        }
    }

    fn run(&self, sql: &str) -> StoreResult<()> {
        self.connection.execute_batch(sql).map_err(StoreError::from)
    }

    pub fn into_connection(self) -> Connection {
        self.connection
    }
}

/// Values that serde writes, as CBOR.
pub(crate) fn pack<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("writing to memory does not fail");
    bytes
}

pub(crate) fn unpack<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> StoreResult<T> {
    ciborium::from_reader(bytes).map_err(|_| StoreError::Unreadable)
}

/// Signed structures' own encoding.
pub(crate) fn decode<T>(bytes: &[u8]) -> StoreResult<T>
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>,
{
    cloister_proof::decode(bytes).map_err(|_| StoreError::Unreadable)
}

/// Sixteen bytes of a column as an id.
pub(crate) fn id16(bytes: &[u8]) -> StoreResult<[u8; 16]> {
    bytes.try_into().map_err(|_| StoreError::Unreadable)
}

pub(crate) fn hash32(bytes: &[u8]) -> StoreResult<cloister_wire::Hash> {
    bytes.try_into().map_err(|_| StoreError::Unreadable)
}
