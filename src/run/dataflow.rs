//! Connects the reader, the filters and the writers of one image.
//!
//! ```text
//!                               +- producer -> writer
//! reader -> row buffer -> view -+- producer -> writer
//!                               +- ...
//! ```
//!
//! The reader sends chunks of input rows, each producer chunks of output rows. Where there
//! are threads for it, reading and writing overlap with filtering; the channels between
//! them are bounded, so the slowest step sets the pace and memory stays bounded. Buffers go
//! back to where they came from. A step that fails or ends drops its end of a channel,
//! which ends its neighbours too.

use std::{thread, time::Duration};

use super::{
    chunk_rows,
    events::Report,
    io_threads::can_overlap,
    plane_computer::PlaneSource,
    producer::{Produced, Producer, Task},
    reader::{ReadSummary, Reader},
    row_buffer::{RowBuffer, capacity_rows},
};
use crate::{
    codec::{Metadata, RowReader},
    error::Result,
    stop::Stop,
    warning::Warning,
};

/// The results of a streamed image.
pub(super) struct Streamed {
    /// One for each task, in their order.
    pub(super) produced: Vec<Result<Produced>>,
    /// Warnings that were known only after the last row.
    pub(super) warnings: Vec<Warning>,
    /// The time spent reading.
    pub(super) read: Duration,
    /// The next page, if one is to be read. The results are incomplete then.
    pub(super) next: Option<Box<RowReader<'static>>>,
}

/// Streaming mode: computes all results while the image is read, `rows` rows at a time.
///
/// # Errors
///
/// If reading fails or is stopped; no result is in its place then.
pub(super) fn stream(
    reader: RowReader<'static>,
    rows: usize,
    tasks: Vec<Task<'_>>,
    stop: &Stop,
    report: &dyn Report,
) -> Result<Streamed> {
    let spec = reader.header().spec;
    let overlap = can_overlap() && rows < spec.rows;
    thread::scope(|scope| {
        let mut producers: Vec<Producer<'_>> = (tasks.into_iter())
            .map(|task| Producer::new(task, spec.row_bytes(), overlap.then_some(scope)))
            .collect::<Result<_>>()?;
        let mut reader = Reader::new(reader, rows, overlap.then_some(scope))?;
        let needed = producers.iter().map(Producer::source_rows).max();
        let capacity = capacity_rows(needed.unwrap_or(0), rows, spec.rows);
        let mut buffer = RowBuffer::new(spec, capacity)?;
        let summary = loop {
            // Every result has failed, so no more rows are needed.
            if producers.iter().all(Producer::has_failed) {
                break ReadSummary::default();
            }
            if let Some(summary) = reader.next(&mut buffer)? {
                break summary;
            }
            stop.check()?;
            for producer in &mut producers {
                producer.advance(buffer.view(), buffer.first(), stop, report);
            }
            let needed = producers.iter().map(Producer::needed_from);
            buffer.drop_before(needed.min().unwrap_or(usize::MAX));
        };
        let metadata = &summary.trailer.metadata;
        let is_last = summary.next.is_none();
        // All writers finish at the same time, so the end is announced to all before waiting for one.
        for producer in &producers {
            producer.announce_end(metadata, is_last);
        }
        let producers = producers.into_iter();
        let produced = producers.map(|producer| producer.finish(metadata, is_last));
        Ok(Streamed {
            produced: produced.collect(),
            warnings: summary.trailer.warnings,
            read: summary.busy,
            next: summary.next,
        })
    })
}

/// Whole-image mode: computes one result of an image, or of the planes of an array, that is in
/// memory; `is_last` is whether that is the last page.
pub(super) fn whole_image(
    source: &PlaneSource<'_>,
    (metadata, is_last): (&Metadata, bool),
    task: Task<'_>,
    stop: &Stop,
    report: &dyn Report,
) -> Result<Produced> {
    let row_bytes = task.plan.image().row_bytes();
    let rows = task.plan.output_shape()[0].saturating_mul(source.planes.count());
    let overlap = can_overlap() && chunk_rows::output_rows(task.plan, row_bytes) < rows;
    thread::scope(|scope| {
        let mut producer = Producer::new(task, row_bytes, overlap.then_some(scope))?;
        producer.fill_planes(source, stop, report);
        producer.announce_end(metadata, is_last);
        producer.finish(metadata, is_last)
    })
}
