//! What is in the place of an output, and whether a file can be put there.

use std::{
    fs::{self, File, Metadata},
    io,
    path::Path,
};

use crate::error::{Error, IoAction, OutputError, Result};

/// What to do when the output exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overwrite {
    /// Refuse, and leave the old file as it is.
    #[default]
    Refuse,
    /// Put the new file in the place of the old one, once it is whole.
    Replace,
}

/// What is in the place of an output, if that can be replaced or written to.
pub(crate) fn check_place(path: &Path, overwrite: Overwrite) -> Result<Option<Metadata>> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
            return Err(creating(error));
        }
        Err(_) => return Ok(None),
        Ok(link) if link.is_symlink() => match fs::metadata(path) {
            Ok(found) => found,
            // A link to nowhere is in the way like a file. To replace it would not
            // be what becomes of other links, and what is behind it may be a disk
            // that is not mounted.
            Err(_) if overwrite == Overwrite::Refuse => return Err(Error::Exists),
            Err(_) => {
                return Err(OutputError::DeadLink.into());
            }
        },
        Ok(found) => found,
    };
    if found.is_dir() {
        return Err(OutputError::Folder.into());
    }
    if found.is_file() && overwrite == Overwrite::Refuse {
        return Err(Error::Exists);
    }
    if found.is_file() && found.permissions().readonly() {
        return Err(OutputError::Protected.into());
    }
    Ok(Some(found))
}

/// Why no file can be made beside the output at `path`, or beside the file that it is a link
/// to, as far as the permissions of the folder tell. One that is missing is told of elsewhere.
#[cfg(unix)]
pub(crate) fn check_folder(path: &Path) -> Result<()> {
    use rustix::fs::{Access, access};
    let real = fs::canonicalize(path);
    let folder = folder_of(real.as_deref().unwrap_or(path));
    match access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        Err(error) if folder.is_dir() => Err(creating(error.into())),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
pub(crate) fn check_folder(_: &Path) -> Result<()> {
    Ok(())
}

pub(super) fn creating(error: io::Error) -> Error {
    Error::io(IoAction::Create, error)
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Until it has the permissions of a file that it takes after, nobody else
/// reads what may not be theirs to read.
#[cfg(unix)]
pub(super) fn close_to_others(file: &File) -> io::Result<()> {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};
    file.set_permissions(Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
pub(super) fn close_to_others(_: &File) -> io::Result<()> {
    Ok(())
}
