//! The problem that a plan poses to the engines: which convolution, on which images.

use std::fmt;

use super::method::Method;
use crate::{
    combine::Combine,
    finish,
    geometry::{self, Geometry},
    image::Depth,
    kernel::Kernel,
    map::Map,
    number::LaneKind,
    simd::{Level, Simd},
};

/// Bytes that alignment to cache lines and room for a whole block may add to a row.
const ROW_PADDING: usize = 8 << 10;

/// Nanoseconds for a tap of a window that is summed again (120,000 windows of 81 x 81 bytes in
/// 0.28 s).
const WINDOW_TAP: f64 = 0.36;

/// The same where the window is summed as one column times one row.
const PRODUCT_TAP: f64 = 0.05;

/// The vectors of a row in most blocks.
const BLOCK_VECTORS: usize = 4;

/// A convolution of images of one shape and type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Problem<'a> {
    pub(crate) kernels: &'a [Kernel],
    pub(crate) combine: Option<Combine>,
    pub(crate) geometry: &'a Geometry,
    /// Channels of the result.
    pub(crate) channels: usize,
    /// The sample type that is convolved: that of the image, or of its luma.
    pub(crate) depth: Depth,
    /// The sample type of the image, in whose units responses are.
    pub(crate) image_depth: Depth,
    /// The sample type of the result.
    pub(crate) output_depth: Depth,
    /// Samples of the result in a response of 1.
    pub(crate) scale: f64,
    pub(crate) map: Map,
    /// Whether the last channel is alpha, which is copied from the source pixel at the anchor.
    pub(crate) copies_alpha: bool,
    /// What sums are divided by, if they are.
    pub(crate) divided_by: Option<SumDivisor>,
    /// The requested method.
    pub(crate) method: Option<Method>,
    /// The requested lane.
    pub(crate) lane: Option<LaneKind>,
    pub(crate) simd: Simd,
}

/// What the sums of a convolution are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SumDivisor {
    /// Sums of the weights on present samples.
    Presence,
    /// Sums of alpha.
    Alpha,
}

/// A clause.
impl fmt::Display for SumDivisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Presence => "samples are missing",
            Self::Alpha => "colours are weighted by alpha",
        })
    }
}

impl Problem<'_> {
    /// The same with sums in f64.
    pub(super) const fn in_f64(self) -> Self {
        Self {
            lane: Some(LaneKind::F64),
            ..self
        }
    }

    /// The number of sums that are computed, including those that the column step skips.
    pub(crate) fn samples(&self) -> f64 {
        self.geometry.rows.output as f64 * self.samples_in_row() as f64
    }

    /// Those in a row.
    pub(super) fn samples_in_row(&self) -> usize {
        let columns = &self.geometry.columns;
        columns.positions(columns.output) * self.channels
    }

    /// Whether results are the exact responses, mapped and rounded once: integers from integers.
    pub(crate) fn rounds_exactly(&self) -> bool {
        finish::rounds_exactly(self.combine, [self.depth, self.output_depth])
    }

    /// Whether samples or result are of a type that sums in f32 are not accurate enough for.
    pub(super) fn needs_f64(&self) -> bool {
        needs_f64([self.depth, self.output_depth])
    }

    /// The estimated nanoseconds to sum again what these errors of the sums of every kernel bring
    /// near to a tie, if the samples are as random.
    pub(crate) fn near_tie_cost(&self, sum_errors: &[f64]) -> f64 {
        if !self.rounds_exactly() {
            return 0.0;
        }
        let kernels = self.kernels.iter().zip(sum_errors);
        let per_sample = kernels.map(|(kernel, error)| {
            let near = 2.0 * error * self.samples_per_sum(kernel);
            // Rows begin and end at weights that are not 0.
            let taps = (kernel.taps() + 4 * kernel.rows()).min(kernel.area()) as f64;
            // More are summed by rows, in vectors.
            let tap = match kernel.factor() {
                Some(_) => PRODUCT_TAP,
                None => WINDOW_TAP,
            };
            near.min(0.125) * taps * tap
        });
        per_sample.sum::<f64>() * self.samples()
    }

    /// How many sums are computed for each sum, in blocks: the last of a row is shifted back to end
    /// where the row ends, and a row shorter than a block is computed by itself.
    pub(super) fn computed_in_blocks(&self, lane: LaneKind) -> f64 {
        let block = self.block_columns(lane);
        let len = self.samples_in_row().max(1);
        match len < block {
            true => 2.0,
            false => len.next_multiple_of(block) as f64 / len as f64,
        }
    }

    /// The sums of a row in most blocks.
    pub(super) fn block_columns(&self, lane: LaneKind) -> usize {
        let vector = match self.level_of_costs() {
            Level::Portable | Level::Neon => 16,
            Level::Avx2 => 32,
            Level::Avx512 | Level::Avx512Vnni => 64,
        };
        BLOCK_VECTORS * vector / lane.bytes()
    }

    /// How much a sum of 1 is in samples of the result.
    pub(super) fn samples_per_sum(&self, kernel: &Kernel) -> f64 {
        self.scale / kernel.divisor().abs()
    }

    /// The tile width in columns that suits the cache, for engines that take any.
    pub(crate) fn tile_width(&self) -> usize {
        self.tile_width_of(geometry::TILE_SAMPLES)
    }

    /// The width of tiles that hold at least so many samples in a row.
    pub(super) fn tile_width_of(&self, samples: usize) -> usize {
        geometry::tile_width(self.geometry, self.channels, samples)
    }

    /// The maximum bytes of a row of sums between the passes down the columns and along
    /// the rows.
    pub(super) fn pass_row_bytes(&self, lane: LaneKind) -> usize {
        let columns = self.geometry.columns.padded_len(self.tile_width());
        let samples = columns.saturating_mul(self.channels * lane.bytes());
        samples.saturating_add(ROW_PADDING)
    }
}

/// Whether sums in f32 are not accurate enough for samples and results of these types.
pub(super) const fn needs_f64([samples, result]: [Depth; 2]) -> bool {
    samples.needs_f64() || matches!(result, Depth::F64)
}

/// Whether results must be exact: integer weights on integer samples.
pub(crate) fn is_exact(kernel: &Kernel, depth: Depth) -> bool {
    !depth.is_float() && kernel.is_integer()
}
