//! Runs the jobs of a batch, and sees to it that each has an end.

use std::{
    any::Any,
    collections::BTreeMap,
    fs,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{
    Batch, Summary,
    schedule::{Queue, Turn},
};
use crate::{
    error::{Error, Result},
    pipeline::{self, Budget, Job, Outcome, Place},
    report::{Event, Report},
};

/// What becomes of a job.
type Made = Result<Vec<Result<Outcome>>>;

/// How often it is looked whether a job takes too long or all are to end.
const LOOK: Duration = Duration::from_millis(20);

/// How long jobs have to end by themselves when they are asked to.
const GRACE: Duration = Duration::from_millis(500);

/// Runs every job. Each core works on a job of its own, as far as the memory
/// that the limits allow suffices; one that outweighs the others gets all
/// cores, those of rayon's global pool. What became of jobs is reported in
/// their order.
///
/// A failure does not stop the other jobs, be it a panic of a decoder; a job
/// that takes longer than the time limit has failed, and is left to itself if
/// it does not end. From a thread of a pool, jobs run one after the other and
/// the time limit counts only between parts of an image.
pub fn run(batch: Batch, report: Arc<dyn Report + Send>) -> Summary {
    let jobs = batch.jobs.len();
    report.event(Event::Jobs { total: jobs });
    let cores = rayon::current_num_threads().min(jobs).max(1);
    let shared = Arc::new(Shared {
        queue: Queue::new(batch.jobs.iter().map(weight).collect(), cores),
        budget: Budget::new(batch.options.limits.max_memory),
        batch,
        report,
    });
    let ended = Ended::new(&shared);
    if rayon::current_thread_index().is_some() {
        return alone(&shared, ended);
    }
    let (tell, told) = channel();
    let mut workers = Workers {
        shared: &shared,
        tell,
        pools: Vec::new(),
    };
    for _ in 0..cores {
        workers.hire();
    }
    watch(&mut workers, &told, ended)
}

struct Shared {
    batch: Batch,
    report: Arc<dyn Report + Send>,
    queue: Queue,
    budget: Budget,
}

impl Shared {
    /// Works on a job until it ends or panics.
    fn make(&self, turn: &Turn) -> Made {
        let job = &self.batch.jobs[turn.index];
        self.report.event(Event::Started { job });
        let made = panic::catch_unwind(AssertUnwindSafe(|| {
            let options = &self.batch.options;
            pipeline::run_within(job, options, &self.budget, &turn.stop, &*self.report)
        }));
        made.unwrap_or_else(|panicked| Err(of_panic(&*panicked)))
    }

    /// The jobs of one thread after the other.
    fn work(&self, tell: &Sender<(usize, Made)>) {
        while let Some(turn) = self.queue.next(&self.batch.stop) {
            let made = match turn.large {
                true => with_all_cores(|| self.make(&turn)),
                false => self.make(&turn),
            };
            // Whoever was given up is no longer waited for, and has a successor.
            if !self.queue.end(turn.index) || tell.send((turn.index, made)).is_err() {
                return;
            }
        }
    }
}

/// Threads that work on jobs, each in a pool of its own, so that what it calls
/// makes no further ones.
struct Workers<'a> {
    shared: &'a Arc<Shared>,
    tell: Sender<(usize, Made)>,
    pools: Vec<ThreadPool>,
}

