//! Matrices of libvips: `width height [scale [offset]]`, then rows, which are correlated.

use std::ops::Range;

use super::{
    KernelError, MAX_WEIGHTS, SourceText, rows, toml,
    write::{self, Writer},
};
use crate::kernel::Kernel;

const HEADER: &str = "begin with a line: width height scale offset";

/// The kernel of a matrix. Numbers stand between spaces, tabs, commas, semicolons or quotes;
/// a scale of 1 and an offset of 0 may be left out.
pub(super) fn parse(source: SourceText<'_>) -> Result<Kernel, KernelError> {
    let separates = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\u{feff}');
    let lines = rows::lines(source.text).filter_map(|(at, line)| {
        let numbers = Vec::from_iter(rows::pieces(line, at, separates).take(MAX_WEIGHTS + 1));
        (!numbers.is_empty()).then_some((at..at + line.len(), numbers))
    });
    let mut lines = lines;
    let Some((header, fields)) = lines.next() else {
        return Err(source.error(0..0, "the file has no weights", HEADER));
    };
    if !(2..=4).contains(&fields.len()) {
        let message = "the first line is no width and height";
        return Err(source.error(header, message, HEADER));
    }
    let columns = length(source, fields[0].clone(), "width")?;
    let height = length(source, fields[1].clone(), "height")?;
    if columns.saturating_mul(height) > MAX_WEIGHTS {
        let message = format!("the kernel has more than {MAX_WEIGHTS} weights");
        return Err(source.error(header, &message, "use a smaller kernel"));
    }
    let mut table = rows::Rows::new(source, HEADER);
    let mut count = 0;
    for (span, numbers) in lines {
        count += 1;
        if count > height {
            let message = format!("there are more rows than the height of {height}");
            return Err(source.error(span, &message, HEADER));
        }
        if numbers.len() != columns {
            let weights = if numbers.len() == 1 {
                "weight"
            } else {
                "weights"
            };
            let found = numbers.len();
            let message = format!("row {count} has {found} {weights}, the width is {columns}");
            return Err(source.error(span, &message, HEADER));
        }
        table.push(span, numbers)?;
    }
    if count < height {
        let end = source.text.trim_end().len();
        let rows = if count == 1 { "row" } else { "rows" };
        let message = format!("the file ends after {count} {rows}, the height is {height}");
        return Err(source.error(end..end, &message, HEADER));
    }
    let mut kernel = table.kernel(0..0)?;
    if let Some(scale) = fields.get(2) {
        let divisor = rows::number(source, scale.clone())?;
        kernel = (kernel.with_divisor(divisor))
            .map_err(|_| source.error(scale.clone(), "the scale is zero", HEADER))?;
    }
    if let Some(offset) = fields.get(3) {
        let result = kernel.with_offset(rows::number(source, offset.clone())?);
        kernel = result.map_err(|error| source.locate(offset.clone(), &error))?;
    }
    Ok(kernel)
}

fn length(source: SourceText<'_>, span: Range<usize>, what: &str) -> Result<usize, KernelError> {
    let number = rows::number(source, span.clone())?;
    if number >= 1.0 && number.fract() == 0.0 {
        return Ok(number as usize);
    }
    let message = format!("the {what} is no number of weights");
    Err(source.error(span, &message, HEADER))
}

/// A matrix with its scale and offset, if they are not 1 and 0.
pub(super) fn write(writer: &Writer, kernel: &Kernel) -> Result<Vec<u8>, KernelError> {
    writer.no_bias(kernel)?;
    writer.centred(kernel)?;
    let mut text = format!("{} {}", kernel.columns(), kernel.rows());
    let numbers = match [kernel.divisor(), kernel.offset()] {
        [1.0, 0.0] => &[][..],
        [divisor, 0.0] => &[divisor],
        both => &{ both },
    };
    for number in numbers {
        text += &format!(" {}", toml::number(*number));
    }
    for row in write::rows(kernel.as_slice(), kernel.columns(), " ") {
        text += &format!("\n{row}");
    }
    Ok((text + "\n").into_bytes())
}
