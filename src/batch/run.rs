//! Runs the jobs of a batch under their time limits, and reports them in order.

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
    schedule::{Launch, Overdue, Rules, Schedule},
    workers::{self, Work},
};
use crate::{
    error::{Error, InputError, LimitError, Result},
    run::{self, Budget, Control, Event, Job, Outcome, Place, Report},
};

/// How long jobs may take to end by themselves after the batch was stopped.
const GRACE: Duration = Duration::from_millis(500);

/// Runs every job. Each core works on a job of its own, as far as the memory
/// limit allows; a job that outweighs the others gets all cores, those of
/// rayon's global pool. Each result is reported exactly once, in the order of
/// the jobs.
///
/// A failure does not stop the other jobs, not even a panic in a decoder. A job
/// that exceeds the time limit has failed, and is abandoned if it does not end.
/// Results that were committed by then are reported as done. If called from a
/// thread of a pool, jobs run one after the other and the time limit is checked
/// only between chunks of an image.
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
    // Each worker is a rayon pool of one thread, so that parallel iterators in a job
    // stay on that thread.
    let mut pools = Vec::new();
    let spawn_worker = |worker: Box<dyn FnOnce() + Send>| {
        let pool = (!alone).then(|| ThreadPoolBuilder::new().num_threads(1).build().ok());
        let Some(pool) = pool.flatten() else {
            return false;
        };
        pool.spawn(worker);
        pools.push(pool);
        true
    };
    let mut ordered = OrderedReport::new(&shared);
    workers::run(
        &shared,
        schedule,
        workers,
        spawn_worker,
        |running, reason| {
            ordered.add(running.launch.index, running.ending(reason, &shared.batch));
        },
    );
    ordered.finish()
}

struct Shared {
    batch: Batch,
    report: Arc<dyn Report + Send>,
    budget: Budget,
}

/// A started job.
struct Running {
    launch: Launch,
    control: Control,
    /// Why the results without a recorded outcome failed.
    error: Mutex<Option<Error>>,
}

/// The final state of a job.
struct Ending {
    /// The outcome of each result; `None` if it has none of its own.
    outcomes: Vec<Option<Result<Outcome>>>,
    /// Why the results without an outcome failed; `None` if they were stopped.
    error: Option<Error>,
}

impl Running {
    fn error(&self) -> MutexGuard<'_, Option<Error>> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ending(&self, reason: Option<Overdue>, batch: &Batch) -> Ending {
        if reason.is_some() {
            self.control.stop.set();
        }
        let error = match (self.error().take(), reason) {
            (None, Some(Overdue::TimedOut)) => batch.timeout.map(time_limit_error),
            (error, _) => error,
        };
        let outcomes = self.control.outcomes.take();
        Ending { outcomes, error }
    }
}

impl Work for Shared {
    type Job = Arc<Running>;

    fn start(&self, launch: Launch) -> Arc<Running> {
        let results = self.batch.jobs[launch.index].results.len();
        let stop = self.batch.stop.child(self.batch.timeout);
        Arc::new(Running {
            launch,
            control: Control::new(results, stop),
            error: Mutex::default(),
        })
    }

    fn run(&self, running: &Arc<Running>) {
        let Self { batch, report, .. } = self;
        let job = &batch.jobs[running.launch.index];
        let work = || {
            report.event(Event::Started { job });
            let Running { control, .. } = &**running;
            run::run_within(job, &batch.options, &self.budget, control, &**report)
        };
        let result = panic::catch_unwind(AssertUnwindSafe(|| match running.launch.large {
            true => with_all_cores(work),
            false => work(),
        }));
        let error = match result {
            Ok(Ok(())) if running.control.outcomes.is_complete() => None,
            Ok(Ok(())) => Some(Error::Stopped),
            Ok(Err(error)) => Some(error),
            Err(panicked) => Some(panic_error(&*panicked)),
        };
        // A job that stopped while the batch was not exceeded its time limit.
        let late = batch.timeout.filter(|_| !batch.stop.is_set());
        *running.error() = match (error, late) {
            (Some(Error::Stopped), Some(limit)) => Some(time_limit_error(limit)),
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

/// Runs `work` in a thread outside all pools, so that decoding, filtering and encoding overlap
/// and the filter uses rayon's global pool. If no thread can be created, runs it in this one.
fn with_all_cores<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let mut work = Some(work);
    let mut run = || work.take().map(|work| work());
    let result = thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, &mut run);
        thread.ok().map(|thread| match thread.join() {
            Ok(result) => result,
            Err(panicked) => panic::resume_unwind(panicked),
        })
    });
    result.flatten().or_else(run).expect("it runs once")
}

fn time_limit_error(limit: Duration) -> Error {
    LimitError::Time { limit }.into()
}

fn panic_error(panicked: &(dyn Any + Send)) -> Error {
    let message = (panicked.downcast_ref::<&str>().copied())
        .or_else(|| panicked.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let message = message.to_owned();
    InputError::Panicked { message }.into()
}

/// An estimate of a job's work: the size of its file times the number of results.
fn weight(job: &Job) -> u64 {
    let bytes = match &job.input {
        Place::File(path) => fs::metadata(path).map_or(0, |file| file.len()),
        Place::Standard => 0,
    };
    bytes.saturating_mul(job.results.len() as u64)
}

/// Reports jobs in their order, whatever order they end in.
struct OrderedReport {
    shared: Arc<Shared>,
    next: usize,
    waiting: BTreeMap<usize, Ending>,
    /// The failed jobs. Their names are copied at the end: small long-lived allocations
    /// between image buffers would fragment the heap.
    failed: Vec<usize>,
    summary: Summary,
}

impl OrderedReport {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            next: 0,
            waiting: BTreeMap::new(),
            failed: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// Adds an ended job; it is reported once all jobs before it have been.
    fn add(&mut self, index: usize, ending: Ending) {
        self.waiting.insert(index, ending);
        while let Some(ending) = self.waiting.remove(&self.next) {
            self.report(self.next, ending);
            self.next += 1;
        }
    }

    fn report(&mut self, at: usize, ending: Ending) {
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
            report.event(Event::InputFailed { job, error });
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
                    summary.pixels += (rows * columns) as u64 * done.planes as u64 * done.pages;
                }
                Ok(Outcome::Skipped(_)) => summary.skipped += 1,
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

    /// Reports the remaining jobs; those that never started count as stopped.
    fn finish(mut self) -> Summary {
        for at in self.next..self.shared.batch.jobs.len() {
            let never = || Ending {
                outcomes: (self.shared.batch.jobs[at].results.iter().map(|_| None)).collect(),
                error: None,
            };
            let ending = self.waiting.remove(&at).unwrap_or_else(never);
            self.report(at, ending);
        }
        let jobs = &self.shared.batch.jobs;
        let failed_inputs = self.failed.iter().map(|&at| jobs[at].input.clone());
        Summary {
            failed_inputs: failed_inputs.collect(),
            ..self.summary
        }
    }
}
