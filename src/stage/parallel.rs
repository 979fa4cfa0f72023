//! Parallel loops on the current pool.
//!
//! Their bodies are trait objects, so that each loop is compiled once and not for every
//! type of samples and sums.

use rayon::prelude::*;

use crate::{error::Result, finish::ResponseRange, image::SampleSliceMut, number::Output};

/// Calls `body` with the index and the samples of every chunk of `len` samples; the last
/// may be shorter. A task of the pool has at least `min_chunks` chunks.
pub(crate) fn for_each_chunk(
    samples: SampleSliceMut<'_>,
    len: usize,
    min_chunks: usize,
    threads: usize,
    body: &(dyn Fn(usize, SampleSliceMut<'_>) -> Result<()> + Sync),
) -> Result<()> {
    fn chunks<O: Output>(
        samples: &mut [O],
        len: usize,
        min_chunks: usize,
        threads: usize,
        body: &(dyn Fn(usize, SampleSliceMut<'_>) -> Result<()> + Sync),
    ) -> Result<()> {
        let body = |(at, chunk)| body(at, O::slice_mut(chunk));
        match threads {
            1 => samples.chunks_mut(len).enumerate().try_for_each(body),
            _ => (samples.par_chunks_mut(len).enumerate())
                .with_min_len(min_chunks)
                .try_for_each(body),
        }
    }
    each_sample!(SampleSliceMut(samples), samples => {
        chunks(samples, len, min_chunks, threads, body)
    })
}

/// The smallest range that contains the ranges that `body` returns for `0..count`.
pub(super) fn joined_range(
    count: usize,
    threads: usize,
    body: &(dyn Fn(usize) -> Result<ResponseRange> + Sync),
) -> Result<ResponseRange> {
    let join = |a: ResponseRange, b: ResponseRange| Ok(a.join(b));
    match threads {
        1 => (0..count).try_fold(ResponseRange::EMPTY, |all, at| join(all, body(at)?)),
        _ => (0..count)
            .into_par_iter()
            .map(body)
            .try_reduce(|| ResponseRange::EMPTY, join),
    }
}
