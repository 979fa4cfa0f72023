//! One image: read once, filtered for every result while its rows come by, each
//! result written as its rows are made.

mod blocks;
mod branch;
mod check;
mod flow;
mod input;
mod ledger;
mod loss;
mod making;
mod memory;
mod output;
mod special;
mod stages;
mod window;

use std::{
    ffi::OsString,
    fs,
    io::Read,
    iter,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

pub use flow::Flow;
pub use input::Input;
pub use loss::MayLose;
pub use memory::needed as memory_needed;

pub use crate::stop::Stop;
pub(crate) use ledger::Ledger;
pub(crate) use memory::Budget;
pub use special::special;

/// Locks as the ledger uses them. A model of threads puts its own here.
mod sync {
    pub(super) use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
}

use self::making::{Making, warn};
use crate::{
    codec::{self, EncodeOptions, Format, Limits, Overwrite},
    error::{Error, InputError, OutputError, Result},
    filter::{Filter, Plan, Tuning},
    report::{Event, Report, Silent},
    warning::Warning,
};

/// Where an image comes from or goes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A file.
    File(PathBuf),
    /// Standard input or output.
    Standard,
}

impl Place {
    /// The path, `-` for a standard stream.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Standard => Path::new("-"),
        }
    }
}

/// One input and every result that is made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The image.
    pub input: Place,
    /// What is made of it.
    pub results: Vec<Request>,
}

impl Job {
    /// Whether this result takes the place of the input.
    fn replaces(&self, request: &Request) -> bool {
        matches!(self.input, Place::File(_)) && request.output == self.input
    }
}

/// One result: a filter, and where what it gives is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What is computed.
    pub filter: Filter,
    /// Where it is written.
    pub output: Place,
    /// The format; `None` is that of the input.
    pub format: Option<Format>,
}

/// How jobs are run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What an input may claim to be.
    pub limits: Limits,
    /// The format of standard input where its content does not tell. A file's
    /// extension does that.
    pub input_format: Option<Format>,
    /// How results are encoded.
    pub encode: EncodeOptions,
    /// What becomes of an output that exists.
    pub existing: Existing,
    /// How filters are run.
    pub tuning: Tuning,
    /// Whether folders of outputs are made where they are missing.
    pub make_folders: bool,
    /// Whether outputs get the time of modification and the attributes of
    /// their input: owner, group, permissions, extended attributes.
    pub preserve: bool,
    /// What is added to the name of an input that is replaced by its result, to
    /// keep it under that. Default: it is not kept.
    pub backup: Option<OsString>,
    /// Whether every file is read back, all of it, before it is in its place. Of
    /// one that replaces its input, the header is in any case.
    pub verify: bool,
    /// What an input may lose that is replaced by its result.
    pub may_lose: MayLose,
}

/// What becomes of an output that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// It stays, and its result is an error.
    #[default]
    Refuse,
    /// It is replaced once its successor is whole.
    Replace,
    /// It stays, and its result is not made, or not put in its place if the
    /// output came to be meanwhile.
    Skip,
    /// It is replaced, unless it was before: an input whose [backup](Options::backup) exists
    /// stays, and its result is not made.
    ReplaceOnce,
}

impl Existing {
    const fn overwrite(self) -> Overwrite {
        match self {
            Self::Replace | Self::ReplaceOnce => Overwrite::Replace,
            Self::Refuse | Self::Skip => Overwrite::Refuse,
        }
    }

    /// An output or a backup that exists, whether it was there before or another process
    /// made it meanwhile, is no failure where it is to be skipped.
    fn settle<T>(self, result: Result<T>, skipped: T) -> Result<T> {
        match (result, self) {
            (Err(Error::Exists), Self::Skip) | (Err(Error::Kept { .. }), Self::ReplaceOnce) => {
                Ok(skipped)
            }
            (result, _) => result,
        }
    }
}

/// What became of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was written.
    Done(Box<Done>),
    /// It existed and was left as it is.
    Skipped,
}

/// A result that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// How it was computed.
    pub plan: Plan,
    /// The format it was written in.
    pub format: Format,
    /// Bytes written.
    pub bytes: u64,
    /// Time to read and decode the input, shared by all its results. All three
    /// may overlap.
    pub read: Duration,
    /// Time to filter.
    pub filter: Duration,
    /// Time to encode and write.
    pub write: Duration,
}

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

/// What ties a job to the one who waits for it.
#[derive(Debug)]
pub(crate) struct Control {
    /// Asks the job to end.
    pub(crate) stop: Stop,
    /// What became of its results so far.
    pub(crate) outcomes: Ledger<Result<Outcome>>,
}

impl Control {
    /// Of a job with so many results.
    pub(crate) fn new(results: usize, stop: Stop) -> Self {
        let outcomes = Ledger::new(results);
        Self { stop, outcomes }
    }
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

/// What [`run`] would do, as far as the header of the input tells. Nothing is
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

/// What is to be told of the input before its results are made.
fn warnings<'a>(input: &'a Input, plans: &[Result<Plan>]) -> &'a [Warning] {
    // A refusal says what else there is to say of what is not read.
    match plans.iter().all(|plan| matches!(plan, Err(Error::Loss(_)))) {
        true => &[],
        false => input.warnings(),
    }
}

fn plans(job: &Job, found: Vec<Result<()>>, input: &Input, options: &Options) -> Vec<Result<Plan>> {
    (found.into_iter().zip(&job.results))
        .map(|(found, request)| found.and_then(|()| plan(job, request, input, options)))
        .collect()
}

/// Of each result, why it cannot be put in its place.
fn look_at_outputs(job: &Job, options: &Options) -> Vec<Result<()>> {
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
fn look_at_folder(request: &Request) -> Result<()> {
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
