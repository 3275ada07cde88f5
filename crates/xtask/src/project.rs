//! Where the project lies, and what its lock file says.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

/// The sources, and where what is built from them goes.
#[derive(Debug)]
pub(crate) struct Project {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
}

impl Project {
    /// Finds the project that this program was built from.
    pub(crate) fn find() -> Result<Self> {
        // Cargo tells where the package lies when it starts us; the built-in path is for whoever starts us by hand.
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package
            .ancestors()
            .find(|folder| folder.join("Cargo.lock").is_file())
            .context("No Cargo.lock above this program's sources: start it as `cargo xtask`.")?
            .to_path_buf();
        let target = target_directory(&root)?;
        Ok(Self { root, target })
    }

    /// `cargo`, started in the project's folder.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new(cargo_program());
        cargo.current_dir(&self.root);
        cargo
    }

    /// The version of `package` in Cargo.lock.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let path = self.root.join("Cargo.lock");
        let lock = fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        match versions_in_lock(&lock, package).as_slice() {
            [version] => Ok(version.clone()),
            [] => bail!("Cargo.lock names no {package}: run `cargo update --workspace`."),
            several => bail!(
                "Cargo.lock names several versions of {package} ({}): let every Cargo.toml ask for the same one.",
                several.join(", ")
            ),
        }
    }
}

/// The cargo that started us, or the one on PATH.
pub(crate) fn cargo_program() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

fn target_directory(root: &Path) -> Result<PathBuf> {
    let output = Command::new(cargo_program())
        .current_dir(root)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("`cargo metadata` printed no JSON")?;
    let target = metadata["target_directory"]
        .as_str()
        .context("`cargo metadata` names no target directory")?;
    Ok(PathBuf::from(target))
}

/// Cargo writes each package of a lock file as `name`, then `version`, a line each.
fn versions_in_lock(lock: &str, package: &str) -> Vec<String> {
    let name = format!("name = \"{package}\"");
    let lines: Vec<&str> = lock.lines().collect();
    lines
        .windows(2)
        .filter(|pair| pair[0] == name)
        .filter_map(|pair| pair[1].strip_prefix("version = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::versions_in_lock;

    #[test]
    fn finds_the_versions_of_exactly_the_named_package() {
        let lock = "\
[[package]]\nname = \"walrus\"\nversion = \"0.27.3\"\n
[[package]]\nname = \"walrus-macro\"\nversion = \"0.26.0\"\n
[[package]]\nname = \"syn\"\nversion = \"2.0.1\"\n
[[package]]\nname = \"syn\"\nversion = \"3.0.2\"\ndependencies = [\n \"walrus\",\n]\n";
        assert_eq!(versions_in_lock(lock, "walrus"), ["0.27.3"]);
        assert_eq!(versions_in_lock(lock, "syn"), ["2.0.1", "3.0.2"]);
        assert!(versions_in_lock(lock, "wal").is_empty());
    }
}
