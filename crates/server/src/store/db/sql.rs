//! One SQL text for both databases.
//!
//! Statements are constants, written once for PostgreSQL with `$1` parameters. For SQLite the
//! same text is rewritten while compiling: `$1` becomes `?1`, and the lock suffix (`FOR UPDATE`,
//! `FOR SHARE`, `SKIP LOCKED`) becomes blank, because SQLite has one writer.

/// A statement in both dialects, equal in length.
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    pub name: &'static str,
    pub postgres: &'static str,
    pub sqlite: &'static str,
}

/// Declares statements and lists them in `STATEMENTS`, so that a test can prepare each of them on
/// both databases.
#[macro_export]
macro_rules! sql {
    ($($(#[$meta:meta])* $name:ident = $text:expr;)*) => {
        $(
            $(#[$meta])*
            const $name: $crate::store::db::Sql = {
                const TEXT: &str = $text;
                const BYTES: [u8; TEXT.len()] = $crate::store::db::sqlite_text(TEXT);
                $crate::store::db::Sql {
                    name: concat!(module_path!(), "::", stringify!($name)),
                    postgres: TEXT,
                    sqlite: match std::str::from_utf8(&BYTES) {
                        Ok(text) => text,
                        Err(_) => panic!("a statement is valid UTF-8"),
                    },
                }
            };
        )*
        /// Every statement of this file.
        #[cfg(test)]
        #[allow(dead_code, reason = "the tests of the macro itself don't list theirs")]
        pub(in $crate::store) const STATEMENTS: &[$crate::store::db::Sql] = &[$($name),*];
    };
}

const LOCKS: [&str; 3] = ["FOR UPDATE", "FOR SHARE", "SKIP LOCKED"];

/// The SQLite text of a statement; see the module.
pub const fn sqlite_text<const N: usize>(text: &str) -> [u8; N] {
    let source = text.as_bytes();
    let mut out = [0_u8; N];
    let mut at = 0;
    while at < N {
        out[at] = if source[at] == b'$' { b'?' } else { source[at] };
        at += 1;
    }
    let mut lock = 0;
    while lock < LOCKS.len() {
        let pattern = LOCKS[lock].as_bytes();
        let mut at = 0;
        while at + pattern.len() <= N {
            if starts_with(source, at, pattern) {
                let mut blank = 0;
                while blank < pattern.len() {
                    out[at + blank] = b' ';
                    blank += 1;
                }
            }
            at += 1;
        }
        lock += 1;
    }
    out
}

const fn starts_with(text: &[u8], at: usize, pattern: &[u8]) -> bool {
    let mut i = 0;
    while i < pattern.len() {
        if text[at + i] != pattern[i] {
            return false;
        }
        i += 1;
    }
    true
}

impl Sql {
    /// The statement for `rows` rows: its one group after `VALUES` is repeated with parameters
    /// numbered on.
    pub(super) fn for_rows(self, rows: usize, width: usize) -> String {
        let text = self.postgres;
        let (head, rest) = text
            .split_once("VALUES")
            .expect("an insert of rows has VALUES");
        let close = rest.find(')').expect("VALUES has one group");
        let (group, tail) = rest.split_at(close + 1);
        let mut out = format!("{head}VALUES");
        for row in 0..rows {
            if row > 0 {
                out.push(',');
            }
            let mut pieces = group.split('$');
            out.push_str(pieces.next().unwrap_or_default());
            for piece in pieces {
                let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
                let number: usize = piece[..digits].parse().expect("a parameter has a number");
                out.push('$');
                out.push_str(&(row * width + number).to_string());
                out.push_str(&piece[digits..]);
            }
        }
        out.push_str(tail);
        out
    }
}

#[cfg(test)]
mod tests {
    sql! {
        LOCKED = "SELECT seq FROM channel WHERE id = $1 AND at > $12 FOR UPDATE";
        ROWS = "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    }

    #[test]
    fn the_sqlite_text_has_question_marks_and_no_locks() {
        assert_eq!(
            LOCKED.sqlite.trim_end(),
            "SELECT seq FROM channel WHERE id = ?1 AND at > ?12"
        );
        assert_eq!(LOCKED.postgres.len(), LOCKED.sqlite.len());
        assert_eq!(STATEMENTS.len(), 2);
    }

    #[test]
    fn rows_are_numbered_on() {
        assert_eq!(
            ROWS.for_rows(2, 2),
            "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING"
        );
    }
}
