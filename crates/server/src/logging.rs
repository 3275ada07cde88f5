//! Where the logs go: to standard error, as much as `PRONTO_LOG` or `RUST_LOG` asks for.

use std::{
    env,
    io::{self, IsTerminal},
};

use tracing_subscriber::EnvFilter;

/// The variables that choose what is logged; the first that is set counts.
const VARIABLES: [&str; 2] = ["PRONTO_LOG", "RUST_LOG"];

/// What is logged if nobody chooses.
const BY_DEFAULT: &str = "info";

/// What is logged of these only if they are asked for by name. The libraries of STUN and TURN speak of clients' addresses, which
/// is nothing that a log should keep unasked, and make a record of every datagram.
const UNASKED: &str =
    "turn_server_proto=off,turn_types=off,stun_proto=off,stun_types=off,instant_acme=warn";

/// Starts logging.
pub(crate) fn start() -> Result<(), String> {
    let chosen = VARIABLES.into_iter().find_map(|name| Some((name, env::var(name).ok()?)));
    let filter = match chosen {
        None => filter(BY_DEFAULT),
        Some((name, value)) => {
            EnvFilter::try_new(&value).map(|_| filter(&value)).map_err(|error| {
                format!("{name} is none of error, warn, info, debug, trace and the like: {error}.")
            })?
        }
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        // The library would complain on standard error as well, and panic when that fails: on a disk that is full, or a pipe
        // that nobody reads any more, every line would end the task that it is about.
        .log_internal_errors(false)
        .finish();
    // Not `init`, which would also collect what libraries write through the `log` crate: the WebSocket library shows
    // whole messages there, and so the session descriptions and addresses of users.
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| format!("cannot start logging: {error}."))
}

/// What is logged where this is asked for. Of two directives for one target the last one counts.
fn filter(asked: &str) -> EnvFilter {
    EnvFilter::new(format!("{UNASKED},{asked}"))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::{BY_DEFAULT, filter};

    /// What is logged of three records where this is asked for: of the server's, of the TURN library's, and of the ACME library's.
    fn logged(asked: &str) -> String {
        let log = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&log);
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter(asked))
            .with_writer(move || Writer(Arc::clone(&writer)))
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "server::connection", "ours");
            tracing::error!(target: "turn_server_proto::server", "turn");
            tracing::info!(target: "instant_acme", "acme");
        });
        let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
        ["ours", "turn", "acme"].into_iter().filter(|word| log.contains(word)).collect()
    }

    struct Writer(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn libraries_that_name_clients_are_logged_only_if_they_are_named() {
        for (asked, expected) in [
            (BY_DEFAULT, "ours"),
            ("info", "ours"),
            ("trace", "ours"),
            ("warn", ""),
            ("off", ""),
            ("info,turn_server_proto=error", "oursturn"),
            ("instant_acme=info,info", "oursacme"),
            ("server=info", "ours"),
        ] {
            assert_eq!(logged(asked), expected, "{asked}");
        }
    }
}
