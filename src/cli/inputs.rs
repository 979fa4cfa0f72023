//! Resolves arguments to inputs: files, folders, patterns and lists.

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use stridekern::{
    Error,
    batch::{self, Found, Source, Walk},
    run::{Place, Stop},
};

use super::{
    args::InputArgs,
    globs::{self, Expansion},
};

/// All inputs, in the order of the arguments and the list; those in folders sorted by
/// path. Files in the output folder `results` are excluded; results of `kernels` in folders, and backups, whose names end
/// with the suffix `backup`, are kept apart. Fails if `stop` is set meanwhile, or if nothing but
/// backups was named.
pub(super) fn find(
    args: &InputArgs,
    results: Option<&Path>,
    backup: Option<&OsStr>,
    kernels: Vec<String>,
    stop: &Stop,
) -> Result<Found> {
    let walk = Walk {
        extensions: (!args.ext.is_empty())
            .then(|| args.ext.iter().map(|text| extension(text)).collect())
            .transpose()?,
        hidden: args.hidden,
        follow_links: args.follow,
        except: results.map(Path::to_owned),
        backup: backup.map(OsStr::to_owned),
        kernels,
    };
    let mut named = Expansion::default();
    let read = args.inputs.iter().chain(&args.files_from);
    if read.filter(|path| place(path) == Place::Standard).count() > 1 {
        bail!("standard input was named twice; it can be read once");
    }
    for argument in &args.inputs {
        expand(argument, &mut named, stop);
        stop.check()?;
    }
    if let Some(list) = &args.files_from {
        let read = listed(list, args.null, stop).with_context(|| list.display().to_string())?;
        if read.is_empty() {
            bail!("{}: there is no name in this list", list.display());
        }
        // In a list, `-` is a file name, not standard input.
        named
            .paths
            .extend(read.into_iter().map(|name| match place(&name) {
                Place::File(name) => name,
                Place::Standard => Path::new(".").join(name),
            }));
    }
    let mut all = Found {
        unlistable: named.unlistable,
        special: named.special,
        ..Found::default()
    };
    for path in named.paths {
        stop.check()?;
        match place(&path) {
            Place::File(root) if args.recursive && root.is_dir() => {
                let found = walk.images(&root, stop);
                let found = found.with_context(|| root.display().to_string())?;
                all.images.extend(found.images);
                all.unlistable.extend(found.unlistable);
                all.special.extend(found.special);
                all.backups.extend(found.backups);
                all.results.extend(found.results);
                all.passed_over.extend(found.passed_over);
            }
            place => all.images.push(Source::named(place)),
        }
    }
    if let Some(suffix) = backup {
        let backups = batch::drop_backups(&mut all.images, suffix, stop)?;
        if let ([(first, original), rest @ ..], true) = (&*backups, all.images.is_empty()) {
            bail!(only_backups(first, original, rest.len()));
        }
        all.backups.extend(backups);
    }
    drop_repeated(&mut all.unlistable, &all.images);
    Ok(all)
}

/// What is wrong where nothing but backups was named.
fn only_backups(first: &Path, original: &Path, others: usize) -> String {
    let (first, original) = (first.display(), original.display());
    let others = match others {
        0 => String::new(),
        1 => ", and so is 1 other".to_owned(),
        others => format!(", and so are {others} others"),
    };
    format!(
        "{first}: it is the backup of {original} by --backup{others}, and no result may replace it: name {original}, or move {first} back over it to filter the original again"
    )
}

/// Deduplicates the folders that could not be listed, which several arguments may name,
/// and removes those that fail as an image already.
fn drop_repeated(unlistable: &mut Vec<(PathBuf, Error)>, images: &[Source]) {
    if unlistable.is_empty() {
        return;
    }
    let plain = |path: &Path| path.strip_prefix(".").unwrap_or(path).to_owned();
    let images = images.iter().map(|image| plain(image.place.path()));
    let mut known: HashSet<PathBuf> = images.collect();
    unlistable.retain(|(folder, _)| known.insert(plain(folder)));
}

pub(super) fn place(path: &Path) -> Place {
    if path == Path::new("-") {
        Place::Standard
    } else {
        Place::File(path.to_owned())
    }
}

fn extension(text: &str) -> Result<OsString> {
    if text.contains(['*', '?', '/']) {
        bail!("`{text}` is no --ext: give extensions, such as jpg or png,tif");
    }
    Ok(text.strip_prefix('.').unwrap_or(text).into())
}

