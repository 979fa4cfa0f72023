//! What exists at the path of an output, and whether a file can be created there.

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
    /// Replace the old file, once the new one is complete.
    Replace,
}

/// What exists at the path of an output, if that can be replaced or written to; `None` if
/// nothing does.
pub(crate) fn check_place(path: &Path, overwrite: Overwrite) -> Result<Option<Metadata>> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
            return Err(creating(error));
        }
        Err(_) => return Ok(None),
        Ok(link) if link.is_symlink() => match fs::metadata(path) {
            Ok(found) => found,
            // A dangling link counts as a file. It is not replaced, since other links are
            // followed, and its target may be on a disk that is not mounted.
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
    if found.is_file() {
        check_writable(path, &found)?;
    }
    Ok(Some(found))
}

/// Checks that this file is not protected. It is replaced by way of its folder, which asks
/// nothing of it: so a file is taken for protected if nobody may write to it, not even the
/// superuser who could, or if this process may not, be it for its owner, an access list, an
/// attribute or its file system.
fn check_writable(path: &Path, found: &Metadata) -> Result<()> {
    if found.permissions().readonly() {
        return Err(OutputError::Protected.into());
    }
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        match access(path, Access::WRITE_OK).map_err(io::Error::from) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(OutputError::Protected.into());
            }
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                return Err(creating(error));
            }
            // What else there is to say, creating the new file says.
            _ => {}
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Checks the permission to create a file in the folder of the output at `path`, or of the
/// file that it is a link to. A missing folder is reported elsewhere.
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

/// Makes a file private to its owner, until it gets the permissions of the file it replaces,
/// which others may not be allowed to read.
#[cfg(unix)]
pub(super) fn make_private(file: &File) -> io::Result<()> {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};
    file.set_permissions(Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
pub(super) fn make_private(_: &File) -> io::Result<()> {
    Ok(())
}
