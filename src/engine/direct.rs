//! Direct convolution, tap by tap: the engine for small kernels.

use std::fmt;

use super::{
    Band, Bank, CompiledBank, CompiledKernel, Engine, Kernels, Method, Offer, Recipe, Refusal,
    Scratch,
    direct_registers::{self, DirectLane},
    dots, lane,
    packed_taps::Taps,
    phased::PhasedSamples,
    problem::{Problem, SumDivisor},
    register_blocks::{block_rows, contract},
};
use crate::{
    error::Result,
    geometry::TILE_SAMPLES,
    image::Depth,
    kernel::{Factor, Kernel},
    number::{ElementKind, LaneKind},
    simd::{Level, Simd},
};

/// Direct convolution.
#[derive(Debug)]
pub(super) struct Direct;

/// Nanoseconds to widen an 8-bit sample, and to store its sum and load it again, which dot products
/// of bytes do not need: 512 x 512 through 3 taps took 91 us in i16 and 56 in dot products (Xeon). All
/// other engines widen too, so it is added only in comparison with dot products.
const WIDENING: f64 = 0.05;

impl Engine for Direct {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn method(&self) -> Method {
        Method::Direct
    }

    fn divides_sums_by(&self, _: SumDivisor) -> bool {
        true
    }

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        let choice = lane::lane(problem, |_, kernel, lane| relative_error(kernel, lane))?;
        let lane = choice.lane;
        // In float images zero weights count: 0 * NaN is NaN.
        let taps = |k: &Kernel| match problem.depth.is_float() {
            true => k.area(),
            false => k.taps(),
        };
        // Taps that begin a run count twice, as measured: a line of 9 taps at an angle took 0.7 ns a
        // sample, one of 31 taps 1 (Xeon).
        let runs = |k: &Kernel| match lane {
            LaneKind::I16 => k.as_slice().chunks(k.columns()).map(runs_of_taps).sum(),
            _ => 0,
        };
        let taps: usize = problem.kernels.iter().map(|k| taps(k) + runs(k)).sum();
        let mut cost = taps as f64 * problem.tap_cost(lane);
        cost *= problem.computed_in_blocks(lane);
        let widening = WIDENING * problem.tap_factor();
        if dots::cost(problem, lane).is_ok_and(|dots| dots < cost + widening) {
            cost += widening;
        }
        let (cost, rows) = (cost * problem.samples(), block_rows(problem, lane));
        let element = element(problem, lane);
        Ok(Offer {
            element,
            tile_width: match element {
                ElementKind::Lane(_) => tile_width(problem, lane),
                _ => problem.tile_width(),
            },
            ..Offer::in_lane(problem, choice, cost, rows, EveryTap(element))
        })
    }
}

/// How often taps of a row follow upon none.
fn runs_of_taps(row: &[f64]) -> usize {
    let before = std::iter::once(&0.0).chain(row);
    let begins = before
        .zip(row)
        .filter(|&(&before, &at)| before == 0.0 && at != 0.0);
    begins.count()
}

/// The error of the sum of a window relative to the sum of the absolute weights and the largest
/// sample: weights and products are rounded, and so is each sum but the first, which is at most the
/// sum of the weights so far times that sample; and those of groups.
fn relative_error(kernel: &Kernel, lane: LaneKind) -> f64 {
    const OF_PRODUCT: f64 = 2.0;
    if let Some(Factor { column, row }) = kernel.factor() {
        // At most, without the weights.
        let roundings = OF_PRODUCT + (column.len() * row.len()) as f64;
        let by_groups = lane.roundings(&kernel.column_taps()) as f64;
        return roundings.min(by_groups) * lane.unit_roundoff();
    }
    let (columns, weights) = (kernel.columns(), kernel.as_slice());
    let [mut errors, mut joined] = [0.0; 2];
    for (at, group) in (lane.column_groups(&kernel.column_taps()).iter()).enumerate() {
        let rows = weights.chunks_exact(columns);
        let of_group = rows.flat_map(|row| &row[group.clone()]);
        let mut sum = 0.0;
        for (at, weight) in of_group.filter(|&&w| w != 0.0).enumerate() {
            sum += weight.abs();
            errors += if at > 0 { sum } else { 0.0 };
        }
        joined += sum;
        errors += if at > 0 { joined } else { 0.0 };
    }
    // Without weights there are no errors.
    let abs_sum = kernel.abs_sum().max(f64::MIN_POSITIVE);
    (OF_PRODUCT + errors / abs_sum) * lane.unit_roundoff()
}

