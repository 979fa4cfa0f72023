//! Events that the library reports to its caller while it works; it never prints.

use std::path::Path;

use super::job::{Job, Outcome};
use crate::{error::Error, warning::Warning};

/// Something that happened.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A batch begins.
    Jobs {
        /// How many inputs it has.
        total: usize,
    },
    /// The work on an input begins.
    Started {
        /// The input and its results.
        job: &'a Job,
    },
    /// The input was read; its results have this many rows in all.
    Rows {
        /// Output rows, over all results.
        total: usize,
    },
    /// Output rows were finished.
    RowsDone {
        /// How many, since the last such event.
        count: usize,
    },
    /// A warning, which does not end the job.
    Warning {
        /// The file it is about.
        path: &'a Path,
        /// One line.
        message: &'a Warning,
    },
    /// One result of an input is done, skipped or failed; with [`Error::Stopped`], it was not
    /// made because the batch was stopped.
    Result {
        /// The input and its results.
        job: &'a Job,
        /// Which result, counted from 0.
        index: usize,
        /// What became of it.
        outcome: Result<&'a Outcome, &'a Error>,
    },
    /// An input could not be read, and so has no results.
    InputFailed {
        /// The input and the results it would have had.
        job: &'a Job,
        /// Why.
        error: &'a Error,
    },
    /// The work on an input ended, successfully or not, before the batch was stopped.
    Ended,
}

/// Receives events, from any thread.
pub trait Report: Sync {
    /// Called once for every event.
    fn event(&self, event: Event<'_>);
}

/// Ignores all events.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Report for Silent {
    fn event(&self, _: Event<'_>) {}
}

/// Reports warnings about a file.
pub(super) fn warn(report: &dyn Report, path: &Path, messages: &[Warning]) {
    for message in messages {
        report.event(Event::Warning { path, message });
    }
}
