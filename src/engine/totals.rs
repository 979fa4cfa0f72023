//! Equal integer weights: totals that move down the columns, and sums along
//! rows that double. The work hardly grows with the kernel.
//!
//! What leaves a total is taken away again, so every sum must be exact: this
//! is for integers only.

use super::{Band, Grid};
use crate::{
    error::Result,
    image::try_resize,
    number::Lane,
    simd::{Body, Isa, Simd},
};

/// Output rows for which totals move on before they are summed anew. No band
/// begins between them, so that calls need not know of each other.
pub(crate) const ROWS: usize = 16;

/// A kernel of equal weights.
#[derive(Debug)]
pub(crate) struct Totals<T> {
    weight: T,
    shape: [usize; 2],
    origin: [usize; 2],
}

impl<T: Lane> Totals<T> {
    /// `grid` is dense, and its weights are the same integer.
    pub(super) fn new(grid: Grid<'_>) -> Self {
        Self {
            weight: T::from_weight(grid.weights[0]),
            shape: grid.shape,
            origin: grid.origin,
        }
    }

    /// See [`super::Contraction::run`]. The band has no step down.
    pub(super) fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, T>,
        first: usize,
        out: &mut [T],
        stride: usize,
        scratch: &mut Vec<T>,
    ) -> Result<()> {
        let channels = band.channels();
        let len = band.dense_len();
        let width = len + (self.shape[1] - 1) * channels;
        let left = self.origin[1] * channels;
        try_resize(scratch, 3 * width, T::ZERO)?;
        for (block, out) in out.chunks_mut(ROWS * stride).enumerate() {
            let top = first + block * ROWS + self.origin[0];
            let seen = out.len().div_ceil(stride) + self.shape[0] - 1;
            let rows = band.rows[top..top + seen].iter();
            simd.run(Rows {
                kernel: self,
                sources: &rows.map(|row| &row[left..left + width]).collect::<Vec<_>>(),
                channels,
                len,
                out,
                stride,
                scratch,
            });
        }
        Ok(())
    }
}

/// Some output rows, and what they are computed from.
struct Rows<'a, T> {
    kernel: &'a Totals<T>,
    sources: &'a [&'a [T]],
    channels: usize,
    /// Samples in a row of sums.
    len: usize,
    out: &'a mut [T],
    stride: usize,
    /// Three rows as wide as the sources.
    scratch: &'a mut [T],
}

impl<T: Lane> Body for Rows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let [rows, columns] = self.kernel.shape;
        let width = self.scratch.len() / 3;
        let (totals, buffers) = self.scratch.split_at_mut(width);
        let (a, b) = buffers.split_at_mut(width);
        totals.fill(T::ZERO);
        for source in &self.sources[..rows] {
            for (total, &sample) in totals.iter_mut().zip(*source) {
                *total = total.plus(sample);
            }
        }
        for (y, out) in self.out.chunks_mut(self.stride).enumerate() {
            if y > 0 {
                let (left, entered) = (self.sources[y - 1], self.sources[y - 1 + rows]);
                for ((total, &left), &entered) in totals.iter_mut().zip(left).zip(entered) {
                    *total = total.plus(entered.minus(left));
                }
            }
            let out = &mut out[..self.len];
            along(totals, columns, self.channels, a, b, out);
            if self.kernel.weight != T::from_weight(1.0) {
                for sum in out {
                    *sum = sum.mul_add::<false>(self.kernel.weight, T::ZERO);
                }
            }
        }
    }
}

/// Sums of `columns` neighbours: sums of 1, 2, 4, ... neighbours, of which
/// those are taken whose bit is set in `columns`.
#[inline(always)]
fn along<'a, T: Lane>(
    totals: &[T],
    columns: usize,
    channels: usize,
    mut sums: &'a mut [T],
    mut spare: &'a mut [T],
    out: &mut [T],
) {
    let mut taken = 0;
    for bit in 0..=columns.ilog2() {
        let span = 1 << bit;
        // Sums of `span` neighbours.
        if bit > 0 {
            let half = span / 2 * channels;
            let from: &[T] = if bit == 1 { totals } else { sums };
            let (near, far) = (&from[..from.len() - half], &from[half..]);
            for ((to, &near), &far) in spare.iter_mut().zip(near).zip(far) {
                *to = near.plus(far);
            }
            std::mem::swap(&mut sums, &mut spare);
        }
        if columns & span == 0 {
            continue;
        }
        let from: &[T] = if bit == 0 { totals } else { sums };
        let from = &from[taken * channels..];
        if taken == 0 {
            out.copy_from_slice(&from[..out.len()]);
        } else {
            for (sum, &part) in out.iter_mut().zip(from) {
                *sum = sum.plus(part);
            }
        }
        taken += span;
    }
}
