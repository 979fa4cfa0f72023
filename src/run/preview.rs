//! What a job would do, without doing it.

use std::iter;

use super::{
    budget::Budget,
    control::Control,
    input::Input,
    job::{Job, Options, Place},
    mode::Mode,
    opened_job::OpenedJob,
    precheck::{check_folder, check_outputs, plan_results, warnings},
    report::Silent,
};
use crate::{
    codec::Format, error::Result, file::special, plan::Plan, stop::Stop, warning::Warning,
};

/// What would become of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Prospect {
    /// It would be made like this, in this format.
    Made(Box<Plan>, Format),
    /// It exists and would be left as it is.
    Skipped,
    /// Only the run itself can tell, since what is read of its input is gone: that is of this
    /// [special] kind.
    Unknown(&'static str),
}

/// What would become of a job.
#[derive(Debug)]
pub struct Preview {
    /// Warnings about the input.
    pub warnings: Vec<Warning>,
    /// Each result, in their order.
    pub prospects: Vec<Result<Prospect>>,
}

/// What [`run`](super::run) would do, as far as the header of the input tells. Nothing is
/// written, and of a pipe or a device nothing is read.
///
/// # Errors
///
/// If the header of the input cannot be read, or the results would take more
/// memory than the limits allow.
pub fn preview(job: &Job, options: &Options) -> Result<Preview> {
    let checked = (check_outputs(job, options).into_iter().zip(&job.results))
        .map(|(checked, request)| checked.and_then(|()| check_folder(request)));
    let checked = Vec::from_iter(checked);
    let kind = match &job.input {
        Place::File(path) => special(path),
        Place::Standard => None,
    };
    let unread = match kind {
        Some(kind) => Some(Prospect::Unknown(kind)),
        // As in a run, whose input is not opened then.
        None => (checked.iter().all(Result::is_err)).then_some(Prospect::Skipped),
    };
    if let Some(prospect) = unread {
        let prospects = (checked.into_iter()).map(|checked| {
            (options.existing).settle(checked.map(|()| prospect.clone()), Prospect::Skipped)
        });
        return Ok(Preview {
            warnings: Vec::new(),
            prospects: prospects.collect(),
        });
    }
    let input = Input::open(job, options)?;
    let plans = plan_results(job, checked, &input, options);
    let mode = Mode::new(&input, plans.iter().flatten());
    let opened_job = OpenedJob {
        job,
        options,
        control: &Control::new(0, Stop::default()),
        report: &Silent,
        format: input.format(),
        channels: input.spec().channels,
        file: None,
    };
    let budget = Budget::new(options.limits.max_memory);
    budget.reserve(
        opened_job.memory(&input, &mode, &plans),
        &opened_job.control.stop,
    )?;
    let warnings = warnings(&input, &plans).to_vec();
    let prospects = iter::zip(plans, &job.results).map(|(plan, request)| {
        let made = plan.map(|plan| Prospect::Made(Box::new(plan), opened_job.format_of(request)));
        options.existing.settle(made, Prospect::Skipped)
    });
    Ok(Preview {
        warnings,
        prospects: prospects.collect(),
    })
}
