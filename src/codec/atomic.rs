//! Files that are there when they are whole, and not before.

mod temporary;

pub use temporary::remove_temporaries;

use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, BufWriter, Cursor, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::error::{Error, Result};

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
        /// Whose time of modification and permissions it gets.
        like: Option<(SystemTime, Permissions)>,
        /// The only file whose place it takes.
        only: Option<Version>,
        finished: bool,
    },
    Straight {
        bytes: Cursor<Vec<u8>>,
        target: PathBuf,
    },
}

impl AtomicFile {
    /// Begins the file that is to be at `path`.
    ///
    /// A file that is replaced passes its permissions on, and a symbolic link
    /// to it stays a link. One to nowhere is not replaced.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] if there is a file and `overwrite` says so,
    /// [`Error::Output`] if what is there cannot be replaced, [`Error::Io`] if
    /// its folder cannot be written to.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Self> {
        let mut target = path.to_owned();
        let mut permissions = None;
        if let Some(found) = check_place(path, overwrite)? {
            if !found.is_file() {
                return Ok(Self {
                    sink: Sink::Straight {
                        bytes: Cursor::new(Vec::new()),
                        target,
                    },
                });
            }
            permissions = Some(found.permissions());
            if fs::symlink_metadata(path).is_ok_and(|link| link.is_symlink()) {
                target = fs::canonicalize(path).map_err(creating)?;
            }
        }
        let folder = folder_of(&target);
        let (file, name) = temporary::make(folder).map_err(|error| match error.kind() {
            // Such as /proc.
            io::ErrorKind::NotFound if folder.is_dir() => Error::output(
                "the system makes no files in this folder: choose another place for the output",
            ),
            _ => creating(error),
        })?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions).map_err(creating)?;
        }
        Ok(Self {
            sink: Sink::Beside {
                file: BufWriter::with_capacity(1 << 16, file),
                name,
                target,
                overwrite,
                like: None,
                only: None,
                finished: false,
            },
        })
    }

    /// Gives the file the time of modification and the permissions of another.
    pub(crate) fn preserve(&mut self, modified: SystemTime, permissions: Permissions) {
        if let Sink::Beside { like, .. } = &mut self.sink {
            *like = Some((modified, permissions));
        }
    }

    /// Has it take the place of this file only, and not of what that was changed to
    /// meanwhile, and once it is on the disk.
    pub(crate) fn replace_only(&mut self, old: &Metadata) {
        if let Sink::Beside { only, .. } = &mut self.sink {
            *only = Some(version(old));
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
            only,
            finished,
            ..
        } = &mut self.sink
        else {
            return Ok(());
        };
        if *finished {
            return Ok(());
        }
        file.flush().map_err(message::writing)?;
        if let Some((modified, permissions)) = like.take() {
            let file = file.get_ref();
            (file.set_permissions(permissions))
                .and_then(|()| file.set_modified(modified))
                .map_err(|e| Error::io("preserve time and permissions", e))?;
        }
        if only.is_some() {
            // An output can be made again, and a batch is not to wait for a slow disk after
            // each.
            file.get_ref().sync_all().map_err(message::writing)?;
        }
        *finished = true;
        Ok(())
    }

    /// Puts the file in its place, [finished](Self::finish) if it is not yet, and gives the
    /// number of its bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the last bytes cannot be written or the file cannot be
    /// moved, [`Error::Exists`] if another one took its place meanwhile and may
    /// not be replaced. Nothing is left behind.
    pub fn commit(mut self) -> Result<u64> {
        self.finish()?;
        match self.sink {
            Sink::Beside {
                file,
                name,
                target,
                overwrite,
                only,
                ..
            } => {
                let file = file
                    .into_inner()
                    .map_err(|error| message::writing(error.into_error()))?;
                let bytes = file.metadata().map_err(message::writing)?.len();
                if let Some(old) = only
                    && fs::metadata(&target).ok().map(|file| version(&file)) != Some(old)
                {
                    return Err(Error::output(
                        "it was changed while its result was made, and stays as it is now: run again for a result of that",
                    ));
                }
                let replace = overwrite == Overwrite::Replace;
                match name.persist(file, &target, replace) {
                    Ok(()) => Ok(bytes),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        Err(Error::Exists)
                    }
                    Err(error) => Err(Error::io(
                        "put the output in its place",
                        message::advised(error),
                    )),
                }
            }
            Sink::Straight { bytes, target } => OpenOptions::new()
                .write(true)
                .open(&target)
                .and_then(|mut device| {
                    device.write_all(bytes.get_ref())?;
                    device.flush()?;
                    Ok(bytes.get_ref().len() as u64)
                })
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
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
            return Err(creating(error));
        }
        Err(_) => match fs::symlink_metadata(path) {
            Err(_) => return Ok(None),
            // A link to nowhere is in the way like a file. To replace it would not
            // be what becomes of other links, and what is behind it may be a disk
            // that is not mounted.
            Ok(found) if found.is_symlink() && overwrite == Overwrite::Refuse => {
                return Err(Error::Exists);
            }
            Ok(found) if found.is_symlink() => {
                return Err(Error::output(
                    "the output is a symbolic link that leads to no file: remove it, or choose another place for the output",
                ));
            }
            // Another program has made it between the two looks.
            Ok(found) => found,
        },
    };
    if found.is_dir() {
        return Err(Error::output("the output is a folder: name a file in it"));
    }
    if found.is_file() && overwrite == Overwrite::Refuse {
        return Err(Error::Exists);
    }
    if found.is_file() && found.permissions().readonly() {
        return Err(Error::output(
            "the output exists already and is write-protected: change its permissions, or choose another place for the output",
        ));
    }
    Ok(Some(found))
}

fn creating(error: io::Error) -> Error {
    Error::io("create the output", message::advised(error))
}

#[cfg(test)]
mod tests;
