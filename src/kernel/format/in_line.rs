//! Weights as text in place of a file: `[[0, 1], [1, 0]]`, `0 1; 1 0`, `1 2 1 x 1 2 1`.

use std::{ops::Range, path::Path};

use super::{
    KernelError, MAX_WEIGHTS, SourceText,
    rows::{self, trimmed},
};
use crate::kernel::{Kernel, KernelBank, KernelSource};

/// The kernel's place in messages.
const ORIGIN: &str = "in-line kernel";
const HELP: &str = "write rows as 0 -1 0; -1 5 -1; 0 -1 0";
const MIXED: &str =
    "end rows with semicolons, as 0 -1 0; -1 5 -1; 0 -1 0, and write decimals with a point";

impl KernelBank {
    /// The bank of one kernel whose weights are written in this text, named by its size, such
    /// as `kernel3x3`.
    ///
    /// Rows are separated by semicolons or line ends, weights by spaces or by commas; or each row
    /// stands in brackets: `[[0, 1], [1, 0]]`. A row with both, such as `0 1, 1 0`, is refused: its
    /// commas may be meant to end rows or to be the points of decimals. Two vectors with an `x`
    /// between them are a column times a row, exactly where both are decimals: `1 2 1 x 0.25 0.5 0.25`.
    ///
    /// # Errors
    ///
    /// [`KernelError::File`] with the place of the fault.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::KernelBank;
    ///
    /// let bank = KernelBank::in_line("1 2 1 x -1 0 1")?;
    /// assert_eq!(bank.name(), "kernel3x3");
    /// assert_eq!(bank.kernels()[0].as_slice()[3..6], [-2.0, 0.0, 2.0]);
    ///
    /// let error = KernelBank::in_line("1 2; 3").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "in-line kernel:1:6: row 2 has 1 weight, the row above has 2: `3`; \
    ///      give every row as many; 0 where there is none"
    /// );
    /// # Ok::<(), stridekern::kernel::KernelError>(())
    /// ```
    pub fn in_line(text: &str) -> Result<Self, KernelError> {
        let kernel = parse(SourceText {
            origin: ORIGIN,
            text,
        })?;
        let name = format!("kernel{}x{}", kernel.rows(), kernel.columns());
        Ok(Self::from_kernel(name, kernel).with_source(KernelSource::InLine))
    }
}

/// Whether this text means weights rather than a name or path: it begins as numbers do, has
/// something that separates them, and no ending of a file.
pub(in crate::kernel) fn is_in_line(text: &str) -> bool {
    let text = text.trim();
    let ending = Path::new(text).extension().unwrap_or_default();
    let ending = ending.to_string_lossy();
    let names_file = !ending.is_empty() && ending.bytes().all(|c| c.is_ascii_alphabetic());
    let begins = text.starts_with(|c: char| c.is_ascii_digit() || "[+-.".contains(c));
    let separated = text.contains(|c: char| c.is_whitespace() || "[],;".contains(c));
    begins && separated && !names_file && text.contains(|c: char| c.is_ascii_digit())
}

fn parse(source: SourceText<'_>) -> Result<Kernel, KernelError> {
    let text = source.text;
    let mut parts = text.match_indices(['x', '*', '×']);
    let Some((at, times)) = parts.next() else {
        return matrix(source, 0..text.len());
    };
    let after = at + times.len();
    if let Some((at, again)) = parts.next() {
        let help = "give one column, x, and one row";
        return Err(source.error(
            at..at + again.len(),
            "there are more than two vectors",
            help,
        ));
    }
    let vector = |span: Range<usize>| {
        let kernel = matrix(source, span.clone())?;
        if kernel.rows() != 1 && kernel.columns() != 1 {
            let help = "give one column, x, and one row";
            return Err(source.error(span, "x stands between two vectors", help));
        }
        Ok(kernel)
    };
    let (column, row) = (vector(0..at)?, vector(after..text.len())?);
    let [rows, columns] = [&column, &row].map(|vector| vector.as_slice().len());
    if rows.saturating_mul(columns) > MAX_WEIGHTS {
        let message = format!("the kernel has more than {MAX_WEIGHTS} weights");
        return Err(source.error(0..0, &message, "use a smaller kernel"));
    }
    Kernel::from_vectors(column.as_slice(), row.as_slice(), 1.0)
        .map_err(|error| source.locate(0..text.len(), &error))
}

