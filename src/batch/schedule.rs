//! Which images are worked on at the same time.
//!
//! Every core takes an image from the list and works on it alone, which is the
//! best use of it as long as there are images enough. An image that would keep
//! one core busy when the others have nothing left to do gets all of them: those
//! that are being worked on end first, then its stages overlap.

use std::{
    collections::BTreeMap,
    fs, panic,
    sync::{Mutex, MutexGuard, PoisonError, RwLock},
    thread,
};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Summary;
use crate::{
    error::Result,
    pipeline::{self, Budget, Job, Options, Outcome, Place},
    report::{Event, Report},
};

/// Runs every job; a failure does not stop the others. Each core works on a job
/// of its own, as far as the memory that the limits allow suffices for all of
/// them; what became of them is reported in their order.
///
/// From a thread of a pool, jobs are run one after the other.
pub fn run(jobs: &[Job], options: &Options, report: &dyn Report) -> Summary {
    report.event(Event::Jobs { total: jobs.len() });
    let budget = Budget::new(options.limits.max_memory);
    let ended = Ended::new(jobs, report);
    let make = |index: usize| {
        let job = &jobs[index];
        report.event(Event::Started { job });
        pipeline::run_within(job, options, &budget, report)
    };
    let cores = single_threads(jobs.len());
    if cores.len() < 2 {
        for index in 0..jobs.len() {
            ended.add(index, make(index));
        }
        return ended.summary();
    }
    let queue = Queue::new(jobs.iter().map(weight).collect(), cores.len());
    // Shared by those that work alone, whole for one that gets all cores.
    let machine = RwLock::new(());
    on_each(&cores, &|| {
        while let Some(Turn { index, large }) = queue.next() {
            let made = if large {
                let _all = machine.write().unwrap_or_else(PoisonError::into_inner);
                with_all_cores(|| make(index))
            } else {
                let _one = machine.read().unwrap_or_else(PoisonError::into_inner);
                make(index)
            };
            queue.end(index);
            ended.add(index, made);
        }
    });
    ended.summary()
}

/// A pool of one thread for every core that can have a job of its own; none
/// where the system gives no threads, or a pool runs the batch already.
fn single_threads(jobs: usize) -> Vec<ThreadPool> {
    if rayon::current_thread_index().is_some() {
        return Vec::new();
    }
    let pools = (0..rayon::current_num_threads().min(jobs))
        .map(|_| ThreadPoolBuilder::new().num_threads(1).build());
    pools.collect::<Result<_, _>>().unwrap_or_default()
}

/// Runs `work` in every pool at the same time.
fn on_each(pools: &[ThreadPool], work: &(dyn Fn() + Sync)) {
    if let [pool, others @ ..] = pools {
        pool.in_place_scope(|scope| {
            scope.spawn(|_| work());
            on_each(others, work);
        });
    }
}

/// From a thread that belongs to no pool, so that stages overlap and the
/// filter runs in the pool of all threads.
fn with_all_cores<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(result) => result,
        Err(panicked) => panic::resume_unwind(panicked),
    })
}

/// About how much work a job is: the bytes of its file, times its results.
fn weight(job: &Job) -> u64 {
    let bytes = match &job.input {
        Place::File(path) => fs::metadata(path).map_or(0, |file| file.len()),
        Place::Standard => 0,
    };
    bytes * job.results.len() as u64
}

/// Jobs in their order, each with what is known of the others.
struct Queue {
    weights: Vec<u64>,
    /// The sum and the largest of the weights from every job on.
    rest: Vec<(u64, u64)>,
    cores: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: usize,
    running: Vec<usize>,
}

struct Turn {
    index: usize,
    large: bool,
}

impl Queue {
    fn new(weights: Vec<u64>, cores: usize) -> Self {
        let mut rest = vec![(0, 0)];
        for &weight in weights.iter().rev() {
            let (sum, largest) = rest[rest.len() - 1];
            rest.push((sum + weight, largest.max(weight)));
        }
        rest.reverse();
        Self {
            weights,
            rest,
            cores: cores as u64,
            state: Mutex::default(),
        }
    }

    fn next(&self) -> Option<Turn> {
        let mut state = self.state();
        let index = state.next;
        let weight = *self.weights.get(index)?;
        let (mut sum, mut largest) = self.rest[index + 1];
        for &other in &state.running {
            sum += self.weights[other];
            largest = largest.max(self.weights[other]);
        }
        state.next += 1;
        state.running.push(index);
        Some(Turn {
            index,
            large: is_large(weight, sum, largest, self.cores),
        })
    }

    fn end(&self, index: usize) {
        self.state().running.retain(|&other| other != index);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a job of this weight ends earlier with all cores, which make it
/// about twice as fast and then do the others, than on one core beside them.
/// The others take as long as all cores for their sum, or one for the largest.
fn is_large(weight: u64, others: u64, largest: u64, cores: u64) -> bool {
    weight / 2 > largest.max(others / cores)
}

/// What became of jobs, reported in their order.
struct Ended<'a> {
    jobs: &'a [Job],
    report: &'a dyn Report,
    results: Mutex<Results>,
}

#[derive(Default)]
struct Results {
    next: usize,
    waiting: BTreeMap<usize, Result<Vec<Result<Outcome>>>>,
    summary: Summary,
}

impl<'a> Ended<'a> {
    fn new(jobs: &'a [Job], report: &'a dyn Report) -> Self {
        Self {
            jobs,
            report,
            results: Mutex::default(),
        }
    }

    fn add(&self, index: usize, made: Result<Vec<Result<Outcome>>>) {
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        let Results {
            next,
            waiting,
            summary,
        } = &mut *results;
        waiting.insert(index, made);
        while let Some(made) = waiting.remove(next) {
            self.tell(&self.jobs[*next], made, summary);
            *next += 1;
        }
    }

    fn tell(&self, job: &Job, made: Result<Vec<Result<Outcome>>>, summary: &mut Summary) {
        match made {
            Ok(outcomes) => {
                for (index, outcome) in outcomes.iter().enumerate() {
                    match outcome {
                        Ok(Outcome::Done(_)) => summary.done += 1,
                        Ok(Outcome::Skipped) => summary.skipped += 1,
                        Err(_) => summary.failed += 1,
                    }
                    let outcome = outcome.as_ref();
                    self.report.event(Event::Result {
                        job,
                        index,
                        outcome,
                    });
                }
            }
            Err(error) => {
                summary.failed += job.results.len();
                self.report.event(Event::Unread { job, error: &error });
            }
        }
        self.report.event(Event::Ended);
    }

    fn summary(self) -> Summary {
        let results = self.results.into_inner();
        results.unwrap_or_else(PoisonError::into_inner).summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which jobs get all cores, if each turn comes when all before it have
    /// ended but for the last `cores - 1`.
    fn large(weights: &[u64], cores: usize) -> Vec<usize> {
        let queue = Queue::new(weights.to_vec(), cores);
        let mut large = Vec::new();
        while let Some(turn) = queue.next() {
            if turn.large {
                large.push(turn.index);
                (0..=turn.index).for_each(|index| queue.end(index));
            }
            if let Some(ended) = (turn.index + 1).checked_sub(cores - 1) {
                (0..ended).for_each(|index| queue.end(index));
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
        // Two of them keep two cores busy.
        (weights[3], weights[4]) = (1000, 1000);
        assert_eq!(large(&weights, 2), []);
        assert_eq!(large(&[500, 10, 10], 2), [0]);
        assert_eq!(large(&[500, 400, 10], 2), []);
    }
}
