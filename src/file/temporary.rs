//! Temporary files, and how they are removed when a program ends early.
//!
//! Where the system has unnamed files (Linux's `O_TMPFILE`), they have no name until they are
//! put in their place, so the system removes them however the process ends. A file has a
//! temporary name only for a moment, in which a sudden end would leave it: while it replaces
//! another file, which takes two system calls, and while a folder is probed for whether unnamed
//! files can be linked in it. A process has at most one of these at a time.
//!
//! Elsewhere all temporary files have names. A named one is locked by the process that writes
//! it, and its name contains a checksum of itself. A file with such a name that is not locked
//! was left behind by a process that was killed: it is removed when another file is begun in
//! its folder.

use std::{
    collections::{BTreeMap, BTreeSet, hash_map::RandomState},
    ffi::OsStr,
    fs::{self, File, OpenOptions, TryLockError},
    hash::BuildHasher,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tempfile::TempPath;

use super::output_path::folder_of;
use crate::hash::fnv1a;

const PREFIX: &str = ".stridekern-";
const SUFFIX: &str = ".tmp";

/// The temporary files of this process, to be removed when it is interrupted.
static LIVE: Mutex<Live> = Mutex::new(Live {
    paths: BTreeSet::new(),
    folders: BTreeMap::new(),
    closed: false,
});

pub(super) struct Live {
    /// The paths of named temporary files.
    pub(super) paths: BTreeSet<PathBuf>,
    /// Folders that were cleaned up, and the kind of temporary files they allow.
    pub(super) folders: BTreeMap<PathBuf, Kind>,
    closed: bool,
}

/// The kind of temporary files in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Named,
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "Linux has them"))]
    Unnamed,
}

impl Live {
    /// Fails when the program is about to exit.
    fn check(&self) -> io::Result<()> {
        match self.closed {
            true => Err(io::ErrorKind::Interrupted.into()),
            false => Ok(()),
        }
    }
}

pub(super) fn live() -> MutexGuard<'static, Live> {
    // The set is consistent between any two statements, so a panic elsewhere does no harm.
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The entry of a file in [`LIVE`], removed when dropped.
#[derive(Debug)]
pub(super) struct Entry(PathBuf);

impl Entry {
    fn new(live: &mut Live, path: &Path) -> Self {
        live.paths.insert(path.to_owned());
        Self(path.to_owned())
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        live().paths.remove(&self.0);
    }
}

/// The name of a temporary file.
#[derive(Debug)]
pub(super) enum Name {
    /// Unnamed: removed by the system when it is closed.
    None,
    /// The file is removed when this is dropped, then its entry: in this order.
    Path(TempPath, Entry),
}

/// A new temporary file in this folder.
pub(super) fn make(folder: &Path) -> io::Result<(File, Name)> {
    // Locked throughout, so `remove_temporaries` misses no file.
    let mut live = live();
    live.check()?;
    let kind = match live.folders.get(folder) {
        Some(kind) => *kind,
        None => {
            sweep(folder);
            let kind = unnamed::kind_of(folder);
            live.folders.insert(folder.to_owned(), kind);
            kind
        }
    };
    if kind == Kind::Unnamed
        && let Ok(file) = unnamed::open(folder)
    {
        return Ok((file, Name::None));
    }
    // Opened like any new file, so that the umask applies: the tempfile crate would make it
    // private.
    let (file, path) = named(folder, open_locked)?.into_parts();
    let entry = Entry::new(&mut live, &path);
    Ok((file, Name::Path(path, entry)))
}

/// Calls `make` with new names in this folder until one is free.
fn named<F>(
    folder: &Path,
    mut make: impl FnMut(&Path) -> io::Result<F>,
) -> io::Result<tempfile::NamedTempFile<F>> {
    let mut begin = || {
        let name = name_of(&random_id());
        let mut builder = tempfile::Builder::new();
        builder.prefix(&name).rand_bytes(0);
        builder.make_in(folder, &mut make)
    };
    let taken = |made: &io::Result<_>| matches!(made, Err(error) if error.kind() == io::ErrorKind::AlreadyExists);
    // Collisions of random IDs are so rare that many in a row have another cause.
    let mut made = begin();
    for _ in 1..100 {
        if !taken(&made) {
            break;
        }
        made = begin();
    }
    made
}

