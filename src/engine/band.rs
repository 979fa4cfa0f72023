//! The source rows of a band, ready for the inner loops.

use crate::{error::Result, image::no_memory, number::Element, view::StridedView};

/// Source rows with the border applied and samples converted to the element type.
#[derive(Debug, Clone)]
pub(crate) struct Band<'a, T> {
    /// Shape `(rows, columns, channels)`. There may be more columns than the
    /// windows need.
    pub(super) view: StridedView<'a, T, 3>,
    /// The rows of `view` as flat slices.
    pub(super) rows: Vec<&'a [T]>,
    /// Window positions in a row, counted at a column step of 1.
    pub(super) positions: usize,
    /// The step `[rows, columns]` from one window to the next.
    pub(super) step: [usize; 2],
    /// Whether a sample may be infinite or not a number.
    pub(super) may_be_non_finite: bool,
    /// Whether the rows are borrowed from the image, so that they may not be in
    /// cache: engines prefetch them.
    pub(super) borrowed: bool,
}

impl<'a, T> Band<'a, T> {
    /// `rows` is an empty vector whose memory is used for the slices of the rows.
    ///
    /// # Errors
    ///
    /// If the allocation of the slices fails.
    ///
    /// # Panics
    ///
    /// If a row of `view` is not flat.
    pub(crate) fn new(
        view: StridedView<'a, T, 3>,
        positions: usize,
        step: [usize; 2],
        may_be_non_finite: bool,
        borrowed: bool,
        mut rows: Vec<&'a [T]>,
    ) -> Result<Self> {
        let count = view.shape()[0];
        (rows.try_reserve_exact(count)).map_err(|_| no_memory::<&[T]>(count))?;
        let flat = (0..count).map(|row| view.flat_row(row).expect("a band's rows are flat"));
        rows.extend(flat);
        Ok(Self {
            rows,
            view,
            positions,
            step,
            may_be_non_finite,
            borrowed,
        })
    }

    /// The largest absolute sample.
    pub(crate) fn largest(&self) -> f64
    where
        T: Element,
    {
        let samples = self.rows.iter().flat_map(|row| row.iter());
        samples.fold(0.0, |largest, sample| {
            let size = sample.to_f64().abs();
            if size > largest { size } else { largest }
        })
    }

    /// The slices of its rows, whose allocation can be reused.
    pub(crate) fn into_rows(self) -> Vec<&'a [T]> {
        self.rows
    }

    pub(crate) fn channels(&self) -> usize {
        self.view.shape()[2]
    }

    /// Samples in a row of sums before the column step is applied.
    pub(crate) fn dense_len(&self) -> usize {
        self.positions * self.channels()
    }

    /// The source rows that the next block of output rows needs and this one does
    /// not: rows to prefetch. None unless the rows are borrowed.
    pub(super) fn rows_to_prefetch(
        &self,
        rows_read: usize,
        first: usize,
        rows: usize,
    ) -> &[&'a [T]] {
        let end = |first: usize| (first * self.step[0] + rows_read + rows - 1).min(self.rows.len());
        let last = if self.borrowed { end(first + rows) } else { 0 };
        self.rows.get(end(first)..last).unwrap_or_default()
    }

    /// The source rows of the block of `rows` output rows from `first` on, if one
    /// output row reads `rows_read`. For example, 4 output rows of a 3x3 kernel read
    /// 3 + 4 - 1 = 6 source rows.
    pub(super) fn source_rows(&self, rows_read: usize, first: usize, rows: usize) -> &[&'a [T]] {
        let first = first * self.step[0];
        &self.rows[first..first + rows_read + rows - 1]
    }
}
