//! The pages of a job: what its results have so far, from one page to the next.

use std::{collections::BTreeSet, mem, time::Duration};

use super::{
    budget::{Budget, Reservation},
    events::{Event, warn},
    execute::Attempt,
    input::Input,
    job::{Job, Options, Request},
    mode::Mode,
    opened_job::OpenedJob,
    output::{Ended, OutputWriter},
    page_kinds::PageKinds,
    planes::Planes,
    precheck::{check_plan, missing_warnings, plan_result},
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
    pub(super) kinds: PageKinds,
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
        self.kinds.push(page.number, page.spec);
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
    number: u64,
    /// Its size and type, as a picture.
    spec: ImageSpec,
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

    /// Ends the page of this `number` of the result at `index`, which gave `result`: if it failed
    /// or this was its last page, its outcome is recorded.
    pub(super) fn end(
        &mut self,
        job: &OpenedJob<'_>,
        (index, number): (usize, u64),
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
            number,
            spec: plan.as_picture(plan.output()),
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
    let mut told = ToldWarnings::of_first(&input, &results.plans);
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
        replan(job, &input, basis, &mut results, mask);
        told.of_page(&input, &results.plans, |warning| {
            warn(job.report, job.job.input.path(), &[warning]);
        });
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

/// The warnings about the pages of an input so far.
pub(super) struct ToldWarnings {
    texts: BTreeSet<String>,
    of_missing: bool,
}

impl ToldWarnings {
    /// The most that are told.
    const MAX: usize = 100;

    /// Those of the first page, which are told.
    pub(super) fn of_first(input: &Input, plans: &[Result<Plan>]) -> Self {
        Self {
            texts: BTreeSet::from_iter(input.warnings().iter().map(ToString::to_string)),
            of_missing: !missing_warnings(input, plans).is_empty(),
        }
    }

    /// Tells the warnings of a page that none before had.
    pub(super) fn of_page(
        &mut self,
        input: &Input,
        plans: &[Result<Plan>],
        mut tell: impl FnMut(Warning),
    ) {
        let number = input.page();
        for warning in input.warnings() {
            if self.texts.len() > Self::MAX {
                break;
            }
            if self.texts.insert(warning.to_string()) {
                tell(match self.texts.len() > Self::MAX {
                    true => {
                        Warning::from("warnings about further pages are not told").at_page(number)
                    }
                    false => warning.at_page(number),
                });
            }
        }
        if !self.of_missing {
            for warning in missing_warnings(input, plans) {
                self.of_missing = true;
                tell(warning.at_page(number));
            }
        }
    }
}

/// What a plan follows from beside the filter.
#[derive(PartialEq)]
pub(super) struct PlanBasis {
    spec: ImageSpec,
    orientation: Orientation,
    premultiplied: bool,
    no_data: Option<String>,
}

impl PlanBasis {
    pub(super) fn of(input: &Input) -> Self {
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
        let before = plan.ok().filter(|_| is_same);
        let plan = plan_page((job.job, job.options), input, request, before, mask);
        match plan {
            Ok(plan) => results.plans[index] = Ok(plan),
            Err(error) => {
                results.plans[index] = Err(error.at_page(input.page()));
                results.end(job, (index, input.page()), Err(Error::Stopped), None);
            }
        }
    }
}

/// The plan of a page of a result: that of the page `before`, if both are alike.
pub(super) fn plan_page(
    (job, options): (&Job, &Options),
    input: &Input,
    request: &Request,
    before: Option<Plan>,
    mask: Option<&Mask>,
) -> Result<Plan> {
    match before {
        Some(plan) => check_plan(job, request, input, &plan, options).map(|()| plan),
        None => plan_result(job, request, input, mask, options),
    }
}
