//! Settings are built in a separate thread, so that blocking reads (a pipe as a list or
//! kernel, a dead network folder) do not delay the exit after a signal.

use std::{
    panic,
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

use stridekern::{Error, run::Stop};

use super::{args::Args, settings::Settings, signals::Signals};

/// How often the stop token is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How long the thread may take to end by itself after a signal.
const GRACE: Duration = Duration::from_millis(500);

/// The stack size of the main thread on most systems: pattern matching is recursive.
const STACK_BYTES: usize = 8 << 20;

/// Builds the settings. If a signal arrives before the inputs are known, fails soon with an
/// error for which [`was_stopped`] is true.
pub(super) fn settings(args: Args, signals: Option<&Signals>) -> anyhow::Result<Settings> {
    match signals.map(Signals::stop) {
        Some(stop) => {
            let own = stop.clone();
            run_until_stopped(&stop, move || Settings::new(&args, &own))
        }
        None => Settings::new(&args, &Stop::default()),
    }
}

/// Whether the error means that the stop token was set.
pub(super) fn was_stopped(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Error::Stopped))
}

/// The result of `work`, which runs in a thread. The thread is abandoned if it does not end
/// soon after `stop` is set, so `work` must not write files.
fn run_until_stopped<T: Send + 'static>(
    stop: &Stop,
    work: impl Fn() -> anyhow::Result<T> + Send + Sync + 'static,
) -> anyhow::Result<T> {
    let work = Arc::new(work);
    let (sender, receiver) = channel();
    let own = Arc::clone(&work);
    let spawned = thread::Builder::new()
        .stack_size(STACK_BYTES)
        // The receiver is gone if the result comes too late.
        .spawn(move || drop(sender.send(own())));
    let Ok(thread) = spawned else {
        // No thread can be created.
        return work();
    };
    let mut grace_left = GRACE;
    loop {
        match receiver.recv_timeout(POLL_INTERVAL) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panicked) => panic::resume_unwind(panicked),
                Ok(()) => unreachable!("it sends before it ends"),
            },
            Err(RecvTimeoutError::Timeout) if !stop.is_set() => {}
            Err(RecvTimeoutError::Timeout) => match grace_left.checked_sub(POLL_INTERVAL) {
                Some(left) => grace_left = left,
                None => return Err(Error::Stopped.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use anyhow::{Context, bail};

    use super::*;

    #[test]
    fn work_that_ends_is_waited_for() {
        let stop = Stop::default();
        let long = POLL_INTERVAL * 5;
        let work = move || {
            thread::sleep(long);
            Ok(7)
        };
        assert_eq!(run_until_stopped(&stop, work).unwrap(), 7);
        let failed =
            run_until_stopped(&stop, || -> anyhow::Result<()> { bail!("no") }).unwrap_err();
        assert_eq!(failed.to_string(), "no");
        // A result that is ready soon after the signal is still used.
        stop.set();
        assert_eq!(run_until_stopped(&stop, work).unwrap(), 7);
    }

    #[test]
    fn work_that_does_not_end_is_left() {
        let stop = Stop::default();
        let start = Instant::now();
        let own = stop.clone();
        let waiting = move || -> anyhow::Result<()> {
            own.set();
            loop {
                thread::park();
            }
        };
        assert!(was_stopped(&run_until_stopped(&stop, waiting).unwrap_err()));
        assert!(start.elapsed() >= GRACE);
    }

    #[test]
    fn a_panic_passes() {
        let work = || -> anyhow::Result<()> { panic::resume_unwind(Box::new("a fault")) };
        let passed = panic::catch_unwind(|| run_until_stopped(&Stop::default(), work));
        assert_eq!(passed.unwrap_err().downcast_ref(), Some(&"a fault"));
    }

    #[test]
    fn the_request_to_end_is_known_behind_other_words() {
        let error = || Err::<(), _>(Error::Stopped);
        assert!(was_stopped(&error().context("list").unwrap_err()));
        assert!(was_stopped(&error().context("a").context("b").unwrap_err()));
        assert!(!was_stopped(&anyhow::anyhow!("stopped")));
    }
}
