//! When the transform is accurate enough, and what it costs.

use std::{fmt, sync::Arc};

use super::{Compiled, Guarantee, Tiling, error::error_bound};
use crate::{
    combine::Combine,
    engine::{
        CompiledKernel, Engine, Method, Offer, Refusal,
        compiled_bank::{Arithmetic, Bank, LaneRecipe},
        lane::LaneReason,
        problem::{Problem, SumDivisor, is_exact},
    },
    error::Result,
    image::Depth,
    kernel::Kernel,
    number::{ElementKind, LaneKind},
};

/// The Fourier transform.
#[derive(Debug)]
pub(in crate::engine) struct Fft;

/// Sums below this are rounded to integers by adding a constant, in f64.
const INTEGERS: f64 = (1_u64 << 51) as f64;

/// The maximum number of lines that are transformed at once.
const LINES: usize = 16;

/// The maximum elements of a block: it is computed past the end of a short row.
pub(super) const MAX_BLOCK: usize = 512;

/// What it adds to take channels apart and to join them (31x31 of three channels took 7.5 ns a
/// sample, of one 6.3).
pub(super) const fn of_channels(channels: usize) -> f64 {
    if channels == 1 { 1.0 } else { 1.15 }
}

impl Engine for Fft {
    fn name(&self) -> &'static str {
        "fft"
    }

    fn method(&self) -> Method {
        Method::Fft
    }

    fn divides_sums_by(&self, by: SumDivisor) -> bool {
        by == SumDivisor::Presence
    }

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        let Problem {
            kernels,
            geometry,
            depth,
            channels,
            ..
        } = *problem;
        let exact = kernels.iter().any(|k| is_exact(k, depth));
        let all_exact = kernels.iter().all(|k| is_exact(k, depth));
        let sums = [&geometry.rows, &geometry.columns].map(|axis| axis.positions(axis.output));
        if geometry.rows.step > 1 {
            return Err(Refusal::of(Why::Step));
        }
        if problem.divided_by.is_some() && !depth.is_float() {
            return Err(Refusal::of(Why::Missing));
        }
        if problem.combine.is_some_and(Combine::is_direction) && !all_exact {
            return Err(Refusal::of(Why::Direction));
        }
        if problem.combine == Some(Combine::ArgMax) && !all_exact {
            return Err(Refusal::of(Why::Order));
        }
        let (lane, lane_reason) = match exact {
            true => (LaneKind::F64, LaneReason::Transform),
            // The proven error of a transform in f32 is more than a sample.
            false if problem.rounds_exactly() => (LaneKind::F64, LaneReason::NearTies),
            false => {
                let choice = problem.lane()?;
                (choice.lane, choice.reason)
            }
        };
        if problem.lane.is_some_and(|asked| asked != lane) {
            return Err(Refusal::of(Why::Lane(lane)));
        }
        let choices = Tiling::choices(lane, geometry.window(), sums, channels);
        let mut choices = choices.peekable();
        if choices.peek().is_none() {
            return Err(Refusal::of(Why::Window));
        }
        let samples @ [lowest, highest] = depth.range();
        let white = highest.max(-lowest);
        let within = |k: &Kernel, tiling: &Tiling| {
            let [low, high] = k.sums_of_samples(samples);
            !is_exact(k, depth)
                || error_bound(lane, tiling, white, k.abs_sum()) < 0.5 && high.max(-low) < INTEGERS
        };
        let tiling = choices.find(|tiling| kernels.iter().all(|k| within(k, tiling)));
        let tiling = tiling.ok_or_else(|| Refusal::of(Why::Rounding))?;
        let sum_errors = kernels.iter().map(|k| match is_exact(k, depth) {
            true => 0.0,
            false => error_bound(lane, &tiling, white, k.abs_sum()),
        });
        let sum_errors = sum_errors.collect();
        let guarantees = (kernels.iter()).map(|k| guarantee(k, problem)).collect();
        let of_kernel = tiling.cost(lane, sums, channels) * of_channels(channels);
        let cost = kernels.len() as f64 * (of_kernel + tiling.cost_of_pair(lane));
        // A pair of tiles.
        let tile_width = (2 * tiling.valid[1] - 1) / geometry.columns.step + 1;
        Ok(Offer {
            cost: cost * problem.transform_factor(),
            lane,
            lane_reason,
            sum_errors,
            element: ElementKind::Lane(lane),
            simd: problem.simd,
            rows_at_once: tiling.valid[0],
            tile_width,
            on_grid: true,
            carries_sums: false,
            scratch: scratch(problem, &tiling, tile_width, lane),
            tables: tables(&tiling, kernels.len(), lane, depth),
            recipe: Arc::new(Transforms {
                tiling,
                guarantees,
                lane,
            }),
        })
    }
}

