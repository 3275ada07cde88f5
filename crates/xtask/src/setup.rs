//! What has to be on the machine besides Rust: looked for, and installed where that is ours to do.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{
    cargo::WASM,
    child::{self, Wait, answer},
    pip,
    project::Project,
    tools::find_program,
};

/// Sees to it that Rust can compile for browsers.
pub(crate) fn wasm_target() -> Result<()> {
    let sysroot = answer(Command::new("rustc").args(["--print", "sysroot"]))
        .context("rustc cannot be started: install Rust with rustup.")?;
    let libraries = Path::new(sysroot.trim()).join("lib").join("rustlib").join(WASM);
    if libraries.is_dir() {
        return Ok(());
    }
    println!("Rust's libraries for browsers are missing: rustup target add {WASM}");
    let mut command = Command::new("rustup");
    command.args(["target", "add", WASM]);
    child::run(&mut command, Wait::on("rustup")).with_context(|| {
        format!("Rust needs its libraries for {WASM}: install them as you installed Rust.")
    })
}

/// Sees to it that `cargo fmt` or `cargo clippy` is there.
pub(crate) fn cargo_component(project: &Project, component: &str) -> Result<()> {
    let subcommand = if component == "rustfmt" { "fmt" } else { component };
    if answer(project.cargo().args([subcommand, "--version"])).is_some() {
        return Ok(());
    }
    let mut command = Command::new("rustup");
    command.args(["component", "add", component]);
    child::run(&mut command, Wait::on("rustup")).with_context(|| {
        format!("Rust's {component} is missing: install it as you installed Rust.")
    })
}

/// The browsers that tests run in.
#[derive(Debug)]
pub(crate) struct Browsers {
    pub(crate) chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
    pub(crate) firefox: PathBuf,
}

/// A program of the system: the environment variable that may name it, its names, and its Debian package.
struct SystemProgram {
    variable: &'static str,
    names: &'static [&'static str],
    package: &'static str,
}

const CHROMIUM: SystemProgram = SystemProgram {
    variable: "CHROMIUM",
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    package: "chromium",
};
const CHROMEDRIVER: SystemProgram = SystemProgram {
    variable: "CHROMEDRIVER",
    names: &["chromedriver"],
    package: "chromium-driver",
};
const FIREFOX: SystemProgram = SystemProgram {
    variable: "FIREFOX",
    names: &["firefox-esr", "firefox"],
    package: "firefox-esr",
};
const UCLIENT: SystemProgram = SystemProgram {
    variable: "TURNUTILS_UCLIENT",
    names: &["turnutils_uclient"],
    package: "coturn",
};
const PEER: SystemProgram =
    SystemProgram { variable: "TURNUTILS_PEER", names: &["turnutils_peer"], package: "coturn" };
const PEBBLE: SystemProgram =
    SystemProgram { variable: "PEBBLE", names: &["pebble"], package: "pebble" };
const CHALLTESTSRV: SystemProgram = SystemProgram {
    variable: "PEBBLE_CHALLTESTSRV",
    names: &["pebble-challtestsrv"],
    package: "pebble",
};
const IP: SystemProgram = SystemProgram { variable: "PATH", names: &["ip"], package: "iproute2" };
const NFT: SystemProgram = SystemProgram { variable: "PATH", names: &["nft"], package: "nftables" };
const NPM: SystemProgram =
    SystemProgram { variable: "NPM", names: &["npm", "npm.cmd"], package: "npm" };

const NGINX: SystemProgram = SystemProgram {
    variable: "NGINX",
    // Where Debian has it, which is on no user's PATH but root's.
    names: &["nginx", "/usr/sbin/nginx"],
    package: "nginx",
};
const NODE: SystemProgram =
    SystemProgram { variable: "NODE", names: &["node", "nodejs"], package: "nodejs" };
const PYTHON: SystemProgram =
    SystemProgram { variable: "PYTHON", names: &["python3", "python"], package: "python3-venv" };

impl SystemProgram {
    fn find(&self) -> Option<PathBuf> {
        let named = env::var_os(self.variable).map(PathBuf::from).filter(|path| path.is_file());
        named.or_else(|| find_program(self.names))
    }

    fn get(&self) -> Result<PathBuf> {
        self.find().with_context(|| {
            format!(
                "{} is not there: install it, and if it is not on PATH, name it in the environment variable {}.",
                self.names[0], self.variable
            )
        })
    }
}

/// Sees to it that the browsers are there.
pub(crate) fn browsers() -> Result<Browsers> {
    install_missing(&[CHROMIUM, CHROMEDRIVER, FIREFOX])?;
    Ok(Browsers {
        chromium: CHROMIUM.get()?,
        chromedriver: CHROMEDRIVER.get()?,
        firefox: FIREFOX.get()?,
    })
}

/// Sees to it that coturn's client, an ACME authority and the WebSocket cases are there. Gives the environment that names
/// them.
pub(crate) fn interop() -> Result<Vec<(&'static str, PathBuf)>> {
    let programs = [UCLIENT, PEER, PEBBLE, CHALLTESTSRV];
    install_missing(&programs)?;
    let kosoku = [Ok(("KOSOKU", pip::kosoku()?))];
    programs.iter().map(|program| Ok((program.variable, program.get()?))).chain(kosoku).collect()
}

/// Python, which gets installed if it is not there, as far as it is needed to install packages of its own.
pub(crate) fn python_installed() -> Result<PathBuf> {
    install_missing(&[PYTHON])?;
    PYTHON.get()
}

/// Chromium and its driver.
pub(crate) fn chromium() -> Result<(PathBuf, PathBuf)> {
    install_missing(&[CHROMIUM, CHROMEDRIVER])?;
    Ok((CHROMIUM.get()?, CHROMEDRIVER.get()?))
}

