//! Backups of files that are about to be replaced.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use super::{
    attributes::Attributes,
    output_path::{creating, folder_of, make_private},
    temporary,
};
use crate::error::{Error, IoAction, OutputError, Result};

/// The path of the backup: that of the file, followed by the suffix.
pub(super) fn path(file: &Path, suffix: &OsStr) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The file whose backup this path is: `a.png` of `a.png.orig`, if there is one. A link is one
/// where it leads to one.
pub(crate) fn original(path: &Path, suffix: &OsStr) -> Option<PathBuf> {
    let beside = |path: &Path| {
        let original = path.with_file_name(without_suffix(path.file_name()?, suffix)?);
        original.is_file().then_some(original)
    };
    let target = || {
        let link = fs::symlink_metadata(path).is_ok_and(|file| file.is_symlink());
        link.then(|| fs::canonicalize(path).ok()).flatten()
    };
    beside(path).or_else(|| beside(&target()?))
}

/// The name without the suffix, unless nothing else is in it.
fn without_suffix(name: &OsStr, suffix: &OsStr) -> Option<OsString> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let rest = name.as_bytes().strip_suffix(suffix.as_bytes())?;
        (!rest.is_empty()).then(|| OsStr::from_bytes(rest).to_owned())
    }
    #[cfg(not(unix))]
    {
        let rest = name.to_str()?.strip_suffix(suffix.to_str()?)?;
        (!rest.is_empty()).then(|| rest.into())
    }
}

/// Checks that a backup of the file at `path` can be made; if it is a link, of its target.
///
/// # Errors
///
/// [`Error::BackupExists`] if the backup exists, [`Error::Output`] if there is anything else than a
/// file with the same content, [`Error::Io`] if the name is not valid.
pub(crate) fn check_backup(file: &Path, suffix: &OsStr) -> Result<()> {
    let link = fs::symlink_metadata(file).is_ok_and(|file| file.is_symlink());
    // A dangling link is reported by opening it as an input.
    let real = fs::canonicalize(file).ok().filter(|_| link);
    let backup = path(real.as_deref().unwrap_or(file), suffix);
    match fs::symlink_metadata(&backup) {
        Ok(_) if is_same(file, &backup) => Ok(()),
        Ok(found) if !found.is_file() || found.len() == 0 => {
            Err(OutputError::BackupTaken { backup }.into())
        }
        Ok(_) => Err(exists(&backup)),
        Err(error) if error.kind() == io::ErrorKind::InvalidFilename => Err(creating(error)),
        Err(_) => Ok(()),
    }
}

fn exists(backup: &Path) -> Error {
    let backup = backup.to_owned();
    Error::BackupExists { backup }
}

/// Whether the backup has the content of the file: a run was killed after it made the backup
/// and before it replaced the file.
fn is_same(file: &Path, backup: &Path) -> bool {
    same_bytes(file, backup).unwrap_or(false)
}

fn same_bytes(file: &Path, backup: &Path) -> io::Result<bool> {
    let [known, kept] = [fs::metadata(file)?, fs::symlink_metadata(backup)?];
    if !known.is_file() || !kept.is_file() || known.len() != kept.len() {
        return Ok(false);
    }
    let [file, backup] = [File::open(file)?, File::open(backup)?];
    let [mut file, mut backup] = [file, backup].map(BufReader::new);
    loop {
        let (left, right) = (file.fill_buf()?, backup.fill_buf()?);
        let count = left.len().min(right.len());
        if left[..count] != right[..count] || left.is_empty() != right.is_empty() {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
        file.consume(count);
        backup.consume(count);
    }
}

/// Makes a backup: a hard link or, where the file system has none, a copy. There is a complete
/// file at `file` at any time. Returns the path if the backup is new.
pub(super) fn keep(file: &Path, backup: PathBuf) -> Result<Option<PathBuf>> {
    match fs::hard_link(file, &backup) {
        Ok(()) => Ok(Some(backup)),
        Err(_) if is_same(file, &backup) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&backup)),
        Err(_) => match copy(file, &backup) {
            Ok(()) => Ok(Some(backup)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&backup)),
            Err(error) => Err(Error::io(IoAction::Backup, error)),
        },
    }
}

/// An atomic copy with all attributes, synced to the disk.
fn copy(file: &Path, backup: &Path) -> io::Result<()> {
    let mut source = File::open(file)?;
    let known = source.metadata()?;
    let (mut copy, name) = temporary::make(folder_of(backup))?;
    make_private(&copy)?;
    io::copy(&mut source, &mut copy)?;
    // Attributes that cannot be set here cannot be set on the new file either, which warns.
    Attributes::of(file, &known).apply_to(&copy)?;
    copy.set_modified(known.modified()?)?;
    copy.sync_all()?;
    name.persist(copy, backup, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_whole_and_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let [file, backup] = ["a", "a.orig"].map(|name| folder.path().join(name));
        fs::write(&file, "old").unwrap();
        copy(&file, &backup).unwrap();
        let [old, new] = [&file, &backup].map(|path| fs::metadata(path).unwrap());
        assert_eq!(fs::read(&backup).unwrap(), b"old");
        assert_eq!(new.modified().unwrap(), old.modified().unwrap());
        assert_eq!(new.permissions(), old.permissions());
        fs::write(&file, "new").unwrap();
        let error = copy(&file, &backup).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&backup).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
