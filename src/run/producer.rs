//! Filters the rows of one result, chunk by chunk, and hands them to its writer.

use std::{
    mem,
    thread::Scope,
    time::{Duration, Instant},
};

use super::{
    chunk_rows,
    events::{Event, Report},
    output::{Ended, OutputWriter},
    plane_computer::{PlaneComputer, PlaneSource},
    writer::{Writer, ended_early},
};
use crate::{
    codec::Metadata,
    error::Result,
    finish::Clipped,
    image::ImageView,
    plan::Plan,
    stage::{Chain, Part, Rows, RowsMut, Scratch, hidden_pixels},
    statistics::Accumulator,
    stop::Stop,
    warning::Warning,
};

/// One result that is to be computed, and what it is written to.
pub(super) struct Task<'a> {
    pub(super) plan: &'a Plan,
    pub(super) output: OutputWriter,
    /// What counts the samples, if statistics of them are computed.
    pub(super) statistics: Option<Accumulator>,
}

/// A result of which a page was computed and written. It is not yet in its place.
pub(super) struct Produced {
    pub(super) output: Ended,
    /// The time spent filtering.
    pub(super) filter: Duration,
    /// That responses did not fit into samples, are missing, or show transparent pixels.
    pub(super) warnings: Vec<Warning>,
    pub(super) clipped: Clipped,
    /// Samples that are missing.
    pub(super) missing: u64,
    pub(super) statistics: Option<Accumulator>,
}

/// Computes the rows of one result as soon as their source rows are there.
pub(super) struct Producer<'scope> {
    plan: &'scope Plan,
    chain: Chain,
    scratch: Scratch,
    /// Whether [`Chain::begin`] was called.
    has_begun: bool,
    /// The bytes of a row of the image.
    row_bytes: usize,
    /// Output rows in a chunk.
    chunk: usize,
    /// The next output row.
    next: usize,
    /// Fully transparent pixels of an image whose alpha is dropped, in the rows of a streamed one
    /// before `counted`.
    hidden: u64,
    counted: usize,
    busy: Duration,
    statistics: Option<Accumulator>,
    /// The writer of the chunks, or the error that ended the result.
    writer: Result<Writer<'scope>>,
}

