//! The choice of large jobs by example, and the schedule explored exhaustively: every
//! order of events for small numbers of jobs.

use std::{collections::HashSet, fmt::Debug, hash::Hash};

use super::*;

const FOREVER: Rules = Rules {
    limit: None,
    grace: Duration::from_secs(1),
    fail_fast: false,
};

/// Which jobs get all cores, if the running job that started first always ends next.
fn large(weights: &[u64], cores: usize) -> Vec<usize> {
    let mut schedule = Schedule::new(weights.to_vec(), cores, FOREVER);
    let mut large = Vec::new();
    let mut event = Event::Time;
    loop {
        for action in schedule.step(event, Moment::ZERO, |_| true) {
            let Action::Start(launch) = action else {
                panic!("{action:?}");
            };
            large.extend(launch.large.then_some(launch.index));
        }
        let Some(first) = schedule.running.first() else {
            return large;
        };
        event = Event::Ended {
            index: first.launch.index,
            failed: false,
        };
    }
}

#[test]
fn images_of_a_kind_run_one_per_core() {
    for cores in [2, 3, 16] {
        for count in [2, 3, 15, 16, 17, 200] {
            let large = large(&vec![1000; count], cores);
            assert_eq!(large, [0; 0], "{count} on {cores}");
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
    // A pipe may never end, so no job waits for it.
    assert_eq!(large(&[0, 10], 2), [0; 0]);
    assert_eq!(large(&[10, 0], 2), [0, 1]);
    assert_eq!(large(&[0], 2), [0]);
    // Two of them keep two cores busy.
    (weights[3], weights[4]) = (1000, 1000);
    assert_eq!(large(&weights, 2), [0; 0]);
    assert_eq!(large(&[500, 10, 10], 2), [0]);
    assert_eq!(large(&[500, 400, 10], 2), [0; 0]);
}

/// A transition system for exhaustive exploration.
trait Model: Clone + Eq + Hash + Debug {
    /// All successor states.
    fn successors(&self) -> Vec<Self>;

    /// The invariant that this state violates, if any.
    fn fault(&self) -> Option<&'static str>;
}

/// The number of states reachable from `start`; fails on the first that violates an invariant.
fn explore<M: Model>(start: M) -> Result<usize, (&'static str, M)> {
    let mut seen = HashSet::from([start.clone()]);
    let mut stack = vec![start];
    while let Some(state) = stack.pop() {
        if let Some(fault) = state.fault() {
            return Err((fault, state));
        }
        for next in state.successors() {
            if seen.insert(next.clone()) {
                stack.push(next);
            }
        }
    }
    Ok(seen.len())
}

/// The true state of a job, as its worker knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Job {
    Waiting,
    Working,
    /// It is committing results: it cannot be abandoned.
    Committing,
    /// It has ended and is not reported yet.
    Ended {
        failed: bool,
    },
    Heard,
}

/// Who steps the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The calling thread, which may abandon jobs.
    Caller,
    /// A worker whose job has ended: it may not abandon jobs.
    Worker,
}

/// The schedule, the jobs that it starts, and time, which passes from one deadline to the
/// next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Batch {
    schedule: Schedule,
    now: Moment,
    jobs: Vec<Job>,
    /// How often the end of each job was reported, by its worker or by abandoning it.
    reports: Vec<u8>,
    failed: bool,
    fault: Option<&'static str>,
}

impl Batch {
    fn new(weights: &[u64], workers: usize, rules: Rules) -> Self {
        let mut batch = Self {
            schedule: Schedule::new(weights.to_vec(), workers, rules),
            now: Moment::ZERO,
            jobs: vec![Job::Waiting; weights.len()],
            reports: vec![0; weights.len()],
            failed: false,
            fault: None,
        };
        batch.step(By::Caller, Event::Time);
        batch
    }

    fn expect(&mut self, holds: bool, fault: &'static str) {
        if !holds {
            self.fault.get_or_insert(fault);
        }
    }

