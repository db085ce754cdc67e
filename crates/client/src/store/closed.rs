//! Messages that could not be opened, or not yet, and other questions about all messages here.
//! They are asked for every message that arrives: each must be answered from an index.

use cloister_e2ee::Primitives;
use cloister_wire::channel::Message;
use rusqlite::params;

use super::{Identity, Store, StoreResult, message::CAUSES, unpack};
use crate::view::Undecryptable;

// An index over `state <> 0` is used only where the statement says just that.
const WAITING: &str = "SELECT sealed FROM message \
    WHERE state <> 0 AND state = 1 AND since <= ?1 ORDER BY channel, seq";
const UNREADABLE: &str = "SELECT 1 FROM message \
    WHERE state <> 0 AND state IN (2, 3) AND (state = 3 OR cause IN (0, 5))";
const UNDECRYPTABLE: &str = "SELECT state, cause, count(*) FROM message \
    WHERE state <> 0 AND state IN (1, 2) GROUP BY state, cause";
// Most messages are somebody else's: that one is found at once.
const EXCHANGE: &str = "SELECT EXISTS (SELECT 1 FROM message WHERE device = ?1 AND state = 0) \
    AND EXISTS (SELECT 1 FROM message WHERE state = 0 AND author <> ?2)";

impl<P: Primitives> Store<P> {
    /// Channels with messages that wait since before `until`, and those messages.
    pub fn waiting(&self, until: u64) -> StoreResult<Vec<Message>> {
        let mut statement = self.connection.prepare_cached(WAITING)?;
        let rows = statement
            .query_map([until as i64], |row| row.get::<_, Vec<u8>>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        rows.iter().map(|sealed| unpack(sealed)).collect()
    }

    /// Messages that a key from the backup might open.
    pub fn has_unreadable(&self) -> StoreResult<bool> {
        Ok(self.connection.prepare_cached(UNREADABLE)?.exists([])?)
    }

    /// Whether somebody wrote and was answered from this device: the moment to offer the
    /// recovery key.
    pub fn exchange_took_place(&self, me: &Identity) -> StoreResult<bool> {
        Ok(self
            .connection
            .prepare_cached(EXCHANGE)?
            .query_row(params![me.device.as_bytes(), me.user.as_bytes()], |row| {
                row.get(0)
            })?)
    }

    /// How many messages cannot be read, by cause, and how many wait.
    pub fn undecryptable(&self) -> StoreResult<(Vec<(Undecryptable, u32)>, u32)> {
        let mut statement = self.connection.prepare_cached(UNDECRYPTABLE)?;
        let rows = statement
            .query_map([], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Option<i64>>(1)?,
                    row.get::<_, u32>(2)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let waiting = rows
            .iter()
            .filter(|(state, ..)| *state == 1)
            .map(|(.., count)| count)
            .sum();
        let causes = rows
            .iter()
            .filter_map(|(_, cause, count)| {
                CAUSES.get((*cause)? as usize).map(|cause| (*cause, *count))
            })
            .collect();
        Ok((causes, waiting))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn plan(statement: &str) -> Vec<String> {
        let store = Connection::open_in_memory().expect("a database");
        store
            .execute_batch(include_str!("schema.sql"))
            .expect("the schema");
        let mut explained = store
            .prepare(&format!("EXPLAIN QUERY PLAN {statement}"))
            .expect("a statement");
        let anything = vec![0; explained.parameter_count()];
        explained
            .query_map(rusqlite::params_from_iter(anything), |row| row.get(3))
            .expect("a plan")
            .collect::<Result<_, _>>()
            .expect("its steps")
    }

    #[test]
    fn what_is_asked_for_every_message_reads_no_whole_table() {
        for statement in [WAITING, UNREADABLE, UNDECRYPTABLE] {
            let plan = plan(statement);
            assert!(
                plan.iter().any(|step| step.contains("message_closed"))
                    && plan.iter().all(|step| !step.starts_with("SCAN")),
                "{plan:?}"
            );
        }
        assert!(
            plan(EXCHANGE)
                .iter()
                .any(|step| step.contains("message_txn"))
        );
    }
}
