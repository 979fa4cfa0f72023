//! Photoshop's files of its filter Custom: 5 x 5 weights, scale and offset, which are
//! correlated.

use super::{KernelError, write::Writer};
use crate::kernel::Kernel;

/// 27 numbers of 16 bits.
pub(super) const BYTES: usize = 54;

/// The kernel of an `.acf` file: signed big-endian numbers, the weights row by row. The offset
/// is in steps of 8 bits.
pub(super) fn parse(origin: &str, bytes: &[u8]) -> Result<Kernel, KernelError> {
    let refuse = |number: usize, message: String, help: &str| KernelError::File {
        file: origin.to_owned(),
        line: 1,
        column: number * 2 + 1,
        message,
        text: String::new(),
        help: help.to_owned(),
    };
    if bytes.len() != BYTES {
        let message = format!(
            "an .acf file has {BYTES} bytes, this one has {}",
            bytes.len()
        );
        return Err(refuse(0, message, "save the filter again"));
    }
    let numbers = bytes.chunks_exact(2);
    let numbers = numbers.map(|pair| f64::from(i16::from_be_bytes([pair[0], pair[1]])));
    let numbers = Vec::from_iter(numbers);
    let [scale, offset] = [numbers[25], numbers[26]];
    if scale == 0.0 {
        return Err(refuse(25, "the scale is zero".into(), "give 1 or more"));
    }
    Kernel::new(5, 5, numbers[..25].to_vec())?
        .with_divisor(scale)?
        .with_bias(offset / 255.0)
}

/// The file of a kernel of whole numbers, which lies around the middle of 5 x 5.
pub(super) fn write(writer: &Writer, kernel: &Kernel) -> Result<Vec<u8>, KernelError> {
    writer.no_offset(kernel)?;
    let whole = |number: f64| match number.fract() == 0.0 && number.abs() <= 32767.0 {
        true => Some(number as i16),
        false => None,
    };
    let sides = [kernel.rows(), kernel.columns()];
    let beyond = [0, 1].map(|axis| {
        let anchor = kernel.anchor()[axis];
        anchor > 2 || sides[axis] - anchor > 3
    });
    if beyond[0] || beyond[1] {
        let [rows, columns] = sides;
        let anchor = kernel.anchor();
        return writer.refuse(format!("a kernel of {rows}x{columns} around {anchor:?}"));
    }
    let steps = (kernel.bias() * 255.0).round();
    let Some(offset) = whole(steps).filter(|_| steps / 255.0 == kernel.bias()) else {
        return writer.refuse(format!("the bias {}", kernel.bias()));
    };
    // 0.25 is 1 over 4.
    let scaled = kernel.in_integers();
    let found = [Some(kernel), scaled.as_ref()]
        .into_iter()
        .flatten()
        .find_map(|kernel| {
            let mut numbers = [0; 27];
            for (at, &weight) in kernel.as_slice().iter().enumerate() {
                let row = 2 + at / kernel.columns() - kernel.anchor()[0];
                let column = 2 + at % kernel.columns() - kernel.anchor()[1];
                numbers[row * 5 + column] = whole(weight)?;
            }
            numbers[25] = whole(kernel.divisor()).filter(|&scale| scale != 0)?;
            Some(numbers)
        });
    let Some(mut numbers) = found else {
        return writer.refuse("weights and a divisor that are not whole numbers up to 32767");
    };
    numbers[26] = offset;
    Ok(numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect())
}
