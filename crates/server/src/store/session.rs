//! Sign-ins and their refresh tokens.

use cloister_wire::{SessionId, account::DeviceStanding};

use super::db::{Row, Tx};
use crate::{Result, access::Actor, params, sql};

sql! {
    GET_LIVING = "SELECT s.id, s.user_id, s.device_id, d.active_at, d.revoked_at, a.operator_at
        FROM session AS s
        JOIN device AS d ON d.id = s.device_id
        JOIN account AS a ON a.id = s.user_id
        WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND a.disabled_at IS NULL";
}

/// The sign-in, if it lives. Runs before there is a permit.
pub fn get_living(tx: &mut Tx<'_>, session: SessionId) -> Result<Option<Actor>> {
    let now = tx.now();
    tx.maybe(GET_LIVING, params![session, now], |row| {
        Ok(Actor {
            session: row.get("id")?,
            user: row.get("user_id")?,
            device: row.get("device_id")?,
            standing: standing(row)?,
            operator_at: row.get("operator_at")?,
        })
    })
}

/// Where a device stands, from its columns `active_at` and `revoked_at`.
pub(super) fn standing(row: Row<'_>) -> Result<DeviceStanding> {
    let active: Option<u64> = row.get("active_at")?;
    let revoked: Option<u64> = row.get("revoked_at")?;
    Ok(match (active, revoked) {
        (_, Some(_)) => DeviceStanding::Revoked,
        (Some(_), None) => DeviceStanding::Active,
        (None, None) => DeviceStanding::Pending,
    })
}
