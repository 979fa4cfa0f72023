//! What a job would do, without doing it.

use std::iter;

use super::{
    budget::Budget,
    control::Control,
    events::Silent,
    execute::{on_one_thread, takes_too_much},
    input::Input,
    job::{Job, Options, Place, Request},
    mask::read_mask,
    mode::Mode,
    opened_job::OpenedJob,
    page_kinds::PageKinds,
    pages::plan_page,
    precheck::{check_folder, check_outputs, missing_warnings, plan_results, warnings},
    recorded::{Comparison, compare, recorded_command},
    survey::Pager,
};
use crate::{
    codec::{Format, PartFate, RecordedCommand},
    error::Result,
    file::special,
    plan::Plan,
    stop::Stop,
    warning::Warning,
};

/// The expected outcome of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum PlannedOutcome {
    /// It would be made.
    Made {
        /// How it would be computed.
        plan: Box<Plan>,
        /// The format it would be written in.
        format: Format,
        /// How many pages it would have; the plan is that of the first.
        pages: u64,
        /// The sizes and types of the pages, if there are several.
        page_kinds: PageKinds,
        /// The shape of the result, if it is an array with other axes than rows, columns and
        /// channels.
        array_shape: Option<Vec<usize>>,
        /// What would become of each part of the metadata before the samples, of all pages.
        metadata: Vec<PartFate>,
        /// The command in its record, if it would have one.
        recorded: Option<RecordedCommand>,
    },
    /// It exists and would be left as it is.
    Skipped(Comparison),
    /// Unknown until the run: the input is of this [special] kind, and reading it would
    /// consume its data.
    Unknown(&'static str),
}

/// The expected outcomes of a job.
#[derive(Debug)]
pub struct DryRun {
    /// Warnings about the input.
    pub warnings: Vec<Warning>,
    /// Each result, in their order.
    pub outcomes: Vec<Result<PlannedOutcome>>,
}

/// What [`run`](super::run) would do, as far as it follows from the header of the input, and from
/// those of all its pages. Nothing is written, and pipes and devices are not read.
///
/// # Errors
///
/// If the header of the input cannot be read, or the results would take more
/// memory than the limits allow.
pub fn dry_run(job: &Job, options: &Options) -> Result<DryRun> {
    match plan_job(job, options) {
        // As a run does.
        Err(error) if takes_too_much(&error) => {
            on_one_thread(job, error, || plan_job(job, options))?
        }
        planned => planned,
    }
}

fn plan_job(job: &Job, options: &Options) -> Result<DryRun> {
    let checked = (check_outputs(job, options).into_iter().zip(&job.results))
        .map(|(checked, request)| checked.and_then(|()| check_folder(request)));
    let checked = Vec::from_iter(checked);
    let kind = match &job.input {
        Place::File(path) => special(path),
        Place::Standard => None,
    };
    // The outcome if the input is not opened.
    let unopened = match kind {
        Some(kind) => Some(PlannedOutcome::Unknown(kind)),
        // Nothing is left to do, as in a run.
        None => (checked.iter().all(Result::is_err))
            .then_some(PlannedOutcome::Skipped(Comparison::Uncompared)),
    };
    if let Some(outcome) = unopened {
        let outcomes = iter::zip(checked, &job.results).map(|(checked, request)| {
            let skipped = || PlannedOutcome::Skipped(compare(job, request, options));
            (options.existing).skip_existing(checked.map(|()| outcome.clone()), skipped)
        });
        return Ok(DryRun {
            warnings: Vec::new(),
            outcomes: outcomes.collect(),
        });
    }
    let input = Input::open(job, options)?;
    let mask = read_mask(options)?;
    let plans = plan_results(job, checked, &input, mask.as_ref(), options);
    let opened_job = OpenedJob {
        job,
        options,
        control: &Control::new(0, Stop::default()),
        report: &Silent,
        format: input.format(),
        quality: input.metadata().quality,
        file: None,
    };
    let budget = Budget::new(options.limits.max_memory);
    let check_memory = |input: &Input, plans: &[Result<Plan>]| {
        let mode = Mode::new(input, plans.iter().flatten());
        let checked = budget.check(opened_job.memory(input, &mode, plans));
        checked.map_err(|error| opened_job.refused(error, input))
    };
    check_memory(&input, &plans)?;
    let mut warnings = warnings(&input, &plans).to_vec();
    warnings.extend(missing_warnings(&input, &plans));
    let made = plans
        .iter()
        .zip(&job.results)
        .filter(|(plan, _)| plan.is_ok());
    warnings.extend(made.flat_map(|(_, request)| input.result_warnings(request, &options.encode)));
    let arrays = iter::zip(&plans, &job.results).map(|(plan, request)| {
        let array = input.planes_for(request).ok()?.array(plan.as_ref().ok()?);
        Some(array?.shape().to_vec())
    });
    let arrays = Vec::from_iter(arrays);
    let pages = input.pages();
    let plan = |input: &Input, request: &Request, before: Option<Plan>| {
        plan_page((job, options), input, request, before, mask.as_ref())
    };
    let pager = Pager {
        job,
        options,
        plan: &plan,
        check_memory: &check_memory,
    };
    let survey = pager.survey(input, plans)?;
    warnings.extend(survey.warnings);
    let results = iter::zip(survey.results, &job.results).zip(arrays);
    let outcomes = results.map(|((surveyed, request), array_shape)| {
        let made = surveyed.map(|surveyed| {
            let format = opened_job.format_of(request);
            let recorded = recorded_command(job, request, options, format);
            PlannedOutcome::Made {
                plan: Box::new(surveyed.plan),
                format,
                pages,
                page_kinds: surveyed.kinds,
                array_shape,
                metadata: surveyed.metadata,
                recorded: recorded.filter(|_| format.holds_record()),
            }
        });
        let skipped = || PlannedOutcome::Skipped(compare(job, request, options));
        options.existing.skip_existing(made, skipped)
    });
    Ok(DryRun {
        warnings,
        outcomes: outcomes.collect(),
    })
}
