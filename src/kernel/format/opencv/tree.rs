//! What a FileStorage holds: values by their places in the text.

use std::ops::Range;

use crate::kernel::{KernelError, file::MAX_WEIGHTS, source_text::SourceText};

/// Values in one file: those of the largest kernel, and some beside.
const MAX_VALUES: usize = MAX_WEIGHTS + (1 << 16);
/// Values within values.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
pub(super) struct Value {
    start: usize,
    end: usize,
    /// The word after `!!`, or `type_id` of XML.
    pub(super) tag: Option<Range<usize>>,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar,
    List(Vec<Value>),
    /// The place of each key.
    Map(Vec<(Range<usize>, Value)>),
}

impl Value {
    pub(super) const fn new(span: Range<usize>, kind: Kind) -> Self {
        Self {
            start: span.start,
            end: span.end,
            tag: None,
            kind,
        }
    }

    pub(super) const fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The value of a key of a map.
    pub(super) fn get(&self, text: &str, key: &str) -> Option<&Self> {
        let Kind::Map(all) = &self.kind else {
            return None;
        };
        let found = all
            .iter()
            .find(|(at, _)| text[at.clone()].trim_matches('"') == key);
        found.map(|(_, value)| value)
    }
}

/// A place in the text, and what was read so far.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) source: SourceText<'a>,
    pub(super) at: usize,
    values: usize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(source: SourceText<'a>, at: usize) -> Self {
        Self {
            source,
            at,
            values: 0,
            depth: 0,
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.source.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn accept(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    /// Goes on while characters are such.
    pub(super) fn skip(&mut self, is: impl Fn(char) -> bool) -> Range<usize> {
        let start = self.at;
        let rest = self.rest();
        self.at += rest.find(|c| !is(c)).unwrap_or(rest.len());
        start..self.at
    }

    /// Goes to the end of the line.
    pub(super) fn line(&mut self) -> Range<usize> {
        self.skip(|c| c != '\n')
    }

    /// The error of what stands here.
    pub(super) fn wrong(&self, message: &str) -> KernelError {
        let length = self.rest().find(['\n', '\r']).unwrap_or(self.rest().len());
        let help = "write it by cv::FileStorage";
        self.source.error(self.at..self.at + length, message, help)
    }

    /// Counts a value.
    pub(super) fn count(&mut self) -> Result<(), KernelError> {
        self.values += 1;
        match self.values <= MAX_VALUES {
            true => Ok(()),
            false => Err(self.wrong(&format!("the file has more than {MAX_VALUES} values"))),
        }
    }

    /// Reads what is one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, KernelError>,
    ) -> Result<T, KernelError> {
        if self.depth == MAX_DEPTH {
            return Err(self.wrong(&format!("values are nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }
}
