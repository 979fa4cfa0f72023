//! Windows whose sums by a transform would not do are summed again tap by tap.

use std::ops::Range;

use super::{RowStage, Rows, RowsMut, Run};
use crate::{
    error::Result,
    image::{SampleSliceMut, try_resize},
    plan::{ROWS_AGAIN, Totals},
    simd::{Body, Isa, Simd},
};

/// Doubtful windows this near to each other in a row are summed in one call: it costs as much as
/// some windows.
const MAX_GAP: usize = 32;

/// Sums of one plane by one set of weights.
pub(super) struct PlaneSums<'a> {
    /// Sums tap by tap.
    pub(super) again: &'a dyn RowStage,
    pub(super) source: Rows<'a>,
    pub(super) sums: &'a mut [f64],
}

/// Which windows are doubtful.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubts {
    pub(super) totals: Totals,
    pub(super) min_share: f64,
}

/// Buffers of one thread.
#[derive(Debug, Default)]
pub(super) struct SumsAgain {
    /// 1 for every doubtful window of a few rows, else 0.
    marks: Vec<u8>,
    /// The same of any of these rows.
    columns: Vec<u8>,
    sums: Vec<f64>,
}

impl SumsAgain {
    /// Sums the doubtful windows of these rows again: by weights, the numbers and the presence,
    /// and maybe the same by absolute weights. The last tells which windows are doubtful.
    pub(super) fn run(
        &mut self,
        simd: Simd,
        doubts: Doubts,
        rows: &Range<usize>,
        planes: &mut [Option<PlaneSums<'_>>],
        run: &Run<'_>,
    ) -> Result<()> {
        let Some(last) = planes.iter().flatten().last() else {
            return Ok(());
        };
        let (row_len, channels) = (last.sums.len() / rows.len(), last.again.output().channels);
        let wanted = run.columns.start * channels..run.columns.end * channels;
        for first in (0..rows.len()).step_by(ROWS_AGAIN) {
            let part = first..(first + ROWS_AGAIN).min(rows.len());
            let samples = part.start * row_len..part.end * row_len;
            try_resize(&mut self.marks, samples.len(), 0)?;
            try_resize(&mut self.columns, row_len, 0)?;
            self.columns.fill(0);
            let presence = planes.iter().flatten().last();
            let any = simd.run(Mark {
                doubts,
                presence: presence.map_or(&[], |plane| &plane.sums[samples.clone()]),
                marks: &mut self.marks,
                columns: &mut self.columns,
                wanted: &wanted,
            });
            if !any {
                continue;
            }
            let part = rows.start + part.start..rows.start + part.end;
            let mut from = run.columns.start;
            while let Some(columns) = self.next_columns(from..run.columns.end, channels) {
                from = columns.end;
                for plane in planes.iter_mut().flatten() {
                    self.sum(plane, &part, samples.clone(), columns.clone(), run)?;
                }
            }
        }
        Ok(())
    }

    /// The next columns with doubtful windows.
    fn next_columns(&self, within: Range<usize>, channels: usize) -> Option<Range<usize>> {
        let is_doubtful = |column: &usize| {
            let pixel = &self.columns[column * channels..(column + 1) * channels];
            pixel.iter().any(|&mark| mark != 0)
        };
        let start = within.clone().find(is_doubtful)?;
        let mut end = start + 1;
        while let Some(next) = (end..within.end.min(end + MAX_GAP)).find(is_doubtful) {
            end = next + 1;
        }
        Some(start..end)
    }

    /// Replaces the sums of doubtful windows in these columns.
    fn sum(
        &mut self,
        plane: &mut PlaneSums<'_>,
        rows: &Range<usize>,
        samples: Range<usize>,
        columns: Range<usize>,
        run: &Run<'_>,
    ) -> Result<()> {
        let Self { marks, sums, .. } = self;
        try_resize(sums, samples.len(), 0.0)?;
        let (row_len, channels) = (samples.len() / rows.len(), plane.again.output().channels);
        let out = RowsMut {
            samples: SampleSliceMut::F64(sums),
            stride: row_len,
        };
        let run = Run {
            columns: columns.clone(),
            ..*run
        };
        plane.again.run(plane.source, rows.clone(), out, &run)?;
        let part = columns.start * channels..columns.end * channels;
        let rows = (plane.sums[samples].chunks_exact_mut(row_len))
            .zip(sums.chunks_exact(row_len))
            .zip(marks.chunks_exact(row_len));
        for ((to, from), marks) in rows {
            let windows = to[part.clone()].iter_mut().zip(&from[part.clone()]);
            for ((to, from), mark) in windows.zip(&marks[part.clone()]) {
                if *mark != 0 {
                    *to = *from;
                }
            }
        }
        Ok(())
    }
}

/// Marks doubtful windows of some rows, and whether there is any.
struct Mark<'a> {
    doubts: Doubts,
    presence: &'a [f64],
    marks: &'a mut [u8],
    columns: &'a mut [u8],
    /// The windows of each row that are wanted.
    wanted: &'a Range<usize>,
}

impl Body for Mark<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> bool {
        let Doubts { totals, min_share } = self.doubts;
        let row_len = self.columns.len();
        let mut any = 0;
        let rows = (self.marks.chunks_exact_mut(row_len)).zip(self.presence.chunks_exact(row_len));
        for (marks, presence) in rows {
            let marks = &mut marks[self.wanted.clone()];
            let presence = &presence[self.wanted.clone()];
            let columns = &mut self.columns[self.wanted.clone()];
            for ((mark, column), present) in marks.iter_mut().zip(columns).zip(presence) {
                *mark = u8::from(totals.is_doubtful(present.abs(), min_share));
                *column |= *mark;
                any |= *mark;
            }
        }
        any != 0
    }
}
