//! What happened, in one hash and in a short history.
//!
//! Hashed are kinds, names, ids, numbers, epochs and outcomes; never keys or ciphertexts, which
//! the real primitives draw from the operating system.

use std::{collections::VecDeque, fmt::Write};

use sha2::{Digest, Sha256};

#[derive(Debug, Default)]
pub struct Trace {
    hash: Sha256,
    /// Lines that are kept.
    pub length: usize,
    history: VecDeque<String>,
}

impl Trace {
    pub fn note(&mut self, line: String) {
        self.hash.update((line.len() as u64).to_le_bytes());
        self.hash.update(line.as_bytes());
        if self.history.len() >= self.length {
            self.history.pop_front();
        }
        self.history.push_back(line);
    }

    /// The hash so far, as 32 hexadecimal digits.
    pub fn hex(&self) -> String {
        let digest = self.hash.clone().finalize();
        digest.iter().take(16).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    pub fn history(&self) -> impl Iterator<Item = &str> {
        self.history.iter().map(String::as_str)
    }
}
