//! Values in brackets and braces: all of JSON, and lists of numbers in YAML.

use std::ops::Range;

use super::tree::{Cursor, Kind, Value};
use crate::kernel::{KernelError, source_text::SourceText};

/// The JSON document that begins there.
pub(super) fn document(source: SourceText<'_>, at: usize) -> Result<Value, KernelError> {
    let mut cursor = Cursor::new(source, at);
    let value = value(&mut cursor)?;
    blank(&mut cursor)?;
    match cursor.peek() {
        None => Ok(value),
        Some(_) => Err(cursor.wrong("the text goes on after its last brace")),
    }
}

/// Passes over white space and comments.
fn blank(cursor: &mut Cursor<'_>) -> Result<(), KernelError> {
    loop {
        cursor.skip(char::is_whitespace);
        match () {
            () if cursor.rest().starts_with('#') || cursor.rest().starts_with("//") => {
                cursor.line();
            }
            () if cursor.rest().starts_with("/*") => match cursor.rest().find("*/") {
                Some(end) => cursor.at += end + 2,
                None => return Err(cursor.wrong("a comment without an end")),
            },
            () => return Ok(()),
        }
    }
}

/// The value that begins here, which may be a list, a map or a scalar.
pub(super) fn value(cursor: &mut Cursor<'_>) -> Result<Value, KernelError> {
    blank(cursor)?;
    cursor.count()?;
    let start = cursor.at;
    match cursor.peek() {
        Some('[') => cursor.deeper(|cursor| {
            let mut all = Vec::new();
            members(cursor, ']', |cursor| {
                all.push(value(cursor)?);
                Ok(())
            })?;
            Ok(Value::new(start..cursor.at, Kind::List(all)))
        }),
        Some('{') => cursor.deeper(|cursor| {
            let mut all = Vec::new();
            members(cursor, '}', |cursor| {
                let key = scalar(cursor, ":,]}")?;
                blank(cursor)?;
                if !cursor.accept(":") {
                    return Err(cursor.wrong("a key without a colon"));
                }
                all.push((key, value(cursor)?));
                Ok(())
            })?;
            Ok(Value::new(start..cursor.at, Kind::Map(all)))
        }),
        _ => Ok(Value::new(scalar(cursor, ",]}")?, Kind::Scalar)),
    }
}

/// Reads what stands between brackets, with commas between.
fn members(
    cursor: &mut Cursor<'_>,
    end: char,
    mut read: impl FnMut(&mut Cursor<'_>) -> Result<(), KernelError>,
) -> Result<(), KernelError> {
    cursor.at += 1;
    loop {
        blank(cursor)?;
        if cursor.peek() == Some(end) {
            cursor.at += 1;
            return Ok(());
        }
        read(cursor)?;
        blank(cursor)?;
        if cursor.peek() != Some(end) && !cursor.accept(",") {
            return Err(match cursor.peek() {
                None => cursor.wrong("a bracket is not closed"),
                Some(_) => cursor.wrong("a comma is missing"),
            });
        }
    }
}

/// A text in quotes, or all up to one of these characters or a blank.
fn scalar(cursor: &mut Cursor<'_>, ends: &str) -> Result<Range<usize>, KernelError> {
    if cursor.peek() == Some('"') {
        return quoted(cursor);
    }
    let span = cursor.skip(|c| !c.is_whitespace() && !ends.contains(c));
    match span.is_empty() {
        true => Err(cursor.wrong("a value is missing")),
        false => Ok(span),
    }
}

/// A text in quotes, with these.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Result<Range<usize>, KernelError> {
    let start = cursor.at;
    let mut escaped = false;
    for (at, c) in cursor.rest().char_indices().skip(1) {
        match c {
            '"' if !escaped => {
                cursor.at += at + 1;
                return Ok(start..cursor.at);
            }
            '\n' => break,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    Err(cursor.wrong("a text without a closing quote"))
}
