//! Bands: source rows with their halo, the border applied, samples widened.

use std::{any::TypeId, ops::Range};

use super::geometry::Geometry;
use crate::{
    border::Border,
    engine::{Band, Lane, LaneKind, Widen},
    image::Depth,
    simd::{Body, Isa, Simd},
    view::{Layout, StridedView},
};

/// Columns of a framed row, room for a whole block included.
fn framed_columns(geometry: &Geometry, channels: usize, block: usize) -> usize {
    let block = block.div_ceil(channels) + geometry.window[1] - 1;
    geometry.padded_columns().max(block)
}

/// The bytes of a framed row and of what is known of its columns.
pub(super) fn row_bytes(geometry: &Geometry, channels: usize, lane: LaneKind) -> usize {
    let columns = framed_columns(geometry, channels, lane.max_block());
    columns.saturating_mul(channels.saturating_mul(lane.bytes()))
}

/// Makes the bands of one image.
#[derive(Debug)]
pub(super) struct Framing<'a, S, T> {
    geometry: &'a Geometry,
    source: StridedView<'a, S, 3>,
    simd: Simd,
    /// Columns of a framed row, room for a whole block included.
    columns: usize,
    /// The columns left of, inside and right of the image.
    left: Vec<Option<usize>>,
    inside: Range<usize>,
    right: Vec<Option<usize>>,
    constant: T,
    /// The source itself where windows can look at it without a copy.
    direct: Option<StridedView<'a, T, 3>>,
}

impl<'a, S: Widen, T: Lane> Framing<'a, S, T> {
    pub(super) fn new(geometry: &'a Geometry, source: StridedView<'a, S, 3>, simd: Simd) -> Self {
        let channels = source.shape()[2];
        let padded = geometry.padded_columns();
        let inside_end = (geometry.before[1] + geometry.image[1]).min(padded);
        let outside = |columns: Range<usize>| columns.map(|x| geometry.source(1, x)).collect();
        let constant = match geometry.border {
            Some(Border::Constant(value)) => T::from_weight(value),
            _ => T::ZERO,
        };
        Self {
            geometry,
            source,
            simd,
            columns: framed_columns(geometry, channels, T::MAX_BLOCK),
            left: outside(0..geometry.before[1]),
            inside: 0..inside_end - geometry.before[1],
            right: outside(inside_end..padded),
            constant,
            direct: reads_directly(geometry, channels, S::DEPTH, T::KIND)
                .then(|| same_type(source))
                .flatten(),
        }
    }

    /// `(columns, channels)` of a band's row.
    pub(super) fn row_layout(&self) -> Layout<2> {
        let shape = [self.columns, self.source.shape()[2]];
        Layout::c_order(shape, shape[0] * shape[1])
            .expect("a shape fits as many elements as it has")
    }

    /// The band of these output rows, in `buffer` unless the source serves.
    pub(super) fn band<'b>(&'b self, output: &Range<usize>, buffer: &'b mut Vec<T>) -> Band<'b, T> {
        let rows = self.geometry.padded_rows(output);
        let view = match self.direct {
            Some(source) => source.slice(0, rows),
            None => {
                let shape = [rows.len(), self.columns, self.source.shape()[2]];
                self.frame(rows, buffer);
                StridedView::from_slice(buffer, shape)
            }
        };
        Band {
            view: view.expect("a band's rows lie in the padded image"),
            positions: self.geometry.positions(),
            step: self.geometry.step,
            may_be_non_finite: S::DEPTH == Depth::F32,
        }
    }

    fn frame(&self, rows: Range<usize>, buffer: &mut Vec<T>) {
        let channels = self.source.shape()[2];
        let len = self.columns * channels;
        buffer.resize(rows.len() * len, T::ZERO);
        for (padded, framed) in rows.zip(buffer.chunks_exact_mut(len)) {
            let framed = &mut framed[..self.geometry.padded_columns() * channels];
            let Some(row) = self.geometry.source(0, padded) else {
                framed.fill(self.constant);
                continue;
            };
            let (left, rest) = framed.split_at_mut(self.left.len() * channels);
            let (inside, right) = rest.split_at_mut(self.inside.len() * channels);
            match self.source.flat_row(row) {
                Some(samples) => self.simd.run(Convert {
                    samples: &samples[..inside.len()],
                    out: inside,
                }),
                None => self.gather(row, inside),
            }
            self.frame_outside(row, &self.left, left);
            self.frame_outside(row, &self.right, right);
        }
    }

    /// A row whose samples do not stand one after the other: one channel of several.
    fn gather(&self, row: usize, out: &mut [T]) {
        let channels = self.source.shape()[2];
        for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
            for (c, sample) in pixel.iter_mut().enumerate() {
                *sample = T::from_sample(*self.source.at([row, x, c]));
            }
        }
    }

    fn frame_outside(&self, row: usize, columns: &[Option<usize>], out: &mut [T]) {
        let channels = self.source.shape()[2];
        for (column, pixel) in columns.iter().zip(out.chunks_exact_mut(channels)) {
            for (c, sample) in pixel.iter_mut().enumerate() {
                *sample = match *column {
                    Some(x) => T::from_sample(*self.source.at([row, x, c])),
                    None => self.constant,
                };
            }
        }
    }
}

/// Whether windows can look at the source itself: no border, no wider type,
/// and rows long enough for a block.
pub(super) fn reads_directly(
    geometry: &Geometry,
    channels: usize,
    sample: Depth,
    lane: LaneKind,
) -> bool {
    // Only floats are both a sample type and a lane.
    const BLOCK: usize = <f32 as Lane>::MAX_BLOCK;
    geometry.border.is_none()
        && lane.depth() == Some(sample)
        && geometry.positions() * channels >= BLOCK
}

/// The view with its elements as `T`, if that is what they are and its rows
/// are flat.
fn same_type<'a, S: Widen, T: Lane>(view: StridedView<'a, S, 3>) -> Option<StridedView<'a, T, 3>> {
    let same = TypeId::of::<S>() == TypeId::of::<T>() && view.flat_row(0).is_some();
    if same { view.cast().ok() } else { None }
}

/// Widens samples to the lane.
struct Convert<'a, S, T> {
    samples: &'a [S],
    out: &'a mut [T],
}

impl<S: Widen, T: Lane> Body for Convert<'_, S, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (out, &sample) in self.out.iter_mut().zip(self.samples) {
            *out = T::from_sample(sample);
        }
    }
}
