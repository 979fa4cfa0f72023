//! 8-bit integer weights on 8-bit samples: dot products of bytes in one instruction, with no
//! widening.
//!
//! A group is of neighbouring taps, and its samples are as many consecutive bytes: four where the
//! processor adds their products in 32 bits, else two, in 16 bits.

mod kernel;
mod tap_groups;

use std::{fmt, sync::Arc};

use kernel::{DotLane, DotProducts, ROWS};

use super::{
    Bank, CompiledBank, Engine, Kernels, Method, Offer, Recipe, Refusal,
    lane::LaneChoice,
    packed_taps::PlacedKernel,
    problem::{Problem, is_exact},
};
use crate::{
    error::Result,
    image::Depth,
    kernel::Kernel,
    number::{ElementKind, LaneKind},
    simd::Level,
};

/// Dot products of bytes.
#[derive(Debug)]
pub(super) struct Dots;

/// Nanoseconds of a group of taps on one sample.
const GROUP: f64 = 0.0012;

/// Nanoseconds to load the samples of a group of four, which the rows of a block share if their
/// groups begin in one column: 24 megapixels through 9x9 and 15x15, 27 and 60 groups, took 10.6 and
/// 17.3 ms (VNNI, Zen 5); beside 9x9, a line of 16 groups that share none took 2.7 times as long.
const QUAD_LOAD: f64 = 0.022;

/// The same of a pair, with AVX-512, and the time of a group of that (9x9 and a line of 31 took 0.96
/// and 1.6 ns a sample on a Xeon with AVX2, directly 1.65 and 1.2).
const PAIR_LOAD: f64 = 0.018;

/// The most that the weights of one sign in a pair may add up to: 255 times that fits 16 bits.
const MAX_PAIR: f64 = 128.0;

impl Engine for Dots {
    fn name(&self) -> &'static str {
        "dots"
    }

    fn method(&self) -> Method {
        Method::Direct
    }

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        let LaneChoice {
            lane,
            reason: lane_reason,
            sum_errors,
        } = problem.lane()?;
        let cost = cost(problem, lane).map_err(Refusal::of)?;
        Ok(Offer {
            cost: cost * problem.samples(),
            lane,
            lane_reason,
            sum_errors,
            element: ElementKind::Bytes,
            simd: problem.simd,
            // As in the direct loop.
            rows_at_once: if problem.geometry.rows.step == 1 {
                ROWS
            } else {
                1
            },
            tile_width: problem.tile_width(),
            on_grid: false,
            carries_sums: false,
            scratch: 0,
            tables: 0,
            recipe: Arc::new(ByGroups),
        })
    }
}

/// Why dot products of bytes cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Why {
    #[error("this SIMD level has no dot products of four bytes, nor of two whose sums fit 16 bits")]
    Level,
    #[error("it multiplies samples of 8 bits only")]
    Depth,
    #[error("it multiplies integer weights from -128 to 127 only")]
    Weights,
    #[error("its sums are not made in {0}")]
    Lane(LaneKind),
}

/// Nanoseconds per sample, with sums in this lane.
pub(super) fn cost(problem: &Problem<'_>, lane: LaneKind) -> Result<f64, Why> {
    let fits = |k: &Kernel| {
        let byte = |w: &f64| (-128.0..=127.0).contains(w);
        is_exact(k, problem.depth) && k.weights().iter().all(byte)
    };
    if problem.depth != Depth::U8 {
        return Err(Why::Depth);
    }
    if !problem.kernels.iter().all(fits) {
        return Err(Why::Weights);
    }
    if lane == LaneKind::F64 {
        return Err(Why::Lane(lane));
    }
    if problem.simd.has_quads() {
        return Ok(cost_of_groups::<4>(problem, lane, QUAD_LOAD));
    }
    // The last, so that it stands for a refusal by the processor alone. Without an instruction for
    // it, a pair takes longer than two taps.
    let has_pairs = problem.simd.level() >= Level::Avx2 && lane == LaneKind::I16;
    // Where a pair begins depends on the taps of other rows, too.
    let mut rows = (problem.kernels.iter()).flat_map(|k| k.as_slice().chunks(k.columns()));
    if !has_pairs || !rows.all(|row| row.windows(2).all(fits_16_bits)) {
        return Err(Why::Level);
    }
    let factor = problem.tap_factor();
    Ok(cost_of_groups::<2>(problem, lane, PAIR_LOAD) * factor)
}

/// Whether the sum of products of bytes and a pair of weights fits 16 bits.
fn fits_16_bits(pair: &[f64]) -> bool {
    let of_sign = |sign: f64| -> f64 { pair.iter().map(|w| (sign * w).max(0.0)).sum() };
    of_sign(1.0) <= MAX_PAIR && of_sign(-1.0) <= MAX_PAIR
}

/// Nanoseconds per sample in groups of so many taps, whose samples take this long to load.
fn cost_of_groups<const TAPS: usize>(problem: &Problem<'_>, lane: LaneKind, load: f64) -> f64 {
    let distance = problem.geometry.columns.dilation * problem.channels;
    let of_kernel = |kernel: &Kernel| {
        let rows = kernel.as_slice().chunks(kernel.columns());
        let spacing = match lane {
            LaneKind::I16 => tap_groups::spacing::<TAPS>(rows.clone(), distance),
            _ => 1,
        };
        let mut cost = 0.0;
        let mut above = Vec::new();
        for row in rows {
            let groups = tap_groups::groups::<TAPS>(row, distance, spacing);
            let shared = groups.iter().filter(|start| above.contains(*start)).count();
            let loads = (groups.len() - shared) as f64 + shared as f64 / ROWS as f64;
            cost += groups.len() as f64 * GROUP + loads * load;
            above = groups;
        }
        cost
    };
    problem.kernels.iter().map(of_kernel).sum()
}

#[derive(Debug)]
struct ByGroups;

impl fmt::Display for ByGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("every tap on a block of output at once, in dot products of bytes")
    }
}

impl Recipe for ByGroups {
    fn compile(&self, bank: &Bank<'_>) -> Result<CompiledBank> {
        Ok(match bank.lane {
            LaneKind::I16 if bank.simd.has_quads() => {
                CompiledBank::BytesI16(kernels::<i16, 4>(bank))
            }
            LaneKind::I16 => CompiledBank::BytesI16(kernels::<i16, 2>(bank)),
            _ => CompiledBank::BytesF32(kernels::<f32, 4>(bank)),
        })
    }
}

fn kernels<T: DotLane<TAPS>, const TAPS: usize>(bank: &Bank<'_>) -> Kernels<u8, T> {
    let kernel = |&kernel: &PlacedKernel<'_>| {
        Box::new(DotProducts::<T, TAPS>::new(kernel, &bank.row)) as Box<_>
    };
    bank.kernels.iter().map(kernel).collect()
}
