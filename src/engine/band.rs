//! What windows look at: rows of samples, ready for the inner loops.

use crate::{error::Result, image::no_memory, view::StridedView};

/// Source rows that are ready for windows: border applied, samples widened.
#[derive(Debug, Clone)]
pub(crate) struct Band<'a, T> {
    /// Shape `(rows, columns, channels)`. There may be more columns than the
    /// windows need.
    pub(super) view: StridedView<'a, T, 3>,
    /// The same, row by row.
    pub(super) rows: Vec<&'a [T]>,
    /// How many windows stand side by side at every column, before the step.
    pub(super) positions: usize,
    /// `[rows, columns]` between one window and the next.
    pub(super) step: [usize; 2],
    /// Whether a sample may be infinite or not a number.
    pub(super) may_be_non_finite: bool,
    /// Whether the rows are borrowed from the image, so that they may not be in
    /// cache: engines prefetch them.
    pub(super) far: bool,
}

impl<'a, T> Band<'a, T> {
    /// `rows` is an empty vector whose memory is used for the slices of the rows.
    ///
    /// # Errors
    ///
    /// If the memory for a slice of each row cannot be had.
    ///
    /// # Panics
    ///
    /// If a row of `view` is not flat.
    pub(crate) fn new(
        view: StridedView<'a, T, 3>,
        positions: usize,
        step: [usize; 2],
        may_be_non_finite: bool,
        far: bool,
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
            far,
        })
    }

    /// The slices of its rows, whose memory can be used again.
    pub(crate) fn into_rows(self) -> Vec<&'a [T]> {
        self.rows
    }

    pub(super) fn channels(&self) -> usize {
        self.view.shape()[2]
    }

    /// Samples in a row of sums before the column step is taken.
    pub(super) fn dense_len(&self) -> usize {
        self.positions * self.channels()
    }

    /// The source rows that the block of output rows after this one sees
    /// besides, if it pays to prefetch them.
    pub(super) fn ahead(&self, rows_seen: usize, first: usize, rows: usize) -> &[&'a [T]] {
        let end = |first: usize| (first * self.step[0] + rows_seen + rows - 1).min(self.rows.len());
        let far = if self.far { end(first + rows) } else { 0 };
        self.rows.get(end(first)..far).unwrap_or_default()
    }

    /// The source rows that a block of output rows sees, from output row `first`
    /// on, where one output row sees `rows_seen`.
    pub(super) fn seen(&self, rows_seen: usize, first: usize, rows: usize) -> &[&'a [T]] {
        let first = first * self.step[0];
        &self.rows[first..first + rows_seen + rows - 1]
    }
}
