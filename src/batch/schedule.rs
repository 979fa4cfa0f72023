//! Which images are worked on at the same time.
//!
//! Every core takes an image from the list and works on it alone, which is the
//! best use of it as long as there are images enough. An image that would keep
//! one core busy when the others have nothing left to do gets all of them: those
//! that are being worked on end first, then its stages overlap.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::pipeline::Stop;

/// Jobs in their order, each with what is known of the others, and those that
/// are being worked on.
pub(super) struct Queue {
    weights: Vec<u64>,
    /// The sum and the largest of the weights from every job on.
    rest: Vec<(u64, u64)>,
    cores: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next: usize,
    closed: bool,
    /// The one that gets all cores, from the moment that it waits for them.
    large: Option<usize>,
    running: Vec<Turn>,
}

/// A job whose turn it is.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) index: usize,
    /// Whether it has all cores.
    pub(super) large: bool,
    pub(super) since: Instant,
    /// Ends this one.
    pub(super) stop: Stop,
}

impl Queue {
    /// Of jobs that are about so much work each.
    pub(super) fn new(weights: Vec<u64>, cores: usize) -> Self {
        let mut rest = vec![(0, 0)];
        for &weight in weights.iter().rev() {
            let (sum, largest) = rest[rest.len() - 1];
            rest.push((weight.saturating_add(sum), weight.max(largest)));
        }
        rest.reverse();
        Self {
            weights,
            rest,
            cores: cores as u64,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// The next job, once it may be worked on. `None` after the last one, or
    /// when the queue was closed.
    pub(super) fn next(&self, stop: &Stop) -> Option<Turn> {
        let mut state = self.state();
        // Behind one that waits for all cores, nobody begins.
        while !state.closed && state.large.is_some() {
            state = self.wait(state);
        }
        let index = state.next;
        if state.closed || stop.is_set() || index == self.weights.len() {
            return None;
        }
        state.next += 1;
        let large = self.is_large(index, &state);
        if large {
            state.large = Some(index);
            while !state.closed && !state.running.is_empty() {
                state = self.wait(state);
            }
            if state.closed {
                return None;
            }
        }
        let turn = Turn {
            index,
            large,
            since: Instant::now(),
            stop: stop.within(),
        };
        state.running.push(turn.clone());
        Some(turn)
    }

    /// Ends the work on a job, and says whether nobody did before.
    pub(super) fn end(&self, index: usize) -> bool {
        let mut state = self.state();
        let before = state.running.len();
        state.running.retain(|turn| turn.index != index);
        state.large = state.large.filter(|&large| large != index);
        self.changed.notify_all();
        state.running.len() < before
    }

    /// No other job begins.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    pub(super) fn running(&self) -> Vec<Turn> {
        self.state().running.clone()
    }

    /// Whether nothing is worked on, nor will be.
    pub(super) fn is_over(&self) -> bool {
        let state = self.state();
        state.running.is_empty() && (state.closed || state.next == self.weights.len())
    }

    fn is_large(&self, index: usize, state: &State) -> bool {
        let (mut sum, mut largest) = self.rest[index + 1];
        for other in &state.running {
            let weight = self.weights[other.index];
            if weight == 0 {
                // What comes through a pipe may never end.
                return false;
            }
            sum = sum.saturating_add(weight);
            largest = largest.max(weight);
        }
        is_large(self.weights[index], sum, largest, self.cores)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a job of this weight ends earlier with all cores, which make it
/// about twice as fast and then do the others, than on one core beside them.
/// The others take as long as all cores for their sum, or one for the largest.
fn is_large(weight: u64, others: u64, largest: u64, cores: u64) -> bool {
    others == 0 || weight / 2 > largest.max(others / cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which jobs get all cores, if each turn comes when all before it have
    /// ended but for the last `cores - 1`, and there are none after one of them.
    fn large(weights: &[u64], cores: usize) -> Vec<usize> {
        let queue = Queue::new(weights.to_vec(), cores);
        let mut large = Vec::new();
        for index in 0..weights.len() {
            let mut state = queue.state();
            if queue.is_large(index, &state) {
                large.push(index);
                state.running.clear();
                continue;
            }
            state.running.push(Turn {
                index,
                large: false,
                since: Instant::now(),
                stop: Stop::default(),
            });
            if state.running.len() == cores {
                state.running.remove(0);
            }
        }
        large
    }

    #[test]
    fn images_of_a_kind_run_one_per_core() {
        for cores in [2, 3, 16] {
            for count in [2, 3, 15, 16, 17, 200] {
                assert_eq!(large(&vec![1000; count], cores), [], "{count} on {cores}");
            }
        }
    }

    #[test]
    fn one_that_outweighs_the_others_gets_all_cores() {
        let mut weights = vec![10; 20];
        for at in [0, 7, 19] {
            weights[at] = 1000;
            assert_eq!(large(&weights, 2), [at]);
            assert_eq!(large(&weights, 16), [at]);
            weights[at] = 10;
        }
        // Nobody waits for the end of a pipe.
        assert_eq!(large(&[0, 10], 2), []);
        assert_eq!(large(&[10, 0], 2), [0, 1]);
        assert_eq!(large(&[0], 2), [0]);
        // Two of them keep two cores busy.
        (weights[3], weights[4]) = (1000, 1000);
        assert_eq!(large(&weights, 2), []);
        assert_eq!(large(&[500, 10, 10], 2), [0]);
        assert_eq!(large(&[500, 400, 10], 2), []);
    }

    #[test]
    fn a_large_one_runs_alone() {
        let queue = Queue::new(vec![10, 10, 1000, 10, 10], 2);
        let stop = Stop::default();
        let next = || queue.next(&stop).unwrap();
        assert!((next().index, next().index) == (0, 1));
        std::thread::scope(|scope| {
            let large = scope.spawn(|| {
                let turn = next();
                assert!(turn.large && queue.running().len() == 1, "{turn:?}");
                assert!(queue.end(2));
            });
            while queue.state().large.is_none() {
                std::thread::yield_now();
            }
            let small = scope.spawn(|| {
                let turn = next();
                assert!(turn.index == 3 && !turn.large, "{turn:?}");
            });
            assert!(queue.end(1) && !queue.end(1));
            assert!(!large.is_finished() && !small.is_finished());
            assert!(queue.end(0));
        });
        assert!(!queue.is_over());
        queue.close();
        assert!(queue.next(&stop).is_none());
        assert!(!queue.is_over());
        assert!(queue.end(3) && queue.is_over());
    }
}
