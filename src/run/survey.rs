//! What is known of all pages of a job without their samples.

use std::{iter, mem};

use super::{
    carried::metadata_fates,
    input::Input,
    job::{Job, Options, Request},
    mask::masked,
    page_kinds::PageKinds,
    pages::{PlanBasis, ToldWarnings},
    precheck::check_frame,
};
use crate::{
    codec::{Metadata, PageFates, PartFate},
    error::{Error, Result},
    filter::Mask,
    plan::Plan,
    warning::Warning,
};

/// What is told of all pages of a result together.
#[derive(Debug, Clone, PartialEq)]
pub struct Surveyed {
    /// The plan of the first page.
    pub plan: Plan,
    /// The sizes and types of the pages.
    pub kinds: PageKinds,
    /// What would become of each part of the metadata before the samples.
    pub metadata: Vec<PartFate>,
}

/// All pages of a job.
#[derive(Debug)]
pub struct Survey {
    /// Each result, in their order.
    pub results: Vec<Result<Surveyed>>,
    /// Warnings about pages after the first.
    pub warnings: Vec<Warning>,
}

/// Plans a result of a page, from the plan of the page before.
type MakePlan<'a> = dyn Fn(&Input, &Request, Option<Plan>) -> Result<Plan> + 'a;

/// Checks that the results of a page fit into memory.
type CheckMemory<'a> = dyn Fn(&Input, &[Result<Plan>]) -> Result<()> + 'a;

/// How the pages after the first are planned and checked.
pub(super) struct Pager<'a> {
    pub(super) job: &'a Job,
    pub(super) options: &'a Options,
    /// The plan of a page of a result: as that of the page before, if that is given.
    pub(super) plan: &'a MakePlan<'a>,
    /// Whether the results of a page fit into memory.
    pub(super) check_memory: &'a CheckMemory<'a>,
}

/// What is told of all pages of `input`, the first of which has these plans.
///
/// # Errors
///
/// If a page cannot be opened.
pub fn survey_of_plans(
    (job, options): (&Job, &Options),
    input: Input,
    plans: Vec<Plan>,
    mask: Option<&Mask>,
) -> Result<Survey> {
    let plan = |input: &Input, request: &Request, before: Option<Plan>| match before {
        Some(before) => Ok(before),
        None => input.plan(&masked(request, mask), &options.tuning),
    };
    let pager = Pager {
        job,
        options,
        plan: &plan,
        check_memory: &|_, _| Ok(()),
    };
    pager.survey(input, plans.into_iter().map(Ok).collect())
}

/// A result, of which some pages were seen.
struct Partial {
    first: Plan,
    /// The metadata of the first page, if there are others.
    metadata: Option<Metadata>,
    kinds: PageKinds,
    fates: PageFates,
}

impl Pager<'_> {
    /// Follows the pages of `input`, whose first has these plans. Their samples are not read.
    pub(super) fn survey(&self, mut input: Input, mut plans: Vec<Result<Plan>>) -> Result<Survey> {
        let is_animation = input.format().has_frames();
        let partial = plans.iter().map(|plan| {
            Some(Partial {
                first: plan.as_ref().ok()?.clone(),
                metadata: None,
                kinds: PageKinds::default(),
                fates: PageFates::of_animation(is_animation),
            })
        });
        let mut partial = Vec::from_iter(partial);
        let mut told = ToldWarnings::of_first(&input, &plans);
        let mut warnings = Vec::new();
        loop {
            let number = input.page();
            let results = iter::zip(&mut plans, &mut partial).zip(&self.job.results);
            for ((plan, partial), request) in results {
                if let (Ok(now), Some(partial)) = (&*plan, partial)
                    && let Err(error) = self.add_page(&input, request, now, partial)
                {
                    *plan = Err(error.at_page(number));
                }
            }
            if plans.iter().all(Result::is_err) {
                break;
            }
            let basis = PlanBasis::of(&input);
            let next = input.skip_page(self.options);
            let Some(next) = next.map_err(|error| error.at_page(number + 1))? else {
                break;
            };
            input = next;
            let is_same = PlanBasis::of(&input) == basis;
            for (plan, request) in plans.iter_mut().zip(&self.job.results) {
                if plan.is_ok() {
                    let before = mem::replace(plan, Err(Error::Stopped)).ok();
                    let next = (self.plan)(&input, request, before.filter(|_| is_same));
                    *plan = next.map_err(|error| error.at_page(input.page()));
                }
            }
            told.of_page(&input, &plans, |warning| warnings.push(warning));
            let checked = (self.check_memory)(&input, &plans);
            checked.map_err(|error| error.at_page(input.page()))?;
        }
        let results = plans.into_iter().zip(partial).map(|(plan, partial)| {
            // Without a plan of the first page there is none of the last.
            let (_, partial) = (plan?, partial.ok_or(Error::Stopped)?);
            Ok(Surveyed {
                plan: partial.first,
                kinds: partial.kinds,
                metadata: partial.fates.finish(),
            })
        });
        let results = results.collect();
        Ok(Survey { results, warnings })
    }

    fn add_page(
        &self,
        input: &Input,
        request: &Request,
        plan: &Plan,
        partial: &mut Partial,
    ) -> Result<()> {
        check_frame(request, input, &partial.first, plan)?;
        let before = partial.metadata.as_ref();
        let fates = metadata_fates((self.job, self.options), (input, before), request, plan)?;
        if input.pages() > 1 && partial.metadata.is_none() {
            partial.metadata = Some(input.metadata().clone());
        }
        partial.fates.add(input.page(), fates);
        let spec = plan.as_picture(plan.output());
        partial.kinds.push(input.page(), spec);
        Ok(())
    }
}
