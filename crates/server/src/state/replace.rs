//! A file that takes the place of another, as a whole or not at all.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Puts this in the place of what is in a file that only its owner may read. After a crash at any moment the file holds all of the
/// one or all of the other.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        super::make(folder)?;
    }
    let written = Replacement::begin(path)?.write(content)?.sync()?;
    written.rename()?.sync_folder()
}

/// A file beside the one whose place it will take. The steps come in this order: what was not forced to the disk before it was
/// renamed could be empty afterwards.
pub(crate) struct Replacement {
    path: PathBuf,
    beside: PathBuf,
    file: File,
}

/// It is on the disk.
pub(crate) struct Synced(Replacement);

/// It has taken the other one's place, as far as anybody sees.
pub(crate) struct Renamed(PathBuf);

impl Replacement {
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        let beside = path.with_added_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&beside)?;
        Ok(Self { path: path.to_owned(), beside, file })
    }

    pub(crate) fn write(mut self, content: &[u8]) -> io::Result<Self> {
        self.file.write_all(content)?;
        Ok(self)
    }

    pub(crate) fn sync(self) -> io::Result<Synced> {
        self.file.sync_all()?;
        Ok(Synced(self))
    }
}

impl Synced {
    pub(crate) fn rename(self) -> io::Result<Renamed> {
        fs::rename(&self.0.beside, &self.0.path)?;
        Ok(Renamed(self.0.path))
    }
}

impl Renamed {
    /// Forces the folder to the disk, too, where that can be done.
    pub(crate) fn sync_folder(self) -> io::Result<()> {
        #[cfg(unix)]
        if let Some(folder) = self.0.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}
