//! The page's own files: read, named by their content, and put in their place.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Component, Path},
};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::html::{Link, Rel};

/// Files by their path, with `/` between folders whatever the system uses.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Bytes of a SHA-256 that go into a name: 64 bits are more than enough to tell versions of one file apart.
const HASH_BYTES: usize = 8;

/// Reads every file that the links name, the crate aside; the paths start at `root`.
pub(super) fn read(root: &Path, links: &[Link]) -> Result<Files> {
    let mut files = Files::new();
    for link in links {
        inside(&link.href)?;
        inside(&link.folder)?;
        match link.rel {
            Rel::Rust => {}
            Rel::Css | Rel::Icon | Rel::CopyFile => {
                files.insert(link.href.clone(), read_file(&root.join(&link.href))?);
            }
            Rel::CopyDir => read_folder(root, link.href.trim_end_matches('/'), &mut files)?,
        }
    }
    Ok(files)
}

/// Puts the files that `link` names where they are served, and returns the HTML that stands for it.
pub(super) fn place(link: &Link, sources: &Files, files: &mut Files) -> Result<String> {
    let (relation, hashed) = match link.rel {
        Rel::Css => ("stylesheet", true),
        Rel::Icon => ("icon", true),
        Rel::CopyFile => ("", false),
        Rel::CopyDir => {
            place_folder(link, sources, files);
            return Ok(String::new());
        }
        Rel::Rust => bail!("the crate is no asset"),
    };
    let content = sources.get(&link.href).with_context(|| format!("{} was not read", link.href))?;
    let name = file_name(&link.href);
    let name = if hashed { hashed_name(name, content) } else { name.to_owned() };
    let path = joined(&link.folder, &name);
    files.insert(path.clone(), content.clone());
    if !hashed {
        return Ok(String::new());
    }
    let kept = link.kept.iter().map(|(name, value)| attribute(name, value)).collect::<String>();
    // Relative: a web server may put the page under a path.
    Ok(format!("<link rel=\"{relation}\" href=\"{path}\"{kept}>"))
}

/// `app.js` as `app-0123456789abcdef.js`: its name changes exactly when its content does, so it may be cached for ever.
pub(super) fn hashed_name(name: &str, content: &[u8]) -> String {
    let hash = hash(content);
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
        None => format!("{name}-{hash}"),
    }
}

/// The start of the content's SHA-256, in hexadecimal digits.
pub(super) fn hash(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().take(HASH_BYTES).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads a folder, and the folders in it; `folder` starts at `root`.
pub(super) fn read_folder(root: &Path, folder: &str, files: &mut Files) -> Result<()> {
    let path = root.join(folder);
    let entries =
        fs::read_dir(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = joined(folder, &entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_folder(root, &name, files)?;
        } else {
            files.insert(name, read_file(&entry.path())?);
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// As trunk does it: into the folder that `data-target-path` names, or one with the folder's own name.
fn place_folder(link: &Link, sources: &Files, files: &mut Files) {
    let source = format!("{}/", link.href.trim_end_matches('/'));
    let target =
        if link.folder.is_empty() { file_name(source.trim_end_matches('/')) } else { &link.folder };
    for (path, content) in sources {
        if let Some(rest) = path.strip_prefix(&source) {
            files.insert(joined(target, rest), content.clone());
        }
    }
}

fn attribute(name: &str, value: &str) -> String {
    format!(" {name}=\"{}\"", value.replace('&', "&amp;").replace('"', "&quot;"))
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Refuses paths that lead out of the project's folder or out of the page's.
fn inside(path: &str) -> Result<()> {
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if Path::new(path).components().all(inside) {
        return Ok(());
    }
    bail!("index.html names {path}, which leads out of the folder: name a path inside.");
}

#[cfg(test)]
mod tests {
    use super::{Files, Link, Rel, hashed_name, inside, place};

    fn link(rel: Rel, href: &str, folder: &str) -> Link {
        Link {
            rel,
            href: href.to_owned(),
            folder: folder.to_owned(),
            wasm_opt: None,
            kept: vec![("media".to_owned(), "a\"b".to_owned())],
        }
    }

    #[test]
    fn each_kind_of_link_is_served_where_trunk_would() {
        let sources: Files = ["style.css", "img/i.svg", "robots.txt", "img/deep/j.svg"]
            .map(|path| (path.to_owned(), b"x".to_vec()))
            .into();
        let media = " media=\"a&quot;b\"";
        for (link, paths, html) in [
            (
                link(Rel::Css, "style.css", ""),
                vec!["style-2d711642b726b044.css"],
                format!("<link rel=\"stylesheet\" href=\"style-2d711642b726b044.css\"{media}>"),
            ),
            (
                link(Rel::Icon, "img/i.svg", "pics"),
                vec!["pics/i-2d711642b726b044.svg"],
                format!("<link rel=\"icon\" href=\"pics/i-2d711642b726b044.svg\"{media}>"),
            ),
            (link(Rel::CopyFile, "robots.txt", ""), vec!["robots.txt"], String::new()),
            (link(Rel::CopyDir, "img", ""), vec!["img/deep/j.svg", "img/i.svg"], String::new()),
            (link(Rel::CopyDir, "img/", "a/b"), vec!["a/b/deep/j.svg", "a/b/i.svg"], String::new()),
        ] {
            let mut files = Files::new();
            assert_eq!(place(&link, &sources, &mut files).unwrap(), html);
            assert_eq!(files.keys().collect::<Vec<_>>(), paths);
        }
    }

    #[test]
    fn a_name_changes_with_its_content_only() {
        assert_eq!(hashed_name("a.b.js", b"1"), hashed_name("a.b.js", b"1"));
        assert_ne!(hashed_name("a.b.js", b"1"), hashed_name("a.b.js", b"2"));
        assert!(hashed_name("a.b.js", b"1").starts_with("a.b-"));
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        for path in ["", "a", "a/b.css", "./a"] {
            assert!(inside(path).is_ok(), "{path}");
        }
        for path in ["..", "a/../../b", "/etc/passwd"] {
            assert!(inside(path).is_err(), "{path}");
        }
    }
}
