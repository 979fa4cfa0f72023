//! The worker threads that run the jobs of a batch in the order of the [`Schedule`].
//!
//! The schedule is a monitor: all threads share it under one lock. A worker whose job has
//! ended reports it and claims its next job in one critical section, so that it never waits
//! for another thread, and every job is always either claimed or reported. A job is
//! reported exactly once: by its worker, if the job is still claimed when it ends, or when
//! it is abandoned. A worker whose job was abandoned has been replaced; its thread exits
//! when that job ends.
//!
//! The calling thread abandons jobs that exceed their deadline, spawns workers, and passes
//! ended jobs to the caller. It polls at an interval of [`POLL_INTERVAL`]; the worker that
//! ends the last job wakes it.
//!
//! The locks, the channel and the clock come from [`super::sync`], so that the tests can run
//! this file under shuttle, which runs threads in random interleavings.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    sync::Arc,
    time::Duration,
};

use super::{
    schedule::{Action, Event, Launch, Overdue, Schedule},
    sync::{Clock, Condvar, Mutex, MutexGuard, PoisonError, Sender, channel},
};

/// How often the calling thread polls the stop token and passes on ended jobs: rarely enough
/// to cost small jobs nothing, often enough that a user sees no delay.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The shortest wait before retrying to abandon a job that cannot be closed yet.
const RETRY_INTERVAL: Duration = Duration::from_millis(1);

/// The operations on jobs that the workers need.
pub(super) trait Work: Send + Sync + 'static {
    /// A started job, shared by its worker and the calling thread.
    type Job: Clone + Send + 'static;

    /// Starts a job. Called under the lock, so it must be quick.
    fn start(&self, launch: Launch) -> Self::Job;

    /// Runs a job to its end, in a worker. Must not panic.
    fn run(&self, job: &Self::Job);

    /// Whether at least one result of an ended job failed.
    fn has_failed(&self, job: &Self::Job) -> bool;

    /// Forbids the job to commit further results. `false` if that fails, because it is
    /// committing one now.
    fn close(&self, job: &Self::Job) -> bool;

    /// Whether the stop token of the batch is set.
    fn is_stopped(&self) -> bool;
}

/// Runs a schedule to its end. `spawn` runs a function in a new thread, or returns `false` if
/// no thread can be created; `ended` is called exactly once for every started job, with the
/// reason if the job was abandoned. Without any worker thread the jobs run in the calling
/// thread, one after the other.
pub(super) fn run<W: Work>(
    work: &Arc<W>,
    schedule: Schedule,
    workers: usize,
    mut spawn: impl FnMut(Box<dyn FnOnce() + Send>) -> bool,
    mut ended: impl FnMut(&W::Job, Option<Overdue>),
) {
    let (wake, wake_receiver) = channel();
    let monitor = Arc::new(Monitor {
        work: Arc::clone(work),
        clock: Clock::start(),
        state: Mutex::new(State::new(schedule)),
        ready: Condvar::new(),
        wake,
    });
    let _guard = ShutdownGuard(&monitor);
    let mut spawn = || {
        let monitor = Arc::clone(&monitor);
        spawn(Box::new(move || monitor.run_worker()))
    };
    let spawned = (0..workers).filter(|_| spawn()).count();
    monitor.state().set_workers(spawned);
    loop {
        let mut state = monitor.state();
        monitor.check_deadlines(&mut state, &mut spawn);
        // Both are read under one lock: no report can follow the end.
        let reports = mem::take(&mut state.reports);
        let is_over = state.schedule.is_over();
        let next_deadline = state.schedule.next_deadline();
        // Without any worker, this thread runs the next job.
        let own = if state.workers == 0 {
            state.take()
        } else {
            None
        };
        drop(state);
        for (job, reason) in reports {
            ended(&job, reason);
        }
        if is_over {
            return;
        }
        if let Some((index, job)) = own {
            work.run(&job);
            monitor.end(index, &job);
            continue;
        }
        let until_deadline =
            |end: Duration| end.saturating_sub(monitor.clock.now()).max(RETRY_INTERVAL);
        let wait = next_deadline
            .map_or(POLL_INTERVAL, until_deadline)
            .min(POLL_INTERVAL);
        monitor.clock.receive(&wake_receiver, wait);
    }
}

/// The state that all threads of a batch share.
struct Monitor<W: Work> {
    work: Arc<W>,
    clock: Clock,
    state: Mutex<State<W::Job>>,
    /// Signals workers that a job is ready or that they are to exit.
    ready: Condvar,
    /// Wakes the calling thread when the schedule is over.
    wake: Sender<()>,
}

