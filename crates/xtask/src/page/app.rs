//! The crate compiled to WASM: bound to the browser by wasm-bindgen, and the tags that load it.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use super::{
    Build,
    assets::{Files, hash, hashed_name, read_folder},
    html::Link,
    names, strip,
};
use crate::{
    child::{self, Wait},
    project::Project,
};

/// The name of the generated files before they are named by content.
const STEM: &str = "app";

/// Everything that loads and runs the app.
#[derive(Debug)]
pub(super) struct App {
    /// The module that the page starts with; it loads the other two.
    boot: (String, Vec<u8>),
    /// What wasm-bindgen generates: the WASM's way to the browser's functions.
    glue: (String, Vec<u8>),
    wasm: (String, Vec<u8>),
    /// Scripts that crates bring along; the glue imports them under these very names.
    snippets: Files,
}

impl App {
    fn new(glue: Vec<u8>, wasm: Vec<u8>, snippets: Files) -> Self {
        let glue_name = hashed_name("app.js", &glue);
        let wasm_name = format!("{STEM}-{}_bg.wasm", hash(&wasm));
        // A file of its own, not a script within the page: a strict content security policy allows no such script.
        let boot = format!(
            "import init from \"./{glue_name}\";\n\
             const wasm = await init({{ module_or_path: new URL(\"./{wasm_name}\", import.meta.url) }});\n\
             dispatchEvent(new CustomEvent(\"TrunkApplicationStarted\", {{ detail: {{ wasm }} }}));\n"
        );
        Self {
            boot: (hashed_name("boot.js", boot.as_bytes()), boot.into_bytes()),
            glue: (glue_name, glue),
            wasm: (wasm_name, wasm),
            snippets,
        }
    }

    /// The tag that starts the app.
    pub(super) fn script_tag(&self) -> String {
        format!("<script type=\"module\" src=\"{}\"></script>", self.boot.0)
    }

    /// Tags that let the browser fetch everything at once, not one after the other.
    pub(super) fn preloads(&self) -> String {
        let scripts = [&self.boot.0, &self.glue.0].into_iter().chain(self.snippets.keys());
        let mut tags = scripts
            .map(|name| format!("<link rel=\"modulepreload\" href=\"{name}\">\n"))
            .collect::<String>();
        // Only with `crossorigin` is it the same request as the one that the glue makes with fetch().
        tags += &format!(
            "<link rel=\"preload\" href=\"{}\" as=\"fetch\" type=\"application/wasm\" crossorigin>\n",
            self.wasm.0
        );
        tags
    }

    pub(super) fn into_files(self) -> impl Iterator<Item = (String, Vec<u8>)> {
        [self.boot, self.glue, self.wasm].into_iter().chain(self.snippets)
    }
}

/// Makes of `module`, as the compiler left it, what a browser can run.
pub(super) fn bind(project: &Project, link: &Link, module: &[u8], build: Build<'_>) -> Result<App> {
    check_versions(project)?;
    let folder = project.target.join("xtask").join("bindgen");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;

    Bindgen::new()
        .input_bytes(STEM, module.to_vec())
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .generate(&folder)
        .context("wasm-bindgen cannot make a page of the compiled crate")?;
    if let Build::Optimised { wasm_opt } = build {
        let (glue, module) = (folder.join("app.js"), folder.join("app_bg.wasm"));
        let (short, bound) = names::shorten(&fs::read_to_string(&glue)?, &fs::read(&module)?)?;
        fs::write(&glue, strip::script(&short))?;
        fs::write(&module, bound)?;
        if let Some(wasm_opt) = wasm_opt {
            optimise(wasm_opt, link, &module)?;
        }
    }

    let mut files = Files::new();
    read_folder(&folder, "", &mut files)?;
    let mut take =
        |name: &str| files.remove(name).with_context(|| format!("wasm-bindgen made no {name}"));
    let (glue, wasm) = (take("app.js")?, take("app_bg.wasm")?);
    files.retain(|name, _| name.starts_with("snippets/"));
    Ok(App::new(glue, wasm, files))
}

/// The library reads what the macro of the same name wrote, and understands only its own version's.
fn check_versions(project: &Project) -> Result<()> {
    let written = project.locked_version("wasm-bindgen")?;
    let read = project.locked_version("wasm-bindgen-cli-support")?;
    if written != read {
        bail!(
            "wasm-bindgen is {written} in Cargo.lock, but wasm-bindgen-cli-support is {read}: \
             set both to the same exact version in the workspace's Cargo.toml."
        );
    }
    Ok(())
}

/// Runs wasm-opt with the effort that index.html asks for; `module` is replaced. Twice: the second time it finds what the first
/// made possible.
fn optimise(wasm_opt: &Path, link: &Link, module: &Path) -> Result<()> {
    // Which tools made it, and for which machines, is of no use to a browser. The second run has to know the latter.
    let last = ["--strip-producers", "--strip-target-features"];
    let effort = format!("-O{}", link.wasm_opt.as_deref().unwrap_or_default());
    for strip in [&[][..], &last] {
        let mut command = Command::new(wasm_opt);
        command.arg(&effort).args(strip).arg(module).arg("-o").arg(module);
        child::run(&mut command, Wait::on("wasm-opt"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{App, Files};

    #[test]
    fn every_file_is_loaded_under_the_name_it_has() {
        let snippets: Files = [("snippets/a/inline0.js".to_owned(), Vec::new())].into();
        let app = App::new(b"glue".to_vec(), b"wasm".to_vec(), snippets);
        let (preloads, script) = (app.preloads(), app.script_tag());
        let boot = String::from_utf8(app.boot.1.clone()).unwrap();
        assert!(boot.contains(&app.glue.0) && boot.contains(&app.wasm.0), "{boot}");
        assert!(script.contains(&app.boot.0), "{script}");
        for (name, _) in app.into_files() {
            assert!(preloads.contains(&format!("href=\"{name}\"")), "{name}: {preloads}");
        }
    }
}
