//! How much memory a job takes, estimated from sizes before it runs.

use super::{
    chunk_rows, input::Input, io_threads::CAPACITY, job::Request, mode::Mode, planes::Planes,
    row_buffer::capacity_rows,
};
use crate::{
    codec::{self, EncodeOptions},
    orientation::Orientation,
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

/// The largest block that the system's allocator may keep once it is freed: that of the GNU C
/// library does, and it seldom fits what the next page asks for (three pages of a TIFF of 2200 x
/// 2200 to GIF: 78 MB where 57 are held at a time).
const MAX_KEPT_BLOCK: usize = 32 << 20;

/// An upper bound of the bytes of memory that a job takes, from sizes alone. Each result is
/// its plan, its request, and whether it is written to a pipe; all are encoded so.
pub fn memory_needed<'a>(
    input: &Input,
    mode: &Mode,
    results: impl IntoIterator<Item = (&'a Plan, &'a Request, bool)>,
    encode: &EncodeOptions,
) -> u64 {
    let image = input.spec();
    let row_bytes = image.row_bytes();
    let metadata = input.metadata().bytes();
    // The rows of the image that the row buffer must hold at once.
    let mut buffered_rows = 0;
    // The largest block that is allocated anew for every page, but for chunks of rows.
    let mut largest_block = match (input.format().has_frames(), mode) {
        (true, _) => image.bytes(),
        (_, Mode::WholeImage { bytes, .. }) => *bytes,
        _ => 0,
    };
    // All results share the mask, but for those whose pixels are turned.
    let mut mask = 0;
    let mut turned_masks = 0_usize;
    let costs = results.into_iter().map(|(plan, request, piped)| {
        let format = request.format.unwrap_or(input.format());
        let row_bytes = plan.image().row_bytes();
        let image = plan.image();
        // A plan has planes.
        let planes = input.planes_for(request).ok();
        let result = planes
            .as_ref()
            .map_or(plan.output(), |planes| planes.output(plan));
        let source_rows = chunk_rows::source_rows(plan, row_bytes).min(image.rows);
        buffered_rows = buffered_rows.max(source_rows);
        if format.holds_frames() {
            // As RGBA, of which palettes are made.
            let rgba = result.rows.saturating_mul(result.columns * 4);
            largest_block = largest_block.max(result.bytes()).max(rgba);
        }
        mask = mask.max(plan.mask_bytes());
        if plan.turned_pixels() != Orientation::Normal {
            turned_masks = turned_masks.saturating_add(plan.mask_bytes());
        }
        let luma_rows = match plan.needs_whole_image() {
            Some(_) => image.rows,
            None => source_rows,
        };
        // Pages that are computed at the same time have luma each.
        let lumas = match planes.as_ref().map(|planes| at_once(plan, planes)) {
            None | Some(1) => 1,
            Some(_) => plan.threads(),
        };
        output_bytes(plan, planes.as_ref())
            .saturating_add(plan.luma_row_bytes().saturating_mul(luma_rows * lumas))
            .saturating_add(codec::memory_to_write(
                result,
                format,
                input.page_set(),
                encode,
                piped,
            ))
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
        // The reader and its file are closed before the first result begins, unless there is
        // another page, which is open then.
        Mode::WholeImage { bytes, .. } => {
            let read = if holds_image { 0 } else { *bytes };
            let open = if input.pages() > 1 { reading } else { 0 };
            let made = bytes.saturating_add(producing).saturating_add(open);
            reading.saturating_add(read).max(made)
        }
        Mode::Mapped => producing,
    };
    let kept = match input.pages() {
        ..=1 => 0,
        _ => largest_block.min(MAX_KEPT_BLOCK),
    };
    needed
        .saturating_add(kept)
        .saturating_add(metadata.saturating_mul(READ_COPIES))
        .saturating_add(mask)
        .saturating_add(turned_masks) as u64
}

/// The pages that are computed at the same time.
fn at_once(plan: &Plan, planes: &Planes) -> usize {
    let row_bytes = plan.image().row_bytes();
    let lines = chunk_rows::lines(plan, row_bytes, planes.planes_in_page());
    planes.pages_at_once(plan, lines)
}

/// The bytes of the output chunks of one result: those in the channel, one that is filtered
/// and one that is written; and of the planes that lie side by side, one that is computed.
fn output_bytes(plan: &Plan, planes: Option<&Planes>) -> usize {
    let row_bytes = plan.image().row_bytes();
    let (together, result) = match planes {
        Some(planes) => (planes.planes_in_page(), planes.output(plan)),
        None => (1, plan.output()),
    };
    let computed = match planes.is_none_or(|planes| planes.has_plain_lines(plan)) {
        true => 0,
        false => plan.output().row_bytes(),
    };
    let rows = chunk_rows::lines(plan, row_bytes, together).min(result.rows);
    let in_flight = result.row_bytes().saturating_mul(CAPACITY + 2);
    in_flight.saturating_add(computed).saturating_mul(rows)
}
