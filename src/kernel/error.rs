//! The errors of kernels, banks, and the files that describe them.

use std::{borrow::Cow, io};

use crate::combine::{Combine, CombineScale};

/// An error of a kernel, a bank or a kernel file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// There are no weights.
    #[error("the kernel has no weights; give at least one row with one number")]
    Empty,
    /// The number of weights is not rows x columns.
    #[error("{rows} rows x {columns} columns need {} weights, not {len}", product(*rows, *columns))]
    Shape {
        /// Rows requested.
        rows: usize,
        /// Columns requested.
        columns: usize,
        /// Weights given.
        len: usize,
    },
    /// A weight is infinite or not a number.
    #[error("weight {value} in row {row}, column {column} is not a finite number")]
    Weight {
        /// Row of the weight, from 0.
        row: usize,
        /// Column of the weight, from 0.
        column: usize,
        /// The weight.
        value: f64,
    },
    /// The divisor is zero, infinite or not a number.
    #[error("divisor {0} must be a finite number other than zero")]
    Divisor(f64),
    /// A generated kernel has weights that are infinite or not a number.
    #[error("{spec}: weights are {value}, which is no finite number; choose other parameters")]
    GeneratedWeight {
        /// The spec.
        spec: String,
        /// One of the weights.
        value: f64,
    },
    /// Weights that sum to 0 cannot be normalized.
    #[error("the weights sum to 0, which no divisor makes 1; the positive ones sum to {positive}")]
    ZeroSum {
        /// The sum of the positive weights.
        positive: f64,
    },
    /// The sum of computed weights is what rounding and the cut of their tails left of 0.
    #[error(
        "the weights sum to {sum:.1e}, which is what rounding or a radius left of 0, and no divisor makes 1; the positive ones sum to {positive}"
    )]
    NearlyZeroSum {
        /// The sum of the weights.
        sum: f64,
        /// The sum of the positive weights, to six digits.
        positive: f64,
    },
    /// A bias or an offset of responses of which only the direction counts.
    #[error("a bias would turn the direction of two responses; leave it out")]
    BiasOfDirection,
    /// The bias is infinite or not a number.
    #[error("bias {0} must be a finite number; 0.5 is half of full scale")]
    Bias(f64),
    /// The offset is infinite or not a number.
    #[error("offset {0} must be a finite number of samples")]
    Offset(f64),
    /// Both a bias and an offset, which are two spellings of one value.
    #[error(
        "bias and offset exclude each other; give bias in units of full scale, or offset in samples"
    )]
    BiasAndOffset,
    /// The anchor lies outside the kernel.
    #[error(
        "anchor [{row}, {column}] lies outside the {rows}x{columns} kernel; rows and columns count from 0"
    )]
    Anchor {
        /// Row of the anchor.
        row: usize,
        /// Column of the anchor.
        column: usize,
        /// Rows of the kernel.
        rows: usize,
        /// Columns of the kernel.
        columns: usize,
    },
    /// The kernel does not have these rotations.
    #[error("{}", rotations(*count, *rows, *columns))]
    Rotations {
        /// Rotations requested.
        count: usize,
        /// Rows of the kernel.
        rows: usize,
        /// Columns of the kernel.
        columns: usize,
    },
    /// A bank without kernels.
    #[error("the bank has no kernels; give at least one")]
    NoKernels,
    /// Several kernels without a rule that combines their responses.
    #[error(
        "{kernels} kernels need a rule that combines them; choose {}",
        Combine::choices()
    )]
    CombineMissing {
        /// The number of kernels.
        kernels: usize,
    },
    /// A rule that combines kernels, but only one kernel.
    #[error("{combine} combines several kernels, and there is one; drop it or add a kernel")]
    CombineAlone {
        /// The rule.
        combine: Combine,
    },
    /// A factor of combined responses, but only one kernel.
    #[error("scale multiplies combined responses, and there is one kernel; change its divisor")]
    ScaleAlone,
    /// A factor of combined responses that the rule cannot have.
    #[error("{}", no_scale(*combine, *scale))]
    Scale {
        /// The rule.
        combine: Combine,
        /// The factor.
        scale: CombineScale,
    },
    /// A direction with another number of kernels than two.
    #[error("direction needs exactly two kernels, x and then y, not {kernels}")]
    Direction {
        /// The number of kernels.
        kernels: usize,
    },
    /// An invalid key or value in a kernel file.
    #[error("{}", located(file, *line, *column, message, text, help))]
    File {
        /// The file, as the caller named it.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in characters.
        column: usize,
        /// What is wrong.
        message: String,
        /// The offending text, truncated; empty where there is none.
        text: String,
        /// What to do; may be empty.
        help: String,
    },
    /// A file that is not TOML.
    #[error("{}", located(file, *line, *column, message, text, ""))]
    Syntax {
        /// The file, as the caller named it.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in characters.
        column: usize,
        /// The parser's message.
        message: String,
        /// The offending text, truncated; empty where there is none.
        text: String,
    },
    /// A format that cannot hold a bank.
    #[error("{format} cannot hold {what}; TOML can")]
    Unwritable {
        /// The format.
        format: &'static str,
        /// What it has no place for.
        what: String,
    },
    /// A path that cannot be read as a kernel file.
    #[error("{path}: {fault}")]
    Path {
        /// The path, as the caller named it.
        path: String,
        /// What is wrong with it.
        fault: PathFault,
    },
    /// There is no generator of this name.
    #[error(
        "there is no generator `{name}`{}",
        or_these(suggestions, "the generators", known)
    )]
    UnknownGenerator {
        /// The name that was requested.
        name: String,
        /// The generators there are.
        known: Vec<&'static str>,
        /// Similar names, nearest first.
        suggestions: Vec<&'static str>,
    },
    /// A generator has no such parameter.
    #[error(
        "{generator} has no parameter `{parameter}`{}",
        or_these(suggestions, "its parameters", known)
    )]
    UnknownParameter {
        /// The generator.
        generator: &'static str,
        /// The parameter that was given.
        parameter: String,
        /// The parameters there are.
        known: Vec<&'static str>,
        /// Similar names, nearest first.
        suggestions: Vec<&'static str>,
    },
    /// A generator cannot do without this parameter.
    #[error("{generator} needs {parameter}; {}", missing(generator, parameter))]
    ParameterMissing {
        /// The generator.
        generator: &'static str,
        /// The parameter.
        parameter: &'static str,
    },
    /// A parameter of a generator cannot have this value.
    #[error("{generator}: {parameter} is `{value}`; give {expected}")]
    Parameter {
        /// The generator.
        generator: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// The value.
        value: String,
        /// The values that it can have.
        expected: Cow<'static, str>,
    },
    /// A generated kernel would have too many weights.
    #[error("{}", too_many(generator, [*rows, *columns], *limit))]
    Generated {
        /// The generator.
        generator: &'static str,
        /// The rows, which may be beyond any whole number.
        rows: f64,
        /// The columns.
        columns: f64,
        /// The maximum number of weights.
        limit: usize,
    },
    /// The text of a spec is too long.
    #[error("{generator}: the text is longer than {limit} bytes; give fewer digits")]
    SpecTooLong {
        /// The generator.
        generator: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// There is no built-in kernel of this name.
    #[error("there is no built-in kernel `{name}`{}", did_you_mean(suggestions))]
    NotBuiltin {
        /// The name that was requested.
        name: String,
        /// Similar names, nearest first.
        suggestions: Vec<String>,
    },
    /// There is neither a file nor a built-in kernel of this name.
    #[error("{}", unknown(name, suggestions))]
    Unknown {
        /// The name or path that was requested.
        name: String,
        /// Similar names, nearest first.
        suggestions: Vec<String>,
    },
}

