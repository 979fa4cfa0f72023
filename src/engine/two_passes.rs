//! Two passes: columns of a kernel, then rows.
//!
//! The sums of the columns of a few rows stay in L1: they are computed a part of the row at a
//! time.

use std::{marker::PhantomData, mem, ops::Range};

use super::{
    Band, CompiledKernel, Scratch,
    naive::WindowTaps,
    packed_taps::{MAX_BLOCK_ROWS, PlacedKernel, Taps},
    recycled_slices::recycled,
    register_blocks::{self, Blocks, Rows, Samples},
};
use crate::{
    error::Result,
    kernel::Factor,
    number::{Element, Lane},
    simd::{Body, Isa, Simd, aligned, padded_row_len},
    view::Layout,
};

/// The bytes of the sums of columns for the rows of a block: with source and output they stay in
/// an L1 of 32 KiB.
const PART_BYTES: usize = 16 << 10;

/// A part of a row is at least this many times as wide as what two parts share.
const MIN_PART_SPANS: usize = 8;

/// A kernel as the sum of columns x rows.
#[derive(Debug, Clone)]
pub(super) struct TwoPasses<T> {
    /// The column of every term.
    columns: Vec<Taps<T>>,
    /// One row of weights for every term.
    rows: Taps<T>,
    /// The kernel itself, for sums of floats that overflow in the two passes.
    windows: Option<WindowTaps<T>>,
}

impl<T: Lane> TwoPasses<T> {
    /// The weights of `kernel` are the sum of the outer products of `factors`. Of integers,
    /// whose sums are finite, zeros are dropped. `is_inward` is of columns, see [`Taps::ordered`].
    pub(super) fn new(
        kernel: PlacedKernel<'_>,
        factors: &[Factor],
        row: &Layout<2>,
        of_integers: bool,
        is_inward: bool,
    ) -> Self {
        let [kernel_rows, kernel_columns] = kernel.shape;
        let column = |factor: &Factor| {
            let kernel = PlacedKernel {
                weights: &factor.column,
                shape: [kernel_rows, 1],
                origin: [kernel.origin[0], 0],
                ..kernel
            };
            Taps::ordered(kernel, row, of_integers, is_inward)
        };
        let weights: Vec<f64> = (factors.iter().flat_map(|f| &f.row)).copied().collect();
        let rows = PlacedKernel {
            weights: &weights,
            shape: [factors.len(), kernel_columns],
            dilation: [1, kernel.dilation[1]],
            origin: [0, kernel.origin[1]],
        };
        Self {
            columns: factors.iter().map(column).collect(),
            rows: match is_inward {
                true => Taps::new(rows, row, of_integers).smallest_first(),
                // Floats are summed in the order of phases, whatever their place.
                false => Taps::new(rows, row, of_integers),
            },
            windows: (!of_integers).then(|| WindowTaps::new(kernel)),
        }
    }

    /// The column of every term.
    pub(super) fn columns(&self) -> &[Taps<T>] {
        &self.columns
    }

