//! Numbers of a text, and rows of them that must be equally long.

use std::ops::Range;

use super::{KernelError, MAX_WEIGHTS, SourceText};
use crate::kernel::Kernel;

/// The pieces of `text` between separators, as spans of bytes that begin at `start`.
pub(super) fn pieces(
    text: &str,
    start: usize,
    is_separator: impl Fn(char) -> bool,
) -> impl Iterator<Item = Range<usize>> {
    let pieces = text.split(is_separator).filter(|piece| !piece.is_empty());
    pieces.map(move |piece| {
        let at = start + (piece.as_ptr() as usize - text.as_ptr() as usize);
        at..at + piece.len()
    })
}

/// The span without white space at its ends.
pub(super) fn trimmed(text: &str, span: Range<usize>) -> Range<usize> {
    let part = &text[span.clone()];
    let start = span.start + part.len() - part.trim_start().len();
    start..(span.start + part.trim_end().len()).max(start)
}

/// The lines of a text with the offset of each in bytes, without their ends.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> + Clone {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        (at, line.trim_end_matches(['\n', '\r']))
    })
}

/// Whether a line holds numbers alone, at least one.
pub(super) fn is_numbers(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default();
    let separates = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"');
    let mut pieces = pieces(line, 0, separates).peekable();
    pieces.peek().is_some() && pieces.all(|span| line[span].parse::<f64>().is_ok())
}

/// The finite number that is written there; an integer must be exact in `f64`.
pub(super) fn number(source: SourceText<'_>, span: Range<usize>) -> Result<f64, KernelError> {
    const MAX_EXACT: u64 = 1 << 53;
    let text = &source.text[span.clone()];
    let digits = text.trim_start_matches(['+', '-']);
    let wrong = |message, help| Err(source.error(span.clone(), message, help));
    match text.parse::<f64>() {
        Ok(number) if !number.is_finite() => wrong(
            "a weight is not a finite number",
            "give a number below 1.8e308",
        ),
        Ok(_)
            if digits.bytes().all(|byte| byte.is_ascii_digit())
                && !digits.parse().is_ok_and(|whole: u64| whole <= MAX_EXACT) =>
        {
            wrong(
                "a weight is an integer beyond 2^53, which would be rounded",
                "write it with a decimal point if that is meant",
            )
        }
        Ok(number) => Ok(number),
        Err(_) if text.contains(',') => {
            wrong("not a number", "write decimals with a point, such as 0.5")
        }
        Err(_) => wrong("not a number", "weights are numbers such as -1 or 0.25"),
    }
}

/// Rows of weights, all of the same length.
pub(super) struct Rows<'a> {
    source: SourceText<'a>,
    /// Of the first row.
    columns: Option<usize>,
    rows: usize,
    weights: Vec<f64>,
    /// Advice for a row of another length.
    help: &'static str,
}

impl<'a> Rows<'a> {
    pub(super) const fn new(source: SourceText<'a>, help: &'static str) -> Self {
        Self {
            source,
            columns: None,
            rows: 0,
            weights: Vec::new(),
            help,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds a row that is written at `span`.
    pub(super) fn push(
        &mut self,
        span: Range<usize>,
        numbers: impl IntoIterator<Item = Range<usize>>,
    ) -> Result<(), KernelError> {
        let before = self.weights.len();
        for number_at in numbers {
            if self.weights.len() >= MAX_WEIGHTS {
                let message = format!("the kernel has more than {MAX_WEIGHTS} weights");
                let help = "use a smaller kernel";
                return Err(self.source.error(number_at, &message, help));
            }
            self.weights.push(number(self.source, number_at)?);
        }
        self.rows += 1;
        let count = self.weights.len() - before;
        let columns = *self.columns.get_or_insert(count);
        if count != columns {
            let weights = if count == 1 { "weight" } else { "weights" };
            let above = if self.rows == 2 {
                "the row above has"
            } else {
                "the rows above have"
            };
            let message = format!("row {} has {count} {weights}, {above} {columns}", self.rows);
            return Err(self.source.error(span, &message, self.help));
        }
        Ok(())
    }

    pub(super) fn kernel(self, span: Range<usize>) -> Result<Kernel, KernelError> {
        let columns = self.columns.unwrap_or(0);
        let rows = if columns == 0 { 0 } else { self.rows };
        Kernel::new(rows, columns, self.weights).map_err(|error| self.source.locate(span, &error))
    }
}

/// Advice for a row that is too short or too long.
pub(super) const AS_MANY: &str = "give every row as many; 0 where there is none";
