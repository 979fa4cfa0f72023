//! Messages on standard error, lines and JSON objects on standard output, exit codes.

use std::{
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::OnceLock,
    time::Duration,
};

use serde_json::{Value, json};
use stridekern::{
    Alpha, Error, Orientation, Plan, Warning,
    codec::{Format, JpegQuality, Opened, PageNumbers, PartFate},
    error::IoAction,
    kernel::KernelSource,
    run::{Comparison, Done, Existing, Input, Job, Options, Outcome, PageKind, PageKinds},
    text::printable,
};

use super::{
    advice, closed_streams,
    kernel_options::changes_json,
    recorded, slips, statistics,
    told::{self, Told},
    unused_options::UnusedOptions,
};

/// The exit status of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// All results were written.
    Success,
    /// At least one input failed; the others are done.
    Failure,
    /// A usage or kernel error; no file was changed.
    Usage,
    /// Stopped by the signal of this number: 2 for SIGINT, 15 for SIGTERM.
    Signal(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::Signal(number) => 128 + number,
        })
    }
}

/// Messages on standard error.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Messages {
    /// Errors only.
    pub(super) quiet: bool,
    /// Whether inputs are replaced, so that what is lost is told in any case.
    pub(super) replaces: bool,
}

impl Messages {
    /// Prints a message, always on one line.
    pub(super) fn error(self, message: impl fmt::Display) {
        // Escape control characters: a newline in a file name must not look like a
        // second message, nor may escape sequences reach the terminal.
        let line = printable(&message.to_string());
        // If standard error cannot be written, the exit code still reports the error.
        let _ = writeln!(io::stderr().lock(), "stridekern: {line}");
    }

    /// Prints what is lost on one line, unless `--quiet` is set and every input stays.
    pub(super) fn loss(self, message: impl fmt::Display) {
        if !self.quiet || self.replaces {
            self.error(message);
        }
    }

    /// Prints a message on one line, unless `--quiet` is set.
    pub(super) fn note(self, message: impl fmt::Display) {
        if !self.quiet {
            self.error(message);
        }
    }
}

/// The first error of writing a line to standard output.
static STDOUT_ERROR: OnceLock<io::Error> = OnceLock::new();

/// Prints a line to standard output.
pub(super) fn print_line(line: impl fmt::Display) {
    if let Err(error) = writeln!(io::stdout().lock(), "{line}")
        // A closed pipe, as with `| head`, is not a failure.
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        // Only the first error is kept.
        let _ = STDOUT_ERROR.set(error);
    }
}

/// Prints lines to standard error as they are, whether `--quiet` is set or not.
pub(super) fn print_to_error(lines: impl fmt::Display) {
    // If standard error cannot be written, nothing can tell.
    let _ = writeln!(io::stderr().lock(), "{lines}");
}

/// Prints the line of a written result. Here a closed pipe is a failure too, since the
/// line is the only report of the result.
pub(super) fn print_result_line(object: impl fmt::Display) {
    if let Err(error) = writeln!(io::stdout().lock(), "{object}") {
        let _ = STDOUT_ERROR.set(error);
    }
}

/// The first error of writing to standard output, if any.
pub(super) fn stdout_error() -> Option<&'static io::Error> {
    STDOUT_ERROR.get()
}

/// Reports an error of writing to standard output.
pub(super) fn not_written(error: &io::Error, messages: Messages) -> Exit {
    messages.error(format_args!("cannot write to standard output: {error}"));
    Exit::Failure
}

/// Prints help and version as clap does, and usage errors in one line.
pub(super) fn usage(error: &clap::Error, messages: Messages) -> Exit {
    if !error.use_stderr() {
        return match closed_streams::check_output().and_then(|()| error.print()) {
            // A closed pipe, as with `| head`, is not a failure.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                not_written(&error, messages)
            }
            _ => Exit::Success,
        };
    }
    let message = usage_line(&error.to_string());
    let words = Vec::from_iter(std::env::args_os().skip(1));
    let message = match slips::advice(error, &words) {
        // Options that are only similar are no help then.
        Some(advice) => {
            let similar = message
                .find("; a similar argument")
                .or(message.find("; some similar"));
            format!("{}; {advice}", &message[..similar.unwrap_or(message.len())])
        }
        None => message,
    };
    messages.error(format_args!("{message}; see stridekern --help"));
    Exit::Usage
}

