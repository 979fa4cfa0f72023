//! When lines are transformed, and what it costs.

use std::{fmt, sync::Arc};

use super::{
    Contrast,
    accuracy::{Accurate, Maxima},
    error::error_bound_of_lines,
    lines::{Lines, PAIR, Tile},
    offer::{MAX_BLOCK, of_channels},
};
use crate::{
    combine::Combine,
    engine::{
        Band, CompiledBank, CompiledKernel, Engine, Method, Offer, PlacedKernel, Recipe, Refusal,
        Scratch,
        compiled_bank::Bank,
        lane::LaneReason,
        problem::{Problem, is_exact},
        two_passes::TwoPasses,
    },
    error::Result,
    kernel::{Factor, Factors, Kernel},
    number::{ElementKind, LaneKind},
    simd::{Simd, aligned},
    view::Layout,
};

/// Transforms of lines.
#[derive(Debug)]
pub(in crate::engine) struct LineFft;

/// Lengths that transforms are fast for: multiples of 16 with at most two factors of 3.
const LENGTHS: [usize; 19] = [
    32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1152, 1536, 2048, 2304, 3072, 4096, 6144,
    8192,
];

/// The maximum samples of a tile: 128 MiB.
const MAX_SAMPLES: usize = 1 << 24;

/// The lengths of lines down and along.
#[derive(Debug, Clone, Copy, PartialEq)]
struct LineTiling {
    size: [usize; 2],
    /// Rows and columns of sums.
    valid: [usize; 2],
}

impl LineTiling {
    /// Lines of these lengths, if they hold the window.
    fn new(size: [usize; 2], window: [usize; 2]) -> Option<Self> {
        let valid = |axis: usize| (size[axis] + 1).checked_sub(window[axis]);
        let valid = [valid(0)?, valid(1)?];
        (valid.iter().all(|&valid| valid > 0)).then_some(Self { size, valid })
    }

    /// The cheapest for `[rows, columns]` of dense sums, or `None` if the window is larger than any
    /// tile. It depends on nothing else, so that sums do not.
    fn choose(window: [usize; 2], sums: [usize; 2]) -> Option<Self> {
        let sizes = LENGTHS
            .iter()
            .flat_map(|&rows| LENGTHS.iter().map(move |&columns| [rows, columns]))
            .filter(|[rows, columns]| rows * columns <= MAX_SAMPLES);
        sizes
            .filter_map(|size| Self::new(size, window))
            .min_by(|a, b| a.cost(sums).total_cmp(&b.cost(sums)))
    }

    /// The estimated nanoseconds that one thread takes for `[rows, columns]` of dense sums of one
    /// channel.
    fn cost(&self, sums: [usize; 2]) -> f64 {
        let Self { size, valid } = *self;
        let [down, across] = [0, 1].map(|axis| sums[axis].div_ceil(valid[axis]));
        let along = across * (sums[0] + down * (size[0] - valid[0])) * size[1];
        let panels: usize = (0..across)
            .map(|tile| {
                valid[1]
                    .min(sums[1] - tile * valid[1])
                    .next_multiple_of(PAIR)
            })
            .sum();
        let doublings = ((size[0] * size[1]) as f64 / CACHED).log2().max(0.0);
        let of_line =
            |len: usize| (len as f64).log2() * PER_STAGE + PER_SAMPLE + doublings * PER_DOUBLING;
        along as f64 * of_line(size[1]) + (down * size[0] * panels) as f64 * of_line(size[0])
    }
}

/// Nanoseconds for a sample of a line and every stage of radix 2, there and back.
const PER_STAGE: f64 = 0.1;

/// Nanoseconds to load, transpose and store a sample of a line.
const PER_SAMPLE: f64 = 0.5;

/// Nanoseconds that every doubling of a tile beyond [`CACHED`] samples adds, for memory (24
/// megapixels of bytes through 801 x 801 weights, on a Xeon with 2 MiB of L2: by tiles of 1024 x
/// 1024 in 1.05 s, of 3072 x 1536 in 0.40, of 3072 x 4096 in 0.51).
const PER_DOUBLING: f64 = 0.9;

/// The samples of a tile that costs no more for its size.
const CACHED: f64 = (1 << 20) as f64;

/// The largest residual of a column times a row, relative to the sum of the absolute weights: a
/// few roundings in f64.
const MAX_RESIDUAL: f64 = 4.0 * f64::EPSILON;

