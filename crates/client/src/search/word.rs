//! Cutting a text into folded words, and words into the tokens of the index.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Letters of a word that are looked at when it is searched for.
const WORD_CHARS: usize = 64;

/// A folded character and the bytes of the text that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Letter {
    pub folded: char,
    pub from: usize,
    pub to: usize,
}

/// A run of letters and digits, of ideographs, or one emoji.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Word {
    pub letters: Vec<Letter>,
    /// Written without spaces between words: any part of it may be looked for.
    pub ideographs: bool,
}

impl Word {
    pub fn len(&self) -> usize {
        self.letters.len()
    }

    /// Where `wanted` stands in this word, as ranges of letters. One or two letters stand for
    /// whole words only: they would be found everywhere.
    pub fn places(&self, wanted: &Word) -> Vec<(usize, usize)> {
        let size = wanted.len();
        let same = |at: usize| {
            let part = &self.letters[at..at + size];
            part.iter()
                .zip(&wanted.letters)
                .all(|(a, b)| a.folded == b.folded)
        };
        if size == 0 || size > self.len() || self.ideographs != wanted.ideographs {
            return Vec::new();
        }
        if !wanted.ideographs && size <= 2 {
            return if size == self.len() && same(0) {
                vec![(0, size)]
            } else {
                Vec::new()
            };
        }
        (0..=self.len() - size)
            .filter(|at| same(*at))
            .map(|at| (at, at + size))
            .collect()
    }

    fn run(&self, from: usize, to: usize) -> String {
        self.letters[from..to]
            .iter()
            .map(|letter| letter.folded)
            .collect()
    }

    /// What stands in the index for this word: every three letters in a row, every two
    /// ideographs in a row and the last one.
    pub fn tokens(&self) -> Vec<String> {
        let size = self.len();
        if self.ideographs {
            (0..size)
                .map(|at| self.run(at, (at + 2).min(size)))
                .collect()
        } else if size <= 2 {
            vec![self.run(0, size)]
        } else {
            (0..=size - 3).map(|at| self.run(at, at + 3)).collect()
        }
    }

    /// The same word as a condition on the index, in its query language.
    pub fn condition(&self) -> String {
        let mut tokens = self.tokens();
        tokens.truncate(WORD_CHARS);
        if !self.ideographs {
            return format!("\"{}\"", tokens.join(" "));
        }
        if self.len() == 1 {
            return format!("\"{}\" *", tokens[0]);
        }
        if self.len() <= WORD_CHARS {
            // The last token stands for the end of a run, which need not end here.
            tokens.pop();
        }
        format!("\"{}\"", tokens.join(" "))
    }
}

/// The words of a text, in order.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut all = Vec::new();
    let mut word = Word::default();
    for (from, c) in text.char_indices() {
        let to = from + c.len_utf8();
        let kind = kind(c);
        if kind == Kind::Mark {
            // Belongs to the letter before it, or to nothing.
            if let Some(last) = word.letters.last_mut() {
                last.to = to;
            }
            continue;
        }
        let goes_on = match kind {
            Kind::Letter => !word.ideographs,
            Kind::Ideograph => word.ideographs,
            Kind::Symbol | Kind::Between | Kind::Mark => false,
        };
        if !goes_on && !word.letters.is_empty() {
            all.push(std::mem::take(&mut word));
        }
        if kind == Kind::Between {
            continue;
        }
        word.ideographs = kind == Kind::Ideograph;
        for folded in folded(c, kind) {
            word.letters.push(Letter { folded, from, to });
        }
        if kind == Kind::Symbol && !word.letters.is_empty() {
            all.push(std::mem::take(&mut word));
        }
    }
    if !word.letters.is_empty() {
        all.push(word);
    }
    all
}

/// A name as it is compared: folded, with everything but letters and digits left out.
pub(crate) fn fold(text: &str) -> String {
    let words = words(text);
    let letters = words.iter().flat_map(|word| &word.letters);
    letters.map(|letter| letter.folded).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Ideograph,
    /// An accent or a variant of the character before it; not compared.
    Mark,
    /// An emoji or another sign that is a word by itself.
    Symbol,
    Between,
}

fn kind(c: char) -> Kind {
    match c {
        _ if is_ideograph(c) => Kind::Ideograph,
        _ if is_dropped(c) => Kind::Mark,
        _ if c.is_alphanumeric() || is_combining_mark(c) => Kind::Letter,
        '\0'..='\u{a8}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' => Kind::Between,
        _ if c.is_whitespace() || c.is_control() => Kind::Between,
        _ => Kind::Symbol,
    }
}

/// Han, kana, bopomofo and Hangul.
const fn is_ideograph(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11ff}' | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9d}'
        | '\u{1aff0}'..='\u{1b16f}' | '\u{20000}'..='\u{323af}')
}

/// Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic, what joins or varies emoji.
/// Vowel signs of other scripts are letters.
const fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}'
        | '\u{5c4}'..='\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}'
        | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{200b}'..='\u{200f}' | '\u{20d0}'..='\u{20ff}' | '\u{3099}'..='\u{309a}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{ff9e}'..='\u{ff9f}'
        | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0100}'..='\u{e01ef}')
}

/// A character without its accents and capitals; some become two.
fn folded(c: char, kind: Kind) -> Vec<char> {
    if c.is_ascii() {
        return vec![c.to_ascii_lowercase()];
    }
    if kind == Kind::Ideograph {
        // Composed: a taken apart syllable would not be the same any more.
        return std::iter::once(c)
            .nfkc()
            .filter(|c| !is_dropped(*c) && !c.is_whitespace())
            .collect();
    }
    let plain = std::iter::once(c)
        .nfkd()
        .filter(|c| !is_dropped(*c))
        .flat_map(char::to_lowercase);
    let mut all = Vec::new();
    for c in plain {
        match c {
            'ß' => all.extend(['s', 's']),
            'æ' => all.extend(['a', 'e']),
            'œ' => all.extend(['o', 'e']),
            'þ' => all.extend(['t', 'h']),
            'ø' => all.push('o'),
            'ł' => all.push('l'),
            'đ' | 'ð' => all.push('d'),
            'ı' => all.push('i'),
            'ς' => all.push('σ'),
            // Taken apart, `½` has a slash, and a capital dotted I a dot.
            c if is_dropped(c) || c.is_whitespace() || c == '\u{2044}' => {}
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => {}
            c => all.push(c),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text)
            .iter()
            .map(|word| word.run(0, word.len()))
            .collect()
    }

    #[test]
    fn words_are_compared_without_accents_and_capitals() {
        assert_eq!(
            texts("Crème BRÛLÉE, naïve—Straße"),
            ["creme", "brulee", "naive", "strasse"]
        );
        assert_eq!(
            texts("ΣΊΣΥΦΟΣ Ёлка İstanbul ﬁn"),
            ["σισυφοσ", "елка", "istanbul", "fin"]
        );
        // Composed or not, it is the same word.
        assert_eq!(texts("e\u{301}t\u{e9}"), ["ete"]);
        assert_eq!(fold("Bob_the.Builder 2"), "bobthebuilder2");
    }

    #[test]
    fn scripts_without_spaces_are_runs_of_their_own() {
        assert_eq!(texts("東京towerへ"), ["東京", "tower", "へ"]);
        assert_eq!(texts("ﾊﾝｶｸ"), ["ハンカク"]);
        // が is not か: its mark is part of it.
        assert_ne!(texts("が"), texts("か"));
        assert_eq!(texts("हिन्दी"), ["हिन्दी"]);
    }

    #[test]
    fn an_emoji_is_a_word() {
        assert_eq!(texts("party🎉🎉 now"), ["party", "🎉", "🎉", "now"]);
        assert_eq!(texts("❤️"), texts("❤"));
    }

    #[test]
    fn the_index_has_every_three_letters_and_every_two_ideographs() {
        let tokens = |text| {
            words(text)
                .iter()
                .flat_map(Word::tokens)
                .collect::<Vec<_>>()
        };
        assert_eq!(tokens("Hello"), ["hel", "ell", "llo"]);
        assert_eq!(tokens("a bc"), ["a", "bc"]);
        assert_eq!(tokens("東京都"), ["東京", "京都", "都"]);
        let condition = |text| words(text)[0].condition();
        assert_eq!(condition("ello"), "\"ell llo\"");
        assert_eq!(condition("東京都"), "\"東京 京都\"");
        assert_eq!(condition("京"), "\"京\" *");
    }

    #[test]
    fn letters_know_where_they_came_from() {
        let text = "ae\u{301} ß!";
        let all = words(text);
        assert_eq!((all[0].letters[1].from, all[0].letters[1].to), (1, 4));
        assert_eq!(&text[all[1].letters[0].from..all[1].letters[1].to], "ß");
    }

    #[test]
    fn nothing_that_can_be_typed_makes_it_fail() {
        for number in 0..=0x0010_ffff {
            let Some(c) = char::from_u32(number) else {
                continue;
            };
            let text = format!("a{c}b {c}");
            for word in words(&text) {
                assert!(!word.letters.is_empty());
                for token in word.tokens() {
                    // The index cuts at everything in ASCII that is no letter or digit.
                    let clean = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric();
                    assert!(token.chars().all(clean), "{number:x} {token:?}");
                }
                for letter in &word.letters {
                    assert!(text.get(letter.from..letter.to).is_some());
                }
            }
        }
    }
}
