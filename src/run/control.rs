//! What a running job shares with whoever waits for it.

use super::{job::Outcome, ledger::Ledger};
use crate::{error::Result, stop::Stop};

/// Shared by a running job and whoever waits for it.
#[derive(Debug)]
pub(crate) struct Control {
    /// Cancels the job.
    pub(crate) stop: Stop,
    /// The outcomes of its results so far.
    pub(crate) outcomes: Ledger<Result<Outcome>>,
}

impl Control {
    /// Of a job with this number of results.
    pub(crate) fn new(results: usize, stop: Stop) -> Self {
        let outcomes = Ledger::new(results);
        Self { stop, outcomes }
    }
}
