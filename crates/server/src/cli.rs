//! The command line. Each option is also an environment variable.

mod edge;
mod help;
mod identity;
mod relay;
mod tls;

use std::{env, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use doctor::Target;
use server::{
    Config, Timing,
    config::{BadOrigin, BasePath, Origin, Origins, PublicHost, StunUrl},
    reload::Reload,
};

use self::{
    edge::EdgeOptions, help::heading, identity::IdentityOptions, relay::RelayOptions,
    tls::TlsOptions,
};

/// Calls between two browsers, through your own server.
#[derive(Debug, Parser)]
#[command(
    name = "pronto",
    version,
    args_conflicts_with_subcommands = true,
    after_help = help::AFTER
)]
pub(crate) struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub(crate) chore: Option<Chore>,

    /// The address and port to listen on.
    #[arg(long, env = "PRONTO_LISTEN", help_heading = heading::NETWORK, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9090", value_parser = listen)]
    pub(crate) listen: String,

    /// The directory of the built page.
    #[arg(long, env = "PRONTO_WEB_ROOT", help_heading = heading::FILES, value_name = "DIRECTORY", default_value = "dist")]
    web_root: PathBuf,

    /// A web origin whose pages may connect, such as `https://example.org`, or `*` for any. May be given several times.
    /// By default only the server's own are let in, and, while it listens on loopback and nothing says that others reach it,
    /// all of this machine's. Behind a proxy, name the one that people see.
    #[arg(long, env = "PRONTO_ALLOW_ORIGIN", help_heading = heading::NETWORK, value_name = "ORIGIN", value_delimiter = ',', value_parser = allowed)]
    allow_origin: Vec<Allowed>,

    /// A STUN server that browsers are told to use, such as `stun:stun.example.org:3478`. May be given several times.
    #[arg(long, env = "PRONTO_STUN_URL", help_heading = heading::RELAY, value_name = "URL", value_delimiter = ',')]
    stun_url: Vec<StunUrl>,

    #[command(flatten)]
    pub(crate) state: StateOption,

    /// For how many seconds a user whose connection was lost keeps name and call. 0 ends a call with its connection.
    #[arg(long, env = "PRONTO_GRACE", help_heading = heading::LIMITS, value_name = "SECONDS", default_value_t = protocol::limits::GRACE_PERIOD.as_secs(), value_parser = clap::value_parser!(u64).range(0..=protocol::limits::MAX_GRACE_PERIOD.as_secs()))]
    grace: u64,

    #[command(flatten)]
    relay: RelayOptions,

    #[command(flatten)]
    tls: TlsOptions,

    #[command(flatten)]
    edge: EdgeOptions,

    #[command(flatten)]
    identity: IdentityOptions,

    /// The host that people find the server at, such as `talk.example.org`, perhaps with a port: where the relay is for
    /// browsers, where plain HTTP is sent to, and what a certificate is for. By default the one that they ask for.
    #[arg(long, env = "PRONTO_PUBLIC_HOST", help_heading = heading::NETWORK, value_name = "HOST[:PORT]")]
    public_host: Option<PublicHost>,

    /// The path that a web server before this one puts it under, such as `/call`, whether that takes the path off its requests or
    /// not. Needed for signing in with a provider, which sends people back there, and where the path is left in the requests.
    #[arg(
        long,
        env = "PRONTO_BASE_PATH", help_heading = heading::NETWORK,
        value_name = "PATH",
        default_value = "/",
        hide_default_value = true
    )]
    base_path: BasePath,

    /// Whether clients are held to limits. Off is for benchmarks on this machine, and nothing else.
    #[arg(
        long,
        env = "PRONTO_LIMITS", help_heading = heading::LIMITS,
        value_name = "ON|OFF",
        default_value = "on",
        hide_possible_values = true
    )]
    pub(crate) limits: LimitsChoice,

    /// Lets `cargo run server` start the server.
    #[arg(hide = true, value_parser = ["server"])]
    program: Option<String>,
}

