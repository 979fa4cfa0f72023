//! Runs a job from its input to its last result.

use std::{fs, io::Read, time::Instant};

use super::{
    budget::Budget,
    control::Control,
    events::{Event, Report, warn},
    input::Input,
    job::{Job, Options, Outcome, Place},
    mask::MaskFile,
    mode::Mode,
    opened_job::OpenedJob,
    pages::{PageResults, run_pages},
    precheck::{check_outputs, missing_warnings, plan_results, warnings},
    recorded::{Comparison, compare},
};
use crate::{
    codec::Format,
    error::{Error, InputError, LimitError, Result},
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
///
/// A job that takes more memory than the limit on all threads is run on one: whether it is
/// refused must not depend on how many threads were free.
pub(crate) fn run_within(
    job: &Job,
    options: &Options,
    budget: &Budget,
    control: &Control,
    report: &dyn Report,
) -> Result<()> {
    let run_once = || attempt(job, options, budget, control, report);
    match run_once()? {
        Attempt::Ended => Ok(()),
        Attempt::TooLarge(error) => match on_one_thread(job, error, run_once)?? {
            Attempt::Ended => Ok(()),
            Attempt::TooLarge(error) => Err(error),
        },
    }
}

/// Calls `act` on a single thread, after `error` refused the job on several. Returns `error`
/// if there were not several, or if the input cannot be opened twice.
pub(super) fn on_one_thread<T: Send>(
    job: &Job,
    error: Error,
    act: impl FnOnce() -> T + Send,
) -> Result<T> {
    let reopens = match &job.input {
        Place::File(path) => path.is_file(),
        Place::Standard => false,
    };
    let several = rayon::current_num_threads() > 1;
    match (rayon::ThreadPoolBuilder::new().num_threads(1)).build() {
        Ok(pool) if reopens && several => Ok(pool.install(act)),
        _ => Err(error),
    }
}

/// How an attempt to run a job ended.
pub(super) enum Attempt {
    /// All results have their outcomes.
    Ended,
    /// No result is in its place, since this was refused: see [`takes_too_much`]. Unless it is a
    /// page after the first, nothing was reported or begun.
    TooLarge(Error),
}

/// Whether this refuses a job for its memory.
pub(super) fn takes_too_much(error: &Error) -> bool {
    use LimitError::{Decoding, Memory, WholeFile};
    match error {
        Error::Page { cause, .. } => takes_too_much(cause),
        _ => matches!(
            error,
            Error::Limit(Memory { .. } | Decoding { .. } | WholeFile { .. })
        ),
    }
}

fn attempt(
    job: &Job,
    options: &Options,
    budget: &Budget,
    control: &Control,
    report: &dyn Report,
) -> Result<Attempt> {
    let checked = check_outputs(job, options);
    if checked.iter().all(Result::is_err) {
        // Nothing is left to do, so the input is not opened.
        for (index, checked) in checked.into_iter().enumerate() {
            let outcome = checked.map(|()| Outcome::Skipped(Comparison::Uncompared));
            let skipped = || Outcome::Skipped(compare(job, &job.results[index], options));
            let outcome = options.existing.skip_existing(outcome, skipped);
            control.outcomes.record(index, || Some(outcome));
        }
        return Ok(Attempt::Ended);
    }
    let file = match &job.input {
        Place::File(path) => fs::metadata(path).ok(),
        Place::Standard => None,
    };
    // Formats that are decoded whole are read when they are opened, so their bytes are
    // reserved before it is known what else the job takes.
    let at_once = (file.as_ref()).map_or(0, |file| read_at_once(&job.input, file));
    let mask = MaskFile::open(options)?;
    let of_mask = mask.as_ref().map_or(0, MaskFile::bytes);
    budget.check(of_mask)?;
    let at_first = at_once.saturating_add(of_mask).min(budget.limit());
    let mut reserved = budget.reserve(at_first, &control.stop)?;
    let mask = mask.map(MaskFile::read).transpose()?;
    let start = Instant::now();
    let input = match Input::open(job, options) {
        Err(error) if takes_too_much(&error) => return Ok(Attempt::TooLarge(error)),
        input => input?,
    };
    let mut opened = start.elapsed();
    let plans = plan_results(job, checked, &input, mask.as_ref(), options);
    let opened_job = OpenedJob {
        job,
        options,
        control,
        report,
        format: input.format(),
        quality: input.metadata().quality,
        file,
    };
    let mode = Mode::new(&input, plans.iter().flatten());
    let needed = opened_job.memory(&input, &mode, &plans);
    if let Err(error) = budget.check(needed) {
        return Ok(Attempt::TooLarge(opened_job.refused(error, &input)));
    }
    warn(report, job.input.path(), warnings(&input, &plans));
    warn(report, job.input.path(), &missing_warnings(&input, &plans));
    for (request, plan) in job.results.iter().zip(&plans) {
        if plan.is_ok() {
            warn(
                report,
                request.output.path(),
                &input.result_warnings(request, &options.encode),
            );
        }
    }
    let pages = usize::try_from(input.pages()).unwrap_or(usize::MAX);
    let total = opened_job.rows(&input, &plans).saturating_mul(pages);
    report.event(Event::Rows { total });
    let more = needed.saturating_sub(reserved.bytes());
    let grown = budget.try_grow(&mut reserved, more);
    let reopen = at_once > 0 && !input.format().is_read_by_rows();
    let (input, reserved) = match (grown, reopen) {
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
    let results = PageResults::new(plans, opened);
    run_pages(
        &opened_job,
        (input, mode),
        results,
        mask.as_ref(),
        (budget, reserved),
    )
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