/// Sees to it that networks can be made, if that is permitted at all: who may not install may not make them either.
pub(crate) fn network_tools() -> Result<()> {
    let is_root = answer(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    if cfg!(target_os = "linux") && is_root { install_missing(&[IP, NFT]) } else { Ok(()) }
}

/// A web server of other people's, which gets installed if it is not there.
pub(crate) fn nginx_installed() -> Result<PathBuf> {
    install_missing(&[NGINX])?;
    NGINX.get()
}

/// Node.js, which comes with npm.
pub(crate) fn node() -> Result<PathBuf> {
    NODE.get()
}

/// npm, if it is there.
pub(crate) fn npm() -> Result<PathBuf> {
    NPM.get()
}

/// npm, which gets installed if it is not there.
pub(crate) fn npm_installed() -> Result<PathBuf> {
    install_missing(&[NPM])?;
    NPM.get()
}

/// Installs Debian packages, on Debian and its kin, where we may.
fn install_missing(programs: &[SystemProgram]) -> Result<()> {
    let missing: Vec<&SystemProgram> =
        programs.iter().filter(|program| program.find().is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = packages(&missing);
    let packages = names.join(" ");
    if find_program(&["apt-get"]).is_none() {
        bail!("These are missing; install them with your system's tools: {packages}");
    }
    let Some(prefix) = privileges() else {
        bail!("These are missing: sudo apt-get install {packages}");
    };
    println!("    Installing with apt-get: {packages}");
    let wait = Wait::on("apt-get").usually(Duration::from_secs(60));
    if let Err(error) = child::run(&mut apt_get(prefix, &["update", "-q"]), wait) {
        eprintln!("    warning: {error:#}; installing from the lists of packages that are there.");
    }
    // What is recommended besides is for people with a screen.
    let install = ["install", "-q", "-y", "--no-install-recommends"];
    child::run(&mut apt_get(prefix, &[&install[..], &names].concat()), wait)
        .with_context(|| not_installed(&missing, is_in_archive))
}

/// The packages of these programs, each once.
fn packages(programs: &[&SystemProgram]) -> Vec<&'static str> {
    let mut packages: Vec<_> = programs.iter().map(|program| program.package).collect();
    packages.dedup();
    packages
}

/// What to say when apt-get did not install what is missing.
fn not_installed(missing: &[&SystemProgram], is_in_archive: impl Fn(&str) -> bool) -> String {
    let packages = packages(missing);
    let variables: Vec<&str> = missing.iter().map(|program| program.variable).collect();
    let unknown: Vec<&str> =
        packages.iter().copied().filter(|package| !is_in_archive(package)).collect();
    let why = if unknown.is_empty() {
        String::new()
    } else {
        format!(" This system's archive has no {}; Debian's has.", unknown.join(" "))
    };
    format!(
        "These are missing, and apt-get did not install them: {}.{why} If you get the programs otherwise and they \
         are not on PATH, name them in the environment: {}",
        packages.join(" "),
        variables.join(" ")
    )
}

/// Whether the lists of packages on this machine hold one of this name that can be installed.
fn is_in_archive(package: &str) -> bool {
    answer(Command::new("apt-cache").env("LC_ALL", "C").args(["policy", package]))
        .is_some_and(|policy| has_candidate(&policy))
}

/// It says nothing of packages that it never heard of, and "(none)" of those it only heard of.
fn has_candidate(policy: &str) -> bool {
    let mut lines = policy.lines().filter_map(|line| line.trim().strip_prefix("Candidate:"));
    lines.next().is_some_and(|version| version.trim() != "(none)")
}

/// What has to stand before a command that needs to be root's; `None` if we may not.
fn privileges() -> Option<&'static [&'static str]> {
    if answer(Command::new("id").arg("-u"))?.trim() == "0" {
        return Some(&[]);
    }
    answer(Command::new("sudo").args(["-n", "true"])).map(|_| &["sudo", "-n"][..])
}

fn apt_get(prefix: &[&str], arguments: &[&str]) -> Command {
    // A machine that has just started is often installing something of its own.
    // As in runlevel 1, no service begins to run: a web server need only be there.
    let program = [
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "RUNLEVEL=1",
        "apt-get",
        "-o",
        "DPkg::Lock::Timeout=120",
    ];
    let words = [prefix, &program, arguments].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

#[cfg(test)]
mod tests {
    use super::{
        CHALLTESTSRV, CHROMEDRIVER, CHROMIUM, FIREFOX, PEBBLE, PEER, UCLIENT, has_candidate,
        not_installed, packages,
    };

    #[test]
    fn a_package_is_named_once() {
        assert_eq!(packages(&[&UCLIENT, &PEER, &PEBBLE, &CHALLTESTSRV]), ["coturn", "pebble"]);
    }

    #[test]
    fn a_package_without_a_candidate_is_not_in_the_archive() {
        for (policy, right) in [
            ("npm:\n  Installed: (none)\n  Candidate: 9.2.0~ds1-1\n  Version table:\n", true),
            ("firefox-esr:\n  Installed: (none)\n  Candidate: (none)\n", false),
            ("", false),
        ] {
            assert_eq!(has_candidate(policy), right, "{policy}");
        }
    }

    #[test]
    fn what_the_archive_lacks_is_named() {
        let missing = [&CHROMIUM, &CHROMEDRIVER, &FIREFOX];
        let said = not_installed(&missing, |package| package == "chromium");
        assert!(said.contains("no chromium-driver firefox-esr; Debian's has"), "{said}");
        assert!(said.ends_with("environment: CHROMIUM CHROMEDRIVER FIREFOX"), "{said}");
        assert!(!not_installed(&missing, |_| true).contains("Debian"));
    }
}
