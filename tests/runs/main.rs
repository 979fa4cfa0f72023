//! Whole jobs and batches of them, through the library.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod batch;
mod clipped;
mod one_job;
mod stacks;

use std::sync::Once;

/// A folder for a test, in a program of four threads on every machine, so that the threads
/// of a job and several jobs overlap.
fn folder() -> tempfile::TempDir {
    static POOL: Once = Once::new();
    POOL.call_once(|| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4);
        pool.build_global().unwrap();
    });
    tempfile::tempdir().unwrap()
}
