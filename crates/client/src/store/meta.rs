//! Single facts, by name.

use std::collections::BTreeMap;

use cloister_e2ee::Primitives;
use cloister_wire::{
    Bytes, DeviceId, Hash, UserId,
    account::{DeviceStanding, Instance, Tokens},
};
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Store, StoreError, StoreResult, pack, unpack};

/// Who this device is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub user: UserId,
    pub username: String,
    pub display_name: String,
    pub operator: bool,
    pub device: DeviceId,
    pub standing: DeviceStanding,
    /// Signed offer of a device that waits for approval.
    pub offer: Option<Bytes>,
}

/// The pair of connect nonces. `next` stays until the server has confirmed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Nonces {
    pub last: Option<Hash>,
    pub next: Hash,
}

/// The recovery key until the person has kept it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recovery {
    pub key: String,
    /// Not offered before this time.
    pub later_until: u64,
}

/// What all of one's devices know, and which vault holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secrets {
    /// Encoded `AccountSecrets`.
    pub secrets: Bytes,
    pub vault: Hash,
}

/// A vault that was sealed anew, until the log names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingVault {
    pub secrets: Secrets,
    /// The exact request.
    pub request: Bytes,
}

/// How far this device has brought back what the backup holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Restoring {
    /// The newest record taken, by version.
    pub after: BTreeMap<u64, u64>,
    pub total: u64,
    pub taken: u64,
    /// Records that no device of this person made.
    pub refused: u64,
    /// Everything that there was is here.
    pub done: bool,
}

/// What ended this device's work, if anything did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trouble {
    Revoked,
    Cloned,
    SignedOut,
    StartedOver,
}

macro_rules! facts {
    ($($get:ident $put:ident $name:literal: $type:ty;)*) => {
        impl<P: Primitives> Store<P> { $(
            pub fn $get(&self) -> StoreResult<Option<$type>> {
                self.fact($name)
            }

            pub fn $put(&self, value: &$type) -> StoreResult<()> {
                self.put_fact($name, value)
            }
        )* }
    };
}

facts! {
    identity put_identity "identity": Identity;
    tokens put_tokens "tokens": Tokens;
    instance put_instance "instance": Instance;
    nonces put_nonces "nonces": Nonces;
    recovery put_recovery "recovery": Recovery;
    trouble put_trouble "trouble": Trouble;
    account_key put_account_key "account_key": Hash;
    secrets put_secrets "secrets": Secrets;
    recovery_change put_recovery_change "recovery_change": String;
    pending_vault put_pending_vault "pending_vault": PendingVault;
    rotation_owed put_rotation_owed "rotation_owed": DeviceId;
    restoring put_restoring "restoring": Restoring;
    backup_trouble put_backup_trouble "backup_trouble": String;
    prekey_upload put_prekey_upload "prekey_upload": Bytes;
    fallback_at put_fallback_at "fallback_at": u64;
    deletion_at put_deletion_fact "deletion_at": u64;
    thread_reads put_thread_reads "thread_reads": u64;
    device_list put_device_list "device_list": Vec<cloister_wire::account::Device>;
    index_version put_index_version "index_version": u64;
    records_due put_records_due "records_due": Vec<UserId>;
    told_unreadable put_told_unreadable "told_unreadable": Vec<cloister_wire::health::UnreadableCount>;
    replaces put_replaces "replaces": DeviceId;
    device_name put_device_name_fact "device_name": String;
}

impl<P: Primitives> Store<P> {
    fn fact<T: DeserializeOwned>(&self, name: &str) -> StoreResult<Option<T>> {
        let bytes: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        bytes.map(|bytes| unpack(&bytes)).transpose()
    }

    fn put_fact<T: Serialize>(&self, name: &str, value: &T) -> StoreResult<()> {
        self.connection
            .prepare_cached("INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")?
            .execute(params![name, pack(value)])?;
        Ok(())
    }

    /// When the account is deleted, if it is.
    pub fn put_deletion_at(&self, at: Option<u64>) -> StoreResult<()> {
        match at {
            Some(at) => self.put_deletion_fact(&at),
            None => self.forget("deletion_at"),
        }
    }

    pub fn forget(&self, name: &str) -> StoreResult<()> {
        self.connection
            .prepare_cached("DELETE FROM meta WHERE name = ?1")?
            .execute([name])?;
        Ok(())
    }

    /// The name that this device wants, until the account key is here to seal it with.
    pub fn put_device_name(&self, name: &str) -> StoreResult<()> {
        self.put_device_name_fact(&name.to_owned())
    }

    /// Who this device is, or an error if nobody is signed in.
    pub fn me(&self) -> StoreResult<Identity> {
        self.identity()?.ok_or(StoreError::Unreadable)
    }

    /// The seed of the key that signs in calls. Its public half is in the certificate for good.
    pub fn calls_seed(&self) -> StoreResult<Option<Hash>> {
        self.fact("calls_seed")
    }

    pub fn put_calls_seed(&self, seed: &Hash) -> StoreResult<()> {
        self.put_fact("calls_seed", seed)
    }

    /// The device's long-term keys.
    pub fn account(&self) -> StoreResult<Option<P::Account>> {
        let Some(bytes) = self.fact::<Bytes>("account")? else {
            return Ok(None);
        };
        P::account_from_bytes(bytes.as_ref())
            .map(Some)
            .ok_or(StoreError::Unreadable)
    }

    pub fn put_account(&self, account: &P::Account) -> StoreResult<()> {
        self.put_fact("account", &Bytes(P::account_to_bytes(account)))
    }

    /// Commits that moved a ratchet. The server keeps the highest it saw: a store that was
    /// copied or rolled back shows itself.
    pub fn writes(&self) -> StoreResult<u64> {
        Ok(self.fact("writes")?.unwrap_or(0))
    }

    pub fn raise_writes(&self) -> StoreResult<u64> {
        let writes = self.writes()? + 1;
        self.put_fact("writes", &writes)?;
        Ok(writes)
    }

    /// The newest item of the queue that took effect here.
    pub fn queue_seq(&self) -> StoreResult<u64> {
        Ok(self.fact("queue_seq")?.unwrap_or(0))
    }

    pub fn put_queue_seq(&self, seq: u64) -> StoreResult<()> {
        self.put_fact("queue_seq", &seq)
    }

    pub fn acked_seq(&self) -> StoreResult<u64> {
        Ok(self.fact("acked_seq")?.unwrap_or(0))
    }

    pub fn put_acked_seq(&self, seq: u64) -> StoreResult<()> {
        self.put_fact("acked_seq", &seq)
    }

    /// Forgets everything that belongs to the device that was here and never approved, so that
    /// another one can be born in its place. Numbers of prekeys and the counter of writes go on.
    pub fn forget_device(&self) -> StoreResult<()> {
        for name in [
            "nonces",
            "queue_seq",
            "acked_seq",
            "prekey_upload",
            "fallback_at",
            "pending_vault",
            "device_name",
        ] {
            self.forget(name)?;
        }
        self.connection.execute_batch(
            "DELETE FROM olm; DELETE FROM taken; DELETE FROM sent_item; DELETE FROM nack;
             DELETE FROM owed; DELETE FROM parcel;",
        )?;
        Ok(())
    }

    /// Numbers for `count` prekeys, never handed out before.
    pub fn next_prekey_ids(&self, count: u64) -> StoreResult<std::ops::Range<u64>> {
        let first: u64 = self.fact("prekey_id")?.unwrap_or(1);
        self.put_fact("prekey_id", &(first + count))?;
        Ok(first..first + count)
    }
}
