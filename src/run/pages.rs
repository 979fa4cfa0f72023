//! The pages of a job: what its results have so far, from one page to the next.

use std::{collections::BTreeSet, mem, time::Duration};

use super::{
    budget::{Budget, Reservation},
    events::{Event, warn},
    execute::Attempt,
    input::Input,
    mode::Mode,
    opened_job::OpenedJob,
    output::{Ended, OutputWriter},
    planes::Planes,
    precheck::{check_plan, plan_result},
    producer::Produced,
};
use crate::{
    error::{Error, Result},
    filter::Mask,
    finish::Clipped,
    image::ImageSpec,
    orientation::Orientation,
    plan::Plan,
    statistics::Accumulator,
    warning::{Warning, WarningKind},
};

/// The results of a job, of which some pages are done.
pub(super) struct PageResults {
    /// How each is computed from the page at hand, or why it is not made.
    pub(super) plans: Vec<Result<Plan>>,
    /// Those that have pages and are to get more.
    pub(super) partial: Vec<Option<Partial>>,
    /// Those whose outcomes are recorded.
    ended: Vec<bool>,
    /// The time spent reading.
    pub(super) read: Duration,
}

/// A result of which some pages are done.
pub(super) struct Partial {
    /// The plan of its first page.
    plan: Plan,
    /// `None` while a page is written.
    pub(super) output: Option<Box<OutputWriter>>,
    pub(super) totals: Totals,
}

/// What is told of all pages of a result together.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) pages: u64,
    pub(super) filter: Duration,
    pub(super) warnings: Vec<Warning>,
    pub(super) clipped: Clipped,
    pub(super) missing: u64,
    pub(super) statistics: Option<Accumulator>,
}

impl Totals {
    /// The statistics so far, to be continued by a page of this spec. Those of samples of another
    /// type cannot be counted with them, which a warning says.
    pub(super) fn take_statistics(&mut self, spec: ImageSpec) -> Option<Accumulator> {
        if self.statistics.as_mut()?.begin_page(spec) {
            return self.statistics.take();
        }
        self.warn_once(
            "the statistics are those of the pages whose samples are of the type of the first"
                .into(),
        );
        None
    }

    /// Adds a page.
    fn add(&mut self, page: PageTotals) {
        self.pages += 1;
        self.filter += page.filter;
        self.clipped += page.clipped;
        self.missing += page.missing;
        self.statistics = page.statistics.or(self.statistics.take());
        for warning in page.warnings {
            self.warn_once(warning);
        }
    }

    /// Adds a warning, one of a kind: of the first page that has it.
    fn warn_once(&mut self, warning: Warning) {
        if let WarningKind::Hidden(count) = warning.kind() {
            for known in &mut self.warnings {
                if let WarningKind::Hidden(others) = known.kind() {
                    *known = Warning::hidden(others.saturating_add(count));
                    return;
                }
            }
        }
        let is_like = |known: &Warning| match warning.kind() {
            WarningKind::Other => *known == warning,
            kind => known.kind() == kind,
        };
        if !self.warnings.iter().any(is_like) {
            self.warnings.push(warning);
        }
    }
}

/// What is told of a page of a result.
struct PageTotals {
    filter: Duration,
    warnings: Vec<Warning>,
    clipped: Clipped,
    missing: u64,
    statistics: Option<Accumulator>,
}

impl PageResults {
    /// Before the first page, which took this long to open.
    pub(super) fn new(plans: Vec<Result<Plan>>, opened: Duration) -> Self {
        Self {
            partial: plans.iter().map(|_| None).collect(),
            ended: vec![false; plans.len()],
            plans,
            read: opened,
        }
    }

    /// Ends a page of the result of this number, which gave `result`: if it failed or this was
    /// its last page, its outcome is recorded.
    pub(super) fn end(
        &mut self,
        job: &OpenedJob<'_>,
        index: usize,
        result: Result<Produced>,
        planes: Option<&Planes>,
    ) {
        if self.ended[index] {
            return;
        }
        self.ended[index] = true;
        let partial = self.partial[index].take();
        let plan = mem::replace(&mut self.plans[index], Err(Error::Stopped));
        let result = plan.and_then(|plan| Ok((plan, result?)));
        let (plan, produced) = match result {
            Ok(made) => made,
            Err(error) => return job.finish_result(index, Err(error), planes, self.read),
        };
        let Produced {
            output,
            filter,
            warnings,
            clipped,
            missing,
            statistics,
        } = produced;
        let page = PageTotals {
            filter,
            warnings,
            clipped,
            missing,
            statistics,
        };
        match output {
            Ended::File(output) => {
                let (first, mut totals) = match partial {
                    Some(partial) => (partial.plan, partial.totals),
                    None => (plan, Totals::default()),
                };
                totals.add(page);
                job.finish_result(index, Ok((first, totals, *output)), planes, self.read);
            }
            Ended::Page(output) => {
                let mut partial = partial.unwrap_or_else(|| Partial {
                    plan: plan.clone(),
                    output: None,
                    totals: Totals::default(),
                });
                partial.output = Some(output);
                partial.totals.add(page);
                self.partial[index] = Some(partial);
                self.ended[index] = false;
                self.plans[index] = Ok(plan);
            }
        }
    }

