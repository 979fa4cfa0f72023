//! Files under construction, and what becomes of them when a program ends early.
//!
//! Each is locked by the process that writes it. One that is not locked was left
//! behind by a process that was killed: it is removed when another file is begun
//! in its folder.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tempfile::TempPath;

const PREFIX: &str = ".stridekern-";
const SUFFIX: &str = ".tmp";

/// The temporary files that live, for a program that is about to be stopped.
static LIVE: Mutex<Live> = Mutex::new(Live {
    paths: BTreeSet::new(),
    swept: BTreeSet::new(),
    closed: false,
});

pub(super) struct Live {
    pub(super) paths: BTreeSet<PathBuf>,
    /// Folders without files that others left behind.
    swept: BTreeSet<PathBuf>,
    closed: bool,
}

pub(super) fn live() -> MutexGuard<'static, Live> {
    // The set is whole between any two statements, so that a panic elsewhere
    // does not spoil it.
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in the list of the living, given back when dropped.
#[derive(Debug)]
pub(super) struct Entry(PathBuf);

impl Drop for Entry {
    fn drop(&mut self) {
        live().paths.remove(&self.0);
    }
}

/// A new file in this folder.
pub(super) fn make(folder: &Path) -> io::Result<(File, TempPath, Entry)> {
    // Locked throughout: no file comes to be that `remove_temporaries` misses.
    let mut live = live();
    if live.closed {
        return Err(io::ErrorKind::Interrupted.into());
    }
    if !live.swept.contains(folder) {
        sweep(folder);
        live.swept.insert(folder.to_owned());
    }
    // Opened as any program opens a new file, so that the umask has its say:
    // the crate's own way would hide it from everyone else.
    let (file, path) = tempfile::Builder::new()
        .prefix(PREFIX)
        .suffix(SUFFIX)
        .make_in(folder, open_locked)?
        .into_parts();
    live.paths.insert(path.to_path_buf());
    let entry = Entry(path.to_path_buf());
    Ok((file, path, entry))
}

fn open_locked(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).open(path)?;
    match file.try_lock() {
        // Another process may have taken it for one that was left behind.
        Ok(()) if fs::symlink_metadata(path).is_err() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::AlreadyExists.into()),
        // Not every file system has locks; there, nobody sweeps either.
        _ => Ok(file),
    }
}

/// Removes what processes that were killed have left in this folder. What
/// cannot be removed stays.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        // The lock is held until the file is gone.
        let path = entry.path();
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Removes every temporary file of this process and makes no more of them: for
/// a program that is interrupted and about to exit.
///
/// Files under construction are lost, those in their place are not touched.
pub fn remove_temporaries() {
    let mut live = live();
    live.closed = true;
    for path in std::mem::take(&mut live.paths) {
        // It may have been moved into its place a moment ago.
        let _ = fs::remove_file(path);
    }
}