/// Joins clap's paragraphs to one line, without the usage text after them.
fn usage_line(text: &str) -> String {
    let lines = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        // An input or value that begins with a hyphen is a mistake.
        .filter(|line| !line.is_empty() && !line.starts_with("tip: to pass"));
    let mut message = String::new();
    let mut listing = false;
    for line in lines {
        if listing {
            message += if message.ends_with(':') { " " } else { ", " };
        } else if !message.is_empty() {
            message += "; ";
        }
        match line.strip_prefix("[possible values: ") {
            Some(values) => {
                message += "choose ";
                message += values.trim_end_matches(']');
            }
            None => message += line.strip_prefix("tip: ").unwrap_or(line),
        }
        listing |= line.ends_with(':');
    }
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    // Rewrite the messages of Rust's number parser and its range syntax.
    message
        .replace("invalid digit found in string", "not a whole number")
        .replace(" is not in ", " is not from ")
        .replace("..=", " to ")
}

/// Opens the input of a job that writes nothing, and shows the reader's warnings.
pub(super) fn open(
    job: &Job,
    options: &Options,
    messages: Messages,
) -> stridekern::Result<(Input, Vec<Told>)> {
    let input = Input::open(job, options)?;
    let told = warn_all(job, input.warnings(), messages);
    Ok((input, told))
}

/// As above, but reads the input to its end.
pub(super) fn read(
    job: &Job,
    options: &Options,
    messages: Messages,
) -> stridekern::Result<(Opened, Vec<Told>)> {
    let input = Input::open(job, options)?;
    let mut further = Vec::new();
    if input.pages() > 1 {
        let line = format!(
            "it has {} pages: only the first is read here",
            input.pages()
        );
        further.push(Warning::from(line));
    }
    let opened = input.into_opened()?;
    further.extend(opened.warnings.iter().cloned());
    let told = warn_all(job, &further, messages);
    Ok((opened, told))
}

/// Shows the warnings of an input, and returns them.
pub(super) fn warn_all(job: &Job, warnings: &[Warning], messages: Messages) -> Vec<Told> {
    let like = (job.results.first()).and_then(|result| result.filter.program());
    let told = warnings.iter().map(|warning| Told::new(warning, like));
    let all = Vec::from_iter(told);
    told::print_all(job.input.path(), &all, messages);
    all
}

/// Shows the options without effect on a result, each once per format; returns all of them.
pub(super) fn warn_unused(
    unused_options: &UnusedOptions,
    format: Format,
    output: &Path,
    messages: Messages,
) -> Vec<Told> {
    let lines = unused_options.unused_for(format).into_iter().map(|line| {
        let is_new = unused_options.insert_if_new(&line);
        let told = Told::unused_option(line);
        if is_new {
            told.print(output, messages);
        }
        told
    });
    lines.collect()
}

/// Why a result was skipped, and how it compares if that `is_asked`.
pub(super) fn skipped(existing: Existing, comparison: &Comparison, is_asked: bool) -> String {
    let why = match existing {
        Existing::ReplaceOnce => "has its backup, skipped",
        _ => "exists, skipped",
    };
    why.to_owned() + &recorded::compared(comparison, is_asked)
}

/// Reports duplicate inputs: one line for each if `verbose`, else one for all.
pub(super) fn report_links(links: &[(PathBuf, PathBuf)], verbose: bool, messages: Messages) {
    match links {
        [] => {}
        [(link, file)] => messages.note(format_args!(
            "{}: it is the same file as {}, which is replaced once",
            link.display(),
            file.display()
        )),
        _ if verbose => {
            for link in links {
                report_links(std::slice::from_ref(link), verbose, messages);
            }
        }
        _ => messages.note(format_args!(
            "{} inputs are the same files as others, which are replaced once; -v names them",
            links.len()
        )),
    }
}

/// The file that the error of a result refers to.
pub(super) fn at_fault(job: &Job, index: usize, error: &Error) -> String {
    let place = match error {
        Error::Page { cause, .. } => return at_fault(job, index, cause),
        Error::Io {
            action: IoAction::Find,
            ..
        } => &job.input,
        Error::Output(_) | Error::Exists | Error::Io { .. } => &job.results[index].output,
        _ => &job.input,
    };
    place.path().display().to_string()
}

/// The input, filter and output of a result, as JSON fields.
pub(super) fn names_json(job: &Job, index: usize) -> Value {
    let request = &job.results[index];
    let bank = request.filter.bank();
    let mut object = json!({
        "kernel": bank.name(),
        "border": request.filter.extent().to_string(),
    });
    if let Some(program) = request.filter.program() {
        object["like"] = json!(program.name());
    }
    extend(&mut object, source_json(bank.source()));
    extend(&mut object, changes_json(bank));
    extend(&mut object, path_json("input", job.input.path()));
    extend(&mut object, path_json("output", request.output.path()));
    object
}

