//! The bound of the memory that jobs take together.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{codec, error::Result, stop::Stop};

/// How often those that wait look whether they are stopped.
const LOOK: Duration = Duration::from_millis(50);

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
