//! Kernels of low rank: the sum of a few outer products of a column and a row.
//!
//! Every output row takes two passes: a vertical one, whose rows of sums, one per
//! term, stay in cache, and a horizontal one along these rows. Both use the loop of
//! the direct engine.

use std::{fmt, mem};

use super::{
    Band, CompiledKernel, Engine, Method, Offer, Refusal, Scratch,
    compiled_bank::{Arithmetic, Bank, LaneRecipe},
    direct,
    lane::{self, LaneChoice, LaneReason},
    naive,
    packed_taps::{PlacedKernel, Taps},
    problem::{Problem, SumDivisor, is_exact},
    recycled_slices::recycled,
    register_blocks::{self, Blocks, Rows},
    running_sum,
};
use crate::{
    error::Result,
    image::Depth,
    kernel::{Factor, Factors, Kernel},
    number::{Lane, LaneKind, MAX_ROUNDINGS},
    simd::{Body, Isa, Simd, aligned, padded_row_len},
    view::Layout,
};

/// Separable convolution in two passes.
#[derive(Debug)]
pub(super) struct Separable;

/// The cost of a horizontal tap, in taps of the direct engine: output rows do not
/// share its loads (24 megapixels of bytes by two passes of 3, 7 and 15 taps of f32:
/// 9.0, 11.9 and 17.8 ms; of i16: 4.8, 6.3 and 9.3).
const ROW_TAP: f64 = 2.5;

/// The fixed cost of a second pass, in taps of the direct engine.
const PASS: f64 = 4.0;

/// The maximum number of terms unless this method is requested: with more, a transform is
/// always faster.
const MAX_RANK: usize = 4;

/// The largest residual of the terms where sums are computed in f64 for their accuracy,
/// relative to the sum of the absolute weights: a few of its roundings.
const MAX_F64_RESIDUAL: f64 = 4.0 * f64::EPSILON;

impl Engine for Separable {
    fn name(&self) -> &'static str {
        "separable"
    }

    fn method(&self) -> Method {
        Method::Separable
    }

    fn divides_sums_by(&self, _: SumDivisor) -> bool {
        true
    }

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        if problem.divided_by.is_none() && running_sum::check(problem).is_ok() {
            return Err(Refusal::of(Why::Equal));
        }
        let max_rank = match problem.method {
            _ if problem.divided_by.is_some() => 1,
            Some(Method::Separable) => usize::MAX,
            _ => MAX_RANK,
        };
        let factors = (problem.kernels.iter()).map(|k| {
            let factors = factors(k, problem.depth, max_rank)?;
            match problem.divided_by.is_some() && !is_product(k, &factors) {
                true => Err(Why::Residual),
                false => Ok(factors),
            }
        });
        let factors: Vec<Factors> = factors.collect::<Result<_, Why>>().map_err(Refusal::of)?;
        let error = |at: usize, k: &Kernel, lane| relative_error(k, &factors[at], lane);
        let taps = problem.kernels.iter().zip(&factors).map(|(k, f)| {
            let row = ROW_TAP * k.columns() as f64;
            f.terms.len() as f64 * (k.rows() as f64 + row) + PASS
        });
        let taps = taps.sum::<f64>() * problem.samples();
        let cost = |choice: &LaneChoice| taps * direct::tap_cost(choice.lane);
        let mut choice = lane::lane(problem, error)?;
        if let LaneReason::FewNearTies(near) = choice.reason {
            // Large windows take long to be summed again, however few they are.
            let wide = LaneChoice {
                reason: LaneReason::ManyNearTies(near),
                ..lane::lane(&problem.in_f64(), error)?
            };
            let with_ties = |c: &LaneChoice| cost(c) + problem.near_tie_cost(&c.sum_errors);
            if with_ties(&wide) < with_ties(&choice) {
                choice = wide;
            }
        }
        let (lane, cost) = (choice.lane, cost(&choice));
        let rows_at_once = register_blocks::block_rows(problem, lane);
        let passes = Passes(factors);
        // Rows of every term, before they are summed.
        let scratch = (passes.terms() * rows_at_once.max(register_blocks::MAX_BLOCK_ROWS))
            .saturating_mul(problem.pass_row_bytes(lane));
        Ok(Offer {
            scratch,
            ..Offer::in_lane(problem, choice, cost, rows_at_once, passes)
        })
    }
}

/// Why two passes cannot be used.
#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("the weights are equal, and running sums take fewer steps")]
    Equal,
    #[error("the integer weights are not one column times one row")]
    Rank,
    #[error("the weights are no sum of {0} or fewer columns times rows")]
    MoreThan(usize),
    #[error("its terms cancel, and would round to more than is promised")]
    Cancels,
    #[error("its terms are the weights to fewer digits than f64 has")]
    Residual,
}

/// The kernel as a sum of columns times rows, or why it cannot be one.
fn factors(kernel: &Kernel, depth: Depth, max_rank: usize) -> Result<Factors, Why> {
    if is_exact(kernel, depth) {
        return kernel.integer_factors().ok_or(Why::Rank);
    }
    // With more terms than half the smaller side, they have more taps than the kernel.
    let max_terms = (kernel.rows().min(kernel.columns()))
        .div_ceil(2)
        .min(max_rank);
    let factors = kernel.factors(max_terms).ok_or(Why::MoreThan(max_terms))?;
    // In f64; the lane f32 is taken only where its roundings are as few.
    let roundings = relative_error(kernel, &factors, LaneKind::F64) / LaneKind::F32.unit_roundoff();
    if roundings.ceil() as usize > MAX_ROUNDINGS {
        return Err(Why::Cancels);
    }
    if depth.needs_f64() && factors.residual > MAX_F64_RESIDUAL * kernel.abs_sum() {
        return Err(Why::Residual);
    }
    Ok(factors)
}

