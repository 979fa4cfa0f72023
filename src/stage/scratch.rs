//! Buffers that are reused from run to run.

use std::{
    any::Any,
    fmt,
    ops::{Deref, DerefMut, Range},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{Finishes, Rows};
use crate::{
    error::Result,
    finish::Tally,
    image::{Depth, ImageSpec, ImageView, SampleSliceMut, Samples},
};

/// The buffers of a chain, reused from run to run.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(super) stages: Vec<StageScratch>,
    /// What the responses of the last stage were so far, if it is wanted.
    pub(super) tally: Option<Mutex<Tally>>,
    /// Samples of the last stage so far whose windows are missing.
    pub(super) missing: AtomicU64,
    /// Whether a pixel so far is transparent, if that is wanted.
    pub(super) transparent: Option<AtomicBool>,
}

/// The buffers of one stage.
#[derive(Debug, Default)]
pub(super) struct StageScratch {
    /// Buffers of its threads.
    pub(super) pool: Pool,
    /// Its output; that of the last stage belongs to the caller.
    pub(super) output: Buffer,
    /// The finishes for the extrema of its responses, if samples depend on these.
    pub(super) finishes: Option<Arc<Finishes>>,
}

impl Scratch {
    /// For a chain whose last stage notes what its responses are.
    pub(crate) fn tallying() -> Self {
        Self {
            tally: Some(Mutex::new(Tally::EMPTY)),
            ..Self::default()
        }
    }

    /// The same, noting whether a pixel is transparent whose alpha is copied.
    pub(crate) fn noting_transparency(self) -> Self {
        Self {
            transparent: Some(AtomicBool::new(false)),
            ..self
        }
    }

    /// Buffers for another thread that computes images of the same run: with the same finishes. What it notes is to be [joined](Self::join).
    pub(crate) fn fork(&self) -> Self {
        let stages = self.stages.iter().map(|stage| StageScratch {
            finishes: stage.finishes.clone(),
            ..StageScratch::default()
        });
        Self {
            stages: stages.collect(),
            tally: (self.tally.as_ref()).map(|_| Mutex::new(Tally::EMPTY)),
            missing: AtomicU64::new(0),
            transparent: (self.transparent.as_ref()).map(|_| AtomicBool::new(false)),
        }
    }

    /// Takes over what a fork noted.
    pub(crate) fn join(&mut self, fork: &Self) {
        let noted = fork.tally();
        if let Some(tally) = &mut self.tally {
            let tally = tally.get_mut().unwrap_or_else(PoisonError::into_inner);
            tally.join(noted);
        }
        *self.missing.get_mut() += fork.missing();
        if let Some(transparent) = &mut self.transparent {
            *transparent.get_mut() |= fork.transparent();
        }
    }

    /// What was noted of the responses of all rows so far; empty if nothing is.
    pub(crate) fn tally(&self) -> Tally {
        let noted = self.tally.as_ref();
        noted.map_or(Tally::EMPTY, |tally| {
            *tally.lock().unwrap_or_else(PoisonError::into_inner)
        })
    }

    /// The number of all samples so far whose windows have too few present samples.
    pub(crate) fn missing(&self) -> u64 {
        self.missing.load(Ordering::Relaxed)
    }

    /// Whether a pixel so far is transparent; false if that is not noted.
    pub(crate) fn transparent(&self) -> bool {
        let noted = self.transparent.as_ref();
        noted.is_some_and(|transparent| transparent.load(Ordering::Relaxed))
    }

    /// Prepares for `stages` stages and a new image: forgets all rows and extrema.
    pub(super) fn begin(&mut self, stages: usize) {
        self.stages.resize_with(stages, StageScratch::default);
        for stage in &mut self.stages {
            stage.finishes = None;
        }
        self.begin_image();
        *self.missing.get_mut() = 0;
        if let Some(transparent) = &mut self.transparent {
            *transparent.get_mut() = false;
        }
        if let Some(tally) = &mut self.tally {
            *tally = Mutex::new(Tally::EMPTY);
        }
    }

