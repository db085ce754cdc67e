//! Small pictures that belong to a guild. The server knows them, as it knows the guild's name.

use crate::Bytes;

requests! {
    /// `PUT /api/v1/guilds/{guild}/icon`, `PUT /api/v1/guilds/{guild}/banner`.
    pub struct SetPicture {
        /// PNG, JPEG or WebP; absent: none from now on.
        pub picture: Option<Bytes>,
    }
}

replies! {
    /// `GET /api/v1/guilds/{guild}/pictures/{picture}`: by the SHA-256 of its bytes, base64url.
    pub struct Picture { pub format: PictureFormat, pub bytes: Bytes }
}

/// What a picture is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum PictureUse {
    /// Square, in the list of guilds.
    Icon,
    /// Wide, above the list of channels.
    Banner,
    /// Small, within a line of text.
    Emoji,
}

impl PictureUse {
    /// Bytes of such a picture.
    pub const fn bytes_max(self) -> usize {
        match self {
            Self::Icon => 64 * 1024,
            Self::Banner => 160 * 1024,
            Self::Emoji => 24 * 1024,
        }
    }

    /// Pixels of its longer side.
    pub const fn side_max(self) -> usize {
        match self {
            Self::Icon => 512,
            Self::Banner => 1_600,
            Self::Emoji => 128,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PictureFormat {
    Png,
    Jpeg,
    Webp,
}

impl PictureFormat {
    /// As in `image/png`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }

    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Png, Self::Jpeg, Self::Webp]
            .into_iter()
            .find(|format| format.name() == name)
    }
}
