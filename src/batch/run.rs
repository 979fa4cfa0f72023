//! Runs the jobs of a batch, and sees to it that each has an end.

use std::{
    any::Any,
    collections::BTreeMap,
    fs,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rayon::ThreadPoolBuilder;

use super::{
    Batch, Summary,
    crew::{self, Work},
    schedule::{Overdue, Rules, Schedule, Turn},
};
use crate::{
    error::{Error, InputError, LimitError, Result},
    run::{self, Budget, Control, Event, Job, Outcome, Place, Report},
};

/// How long jobs have to end by themselves when they are asked to.
const GRACE: Duration = Duration::from_millis(500);

/// Runs every job. Each core works on a job of its own, as far as the memory
/// that the limits allow suffices; one that outweighs the others gets all
/// cores, those of rayon's global pool. What became of jobs is reported in
/// their order, of each result exactly once.
///
/// A failure does not stop the other jobs, be it a panic of a decoder; a job
/// that takes longer than the time limit has failed, and is left to itself if
/// it does not end. Results that were in their places by then are told as done.
/// From a thread of a pool, jobs run one after the other and the time limit
/// counts only between parts of an image.
pub fn run(batch: Batch, report: Arc<dyn Report + Send>) -> Summary {
    let jobs = batch.jobs.len();
    report.event(Event::Jobs { total: jobs });
    let cores = rayon::current_num_threads().min(jobs).max(1);
    let alone = rayon::current_thread_index().is_some();
    let workers = if alone { 1 } else { cores };
    let rules = Rules {
        limit: batch.timeout,
        grace: GRACE,
        fail_fast: batch.fail_fast,
    };
    let schedule = Schedule::new(batch.jobs.iter().map(weight).collect(), workers, rules);
    let shared = Arc::new(Shared {
        budget: Budget::new(batch.options.limits.max_memory),
        batch,
        report,
    });
    // Each worker is a thread in a pool of its own, so that what it calls makes no
    // further ones.
    let mut pools = Vec::new();
    let hire = |serve: Box<dyn FnOnce() + Send>| {
        let pool = (!alone).then(|| ThreadPoolBuilder::new().num_threads(1).build().ok());
        let Some(pool) = pool.flatten() else {
            return false;
        };
        pool.spawn(serve);
        pools.push(pool);
        true
    };
    let mut told = Told::new(&shared);
    crew::run(&shared, schedule, workers, hire, |running, why| {
        told.add(running.turn.index, running.ending(why, &shared.batch));
    });
    told.finish()
}

struct Shared {
    batch: Batch,
    report: Arc<dyn Report + Send>,
    budget: Budget,
}

/// A job that was started.
struct Running {
    turn: Turn,
    control: Control,
    /// Why results that are not recorded were not made.
    error: Mutex<Option<Error>>,
}

/// What became of a job.
struct Ending {
    /// Of each result, if it was made, skipped, or has failed by itself.
    outcomes: Vec<Option<Result<Outcome>>>,
    /// Why the others were not made, unless they were stopped.
    error: Option<Error>,
}

impl Running {
    fn error(&self) -> MutexGuard<'_, Option<Error>> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ending(&self, why: Option<Overdue>, batch: &Batch) -> Ending {
        if why.is_some() {
            self.control.stop.set();
        }
        let error = match (self.error().take(), why) {
            (None, Some(Overdue::Late)) => batch.timeout.map(too_long),
            (error, _) => error,
        };
        let outcomes = self.control.outcomes.take();
        Ending { outcomes, error }
    }
}

impl Work for Shared {
    type Job = Arc<Running>;

    fn start(&self, turn: Turn) -> Arc<Running> {
        let results = self.batch.jobs[turn.index].results.len();
        let stop = self.batch.stop.child(self.batch.timeout);
        Arc::new(Running {
            turn,
            control: Control::new(results, stop),
            error: Mutex::default(),
        })
    }

    fn run(&self, running: &Arc<Running>) {
        let Self { batch, report, .. } = self;
        let job = &batch.jobs[running.turn.index];
        let work = || {
            report.event(Event::Started { job });
            let Running { control, .. } = &**running;
            run::run_within(job, &batch.options, &self.budget, control, &**report)
        };
        let made = panic::catch_unwind(AssertUnwindSafe(|| match running.turn.large {
            true => with_all_cores(work),
            false => work(),
        }));
        let error = match made {
            Ok(Ok(())) if running.control.outcomes.is_complete() => None,
            Ok(Ok(())) => Some(Error::Stopped),
            Ok(Err(error)) => Some(error),
            Err(panicked) => Some(of_panic(&*panicked)),
        };
        // One that was stopped, but not with the batch, saw that its time was over.
        let late = batch.timeout.filter(|_| !batch.stop.is_set());
        *running.error() = match (error, late) {
            (Some(Error::Stopped), Some(limit)) => Some(too_long(limit)),
            (Some(Error::Stopped), None) => None,
            (error, _) => error,
        };
    }

