//! A kernel of low rank: a few columns of weights, each times a row of weights.
//!
//! Every output row is made in two passes: down the columns of the window into
//! one row of sums per term, which stay in the cache, then along these rows.
//! Both are the direct engine's loop.

use super::{
    Band, Grid, Taps,
    direct::{self, Blocks, Rows},
    naive,
};
use crate::{
    error::Result,
    kernel::Factor,
    number::Lane,
    simd::{Body, Isa, Simd, aligned, whole_lines},
    view::Layout,
};

/// A kernel as the sum of columns x rows.
#[derive(Debug, Clone)]
pub(crate) struct Separable<T> {
    /// The column of every term.
    columns: Vec<Taps<T>>,
    /// One row of weights for every term.
    rows: Taps<T>,
    /// The kernel itself, for samples that the two passes cannot hold.
    whole: Taps<T>,
}

impl<T: Lane> Separable<T> {
    /// The weights of `grid` are the sum of the outer products of `factors`.
    pub(super) fn new(
        grid: Grid<'_>,
        factors: &[Factor],
        row: &Layout<2>,
        drop_zeros: bool,
    ) -> Self {
        let [kernel_rows, kernel_columns] = grid.shape;
        let column = |factor: &Factor| {
            let grid = Grid {
                weights: &factor.column,
                shape: [kernel_rows, 1],
                origin: [grid.origin[0], 0],
                ..grid
            };
            Taps::new(grid, row, drop_zeros)
        };
        let weights: Vec<f64> = (factors.iter().flat_map(|f| &f.row)).copied().collect();
        let rows = Grid {
            weights: &weights,
            shape: [factors.len(), kernel_columns],
            dilation: [1, grid.dilation[1]],
            origin: [0, grid.origin[1]],
        };
        Self {
            columns: factors.iter().map(column).collect(),
            rows: Taps::new(rows, row, drop_zeros),
            whole: Taps::new(grid, row, drop_zeros),
        }
    }
}

/// See [`super::Contraction::run`].
pub(super) fn contract<T: Blocks>(
    simd: Simd,
    band: &Band<'_, T>,
    kernel: &Separable<T>,
    first: usize,
    out: &mut [T],
    stride: usize,
    scratch: &mut Vec<T>,
) -> Result<()> {
    let at_once = direct::rows_at_once(T::KIND, simd.level());
    let Separable {
        columns,
        rows: row_taps,
        whole,
    } = kernel;
    // A row that is shorter than a block is computed past its end.
    let width = band.dense_len().max(T::MAX_BLOCK) + row_taps.reach;
    let pitch = whole_lines::<T>(width);
    let scratch = aligned(scratch, columns.len() * at_once * pitch)?;
    let neighbours = band.step[0] == 1 && whole.dilation[0] == 1;
    let mut at = 0;
    while at * stride < out.len() {
        let out = &mut out[at * stride..];
        let rows = if neighbours && out.len() >= at_once * stride {
            at_once
        } else {
            1
        };
        let sources = band.seen(whole.rows_seen(), first + at, rows);
        let mut ahead = band.ahead(whole.rows_seen(), first + at, rows);
        for (taps, sums) in columns.iter().zip(scratch.chunks_mut(at_once * pitch)) {
            Rows {
                sources,
                ahead: std::mem::take(&mut ahead),
                taps,
                len: width,
                rows,
                out: &mut sums[..rows * pitch],
                stride: pitch,
            }
            .run(simd);
        }
        // Row by row of the result, a row of sums of every term.
        let sums_of = |row| {
            let terms = scratch.chunks(at_once * pitch);
            terms.map(move |sums| &sums[row * pitch..][..width])
        };
        let sums: Vec<&[T]> = (0..rows).flat_map(sums_of).collect();
        let sums = sums.chunks(columns.len());
        for (row, (out, terms)) in out.chunks_mut(stride).zip(sums).enumerate() {
            Rows {
                sources: terms,
                ahead: &[],
                taps: row_taps,
                len: band.dense_len(),
                rows: 1,
                out,
                stride,
            }
            .run(simd);
            if band.may_be_non_finite {
                repair(
                    simd,
                    band,
                    whole,
                    first + at + row,
                    &mut out[..band.dense_len()],
                );
            }
        }
        at += rows;
    }
    Ok(())
}

/// Sums again, tap by tap, what came out as infinite or NaN: the terms of a
/// kernel may cancel where its weights do not, and may overflow where they do
/// not.
fn repair<T: Lane>(simd: Simd, band: &Band<'_, T>, taps: &Taps<T>, y: usize, sums: &mut [T]) {
    if simd.run(AllFinite(sums)) {
        return;
    }
    let channels = band.channels();
    for (x, sum) in sums.iter_mut().enumerate() {
        if !T::all_finite(std::slice::from_ref(sum)) {
            *sum = naive::sum_at(band, taps, [y, x / channels, x % channels]);
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
