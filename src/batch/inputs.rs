//! The input files: those named by the user, and those found by walking
//! folders.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use super::earlier;
use crate::{
    codec::Format,
    error::{Error, InputError, IoAction, Result},
    file,
    hash::fnv1a,
    run::{Place, Stop, special},
};

/// An input file, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The image.
    pub place: Place,
    /// The subfolder of the output folder for its results: for an image found
    /// by walking a tree, its folder relative to the root. For example,
    /// `photos/a/b.png`, found in `photos`, has the folder `a`.
    pub folder: PathBuf,
    /// Whether it was found by a walk rather than named: then it is skipped if it is the
    /// output of another job, from an earlier run.
    pub found: bool,
}

impl Source {
    /// An input that the user named.
    pub fn named(place: Place) -> Self {
        Self {
            place,
            folder: PathBuf::new(),
            found: false,
        }
    }
}

/// The result of walking a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// The images, sorted by their paths.
    pub images: Vec<Source>,
    /// The folders that could not be listed, and the errors.
    pub unlistable: Vec<(PathBuf, Error)>,
    /// Paths with the name of an image that are [not regular files](special), and
    /// the kind of each, such as a pipe.
    pub special: Vec<(PathBuf, &'static str)>,
    /// Backups, which are no inputs, each with the file that it is a backup of, sorted by their
    /// paths.
    pub backups: Vec<(PathBuf, PathBuf)>,
    /// Results of earlier runs, which are no inputs, sorted by their paths.
    pub results: Vec<PathBuf>,
    /// Other files of the folder, which are in no format that is read, sorted by their paths.
    pub passed_over: Vec<PathBuf>,
}

/// Which files a walk through folders finds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Walk {
    /// Only files with one of these extensions, ignoring case. Default: files
    /// with the extension of a readable format, and files without an extension
    /// whose content is in such a format.
    pub extensions: Option<Vec<OsString>>,
    /// Whether hidden files and folders, whose names begin with a dot, are included.
    pub hidden: bool,
    /// Whether symbolic links to folders are followed.
    pub follow_links: bool,
    /// A folder that is skipped: the output folder.
    pub except: Option<PathBuf>,
    /// The suffix of backup files. With `.bak`, `a.png.bak` is skipped if
    /// `a.png` exists.
    pub backup: Option<OsString>,
    /// Names of kernels whose results are skipped, with any border and in any format: of `sobel`
    /// `a.sobel.png` and `a.sobel.edge.tif`, if the walk finds an image `a.*` in the same folder.
    pub kernels: Vec<String>,
}

impl Walk {
    /// The images in the folder `root` and its subfolders. Symbolic links to an
    /// ancestor are not followed.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] if all folders could be listed and there is no image,
    /// [`Error::Stopped`] if `stop` is set.
    pub fn images(&self, root: &Path, stop: &Stop) -> Result<Found> {
        let except = self
            .except
            .as_deref()
            .and_then(|p| fs::canonicalize(p).ok());
        let is_except = |entry: &DirEntry| {
            let real = except.as_ref().map(|_| fs::canonicalize(entry.path()).ok());
            real.flatten() == except
        };
        let entries = WalkDir::new(root)
            .follow_links(self.follow_links)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| {
                let wanted = entry.depth() == 0 || self.hidden || !is_hidden(entry.file_name());
                let folder = entry.file_type().is_dir();
                wanted && !(folder && entry.depth() > 0 && except.is_some() && is_except(entry))
            });
        let mut found = Found::default();
        for entry in entries {
            stop.check()?;
            let entry = match entry {
                Ok(entry) => entry,
                // A link to an ancestor, which is being walked already.
                Err(error) if error.loop_ancestor().is_some() => continue,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    // Only the operating system's error: the path is reported separately.
                    let reason = error.into_io_error();
                    let reason = reason.unwrap_or_else(|| ErrorKind::Other.into());
                    found.unlistable.push((path, list_error(reason)));
                    continue;
                }
            };
            if is_folder(&entry) {
                continue;
            }
            let suffix = self.backup.as_deref();
            if let Some(original) = suffix.and_then(|suffix| file::original(entry.path(), suffix)) {
                found.backups.push((entry.into_path(), original));
                continue;
            }
            if !self.is_image(entry.path()) {
                // Extensions that the caller chose leave others out by intention.
                if self.extensions.is_none() {
                    found.passed_over.push(entry.into_path());
                }
                continue;
            }
            if let Some(kind) = special(entry.path()) {
                found.special.push((entry.into_path(), kind));
                continue;
            }
            let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
            found.images.push(Source {
                folder: below.parent().unwrap_or(Path::new("")).to_owned(),
                place: Place::File(entry.into_path()),
                found: true,
            });
        }
        found.results = earlier::split_off(&mut found.images, &self.kernels);
        if found.images.is_empty() && found.unlistable.is_empty() {
            return Err(InputError::NoImages.into());
        }
        Ok(found)
    }

    fn is_image(&self, path: &Path) -> bool {
        match (&self.extensions, path.extension()) {
            (Some(wanted), Some(own)) => {
                wanted.iter().any(|wanted| own.eq_ignore_ascii_case(wanted))
            }
            (Some(_), None) => false,
            (None, Some(_)) => Format::from_path(path).is_some(),
            (None, None) => sniff_file(path).is_some(),
        }
    }
}

