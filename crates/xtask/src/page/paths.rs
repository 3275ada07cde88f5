//! The paths of the machine that a page is built on, and what stands in the page in their stead.
//!
//! A panic's location names a file. With the machine's own paths in it the page would be another one, and of another
//! size, wherever it is built.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{child, project::Project};

/// The variable that cargo reads the compiler's flags from, before all others.
const FLAGS: &str = "CARGO_ENCODED_RUSTFLAGS";
/// What cargo has between two flags there.
const SEPARATOR: &str = "\x1f";

/// Folders of this machine, and what each is called in the page. Where several fit, the last one counts.
#[derive(Debug)]
pub(super) struct Paths(Vec<(PathBuf, String)>);

impl Paths {
    pub(super) fn find(project: &Project) -> Result<Self> {
        let mut list = vec![(project.root.clone(), ".".to_owned())];
        list.extend(packages()?.into_iter().map(|folder| (folder, "deps".to_owned())));
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
        let ask = |argument: &[&str]| {
            child::answer(Command::new(&rustc).current_dir(&project.root).args(argument))
                .with_context(|| format!("{} does not answer", rustc.display()))
        };
        // Where the library's sources are installed, they are found. Elsewhere it is called this from the start.
        let sources = Path::new(ask(&["--print", "sysroot"])?.trim()).join("lib/rustlib/src/rust");
        let commit =
            commit(&ask(&["-vV"])?).context("rustc does not say which one it is")?.to_owned();
        list.push((sources, format!("/rustc/{commit}")));
        Ok(Self(list))
    }

    /// The variable that makes cargo compile without these folders' names. No flags of the environment, nor of
    /// anyone's configuration, get into that page.
    ///
    /// Only for a profile of its own: what was compiled with other flags is compiled anew.
    pub(super) fn hidden(&self) -> (&'static str, OsString) {
        let mut flags = OsString::new();
        for (folder, name) in &self.0 {
            if !flags.is_empty() {
                flags.push(SEPARATOR);
            }
            flags.push("--remap-path-prefix=");
            flags.push(folder);
            flags.push("=");
            flags.push(name);
        }
        (FLAGS, flags)
    }

    /// An error if one of the folders is named in `module` all the same.
    pub(super) fn check(&self, module: &[u8]) -> Result<()> {
        for (folder, _) in &self.0 {
            let name = folder.as_os_str().as_encoded_bytes();
            if module.windows(name.len()).any(|part| part == name) {
                bail!("the page names {}: it would be another one elsewhere.", folder.display());
            }
        }
        Ok(())
    }
}

/// The folders into which cargo unpacks packages, one for each registry.
fn packages() -> Result<Vec<PathBuf>> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")))
        .context("There is no home directory: set CARGO_HOME to cargo's.")?;
    // All packages may lie in the project, and none there.
    let Ok(registries) = fs::read_dir(home.join("registry").join("src")) else {
        return Ok(Vec::new());
    };
    let mut folders = registries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    folders.sort();
    Ok(folders)
}

/// The commit in what `rustc -vV` says.
fn commit(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("commit-hash: "))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Paths, commit};

    fn paths() -> Paths {
        let list = [("/a b", "."), ("/c/d", "deps")];
        Paths(list.map(|(folder, name)| (PathBuf::from(folder), name.to_owned())).into())
    }

    #[test]
    fn each_folder_is_a_flag_whatever_is_in_its_name() {
        let (variable, flags) = paths().hidden();
        assert_eq!(variable, "CARGO_ENCODED_RUSTFLAGS");
        let expected = "--remap-path-prefix=/a b=.\x1f--remap-path-prefix=/c/d=deps";
        assert_eq!(flags.to_str(), Some(expected));
    }

    #[test]
    fn a_module_that_names_a_folder_is_refused() {
        assert!(paths().check(b"\0deps/x.rs\0/c/dark").is_err());
        assert!(paths().check(b"\0deps/x.rs\0/c").is_ok());
    }

    #[test]
    fn the_compiler_says_which_commit_it_is() {
        assert_eq!(
            commit("rustc 1.95.0\nbinary: rustc\ncommit-hash: 59807\nhost: x\n"),
            Some("59807")
        );
        assert_eq!(commit("rustc 1.95.0\n"), None);
    }
}
