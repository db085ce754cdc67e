//! What the backup should hold, and how far it does.

use cloister_e2ee::{Primitives, backup::BackupRecord};
use cloister_wire::{Bytes, ChannelId, DeviceId, Hash, Txn, UserId};
use rusqlite::params;

use super::{Store, StoreError, StoreResult, hash32, id16};

/// What a record of the backup is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Session(Hash),
    Direct(ChannelId, DeviceId, Txn),
    Person(UserId),
}

/// Something that the backup does not hold in its present form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Backed {
    pub subject: Subject,
    /// The record that it replaces in the version that is asked for.
    pub base: Option<u64>,
}

impl Subject {
    pub fn of(record: &BackupRecord) -> Self {
        match record {
            BackupRecord::Session { session, .. } => Self::Session(*session),
            BackupRecord::Direct {
                channel,
                sender_device,
                txn,
                ..
            } => Self::Direct(*channel, *sender_device, *txn),
            BackupRecord::Person { record } => Self::Person(record.user),
        }
    }

    fn columns(&self) -> (i64, Vec<u8>) {
        match self {
            Self::Session(session) => (0, session.0.to_vec()),
            Self::Direct(channel, device, txn) => (
                1,
                [
                    channel.as_bytes().as_slice(),
                    device.as_bytes(),
                    txn.as_bytes(),
                ]
                .concat(),
            ),
            Self::Person(user) => (2, user.as_bytes().to_vec()),
        }
    }

    fn read(kind: i64, name: &[u8]) -> StoreResult<Self> {
        match kind {
            0 => Ok(Self::Session(hash32(name)?)),
            1 if name.len() == 48 => Ok(Self::Direct(
                ChannelId::from_bytes(id16(&name[..16])?),
                DeviceId::from_bytes(id16(&name[16..32])?),
                Txn::from_bytes(id16(&name[32..])?),
            )),
            2 => Ok(Self::Person(UserId::from_bytes(id16(name)?))),
            _ => Err(StoreError::Unreadable),
        }
    }
}

impl<P: Primitives> Store<P> {
    /// The present form of this is not in the backup.
    pub(super) fn note_change(&self, subject: &Subject) -> StoreResult<()> {
        let (kind, name) = subject.columns();
        self.connection
            .prepare_cached(
                "INSERT INTO backup (kind, name) VALUES (?1, ?2) ON CONFLICT (kind, name) DO UPDATE SET version = 0",
            )?
            .execute(params![kind, name])?;
        self.grew.set(true);
        Ok(())
    }

    /// Whether something was put since this was last asked.
    pub fn take_grew(&self) -> bool {
        self.grew.take()
    }

    /// How much `version` of the backup does not hold, and how much it does.
    pub fn count_backup(&self, version: u64) -> StoreResult<(u32, u32)> {
        let count = |sql: &str| -> StoreResult<u32> {
            Ok(self
                .connection
                .prepare_cached(sql)?
                .query_row([version as i64], |row| row.get(0))?)
        };
        Ok((
            count("SELECT count(*) FROM backup WHERE version < ?1")?,
            count("SELECT count(*) FROM backup WHERE version >= ?1")?,
        ))
    }

    /// Some of what `version` does not hold.
    pub fn not_in_backup(&self, version: u64, limit: usize) -> StoreResult<Vec<Backed>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT kind, name, serial, serial_version FROM backup WHERE version < ?1 LIMIT ?2",
        )?;
        let rows = statement
            .query_map(params![version as i64, limit as i64], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Vec<u8>>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, i64>(3)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(kind, name, serial, serial_version)| {
                let here = serial > 0 && serial_version == version as i64;
                Ok(Backed {
                    subject: Subject::read(kind, &name)?,
                    base: here.then_some(serial as u64),
                })
            })
            .collect()
    }

    /// The record that holds this now; `held`: in its present form.
    pub fn put_backed(
        &self,
        subject: &Subject,
        version: u64,
        serial: Option<u64>,
        held: bool,
    ) -> StoreResult<()> {
        let (kind, name) = subject.columns();
        let held = if held { version as i64 } else { 0 };
        self.connection
            .prepare_cached(
                "INSERT INTO backup (kind, name, version, serial, serial_version) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (kind, name) DO UPDATE SET version = excluded.version, serial = excluded.serial, serial_version = excluded.serial_version",
            )?
            .execute(params![
                kind,
                name,
                held,
                serial.unwrap_or(0) as i64,
                version as i64
            ])?;
        Ok(())
    }

    pub fn forget_backed(&self, subject: &Subject) -> StoreResult<()> {
        let (kind, name) = subject.columns();
        self.connection
            .prepare_cached("DELETE FROM backup WHERE kind = ?1 AND name = ?2")?
            .execute(params![kind, name])?;
        Ok(())
    }

    /// What a record of the backup says about this, as it is here.
    pub fn to_record(&self, subject: &Subject) -> StoreResult<Option<BackupRecord>> {
        Ok(match subject {
            Subject::Session(session) => self.inbound(session)?.map(|row| BackupRecord::Session {
                channel: row.channel,
                session: row.session,
                sender_user: row.sender_user,
                sender_device: row.sender_device,
                key: Bytes(P::inbound_export(&row.ratchet)),
                first_index: P::inbound_first_index(&row.ratchet),
                created_epoch: row.created_epoch,
                shared_history: u8::from(row.shared_history),
                suite: row.suite,
            }),
            Subject::Direct(channel, device, txn) => {
                self.dm_key(*channel, *device, *txn)?
                    .map(|(key, ciphertext)| BackupRecord::Direct {
                        channel: *channel,
                        sender_device: *device,
                        txn: *txn,
                        key,
                        ciphertext,
                    })
            }
            Subject::Person(user) => self
                .person_record(*user)?
                .map(|record| BackupRecord::Person { record }),
        })
    }
}
