//! Buffers whose rows begin where a line of the cache does: a vector that
//! crosses two lines costs two loads.

use bytemuck::Zeroable;

/// The bytes of a line of the cache, and of the largest vector.
const LINE: usize = 64;

/// So many numbers or a few more: what fills whole lines.
pub(crate) const fn whole_lines<T>(len: usize) -> usize {
    match len.checked_next_multiple_of(LINE / size_of::<T>()) {
        Some(whole) => whole,
        None => len,
    }
}

/// The first `len` numbers of `buffer` from where a line begins; it grows as
/// needed, and what it held is lost.
pub(crate) fn aligned<T: Zeroable + Clone>(buffer: &mut Vec<T>, len: usize) -> &mut [T] {
    let line = LINE / size_of::<T>();
    buffer.resize(len + line, T::zeroed());
    // Where alignment cannot be known, any start is right.
    let start = buffer.as_ptr().align_offset(LINE).min(line);
    &mut buffer[start..][..len]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_begin_where_lines_do() {
        assert_eq!([0, 1, 16, 17].map(whole_lines::<f32>), [0, 16, 16, 32]);
        assert_eq!([31, 33].map(whole_lines::<i16>), [32, 64]);
        let mut buffer: Vec<f64> = Vec::new();
        for len in [1, 8, 1000, 3] {
            let row = aligned(&mut buffer, len);
            assert_eq!((row.len(), row.as_ptr().align_offset(LINE)), (len, 0));
        }
    }
}