/// What the program can do besides serving.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Chore {
    /// Says which of UDP, TCP and TLS get through from here to a server, and what that means for calls. Ends with 0 if
    /// they work, 1 if they do not, and 2 if the server cannot be reached.
    Doctor {
        /// The server, as its address stands in a browser.
        #[arg(value_name = "URL")]
        server: Target,
    },
    /// Looks after the accounts in a state directory: lists them, and frees names.
    Accounts {
        #[command(subcommand)]
        what: AccountsChore,
    },
}

/// What can be done about accounts.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum AccountsChore {
    /// Lists the accounts: name, last sign-in, browsers that are signed in, and issuer. A server may be running.
    List {
        #[command(flatten)]
        state: StateOption,
    },
    /// Takes a name from the account that has it, so that anybody may choose it. Its owner is signed out, and may choose another.
    /// No server may be running.
    Free {
        /// The name.
        #[arg(value_name = "NAME")]
        name: String,

        #[command(flatten)]
        state: StateOption,
    },
}

/// Where what outlives the server is.
#[derive(Clone, Debug, Args)]
pub(crate) struct StateOption {
    /// The directory of what outlives the server: certificates, accounts, and who is there, so that their names wait for them
    /// over a restart. By default `pronto` in the user's directory for such things ($XDG_STATE_HOME, or ~/.local/state).
    #[arg(long, env = "PRONTO_STATE", help_heading = heading::FILES, value_name = "DIRECTORY")]
    state: Option<PathBuf>,
}

impl StateOption {
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.state.clone().or_else(default_state)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LimitsChoice {
    On,
    Off,
}

#[derive(Clone, Debug)]
enum Allowed {
    Any,
    One(Origin),
}

impl Cli {
    /// The address and port of the listener that sends plain HTTP on.
    pub(crate) fn redirect(&self) -> Option<&str> {
        self.tls.redirect.as_deref()
    }

    /// Whether the certificate is one that people have to be told to trust.
    pub(crate) fn is_self_signed(&self) -> bool {
        self.tls.is_self_signed()
    }

    /// Whether the certificate comes from an authority that looks for the server at port 443.
    pub(crate) fn is_looked_for_at_443(&self) -> bool {
        self.tls.is_looked_for_at_443()
    }

