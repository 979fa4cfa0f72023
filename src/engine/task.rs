//! What engines make offers for.

use super::method::Method;
use crate::{
    combine::Combine,
    geometry::{self, Geometry},
    image::Depth,
    kernel::Kernel,
    map::Map,
    number::LaneKind,
    simd::Simd,
};

/// A row that begins a line of the cache, has room for a block and ends with a
/// line.
const ROW_SLACK: usize = 8 << 10;

/// What engines make offers for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) kernels: &'a [Kernel],
    pub(crate) combine: Option<Combine>,
    pub(crate) geometry: &'a Geometry,
    /// Of the result.
    pub(crate) channels: usize,
    /// The sample type of the image.
    pub(crate) depth: Depth,
    /// The sample type of the result.
    pub(crate) output_depth: Depth,
    pub(crate) map: Map,
    /// Whether the last channel is alpha, which is copied from under the window.
    pub(crate) copies_alpha: bool,
    /// The method that was asked for.
    pub(crate) method: Option<Method>,
    /// The lane that was asked for.
    pub(crate) lane: Option<LaneKind>,
    pub(crate) simd: Simd,
}

impl Task<'_> {
    /// The samples that are computed, those that a step across leaves out
    /// included.
    pub(crate) fn samples(&self) -> f64 {
        let Self {
            geometry, channels, ..
        } = self;
        let columns = geometry.columns.positions(geometry.columns.output);
        geometry.rows.output as f64 * columns as f64 * *channels as f64
    }

    /// Columns of a tile that suit the cache, for engines that take any.
    pub(crate) fn tile_width(&self) -> usize {
        geometry::tile_width(self.geometry, self.channels)
    }

    /// The most bytes of a row of sums between the passes down the columns and along
    /// the rows.
    pub(super) fn pass_row_bytes(&self, lane: LaneKind) -> usize {
        let columns = self.geometry.columns.padded_len(self.tile_width());
        let samples = columns.saturating_mul(self.channels * lane.bytes());
        samples.saturating_add(ROW_SLACK)
    }
}

/// Whether exact results are promised.
pub(crate) fn is_exact(kernel: &Kernel, depth: Depth) -> bool {
    depth != Depth::F32 && kernel.is_integer()
}
