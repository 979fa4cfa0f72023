//! Ctrl-C and the request to terminate.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};
use stridekern::pipeline::Stop;

/// The first signal asks for the end, the second one ends at once.
pub(super) struct Signals {
    any: Arc<AtomicBool>,
    /// The number of the last one, 0 if there was none.
    last: Arc<AtomicUsize>,
}

impl Signals {
    pub(super) fn watch() -> io::Result<Self> {
        let (any, last) = (Arc::new(AtomicBool::new(false)), Arc::default());
        for signal in [SIGINT, SIGTERM] {
            // In this order: the flag is looked at before it is set.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&any))?;
            flag::register_usize(signal, Arc::clone(&last), signal as usize)?;
            flag::register(signal, Arc::clone(&any))?;
        }
        Ok(Self { any, last })
    }

    /// Set by the first signal.
    pub(super) fn stop(&self) -> Stop {
        Stop::when(Arc::clone(&self.any))
    }

    /// The signal that came.
    pub(super) fn caught(&self) -> Option<u8> {
        match self.last.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(signal as u8),
        }
    }
}
