//! The key backup: sealed records that a person's clients keep on the server.

use crate::{Bytes, Octets};

/// Name of a record; only its person's clients can tell what it is about.
pub type RecordId = Octets<16>;

requests! {
    /// `PUT /api/v1/backup/{version}/records`.
    pub struct PutRecords { pub records: Vec<PutRecord> }

    /// Compare-and-set by the serial number of the record that it replaces.
    pub struct PutRecord {
        pub id: RecordId,
        /// Absent: there is none yet.
        pub base: Option<u64>,
        pub sealed: Bytes,
    }
}

replies! {
    /// One outcome for each record, in the order of the request.
    pub struct PutOutcomes { pub outcomes: Vec<PutOutcome> }

    /// `GET /api/v1/backup`.
    pub struct Backup {
        /// The version that is written; 0 before the first record.
        pub version: u64,
        pub versions: Vec<BackupVersion>,
    }

    pub struct BackupVersion { pub version: u64, pub records: u64 }

    /// `GET /api/v1/backup/{version}/records?after=`.
    pub struct BackupPage {
        pub records: Vec<StoredRecord>,
        /// Nothing comes after the last record of this page.
        pub end: bool,
    }

    pub struct StoredRecord {
        pub id: RecordId,
        /// Rises with every record that is put.
        pub serial: u64,
        pub sealed: Bytes,
    }
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PutOutcome {
    Stored {
        serial: u64,
    },
    /// Another device put one meanwhile: this is it.
    Taken {
        serial: u64,
        sealed: Bytes,
    },
    /// The record that was to be replaced is not there.
    Gone {},
}
