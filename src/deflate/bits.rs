//! Bits, packed into bytes from the least significant one on (RFC 1951, 3.1.1).

use std::collections::TryReserveError;

/// The bits that can be written at a time, so that they fit into 64 beside those of an
/// incomplete byte.
const MAX_BITS: u32 = 56;

/// Writes bits to a buffer.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    /// What is written, and behind that zeros or what was written before.
    buffer: Vec<u8>,
    at: Position,
}

/// A place in the written bits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Position {
    /// The bytes before it.
    bytes: usize,
    /// The bits of an incomplete byte, and their number.
    pending: u64,
    bits: u32,
}

impl BitWriter {
    pub(super) fn clear(&mut self) {
        self.at = Position::default();
    }

    /// Makes room for this number of bytes; beyond the last bit, up to 8 are overwritten.
    pub(super) fn try_reserve(&mut self, bytes: usize) -> Result<(), TryReserveError> {
        let more = bytes.saturating_sub(self.buffer.len());
        self.buffer.try_reserve_exact(more)?;
        self.buffer.resize(self.buffer.len() + more, 0);
        Ok(())
    }

    /// Writes `count` bits, at most 56; all others of `bits` are 0.
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.with_run(|run| run.put(bits, count));
    }

    /// Calls `write` with a writer whose state the compiler can keep in registers.
    #[inline(always)]
    pub(super) fn with_run(&mut self, write: impl FnOnce(&mut Run<'_>)) {
        let mut run = Run {
            buffer: &mut self.buffer,
            at: self.at,
        };
        write(&mut run);
        self.at = run.at;
    }

    /// Fills the last byte with zeros.
    pub(super) fn fill_byte(&mut self) {
        self.put(0, (8 - self.at.bits) % 8);
    }

    /// Writes bytes from the beginning of a byte on.
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) {
        debug_assert!(self.is_at_byte());
        self.buffer[self.at.bytes..][..bytes.len()].copy_from_slice(bytes);
        self.at.bytes += bytes.len();
    }

    pub(super) const fn is_at_byte(&self) -> bool {
        self.at.bits == 0
    }

    pub(super) const fn position(&self) -> Position {
        self.at
    }

    pub(super) const fn return_to(&mut self, position: Position) {
        self.at = position;
    }

    pub(super) const fn bits_since(&self, start: Position) -> usize {
        (self.at.bytes - start.bytes) * 8 + self.at.bits as usize - start.bits as usize
    }

    #[cfg(test)]
    pub(super) fn buffer_len(&self) -> usize {
        self.buffer.len()
    }

    /// The whole bytes that were written.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.at.bytes]
    }
}

/// See [`BitWriter::with_run`].
pub(super) struct Run<'a> {
    buffer: &'a mut [u8],
    at: Position,
}

impl Run<'_> {
    /// As [`BitWriter::put`].
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        debug_assert!(count <= MAX_BITS && bits >> count == 0);
        let Position {
            bytes,
            pending,
            bits: before,
        } = self.at;
        let pending = pending | bits << before;
        let count = before + count;
        // Also what is not complete; it is written again.
        self.buffer[bytes..bytes + 8].copy_from_slice(&pending.to_le_bytes());
        self.at = Position {
            bytes: bytes + (count / 8) as usize,
            // At most 63 bits, so whole bytes are at most 56.
            pending: pending >> (count & 56),
            bits: count & 7,
        };
    }
}
