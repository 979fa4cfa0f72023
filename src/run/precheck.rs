//! What can be refused before the first row is read.

use std::path::Path;

use super::{
    carried::metadata_fates,
    input::Input,
    job::{Job, Options, Place, Request},
    loss,
    mask::masked,
};
use crate::{
    error::{Error, OutputError, RequestError, Result},
    file::{self, Overwrite, special},
    filter::Mask,
    plan::Plan,
    text,
    warning::Warning,
};

/// The warnings of the input, to be reported before its results are made.
pub(super) fn warnings<'a>(input: &'a Input, plans: &[Result<Plan>]) -> &'a [Warning] {
    // A refusal to replace an input already names its ignored content, and one of an array what
    // its channels may be.
    let is_told = |plan: &Result<Plan>| {
        matches!(
            plan,
            Err(Error::Loss(_) | Error::Request(RequestError::LumaOfPlanes { .. }))
        )
    };
    match plans.iter().all(is_told) {
        true => &[],
        false => input.warnings(),
    }
}

/// The plan of each result, or why it is refused.
pub(super) fn plan_results(
    job: &Job,
    checked: Vec<Result<()>>,
    input: &Input,
    mask: Option<&Mask>,
    options: &Options,
) -> Vec<Result<Plan>> {
    let plan = |request| plan_result(job, request, input, mask, options);
    (checked.into_iter().zip(&job.results))
        .map(|(checked, request)| checked.and_then(|()| plan(request)))
        .collect()
}

/// Warnings if results ignore samples that the type of the input cannot have, or filter those
/// that its file says are missing.
pub(super) fn missing_warnings(input: &Input, plans: &[Result<Plan>]) -> Vec<Warning> {
    let plans = || plans.iter().flatten();
    let void = plans().find_map(Plan::void_missing);
    let is_filtered = plans().any(|plan| plan.filter().missing().is_none());
    let named = (input.metadata().no_data.as_deref()).filter(|_| is_filtered);
    let named = named.map(|value| Warning::no_data(&text::printable(value.trim())));
    void.map(Warning::from).into_iter().chain(named).collect()
}

/// Whether each result can be put in its place.
pub(super) fn check_outputs(job: &Job, options: &Options) -> Vec<Result<()>> {
    let check = |request: &Request| match &request.output {
        Place::File(path) if job.replaces(request) => check_replaced(path, options),
        // A fault of the input itself is reported by opening it.
        Place::File(path) if request.output != job.input => {
            file::check_place(path, options.existing.overwrite()).map(drop)
        }
        _ => Ok(()),
    };
    job.results.iter().map(check).collect()
}

/// Whether the input can be replaced. Checked before it is opened: opening a pipe would
/// consume its data.
fn check_replaced(path: &Path, options: &Options) -> Result<()> {
    if let Some(kind) = special(path) {
        return Err(OutputError::Special { kind }.into());
    }
    if path.is_file() {
        file::check_place(path, Overwrite::Replace)?;
    }
    match &options.backup {
        Some(suffix) => file::check_backup(path, suffix),
        None => Ok(()),
    }
}

/// Whether the permissions of an output's folder allow to create a file.
pub(super) fn check_folder(request: &Request) -> Result<()> {
    match &request.output {
        Place::File(path) if special(path).is_none() => file::check_folder(path),
        _ => Ok(()),
    }
}

/// The plan of a result that its format can hold and that may take its place.
pub(super) fn plan_result(
    job: &Job,
    request: &Request,
    input: &Input,
    mask: Option<&Mask>,
    options: &Options,
) -> Result<Plan> {
    let format = request.format.unwrap_or(input.format());
    format.check_page_set(input.page_set())?;
    let plan = input.plan(&masked(request, mask), &options.tuning)?;
    check_plan(job, request, input, &plan, options)?;
    Ok(plan)
}

/// Whether a page of this plan can be a frame of the result that begins with that of `first`.
pub(super) fn check_frame(
    request: &Request,
    input: &Input,
    first: &Plan,
    plan: &Plan,
) -> Result<()> {
    let format = request.format.unwrap_or(input.format());
    match format.holds_frames() && plan.output() != first.output() {
        true => Err(format.unequal_frames()),
        false => Ok(()),
    }
}

/// Whether the format of a result can hold it and it may take its place.
pub(super) fn check_plan(
    job: &Job,
    request: &Request,
    input: &Input,
    plan: &Plan,
    options: &Options,
) -> Result<()> {
    let [rows, columns, channels] = plan.output_shape();
    let format = request.format.unwrap_or(input.format());
    format.check(plan.output_depth(), channels)?;
    let kept = plan.selection().channels();
    format.check_bands(input.metadata().bands && !kept.has_alpha, kept.count)?;
    format.check_size(rows, columns)?;
    if job.replaces(request) {
        let fates = metadata_fates((job, options), (input, None), request, plan)?;
        let losses = loss::losses(input, plan, &fates, options.may_lose);
        if !losses.is_empty() {
            return Err(Error::Loss(losses));
        }
    }
    Ok(())
}
