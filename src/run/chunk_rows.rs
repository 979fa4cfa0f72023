//! The sizes of chunks: how many rows are read, filtered or written at a time.

use crate::plan::Plan;

/// The bytes of samples in a chunk, roughly: large enough to make the cost of a channel
/// negligible, small enough to stay in cache.
const CHUNK: usize = 1 << 20;

/// The upper bound of a chunk, which a few very long rows may exceed.
const MAX_CHUNK: usize = 2 << 20;

/// Rows of `row_bytes` in a chunk of the input.
pub(super) fn input_rows(row_bytes: usize) -> usize {
    (CHUNK / row_bytes).max(1)
}

/// The maximum number of rows of the image, halo included, that a chunk of the output needs.
pub(super) fn source_rows(plan: &Plan, row_bytes: usize) -> usize {
    let outputs = output_rows(plan, row_bytes).min(plan.output_shape()[0]);
    (outputs.saturating_mul(plan.row_step())).saturating_add(plan.window()[0])
}

/// Rows in a chunk of the output of an array, of which several planes are computed together.
pub(super) fn lines(plan: &Plan, row_bytes: usize, planes: usize) -> usize {
    let rows = output_rows(plan, row_bytes);
    match planes {
        1 => rows,
        _ => (rows / planes).max(1).next_multiple_of(plan.rows_at_once()),
    }
}

/// Rows in a chunk of the output of an image with rows of `row_bytes`: whole bands, one for
/// every thread if they fit.
pub(super) fn output_rows(plan: &Plan, row_bytes: usize) -> usize {
    let result = plan.output();
    let row_bytes = result
        .row_bytes()
        .max(row_bytes.saturating_mul(plan.row_step()));
    let band = row_bytes.saturating_mul(plan.band_rows());
    if band > MAX_CHUNK {
        // Less than a band. Of a tall kernel, the halo is the larger part anyway.
        let rows = (MAX_CHUNK / row_bytes).max(plan.window()[0] / plan.row_step());
        return rows.max(1).next_multiple_of(plan.rows_at_once());
    }
    let threads = plan.threads().min(MAX_CHUNK / band);
    plan.band_rows().next_multiple_of(plan.rows_at_once()) * (CHUNK / band).max(threads)
}
