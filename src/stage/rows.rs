//! Rows of an image: what a stage reads, and what it writes.

use std::ops::Range;

use crate::{
    image::{ImageView, SampleSliceMut},
    view::LayoutError,
};

/// Some rows of an image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) view: ImageView<'a>,
    /// The row of the image that `view` begins with.
    pub(crate) first: usize,
}

impl<'a> Rows<'a> {
    /// The rows of the image that `view` holds.
    pub(crate) fn range(&self) -> Range<usize> {
        self.first..self.first + self.view.shape()[0]
    }

    /// The same rows with only these channels.
    pub(super) fn channels(&self, channels: Range<usize>) -> Result<Self, LayoutError> {
        Ok(Self {
            view: self.view.slice(2, channels)?,
            ..*self
        })
    }
}

/// Rows of a result, to be written: each is contiguous, and the next begins `stride`
/// samples after it.
#[derive(Debug)]
pub(crate) struct RowsMut<'a> {
    pub(crate) samples: SampleSliceMut<'a>,
    pub(crate) stride: usize,
}
