//! What is shown: lines on stdout for people or, with `--json`, for programs; notes and failures
//! on stderr. No colour, no progress bar: the output is the same on a terminal and in a pipe.

use std::{
    fmt::Display,
    io::{self, ErrorKind, IsTerminal, Write},
};

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::failure::Failure;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    /// One object a line.
    Json,
}

#[derive(Debug)]
pub(crate) struct Print {
    form: Form,
}

impl Print {
    pub(crate) const fn new(form: Form) -> Print {
        Print { form }
    }

    pub(crate) const fn form(&self) -> Form {
        self.form
    }

    /// One line of the answer, in the form that was asked for, at once.
    pub(crate) fn line(&self, value: &Value, text: impl Display) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let written = match self.form {
            Form::Json => writeln!(out, "{value}"),
            Form::Text => writeln!(out, "{text}"),
        };
        match written.and_then(|()| out.flush()) {
            // The reader (`head`, a closed window) has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
            outcome => Ok(outcome?),
        }
    }

    /// Something worth knowing beside the answer. Programs that read JSON don't get it.
    pub(crate) fn note(&self, text: impl Display) {
        if self.form == Form::Text {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    pub(crate) fn failure(&self, failure: &Failure) {
        let mut sentences = failure.message.clone();
        if let Some(next) = &failure.next {
            sentences = format!("{sentences} {next}");
        }
        let sentences = printable(&sentences);
        let line = match self.form {
            Form::Json => {
                json!({"error": {"code": failure.code, "message": sentences}}).to_string()
            }
            Form::Text => sentences,
        };
        let _ = writeln!(io::stderr(), "{line}");
    }

    /// Somebody sits at a terminal and can be asked.
    pub(crate) fn can_ask() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}

/// Text of other people, fit for a terminal: control characters could move the cursor, change
/// what was printed before, or worse.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() => '\u{fffd}',
            // Marks that turn the direction of text could make a name look like another one.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Further lines of a text stand under its first.
pub(crate) fn indented(text: &str) -> String {
    printable(text).replace('\n', "\n    ")
}

/// A time in ms UTC, as `2026-11-21T12:14:03Z`.
pub(crate) fn moment(at_ms: u64) -> String {
    let at = OffsetDateTime::from_unix_timestamp((at_ms / 1_000) as i64).ok();
    at.and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| at_ms.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_command_the_terminal() {
        assert_eq!(
            printable("a\u{1b}[2Jb\r\u{9b}c"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}c"
        );
        assert_eq!(printable("a\u{202e}b"), "a\u{fffd}b");
        assert_eq!(indented("one\ntwo\tthree"), "one\n    two\tthree");
    }

    #[test]
    fn a_time_is_written_in_utc() {
        assert_eq!(moment(1_795_263_243_123), "2026-11-21T12:14:03Z");
    }
}
