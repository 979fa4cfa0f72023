//! One image: read once, filtered once for every result, each written whole.

use std::{
    fs,
    io::{self, BufRead, Cursor, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    codec::{self, AtomicFile, EncodeOptions, Format, Limits, Opened, Overwrite},
    error::{Error, Result},
    filter::{Filter, Plan, Tuning},
    report::{Event, Report},
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
}

/// What becomes of an output that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// It stays, and its result is an error.
    #[default]
    Refuse,
    /// It is replaced once its successor is whole.
    Replace,
    /// It stays, and its result is not made.
    Skip,
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
    /// Time to read and decode the input, shared by all its results.
    pub read: Duration,
    /// Time to filter.
    pub filter: Duration,
    /// Time to encode and write.
    pub write: Duration,
}

/// Runs one job: a result for each of its requests, in their order.
///
/// # Errors
///
/// If the input cannot be read; nothing is written then.
pub fn run(job: &Job, options: &Options, report: &dyn Report) -> Result<Vec<Result<Outcome>>> {
    let found: Vec<_> = (job.results.iter())
        .map(|request| look_at_output(&request.output, options.existing))
        .collect();
    if found.iter().all(|f| !matches!(f, Ok(None))) {
        // Nothing is left to do, so the input is not even read.
        return Ok(found
            .into_iter()
            .map(|found| found.map(|outcome| outcome.unwrap_or(Outcome::Skipped)))
            .collect());
    }
    let start = Instant::now();
    let opened = read(&job.input, options)?;
    let read = start.elapsed();
    for message in &opened.warnings {
        let path = job.input.path();
        report.event(Event::Warning { path, message });
    }
    let planned: Vec<Result<Step>> = (found.into_iter().zip(&job.results))
        .map(|(found, request)| match found? {
            Some(outcome) => Ok(Step::Over(outcome)),
            None => plan(request, &opened, options).map(|plan| Step::Make(Box::new(plan))),
        })
        .collect();
    let total = (planned.iter().flatten())
        .map(|step| match step {
            Step::Make(plan) => plan.output_shape()[0],
            Step::Over(_) => 0,
        })
        .sum();
    report.event(Event::Rows { total });
    let make = |(step, request): (Result<Step>, &Request)| match step? {
        Step::Over(outcome) => Ok(outcome),
        Step::Make(plan) => make(request, *plan, &opened, options, read, report),
    };
    Ok(planned.into_iter().zip(&job.results).map(make).collect())
}

/// What there is to do for one result.
enum Step {
    Over(Outcome),
    Make(Box<Plan>),
}

/// `None` if the output is to be made, else what becomes of it.
fn look_at_output(output: &Place, existing: Existing) -> Result<Option<Outcome>> {
    let Place::File(path) = output else {
        return Ok(None);
    };
    // A device or a pipe, also behind a link, is written to and not replaced;
    // a link to nowhere is in the way like a file.
    let in_the_way = match fs::metadata(path) {
        Ok(found) => found.is_file(),
        Err(_) => fs::symlink_metadata(path).is_ok(),
    };
    if existing == Existing::Replace || !in_the_way {
        return Ok(None);
    }
    match existing {
        Existing::Skip => Ok(Some(Outcome::Skipped)),
        _ => Err(codec::output_exists()),
    }
}

/// Reads the input of a job.
///
/// # Errors
///
/// If it cannot be read or opened.
pub fn read(input: &Place, options: &Options) -> Result<Opened> {
    match input {
        Place::File(path) => codec::open(path, &options.limits),
        Place::Standard => {
            let mut stdin = io::stdin().lock();
            let start = stdin
                .fill_buf()
                .map_err(|e| Error::io("read standard input", e))?;
            let told = Format::from_content(start).is_some();
            let hint = options.input_format.filter(|_| !told);
            Ok(codec::read_from(stdin, hint, &options.limits)?.into())
        }
    }
}

/// Everything that can be refused is refused before the filter runs.
fn plan(request: &Request, opened: &Opened, options: &Options) -> Result<Plan> {
    let plan = request.filter.plan(opened.image(), &options.tuning)?;
    let [rows, columns, channels] = plan.output_shape();
    let format = request.format.unwrap_or(opened.format);
    format.check(plan.output_depth(), channels)?;
    format.check_size(rows, columns)?;
    Ok(plan)
}

fn make(
    request: &Request,
    plan: Plan,
    opened: &Opened,
    options: &Options,
    read: Duration,
    report: &dyn Report,
) -> Result<Outcome> {
    let start = Instant::now();
    let mut image = plan.allocate()?;
    let progress = |count| report.event(Event::RowsDone { count });
    request
        .filter
        .apply_into(opened.image(), &plan, &mut image, &progress)?;
    let filter = start.elapsed();

    let start = Instant::now();
    let format = request.format.unwrap_or(opened.format);
    let mut metadata = opened.metadata.clone();
    if image.channels() < 3 && opened.image().shape()[2] >= 3 {
        // A profile of colours says nothing of gray, so this loses nothing.
        metadata.icc = None;
    }
    let encode = |mut out: &mut dyn WriteSeek| {
        codec::encode(&image, format, &metadata, &options.encode, &mut out)
    };
    let (warnings, bytes) = match &request.output {
        Place::File(path) => {
            let overwrite = match options.existing {
                Existing::Replace => Overwrite::Replace,
                Existing::Refuse | Existing::Skip => Overwrite::Refuse,
            };
            let mut file = AtomicFile::create(path, overwrite)?;
            let warnings = encode(&mut file)?;
            let bytes = io::Seek::seek(&mut file, io::SeekFrom::End(0))
                .map_err(|e| Error::io("write the file", e))?;
            file.commit()?;
            (warnings, bytes)
        }
        Place::Standard => {
            let mut bytes = Cursor::new(Vec::new());
            let warnings = encode(&mut bytes)?;
            let mut stdout = io::stdout().lock();
            (stdout.write_all(bytes.get_ref()))
                .and_then(|()| stdout.flush())
                .map_err(|e| Error::io("write to standard output", e))?;
            (warnings, bytes.get_ref().len() as u64)
        }
    };
    for message in &warnings {
        let path = request.output.path();
        report.event(Event::Warning { path, message });
    }
    Ok(Outcome::Done(Box::new(Done {
        plan,
        format,
        bytes,
        read,
        filter,
        write: start.elapsed(),
    })))
}

/// What encoders write to.
trait WriteSeek: Write + io::Seek + Send {}

impl<W: Write + io::Seek + Send> WriteSeek for W {}
