//! The threads that run the jobs of a batch as the [`Schedule`] says.
//!
//! The schedule is a monitor: all threads share it under one lock. A worker whose job has
//! ended reports that and claims its next job in one critical section, so that it waits for
//! nobody, and there is no moment at which a job is neither claimed nor reported. A job is
//! reported exactly once: when its worker finds it still claimed, or when it is given up.
//! A worker whose job was given up has been replaced, and ends when that job does.
//!
//! The calling thread gives jobs up whose time is over, hires workers, and hands on what has
//! ended. It looks after that now and then; the worker that ends the last job wakes it.
//!
//! The locks, the channel and the clock are those of [`super::sync`], so that a model of
//! threads can run this very file with its own.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    sync::Arc,
    time::Duration,
};

use super::{
    schedule::{Action, Event, Overdue, Schedule, Turn},
    sync::{Clock, Condvar, Mutex, MutexGuard, PoisonError, Sender, channel},
};

/// How often the calling thread looks whether the batch was stopped, and hands on what has
/// ended: so rarely that it costs small jobs nothing, so often that nobody sees a delay.
const LOOK: Duration = Duration::from_millis(20);

/// How soon it is looked again at a job that cannot be given up at the moment.
const RETRY: Duration = Duration::from_millis(1);

/// What a crew does.
pub(super) trait Work: Send + Sync + 'static {
    /// A job that was started, shared by its worker and the calling thread.
    type Job: Clone + Send + 'static;

    /// Starts a job. All workers wait for that, so it is quick.
    fn start(&self, turn: Turn) -> Self::Job;

    /// Runs a job to its end, in a worker. Does not panic.
    fn run(&self, job: &Self::Job);

    /// Whether a job that has ended failed, in part at least.
    fn has_failed(&self, job: &Self::Job) -> bool;

    /// Has a job put no further result in its place, and says whether that could be done.
    fn close(&self, job: &Self::Job) -> bool;

    /// Whether somebody asked for the end of all jobs.
    fn is_stopped(&self) -> bool;
}

/// Runs a schedule to its end. `hire` runs a function in a new thread, or says that there is
/// none to be had; `ended` hears of the end of every job that was started, and why it was
/// given up if it was, exactly once. Without any thread the jobs run here, one after the
/// other.
pub(super) fn run<W: Work>(
    work: &Arc<W>,
    schedule: Schedule,
    workers: usize,
    mut hire: impl FnMut(Box<dyn FnOnce() + Send>) -> bool,
    mut ended: impl FnMut(&W::Job, Option<Overdue>),
) {
    let (bell, over) = channel();
    let monitor = Arc::new(Monitor {
        work: Arc::clone(work),
        clock: Clock::start(),
        state: Mutex::new(State::new(schedule)),
        ready: Condvar::new(),
        bell,
    });
    let _dismissal = Dismissal(&monitor);
    let mut hire = || {
        let monitor = Arc::clone(&monitor);
        hire(Box::new(move || monitor.serve()))
    };
    let hired = (0..workers).filter(|_| hire()).count();
    monitor.state().begin(hired);
    loop {
        let mut state = monitor.state();
        monitor.look(&mut state, &mut hire);
        // The reports and the end under one lock: none is still to come after the end.
        let reports = mem::take(&mut state.reports);
        let is_over = state.schedule.is_over();
        let next_end = state.schedule.next_end();
        // Without any worker, this thread is one.
        let own = if state.workers == 0 {
            state.take()
        } else {
            None
        };
        drop(state);
        for (job, why) in reports {
            ended(&job, why);
        }
        if is_over {
            return;
        }
        if let Some((index, job)) = own {
            work.run(&job);
            monitor.end(index, &job);
            continue;
        }
        let until_end = |end: Duration| end.saturating_sub(monitor.clock.now()).max(RETRY);
        let wait = next_end.map_or(LOOK, until_end).min(LOOK);
        monitor.clock.receive(&over, wait);
    }
}

