//! Pronto's server: `pronto --help` says what can be chosen.

mod cli;
mod logging;

use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use tokio::{net::TcpListener, runtime::Runtime};
use tracing::warn;

use cli::{Cli, LimitsChoice};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            // If not even this can be written, there is nobody to tell.
            let _ = writeln!(io::stderr(), "pronto: {complaint}");
            ExitCode::from(2)
        }
    }
}

/// Runs the server until it is asked to stop. What keeps it from running is told as a sentence.
fn start(cli: Cli) -> Result<(), String> {
    logging::start()?;
    let runtime = Runtime::new().map_err(|error| format!("cannot start its threads: {error}."))?;
    let served = runtime.block_on(serve(cli));
    // Reading a file is the one thing that can block a thread; a shutdown does not wait for a disk that hangs.
    runtime.shutdown_timeout(Duration::from_millis(100));
    served
}

async fn serve(cli: Cli) -> Result<(), String> {
    if cli.limits == LimitsChoice::Off {
        warn!(
            "LIMITS ARE OFF (--limits off): anyone who can reach this server can exhaust it. For benchmarks only."
        );
    }
    let listen = cli.listen.clone();
    let listener =
        TcpListener::bind(&listen).await.map_err(|error| cannot_listen(&listen, &error))?;
    let address =
        listener.local_addr().map_err(|error| format!("does not know its address: {error}."))?;
    let stop = stop_signal().map_err(|error| format!("cannot listen for signals: {error}."))?;
    // The reader of this line may be gone, which is no reason not to serve.
    let _ = writeln!(io::stdout(), "Pronto is at http://{}", to_open(address));
    server::run(listener, cli.into_config(), stop)
        .await
        .map_err(|error| format!("cannot serve: {error}."))
}

fn cannot_listen(listen: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "{listen} is in use already: stop what listens there, or choose another with --listen."
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!("listening on {listen} is not permitted: ports below 1024 need privileges.")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{listen} is not an address of this machine: choose another with --listen.")
        }
        _ => format!("cannot listen on {listen}: {error}."),
    }
}

/// The address for a browser on this machine: a server that listens everywhere is also at localhost.
fn to_open(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}

/// Resolves when the server is asked to stop: by Ctrl-C, or by SIGTERM from whatever started it.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        let terminated = term.recv();
        #[cfg(not(unix))]
        let terminated = std::future::pending::<Option<()>>();
        tokio::select! {
            _ = terminated => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
}
