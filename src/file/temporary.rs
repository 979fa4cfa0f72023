//! Files under construction, and what becomes of them when a program ends early.
//!
//! Where the system has files without a name (Linux's `O_TMPFILE`), they are such until they
//! are put in their place: however the process ends, the system takes them away. Only for a
//! moment one has a temporary name, and could be left by a sudden end: while it takes the place
//! of another file, which is two system calls, and while it is tried in a folder whether such
//! files can be given a name. A process has at most one of these at a time.
//!
//! Elsewhere all of them have names. Each that has one is locked by the process that writes it,
//! and its name carries a checksum of itself. One of such a name that is not locked was left behind by a process that was
//! killed: it is removed when another file is begun in its folder.

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

use super::place::folder_of;
use crate::hash::fnv1a;

const PREFIX: &str = ".stridekern-";
const SUFFIX: &str = ".tmp";

/// The temporary files that live, for a program that is about to be stopped.
static LIVE: Mutex<Live> = Mutex::new(Live {
    paths: BTreeSet::new(),
    folders: BTreeMap::new(),
    closed: false,
});

pub(super) struct Live {
    /// Those that have a name.
    pub(super) paths: BTreeSet<PathBuf>,
    /// Folders that have been swept, and what files in them can be.
    pub(super) folders: BTreeMap<PathBuf, Kind>,
    closed: bool,
}

/// How files under construction are kept in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Named,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "Linux has them"))]
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
    // The set is whole between any two statements, so that a panic elsewhere
    // does not spoil it.
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in the list of the living, given back when dropped.
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

/// What a file under construction goes by.
#[derive(Debug)]
pub(super) enum Name {
    /// None: it is gone when it is closed.
    None,
    /// Removed when dropped, then forgotten: in this order.
    Path(TempPath, Entry),
}

/// A new file in this folder.
pub(super) fn make(folder: &Path) -> io::Result<(File, Name)> {
    // Locked throughout: no file comes to be that `remove_temporaries` misses.
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
    // Opened as any program opens a new file, so that the umask has its say:
    // the crate's own way would hide it from everyone else.
    let (file, path) = named(folder, open_locked)?.into_parts();
    let entry = Entry::new(&mut live, &path);
    Ok((file, Name::Path(path, entry)))
}

/// Has `make` a file of a new name in this folder.
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
    // An ID that is taken is so rare that many in a row have another cause.
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
    /// Moves the file to `target`, and over what is there if it may.
    pub(super) fn persist(self, file: File, target: &Path, replace: bool) -> io::Result<()> {
        if let Self::Path(path, _entry) = self {
            // Some systems move no open file. Others keep it locked until it is moved.
            #[cfg(not(unix))]
            drop(file);
            return move_to(path, target, replace);
        }
        // Until it is in its place, so that `remove_temporaries` comes before or after.
        let live = live();
        live.check()?;
        match unnamed::link(&file, target) {
            Err(error) if replace && error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result,
        }
        // No system call puts it over another file. So it has a name for a moment, and a lock,
        // lest another process takes it for one that was left behind.
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

    /// Whether a file without a name can be made in this folder and be given one.
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

    /// Gives it a name that is free.
    pub(super) fn link(file: &File, path: &Path) -> io::Result<()> {
        // As open(2) has it; naming the descriptor itself takes a privilege.
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
