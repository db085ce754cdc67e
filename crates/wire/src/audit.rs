//! The audit log of a guild: what was changed by whom, in a chain that members' clients hold on to.

use crate::{Bytes, DeviceId, Hash, UserId};

replies! {
    /// `GET /api/v1/guilds/{guild}/audit?before=&actor=&action=&target=&limit=`: newest first.
    pub struct AuditPage { pub entries: Vec<AuditView>, pub end: bool }

    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct AuditView {
        /// From 1, without gaps.
        pub seq: u64,
        pub at: u64,
        /// Absent: the server itself.
        pub actor: Option<UserId>,
        pub actor_name: Option<String>,
        pub device: Option<DeviceId>,
        /// `noun.verb`, of a closed list.
        pub action: String,
        /// What it was done to: `role:…`, `member:…`, `channel:…`, `guild:…`, `invite:…`, `report:…`.
        pub target: String,
        /// The user name of a `member:…`, who need not be one any more.
        #[serde(default)]
        pub target_name: Option<String>,
        /// JSON objects of what changed.
        pub before: Option<String>,
        pub after: Option<String>,
        pub reason: Option<String>,
        #[cfg_attr(feature = "ts", ts(type = "string"))]
        pub digest: Hash,
        #[cfg_attr(feature = "ts", ts(type = "string"))]
        pub head: Hash,
    }

    /// `GET /api/v1/guilds/{guild}/audit/checkpoint?since=`: for every member.
    pub struct AuditProof {
        /// Signed `AuditCheckpoint`.
        pub checkpoint: Bytes,
        /// Digests of the entries after `since`, oldest first, at most as many as one answer has:
        /// with them the head at `since` leads to the checkpoint's.
        pub digests: Vec<Hash>,
        pub end: bool,
    }
}
