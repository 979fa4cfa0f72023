//! Samples that are only moved: a copy of the sample at one place of every window.

use std::{ops::Range, sync::Arc};

use super::{RowStage, Rows, RowsMut, Run};
use crate::{
    border::Border,
    error::Result,
    geometry::Geometry,
    image::{ImageSpec, ImageView, SampleSliceMut},
    number::Output,
    plan::Convolution,
    view::StridedView,
};

/// Rows that a thread copies at least: a copy is soon done.
const LEAST_ROWS: usize = 16;

/// The sample at a row and column of every window.
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
        run.for_each_row(out, LEAST_ROWS, &|row, out| {
            let y = rows.start + row;
            match (source.view, out) {
                (ImageView::U8(view), SampleSliceMut::U8(out)) => {
                    copy_row(geometry, (view, source.first), tap, y, out);
                }
                (ImageView::U16(view), SampleSliceMut::U16(out)) => {
                    copy_row(geometry, (view, source.first), tap, y, out);
                }
                (ImageView::F32(view), SampleSliceMut::F32(out)) => {
                    copy_row(geometry, (view, source.first), tap, y, out);
                }
                _ => unreachable!("samples that are copied keep their type"),
            }
            (run.progress)(1);
        })
    }
}

/// Fills a row of the result, row `y`; the source comes with the row of the image
/// that it begins with.
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
    let constant = match geometry.border() {
        Some(Border::Constant(value)) => S::from_real(value),
        _ => S::from_real(0.0),
    };
    let Some(row) = geometry.rows.source(y * geometry.rows.step + tap[0]) else {
        out.fill(constant);
        return;
    };
    let row = row - first;
    // The outputs whose sample is the image's own, if they stand side by side.
    let padded = tap[1]..tap[1] + columns;
    let inside = match geometry.columns.step {
        1 => geometry.columns.inside(&padded),
        _ => padded.start..padded.start,
    };
    let copied = match source.flat_row(row) {
        Some(samples) if !inside.is_empty() => {
            let from = (inside.start - geometry.columns.before) * channels;
            let to = (inside.start - padded.start) * channels;
            let len = inside.len() * channels;
            out[to..to + len].copy_from_slice(&samples[from..from + len]);
            inside.start - padded.start..inside.end - padded.start
        }
        _ => 0..0,
    };
    for x in (0..copied.start).chain(copied.end..columns) {
        let column = geometry.columns.source(x * geometry.columns.step + tap[1]);
        for c in 0..channels {
            out[x * channels + c] = column.map_or(constant, |x| *source.at([row, x, c]));
        }
    }
}
