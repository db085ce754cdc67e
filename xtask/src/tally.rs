//! How many tests passed and failed, read from what the test runners say themselves.

use std::fmt;
use std::ops::AddAssign;

use anyhow::{Context, Result};

/// Counts of tests that ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// Sums cargo's closing line of each test program.
    pub(crate) fn of_cargo(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output
            .lines()
            .filter(|line| line.starts_with("test result: "))
        {
            tally += Self {
                passed: number_before(line, " passed"),
                failed: number_before(line, " failed"),
            };
        }
        tally
    }

    /// Reads vitest's report in JSON.
    pub(crate) fn of_vitest(report: &str) -> Result<Self> {
        let report: serde_json::Value = serde_json::from_str(report).context("vitest's report")?;
        let count = |name: &str| {
            report[name]
                .as_u64()
                .with_context(|| format!("vitest's report has no {name}"))
        };
        Ok(Self {
            passed: count("numPassedTests")?,
            failed: count("numFailedTests")?,
        })
    }

    /// Reads the closing lines of Node's test runner, `pass 3` and `fail 0` after a mark.
    pub(crate) fn of_node(output: &str) -> Self {
        let count = |word: &str| {
            output
                .lines()
                .rev()
                .filter_map(|line| line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")))
                .find_map(|line| line.strip_prefix(word)?.trim().parse().ok())
                .unwrap_or(0)
        };
        Self {
            passed: count("pass "),
            failed: count("fail "),
        }
    }

    pub(crate) fn ran(self) -> u64 {
        self.passed + self.failed
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)
    }
}

fn number_before(line: &str, word: &str) -> u64 {
    let before = line.find(word).map_or("", |at| &line[..at]);
    before
        .rsplit(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_all_cargo_test_programs_are_summed() {
        let output = "running 3 tests\n\
            test a ... ok\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";
        assert_eq!(
            Tally::of_cargo(output),
            Tally {
                passed: 13,
                failed: 2
            }
        );
    }

    #[test]
    fn vitest_says_how_many_or_it_is_an_error() {
        let report = r#"{"numTotalTests": 7, "numPassedTests": 5, "numFailedTests": 2}"#;
        assert_eq!(
            Tally::of_vitest(report).expect("complete"),
            Tally {
                passed: 5,
                failed: 2
            }
        );
        assert!(Tally::of_vitest("{}").is_err());
    }

    #[test]
    fn both_forms_of_nodes_closing_lines_count_and_the_last_ones_win() {
        assert_eq!(
            Tally::of_node("# tests 4\n# pass 3\n# fail 1\n"),
            Tally {
                passed: 3,
                failed: 1
            }
        );
        assert_eq!(
            Tally::of_node("ℹ pass 9\nℹ fail 9\nℹ pass 12\nℹ fail 0\n"),
            Tally {
                passed: 12,
                failed: 0
            }
        );
        assert_eq!(Tally::of_node("it ended before that"), Tally::default());
    }

    #[test]
    fn the_closing_line_has_its_exact_form() {
        assert_eq!(
            Tally {
                passed: 412,
                failed: 0
            }
            .to_string(),
            "412 passed, 0 failed"
        );
    }
}
