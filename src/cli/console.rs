//! Shows the library's events: messages, JSON lines and a progress bar.

use std::{
    collections::HashMap,
    fmt,
    io::{IsTerminal, stderr},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, Once, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use stridekern::{
    Error,
    batch::Summary,
    filter::Program,
    run::{Done, Event, Existing, Job, MayLose, Outcome, Report},
    statistics::Statistics,
    text::printable,
};
use terminal_size::Width;

use super::{
    advice,
    finished::{self, Losses},
    messages::{self, Messages},
    of_run::OfRun,
    output_reading::OutputReading,
    recorded::Skips,
    settings::Settings,
    statistics,
    told::{self, OfKernels, Told},
    unused_options::UnusedOptions,
};

/// Messages, JSON lines and a bar.
#[derive(Debug)]
pub(super) struct Console {
    messages: Messages,
    /// The program whose way is followed, if one is.
    like: Option<Program>,
    json: bool,
    /// Whether tables of statistics go to standard error, since an image goes to standard
    /// output.
    tables_to_error: bool,
    verbose: bool,
    /// Whether every result has a line.
    tells_each: bool,
    /// Whether a run of several results ends with a summary.
    sums_up: bool,
    /// What the user chose to lose.
    may_lose: MayLose,
    unused_options: UnusedOptions,
    /// How the name of the output was read, if it does not say.
    output_reading: Option<OutputReading>,
    existing: Existing,
    bar: ProgressBar,
    /// A single input has a bar over its rows; several have one over inputs.
    single: bool,
    /// Whether progress is shown.
    progress: bool,
    /// Whether progress is a bar: standard error is a terminal.
    show_bar: bool,
    start: Instant,
    shown: Once,
    lines: Mutex<ProgressLines>,
    /// The number of results with a JSON line.
    described: AtomicUsize,
    /// The warnings by path, until their result is reported: in the order of the inputs.
    warned: Mutex<HashMap<PathBuf, Vec<Told>>>,
    /// Those that are told at the end.
    of_kernels: Mutex<OfKernels>,
    /// Those that are told once.
    of_run: Mutex<OfRun>,
    /// Whether results that exist are compared by their records.
    compares: bool,
    skips: Mutex<Skips>,
    /// What results lost that have no line of their own.
    losses: Mutex<Losses>,
}

/// The state of the progress lines that are printed where there is no bar.
#[derive(Debug)]
struct ProgressLines {
    total: usize,
    ended: usize,
    /// The time of the last progress line.
    last_line: Instant,
}

/// On a terminal, up to so many results have a line each, more have a summary.
const MAX_TOLD: usize = 10;

/// The delay before the bar is shown, so that it does not flash in short runs.
const BAR_DELAY: Duration = Duration::from_millis(400);

/// The interval between progress lines where there is no terminal for a bar; a run that
/// took longer ends with a summary in any case.
const LINE_INTERVAL: Duration = Duration::from_secs(30);

impl Console {
    pub(super) fn new(settings: &Settings, messages: Messages) -> Self {
        let bar = ProgressBar::hidden();
        let single = settings.batch.jobs.len() == 1;
        let results = settings.batch.jobs.iter().map(|job| job.results.len());
        let results: usize = results.sum();
        let on_terminal = stderr().is_terminal() && !messages.quiet;
        let unit = if single { "rows" } else { "images" };
        let template = bar_template(unit, terminal_width());
        if let Ok(style) = ProgressStyle::with_template(&template) {
            let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
                // A formatting error cannot be reported here.
                let _ = write!(text, "{:.1}/s", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate));
        }
        let mut requests = settings.batch.jobs.iter().flat_map(|job| &job.results);
        Self {
            messages,
            like: requests.find_map(|request| request.filter.program()),
            json: settings.json,
            tables_to_error: settings.writes_an_image_to_standard_output(),
            verbose: settings.verbose,
            tells_each: settings.verbose || on_terminal && results <= MAX_TOLD,
            sums_up: settings.verbose || on_terminal && results > MAX_TOLD,
            may_lose: settings.batch.options.may_lose,
            unused_options: settings.unused_options.clone(),
            output_reading: settings.output_reading.clone(),
            existing: settings.batch.options.existing,
            bar,
            single,
            show_bar: settings.progress && stderr().is_terminal(),
            lines: Mutex::new(ProgressLines {
                total: settings.batch.jobs.len(),
                ended: 0,
                last_line: Instant::now(),
            }),
            progress: settings.progress,
            start: Instant::now(),
            shown: Once::new(),
            described: AtomicUsize::new(0),
            warned: Mutex::default(),
            of_kernels: Mutex::default(),
            of_run: Mutex::default(),
            compares: settings.batch.options.record.is_some(),
            skips: Mutex::default(),
            losses: Mutex::default(),
        }
    }

    /// How many of `results` are missing from the summary's counts or, with `--json`, have
    /// no line. Any other value than 0 is a bug in the program.
    pub(super) fn unreported(&self, summary: &Summary, results: usize) -> usize {
        let described = self.json.then(|| self.described.load(Ordering::Relaxed));
        unreported(results, summary.results(), described)
    }

    /// Removes the bar and prints a summary if several results did not all succeed.
    pub(super) fn finish(&self, summary: &Summary) {
        self.bar.finish_and_clear();
        // Of jobs that were given up.
        for (path, warnings) in self.warned().drain() {
            told::print_all(&path, &warnings, self.messages);
        }
        self.of_kernels().print(self.messages);
        self.of_run().print(self.messages);
        if let Some(reading) =
            (self.output_reading.as_ref()).filter(|_| self.tells_each || self.sums_up)
        {
            self.messages.note(reading.text());
        }
        let Summary {
            done,
            skipped,
            failed,
            left,
            pixels,
            ..
        } = *summary;
        let all = summary.results();
        let long = self.start.elapsed() > LINE_INTERVAL;
        // Of results that were made before nobody knows by which kernel and options.
        let (none_compared, compared) = {
            let skips = self.skips();
            let lines = match self.compares {
                true => skips.lines(skipped, self.existing, self.verbose),
                false => Vec::new(),
            };
            (skips.uncompared() == skipped, lines)
        };
        let uncompared = skipped > 0 && self.existing == Existing::Skip && none_compared;
        let several = all > 1 && (failed > 0 || self.sums_up || long);
        if left == 0 && !several && !uncompared && compared.is_empty() {
            return;
        }
        let how = if uncompared { " uncompared" } else { "" };
        let left_out = match left {
            0 => String::new(),
            left => format!(", {left} not made"),
        };
        self.messages.note(format_args!(
            "{done} done, {skipped} skipped{how}, {failed} failed{left_out}; {:.1} megapixels in {:.1} s",
            pixels as f64 / 1e6,
            self.start.elapsed().as_secs_f64(),
        ));
        for line in compared {
            self.messages.note(line);
        }
        if let Some(line) = self.losses().line().filter(|_| self.sums_up) {
            self.messages.note(line);
        }
        for input in &summary.failed_inputs {
            self.messages
                .note(format_args!("failed: {}", input.path().display()));
        }
    }

    fn losses(&self) -> MutexGuard<'_, Losses> {
        self.losses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn skips(&self) -> MutexGuard<'_, Skips> {
        self.skips.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_run(&self) -> MutexGuard<'_, OfRun> {
        self.of_run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lines(&self) -> MutexGuard<'_, ProgressLines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an input that ended, successfully or not.
    fn ended(&self) {
        let mut lines = self.lines();
        lines.ended += 1;
        if self.progress && !self.show_bar && lines.last_line.elapsed() > LINE_INTERVAL {
            lines.last_line = Instant::now();
            let ProgressLines { total, ended, .. } = *lines;
            let seconds = self.start.elapsed().as_secs_f64();
            self.messages.note(format_args!(
                "{ended} of {total} images, {:.1} per second, about {:.0} s left",
                ended as f64 / seconds,
                seconds / ended as f64 * (total - ended) as f64,
            ));
        }
    }

    fn of_kernels(&self) -> MutexGuard<'_, OfKernels> {
        (self.of_kernels.lock()).unwrap_or_else(PoisonError::into_inner)
    }

    fn result(&self, job: &Job, index: usize, outcome: Result<&Outcome, &Error>) {
        let request = &job.results[index];
        let mut told = self.take_warnings(job, index, outcome);
        let output = request.output.path().display();
        match outcome {
            // The summary counts them.
            Err(Error::Stopped) => {}
            Err(error) => {
                let place = messages::at_fault(job, index, error);
                self.messages
                    .error(format_args!("{place}: {}", advice::line(error)));
            }
            Ok(Outcome::Done(done)) if self.tells_each => {
                let line = finished::line(request, done, self.may_lose);
                let how = if self.verbose {
                    how(done)
                } else {
                    String::new()
                };
                self.messages.note(format_args!("{output}: {line}{how}"));
            }
            Ok(Outcome::Done(done)) => self.losses().add(request, done, self.may_lose),
            Ok(Outcome::Skipped(comparison)) => {
                self.skips().add(comparison);
                if self.tells_each {
                    let why = messages::skipped(self.existing, comparison, self.compares);
                    self.messages.note(format_args!("{output}: {why}"));
                }
            }
        }
        if let Ok(Outcome::Done(done)) = outcome {
            let output = request.output.path();
            told.extend(messages::warn_unused(
                &self.unused_options,
                done.format,
                output,
                self.messages,
            ));
            if let Some(statistics) = &done.statistics {
                self.statistics(output, done, statistics);
            }
        }
        self.describe((job, index), outcome, &told);
    }

    /// Prints the table of a result.
    fn statistics(&self, output: &Path, done: &Done, statistics: &Statistics) {
        if self.json {
            return;
        }
        let output = output.display().to_string();
        let counted = match done.plan.missing_value() {
            Some(value) if done.missing > 0 && !value.is_nan() => {
                format!(
                    " ({} of the samples are missing, and count as {value})",
                    done.missing
                )
            }
            _ => String::new(),
        };
        let (output, table) = (printable(&output), statistics::table(statistics));
        let table = format!("{output}:{counted}\n{table}");
        match self.tables_to_error {
            true => messages::print_to_error(table),
            false => messages::print_line(table),
        }
    }

    /// Prints the JSON line of a result with these warnings.
    fn describe(
        &self,
        (job, index): (&Job, usize),
        outcome: Result<&Outcome, &Error>,
        warnings: &[Told],
    ) {
        if self.json {
            let mut object = messages::result_json(job, index, outcome);
            messages::extend(&mut object, told::json(warnings));
            messages::print_result_line(object);
            self.described.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn warned(&self) -> MutexGuard<'_, HashMap<PathBuf, Vec<Told>>> {
        self.warned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The warnings of a result and its input. Prints those of the input with its first result;
    /// with the last one they are dropped.
    fn take_warnings(
        &self,
        job: &Job,
        index: usize,
        outcome: Result<&Outcome, &Error>,
    ) -> Vec<Told> {
        let mut warned = self.warned();
        let request = &job.results[index];
        let (input, output) = (job.input.path(), request.output.path());
        let of_input = match index + 1 < job.results.len() {
            true => warned.get(input).cloned(),
            false => warned.remove(input),
        };
        let of_output = warned.remove(output);
        drop(warned);
        let share = match outcome {
            Ok(Outcome::Done(done)) => done.clipped.share(),
            _ => 0.0,
        };
        let kernel = request.filter.bank().name();
        let mut all = Vec::new();
        for (path, warnings, is_printed) in
            [(input, of_input, index > 0), (output, of_output, false)]
        {
            let warnings = warnings.unwrap_or_default();
            all.extend_from_slice(&warnings);
            if !is_printed {
                let mut rest = self.of_kernels().take(kernel, path, share, warnings);
                self.of_run().take(input, outcome.is_ok(), &mut rest);
                told::print_all(path, &rest, self.messages);
            }
        }
        all
    }

    fn failed(&self, job: &Job, error: &Error) {
        let (input, why) = (job.input.path().display(), advice::line(error));
        self.messages.error(format_args!("{input}: {why}"));
    }
}

impl Report for Console {
    fn event(&self, event: Event<'_>) {
        if self.show_bar && self.start.elapsed() > BAR_DELAY {
            let target = ProgressDrawTarget::stderr_with_hz(8);
            self.shown.call_once(|| self.bar.set_draw_target(target));
        }
        match event {
            Event::Jobs { total } if !self.single => self.bar.set_length(total as u64),
            Event::Started { job } => {
                let input = job.input.path().display().to_string();
                self.bar.set_message(printable(&input));
            }
            Event::Rows { total } if self.single => self.bar.set_length(total as u64),
            Event::RowsDone { count } if self.single => self.bar.inc(count as u64),
            Event::Ended if !self.single => {
                self.bar.inc(1);
                self.bar.suspend(|| self.ended());
            }
            Event::Warning { path, message } => {
                let mut warned = self.warned();
                let of_path = warned.entry(path.to_owned()).or_default();
                let told = Told::new(message, self.like);
                // Of many pages, once.
                let kind = told.of_run();
                if kind.is_none() || of_path.iter().all(|known| known.of_run() != kind) {
                    of_path.push(told);
                }
            }
            Event::Result {
                job,
                index,
                outcome,
            } => self.bar.suspend(|| self.result(job, index, outcome)),
            Event::InputFailed { job, error } => self.bar.suspend(|| {
                let results = 0..job.results.len();
                let told = results.map(|index| self.take_warnings(job, index, Err(error)));
                let told = Vec::from_iter(told);
                self.failed(job, error);
                for (index, told) in told.iter().enumerate() {
                    self.describe((job, index), Err(error), told);
                }
            }),
            _ => {}
        }
    }
}

/// How a result was computed, and how long that took.
fn how(done: &Done) -> String {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    format!(
        "; {}; read {:.1}, filter {:.1}, write {:.1} ms",
        done.plan,
        milliseconds(done.read),
        milliseconds(done.filter),
        milliseconds(done.write)
    )
}

/// The columns of the terminal.
fn terminal_width() -> usize {
    let size = terminal_size::terminal_size_of(stderr());
    size.map_or(80, |(Width(columns), _)| columns.into())
}

/// A bar of one line: what does not fit into the terminal would be left behind at every step.
fn bar_template(unit: &str, columns: usize) -> String {
    // Numbers, rate and time left take up to 40 columns.
    match columns {
        ..50 => "{pos}/{len} {wide_msg}".to_owned(),
        50..80 => format!("{{bar:8}} {{pos}}/{{len}} {unit} {{rate}} {{eta}} {{wide_msg}}"),
        _ => format!(
            "{{bar:{}}} {{pos}}/{{len}} {unit} {{rate}} {{eta}} {{wide_msg}}",
            columns.min(100) - 60
        ),
    }
}

fn unreported(results: usize, counted: usize, described: Option<usize>) -> usize {
    let described = described.unwrap_or(results);
    results.abs_diff(counted).max(results.abs_diff(described))
}

#[cfg(test)]
mod tests {
    use super::unreported;

    #[test]
    fn a_result_is_counted_once_and_described_once() {
        for (counted, described, wrong) in [
            (7, None, 0),
            (7, Some(7), 0),
            // One is missing, or there is one too many.
            (6, None, 1),
            (8, None, 1),
            (7, Some(5), 2),
            (7, Some(8), 1),
            (6, Some(7), 1),
        ] {
            assert_eq!(
                unreported(7, counted, described),
                wrong,
                "{counted} {described:?}"
            );
        }
    }
}
