//! Makes the results of a job whose input is open.

use std::{
    fs, iter,
    time::{Duration, Instant},
};

use super::{
    carried::Carried,
    control::Control,
    dataflow::{self, Streamed},
    events::{Report, warn},
    input::Input,
    job::{Done, Job, Options, Outcome, Place, Request},
    memory_estimate::memory_needed,
    mode::Mode,
    output::{FinishedOutput, OutputWriter, Setup},
    pages::{PageResults, Partial, Totals},
    plane_computer::PlaneSource,
    planes::Planes,
    producer::Task,
    recorded::{compare, recorded_command},
};
use crate::{
    codec::{Format, JpegQuality, Metadata, PageSet, RowReader},
    error::{Error, LimitError, Result},
    plan::Plan,
    statistics::{self, Accumulator},
};

/// A job whose input is open.
pub(super) struct OpenedJob<'a> {
    pub(super) job: &'a Job,
    pub(super) options: &'a Options,
    pub(super) control: &'a Control,
    pub(super) report: &'a dyn Report,
    /// The format of the input.
    pub(super) format: Format,
    /// Its quality, if it is a JPEG.
    pub(super) quality: Option<JpegQuality>,
    /// The metadata of its file, from before it was opened.
    pub(super) file: Option<fs::Metadata>,
}

