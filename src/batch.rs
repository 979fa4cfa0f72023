//! Batches of many inputs: output paths, collision checks before any work,
//! scheduling, and the summary of results.

mod collisions;
mod earlier;
mod inputs;
mod old_backups;
mod run;
mod schedule;
#[cfg(test)]
mod shuttle_tests;
mod sync;
mod workers;

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::Duration,
};

pub use collisions::drop_links;
pub use inputs::{Found, Source, Walk, drop_backups, in_share, list_error};
pub use old_backups::{NamedAsOthers, drop_old_backups};
pub use run::run;

use inputs::sniff_file;

use crate::{
    codec::Format,
    error::{RequestError, Result},
    filter::{Extent, Filter},
    run::{Job, Options, Place, Request, Stop},
};

/// Where results are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Destination {
    /// Beside the input, as `<stem>.<kernel>[.<border>].<extension>`.
    #[default]
    Beside,
    /// Into this folder, under the names that `Beside` gives.
    Folder(PathBuf),
    /// Into this folder, under the name of the input: one result each.
    SameNames(PathBuf),
    /// Over the input: each result replaces its input file.
    InPlace,
    /// The one result to this file.
    File(PathBuf),
    /// The one result to standard output.
    Standard,
}

/// One kernel at one extent: a filter and its suffix in file names.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The filter that is applied.
    pub filter: Filter,
    /// The suffix, such as `sobel` or `sobel.reflect`.
    pub suffix: String,
}

/// What stands for the border in the names of results that [keep a frame](Filter::keeps_frame).
const FRAME: &str = "frame";

/// The product of kernels and extents, in the order of the results.
///
/// If several extents differ in the values of constant borders only, the suffix contains
/// these, for example `sobel.constant-0.5`: otherwise their output paths would collide.
pub fn variants(filters: &[Filter], extents: &[Extent]) -> Vec<Variant> {
    let namesakes = |name: &str| extents.iter().filter(|e| e.name() == name).count();
    let suffix = |filter: &Filter, extent: &Extent| {
        let kernel = filter.bank().name();
        match extent.name() {
            _ if *extent == Extent::Valid => kernel.to_owned(),
            // No border is read where the pixels at the edges stay.
            _ if filter.keeps_frame() => format!("{kernel}.{FRAME}"),
            name if namesakes(&name) > 1 => {
                let values = extent
                    .to_string()
                    .replace([':', '='], "-")
                    .replace(',', "_");
                format!("{kernel}.{values}")
            }
            name => format!("{kernel}.{name}"),
        }
    };
    (filters.iter())
        .flat_map(|filter| extents.iter().map(move |extent| (filter, extent)))
        .map(|(filter, extent)| Variant {
            suffix: suffix(filter, extent),
            filter: filter.clone().with_extent(*extent),
        })
        .collect()
}

