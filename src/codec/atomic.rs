//! Files that are there when they are whole, and not before.

mod attributes;
mod backup;
mod temporary;

pub(crate) use attributes::Attributes;
pub(crate) use backup::check_backup;
pub use temporary::remove_temporaries;

use std::{
    ffi::OsStr,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, BufWriter, Cursor, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{
    error::{Error, IoAction, OutputError, Result},
    warning::Warning,
};

use self::temporary::Name;
use super::message;

/// What to do when the output exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overwrite {
    /// Refuse, and leave the old file as it is.
    #[default]
    Refuse,
    /// Put the new file in the place of the old one, once it is whole.
    Replace,
}

/// The length of a file and its time of modification: of another version of it,
/// they are others.
type Version = (u64, Option<SystemTime>);

fn version(file: &Metadata) -> Version {
    (file.len(), file.modified().ok())
}

/// The file that is replaced.
#[derive(Debug)]
struct Old {
    version: Version,
    /// How many names it has.
    names: u64,
    /// Where it is kept.
    backup: Option<PathBuf>,
}

/// A file under construction: it is written beside its place and moved there by
/// [`commit`](Self::commit). Dropped before that, it leaves nothing behind.
///
/// A device or a pipe cannot be moved over: it gets all of its bytes at the
/// commit, whatever the policy.
#[derive(Debug)]
pub struct AtomicFile {
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Beside {
        file: BufWriter<File>,
        name: Name,
        target: PathBuf,
        overwrite: Overwrite,
        /// Whose attributes it gets, but for the time of modification.
        like: Option<Box<Attributes>>,
        modified: Option<SystemTime>,
        /// The only file whose place it takes.
        only: Option<Old>,
        finished: bool,
        /// What could not be kept, once it is finished.
        warnings: Vec<Warning>,
    },
    Straight {
        bytes: Cursor<Vec<u8>>,
        target: PathBuf,
    },
}