/// Where a kernel comes from, as JSON fields.
pub(super) fn source_json(source: &KernelSource) -> Value {
    match source {
        KernelSource::File(path) | KernelSource::Foreign { path, .. } => {
            let mut fields = json!({ "kernel_source": "file" });
            extend(&mut fields, path_json("kernel_file", path));
            fields
        }
        KernelSource::BuiltIn => json!({ "kernel_source": "built_in" }),
        KernelSource::Generated(spec) => {
            json!({ "kernel_source": "generated", "kernel_spec": spec })
        }
        KernelSource::InLine => json!({ "kernel_source": "in_line" }),
        _ => json!({ "kernel_source": "code" }),
    }
}

/// The JSON object of a folder that could not be listed; its images are unknown.
pub(super) fn folder_json(folder: &Path, error: &Error) -> Value {
    let mut object = json!({ "status": "failed", "error": advice::line(error) });
    extend(&mut object, told::json(&[]));
    extend(&mut object, path_json("input", folder));
    object
}

/// The path as `key`; if it is not UTF-8, also its exact bytes as `key_bytes`, since two
/// such paths may look the same.
pub(super) fn path_json(key: &str, path: &Path) -> Value {
    let mut fields = serde_json::Map::new();
    fields.insert(key.to_owned(), json!(path.to_string_lossy()));
    if path.to_str().is_none() {
        let bytes = path.as_os_str().as_encoded_bytes();
        fields.insert(format!("{key}_bytes"), json!(percent_encoded(bytes)));
    }
    fields.into()
}

/// Percent-encodes a path by RFC 3986: letters, digits, `-._~` and the separator are
/// kept; any other byte becomes `%` and two hexadecimal digits, a space `%20`.
fn percent_encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(byte.into());
            }
            _ => text += &format!("%{byte:02X}"),
        }
    }
    text
}

/// The number of pages of a result that has several, before its format.
pub(super) fn pages_text(pages: u64) -> String {
    match pages {
        1 => String::new(),
        pages => format!("{pages} pages, "),
    }
}

/// The shape of a result that is an array of several axes, before its format.
pub(super) fn array_text(shape: &[usize]) -> String {
    let lengths: Vec<_> = shape.iter().map(usize::to_string).collect();
    format!("array ({}), ", lengths.join(", "))
}

/// The output format and shape of a plan, as JSON fields.
pub(super) fn plan_json(
    status: &str,
    plan: &Plan,
    format: Format,
    pages: u64,
    array_shape: Option<&[usize]>,
) -> Value {
    let [rows, columns, computed] = plan.picture_shape();
    let channels = format.written_channels(computed);
    let mut fields = json!({
        "status": status,
        "format": format.name(),
        "width": columns,
        "height": rows,
        "channels": channels,
        "depth": plan.output_depth().name(),
        "plan": plan.to_string(),
    });
    if channels != computed {
        extend(&mut fields, json!({ "computed_channels": computed }));
    }
    if pages > 1 {
        extend(&mut fields, json!({ "pages": pages }));
    }
    if let Some(shape) = array_shape {
        extend(&mut fields, json!({ "array_shape": shape }));
    }
    if let Some((orientation, turned)) = turned(plan) {
        extend(
            &mut fields,
            json!({ "orientation": orientation.exif(), "turned": turned }),
        );
    }
    if plan.alpha_reason().is_some() {
        let alpha = plan.alpha().unwrap_or(Alpha::Drop);
        extend(&mut fields, json!({ "alpha": alpha.name() }));
    }
    fields
}

/// The sizes and types of the pages of a result, if they differ.
pub(super) fn page_kinds_json(kinds: &PageKinds) -> Value {
    if !kinds.differ() {
        return json!({});
    }
    let objects = kinds.kinds().iter().map(|PageKind { spec, pages }| {
        let mut object = json!({
            "width": spec.columns, "height": spec.rows, "channels": spec.channels,
            "depth": spec.depth.name(),
        });
        extend(&mut object, page_numbers_json(pages));
        object
    });
    let mut fields = json!({ "page_kinds": Vec::from_iter(objects) });
    if kinds.others() > 0 {
        fields["pages_of_other_kinds"] = json!(kinds.others());
    }
    fields
}

/// The numbers of some pages: the first and the last of each range, and how many others there are.
fn page_numbers_json(pages: &PageNumbers) -> Value {
    let mut fields = json!({ "pages": pages.ranges() });
    if pages.others() > 0 {
        fields["other_pages"] = json!(pages.others());
    }
    fields
}

