//! Where a text matches, and the part of it that is shown.

use super::{
    ask::Term,
    word::{Word, words},
};
use crate::view::SnippetPart;

/// Characters that are shown before the first match.
const BEFORE_CHARS: usize = 60;
/// Characters that are shown in all.
const SHOWN_CHARS: usize = 220;

/// A text that has everything that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Bytes of the text, in order, not overlapping.
    pub hits: Vec<(usize, usize)>,
    /// The better it fits, the higher.
    pub score: u32,
}

/// Looks for every term in a text; none if one is missing.
pub(crate) fn find(text: &str, terms: &[Term]) -> Option<Found> {
    let words = words(text);
    let mut hits = Vec::new();
    let mut score = 0;
    for term in terms {
        let before = hits.len();
        let mut best = 0;
        for at in 0..words.len() {
            best = best.max(find_at(&words[at..], term, &mut hits));
        }
        if hits.len() == before {
            return None;
        }
        // How well it fits counts more than how often it stands there.
        score += best * 100 + (hits.len() - before).min(9) as u32;
    }
    hits.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::with_capacity(hits.len());
    for (from, to) in hits {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    Some(Found {
        hits: joined,
        score,
    })
}

/// Looks for a term that begins in the first of these words. 3: whole words; 2: a beginning; 1:
/// somewhere inside; 0: not here.
fn find_at(words: &[Word], term: &Term, hits: &mut Vec<(usize, usize)>) -> u32 {
    let count = term.len();
    if words.len() < count {
        return 0;
    }
    let mut fit = 3;
    let mut found = Vec::new();
    for (index, (word, wanted)) in words.iter().zip(term).enumerate() {
        // All but the outer ends of a phrase must be whole.
        let places = word.places(wanted).into_iter().filter(|(from, to)| {
            (index == 0 || *from == 0) && (index + 1 == count || *to == word.len())
        });
        let before = found.len();
        for (from, to) in places {
            fit = fit.min(match (from, to == word.len()) {
                (0, true) => 3,
                (0, false) => 2,
                _ => 1,
            });
            found.push((word.letters[from].from, word.letters[to - 1].to));
        }
        if found.len() == before {
            return 0;
        }
    }
    hits.extend(found);
    fit
}

/// The part of a text around its first match; each hit is a part of its own. Lines are joined.
/// The flags say whether something was left out before and after it.
pub(crate) fn parts(text: &str, hits: &[(usize, usize)]) -> (Vec<SnippetPart>, bool, bool) {
    let first = hits.first().map_or(0, |hit| hit.0);
    let from = text[..first]
        .char_indices()
        .rev()
        .nth(BEFORE_CHARS - 1)
        .map_or(0, |(at, _)| word_after(text, at, first));
    let to = text[from..]
        .char_indices()
        .nth(SHOWN_CHARS)
        .map_or(text.len(), |(at, _)| from + at);
    let mut parts = Vec::new();
    let mut at = from;
    for (start, end) in hits {
        let (start, end) = ((*start).clamp(at, to), (*end).clamp(at, to));
        push(&mut parts, &text[at..start], false);
        push(&mut parts, &text[start..end], true);
        at = end;
    }
    push(&mut parts, &text[at..to], false);
    (parts, from > 0, to < text.len())
}

/// The next beginning of a word at or after `at`, if one comes before `first`.
fn word_after(text: &str, at: usize, first: usize) -> usize {
    text[at..first]
        .find(char::is_whitespace)
        .map_or(at, |space| {
            let rest = &text[at + space..first];
            first - rest.trim_start().len()
        })
}

fn push(parts: &mut Vec<SnippetPart>, text: &str, hit: bool) {
    if text.is_empty() {
        return;
    }
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c != ' ' || !line.ends_with(' ') {
            line.push(c);
        }
    }
    parts.push(SnippetPart { text: line, hit });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Asked;

    fn shown(text: &str, asked: &str) -> Option<String> {
        let found = find(text, &Asked::parse(asked, 0, 0).terms)?;
        let (parts, before, after) = parts(text, &found.hits);
        let mut line = String::new();
        if before {
            line.push('…');
        }
        for part in parts {
            if part.hit {
                line.extend(["[", &part.text, "]"]);
            } else {
                line.push_str(&part.text);
            }
        }
        if after {
            line.push('…');
        }
        Some(line)
    }

    #[test]
    fn hits_are_marked_in_the_text_as_it_was_written() {
        assert_eq!(
            shown("Crème brûlée!", "BRULE"),
            Some("Crème [brûlé]e!".into())
        );
        assert_eq!(shown("I saw it", "it i"), Some("[I] saw [it]".into()));
        assert_eq!(shown("with it", "ith"), Some("w[ith] it".into()));
        assert_eq!(shown("東京都に行く", "京都"), Some("東[京都]に行く".into()));
        assert_eq!(shown("東京都に行く", "に"), Some("東京都[に]行く".into()));
        assert_eq!(shown("Straße", "strass"), Some("[Straß]e".into()));
        assert_eq!(shown("aaaa", "aaa"), Some("[aaaa]".into()));
    }

    #[test]
    fn a_phrase_stands_in_order_and_its_ends_may_be_cut() {
        assert_eq!(
            shown("a scared apple pie", "\"red app\""),
            Some("a sca[red] [app]le pie".into())
        );
        assert_eq!(
            shown("a red apple pie", "\"red app\""),
            Some("a [red] [app]le pie".into())
        );
        assert_eq!(shown("the redapple", "\"red apple\""), None);
        assert_eq!(shown("apple red", "\"red apple\""), None);
        assert_eq!(
            shown("see foo.bar", "foo.bar"),
            Some("see [foo].[bar]".into())
        );
    }

    #[test]
    fn every_term_must_be_there() {
        assert_eq!(shown("red apple", "red pear"), None);
        assert_eq!(shown("abc bcd", "abcd"), None);
    }

    #[test]
    fn whole_words_fit_better_than_parts() {
        let score = |text: &str| find(text, &Asked::parse("art", 0, 0).terms).unwrap().score;
        assert!(score("art") > score("artist") && score("artist") > score("part part part"));
    }

    #[test]
    fn a_long_text_is_cut_around_the_first_hit() {
        let text = format!("{}needle\n\n  {}", "hay ".repeat(200), "straw ".repeat(200));
        let line = shown(&text, "needle").unwrap();
        assert!(
            line.starts_with("…hay ") && line.contains("[needle] straw") && line.ends_with('…')
        );
        assert!(line.chars().count() < SHOWN_CHARS + 10);
        let wide = "東".repeat(999);
        assert!(shown(&wide, "東").is_some());
    }
}
