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

    /// Makes samples of these sums of a row of the block, from column `x` on.
    #[inline(always)]
    pub(super) fn put<V: Isa + Vectors<T>, T: Lane, const P: usize>(
        &mut self,
        v: V,
        sums: &[[Vector<V, T>; P]],
        constants: &Constants<Vector<V, T>>,
        check: &mut Vector<V, T>,
        [row, x]: [usize; 2],
    ) where
        S: PhasedSamples<T, P>,
    {
        let samples = P * <V as Vectors<T>>::LANES;
        let out = &mut self.out[row * self.stride + x..][..sums.len() * samples];
        for (g, sums) in sums.iter().enumerate() {
            let to = (&mut out[g * samples..], self.stream.as_deref_mut());
            let at = [self.first + row, x + g * samples];
            S::finish(v, *sums, constants, check, to, at, &mut self.told.near_ties);
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
