//! Devices as somebody else's requests name them: to be written to, or to check a signature.

use cloister_wire::{DeviceId, Hash, UserId};

use super::db::Tx;
use crate::{Result, params, sql};

sql! {
    GET = "SELECT d.user_id, d.reg_id, d.signing_key, d.active_at, d.revoked_at, d.dormant_at, \
           a.devlog_length FROM device d JOIN account a ON a.id = d.user_id WHERE d.id = $1";
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub user: UserId,
    pub reg_id: u32,
    pub signing_key: Hash,
    pub devlog_version: u64,
    pub active_at: Option<u64>,
    pub revoked_at: Option<u64>,
    pub dormant_at: Option<u64>,
}

impl Target {
    /// In the log and in audiences.
    pub const fn is_awake(&self) -> bool {
        self.active_at.is_some() && self.revoked_at.is_none() && self.dormant_at.is_none()
    }
}

pub fn get(tx: &mut Tx<'_>, device: DeviceId) -> Result<Option<Target>> {
    tx.maybe(GET, params![device], |row| {
        Ok(Target {
            user: row.get("user_id")?,
            reg_id: row.get("reg_id")?,
            signing_key: row.get("signing_key")?,
            devlog_version: row.get("devlog_length")?,
            active_at: row.get("active_at")?,
            revoked_at: row.get("revoked_at")?,
            dormant_at: row.get("dormant_at")?,
        })
    })
}
