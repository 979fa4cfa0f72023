//! Row stages: rows in, rows out.
//!
//! A result is computed by a [`Chain`] of stages. Each stage says which source rows some
//! rows of its output need, so that a chain can compute any rows of the result from few
//! rows of the image: memory is bounded by the size of chunks, not of the image.

mod bands;
mod chain;
#[cfg(feature = "codecs")]
mod clipping;
mod compile;
mod convolve;
mod copy;
mod exact_responses;
mod exact_weighing;
mod known_rows;
mod near_ties;
mod normalise;
#[cfg(feature = "codecs")]
mod notes;
mod padding;
mod parallel;
mod planes;
mod point;
mod residency;
mod rows;
mod scratch;
mod sums_again;
#[cfg(test)]
mod tests;
mod transparency;
mod weigh;

use std::{
    fmt,
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

pub(crate) use chain::Chain;
use near_ties::Finishes;
#[cfg(feature = "codecs")]
pub use notes::Notes;
pub(crate) use parallel::for_each_chunk;
pub(crate) use rows::{Rows, RowsMut};
use scratch::Pool;
pub(crate) use scratch::Scratch;
use transparency::has_transparent;
pub(crate) use transparency::hidden_pixels;

use crate::{
    error::Result,
    finish::{Extrema, Tally},
    image::{ImageSpec, SampleSliceMut},
    plan::Convolution,
    stop::Stop,
};

/// Called from any thread with a number of newly finished output rows.
pub(crate) type Progress<'a> = dyn Fn(usize) + Sync + 'a;

/// One stage of a chain.
///
/// Its source is the output of the stage before it, or the image. It splits its own work
/// over the threads of the current pool.
pub(crate) trait RowStage: fmt::Debug + Send + Sync {
    /// Shape and depth of its output.
    fn output(&self) -> ImageSpec;

    /// The source rows, from the first to the last, that these rows of the output
    /// are computed from.
    fn source_rows(&self, rows: &Range<usize>) -> Range<usize>;

    /// Output rows that are computed together: a run begins at a multiple of this.
    fn rows_at_once(&self) -> usize {
        1
    }

    /// The channels that it selects, if it does nothing else. Then it never runs: its
    /// output is a view of its source.
    fn channels(&self) -> Option<Range<usize>> {
        None
    }

    /// Whether samples depend on the extrema of all responses.
    fn needs_extrema(&self) -> bool {
        false
    }

    /// The extrema of the responses to the whole source.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    fn extrema(&self, _source: Rows<'_>, _run: &Run<'_>) -> Result<Extrema> {
        Ok(Extrema::Exact(None))
    }

    /// The finishes for these extrema.
    fn finishes(&self, _extrema: &Extrema) -> Option<Finishes> {
        None
    }

    /// Computes these rows of the output. `source` holds at least the
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

/// The context of one run of a stage.
pub(crate) struct Run<'a> {
    /// The columns of the output to compute. Others may be computed as well.
    columns: Range<usize>,
    /// The [`RowStage::finishes`] for the extrema of the image.
    finishes: Option<&'a Finishes>,
    /// Where to note what the responses are, if it is wanted.
    tally: Option<&'a Mutex<Tally>>,
    /// Where to add the number of samples whose windows are missing.
    missing: Option<&'a AtomicU64>,
    /// Where to note that a pixel is transparent, if that is wanted.
    transparent: Option<&'a AtomicBool>,
    /// Buffers of the stage's threads.
    pool: &'a Pool,
    /// Threads that share the work; if 1, the caller's thread does all of it.
    threads: usize,
    progress: &'a Progress<'a>,
    stop: Option<&'a Stop>,
}

impl Run<'_> {
    /// An error if the run was stopped.
    fn check(&self) -> Result<()> {
        self.stop.map_or(Ok(()), Stop::check)
    }

    /// Notes whether any pixel that these rows of the result are computed from is transparent,
    /// if alpha is copied and none was found before.
    fn note_transparent(
        &self,
        convolution: &Convolution,
        source: Rows<'_>,
        rows: &Range<usize>,
    ) -> Result<()> {
        let Some(found) = self.transparent else {
            return Ok(());
        };
        if !convolution.copies_alpha || found.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Range { start, end } = convolution.geometry.rows.source_range(rows);
        let view = source
            .view
            .slice(0, start - source.first..end - source.first)?;
        let simd = convolution.offer().simd;
        if has_transparent(simd, &view, convolution.alpha_full_scale) {
            found.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Calls `body` with the index and the samples of every row of `out`, in parallel, with
    /// at least `min_rows` rows per task.
    fn for_each_row(
        &self,
        out: RowsMut<'_>,
        min_rows: usize,
        body: &(dyn Fn(usize, SampleSliceMut<'_>) + Sync),
    ) -> Result<()> {
        let RowsMut { samples, stride } = out;
        for_each_chunk(samples, stride, min_rows, self.threads, &|row, samples| {
            body(row, samples);
            Ok(())
        })
    }
}
