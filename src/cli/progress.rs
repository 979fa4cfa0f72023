//! The library's events, shown as they come.

use std::{
    io::{IsTerminal, stderr},
    sync::Once,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stridekern::{
    Error,
    batch::Summary,
    pipeline::{Job, Outcome},
    report::{Event, Report},
};

use super::{
    output::{self, Messages},
    settings::Settings,
};

/// Messages, JSON lines and a bar.
#[derive(Debug)]
pub(super) struct Console {
    messages: Messages,
    json: bool,
    verbose: bool,
    bar: ProgressBar,
    /// A single input has a bar over its rows; several have one over inputs.
    single: bool,
    /// Whether there is a terminal for a bar, and the user did not object.
    wanted: bool,
    start: Instant,
    shown: Once,
}

/// A bar that appears and is gone at once only disturbs.
const PATIENCE: Duration = Duration::from_millis(400);

impl Console {
    pub(super) fn new(settings: &Settings, messages: Messages) -> Self {
        let bar = ProgressBar::hidden();
        let single = settings.batch.jobs.len() == 1;
        let unit = if single { "rows" } else { "images" };
        let template = format!("{{bar:40}} {{pos}}/{{len}} {unit} {{eta}} {{wide_msg}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        Self {
            messages,
            json: settings.json,
            verbose: settings.verbose,
            bar,
            single,
            wanted: settings.progress && stderr().is_terminal(),
            start: Instant::now(),
            shown: Once::new(),
        }
    }

    /// Removes the bar and, where several results were not all made, counts them.
    pub(super) fn finish(&self, summary: &Summary) {
        self.bar.finish_and_clear();
        let Summary {
            done,
            skipped,
            failed,
            left,
        } = *summary;
        let left_out = match left {
            0 => String::new(),
            left => format!(", {left} not made"),
        };
        if left > 0 || (failed > 0 && done + skipped + failed > 1) {
            self.messages.note(format_args!(
                "{done} done, {skipped} skipped, {failed} failed{left_out}"
            ));
        }
    }

    fn result(&self, job: &Job, index: usize, outcome: Result<&Outcome, &Error>) {
        let output = job.results[index].output.path().display();
        match outcome {
            Err(error) => {
                let place = output::at_fault(job, index, error);
                self.messages.error(format_args!("{place}: {error}"));
            }
            Ok(Outcome::Done(done)) if self.verbose => {
                let [rows, columns, channels] = done.plan.output_shape();
                let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
                self.messages.note(format_args!(
                    "{output}: {columns} x {rows}, {channels} x {}, {}; read {:.1}, filter {:.1}, write {:.1} ms",
                    done.plan.output_depth(),
                    done.plan,
                    milliseconds(done.read),
                    milliseconds(done.filter),
                    milliseconds(done.write),
                ));
            }
            Ok(Outcome::Skipped) if self.verbose => {
                self.messages
                    .note(format_args!("{output}: exists, skipped"));
            }
            Ok(_) => {}
        }
        if self.json {
            output::data(output::result_json(job, index, outcome));
        }
    }

    fn failed(&self, job: &Job, error: &Error) {
        self.messages
            .error(format_args!("{}: {error}", job.input.path().display()));
    }
}

impl Report for Console {
    fn event(&self, event: Event<'_>) {
        if self.wanted && self.start.elapsed() > PATIENCE {
            let target = ProgressDrawTarget::stderr_with_hz(8);
            self.shown.call_once(|| self.bar.set_draw_target(target));
        }
        match event {
            Event::Jobs { total } if !self.single => self.bar.set_length(total as u64),
            Event::Started { job } => self.bar.set_message(job.input.path().display().to_string()),
            Event::Rows { total } if self.single => self.bar.set_length(total as u64),
            Event::RowsDone { count } if self.single => self.bar.inc(count as u64),
            Event::Ended if !self.single => self.bar.inc(1),
            Event::Warning { path, message } => self.bar.suspend(|| {
                self.messages
                    .note(format_args!("{}: warning: {message}", path.display()));
            }),
            Event::Result {
                job,
                index,
                outcome,
            } => self.bar.suspend(|| self.result(job, index, outcome)),
            Event::Unread { job, error } => self.bar.suspend(|| {
                self.failed(job, error);
                if self.json {
                    for index in 0..job.results.len() {
                        output::data(output::result_json(job, index, Err(error)));
                    }
                }
            }),
            _ => {}
        }
    }
}
