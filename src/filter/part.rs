//! Rows of a result that are made together.

use std::ops::Range;

use crate::{image::ImageView, plan::Plan, tone::Tone};

/// Hears of finished output rows.
pub(crate) type Progress<'a> = dyn Fn(usize) + Sync + 'a;

/// Some rows of the result, and what they are made of.
pub(super) struct Part<'a> {
    pub(super) plan: &'a Plan,
    pub(super) tone: &'a Tone,
    pub(super) source: ImageView<'a>,
    /// The row of the image that the source begins with.
    pub(super) first: usize,
    pub(super) rows: Range<usize>,
    pub(super) band_rows: usize,
    pub(super) progress: &'a Progress<'a>,
}

impl Part<'_> {
    /// The rows of a band, counted from the part's first one.
    pub(super) fn band(&self, at: usize) -> Range<usize> {
        let first = self.rows.start + at * self.band_rows;
        first..(first + self.band_rows).min(self.rows.end)
    }
}