/// Removes backups of this suffix from the inputs, however they were named: an original is never
/// replaced by a result. Returns each with the file that it is a backup of. With `.orig`,
/// `a.png.orig` is removed if there is a file `a.png`.
///
/// # Errors
///
/// [`Error::Stopped`] if `stop` is set.
pub fn drop_backups(
    inputs: &mut Vec<Source>,
    suffix: &OsStr,
    stop: &Stop,
) -> Result<Vec<(PathBuf, PathBuf)>> {
    let mut backups = Vec::new();
    inputs.retain(|input| {
        let original = match &input.place {
            Place::File(path) if !stop.is_set() => file::original(path, suffix),
            _ => None,
        };
        let Some(original) = original else {
            return true;
        };
        backups.push((input.place.path().to_owned(), original));
        false
    });
    stop.check()?;
    Ok(backups)
}

/// The error of a folder that could not be listed; the path is reported
/// separately.
pub const fn list_error(reason: io::Error) -> Error {
    Error::io(IoAction::List, reason)
}

/// Whether the entry is a folder or a symbolic link to one. A dangling link
/// counts as an image, so that it is reported as missing.
fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_dir() || (entry.path_is_symlink() && entry.path().is_dir())
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// The format of a regular file, by its first bytes.
pub(super) fn sniff_file(path: &Path) -> Option<Format> {
    // Reading from a pipe here would consume its data.
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mut start = Vec::new();
    File::open(path)
        .ok()?
        .take(16)
        .read_to_end(&mut start)
        .ok()?;
    Format::from_content(&start)
}

/// Whether the input of this path is in the share of one of several machines,
/// counted from 1: each path is in exactly one, the same on every machine and
/// in every version. The share is the path's FNV-1a hash of 64 bits, of its
/// bytes as it is written, modulo the number of machines.
pub fn in_share(path: &Path, [share, shares]: [u64; 2]) -> bool {
    fnv1a(path.as_os_str().as_encoded_bytes()) % shares == share - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_honours_the_stop_token() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.png"), "").unwrap();
        let stop = Stop::default();
        let found = Walk::default().images(folder.path(), &stop).unwrap();
        assert_eq!(found.images.len(), 1);
        stop.set();
        let stopped = Walk::default().images(folder.path(), &stop);
        assert!(matches!(stopped, Err(Error::Stopped)));
    }

    #[test]
    fn shares_are_the_same_for_ever() {
        // The published FNV-1a test vectors for "", "a" and "foobar".
        for (path, hash) in [
            ("", 0xcbf2_9ce4_8422_2325_u64),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            for shares in [1, 2, 3, 1000] {
                let own = (1..=shares).filter(|&share| in_share(Path::new(path), [share, shares]));
                assert_eq!(own.collect::<Vec<_>>(), [hash % shares + 1], "{path}");
            }
        }
    }
}
