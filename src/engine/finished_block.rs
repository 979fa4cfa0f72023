//! Blocks of output rows whose sums become samples in registers: what the kernels that do that share.

use super::{
    Band, RowsMut, Told,
    phased::{Constants, PhasedSamples},
    register_blocks::Vector,
};
use crate::{
    number::{Element, Lane},
    simd::{Isa, LINE, Stream, Vectors, Words, prefetch},
};

/// The operands of a block of output rows.
pub(crate) struct FinishedBlock<'a, 'b, S> {
    pub(super) sources: &'a [&'b [S]],
    /// Rows of the next block, prefetched meanwhile.
    pub(super) prefetch_rows: &'a [&'b [S]],
    /// Output rows: 1, or the block height of the SIMD level.
    pub(super) rows: usize,
    /// Samples of an output row.
    pub(super) len: usize,
    out: &'a mut [S],
    stride: usize,
    stream: Option<&'a mut Stream>,
    /// The first output row, for what is told.
    first: usize,
    pub(super) told: &'a mut Told,
}

/// Calls `each` with blocks of `at_once` rows of the band's result, or of one where fewer are left,
/// from the row in `at` on. One output row reads `rows_read` rows.
pub(super) fn for_each_block<'b, S: Element>(
    (band, first): (&Band<'b, S>, usize),
    [rows_read, at_once]: [usize; 2],
    out: RowsMut<'_>,
    told: &mut Told,
    mut each: impl FnMut(FinishedBlock<'_, 'b, S>),
) {
    let RowsMut {
        samples,
        stride,
        mut stream,
    } = out;
    let out: &mut [S] = bytemuck::cast_slice_mut(samples.into_bytes());
    let mut at = 0;
    while at * stride < out.len() {
        let out = &mut out[at * stride..];
        // The last row may end with its samples.
        let rows = match out.len() > (at_once - 1) * stride {
            true => at_once,
            false => 1,
        };
        each(FinishedBlock {
            sources: band.source_rows(rows_read, first + at, rows),
            prefetch_rows: band.rows_to_prefetch(rows_read, first + at, rows),
            rows,
            len: band.dense_len(),
            out,
            stride,
            stream: stream.as_deref_mut(),
            first: first + at,
            told,
        });
        at += rows;
    }
}

/// The samples of the largest group.
const MAX_SAMPLES: usize = 64;

impl<S> FinishedBlock<'_, '_, S> {
    /// Prefetches the columns `x..x + columns` of the rows of the next block.
    #[inline(always)]
    pub(super) fn prefetch(&self, x: usize, columns: usize) {
        for row in self.prefetch_rows {
            for column in (x..x + columns).step_by(LINE / size_of::<S>()) {
                if let Some(line) = row.get(column..) {
                    prefetch(line);
                }
            }
        }
    }

    /// Makes samples of up to G groups of sums of a row of the block, from column `x` on.
    #[inline(always)]
    pub(super) fn put<V: Isa + Vectors<T>, T: Lane, const P: usize, const G: usize>(
        &mut self,
        v: V,
        sums: &[[Vector<V, T>; P]],
        constants: &Constants<Vector<V, T>>,
        check: &mut Vector<V, T>,
        [row, x]: [usize; 2],
    ) where
        S: PhasedSamples<T, P>,
    {
        let columns = P * <V as Vectors<T>>::LANES;
        // All of them before any is stored, in a loop without branches: only such a one is unrolled,
        // and sums in other loops are in memory.
        let mut samples = [S::finish(v, sums[0], constants, check); G];
        let mut are_near = S::differ(v, samples[0]);
        for g in 1..sums.len() {
            samples[g] = S::finish(v, sums[g], constants, check);
            are_near |= S::differ(v, samples[g]);
        }
        let out = &mut self.out[row * self.stride + x..][..sums.len() * columns];
        match self.stream.as_deref_mut() {
            Some(stream) => {
                for g in 0..sums.len() {
                    S::stream(v, stream, samples[g][0], &mut out[g * columns..]);
                }
            }
            None => {
                for g in 0..sums.len() {
                    S::store(v, samples[g][0], &mut out[g * columns..]);
                }
            }
        }
        if are_near {
            // A copy: what a call gets by reference is in memory.
            let samples = samples;
            let at = [self.first + row, x];
            push_near_ties::<V, S, T, P>(v, &samples[..sums.len()], at, &mut self.told.near_ties);
        }
    }

    /// Stores samples of the first R rows of the block, from column `x` on.
    #[inline(always)]
    pub(super) fn put_rows_of_bytes<V: Words, const R: usize>(
        &mut self,
        v: V,
        rows: [V::Bytes; R],
        x: usize,
    ) where
        S: Element,
    {
        match self.stream.as_deref_mut() {
            Some(stream) => {
                for (row, &bytes) in rows.iter().enumerate() {
                    let out = &mut self.out[row * self.stride + x..];
                    v.stream_bytes(stream, bytes, bytemuck::cast_slice_mut(out));
                }
            }
            None => {
                for (row, &bytes) in rows.iter().enumerate() {
                    let out = &mut self.out[row * self.stride + x..];
                    v.store_bytes(bytes, bytemuck::cast_slice_mut(out));
                }
            }
        }
    }

    /// Tells of a row of the block if some of its sums, which are in `check`, are too large.
    #[inline(always)]
    pub(super) fn tell<V: Isa + Vectors<T>, T: Lane>(
        &mut self,
        v: V,
        check: Vector<V, T>,
        row: usize,
    ) {
        let mut checked = [T::ZERO; LINE];
        v.store(check, &mut checked);
        if !T::all_finite(&checked) {
            self.told.too_large.push(self.first + row);
        }
    }
}

/// Adds the positions of near ties in groups of samples; the first is at this row and position.
#[cold]
#[inline(never)]
fn push_near_ties<V: Isa + Vectors<T>, S: PhasedSamples<T, P>, T: Lane, const P: usize>(
    v: V,
    groups: &[[S::Joined<V>; 2]],
    [row, first]: [usize; 2],
    near_ties: &mut Vec<[u32; 2]>,
) {
    let len = P * <V as Vectors<T>>::LANES;
    for (&samples, first) in groups.iter().zip((first..).step_by(len)) {
        let mut stored = [[S::ZERO; MAX_SAMPLES]; 2];
        for (samples, to) in samples.into_iter().zip(&mut stored) {
            S::store(v, samples, to);
        }
        push_differing(
            stored.each_ref().map(|samples| &samples[..len]),
            [row, first],
            near_ties,
        );
    }
}

/// Adds the positions of samples that differ; the first is at this row and position. There are a
/// multiple of eight.
#[cold]
#[inline(never)]
pub(super) fn push_differing<S: PartialEq>(
    samples: [&[S]; 2],
    [row, first]: [usize; 2],
    near_ties: &mut Vec<[u32; 2]>,
) {
    // Few differ: eight at a time are one comparison.
    let [up, down] = samples.map(|samples| samples.as_chunks::<8>().0);
    for (at, (up, down)) in (first..).step_by(8).zip(up.iter().zip(down)) {
        if up != down {
            let differ = |i: &usize| up[*i] != down[*i];
            near_ties.extend((0..8).filter(differ).map(|i| [row as u32, (at + i) as u32]));
        }
    }
}
