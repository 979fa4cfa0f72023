//! Selection of channels, as a view without a copy.

use std::ops::Range;

use crate::{
    error::Result,
    image::ImageSpec,
    stage::{RowStage, Rows, RowsMut, Run},
};

/// Selects consecutive channels of an image.
#[derive(Debug)]
pub(in crate::stage) struct Select {
    image: ImageSpec,
    channels: Range<usize>,
}

impl Select {
    /// Selects these channels of such an image.
    pub(in crate::stage) const fn new(image: ImageSpec, channels: Range<usize>) -> Self {
        Self { image, channels }
    }
}

impl RowStage for Select {
    fn output(&self) -> ImageSpec {
        ImageSpec {
            channels: self.channels.len(),
            ..self.image
        }
    }

    fn source_rows(&self, rows: &Range<usize>) -> Range<usize> {
        rows.clone()
    }

    fn channels(&self) -> Option<Range<usize>> {
        Some(self.channels.clone())
    }

    fn run(&self, _: Rows<'_>, _: Range<usize>, _: RowsMut<'_>, _: &Run<'_>) -> Result<()> {
        unreachable!("selected channels are a view")
    }
}
