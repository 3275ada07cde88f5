//! `cargo xtask run`: from the sources to a server that people can call each other through.

use std::{
    env,
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    cargo,
    child::Wait,
    page::{self, Build},
    project::Project,
    setup,
};

/// Where the server listens unless told otherwise.
const DEFAULT_ADDRESS: &str = "127.0.0.1:9090";

pub(crate) fn run(project: &Project, server_arguments: &[String]) -> Result<ExitCode> {
    setup::wasm_target()?;
    println!("Building the page …");
    let wait = Wait::on("the page").usually(Duration::from_secs(60));
    let page = page::build(project, Build::Quick, wait)?;
    println!("Building the server …");
    let wait = Wait::on("the server").usually(Duration::from_secs(90));
    let program = cargo::build_server(project, &[], wait)?;

    let mut server = Command::new(program);
    if !names(server_arguments, "--web-root") && env::var_os("PRONTO_WEB_ROOT").is_none() {
        server.arg("--web-root").arg(page);
    }
    server.args(server_arguments);
    let listen = value_of(server_arguments, "--listen").or_else(|| env::var("PRONTO_LISTEN").ok());
    println!("\nOpen {} in two browser windows.\n", address(listen.as_deref()));
    become_program(&mut server).context("the server cannot be started")
}

/// The address to open: a server that listens everywhere is reached from this machine as localhost, and browsers
/// allow cameras only there and over TLS.
fn address(listen: Option<&str>) -> String {
    let listen = listen.unwrap_or(DEFAULT_ADDRESS);
    let (host, port) = listen.rsplit_once(':').unwrap_or(("", listen));
    match host {
        "" | "0.0.0.0" | "[::]" => format!("http://localhost:{port}/"),
        host => format!("http://{host}:{port}/"),
    }
}

/// Whether an option is among the arguments, as `--option value` or `--option=value`.
fn names(arguments: &[String], option: &str) -> bool {
    arguments.iter().any(|argument| {
        argument.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })
}

fn value_of(arguments: &[String], option: &str) -> Option<String> {
    let place =
        arguments.iter().position(|argument| names(std::slice::from_ref(argument), option))?;
    match arguments[place].split_once('=') {
        Some((_, value)) => Some(value.to_owned()),
        None => arguments.get(place + 1).cloned(),
    }
}

/// Signals and the exit code are then the server's own business, and no process of ours stands between.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    let status = command.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::{address, names, value_of};

    #[test]
    fn the_address_to_open_is_one_that_a_browser_can_open() {
        for (listen, opened) in [
            (None, "http://127.0.0.1:9090/"),
            (Some("0.0.0.0:80"), "http://localhost:80/"),
            (Some("[::]:9090"), "http://localhost:9090/"),
            (Some("[::1]:9090"), "http://[::1]:9090/"),
            (Some("192.0.2.1:1"), "http://192.0.2.1:1/"),
        ] {
            assert_eq!(address(listen), opened);
        }
    }

    #[test]
    fn options_are_found_in_both_spellings() {
        for (line, value) in [
            ("--limits off --listen a:1", Some("a:1")),
            ("--listen=a:1", Some("a:1")),
            ("--listen-more a:1", None),
            ("--listen", None),
        ] {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(value_of(&arguments, "--listen").as_deref(), value, "{line}");
        }
        assert!(names(&["--web-root=x".to_owned()], "--web-root"));
        assert!(!names(&["--web-rooted".to_owned()], "--web-root"));
    }
}
