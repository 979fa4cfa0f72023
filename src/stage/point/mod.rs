//! Point stages: each output pixel depends on one source pixel only.

mod copy_alpha;
mod copy_pixels;
mod keep_frame;
mod luma;
mod select;
mod unpremultiply;

use std::fmt;

pub(super) use copy_alpha::CopyAlpha;
pub(super) use copy_pixels::CopyPixels;
pub(super) use keep_frame::KeepFrame;
pub(super) use luma::Luma;
pub(super) use select::Select;
pub(super) use unpremultiply::{Unpremultiply, premultiply, straight};

use super::Rows;
use crate::{
    geometry::Geometry,
    image::{ImageView, SampleSliceMut},
    number::Widen,
};

/// Changes finished pixels in place. The stage before it calls it with every row that it
/// finishes, while the row is in cache.
pub(super) trait PointStage: fmt::Debug + Send + Sync {
    /// Changes a row of result pixels. `source_pixels` are the source pixels at their
    /// anchors.
    fn run(&self, pixels: SampleSliceMut<'_>, source_pixels: &SourcePixels<'_>);
}

/// The source pixels that the anchors of a row of windows lie on.
#[derive(Debug)]
pub(super) struct SourcePixels<'a> {
    pub(super) source: ImageView<'a>,
    /// The row of `source`, whose first is this one of the image.
    pub(super) row: usize,
    pub(super) first_row: usize,
    pub(super) first_column: usize,
    /// Columns from one pixel to the next.
    pub(super) step: usize,
}

impl<'a> SourcePixels<'a> {
    /// The source pixels of the output pixels from `[row, column]` on.
    pub(super) fn new(geometry: &Geometry, source: Rows<'a>, [row, column]: [usize; 2]) -> Self {
        Self {
            source: source.view,
            row: geometry.rows.anchor_source(row) - source.first,
            first_row: source.first,
            first_column: geometry.columns.anchor_source(column),
            step: geometry.columns.step,
        }
    }

    /// The samples of as many pixels as `out` holds, all channels interleaved.
    pub(super) fn numbers(&self, out: &mut [f64]) {
        let [_, _, channels] = self.source.shape();
        let columns = (self.first_column..).step_by(self.step);
        let pixels = out.chunks_exact_mut(channels).zip(columns);
        each_sample!(ImageView(self.source), source => {
            for (pixel, column) in pixels {
                for (channel, to) in pixel.iter_mut().enumerate() {
                    *to = source.at([self.row, column, channel]).to_f64();
                }
            }
        });
    }
}
