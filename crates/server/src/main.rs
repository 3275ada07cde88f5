//! Pronto's server: `pronto --help` says what can be chosen.

mod accounts;
mod checkup;
mod cli;
mod logging;
mod open_files;
mod welcome;

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use tokio::{net::TcpListener, runtime::Runtime};
use tracing::warn;

use cli::{Chore, Cli, LimitsChoice};
use server::{
    Config, Sockets,
    edge::AddressLimits,
    reload::Reload,
    state::{StateError, StateLock},
};

fn main() -> ExitCode {
    let mut cli = Cli::parse();
    let done = match cli.chore.take() {
        Some(Chore::Doctor { server }) => return checkup::run(&server),
        Some(Chore::Accounts { what }) => accounts::run(&what),
        None => start(cli),
    };
    match done {
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
    let mut sockets =
        Sockets::bind(&listen).await.map_err(|error| cannot_listen("--listen", &listen, &error))?;
    if let Some(redirect) = cli.redirect() {
        let listener = TcpListener::bind(redirect)
            .await
            .map_err(|error| cannot_listen("--redirect", redirect, &error))?;
        sockets = sockets.redirecting_from(listener);
    }
    let address =
        sockets.local_addr().map_err(|error| format!("does not know its address: {error}."))?;
    let is_self_signed = cli.is_self_signed();
    if cli.is_looked_for_at_443() && address.port() != 443 {
        warn!(
            port = address.port(),
            "the authority of --tls acme looks for this server at port 443: there is no certificate unless that leads here"
        );
    }
    let state_lock = lock(&cli).await?;
    let mut config = Config { state_lock, ..cli.into_config()? };
    open_files::fit(&mut config);
    config.check(address).map_err(|why| format!("{why}."))?;
    if !config.web_root.join("index.html").is_file() {
        let folder = config.web_root.display();
        warn!(%folder, "there is no page there, and visitors are told so: cargo xtask run builds one, --web-root names another");
    }
    warn_of_one_network(config.limits);
    reload_on_hangup(&config.reload)
        .map_err(|error| format!("cannot listen for signals: {error}."))?;
    let stop = stop_signal().map_err(|error| format!("cannot listen for signals: {error}."))?;
    // The reader of this may be gone, which is no reason not to serve.
    let _ = welcome::say(&mut io::stdout(), address, &config, is_self_signed);
    server::run(sockets, config, stop).await.map_err(|error| format!("cannot serve: {error}."))
}

/// Says so if one network may have every connection.
fn warn_of_one_network(limits: Option<AddressLimits>) {
    let Some(limits) = limits else { return };
    let needed = limits.connections_of_network();
    if limits.connections <= needed {
        warn!(
            connections = limits.connections,
            users_per_address = limits.users,
            "one /48 of IPv6, or one /24 of IPv4, can take all connections and keep everybody else out: give --max-connections \
             more than {needed}, or --users-per-address less"
        );
    }
}

/// Takes the state directory before a certificate is put there. One that cannot be used is the server's to complain of.
async fn lock(cli: &Cli) -> Result<Option<Arc<StateLock>>, String> {
    let Some(state) = cli.state.folder() else { return Ok(None) };
    match StateLock::take(&state).await {
        Ok(lock) => Ok(Some(Arc::new(lock))),
        Err(taken @ StateError::Taken { .. }) => Err(format!("{taken}.")),
        Err(StateError::Unusable { .. }) => Ok(None),
    }
}

/// What is said of an address that cannot be listened on; `option` is the one that named it.
fn cannot_listen(option: &str, listen: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "{listen} is in use already: stop what listens there, or choose another with {option}."
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!("listening on {listen} is not permitted: ports below 1024 need privileges.")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{listen} is not an address of this machine: choose another with {option}.")
        }
        _ => format!("cannot listen on {listen}: {error}."),
    }
}

/// Has the server read its files again at every SIGHUP. Without this the signal would end it.
#[cfg(unix)]
fn reload_on_hangup(reload: &Reload) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangups = signal(SignalKind::hangup())?;
    let reload = reload.clone();
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            reload.ask();
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn reload_on_hangup(_: &Reload) -> io::Result<()> {
    Ok(())
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
