//! What this person is told of: settings of guilds and channels, and words they listen for.

use cloister_e2ee::Primitives;
use cloister_wire::channel::{Message, MessageClass};
use serde::{Deserialize, Serialize};

use super::{ChannelRow, Store, StoreResult};
use crate::view::{NoticeLevel, NoticePlace};

/// The name of the note with the words.
pub(crate) const KEYWORDS: &str = "keywords";

/// As it is kept for one guild or channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub level: Option<NoticeLevel>,
    /// 0: until it is ended.
    pub muted_until: Option<u64>,
}

impl Notice {
    pub const fn is_muted(self, now: u64) -> bool {
        matches!(self.muted_until, Some(until) if until == 0 || now < until)
    }
}

/// The name of the note about a place.
pub(crate) fn name_of(place: NoticePlace) -> String {
    match place {
        NoticePlace::Guild { guild } => format!("notice/{guild}"),
        NoticePlace::Channel { channel } => format!("notice/{channel}"),
    }
}

impl<P: Primitives> Store<P> {
    pub fn notice(&self, place: NoticePlace) -> StoreResult<Notice> {
        Ok(self.own(&name_of(place))?.unwrap_or_default())
    }

    /// As it is for one channel: its own word, or else its guild's; muted with either.
    pub fn notice_in(
        &self,
        row: &ChannelRow,
        now: u64,
    ) -> StoreResult<(Option<NoticeLevel>, bool)> {
        let channel = row.view.id;
        let own = self.notice(NoticePlace::Channel { channel })?;
        let of_guild = match row.view.guild {
            Some(guild) => self.notice(NoticePlace::Guild { guild })?,
            None => Notice::default(),
        };
        Ok((
            own.level.or(of_guild.level),
            own.is_muted(now) || of_guild.is_muted(now),
        ))
    }

    /// Whether a message names this person, everyone, or a word they listen for. Words are looked
    /// for here and nowhere else.
    pub(super) fn calls_me(&self, message: &Message, body: Option<&str>) -> StoreResult<bool> {
        let Some(me) = self.identity()? else {
            return Ok(false);
        };
        if message.class != MessageClass::Message || message.sender_user == me.user {
            return Ok(false);
        }
        let named = message
            .notify
            .as_ref()
            .is_some_and(|notify| notify.everyone || notify.users.contains(&me.user));
        match body {
            Some(body) if !named => {
                let keywords: Vec<String> = self.own(KEYWORDS)?.unwrap_or_default();
                Ok(keywords.iter().any(|word| says(body, word)))
            }
            _ => Ok(named),
        }
    }
}

/// Whether a text has a word, whole and in any case.
fn says(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase(), word.to_lowercase());
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !word.is_empty()
        && text.match_indices(&word).any(|(at, found)| {
            let before = text[..at].chars().next_back();
            let after = text[at + found.len()..].chars().next();
            !inside(before) && !inside(after)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whole_and_in_any_case() {
        assert!(says("Who has the ROPE?", "rope"));
        assert!(says("ÖL, bitte", "öl"));
        assert!(says("at the boat house", "boat house"));
        assert!(!says("europe", "rope"));
        assert!(!says("anything", ""));
    }

    #[test]
    fn what_is_muted_is_so_until_its_time_and_without_one_for_good() {
        let muted = |muted_until| Notice {
            level: None,
            muted_until,
        };
        assert!(muted(Some(10)).is_muted(9));
        assert!(!muted(Some(10)).is_muted(10));
        assert!(muted(Some(0)).is_muted(u64::MAX));
        assert!(!muted(None).is_muted(0));
    }
}
