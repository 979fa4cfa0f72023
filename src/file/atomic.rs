//! Atomic outputs: written to a temporary file, then renamed into place.

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
    output_path::{Overwrite, check_place, creating, folder_of, make_private},
    temporary::{self, Name},
    writing,
};
use crate::{
    error::{Error, IoAction, OutputError, Result},
    warning::Warning,
};

/// The length and the modification time of a file, by which a change is detected.
type Version = (u64, Option<SystemTime>);

fn version(file: &Metadata) -> Version {
    (file.len(), file.modified().ok())
}

/// The file that is to be replaced.
#[derive(Debug)]
struct ReplacedFile {
    version: Version,
    /// The number of its hard links.
    hard_links: u64,
    /// The path of its backup.
    backup: Option<PathBuf>,
}

/// A file under construction: written to a temporary file in the same folder and renamed
/// into place by [`commit`](Self::commit). Dropped before that, it leaves nothing behind.
#[derive(Debug)]
pub struct AtomicFile {
    file: BufWriter<File>,
    name: Name,
    target: PathBuf,
    overwrite: Overwrite,
    /// The attributes to set when it is finished, except for the modification time.
    attributes: Option<Box<Attributes>>,
    modified: Option<SystemTime>,
    /// If set, only this file may be replaced, and only unchanged.
    must_replace: Option<ReplacedFile>,
    finished: bool,
    /// Attributes that could not be set, known once it is finished.
    warnings: Vec<Warning>,
}

impl AtomicFile {
    /// Begins the file that is to be at `path`.
    ///
    /// The owner, group and permissions of a file that is replaced are kept as far as the
    /// system allows. A symbolic link stays one: its target is replaced. A dangling link is
    /// refused.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] if there is a file and `overwrite` refuses to replace it,
    /// [`Error::Output`] if what is there cannot be replaced, such as a device, [`Error::Io`] if
    /// its folder cannot be written to.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Self> {
        let mut target = path.to_owned();
        let mut attributes = None;
        if let Some(found) = check_place(path, overwrite)? {
            if !found.is_file() {
                let kind = kind_of(found.file_type());
                return Err(OutputError::Special { kind }.into());
            }
            attributes = Some(Attributes::access(path, &found).into());
            if fs::symlink_metadata(path).is_ok_and(|link| link.is_symlink()) {
                target = fs::canonicalize(path).map_err(creating)?;
            }
        }
        let folder = folder_of(&target);
        let (file, name) = temporary::make(folder).map_err(|error| match error.kind() {
            // A file system without regular files, such as /proc.
            io::ErrorKind::NotFound if folder.is_dir() => OutputError::NoFiles.into(),
            _ => creating(error),
        })?;
        if attributes.is_some() {
            make_private(&file).map_err(creating)?;
        }
        Ok(Self {
            file: BufWriter::with_capacity(1 << 16, file),
            name,
            target,
            overwrite,
            attributes,
            modified: None,
            must_replace: None,
            finished: false,
            warnings: Vec::new(),
        })
    }

    /// Sets the attributes that the file gets when it is finished.
    pub(crate) fn set_attributes(&mut self, other: Attributes) {
        self.attributes = Some(other.into());
    }

    /// Sets the modification time that the file gets when it is finished.
    pub(crate) fn set_modified(&mut self, time: SystemTime) {
        self.modified = Some(time);
    }

    /// Makes [`commit`](Self::commit) replace `old` only, fail if that has changed, and sync the
    /// new file to the disk first. With a `suffix`, the old file is kept as a backup under its
    /// name followed by that.
    pub(crate) fn replace_only(&mut self, old: &Metadata, suffix: Option<&OsStr>) {
        self.must_replace = Some(ReplacedFile {
            version: version(old),
            hard_links: hard_links(old),
            backup: suffix.map(|suffix| backup::path(&self.target, suffix)),
        });
    }

    /// The bytes written so far, to be read from the beginning.
    pub(crate) fn written(&mut self) -> io::Result<File> {
        self.file.rewind()?;
        self.file.get_ref().try_clone()
    }

    /// Flushes the buffer and sets the attributes; syncs to the disk if an input is replaced.
    /// Nothing can be written afterwards.
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
        if let Some(attributes) = self.attributes.take() {
            self.warnings = attributes.apply_to(file).map_err(preserving)?;
        }
        if let Some(time) = self.modified {
            file.set_modified(time).map_err(preserving)?;
        }
        if self.must_replace.is_some() {
            // An input that is lost in a crash cannot be recovered, so the new file must be on
            // the disk first. Other outputs can be computed again: a batch does not wait for
            // the disk after each.
            file.sync_all().map_err(writing)?;
        }
        self.finished = true;
        Ok(())
    }

    /// [Finishes](Self::finish) the file and renames it into place. Gives a warning, one line
    /// each, for attributes that could not be set.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the last bytes cannot be written or the file cannot be
    /// renamed, [`Error::Exists`] if another one was created there meanwhile and may
    /// not be replaced. Nothing is left behind.
    pub fn commit(mut self) -> Result<Vec<Warning>> {
        self.finish()?;
        let Self {
            file,
            name,
            target,
            overwrite,
            must_replace,
            mut warnings,
            ..
        } = self;
        let file = file
            .into_inner()
            .map_err(|error| writing(error.into_error()))?;
        let mut kept = None;
        if let Some(old) = must_replace {
            if fs::metadata(&target).ok().map(|file| version(&file)) != Some(old.version) {
                return Err(OutputError::Changed.into());
            }
            kept = old.backup.map(|path| backup::keep(&target, path));
            if old.hard_links > 1 {
                warnings.push(
                    format!(
                        "it has {} names (hard links): only this one was replaced",
                        old.hard_links
                    )
                    .into(),
                );
            }
        }
        let kept = kept.transpose()?.flatten();
        let replace = overwrite == Overwrite::Replace;
        let result = name.persist(file, &target, replace);
        if let (Err(_), Some(backup)) = (&result, kept) {
            // The rename failed, so the old file is still in place and needs no backup.
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

/// The number of hard links of a file.
#[cfg(unix)]
fn hard_links(file: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(file)
}

#[cfg(not(unix))]
fn hard_links(_: &Metadata) -> u64 {
    1
}

#[cfg(test)]
mod tests;
