//! `pronto doctor`: says which ways to a server work from here, and ends with whether calls do.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use doctor::{Target, Verdict};
use tokio::runtime::Runtime;

/// Calls do not work, or not for sure.
const NO_CALLS: u8 = 1;
/// There was nothing to be examined, as with options that are wrong.
const NOT_EXAMINED: u8 = 2;

pub(crate) fn run(target: &Target) -> ExitCode {
    let examined = match Runtime::new() {
        Ok(runtime) => {
            let examined = runtime.block_on(doctor::examine(target));
            // A look-up of a name that hangs is not waited for.
            runtime.shutdown_background();
            examined.map_err(|why| format!("{target} cannot be examined: {why}."))
        }
        Err(error) => Err(format!("cannot start its threads: {error}.")),
    };
    match examined {
        Ok(examination) => {
            // The reader of this may be gone, and the exit code says it, too.
            let _ = writeln!(io::stdout(), "{examination}");
            match examination.verdict() {
                Verdict::Work(_) => ExitCode::SUCCESS,
                Verdict::Blocked | Verdict::Refused | Verdict::NoRelay => ExitCode::from(NO_CALLS),
            }
        }
        Err(complaint) => {
            let _ = writeln!(io::stderr(), "pronto: {complaint}");
            ExitCode::from(NOT_EXAMINED)
        }
    }
}
