//! The finished page on disk: put in place while a server may be serving it, and only when it changed.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::assets::{Files, hash, read_folder};

/// Where files are written before they get their names; in the same folder, so that renaming is all it takes.
const STAGE: &str = ".stage";
const INDEX: &str = "index.html";

/// What a page was made of. Equal stamps, equal pages.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stamp(String);

impl Stamp {
    pub(super) fn new(parts: &[&[u8]], sources: &Files) -> Self {
        let mut hashes = vec![builder()];
        hashes.extend(parts.iter().map(|part| hash(part)));
        hashes.extend(sources.iter().map(|(name, content)| format!("{name} {}", hash(content))));
        Self(hash(hashes.join("\n").as_bytes()))
    }

    /// Whether `file` says that `dist` was made of the same, and nobody changed it since.
    pub(super) fn stands(&self, file: &Path, dist: &Path) -> bool {
        let expected = self.with_listing(dist);
        fs::read_to_string(file).is_ok_and(|found| expected.is_ok_and(|text| text == found))
    }

    /// Notes in `file` what `dist` was made of.
    pub(super) fn write(&self, file: &Path, dist: &Path) -> Result<()> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = self.with_listing(dist)?;
        fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
    }

    fn with_listing(&self, dist: &Path) -> Result<String> {
        let mut files = Files::new();
        read_folder(dist, "", &mut files)?;
        let listing = files.iter().map(|(name, content)| format!("{name} {}\n", hash(content)));
        Ok(format!("{}\n{}", self.0, listing.collect::<String>()))
    }
}

/// This program is one of a page's sources: a new one may make another page of the same files.
fn builder() -> String {
    let program = env::current_exe().and_then(fs::metadata);
    // It may have been replaced since it was started; then it is known by its version only.
    program.map_or_else(
        |_| env!("CARGO_PKG_VERSION").to_owned(),
        |program| format!("{:?} {}", program.modified(), program.len()),
    )
}

/// Makes `dist` hold exactly `files`. index.html comes last and what it no longer names goes after it, so that
/// whoever loads the page meanwhile gets the old one or the new one, never half of each.
pub(super) fn replace(dist: &Path, files: &Files) -> Result<()> {
    let stage = dist.join(STAGE);
    if stage.exists() {
        fs::remove_dir_all(&stage).context("what an earlier build left cannot be removed")?;
    }
    for (name, content) in files {
        let path = stage.join(name);
        make_parent(&path)?;
        fs::write(&path, content)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let (index, others): (Vec<_>, Vec<_>) = files.keys().partition(|name| *name == INDEX);
    for name in others.into_iter().chain(index) {
        let path = dist.join(name);
        make_parent(&path)?;
        fs::rename(stage.join(name), &path)
            .with_context(|| format!("{} cannot be replaced", path.display()))?;
    }
    fs::remove_dir_all(&stage)?;
    remove_others(dist, dist, &files.keys().map(|name| dist.join(name)).collect())
}

/// Removes what is below `folder` and not in `keep`.
fn remove_others(dist: &Path, folder: &Path, keep: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(dist, &path, keep)?;
        } else if !keep.contains(&path) {
            fs::remove_file(&path)
                .with_context(|| format!("{} cannot be removed", path.display()))?;
        }
    }
    if folder != dist && fs::read_dir(folder)?.next().is_none() {
        fs::remove_dir(folder)?;
    }
    Ok(())
}

fn make_parent(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Files, Stamp, read_folder, replace};

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_folder_comes_to_hold_exactly_the_files() {
        let folder = tempfile::tempdir().unwrap();
        for page in [
            files(&[("index.html", "1"), ("a/b/c.js", "1"), ("a.js", "1")]),
            files(&[("index.html", "2"), ("a.js", "1"), ("d/e.js", "2")]),
        ] {
            replace(folder.path(), &page).unwrap();
            let mut found = Files::new();
            read_folder(folder.path(), "", &mut found).unwrap();
            assert_eq!(found, page);
        }
        assert!(!folder.path().join("a").exists(), "an empty folder stays behind");
    }

    #[test]
    fn a_stamp_stands_until_the_sources_or_the_page_change() {
        let folder = tempfile::tempdir().unwrap();
        let dist = folder.path().join("dist");
        replace(&dist, &files(&[("index.html", "page")])).unwrap();
        let file = folder.path().join("stamp");
        let stamp = Stamp::new(&[b"module"], &files(&[("a.css", "1")]));
        assert!(!stamp.stands(&file, &dist));
        stamp.write(&file, &dist).unwrap();
        assert!(stamp.stands(&file, &dist));

        let other = Stamp::new(&[b"module"], &files(&[("a.css", "2")]));
        assert!(!other.stands(&file, &dist));
        fs::write(dist.join("index.html"), "changed").unwrap();
        assert!(!stamp.stands(&file, &dist));
    }
}