    /// # Errors
    /// Says which options do not go together, or what is wrong with the certificate.
    pub(crate) fn into_config(self) -> Result<Config, String> {
        let timing = match self.limits {
            LimitsChoice::On => Timing::default(),
            LimitsChoice::Off => Timing::default().without_limits(),
        };
        let timing = Timing { grace: Duration::from_secs(self.grace), ..timing };
        let state = self.state.folder();
        let limits = (self.limits == LimitsChoice::On).then(|| self.edge.limits());
        let identity_source = self.identity.into_source()?;
        let identity = identity_source.as_ref().map(|source| source.read()).transpose();
        Ok(Config {
            limits,
            proxies: self.edge.into_proxies(),
            web_root: self.web_root,
            origins: origins(self.allow_origin),
            stun_urls: self.stun_url,
            turn: self.relay.into_turn()?,
            tls: self.tls.into_tls(self.public_host.as_ref(), state.as_deref())?,
            public_host: self.public_host,
            base_path: self.base_path,
            identity: identity.map_err(|bad| format!("{bad}."))?,
            identity_source,
            reload: Reload::default(),
            state,
            state_lock: None,
            timing,
        })
    }
}

/// Where programs keep what outlives them (XDG Base Directory Specification).
fn default_state() -> Option<PathBuf> {
    let named = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = named.or_else(|| Some(env::home_dir()?.join(".local").join("state")))?;
    Some(folder.join("pronto"))
}

fn origins(allowed: Vec<Allowed>) -> Origins {
    let mut only = Vec::new();
    for one in allowed {
        match one {
            Allowed::Any => return Origins::Any,
            Allowed::One(origin) => only.push(origin),
        }
    }
    Origins::Only(only)
}

fn allowed(text: &str) -> Result<Allowed, BadOrigin> {
    if text == "*" { Ok(Allowed::Any) } else { text.parse().map(Allowed::One) }
}

/// A host name is looked up later; here only the shape is checked.
fn listen(text: &str) -> Result<String, String> {
    let good = text
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if good {
        Ok(text.to_owned())
    } else {
        Err("it needs an address and a port, such as 127.0.0.1:9090 or [::]:9090".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use clap::{CommandFactory, Parser};
    use server::config::Origins;

    use super::{Cli, LimitsChoice};

    pub(super) fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from([&["pronto"], arguments].concat())
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn cargo_run_server_is_cargo_run() {
        assert!(parse(&["server"]).is_ok());
        assert!(parse(&["server", "--listen", "127.0.0.1:1"]).is_ok());
        assert!(parse(&["client"]).is_err());
    }

    #[test]
    fn bad_values_are_refused_when_the_server_starts() {
        for bad in [
            ["--listen", "9090"],
            ["--listen", "localhost"],
            ["--listen", "localhost:99999"],
            ["--allow-origin", "example.org"],
            ["--stun-url", "turn:example.org"],
            ["--limits", "maybe"],
            ["--grace", "soon"],
            ["--grace", "3601"],
            ["--relay", "maybe"],
            ["--relay-address", "localhost"],
            ["--relay-allow", "10.0.0.1/99"],
            ["--acme-directory", "a.example/directory"],
            ["--acme-directory", "http://a.example/directory"],
            ["--turn-url", "stun:a"],
            ["--tls", "maybe"],
            ["--redirect", "80"],
            ["--public-host", "https://a"],
            ["--base-path", "call"],
        ] {
            let error = parse(&bad).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{bad:?}");
            assert!(error.to_string().contains(bad[0]), "{error}");
        }
        let error = parse(&["doctor", "ftp://example.org"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("ftp://"), "{error}");
    }

    #[test]
    fn options_become_the_configuration() {
        let cli = parse(&[
            "--stun-url=stun:a,stun:b:3478",
            "--allow-origin=http://a",
            "--allow-origin=https://b",
            "--limits=off",
            "--state=here",
            "--grace=5",
        ])
        .unwrap();
        assert_eq!(cli.limits, LimitsChoice::Off);
        let config = cli.into_config().unwrap();
        assert_eq!(config.stun_urls.len(), 2);
        assert!(matches!(&config.origins, Origins::Only(only) if only.len() == 2));
        assert_eq!(config.timing.login, None);
        assert_eq!(config.timing.grace, Duration::from_secs(5));
        assert_eq!(config.state, Some(PathBuf::from("here")));
        let any = parse(&["--allow-origin=http://a,*"]).unwrap().into_config().unwrap();
        assert_eq!(any.origins, Origins::Any);
    }

    #[test]
    fn options_that_need_others_say_which() {
        for (arguments, says) in [
            (&["--turn-url=turn:a"][..], "--turn-secret"),
            (&["--turn-secret="], "--turn-secret"),
            (&["--redirect=[::]:80"], "--tls"),
            (&["--tls-cert=a"], "--tls files"),
            (&["--tls-key=a"], "--tls files"),
            (&["--acme-email=a@b.example"], "--tls acme"),
            (&["--acme-directory=https://a.example"], "--tls acme"),
            (&["--acme-root=a"], "--tls acme"),
            (&["--tls=files"], "--tls-cert"),
            (&["--tls=files", "--tls-cert=a"], "--tls-key"),
            (&["--tls=acme"], "--public-host"),
            (&["--tls=acme", "--public-host=192.0.2.1"], "--public-host"),
            (&["--tls=acme", "--public-host=[::1]"], "--public-host"),
            (&["--tls=files", "--tls-cert=/nowhere/a", "--tls-key=/nowhere/b"], "/nowhere/a"),
        ] {
            let complaint = parse(arguments).unwrap().into_config().unwrap_err();
            assert!(complaint.contains(says) && complaint.ends_with('.'), "{complaint}");
        }
    }
}
