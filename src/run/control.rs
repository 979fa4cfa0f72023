//! The state that a running job shares with the thread that waits for it.

use super::{job::Outcome, outcomes::Outcomes};
use crate::{error::Result, stop::Stop};

/// Shared by a running job and the thread that waits for it.
#[derive(Debug)]
pub(crate) struct Control {
    /// Cancels the job.
    pub(crate) stop: Stop,
    /// The outcomes of its results so far.
    pub(crate) outcomes: Outcomes<Result<Outcome>>,
}

impl Control {
    /// For a job with this number of results.
    pub(crate) fn new(results: usize, stop: Stop) -> Self {
        let outcomes = Outcomes::new(results);
        Self { stop, outcomes }
    }
}
