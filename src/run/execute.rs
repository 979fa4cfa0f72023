//! Runs a job from its input to its last result.

use std::{fs, io::Read, time::Instant};

use super::{
    budget::Budget,
    control::Control,
    events::{Event, Report, warn},
    input::Input,
    job::{Job, Options, Outcome, Place},
    mode::Mode,
    opened_job::OpenedJob,
    precheck::{check_outputs, plan_results, warnings},
};
use crate::{
    codec::Format,
    error::{Error, InputError, Result},
    stop::Stop,
};

/// Runs one job: a result for each of its requests, in their order.
///
/// Where rayon's pool has several threads and this is not one of them, reading, filtering
/// and writing overlap.
///
/// # Errors
///
/// If the input cannot be read, or takes more memory than the limits allow; no
/// output file is in its place then, but standard output and devices may have received a
/// part.
pub fn run(job: &Job, options: &Options, report: &dyn Report) -> Result<Vec<Result<Outcome>>> {
    let budget = Budget::new(options.limits.max_memory);
    let control = Control::new(job.results.len(), Stop::default());
    run_within(job, options, &budget, &control, report)?;
    let outcomes = control.outcomes.take().into_iter();
    Ok(outcomes.map(|o| o.unwrap_or(Err(Error::Stopped))).collect())
}

/// [`run`], with a memory budget that is shared with other jobs. The outcome of each result
/// is recorded in `control`; results without one were stopped.
pub(crate) fn run_within(
    job: &Job,
    options: &Options,
    budget: &Budget,
    control: &Control,
    report: &dyn Report,
) -> Result<()> {
    let checked = check_outputs(job, options);
    if checked.iter().all(Result::is_err) {
        // Nothing is left to do, so the input is not opened.
        for (index, checked) in checked.into_iter().enumerate() {
            let outcome = checked.map(|()| Outcome::Skipped);
            let outcome = options.existing.skip_existing(outcome, Outcome::Skipped);
            control.outcomes.record(index, || Some(outcome));
        }
        return Ok(());
    }
    let file = match &job.input {
        Place::File(path) => fs::metadata(path).ok(),
        Place::Standard => None,
    };
    // Formats that are decoded whole are read when they are opened, so their bytes are
    // reserved before it is known what else the job takes.
    let at_once = (file.as_ref()).map_or(0, |file| read_at_once(&job.input, file));
    let mut reserved = budget.reserve(at_once.min(budget.limit()), &control.stop)?;
    let start = Instant::now();
    let input = Input::open(job, options)?;
    let mut opened = start.elapsed();
    let plans = plan_results(job, checked, &input, options);
    warn(report, job.input.path(), warnings(&input, &plans));
    let good = plans.iter().flatten();
    let total = good.clone().map(|plan| plan.output_shape()[0]).sum();
    report.event(Event::Rows { total });
    let opened_job = OpenedJob {
        job,
        options,
        control,
        report,
        format: input.format(),
        channels: input.spec().channels,
        file,
    };
    let mode = Mode::new(&input, good);
    let needed = opened_job.memory(&input, &mode, &plans);
    let more = needed.saturating_sub(reserved.bytes());
    let grown = budget.try_grow(&mut reserved, more);
    let reopen = at_once > 0 && !input.format().is_read_by_rows();
    let (input, _reserved) = match (grown, reopen) {
        (true, _) => (input, reserved),
        (false, false) => {
            drop(reserved);
            (input, budget.reserve(needed, &control.stop)?)
        }
        // The bytes of the file are freed while this job waits, since others may need them.
        (false, _) => {
            let spec = input.spec();
            drop((input, reserved));
            let reserved = budget.reserve(needed, &control.stop)?;
            let start = Instant::now();
            let input = Input::open(job, options)?;
            opened += start.elapsed();
            if input.spec() != spec {
                return Err(InputError::Changed.into());
            }
            (input, reserved)
        }
    };
    match (mode, input) {
        (Mode::Streaming { rows }, Input::Rows(reader)) => {
            opened_job.stream(reader, rows, opened, plans)
        }
        (_, input) => opened_job.whole_image(input, opened, plans),
    }
}

/// Files up to this size are reserved whatever their format: detecting it would cost more
/// than the memory is worth.
const SMALL_FILE_BYTES: u64 = 1 << 16;

/// The bytes of the file that opening the input reads into memory: all of a format that is
/// decoded whole, by its content or else its name, and all of a small file.
fn read_at_once(input: &Place, file: &fs::Metadata) -> u64 {
    let Place::File(path) = input else { return 0 };
    if !file.is_file() {
        return 0;
    }
    if file.len() <= SMALL_FILE_BYTES {
        return file.len();
    }
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    let format = Format::from_content(&start).or_else(|| Format::from_path(path));
    match (read, format) {
        (Ok(_), Some(format)) if !format.is_read_by_rows() => file.len(),
        _ => 0,
    }
}
