//! The page: what index.html describes, made into a folder that a server can serve.
//!
//! index.html is the one description of the page. trunk reads the same `data-trunk` links; here they are read by a
//! library that builds in seconds, so that a first start need not wait minutes for a tool.

mod app;
mod assets;
mod compress;
mod html;
mod names;
mod output;
mod paths;
mod strip;
mod weight;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use self::{
    assets::Files,
    html::{Link, Rel},
    output::Stamp,
    paths::Paths,
};
use crate::{
    cargo::{self, WASM},
    child::Wait,
    project::Project,
};

/// The folder of the finished page, in the project's folder.
pub(crate) const DIST: &str = "dist";

/// Built how.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Build<'a> {
    /// In seconds, to work with.
    Quick,
    /// As small as it gets, with compressed copies of each file beside it.
    Optimised {
        /// The program that makes WASM smaller, where there is one.
        wasm_opt: Option<&'a Path>,
    },
}

impl Build<'_> {
    /// The profile in Cargo.toml.
    const fn profile(self) -> &'static str {
        match self {
            Build::Quick => "page",
            Build::Optimised { .. } => "page-dist",
        }
    }
}

/// Builds the page into `dist`, unless what is there was made of the very same; returns the folder.
pub(crate) fn build(project: &Project, build: Build<'_>, wait: Wait<'_>) -> Result<PathBuf> {
    build_into(project, &project.root.join(DIST), build, wait)
}

/// The same into a folder of one's own choice.
pub(crate) fn build_into(
    project: &Project,
    dist: &Path,
    build: Build<'_>,
    wait: Wait<'_>,
) -> Result<PathBuf> {
    let index = project.root.join("index.html");
    let html = fs::read_to_string(&index)
        .with_context(|| format!("{} cannot be read", index.display()))?;
    let links = html::links(&html)?;
    let app = html::only_app(&links)?;
    let module = compile(project, app, build, wait)?;

    let sources = assets::read(&project.root, &links)?;
    let stamp = Stamp::new(&[format!("{build:?}").as_bytes(), html.as_bytes(), &module], &sources);
    let name = dist.file_name().unwrap_or_default().to_string_lossy();
    let stamp_file = project.target.join("xtask").join(format!("{name}.stamp"));
    if stamp.stands(&stamp_file, dist) {
        println!("The page in {name}/ is up to date.");
        return Ok(dist.to_path_buf());
    }

    let mut files = Files::new();
    let app_files = app::bind(project, app, &module, build)?;
    let replacements = links
        .iter()
        .map(|link| match link.rel {
            Rel::Rust => Ok(app_files.script_tag()),
            _ => assets::place(link, &sources, &mut files),
        })
        .collect::<Result<Vec<_>>>()?;
    let mut page = html::render(&html, &replacements, &app_files.preloads())?;
    files.extend(app_files.into_files());
    if let Build::Optimised { .. } = build {
        page = strip::page(&page)?;
        strip::style_sheets(&mut files);
    }
    files.insert("index.html".to_owned(), page.into_bytes());
    if let Build::Optimised { .. } = build {
        compress::add_compressed(&mut files)?;
        weight::print(&module)?;
    }
    output::replace(dist, &files)?;
    stamp.write(&stamp_file, dist)?;
    println!("The page is in {name}/.");
    Ok(dist.to_path_buf())
}

/// The size in bytes of each file of a finished page, by its path in `dist`.
pub(crate) fn sizes(dist: &Path) -> Result<BTreeMap<String, usize>> {
    let mut files = Files::new();
    assets::read_folder(dist, "", &mut files)?;
    Ok(files.into_iter().map(|(name, content)| (name, content.len())).collect())
}

/// Compiles the crate that the link of kind "rust" names; returns the module as the compiler made it.
fn compile(project: &Project, app: &Link, build: Build<'_>, wait: Wait<'_>) -> Result<Vec<u8>> {
    let arguments =
        ["--manifest-path", &app.href, "--lib", "--target", WASM, "--profile", build.profile()];
    let paths = match build {
        Build::Quick => None,
        Build::Optimised { .. } => Some(Paths::find(project)?),
    };
    let variable = paths.as_ref().map(Paths::hidden);
    let file = cargo::build_with(project, &arguments, variable, wait)?
        .into_iter()
        .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
        .with_context(|| {
            format!("{} made no .wasm file: its library needs crate-type \"cdylib\".", app.href)
        })?;
    let module = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    if let Some(paths) = paths {
        paths.check(&module)?;
    }
    Ok(module)
}
