//! Reading, filtering and writing, which overlap where there are threads for it.
//!
//! The reader hands blocks of rows on, the filter stretches of results, each
//! through a queue that holds a few of them; buffers go back where they came
//! from. A stage that fails or ends drops its end of the queue, and so those
//! around it end too.

use std::{thread, time::Duration};

use super::{
    blocks::{Blocks, Ending},
    branch::{Branch, Made, Work},
    chunk,
    report::Report,
    threads::overlap,
    window::{Window, window_rows},
};
use crate::{
    codec::{Metadata, RowReader},
    error::Result,
    image::ImageView,
    stop::Stop,
    warning::Warning,
};

/// What came of an image that was read by rows.
pub(super) struct Streamed {
    pub(super) made: Vec<Result<Made>>,
    /// What the user should know besides, one line each.
    pub(super) warnings: Vec<Warning>,
    pub(super) read: Duration,
}

/// Makes all results of the rows that come from `reader`, so many at a time.
///
/// # Errors
///
/// If reading fails or is stopped; no result is in its place then.
pub(super) fn stream(
    reader: RowReader<'_>,
    rows: usize,
    works: Vec<Work<'_>>,
    stop: &Stop,
    report: &dyn Report,
) -> Result<Streamed> {
    let spec = reader.header().spec;
    let overlap = overlap() && rows < spec.rows;
    thread::scope(|scope| {
        let mut branches: Vec<Branch<'_>> = (works.into_iter())
            .map(|work| Branch::new(work, spec.row_bytes(), overlap.then_some(scope)))
            .collect::<Result<_>>()?;
        let mut blocks = Blocks::new(reader, rows, overlap.then_some(scope))?;
        let held = branches.iter().map(Branch::source_rows).max();
        let most = window_rows(held.unwrap_or(0), rows, spec.rows);
        let mut window = Window::new(spec, most)?;
        let ending = loop {
            // Nobody is left to read for.
            if branches.iter().all(Branch::has_failed) {
                break Ending::default();
            }
            if let Some(ending) = blocks.next(&mut window)? {
                break ending;
            }
            stop.check()?;
            for branch in &mut branches {
                branch.advance(window.view(), window.first(), stop, report);
            }
            let needed = branches.iter().map(Branch::needed_from);
            window.drop_before(needed.min().unwrap_or(usize::MAX));
        };
        // All of them end before the first is waited for.
        for branch in &mut branches {
            branch.announce_end(&ending.trailer.metadata);
        }
        let metadata = &ending.trailer.metadata;
        let made = branches.into_iter().map(|branch| branch.end(metadata));
        Ok(Streamed {
            made: made.collect(),
            warnings: ending.trailer.warnings,
            read: ending.busy,
        })
    })
}

/// Makes a result of a whole image.
pub(super) fn whole(
    image: ImageView<'_>,
    metadata: &Metadata,
    work: Work<'_>,
    stop: &Stop,
    report: &dyn Report,
) -> Result<Made> {
    let row_bytes = image.spec().row_bytes();
    let overlap =
        overlap() && chunk::stretch_rows(work.plan, row_bytes) < work.plan.output_shape()[0];
    thread::scope(|scope| {
        let mut branch = Branch::new(work, row_bytes, overlap.then_some(scope))?;
        branch.advance(image, 0, stop, report);
        branch.announce_end(metadata);
        branch.end(metadata)
    })
}
