//! Whether standard output can be written to.
//!
//! Before `main`, Rust's runtime opens `/dev/null` for reading and writing in the place of each
//! standard stream that is closed, so that no file of the program takes its number. What is
//! written to it then is lost without an error, and afterwards nothing tells it from a
//! `/dev/null` that the user asked for.

use std::io;

/// Fails where standard output was closed when the program began, or is open for reading only,
/// which the standard library takes for written to.
#[cfg(unix)]
pub(super) fn check_output() -> io::Result<()> {
    use rustix::fs::{OFlags, fcntl_getfl};

    let mode = fcntl_getfl(rustix::stdio::stdout())? & OFlags::RWMODE;
    match begin::output_was_closed() || mode == OFlags::RDONLY {
        true => Err(io::Error::other(
            "it is not open for writing; redirect it to a file, or to /dev/null",
        )),
        false => Ok(()),
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "other systems have such streams")]
pub(super) fn check_output() -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
mod begin {
    use std::sync::atomic::{AtomicBool, Ordering};

    static CLOSED: AtomicBool = AtomicBool::new(false);

    pub(super) fn output_was_closed() -> bool {
        CLOSED.load(Ordering::Relaxed)
    }

    ctor::declarative::ctor! {
        /// Runs before the runtime does. It needs nothing of it: one system call, one store.
        #[ctor(unsafe)]
        fn look() {
            let closed = rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err();
            CLOSED.store(closed, Ordering::Relaxed);
        }
    }
}
