//! Stages that sum whole bands in 64-bit floats, and finish the sums row by row.

use std::{fmt, ops::Range, sync::PoisonError};

use super::{Finishes, RowStage, Rows, RowsMut, Run, parallel, scratch::Pool};
use crate::{
    error::Result,
    finish::{Extrema, Finish, ResponseRange, Tally},
    image::{ImageSpec, SampleSliceMut},
    plan::Convolution,
};

/// Such a stage: a [`RowStage`] by its passes over source rows.
pub(super) trait BandStage: fmt::Debug + Send + Sync {
    type Pass<'a>: BandPass
    where
        Self: 'a;

    fn convolution(&self) -> &Convolution;

    /// A run over these rows.
    fn pass<'a>(&'a self, source: Rows<'a>) -> Self::Pass<'a>;
}

impl<S: BandStage> RowStage for S {
    fn output(&self) -> ImageSpec {
        self.convolution().output()
    }

    fn source_rows(&self, rows: &Range<usize>) -> Range<usize> {
        self.convolution().geometry.rows.source_range(rows)
    }

    fn rows_at_once(&self) -> usize {
        self.convolution().rows_at_once()
    }

    fn needs_extrema(&self) -> bool {
        self.convolution().finish.needs_range()
    }

    fn extrema(&self, source: Rows<'_>, run: &Run<'_>) -> Result<Extrema> {
        let range = range(&self.pass(source), run)?;
        // Responses as far apart as their errors may be equal.
        Ok(Extrema::Computed(self.convolution().finish.certain(range)))
    }

    fn finishes(&self, extrema: &Extrema) -> Option<Finishes> {
        Some(Finishes {
            of_sums: self.convolution().finish.with_extrema(extrema),
            of_windows: None,
        })
    }

    fn run(
        &self,
        source: Rows<'_>,
        rows: Range<usize>,
        out: RowsMut<'_>,
        run: &Run<'_>,
    ) -> Result<()> {
        fill(&self.pass(source), rows, out, run)
    }
}

/// One run of such a stage over source rows.
pub(super) trait BandPass: Sync {
    /// Buffers of one thread, reused from band to band.
    type Scratch: Default + Send + 'static;

    fn convolution(&self) -> &Convolution;

    fn source(&self) -> Rows<'_>;

    /// Sums the windows of these rows of the result.
    fn sum(&self, rows: &Range<usize>, run: &Run<'_>, scratch: &mut Self::Scratch) -> Result<()>;

    /// Finishes a row of a band that begins with row `first` of the result, and returns what its
    /// responses are if that is noted.
    fn finish_row(
        &self,
        finish: &Finish,
        at: (usize, usize),
        out: SampleSliceMut<'_>,
        run: &Run<'_>,
        scratch: &mut Self::Scratch,
    ) -> Result<Tally>;

    /// The range of the numerators of a row of a band that begins with row `first` of the
    /// result.
    fn range_of_row(
        &self,
        at: (usize, usize),
        run: &Run<'_>,
        scratch: &mut Self::Scratch,
    ) -> Result<ResponseRange>;

    /// Fills these rows without sums, if that gives the same; returns whether it did.
    fn fill_plain(
        &self,
        _rows: &Range<usize>,
        _out: RowsMut<'_>,
        _run: &Run<'_>,
        _scratch: &mut Self::Scratch,
    ) -> Result<bool> {
        Ok(false)
    }
}

/// Fills `out` with these rows of the result; the threads share the bands.
fn fill<P: BandPass>(pass: &P, rows: Range<usize>, out: RowsMut<'_>, run: &Run<'_>) -> Result<()> {
    let convolution = pass.convolution();
    let finish = match run.finishes {
        None => &convolution.finish,
        Some(finishes) => &finishes.of_sums,
    };
    let row_len = convolution.output().row_len();
    let band_rows = band_rows(convolution, rows.len());
    let threads = match rows.len() <= band_rows {
        true => 1,
        false => run.threads,
    };
    let stride = out.stride;
    let len = band_rows * stride;
    parallel::for_each_chunk(out.samples, len, 1, threads, &|band, mut out| {
        run.check()?;
        let first = rows.start + band * band_rows;
        let rows = first..(first + band_rows).min(rows.end);
        run.note_transparent(convolution, pass.source(), &rows)?;
        let scratch = &mut *run.pool.take(P::Scratch::default);
        let samples = out.reborrow();
        if !pass.fill_plain(&rows, RowsMut { samples, stride }, run, scratch)? {
            pass.sum(&rows, run, scratch)?;
            let mut tally = Tally::EMPTY;
            for row in 0..rows.len() {
                let out = out.reborrow().range(row * stride, row * stride + row_len);
                tally.join(pass.finish_row(finish, (rows.start, row), out, run, scratch)?);
            }
            if let Some(all) = run.tally {
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.join(tally);
            }
        }
        (run.progress)(rows.len());
        Ok(())
    })
}

/// The range of the numerators of the whole result.
fn range<P: BandPass>(pass: &P, run: &Run<'_>) -> Result<ResponseRange> {
    let convolution = pass.convolution();
    let rows = convolution.geometry.rows.output;
    let band_rows = band_rows(convolution, rows);
    parallel::joined_range(rows.div_ceil(band_rows), run.threads, &|band| {
        run.check()?;
        let first = band * band_rows;
        let rows = first..(first + band_rows).min(rows);
        let scratch = &mut *run.pool.take(P::Scratch::default);
        pass.sum(&rows, run, scratch)?;
        let mut range = ResponseRange::EMPTY;
        for row in 0..rows.len() {
            range = range.join(pass.range_of_row((rows.start, row), run, scratch)?);
        }
        Ok(range)
    })
}

/// Output rows in a band of a run over `rows` rows: a part of a result is split over all
/// threads.
fn band_rows(convolution: &Convolution, rows: usize) -> usize {
    let max_rows = convolution.band_rows(false);
    if rows == convolution.geometry.rows.output {
        return max_rows;
    }
    let share = rows.div_ceil(convolution.threads);
    share
        .next_multiple_of(convolution.rows_at_once())
        .min(max_rows)
}

/// The context of the stages inside of such a stage, on the thread of a band.
pub(super) fn inner<'r>(run: &Run<'r>, pool: &'r Pool) -> Run<'r> {
    Run {
        columns: run.columns.clone(),
        finishes: None,
        tally: None,
        missing: None,
        transparent: None,
        pool,
        threads: 1,
        progress: &|_| (),
        stop: run.stop,
    }
}
