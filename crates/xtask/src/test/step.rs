//! The steps of `cargo xtask test`: what each runs, and what it needs on the machine.

use std::{
    env, fs,
    num::NonZero,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::{
    bench,
    cargo::{self, NATIVE, WASM},
    child::{self, Wait, spoken},
    connectivity::{self, Played},
    dist, npm,
    page::{self, Build},
    project::Project,
    setup, simulate,
    tally::Tally,
    tools::{Tool, path_with},
};

/// Where trunk's page goes, in the target directory: `dist` is for ours.
const TRUNK_DIST: &str = "trunk-dist";
/// What the steps of one run have made, for the later of them.
#[derive(Debug, Default)]
pub(super) struct Made {
    trunk_page: Option<PathBuf>,
}

/// How many tests cargo's harness runs at once.
const TEST_THREADS: &str = "RUST_TEST_THREADS";

/// Where the pictures that end-to-end tests take go, in the target directory.
const SCREENSHOTS: &str = "screenshots";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Step {
    Fmt,
    Clippy,
    ClippyWasm,
    Docs,
    DocsWasm,
    Native,
    Simulate,
    Model,
    Interop,
    Bench,
    Browser,
    Page,
    PageSize,
    PageTrunk,
    E2e,
    Connectivity,
}

impl Step {
    pub(super) const ALL: [Self; 16] = [
        Self::Fmt,
        Self::Clippy,
        Self::ClippyWasm,
        Self::Docs,
        Self::DocsWasm,
        Self::Native,
        Self::Simulate,
        Self::Model,
        Self::Interop,
        Self::Bench,
        Self::Browser,
        Self::PageSize,
        Self::Page,
        Self::PageTrunk,
        Self::E2e,
        Self::Connectivity,
    ];

    /// Whether it counts single tests, which a filter can choose from; the others are one check each.
    pub(super) const fn has_tests(self) -> bool {
        matches!(
            self,
            Self::Native
                | Self::Model
                | Self::Interop
                | Self::Browser
                | Self::E2e
                | Self::Connectivity
        )
    }

    /// As it is named on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(super) fn announcement(self) -> String {
        let (about, _) = self.describe();
        format!("{}: {about} (usually up to {})", self.name(), spoken(self.usually()))
    }

    /// What it does, and how many seconds that takes on two cores when nothing was built before, set-up included.
    const fn describe(self) -> (&'static str, u64) {
        match self {
            Self::Fmt => ("is the code formatted?", 5),
            Self::Clippy => ("lints, on this machine's own target", 180),
            Self::ClippyWasm => ("lints, as compiled for browsers", 40),
            Self::Docs => ("do the docs build, with every link in them?", 60),
            Self::DocsWasm => ("the same for what only browsers see", 25),
            Self::Native => ("tests without a browser", 300),
            Self::Simulate => ("100,000 random schedules of pages and server", 120),
            Self::Model => ("two users and the server, in every order in which things happen", 120),
            Self::Interop => {
                ("other people's programs talk to the server: TURN, ACME, WebSocket cases", 120)
            }
            Self::Bench => ("does the benchmark work? It measures nothing here", 90),
            Self::Browser => ("tests of the page's parts in a browser", 240),
            Self::PageSize => ("is the page small enough, as it is shipped?", 150),
            Self::Page => ("the page, as `cargo xtask run` builds it", 45),
            Self::PageTrunk => ("the page, as trunk builds it", 260),
            Self::E2e => ("browsers call each other through the server", 660),
            Self::Connectivity => ("browsers call each other over every kind of network", 210),
        }
    }

    const fn usually(self) -> Duration {
        Duration::from_secs(self.describe().1)
    }

    /// Runs it. An error means that it could not be carried out, or that its one check failed.
    pub(super) fn carry_out(
        self,
        project: &Project,
        filter: Option<&str>,
        made: &mut Made,
    ) -> Result<Tally> {
        match self {
            Self::Fmt => {
                setup::cargo_component(project, "rustfmt")?;
                self.check(project.cargo().args(["fmt", "--all", "--check"]))
            }
            Self::Clippy => self.clippy(project, &["--workspace"]),
            Self::ClippyWasm => self.clippy(project, &["-p", "client-web", "--target", WASM]),
            Self::Docs => self.docs(project, &["--workspace"]),
            Self::DocsWasm => self.docs(project, &["-p", "client-web", "--target", WASM]),
            Self::Native => {
                let mut command = cargo_test(project, &NATIVE, filter);
                // `simulate` plays many more of them, and optimised.
                command.env("PRONTO_SEEDS", "50");
                self.tests(command, filter.is_none())
            }
            Self::Interop => {
                let programs = setup::interop()?;
                let packages = [&NATIVE[..], &["--test", "interop"]].concat();
                let mut command = cargo_test(project, &packages, filter);
                command.envs(programs);
                self.tests(command, filter.is_none())
            }
            Self::Simulate => simulate::check(project, self.wait()).map(|()| Tally::PASSED),
            Self::Model => {
                let mut command = simulate::checker(project, "full");
                command.args(filter);
                self.tests(command, filter.is_none())
            }
            Self::Bench => bench::smoke(project, self.wait()).map(|()| Tally::PASSED),
            Self::Browser => self.browser_tests(project, filter),
            Self::PageSize => dist::check_size(project, self.wait()).map(|()| Tally::PASSED),
            Self::Page => self.our_page(project).map(|_| Tally::PASSED),
            Self::PageTrunk => {
                made.trunk_page = Some(self.trunk_page(project)?);
                Ok(Tally::PASSED)
            }
            Self::E2e => self.end_to_end(project, filter, made),
            Self::Connectivity => self.connectivity(project, filter),
        }
    }

    fn clippy(self, project: &Project, packages: &[&str]) -> Result<Tally> {
        setup::wasm_target()?;
        setup::cargo_component(project, "clippy")?;
        let mut command = project.cargo();
        command.arg("clippy").args(packages).args(["--all-targets", "--", "-D", "warnings"]);
        self.check(&mut command)
    }

    fn docs(self, project: &Project, packages: &[&str]) -> Result<Tally> {
        setup::wasm_target()?;
        let mut command = project.cargo();
        command
            .arg("doc")
            .args(packages)
            .args(["--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "-Dwarnings");
        self.check(&mut command)
    }

    fn browser_tests(self, project: &Project, filter: Option<&str>) -> Result<Tally> {
        setup::wasm_target()?;
        let browsers = setup::browsers()?;
        let runner = Tool::wasm_bindgen(project)?.ensure()?;
        let mut command =
            cargo_test(project, &["-p", "client-web", "--tests", "--target", WASM], filter);
        command
            .env("PATH", path_with(&[&runner])?)
            .env("CHROMEDRIVER", browsers.chromedriver)
            // Were it set, the runner would take Firefox.
            .env_remove("GECKODRIVER");
        self.tests(command, filter.is_none())
    }

    fn our_page(self, project: &Project) -> Result<PathBuf> {
        setup::wasm_target()?;
        page::build(project, Build::Quick, self.wait())
    }

    fn trunk_page(self, project: &Project) -> Result<PathBuf> {
        setup::wasm_target()?;
        let page = project.target.join(TRUNK_DIST);
        if page.exists() {
            // If it cannot be built now, nobody shall take yesterday's for it.
            fs::remove_dir_all(&page)?;
        }
        let trunk = Tool::trunk().ensure()?;
        let wasm_bindgen = Tool::wasm_bindgen(project)?.ensure()?;
        let mut command = Command::new(&trunk);
        command
            .current_dir(&project.root)
            .args(["build", "--offline", "--skip-version-check", "--dist"])
            .arg(&page)
            .env("PATH", path_with(&[&wasm_bindgen])?)
            // trunk takes it for an option of its own and stops at the value 1.
            .env_remove("NO_COLOR");
        child::run(&mut command, self.wait())?;
        Ok(page)
    }

    fn end_to_end(self, project: &Project, filter: Option<&str>, made: &Made) -> Result<Tally> {
        let browsers = setup::browsers()?;
        let geckodriver = Tool::geckodriver().ensure()?;
        let axe = npm::axe()?;
        let modules = npm::provider(project)?;
        let page = self.our_page(project)?;
        // That trunk cannot build it is another step's failure; here only the test that loads it fails.
        let made = made.trunk_page.clone().map_or_else(|| self.trunk_page(project), Ok);
        let trunk_page = made.unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            project.target.join(TRUNK_DIST)
        });
        let server = cargo::build_server(project, &[], self.wait())?;
        let screenshots = project.target.join(SCREENSHOTS);
        make_folder(&screenshots)?;

        let mut command = cargo_test(project, &["-p", "e2e"], filter);
        command
            .env("PRONTO_BIN", server)
            .env("PRONTO_WEB_ROOT", page)
            .env("PRONTO_TRUNK_WEB_ROOT", trunk_page)
            .env("PRONTO_SCREENSHOTS", screenshots)
            .env("PRONTO_AXE", axe)
            .env("PRONTO_PROVIDER", project.root.join("e2e/provider/provider.mjs"))
            .env("PRONTO_PROVIDER_MODULES", modules)
            .env("NODE", setup::node()?)
            .env("NGINX", setup::nginx_installed()?)
            .env("CHROMIUM", browsers.chromium)
            .env("CHROMEDRIVER", browsers.chromedriver)
            .env("FIREFOX", browsers.firefox)
            .env("GECKODRIVER", geckodriver);
        if env::var_os(TEST_THREADS).is_none() {
            command.env(TEST_THREADS, scenes_at_once().to_string());
        }
        self.tests(command, filter.is_none())
    }

    fn connectivity(self, project: &Project, filter: Option<&str>) -> Result<Tally> {
        let arguments: Vec<&str> = filter.into_iter().collect();
        match connectivity::play(project, &arguments, None, self.wait())? {
            Played::Here(tally) if tally == Tally::default() && filter.is_none() => {
                bail!("not one scenario was played.")
            }
            Played::Here(tally) => Ok(tally),
            // It has been said why.
            Played::NotHere => Ok(Tally::default()),
        }
    }

    /// Runs a command whose success is the whole result.
    fn check(self, command: &mut Command) -> Result<Tally> {
        child::run(command, self.wait())?;
        Ok(Tally::PASSED)
    }

    /// Runs a command that prints results of tests.
    fn tests(self, mut command: Command, needs_tests: bool) -> Result<Tally> {
        let mut counted = Tally::default();
        let status = child::listen(&mut command, self.wait(), &mut |line| {
            println!("{line}");
            if let Some(tally) = Tally::of_line(line) {
                counted += tally;
            }
        })?;
        if needs_tests && counted == Tally::default() && status.success() {
            bail!("not one test ran, where there should be some.");
        }
        Ok(Tally::of_run(counted, status.success()))
    }

    fn wait(self) -> Wait<'static> {
        Wait::on(self.describe().0).usually(self.usually())
    }
}

/// `cargo test` over `packages`, to the end whatever fails on the way.
fn cargo_test(project: &Project, packages: &[&str], filter: Option<&str>) -> Command {
    let mut command = project.cargo();
    command.args(["test", "--no-fail-fast"]).args(packages).args(filter);
    command
}

/// One scene more than there are cores: in some nothing happens for half a minute.
fn scenes_at_once() -> usize {
    thread::available_parallelism().map_or(2, NonZero::get) + 1
}

fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("{} cannot be made", path.display()))
}
