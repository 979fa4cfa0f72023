//! How many rows are read, made or handed on at a time.

use crate::{filter::Plan, image::ImageSpec};

/// About how many bytes of samples are read or made at a time: large enough that
/// handing them on costs nothing, small enough for the caches.
const STRETCH: usize = 1 << 20;

/// The most bytes of a stretch, unless a few rows are more.
const WIDEST: usize = 2 << 20;

/// How many rows of so many bytes are a stretch.
pub(super) fn rows_of(row_bytes: usize) -> usize {
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
