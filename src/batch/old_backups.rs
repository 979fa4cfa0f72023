//! Backups of earlier runs and of other programs, told by their names: `a.png.bak` beside `a.png`.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::Source;
use crate::{
    codec::Format,
    error::Result,
    run::{Place, Stop},
};

/// Inputs whose names are those of others and more, each with that other.
#[derive(Debug, Default)]
pub struct NamedAsOthers {
    /// Backups by their names, which were removed from the inputs.
    pub backups: Vec<(PathBuf, PathBuf)>,
    /// What may be a backup or not: it stays an input.
    pub doubtful: Vec<(PathBuf, PathBuf)>,
}

/// What backups are called after the name of the original, by users and programs.
const WORDS: [&str; 5] = ["bak", "backup", "old", "orig", "original"];

/// Removes backups of other inputs, told by their names: a result in place of one would destroy the
/// original. With inputs `a.png` and `a.png.bak`, `a.png~` or `a.png_old.png`, only `a.png` stays.
///
/// # Errors
///
/// [`Error::Stopped`](crate::Error::Stopped) if `stop` is set.
pub fn drop_old_backups(inputs: &mut Vec<Source>, stop: &Stop) -> Result<NamedAsOthers> {
    let paths = inputs.iter().filter_map(|input| match &input.place {
        Place::File(path) => Some(path.clone()),
        Place::Standard => None,
    });
    let paths: HashSet<PathBuf> = paths.collect();
    let mut found = NamedAsOthers::default();
    inputs.retain(|input| {
        let Place::File(path) = &input.place else {
            return true;
        };
        match original(path, &paths).filter(|_| !stop.is_set()) {
            None => true,
            Some((original, is_backup)) => {
                let list = match is_backup {
                    true => &mut found.backups,
                    false => &mut found.doubtful,
                };
                list.push((path.clone(), original));
                !is_backup
            }
        }
    });
    stop.check()?;
    Ok(found)
}

/// The input whose name begins this one's, and whether this is its backup.
fn original(path: &Path, inputs: &HashSet<PathBuf>) -> Option<(PathBuf, bool)> {
    let name = path.file_name()?.to_str()?;
    let mut doubtful = None;
    for (at, _) in name.char_indices().skip(1) {
        let (start, more) = name.split_at(at);
        let is_image = Format::from_path(Path::new(start)).is_some();
        let is_backup = is_backup(more) && (is_image || more.starts_with(['.', '~']));
        if !(is_backup || is_image && more.starts_with(is_separator)) {
            continue;
        }
        let other = path.with_file_name(start);
        if !inputs.contains(&other) {
            continue;
        }
        if is_backup {
            return Some((other, true));
        }
        doubtful = Some((other, false));
    }
    doubtful
}

const fn is_separator(letter: char) -> bool {
    matches!(letter, '.' | '_' | '-' | ' ' | '~' | '(')
}

/// Whether a name goes on so for a backup: `~`, or one of the words with anything but letters
/// after it.
fn is_backup(more: &str) -> bool {
    if more.starts_with('~') {
        return true;
    }
    let word = more.trim_start_matches(is_separator);
    let end = word.find(|letter: char| !letter.is_alphabetic());
    let word = &word[..end.unwrap_or(word.len())];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(names: &[&str]) -> (Vec<String>, Vec<String>, Vec<String>) {
        let paths = names.iter().map(|name| Place::File(name.into()));
        let mut inputs = Vec::from_iter(paths.map(Source::named));
        let found = drop_old_backups(&mut inputs, &Stop::default()).unwrap();
        let shown = |path: &Path| path.to_str().unwrap().to_owned();
        let pairs = |pairs: Vec<(PathBuf, PathBuf)>| {
            let pairs = pairs.iter();
            Vec::from_iter(pairs.map(|(one, other)| format!("{} {}", shown(one), shown(other))))
        };
        let left = inputs.iter().map(|input| shown(input.place.path()));
        (left.collect(), pairs(found.backups), pairs(found.doubtful))
    }

    #[test]
    fn backups_are_known_by_their_names() {
        for backup in [
            "d/a.png.bak",
            "d/a.png.BAK",
            "d/a.png~",
            "d/a.png~1~",
            "d/a.png.orig",
            "d/a.png.orig.png",
            "d/a.png_old.png",
            "d/a.png-original.jpg",
            "d/a.png.backup2",
            "d/a.png.bak.2026-01-02",
            "d/a.pngbak",
        ] {
            let (left, backups, doubtful) = sorted(&["d/a.png", backup, "d/b.png"]);
            assert_eq!(left, ["d/a.png", "d/b.png"], "{backup}");
            assert_eq!(backups, [format!("{backup} d/a.png")]);
            assert_eq!(doubtful, [""; 0]);
            // Without the original, or with one elsewhere, it is a picture like others.
            let (left, ..) = sorted(&[backup, "a.png"]);
            assert_eq!(left.len(), 2, "{backup}");
        }
        let (left, backups, _) = sorted(&["a", "a.bak", "a.bak.orig", "a.png", "-"]);
        assert_eq!(left, ["a", "a.png", "-"]);
        assert_eq!(backups, ["a.bak a", "a.bak.orig a"]);
    }

    #[test]
    fn others_stay_and_those_in_doubt_are_told() {
        for (name, is_doubtful) in [
            ("d/a.png.1", true),
            ("d/a.png.v1", true),
            ("d/a.png_large", true),
            ("d/a.png (copy).png", true),
            ("d/a.png.tif", true),
            ("d/a.png.older", true),
            ("d/a.pnga", false),
            ("d/a_old.png", false),
            ("d/a.sobel.png", false),
            ("d/aa.png.bak", false),
        ] {
            let (left, backups, doubtful) = sorted(&["d/a.png", name]);
            assert_eq!(left.len(), 2, "{name}");
            assert_eq!(backups, [""; 0], "{name}");
            assert_eq!(doubtful.len(), usize::from(is_doubtful), "{name}");
        }
        // One extension begins another.
        assert_eq!(sorted(&["a.tif", "a.tiff"]).2, [""; 0]);
    }
}
