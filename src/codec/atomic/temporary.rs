//! Files under construction, and what becomes of them when a program ends early.
//!
//! Each is locked by the process that writes it, and its name carries a checksum
//! of itself. One of such a name that is not locked was left behind by a process
//! that was killed: it is removed when another file is begun in its folder.

use std::{
    collections::{BTreeSet, hash_map::RandomState},
    ffi::OsStr,
    fs::{self, File, OpenOptions, TryLockError},
    hash::BuildHasher,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tempfile::TempPath;

use crate::hash::fnv1a;

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
    let begin = || {
        let name = name_of(&random_id());
        let mut builder = tempfile::Builder::new();
        builder.prefix(&name).rand_bytes(0);
        builder.make_in(folder, open_locked)
    };
    let taken = |made: &io::Result<_>| matches!(made, Err(error) if error.kind() == io::ErrorKind::AlreadyExists);
    // An ID that is taken is so rare that many in a row have another cause.
    let mut made = begin();
    for _ in 1..100 {
        if !taken(&made) {
            break;
        }
        made = begin();
    }
    let (file, path) = made?.into_parts();
    live.paths.insert(path.to_path_buf());
    let entry = Entry(path.to_path_buf());
    Ok((file, path, entry))
}

/// 64 random bits in hexadecimal.
fn random_id() -> String {
    format!("{:016x}", RandomState::new().hash_one(()))
}

/// `.stridekern-ID-CHECKSUM.tmp`, with the FNV-1a hash of the ID as its checksum:
/// no name that somebody else thought of is like this.
fn name_of(id: &str) -> String {
    format!("{PREFIX}{id}-{:016x}{SUFFIX}", fnv1a(id.as_bytes()))
}

/// Whether a file of this name was made by [`make`].
fn is_ours(name: &OsStr) -> bool {
    let id = (name.to_str())
        .and_then(|name| name.strip_prefix(PREFIX))
        .and_then(|rest| rest.get(..16));
    let digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    id.is_some_and(|id| id.bytes().all(digit) && name == name_of(id).as_str())
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
        if !is_ours(&entry.file_name()) || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
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
