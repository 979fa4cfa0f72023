//! Buffers aligned to cache lines.

use crate::{error::Result, image::try_resize, number::Lane};

/// The alignment of cells: a cache line, and the vector of AVX-512.
const LINE: usize = 64;

/// A buffer aligned to 64 bytes, so that a cell touches as few cache lines as
/// possible.
#[derive(Debug)]
pub(super) struct Aligned<T> {
    buffer: Vec<T>,
    from: usize,
    len: usize,
}

impl<T: Lane> Aligned<T> {
    pub(super) fn new(len: usize) -> Result<Self> {
        let slack = LINE / size_of::<T>();
        let mut buffer = Vec::new();
        try_resize(&mut buffer, len + slack, T::ZERO)?;
        let from = buffer.as_ptr().align_offset(LINE).min(slack);
        Ok(Self { buffer, from, len })
    }

    pub(super) fn get(&self) -> &[T] {
        &self.buffer[self.from..self.from + self.len]
    }

    pub(super) fn get_mut(&mut self) -> &mut [T] {
        &mut self.buffer[self.from..self.from + self.len]
    }
}
