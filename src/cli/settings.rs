//! Converts arguments to plain settings and checks everything that can be checked.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail};
use stridekern::{
    Alpha, Channel, Depth, Error, Filter, KernelBank, Map, Method, Missing, Tuning,
    batch::{self, Batch, Destination, Found, Source},
    codec::{Compression, EncodeOptions, Format, Limits, MetadataPolicy, Sampling},
    filter::Program,
    run::{ActOn, Existing, Job, MayLose, Options, Place, Recording, Stop, special},
};

use super::{
    args::{
        Args, CompressionArg, DepthArg, EngineArg, FilterArgs, MetadataArg, OrientationArg,
        RunArgs, SamplingArg,
    },
    destinations::{check_one_result, destination},
    inputs::{self, place},
    output_reading::OutputReading,
    passed_over::PassedOver,
    unused_options::UnusedOptions,
    values::{extents, memory_limit, missing_value, output_format, pair, shard, simd, threads},
};

/// The paths that name standard output on Unix systems.
const STANDARD_OUTPUTS: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
const STANDARD_ERRORS: [&str; 3] = ["/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"];

/// The checked settings of a run.
#[derive(Debug)]
pub(super) struct Settings {
    /// Whether to filter, explain or measure.
    pub(super) action: Action,
    /// The jobs and their options.
    pub(super) batch: Batch,
    /// The folders that could not be listed.
    pub(super) unlistable: Vec<(PathBuf, Error)>,
    /// Paths with the name of an image that are not regular files.
    pub(super) special: Vec<(PathBuf, &'static str)>,
    /// Files in folders that are no inputs.
    pub(super) passed_over: PassedOver,
    /// Duplicate inputs that were removed, each with the path that remains.
    pub(super) links: Vec<(PathBuf, PathBuf)>,
    /// The encoder options, to report those without effect on a result.
    pub(super) unused_options: UnusedOptions,
    /// The number of threads; 0 means one per core.
    pub(super) threads: usize,
    /// Why there are fewer threads than requested.
    pub(super) threads_note: Option<String>,
    /// How the name of the output was read, if it does not say.
    pub(super) output_reading: Option<OutputReading>,
    /// The output folder, which may have to be created.
    folder: Option<PathBuf>,
    /// Print JSON.
    pub(super) json: bool,
    /// Print a line for every result.
    pub(super) verbose: bool,
    /// Show a bar where there is a terminal.
    pub(super) progress: bool,
}

/// The mode of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Filter and write.
    Filter,
    /// List what would be filtered and written.
    DryRun,
    /// Print the views and the plan.
    Explain,
    /// Time every method, or one.
    Bench(Bench),
}

/// The options of `--bench`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bench {
    /// Runs of every method.
    pub(super) runs: u32,
    /// Only the method of the tuning, beside the naive loop.
    pub(super) one_method: bool,
}

impl Action {
    pub(super) fn of(args: &Args) -> Self {
        let Args { run, report, .. } = args;
        match (report.explain, report.bench) {
            _ if report.dry_run => Self::DryRun,
            (true, _) => Self::Explain,
            (_, true) => Self::Bench(Bench {
                runs: report.bench_runs,
                one_method: run.engine.is_some(),
            }),
            _ => Self::Filter,
        }
    }
}