/// Adds the argument; if no file has this name, expands it as a pattern such as `*.png`,
/// since some shells leave that to programs.
fn expand(argument: &Path, all: &mut Expansion, stop: &Stop) {
    let is_file = fs::symlink_metadata(argument).is_ok();
    let expansion = if is_file {
        None
    } else {
        globs::expand(argument, stop)
    };
    let Expansion {
        paths,
        unlistable,
        special,
    } = expansion.unwrap_or_default();
    // A folder that could not be listed is reported instead.
    if paths.is_empty() && unlistable.is_empty() {
        all.paths.push(argument.to_owned());
    }
    all.paths.extend(paths);
    all.unlistable.extend(unlistable);
    all.special.extend(special);
}

/// Longer than the longest path on any system.
const MAX_NAME_BYTES: u64 = 1 << 15;
/// The maximum number of names in a list, including empty ones: more images than any
/// collection has, and already some gigabytes of settings.
const MAX_NAMES: usize = 1 << 24;
/// The maximum total bytes of these names: 64 for each of [`MAX_NAMES`].
const MAX_LIST_BYTES: usize = 1 << 30;

/// Reads the names in a list, each terminated by a newline or a NUL.
fn listed(list: &Path, null: bool, stop: &Stop) -> Result<Vec<PathBuf>> {
    match place(list) {
        Place::Standard => names(io::stdin().lock(), null, stop),
        Place::File(path) => {
            let file = File::open(path).context("cannot read the list")?;
            names(BufReader::new(file), null, stop)
        }
    }
}

fn names(mut list: impl BufRead, null: bool, stop: &Stop) -> Result<Vec<PathBuf>> {
    let (end, what, advice) = match null {
        true => (0, "name", "with --null, each name ends with NUL"),
        false => (
            b'\n',
            "line",
            "give one name a line, or --null where NUL ends each",
        ),
    };
    let mut names = Vec::new();
    let mut name = Vec::new();
    let mut bytes = 0;
    for at in 1.. {
        stop.check()?;
        name.clear();
        let mut limited = list.by_ref().take(MAX_NAME_BYTES + 1);
        let read = limited.read_until(end, &mut name);
        if read.context("cannot read the list")? == 0 {
            break;
        }
        if at > MAX_NAMES {
            bail!("the list has more than {MAX_NAMES} names; cut it into several");
        }
        if name.last() == Some(&end) {
            name.pop();
        }
        if name.len() as u64 > MAX_NAME_BYTES {
            bail!(
                "{what} {at} has more than {MAX_NAME_BYTES} bytes, and no file such a name; {advice}"
            );
        }
        if name.contains(&0) {
            bail!(
                "{what} {at} holds a NUL, which no file name does: where names end with one, add --null"
            );
        }
        bytes += name.len();
        if bytes > MAX_LIST_BYTES {
            bail!("the names in the list have more than 1 GiB; cut it into several");
        }
        if !name.is_empty() {
            names.push(path_of(&name)?);
        }
    }
    Ok(names)
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "other systems have names that are no text"
)]
fn path_of(name: &[u8]) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Ok(OsStr::from_bytes(name).into())
}

#[cfg(not(unix))]
fn path_of(name: &[u8]) -> Result<PathBuf> {
    let name = std::str::from_utf8(name).context("a name in the list is no UTF-8")?;
    Ok(name.trim_end_matches('\r').into())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::Args;

    /// Every way to name inputs.
    #[test]
    fn each_way_to_find_inputs_sees_the_request_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::create_dir(path("in")).unwrap();
        for name in ["a.png", "in/b.png"] {
            fs::write(path(name), "").unwrap();
        }
        fs::write(path("list"), path("a.png")).unwrap();
        for (inputs, found) in [
            (&[path("a.png")][..], 1),
            (&[path("*.png")], 1),
            (&[path("**/*.png")], 2),
            (&[path("in"), "-r".to_owned()], 1),
            (&["--files-from".to_owned(), path("list")], 1),
        ] {
            let words = ["stridekern", "-k", "sobel"].map(str::to_owned);
            let args = Args::parse_from(words.iter().chain(inputs));
            let stop = Stop::default();
            let all = find(&args.input, None, None, Vec::new(), &stop).unwrap();
            assert_eq!(all.images.len(), found, "{inputs:?}");
            stop.set();
            let stopped = find(&args.input, None, None, Vec::new(), &stop).unwrap_err();
            assert!(
                matches!(stopped.downcast_ref(), Some(Error::Stopped)),
                "{inputs:?}: {stopped}"
            );
            // Not only at its end.
            if let Some(cut) = globs::expand(Path::new(&inputs[0]), &stop) {
                assert_eq!(cut.paths, [""; 0].map(PathBuf::from), "{inputs:?}");
            }
        }
    }
}
