//! The memory that images in flight take, and its bound.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Flow, Input, Stop, branch, stages};
use crate::{
    codec::{self, Format, Shape},
    error::Result,
    filter::Plan,
};

/// What a result takes beside its rows: the state of an encoder, the buffers of
/// its file.
const RESULT: usize = 1 << 20;

/// How often those that wait look whether they are stopped.
const LOOK: Duration = Duration::from_millis(50);

/// About how many bytes of memory it takes to make results of `input`: an
/// estimate from sizes alone, rather too high. Each result has its plan, its
/// format, and whether it is written to a pipe.
pub fn needed<'a>(
    input: &Input,
    flow: &Flow,
    results: impl IntoIterator<Item = (&'a Plan, Format, bool)>,
) -> u64 {
    let (shape, reading) = match input {
        Input::Rows(reader) => (Some(reader.header().shape), reader.memory()),
        Input::Whole(_) => (None, 0),
    };
    let row_bytes = shape.map_or(0, |shape| shape.row_bytes());
    let held = match (flow, shape) {
        // One block more is in the reader's hands, one in the filter's.
        (Flow::Streamed { rows }, _) => rows.saturating_mul(row_bytes) * (stages::QUEUE + 2),
        // What is decoded whole counts its samples itself.
        (Flow::Whole { bytes, .. }, Some(_)) if reading < *bytes => *bytes,
        _ => 0,
    };
    let costs = results.into_iter().map(|(plan, format, piped)| {
        let [rows, columns, channels] = plan.output_shape();
        let result = Shape {
            rows,
            columns,
            channels,
            depth: plan.output_depth(),
        };
        let source = match flow {
            Flow::Streamed { .. } => plan.window()[0].saturating_mul(row_bytes),
            _ => 0,
        };
        (branch::memory(plan, row_bytes))
            .saturating_add(codec::memory_to_write(result, format, piped))
            .saturating_add(plan.memory())
            .saturating_add(source + RESULT)
    });
    let making = match flow {
        Flow::Streamed { .. } => costs.fold(0, usize::saturating_add),
        // One after the other.
        _ => costs.max().unwrap_or(0),
    };
    reading.saturating_add(held).saturating_add(making) as u64
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
    /// [`Error::Limit`] if there will never be so many, [`Error::Stopped`] if
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

    fn taken(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Memory that was taken, until it is dropped.
pub(super) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
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
        assert!(
            refused.starts_with(
                "this takes 4 MiB of memory, more than the limit of 3: raise --memory-limit"
            ),
            "{refused}"
        );
        let all = budget.take(3 << 20, &stop).unwrap();
        stop.set();
        assert!(matches!(budget.take(1, &stop), Err(Error::Stopped)));
        drop(all);
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