    fn has_failed(&self, running: &Arc<Running>) -> bool {
        running.error().is_some() || running.control.outcomes.any(Result::is_err)
    }

    fn close(&self, running: &Arc<Running>) -> bool {
        running.control.outcomes.close()
    }

    fn is_stopped(&self) -> bool {
        self.batch.stop.is_set()
    }
}

/// From a thread that belongs to no pool, so that stages overlap and the filter runs in the
/// pool of all threads. Where the system has no thread left, from this one.
fn with_all_cores<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let mut work = Some(work);
    let mut run = || work.take().map(|work| work());
    let made = thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, &mut run);
        thread.ok().map(|thread| match thread.join() {
            Ok(made) => made,
            Err(panicked) => panic::resume_unwind(panicked),
        })
    });
    made.flatten().or_else(run).expect("it runs once")
}

fn too_long(limit: Duration) -> Error {
    LimitError::Time { limit }.into()
}

fn of_panic(panicked: &(dyn Any + Send)) -> Error {
    let message = (panicked.downcast_ref::<&str>().copied())
        .or_else(|| panicked.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let message = message.to_owned();
    InputError::Panicked { message }.into()
}

/// About how much work a job is: the bytes of its file, times its results.
fn weight(job: &Job) -> u64 {
    let bytes = match &job.input {
        Place::File(path) => fs::metadata(path).map_or(0, |file| file.len()),
        Place::Standard => 0,
    };
    bytes.saturating_mul(job.results.len() as u64)
}

/// What became of jobs, reported in their order.
struct Told {
    shared: Arc<Shared>,
    next: usize,
    waiting: BTreeMap<usize, Ending>,
    /// Those that failed. Their names are copied at the end: small allocations that stay
    /// between the buffers of images would fragment the heap.
    failed: Vec<usize>,
    summary: Summary,
}

impl Told {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            next: 0,
            waiting: BTreeMap::new(),
            failed: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// Tells of a job when all before it have been told of.
    fn add(&mut self, index: usize, ending: Ending) {
        self.waiting.insert(index, ending);
        while let Some(ending) = self.waiting.remove(&self.next) {
            self.tell(self.next, ending);
            self.next += 1;
        }
    }

    fn tell(&mut self, at: usize, ending: Ending) {
        let Shared { batch, report, .. } = &*self.shared;
        let (job, summary) = (&batch.jobs[at], &mut self.summary);
        let Ending { outcomes, error } = ending;
        let failed = |outcome: &Option<Result<Outcome>>| match outcome {
            Some(outcome) => outcome.is_err(),
            None => error.is_some(),
        };
        if outcomes.iter().any(failed) {
            self.failed.push(at);
        }
        if let (Some(error), true) = (&error, outcomes.iter().all(Option::is_none)) {
            summary.failed += job.results.len();
            report.event(Event::Unread { job, error });
            report.event(Event::Ended);
            return;
        }
        let stopped = Error::Stopped;
        for (index, outcome) in outcomes.iter().enumerate() {
            let outcome = match outcome {
                Some(outcome) => outcome.as_ref(),
                None => Err(error.as_ref().unwrap_or(&stopped)),
            };
            match outcome {
                Ok(Outcome::Done(done)) => {
                    let [rows, columns, _] = done.plan.output_shape();
                    summary.done += 1;
                    summary.pixels += (rows * columns) as u64;
                }
                Ok(Outcome::Skipped) => summary.skipped += 1,
                Err(Error::Stopped) => summary.left += 1,
                Err(_) => summary.failed += 1,
            }
            report.event(Event::Result {
                job,
                index,
                outcome,
            });
        }
        if !outcomes.iter().all(Option::is_none) {
            report.event(Event::Ended);
        }
    }

    /// Tells of the jobs that were not told of so far; those that were never started were
    /// stopped.
    fn finish(mut self) -> Summary {
        for at in self.next..self.shared.batch.jobs.len() {
            let never = || Ending {
                outcomes: (self.shared.batch.jobs[at].results.iter().map(|_| None)).collect(),
                error: None,
            };
            let ending = self.waiting.remove(&at).unwrap_or_else(never);
            self.tell(at, ending);
        }
        let jobs = &self.shared.batch.jobs;
        let failed_inputs = self.failed.iter().map(|&at| jobs[at].input.clone());
        Summary {
            failed_inputs: failed_inputs.collect(),
            ..self.summary
        }
    }
}