    /// Carries out the schedule's actions and returns how many jobs were abandoned.
    fn step(&mut self, by: By, event: Event) -> usize {
        let jobs = self.jobs.clone();
        let may_start = !self.schedule.closed && event != Event::Stop;
        let close = |index: usize| by == By::Caller && jobs[index] != Job::Committing;
        let actions = (self.schedule).step(event, self.now, close);
        let mut given_up = 0;
        for action in actions {
            match action {
                Action::Start(Launch { index, .. }) => {
                    self.expect(may_start, "a job started after the batch was closed");
                    self.expect(self.jobs[index] == Job::Waiting, "a job started twice");
                    self.jobs[index] = Job::Working;
                }
                Action::Abandon { index, .. } => {
                    self.expect(jobs[index] != Job::Committing, "given up in its commit");
                    self.reports[index] += 1;
                    self.failed |= self.schedule.stopped.is_none();
                    given_up += 1;
                }
            }
        }
        given_up
    }

    fn after(&self, by: By, event: Event) -> Vec<Self> {
        let mut next = self.clone();
        let given_up = next.step(by, event);
        // The worker of an abandoned job is replaced, or cannot be: the last worker is the
        // calling thread.
        let least = next.schedule.workers.saturating_sub(given_up).max(1);
        let mut all = vec![next];
        while let Some(last) = all.last().filter(|last| last.schedule.workers > least) {
            let mut fewer = last.clone();
            fewer.step(By::Caller, Event::WorkerLost);
            all.push(fewer);
        }
        all
    }
}

impl Model for Batch {
    fn successors(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for (index, job) in self.jobs.iter().enumerate() {
            let becomes = |job| {
                let mut next = self.clone();
                next.jobs[index] = job;
                next
            };
            match *job {
                Job::Waiting | Job::Heard => {}
                Job::Working => {
                    all.push(becomes(Job::Committing));
                    // A failure, or a panic.
                    all.push(becomes(Job::Ended { failed: true }));
                }
                Job::Committing => all.push(becomes(Job::Ended { failed: false })),
                Job::Ended { failed } => {
                    let mut heard = becomes(Job::Heard);
                    if heard.schedule.is_running(index) {
                        heard.reports[index] += 1;
                        heard.failed |= failed;
                    }
                    all.extend(heard.after(By::Worker, Event::Ended { index, failed }));
                }
            }
        }
        if self.schedule.stopped.is_none() {
            all.extend(self.after(By::Caller, Event::Stop));
            all.extend(self.after(By::Worker, Event::Stop));
        }
        if let Some(end) = self.schedule.next_deadline() {
            // Just before the deadline no job is abandoned.
            let mut before = self.clone();
            before.now = before.now.max(end.saturating_sub(Duration::from_nanos(1)));
            if before.now < end && before.step(By::Caller, Event::Time) > 0 {
                before.fault = Some("given up before its time");
                all.push(before);
            }
            let mut at = self.clone();
            at.now = at.now.max(end);
            all.extend(at.after(By::Caller, Event::Time));
            // The deadlines were not checked yet.
            all.push(at);
        }
        all
    }

    fn fault(&self) -> Option<&'static str> {
        let Schedule {
            running, workers, ..
        } = &self.schedule;
        let started = |job: &&Job| **job != Job::Waiting;
        let started = self.jobs.iter().filter(started).count();
        let reported = self.reports.iter().filter(|&&count| count > 0).count();
        let over = self.schedule.is_over();
        let faults = [
            (self.fault.is_some(), self.fault.unwrap_or_default()),
            (
                self.reports.iter().any(|&count| count > 1),
                "an end was reported twice",
            ),
            (
                started != reported + running.len(),
                "a job is neither running nor reported",
            ),
            (
                running.len() > 1 && running.iter().any(|job| job.launch.large),
                "a job runs beside one that has all cores",
            ),
            (running.len() > self.jobs.len().min(3), "too many jobs run"),
            (*workers == 0, "nobody is left to work"),
            (
                !over && running.is_empty(),
                "nothing runs and it is not over",
            ),
            (over && started != reported, "over before all jobs ended"),
            (
                over && started < self.jobs.len()
                    && self.schedule.stopped.is_none()
                    && !(self.schedule.rules.fail_fast && self.failed),
                "over, and a job was never made",
            ),
        ];
        let fault = faults.into_iter().find(|(is, _)| *is);
        fault.map(|(_, fault)| fault)
    }
}