/// The kernel of rows in brackets, or between semicolons.
fn matrix(source: SourceText<'_>, span: Range<usize>) -> Result<Kernel, KernelError> {
    let mut table = rows::Rows::new(source, rows::AS_MANY);
    let text = &source.text[span.clone()];
    let separates = |c: char| c.is_whitespace() || c == ',';
    if text.trim_start_matches(|c: char| separates(c)).is_empty() {
        return Err(source.error(span.start..span.start, "there are no weights", HELP));
    }
    // Brackets only group: where each opens and closes is checked, and rows end with them.
    let mut depth = 0;
    let mut nested = false;
    let mut start = span.start;
    let mut closed = false;
    for (at, c) in text.char_indices().map(|(at, c)| (span.start + at, c)) {
        let ends = matches!(c, ';' | '\n' | '[' | ']');
        if closed && depth == 0 && !c.is_whitespace() {
            return Err(source.error(at..span.end, "the text goes on after its brackets", HELP));
        }
        if !ends {
            continue;
        }
        let numbers = || rows::pieces(&source.text[start..at], start, separates);
        let is_row = numbers().next().is_some();
        if is_row && (c == '[' || nested && depth == 1) {
            let help = "put all rows into brackets: [[1, 2], [3, 4]]";
            let row = numbers().next().unwrap_or(start..at);
            return Err(source.error(row, "a number stands between the brackets", help));
        }
        if is_row {
            check_commas(source, start..at)?;
            let row = trimmed(source.text, start..at);
            table.push(row, numbers())?;
        } else if c == ';' && !nested {
            return Err(source.error(at..at + 1, "a row has no weights", HELP));
        }
        start = at + c.len_utf8();
        match c {
            '[' if depth == 2 || (depth == 0 && !table.is_empty()) => {
                return Err(source.error(at..at + 1, "a bracket too many", HELP));
            }
            '[' => {
                depth += 1;
                nested |= depth == 2;
            }
            ']' if depth == 0 => {
                return Err(source.error(at..at + 1, "a bracket closes that was not opened", HELP));
            }
            ']' => {
                depth -= 1;
                closed = true;
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err(source.error(span.end..span.end, "a bracket is not closed", HELP));
    }
    check_commas(source, start..span.end)?;
    if rows::pieces(&source.text[start..span.end], start, separates)
        .next()
        .is_some()
    {
        let row = trimmed(source.text, start..span.end);
        table.push(
            row,
            rows::pieces(&source.text[start..span.end], start, separates),
        )?;
    }
    if table.is_empty() {
        return Err(source.error(trimmed(source.text, span), "there are no weights", HELP));
    }
    table.kernel(span)
}

/// Refuses a row that lacks a weight between commas, or that has commas between some of its weights
/// only.
fn check_commas(source: SourceText<'_>, span: Range<usize>) -> Result<(), KernelError> {
    let text = &source.text[span.clone()];
    let mut all = None;
    let mut end = span.start;
    let separates = |c: char| c.is_whitespace() || c == ',';
    for (at, weight) in rows::pieces(text, span.start, separates).enumerate() {
        let commas = source.text[end..weight.start].matches(',').count();
        if commas > usize::from(at > 0) {
            let message = "a weight is missing between commas";
            return Err(source.error(trimmed(source.text, end..weight.start), message, HELP));
        }
        if at > 0 && *all.get_or_insert(commas) != commas {
            let message = "some of the weights of a row have commas between them, and some do not";
            return Err(source.error(trimmed(source.text, span), message, MIXED));
        }
        end = weight.end;
    }
    Ok(())
}
