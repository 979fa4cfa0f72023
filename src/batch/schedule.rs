//! Which jobs of a batch run at the same time: a state machine without threads and
//! without a clock.
//!
//! The thread that holds the lock passes one [`Event`] at a time, with its time, and
//! carries out the returned [`Action`]s. Each step is atomic: between steps a job is
//! waiting, running or ended, and the batch is over when no job runs and none will start.
//!
//! Every worker runs one job at a time, which keeps all cores busy as long as there are
//! enough jobs. A large job, which would keep one core busy while the others idle, gets
//! all cores: it starts when the running jobs have ended, and no job starts beside it.

use std::time::Duration;

/// The time since the batch began.
pub(super) type Moment = Duration;

/// The settings of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Rules {
    /// How long a job may run.
    pub(super) limit: Option<Duration>,
    /// How long jobs may take to end by themselves after the batch was stopped.
    pub(super) grace: Duration,
    /// Whether no further job starts after one has failed.
    pub(super) fail_fast: bool,
}

/// The jobs of a batch, in the order in which they start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Schedule {
    rules: Rules,
    /// The estimated work of each job; 0 if unknown, for example for a pipe.
    weights: Vec<u64>,
    /// Suffix sums: for each index, the sum and the maximum of the weights from there on.
    remaining: Vec<(u64, u64)>,
    /// The first job that has not been started.
    next: usize,
    running: Vec<RunningSlot>,
    /// The maximum number of jobs that run at the same time.
    workers: usize,
    /// Whether no further job starts.
    closed: bool,
    stopped: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct RunningSlot {
    launch: Launch,
    since: Moment,
}

/// A job to start, and on how many cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Launch {
    pub(super) index: usize,
    /// Whether it gets all cores.
    pub(super) large: bool,
}

/// An input of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The batch begins, or the deadlines are to be checked.
    Time,
    /// A job has ended.
    Ended { index: usize, failed: bool },
    /// The stop token of the batch was set.
    Stop,
    /// A worker is lost and cannot be replaced.
    WorkerLost,
}

/// An output of the state machine, to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Have a worker run this job.
    Start(Launch),
    /// Stop waiting for this job and its worker, and replace the worker.
    Abandon { index: usize, reason: Overdue },
}

/// Why a job is abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// It exceeded the time limit.
    TimedOut,
    /// It did not end within the grace period after the batch was stopped.
    Stopped,
}

impl Schedule {
    /// A schedule of jobs with these weights for this many workers.
    pub(super) fn new(weights: Vec<u64>, workers: usize, rules: Rules) -> Self {
        let mut remaining = vec![(0, 0)];
        for &weight in weights.iter().rev() {
            let (sum, largest) = remaining[remaining.len() - 1];
            remaining.push((weight.saturating_add(sum), weight.max(largest)));
        }
        remaining.reverse();
        Self {
            rules,
            weights,
            remaining,
            next: 0,
            running: Vec::new(),
            workers,
            closed: false,
            stopped: None,
        }
    }

    /// Sets the number of workers; call it before the first event.
    pub(super) const fn set_workers(&mut self, workers: usize) {
        self.workers = workers;
    }

    /// Processes an event and returns the actions to carry out.
    ///
    /// A job is abandoned only if `close` returns `true` for it, which it does not while the
    /// job commits a result. It is then asked again at the next event.
    pub(super) fn step(
        &mut self,
        event: Event,
        now: Moment,
        mut close: impl FnMut(usize) -> bool,
    ) -> Vec<Action> {
        match event {
            Event::Time => {}
            Event::Ended { index, failed } => {
                // An abandoned job has been reported already.
                if self.is_running(index) {
                    self.running.retain(|job| job.launch.index != index);
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
            let reason = rules.overdue(job, stopped).filter(|(end, _)| *end <= now);
            let Some((_, reason)) = reason.filter(|_| close(job.launch.index)) else {
                return true;
            };
            let index = job.launch.index;
            actions.push(Action::Abandon { index, reason });
            self.closed |= reason == Overdue::TimedOut && rules.fail_fast;
            false
        });
        while let Some(launch) = self.startable() {
            self.next += 1;
            self.running.push(RunningSlot { launch, since: now });
            actions.push(Action::Start(launch));
        }
        actions
    }

    /// The next job, if it may start.
    fn startable(&self) -> Option<Launch> {
        let index = self.next;
        let alone = self.running.iter().any(|job| job.launch.large);
        if self.closed || alone || index == self.weights.len() || self.running.len() >= self.workers
        {
            return None;
        }
        // As running jobs end it can only become large, so it starts at the latest when
        // no job runs.
        let large = self.is_large(index);
        (!large || self.running.is_empty()).then_some(Launch { index, large })
    }

    /// Whether a job was started and has neither ended nor been abandoned.
    pub(super) fn is_running(&self, index: usize) -> bool {
        self.running.iter().any(|job| job.launch.index == index)
    }

    /// Whether no job runs and none will start.
    pub(super) fn is_over(&self) -> bool {
        self.running.is_empty() && (self.closed || self.next == self.weights.len())
    }

    /// The earliest deadline of the running jobs.
    pub(super) fn next_deadline(&self) -> Option<Moment> {
        let ends = self.running.iter();
        let ends = ends.filter_map(|job| self.rules.overdue(job, self.stopped));
        ends.map(|(end, _)| end).min()
    }

    /// Whether it is faster to run this job on all cores, about twice as fast as on one, and
    /// the others after it, than on one core beside the others. The others take at least
    /// sum / cores, and at least as long as the largest on one core.
    fn is_large(&self, index: usize) -> bool {
        let (mut others, mut largest) = self.remaining[index + 1];
        for job in &self.running {
            let weight = self.weights[job.launch.index];
            if weight == 0 {
                // A pipe may never end.
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
    /// The deadline of a job, and the reason to abandon it then.
    fn overdue(&self, job: &RunningSlot, stopped: Option<Moment>) -> Option<(Moment, Overdue)> {
        let late = (self.limit).map(|limit| (job.since.saturating_add(limit), Overdue::TimedOut));
        let stopped = stopped.map(|at| (at.saturating_add(self.grace), Overdue::Stopped));
        [late, stopped]
            .into_iter()
            .flatten()
            .min_by_key(|end| end.0)
    }
}

#[cfg(test)]
mod tests;
