//! Some channels of an image, where they lie.

use std::ops::Range;

use crate::{
    error::Result,
    image::Depth,
    stage::{RowStage, Rows, RowsMut, Run},
};

/// Consecutive channels of an image, without a copy.
#[derive(Debug)]
pub(in crate::stage) struct Select {
    size: [usize; 2],
    channels: Range<usize>,
    depth: Depth,
}

impl Select {
    /// These channels of an image of `[rows, columns]`.
    pub(in crate::stage) const fn new(
        size: [usize; 2],
        channels: Range<usize>,
        depth: Depth,
    ) -> Self {
        Self {
            size,
            channels,
            depth,
        }
    }
}

impl RowStage for Select {
    fn output(&self) -> ([usize; 3], Depth) {
        let [rows, columns] = self.size;
        ([rows, columns, self.channels.len()], self.depth)
    }

    fn source_rows(&self, rows: &Range<usize>) -> Range<usize> {
        rows.clone()
    }

    fn channels(&self) -> Option<Range<usize>> {
        Some(self.channels.clone())
    }

    fn run(&self, _: Rows<'_>, _: Range<usize>, _: RowsMut<'_>, _: &Run<'_>) -> Result<()> {
        unreachable!("channels that are only chosen are a view")
    }
}
