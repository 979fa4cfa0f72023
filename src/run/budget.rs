//! The memory budget that concurrent jobs share.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{codec, error::Result, stop::Stop};

/// How often a waiting job checks whether it is stopped.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A limit of memory, and how much of it is reserved by jobs that run at the same time.
pub(crate) struct Budget {
    limit: u64,
    reserved: Mutex<u64>,
    released: Condvar,
    /// Locked by the job that waits, so that smaller ones behind it cannot starve it.
    turn: Mutex<()>,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            reserved: Mutex::new(0),
            released: Condvar::new(),
            turn: Mutex::new(()),
        }
    }

    /// Waits until `bytes` are free and reserves them all at once: a job that holds a
    /// reservation never waits for more, so jobs cannot deadlock.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`](crate::Error::Limit) if `bytes` are more than the limit,
    /// [`Error::Stopped`](crate::Error::Stopped) if it was stopped meanwhile.
    pub(super) fn reserve(&self, bytes: u64, stop: &Stop) -> Result<Reservation<'_>> {
        self.check(bytes)?;
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reserved = self.reserved();
        while bytes > self.limit - *reserved {
            stop.check()?;
            let woken = self.released.wait_timeout(reserved, POLL_INTERVAL);
            (reserved, _) = woken.unwrap_or_else(PoisonError::into_inner);
        }
        *reserved += bytes;
        Ok(Reservation {
            budget: self,
            bytes,
        })
    }

    /// Refuses more bytes than the limit.
    pub(super) fn check(&self, bytes: u64) -> Result<()> {
        match bytes > self.limit {
            true => Err(codec::too_much_memory(bytes, self.limit)),
            false => Ok(()),
        }
    }

    /// Adds `bytes` to a reservation if they are free now. It does not wait: see
    /// [`reserve`](Self::reserve).
    pub(super) fn try_grow(&self, reservation: &mut Reservation<'_>, bytes: u64) -> bool {
        let mut reserved = self.reserved();
        let fits = bytes <= self.limit - *reserved;
        if fits {
            *reserved += bytes;
            reservation.bytes += bytes;
        }
        fits
    }

    /// The bytes that may be reserved in all.
    pub(super) const fn limit(&self) -> u64 {
        self.limit
    }

    fn reserved(&self) -> MutexGuard<'_, u64> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reserved memory, released when this is dropped.
pub(super) struct Reservation<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Reservation<'_> {
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        *self.budget.reserved() -= self.bytes;
        self.budget.released.notify_one();
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
    fn more_than_the_limit_is_refused() {
        let budget = Budget::new(3 << 20);
        let stop = Stop::default();
        let refused = budget
            .reserve((3 << 20) + 1, &stop)
            .err()
            .unwrap()
            .to_string();
        assert_eq!(
            refused,
            "this takes 4 MiB of memory, more than the limit of 3"
        );
        let all = budget.reserve(3 << 20, &stop).unwrap();
        stop.set();
        assert!(matches!(budget.reserve(1, &stop), Err(Error::Stopped)));
        drop(all);
        assert_eq!(*budget.reserved(), 0);
    }

    #[test]
    fn reservations_grow_only_into_what_is_free() {
        let budget = Budget::new(10);
        let stop = Stop::default();
        let mut reservation = budget.reserve(3, &stop).unwrap();
        let other = budget.reserve(4, &stop).unwrap();
        assert!(!budget.try_grow(&mut reservation, 4));
        assert!(budget.try_grow(&mut reservation, 3));
        assert_eq!((reservation.bytes(), *budget.reserved()), (6, 10));
        drop(other);
        drop(reservation);
        assert_eq!(*budget.reserved(), 0);
    }

    #[test]
    fn a_job_that_does_not_fit_waits_for_others() {
        let (budget, held) = (Budget::new(10), AtomicU64::new(0));
        thread::scope(|scope| {
            for bytes in [3, 10, 4, 1, 7, 5, 10, 2] {
                let (budget, held) = (&budget, &held);
                scope.spawn(move || {
                    for _ in 0..100 {
                        let reservation = budget.reserve(bytes, &Stop::default()).unwrap();
                        let before = held.fetch_add(bytes, Ordering::SeqCst);
                        assert!(before + bytes <= 10, "{before} and {bytes}");
                        thread::yield_now();
                        held.fetch_sub(bytes, Ordering::SeqCst);
                        drop(reservation);
                    }
                });
            }
        });
        assert_eq!(*budget.reserved(), 0);
    }
}
