//! Buffers whose rows are aligned to cache lines: a vector load that crosses a line
//! costs two.

use bytemuck::Zeroable;

use crate::{error::Result, image::try_resize};

/// The bytes of a cache line, and of the largest vector.
pub(crate) const LINE: usize = 64;

/// `len` rounded up to an odd number of cache lines: rows at a distance of a power of
/// two would compete for few cache sets. For example, 17 f32 become 48.
pub(crate) const fn padded_row_len<T>(len: usize) -> usize {
    let line = LINE / size_of::<T>();
    (len.div_ceil(line) | 1).saturating_mul(line)
}

/// `len` elements of `buffer`, aligned to a cache line. The buffer grows as needed, and
/// its contents are unspecified.
///
/// # Errors
///
/// If the allocation fails.
pub(crate) fn aligned<T: Zeroable + Clone>(buffer: &mut Vec<T>, len: usize) -> Result<&mut [T]> {
    let line = LINE / size_of::<T>();
    if buffer.len() < len + line {
        *buffer = Vec::new();
        try_resize(buffer, len + line, T::zeroed())?;
    }
    // `align_offset` may give up with `usize::MAX`; any start is correct then.
    let start = buffer.as_ptr().align_offset(LINE).min(line);
    Ok(&mut buffer[start..][..len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_begin_where_lines_do() {
        assert_eq!(
            [1, 16, 17, 48, 49].map(padded_row_len::<f32>),
            [16, 16, 48, 48, 80]
        );
        assert_eq!([31, 33].map(padded_row_len::<i16>), [32, 96]);
        assert_eq!(padded_row_len::<u8>(usize::MAX), usize::MAX);
        let mut buffer: Vec<f64> = Vec::new();
        for len in [1, 8, 1000, 3] {
            let row = aligned(&mut buffer, len).unwrap();
            assert_eq!((row.len(), row.as_ptr().align_offset(LINE)), (len, 0));
        }
    }
}
