//! What has a path and is no regular file.

use std::{fs, path::Path};

/// What kind of file is at `path`, with its article, if it is a pipe, a socket or a device:
/// to read from such a one takes away what is read, and it cannot be replaced.
pub fn special(path: &Path) -> Option<&'static str> {
    let kind = fs::metadata(path).ok()?.file_type();
    if kind.is_file() || kind.is_dir() {
        return None;
    }
    Some(name_of(kind))
}

#[cfg(unix)]
fn name_of(kind: fs::FileType) -> &'static str {
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
fn name_of(_: fs::FileType) -> &'static str {
    "a device"
}
