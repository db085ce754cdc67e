//! Polls as a person is shown them.

use serde::{Deserialize, Serialize};

view! {
pub struct PollView {
    pub question: String,
    pub options: Vec<PollOptionView>,
    /// A person may choose several.
    pub many: bool,
    pub ends_at: Option<u64>,
    /// It has ended: later votes do not count.
    pub over: bool,
    /// People who chose something.
    pub voters: u32,
}

pub struct PollOptionView {
    pub text: String,
    pub count: u32,
    pub mine: bool,
    /// Who chose it, the first of them.
    pub names: Vec<String>,
}
}
