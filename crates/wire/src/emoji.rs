//! Emoji that a guild makes itself. The server knows their pictures and names, as it knows the
//! guild's icon; not who uses which one where.

use crate::{Bytes, EmojiId, Hash, limits::EMOJI_NAME_CHARS};

replies! {
    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct Emoji {
        pub id: EmojiId,
        /// Between two colons in a text.
        pub name: String,
        /// SHA-256 of its picture.
        #[cfg_attr(feature = "ts", ts(as = "String"))]
        pub picture: Hash,
    }
}

requests! {
    /// `POST /api/v1/guilds/{guild}/emoji`.
    pub struct CreateEmoji {
        pub emoji: EmojiId,
        pub name: String,
        /// PNG, JPEG or WebP.
        pub picture: Bytes,
    }

    /// `PUT /api/v1/guilds/{guild}/emoji/{emoji}`.
    pub struct EditEmoji { pub name: String }
}

/// Whether an emoji can have this name: 2 to 20 small letters, digits and low lines.
pub fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (2..=EMOJI_NAME_CHARS).contains(&name.len()) && name.chars().all(fits)
}

/// How an emoji stands in a text and in a reaction: its name for those who lack it, and its id.
pub fn token(name: &str, id: EmojiId) -> String {
    format!("<:{name}:{id}>")
}

/// The emoji at the beginning of a text: its token, its name and its id.
pub fn token_at(text: &str) -> Option<(&str, &str, EmojiId)> {
    let inside = text.strip_prefix("<:")?;
    let name = &inside[..inside.find(':')?];
    let rest = &inside[name.len() + 1..];
    let id = rest.get(..36)?;
    let closed = is_name(name) && rest[36..].starts_with('>');
    let token = &text[..2 + name.len() + 1 + 36 + usize::from(closed)];
    closed.then(|| Some((token, name, id.parse().ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_is_written_and_nothing_else_is_one() {
        let id = EmojiId::from_bytes([7; 16]);
        let token = token("row_boat", id);
        let text = format!("{token} and on");
        assert_eq!(token_at(&text), Some((token.as_str(), "row_boat", id)));
        assert!(token.len() <= crate::limits::EMOJI_BYTES);
        for wrong in [
            "",
            "<:",
            "<:a:",
            "<:boat:nothing>",
            "<@boat>",
            "<:Bo:é",
            &token[..token.len() - 1],
        ] {
            assert_eq!(token_at(wrong), None, "{wrong}");
        }
        let strange = token.replace("row_boat", "row boat");
        assert_eq!(token_at(&strange), None);
    }

    #[test]
    fn names_are_short_and_plain() {
        for good in ["ab", "row_boat", "x".repeat(EMOJI_NAME_CHARS).as_str()] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "Boat",
            "row boat",
            "bo:at",
            "é_boat",
            "x".repeat(EMOJI_NAME_CHARS + 1).as_str(),
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
