//! Kernels of low rank: the sum of a few outer products of a column and a row.
//!
//! Every output row takes two passes: a vertical one, whose rows of sums, one per
//! term, stay in cache, and a horizontal one along these rows. Both use the loop of
//! the direct engine. The samples of common types are converted in the vertical one.

use std::fmt;

use super::{
    Bank, CompiledBank, Engine, Kernels, Method, Offer, Recipe, Refusal,
    lane::{self, LaneChoice, LaneReason},
    packed_taps::{MAX_BLOCK_ROWS, inward_row},
    phased::{MIN_PART_SPANS, Phased, PhasedLane, PhasedSamples, TermRows},
    problem::{Problem, SumDivisor, is_exact},
    register_blocks::{self, Blocks},
    running_sum,
    two_passes::{Of, TwoPasses},
};
use crate::{
    error::Result,
    image::Depth,
    kernel::{Factor, Factors, Kernel, count_column_taps},
    number::{ElementKind, LaneKind, MAX_ROUNDINGS},
    simd::Level,
};

/// Separable convolution in two passes.
#[derive(Debug)]
pub(super) struct Separable;

/// The cost of a horizontal tap, in taps of the direct engine: output rows do not
/// share its loads (24 megapixels of bytes by two passes of 3, 7 and 15 taps of i16: 4.8, 6.3 and
/// 9.3 ms).
const ROW_TAP: f64 = 2.5;

/// The fixed cost of a second pass, in taps of the direct engine.
const PASS: f64 = 4.0;

/// The cost of a horizontal tap and of the second pass where the samples of a row are in phases,
/// which share loads: 24 megapixels of f32 by two passes of 9, 17 and 81 taps took 22.5, 27.7 and 105
/// ms, and by 9x9 at once 39.7; of bytes by 5, 9, 15 and 31 taps 10.3, 14.5, 20.6 and 37, and by 3x3
/// and 9x9 at once 10 and 47. Taps that are channels apart share few: of three, sigma 10 takes 1.4
/// times as long, with AVX2 1.8 times.
const fn phased(depth: Depth, is_spaced: bool, level: Level) -> (f64, f64) {
    match (is_spaced, level, depth) {
        (true, Level::Avx512 | Level::Avx512Vnni, _) => (1.8, 0.0),
        (true, ..) => (3.5, 0.0),
        (false, _, Depth::U8) => (1.0, 0.0),
        (false, _, Depth::U16) => (1.4, 1.5),
        (false, ..) => (1.5, PASS),
    }
}

/// The minimum number of samples of more than a byte in a row of a tile: the vertical pass reads
/// each of them many times, and finds the rows of a window in L2 (24 megapixels of f32, Gaussians
/// of sigma 2 and 10 on AVX-512: 51 and 146 ms; in rows of 6000 59 and 193).
const TILE_SAMPLES: usize = 1024;

/// The maximum number of terms unless this method is requested: with more, a transform is
/// always faster.
const MAX_RANK: usize = 4;

