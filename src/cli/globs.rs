//! Expands glob patterns that the shell did not expand.

use std::{
    ffi::OsStr,
    fs,
    io::{
        self,
        ErrorKind::{NotADirectory, NotFound, PermissionDenied},
    },
    path::{Component, Path, PathBuf},
};

use glob::{MatchOptions, Pattern};
use stridekern::{
    Error, batch,
    run::{Stop, special},
};

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// One component of a pattern.
enum Part<'a> {
    /// A literal name.
    Name(&'a OsStr),
    /// Any name that matches.
    Matching(Pattern),
    /// `**`: any folders, or none.
    Folders,
}

/// The matches of a pattern.
#[derive(Debug, Default)]
pub(super) struct Expansion {
    pub(super) paths: Vec<PathBuf>,
    /// The folders that could not be listed, and the errors.
    pub(super) unlistable: Vec<(PathBuf, Error)>,
    /// Pipes, sockets and devices that match; they are skipped, since no argument named them.
    pub(super) special: Vec<(PathBuf, &'static str)>,
}

/// The files that match the pattern `argument`, sorted, or `None` if it is not a pattern. If
/// `stop` is set, the list may be incomplete.
pub(super) fn expand(argument: &Path, stop: &Stop) -> Option<Expansion> {
    let text = argument
        .to_str()
        .filter(|text| text.contains(['*', '?', '[']))?;
    let mut parts = Vec::new();
    for component in argument.components() {
        let name = component.as_os_str();
        parts.push(match (component, name.to_str()) {
            (Component::Normal(_), Some("**")) => Part::Folders,
            (Component::Normal(_), Some(text)) if text.contains(['*', '?', '[']) => {
                Part::Matching(Pattern::new(text).ok()?)
            }
            _ => Part::Name(name),
        });
    }
    // Several `**` in a row mean the same as one, but would match a file repeatedly.
    parts.dedup_by(|a, b| matches!((a, b), (Part::Folders, Part::Folders)));
    let mut found = Expansion::default();
    found.descend(PathBuf::new(), &parts, stop);
    if text.ends_with(std::path::is_separator) {
        found.paths.retain(|path| !stop.is_set() && path.is_dir());
    }
    found.paths.sort();
    found.paths.retain(|path| {
        let kind = if stop.is_set() { None } else { special(path) };
        (found.special).extend(kind.map(|kind| (path.clone(), kind)));
        kind.is_none()
    });
    Some(found)
}

impl Expansion {
    /// Adds the paths at or below `base` that match the pattern components `parts`.
    fn descend(&mut self, base: PathBuf, parts: &[Part<'_>], stop: &Stop) {
        if stop.is_set() {
            return;
        }
        let Some((part, rest)) = parts.split_first() else {
            return self.paths.push(base);
        };
        match part {
            Part::Name(name) => {
                let path = base.join(name);
                match fs::symlink_metadata(&path) {
                    Ok(_) => self.descend(path, rest, stop),
                    // The path does not exist.
                    Err(error) if error.kind() == NotFound => {}
                    Err(error) => self.miss(&base, error),
                }
            }
            Part::Matching(pattern) => {
                for entry in self.entries(&base) {
                    // A name that is not UTF-8 is matched by its lossy conversion.
                    let name = entry.file_name();
                    if pattern.matches_with(&name.to_string_lossy(), OPTIONS)
                        && (rest.is_empty() || self.is_folder(&base, &entry))
                    {
                        self.descend(base.join(name), rest, stop);
                    }
                }
            }
            Part::Folders => {
                if !(rest.is_empty() && base.as_os_str().is_empty()) {
                    self.descend(base.clone(), rest, stop);
                }
                for entry in self.entries(&base) {
                    let name = entry.file_name();
                    let hidden = name.as_encoded_bytes().starts_with(b".");
                    // Symbolic links are not followed: they may form a cycle.
                    if !hidden && self.is_own_folder(&base, &entry) {
                        self.descend(base.join(name), parts, stop);
                    }
                }
            }
        }
    }

    /// Whether the path is a folder or a symbolic link to one.
    fn is_folder(&mut self, base: &Path, entry: &fs::DirEntry) -> bool {
        match fs::metadata(entry.path()) {
            Ok(file) => file.is_dir(),
            Err(error) => {
                if error.kind() == PermissionDenied {
                    let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                    let place = if link {
                        &base.join(entry.file_name())
                    } else {
                        base
                    };
                    self.miss(place, error);
                }
                false
            }
        }
    }

    /// Whether the path is a folder and not a symbolic link to one.
    fn is_own_folder(&mut self, base: &Path, entry: &fs::DirEntry) -> bool {
        match entry.file_type() {
            Ok(kind) => kind.is_dir(),
            Err(error) => {
                if error.kind() != NotFound {
                    self.miss(base, error);
                }
                false
            }
        }
    }

    fn entries(&mut self, folder: &Path) -> Vec<fs::DirEntry> {
        let read = match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        };
        let all = fs::read_dir(read).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        all.unwrap_or_else(|error| {
            self.miss(folder, error);
            Vec::new()
        })
    }

    /// Records a folder that could not be listed, unless it is a file.
    fn miss(&mut self, folder: &Path, error: io::Error) {
        if error.kind() != NotADirectory {
            let shown = match folder.as_os_str().is_empty() {
                true => Path::new("."),
                false => folder,
            };
            self.unlistable
                .push((shown.to_owned(), batch::list_error(error)));
        }
    }
}
