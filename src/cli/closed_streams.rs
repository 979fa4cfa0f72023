//! Whether standard output can be written to.
//!
//! Before `main`, Rust's runtime opens `/dev/null` for each closed standard stream, so that no
//! other file gets its descriptor. Output to it is then lost without an error, and it cannot be
//! distinguished from a `/dev/null` that the user asked for.

use std::io;

/// Fails if standard output was closed at program start, or is open for reading only, in which
/// case the standard library ignores write errors.
#[cfg(unix)]
pub(super) fn check_output() -> io::Result<()> {
    use rustix::fs::{OFlags, fcntl_getfl};

    let mode = fcntl_getfl(rustix::stdio::stdout())? & OFlags::RWMODE;
    match begin::was_closed(begin::OUTPUT) || mode == OFlags::RDONLY {
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

/// Whether standard error was closed at program start.
pub(super) fn error_was_closed() -> bool {
    #[cfg(unix)]
    return begin::was_closed(begin::ERROR);
    #[cfg(not(unix))]
    false
}

#[cfg(unix)]
mod begin {
    use std::sync::atomic::{AtomicU8, Ordering};

    pub(super) const OUTPUT: u8 = 1;
    pub(super) const ERROR: u8 = 2;

    static CLOSED: AtomicU8 = AtomicU8::new(0);

    pub(super) fn was_closed(stream: u8) -> bool {
        CLOSED.load(Ordering::Relaxed) & stream != 0
    }

    ctor::declarative::ctor! {
        /// Runs before Rust's runtime, and needs none of it: only system calls and a store.
        #[ctor(unsafe)]
        fn look() {
            use rustix::{io::fcntl_getfd, stdio};
            let closed = |stream, open: bool| if open { 0 } else { stream };
            let output = closed(OUTPUT, fcntl_getfd(stdio::stdout()).is_ok());
            let error = closed(ERROR, fcntl_getfd(stdio::stderr()).is_ok());
            CLOSED.store(output | error, Ordering::Relaxed);
        }
    }
}