/// The jobs of a batch, each result with its path.
///
/// Once `stop` is set, the remaining paths are not checked for collisions: such
/// jobs may be reported, but must not be run.
///
/// # Errors
///
/// [`Error::Stopped`](crate::Error::Stopped) if `stop` was set before all inputs
/// that are results of the others were found.
/// [`Error::Request`](crate::Error::Request) if an output is also an input or one of
/// `read_files`, which are read beside the inputs, two results have one path, or the destination does not fit
/// the number of results.
pub fn jobs(
    inputs: &[Source],
    variants: &[Variant],
    destination: &Destination,
    format: Option<Format>,
    read_files: &[PathBuf],
    stop: &Stop,
) -> Result<Vec<Job>> {
    let several = inputs.len() * variants.len() > 1;
    if several && matches!(destination, Destination::File(_) | Destination::Standard) {
        let results = inputs.len() * variants.len();
        return Err(RequestError::OneOutput { results }.into());
    }
    let has_one = matches!(
        destination,
        Destination::InPlace | Destination::SameNames(_)
    );
    if has_one && variants.len() > 1 {
        let results = variants.len();
        return Err(RequestError::OnePlace { results }.into());
    }
    let jobs = inputs.iter().map(|input| {
        let results = variants.iter().map(|variant| {
            let output = output_of(input, variant, destination, format)?;
            let format = match destination {
                // The input's own format, whatever its extension says.
                Destination::InPlace => None,
                _ => format.or_else(|| Format::from_path(output.path())),
            };
            let filter = variant.filter.clone();
            Ok(Request {
                filter,
                output,
                format,
            })
        });
        Ok(Job {
            input: input.place.clone(),
            results: results.collect::<Result<_>>()?,
        })
    });
    let mut jobs = jobs.collect::<Result<Vec<_>>>()?;
    if *destination == Destination::InPlace {
        collisions::check_once(&jobs, read_files, stop)?;
        return Ok(jobs);
    }
    // Where each result has the name of its input, no name tells a result.
    if !matches!(destination, Destination::SameNames(_)) {
        collisions::drop_results(&mut jobs, inputs, stop)?;
    }
    collisions::check(&jobs, read_files, stop)?;
    Ok(jobs)
}

fn output_of(
    input: &Source,
    variant: &Variant,
    destination: &Destination,
    format: Option<Format>,
) -> Result<Place> {
    let folder = match destination {
        Destination::File(path) => return Ok(Place::File(path.clone())),
        Destination::Standard => return Ok(Place::Standard),
        Destination::Folder(folder) | Destination::SameNames(folder) => {
            Some(folder.join(&input.folder))
        }
        Destination::Beside | Destination::InPlace => None,
    };
    let Place::File(path) = &input.place else {
        return Err(RequestError::NoName.into());
    };
    if *destination == Destination::InPlace {
        return Ok(Place::File(path.clone()));
    }
    let stem = path.file_stem().unwrap_or(OsStr::new("image"));
    let mut name = stem.to_owned();
    if !matches!(destination, Destination::SameNames(_)) {
        name.push(".");
        name.push(&variant.suffix);
    }
    name.push(".");
    name.push(extension(path, format));
    let folder = folder.as_deref().or(path.parent());
    Ok(Place::File(folder.unwrap_or(Path::new("")).join(name)))
}

/// The extension of the requested format, else the input's own extension, else
/// that of the format detected from the input's content.
fn extension(input: &Path, format: Option<Format>) -> OsString {
    let own = || match Format::from_path(input) {
        // PBM has one bit a pixel, which is too few for a result.
        Some(Format::Pbm) => Some(Format::Pgm.extension().into()),
        Some(_) => input.extension().map(OsStr::to_owned),
        None => sniff_file(input).map(|f| f.extension().into()),
    };
    match format {
        Some(format) => format.extension().into(),
        None => own().unwrap_or_else(|| Format::Png.extension().into()),
    }
}

/// How many results of a batch were written, skipped, failed or not started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Results written.
    pub done: usize,
    /// Results that existed and were left as they are.
    pub skipped: usize,
    /// Results that failed.
    pub failed: usize,
    /// Results that were not computed because the batch was stopped.
    pub left: usize,
    /// Pixels of the results written.
    pub pixels: u64,
    /// The inputs with at least one failed result.
    pub failed_inputs: Vec<Place>,
}

impl Summary {
    /// The number of all results; each is counted once.
    pub const fn results(&self) -> usize {
        self.done + self.skipped + self.failed + self.left
    }
}

/// Jobs, and the options they run with.
#[derive(Debug, Default)]
pub struct Batch {
    /// The jobs, one for each input.
    pub jobs: Vec<Job>,
    /// The options of every job.
    pub options: Options,
    /// The time limit of a job. Default: none.
    pub timeout: Option<Duration>,
    /// Whether no further job starts after a failure.
    pub fail_fast: bool,
    /// Stops all jobs when set.
    pub stop: Stop,
}