/// Why a path cannot be read as a kernel file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathFault {
    /// Nothing exists at the path.
    #[error("there is no such kernel file; check the path")]
    Missing,
    /// The path is empty.
    #[error("no file is named; write its path after the @")]
    Unnamed,
    /// The path is a directory.
    #[error("this is a directory, not a kernel file; name a file in it")]
    Directory,
    /// The file is larger than any kernel file.
    #[error("the file is larger than {} MiB; name a kernel file, not an image", limit >> 20)]
    TooLarge {
        /// The size limit in bytes.
        limit: u64,
    },
    /// The file cannot be read.
    #[error("cannot read the kernel file ({reason}); check its permissions")]
    Unreadable {
        /// The kind of the operating system's error.
        kind: io::ErrorKind,
        /// The operating system's message.
        reason: String,
    },
}

/// `rows * columns` without overflow.
fn product(rows: usize, columns: usize) -> u128 {
    rows as u128 * columns as u128
}

fn too_many(generator: &str, [rows, columns]: [f64; 2], limit: usize) -> String {
    let weights = match rows.max(columns) < 1e15 {
        true => format!("{rows}x{columns} weights"),
        // No number that tells more.
        false => "more than 10^15 weights".to_owned(),
    };
    format!("{generator} would have {weights}, and a kernel has at most {limit}; make it smaller")
}

fn missing(generator: &str, parameter: &str) -> String {
    match (generator, parameter) {
        ("gaussian", "sigma") => {
            "give it as gaussian:sigma=2, or the radius alone with like=opencv".to_owned()
        }
        ("gaussian", _) => format!("give it as well, as {parameter}=2, or sigma for both"),
        _ => format!("give it as {generator}:{parameter}=2"),
    }
}

fn no_scale(combine: Combine, scale: CombineScale) -> String {
    if combine.is_direction() || combine == Combine::ArgMax {
        format!("{combine} has no scale; drop it")
    } else {
        format!("{combine} has no root {scale} for a scale, only magnitude has; give a ratio")
    }
}

fn rotations(count: usize, rows: usize, columns: usize) -> String {
    if (rows, columns) == (3, 3) {
        format!("{count} rotations are not possible; give 4 (by 90 degrees) or 8 (by 45 degrees)")
    } else {
        format!("a {rows}x{columns} kernel has no rotations; only a 3x3 kernel has")
    }
}

fn located(
    file: &str,
    line: usize,
    column: usize,
    message: &str,
    text: &str,
    help: &str,
) -> String {
    let mut out = format!("{file}:{line}:{column}: {message}");
    if !text.is_empty() {
        out += &format!(": `{text}`");
    }
    if !help.is_empty() {
        out += &format!("; {help}");
    }
    out
}

fn unknown(name: &str, suggestions: &[String]) -> String {
    let hint = did_you_mean(suggestions);
    format!("there is no kernel file `{name}` and no built-in kernel of that name{hint}")
}

/// The names that may be meant, and all there are.
fn or_these(suggestions: &[&str], what: &str, known: &[&str]) -> String {
    let meant = match suggestions {
        [] => String::new(),
        [first, ..] => format!("; did you mean `{first}`?"),
    };
    let stop = if meant.is_empty() { ";" } else { "" };
    format!("{meant}{stop} {what} are {}", known.join(", "))
}

fn did_you_mean(suggestions: &[String]) -> String {
    if suggestions.is_empty() {
        return String::new();
    }
    let quoted: Vec<String> = suggestions.iter().map(|s| format!("`{s}`")).collect();
    format!("; did you mean {}?", quoted.join(" or "))
}
