//! Kernels that only move samples: the identity and pure shifts are copied.

use rayon::prelude::*;

use super::{Channel, Filter, geometry::Geometry, part::Progress};
use crate::{
    border::Border,
    image::{self, Depth},
    kernel::Kernel,
    map::Map,
    number::Output,
    view::StridedView,
};

/// The row and column of the window that every output sample is a copy of, if
/// the filter does no more than that.
pub(super) fn tap(
    filter: &Filter,
    kernels: &[Kernel],
    geometry: &Geometry,
    depth: Depth,
    channels: usize,
) -> Option<[usize; 2]> {
    let [kernel] = kernels else { return None };
    let weights = kernel.weights();
    let mut taps = weights.iter().enumerate().filter(|(_, w)| **w != 0.0);
    let (at, &weight) = taps.next()?;
    // A window contains its samples, and a NaN under a zero is one.
    let alone = taps.next().is_none() && (depth != Depth::F32 || weights.len() == 1);
    let plain = filter.map == Map::Clamp
        && filter.output_depth(depth) == depth
        && weight == kernel.divisor()
        && kernel.bias() == 0.0;
    let place = [at / kernel.columns(), at % kernel.columns()];
    let tap = [0, 1].map(|axis| geometry.origins[0][axis] + place[axis] * geometry.dilation[axis]);
    // Alpha stays where it is.
    let keeps_alpha = filter.channel == Channel::Each && image::has_alpha(channels);
    (alone && plain && (!keeps_alpha || tap == geometry.anchor)).then_some(tap)
}

/// Fills `out` with the samples at `tap` of every window; `source` and `out`
/// come with the rows of the image and of the result that they begin with.
pub(super) fn copy<S: Output>(
    geometry: &Geometry,
    (source, first): (StridedView<'_, S, 3>, usize),
    tap: [usize; 2],
    (out, first_out): (&mut [S], usize),
    progress: &Progress<'_>,
) {
    let channels = source.shape()[2];
    let [_, columns] = geometry.output;
    let constant = match geometry.border {
        Some(Border::Constant(value)) => S::from_real(value),
        _ => S::from_real(0.0),
    };
    // The outputs whose sample is the image's own, if they stand side by side.
    let padded = tap[1]..tap[1] + columns;
    let inside = match geometry.step[1] {
        1 => geometry.inside(1, &padded),
        _ => padded.start..padded.start,
    };
    let rows = out.par_chunks_mut(columns * channels).enumerate();
    rows.with_min_len(16).for_each(|(y, out)| {
        progress(1);
        let seen = (first_out + y) * geometry.step[0] + tap[0];
        let Some(row) = geometry.source(0, seen) else {
            out.fill(constant);
            return;
        };
        let row = row - first;
        let samples = source.flat_row(row);
        let flat = match samples {
            Some(samples) if !inside.is_empty() => {
                let from = (inside.start - geometry.before[1]) * channels;
                let to = (inside.start - padded.start) * channels;
                let len = inside.len() * channels;
                out[to..to + len].copy_from_slice(&samples[from..from + len]);
                inside.start - padded.start..inside.end - padded.start
            }
            _ => 0..0,
        };
        for x in (0..flat.start).chain(flat.end..columns) {
            let column = geometry.source(1, x * geometry.step[1] + tap[1]);
            for c in 0..channels {
                out[x * channels + c] = column.map_or(constant, |x| *source.at([row, x, c]));
            }
        }
    });
}
