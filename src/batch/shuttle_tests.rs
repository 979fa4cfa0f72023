//! Tests of the worker threads under shuttle, which randomizes their interleaving: workers.rs
//! and outcomes.rs unchanged, with shuttle's channels and locks in place of `std`'s.
//!
//! Shuttle's timed waits never time out, so the timeout is a random choice here: `receive`
//! polls for a message, and if there is none it may report a timeout.

use std::{sync::Arc, time::Duration};

use shuttle::{
    rand::{Rng, thread_rng},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::schedule::{self, Launch, Overdue, Rules, Schedule};
use outcomes::Outcomes;
use workers::Work;

#[allow(clippy::duplicate_mod, reason = "it runs the same code on other locks")]
#[path = "../run/outcomes.rs"]
mod outcomes;
#[allow(
    clippy::duplicate_mod,
    reason = "it runs the same code on other threads"
)]
#[path = "workers.rs"]
mod workers;

mod sync {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Duration, Rng, thread, thread_rng};

    use shuttle::sync::mpsc::{Receiver, TryRecvError};
    pub(super) use shuttle::sync::{
        Condvar, Mutex, MutexGuard, PoisonError, TryLockError,
        mpsc::{Sender, channel},
    };

    /// In milliseconds.
    pub(super) struct Clock(AtomicU64);

    impl Clock {
        pub(super) fn start() -> Self {
            Self(AtomicU64::new(0))
        }

        pub(super) fn now(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::SeqCst))
        }

        pub(super) fn receive<T>(&self, receiver: &Receiver<T>, within: Duration) -> Option<T> {
            loop {
                match receiver.try_recv() {
                    Ok(message) => return Some(message),
                    Err(TryRecvError::Disconnected) => panic!("the workers keep a sender"),
                    Err(TryRecvError::Empty) if thread_rng().gen_bool(0.3) => {
                        let passed = u64::try_from(within.as_millis()).unwrap();
                        self.0.fetch_add(passed, Ordering::SeqCst);
                        return None;
                    }
                    Err(TryRecvError::Empty) => thread::yield_now(),
                }
            }
        }
    }
}

/// The behaviour of a job for each of its two results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Succeeds,
    Fails,
    /// Runs until the whole trial ends and ignores the stop token.
    Hangs,
}

struct Trial {
    kinds: Vec<Kind>,
    stopped: AtomicBool,
    over: AtomicBool,
    started: Mutex<Vec<usize>>,
    /// How often each result was committed; more than once is a fault.
    committed: Vec<[Mutex<u8>; 2]>,
}

struct Job {
    index: usize,
    outcomes: Outcomes<bool>,
}

impl Trial {
    fn new(kinds: &[Kind]) -> Arc<Self> {
        Arc::new(Self {
            kinds: kinds.to_vec(),
            stopped: AtomicBool::new(false),
            over: AtomicBool::new(false),
            started: Mutex::default(),
            committed: kinds
                .iter()
                .map(|_| [Mutex::new(0), Mutex::new(0)])
                .collect(),
        })
    }
}

impl Work for Trial {
    type Job = Arc<Job>;

    fn start(&self, launch: Launch) -> Arc<Job> {
        self.started.lock().unwrap().push(launch.index);
        Arc::new(Job {
            index: launch.index,
            outcomes: Outcomes::new(2),
        })
    }

    fn run(&self, job: &Arc<Job>) {
        for number in 0..2 {
            if self.kinds[job.index] == Kind::Hangs && number == 1 {
                while !self.over.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
            }
            let made = self.kinds[job.index] != Kind::Fails;
            job.outcomes.record(number, || {
                thread::yield_now();
                *self.committed[job.index][number].lock().unwrap() += u8::from(made);
                Some(made)
            });
        }
    }

    fn has_failed(&self, job: &Arc<Job>) -> bool {
        job.outcomes.any(|made| !made)
    }