impl Name {
    /// Moves the file to `target`; with `replace`, over an existing file.
    pub(super) fn persist(self, file: File, target: &Path, replace: bool) -> io::Result<()> {
        if let Self::Path(path, _entry) = self {
            // Windows cannot rename an open file. On Unix it stays locked until it is renamed.
            #[cfg(not(unix))]
            drop(file);
            return move_to(path, target, replace);
        }
        // Locked until it is in place, so that `remove_temporaries` runs before or after.
        let live = live();
        live.check()?;
        match unnamed::link(&file, target) {
            Err(error) if replace && error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result,
        }
        // No system call links an unnamed file over another. So it gets a temporary name for a
        // moment, and a lock, so that no other process removes it as left behind.
        let _ = file.try_lock();
        let named = named(folder_of(target), |path| unnamed::link(&file, path))?;
        move_to(named.into_temp_path(), target, replace)
    }
}

fn move_to(path: TempPath, target: &Path, replace: bool) -> io::Result<()> {
    let moved = match replace {
        true => path.persist(target),
        false => path.persist_noclobber(target),
    };
    moved.map_err(|error| error.error)
}

#[cfg(target_os = "linux")]
mod unnamed {
    use std::{
        fs::{File, OpenOptions},
        io,
        os::{fd::AsRawFd, unix::fs::OpenOptionsExt},
        path::Path,
    };

    use rustix::fs::{AtFlags, CWD, OFlags, linkat};

    use super::{Kind, named};

    /// Probes whether an unnamed file can be created and linked in this folder.
    pub(super) fn kind_of(folder: &Path) -> Kind {
        let tried = open(folder).and_then(|file| named(folder, |path| link(&file, path)));
        match tried {
            Ok(_) => Kind::Unnamed,
            Err(_) => Kind::Named,
        }
    }

    pub(super) fn open(folder: &Path) -> io::Result<File> {
        let flags = OFlags::TMPFILE.bits().cast_signed();
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .custom_flags(flags)
            .open(folder)
    }

    /// Links the file at `path`; fails if something exists there.
    pub(super) fn link(file: &File, path: &Path) -> io::Result<()> {
        // As open(2) describes. `AT_EMPTY_PATH` would need a privilege.
        let own = format!("/proc/self/fd/{}", file.as_raw_fd());
        Ok(linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
    }
}

#[cfg(not(target_os = "linux"))]
mod unnamed {
    use std::{fs::File, io, path::Path};

    use super::Kind;

    pub(super) fn kind_of(_: &Path) -> Kind {
        Kind::Named
    }

    pub(super) fn open(_: &Path) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn link(_: &File, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// 64 random bits in hexadecimal.
fn random_id() -> String {
    format!("{:016x}", RandomState::new().hash_one(()))
}

/// `.stridekern-ID-CHECKSUM.tmp`, with the FNV-1a hash of the ID as its checksum:
/// a name given by anybody else does not look like this.
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
        // Not every file system has locks; without them, `sweep` removes nothing either.
        _ => Ok(file),
    }
}

/// Removes temporary files of killed processes from this folder, as far as that is allowed.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if !is_ours(&entry.file_name()) || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        // The lock is held until the file is removed.
        let path = entry.path();
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Removes every temporary file of this process and prevents new ones: for a program that is
/// interrupted and about to exit.
///
/// Files under construction are lost; files in their place are not touched.
pub fn remove_temporaries() {
    let mut live = live();
    live.closed = true;
    for path in std::mem::take(&mut live.paths) {
        // Fails if it was renamed into place a moment ago.
        let _ = fs::remove_file(path);
    }
}
