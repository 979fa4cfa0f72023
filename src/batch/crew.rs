//! The threads that run the jobs of a batch as the [`Schedule`] says.
//!
//! The calling thread owns the schedule. It hands a job to a worker through a channel of the
//! worker's own; the worker sends the job's number back when it has ended. So the end of each
//! job that was started is heard exactly once: from its worker, or from the schedule when it
//! gives the job up. A worker whose job was given up is dismissed by closing its channel, and
//! ends when that job does.
//!
//! The channels and the clock are those of [`super::sync`], so that a model of threads can
//! run this very file with its own.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use super::{
    schedule::{Action, Event, Overdue, Schedule, Turn},
    sync::{Clock, Receiver, Sender, channel},
};

/// How often it is looked whether the batch was stopped.
const LOOK: Duration = Duration::from_millis(20);

/// How soon it is looked again at a job that cannot be given up at the moment.
const RETRY: Duration = Duration::from_millis(1);

/// What a crew does.
pub(super) trait Work: Send + Sync + 'static {
    /// A job that was started, shared by its worker and the calling thread.
    type Job: Clone + Send + 'static;

    /// Starts a job, in the calling thread.
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
    mut schedule: Schedule,
    workers: usize,
    hire: impl FnMut(Box<dyn FnOnce() + Send>) -> bool,
    mut ended: impl FnMut(&W::Job, Option<Overdue>),
) {
    let clock = Clock::start();
    let (report, reports) = channel();
    let mut crew = Crew {
        work: Arc::clone(work),
        hire,
        report,
        idle: Vec::new(),
        posts: BTreeMap::new(),
    };
    let hired = (0..workers).filter(|_| crew.hire()).count();
    let mut events = VecDeque::from([Event::Time]);
    events.extend((hired.max(1)..workers).map(|_| Event::WorkerLost));
    let mut stopped = false;
    loop {
        if !stopped && work.is_stopped() {
            stopped = true;
            // Before anything that would start another job.
            events.push_front(Event::Stop);
        }
        let mut over = Vec::new();
        // Idle workers get their jobs before the caller hears of those that have ended.
        while let Some(event) = events.pop_front() {
            if let Event::Ended { index, .. } = event
                && let Some(post) = crew.leave(index)
            {
                over.push((post, None));
            }
            for action in schedule.step(event, clock.now(), |index| crew.close(index)) {
                match action {
                    Action::Start(turn) => crew.start(turn),
                    Action::GiveUp { index, why } => {
                        over.extend(crew.posts.remove(&index).map(|post| (post.job, Some(why))));
                        if !crew.hire() && !crew.is_alone() {
                            events.push_back(Event::WorkerLost);
                        }
                    }
                }
            }
        }
        for (job, why) in over {
            ended(&job, why);
        }
        if schedule.is_over() {
            return;
        }
        let until_end = |end: Duration| end.saturating_sub(clock.now()).max(RETRY);
        let wait = schedule.next_end().map_or(LOOK, until_end).min(LOOK);
        events.extend(match clock.receive(&reports, wait) {
            Some(index) => crew.ended(index),
            None => Some(Event::Time),
        });
    }
}

struct Crew<W: Work, H> {
    work: Arc<W>,
    hire: H,
    report: Sender<usize>,
    idle: Vec<Sender<(usize, W::Job)>>,
    /// The jobs that are running, by their numbers.
    posts: BTreeMap<usize, Post<W::Job>>,
}

/// A job that is running, and its worker, if it has one.
struct Post<J> {
    job: J,
    worker: Option<Sender<(usize, J)>>,
}

impl<W: Work, H: FnMut(Box<dyn FnOnce() + Send>) -> bool> Crew<W, H> {
    /// Adds a worker, if there is one to be had.
    fn hire(&mut self) -> bool {
        let (hand, jobs) = channel();
        let (work, report) = (Arc::clone(&self.work), self.report.clone());
        let hired = (self.hire)(Box::new(move || serve(&*work, &jobs, &report)));
        if hired {
            self.idle.push(hand);
        }
        hired
    }

    /// Whether there is no worker but the calling thread.
    fn is_alone(&self) -> bool {
        self.idle.is_empty() && self.posts.is_empty()
    }

    fn start(&mut self, turn: Turn) {
        let job = self.work.start(turn);
        let worker = self.idle.pop();
        match &worker {
            Some(worker) => {
                // It listens as long as it is not dismissed.
                let _ = worker.send((turn.index, job.clone()));
            }
            None => {
                self.work.run(&job);
                let _ = self.report.send(turn.index);
            }
        }
        self.posts.insert(turn.index, Post { job, worker });
    }

    fn close(&self, index: usize) -> bool {
        (self.posts.get(&index)).is_none_or(|post| self.work.close(&post.job))
    }

    /// A worker says that a job has ended; nobody listens if it was given up before.
    fn ended(&self, index: usize) -> Option<Event> {
        let post = self.posts.get(&index)?;
        let failed = self.work.has_failed(&post.job);
        Some(Event::Ended { index, failed })
    }

    /// Takes a job that has ended from its worker, which is idle then.
    fn leave(&mut self, index: usize) -> Option<W::Job> {
        let Post { job, worker } = self.posts.remove(&index)?;
        self.idle.extend(worker);
        Some(job)
    }
}

/// What a worker does until it is dismissed.
fn serve<W: Work>(work: &W, jobs: &Receiver<(usize, W::Job)>, report: &Sender<usize>) {
    while let Ok((index, job)) = jobs.recv() {
        work.run(&job);
        if report.send(index).is_err() {
            return;
        }
    }
}