/// Whether every weight, however small, is that of the first term but for the rounding of a
/// few operations.
fn is_product(kernel: &Kernel, factors: &Factors) -> bool {
    let Some(Factor { column, row }) = factors.terms.first() else {
        return false;
    };
    let products = column.iter().flat_map(|c| row.iter().map(move |r| c * r));
    products
        .zip(kernel.as_slice())
        .all(|(product, w)| (product - w).abs() <= 8.0 * f64::EPSILON * w.abs())
}

/// The error of two passes relative to the sum of the absolute weights and the largest
/// sample: their roundings, the rounding of the weights, and the residual of the factors.
fn relative_error(kernel: &Kernel, factors: &Factors, lane: LaneKind) -> f64 {
    let terms = factors.terms.len();
    let longest = kernel.rows() + terms * kernel.columns() + 2;
    // Each term rounds the residual, in f64, by a product and a difference.
    let residual = factors.residual + (2 * terms) as f64 * f64::EPSILON * factors.abs_sum();
    (longest as f64 * lane.unit_roundoff() * factors.abs_sum() + residual) / kernel.abs_sum()
}

/// The terms of every kernel.
#[derive(Debug)]
struct Passes(Vec<Factors>);

impl Passes {
    /// The largest number of terms of any kernel.
    fn terms(&self) -> usize {
        self.0.iter().map(|f| f.terms.len()).max().unwrap_or(1)
    }
}

impl fmt::Display for Passes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("columns, then rows: the weights are ")?;
        match self.terms() {
            1 => f.write_str("one column times one row"),
            terms => write!(f, "{terms} columns times {terms} rows"),
        }
    }
}

impl LaneRecipe for Passes {
    fn kernel<T: Arithmetic>(
        &self,
        bank: &Bank<'_>,
        at: usize,
    ) -> Result<Box<dyn CompiledKernel<Element = T, Sum = T>>> {
        Ok(Box::new(Compiled::new(
            bank.kernels[at],
            &self.0[at].terms,
            &bank.row,
            bank.drops_zeros(),
        )))
    }
}

impl<T: Blocks> CompiledKernel for Compiled<T> {
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
        contract(simd, band, self, first, out, stride, scratch)
    }
}

/// A kernel as the sum of columns x rows.
#[derive(Debug, Clone)]
pub(super) struct Compiled<T> {
    /// The column of every term.
    columns: Vec<Taps<T>>,
    /// One row of weights for every term.
    rows: Taps<T>,
    /// The kernel itself, for sums that overflow in the two passes.
    full_kernel: Taps<T>,
}

impl<T: Lane> Compiled<T> {
    /// The weights of `kernel` are the sum of the outer products of `factors`.
    pub(super) fn new(
        kernel: PlacedKernel<'_>,
        factors: &[Factor],
        row: &Layout<2>,
        drop_zeros: bool,
    ) -> Self {
        let [kernel_rows, kernel_columns] = kernel.shape;
        let column = |factor: &Factor| {
            let kernel = PlacedKernel {
                weights: &factor.column,
                shape: [kernel_rows, 1],
                origin: [kernel.origin[0], 0],
                ..kernel
            };
            Taps::new(kernel, row, drop_zeros)
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
            rows: Taps::new(rows, row, drop_zeros),
            full_kernel: Taps::new(kernel, row, drop_zeros),
        }
    }
}

/// See [`CompiledKernel::run`].
pub(super) fn contract<T: Blocks>(
    simd: Simd,
    band: &Band<'_, T>,
    kernel: &Compiled<T>,
    first: usize,
    out: &mut [T],
    stride: usize,
    scratch: &mut Scratch<T>,
) -> Result<()> {
    let at_once = register_blocks::rows_at_once(T::KIND, simd.level());
    let Compiled {
        columns,
        rows: row_taps,
        full_kernel,
    } = kernel;
    // A row shorter than a block is computed past its end.
    let width = band.dense_len().max(T::MAX_BLOCK) + row_taps.span;
    let pitch = padded_row_len::<T>(width);
    let Scratch { rows, slices, .. } = scratch;
    let scratch = aligned(rows, columns.len() * at_once * pitch)?;
    let neighbours = band.step[0] == 1 && full_kernel.dilation[0] == 1;
    let mut at = 0;
    while at * stride < out.len() {
        let out = &mut out[at * stride..];
        let rows = if neighbours && out.len() >= at_once * stride {
            at_once
        } else {
            1
        };
        let sources = band.source_rows(full_kernel.rows_read(), first + at, rows);
        let mut prefetch_rows = band.rows_to_prefetch(full_kernel.rows_read(), first + at, rows);
        for (taps, sums) in columns.iter().zip(scratch.chunks_mut(at_once * pitch)) {
            Rows {
                sources,
                prefetch_rows: mem::take(&mut prefetch_rows),
                taps,
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
        let rows_of_sums = sums.chunks(columns.len());
        for (row, (out, terms)) in out.chunks_mut(stride).zip(rows_of_sums).enumerate() {
            Rows {
                sources: terms,
                prefetch_rows: &[],
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
                    full_kernel,
                    first + at + row,
                    &mut out[..band.dense_len()],
                );
            }
        }
        *slices = recycled(sums);
        at += rows;
    }
    Ok(())
}

/// Recomputes infinite and NaN sums tap by tap: the terms may overflow, or give
/// infinity minus infinity, where the kernel itself does not.
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