    /// See [`CompiledKernel::run`].
    pub(super) fn contract<S: Element + Samples<T>>(
        &self,
        simd: Simd,
        band: &Band<'_, S>,
        first: usize,
        out: &mut [T],
        stride: usize,
        scratch: &mut Scratch<T>,
    ) -> Result<()>
    where
        T: Blocks,
    {
        let at_once = register_blocks::rows_at_once(T::KIND, simd.level());
        let columns = &self.columns;
        let [rows_read, row_distance] = [columns[0].rows_read(), columns[0].dilation[0]];
        let len = band.dense_len();
        // A row shorter than a block is computed past its end.
        let width = |part: &Range<usize>| part.len().max(T::MAX_BLOCK) + self.rows.span;
        let widest = parts(len, columns.len(), self.rows.span, size_of::<T>())
            .map(|part| width(&part))
            .max();
        let pitch = padded_row_len::<T>(widest.unwrap_or_default());
        let Scratch {
            rows,
            slices,
            sources: in_order,
            ..
        } = scratch;
        let scratch = aligned(rows, columns.len() * at_once * pitch)?;
        let neighbours = band.step[0] == 1 && row_distance == 1;
        let mut sources_in_order = recycled(mem::take(in_order));
        let mut at = 0;
        while at * stride < out.len() {
            let out = &mut out[at * stride..];
            let rows = if neighbours && out.len() >= at_once * stride {
                at_once
            } else {
                1
            };
            let sources = band.source_rows(rows_read, first + at, rows);
            sources_in_order.clear();
            columns[0].in_order(sources, &mut sources_in_order);
            for part in parts(len, columns.len(), self.rows.span, size_of::<T>()) {
                let mut prefetch_rows = band.rows_to_prefetch(rows_read, first + at, rows);
                let width = width(&part);
                for (taps, sums) in columns.iter().zip(scratch.chunks_mut(at_once * pitch)) {
                    Rows {
                        sources: &sources_in_order,
                        prefetch_rows: mem::take(&mut prefetch_rows),
                        taps,
                        from: part.start,
                        len: width,
                        rows,
                        out: &mut sums[..rows * pitch],
                        stride: pitch,
                    }
                    .run(simd);
                }
                // For each output row, a row of sums of every term.
                let sums_of = |row| {
                    let terms = scratch.chunks(at_once * pitch);
                    terms.map(move |sums| &sums[row * pitch..][..width])
                };
                let mut sums = recycled(mem::take(slices));
                sums.extend((0..rows).flat_map(sums_of));
                for (out, terms) in out.chunks_mut(stride).zip(sums.chunks(columns.len())) {
                    Rows {
                        sources: terms,
                        prefetch_rows: &[],
                        taps: &self.rows,
                        from: 0,
                        len: part.len(),
                        rows: 1,
                        out: &mut out[part.start..],
                        stride,
                    }
                    .run(simd);
                }
                *slices = recycled(sums);
            }
            if let (true, Some(windows)) = (band.may_be_non_finite, &self.windows) {
                for (row, out) in out.chunks_mut(stride).take(rows).enumerate() {
                    repair(simd, band, windows, first + at + row, &mut out[..len]);
                }
            }
            at += rows;
        }
        *in_order = recycled(sources_in_order);
        Ok(())
    }
}

/// Cuts a row of `len` sums into parts, which share `span` sums of columns of each of `terms`.
fn parts(
    len: usize,
    terms: usize,
    span: usize,
    bytes: usize,
) -> impl Iterator<Item = Range<usize>> {
    // A multiple of every block.
    const ALIGNMENT: usize = 256;
    let in_cache = PART_BYTES / (MAX_BLOCK_ROWS * terms * bytes);
    let width = in_cache.max(MIN_PART_SPANS * span).max(ALIGNMENT);
    let parts = (len / width).max(1);
    let start = move |part| match part == parts {
        true => len,
        false => part * len / parts / ALIGNMENT * ALIGNMENT,
    };
    (0..parts).map(move |part| start(part)..start(part + 1))
}

/// The same for bands of `S`.
#[derive(Debug)]
pub(super) struct Of<S, T> {
    passes: TwoPasses<T>,
    samples: PhantomData<S>,
}

impl<S, T> Of<S, T> {
    pub(super) const fn new(passes: TwoPasses<T>) -> Self {
        Self {
            passes,
            samples: PhantomData,
        }
    }
}

impl<S: Element + Samples<T>, T: Blocks> CompiledKernel for Of<S, T> {
    type Element = S;
    type Sum = T;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, S>,
        first: usize,
        out: &mut [T],
        stride: usize,
        scratch: &mut Scratch<T>,
    ) -> Result<()> {
        (self.passes).contract(simd, band, first, out, stride, scratch)
    }
}

/// Recomputes infinite and NaN sums tap by tap: the terms may overflow, or give
/// infinity minus infinity, where the kernel itself does not.
fn repair<S: Element, T: Lane>(
    simd: Simd,
    band: &Band<'_, S>,
    windows: &WindowTaps<T>,
    y: usize,
    sums: &mut [T],
) {
    if simd.run(AllFinite(sums)) {
        return;
    }
    let channels = band.channels();
    for (x, sum) in sums.iter_mut().enumerate() {
        if !T::all_finite(std::slice::from_ref(sum)) {
            *sum = windows.sum_at(band, [y, x / channels, x % channels]);
        }
    }
}

/// Whether every sum is finite.
struct AllFinite<'a, T>(&'a [T]);

impl<T: Lane> Body for AllFinite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> bool {
        T::all_finite(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_a_row_and_are_not_short() {
        for (len, terms, span) in [(1, 1, 2), (700, 1, 16), (6000, 1, 16), (18_000, 4, 240)] {
            let all: Vec<_> = parts(len, terms, span, 4).collect();
            assert_eq!((all[0].start, all[all.len() - 1].end), (0, len));
            assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
            let least = len.min(256).max(MIN_PART_SPANS * span).min(len) - 255.min(len - 1);
            assert!(all.iter().all(|part| part.len() >= least), "{all:?}");
        }
        assert_eq!(parts(6000, 1, 16, 4).count(), 5);
    }
}
