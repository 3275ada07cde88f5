//! Tools that are Rust crates: found where they are, or installed into a folder of the user's own.
//!
//! Nothing goes into cargo's own `bin`: a project has no business changing what its user's commands are.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    child::{self, Wait, spoken},
    project::{Project, cargo_program},
};

/// How long `cargo binstall` may look for a prebuilt program: it takes seconds, or it does not get there at all.
const PREBUILT_LIMIT: Duration = Duration::from_secs(90);

/// Settings under which a tool is built soonest.
const QUICK_BUILD: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_STRIP", "debuginfo"),
];

/// A crate with a program that a chore needs.
#[derive(Debug)]
pub(crate) struct Tool {
    package: &'static str,
    version: String,
    program: &'static str,
    install_arguments: &'static [&'static str],
    /// Most tools run for seconds and are built for minutes: "0" then costs least in all.
    opt_level: &'static str,
    build_time: Duration,
}

impl Tool {
    /// Runs the page's tests in a browser. wasm-bindgen's tools understand only modules of their own version.
    pub(crate) fn wasm_bindgen(project: &Project) -> Result<Self> {
        Ok(Self {
            package: "wasm-bindgen-cli",
            version: project.locked_version("wasm-bindgen")?,
            program: "wasm-bindgen-test-runner",
            // Its own lock file names a release that was withdrawn.
            install_arguments: &[],
            // It works through whole modules, many megabytes of them, each time tests are run.
            opt_level: "1",
            build_time: Duration::from_secs(150),
        })
    }

    /// Drives Firefox.
    pub(crate) fn geckodriver() -> Self {
        Self {
            package: "geckodriver",
            version: "0.37.1".to_owned(),
            program: "geckodriver",
            install_arguments: &["--locked"],
            opt_level: "0",
            build_time: Duration::from_secs(90),
        }
    }

    /// Builds and serves the page for those who like it; the tests see to it that it can. From 0.22 on it wants a
    /// newer Rust than ours.
    pub(crate) fn trunk() -> Self {
        Self {
            package: "trunk",
            version: "0.21.14".to_owned(),
            program: "trunk",
            // What it would fetch with its default features is all there already.
            install_arguments: &["--locked", "--no-default-features"],
            opt_level: "0",
            build_time: Duration::from_secs(210),
        }
    }

    /// Checks licences, sources, bans and advisories.
    pub(crate) fn cargo_deny() -> Self {
        Self {
            package: "cargo-deny",
            version: "0.20.2".to_owned(),
            program: "cargo-deny",
            install_arguments: &["--locked"],
            opt_level: "0",
            build_time: Duration::from_secs(240),
        }
    }

    /// The path of the program, which gets installed if it is not there in this very version.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        let root = folder()?.join(format!("{}-{}", self.package, self.version));
        let installed = executable(&root.join("bin"), self.program);
        if installed.is_file() {
            return Ok(installed);
        }
        if let Some(found) = find_program(&[self.program]).filter(|path| self.is_right(path)) {
            return Ok(found);
        }
        let what = format!("{} {}", self.package, self.version);
        if self.install_prebuilt(&root).is_ok() && installed.is_file() {
            println!("    {what} was installed prebuilt.");
            return Ok(installed);
        }
        println!("    Building {what}, once: up to {} on two cores.", spoken(self.build_time));
        self.install_from_source(&root)?;
        installed
            .is_file()
            .then_some(installed)
            .with_context(|| format!("{what} was built, but holds no program {}.", self.program))
    }

    fn is_right(&self, program: &Path) -> bool {
        child::answer(Command::new(program).arg("--version"))
            .is_some_and(|said| says_version(&said, &self.version))
    }

    /// With `cargo binstall`, where that is there and gets through to where prebuilt programs are.
    fn install_prebuilt(&self, root: &Path) -> Result<()> {
        child::answer(Command::new(cargo_program()).args(["binstall", "-V"]))
            .context("cargo binstall is not there")?;
        let mut command = Command::new(cargo_program());
        command
            .args(["binstall", "--no-confirm", "--disable-strategies", "compile", "--root"])
            .arg(root)
            .arg(format!("{}@{}", self.package, self.version));
        child::run(&mut command, Wait::on("cargo binstall").at_most(PREBUILT_LIMIT))
    }

    fn install_from_source(&self, root: &Path) -> Result<()> {
        let folder = folder()?;
        // Its own target directory, kept until the tool is there: an interrupted build goes on where it was.
        let build = folder.join(format!("build-{}", self.package));
        fs::create_dir_all(&folder)?;
        let mut command = Command::new(cargo_program());
        command
            .current_dir(&folder)
            .args(["install", self.package, "--version", &self.version, "--root"])
            .arg(root)
            .args(self.install_arguments)
            .envs(QUICK_BUILD)
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.opt_level)
            .env("CARGO_TARGET_DIR", &build)
            .env_remove("CARGO_BUILD_TARGET")
            .env_remove("RUSTFLAGS");
        let wait = Wait::on(self.package).usually(self.build_time);
        child::run(&mut command, wait)?;
        fs::remove_dir_all(&build).with_context(|| format!("{} cannot be removed", build.display()))
    }
}

/// The folder that tools are installed into.
pub(crate) fn folder() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(env::home_dir()?.join(".cache")))
        .context("There is no home directory for tools: set XDG_CACHE_HOME to a folder.")?;
    Ok(cache.join("pronto").join("tools"))
}

/// The first of `names` that is on PATH.
pub(crate) fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| executable(folder, name)))
        .find(|program| program.is_file())
}

/// PATH with the folders of `programs` before everything else.
pub(crate) fn path_with(programs: &[&Path]) -> Result<std::ffi::OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = programs.iter().filter_map(|program| program.parent()).map(Path::to_path_buf);
    Ok(env::join_paths(folders.chain(env::split_paths(&path)))?)
}

fn executable(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// Whether what a program says of itself names exactly this version.
fn says_version(said: &str, version: &str) -> bool {
    said.split_whitespace().take(4).any(|word| word.trim_start_matches('v') == version)
}

#[cfg(test)]
mod tests {
    use super::{find_program, says_version};

    #[test]
    fn only_the_very_version_will_do() {
        for (said, right) in [
            ("trunk 0.21.14\n", true),
            ("wasm-bindgen v0.21.14 (0123abc)\n", true),
            ("trunk 0.21.1\n", false),
            ("trunk 0.21.14-beta.1\n", false),
            ("", false),
        ] {
            assert_eq!(says_version(said, "0.21.14"), right, "{said}");
        }
    }

    #[test]
    fn programs_are_found_on_path() {
        assert!(find_program(&["no-such-program", "cargo"]).is_some());
        assert!(find_program(&["no-such-program"]).is_none());
    }
}