/// Whether tiles may be transformed in f64 where the lane is not accurate.
fn may_widen(lane: LaneKind, depth: Depth) -> bool {
    depth.is_float() && lane != LaneKind::F64
}

/// The maximum bytes of scratch in a thread: a pair of tiles, a line of cells, the same in f64,
/// and the sums of a tile for the direct method.
fn scratch(problem: &Problem<'_>, tiling: &Tiling, tile_width: usize, lane: LaneKind) -> usize {
    let [rows, columns] = tiling.size;
    let sum_row_len = problem.geometry.columns.positions(tile_width) * problem.channels + MAX_BLOCK;
    let pair = rows * columns * 2 + columns * 2 * LINES;
    let wide = match may_widen(lane, problem.depth) {
        true => pair * LaneKind::F64.bytes(),
        false => 0,
    };
    let in_lane = pair.saturating_add(tiling.valid[0].saturating_mul(sum_row_len));
    in_lane.saturating_mul(lane.bytes()).saturating_add(wide)
}

/// The bytes of the spectra in the lane, and in f64 where tiles may be transformed in that, and
/// of two in f64 while one is computed.
fn tables(tiling: &Tiling, kernels: usize, lane: LaneKind, depth: Depth) -> usize {
    let [rows, columns] = tiling.size;
    let tile = rows * columns * 2;
    let factors = 16 * (rows + columns) * size_of::<f64>();
    let spectrum = |lane: LaneKind| tile * lane.bytes() + factors;
    let wide = match may_widen(lane, depth) {
        true => spectrum(LaneKind::F64),
        false => 0,
    };
    kernels * (spectrum(lane) + wide) + 2 * tile * size_of::<f64>()
}

fn guarantee(kernel: &Kernel, problem: &Problem<'_>) -> Guarantee {
    let depth = problem.depth;
    if depth.is_float() {
        Guarantee::Float(match problem.needs_f64() {
            true => LaneKind::F64,
            false => LaneKind::F32,
        })
    } else if is_exact(kernel, depth) {
        Guarantee::Integers
    } else {
        Guarantee::InScale
    }
}

/// Why the transform cannot be used.
#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("it computes every row, and the step leaves rows out")]
    Step,
    #[error("samples are missing, and near ties of integers need sums tap by tap")]
    Missing,
    #[error("the angle of a faint gradient shows its rounding")]
    Direction,
    #[error("the order of responses that are nearly equal shows its rounding")]
    Order,
    #[error("it would run in {0}")]
    Lane(LaneKind),
    #[error("the window is larger than its largest tile")]
    Window,
    #[error("its rounding in f64 could exceed half an integer")]
    Rounding,
}

#[derive(Debug)]
struct Transforms {
    tiling: Tiling,
    /// One for every kernel.
    guarantees: Vec<Guarantee>,
    lane: LaneKind,
}

impl fmt::Display for Transforms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tiling { size, valid } = self.tiling;
        write!(
            f,
            "tiles of {} x {} through a Fourier transform, for sums of {} x {} each",
            size[0], size[1], valid[0], valid[1]
        )?;
        let is_float = |guarantee| matches!(guarantee, &Guarantee::Float(_));
        match (self.guarantees.iter().any(is_float), self.lane) {
            (false, _) => Ok(()),
            (true, LaneKind::F64) => f.write_str("; tiles of too much contrast tap by tap"),
            (true, _) => f.write_str("; tiles of more contrast in f64, or tap by tap"),
        }
    }
}

impl LaneRecipe for Transforms {
    fn kernel<T: Arithmetic>(
        &self,
        bank: &Bank<'_>,
        at: usize,
    ) -> Result<Box<dyn CompiledKernel<Element = T, Sum = T>>> {
        let kernel = bank.kernels[at];
        let compiled = Compiled::new(
            bank.simd,
            self.tiling,
            kernel,
            &bank.row,
            self.guarantees[at],
        )?;
        Ok(Box::new(compiled))
    }
}