/// The phases that integers are summed in; floats are in the order of their taps in any number.
const PHASES: usize = 4;

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
            let factors = factors(k, problem, max_rank)?;
            match problem.divided_by.is_some() && !is_product(k, &factors) {
                true => Err(Why::Residual),
                false => Ok(factors),
            }
        });
        let factors: Vec<Factors> = factors.collect::<Result<_, Why>>().map_err(Refusal::of)?;
        // Samples that are rounded exactly do not depend on the order of their taps.
        let order = TapOrder {
            is_inward: problem.rounds_exactly()
                && problem.divided_by.is_none()
                && problem.geometry.rows.dilation == 1,
            spacing: (problem.geometry.columns.dilation).saturating_mul(problem.channels),
            drops_zeros: !problem.depth.is_float(),
        };
        let error = |at: usize, k: &Kernel, lane| relative_error(k, &factors[at], order, lane);
        let level = problem.level_of_costs();
        let len = problem.samples_in_row().max(1);
        let taps = |(row_tap, pass): (f64, f64)| -> f64 {
            let of_kernel = |(k, f): (&Kernel, &Factors)| {
                let row = row_tap * k.columns() as f64;
                // The columns left and right of a row, or of a part of it, are summed, too.
                let span = (k.columns() - 1).saturating_mul(order.spacing);
                let part = len.min(span.saturating_mul(MIN_PART_SPANS).max(TILE_SAMPLES));
                let column = k.rows() as f64 * (part + span) as f64 / part as f64;
                f.terms.len() as f64 * (column + row) + pass
            };
            problem.kernels.iter().zip(&factors).map(of_kernel).sum()
        };
        let cost = |choice: &LaneChoice| {
            let lane = choice.lane;
            let is_phased = lane != LaneKind::I16
                && level != Level::Portable
                && len >= 2 * problem.block_columns(lane);
            let taps = taps(match is_phased {
                true => phased(problem.depth, order.spacing > 1, level),
                false => (ROW_TAP, PASS),
            });
            let blocks = problem.computed_in_blocks(lane);
            taps * problem.tap_cost(lane) * blocks * problem.samples()
        };
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
        let element = match (problem.divided_by, problem.depth, lane) {
            (None, Depth::U8, LaneKind::F32) => ElementKind::Bytes,
            (None, Depth::U16, LaneKind::F64) => ElementKind::Words,
            _ => ElementKind::Lane(lane),
        };
        let tile_width = match element {
            ElementKind::Bytes => problem.tile_width(),
            _ => problem.tile_width_of(TILE_SAMPLES),
        };
        let passes = Passes {
            factors,
            element,
            order,
        };
        // Rows of every term, before they are summed.
        let scratch = (passes.terms() * rows_at_once.max(MAX_BLOCK_ROWS))
            .saturating_mul(problem.pass_row_bytes(lane));
        Ok(Offer {
            scratch,
            element,
            tile_width,
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
fn factors(kernel: &Kernel, problem: &Problem<'_>, max_rank: usize) -> Result<Factors, Why> {
    if is_exact(kernel, problem.depth) {
        return kernel.integer_factors().ok_or(Why::Rank);
    }
    // With more terms than half the smaller side, they have more taps than the kernel.
    let max_terms = (kernel.rows().min(kernel.columns()))
        .div_ceil(2)
        .min(max_rank);
    let factors = kernel.factors(max_terms).ok_or(Why::MoreThan(max_terms))?;
    // In f64; the lane f32 is taken only where its roundings are as few.
    let error = relative_error(kernel, &factors, TapOrder::ASCENDING, LaneKind::F64);
    let roundings = error / LaneKind::F32.unit_roundoff();
    if roundings.ceil() as usize > MAX_ROUNDINGS {
        return Err(Why::Cancels);
    }
    if problem.needs_f64() && factors.residual > MAX_F64_RESIDUAL * kernel.abs_sum() {
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
fn relative_error(kernel: &Kernel, factors: &Factors, order: TapOrder, lane: LaneKind) -> f64 {
    let terms = factors.terms.len();
    // Every product is rounded, and so is its weight.
    const OF_PRODUCT: f64 = 2.0;
    let of_column = |Factor { column, row }: &Factor| {
        let partial = match order.is_inward {
            true => partial_sums_inward(column),
            false => partial_sums(column),
        };
        let sum = OF_PRODUCT * abs_sum(column) + partial;
        sum * abs_sum(row)
    };
    let of_columns: f64 = factors.terms.iter().map(of_column).sum();
    let rows: Vec<f64> = factors.terms.iter().flat_map(|f| &f.row).copied().collect();
    let taps = count_column_taps(&rows, kernel.columns());
    let [mut of_row_sums, mut joined] = [0.0; 2];
    for columns in lane.column_groups(&taps) {
        let mut sum = 0.0;
        for Factor { column, row } in &factors.terms {
            let group = &row[columns.clone()];
            let mut weights: Vec<f64> = group.iter().map(|w| w.abs()).collect();
            if order.is_inward {
                weights.sort_by(f64::total_cmp);
            }
            let gain = abs_sum(column);
            of_row_sums += gain * partial_sums(&weights) + sum * group.len() as f64;
            sum += gain * abs_sum(group);
        }
        joined += sum;
        of_row_sums += joined;
    }
    let gains: Vec<f64> = (factors.terms.iter()).map(|f| abs_sum(&f.column)).collect();
    let of_phases = (order.rows(&rows, kernel.columns())).partial_sums(lane, PHASES, &gains);
    let of_rows = OF_PRODUCT * factors.abs_sum() + of_row_sums.max(of_phases);
    // Each term rounds the residual, in f64, by a product and a difference.
    let residual = factors.residual + (2 * terms) as f64 * f64::EPSILON * factors.abs_sum();
    ((of_columns + of_rows) * lane.unit_roundoff() + residual) / kernel.abs_sum()
}

fn abs_sum(weights: &[f64]) -> f64 {
    weights.iter().map(|w| w.abs()).sum()
}

/// The largest of [`partial_sums`] of a column, in the order that blocks of 1, 2 or 4 rows take
/// it.
fn partial_sums_inward(column: &[f64]) -> f64 {
    let of_output = |rows: usize, row: usize| {
        let source_rows = column.len() + rows - 1;
        let taps = (0..source_rows).filter_map(|at| {
            let tap = inward_row(at, source_rows).checked_sub(row)?;
            column.get(tap).copied()
        });
        partial_sums(&taps.collect::<Vec<_>>())
    };
    let outputs = [1, 2, 4]
        .into_iter()
        .flat_map(|rows| (0..rows).map(move |row| (rows, row)));
    let inward = outputs.map(|(rows, row)| of_output(rows, row));
    inward.fold(0.0, f64::max)
}

/// The sum of all partial sums of these absolute weights, in this order. Each addition of a
/// product rounds the sum so far, which is at most the partial sum times the largest sample.
fn partial_sums(weights: &[f64]) -> f64 {
    let partial = weights.iter().scan(0.0, |sum, w| {
        *sum += w.abs();
        Some(*sum)
    });
    partial.sum()
}

/// The terms of every kernel.
#[derive(Debug)]
struct Passes {
    factors: Vec<Factors>,
    /// What the vertical pass reads.
    element: ElementKind,
    order: TapOrder,
}

/// The order of taps in the two passes.
#[derive(Debug, Clone, Copy)]
struct TapOrder {
    /// Whether columns, and rows in phases, are summed from both ends inwards.
    is_inward: bool,
    /// Samples from one tap of a row to the next.
    spacing: usize,
    /// Whether taps of weight zero are dropped.
    drops_zeros: bool,
}

impl TapOrder {
    const ASCENDING: Self = Self {
        is_inward: false,
        spacing: 1,
        drops_zeros: false,
    };

    const fn rows(self, weights: &[f64], columns: usize) -> TermRows<'_> {
        TermRows {
            weights,
            columns,
            spacing: self.spacing,
            drops_zeros: self.drops_zeros,
            is_inward: self.is_inward,
        }
    }
}

impl Passes {
    /// The largest number of terms of any kernel.
    fn terms(&self) -> usize {
        let terms = self.factors.iter().map(|f| f.terms.len());
        terms.max().unwrap_or(1)
    }

    fn passes<'a, T: Blocks>(&'a self, bank: &'a Bank<'_>) -> impl Iterator<Item = TwoPasses<T>> {
        let kernels = bank.kernels.iter().zip(&self.factors);
        kernels.map(|(&kernel, Factors { terms, .. })| {
            let TapOrder {
                is_inward,
                drops_zeros,
                ..
            } = self.order;
            TwoPasses::new(kernel, terms, &bank.row, drops_zeros, is_inward)
        })
    }

    fn kernels<T: Blocks>(&self, bank: &Bank<'_>) -> Kernels<T, T> {
        let kernels = self.passes(bank);
        kernels
            .map(|passes| Box::new(Of::new(passes)) as Box<_>)
            .collect()
    }

    /// The same with the samples in `P` phases.
    fn phased<S: PhasedSamples<T, P>, T: PhasedLane, const P: usize>(
        &self,
        bank: &Bank<'_>,
    ) -> Kernels<S, T> {
        let kernels = self.passes(bank).zip(&self.factors).zip(&bank.kernels);
        kernels
            .map(|((passes, Factors { terms, .. }), kernel)| {
                let weights: Vec<f64> = terms.iter().flat_map(|f| &f.row).copied().collect();
                let rows = self.order.rows(&weights, kernel.shape[1]);
                let left = kernel.origin[1] * bank.row.shape()[1];
                Box::new(Phased::<S, T, P>::new(passes, rows, left)) as Box<_>
            })
            .collect()
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

impl Recipe for Passes {
    fn compile(&self, bank: &Bank<'_>) -> Result<CompiledBank> {
        Ok(match (self.element, bank.lane) {
            (ElementKind::Bytes, _) => CompiledBank::BytesF32(self.phased::<_, _, 4>(bank)),
            (ElementKind::Words, _) => CompiledBank::WordsF64(self.phased::<_, _, 4>(bank)),
            (_, LaneKind::I16) => CompiledBank::I16(self.kernels(bank)),
            (_, LaneKind::F32) => CompiledBank::F32(self.phased::<_, _, 2>(bank)),
            (_, LaneKind::F64) => CompiledBank::F64(self.phased::<_, _, 2>(bank)),
        })
    }
}
