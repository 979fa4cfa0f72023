//! Settings are made in a thread of their own: what they wait for (a pipe as a list or kernel,
//! a folder of a network that is gone) does not hold up the end.

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

/// How often it is looked whether a signal came.
const LOOK: Duration = Duration::from_millis(20);

/// How long planning has to end by itself when it is asked to.
const GRACE: Duration = Duration::from_millis(500);

/// What the main thread has on most systems: patterns descend into folders by recursion.
const STACK: usize = 8 << 20;

/// The settings; where signals are watched, an error that [`was_stopped`] soon after one came
/// before the inputs were known.
pub(super) fn settings(args: Args, signals: Option<&Signals>) -> anyhow::Result<Settings> {
    match signals.map(Signals::stop) {
        Some(stop) => {
            let own = stop.clone();
            until(&stop, move || Settings::new(&args, &own))
        }
        None => Settings::new(&args, &Stop::default()),
    }
}

/// Whether there is no result because the end was asked for.
pub(super) fn was_stopped(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Error::Stopped))
}

/// What `work` gives. It is left to itself if it does not end soon after `stop` was set; so it
/// must not write.
fn until<T: Send + 'static>(
    stop: &Stop,
    work: impl Fn() -> anyhow::Result<T> + Send + Sync + 'static,
) -> anyhow::Result<T> {
    let work = Arc::new(work);
    let (sender, made) = channel();
    let own = Arc::clone(&work);
    let spawned = thread::Builder::new()
        .stack_size(STACK)
        // Nobody receives what comes too late.
        .spawn(move || drop(sender.send(own())));
    let Ok(thread) = spawned else {
        // The system has no thread left.
        return work();
    };
    let mut patience = GRACE;
    loop {
        match made.recv_timeout(LOOK) {
            Ok(made) => return made,
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panicked) => panic::resume_unwind(panicked),
                Ok(()) => unreachable!("it sends before it ends"),
            },
            Err(RecvTimeoutError::Timeout) if !stop.is_set() => {}
            Err(RecvTimeoutError::Timeout) => match patience.checked_sub(LOOK) {
                Some(left) => patience = left,
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
        let long = LOOK * 5;
        let work = move || {
            thread::sleep(long);
            Ok(7)
        };
        assert_eq!(until(&stop, work).unwrap(), 7);
        let failed = until(&stop, || -> anyhow::Result<()> { bail!("no") }).unwrap_err();
        assert_eq!(failed.to_string(), "no");
        // What is ready soon after the signal is still of use.
        stop.set();
        assert_eq!(until(&stop, work).unwrap(), 7);
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
        assert!(was_stopped(&until(&stop, waiting).unwrap_err()));
        assert!(start.elapsed() >= GRACE);
    }

    #[test]
    fn a_panic_passes() {
        let work = || -> anyhow::Result<()> { panic::resume_unwind(Box::new("a fault")) };
        let passed = panic::catch_unwind(|| until(&Stop::default(), work));
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
