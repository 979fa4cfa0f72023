//! Threads, and long work that Ctrl-C ends.

use std::{
    env, mem, process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use pyo3::{exceptions::PyMemoryError, prelude::*, sync::PyOnceLock};
use rayon::{ThreadPool, ThreadPoolBuilder};
use stridekern::Stop;

use crate::arguments;

/// How often Python is asked for signals.
const TICK: Duration = Duration::from_millis(50);

/// A pool of this process. After a fork its threads are gone, though the pool remains.
struct OwnPool {
    process: u32,
    pool: Arc<ThreadPool>,
}

/// Locked only while the interpreter is held, which a thread that forks the process holds, too: no
/// child finds it locked by a thread that it does not have.
static POOL: Mutex<Option<OwnPool>> = Mutex::new(None);

/// A pool of so many threads.
pub(crate) fn pool(_: Python<'_>, threads: usize) -> PyResult<Arc<ThreadPool>> {
    let mut own = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let process = process::id();
    if let Some(own) = own.as_ref()
        && own.process == process
        && own.pool.current_num_threads() == threads
    {
        return Ok(Arc::clone(&own.pool));
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|at| format!("stridekern-{at}"))
        .build()
        .map_err(|error| PyMemoryError::new_err(format!("threads cannot be started: {error}")))?;
    let pool = Arc::new(pool);
    let before = own.replace(OwnPool {
        process,
        pool: Arc::clone(&pool),
    });
    // What a fork left behind has no threads to wait for.
    if let Some(before) = before
        && before.process != process
    {
        mem::forget(before.pool);
    }
    Ok(pool)
}

/// What `set_num_threads` set; 0 for nothing.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// How many threads share long work by default: what `set_num_threads` set, else as many as there are
/// cores that this process may use, or fewer if the environment variable ``OMP_NUM_THREADS`` said so
/// when this was first asked, as it does in the workers of joblib and Dask.
///
/// Returns
/// -------
/// int
#[pyfunction]
pub(crate) fn get_num_threads(py: Python<'_>) -> usize {
    static CORES: PyOnceLock<usize> = PyOnceLock::new();
    let set = THREADS.load(Ordering::Relaxed);
    if set > 0 {
        return set;
    }
    *CORES.get_or_init(py, || {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let wanted = env::var("OMP_NUM_THREADS").ok();
        // Of a list, one number for each level, the first counts.
        let wanted = wanted.and_then(|list| list.split(',').next()?.trim().parse::<usize>().ok());
        wanted.map_or(cores, |wanted| wanted.clamp(1, cores))
    })
}

/// Set how many threads share the work of a call that does not say it.
///
/// Parameters
/// ----------
/// threads : int or None
///     1 to 512; None for what it was at the start.
#[pyfunction]
pub(crate) fn set_num_threads(threads: Option<isize>) -> PyResult<()> {
    let threads = threads.map(arguments::threads).transpose()?;
    THREADS.store(threads.unwrap_or(0), Ordering::Relaxed);
    Ok(())
}

/// Runs `work` while the interpreter is free, and asks Python for signals meanwhile: at an
/// exception of theirs the work is stopped, and that is returned.
pub(crate) fn interruptible<R: Send>(
    py: Python<'_>,
    stop: &Stop,
    work: impl FnOnce() -> R + Send,
) -> PyResult<R> {
    py.detach(|| {
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel(1);
            let worker = scope.spawn(move || {
                let result = work();
                // Nobody listens any more after a signal.
                _ = sender.send(());
                result
            });
            let interrupted = loop {
                match receiver.recv_timeout(TICK) {
                    Err(RecvTimeoutError::Timeout) => {
                        if let Err(error) = Python::attach(|py| py.check_signals()) {
                            stop.set();
                            break Some(error);
                        }
                    }
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => break None,
                }
            };
            let result = match worker.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            interrupted.map_or(Ok(result), Err)
        })
    })
}