impl Settings {
    /// Reads the kernels, finds the inputs and checks all arguments. Once `stop` is set, this
    /// fails or returns a batch that may be reported but must not be run.
    pub(super) fn new(args: &Args, stop: &Stop) -> Result<Self> {
        let Args {
            input,
            filter,
            output,
            run,
            report,
        } = args;
        if output.in_place && output.skip_existing && output.backup.is_none() {
            bail!(
                "--in-place with --skip-existing goes by the backups of what was filtered before; add --backup, or drop --skip-existing"
            );
        }
        let like = like(filter)?;
        let filters = filters(filter, like)?;
        let extents = extents(&borders(filter, like))?;
        let format = output.format.as_deref().map(output_format).transpose()?;
        let action = Action::of(args);
        let (threads, threads_note) = threads(run.threads);
        if output.keep_names {
            check_one_result(&filters, &extents)?;
        }
        let variants = batch::variants(&filters, &extents);
        for variant in &variants {
            variant.filter.check()?;
        }
        let folder = (output.output.as_deref()).filter(|output| output.is_dir());
        let Found {
            images: mut inputs,
            unlistable,
            special,
            mut backups,
            results,
            passed_over,
        } = inputs::find(
            input,
            folder,
            output.backup.as_deref(),
            kernel_names(&filters),
            stop,
        )?;
        let doubtful = match output.in_place {
            true => {
                let found = batch::drop_old_backups(&mut inputs, stop)?;
                backups.extend(found.backups);
                found.doubtful
            }
            false => Vec::new(),
        };
        let links = match output.in_place {
            true => batch::drop_links(&mut inputs, stop)?,
            false => Vec::new(),
        };
        let several = inputs.len() * variants.len() > 1 || inputs.iter().any(|input| input.found);
        let output_reading = (output.output.as_deref())
            .and_then(|output| OutputReading::of(output, several, format));
        let destination = match action {
            Action::Filter | Action::DryRun if output.in_place => Destination::InPlace,
            Action::Filter | Action::DryRun => {
                // If all arguments are folders that cannot be listed, there is no result.
                let needed = |path: &&Path| !inputs.is_empty() || place(path) == Place::Standard;
                let path = output.output.as_deref().filter(needed);
                destination(path, several, output.keep_names, format)?
            }
            // Nothing is written, so no output name is needed.
            _ => Destination::Folder(PathBuf::new()),
        };
        if destination == Destination::Standard && output.verify {
            bail!(
                "--verify reads files back, which standard output is not; write the image to a file"
            );
        }
        if destination == Destination::Standard && report.json {
            bail!("--json and --output - both want standard output; write the image to a file");
        }
        let mut jobs = match action {
            Action::Filter | Action::DryRun => {
                let read_files = filter.kernels.iter().chain(&filter.mask);
                let read_files = read_files.filter(|path| path.is_file()).cloned();
                let read_files: Vec<PathBuf> = read_files.collect();
                batch::jobs(&inputs, &variants, &destination, format, &read_files, stop)?
            }
            _ => jobs_without_output(&inputs, &variants, format),
        };
        let passed_over =
            PassedOver::new(passed_over, backups, results).with_unused(&inputs, &jobs);
        let passed_over = passed_over.doubting(doubtful);
        check_formats(&jobs, filter)?;
        if let Some(share) = &input.shard {
            let share = shard(share)?;
            jobs.retain(|job| batch::in_share(job.input.path(), share));
        }
        Ok(Self {
            action,
            batch: Batch {
                jobs,
                timeout: run.timeout,
                fail_fast: run.fail_fast,
                stop: stop.clone(),
                options: Options {
                    limits: limits(run)?,
                    input_format: format,
                    axes: input.axes.as_deref().map(str::parse).transpose()?,
                    layer: input.layer.clone(),
                    pages: (input.pages.as_deref().map(str::parse).transpose()?)
                        .unwrap_or_default(),
                    encode: EncodeOptions {
                        quality: output.quality,
                        compression: match output.compression {
                            None | Some(CompressionArg::Fast) => Compression::Fast,
                            Some(CompressionArg::Balanced) => Compression::Balanced,
                            Some(CompressionArg::Best) => Compression::Best,
                        },
                        sampling: output.sampling.map(|sampling| match sampling {
                            SamplingArg::S444 => Sampling::S444,
                            SamplingArg::S422 => Sampling::S422,
                            SamplingArg::S420 => Sampling::S420,
                        }),
                        progressive: output.progressive,
                    },
                    existing: match (output.overwrite || output.in_place, output.skip_existing) {
                        (true, true) => Existing::ReplaceOnce,
                        (true, false) => Existing::Replace,
                        (false, true) => Existing::Skip,
                        (false, false) => Existing::Refuse,
                    },
                    tuning: Tuning::default()
                        .with_method(match run.engine.unwrap_or(EngineArg::Auto) {
                            EngineArg::Auto => None,
                            EngineArg::Naive => Some(Method::Naive),
                            EngineArg::Direct => Some(Method::Direct),
                            EngineArg::Separable => Some(Method::Separable),
                            EngineArg::Fft => Some(Method::Fft),
                        })
                        .with_simd(simd()?),
                    make_folders: matches!(
                        destination,
                        Destination::Folder(_) | Destination::SameNames(_)
                    ),
                    preserve: output.preserve,
                    mask: filter.mask.clone(),
                    metadata: match output.metadata.unwrap_or(MetadataArg::Keep) {
                        MetadataArg::Keep => MetadataPolicy::Keep,
                        MetadataArg::Drop => MetadataPolicy::Drop,
                    },
                    may_lose: may_lose(filter),
                    orientation: match filter.orientation {
                        None | Some(OrientationArg::Seen) => ActOn::Seen,
                        Some(OrientationArg::Stored) => ActOn::Stored,
                    },
                    record: match output.record {
                        true => Some(Recording::new(filter.mask.as_deref())?),
                        false => None,
                    },
                    backup: output.backup.clone(),
                    verify: output.verify,
                    statistics: report.stats,
                },
            },
            unlistable,
            special,
            passed_over,
            links,
            unused_options: UnusedOptions::new(output),
            output_reading,
            threads,
            threads_note,
            folder: match destination {
                Destination::Folder(folder) | Destination::SameNames(folder)
                    if action == Action::Filter =>
                {
                    Some(folder)
                }
                _ => None,
            },
            json: report.json,
            verbose: report.verbose,
            progress: !report.quiet && !report.no_progress,
        })
    }

