//! `cargo build`, and which files came out of it.

use std::{ffi::OsString, path::PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    child::{self, Wait},
    project::Project,
};

/// The target that the page is compiled for.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// The packages whose tests need no browser. Whatever is built for one of them is built for all, because cargo gives a
/// dependency the features that the chosen packages want together: other packages would be other features, and everything
/// would be built once more.
pub(crate) const NATIVE: [&str; 3] = ["--workspace", "--exclude", "e2e"];

/// Runs `cargo build` with `arguments` and returns every file it made, or found already made, of the project's own.
pub(crate) fn build(project: &Project, arguments: &[&str], wait: Wait<'_>) -> Result<Vec<PathBuf>> {
    build_with(project, arguments, None, wait)
}

/// The same with one more variable in its environment.
pub(crate) fn build_with(
    project: &Project,
    arguments: &[&str],
    variable: Option<(&str, OsString)>,
    wait: Wait<'_>,
) -> Result<Vec<PathBuf>> {
    let mut command = project.cargo();
    command.arg("build").args(arguments).arg("--message-format=json-render-diagnostics");
    command.envs(variable);
    let mut files = Vec::new();
    let status = child::listen(&mut command, wait, &mut |line| files.extend(artifacts(line)))?;
    if !status.success() {
        bail!("`cargo build {}` failed; what is wrong stands above.", arguments.join(" "));
    }
    Ok(files)
}

/// Builds the server and returns its program.
pub(crate) fn build_server(
    project: &Project,
    arguments: &[&str],
    wait: Wait<'_>,
) -> Result<PathBuf> {
    let arguments = [&["-p", "server", "--bin", "pronto"], arguments].concat();
    build(project, &arguments, wait)?
        .into_iter()
        .find(|file| file.file_stem().is_some_and(|stem| stem == "pronto"))
        .context("cargo built no program `pronto`: crates/server/Cargo.toml has to name it.")
}

/// The files that one line of cargo's report names; dependencies' are left out.
fn artifacts(line: &str) -> Vec<PathBuf> {
    let Ok(message) = serde_json::from_str::<Value>(line) else { return Vec::new() };
    let ours = message["package_id"].as_str().is_some_and(|id| id.starts_with("path+"));
    if message["reason"] != "compiler-artifact" || !ours {
        return Vec::new();
    }
    let files = message["filenames"].as_array().into_iter().flatten();
    files.filter_map(Value::as_str).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::artifacts;

    #[test]
    fn only_files_of_our_own_packages_are_named() {
        let table: [(&str, &[&str]); 4] = [
            (
                r#"{"reason":"compiler-artifact","package_id":"path+file:///a#b@1","filenames":["/t/b"]}"#,
                &["/t/b"],
            ),
            (
                r#"{"reason":"compiler-artifact","package_id":"registry+x#c@1","filenames":["/t/c"]}"#,
                &[],
            ),
            (r#"{"reason":"build-finished","success":true}"#, &[]),
            ("not JSON", &[]),
        ];
        for (line, files) in table {
            let expected: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            assert_eq!(artifacts(line), expected, "{line}");
        }
    }
}
