//! The files of the page, as they are on disk.
//!
//! All that a request can get stands in one table, made by looking through the folder: no path of a request is ever a path
//! on the disk. So there is no way out of the folder, and no folder is a page.

use std::{
    collections::HashMap,
    fs::{self, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use axum::body::Bytes;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hyper::header::HeaderValue;
use sha2::{Digest, Sha256};
use tracing::warn;

use super::super::edge::Markup;
use crate::limits::{MAX_PAGE_BYTES, MAX_PAGE_DEPTH, MAX_PAGE_FILES};

/// The start page's path.
pub(super) const START: &str = "/index.html";

/// The bytes of a file's hash that tell its content from any other.
const TAG_BYTES: usize = 16;

/// The files of the page by the paths that requests name.
#[derive(Debug, Default)]
pub(super) struct Files {
    by_path: HashMap<String, File>,
    /// How many there was no room for.
    left_out: usize,
}

/// A file of the page.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) content: Bytes,
    /// Its entity tag, quotes included.
    pub(super) tag: HeaderValue,
    pub(super) modified: SystemTime,
    /// The hashes of its markup, if it is the start page.
    pub(super) markup: Option<Markup>,
    stamp: Stamp,
}

/// Differs once a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    bytes: u64,
    /// When anything of it changed, its times included, and which file it is: a time can be set back.
    #[cfg(unix)]
    inode: (i64, i64, u64),
}

impl Stamp {
    fn of(file: &Metadata) -> io::Result<Self> {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Ok(Self {
            modified: file.modified()?,
            bytes: file.len(),
            #[cfg(unix)]
            inode: (file.ctime(), file.ctime_nsec(), file.ino()),
        })
    }
}

/// A file that was found.
struct Found {
    path: String,
    on_disk: PathBuf,
    stamp: Stamp,
}

impl Files {
    /// Reads what is in a folder, and takes over what has not changed since `before`. There are none if there is no folder.
    pub(super) fn read(root: &Path, before: &Self) -> Self {
        // Files lie within it by their real paths.
        let Ok(root) = root.canonicalize() else { return Self::default() };
        let mut search = Search { root: &root, found: Vec::new(), seen: 0 };
        search.look_through(&root, "", 0);
        // If there is no room for all, what is large is left out.
        search.found.sort_by_key(|found| found.stamp.bytes);
        let mut files = Self::default();
        let mut room = MAX_PAGE_BYTES;
        for found in search.found {
            if found.stamp.bytes > room {
                files.left_out += 1;
                continue;
            }
            let known = before.get(&found.path).filter(|file| file.stamp == found.stamp).cloned();
            // An unreadable file was removed in the meantime, has grown, or is not for us.
            if let Ok(file) = known.map_or_else(|| File::read(&found), Ok) {
                room -= file.content.len() as u64;
                files.by_path.insert(found.path, file);
            }
        }
        if files.left_out > before.left_out {
            warn!(
                folder = %root.display(), files = files.left_out,
                "the page is larger than {} MB, and its largest files are not served", MAX_PAGE_BYTES >> 20
            );
        }
        files
    }

    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.by_path.get(path)
    }
}

impl File {
    /// # Errors
    /// It cannot be read, or has grown since it was found.
    fn read(found: &Found) -> io::Result<Self> {
        let mut content = Vec::new();
        let file = fs::File::open(&found.on_disk)?;
        file.take(found.stamp.bytes + 1).read_to_end(&mut content)?;
        if content.len() as u64 > found.stamp.bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let tag = URL_SAFE_NO_PAD.encode(&Sha256::digest(&content)[..TAG_BYTES]);
        let tag = HeaderValue::try_from(format!("\"{tag}\"")).map_err(io::Error::other)?;
        let markup = (found.path == START).then(|| Markup::of(&String::from_utf8_lossy(&content)));
        let Stamp { modified, .. } = found.stamp;
        Ok(Self { content: content.into(), tag, modified, markup, stamp: found.stamp })
    }
}

/// Looks through a folder and those within it.
struct Search<'a> {
    root: &'a Path,
    found: Vec<Found>,
    /// How many files and folders there were, served or not.
    seen: usize,
}

impl Search<'_> {
    fn look_through(&mut self, folder: &Path, path: &str, depth: usize) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries {
            self.seen += 1;
            if self.seen > MAX_PAGE_FILES {
                return;
            }
            let name = entry.file_name();
            let (Some(name), Ok(kind)) =
                (name.to_str().filter(|name| is_served(name)), entry.file_type())
            else {
                continue;
            };
            let path = format!("{path}/{name}");
            if kind.is_dir() && depth < MAX_PAGE_DEPTH {
                self.look_through(&entry.path(), &path, depth + 1);
            } else if kind.is_file() {
                self.find(path, entry.path());
            } else if kind.is_symlink()
                && let Some(target) = self.target(&entry.path())
            {
                self.find(path, target);
            }
        }
    }

    fn find(&mut self, path: String, on_disk: PathBuf) {
        if let Ok(file) = fs::metadata(&on_disk)
            && let Ok(stamp) = Stamp::of(&file)
        {
            self.found.push(Found { path, on_disk, stamp });
        }
    }

    /// The file that a link leads to, if that could be asked for without it.
    fn target(&self, link: &Path) -> Option<PathBuf> {
        let target = link.canonicalize().ok().filter(|target| target.is_file())?;
        let mut names = target.strip_prefix(self.root).ok()?.iter();
        names.all(|name| name.to_str().is_some_and(is_served)).then_some(target)
    }
}

/// Whether what has this name is served: nothing hidden, and no name that would have to be written otherwise in a URL.
fn is_served(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~+@".contains(&byte);
    !name.starts_with('.') && name.bytes().all(is_plain)
}
