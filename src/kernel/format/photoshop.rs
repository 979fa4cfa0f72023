//! Photoshop's files of its filter Custom: 5 x 5 weights, scale and offset, which are
//! correlated.

use super::KernelError;
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