/// What becomes of the input's metadata, if it has any.
pub(super) fn metadata_json(fates: &[PartFate]) -> Value {
    let parts = fates.iter().map(|part| {
        let mut object = json!({
            "part": part.kind.name(), "name": part.name, "fate": part.fate.name(),
        });
        if part.bytes > 0 {
            object["bytes"] = json!(part.bytes);
        }
        if let Some(note) = part.fate.note() {
            object["note"] = json!(note);
        }
        if let Some(pages) = &part.pages {
            extend(&mut object, page_numbers_json(pages));
        }
        object
    });
    match fates {
        [] => json!({}),
        _ => json!({ "metadata": Vec::from_iter(parts) }),
    }
}

/// How the stored pixels of an input are turned to be seen, and what was turned by that.
pub(super) fn turned(plan: &Plan) -> Option<(Orientation, &'static str)> {
    // The kernel of an array whose X precedes Y is turned for another reason.
    match (
        plan.is_transposed(),
        plan.orientation(),
        plan.turned_pixels(),
    ) {
        (_, _, turned) if turned != Orientation::Normal => Some((turned, "pixels")),
        (false, turned, _) if turned != Orientation::Normal => Some((turned, "kernel")),
        _ => None,
    }
}

/// Adds the fields of one object to another.
pub(super) fn extend(object: &mut Value, fields: Value) {
    if let (Value::Object(object), Value::Object(fields)) = (object, fields) {
        object.extend(fields);
    }
}

/// The fields of a result that was skipped.
pub(super) fn skipped_json(comparison: &Comparison) -> Value {
    let mut fields = json!({ "status": "skipped" });
    extend(&mut fields, recorded::compared_json(comparison));
    fields
}

/// The JSON object of one result.
pub(super) fn result_json(job: &Job, index: usize, outcome: Result<&Outcome, &Error>) -> Value {
    let mut object = names_json(job, index);
    let milliseconds = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let fields = match outcome {
        Ok(Outcome::Done(done)) => {
            let array_shape = done.array_shape.as_deref();
            let fields = plan_json("done", &done.plan, done.format, done.pages, array_shape);
            extend(&mut object, fields);
            extend(&mut object, page_kinds_json(&done.page_kinds));
            if job.results[index].filter.missing().is_some() {
                extend(&mut object, json!({ "missing": done.missing }));
                if let Some(value) = done.plan.missing_value().filter(|value| value.is_finite()) {
                    extend(&mut object, json!({ "missing_value": value }));
                }
            }
            extend(&mut object, metadata_json(&done.metadata));
            extend(&mut object, recorded::json(done.recorded.as_ref()));
            extend(&mut object, quality_json(done));
            let mut fields = json!({
                "read_ms": milliseconds(done.read),
                "filter_ms": milliseconds(done.filter),
                "write_ms": milliseconds(done.write),
                "bytes": done.bytes,
                "clipped": {
                    "below": done.clipped.below,
                    "above": done.clipped.above,
                    "not_a_number": done.clipped.not_a_number,
                },
            });
            if let Some(found) = &done.statistics {
                fields["statistics"] = statistics::json(found);
            }
            fields
        }
        Ok(Outcome::Skipped(comparison)) => skipped_json(comparison),
        Err(Error::Stopped) => json!({ "status": "not_made" }),
        Err(error) => json!({ "status": "failed", "error": advice::line(error) }),
    };
    extend(&mut object, fields);
    object
}

/// The quality of a JPEG, and that of its input.
fn quality_json(done: &Done) -> Value {
    let Some(quality) = done.quality else {
        return json!({});
    };
    let mut fields = json!({ "quality": quality });
    if let Some(input) = done.input_quality {
        fields["input_quality"] = json!(input.number());
        fields["input_tables"] = json!(match input {
            JpegQuality::Standard(_) => "standard",
            _ => "custom",
        });
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_errors_become_one_line() {
        for (text, line) in [
            (
                "error: invalid value '12' for '--depth <DEPTH>'\n  [possible values: same, 8]\n\nFor more information, try '--help'.\n",
                "invalid value '12' for '--depth <DEPTH>'; choose same, 8",
            ),
            (
                "error: the following required arguments were not provided:\n  --kernel <K>\n  <INPUT>...\n\nUsage: x\n",
                "the following required arguments were not provided: --kernel <K>, <INPUT>...",
            ),
            (
                "error: invalid value '0' for '--quality <1-100>': 0 is not in 1..=100\n",
                "invalid value '0' for '--quality <1-100>': 0 is not from 1 to 100",
            ),
            (
                "error: unexpected argument '-1' found\n\n  tip: to pass '-1' as a value, use '-- -1'\n\nUsage: x\n",
                "unexpected argument '-1' found",
            ),
            (
                "error: unexpected argument '--overwrit' found\n\n  tip: a similar argument exists: '--overwrite'\n",
                "unexpected argument '--overwrit' found; a similar argument exists: '--overwrite'",
            ),
        ] {
            assert_eq!(usage_line(text), line);
        }
    }
}
