//! Where the logs go: to standard error, as much as `PRONTO_LOG` or `RUST_LOG` asks for.

use std::{
    env,
    io::{self, IsTerminal},
};

use tracing_subscriber::EnvFilter;

/// The variables that choose what is logged; the first that is set counts.
const VARIABLES: [&str; 2] = ["PRONTO_LOG", "RUST_LOG"];

/// What is logged if nobody chooses. The libraries of STUN and TURN speak of clients' addresses, which is nothing that a
/// log should keep unasked, and make a record of every datagram.
const BY_DEFAULT: &str =
    "info,turn_server_proto=off,turn_types=off,stun_proto=off,stun_types=off,instant_acme=warn";

/// Starts logging.
pub(crate) fn start() -> Result<(), String> {
    let chosen = VARIABLES.into_iter().find_map(|name| Some((name, env::var(name).ok()?)));
    let filter = match chosen {
        None => EnvFilter::new(BY_DEFAULT),
        Some((name, value)) => EnvFilter::try_new(value).map_err(|error| {
            format!("{name} is none of error, warn, info, debug, trace and the like: {error}.")
        })?,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .finish();
    // Not `init`, which would also collect what libraries write through the `log` crate: the WebSocket library shows
    // whole messages there, and so the session descriptions and addresses of users.
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| format!("cannot start logging: {error}."))
}
