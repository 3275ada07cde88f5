//! `cargo xtask test`: every check and every test there is, and one count at the end.

mod step;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Result;
use clap::Args;

use self::step::{Made, Step};
use crate::{child::spoken, project::Project, tally::Tally};

/// Which checks and tests to run.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Runs only the tests whose name contains this, and no checks.
    filter: Option<String>,
    /// Runs only this step; may be given several times.
    #[arg(long = "step", value_name = "STEP")]
    steps: Vec<Step>,
}

impl Selection {
    fn steps(&self) -> Vec<Step> {
        if !self.steps.is_empty() {
            return self.steps.clone();
        }
        Step::ALL.into_iter().filter(|step| self.filter.is_none() || step.has_tests()).collect()
    }
}

/// What became of a step.
struct Report {
    step: Step,
    tally: Tally,
    took: Duration,
}

pub(crate) fn run(project: &Project, selection: &Selection) -> Result<ExitCode> {
    let begin = Instant::now();
    let steps = selection.steps();
    let mut made = Made::default();
    let mut reports = Vec::new();
    for (index, step) in steps.iter().copied().enumerate() {
        println!("\n==> [{}/{}] {}", index + 1, steps.len(), step.announcement());
        let begin = Instant::now();
        let tally = step.carry_out(project, selection.filter.as_deref(), &mut made).unwrap_or_else(
            |error| {
                eprintln!("\nerror: {error:#}");
                Tally::FAILED
            },
        );
        reports.push(Report { step, tally, took: begin.elapsed() });
    }
    let total = total(&reports, selection.filter.as_deref());
    print_reports(&reports, begin.elapsed());
    println!("\n{} passed, {} failed", total.passed, total.failed);
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The sum over all steps; a filter that matches no test anywhere is a mistake, so it counts as a failure.
fn total(reports: &[Report], filter: Option<&str>) -> Tally {
    let mut total = Tally::default();
    for report in reports {
        total += report.tally;
    }
    if let Some(filter) = filter.filter(|_| total == Tally::default()) {
        eprintln!("\nerror: no test's name contains \"{filter}\".");
        total += Tally::FAILED;
    }
    total
}

fn print_reports(reports: &[Report], took: Duration) {
    println!("\n{:<14} {:>7} {:>7}  time", "step", "passed", "failed");
    for Report { step, tally, took } in reports {
        let Tally { passed, failed } = tally;
        println!("{:<14} {passed:>7} {failed:>7}  {}", step.name(), spoken(*took));
    }
    println!("All in {}.", spoken(took));

    let failed: Vec<_> = reports.iter().filter(|report| report.tally.failed > 0).collect();
    if !failed.is_empty() {
        println!("\nWhat failed stands above, under its step. To run such a step alone:");
    }
    for report in failed {
        println!("    cargo xtask test --step {}", report.step.name());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Report, Selection, Step, Tally, total};

    fn report(step: Step, tally: Tally) -> Report {
        Report { step, tally, took: Duration::ZERO }
    }

    #[test]
    fn counts_add_up_over_steps() {
        let reports = [
            report(Step::Fmt, Tally::PASSED),
            report(Step::Native, Tally { passed: 40, failed: 2 }),
            report(Step::E2e, Tally::FAILED),
        ];
        assert_eq!(total(&reports, None), Tally { passed: 41, failed: 3 });
    }

    #[test]
    fn a_filter_that_matches_nothing_fails() {
        let none = [report(Step::Native, Tally::default())];
        assert_eq!(total(&none, Some("x")), Tally::FAILED);
        let one = [report(Step::Native, Tally::PASSED)];
        assert_eq!(total(&one, Some("x")), Tally::PASSED);
    }

    #[test]
    fn a_filter_leaves_out_what_has_no_tests() {
        let with = |filter: Option<&str>| {
            Selection { filter: filter.map(str::to_owned), steps: Vec::new() }.steps()
        };
        assert_eq!(with(None), Step::ALL);
        let tested = [
            Step::Native,
            Step::Model,
            Step::Interop,
            Step::Browser,
            Step::E2e,
            Step::Connectivity,
        ];
        assert_eq!(with(Some("x")), tested);
    }
}