    fn close(&self, job: &Arc<Job>) -> bool {
        job.outcomes.close()
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

/// Runs a batch of these jobs, some of them large; spawning a worker fails at random. Time may
/// pass at any moment, so that a job without a worker exceeds its limit: without a limit it
/// would never be reported.
fn trial(
    kinds: &[Kind],
    weights: &[u64],
    workers: usize,
    limit: Option<Duration>,
    fail_fast: bool,
    may_stop: bool,
) {
    let trial = Trial::new(kinds);
    let rules = Rules {
        limit,
        grace: Duration::from_millis(40),
        fail_fast,
    };
    let hangs = kinds.contains(&Kind::Hangs);
    let schedule = Schedule::new(weights.to_vec(), workers, rules);
    let mut threads = Vec::new();
    if may_stop {
        let trial = Arc::clone(&trial);
        threads.push(thread::spawn(move || {
            trial.stopped.store(true, Ordering::SeqCst);
        }));
    }
    let mut worker_threads = Vec::new();
    let spawn = |run_worker: Box<dyn FnOnce() + Send>| {
        // A job that hangs in the calling thread would hang the test.
        let spawned = hangs || thread_rng().gen_bool(0.8);
        if spawned {
            worker_threads.push(thread::spawn(run_worker));
        }
        spawned
    };
    let mut reported = vec![Vec::new(); kinds.len()];
    let (mut late, mut failed) = (0, 0);
    workers::run(&trial, schedule, workers, spawn, |job, reason| {
        late += usize::from(reason == Some(Overdue::TimedOut));
        assert!(reason.is_some() || job.outcomes.is_complete());
        let outcomes = job.outcomes.take();
        failed += usize::from(outcomes.contains(&Some(false)));
        reported[job.index].push(outcomes);
    });
    trial.over.store(true, Ordering::SeqCst);
    for thread in threads.into_iter().chain(worker_threads) {
        thread.join().unwrap();
    }
    let started = trial.started.lock().unwrap();
    let in_order: Vec<_> = (0..started.len()).collect();
    assert_eq!(*started, in_order);
    for (index, reported) in reported.iter().enumerate() {
        let started = index < started.len();
        assert_eq!(reported.len(), usize::from(started), "job {index}");
        for (number, outcome) in reported.iter().flatten().enumerate() {
            // The reports agree with the committed results, even after abandoned jobs have ended.
            let committed = *trial.committed[index][number].lock().unwrap();
            assert_eq!(committed, u8::from(*outcome == Some(true)), "job {index}");
        }
    }
    let closed = may_stop || (fail_fast && late + failed > 0);
    assert!(started.len() == kinds.len() || closed, "{started:?}");
}

#[test]
fn each_job_is_reported_once_and_reports_match_the_results() {
    use Kind::{Fails, Hangs, Succeeds};
    let kinds = [
        [Succeeds, Succeeds, Succeeds],
        [Succeeds, Fails, Succeeds],
        [Hangs, Succeeds, Succeeds],
        [Succeeds, Hangs, Fails],
    ];
    let limit = Some(Duration::from_millis(60));
    for kinds in kinds {
        // A job that hangs ends only by its time limit.
        let limits = if kinds.contains(&Hangs) {
            &[limit][..]
        } else {
            &[limit, None]
        };
        for &limit in limits {
            for weights in [[10, 10, 10], [10, 1000, 10], [10, 10, 1000]] {
                for workers in [1, 2] {
                    for fail_fast in [false, true] {
                        for may_stop in [false, true] {
                            let run = move || {
                                trial(&kinds, &weights, workers, limit, fail_fast, may_stop);
                            };
                            shuttle::check_random(run, 1000);
                        }
                    }
                }
            }
        }
    }
}

/// The `ended` callback may be slow.
#[test]
fn no_job_waits_for_the_calling_thread() {
    let run = || {
        let trial = Trial::new(&[Kind::Succeeds; 3]);
        let rules = Rules {
            limit: None,
            grace: Duration::ZERO,
            fail_fast: false,
        };
        let schedule = Schedule::new(vec![10; 3], 1, rules);
        let spawn = |run_worker| {
            thread::spawn(run_worker);
            true
        };
        let mut reported = 0;
        workers::run(&trial, schedule, 1, spawn, |_, _| {
            reported += 1;
            while trial.started.lock().unwrap().len() < 3 {
                thread::yield_now();
            }
        });
        assert_eq!(reported, 3);
    };
    shuttle::check_random(run, 1000);
}
