//! Row stages: rows in, rows out.
//!
//! A result is made by a [`Chain`] of stages. Each of them says which of its source
//! rows some rows of its output need, so that a chain can make any rows of its
//! result from few rows of the image: memory is bounded by chunks of rows, whatever
//! the image is.

mod chain;
mod compile;
mod convolve;
mod copy;
mod framing;
mod parallel;
mod point;
mod rows;
mod scratch;
#[cfg(test)]
mod tests;

use std::{fmt, ops::Range};

pub(crate) use chain::Chain;
pub(crate) use rows::{Rows, RowsMut};
use scratch::Pool;
pub(crate) use scratch::Scratch;

use crate::{
    error::Result,
    finish::ResponseRange,
    image::{ImageSpec, SampleSliceMut},
    stop::Stop,
};

/// Called with the number of output rows that were finished, from any thread.
pub(crate) type Progress<'a> = dyn Fn(usize) + Sync + 'a;

/// One stage of a chain.
///
/// Its source are the rows of the stage before it, or of the image. It splits its
/// work over the threads of the current pool itself.
pub(crate) trait RowStage: fmt::Debug + Send + Sync {
    /// What its output is.
    fn output(&self) -> ImageSpec;

    /// The source rows, from the first to the last, that these rows of the output
    /// are computed from.
    fn source_rows(&self, rows: &Range<usize>) -> Range<usize>;

    /// Output rows that are computed together: a run begins at a multiple of them.
    fn rows_at_once(&self) -> usize {
        1
    }

    /// The channels of its source that its output is, if it only chooses some: then
    /// it is never run, and its output is a view.
    fn channels(&self) -> Option<Range<usize>> {
        None
    }

    /// Whether samples depend on the range of all responses.
    fn needs_range(&self) -> bool {
        false
    }

    /// The range of the responses to the whole source.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    fn range(&self, _source: Rows<'_>, _run: &Run<'_>) -> Result<ResponseRange> {
        Ok(ResponseRange::EMPTY)
    }

    /// Makes these rows of the output. `source` holds at least the
    /// [rows that they need](Self::source_rows).
    ///
    /// # Errors
    ///
    /// If memory cannot be allocated, or the run was stopped.
    fn run(
        &self,
        source: Rows<'_>,
        rows: Range<usize>,
        out: RowsMut<'_>,
        run: &Run<'_>,
    ) -> Result<()>;
}

/// A part of a result.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) rows: Range<usize>,
    pub(crate) columns: Range<usize>,
}

/// What a stage is given for one run beside its rows.
pub(crate) struct Run<'a> {
    /// The columns of the output that are wanted. Others may be made, too.
    columns: Range<usize>,
    /// What [`RowStage::range`] found.
    range: Option<ResponseRange>,
    /// Buffers of the stage's threads.
    pool: &'a Pool,
    /// Threads that share the work: with one, that of the caller does all of it.
    threads: usize,
    progress: &'a Progress<'a>,
    stop: Option<&'a Stop>,
}

impl Run<'_> {
    /// Whether the run goes on.
    fn check(&self) -> Result<()> {
        self.stop.map_or(Ok(()), Stop::check)
    }

    /// Calls `body` with the number and the samples of every row of `out`, over the
    /// threads: at least `least` rows in one task.
    fn for_each_row(
        &self,
        out: RowsMut<'_>,
        least: usize,
        body: &(dyn Fn(usize, SampleSliceMut<'_>) + Sync),
    ) -> Result<()> {
        let RowsMut { samples, stride } = out;
        parallel::for_each_chunk(samples, stride, least, self.threads, &|row, samples| {
            body(row, samples);
            Ok(())
        })
    }
}
