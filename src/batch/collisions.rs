//! What is refused before any work: results that would destroy inputs or each
//! other.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Component, Path, PathBuf},
};

use super::Source;
use crate::{
    error::{Error, Result},
    pipeline::{Job, Place},
};

/// A file is replaced once.
pub(super) fn check_once(jobs: &[Job]) -> Result<()> {
    let (mut seen, mut paths) = (BTreeSet::new(), Paths::default());
    for job in jobs {
        if !seen.insert(paths.identity(job.input.path())) {
            return Err(named_twice(job.input.path()));
        }
    }
    Ok(())
}

fn named_twice(input: &Path) -> Error {
    Error::request(format_args!(
        "{}: this input is named twice; name it once",
        input.display()
    ))
}

/// Images that were found among the inputs and are results of the others, of
/// an earlier run, are no inputs.
pub(super) fn drop_results(jobs: &mut Vec<Job>, inputs: &[Source]) {
    if !inputs.iter().any(|input| input.found) {
        return;
    }
    let mut paths = Paths::default();
    let outputs: BTreeSet<PathBuf> = (jobs.iter().flat_map(|job| &job.results))
        .map(|request| paths.identity(request.output.path()))
        .collect();
    let mut inputs = inputs.iter();
    jobs.retain(|job| {
        let found = inputs.next().is_some_and(|input| input.found);
        !(found && outputs.contains(&paths.identity(job.input.path())))
    });
}

/// An output that is an input would destroy it; of two results with one path
/// only the second would remain.
pub(super) fn check(jobs: &[Job], kernel_files: &[PathBuf]) -> Result<()> {
    let mut paths = Paths::default();
    let kernel_files = (kernel_files.iter()).map(|path| (paths.identity(path), path));
    let mut inputs: BTreeMap<_, _> = kernel_files.collect();
    for job in jobs {
        if let Place::File(path) = &job.input {
            inputs.insert(paths.identity(path), path);
        }
    }
    let mut outputs: BTreeMap<PathBuf, (usize, &Path)> = BTreeMap::new();
    for (number, job) in jobs.iter().enumerate() {
        for request in &job.results {
            let Place::File(path) = &request.output else {
                continue;
            };
            let identity = paths.identity(path);
            if let Some(input) = inputs.get(&identity) {
                return Err(Error::request(format_args!(
                    "{}: this output is also an input, {}; choose another --output",
                    path.display(),
                    input.display()
                )));
            }
            let (input, kernel) = (job.input.path(), request.filter.bank().name());
            let Some((at, other)) = outputs.insert(identity, (number, input)) else {
                continue;
            };
            if at != number && other == input {
                return Err(named_twice(input));
            }
            let [path, input, other] = [path, input, other].map(Path::display);
            return Err(Error::request(if at == number {
                format!(
                    "{path}: two results would have this path, both of {input} by a kernel called {kernel}; give each kernel once, and different names to different ones"
                )
            } else {
                format!(
                    "{path}: two results would have this path, of {other} and of {input}; give them different names or folders"
                )
            }));
        }
    }
    Ok(())
}

/// What paths mean; folders are looked at once.
#[derive(Default)]
struct Paths {
    folders: HashMap<PathBuf, PathBuf>,
}

impl Paths {
    /// The same for every way to write a path, links resolved.
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

/// The same for every way to write a path: links are resolved as far as the path
/// exists, and `..` beyond, where the folders are still to be made.
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
