//! Runs a job from its input to its last result.

use std::{fs, io::Read, time::Instant};

use super::{
    budget::Budget,
    control::Control,
    flow::Flow,
    input::Input,
    job::{Job, Options, Outcome, Place},
    making::Making,
    precheck::{look_at_outputs, plans, warnings},
    report::{Event, Report, warn},
};
use crate::{
    codec::Format,
    error::{Error, InputError, Result},
    stop::Stop,
};

/// Runs one job: a result for each of its requests, in their order.
///
/// Where the pool has several threads, and is not waiting for this one, the
/// input is read, filtered and written at the same time.
///
/// # Errors
///
/// If the input cannot be read, or takes more memory than the limits allow; no
/// output is in its place then. Standard output and devices have got a part of
/// it by then.
pub fn run(job: &Job, options: &Options, report: &dyn Report) -> Result<Vec<Result<Outcome>>> {
    let budget = Budget::new(options.limits.max_memory);
    let control = Control::new(job.results.len(), Stop::default());
    run_within(job, options, &budget, &control, report)?;
    let outcomes = control.outcomes.take().into_iter();
    Ok(outcomes.map(|o| o.unwrap_or(Err(Error::Stopped))).collect())
}

/// The same, in memory that is shared with other jobs. What becomes of each result is
/// recorded; those that are not were stopped.
pub(crate) fn run_within(
    job: &Job,
    options: &Options,
    budget: &Budget,
    control: &Control,
    report: &dyn Report,
) -> Result<()> {
    let found = look_at_outputs(job, options);
    if found.iter().all(Result::is_err) {
        // Nothing is left to do, so the input is not even opened.
        for (index, found) in found.into_iter().enumerate() {
            let outcome = found.map(|()| Outcome::Skipped);
            let outcome = options.existing.settle(outcome, Outcome::Skipped);
            control.outcomes.record(index, || Some(outcome));
        }
        return Ok(());
    }
    let known = match &job.input {
        Place::File(path) => fs::metadata(path).ok(),
        Place::Standard => None,
    };
    // Formats that are decoded whole are read when they are opened: their bytes
    // are held before it is known what they need.
    let held = known
        .as_ref()
        .map_or(0, |known| read_at_once(&job.input, known));
    let mut share = budget.take(held.min(budget.limit()), &control.stop)?;
    let start = Instant::now();
    let input = Input::open(job, options)?;
    let mut opened = start.elapsed();
    let plans = plans(job, found, &input, options);
    warn(report, job.input.path(), warnings(&input, &plans));
    let good = plans.iter().flatten();
    let total = good.clone().map(|plan| plan.output_shape()[0]).sum();
    report.event(Event::Rows { total });
    let making = Making {
        job,
        options,
        control,
        report,
        format: input.format(),
        channels: input.spec().channels,
        known,
    };
    let flow = Flow::new(&input, good);
    let needed = making.memory(&input, &flow, &plans);
    let more = needed.saturating_sub(share.bytes());
    let grown = budget.try_grow(&mut share, more);
    let gives_back = held > 0 && !input.format().is_read_by_rows();
    let (input, _share) = match (grown, gives_back) {
        (true, _) => (input, share),
        (false, false) => {
            drop(share);
            (input, budget.take(needed, &control.stop)?)
        }
        // What is held is given back, since others may wait for it.
        (false, _) => {
            let spec = input.spec();
            drop((input, share));
            let share = budget.take(needed, &control.stop)?;
            let start = Instant::now();
            let input = Input::open(job, options)?;
            opened += start.elapsed();
            if input.spec() != spec {
                return Err(InputError::Changed.into());
            }
            (input, share)
        }
    };
    match (flow, input) {
        (Flow::Streamed { rows }, Input::Rows(reader)) => {
            making.stream(reader, rows, opened, plans)
        }
        (_, input) => making.whole(input, opened, plans),
    }
}

/// A file of so few bytes counts as one that is read whole: to look at its content would take
/// it longer to be opened than its share of memory is worth.
const SMALL: u64 = 1 << 16;

/// The bytes of a file that is read whole when it is opened, as its content or
/// its name says; of a small one, all.
fn read_at_once(input: &Place, known: &fs::Metadata) -> u64 {
    let Place::File(path) = input else { return 0 };
    if !known.is_file() {
        return 0;
    }
    if known.len() <= SMALL {
        return known.len();
    }
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    let format = Format::from_content(&start).or_else(|| Format::from_path(path));
    match (read, format) {
        (Ok(_), Some(format)) if !format.is_read_by_rows() => known.len(),
        _ => 0,
    }
}
