//! Tools that are npm packages, installed into the same folder as the others.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{
    child::{self, Wait, answer},
    project::Project,
    setup,
    tools::{find_program, folder},
};

/// Downloading a package takes seconds; a registry that hangs is given up on.
const LIMIT: Duration = Duration::from_secs(180);
/// The first release of wasm-opt that is known to leave our modules working. Debian's 108 breaks them.
const OLDEST_WASM_OPT: u32 = 123;

/// A file in a package.
struct Package {
    name: &'static str,
    version: &'static str,
    file: &'static str,
}

const BINARYEN: Package =
    Package { name: "binaryen", version: "132.0.0", file: "node_modules/.bin/wasm-opt" };

const AXE: Package =
    Package { name: "axe-core", version: "4.14.1", file: "node_modules/axe-core/axe.min.js" };

/// The library of which the provider is made.
const PROVIDER: &str = "node_modules/oidc-provider/package.json";

/// Makes WASM smaller. The one on PATH will do when it is new enough. The page is as good without it, so npm is not
/// installed for its sake.
pub(crate) fn wasm_opt() -> Result<PathBuf> {
    let on_path = find_program(&["wasm-opt"]).filter(|program| {
        let said = answer(Command::new(program).arg("--version"));
        said.is_some_and(|said| wasm_opt_is_new_enough(&said))
    });
    on_path.map_or_else(|| BINARYEN.ensure(setup::npm), Ok)
}

/// An OpenID Connect provider to test against: the folder of its packages, which are those of a lock file in the repository.
pub(crate) fn provider(project: &Project) -> Result<PathBuf> {
    let source = project.root.join("e2e").join("provider");
    let lock =
        fs::read(source.join("package-lock.json")).context("e2e/provider has a lock file")?;
    let digest = Sha256::digest(&lock);
    let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let root = folder()?.join(format!("provider-{short}"));
    if root.join(PROVIDER).is_file() {
        return Ok(root);
    }
    let npm = setup::npm_installed().context("the provider comes with npm")?;
    fs::create_dir_all(&root)?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(source.join(name), root.join(name))?;
    }
    let mut command = Command::new(npm);
    command.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&root);
    child::run(&mut command, Wait::on("npm ci").at_most(LIMIT))?;
    root.join(PROVIDER).is_file().then_some(root).context("npm installed no provider")
}

/// The script that looks for what keeps people from using a page.
pub(crate) fn axe() -> Result<PathBuf> {
    AXE.ensure(setup::npm_installed)
}

impl Package {
    /// The path of the file; `npm` is asked for only if the package has to be installed.
    fn ensure(&self, npm: fn() -> Result<PathBuf>) -> Result<PathBuf> {
        let root = folder()?.join(format!("{}-{}", self.name, self.version));
        let file = root.join(self.file);
        if file.is_file() {
            return Ok(file);
        }
        let npm = npm().with_context(|| format!("{} comes with npm", self.name))?;
        fs::create_dir_all(&root)?;
        let mut command = Command::new(npm);
        command
            .args(["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts"])
            .arg("--prefix")
            .arg(&root)
            .arg(format!("{}@{}", self.name, self.version))
            .current_dir(&root);
        child::run(&mut command, Wait::on("npm install").at_most(LIMIT))?;
        let missing = || format!("npm installed {}, but not {}.", self.name, self.file);
        file.is_file().then_some(file).with_context(missing)
    }
}

/// It says "wasm-opt version 132 (version_132)".
fn wasm_opt_is_new_enough(said: &str) -> bool {
    let mut words = said.split_whitespace().skip_while(|word| *word != "version").skip(1);
    words.next().and_then(|word| word.parse::<u32>().ok()).is_some_and(|v| v >= OLDEST_WASM_OPT)
}

#[cfg(test)]
mod tests {
    use super::wasm_opt_is_new_enough;

    #[test]
    fn an_old_wasm_opt_is_not_used() {
        for (said, right) in [
            ("wasm-opt version 132 (version_132)\n", true),
            ("wasm-opt version 108\n", false),
            ("something else\n", false),
        ] {
            assert_eq!(wasm_opt_is_new_enough(said), right, "{said}");
        }
    }
}
