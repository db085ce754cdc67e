//! The end of an account: asked for by its owner, carried out after a while in which it can be
//! kept.

use crate::GuildId;

/// What a person is called whose account is gone.
pub const DELETED_NAME: &str = "Deleted account";
/// What their user name is then, to those who hear of it from a guild's log.
pub const DELETED_USERNAME: &str = "deleted";

replies! {
    /// `GET /api/v1/account/deletion`.
    pub struct Deletion {
        /// When it was asked for; empty: it was not.
        pub asked_at: Option<u64>,
        /// When everything goes, unless the account is kept until then.
        pub at: Option<u64>,
        /// Days in which an account can be kept on this instance.
        pub grace_days: u32,
        /// Guilds and group conversations that must be handed over or deleted first.
        pub owns: Vec<GuildId>,
    }
}

requests! {
    /// `POST /api/v1/account/deletion`.
    pub struct AskDeletion {
        /// One's own user name, typed once more.
        pub username: String,
    }
}
