//! Opens files to read.

use std::{fs::File, io, path::Path};

use crate::error::{Error, IoAction, Result};

/// Opens the file at `path`; a folder is an error.
///
/// # Errors
///
/// [`Error::Io`]; its action distinguishes a path that does not exist from a file that the
/// system cannot open.
pub(crate) fn open_file(path: &Path) -> Result<File> {
    use io::ErrorKind::{InvalidFilename, IsADirectory, NotADirectory, NotFound, PermissionDenied};
    let file = File::open(path).map_err(|error| match error.kind() {
        NotFound | NotADirectory | InvalidFilename | PermissionDenied => {
            Error::io(IoAction::Find, error)
        }
        _ => Error::io(IoAction::Open, error),
    })?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Error::io(IoAction::Find, IsADirectory.into()));
    }
    Ok(file)
}
