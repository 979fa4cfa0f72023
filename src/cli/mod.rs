//! The command line: parse arguments, check settings, run, report.

mod advice;
mod args;
mod bench;
mod closed_streams;
mod console;
mod destinations;
mod dry_run;
mod explain;
mod finished;
mod globs;
mod inputs;
mod kernel_options;
mod kernels;
mod messages;
mod of_run;
mod output_reading;
mod passed_over;
mod plot;
mod recorded;
mod settings;
mod settings_thread;
mod signals;
mod slips;
mod statistics;
mod told;
mod unused_options;
mod values;

use std::{
    io::{self, IsTerminal, Write},
    panic,
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, bail};
use clap::CommandFactory;

use self::{
    args::Args,
    console::Console,
    messages::{Exit, Messages},
    settings::{Action, Settings},
    signals::Signals,
};
use stridekern::{batch, codec, run::Place};

/// The program, from arguments to exit code.
pub(crate) fn main() -> ExitCode {
    let messages = Messages::default();
    let args = match Args::read() {
        Ok(args) => args,
        Err(error) => return messages::usage(&error, messages).into(),
    };
    let messages = Messages {
        quiet: args.report.quiet,
        replaces: args.output.in_place,
    };
    match run(args, messages) {
        Ok(exit) => exit.into(),
        Err(error) => {
            messages.error(advice::chain(&error));
            Exit::Usage.into()
        }
    }
}

/// An error here is a usage error: no file was changed yet.
fn run(args: Args, messages: Messages) -> anyhow::Result<Exit> {
    if let Some(shell) = args.report.completions {
        // Buffered first: the generator panics if writing fails.
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Args::command(), "stridekern", &mut script);
        let script = kernels::complete(shell, script);
        return Ok(print(messages, |out| out.write_all(&script)));
    }
    if args.report.man {
        let man = clap_mangen::Man::new(Args::command());
        return Ok(print(messages, |out| man.render(out)));
    }
    if let Some(path) = &args.report.plot {
        return plot::run(path, &args, messages);
    }
    if args.report.list_kernels {
        let json = args.report.json;
        return Ok(print(messages, |out| kernels::list(json, out)));
    }
    if let Some(name) = &args.report.show_kernel {
        let toml = kernels::show(name, &args.filter.changes)?;
        return Ok(print(messages, |out| out.write_all(toml.as_bytes())));
    }
    let signals = match Action::of(&args) {
        Action::Filter => Some(Signals::watch().context("cannot watch for signals")?),
        // These modes write no file, so signals keep their default: exit at once.
        _ => None,
    };
    let settings = match settings_thread::settings(args, signals.as_ref()) {
        Ok(settings) => settings,
        Err(error) => {
            let Some(signal) = signals.and_then(|signals| signals.caught()) else {
                return Err(error);
            };
            match settings_thread::was_stopped(&error) {
                true => messages.note("stopped before anything was begun: nothing was written"),
                false => messages.error(advice::chain(&error)),
            }
            return Ok(Exit::Signal(signal));
        }
    };
    if settings.action == Action::Filter
        && settings.writes_an_image_to_standard_output()
        && io::stdout().is_terminal()
    {
        bail!(
            "the image would go to the terminal; redirect it, as in `--output - > out.png`, or name a file"
        );
    }
    if settings.writes_to_standard_output()
        && let Err(error) = closed_streams::check_output()
    {
        // Checked before an input is replaced without a visible report.
        return Ok(messages::not_written(&error, messages));
    }
    if settings.writes_to_standard_error() && closed_streams::error_was_closed() {
        // Standard error is closed, so the reason cannot be reported.
        return Ok(Exit::Failure);
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(settings.threads)
        .build_global()
        .context("cannot start the threads; use a smaller --threads")?;
    if let Some(note) = &settings.threads_note {
        messages.note(note);
    }
    report_unlisted_folders(&settings, messages);
    for (path, kind) in &settings.special {
        messages.note(format_args!(
            "{}: it is {kind}: skipped; to read it, name it",
            path.display()
        ));
    }
    settings.passed_over.report(settings.verbose, messages);
    if settings.json && matches!(settings.action, Action::Filter | Action::DryRun) {
        settings.passed_over.print_json();
    }
    messages::report_links(&settings.links, settings.verbose, messages);
    let unlistable = settings.unlistable.len();
    let failed = match settings.action {
        Action::Filter => {
            if !settings.batch.stop.is_set() {
                settings.make_folder()?;
            }
            return Ok(filter(settings, signals.as_ref(), messages));
        }
        Action::DryRun => dry_run::run(&settings, messages),
        Action::Explain => explain::run(&settings, messages),
        Action::Bench(how) => bench::run(&settings, how, messages),
    };
    Ok(ended(failed + unlistable, messages))
}

/// Reports the folders that could not be listed, each as a failed input.
fn report_unlisted_folders(settings: &Settings, messages: Messages) {
    for (folder, error) in &settings.unlistable {
        messages.error(format_args!(
            "{}: {}",
            folder.display(),
            advice::line(error)
        ));
        let object = || messages::folder_json(folder, error);
        match settings.action {
            Action::Filter if settings.json => messages::print_result_line(object()),
            Action::DryRun if settings.json => messages::print_line(object()),
            // In the other modes JSON objects describe images that were read.
            _ => {}
        }
    }
}

/// Filters all inputs.
fn filter(settings: Settings, signals: Option<&Signals>, messages: Messages) -> Exit {
    // A panic is reported as the error of its file.
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        panic::set_hook(Box::new(|_| ()));
    }
    let console = Arc::new(Console::new(&settings, messages));
    let batch = settings.batch;
    if batch.fail_fast && !settings.unlistable.is_empty() {
        batch.stop.set();
    }
    let results = batch.jobs.iter().map(|job| job.results.len()).sum();
    let mut summary = batch::run(batch, console.clone());
    let unreported = console.unreported(&summary, results);
    summary.failed += settings.unlistable.len();
    let folders = settings.unlistable.into_iter();
    let folders = folders.map(|(folder, _)| Place::File(folder));
    summary.failed_inputs.splice(..0, folders);
    // Abandoned jobs must leave no temporary files.
    codec::remove_temporaries();
    console.finish(&summary);
    if unreported > 0 {
        messages.error(format_args!(
            "{unreported} of {results} results were lost sight of: look at what is there; this is a fault of the program, please report it"
        ));
    }
    match signals.and_then(Signals::caught) {
        Some(signal) => Exit::Signal(signal),
        None => ended(summary.failed + summary.left + unreported, messages),
    }
}

fn ended(failed: usize, messages: Messages) -> Exit {
    if let Some(error) = messages::stdout_error() {
        return messages::not_written(error, messages);
    }
    if failed == 0 {
        Exit::Success
    } else {
        Exit::Failure
    }
}

/// Prints to standard output; a closed pipe is not a failure.
fn print(messages: Messages, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Exit {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = closed_streams::check_output()
        .and_then(|()| write(&mut out))
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            messages::not_written(&error, messages)
        }
        _ => Exit::Success,
    }
}
