//! What can be refused before the first row is read.

use std::path::Path;

use super::{
    input::Input,
    job::{Job, Options, Place, Request},
    loss,
    special::special,
};
use crate::{
    codec::{self, Overwrite},
    error::{Error, OutputError, Result},
    filter::Plan,
    warning::Warning,
};

/// What is to be told of the input before its results are made.
pub(super) fn warnings<'a>(input: &'a Input, plans: &[Result<Plan>]) -> &'a [Warning] {
    // A refusal says what else there is to say of what is not read.
    match plans.iter().all(|plan| matches!(plan, Err(Error::Loss(_)))) {
        true => &[],
        false => input.warnings(),
    }
}

pub(super) fn plans(
    job: &Job,
    found: Vec<Result<()>>,
    input: &Input,
    options: &Options,
) -> Vec<Result<Plan>> {
    (found.into_iter().zip(&job.results))
        .map(|(found, request)| found.and_then(|()| plan(job, request, input, options)))
        .collect()
}

/// Of each result, why it cannot be put in its place.
pub(super) fn look_at_outputs(job: &Job, options: &Options) -> Vec<Result<()>> {
    let look = |request: &Request| match &request.output {
        Place::File(path) if job.replaces(request) => look_at_replaced(path, options),
        // What is wrong with the input is told of it as such.
        Place::File(path) if request.output != job.input => {
            codec::check_place(path, options.existing.overwrite()).map(drop)
        }
        _ => Ok(()),
    };
    job.results.iter().map(look).collect()
}

/// Why an input cannot be replaced, before it is opened: what a pipe gives would be lost.
fn look_at_replaced(path: &Path, options: &Options) -> Result<()> {
    if let Some(kind) = special(path) {
        return Err(OutputError::Special { kind }.into());
    }
    if path.is_file() {
        codec::check_place(path, Overwrite::Replace)?;
    }
    match &options.backup {
        Some(suffix) => codec::check_backup(path, suffix),
        None => Ok(()),
    }
}

/// Why no file can be made in the folder of an output, as far as permissions tell.
pub(super) fn look_at_folder(request: &Request) -> Result<()> {
    match &request.output {
        Place::File(path) if special(path).is_none() => codec::check_folder(path),
        _ => Ok(()),
    }
}

/// Everything that can be refused is refused before the filter runs.
fn plan(job: &Job, request: &Request, input: &Input, options: &Options) -> Result<Plan> {
    let plan = input.plan(&request.filter, &options.tuning)?;
    let [rows, columns, channels] = plan.output_shape();
    let format = request.format.unwrap_or(input.format());
    format.check(plan.output_depth(), channels)?;
    format.check_size(rows, columns)?;
    if job.replaces(request) {
        let losses = loss::losses(input, &plan, options.may_lose);
        if !losses.is_empty() {
            return Err(Error::Loss(losses));
        }
    }
    Ok(plan)
}
