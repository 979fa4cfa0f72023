//! How an image goes through the program: by rows, or whole.

use std::fmt;

use super::Input;
use crate::{filter::Plan, image::ImageSpec};

/// About how many bytes of samples are read or made at a time: large enough that
/// handing them on costs nothing, small enough for the caches.
const STRETCH: usize = 1 << 20;

/// The most bytes of a stretch, unless a few rows are more.
const WIDEST: usize = 2 << 20;

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
                let rows = rows_of(spec.row_bytes()).min(spec.rows);
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

/// How many rows of so many bytes are a stretch.
fn rows_of(row_bytes: usize) -> usize {
    (STRETCH / row_bytes).max(1)
}

/// The most rows of the image that a stretch of the result is made of.
pub(super) fn source_rows(plan: &Plan, row_bytes: usize) -> usize {
    let outputs = stretch_rows(plan, row_bytes).min(plan.output_shape()[0]);
    (outputs.saturating_mul(plan.row_step())).saturating_add(plan.window()[0])
}

/// The rows of the result that are made at a time: whole bands, one for every
/// thread if they are not too large.
pub(super) fn stretch_rows(plan: &Plan, row_bytes: usize) -> usize {
    let result = ImageSpec::new(plan.output_shape(), plan.output_depth());
    let row_bytes = result
        .row_bytes()
        .max(row_bytes.saturating_mul(plan.row_step()));
    let band = row_bytes.saturating_mul(plan.band_rows());
    if band > WIDEST {
        // Of a tall window the rows above are the larger part anyway.
        let rows = (WIDEST / row_bytes).max(plan.window()[0] / plan.row_step());
        return rows.max(1).next_multiple_of(plan.rows_at_once());
    }
    let threads = plan.threads().min(WIDEST / band);
    plan.band_rows().next_multiple_of(plan.rows_at_once()) * (STRETCH / band).max(threads)
}
