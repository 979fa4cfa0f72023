//! What the library tells its caller while it works; it never prints.

use std::path::Path;

/// Something that happened.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The job went on in spite of something that the user should know.
    Warning {
        /// The file it is about.
        path: &'a Path,
        /// One line, in lower case.
        message: &'a str,
    },
    /// An input begins; its results have this many rows in all.
    Rows {
        /// Output rows, over all results of the input.
        total: u64,
    },
    /// Output rows were finished.
    RowsDone {
        /// How many, since the last such event.
        count: u64,
    },
}

/// Receives events, from any thread.
pub trait Report: Sync {
    /// Called once for every event.
    fn event(&self, event: Event<'_>);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Report for Silent {
    fn event(&self, _: Event<'_>) {}
}
