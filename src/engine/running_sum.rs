//! Box filters of integer weights: running sums down the columns, then row sums by
//! doubling (of 1, 2, 4, ... neighbours). The work hardly grows with the kernel.
//!
//! Samples that leave the window are subtracted, so every sum must be exact: this
//! is for integers only.

use std::{fmt, mem};

use super::{
    Band, CompiledKernel, Engine, Method, Offer, Refusal, Scratch,
    compiled_bank::{Arithmetic, Bank, LaneRecipe},
    direct,
    packed_taps::PlacedKernel,
    problem::{Problem, is_exact},
    recycled_slices::recycled,
};
use crate::{
    error::Result,
    image::try_resize,
    kernel::Kernel,
    number::Lane,
    simd::{Body, Isa, Simd},
};

/// Running sums.
#[derive(Debug)]
pub(super) struct RunningSum;

/// The cost of the column sums, and of every doubling along a row, in taps of the
/// direct engine (5x5 and 15x15 in i16: 5.8 and 8.3 ms; 31x31 in f32: 17).
const COLUMN_SUMS: f64 = 14.0;
const DOUBLING: f64 = 4.0;

impl Engine for RunningSum {
    fn name(&self) -> &'static str {
        "running-sum"
    }

    fn method(&self) -> Method {
        Method::Separable
    }

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        check(problem).map_err(Refusal::of)?;
        let choice = problem.lane()?;
        let lane = choice.lane;
        let taps = |k: &Kernel| COLUMN_SUMS + DOUBLING * f64::from(k.columns().ilog2());
        let taps = problem.kernels.iter().map(taps);
        let cost = taps.sum::<f64>() * direct::tap_cost(lane) * problem.samples();
        Ok(Offer {
            // A row of column sums, and two of row sums.
            scratch: problem.pass_row_bytes(lane).saturating_mul(3),
            ..Offer::in_lane(problem, choice, cost, ROWS, RunningTotals)
        })
    }
}

/// Why running sums cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Why {
    #[error("the weights of a kernel are not one integer")]
    Weights,
    #[error("the step leaves rows out")]
    Step,
    #[error("the taps are not neighbours")]
    Dilation,
}

/// Whether running sums are exact for every kernel.
pub(super) fn check(problem: &Problem<'_>) -> Result<(), Why> {
    let equal = |k: &Kernel| {
        let same = || {
            let first = k.weights()[[0, 0]];
            first != 0.0 && k.weights().iter().all(|&w| w == first)
        };
        is_exact(k, problem.depth) && same()
    };
    if !problem.kernels.iter().all(equal) {
        return Err(Why::Weights);
    }
    if problem.geometry.rows.step != 1 {
        return Err(Why::Step);
    }
    if problem.geometry.dilation() != [1, 1] {
        return Err(Why::Dilation);
    }
    Ok(())
}

#[derive(Debug)]
struct RunningTotals;

impl fmt::Display for RunningTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("columns, then rows, by running totals: the weights are equal")
    }
}

impl LaneRecipe for RunningTotals {
    fn kernel<T: Arithmetic>(
        &self,
        bank: &Bank<'_>,
        at: usize,
    ) -> Result<Box<dyn CompiledKernel<Element = T, Sum = T>>> {
        Ok(Box::new(Compiled::new(bank.kernels[at])))
    }
}

/// Output rows before the column sums are computed from scratch. Bands begin at multiples
/// of it, so that calls need not share state.
const ROWS: usize = 16;

/// A kernel of equal weights.
#[derive(Debug)]
struct Compiled<T> {
    weight: T,
    shape: [usize; 2],
    origin: [usize; 2],
}

impl<T: Lane> Compiled<T> {
    /// `kernel` is dense, and its weights are the same integer.
    fn new(kernel: PlacedKernel<'_>) -> Self {
        Self {
            weight: T::from_weight(kernel.weights[0]),
            shape: kernel.shape,
            origin: kernel.origin,
        }
    }
}

impl<T: Lane> CompiledKernel for Compiled<T> {
    type Element = T;
    type Sum = T;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, T>,
        first: usize,
        out: &mut [T],
        stride: usize,
        scratch: &mut Scratch<T>,
    ) -> Result<()> {
        let Scratch {
            rows: scratch,
            slices,
            ..
        } = scratch;
        let channels = band.channels();
        let len = band.dense_len();
        let width = len + (self.shape[1] - 1) * channels;
        let left = self.origin[1] * channels;
        try_resize(scratch, 3 * width, T::ZERO)?;
        for (block, out) in out.chunks_mut(ROWS * stride).enumerate() {
            let top = first + block * ROWS + self.origin[0];
            let source_rows = out.len().div_ceil(stride) + self.shape[0] - 1;
            let rows = band.rows[top..top + source_rows].iter();
            let mut sources = recycled(mem::take(slices));
            sources.extend(rows.map(|row| &row[left..left + width]));
            simd.run(Rows {
                kernel: self,
                sources: &sources,
                channels,
                len,
                out,
                stride,
                scratch,
            });
            *slices = recycled(sources);
        }
        Ok(())
    }
}

/// The operands of a block of output rows.
struct Rows<'a, T> {
    kernel: &'a Compiled<T>,
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
        let (column_sums, buffers) = self.scratch.split_at_mut(width);
        let (a, b) = buffers.split_at_mut(width);
        column_sums.fill(T::ZERO);
        for source in &self.sources[..rows] {
            for (sum, &sample) in column_sums.iter_mut().zip(*source) {
                *sum = sum.plus(sample);
            }
        }
        for (y, out) in self.out.chunks_mut(self.stride).enumerate() {
            if y > 0 {
                let (leaving, entering) = (self.sources[y - 1], self.sources[y - 1 + rows]);
                for ((sum, &leaving), &entering) in
                    column_sums.iter_mut().zip(leaving).zip(entering)
                {
                    *sum = sum.plus(entering.minus(leaving));
                }
            }
            let out = &mut out[..self.len];
            row_sums(column_sums, columns, self.channels, a, b, out);
            if self.kernel.weight != T::from_weight(1.0) {
                for sum in out {
                    *sum = sum.mul_add::<false>(self.kernel.weight, T::ZERO);
                }
            }
        }
    }
}

/// Sums of `columns` neighbours, added up from sums of 1, 2, 4, ... neighbours, one
/// for each bit set in `columns`. For example, 5 neighbours are 1 + 4.
#[inline(always)]
fn row_sums<'a, T: Lane>(
    column_sums: &[T],
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
            let from: &[T] = if bit == 1 { column_sums } else { sums };
            let (left, right) = (&from[..from.len() - half], &from[half..]);
            for ((to, &left), &right) in spare.iter_mut().zip(left).zip(right) {
                *to = left.plus(right);
            }
            mem::swap(&mut sums, &mut spare);
        }
        if columns & span == 0 {
            continue;
        }
        let from: &[T] = if bit == 0 { column_sums } else { sums };
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
