//! Two real browsers call each other from everywhere: one scenario for each kind of network between them, and a table of
//! the paths that they found at the end. `cargo xtask connectivity` runs it.
//!
//! It needs network namespaces. Where they are not permitted it says so, and runs nothing.
#![allow(clippy::print_stdout, reason = "a test harness talks on its standard output")]

#[cfg(target_os = "linux")]
mod blocked;
#[cfg(target_os = "linux")]
mod call;
#[cfg(target_os = "linux")]
mod doctor;
#[cfg(target_os = "linux")]
mod lossy;
#[cfg(target_os = "linux")]
mod relay_restart;
#[cfg(target_os = "linux")]
mod scenarios;
#[cfg(target_os = "linux")]
mod table;
#[cfg(target_os = "linux")]
mod world;

use std::process::ExitCode;

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    println!("Connectivity is not tested here: network namespaces are Linux's.");
    ExitCode::SUCCESS
}

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use std::sync::Arc;

    use libtest_mimic::{Arguments, Trial};

    let mut arguments = Arguments::from_args();
    if !arguments.list
        && let Some(missing) = lab::missing()
    {
        println!("Connectivity is not tested here: {missing}.");
        return ExitCode::SUCCESS;
    }
    // Two browsers in a call are all that two cores can do without delaying the first picture.
    arguments.test_threads = arguments.test_threads.or(Some(1));
    let table = Arc::new(table::Table::default());
    let trials = scenarios::ALL.iter().map(|scenario| {
        let table = Arc::clone(&table);
        Trial::test(scenario.name, move || {
            let outcome = call::play(scenario);
            table.add(scenario, &outcome);
            outcome.map(drop).map_err(|failure| format!("{failure:?}").into())
        })
    });
    let findings = doctor::ALL.iter().map(|finding| {
        let examine = || doctor::examine(finding).map_err(|failure| format!("{failure:?}").into());
        Trial::test(finding.name, examine)
    });
    let blocked = blocked::ALL.iter().map(|blocked| {
        let play = || blocked::play(blocked).map_err(|failure| format!("{failure:?}").into());
        Trial::test(blocked.name, play)
    });
    let lossy =
        Trial::test(lossy::NAME, || lossy::play().map_err(|failure| format!("{failure:?}").into()));
    let restart = Trial::test(relay_restart::NAME, || {
        relay_restart::play().map_err(|failure| format!("{failure:?}").into())
    });
    let trials = trials.chain(blocked).chain([lossy, restart]).chain(findings).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    table.print();
    conclusion.exit_code()
}
