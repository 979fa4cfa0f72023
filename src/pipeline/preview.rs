//! What a job would do, without doing it.

use std::iter;

use super::{
    budget::Budget,
    control::Control,
    flow::Flow,
    input::Input,
    job::{Job, Options, Place},
    making::Making,
    precheck::{look_at_folder, look_at_outputs, plans, warnings},
    report::Silent,
    special::special,
};
use crate::{codec::Format, error::Result, filter::Plan, stop::Stop, warning::Warning};

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
    /// What the user should know of the input, one line each.
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
    let found = (look_at_outputs(job, options).into_iter().zip(&job.results))
        .map(|(found, request)| found.and_then(|()| look_at_folder(request)));
    let found = Vec::from_iter(found);
    let kind = match &job.input {
        Place::File(path) => special(path),
        Place::Standard => None,
    };
    let unread = match kind {
        Some(kind) => Some(Prospect::Unknown(kind)),
        // As in a run, whose input is not opened then.
        None => (found.iter().all(Result::is_err)).then_some(Prospect::Skipped),
    };
    if let Some(prospect) = unread {
        let prospects = (found.into_iter()).map(|found| {
            (options.existing).settle(found.map(|()| prospect.clone()), Prospect::Skipped)
        });
        return Ok(Preview {
            warnings: Vec::new(),
            prospects: prospects.collect(),
        });
    }
    let input = Input::open(job, options)?;
    let plans = plans(job, found, &input, options);
    let flow = Flow::new(&input, plans.iter().flatten());
    let making = Making {
        job,
        options,
        control: &Control::new(0, Stop::default()),
        report: &Silent,
        format: input.format(),
        channels: input.spec().channels,
        known: None,
    };
    let budget = Budget::new(options.limits.max_memory);
    budget.take(making.memory(&input, &flow, &plans), &making.control.stop)?;
    let warnings = warnings(&input, &plans).to_vec();
    let prospects = iter::zip(plans, &job.results).map(|(plan, request)| {
        let made = plan.map(|plan| Prospect::Made(Box::new(plan), making.format_of(request)));
        options.existing.settle(made, Prospect::Skipped)
    });
    Ok(Preview {
        warnings,
        prospects: prospects.collect(),
    })
}
