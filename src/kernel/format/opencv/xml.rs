//! The XML that OpenCV writes: elements with a `type_id`, and words in them.

use std::ops::Range;

use super::tree::{Cursor, Kind, Value};
use crate::kernel::{KernelError, source_text::SourceText};

/// The document that begins there.
pub(super) fn document(source: SourceText<'_>, at: usize) -> Result<Value, KernelError> {
    let mut cursor = Cursor::new(source, at);
    blank(&mut cursor)?;
    if !cursor.rest().starts_with("<opencv_storage") {
        return Err(cursor.wrong("the first element is not <opencv_storage>"));
    }
    let (_, value) = element(&mut cursor)?;
    blank(&mut cursor)?;
    match cursor.peek() {
        None => Ok(value),
        Some(_) => Err(cursor.wrong("the text goes on after </opencv_storage>")),
    }
}

/// Passes over white space, comments and instructions.
fn blank(cursor: &mut Cursor<'_>) -> Result<(), KernelError> {
    loop {
        cursor.skip(char::is_whitespace);
        let end = match () {
            () if cursor.rest().starts_with("<!--") => "-->",
            () if cursor.rest().starts_with("<?") => "?>",
            () => return Ok(()),
        };
        match cursor.rest().find(end) {
            Some(at) => cursor.at += at + end.len(),
            None => return Err(cursor.wrong("a comment without an end")),
        }
    }
}

/// The element that begins here with `<`, and its name.
fn element(cursor: &mut Cursor<'_>) -> Result<(Range<usize>, Value), KernelError> {
    cursor.count()?;
    let start = cursor.at;
    cursor.at += 1;
    let name = cursor.skip(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let attributes = cursor.skip(|c| !matches!(c, '>' | '<'));
    if name.is_empty() || !cursor.accept(">") {
        cursor.at = start;
        return Err(cursor.wrong("not an element"));
    }
    let text = cursor.source.text;
    let tag = text[attributes.clone()].find("type_id=").and_then(|at| {
        let value = attributes.start + at + "type_id=".len();
        let quote = text[value..attributes.end].chars().next();
        let quote = quote.filter(|c| matches!(c, '"' | '\''))?;
        let length = text[value + 1..attributes.end].find(quote)?;
        Some(value + 1..value + 1 + length)
    });
    let (mut words, mut members) = (Vec::new(), Vec::new());
    if !text[attributes].ends_with('/') {
        cursor.deeper(|cursor| {
            loop {
                blank(cursor)?;
                if cursor.accept("</") {
                    let ended = cursor.accept(&text[name.clone()]);
                    cursor.skip(char::is_whitespace);
                    return match ended && cursor.accept(">") {
                        true => Ok(()),
                        false => Err(cursor.wrong("an element is closed that was not opened")),
                    };
                }
                match cursor.peek() {
                    None => return Err(cursor.wrong("an element is not closed")),
                    Some('<') => members.push(element(cursor)?),
                    Some(_) => {
                        cursor.count()?;
                        let word = cursor.skip(|c| !c.is_whitespace() && c != '<');
                        words.push(Value::new(word, Kind::Scalar));
                    }
                }
            }
        })?;
    }
    let span = start..cursor.at;
    let mut value = match (&words[..], members.is_empty()) {
        // One number is a list of one where a list is wanted.
        ([word], true) if &text[name.clone()] != "data" => Value::new(word.span(), Kind::Scalar),
        (_, true) => Value::new(span, Kind::List(words)),
        _ => Value::new(span, Kind::Map(members)),
    };
    value.tag = tag;
    Ok((name, value))
}
