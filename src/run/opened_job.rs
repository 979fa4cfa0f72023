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
    output::{OutputWriter, Setup},
    plane_computer::PlaneSource,
    planes::Planes,
    producer::{Produced, Task},
};
use crate::{
    codec::{Format, Metadata, RowReader},
    error::{Error, Result},
    plan::Plan,
    statistics,
};

/// A job whose input is open.
pub(super) struct OpenedJob<'a> {
    pub(super) job: &'a Job,
    pub(super) options: &'a Options,
    pub(super) control: &'a Control,
    pub(super) report: &'a dyn Report,
    /// The format of the input.
    pub(super) format: Format,
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
        let needed = memory_needed(input, mode, results);
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

    /// Makes all results in one pass over the rows.
    pub(super) fn stream(
        &self,
        reader: RowReader<'_>,
        rows: usize,
        opened: Duration,
        plans: Vec<Result<Plan>>,
    ) -> Result<()> {
        let metadata = reader.header().metadata.clone();
        let mut tasks = Vec::new();
        let mut begun = Vec::new();
        for (plan, request) in iter::zip(&plans, &self.job.results) {
            let Ok(plan) = plan else {
                begun.push(Ok(()));
                continue;
            };
            let output = self.begin(request, plan, None, &metadata);
            begun.push(output.map(|output| tasks.push(self.task(plan, output))));
        }
        let stop = &self.control.stop;
        let Streamed {
            produced,
            warnings,
            read,
        } = dataflow::stream(reader, rows, tasks, stop, self.report)?;
        warn(self.report, self.job.input.path(), &warnings);
        let mut produced = produced.into_iter();
        for (index, (plan, begun)) in iter::zip(plans, begun).enumerate() {
            let result = plan.and_then(|plan| {
                begun?;
                let produced = produced.next().expect("one for each that was begun")?;
                Ok((plan, produced))
            });
            self.finish_result(index, result, None, opened + read);
        }
        Ok(())
    }

    /// Reads the whole image, then makes one result after the other.
    pub(super) fn whole_image(
        &self,
        input: Input,
        opened: Duration,
        plans: Vec<Result<Plan>>,
    ) -> Result<()> {
        let start = Instant::now();
        let reported = input.warnings().len();
        let planes = (self.job.results.iter()).map(|request| input.planes_for(request));
        let planes = Vec::from_iter(planes);
        let input = input.into_opened()?;
        self.control.stop.check()?;
        let read = opened + start.elapsed();
        warn(
            self.report,
            self.job.input.path(),
            &input.warnings[reported..],
        );
        let results = iter::zip(plans, planes).zip(&self.job.results);
        for (index, ((plan, planes), request)) in results.enumerate() {
            let mut all_planes = None;
            let result = plan.and_then(|plan| {
                let metadata = &input.metadata;
                let planes = &*all_planes.insert(planes?);
                let alpha = planes.alpha_plan(&plan, &self.options.tuning)?;
                let output = self.begin(request, &plan, Some(planes), metadata)?;
                let task = self.task(&plan, output);
                let source = PlaneSource {
                    planes,
                    samples: input.samples(),
                    alpha: alpha.as_ref(),
                };
                let stop = &self.control.stop;
                let produced = dataflow::whole_image(&source, metadata, task, stop, self.report)?;
                Ok((plan, produced))
            });
            self.finish_result(index, result, all_planes.as_ref(), read);
        }
        Ok(())
    }

    /// Commits a result and records its outcome, unless the job was stopped or abandoned.
    fn finish_result(
        &self,
        index: usize,
        result: Result<(Plan, Produced)>,
        planes: Option<&Planes>,
        read: Duration,
    ) {
        let request = &self.job.results[index];
        self.control.outcomes.record(index, || {
            let outcome = result.and_then(|(plan, produced)| {
                self.control.stop.check()?;
                let Produced {
                    output,
                    filter,
                    warnings,
                    clipped,
                    missing,
                    statistics,
                } = produced;
                let written = output.commit()?;
                let array = planes.and_then(|planes| planes.array(&plan));
                warn(self.report, request.output.path(), &written.warnings);
                warn(self.report, request.output.path(), &warnings);
                Ok(Outcome::Done(Box::new(Done {
                    plan,
                    format: self.format_of(request),
                    array_shape: array.map(|array| array.shape().to_vec()),
                    planes: planes.map_or(1, Planes::count),
                    bytes: written.bytes,
                    clipped,
                    missing,
                    metadata: written.fates,
                    read,
                    filter,
                    write: written.busy,
                    statistics,
                })))
            });
            match self
                .options
                .existing
                .skip_existing(outcome, Outcome::Skipped)
            {
                Err(Error::Stopped) => None,
                outcome => Some(outcome),
            }
        });
    }

    fn task<'p>(&self, plan: &'p Plan, output: OutputWriter) -> Task<'p> {
        Task {
            plan,
            output,
            statistics: self.options.statistics,
        }
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

    /// Begins the output of a result, of all planes.
    fn begin(
        &self,
        request: &Request,
        plan: &Plan,
        planes: Option<&Planes>,
        metadata: &Metadata,
    ) -> Result<OutputWriter> {
        OutputWriter::begin(Setup {
            place: &request.output,
            spec: planes.map_or(plan.output(), |planes| planes.output(plan)),
            carried: self.carried(request, plan, planes),
            array: planes.and_then(|planes| planes.array(plan)),
            format: self.format_of(request),
            input: &self.job.input,
            metadata,
            file: self.file.as_ref(),
            replaces: self.job.replaces(request),
            options: self.options,
            stop: self.control.stop.clone(),
        })
    }
}
