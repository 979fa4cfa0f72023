//! What a method is chosen for.

use super::geometry::Geometry;
use crate::{
    combine::Combine, engine::count_fours, image::Depth, kernel::Kernel, number::LaneKind,
    simd::Simd,
};

/// What a method is chosen for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) kernels: &'a [Kernel],
    pub(super) combine: Option<Combine>,
    pub(super) geometry: &'a Geometry,
    pub(super) channels: usize,
    pub(super) depth: Depth,
    /// The lane that was asked for.
    pub(super) lane: Option<LaneKind>,
    pub(super) simd: Simd,
}

impl Task<'_> {
    /// The fours that dot products of bytes take the taps by, if they can give
    /// the sums that this lane holds.
    pub(super) fn fours(&self, lane: LaneKind) -> Option<usize> {
        let fits = |k: &Kernel| {
            let byte = |w: &f64| (-128.0..=127.0).contains(w);
            is_exact(k, self.depth) && k.weights().iter().all(byte)
        };
        let possible = self.simd.has_dots()
            && self.depth == Depth::U8
            && lane != LaneKind::F64
            && self.kernels.iter().all(fits);
        let spacing = self.geometry.dilation[1] * self.channels;
        let of_row = |row: &[f64]| {
            let taps = (0..row.len()).filter(|&tap| row[tap] != 0.0);
            count_fours(taps.map(|tap| tap * spacing))
        };
        let of_kernel = |k: &Kernel| {
            let weights: Vec<f64> = k.weights().iter().copied().collect();
            weights.chunks(k.columns()).map(of_row).sum::<usize>()
        };
        possible.then(|| self.kernels.iter().map(of_kernel).sum())
    }

    /// Whether equal weights can be summed by running totals, exactly.
    pub(super) fn moves_totals(&self) -> bool {
        let Geometry { step, dilation, .. } = *self.geometry;
        let equal = |k: &Kernel| {
            let first = k.weights()[[0, 0]];
            is_exact(k, self.depth) && k.weights().iter().all(|&w| w == first)
        };
        step[0] == 1 && dilation == [1, 1] && self.kernels.iter().all(equal)
    }

    /// The samples that are computed, those that a step across leaves out
    /// included.
    pub(super) fn samples(&self) -> f64 {
        let Self {
            geometry, channels, ..
        } = self;
        let columns = geometry.positions(1, geometry.output[1]);
        geometry.output[0] as f64 * columns as f64 * *channels as f64
    }
}

/// Whether exact results are promised.
pub(super) fn is_exact(kernel: &Kernel, depth: Depth) -> bool {
    depth != Depth::F32 && kernel.is_integer()
}
