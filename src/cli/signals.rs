//! Signals that request the program to stop.

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
use stridekern::run::Stop;

/// Sent by users and service managers: a second one exits at once.
const INTERRUPTS: [i32; 2] = [SIGINT, SIGTERM];

/// Other stop requests. They may arrive repeatedly (a closing terminal sends SIGHUP
/// itself and through the shell, the soft CPU time limit sends SIGXCPU every second), so
/// a second one is ignored.
///
/// SIGQUIT keeps its default: exit at once and dump core. SIGPIPE is ignored by Rust's
/// runtime: the write fails instead.
#[cfg(unix)]
const OTHERS: [i32; 5] = {
    use signal_hook::consts::{SIGALRM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU};
    [SIGHUP, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU]
};
#[cfg(not(unix))]
const OTHERS: [i32; 0] = [];

/// Signal handlers: the first signal sets the stop token.
pub(super) struct Signals {
    any: Arc<AtomicBool>,
    /// The number of the last signal received, 0 if none.
    last: Arc<AtomicUsize>,
}

impl Signals {
    /// A signal that was ignored at program start stays ignored: nohup and shells that
    /// start background jobs rely on that.
    pub(super) fn watch() -> io::Result<Self> {
        let (any, last) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let ignored = disposition::ignored();
        for signal in INTERRUPTS.into_iter().chain(OTHERS) {
            if ignored(signal) {
                continue;
            }
            // The order matters: the first handler reads the flag before the second sets it.
            if INTERRUPTS.contains(&signal) {
                flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&any))?;
            }
            flag::register_usize(signal, Arc::clone(&last), signal as usize)?;
            flag::register(signal, Arc::clone(&any))?;
        }
        // With a handler for SIGXFSZ, a write beyond the file size limit fails with an
        // error and does not kill the program.
        #[cfg(unix)]
        flag::register(signal_hook::consts::SIGXFSZ, Arc::default())?;
        Ok(Self { any, last })
    }

    /// Set by the first signal.
    pub(super) fn stop(&self) -> Stop {
        Stop::when(Arc::clone(&self.any))
    }

    /// The signal received, if any.
    pub(super) fn caught(&self) -> Option<u8> {
        match self.last.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(signal as u8),
        }
    }
}

/// Which signals this process ignores. sigaction would tell, but no library offers it as
/// a safe function.
#[cfg(unix)]
mod disposition {
    use std::{
        fs,
        process::{Command, Stdio},
    };

    /// On Linux, from `/proc/self/status`.
    pub(super) fn ignored() -> impl Fn(i32) -> bool {
        let mask = fs::read_to_string("/proc/self/status")
            .ok()
            .and_then(|status| mask(&status));
        move |signal| match mask {
            Some(mask) => mask >> (signal - 1) & 1 == 1,
            None => child_ignores(signal),
        }
    }

    fn mask(status: &str) -> Option<u64> {
        let mask = status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    }

    /// Elsewhere: a child shell inherits ignored signals, so it survives sending itself one.
    fn child_ignores(signal: i32) -> bool {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &script]).stdin(Stdio::null());
        let ran = shell.stdout(Stdio::null()).stderr(Stdio::null()).status();
        ran.is_ok_and(|status| status.success())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_mask_is_read() {
            let status = "Name:\tx\nSigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\n";
            assert_eq!(mask(status), Some(0x1001));
            assert_eq!(mask("Name:\tx\n"), None);
        }

        #[test]
        fn both_ways_agree() {
            let ignored = ignored();
            // Rust ignores SIGPIPE, but not for its children.
            assert!(ignored(signal_hook::consts::SIGPIPE));
            for signal in super::super::INTERRUPTS
                .into_iter()
                .chain(super::super::OTHERS)
            {
                assert_eq!(child_ignores(signal), ignored(signal), "{signal}");
            }
        }
    }
}

#[cfg(not(unix))]
mod disposition {
    pub(super) fn ignored() -> impl Fn(i32) -> bool {
        |_| false
    }
}
