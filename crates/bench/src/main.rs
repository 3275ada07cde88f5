//! Pronto's benchmark. `cargo xtask bench` starts it; ARCHITECTURE.md says what it is for.
//!
//! One run measures everybody on the same machine, in turns: Pronto, the server of the tutorial that it started from,
//! and two floors, relays that do less than anyone can get away with; and for calls that are relayed, coturn. So what
//! counts are the ratios.

#![allow(clippy::print_stdout, reason = "a command-line tool talks on its standard output")]

#[cfg(target_os = "linux")]
mod cli;
#[cfg(target_os = "linux")]
mod contestant;
#[cfg(target_os = "linux")]
mod floor;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod samples;
#[cfg(target_os = "linux")]
mod workload;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<std::process::ExitCode> {
    cli::start()
}

#[cfg(not(target_os = "linux"))]
fn main() -> anyhow::Result<()> {
    anyhow::bail!("the benchmark reads what a server costs from Linux's /proc: run it there.")
}
