//! What proves who wrote a message, kept beside it for as long as the message is here.

use cloister_e2ee::{Plain, Primitives};
use cloister_proof::Context;
use cloister_wire::{Bytes, Hash, MessageId, channel::Message};
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::{Store, StoreResult, pack, unpack};

/// Everything that opens one message's commitment to the server, and to nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    pub epoch: u64,
    pub context: Bytes,
    pub content: Bytes,
    pub frank_key: Hash,
    pub c2: Hash,
    pub frank_tag: Bytes,
}

impl Evidence {
    /// Of a message that was opened.
    pub fn of(message: &Message, context: &Context, plain: &Plain) -> Self {
        Self {
            epoch: message.epoch,
            context: Bytes(context.to_bytes()),
            content: Bytes(cloister_proof::encode(&plain.content)),
            frank_key: plain.frank_key,
            c2: message.c2,
            frank_tag: message.frank_tag.clone(),
        }
    }
}

impl<P: Primitives> Store<P> {
    pub fn put_evidence(&self, message: MessageId, evidence: &Evidence) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO evidence (message, proof) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute(params![message.as_bytes(), pack(evidence)])?;
        Ok(())
    }

    pub fn evidence(&self, message: MessageId) -> StoreResult<Option<Evidence>> {
        let proof: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT proof FROM evidence WHERE message = ?1")?
            .query_row([message.as_bytes()], |row| row.get(0))
            .optional()?;
        proof.map(|bytes| unpack(&bytes)).transpose()
    }

    /// Of a message and of what was said about it.
    pub fn drop_evidence(&self, message: MessageId) -> StoreResult<()> {
        self.connection
            .prepare_cached("DELETE FROM evidence WHERE message IN (SELECT id FROM message WHERE id = ?1 OR (target = ?1 AND class = 1))")?
            .execute([message.as_bytes()])?;
        Ok(())
    }

    /// When the server accepted a message, ms UTC.
    pub fn message_at(&self, id: MessageId) -> StoreResult<Option<u64>> {
        let at: Option<i64> = self
            .connection
            .prepare_cached("SELECT at FROM message WHERE id = ?1")?
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()?;
        Ok(at.map(|at| at as u64))
    }
}
