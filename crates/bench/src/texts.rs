//! Texts that are used as texts are: few words much and most seldom. The same ones in every run.

/// A message of 4 to 40 words.
pub(crate) fn text(chance: &mut Chance) -> String {
    const COMMON: [&str; 32] = [
        "the", "a", "to", "and", "of", "in", "is", "it", "you", "that", "we", "for", "on", "are",
        "with", "be", "this", "have", "at", "not", "boat", "an", "will", "there", "what", "all",
        "if", "can", "so", "rowing", "morning", "oats",
    ];
    const SELDOM: [&str; 8] = [
        "harbour",
        "lighthouse",
        "regatta",
        "https://example.org/a",
        "北京",
        "zeppelin",
        "`code`",
        "Übung",
    ];
    let count = 4 + chance.below(37);
    let mut words: Vec<String> = Vec::new();
    for _ in 0..count {
        words.push(match chance.below(100) {
            0..70 => COMMON[(chance.below(32).min(chance.below(32))) as usize].to_owned(),
            70..73 => SELDOM[(chance.below(8).min(chance.below(8))) as usize].to_owned(),
            // A vocabulary of thousands of made-up words.
            _ => made_up(chance.below(4_000) * chance.below(4_000) / 4_000),
        });
    }
    words.join(" ")
}

fn made_up(mut number: u64) -> String {
    const PARTS: [&str; 16] = [
        "ka", "re", "mon", "ti", "sel", "vo", "lin", "da", "fu", "pra", "ge", "stom", "hu", "bel",
        "cor", "ny",
    ];
    let mut word = String::new();
    loop {
        word.push_str(PARTS[(number % 16) as usize]);
        number /= 16;
        if number == 0 {
            return word;
        }
    }
}

/// The same texts in every run (a linear congruential generator).
#[derive(Debug)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}
