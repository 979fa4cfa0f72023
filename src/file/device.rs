//! Outputs that are not files: devices, pipes and standard output.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

use super::writing;
use crate::error::Result;

/// The kind of file at `path`, with an article, if it is a pipe, a socket or a device: reading
/// from it consumes its data, and it cannot be replaced.
pub fn special(path: &Path) -> Option<&'static str> {
    let kind = fs::metadata(path).ok()?.file_type();
    if kind.is_file() || kind.is_dir() {
        return None;
    }
    Some(kind_of(kind))
}

#[cfg(unix)]
pub(super) fn kind_of(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a named pipe (FIFO)"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
pub(super) fn kind_of(_: fs::FileType) -> &'static str {
    "a device"
}

/// The device or pipe at `path`, opened for writing, or `None` if there is a file or nothing.
pub(super) fn open_device(path: &Path) -> Result<Option<File>> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => (OpenOptions::new().write(true))
            .open(path)
            .map(Some)
            .map_err(writing),
        _ => Ok(None),
    }
}

/// Standard output as a file. `std::io::Stdout` ignores the error of a descriptor that is not
/// open for writing, and buffers by lines.
pub(super) fn standard_output() -> io::Result<File> {
    #[cfg(unix)]
    let own = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned();
    #[cfg(windows)]
    let own = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned();
    #[cfg(not(any(unix, windows)))]
    let own: io::Result<File> = Err(io::ErrorKind::Unsupported.into());
    own.map(File::from)
}
