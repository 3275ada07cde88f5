//! What tests with other people's programs need: the server in this process, and those programs.
//!
//! `cargo xtask test --step interop` installs the programs, and names them in the environment.

mod program;
mod server;

pub use program::{Finished, Program, run, run_within};
pub use server::Server;

use std::time::Duration;

use tokio::time::timeout;

/// How long a test waits for what must happen. Far longer than it takes: the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for what must happen.
///
/// # Panics
/// It does not.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("this should have happened by now")
}
