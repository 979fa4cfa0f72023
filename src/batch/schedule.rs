//! Which jobs of a batch run at the same time: a state machine without threads and
//! without a clock.
//!
//! Whoever holds it, one at a time, tells it what happened and when, one [`Event`] at a
//! time, and carries out the [`Action`]s that follow. No state between two events can be
//! observed: a job is waiting, running or ended, and the batch is over when nothing runs
//! and nothing will be started.
//!
//! Every worker has one job at a time, which keeps all cores busy as long as there are
//! jobs enough. A job that would keep one core busy when the others have nothing left
//! to do gets all cores: it starts when those that are running have ended, and none
//! starts beside it.

use std::time::Duration;

/// The time since the batch began.
pub(super) type Moment = Duration;

/// What is given for a whole batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Rules {
    /// How long a job may run.
    pub(super) limit: Option<Duration>,
    /// How long jobs may go on after the batch was stopped, to end by themselves.
    pub(super) grace: Duration,
    /// Whether no other job starts after one has failed.
    pub(super) fail_fast: bool,
}

/// The jobs of a batch, in the order in which they start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Schedule {
    rules: Rules,
    /// About how much work each job is; 0 if that is unknown, as of a pipe.
    weights: Vec<u64>,
    /// From every job on: the sum of the weights, and the largest.
    rest: Vec<(u64, u64)>,
    /// The first job that has not been started.
    next: usize,
    running: Vec<Running>,
    /// How many jobs may run at a time.
    workers: usize,
    /// Whether no other job starts.
    closed: bool,
    stopped: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Running {
    turn: Turn,
    since: Moment,
}

/// A job that starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Turn {
    pub(super) index: usize,
    /// Whether it has all cores.
    pub(super) large: bool,
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The batch begins, or some time has passed.
    Time,
    /// A job came to its end, and failed or did not.
    Ended { index: usize, failed: bool },
    /// Somebody asked for the end of the batch.
    Stop,
    /// A worker is gone, and no other one can be had.
    WorkerLost,
}

/// Something that is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Have a worker run this job.
    Start(Turn),
    /// Wait no longer for this job, nor for its worker: another one takes its place.
    GiveUp { index: usize, why: Overdue },
}

/// Why a job is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// It ran longer than the limit.
    Late,
    /// It did not end when the batch was stopped.
    Stopped,
}

impl Schedule {
    /// Jobs of these weights for so many workers.
    pub(super) fn new(weights: Vec<u64>, workers: usize, rules: Rules) -> Self {
        let mut rest = vec![(0, 0)];
        for &weight in weights.iter().rev() {
            let (sum, largest) = rest[rest.len() - 1];
            rest.push((weight.saturating_add(sum), weight.max(largest)));
        }
        rest.reverse();
        Self {
            rules,
            weights,
            rest,
            next: 0,
            running: Vec::new(),
            workers,
            closed: false,
            stopped: None,
        }
    }

    /// Has so many workers, before the first event.
    pub(super) const fn set_workers(&mut self, workers: usize) {
        self.workers = workers;
    }

    /// What follows from an event.
    ///
    /// A job may be given up only if `close` allows it: not while its results are being
    /// put in their places. It is then asked for again at the next event.
    pub(super) fn step(
        &mut self,
        event: Event,
        now: Moment,
        mut close: impl FnMut(usize) -> bool,
    ) -> Vec<Action> {
        match event {
            Event::Time => {}
            Event::Ended { index, failed } => {
                // Of a job that was given up, the end is known already.
                if self.is_running(index) {
                    self.running.retain(|job| job.turn.index != index);
                    self.closed |= failed && self.rules.fail_fast;
                }
            }
            Event::Stop => {
                self.closed = true;
                self.stopped.get_or_insert(now);
            }
            Event::WorkerLost => self.workers -= 1,
        }
        let mut actions = Vec::new();
        let (rules, stopped) = (&self.rules, self.stopped);
        self.running.retain(|job| {
            let why = rules.overdue(job, stopped).filter(|(end, _)| *end <= now);
            let Some((_, why)) = why.filter(|_| close(job.turn.index)) else {
                return true;
            };
            let index = job.turn.index;
            actions.push(Action::GiveUp { index, why });
            self.closed |= why == Overdue::Late && rules.fail_fast;
            false
        });
        while let Some(turn) = self.startable() {
            self.next += 1;
            self.running.push(Running { turn, since: now });
            actions.push(Action::Start(turn));
        }
        actions
    }

    /// The next job, if it may start.
    fn startable(&self) -> Option<Turn> {
        let index = self.next;
        let alone = self.running.iter().any(|job| job.turn.large);
        if self.closed || alone || index == self.weights.len() || self.running.len() >= self.workers
        {
            return None;
        }
        // As others end it can only become large, so that it starts at the latest when
        // nothing runs any more.
        let large = self.is_large(index);
        (!large || self.running.is_empty()).then_some(Turn { index, large })
    }

    /// Whether a job is not yet over.
    pub(super) fn is_running(&self, index: usize) -> bool {
        self.running.iter().any(|job| job.turn.index == index)
    }

    /// Whether nothing runs and nothing will be started.
    pub(super) fn is_over(&self) -> bool {
        self.running.is_empty() && (self.closed || self.next == self.weights.len())
    }

    /// When the next job is to be given up, if none ends before.
    pub(super) fn next_end(&self) -> Option<Moment> {
        let ends = self.running.iter();
        let ends = ends.filter_map(|job| self.rules.overdue(job, self.stopped));
        ends.map(|(end, _)| end).min()
    }

    /// Whether a job ends earlier with all cores, which make it about twice as fast and
    /// then do the others, than on one core beside them. The others take as long as all
    /// cores for their sum, or one core for the largest.
    fn is_large(&self, index: usize) -> bool {
        let (mut others, mut largest) = self.rest[index + 1];
        for job in &self.running {
            let weight = self.weights[job.turn.index];
            if weight == 0 {
                // What comes through a pipe may never end.
                return false;
            }
            others = others.saturating_add(weight);
            largest = largest.max(weight);
        }
        let cores = self.workers as u64;
        others == 0 || self.weights[index] / 2 > largest.max(others / cores)
    }
}

impl Rules {
    /// When a job is to be given up, and why.
    fn overdue(&self, job: &Running, stopped: Option<Moment>) -> Option<(Moment, Overdue)> {
        let late = (self.limit).map(|limit| (job.since.saturating_add(limit), Overdue::Late));
        let stopped = stopped.map(|at| (at.saturating_add(self.grace), Overdue::Stopped));
        [late, stopped]
            .into_iter()
            .flatten()
            .min_by_key(|end| end.0)
    }
}

#[cfg(test)]
mod tests;
