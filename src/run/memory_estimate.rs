//! How much memory a job takes, estimated from sizes before it runs.

use super::{
    chunk_rows, input::Input, io_threads::CAPACITY, mode::Mode, row_buffer::capacity_rows,
};
use crate::{
    codec::{self, Format},
    plan::Plan,
};

/// The memory of any reader: the read buffer, and the window and tables of a decompressor.
const READER_BYTES: usize = 1 << 20;

/// The memory of any result beside its rows: the write buffer, and the window and tables of a
/// compressor.
const RESULT_BYTES: usize = 1 << 20;

/// Copies of the input's metadata: those that the reader gives in the header and in the
/// trailer, and one in transit.
const READ_COPIES: usize = 3;

/// Copies of the metadata for each result: the one to be written, those that its writer and
/// its encoder hold, and one that is being encoded.
const WRITTEN_COPIES: usize = 4;

/// An upper bound of the bytes of memory that a job takes, from sizes alone. Each result is
/// its plan, its format, and whether it is written to a pipe.
pub fn memory_needed<'a>(
    input: &Input,
    mode: &Mode,
    results: impl IntoIterator<Item = (&'a Plan, Format, bool)>,
) -> u64 {
    let image = input.spec();
    let row_bytes = image.row_bytes();
    let metadata = input.metadata().bytes();
    // The rows of the image that the row buffer must hold at once.
    let mut buffered_rows = 0;
    // All results share the mask.
    let mut mask = 0;
    let costs = results.into_iter().map(|(plan, format, piped)| {
        let result = plan.output();
        let source_rows = chunk_rows::source_rows(plan, row_bytes).min(image.rows);
        buffered_rows = buffered_rows.max(source_rows);
        mask = mask.max(plan.mask_bytes());
        let luma_rows = match plan.needs_whole_image() {
            Some(_) => image.rows,
            None => source_rows,
        };
        output_bytes(plan, row_bytes)
            .saturating_add(plan.luma_row_bytes().saturating_mul(luma_rows))
            .saturating_add(codec::memory_to_write(result, format, piped))
            .saturating_add(plan.memory())
            .saturating_add(metadata.saturating_mul(WRITTEN_COPIES))
            .saturating_add(RESULT_BYTES)
    });
    let producing = match mode {
        Mode::Streaming { .. } => costs.fold(0, usize::saturating_add),
        // One result after the other.
        _ => costs.max().unwrap_or(0),
    };
    let (reading, holds_image) = match input {
        Input::Rows(reader) => (reader.memory() + READER_BYTES, reader.holds_image()),
        Input::Whole(_) => (0, false),
    };
    let needed = match mode {
        // The chunks in the channel, one that the reader fills and one that is copied to the
        // row buffer; and the row buffer.
        Mode::Streaming { rows } => (rows.saturating_mul(CAPACITY + 2))
            .saturating_add(capacity_rows(buffered_rows, *rows, image.rows))
            .saturating_mul(row_bytes)
            .saturating_add(reading)
            .saturating_add(producing),
        // The reader and its file are closed before the first result begins.
        Mode::WholeImage { bytes, .. } => {
            let read = if holds_image { 0 } else { *bytes };
            let reading = reading.saturating_add(read);
            reading.max(bytes.saturating_add(producing))
        }
        Mode::Mapped => producing,
    };
    needed
        .saturating_add(metadata.saturating_mul(READ_COPIES))
        .saturating_add(mask) as u64
}

/// The bytes of the output chunks of one result: those in the channel, one that is filtered
/// and one that is written.
fn output_bytes(plan: &Plan, row_bytes: usize) -> usize {
    let result = plan.output();
    let rows = chunk_rows::output_rows(plan, row_bytes).min(result.rows);
    result.row_bytes().saturating_mul(rows) * (CAPACITY + 2)
}
