//! Many inputs: what is written where, what is refused before any work, and
//! what became of it all.

mod collisions;
mod crew;
mod inputs;
#[cfg(test)]
mod modelled;
mod run;
mod schedule;
mod sync;

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::Duration,
};

pub use collisions::drop_links;
pub use inputs::{Found, Source, Walk, in_share, unseen};
pub use run::run;

use inputs::content;

use crate::{
    codec::Format,
    error::{RequestError, Result},
    filter::{Extent, Filter},
    run::{Job, Options, Place, Request, Stop},
};

/// Where results go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Destination {
    /// Beside the input, as `<stem>.<kernel>[.<border>].<extension>`.
    #[default]
    Beside,
    /// Into this folder, under the same names.
    Folder(PathBuf),
    /// In the place of the input.
    InPlace,
    /// The one result to this file.
    File(PathBuf),
    /// The one result to standard output.
    Standard,
}

/// One kernel at one extent: a filter and the part it adds to file names.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// What is computed.
    pub filter: Filter,
    /// `sobel`, `sobel.reflect`.
    pub suffix: String,
}

/// Every kernel at every extent, in the order of the results.
///
/// Several constants of one call carry their value in the name, or they would
/// have one path.
pub fn variants(filters: &[Filter], extents: &[Extent]) -> Vec<Variant> {
    let constants = extents.iter().filter(|e| e.name() == "constant").count();
    let suffix = |filter: &Filter, extent: &Extent| {
        let kernel = filter.bank().name();
        match extent {
            Extent::Valid => kernel.to_owned(),
            Extent::Same(border) if border.name() == "constant" && constants > 1 => {
                format!("{kernel}.{}", border.to_string().replace(':', "-"))
            }
            Extent::Same(border) => format!("{kernel}.{}", border.name()),
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
/// Once the end was asked for, what was not compared so far is not compared any more: such
/// jobs are to be told of, not to be run.
///
/// # Errors
///
/// [`Error::Stopped`](crate::Error::Stopped) if the end was asked for before it was known which
/// inputs are results of the others. [`Error::Request`](crate::Error::Request) if an output would
/// be an input or one of `kernel_files`,
/// which are inputs too, two results would have
/// one path, or the destination does not fit the number of results.
pub fn jobs(
    inputs: &[Source],
    variants: &[Variant],
    destination: &Destination,
    format: Option<Format>,
    kernel_files: &[PathBuf],
    stop: &Stop,
) -> Result<Vec<Job>> {
    let several = inputs.len() * variants.len() > 1;
    if several && matches!(destination, Destination::File(_) | Destination::Standard) {
        let results = inputs.len() * variants.len();
        return Err(RequestError::OneOutput { results }.into());
    }
    if *destination == Destination::InPlace && variants.len() > 1 {
        let results = variants.len();
        return Err(RequestError::OnePlace { results }.into());
    }
    let jobs = inputs.iter().map(|input| {
        let results = variants.iter().map(|variant| {
            let output = output_of(input, variant, destination, format)?;
            let format = match destination {
                // What it is, whatever its name says.
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
        collisions::check_once(&jobs, stop)?;
        return Ok(jobs);
    }
    collisions::drop_results(&mut jobs, inputs, stop)?;
    collisions::check(&jobs, kernel_files, stop)?;
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
        Destination::Folder(folder) => Some(folder.join(&input.folder)),
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
    name.push(".");
    name.push(&variant.suffix);
    name.push(".");
    name.push(extension(path, format));
    let folder = folder.as_deref().or(path.parent());
    Ok(Place::File(folder.unwrap_or(Path::new("")).join(name)))
}

/// The extension of the format asked for, else the input's own; of an input
/// without one, that of its content.
fn extension(input: &Path, format: Option<Format>) -> OsString {
    let own = || match Format::from_path(input) {
        // One bit holds no result.
        Some(Format::Pbm) => Some(Format::Pgm.extension().into()),
        Some(_) => input.extension().map(OsStr::to_owned),
        None => content(input).map(|f| f.extension().into()),
    };
    match format {
        Some(format) => format.extension().into(),
        None => own().unwrap_or_else(|| Format::Png.extension().into()),
    }
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Results written.
    pub done: usize,
    /// Results that existed and were left as they are.
    pub skipped: usize,
    /// Results that could not be made.
    pub failed: usize,
    /// Results that were not made because the batch was stopped.
    pub left: usize,
    /// Pixels of the results written.
    pub pixels: u64,
    /// The inputs that failed, in part at least.
    pub failed_inputs: Vec<Place>,
}

impl Summary {
    /// All results: each of them was counted once.
    pub const fn results(&self) -> usize {
        self.done + self.skipped + self.failed + self.left
    }
}

/// Jobs, and how they are run.
#[derive(Debug, Default)]
pub struct Batch {
    /// What is to be made.
    pub jobs: Vec<Job>,
    /// How each of them is run.
    pub options: Options,
    /// How long a job may take. Default: for ever.
    pub timeout: Option<Duration>,
    /// Whether no other job begins after a failure.
    pub fail_fast: bool,
    /// Ends all jobs.
    pub stop: Stop,
}
