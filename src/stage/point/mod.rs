//! Point stages: each pixel of the output follows from one pixel of the source.

mod alpha;
mod luma;
mod select;

use std::fmt;

pub(super) use alpha::CopyAlpha;
pub(super) use luma::Luma;
pub(super) use select::Select;

use super::Rows;
use crate::{
    geometry::Geometry,
    image::{ImageView, SampleSliceMut},
};

/// Changes finished pixels in place. The stage before it calls it with every row
/// that it finishes, while the row is in the cache.
pub(super) trait PointStage: fmt::Debug + Send + Sync {
    /// Changes a row of pixels, in the depth of the result, above those of the source
    /// that it is told of.
    fn run(&self, pixels: SampleSliceMut<'_>, under: &Under<'_>);
}

/// The source pixels that the anchors of a row of windows lie on.
#[derive(Debug)]
pub(super) struct Under<'a> {
    pub(super) source: ImageView<'a>,
    /// The row of the view.
    pub(super) row: usize,
    pub(super) first_column: usize,
    /// Columns from one pixel to the next.
    pub(super) step: usize,
}

impl<'a> Under<'a> {
    /// Under output pixels from `[row, column]` on.
    pub(super) fn new(geometry: &Geometry, source: Rows<'a>, [row, column]: [usize; 2]) -> Self {
        Self {
            source: source.view,
            row: geometry.rows.under(row) - source.first,
            first_column: geometry.columns.under(column),
            step: geometry.columns.step,
        }
    }
}
