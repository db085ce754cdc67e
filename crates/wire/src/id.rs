//! Ids are UUIDv7: sortable by time of birth, drawn by whoever creates the thing.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, as = "String"))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// From the 16 bytes used in signed structures and in the database.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// A new id from a time in milliseconds and 10 random bytes (RFC 9562, version 7).
            pub const fn new(at_ms: u64, random: &[u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(at_ms, random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.as_hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::try_parse(text).map(Self)
            }
        }

        #[cfg(feature = "signed")]
        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                encoder: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                encoder.bytes(self.as_bytes())?.ok()
            }
        }

        #[cfg(feature = "signed")]
        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(decoder: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                decoder
                    .bytes()?
                    .try_into()
                    .map(Self::from_bytes)
                    .map_err(|_| minicbor::decode::Error::message("an id has 16 bytes"))
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                <String as utoipa::PartialSchema>::schema()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    )* };
}

ids! {
    /// A person.
    UserId
    /// One installation of one person, with its own keys.
    DeviceId
    /// A community; "server" in the user interface.
    GuildId
    /// A set of rights in a guild that members hold.
    RoleId
    /// A text channel of a guild, or a direct conversation.
    ChannelId
    MessageId
    /// Somebody's report of messages.
    ReportId
    /// One sign-in: what a refresh-token family belongs to.
    SessionId
    /// Something that happened to an account.
    SecurityEventId
    /// Somebody's application for an account.
    AccountApplicationId
    /// A mail that waits to be handed on, or was.
    MailId
    /// A heading over channels of a guild, with overwrites of its own.
    CategoryId
    /// An emoji of a guild.
    EmojiId
    /// Drawn by a device for each message it sends: the same one never makes two messages.
    Txn
}
