//! The YAML that OpenCV writes: maps and lists by indentation, and values in brackets.

use super::{
    flow,
    tree::{Cursor, Kind, Value},
};
use crate::kernel::{KernelError, source_text::SourceText};

/// The document that begins there with its header.
pub(super) fn document(source: SourceText<'_>, at: usize) -> Result<Value, KernelError> {
    let mut cursor = Cursor::new(source, at);
    let header = source.text[cursor.line()].trim_end();
    if !matches!(header.get(..6), Some("%YAML:" | "%YAML ")) {
        cursor.at = at;
        return Err(cursor.wrong("the first line is not %YAML:1.0, nor %YAML 1.2"));
    }
    blank(&mut cursor);
    if cursor.rest().starts_with("---") {
        cursor.line();
    }
    blank(&mut cursor);
    let start = cursor.at;
    let value = match indent(&cursor) {
        Some(indent) => block(&mut cursor, indent)?,
        None => Value::new(start..start, Kind::Scalar),
    };
    blank(&mut cursor);
    if cursor.accept("...") {
        cursor.skip(char::is_whitespace);
        if cursor.peek().is_some() {
            return Err(cursor.wrong("there is more than one document"));
        }
    }
    cursor.skip(|c| c == ' ');
    match cursor.peek() {
        None => Ok(value),
        Some(_) => Err(cursor.wrong("a line is indented otherwise than those above")),
    }
}

/// Goes to the first line that holds something.
fn blank(cursor: &mut Cursor<'_>) {
    loop {
        let start = cursor.at;
        cursor.skip(|c| matches!(c, ' ' | '\t' | '\r'));
        if cursor.peek() == Some('#') {
            cursor.line();
        }
        if cursor.peek() != Some('\n') {
            if cursor.peek().is_some() {
                // The blanks before it are its indentation.
                cursor.at = start;
            }
            return;
        }
        cursor.at += 1;
    }
}

/// The blanks before the line that begins here; none at the end of the document.
fn indent(cursor: &Cursor<'_>) -> Option<usize> {
    let rest = cursor.rest();
    let line = rest.trim_start_matches(' ');
    match line.is_empty() || rest.starts_with("...") {
        true => None,
        false => Some(rest.len() - line.len()),
    }
}

/// The map or list whose lines are indented so.
fn block(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, KernelError> {
    cursor.deeper(|cursor| {
        let start = cursor.at + depth;
        let is_list = is_item(&cursor.source.text[start..]);
        let (mut list, mut map) = (Vec::new(), Vec::new());
        let mut end = start;
        while indent(cursor) == Some(depth) {
            cursor.at += depth;
            if is_item(cursor.rest()) != is_list {
                return Err(cursor.wrong("a list and a map are mixed"));
            }
            if is_list {
                cursor.at += 1;
                list.push(value(cursor, depth)?);
            } else {
                let key = match cursor.peek() {
                    Some('"') => flow::quoted(cursor)?,
                    _ => cursor.skip(|c| !matches!(c, ':' | '\n' | '\r')),
                };
                if key.is_empty() || !cursor.accept(":") {
                    cursor.at = key.start;
                    return Err(cursor.wrong("a line without a key and a colon"));
                }
                map.push((key, value(cursor, depth)?));
            }
            end = cursor.at;
            blank(cursor);
        }
        let kind = match is_list {
            true => Kind::List(list),
            false => Kind::Map(map),
        };
        Ok(Value::new(start..end, kind))
    })
}

fn is_item(line: &str) -> bool {
    line.strip_prefix('-')
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n', '\r']))
}

/// What stands behind a key or a dash: on this line, or deeper on the next ones.
fn value(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, KernelError> {
    let blanks = |c: char| matches!(c, ' ' | '\t' | '\r');
    cursor.count()?;
    cursor.skip(blanks);
    let mut tag = None;
    if cursor.accept("!!") {
        tag = Some(cursor.skip(|c| !c.is_whitespace()));
        cursor.skip(blanks);
    }
    let mut value = match cursor.peek() {
        Some('[' | '{') => flow::value(cursor)?,
        Some('"') => Value::new(flow::quoted(cursor)?, Kind::Scalar),
        Some('|') => {
            // Lines of text that are indented deeper.
            let start = cursor.at;
            cursor.line();
            loop {
                let line = cursor.at;
                blank(cursor);
                if indent(cursor).is_none_or(|indent| indent <= depth) {
                    cursor.at = line;
                    break;
                }
                cursor.line();
            }
            Value::new(start..cursor.at, Kind::Scalar)
        }
        None | Some('\n' | '#') => {
            let start = cursor.at;
            blank(cursor);
            let mut value = match indent(cursor).filter(|&indent| indent > depth) {
                Some(indent) => block(cursor, indent)?,
                None => Value::new(start..start, Kind::Scalar),
            };
            value.tag = tag;
            return Ok(value);
        }
        Some(_) => {
            let line = cursor.line();
            let text = cursor.source.text[line.clone()].trim_end();
            let text = text.find(" #").map_or(text, |at| text[..at].trim_end());
            Value::new(line.start..line.start + text.len(), Kind::Scalar)
        }
    };
    value.tag = tag;
    cursor.skip(blanks);
    match cursor.peek() {
        None | Some('\n' | '#') => Ok(value),
        Some(_) => Err(cursor.wrong("the line goes on after its value")),
    }
}
