//! Which inputs the arguments name.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use stridekern::{
    batch::{Found, Source, Walk},
    pipeline::Place,
};

use super::args::InputArgs;

/// Every input, in the order of the arguments and the list; those of folders
/// sorted by their paths. What is in the folder `results` is none.
pub(super) fn find(args: &InputArgs, results: Option<&Path>) -> Result<Found> {
    let walk = Walk {
        extensions: (!args.ext.is_empty())
            .then(|| args.ext.iter().map(|text| extension(text)).collect()),
        hidden: args.hidden,
        follow_links: args.follow,
        except: results.map(Path::to_owned),
    };
    let mut named = Vec::new();
    let read = args.inputs.iter().chain(&args.files_from);
    if read.filter(|path| place(path) == Place::Standard).count() > 1 {
        bail!("standard input was named twice; it can be read once");
    }
    for argument in &args.inputs {
        expand(argument, &mut named)?;
    }
    if let Some(list) = &args.files_from {
        let read = listed(list, args.null).with_context(|| list.display().to_string())?;
        if read.is_empty() {
            bail!("{}: there is no name in this list", list.display());
        }
        // In a list, a hyphen is a name like any other.
        named.extend(read.into_iter().map(|name| match place(&name) {
            Place::File(name) => name,
            Place::Standard => Path::new(".").join(name),
        }));
    }
    let mut all = Found::default();
    for path in named {
        match place(&path) {
            Place::File(root) if args.recursive && root.is_dir() => {
                let found = walk.images(&root);
                let found = found.with_context(|| root.display().to_string())?;
                all.images.extend(found.images);
                all.unseen.extend(found.unseen);
            }
            place => all.images.push(Source::named(place)),
        }
    }
    Ok(all)
}

pub(super) fn place(path: &Path) -> Place {
    if path == Path::new("-") {
        Place::Standard
    } else {
        Place::File(path.to_owned())
    }
}

fn extension(text: &str) -> OsString {
    text.strip_prefix('.').unwrap_or(text).into()
}

/// The argument, or the files that it is a pattern of where no file has this
/// name: some shells leave patterns to programs.
fn expand(argument: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    let pattern = argument
        .to_str()
        .filter(|text| text.contains(['*', '?', '[']));
    let before = paths.len();
    if let Some(pattern) = pattern.filter(|_| fs::symlink_metadata(argument).is_err()) {
        let options = glob::MatchOptions {
            require_literal_leading_dot: true,
            ..glob::MatchOptions::default()
        };
        // What is no pattern is a name.
        for path in glob::glob_with(pattern, options).into_iter().flatten() {
            paths.push(path.with_context(|| format!("cannot look for {pattern}"))?);
        }
    }
    if paths.len() == before {
        paths.push(argument.to_owned());
    }
    Ok(())
}

/// The names in a list, each with an end of line or a NUL behind it.
fn listed(list: &Path, null: bool) -> Result<Vec<PathBuf>> {
    let mut bytes = Vec::new();
    match place(list) {
        Place::Standard => io::stdin().lock().read_to_end(&mut bytes),
        Place::File(path) => File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)),
    }
    .context("cannot read the list")?;
    let end = if null { 0 } else { b'\n' };
    let names = bytes.split(|&byte| byte == end);
    names.filter(|name| !name.is_empty()).map(path_of).collect()
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "other systems have names that are no text"
)]
fn path_of(name: &[u8]) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(name).into())
}

#[cfg(not(unix))]
fn path_of(name: &[u8]) -> Result<PathBuf> {
    let name = std::str::from_utf8(name).context("a name in the list is no UTF-8")?;
    Ok(name.trim_end_matches('\r').into())
}