    /// Whether an image or a report is written to standard output.
    pub(super) fn writes_to_standard_output(&self) -> bool {
        let prints = self.json || self.batch.options.statistics;
        self.action != Action::Filter || prints || self.writes_an_image_to_standard_output()
    }

    /// Whether an image is written to standard output.
    pub(super) fn writes_an_image_to_standard_output(&self) -> bool {
        self.writes_to(STANDARD_OUTPUTS)
    }

    /// Whether an image is written to standard error.
    pub(super) fn writes_to_standard_error(&self) -> bool {
        self.action == Action::Filter && self.writes_to(STANDARD_ERRORS)
    }

    /// Whether a result is written to one of these paths.
    fn writes_to(&self, names: [&str; 3]) -> bool {
        let mut results = self.batch.jobs.iter().flat_map(|job| &job.results);
        results.any(|request| match &request.output {
            Place::Standard => names == STANDARD_OUTPUTS,
            Place::File(path) => names.iter().any(|name| path == Path::new(name)),
        })
    }

    /// Creates the output folder if it is missing.
    pub(super) fn make_folder(&self) -> Result<()> {
        match &self.folder {
            Some(folder) => fs::create_dir_all(folder).map_err(|error| {
                let shown = folder.display();
                match error.kind() {
                    ErrorKind::AlreadyExists | ErrorKind::NotADirectory => anyhow!(
                        "{shown}: a file is in the way of this folder; choose another --output"
                    ),
                    _ => anyhow!(
                        "{shown}: cannot make the output folder: {error}; choose another --output"
                    ),
                }
            }),
            None => Ok(()),
        }
    }
}

/// The names of kernels that results of earlier runs may have in theirs: the built-in ones, and
/// those of this run.
fn kernel_names(filters: &[Filter]) -> Vec<String> {
    let own = filters.iter().map(|filter| filter.bank().name().to_owned());
    let built_in = KernelBank::builtins().map(|builtin| builtin.name().to_owned());
    built_in.chain(own).collect()
}

fn limits(args: &RunArgs) -> Result<Limits> {
    let limits = Limits {
        max_memory: memory_limit(args.memory_limit)?,
        ..Limits::default()
    };
    Ok(match args.pixel_limit {
        Some(pixels) => limits.with_pixels(pixels),
        None => limits,
    })
}

/// The extents given by `--pad`, else by `--photo` or `--like`.
fn borders(args: &FilterArgs, like: Option<Program>) -> Vec<String> {
    match (args.pad.as_slice(), args.photo) {
        ([], true) => vec!["edge".to_owned()],
        ([], false) => match like {
            Some(program) => vec![program.border().to_string()],
            None => vec!["valid".to_owned()],
        },
        (given, _) => given.to_vec(),
    }
}

/// The program whose way is to be followed.
fn like(args: &FilterArgs) -> Result<Option<Program>> {
    let Some(name) = &args.like else {
        return Ok(None);
    };
    let program: Program = name.parse()?;
    if program == Program::ImageMagick && args.changes.flip {
        bail!("--like imagemagick turns kernels as --flip does; drop --flip");
    }
    if program.keeps_frame() && args.pad.iter().any(|mode| mode != "valid") {
        bail!(
            "--like {program} leaves the pixels at the edges as they are; drop --pad, or leave them out with --pad valid",
            program = program.name()
        );
    }
    Ok(Some(program))
}

/// Losses are allowed only if the user asked for them.
fn may_lose(args: &FilterArgs) -> MayLose {
    MayLose {
        channels: args.channel.is_some() || args.photo,
        alpha: args.channel.is_some() || args.alpha.as_deref() == Some(Alpha::Drop.name()),
        size: !args.pad.is_empty() || args.step.is_some() || args.photo,
        depth: !matches!(args.depth, None | Some(DepthArg::Same)),
    }
}

