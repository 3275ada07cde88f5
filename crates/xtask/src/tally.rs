//! How many tests passed: read off the lines that Rust's test programs end with.

use std::ops::AddAssign;

/// Tests that passed, and tests that did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// One thing that was checked and is right.
    pub(crate) const PASSED: Self = Self { passed: 1, failed: 0 };
    /// One thing that was checked and is wrong, or could not be checked.
    pub(crate) const FAILED: Self = Self { passed: 0, failed: 1 };

    /// Reads a line like `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out`; `None` if it
    /// is none. An ignored test counts as failed: a test that nobody runs is a defect.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let (_, counts) = line.split_once("test result: ")?;
        let count = |label| {
            let (before, _) = counts.split_once(label)?;
            before.rsplit(' ').next()?.parse::<u64>().ok()
        };
        let ignored = count(" ignored").unwrap_or(0);
        Some(Self { passed: count(" passed")?, failed: count(" failed")? + ignored })
    }

    /// What a run of tests amounts to: what it counted, and one failure more if it failed with none counted.
    pub(crate) fn of_run(counted: Self, succeeded: bool) -> Self {
        let crashed = !succeeded && counted.failed == 0;
        Self { failed: counted.failed + u64::from(crashed), ..counted }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    const fn tally(passed: u64, failed: u64) -> Tally {
        Tally { passed, failed }
    }

    #[test]
    fn result_lines_are_read_and_others_are_not() {
        for (line, expected) in [
            (
                "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
                Some(tally(3, 0)),
            ),
            (
                "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 7 filtered out",
                Some(tally(12, 3)),
            ),
            ("test result: \u{1b}[32mok\u{1b}[m. 1 passed; 0 failed; 0 ignored", Some(tally(1, 0))),
            ("test result: ok. 1 passed; 0 failed; 0 ignored; 0 filtered out", Some(tally(1, 0))),
            ("test tests::a_test ... ok", None),
            ("running 3 tests", None),
            ("test result: nonsense", None),
            ("", None),
        ] {
            assert_eq!(Tally::of_line(line), expected, "{line}");
        }
    }

    #[test]
    fn sums_are_of_both_kinds() {
        let mut sum = Tally::default();
        for line in [
            "test result: ok. 3 passed; 0 failed; 0 ignored",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored",
        ] {
            sum += Tally::of_line(line).unwrap();
        }
        sum += Tally::PASSED;
        sum += Tally::FAILED;
        assert_eq!(sum, tally(5, 3));
    }

    #[test]
    fn a_run_with_a_crash_has_failed() {
        for (counted, succeeded, expected) in [
            (tally(3, 0), true, tally(3, 0)),
            (tally(3, 0), false, tally(3, 1)),
            (tally(3, 2), false, tally(3, 2)),
            (tally(0, 0), true, tally(0, 0)),
            (tally(0, 0), false, tally(0, 1)),
        ] {
            assert_eq!(Tally::of_run(counted, succeeded), expected);
        }
    }
}
