//! Collects rows into strips, which are encoded in parallel.

use rayon::prelude::*;

use crate::{
    codec::Metadata,
    error::{OutputError, Result},
    image::{ImageSpec, SampleSlice, no_memory},
    warning::Warning,
};

use super::Sink;

/// A file that consists of strips of rows, which are encoded independently. Its bytes do not
/// depend on the number of threads.
pub(in crate::codec) trait StripFile: Send + Sync {
    /// Encodes a strip: rows as bytes in native order, which may be modified.
    fn encode(&self, number: usize, rows: &mut [u8]) -> Result<Vec<u8>>;

    /// Writes an encoded strip. Called in order.
    fn append(&mut self, number: usize, strip: Vec<u8>) -> Result<()>;

    /// As [`Sink::next_page`]; returns the bytes of a strip of the new page.
    fn next_page(
        &mut self,
        _late: &Metadata,
        _spec: ImageSpec,
        _metadata: Metadata,
    ) -> Result<usize> {
        Err(OutputError::EndedEarly.into())
    }

    /// As [`Sink::finish`].
    fn finish(self, late: &Metadata) -> Result<Vec<Warning>>;
}

/// Collects a strip for every thread, then encodes them in parallel.
pub(in crate::codec) struct StripEncoder<F> {
    file: F,
    /// The bytes of a strip before encoding; the last one may be shorter.
    strip_bytes: usize,
    /// Rows that are not encoded yet.
    pending: Vec<u8>,
    /// The bytes of `pending` at which it is encoded.
    capacity: usize,
    strips_written: usize,
}

impl<F: StripFile> StripEncoder<F> {
    /// For `total` bytes of rows.
    pub(in crate::codec) fn new(file: F, strip_bytes: usize, total: usize) -> Self {
        Self {
            file,
            strip_bytes,
            pending: Vec::new(),
            capacity: capacity(strip_bytes, total),
            strips_written: 0,
        }
    }

    fn flush(&mut self) -> Result<()> {
        let (file, first) = (&self.file, self.strips_written);
        let strips: Vec<Vec<u8>> = self
            .pending
            .par_chunks_mut(self.strip_bytes)
            .enumerate()
            .map(|(at, rows)| file.encode(first + at, rows))
            .collect::<Result<_>>()?;
        self.pending.clear();
        for strip in strips {
            self.file.append(self.strips_written, strip)?;
            self.strips_written += 1;
        }
        Ok(())
    }
}

impl<F: StripFile> Sink for StripEncoder<F> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        let mut rows = rows.as_bytes();
        if self.pending.capacity() == 0 {
            // Allocated once: a growing buffer would be copied, and exist twice meanwhile.
            let taken = self.pending.try_reserve_exact(self.capacity);
            taken.map_err(|_| no_memory::<u8>(self.capacity))?;
        }
        while !rows.is_empty() {
            let (part, rest) = rows.split_at(rows.len().min(self.capacity - self.pending.len()));
            self.pending.extend_from_slice(part);
            rows = rest;
            if self.pending.len() == self.capacity {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn next_page(&mut self, late: &Metadata, spec: ImageSpec, metadata: Metadata) -> Result<()> {
        self.flush()?;
        self.strip_bytes = self.file.next_page(late, spec, metadata)?;
        let capacity = capacity(self.strip_bytes, spec.bytes());
        if capacity != self.capacity {
            self.capacity = capacity;
            self.pending = Vec::new();
        }
        self.strips_written = 0;
        Ok(())
    }

    fn finish(mut self: Box<Self>, late: &Metadata) -> Result<Vec<Warning>> {
        self.flush()?;
        self.file.finish(late)
    }
}

/// The bytes of rows that are encoded at a time: a strip for each thread, and at most all.
fn capacity(strip_bytes: usize, total: usize) -> usize {
    (strip_bytes.saturating_mul(rayon::current_num_threads()))
        .min(total.next_multiple_of(strip_bytes))
}
