//! What the program says: errors, warnings, one JSON object per result.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "saying things is what this file is for"
)]

use std::{fmt, process::ExitCode, time::Duration};

use serde_json::{Value, json};
use stridekern::{
    Error,
    pipeline::{Job, Outcome},
};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything was done.
    Success,
    /// Some input failed, the others are done.
    Failure,
    /// Usage or kernel error; nothing was touched.
    Usage,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    pub(super) const fn code(self) -> i32 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code() as u8)
    }
}

/// Messages on standard error.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Messages {
    /// Errors only.
    pub(super) quiet: bool,
}

impl Messages {
    /// Always one line.
    pub(super) fn error(self, message: impl fmt::Display) {
        eprintln!("stridekern: {}", one_line(&message.to_string()));
    }

    /// One line, unless the user wants quiet.
    pub(super) fn note(self, message: impl fmt::Display) {
        if !self.quiet {
            self.error(message);
        }
    }
}

/// A newline in a file name must not look like a second message.
fn one_line(text: &str) -> String {
    text.replace('\n', "\\n").replace('\r', "\\r")
}

/// One line on standard output.
pub(super) fn data(line: impl fmt::Display) {
    use std::io::Write;
    // A reader that has had enough is no reason to fail.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Help and version as clap prints them; errors as one line of ours.
pub(super) fn usage(error: &clap::Error, messages: Messages) -> Exit {
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Success;
    }
    let text = error.to_string();
    let lines = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty());
    let message = lines.collect::<Vec<_>>().join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    messages.error(format_args!("{message}; see stridekern --help"));
    Exit::Usage
}

/// The JSON object of one result.
pub(super) fn result_json(job: &Job, index: usize, outcome: Result<&Outcome, &Error>) -> Value {
    let request = &job.results[index];
    let mut object = json!({
        "input": job.input.path().to_string_lossy(),
        "output": request.output.path().to_string_lossy(),
        "kernel": request.filter.bank().name(),
        "border": request.filter.extent().to_string(),
    });
    let milliseconds = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let fields = match outcome {
        Ok(Outcome::Done(done)) => {
            let [rows, columns, channels] = done.plan.output_shape();
            json!({
                "status": "done",
                "format": done.format.name(),
                "width": columns,
                "height": rows,
                "channels": channels,
                "depth": done.plan.output_depth().name(),
                "plan": done.plan.to_string(),
                "read_ms": milliseconds(done.read),
                "filter_ms": milliseconds(done.filter),
                "write_ms": milliseconds(done.write),
                "bytes": done.bytes,
            })
        }
        Ok(Outcome::Skipped) => json!({ "status": "skipped" }),
        Err(error) => json!({ "status": "failed", "error": error.to_string() }),
    };
    if let (Value::Object(object), Value::Object(fields)) = (&mut object, fields) {
        object.extend(fields);
    }
    object
}