/// The bytes of the source rows of a band: they stay in L2.
const BAND_BYTES: usize = 1 << 20;

/// A line of a tile is at least so many samples long: shorter ones are read slowly.
const MIN_TILE_SAMPLES: usize = 1024;

/// The tile width. Under a tall kernel rows are short, since all rows of a window are read again
/// for every block of output rows: 24 megapixels of bytes through a line of 73 rows took 250 ms in
/// rows of 6000, where they came from L3.
fn tile_width(problem: &Problem<'_>, lane: LaneKind) -> usize {
    // A band has at least twice as many rows as its windows overlap.
    let rows = problem.geometry.rows.window.saturating_mul(3);
    let samples = BAND_BYTES / rows.saturating_mul(lane.bytes());
    problem.tile_width_of(samples.clamp(MIN_TILE_SAMPLES, TILE_SAMPLES))
}

/// The samples of bands: bytes and 16-bit samples as they are where neighbouring taps of a single
/// kernel share the vectors that they are converted to.
fn element(problem: &Problem<'_>, lane: LaneKind) -> ElementKind {
    let is_dense = |k: &Kernel| 2 * k.taps() >= k.area();
    let [spacing, kernels] = [
        (problem.geometry.columns.dilation).saturating_mul(problem.channels),
        problem.kernels.len(),
    ];
    let shares = spacing == 1
        && kernels == 1
        && problem.output_depth == problem.depth
        && problem.divided_by.is_none()
        && problem.simd.level() != Level::Portable
        && problem.kernels.iter().all(is_dense);
    match (problem.depth, lane) {
        (Depth::U8, LaneKind::F32) if shares => ElementKind::Bytes,
        (Depth::U16, LaneKind::F64) if shares => ElementKind::Words,
        _ => ElementKind::Lane(lane),
    }
}

#[derive(Debug)]
struct EveryTap(ElementKind);

impl fmt::Display for EveryTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("every tap on a block of output at once")
    }
}

impl Recipe for EveryTap {
    fn compile(&self, bank: &Bank<'_>) -> Result<CompiledBank> {
        Ok(match (self.0, bank.lane) {
            (ElementKind::Bytes, _) => CompiledBank::BytesF32(kernels::<_, _, 4>(bank)),
            (ElementKind::Words, _) => CompiledBank::WordsF64(kernels::<_, _, 4>(bank)),
            (_, LaneKind::F32) => CompiledBank::F32(kernels::<_, _, 1>(bank)),
            (_, LaneKind::F64) => CompiledBank::F64(kernels::<_, _, 1>(bank)),
            (_, LaneKind::I16) => {
                let kernels = (0..bank.kernels.len()).map(|at| Box::new(Integers(bank.taps(at))));
                CompiledBank::I16(kernels.map(|kernel| kernel as Box<_>).collect())
            }
        })
    }
}

fn kernels<S: PhasedSamples<T, P>, T: DirectLane, const P: usize>(
    bank: &Bank<'_>,
) -> Kernels<S, T> {
    let kernels = (0..bank.kernels.len()).map(|at| direct_registers::Direct::new(bank.taps(at)));
    kernels
        .map(|kernel: direct_registers::Direct<S, T, P>| Box::new(kernel) as Box<_>)
        .collect()
}

/// A kernel in the lane of 16-bit integers.
#[derive(Debug)]
struct Integers(Taps<i16>);

impl CompiledKernel for Integers {
    type Element = i16;
    type Sum = i16;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, i16>,
        first: usize,
        out: &mut [i16],
        stride: usize,
        _: &mut Scratch<i16>,
    ) -> Result<()> {
        contract(simd, band, &self.0, first, out, stride);
        Ok(())
    }
}
