//! The text of a kernel file, and errors that point at a line and column.

use std::ops::Range;

use super::KernelError;
use crate::text::push_printable;

/// The text of a kernel file, and the name of the file in messages.
#[derive(Clone, Copy)]
pub(super) struct SourceText<'a> {
    pub(super) origin: &'a str,
    pub(super) text: &'a str,
}

impl SourceText<'_> {
    /// The error that `message` describes, at the bytes `span` of the text.
    pub(super) fn error(&self, span: Range<usize>, message: &str, help: &str) -> KernelError {
        let shown = self.text.get(span.clone()).unwrap_or_default();
        let (line, column) = self.position(span.start);
        KernelError::File {
            file: self.origin.to_owned(),
            line,
            column,
            message: message.to_owned(),
            text: shorten(shown),
            help: help.to_owned(),
        }
    }

    /// The TOML parser's error `message`, at the bytes `span` of the text.
    pub(super) fn syntax(&self, span: Range<usize>, message: String) -> KernelError {
        let shown = self.text.get(span.clone()).unwrap_or_default();
        let (line, column) = self.position(span.start);
        KernelError::Syntax {
            file: self.origin.to_owned(),
            line,
            column,
            message,
            text: shorten(shown),
        }
    }

    /// The error of a kernel or bank, located at the bytes `span` of the text.
    pub(super) fn locate(&self, span: Range<usize>, error: &KernelError) -> KernelError {
        let whole = error.to_string();
        let (message, help) = whole.split_once("; ").unwrap_or((&whole, ""));
        self.error(span, message, help)
    }

    /// Line and column of the byte `at`, both from 1, columns in characters.
    fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        // Editors do not count a byte order mark.
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        (line, column)
    }
}

/// `text` on one line of at most 40 characters, made printable.
pub(super) fn shorten(text: &str) -> String {
    const MAX_CHARACTERS: usize = 40;
    let mut out = String::new();
    let mut characters = text.trim().chars().peekable();
    for _ in 0..MAX_CHARACTERS {
        match characters.next() {
            Some(c) if c.is_whitespace() => {
                while characters.next_if(|c| c.is_whitespace()).is_some() {}
                out.push(' ');
            }
            Some(c) => push_printable(&mut out, c),
            None => return out,
        }
    }
    if characters.peek().is_some() {
        out.push('…');
    }
    out
}
