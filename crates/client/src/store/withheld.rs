//! Keys that were not handed over: by this device, and to it.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, DeviceId, Hash, channel::WithholdCode};
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreError, StoreResult, id16};

const CODES: [WithholdCode; 3] = [
    WithholdCode::TrustViolation,
    WithholdCode::MinTrust,
    WithholdCode::NoPrekey,
];

fn number(code: WithholdCode) -> i64 {
    CODES.iter().position(|one| *one == code).unwrap_or(0) as i64
}

fn code(number: i64) -> StoreResult<WithholdCode> {
    let found = usize::try_from(number).ok().and_then(|at| CODES.get(at));
    found.copied().ok_or(StoreError::Unreadable)
}

impl<P: Primitives> Store<P> {
    /// This device gives one no key of a session, or (none) gives it after all.
    pub fn put_withheld_from(
        &self,
        session: &Hash,
        device: DeviceId,
        why: Option<WithholdCode>,
    ) -> StoreResult<()> {
        match why {
            Some(why) => self
                .connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO withheld_from (session, device, code) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![session.0, device.as_bytes(), number(why)])?,
            None => self
                .connection
                .prepare_cached("DELETE FROM withheld_from WHERE session = ?1 AND device = ?2")?
                .execute(params![session.0, device.as_bytes()])?,
        };
        Ok(())
    }

    /// Devices that get no key of a session from this one.
    pub fn withheld_from(&self, session: &Hash) -> StoreResult<Vec<(DeviceId, WithholdCode)>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT device, code FROM withheld_from WHERE session = ?1")?;
        let rows = statement
            .query_map([session.0], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(device, why)| Ok((DeviceId::from_bytes(id16(&device)?), code(why)?)))
            .collect()
    }

    /// Somebody gives this device no key of a session.
    pub fn put_withheld(
        &self,
        channel: ChannelId,
        session: &Hash,
        sender: DeviceId,
        why: WithholdCode,
    ) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO withheld (session, channel, sender_device, code) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                session.0,
                channel.as_bytes(),
                sender.as_bytes(),
                number(why)
            ])?;
        Ok(())
    }

    /// Why this device has no key of a sender's session, if that is why.
    pub fn withheld(
        &self,
        channel: ChannelId,
        session: &Hash,
        sender: DeviceId,
    ) -> StoreResult<Option<WithholdCode>> {
        let found: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT code FROM withheld WHERE session = ?1 AND sender_device = ?2 AND channel = ?3",
            )?
            .query_row(
                params![session.0, sender.as_bytes(), channel.as_bytes()],
                |row| row.get(0),
            )
            .optional()?;
        found.map(code).transpose()
    }
}