impl<'scope> Producer<'scope> {
    /// For an image with rows of `row_bytes`. With a scope, a thread writes.
    pub(super) fn new<'env>(
        task: Task<'env>,
        row_bytes: usize,
        scope: Option<&'scope Scope<'scope, 'env>>,
    ) -> Result<Self>
    where
        'env: 'scope,
    {
        let Task {
            plan,
            output,
            statistics,
        } = task;
        Ok(Self {
            plan,
            chain: Chain::new(plan)?,
            scratch: {
                let scratch = match plan.convolution.finish.may_saturate() {
                    true => Scratch::tallying(),
                    false => Scratch::default(),
                };
                match plan.shows_transparent() {
                    true => scratch.noting_transparency(),
                    false => scratch,
                }
            },
            has_begun: false,
            row_bytes,
            chunk: chunk_rows::output_rows(plan, row_bytes),
            next: 0,
            hidden: 0,
            counted: 0,
            busy: Duration::ZERO,
            statistics,
            writer: Ok(Writer::new(output, scope)?),
        })
    }

    /// Computes every chunk of a streamed image whose source rows are in `image`, which begins
    /// with row `first` of the whole image.
    pub(super) fn advance(
        &mut self,
        image: ImageView<'_>,
        first: usize,
        stop: &Stop,
        report: &dyn Report,
    ) {
        let writer = mem::replace(&mut self.writer, Err(ended_early()));
        self.writer = writer.and_then(|writer| self.produce(writer, image, first, stop, report));
    }

    fn produce(
        &mut self,
        mut writer: Writer<'scope>,
        image: ImageView<'_>,
        first: usize,
        stop: &Stop,
        report: &dyn Report,
    ) -> Result<Writer<'scope>> {
        let plan = self.plan;
        let result = plan.output();
        let end = first + image.shape()[0];
        if plan.drops_alpha() && self.counted < end {
            let start = self.counted.max(first);
            let rows = image.slice(0, start - first..end - first)?;
            self.hidden += hidden_pixels(plan.offer().simd, &rows);
            self.counted = end;
        }
        let progress = |count| report.event(Event::RowsDone { count });
        // Of streamed images no more than the columns are turned.
        let view = image.turned(plan.turned_pixels());
        let source = Rows { view, first };
        if !self.has_begun {
            // An image is streamed only if no sample depends on the range of all responses.
            self.chain.begin([], &mut self.scratch, Some(stop))?;
            self.has_begun = true;
        }
        while self.next < result.rows {
            let part = self.next..result.rows.min(self.next + self.chunk);
            if self.chain.source_rows(&part).end > end {
                break;
            }
            stop.check()?;
            let mut out = writer.buffer(result.depth)?;
            out.resize(part.len() * result.row_len())?;
            let start = Instant::now();
            self.next = part.end;
            let shape = [part.len(), result.columns, result.channels];
            let part = Part {
                rows: part,
                columns: 0..result.columns,
            };
            let rows = RowsMut {
                samples: out.as_mut_slice(),
                stride: result.row_len(),
            };
            let scratch = &mut self.scratch;
            (self.chain).run(source, part, rows, scratch, &progress, Some(stop))?;
            if let Some(statistics) = &mut self.statistics {
                statistics.add(ImageView::from_samples(&out, shape)?)?;
            }
            self.busy += start.elapsed();
            writer = writer.write(out)?;
        }
        Ok(writer)
    }

    /// Computes all lines of all planes.
    pub(super) fn fill_planes(
        &mut self,
        source: &PlaneSource<'_>,
        stop: &Stop,
        report: &dyn Report,
    ) {
        let writer = mem::replace(&mut self.writer, Err(ended_early()));
        self.writer = writer.and_then(|writer| self.produce_planes(writer, source, stop, report));
    }

    fn produce_planes(
        &mut self,
        mut writer: Writer<'scope>,
        source: &PlaneSource<'_>,
        stop: &Stop,
        report: &dyn Report,
    ) -> Result<Writer<'scope>> {
        let (plan, planes) = (self.plan, source.planes);
        let (rows, depth) = (plan.output_shape()[0], plan.output_depth());
        let output = planes.output(plan);
        let chunk = chunk_rows::lines(plan, self.row_bytes, planes.planes_in_page());
        let at_once = planes.pages_at_once(plan, chunk);
        let progress = |count| report.event(Event::RowsDone { count });
        let start = Instant::now();
        if plan.drops_alpha() {
            let simd = plan.offer().simd;
            let pages = (0..planes.pages()).filter(|&page| !planes.is_alpha(page));
            let views = pages.flat_map(|page| {
                let each = 0..planes.planes_in_page();
                each.map(move |plane| planes.view(source.samples, page, plane))
            });
            self.hidden += views.map(|view| hidden_pixels(simd, &view)).sum::<u64>();
        }
        let chain = (&self.chain, &mut self.scratch);
        let mut computer = PlaneComputer::new(plan, source, chain, stop, &progress)?;
        computer.begin()?;
        self.busy += start.elapsed();
        for page in (0..planes.pages()).step_by(at_once) {
            let lines = match at_once {
                1 => rows,
                _ => at_once.min(planes.pages() - page) * rows,
            };
            for first in (0..lines).step_by(chunk) {
                stop.check()?;
                let part = first..lines.min(first + chunk);
                let shape = [part.len(), output.columns, output.channels];
                let mut out = writer.buffer(depth)?;
                out.resize(part.len() * output.row_len())?;
                let start = Instant::now();
                match at_once {
                    1 => computer.compute(page, part, out.as_mut_slice())?,
                    _ => computer.compute_pages(page, out.as_mut_slice())?,
                }
                if let Some(statistics) = &mut self.statistics {
                    statistics.add(ImageView::from_samples(out.as_slice(), shape)?)?;
                }
                self.busy += start.elapsed();
                writer = writer.write(out)?;
            }
        }
        computer.finish();
        Ok(writer)
    }

    /// The maximum number of rows of the image that a chunk needs.
    pub(super) fn source_rows(&self) -> usize {
        chunk_rows::source_rows(self.plan, self.row_bytes)
    }

    /// Whether the result has failed.
    pub(super) const fn has_failed(&self) -> bool {
        self.writer.is_err()
    }

    /// The first row of the image that is still needed; `usize::MAX` if none is.
    pub(super) fn needed_from(&self) -> usize {
        let rows = self.plan.output_shape()[0];
        match self.writer {
            Ok(_) if self.next < rows => self.chain.source_rows(&(self.next..rows)).start,
            _ => usize::MAX,
        }
    }

    /// Lets the writer thread finish the result, without waiting for it.
    pub(super) fn announce_end(&self, metadata: &Metadata, is_last: bool) {
        if let Ok(writer) = &self.writer {
            writer.announce_end(metadata, is_last);
        }
    }

    /// Waits until the page is written, or gives the error of the result.
    pub(super) fn finish(self, metadata: &Metadata, is_last: bool) -> Result<Produced> {
        let notes = self.scratch.notes();
        let mut warnings = notes.warnings(self.plan);
        warnings.extend((self.scratch.transparent()).then(Warning::transparent));
        warnings.extend((self.hidden > 0).then(|| Warning::hidden(self.hidden)));
        Ok(Produced {
            warnings,
            clipped: notes.clipped(),
            missing: notes.missing(),
            output: self.writer?.finish(metadata, is_last)?,
            filter: self.busy,
            statistics: self.statistics,
        })
    }
}
