//! Collision checks before any work: refuses outputs that would overwrite inputs
//! or each other.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Component, Path, PathBuf},
};

use super::Source;
use crate::{
    error::{Error, RequestError, Result},
    run::{Job, Place, Stop},
};

/// Refuses to replace one file twice, or one that is read for every input. Once `stop` is set,
/// the remaining jobs are not checked.
pub(super) fn check_once(jobs: &[Job], read_files: &[PathBuf], stop: &Stop) -> Result<()> {
    let (mut seen, mut paths) = (BTreeMap::new(), Paths::default());
    let read_files: BTreeMap<_, _> = (read_files.iter())
        .map(|path| (paths.identity(path), path))
        .collect();
    for job in jobs.iter().take_while(|_| !stop.is_set()) {
        let input = job.input.path();
        let identity = paths.identity(input);
        if let Some(read) = read_files.get(&identity) {
            return Err(RequestError::OutputIsInput {
                output: input.to_owned(),
                input: (*read).clone(),
            }
            .into());
        }
        if let Some(other) = seen.insert(identity, input) {
            return Err(named_twice(input, other));
        }
    }
    Ok(())
}

fn named_twice(input: &Path, other: &Path) -> Error {
    RequestError::NamedTwice {
        input: input.to_owned(),
        other: (input != other).then(|| other.to_owned()),
    }
    .into()
}

/// Removes duplicate inputs: of several paths to one file, by symbolic links or
/// because folders were named twice, one remains, and those that were named.
/// Otherwise a file would be replaced twice. Returns each removed path with the
/// path that remains.
///
/// Hard links count as different files: each is replaced by a result.
///
/// # Errors
///
/// [`Error::Stopped`] if `stop` is set.
pub fn drop_links(inputs: &mut Vec<Source>, stop: &Stop) -> Result<Vec<(PathBuf, PathBuf)>> {
    let mut paths = Paths::default();
    let identities = inputs.iter().map(|input| {
        stop.check()?;
        Ok(match &input.place {
            Place::File(path) => paths.identity(path),
            Place::Standard => PathBuf::from("-"),
        })
    });
    let identities = identities.collect::<Result<Vec<_>>>()?;
    // Prefer a named path, then the file itself to a link.
    let preference = |input: &Source| {
        let path = input.place.path();
        let link = fs::symlink_metadata(path).is_ok_and(|file| file.is_symlink());
        (input.found, link)
    };
    let mut kept: BTreeMap<&Path, usize> = BTreeMap::new();
    for (number, identity) in identities.iter().enumerate() {
        let best = kept.entry(identity).or_insert(number);
        if *best != number && preference(&inputs[number]) < preference(&inputs[*best]) {
            *best = number;
        }
    }
    let mut dropped = Vec::new();
    let keep: Vec<bool> = (identities.iter().enumerate())
        .map(|(number, identity)| {
            let (input, best) = (&inputs[number], kept[identity.as_path()]);
            if best == number || !input.found {
                return true;
            }
            let paths = [input, &inputs[best]].map(|input| input.place.path().to_owned());
            dropped.push(paths.into());
            false
        })
        .collect();
    let mut keep = keep.into_iter();
    inputs.retain(|_| keep.next().unwrap_or(true));
    Ok(dropped)
}

/// Removes the jobs of images that were found by a walk and are outputs of other
/// jobs: they are results of an earlier run. For example, `a.sobel.png` beside
/// `a.png`.
pub(super) fn drop_results(jobs: &mut Vec<Job>, inputs: &[Source], stop: &Stop) -> Result<()> {
    if !inputs.iter().any(|input| input.found) {
        return Ok(());
    }
    let mut paths = Paths::default();
    let outputs = (jobs.iter().flat_map(|job| &job.results)).map(|request| {
        stop.check()?;
        Ok(paths.identity(request.output.path()))
    });
    let outputs = outputs.collect::<Result<BTreeSet<PathBuf>>>()?;
    let mut inputs = inputs.iter();
    jobs.retain(|job| {
        let found = inputs.next().is_some_and(|input| input.found) && !stop.is_set();
        !(found && outputs.contains(&paths.identity(job.input.path())))
    });
    stop.check()
}

