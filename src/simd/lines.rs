//! Buffers whose rows begin where a line of the cache does: a vector that
//! crosses two lines costs two loads.

use bytemuck::Zeroable;

use crate::{error::Result, image::try_resize};

/// The bytes of a line of the cache, and of the largest vector.
const LINE: usize = 64;

/// So many numbers or a few more: what fills an odd number of lines. Rows that
/// are a power of two apart would share few places of the cache.
pub(crate) const fn whole_lines<T>(len: usize) -> usize {
    let line = LINE / size_of::<T>();
    (len.div_ceil(line) | 1).saturating_mul(line)
}

/// The first `len` numbers of `buffer` from where a line begins; it grows as
/// needed, and what it held is lost.
///
/// # Errors
///
/// If the memory cannot be had.
pub(crate) fn aligned<T: Zeroable + Clone>(buffer: &mut Vec<T>, len: usize) -> Result<&mut [T]> {
    let line = LINE / size_of::<T>();
    if buffer.len() < len + line {
        *buffer = Vec::new();
        try_resize(buffer, len + line, T::zeroed())?;
    }
    // Where alignment cannot be known, any start is right.
    let start = buffer.as_ptr().align_offset(LINE).min(line);
    Ok(&mut buffer[start..][..len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_begin_where_lines_do() {
        assert_eq!(
            [1, 16, 17, 48, 49].map(whole_lines::<f32>),
            [16, 16, 48, 48, 80]
        );
        assert_eq!([31, 33].map(whole_lines::<i16>), [32, 96]);
        assert_eq!(whole_lines::<u8>(usize::MAX), usize::MAX);
        let mut buffer: Vec<f64> = Vec::new();
        for len in [1, 8, 1000, 3] {
            let row = aligned(&mut buffer, len).unwrap();
            assert_eq!((row.len(), row.as_ptr().align_offset(LINE)), (len, 0));
        }
    }
}
