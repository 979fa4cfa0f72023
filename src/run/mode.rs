//! How an image is processed: streamed, whole in memory, or mapped.

use std::fmt;

use super::{chunk_rows, input::Input};
use crate::{orientation::Orientation, plan::Plan};

/// The maximum number of results that are computed in one pass over the image. Each has its
/// own writer, which takes some MiB.
const MAX_RESULTS: usize = 16;

/// How an image is processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Its rows are read, filtered and written chunk by chunk, in bounded memory.
    Streaming {
        /// The rows of a chunk of the input.
        rows: usize,
    },
    /// It is read whole, then filtered and written chunk by chunk.
    WholeImage {
        /// The bytes of its samples.
        bytes: usize,
        /// Why it cannot be streamed: one line.
        reason: String,
    },
    /// Its file is mapped into memory, then filtered and written chunk by chunk.
    Mapped,
}

impl Mode {
    /// How `input` is processed for the results of all `plans`.
    pub fn new<'a>(input: &Input, plans: impl IntoIterator<Item = &'a Plan>) -> Self {
        let reader = match input {
            Input::Rows(reader) => reader,
            Input::Whole(_) => return Self::Mapped,
        };
        let (mut results, mut reason) = (0, None);
        for plan in plans {
            results += 1;
            reason = reason
                .or_else(|| plan.needs_whole_image())
                .or_else(|| turns_rows(plan.turned_pixels()));
        }
        if reader.holds_image() {
            reason = Some(format!("{} is decoded at once", reader.header().format));
        } else if reader.header().stack.is_some() {
            reason = Some("the planes of an array that is not mapped are read together".to_owned());
        } else if results > MAX_RESULTS {
            let many = || format!("{results} results are too many to make together");
            reason = reason.or_else(|| Some(many()));
        }
        match reason {
            Some(reason) => Self::WholeImage {
                bytes: input.bytes(),
                reason,
            },
            None => {
                let spec = reader.header().spec;
                let rows = chunk_rows::input_rows(spec.row_bytes()).min(spec.rows);
                Self::Streaming { rows }
            }
        }
    }
}

/// Why pixels that are turned so cannot be read row by row, if so.
fn turns_rows(orientation: Orientation) -> Option<String> {
    let turn = match orientation {
        // Each row is mirrored when it is read.
        Orientation::Normal | Orientation::FlipHorizontal => return None,
        turn => turn,
    };
    Some(format!("the pixels are turned, by orientation {turn}"))
}

/// `streamed, 174 rows at a time`.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Streaming { rows } => write!(f, "streamed, {rows} rows at a time"),
            Self::WholeImage { bytes, reason } => {
                let size = bytes.div_ceil(1 << 20);
                write!(f, "whole image in memory ({size} MiB): {reason}")
            }
            Self::Mapped => f.write_str("the image is filtered where it lies in its file"),
        }
    }
}
