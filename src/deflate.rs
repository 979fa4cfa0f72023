//! Deflate (RFC 1951) for the filtered samples of pictures, faster than general compressors:
//! bytes as literals, zeros as runs, and codes for each block.
//!
//! The noise of a photograph repeats nothing but zeros, so matches are not looked for. On 24
//! megapixels of a gray photograph this took 31 ms where fdeflate, which does the same with one
//! code for all pictures, took 47 to 51, libdeflate 175 and zlib-rs 174 at their fastest levels,
//! miniz_oxide 120 to 185 (one thread of a 2.x GHz Xeon, filtering not counted but for ours); the
//! file was the smallest, too. Tried and lost: to count all bytes for the codes, rather than a
//! quarter of them (3 to 9 ms more for 0.2 to 2 % of the size), and blocks of 64 KiB (7 ms more,
//! and larger). Compiled for AVX2 and BMI2 it took 13 % less, which dispatch has not been worth.

mod bits;
mod code;
mod header;
mod symbols;
#[cfg(test)]
mod tests;

use std::collections::TryReserveError;

use bits::BitWriter;
use code::Code;

/// The bytes of data in a block. Smaller blocks adapt their codes better and take longer.
pub(crate) const BLOCK_BYTES: usize = 1 << 18;

/// The bytes of data in a stored block (RFC 1951, 3.2.4).
const STORED_BYTES: usize = 0xffff;

/// The bits before the data of a stored block: its head of three bits, up to seven to the end
/// of a byte, and its length twice.
const STORED_HEAD_BITS: usize = 3 + 7 + 32;

/// More than the bytes of a block beside its data: the codes, the end, and what is written
/// beyond the last bit.
const BLOCK_HEAD_BYTES: usize = 1 << 10;

/// The most bytes of memory that compressing `data` bytes takes.
pub(crate) const fn memory(data: usize) -> usize {
    let block = if data < BLOCK_BYTES {
        data
    } else {
        BLOCK_BYTES
    };
    // All blocks as large as they may be, and one as large as it may be before it is stored instead.
    let blocks = (data / BLOCK_BYTES + 1).saturating_mul(BLOCK_HEAD_BYTES);
    data.saturating_add(data / 1024)
        .saturating_add(blocks)
        .saturating_add(block / 2)
}

/// Compresses parts of a stream one after another; its buffer is used again.
#[derive(Debug, Default)]
pub(crate) struct Deflater {
    bits: BitWriter,
}

impl Deflater {
    /// Compresses a part of a stream: whole blocks, which end with a byte, so that parts can be
    /// compressed at the same time and joined.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub(crate) fn compress(&mut self, data: &[u8], is_last: bool) -> Result<(), TryReserveError> {
        self.bits.clear();
        self.bits.try_reserve(memory(data.len()))?;
        let mut blocks = data.chunks(BLOCK_BYTES).peekable();
        while let Some(block) = blocks.next() {
            self.block(block, is_last && blocks.peek().is_none());
        }
        if !self.bits.is_at_byte() || data.is_empty() {
            match is_last && !data.is_empty() {
                true => self.bits.fill_byte(),
                false => self.stored(&[], is_last),
            }
        }
        Ok(())
    }

    /// The part that was compressed last.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bits.bytes()
    }

    /// A block with its own codes, or without any if that is smaller.
    fn block(&mut self, data: &[u8], is_last: bool) {
        let start = self.bits.position();
        let code = Code::of_counts(&symbols::counts(data), code::MAX_LENGTH);
        self.bits.put(u64::from(is_last) | 0b10 << 1, 3);
        header::write(&mut self.bits, &code);
        symbols::write(&mut self.bits, data, &code);
        let stored = data.len() * 8 + data.len().div_ceil(STORED_BYTES) * STORED_HEAD_BITS;
        if self.bits.bits_since(start) > stored {
            self.bits.return_to(start);
            self.stored(data, is_last);
        }
    }

    /// Stored blocks; an empty one of empty data.
    fn stored(&mut self, data: &[u8], is_last: bool) {
        let mut rest = data;
        loop {
            let (block, after) = rest.split_at(rest.len().min(STORED_BYTES));
            rest = after;
            self.bits.put(u64::from(is_last && rest.is_empty()), 3);
            self.bits.fill_byte();
            let length = block.len() as u64;
            self.bits.put(length | (!length & 0xffff) << 16, 32);
            self.bits.put_bytes(block);
            if rest.is_empty() {
                break;
            }
        }
    }
}
