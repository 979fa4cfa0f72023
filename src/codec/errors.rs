//! Conversion of decoder and encoder messages to this crate's errors.

use std::{fmt, io};

pub(super) use crate::{file::writing, text::printable};

use crate::error::{Error, InputError, LimitError, OutputError};

/// `message` on one line and printable: decoders quote bytes of the file.
pub(super) fn one_line(message: impl fmt::Display) -> String {
    let text = message.to_string();
    let words: Vec<&str> = text.split_whitespace().collect();
    printable(&words.join(" "))
}

/// The error of data that violate their format.
pub(super) fn damaged(format: &'static str, reason: impl fmt::Display) -> Error {
    let what = without_final_period(reason);
    InputError::Damaged { format, what }.into()
}

/// A message without its final period, since it is printed in brackets.
fn without_final_period(reason: impl fmt::Display) -> String {
    one_line(reason).trim_end_matches('.').to_owned()
}

/// The error of data that end before the image is complete.
pub(super) fn truncated(format: &'static str) -> Error {
    InputError::Truncated { format }.into()
}

/// The error of a file that needs more memory than the limit in bytes.
pub(super) fn over_memory(format: &'static str, limit: u64) -> Error {
    LimitError::Decoding { format, limit }.into()
}

/// The error of a header that is larger than any real one.
pub(super) fn long_header(format: &'static str, limit: u64) -> Error {
    LimitError::Header { format, limit }.into()
}

/// The error of an allocation that exceeds the limit.
pub(crate) fn too_much_memory(needed: u64, limit: u64) -> Error {
    LimitError::Memory {
        needed,
        limit,
        by_rows: false,
    }
    .into()
}

/// The error of a valid file of a kind that is not supported.
pub(super) fn unsupported(format: &'static str, what: impl fmt::Display) -> Error {
    unsupported_until(format, what, "convert it with another program")
}

/// The same, if more can be said about what makes it a file that is supported.
pub(super) fn unsupported_until(
    format: &'static str,
    what: impl fmt::Display,
    remedy: &'static str,
) -> Error {
    let what = one_line(what);
    InputError::Unsupported {
        format,
        what,
        remedy,
    }
    .into()
}

/// The same, with the decoder's own message.
pub(super) fn unsupported_kind(format: &'static str, reason: impl fmt::Display) -> Error {
    let reason = without_final_period(reason);
    InputError::UnsupportedKind { format, reason }.into()
}

/// A decoder's I/O error. Errors of the system are reported by [`ReadErrors`], so only an
/// early end of file is a real one here.
///
/// [`ReadErrors`]: super::input::ReadErrors
pub(super) fn read_error(format: &'static str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => truncated(format),
        _ => damaged(format, error),
    }
}

/// The error of an encoder that refuses an image; `others` are formats to choose instead.
pub(super) fn encoder_refused(
    format: &'static str,
    reason: impl fmt::Display,
    others: &'static str,
) -> Error {
    let reason = one_line(reason);
    OutputError::Encoder {
        format,
        reason,
        others,
    }
    .into()
}

/// A copy of the error, since `io::Error` is not `Clone`.
pub(super) fn clone_io_error(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lines_become_one() {
        assert_eq!(one_line("a\n  b\r\n\tc "), "a b c");
        assert_eq!(one_line("format `\x1b[2J`\n"), "format `\\u{1b}[2J`");
    }
}
