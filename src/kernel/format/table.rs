//! Tables of numbers: CSV, TSV, and columns between spaces, as `numpy.savetxt` writes them.

use super::{
    KernelError, SourceText, rows,
    write::{self, Writer},
};
use crate::kernel::Kernel;

/// The kernel whose rows are the lines. One kind of separator is used throughout: tabs if there
/// are any, else semicolons, else commas, else spaces.
pub(super) fn parse(source: SourceText<'_>) -> Result<Kernel, KernelError> {
    let kept = |line: &str| line.find('#').map_or(line.len(), |at| at);
    let numbers = rows::lines(source.text).map(|(_, line)| &line[..kept(line)]);
    let holds = |separator| numbers.clone().any(|line| line.contains(separator));
    let separator = ['\t', ';', ','].into_iter().find(|&c| holds(c));
    let mut table = rows::Rows::new(source, rows::AS_MANY);
    for (at, line) in rows::lines(source.text) {
        let line = &line[..kept(line)];
        let (at, line) = match line.strip_prefix('\u{feff}') {
            Some(rest) => (at + line.len() - rest.len(), rest),
            None => (at, line),
        };
        let span = at..at + line.len();
        match separator {
            _ if line.trim().is_empty() => {}
            None => table.push(span, rows::pieces(line, at, char::is_whitespace))?,
            Some(separator) => {
                let mut fields = Vec::new();
                let mut start = at;
                // A separator at the end of a line ends its last field.
                let ended = line.trim_end_matches(' ');
                let ended = ended.strip_suffix(separator).unwrap_or(ended);
                for field in ended.split(separator) {
                    let bare = field.trim().trim_matches('"').trim();
                    if bare.is_empty() {
                        let help = "give every place a number; 0 where there is none";
                        let end = start + field.len();
                        return Err(source.error(start..end, "a field is empty", help));
                    }
                    let from = start + (bare.as_ptr() as usize - field.as_ptr() as usize);
                    fields.push(from..from + bare.len());
                    start += field.len() + separator.len_utf8();
                }
                table.push(span, fields)?;
            }
        }
    }
    if table.is_empty() {
        let help = "give a row of numbers a line, such as 1, 2, 1";
        return Err(source.error(0..0, "the file has no weights", help));
    }
    table.kernel(0..0)
}

/// Rows of numbers between commas.
pub(super) fn write(writer: &Writer, kernel: &Kernel) -> Result<Vec<u8>, KernelError> {
    let weights = writer.weights_alone(kernel)?;
    let rows = write::rows(&weights, kernel.columns(), ",");
    Ok((rows.join("\n") + "\n").into_bytes())
}
