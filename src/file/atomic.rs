//! Files that are there when they are whole, and not before.

use std::{
    ffi::OsStr,
    fs::{self, File, Metadata},
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    attributes::Attributes,
    backup,
    device::kind_of,
    place::{Overwrite, check_place, close_to_others, creating, folder_of},
    temporary::{self, Name},
    writing,
};
use crate::{
    error::{Error, IoAction, OutputError, Result},
    warning::Warning,
};

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
#[derive(Debug)]
pub struct AtomicFile {
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
    /// [`Error::Output`] if what is there cannot be replaced, such as a device, [`Error::Io`] if
    /// its folder cannot be written to.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Self> {
        let mut target = path.to_owned();
        let mut like = None;
        if let Some(found) = check_place(path, overwrite)? {
            if !found.is_file() {
                let kind = kind_of(found.file_type());
                return Err(OutputError::Special { kind }.into());
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
            file: BufWriter::with_capacity(1 << 16, file),
            name,
            target,
            overwrite,
            like,
            modified: None,
            only: None,
            finished: false,
            warnings: Vec::new(),
        })
    }

    /// Gives the file the attributes of another.
    pub(crate) fn take_after(&mut self, other: Attributes) {
        self.like = Some(other.into());
    }

    /// Gives the file this time of modification.
    pub(crate) fn set_modified(&mut self, time: SystemTime) {
        self.modified = Some(time);
    }

    /// Has it take the place of this file only, and not of what that was
    /// changed to meanwhile, and once it is on the disk. With a suffix, the old
    /// file is kept under its name and that.
    pub(crate) fn replace_only(&mut self, old: &Metadata, suffix: Option<&OsStr>) {
        self.only = Some(Old {
            version: version(old),
            names: names(old),
            backup: suffix.map(|suffix| backup::path(&self.target, suffix)),
        });
    }

    /// What was written so far, to be read from its beginning.
    pub(crate) fn written(&mut self) -> io::Result<File> {
        self.file.rewind()?;
        self.file.get_ref().try_clone()
    }

    /// Hands the last bytes to the system, and to the disk where the file that is replaced
    /// could not be made again. Nothing can be written afterwards.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if they cannot be written.
    pub fn finish(&mut self) -> Result<()> {
        if self.finished {
            return Ok(());
        }
        self.file.flush().map_err(writing)?;
        let file = self.file.get_ref();
        let preserving = |e| Error::io(IoAction::Preserve, e);
        if let Some(like) = self.like.take() {
            self.warnings = like.give(file).map_err(preserving)?;
        }
        if let Some(time) = self.modified {
            file.set_modified(time).map_err(preserving)?;
        }
        if self.only.is_some() {
            // It cannot be made again, so it goes when the new one is safe. An output can, and
            // a batch is not to wait for a slow disk after each.
            file.sync_all().map_err(writing)?;
        }
        self.finished = true;
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
        let Self {
            file,
            name,
            target,
            overwrite,
            only,
            mut warnings,
            ..
        } = self;
        let file = file
            .into_inner()
            .map_err(|error| writing(error.into_error()))?;
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
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Error::Exists),
            Err(error) => Err(Error::io(IoAction::Place, error)),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
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

#[cfg(test)]
mod tests;