impl AtomicFile {
    /// Begins the file that is to be at `path`.
    ///
    /// A file that is replaced passes on its owner, group and permissions as
    /// far as the system allows, and a symbolic link to it stays a link. One to
    /// nowhere is not replaced.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] if there is a file and `overwrite` says so,
    /// [`Error::Output`] if what is there cannot be replaced, [`Error::Io`] if
    /// its folder cannot be written to.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Self> {
        let mut target = path.to_owned();
        let mut like = None;
        if let Some(found) = check_place(path, overwrite)? {
            if !found.is_file() {
                return Ok(Self {
                    sink: Sink::Straight {
                        bytes: Cursor::new(Vec::new()),
                        target,
                    },
                });
            }
            like = Some(Attributes::access(path, &found).into());
            if fs::symlink_metadata(path).is_ok_and(|link| link.is_symlink()) {
                target = fs::canonicalize(path).map_err(creating)?;
            }
        }
        let folder = folder_of(&target);
        let (file, name) = temporary::make(folder).map_err(|error| match error.kind() {
            // Such as /proc.
            io::ErrorKind::NotFound if folder.is_dir() => OutputError::NoFiles.into(),
            _ => creating(error),
        })?;
        if like.is_some() {
            close_to_others(&file).map_err(creating)?;
        }
        Ok(Self {
            sink: Sink::Beside {
                file: BufWriter::with_capacity(1 << 16, file),
                name,
                target,
                overwrite,
                like,
                modified: None,
                only: None,
                finished: false,
                warnings: Vec::new(),
            },
        })
    }

    /// Gives the file the attributes of another.
    pub(crate) fn take_after(&mut self, other: Attributes) {
        if let Sink::Beside { like, .. } = &mut self.sink {
            *like = Some(other.into());
        }
    }

    /// Gives the file this time of modification.
    pub(crate) fn set_modified(&mut self, time: SystemTime) {
        if let Sink::Beside { modified, .. } = &mut self.sink {
            *modified = Some(time);
        }
    }

    /// Has it take the place of this file only, and not of what that was
    /// changed to meanwhile, and once it is on the disk. With a suffix, the old
    /// file is kept under its name and that.
    pub(crate) fn replace_only(&mut self, old: &Metadata, suffix: Option<&OsStr>) {
        if let Sink::Beside { only, target, .. } = &mut self.sink {
            *only = Some(Old {
                version: version(old),
                names: names(old),
                backup: suffix.map(|suffix| backup::path(target, suffix)),
            });
        }
    }

    /// What was written so far, to be read from its beginning; nothing of what
    /// is no file.
    pub(crate) fn written(&mut self) -> io::Result<Option<File>> {
        match &mut self.sink {
            Sink::Beside { file, .. } => {
                file.rewind()?;
                file.get_ref().try_clone().map(Some)
            }
            Sink::Straight { .. } => Ok(None),
        }
    }

    /// Hands the last bytes to the system, and to the disk where the file that is replaced
    /// could not be made again. Nothing can be written afterwards.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if they cannot be written.
    pub fn finish(&mut self) -> Result<()> {
        let Sink::Beside {
            file,
            like,
            modified,
            only,
            finished,
            warnings,
            ..
        } = &mut self.sink
        else {
            return Ok(());
        };
        if *finished {
            return Ok(());
        }
        file.flush().map_err(message::writing)?;
        let file = file.get_ref();
        let preserving = |e| Error::io(IoAction::Preserve, e);
        if let Some(like) = like.take() {
            *warnings = like.give(file).map_err(preserving)?;
        }
        if let Some(time) = modified {
            file.set_modified(*time).map_err(preserving)?;
        }
        if only.is_some() {
            // It cannot be made again, so it goes when the new one is safe. An output can, and
            // a batch is not to wait for a slow disk after each.
            file.sync_all().map_err(message::writing)?;
        }
        *finished = true;
        Ok(())
    }

    /// Puts the file in its place, [finished](Self::finish) if it is not yet, and gives
    /// warnings, one line each, of what it could not keep of a file that it takes after.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the last bytes cannot be written or the file cannot be
    /// moved, [`Error::Exists`] if another one took its place meanwhile and may
    /// not be replaced. Nothing is left behind.
    pub fn commit(mut self) -> Result<Vec<Warning>> {
        self.finish()?;
        match self.sink {
            Sink::Beside {
                file,
                name,
                target,
                overwrite,
                only,
                mut warnings,
                ..
            } => {
                let file = file
                    .into_inner()
                    .map_err(|error| message::writing(error.into_error()))?;
                let mut kept = None;
                if let Some(old) = only {
                    if fs::metadata(&target).ok().map(|file| version(&file)) != Some(old.version) {
                        return Err(OutputError::Changed.into());
                    }
                    kept = old.backup.map(|path| backup::keep(&target, path));
                    if old.names > 1 {
                        warnings.push(
                            format!(
                                "it has {} names (hard links): only this one was replaced",
                                old.names
                            )
                            .into(),
                        );
                    }
                }
                let kept = kept.transpose()?.flatten();
                let replace = overwrite == Overwrite::Replace;
                let result = name.persist(file, &target, replace);
                if let (Err(_), Some(backup)) = (&result, kept) {
                    // The old file is still in its place.
                    let _ = fs::remove_file(backup);
                }
                match result {
                    Ok(()) => Ok(warnings),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        Err(Error::Exists)
                    }
                    Err(error) => Err(Error::io(IoAction::Place, error)),
                }
            }
            Sink::Straight { bytes, target } => OpenOptions::new()
                .write(true)
                .open(&target)
                .and_then(|mut device| {
                    device.write_all(bytes.get_ref())?;
                    device.flush()
                })
                .map(|()| Vec::new())
                .map_err(message::writing),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Sink::Beside { file, .. } => file.write(bytes),
            Sink::Straight { bytes: all, .. } => all.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Beside { file, .. } => file.flush(),
            Sink::Straight { .. } => Ok(()),
        }
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match &mut self.sink {
            Sink::Beside { file, .. } => file.seek(position),
            Sink::Straight { bytes, .. } => bytes.seek(position),
        }
    }
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Until it has the permissions of a file that it takes after, nobody else
/// reads what may not be theirs to read.
#[cfg(unix)]
fn close_to_others(file: &File) -> io::Result<()> {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};
    file.set_permissions(Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn close_to_others(_: &File) -> io::Result<()> {
    Ok(())
}

/// How many names a file has.
#[cfg(unix)]
fn names(file: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(file)
}

#[cfg(not(unix))]
fn names(_: &Metadata) -> u64 {
    1
}

/// The device or pipe at `path`, ready to be written to as bytes come, or `None`
/// if there is a file or nothing.
pub(crate) fn open_device(path: &Path) -> Result<Option<File>> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => (OpenOptions::new().write(true))
            .open(path)
            .map(Some)
            .map_err(message::writing),
        _ => Ok(None),
    }
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

fn creating(error: io::Error) -> Error {
    Error::io(IoAction::Create, error)
}

#[cfg(test)]
mod tests;
