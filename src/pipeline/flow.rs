//! How an image goes through the program: by rows, or whole.

use std::fmt;

use super::{chunk, input::Input};
use crate::filter::Plan;

/// The most results that are made together. Each has its own writer, which keeps
/// some MiB.
const TOGETHER: usize = 16;

/// How an image goes through the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    /// Its rows are read, filtered and written as they come by.
    Streamed {
        /// Rows that are read at a time.
        rows: usize,
    },
    /// It is read whole, then filtered and written by rows.
    Whole {
        /// The bytes of its samples.
        bytes: usize,
        /// Why: one line.
        reason: String,
    },
    /// It is mapped from its file, filtered there and written by rows.
    Mapped,
}

impl Flow {
    /// The flow of `input` through all `plans` of it.
    pub fn new<'a>(input: &Input, plans: impl IntoIterator<Item = &'a Plan>) -> Self {
        let reader = match input {
            Input::Rows(reader) => reader,
            Input::Whole(_) => return Self::Mapped,
        };
        let (mut results, mut reason) = (0, None);
        for plan in plans {
            results += 1;
            reason = reason.or_else(|| plan.needs_whole_image());
        }
        if reader.holds_image() {
            reason = Some(format!("{} is decoded at once", reader.header().format));
        } else if results > TOGETHER {
            let many = || format!("{results} results are too many to make together");
            reason = reason.or_else(|| Some(many()));
        }
        match reason {
            Some(reason) => Self::Whole {
                bytes: input.bytes(),
                reason,
            },
            None => {
                let spec = reader.header().spec;
                let rows = chunk::rows_of(spec.row_bytes()).min(spec.rows);
                Self::Streamed { rows }
            }
        }
    }
}

/// `streamed, 174 rows at a time`.
impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Streamed { rows } => write!(f, "streamed, {rows} rows at a time"),
            Self::Whole { bytes, reason } => {
                let size = bytes.div_ceil(1 << 20);
                write!(f, "whole image in memory ({size} MiB): {reason}")
            }
            Self::Mapped => f.write_str("the image is filtered where it lies in its file"),
        }
    }
}