impl Workers<'_> {
    fn hire(&mut self) {
        let (shared, tell) = (Arc::clone(self.shared), self.tell.clone());
        match ThreadPoolBuilder::new().num_threads(1).build() {
            Ok(pool) => {
                pool.spawn(move || shared.work(&tell));
                self.pools.push(pool);
            }
            // Others do its work, or this thread, which the system gave us.
            Err(_) if !self.pools.is_empty() => {}
            Err(_) => shared.work(&tell),
        }
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

/// Waits for all jobs, gives up those that take too long, and all that do not
/// end when they should.
fn watch(workers: &mut Workers<'_>, told: &Receiver<(usize, Made)>, mut ended: Ended) -> Summary {
    let Shared { batch, queue, .. } = &**workers.shared;
    let mut stopped: Option<Instant> = None;
    let mut over = false;
    while !ended.is_complete() {
        match told.recv_timeout(LOOK) {
            Ok((index, made)) => {
                if ended.add(index, made) && batch.fail_fast {
                    queue.close();
                }
                continue;
            }
            // Who has ended may be about to tell.
            Err(RecvTimeoutError::Timeout) if !over => over = queue.is_over(),
            Err(_) => break,
        }
        if batch.stop.is_set() {
            queue.close();
            if stopped.get_or_insert_with(Instant::now).elapsed() > GRACE {
                break;
            }
        }
        let Some(limit) = batch.timeout else { continue };
        for turn in queue.running() {
            if turn.since.elapsed() > limit && queue.end(turn.index) {
                turn.stop.set();
                ended.add(turn.index, Err(too_long(limit)));
                if batch.fail_fast {
                    queue.close();
                }
                workers.hire();
            }
        }
    }
    ended.summary()
}

/// One job after the other, in this thread.
fn alone(shared: &Shared, mut ended: Ended) -> Summary {
    let Shared { batch, queue, .. } = shared;
    while let Some(turn) = queue.next(&batch.stop) {
        let made = shared.make(&turn);
        queue.end(turn.index);
        if (ended.add(turn.index, made) && batch.fail_fast) || batch.stop.is_set() {
            break;
        }
    }
    ended.summary()
}

fn too_long(limit: Duration) -> Error {
    Error::limit(format_args!(
        "it took longer than {} s: check the file, or raise --timeout",
        limit.as_secs_f64()
    ))
}

fn of_panic(panicked: &(dyn Any + Send)) -> Error {
    let message = (panicked.downcast_ref::<&str>().copied())
        .or_else(|| panicked.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Error::input(format_args!(
        "the program failed over this file ({message}): please report it, with the file"
    ))
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
struct Ended {
    shared: Arc<Shared>,
    next: usize,
    waiting: BTreeMap<usize, Made>,
    /// Those that failed. Their names are copied at the end: small ones that stay
    /// between the buffers of images would have the memory fall to pieces.
    failed: Vec<usize>,
    summary: Summary,
}

impl Ended {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            next: 0,
            waiting: BTreeMap::new(),
            failed: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// Tells of a job when all before it have been told of, and says whether
    /// it failed in part.
    fn add(&mut self, index: usize, made: Made) -> bool {
        let failed = has_failed(&made);
        self.waiting.insert(index, made);
        while let Some(made) = self.waiting.remove(&self.next) {
            self.tell(self.next, made);
            self.next += 1;
        }
        failed
    }

    fn is_complete(&self) -> bool {
        self.next == self.shared.batch.jobs.len()
    }

    fn tell(&mut self, at: usize, made: Made) {
        let Shared { batch, report, .. } = &*self.shared;
        let (job, summary) = (&batch.jobs[at], &mut self.summary);
        if has_failed(&made) {
            self.failed.push(at);
        }
        match made {
            Ok(outcomes) => {
                for (index, outcome) in outcomes.iter().enumerate() {
                    match outcome {
                        Ok(Outcome::Done(done)) => {
                            let [rows, columns, _] = done.plan.output_shape();
                            summary.done += 1;
                            summary.pixels += (rows * columns) as u64;
                        }
                        Ok(Outcome::Skipped) => summary.skipped += 1,
                        Err(Error::Stopped) => continue,
                        Err(_) => summary.failed += 1,
                    }
                    let outcome = outcome.as_ref();
                    report.event(Event::Result {
                        job,
                        index,
                        outcome,
                    });
                }
            }
            Err(Error::Stopped) => return,
            Err(error) => {
                summary.failed += job.results.len();
                report.event(Event::Unread { job, error: &error });
            }
        }
        report.event(Event::Ended);
    }

    /// Jobs that were never begun, or did not end, are left.
    fn summary(mut self) -> Summary {
        for (index, made) in std::mem::take(&mut self.waiting) {
            self.tell(index, made);
        }
        let results: usize = (self.shared.batch.jobs.iter())
            .map(|job| job.results.len())
            .sum();
        let jobs = &self.shared.batch.jobs;
        let failed_inputs = self.failed.iter().map(|&at| jobs[at].input.clone());
        let Summary {
            done,
            skipped,
            failed,
            ..
        } = self.summary;
        Summary {
            left: results - done - skipped - failed,
            failed_inputs: failed_inputs.collect(),
            ..self.summary
        }
    }
}

fn has_failed(made: &Made) -> bool {
    match made {
        Ok(outcomes) => outcomes.iter().any(is_failure),
        made => is_failure(made),
    }
}

const fn is_failure<T>(result: &Result<T>) -> bool {
    !matches!(result, Ok(_) | Err(Error::Stopped))
}