/// What all threads of a batch share.
struct Monitor<W: Work> {
    work: Arc<W>,
    clock: Clock,
    state: Mutex<State<W::Job>>,
    /// Where workers wait for a job that is ready, or for their dismissal.
    ready: Condvar,
    /// Wakes the calling thread at the end.
    bell: Sender<()>,
}

struct State<J> {
    schedule: Schedule,
    /// The jobs that the schedule has running, by their numbers.
    claimed: BTreeMap<usize, J>,
    /// Those of them that no worker has taken so far.
    ready: VecDeque<usize>,
    /// The jobs that have ended and are still to be handed on.
    reports: Vec<(J, Option<Overdue>)>,
    /// How many workers there are, without those whose job was given up.
    workers: usize,
    stopped: bool,
    dismissed: bool,
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
            dismissed: false,
        }
    }

    fn begin(&mut self, workers: usize) {
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

    /// What a worker does until it is dismissed.
    fn serve(&self) {
        let mut state = self.state();
        while !state.dismissed {
            let Some((index, job)) = state.take() else {
                let woken = self.ready.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            if !state.ready.is_empty() {
                // Each worker that gets a job wakes the next one.
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

    /// Reports that a job has ended, and claims what may start then; `None` if the job was
    /// given up before, and with it its worker.
    fn end(&self, index: usize, job: &W::Job) -> Option<MutexGuard<'_, State<W::Job>>> {
        let failed = self.work.has_failed(job);
        let mut state = self.state();
        let claimed = state.claimed.remove(&index)?;
        state.reports.push((claimed, None));
        // Only the calling thread gives jobs up, since it hires.
        self.step(&mut state, Event::Ended { index, failed }, |_| false);
        if state.schedule.is_over() {
            // Nobody listens if the calling thread has panicked.
            let _ = self.bell.send(());
        }
        Some(state)
    }

    /// Looks at the time, in the calling thread.
    fn look(&self, state: &mut State<W::Job>, mut hire: impl FnMut() -> bool) {
        let close = |job: &W::Job| self.work.close(job);
        let mut lost = self.step(state, Event::Time, close);
        while lost > 0 {
            lost -= 1;
            state.workers -= 1;
            if hire() {
                state.workers += 1;
            } else if state.workers > 0 {
                lost += self.step(state, Event::WorkerLost, close);
            }
        }
        if !state.ready.is_empty() {
            self.ready.notify_one();
        }
    }

    /// Tells the schedule of an event and does what it says. Returns how many workers were
    /// given up with their jobs.
    fn step(
        &self,
        state: &mut State<W::Job>,
        event: Event,
        close: impl Fn(&W::Job) -> bool,
    ) -> usize {
        let stop = !state.stopped && self.work.is_stopped();
        state.stopped |= stop;
        // Before anything that would start another job.
        let events = stop.then_some(Event::Stop).into_iter().chain([event]);
        let mut lost = 0;
        for event in events {
            let claimed = &state.claimed;
            let close = |index| claimed.get(&index).is_none_or(&close);
            for action in state.schedule.step(event, self.clock.now(), close) {
                match action {
                    Action::Start(turn) => {
                        state.claimed.insert(turn.index, self.work.start(turn));
                        state.ready.push_back(turn.index);
                    }
                    Action::GiveUp { index, why } => {
                        let job = state.claimed.remove(&index);
                        state.reports.extend(job.map(|job| (job, Some(why))));
                        // One that nobody has taken takes no worker with it.
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

/// Dismisses all workers when dropped: at the end, or when the calling thread panics.
struct Dismissal<'a, W: Work>(&'a Monitor<W>);

impl<W: Work> Drop for Dismissal<'_, W> {
    fn drop(&mut self) {
        self.0.state().dismissed = true;
        self.0.ready.notify_all();
    }
}
