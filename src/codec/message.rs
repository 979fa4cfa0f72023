//! The words of other people's libraries, made to fit this crate's errors.

use std::{fmt, io};

pub(super) use crate::text::printable;

use crate::error::{Error, IoAction, LimitError};

/// `message` on one line, however many it had. Decoders quote what they find.
pub(super) fn one_line(message: impl fmt::Display) -> String {
    let text = message.to_string();
    let words: Vec<&str> = text.split_whitespace().collect();
    printable(&words.join(" "))
}

/// The data of a file do not follow its format.
pub(super) fn damaged(name: &str, reason: impl fmt::Display) -> Error {
    let reason = one_line(reason);
    // What a sentence of its own was stands in brackets now.
    let reason = reason.trim_end_matches('.');
    Error::input(format_args!(
        "the {name} file is damaged ({reason}): get a good copy of it"
    ))
}

/// The data end before the picture does.
pub(super) fn truncated(name: &str) -> Error {
    Error::input(format_args!(
        "the {name} file ends before its picture does: get a complete copy of it"
    ))
}

/// To read the file takes more than the limit allows, which is in bytes.
pub(super) fn over_memory(format: &'static str, limit: u64) -> Error {
    LimitError::Decoding { format, limit }.into()
}

/// A header has more bytes than any real one.
pub(super) fn long_header(format: &'static str, limit: u64) -> Error {
    LimitError::Header { format, limit }.into()
}

/// Something takes so many bytes of memory, more than the limit.
pub(crate) fn too_much_memory(needed: u64, limit: u64) -> Error {
    LimitError::Memory { needed, limit }.into()
}

/// A kind of file that is well formed, but not read by this crate.
pub(super) fn unsupported(name: &str, what: impl fmt::Display) -> Error {
    Error::input(format_args!(
        "{} is not supported in a {name} file: convert it with another program first",
        one_line(what)
    ))
}

/// The same, where a decoder has a sentence of its own for it.
pub(super) fn unsupported_kind(name: &str, reason: impl fmt::Display) -> Error {
    let reason = one_line(reason);
    let reason = reason.trim_end_matches('.');
    Error::input(format_args!(
        "this kind of {name} file is not supported ({reason}): convert it with another program first"
    ))
}

/// A decoder's I/O error: the data are in memory, so that an early end is the
/// only honest one.
pub(super) fn reading(name: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => truncated(name),
        _ => damaged(name, error),
    }
}

/// The system refused while the output was written.
pub(crate) fn writing(error: io::Error) -> Error {
    Error::io(IoAction::Write, error)
}

/// An error of the same kind and words, since there is no copying one.
pub(super) fn same_again(error: &io::Error) -> io::Error {
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
