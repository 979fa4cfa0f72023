//! What ties a job to the one who waits for it.

use super::{job::Outcome, ledger::Ledger};
use crate::{error::Result, stop::Stop};

/// What ties a job to the one who waits for it.
#[derive(Debug)]
pub(crate) struct Control {
    /// Asks the job to end.
    pub(crate) stop: Stop,
    /// What became of its results so far.
    pub(crate) outcomes: Ledger<Result<Outcome>>,
}

impl Control {
    /// Of a job with so many results.
    pub(crate) fn new(results: usize, stop: Stop) -> Self {
        let outcomes = Ledger::new(results);
        Self { stop, outcomes }
    }
}