/// The missing samples; those of a mask are known when it is read.
fn missing(args: &FilterArgs) -> Result<Option<Missing>> {
    if let Some(mask) = &args.mask {
        let shown = mask.display();
        if place(mask) == Place::Standard {
            bail!("--mask names a file, and standard input is an input; give the path of the mask");
        }
        if let Some(kind) = special(mask) {
            bail!("{shown}: it is {kind}; a mask is read again for each input: give a file");
        }
        if mask.is_dir() {
            bail!("{shown}: it is a folder; name a mask of the size of the input");
        }
        if !mask.is_file() {
            bail!("{shown}: there is no such file; name a mask of the size of the input");
        }
    }
    let missing = match &args.ignore {
        Some(text) => missing_value(text)?,
        None if args.mask.is_some() => Missing::by_mask_of_job(),
        None if args.min_share.is_some() => {
            bail!("--min-share goes with --ignore or --mask; give one of them")
        }
        None => return Ok(None),
    };
    Ok(Some(missing.with_min_share(args.min_share.unwrap_or(0.0))))
}

fn filters(args: &FilterArgs, like: Option<Program>) -> Result<Vec<Filter>> {
    args.changes.check()?;
    let missing = missing(args)?;
    let step = pair(args.step.as_deref().unwrap_or("1"), "--step")?;
    let dilation = pair(&args.dilate, "--dilate")?;
    let channel = match (&args.channel, args.photo) {
        (Some(given), _) => given.parse()?,
        (None, true) => Channel::Each,
        (None, false) if like.is_some() => Channel::Each,
        (None, false) => Channel::Luma,
    };
    let alpha = match (&args.alpha, args.photo) {
        (Some(given), _) => Some(given.parse()?),
        // A channel of several has no alpha.
        (None, true) if matches!(channel, Channel::Luma | Channel::Each) => Some(Alpha::Weight),
        (None, _) => None,
    };
    let map: Option<Map> = args.map.as_deref().map(str::parse).transpose()?;
    let depth = match args.depth {
        None | Some(DepthArg::Same) => None,
        Some(DepthArg::Picture(depth) | DepthArg::Type(depth)) => Some(depth),
    };
    let filter = |argument: &PathBuf| {
        let bank = args.changes.bank(argument)?;
        let own = match like {
            Some(_) => Map::Clamp,
            None => bank.map().unwrap_or_default(),
        };
        if map.unwrap_or(own) == Map::Float && depth.is_some_and(|depth| !depth.is_float()) {
            let from = if map.is_some() {
                "--map"
            } else {
                "the kernel's map"
            };
            bail!("{from} float gives floats; use another --map, or drop --depth");
        }
        let filter = Filter::new(bank);
        let filter = match like {
            Some(program) => filter.like(program),
            None => filter,
        };
        let filter = filter
            .with_step(step)
            .with_dilation(dilation)
            .with_channel(channel)
            .with_alpha(alpha)
            .ignoring(missing.clone());
        let filter = match args.depth {
            Some(DepthArg::Type(depth)) => filter.with_sample_type(depth),
            _ => filter.with_depth(depth),
        };
        let filter = filter.with_map(map.unwrap_or(own));
        filter.check()?;
        Ok(filter)
    };
    args.kernels.iter().map(filter).collect()
}

/// The settings of a run that writes nothing.
fn jobs_without_output(
    inputs: &[Source],
    variants: &[batch::Variant],
    format: Option<Format>,
) -> Vec<Job> {
    let results = |_: &Source| {
        variants.iter().map(|variant| stridekern::run::Request {
            filter: variant.filter.clone(),
            output: Place::Standard,
            format,
        })
    };
    inputs
        .iter()
        .map(|input| Job {
            input: input.place.clone(),
            results: results(input).collect(),
        })
        .collect()
}

/// Refuses a read-only format, and a requested depth that the format cannot hold; other
/// depths are known only when the input is read.
fn check_formats(jobs: &[Job], args: &FilterArgs) -> Result<()> {
    for request in jobs.iter().flat_map(|job| &job.results) {
        let Some(format) = request.format else {
            continue;
        };
        let output = request.output.path().display();
        let floats = request.filter.map() == Map::Float;
        if floats && !format.can_hold(Depth::F32, 1) {
            let others = Format::ALL
                .into_iter()
                .filter(|f| f.can_hold(Depth::F32, 1));
            let others: Vec<_> = others.map(Format::name).collect();
            bail!(
                "{output}: {format} holds no 32-bit floats, which --map float gives; use --format with one of {}, or another map",
                others.join(", ")
            );
        }
        if !matches!(args.depth, None | Some(DepthArg::Same)) || format == Format::Pbm {
            let depth = request.filter.output_depth(Depth::U8);
            format.check(depth, 1).with_context(|| output.to_string())?;
        }
    }
    Ok(())
}