    /// Whether no result is to get another page.
    fn is_done(&self) -> bool {
        self.ended.iter().all(|ended| *ended)
    }
}

/// Makes the results of all pages, of which `input` is the first; refused if one takes more
/// memory than the limit.
pub(super) fn run_pages<'b>(
    job: &OpenedJob<'_>,
    (mut input, mut mode): (Input, Mode),
    mut results: PageResults,
    mask: Option<&Mask>,
    (budget, mut reserved): (&'b Budget, Reservation<'b>),
) -> Result<Attempt> {
    let mut told = BTreeSet::new();
    told.extend(input.warnings().iter().map(ToString::to_string));
    let (mut done, mut pages_done) = (0_usize, 0_u64);
    loop {
        let basis = PlanBasis::of(&input);
        done = done.saturating_add(job.rows(&input, &results.plans));
        let next = match (mode, input) {
            (Mode::Streaming { rows }, Input::Rows(reader)) => {
                job.stream(reader, rows, &mut results)?
            }
            (_, input) => job.whole_image(input, &mut results)?,
        };
        let Some(next) = next.filter(|_| !results.is_done()) else {
            return Ok(Attempt::Ended);
        };
        pages_done += 1;
        job.control.stop.check()?;
        input = Input::page_of(next, job.options);
        let number = input.page();
        warn_of_page(job, &input, &mut told);
        replan(job, &input, basis, &mut results, mask);
        if results.is_done() {
            return Ok(Attempt::Ended);
        }
        mode = Mode::new(&input, results.plans.iter().flatten());
        let needed = job.memory(&input, &mode, &results.plans);
        if let Err(error) = budget.check(needed) {
            let error = job.refused(error, &input);
            return Ok(Attempt::TooLarge(error.at_page(number)));
        }
        let more = needed.saturating_sub(reserved.bytes());
        if !budget.try_grow(&mut reserved, more) {
            // What is held between two pages is little, and a job that waits must hold nothing.
            drop(reserved);
            reserved = budget.reserve(needed, &job.control.stop)?;
        }
        let left = input.pages().saturating_sub(pages_done);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let rows = job.rows(&input, &results.plans).saturating_mul(left);
        let total = done.saturating_add(rows);
        job.report.event(Event::Rows { total });
    }
}

/// Tells the warnings of a page that none before had.
fn warn_of_page(job: &OpenedJob<'_>, input: &Input, told: &mut BTreeSet<String>) {
    let (path, number) = (job.job.input.path(), input.page());
    for warning in input.warnings() {
        if told.insert(warning.to_string()) {
            warn(job.report, path, &[warning.at_page(number)]);
        }
    }
}

/// What a plan follows from beside the filter.
#[derive(PartialEq)]
struct PlanBasis {
    spec: ImageSpec,
    orientation: Orientation,
    premultiplied: bool,
    no_data: Option<String>,
}

impl PlanBasis {
    fn of(input: &Input) -> Self {
        Self {
            spec: input.spec(),
            orientation: input.orientation(),
            premultiplied: input.metadata().premultiplied,
            no_data: input.metadata().no_data.clone(),
        }
    }
}

/// Plans the next page of each result: as the one before, `basis`, if it is like that. A result
/// that cannot have this page fails.
fn replan(
    job: &OpenedJob<'_>,
    input: &Input,
    basis: PlanBasis,
    results: &mut PageResults,
    mask: Option<&Mask>,
) {
    let is_same = PlanBasis::of(input) == basis;
    for (index, request) in job.job.results.iter().enumerate() {
        if results.ended[index] {
            continue;
        }
        let plan = mem::replace(&mut results.plans[index], Err(Error::Stopped));
        let plan = match is_same {
            true => plan.and_then(|plan| {
                check_plan(job.job, request, input, &plan, job.options).map(|()| plan)
            }),
            false => plan_result(job.job, request, input, mask, job.options),
        };
        match plan {
            Ok(plan) => results.plans[index] = Ok(plan),
            Err(error) => {
                results.plans[index] = Err(error.at_page(input.page()));
                results.end(job, index, Err(Error::Stopped), None);
            }
        }
    }
}
