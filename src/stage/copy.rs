//! Pure translations: every output sample is a copy of the sample at one tap of its window.

use std::{ops::Range, sync::Arc};

use super::{RowStage, Rows, RowsMut, Run};
use crate::{
    error::Result,
    geometry::Geometry,
    image::{ImageSpec, ImageView, Sample},
    number::Output,
    plan::Convolution,
    view::StridedView,
};

/// The minimum number of rows per task: one row is copied too quickly to be worth a task.
const MIN_ROWS_PER_TASK: usize = 16;

/// Copies the sample at the row and column `tap` of every window.
#[derive(Debug)]
pub(super) struct Copy {
    convolution: Arc<Convolution>,
    tap: [usize; 2],
}

impl Copy {
    pub(super) fn new(convolution: &Arc<Convolution>, tap: [usize; 2]) -> Self {
        let convolution = Arc::clone(convolution);
        Self { convolution, tap }
    }
}

impl RowStage for Copy {
    fn output(&self) -> ImageSpec {
        self.convolution.output()
    }

    fn source_rows(&self, rows: &Range<usize>) -> Range<usize> {
        self.convolution.geometry.rows.source_range(rows)
    }

    fn rows_at_once(&self) -> usize {
        self.convolution.rows_at_once()
    }

    fn run(
        &self,
        source: Rows<'_>,
        rows: Range<usize>,
        out: RowsMut<'_>,
        run: &Run<'_>,
    ) -> Result<()> {
        run.check()?;
        let (geometry, tap) = (&self.convolution.geometry, self.tap);
        run.for_each_row(out, MIN_ROWS_PER_TASK, &|row, out| {
            let y = rows.start + row;
            each_sample!(ImageView(source.view), view => {
                let out = Sample::of_slice_mut(out).expect("copied samples keep their type");
                copy_row(geometry, (view, source.first), tap, y, out);
            });
            (run.progress)(1);
        })
    }
}

/// Fills row `y` of the result. `first` is the row of the image that `source` begins
/// with.
fn copy_row<S: Output>(
    geometry: &Geometry,
    (source, first): (StridedView<'_, S, 3>, usize),
    tap: [usize; 2],
    y: usize,
    out: &mut [S],
) {
    let channels = source.shape()[2];
    let [_, columns] = geometry.output();
    let out = &mut out[..columns * channels];
    let [above, beside] =
        [&geometry.rows, &geometry.columns].map(|axis| S::from_real(axis.constant()));
    let source_column = |x: usize| geometry.columns.source(x * geometry.columns.step + tap[1]);
    let Some(row) = geometry.rows.source(y * geometry.rows.step + tap[0]) else {
        let corner = [above, beside][geometry.corner_axis];
        for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
            pixel.fill(source_column(x).map_or(corner, |_| above));
        }
        return;
    };
    let row = row - first;
    // The padded columns inside the image, which are contiguous in it at a step of 1.
    let padded = tap[1]..tap[1] + columns;
    let inside = match geometry.columns.step {
        1 => geometry.columns.inside(&padded),
        _ => padded.start..padded.start,
    };
    let copied = match source.flat_row(row) {
        Some(samples) if !inside.is_empty() => {
            let from = geometry.columns.index_inside(inside.start) * channels;
            let to = (inside.start - padded.start) * channels;
            let len = inside.len() * channels;
            out[to..to + len].copy_from_slice(&samples[from..from + len]);
            inside.start - padded.start..inside.end - padded.start
        }
        _ => 0..0,
    };
    for x in (0..copied.start).chain(copied.end..columns) {
        let column = source_column(x);
        for c in 0..channels {
            out[x * channels + c] = column.map_or(beside, |x| *source.at([row, x, c]));
        }
    }
}
