//! The memory that images in flight take, and its bound.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Flow, Input, Stop, branch, flow, stages};
use crate::{
    codec::{self, Format},
    error::Result,
    filter::Plan,
    image::ImageSpec,
};

/// What a reader takes whatever it reads: the buffer of the file, the window and
/// the tables of a decompressor.
const READER: usize = 1 << 20;

/// What a result takes beside its rows: the buffers of its file, the window and
/// the tables of a compressor.
const RESULT: usize = 1 << 20;

/// How many copies there are of what a file carries beside its samples: those
/// that the reader gives at the beginning and at the end, and one on the way.
const READ_COPIES: usize = 3;

/// The same of each result: the one that is to be carried, those that its writer
/// and its encoder hold, and one that is encoded.
const WRITTEN_COPIES: usize = 4;

/// How often those that wait look whether they are stopped.
const LOOK: Duration = Duration::from_millis(50);

/// The most bytes of memory that it takes to make results of `input`: a bound
/// from sizes alone. Each result has its plan, its format, and whether it is
/// written to a pipe.
pub fn needed<'a>(
    input: &Input,
    flow: &Flow,
    results: impl IntoIterator<Item = (&'a Plan, Format, bool)>,
) -> u64 {
    let image = input.spec();
    let row_bytes = image.row_bytes();
    let metadata = input.metadata().bytes();
    // The rows of the image that a window must hold for the neediest result.
    let mut held_rows = 0;
    let costs = results.into_iter().map(|(plan, format, piped)| {
        let result = ImageSpec::new(plan.output_shape(), plan.output_depth());
        let source_rows = flow::source_rows(plan, row_bytes).min(image.rows);
        held_rows = held_rows.max(source_rows);
        let luma_rows = match plan.needs_whole_image() {
            Some(_) => image.rows,
            None => source_rows,
        };
        (branch::memory(plan, row_bytes))
            .saturating_add(plan.luma_row_bytes().saturating_mul(luma_rows))
            .saturating_add(codec::memory_to_write(result, format, piped))
            .saturating_add(plan.memory())
            .saturating_add(metadata.saturating_mul(WRITTEN_COPIES))
            .saturating_add(RESULT)
    });
    let making = match flow {
        Flow::Streamed { .. } => costs.fold(0, usize::saturating_add),
        // One after the other.
        _ => costs.max().unwrap_or(0),
    };
    let (reading, holds_image) = match input {
        Input::Rows(reader) => (reader.memory() + READER, reader.holds_image()),
        Input::Whole(_) => (0, false),
    };
    let needed = match flow {
        // Blocks wait in a queue; one more is in the reader's hands, one in the
        // filter's, and its rows are in the window.
        Flow::Streamed { rows } => (rows.saturating_mul(stages::QUEUE + 2))
            .saturating_add(stages::window_rows(held_rows, *rows, image.rows))
            .saturating_mul(row_bytes)
            .saturating_add(reading)
            .saturating_add(making),
        // The reader is gone, with its file, when the first result is begun.
        Flow::Whole { bytes, .. } => {
            let read = if holds_image { 0 } else { *bytes };
            let reading = reading.saturating_add(read);
            reading.max(bytes.saturating_add(making))
        }
        Flow::Mapped => making,
    };
    needed.saturating_add(metadata.saturating_mul(READ_COPIES)) as u64
}

/// Memory that jobs which run at the same time share.
pub(crate) struct Budget {
    limit: u64,
    taken: Mutex<u64>,
    given_back: Condvar,
    /// Held by the one that waits, so that those behind it cannot overtake it
    /// for ever.
    turn: Mutex<()>,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            taken: Mutex::new(0),
            given_back: Condvar::new(),
            turn: Mutex::new(()),
        }
    }

    /// Waits until so many bytes are left, and takes them all at once: nobody
    /// who holds a part waits for more.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`](crate::Error::Limit) if there will never be so many, [`Error::Stopped`](crate::Error::Stopped) if
    /// it was stopped meanwhile.
    pub(super) fn take(&self, bytes: u64, stop: &Stop) -> Result<Share<'_>> {
        if bytes > self.limit {
            return Err(codec::too_much_memory(bytes, self.limit));
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = self.taken();
        while bytes > self.limit - *taken {
            stop.check()?;
            let woken = self.given_back.wait_timeout(taken, LOOK);
            (taken, _) = woken.unwrap_or_else(PoisonError::into_inner);
        }
        *taken += bytes;
        Ok(Share {
            budget: self,
            bytes,
        })
    }

    /// Adds so many bytes to a share if they are left: a share is held, so nobody
    /// may wait.
    pub(super) fn try_grow(&self, share: &mut Share<'_>, bytes: u64) -> bool {
        let mut taken = self.taken();
        let fits = bytes <= self.limit - *taken;
        if fits {
            *taken += bytes;
            share.bytes += bytes;
        }
        fits
    }

    /// The most that there is to be had.
    pub(super) const fn limit(&self) -> u64 {
        self.limit
    }

    fn taken(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Memory that was taken, until it is dropped.
pub(super) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Share<'_> {
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.budget.taken() -= self.bytes;
        self.budget.given_back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        thread,
    };

    use super::*;
    use crate::error::Error;

    #[test]
    fn more_than_there_is_will_never_be_had() {
        let budget = Budget::new(3 << 20);
        let stop = Stop::default();
        let refused = budget.take((3 << 20) + 1, &stop).err().unwrap().to_string();
        assert_eq!(
            refused,
            "this takes 4 MiB of memory, more than the limit of 3"
        );
        let all = budget.take(3 << 20, &stop).unwrap();
        stop.set();
        assert!(matches!(budget.take(1, &stop), Err(Error::Stopped)));
        drop(all);
        assert_eq!(*budget.taken(), 0);
    }

    #[test]
    fn shares_grow_only_into_what_is_left() {
        let budget = Budget::new(10);
        let stop = Stop::default();
        let mut share = budget.take(3, &stop).unwrap();
        let other = budget.take(4, &stop).unwrap();
        assert!(!budget.try_grow(&mut share, 4));
        assert!(budget.try_grow(&mut share, 3));
        assert_eq!((share.bytes(), *budget.taken()), (6, 10));
        drop(other);
        drop(share);
        assert_eq!(*budget.taken(), 0);
    }

    #[test]
    fn those_that_do_not_fit_wait_for_others() {
        let (budget, held) = (Budget::new(10), AtomicU64::new(0));
        thread::scope(|scope| {
            for bytes in [3, 10, 4, 1, 7, 5, 10, 2] {
                let (budget, held) = (&budget, &held);
                scope.spawn(move || {
                    for _ in 0..100 {
                        let share = budget.take(bytes, &Stop::default()).unwrap();
                        let before = held.fetch_add(bytes, Ordering::SeqCst);
                        assert!(before + bytes <= 10, "{before} and {bytes}");
                        thread::yield_now();
                        held.fetch_sub(bytes, Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        assert_eq!(*budget.taken(), 0);
    }
}
