//! The results of one input.

use std::{
    fs, iter,
    time::{Duration, Instant},
};

use super::{
    branch::{Made, Work},
    control::Control,
    flow::Flow,
    input::Input,
    job::{Done, Job, Options, Outcome, Place, Request},
    memory,
    output::Writing,
    report::{Report, warn},
    stages::{self, Streamed},
};
use crate::{
    codec::{Format, Metadata, RowReader},
    error::{Error, Result},
    filter::Plan,
    image::ImageSpec,
};

/// The results of a job whose input was opened.
pub(super) struct Making<'a> {
    pub(super) job: &'a Job,
    pub(super) options: &'a Options,
    pub(super) control: &'a Control,
    pub(super) report: &'a dyn Report,
    /// The format and the channels of the input.
    pub(super) format: Format,
    pub(super) channels: usize,
    /// What its file was before it was opened.
    pub(super) known: Option<fs::Metadata>,
}

impl Making<'_> {
    /// About how many bytes it takes to make all results.
    pub(super) fn memory(&self, input: &Input, flow: &Flow, plans: &[Result<Plan>]) -> u64 {
        let results = iter::zip(plans, &self.job.results).filter_map(|(plan, request)| {
            let piped = !matches!(request.output, Place::File(_));
            Some((plan.as_ref().ok()?, self.format_of(request), piped))
        });
        memory::needed(input, flow, results)
    }

    pub(super) fn format_of(&self, request: &Request) -> Format {
        request.format.unwrap_or(self.format)
    }

    /// All results at once, while the rows come by.
    pub(super) fn stream(
        &self,
        reader: RowReader<'_>,
        rows: usize,
        opened: Duration,
        plans: Vec<Result<Plan>>,
    ) -> Result<()> {
        let metadata = reader.header().metadata.clone();
        let mut works = Vec::new();
        let mut begun = Vec::new();
        for (plan, request) in iter::zip(&plans, &self.job.results) {
            let Ok(plan) = plan else {
                begun.push(Ok(()));
                continue;
            };
            let writing = self.begin(request, plan, &metadata);
            begun.push(writing.map(|writing| works.push(Work { plan, writing })));
        }
        let stop = &self.control.stop;
        let Streamed {
            made,
            warnings,
            read,
        } = stages::stream(reader, rows, works, stop, self.report)?;
        warn(self.report, self.job.input.path(), &warnings);
        let mut made = made.into_iter();
        for (index, (plan, begun)) in iter::zip(plans, begun).enumerate() {
            let made = plan.and_then(|plan| {
                begun?;
                let made = made.next().expect("one for each that was begun")?;
                Ok((plan, made))
            });
            self.settle(index, made, opened + read);
        }
        Ok(())
    }

    /// One result after the other, of the whole image.
    pub(super) fn whole(
        &self,
        input: Input,
        opened: Duration,
        plans: Vec<Result<Plan>>,
    ) -> Result<()> {
        let start = Instant::now();
        let told = input.warnings().len();
        let input = input.into_opened()?;
        self.control.stop.check()?;
        let read = opened + start.elapsed();
        warn(self.report, self.job.input.path(), &input.warnings[told..]);
        for (index, (plan, request)) in iter::zip(plans, &self.job.results).enumerate() {
            let made = plan.and_then(|plan| {
                let metadata = &input.metadata;
                let writing = self.begin(request, &plan, metadata)?;
                let work = Work {
                    plan: &plan,
                    writing,
                };
                let stop = &self.control.stop;
                let made = stages::whole(input.image(), metadata, work, stop, self.report)?;
                Ok((plan, made))
            });
            self.settle(index, made, read);
        }
        Ok(())
    }

    /// Puts a result that was made in its place and records what became of it, unless the
    /// job was stopped or given up.
    fn settle(&self, index: usize, made: Result<(Plan, Made)>, read: Duration) {
        let request = &self.job.results[index];
        self.control.outcomes.record(index, || {
            let outcome = made.and_then(|(plan, made)| {
                self.control.stop.check()?;
                let Made { finished, filter } = made;
                let written = finished.commit()?;
                warn(self.report, request.output.path(), &written.warnings);
                Ok(Outcome::Done(Box::new(Done {
                    plan,
                    format: self.format_of(request),
                    bytes: written.bytes,
                    read,
                    filter,
                    write: written.busy,
                })))
            });
            match self.options.existing.settle(outcome, Outcome::Skipped) {
                Err(Error::Stopped) => None,
                outcome => Some(outcome),
            }
        });
    }

    fn begin(&self, request: &Request, plan: &Plan, metadata: &Metadata) -> Result<Writing> {
        let spec = ImageSpec::new(plan.output_shape(), plan.output_depth());
        let format = self.format_of(request);
        let read = (self.channels, metadata);
        let mut writing = Writing::begin(&request.output, spec, format, read, self.options)?;
        if let Some(known) = &self.known {
            let replaces = self.job.replaces(request);
            if self.options.preserve || replaces {
                writing.take_after(self.job.input.path(), known);
            }
            if self.options.preserve {
                writing.keep_time(known)?;
            }
            if replaces {
                writing.replace_only(known, self.options.backup.as_deref());
            }
        }
        Ok(writing.until(self.control.stop.clone()))
    }
}
