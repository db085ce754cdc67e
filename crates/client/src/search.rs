//! Search on this device: what people type, and how a text matches it. Nothing here touches the
//! store; `store/search.rs` keeps the index, `flow/search.rs` fills it.
//!
//! A text is cut into words. Words are compared in a folded form: without accents, without
//! capitals. In scripts that put no spaces between words, each character is a word's part of its
//! own, so that any run of characters is found.

mod ask;
mod date;
mod snippet;
mod word;

pub(crate) use ask::{Asked, Has, Term};
pub(crate) use snippet::{find, parts};
pub(crate) use word::{Word, fold, words};

/// Words that are looked for at once; more are ignored.
pub(crate) const TERMS_MAX: usize = 16;
/// Characters of what is typed that are read.
pub(crate) const ASKED_CHARS: usize = 500;