/// All lists of `n` weights.
fn lists(count: usize) -> Vec<Vec<u64>> {
    (0..count).fold(vec![Vec::new()], |lists, _| {
        let longer =
            |list: &Vec<u64>| [0, 10, 1000].map(|weight| [list.as_slice(), &[weight]].concat());
        lists.iter().flat_map(longer).collect()
    })
}

#[test]
fn in_every_order_of_events_each_job_is_reported_once() {
    let (mut runs, mut states) = (0, 0);
    for count in 0..=4 {
        for weights in lists(count) {
            for workers in 1..=3 {
                for limit in [None, Some(Duration::from_secs(5))] {
                    for fail_fast in [false, true] {
                        let rules = Rules {
                            limit,
                            fail_fast,
                            ..FOREVER
                        };
                        // Four jobs with time limits have millions of orders: files, two workers.
                        let some = workers == 2 && !fail_fast && !weights.contains(&0);
                        if count == 4 && limit.is_some() && !some {
                            continue;
                        }
                        runs += 1;
                        match explore(Batch::new(&weights, workers, rules)) {
                            Ok(count) => states += count,
                            Err((fault, state)) => panic!("{fault}: {state:#?}"),
                        }
                    }
                }
            }
        }
    }
    println!("{runs} batches, {states} states");
    assert!(states > 100_000, "{states}");
}

/// Workers that take jobs from a queue under a lock, and a watcher that looks now and then
/// whether the queue is over and leaves when it saw so twice. A job that is claimed and waits
/// for all cores is neither in the queue nor running; nor is one that is about to be told of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Polled {
    large: Vec<bool>,
    next: usize,
    /// The job that has all cores, or waits for them.
    alone: Option<usize>,
    running: Vec<usize>,
    workers: Vec<Worker>,
    messages: Vec<usize>,
    heard: usize,
    seen_over: bool,
    left: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Worker {
    Idle,
    Waiting(usize),
    Working(usize),
    Telling(usize),
    Gone,
}

impl Polled {
    fn new(large: &[bool], workers: usize) -> Self {
        Self {
            large: large.to_vec(),
            next: 0,
            alone: None,
            running: Vec::new(),
            workers: vec![Worker::Idle; workers],
            messages: Vec::new(),
            heard: 0,
            seen_over: false,
            left: false,
        }
    }
}

impl Model for Polled {
    fn successors(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for at in 0..self.workers.len() {
            let mut next = self.clone();
            next.workers[at] = match self.workers[at] {
                Worker::Idle if self.alone.is_some() => continue,
                Worker::Idle if self.next == self.large.len() => Worker::Gone,
                Worker::Idle => {
                    let index = self.next;
                    next.next += 1;
                    if self.large[index] {
                        next.alone = Some(index);
                        Worker::Waiting(index)
                    } else {
                        next.running.push(index);
                        Worker::Working(index)
                    }
                }
                Worker::Waiting(_) if !self.running.is_empty() => continue,
                Worker::Waiting(index) => {
                    next.running.push(index);
                    Worker::Working(index)
                }
                Worker::Working(index) => {
                    next.running.retain(|other| *other != index);
                    next.alone = next.alone.filter(|other| *other != index);
                    Worker::Telling(index)
                }
                Worker::Telling(index) => {
                    next.messages.push(index);
                    Worker::Idle
                }
                Worker::Gone => continue,
            };
            all.push(next);
        }
        let mut next = self.clone();
        if self.left {
            return all;
        }
        if !self.messages.is_empty() {
            next.messages.remove(0);
            next.heard += 1;
            next.left = next.heard == self.large.len();
        } else if self.seen_over {
            next.left = true;
        } else {
            next.seen_over = self.running.is_empty() && self.next == self.large.len();
        }
        all.push(next);
        all
    }

    fn fault(&self) -> Option<&'static str> {
        (self.left && self.heard < self.large.len()).then_some("over, and a job was never heard of")
    }
}

/// The exploration is not blind: it finds how a queue that is polled loses jobs, the one that
/// waits for all cores and the one that has ended and is about to tell.
#[test]
fn a_queue_that_is_polled_loses_jobs() {
    for large in [&[false][..], &[false, false], &[false, true]] {
        let (fault, state) = explore(Polled::new(large, 2)).unwrap_err();
        assert_eq!(fault, "over, and a job was never heard of");
        assert!(state.heard < large.len(), "{state:?}");
    }
}
