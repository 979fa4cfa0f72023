//! When the transform keeps the promise, and what it costs.

use std::{fmt, sync::Arc};

use super::{Compiled, Promise, Tiling, error::error_bound};
use crate::{
    combine::Combine,
    engine::{
        Contract, Engine, Method, Offer, Refusal,
        lane::LaneReason,
        program::{Arithmetic, Bank, InLane},
        task::{Task, is_exact},
    },
    error::Result,
    image::Depth,
    kernel::Kernel,
    number::{ElementKind, LaneKind},
};

/// The Fourier transform.
#[derive(Debug)]
pub(in crate::engine) struct Fft;

/// Sums that rounding by addition still rounds to integers.
const INTEGERS: f64 = (1_u64 << 51) as f64;

/// The most lines that are transformed at once.
const LINES: usize = 16;

/// The most elements of a block: it is computed past the end of a short row.
const MAX_BLOCK: usize = 512;

impl Engine for Fft {
    fn name(&self) -> &'static str {
        "fft"
    }

    fn method(&self) -> Method {
        Method::Fft
    }

    fn offer(&self, task: &Task<'_>) -> Result<Offer, Refusal> {
        let Task {
            kernels,
            geometry,
            depth,
            channels,
            ..
        } = *task;
        let exact = kernels.iter().any(|k| is_exact(k, depth));
        let sums = [&geometry.rows, &geometry.columns].map(|axis| axis.positions(axis.output));
        if geometry.rows.step > 1 {
            return Err(Refusal::of(Why::Step));
        }
        if task.combine == Some(Combine::Direction) && !exact {
            return Err(Refusal::of(Why::Direction));
        }
        let (lane, lane_reason) = match exact {
            true => (LaneKind::F64, LaneReason::Transform),
            false => task.lane()?,
        };
        if task.lane.is_some_and(|asked| asked != lane) {
            return Err(Refusal::of(Why::Lane(lane)));
        }
        let tiling = Tiling::choose(lane, geometry.window(), sums, channels);
        let tiling = tiling.ok_or_else(|| Refusal::of(Why::Window))?;
        let white = depth.full_scale();
        let within = |k: &Kernel| {
            let [low, high] = k.sum_range(white);
            !is_exact(k, depth)
                || error_bound(lane, &tiling, white, k.abs_sum()) < 0.5 && high.max(-low) < INTEGERS
        };
        if !kernels.iter().all(within) {
            return Err(Refusal::of(Why::Rounding));
        }
        let promises = kernels.iter().map(|k| promise(k, depth)).collect();
        // A pair of tiles.
        let tile_width = (2 * tiling.valid[1] - 1) / geometry.columns.step + 1;
        Ok(Offer {
            cost: kernels.len() as f64 * tiling.cost(lane, sums, channels),
            lane,
            lane_reason,
            element: ElementKind::Lane(lane),
            simd: task.simd,
            rows_at_once: tiling.valid[0],
            tile_width,
            on_grid: true,
            scratch: scratch(task, &tiling, tile_width) * lane.bytes(),
            tables: tables(&tiling, kernels.len(), lane),
            recipe: Arc::new(Transforms { tiling, promises }),
        })
    }
}

/// The most elements that a thread keeps: a pair of tiles, a line of them, and
/// the sums of a tile that is left to the direct loop.
fn scratch(task: &Task<'_>, tiling: &Tiling, tile_width: usize) -> usize {
    let [rows, columns] = tiling.size;
    let dense = task.geometry.columns.positions(tile_width) * task.channels + MAX_BLOCK;
    rows * columns * 2 + columns * 2 * LINES + tiling.valid[0] * dense
}

/// The bytes of the spectra in the lane, and while they are made twice in f64.
fn tables(tiling: &Tiling, kernels: usize, lane: LaneKind) -> usize {
    let [rows, columns] = tiling.size;
    let tile = rows * columns * 2;
    let factors = 16 * (rows + columns) * size_of::<f64>();
    kernels * (tile * lane.bytes() + factors) + 2 * tile * size_of::<f64>()
}

fn promise(kernel: &Kernel, depth: Depth) -> Promise {
    match depth {
        Depth::F32 => Promise::Anything,
        _ if is_exact(kernel, depth) => Promise::Integers,
        _ => Promise::InScale,
    }
}

/// Why nothing is transformed.
#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("it computes every row, and the step leaves rows out")]
    Step,
    #[error("the angle of a faint gradient shows its rounding")]
    Direction,
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
    /// Of every kernel.
    promises: Vec<Promise>,
}

impl fmt::Display for Transforms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tiling { size, valid } = self.tiling;
        write!(
            f,
            "tiles of {} x {} through a Fourier transform, for sums of {} x {} each",
            size[0], size[1], valid[0], valid[1]
        )
    }
}

impl InLane for Transforms {
    fn kernel<T: Arithmetic>(
        &self,
        bank: &Bank<'_>,
        at: usize,
    ) -> Result<Box<dyn Contract<Element = T, Sum = T>>> {
        let grid = bank.grids[at];
        let compiled = Compiled::new(bank.simd, self.tiling, grid, &bank.row, self.promises[at])?;
        Ok(Box::new(compiled))
    }
}
