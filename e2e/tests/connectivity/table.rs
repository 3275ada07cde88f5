//! What came of all scenarios, as a table.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use e2e::scene::Failure;

use crate::{call::Outcome, scenarios::Scenario};

/// A row for each scenario that was played.
#[derive(Default)]
pub(crate) struct Table(Mutex<Vec<[String; 5]>>);

const HEAD: [&str; 5] = ["scenario", "caller", "callee", "first picture", ""];

impl Table {
    pub(crate) fn add(&self, scenario: &Scenario, outcome: &Result<Outcome, Failure>) {
        let row = match outcome {
            Ok(Outcome { paths: [caller, callee], first_picture, back_after }) => {
                let [one, other] = first_picture.map(seconds);
                let back = back_after.map(|time| format!("picture back after {}", seconds(time)));
                [
                    scenario.name.to_owned(),
                    caller.clone(),
                    callee.clone(),
                    format!("{one}, {other}"),
                    back.unwrap_or_default(),
                ]
            }
            Err(_) => [scenario.name, "-", "-", "-", "failed"].map(str::to_owned),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    }

    /// Prints it, unless nothing was played.
    pub(crate) fn print(&self) {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.is_empty() {
            return;
        }
        println!("\nThe path at either end, and the time from the accepting to the first picture:");
        for row in [HEAD.map(str::to_owned)].iter().chain(rows.iter()) {
            let [name, caller, callee, picture, more] = row;
            let line = format!("    {name:<16} {caller:<10} {callee:<10} {picture:<15} {more}");
            println!("{}", line.trim_end());
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
