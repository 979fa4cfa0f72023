//! What engines make offers for.

use super::{
    geometry::Geometry,
    lane::{self, LaneReason, LaneRefusal},
    sizes,
};
use crate::{
    combine::Combine, engine::Method, image::Depth, kernel::Kernel, map::Map, number::LaneKind,
    simd::Simd,
};

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
    /// The lane of an engine that sums every tap by itself.
    pub(crate) fn lane(&self) -> Result<(LaneKind, LaneReason), LaneRefusal> {
        lane::lane(self, |_, kernel| {
            LaneKind::F32.roundings(kernel.rows(), kernel.columns())
        })
    }

    /// The samples that are computed, those that a step across leaves out
    /// included.
    pub(crate) fn samples(&self) -> f64 {
        let Self {
            geometry, channels, ..
        } = self;
        let columns = geometry.positions(1, geometry.output[1]);
        geometry.output[0] as f64 * columns as f64 * *channels as f64
    }

    /// Columns of a tile that suit the cache, for engines that take any.
    pub(crate) fn tile_width(&self) -> usize {
        sizes::tile_width(self.geometry, self.channels)
    }
}

/// Whether exact results are promised.
pub(crate) fn is_exact(kernel: &Kernel, depth: Depth) -> bool {
    depth != Depth::F32 && kernel.is_integer()
}