impl Engine for LineFft {
    fn name(&self) -> &'static str {
        "line-fft"
    }

    fn method(&self) -> Method {
        Method::Fft
    }

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        let Problem {
            kernels,
            geometry,
            depth,
            channels,
            ..
        } = *problem;
        if geometry.rows.step > 1 {
            return Err(Refusal::of(Why::Step));
        }
        if problem.combine.is_some_and(Combine::is_direction) {
            return Err(Refusal::of(Why::Direction));
        }
        if problem.combine == Some(Combine::ArgMax) {
            return Err(Refusal::of(Why::Order));
        }
        if problem.needs_f64() || kernels.iter().any(|k| is_exact(k, depth)) {
            return Err(Refusal::of(Why::Exact));
        }
        if problem.lane.is_some_and(|asked| asked != LaneKind::F64) {
            return Err(Refusal::of(Why::Lane));
        }
        let sums = [&geometry.rows, &geometry.columns].map(|axis| axis.positions(axis.output));
        let tiling = LineTiling::choose(geometry.window(), sums);
        let tiling = tiling.ok_or_else(|| Refusal::of(Why::Window))?;
        let product = |k: &Kernel| {
            let factors = k.factors(1)?;
            (factors.residual <= MAX_RESIDUAL * k.abs_sum()).then_some(factors)
        };
        let factors: Option<Vec<Factors>> = kernels.iter().map(product).collect();
        let factors = factors.ok_or_else(|| Refusal::of(Why::Rank))?;
        let [lowest, highest] = depth.range();
        let white = highest.max(-lowest);
        let error = |factors: &Factors| {
            let Factor { column, row } = &factors.terms[0];
            let weights = [column, row].map(|w| w.iter().map(|w| w.abs()).sum());
            // Two roundings of every product that makes the residual.
            let residual = factors.residual + 2.0 * f64::EPSILON * factors.abs_sum();
            error_bound_of_lines(LaneKind::F64, tiling.size, white, weights) + residual * white
        };
        let tile_width = (tiling.valid[1] - 1) / geometry.columns.step + 1;
        Ok(Offer {
            cost: (kernels.len() * channels) as f64
                * tiling.cost(sums)
                * of_channels(channels)
                * problem.transform_factor(),
            lane: LaneKind::F64,
            lane_reason: match problem.rounds_exactly() {
                true => LaneReason::NearTies,
                false => LaneReason::Lines,
            },
            sum_errors: factors.iter().map(error).collect(),
            element: ElementKind::Lane(LaneKind::F64),
            simd: problem.simd,
            rows_at_once: tiling.valid[0],
            tile_width,
            on_grid: true,
            carries_sums: false,
            scratch: (panels_len(tiling) + PAIR * tiling.size[1] + 2 * MAX_BLOCK)
                .saturating_mul(size_of::<f64>()),
            tables: kernels.len() * 16 * size_of::<f64>() * (tiling.size[0] + tiling.size[1]),
            recipe: Arc::new(LineTransforms {
                tiling,
                factors,
                is_float: depth.is_float(),
            }),
        })
    }
}

/// The samples of the panels of a tile.
const fn panels_len(tiling: LineTiling) -> usize {
    tiling.size[0] * tiling.valid[1].next_multiple_of(PAIR)
}

/// Why lines cannot be transformed.
#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("it computes every row, and the step leaves rows out")]
    Step,
    #[error("the angle of a faint gradient shows its rounding")]
    Direction,
    #[error("the order of responses that are nearly equal shows its rounding")]
    Order,
    #[error("sums must be exact, or more accurate than f64")]
    Exact,
    #[error("it runs in f64")]
    Lane,
    #[error("the window is larger than its longest lines")]
    Window,
    #[error("the weights are not one column times one row")]
    Rank,
}

#[derive(Debug)]
struct LineTransforms {
    tiling: LineTiling,
    /// One for every kernel.
    factors: Vec<Factors>,
    is_float: bool,
}

impl fmt::Display for LineTransforms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LineTiling { size, valid } = self.tiling;
        write!(
            f,
            "rows of {}, then columns of {} through Fourier transforms, for sums of {} x {} each",
            size[1], size[0], valid[0], valid[1]
        )?;
        match self.is_float {
            true => f.write_str("; tiles of too much contrast by separable passes"),
            false => Ok(()),
        }
    }
}