struct State<J> {
    schedule: Schedule,
    /// The jobs that the schedule considers running, by index.
    claimed: BTreeMap<usize, J>,
    /// The claimed jobs that no worker has taken yet.
    ready: VecDeque<usize>,
    /// The ended jobs that the calling thread has not passed on yet.
    reports: Vec<(J, Option<Overdue>)>,
    /// The number of workers, without those whose job was abandoned.
    workers: usize,
    stopped: bool,
    shutdown: bool,
}

impl<J: Clone> State<J> {
    fn new(schedule: Schedule) -> Self {
        Self {
            schedule,
            claimed: BTreeMap::new(),
            ready: VecDeque::new(),
            reports: Vec::new(),
            workers: 0,
            stopped: false,
            shutdown: false,
        }
    }

    fn set_workers(&mut self, workers: usize) {
        self.workers = workers;
        self.schedule.set_workers(workers.max(1));
    }

    /// A job for a worker to run.
    fn take(&mut self) -> Option<(usize, J)> {
        let index = self.ready.pop_front()?;
        self.claimed.get(&index).map(|job| (index, job.clone()))
    }
}

impl<W: Work> Monitor<W> {
    fn state(&self) -> MutexGuard<'_, State<W::Job>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop of a worker, until shutdown.
    fn run_worker(&self) {
        let mut state = self.state();
        while !state.shutdown {
            let Some((index, job)) = state.take() else {
                let woken = self.ready.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            if !state.ready.is_empty() {
                // Chained wake-ups: each worker that takes a job wakes the next worker.
                self.ready.notify_one();
            }
            drop(state);
            self.work.run(&job);
            match self.end(index, &job) {
                Some(after) => state = after,
                None => return,
            }
        }
    }

    /// Reports that a job has ended and claims the jobs that may now start; `None` if the job
    /// was abandoned before, and its worker with it.
    fn end(&self, index: usize, job: &W::Job) -> Option<MutexGuard<'_, State<W::Job>>> {
        let failed = self.work.has_failed(job);
        let mut state = self.state();
        let claimed = state.claimed.remove(&index)?;
        state.reports.push((claimed, None));
        // Only the calling thread may abandon jobs, since only it can replace their workers.
        self.step(&mut state, Event::Ended { index, failed }, |_| false);
        if state.schedule.is_over() {
            // The receiver is gone if the calling thread has panicked.
            let _ = self.wake.send(());
        }
        Some(state)
    }

    /// Checks the deadlines and replaces the workers of abandoned jobs; in the calling thread.
    fn check_deadlines(&self, state: &mut State<W::Job>, mut spawn: impl FnMut() -> bool) {
        let close = |job: &W::Job| self.work.close(job);
        let mut lost = self.step(state, Event::Time, close);
        while lost > 0 {
            lost -= 1;
            state.workers -= 1;
            if spawn() {
                state.workers += 1;
            } else if state.workers > 0 {
                lost += self.step(state, Event::WorkerLost, close);
            }
        }
        if !state.ready.is_empty() {
            self.ready.notify_one();
        }
    }

    /// Passes an event to the schedule and carries out its actions. Returns how many workers
    /// were abandoned with their jobs.
    fn step(
        &self,
        state: &mut State<W::Job>,
        event: Event,
        close: impl Fn(&W::Job) -> bool,
    ) -> usize {
        let stop = !state.stopped && self.work.is_stopped();
        state.stopped |= stop;
        // The stop comes first: the other event could start a job.
        let events = stop.then_some(Event::Stop).into_iter().chain([event]);
        let mut lost = 0;
        for event in events {
            let claimed = &state.claimed;
            let close = |index| claimed.get(&index).is_none_or(&close);
            for action in state.schedule.step(event, self.clock.now(), close) {
                match action {
                    Action::Start(launch) => {
                        state.claimed.insert(launch.index, self.work.start(launch));
                        state.ready.push_back(launch.index);
                    }
                    Action::Abandon { index, reason } => {
                        let job = state.claimed.remove(&index);
                        state.reports.extend(job.map(|job| (job, Some(reason))));
                        // A job that is still queued has no worker to lose.
                        let waiting = state.ready.iter().position(|&ready| ready == index);
                        match waiting {
                            Some(at) => drop(state.ready.remove(at)),
                            None => lost += 1,
                        }
                    }
                }
            }
        }
        lost
    }
}

/// Shuts all workers down when dropped: at the end, or when the calling thread panics.
struct ShutdownGuard<'a, W: Work>(&'a Monitor<W>);

impl<W: Work> Drop for ShutdownGuard<'_, W> {
    fn drop(&mut self) {
        self.0.state().shutdown = true;
        self.0.ready.notify_all();
    }
}
