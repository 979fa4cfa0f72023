//! The memory that a job takes.

use super::{chunk, flow::Flow, input::Input, threads::QUEUE, window::window_rows};
use crate::{
    codec::{self, Format},
    filter::Plan,
    image::ImageSpec,
};

/// What a reader takes whatever it reads: the buffer of the file, the window and
/// the tables of a decompressor.
const READER: usize = 1 << 20;

/// What a result takes beside its rows: the buffers of its file, the window and
/// the tables of a compressor.
const RESULT: usize = 1 << 20;

/// How many copies there are of what a file carries beside its samples: those
/// that the reader gives at the beginning and at the end, and one on the way.
const READ_COPIES: usize = 3;

/// The same of each result: the one that is to be carried, those that its writer
/// and its encoder hold, and one that is encoded.
const WRITTEN_COPIES: usize = 4;

/// The most bytes of memory that it takes to make results of `input`: a bound
/// from sizes alone. Each result has its plan, its format, and whether it is
/// written to a pipe.
pub fn needed<'a>(
    input: &Input,
    flow: &Flow,
    results: impl IntoIterator<Item = (&'a Plan, Format, bool)>,
) -> u64 {
    let image = input.spec();
    let row_bytes = image.row_bytes();
    let metadata = input.metadata().bytes();
    // The rows of the image that a window must hold for the neediest result.
    let mut held_rows = 0;
    let costs = results.into_iter().map(|(plan, format, piped)| {
        let result = ImageSpec::new(plan.output_shape(), plan.output_depth());
        let source_rows = chunk::source_rows(plan, row_bytes).min(image.rows);
        held_rows = held_rows.max(source_rows);
        let luma_rows = match plan.needs_whole_image() {
            Some(_) => image.rows,
            None => source_rows,
        };
        result_rows(plan, row_bytes)
            .saturating_add(plan.luma_row_bytes().saturating_mul(luma_rows))
            .saturating_add(codec::memory_to_write(result, format, piped))
            .saturating_add(plan.memory())
            .saturating_add(metadata.saturating_mul(WRITTEN_COPIES))
            .saturating_add(RESULT)
    });
    let making = match flow {
        Flow::Streamed { .. } => costs.fold(0, usize::saturating_add),
        // One after the other.
        _ => costs.max().unwrap_or(0),
    };
    let (reading, holds_image) = match input {
        Input::Rows(reader) => (reader.memory() + READER, reader.holds_image()),
        Input::Whole(_) => (0, false),
    };
    let needed = match flow {
        // Blocks wait in a queue; one more is in the reader's hands, one in the
        // filter's, and its rows are in the window.
        Flow::Streamed { rows } => (rows.saturating_mul(QUEUE + 2))
            .saturating_add(window_rows(held_rows, *rows, image.rows))
            .saturating_mul(row_bytes)
            .saturating_add(reading)
            .saturating_add(making),
        // The reader is gone, with its file, when the first result is begun.
        Flow::Whole { bytes, .. } => {
            let read = if holds_image { 0 } else { *bytes };
            let reading = reading.saturating_add(read);
            reading.max(bytes.saturating_add(making))
        }
        Flow::Mapped => making,
    };
    needed.saturating_add(metadata.saturating_mul(READ_COPIES)) as u64
}

/// How many bytes the rows take that are made of an image with such
/// rows: what waits, what is written and what is made.
fn result_rows(plan: &Plan, row_bytes: usize) -> usize {
    let result = ImageSpec::new(plan.output_shape(), plan.output_depth());
    let stretch = chunk::stretch_rows(plan, row_bytes).min(result.rows);
    result.row_bytes().saturating_mul(stretch) * (QUEUE + 2)
}