impl Recipe for LineTransforms {
    fn compile(&self, bank: &Bank<'_>) -> Result<CompiledBank> {
        let kernels = bank.kernels.iter().zip(&self.factors);
        let kernels = kernels.map(|(&kernel, factors)| {
            let compiled = Compiled::new(self, bank.simd, kernel, &factors.terms, &bank.row)?;
            Ok(Box::new(compiled) as Box<_>)
        });
        kernels.collect::<Result<_>>().map(CompiledBank::F64)
    }
}

/// One column times one row, compiled for tiles.
#[derive(Debug)]
struct Compiled {
    tiling: LineTiling,
    /// Rows and columns from the kernel's first tap to its last.
    halo: [usize; 2],
    origin: [usize; 2],
    columns: Lines,
    rows: Lines,
    /// The tiles of floats that the transforms are accurate for, and how others are computed.
    floats: Option<(Accurate, TwoPasses<f64>)>,
}

impl Compiled {
    fn new(
        transforms: &LineTransforms,
        simd: Simd,
        kernel: PlacedKernel<'_>,
        terms: &[Factor],
        row: &Layout<2>,
    ) -> Result<Self> {
        let LineTransforms {
            tiling, is_float, ..
        } = *transforms;
        let PlacedKernel {
            weights,
            shape,
            dilation,
            origin,
        } = kernel;
        let lines = |axis: usize, weights: &[f64]| {
            Lines::new(simd, tiling.size[axis], weights, dilation[axis])
        };
        let accurate = || {
            let cells = tiling.size[0] * tiling.size[1];
            Accurate::new(LaneKind::F64, LaneKind::F32, weights, cells)
        };
        Ok(Self {
            tiling,
            halo: [0, 1].map(|axis| (shape[axis] - 1) * dilation[axis]),
            origin,
            columns: lines(0, &terms[0].column)?,
            rows: lines(1, &terms[0].row)?,
            floats: is_float.then(|| {
                let passes = TwoPasses::new(kernel, terms, row, false, false);
                (accurate(), passes)
            }),
        })
    }

    /// Whether the transforms are accurate for these samples, of every channel.
    fn is_accurate(
        accurate: &Accurate,
        simd: Simd,
        sources: &[&[f64]],
        samples: std::ops::Range<usize>,
        channels: usize,
        maxima: &mut Maxima<f64>,
    ) -> bool {
        let mut contrasts = vec![Contrast::NONE; channels];
        maxima.add(simd, sources, &samples, &mut contrasts);
        contrasts.iter().all(|&contrast| accurate.holds(contrast))
    }
}

impl CompiledKernel for Compiled {
    type Element = f64;
    type Sum = f64;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, f64>,
        first: usize,
        out: &mut [f64],
        stride: usize,
        scratch: &mut Scratch<f64>,
    ) -> Result<()> {
        let LineTiling { size, valid } = self.tiling;
        let channels = band.channels();
        for (i, out) in out.chunks_mut(valid[0] * stride).enumerate() {
            let y = first + i * valid[0];
            let top = y + self.origin[0];
            let rows = out.len().div_ceil(stride);
            let sources = &band.rows[top..top + rows + self.halo[0]];
            if let Some((accurate, passes)) = &self.floats {
                let from = self.origin[1] * channels;
                let samples = from..from + (band.positions + self.halo[1]) * channels;
                let maxima = &mut scratch.tiles.maxima;
                if !Self::is_accurate(accurate, simd, sources, samples, channels, maxima) {
                    passes.contract(simd, band, y, out, stride, scratch)?;
                    continue;
                }
            }
            for x in (0..band.positions).step_by(valid[1]) {
                let sums = valid[1].min(band.positions - x);
                for channel in 0..channels {
                    let tiles = &mut scratch.tiles;
                    simd.run(Tile {
                        columns: &self.columns,
                        rows: &self.rows,
                        sources,
                        from: (x + self.origin[1]) * channels + channel,
                        samples: sums + self.halo[1],
                        channels,
                        out: &mut *out,
                        stride,
                        to: x * channels + channel,
                        sums,
                        panels: aligned(&mut tiles.tile, panels_len(self.tiling))?,
                        line: aligned(&mut tiles.line, PAIR * size[1])?,
                    });
                }
            }
        }
        Ok(())
    }
}
