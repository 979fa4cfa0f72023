//! Which files are read: those that were named, and those that are found in
//! folders.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use crate::{
    codec::Format,
    error::{Error, InputError, IoAction, Result},
    hash::fnv1a,
    run::{Place, Stop, special},
};

/// An input, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The image.
    pub place: Place,
    /// The folder below an output folder that its results go to: of an image
    /// that was found in a tree, the one that it lies in below the tree's root.
    pub folder: PathBuf,
    /// Whether it was found, not named: then it is passed over if it is a
    /// result of the others.
    pub found: bool,
}

impl Source {
    /// An input that was named.
    pub fn named(place: Place) -> Self {
        Self {
            place,
            folder: PathBuf::new(),
            found: false,
        }
    }
}

/// What was found in a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// The images, sorted by their paths.
    pub images: Vec<Source>,
    /// The folders that could not be looked into, and why.
    pub unseen: Vec<(PathBuf, Error)>,
    /// What goes by the name of an image and is [no regular file](special), and what it is.
    pub special: Vec<(PathBuf, &'static str)>,
}

/// What is looked for in folders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Walk {
    /// Only files with one of these extensions, in any case. Default: files
    /// whose extension is that of a format which is read, and files without an
    /// extension whose content is.
    pub extensions: Option<Vec<OsString>>,
    /// Whether names that begin with a dot count.
    pub hidden: bool,
    /// Whether links to folders are followed.
    pub follow_links: bool,
    /// A folder that is not looked into: that of the results.
    pub except: Option<PathBuf>,
    /// What is added to the names of files to keep them: such a one is no image
    /// where the file of the name without it is there.
    pub backup: Option<OsString>,
}

impl Walk {
    /// The images in the folder `root` and those below. Links that lead back up
    /// are not followed.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] if all folders were seen and there is no image, [`Error::Stopped`] if
    /// the end was asked for meanwhile.
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
                // What it leads to is being walked.
                Err(error) if error.loop_ancestor().is_some() => continue,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    // Of its words, the system's: the path is told beside them.
                    let reason = error.into_io_error();
                    let reason = reason.unwrap_or_else(|| ErrorKind::Other.into());
                    found.unseen.push((path, unseen(reason)));
                    continue;
                }
            };
            if is_folder(&entry) || !self.is_image(entry.path()) || self.is_backup(entry.path()) {
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
        if found.images.is_empty() && found.unseen.is_empty() {
            return Err(InputError::NoImages.into());
        }
        Ok(found)
    }

    fn is_backup(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(OsStr::to_str);
        let suffix = self.backup.as_deref().and_then(OsStr::to_str);
        let Some((name, suffix)) = name.zip(suffix) else {
            return false;
        };
        let original = name.strip_suffix(suffix).filter(|name| !name.is_empty());
        original.is_some_and(|original| path.with_file_name(original).is_file())
    }

    fn is_image(&self, path: &Path) -> bool {
        match (&self.extensions, path.extension()) {
            (Some(wanted), Some(own)) => {
                wanted.iter().any(|wanted| own.eq_ignore_ascii_case(wanted))
            }
            (Some(_), None) => false,
            (None, Some(_)) => Format::from_path(path).is_some(),
            (None, None) => content(path).is_some(),
        }
    }
}

/// Why a folder was not looked into; the path is told beside it.
pub const fn unseen(reason: io::Error) -> Error {
    Error::io(IoAction::List, reason)
}

/// Also behind a link. One that leads nowhere is an image that is not there.
fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_dir() || (entry.path_is_symlink() && entry.path().is_dir())
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// What a regular file is by its first bytes.
pub(super) fn content(path: &Path) -> Option<Format> {
    // A pipe would lose what is read here.
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
    fn a_walk_sees_the_request_to_end() {
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
        // By the published hashes: of "", "a" and "foobar".
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