/// Refuses an output that would overwrite an input, and two results with one
/// path. Once `stop` is set, the remaining jobs are not checked.
pub(super) fn check(jobs: &[Job], read_files: &[PathBuf], stop: &Stop) -> Result<()> {
    let mut paths = Paths::default();
    let read_files = (read_files.iter()).map(|path| (paths.identity(path), path));
    let mut inputs: BTreeMap<_, _> = read_files.collect();
    for job in jobs.iter().take_while(|_| !stop.is_set()) {
        if let Place::File(path) = &job.input {
            inputs.insert(paths.identity(path), path);
        }
    }
    let mut outputs: BTreeMap<PathBuf, (usize, &Path)> = BTreeMap::new();
    for (number, job) in jobs.iter().enumerate().take_while(|_| !stop.is_set()) {
        for request in &job.results {
            let Place::File(path) = &request.output else {
                continue;
            };
            let identity = paths.identity(path);
            if let Some(input) = inputs.get(&identity) {
                return Err(RequestError::OutputIsInput {
                    output: path.clone(),
                    input: (*input).clone(),
                }
                .into());
            }
            let (input, kernel) = (job.input.path(), request.filter.bank().name());
            let Some((at, other)) = outputs.insert(identity, (number, input)) else {
                continue;
            };
            if at != number && other == input {
                return Err(named_twice(input, other));
            }
            let (output, input) = (path.clone(), input.to_owned());
            let error = match at == number {
                true => RequestError::SameKernelName {
                    output,
                    input,
                    kernel: kernel.to_owned(),
                },
                false => RequestError::SameOutput {
                    output,
                    inputs: [other.to_owned(), input],
                },
            };
            return Err(error.into());
        }
    }
    Ok(())
}

/// Canonical paths, with a cache of resolved folders.
#[derive(Default)]
struct Paths {
    folders: HashMap<PathBuf, PathBuf>,
}

impl Paths {
    /// The canonical form of a path, the same for every spelling of it, with symbolic
    /// links resolved.
    fn identity(&mut self, path: &Path) -> PathBuf {
        let link = fs::symlink_metadata(path).is_ok_and(|file| file.is_symlink());
        match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) if !link => self.folder(folder).join(name),
            _ => resolved(path),
        }
    }

    fn folder(&mut self, folder: &Path) -> &Path {
        let real = |folder: &PathBuf| match folder.as_os_str().is_empty() {
            true => resolved(Path::new(".")),
            false => resolved(folder),
        };
        (self.folders.entry(folder.to_owned())).or_insert_with_key(real)
    }
}

/// The canonical form of a path: symbolic links are resolved as far as the path
/// exists; beyond that, where folders are yet to be created, only `..` is.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(whole) = fs::canonicalize(path) {
        return whole;
    }
    let mut whole = fs::canonicalize(".").unwrap_or_default();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            _ => {
                whole.push(component);
                if let Ok(real) = fs::canonicalize(&whole) {
                    whole = real;
                }
            }
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        batch::{self, Destination},
        filter::{Extent, Filter},
        kernel::KernelBank,
    };

    #[test]
    fn collision_checks_honour_the_stop_token() {
        let filter = Filter::new(KernelBank::resolve("box3").unwrap());
        let variants = batch::variants(&[filter], &[Extent::Valid]);
        let source = |found| {
            let place = Place::File("a.png".into());
            Source {
                found,
                ..Source::named(place)
            }
        };
        let (named, found) = (source(false), source(true));
        let twice = [named.clone(), named];
        let stop = Stop::default();
        let jobs = |inputs: &[Source], to, stop: &Stop| {
            batch::jobs(inputs, &variants, &to, None, &[], stop)
        };
        for to in [Destination::Beside, Destination::InPlace] {
            let refused = jobs(&twice, to, &stop);
            assert!(matches!(refused, Err(Error::Request(_))), "{refused:?}");
        }
        assert_eq!(
            drop_links(&mut vec![found.clone(); 2], &stop)
                .unwrap()
                .len(),
            1
        );
        stop.set();
        // The inputs are known, so the jobs that do not run can be reported.
        for to in [Destination::Beside, Destination::InPlace] {
            assert_eq!(jobs(&twice, to, &stop).unwrap().len(), 2);
        }
        // Whether a found image is an input is not known yet.
        let unknown = jobs(std::slice::from_ref(&found), Destination::Beside, &stop);
        assert!(matches!(unknown, Err(Error::Stopped)), "{unknown:?}");
        let unknown = drop_links(&mut vec![found; 2], &stop);
        assert!(matches!(unknown, Err(Error::Stopped)), "{unknown:?}");
    }
}