    /// Forgets the rows of the last image; the extrema stay.
    pub(crate) fn begin_image(&mut self) {
        for stage in &mut self.stages {
            stage.output.rows = 0..0;
        }
    }
}

/// Buffers of the threads that run a stage. A thread takes one for its share of a run,
/// so there are as many as threads have run at the same time.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Vec<Box<dyn Any + Send>>>);

impl Pool {
    /// A free buffer, or a new one.
    pub(super) fn take<T: Any + Send>(&self, new: impl FnOnce() -> T) -> PoolGuard<'_, T> {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let item = match free.map(<Box<dyn Any + Send>>::downcast) {
            Some(Ok(item)) => item,
            // None, or one of another chain.
            _ => Box::new(new()),
        };
        PoolGuard {
            pool: self,
            item: Some(item),
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// A buffer that returns to its pool when it is dropped.
pub(super) struct PoolGuard<'a, T: Any + Send> {
    pool: &'a Pool,
    /// `Some` until it is dropped.
    item: Option<Box<T>>,
}

impl<T: Any + Send> Deref for PoolGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.item
            .as_deref()
            .expect("it is there until it is dropped")
    }
}

impl<T: Any + Send> DerefMut for PoolGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.item
            .as_deref_mut()
            .expect("it is there until it is dropped")
    }
}

impl<T: Any + Send> Drop for PoolGuard<'_, T> {
    fn drop(&mut self) {
        if let Some(item) = self.item.take() {
            let mut free = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
            free.push(item);
        }
    }
}

/// Consecutive rows between two stages. Rows that the next run needs again are kept.
#[derive(Debug)]
pub(super) struct Buffer {
    samples: Samples,
    rows: Range<usize>,
}

impl Default for Buffer {
    fn default() -> Self {
        Self {
            samples: Samples::empty(Depth::U8),
            rows: 0..0,
        }
    }
}

impl Buffer {
    /// Keeps the needed rows that are already buffered, and returns the rows still to be
    /// computed, which begin at a multiple of `rows_at_once`.
    pub(super) fn keep(
        &mut self,
        needed: Range<usize>,
        rows_at_once: usize,
        spec: ImageSpec,
    ) -> Result<Range<usize>> {
        if self.samples.depth() != spec.depth {
            *self = Self {
                samples: Samples::empty(spec.depth),
                rows: 0..0,
            };
        }
        if self.rows.start <= needed.start && needed.end <= self.rows.end {
            return Ok(needed.end..needed.end);
        }
        // The last rows may be an incomplete block of rows that are computed together.
        let end = self.rows.end / rows_at_once * rows_at_once;
        let (first, missing) = match self.rows.start <= needed.start && needed.start < end {
            true => (needed.start, end),
            false => {
                let start = needed.start / rows_at_once * rows_at_once;
                (start, start)
            }
        };
        if first < missing {
            let row_bytes = spec.row_bytes();
            let kept = first - self.rows.start..missing - self.rows.start;
            let bytes = self.samples.as_mut_slice().into_bytes();
            bytes.copy_within(kept.start * row_bytes..kept.end * row_bytes, 0);
        }
        let len = (needed.end - first) * spec.row_len();
        if self.samples.len() < len {
            self.samples.resize(len)?;
        }
        self.rows = first..needed.end;
        Ok(missing..needed.end)
    }

    /// Some of its rows, to be written.
    pub(super) fn rows_mut(&mut self, rows: Range<usize>, spec: ImageSpec) -> SampleSliceMut<'_> {
        let at = |row: usize| (row - self.rows.start) * spec.row_len();
        let (start, end) = (at(rows.start), at(rows.end));
        self.samples.as_mut_slice().range(start, end)
    }

    /// All of its rows.
    pub(super) fn rows(&self, spec: ImageSpec) -> Rows<'_> {
        let shape = [self.rows.len(), spec.columns, spec.channels];
        let samples = (self.samples.as_slice()).range(0, self.rows.len() * spec.row_len());
        Rows {
            view: ImageView::from_samples(samples, shape).expect("it has samples for its rows"),
            first: self.rows.start,
        }
    }
}