impl OpenedJob<'_> {
    /// An upper bound of the bytes of memory that all results take.
    pub(super) fn memory(&self, input: &Input, mode: &Mode, plans: &[Result<Plan>]) -> u64 {
        let results = iter::zip(plans, &self.job.results).filter_map(|(plan, request)| {
            let piped = !matches!(request.output, Place::File(_));
            Some((plan.as_ref().ok()?, request, piped))
        });
        let needed = memory_needed(input, mode, results, &self.options.encode);
        if !self.options.statistics {
            return needed;
        }
        let statistics = (plans.iter().flatten())
            .map(|plan| statistics::memory(plan.output(), plan.threads()) as u64);
        needed.saturating_add(match mode {
            Mode::Streaming { .. } => statistics.fold(0, u64::saturating_add),
            // One result after the other.
            _ => statistics.max().unwrap_or(0),
        })
    }

    /// The error of a job that takes too much memory, with what would take less.
    pub(super) fn refused(&self, error: Error, input: &Input) -> Error {
        let Error::Limit(LimitError::Memory { needed, limit, .. }) = error else {
            return error;
        };
        // Strips and tiles of a TIFF may be large.
        let is_read = self.format.is_read_by_rows() && self.format != Format::Tiff;
        let mut results = self.job.results.iter();
        let by_rows = is_read
            && !input.holds_image()
            && results.all(|request| self.format_of(request).is_written_by_rows());
        LimitError::Memory {
            needed,
            limit,
            by_rows,
        }
        .into()
    }

    /// The rows to be computed in all: of all planes of all results.
    pub(super) fn rows(&self, input: &Input, plans: &[Result<Plan>]) -> usize {
        let results = iter::zip(plans, &self.job.results).filter_map(|(plan, request)| {
            let planes = input.planes_for(request).ok()?;
            let rows = plan.as_ref().ok()?.output_shape()[0];
            Some(rows.saturating_mul(planes.count()))
        });
        results.fold(0, usize::saturating_add)
    }

    /// The format of a result.
    pub(super) fn format_of(&self, request: &Request) -> Format {
        request.format.unwrap_or(self.format)
    }

    /// Makes the results of one page in one pass over its rows; opens the next page, if there
    /// is one.
    pub(super) fn stream(
        &self,
        reader: RowReader<'static>,
        rows: usize,
        page: &mut PageResults,
    ) -> Result<Option<RowReader<'static>>> {
        let header = reader.header();
        let (number, metadata) = (header.page, header.metadata.clone());
        let pages = PageSet {
            count: header.pages,
            size: header.pages_size,
        };
        let mut tasks = Vec::new();
        let mut begun = Vec::new();
        for (index, plan) in page.plans.iter().enumerate() {
            let Ok(plan) = plan else {
                begun.push(Ok(()));
                continue;
            };
            let source = PageSource {
                planes: None,
                metadata: &metadata,
                number,
                pages,
            };
            let task = self.begin(index, plan, source, &mut page.partial[index]);
            begun.push(task.map(|task| tasks.push(task)));
        }
        let stop = &self.control.stop;
        let streamed = dataflow::stream(reader, rows, tasks, stop, self.report);
        let Streamed {
            produced,
            warnings,
            read,
            next,
        } = streamed.map_err(|error| error.at_page(number))?;
        page.read += read;
        warn(self.report, self.job.input.path(), &warnings);
        let mut produced = produced.into_iter();
        for (index, begun) in begun.into_iter().enumerate() {
            if page.plans[index].is_err() {
                page.end(self, (index, number), Err(Error::Stopped), None);
                continue;
            }
            let result = begun.and_then(|()| produced.next().expect("one for each that was begun"));
            page.end(
                self,
                (index, number),
                result.map_err(|error| error.at_page(number)),
                None,
            );
        }
        Ok(next.map(|next| *next))
    }

    /// Reads the whole image of one page, then makes one result after the other; opens the next
    /// page, if there is one.
    pub(super) fn whole_image(
        &self,
        input: Input,
        page: &mut PageResults,
    ) -> Result<Option<RowReader<'static>>> {
        let start = Instant::now();
        let reported = input.warnings().len();
        let (number, pages) = (input.page(), input.page_set());
        let planes = (self.job.results.iter()).map(|request| input.planes_for(request));
        let planes = Vec::from_iter(planes);
        let opened = input.into_opened_page();
        let (input, next) = opened.map_err(|error| error.at_page(number))?;
        let is_last = next.is_none();
        self.control.stop.check()?;
        page.read += start.elapsed();
        warn(
            self.report,
            self.job.input.path(),
            &input.warnings[reported..],
        );
        for (index, planes) in planes.into_iter().enumerate() {
            let mut all_planes = None;
            let result = match &page.plans[index] {
                Err(_) => Err(Error::Stopped),
                Ok(plan) => planes.and_then(|planes| {
                    let metadata = &input.metadata;
                    let planes = &*all_planes.insert(planes);
                    let alpha = planes.alpha_plan(plan, &self.options.tuning)?;
                    let source = PageSource {
                        planes: Some(planes),
                        metadata,
                        number,
                        pages,
                    };
                    let task = self.begin(index, plan, source, &mut page.partial[index])?;
                    let source = PlaneSource {
                        planes,
                        samples: input.samples(),
                        alpha: alpha.as_ref(),
                    };
                    let (stop, report) = (&self.control.stop, self.report);
                    dataflow::whole_image(&source, (metadata, is_last), task, stop, report)
                }),
            };
            let result = result.map_err(|error| error.at_page(number));
            page.end(self, (index, number), result, all_planes.as_ref());
        }
        Ok(next)
    }

    /// Commits a result whose last page was written and records its outcome, unless the job was
    /// stopped or abandoned.
    pub(super) fn finish_result(
        &self,
        index: usize,
        result: Result<(Plan, Totals, FinishedOutput)>,
        planes: Option<&Planes>,
        read: Duration,
    ) {
        let request = &self.job.results[index];
        self.control.outcomes.record(index, || {
            let outcome = result.and_then(|(plan, totals, output)| {
                self.control.stop.check()?;
                let written = output.commit()?;
                let array = planes.and_then(|planes| planes.array(&plan));
                warn(self.report, request.output.path(), &written.warnings);
                warn(self.report, request.output.path(), &totals.warnings);
                Ok(Outcome::Done(Box::new(Done {
                    plan,
                    format: self.format_of(request),
                    pages: totals.pages,
                    page_kinds: totals.kinds,
                    array_shape: array.map(|array| array.shape().to_vec()),
                    planes: planes.map_or(1, Planes::count),
                    bytes: written.bytes,
                    clipped: totals.clipped,
                    missing: totals.missing,
                    metadata: written.fates,
                    recorded: written.recorded,
                    read,
                    filter: totals.filter,
                    write: written.busy,
                    quality: (self.format_of(request) == Format::Jpeg)
                        .then(|| self.options.encode.jpeg_quality(self.quality)),
                    input_quality: self.quality,
                    statistics: totals.statistics.map(Accumulator::finish),
                })))
            });
            let skipped = || Outcome::Skipped(compare(self.job, request, self.options));
            match self.options.existing.skip_existing(outcome, skipped) {
                Err(Error::Stopped) => None,
                outcome => Some(outcome),
            }
        });
    }

    /// What becomes of the input's metadata in a result, of all planes.
    pub(super) fn carried(
        &self,
        request: &Request,
        plan: &Plan,
        planes: Option<&Planes>,
    ) -> Carried {
        let spec = planes.map_or(plan.output(), |planes| planes.output(plan));
        Carried::new(
            plan,
            spec,
            [self.format, self.format_of(request)],
            self.options,
        )
    }

    /// Begins a page of a result, of all planes: the first of its output, or one after those in
    /// `partial`.
    fn begin<'p>(
        &self,
        index: usize,
        plan: &'p Plan,
        source: PageSource<'_>,
        partial: &mut Option<Partial>,
    ) -> Result<Task<'p>> {
        let request = &self.job.results[index];
        let PageSource {
            planes,
            metadata,
            number,
            pages,
        } = source;
        let spec = planes.map_or(plan.output(), |planes| planes.output(plan));
        let format = self.format_of(request);
        let command = recorded_command(self.job, request, self.options, format);
        let setup = Setup {
            place: &request.output,
            spec,
            carried: (self.carried(request, plan, planes))
                .of_pages(pages.count)
                .recording(command, metadata),
            page: number,
            pages,
            is_animation: self.format.has_frames(),
            array: planes.and_then(|planes| planes.array(plan)),
            format,
            input: &self.job.input,
            metadata,
            file: self.file.as_ref(),
            replaces: self.job.replaces(request),
            options: self.options,
            stop: self.control.stop.clone(),
        };
        let Some(partial) = partial else {
            let (threads, simd) = (plan.threads(), plan.offer().simd);
            let statistics = || {
                let accumulator = Accumulator::new(spec, threads, simd)?;
                Ok::<_, Error>(match planes.is_some_and(Planes::is_array) {
                    true => accumulator,
                    false => accumulator.with_channels(plan.selection().channels()),
                })
            };
            return Ok(Task {
                plan,
                output: OutputWriter::begin(setup)?,
                statistics: (self.options.statistics.then(statistics)).transpose()?,
            });
        };
        let mut output = partial.output.take().ok_or(Error::Stopped)?;
        output.next_page(setup)?;
        Ok(Task {
            plan,
            output: *output,
            statistics: partial.totals.take_statistics(spec),
        })
    }
}

/// What a page is made from, beside its samples.
struct PageSource<'a> {
    planes: Option<&'a Planes>,
    metadata: &'a Metadata,
    /// Its number in the file.
    number: u64,
    pages: PageSet,
}
