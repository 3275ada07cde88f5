//! The state directory: what outlives the server. One server has it at a time, nobody but its owner looks into it, and what is
//! written there is there as a whole or not at all.

mod lock;
mod replace;

pub use lock::{StateError, StateLock};
#[cfg(test)]
pub(crate) use replace::Replacement;
pub(crate) use replace::replace;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tracing::{info, warn};

/// The lock's file.
const LOCK: &str = "lock";

/// Certificates, their keys, and accounts with authorities.
const TLS: &str = "tls";

/// The right to use the state directory. One that cannot be used at all is done without.
pub(crate) async fn hold(state: &Path) -> io::Result<Option<Arc<StateLock>>> {
    match StateLock::take(state).await {
        Ok(lock) => Ok(Some(Arc::new(lock))),
        Err(error @ StateError::Taken { .. }) => Err(io::Error::other(error)),
        Err(error @ StateError::Unusable { .. }) => {
            warn!(%error, "nothing may be kept over a restart");
            Ok(None)
        }
    }
}

/// Makes the directory if it is not there, and closes it to others if it is open to them.
fn prepare(folder: &Path) -> io::Result<()> {
    make(folder)?;
    if let Err(error) = close(folder) {
        // It may be somebody else's, who lets us write there.
        warn!(%error, folder = %folder.display(), "the state directory may be open to other users");
    }
    Ok(())
}

/// Closes it to others. One that also holds what is not ours stays as it is: it may be anybody's, such as `/tmp`.
fn close(folder: &Path) -> io::Result<()> {
    let mut all_ours = true;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, is_folder) = (entry.file_name(), entry.file_type()?.is_dir());
        if is_folder && name == TLS {
            close_to_others(&entry.path(), 0o700)?;
            for file in fs::read_dir(entry.path())? {
                let file = file?;
                if file.file_type()?.is_file() {
                    close_to_others(&file.path(), 0o600)?;
                }
            }
        } else if !is_folder && name.to_str().is_some_and(is_ours) {
            close_to_others(&entry.path(), 0o600)?;
        } else {
            all_ours = false;
        }
    }
    if all_ours {
        if close_to_others(folder, 0o700)? {
            info!(folder = %folder.display(), "the state directory was open to other users: it is closed to them now");
        }
    } else if is_open_to_others(folder)? {
        warn!(
            folder = %folder.display(),
            "the state directory holds other things as well, and is open to other users: name one of its own with --state"
        );
    }
    Ok(())
}

/// Whether a file of the state directory is one that the server makes.
fn is_ours(name: &str) -> bool {
    name == LOCK || name.starts_with("accounts.sqlite") || name.starts_with("roster-")
}

/// Makes a directory that is its owner's only, if there is none.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::symlink_metadata(path)?.permissions().mode() & 0o077 != 0)
}

/// Whether it was open to others. A link is left alone: what it leads to may be elsewhere.
#[cfg(unix)]
fn close_to_others(path: &Path, mode: u32) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    if fs::symlink_metadata(path)?.is_symlink() || !is_open_to_others(path)? {
        return Ok(false);
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok(true)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(not(unix))]
fn close_to_others(_: &Path, _: u32) -> io::Result<bool> {
    Ok(false)
}

/// Where certificates are.
pub(crate) fn tls(folder: &Path) -> PathBuf {
    folder.join(TLS)
}
