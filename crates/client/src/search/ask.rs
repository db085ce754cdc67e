//! What people type into the search field. Whatever it is, it means something: what is no filter
//! is text, and a filter that can't be understood is told.

use super::{
    ASKED_CHARS, TERMS_MAX,
    date::{self, Span},
    word::{Word, words},
};
use crate::view::SearchNote;

/// Words that must stand one after another: one word, or what stood in quotes.
pub(crate) type Term = Vec<Word>;

/// Something that a message may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Has {
    Link,
    Code,
    Mention,
}

impl Has {
    fn parse(text: &str) -> Option<Self> {
        Some(match text.to_lowercase().as_str() {
            "link" | "links" | "url" => Self::Link,
            "code" => Self::Code,
            "mention" | "mentions" => Self::Mention,
            _ => return None,
        })
    }
}

/// What was asked for, before names are looked up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    pub terms: Vec<Term>,
    pub from: Vec<String>,
    pub within: Vec<String>,
    pub mentions: Vec<String>,
    pub has: Vec<Has>,
    /// Earlier than this, ms UTC.
    pub before: Option<u64>,
    /// This or later, ms UTC.
    pub since: Option<u64>,
    pub notes: Vec<SearchNote>,
}

impl Asked {
    pub fn parse(text: &str, now_ms: u64, zone_minutes: i32) -> Self {
        let mut asked = Self::default();
        let text: String = text.chars().take(ASKED_CHARS).collect();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let piece = Piece::take(&mut rest);
            asked.add(&piece, now_ms, zone_minutes);
        }
        asked
    }

    /// Nothing that could be looked for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
            && self.from.is_empty()
            && self.within.is_empty()
            && self.mentions.is_empty()
            && self.has.is_empty()
            && self.before.is_none()
            && self.since.is_none()
    }

    fn add(&mut self, piece: &Piece<'_>, now_ms: u64, zone_minutes: i32) {
        let Some(key) = piece.key else {
            let words = words(piece.value);
            if !words.is_empty() && self.terms.len() < TERMS_MAX {
                self.terms.push(words);
            }
            return;
        };
        let value = piece.value.trim();
        let name = || value.to_owned();
        if value.is_empty() {
            self.notes.push(SearchNote::Empty {
                filter: key.to_lowercase(),
            });
            return;
        }
        let span = || date::parse(value, now_ms, zone_minutes);
        match key.to_lowercase().as_str() {
            "from" => push(&mut self.from, name()),
            "in" => push(&mut self.within, name()),
            "mentions" => push(&mut self.mentions, name()),
            "has" => match Has::parse(value) {
                Some(has) => self.has.push(has),
                None => self.notes.push(SearchNote::NoSuchKind { text: name() }),
            },
            "before" => match span() {
                Some(Span { from, .. }) => {
                    self.before = Some(self.before.map_or(from, |known| known.min(from)));
                }
                None => self.notes.push(SearchNote::NoDate { text: name() }),
            },
            _ => match span() {
                Some(Span { to, .. }) => {
                    self.since = Some(self.since.map_or(to, |known| known.max(to)));
                }
                None => self.notes.push(SearchNote::NoDate { text: name() }),
            },
        }
    }
}

fn push(names: &mut Vec<String>, name: String) {
    if names.len() < TERMS_MAX {
        names.push(name);
    }
}

const KEYS: [&str; 6] = ["from", "in", "has", "before", "after", "mentions"];

/// A word, something in quotes, or a filter with its value.
#[derive(Debug, PartialEq, Eq)]
struct Piece<'a> {
    key: Option<&'a str>,
    value: &'a str,
}

impl<'a> Piece<'a> {
    /// Takes the next piece off a text that does not begin with a space.
    fn take(rest: &mut &'a str) -> Self {
        let text = *rest;
        let key = text
            .find(':')
            .map(|at| &text[..at])
            .filter(|key| KEYS.iter().any(|known| known.eq_ignore_ascii_case(key)));
        let from = key.map_or(0, |key| key.len() + 1);
        let value = &text[from..];
        let (value, after) = match value.strip_prefix(['"', '“', '„']) {
            Some(quoted) => match quoted.find(['"', '”', '“']) {
                Some(end) => {
                    let close = quoted[end..].chars().next().map_or(1, char::len_utf8);
                    (&quoted[..end], &quoted[end + close..])
                }
                // Still being typed.
                None => (quoted, ""),
            },
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        *rest = after.trim_start();
        Self { key, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_303_800_000;

    fn asked(text: &str) -> Asked {
        Asked::parse(text, NOW, 0)
    }

    fn terms(text: &str) -> Vec<Vec<String>> {
        let text_of = |word: &Word| word.letters.iter().map(|letter| letter.folded).collect();
        let terms = asked(text).terms;
        terms
            .iter()
            .map(|term| term.iter().map(text_of).collect())
            .collect()
    }

    #[test]
    fn words_and_quotes_are_terms() {
        assert_eq!(terms("red  Apple"), [["red"], ["apple"]]);
        assert_eq!(
            terms("\"red apple\" pie"),
            [vec!["red", "apple"], vec!["pie"]]
        );
        assert_eq!(
            terms("“red apple” pie"),
            [vec!["red", "apple"], vec!["pie"]]
        );
        assert_eq!(terms("\"red app"), [vec!["red", "app"]]);
        assert_eq!(
            terms("foo.bar https://a.example"),
            [vec!["foo", "bar"], vec!["https", "a", "example"]]
        );
    }

    #[test]
    fn filters_have_values_that_may_be_quoted() {
        let all = asked(
            "from:bob FROM:\"Carol Ann\" in:#general has:Link before:2026-11-02 after:2026-10 mentions:me x",
        );
        assert_eq!(all.from, ["bob", "Carol Ann"]);
        assert_eq!(all.within, ["#general"]);
        assert_eq!(all.mentions, ["me"]);
        assert_eq!(all.has, [Has::Link]);
        assert_eq!(all.terms.len(), 1);
        assert_eq!(all.before, Some(1_793_577_600_000));
        assert_eq!(all.since, Some(1_793_491_200_000));
        assert_eq!(all.notes, []);
    }

    #[test]
    fn what_is_no_filter_is_text_and_what_is_not_understood_is_told() {
        assert_eq!(
            terms("12:30 author:bob"),
            [vec!["12", "30"], vec!["author", "bob"]]
        );
        let odd = asked("has:dragons before:soon from:");
        assert_eq!(
            odd.notes,
            [
                SearchNote::NoSuchKind {
                    text: "dragons".into()
                },
                SearchNote::NoDate {
                    text: "soon".into()
                },
                SearchNote::Empty {
                    filter: "from".into()
                },
            ]
        );
        assert!(odd.is_empty());
    }

    #[test]
    fn no_input_makes_it_fail() {
        let bits = [
            "\"", "“", ":", "from:", "in:\"", " ", "\u{301}", "a", "東", "🎉", "before:", "NEAR(",
            "*", "\\", "\0", "-",
        ];
        // Every text of up to four of these pieces.
        for number in 0..bits.len().pow(4) {
            let text: String = (0..4)
                .map(|at| bits[number / bits.len().pow(at) % bits.len()])
                .collect();
            let asked = asked(&text);
            assert!(asked.terms.iter().all(|term| !term.is_empty()));
        }
        assert!(asked(&"x ".repeat(9_999)).terms.len() <= TERMS_MAX);
        assert!(asked(&"from:x ".repeat(9_999)).from.len() <= TERMS_MAX);
    }
}
