//! How this person keeps others.

use cloister_e2ee::Primitives;
use cloister_wire::{
    ChannelId, UserId,
    guild::DmRequest,
    moderation::{Relation, RelationView},
};
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreError, StoreResult};

/// People whose words raise no badge.
pub(super) const QUIET: &str = "(SELECT user FROM relation WHERE relation IN ('muted', 'blocked'))";

impl<P: Primitives> Store<P> {
    pub fn put_relations(&self, relations: &[RelationView]) -> StoreResult<()> {
        self.connection
            .prepare_cached("DELETE FROM relation")?
            .execute([])?;
        for one in relations {
            let text = match one.relation {
                Relation::None => continue,
                Relation::Friend => "friend",
                Relation::Muted => "muted",
                Relation::Blocked => "blocked",
            };
            self.connection
                .prepare_cached("INSERT INTO relation (user, relation) VALUES (?1, ?2)")?
                .execute(params![one.user.as_bytes(), text])?;
        }
        Ok(())
    }

    pub fn relation(&self, user: UserId) -> StoreResult<Relation> {
        let found: Option<String> = self
            .connection
            .prepare_cached("SELECT relation FROM relation WHERE user = ?1")?
            .query_row([user.as_bytes()], |row| row.get(0))
            .optional()?;
        Ok(match found.as_deref() {
            None => Relation::None,
            Some("friend") => Relation::Friend,
            Some("muted") => Relation::Muted,
            Some("blocked") => Relation::Blocked,
            Some(_) => return Err(StoreError::Unreadable),
        })
    }

    /// Whether a conversation waits for somebody to take it up.
    pub fn put_request(&self, channel: ChannelId, request: Option<DmRequest>) -> StoreResult<()> {
        let number = request.map(|request| match request {
            DmRequest::Incoming => 1,
            DmRequest::Outgoing => 2,
            DmRequest::Declined => 3,
            DmRequest::Gone => 4,
        });
        self.connection
            .prepare_cached("UPDATE channel SET request = ?2 WHERE channel = ?1")?
            .execute(params![channel.as_bytes(), number])?;
        Ok(())
    }

    pub fn request(&self, channel: ChannelId) -> StoreResult<Option<DmRequest>> {
        let number: Option<Option<i64>> = self
            .connection
            .prepare_cached("SELECT request FROM channel WHERE channel = ?1")?
            .query_row([channel.as_bytes()], |row| row.get(0))
            .optional()?;
        Ok(match number.flatten() {
            None => None,
            Some(1) => Some(DmRequest::Incoming),
            Some(2) => Some(DmRequest::Outgoing),
            Some(3) => Some(DmRequest::Declined),
            Some(4) => Some(DmRequest::Gone),
            Some(_) => return Err(StoreError::Unreadable),
        })
    }
}
