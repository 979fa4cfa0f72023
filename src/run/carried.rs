//! The metadata of an input that its results carry.

use super::{
    input::Input,
    job::{Options, Request},
};
use crate::{
    codec::{Fate, Format, Metadata, MetadataPolicy, PartFate, PartKind},
    error::Result,
    image::ImageSpec,
    plan::Plan,
};

/// What would become of each part of the metadata before the samples, in the result of `plan`.
///
/// # Errors
///
/// If the format of the result cannot hold its planes.
pub fn metadata_fates(
    input: &Input,
    request: &Request,
    plan: &Plan,
    options: &Options,
) -> Result<Vec<PartFate>> {
    let spec = input.planes_for(request)?.output(plan);
    let format = request.format.unwrap_or(input.format());
    let carried = Carried::new(plan, spec, format, options.metadata);
    Ok(carried.fates(input.metadata(), &[]))
}

/// What becomes of the input's metadata in a result.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    format: Format,
    /// The samples of the result.
    spec: ImageSpec,
    policy: MetadataPolicy,
    /// What missing samples of the result are.
    no_data: Option<String>,
}

impl Carried {
    /// For a result of `spec` by this plan.
    pub(super) fn new(
        plan: &Plan,
        spec: ImageSpec,
        format: Format,
        policy: MetadataPolicy,
    ) -> Self {
        Self {
            format,
            spec,
            policy,
            no_data: plan.no_data(),
        }
    }

    /// The metadata to be written.
    pub(super) fn metadata(&self, input: &Metadata) -> Metadata {
        let kept = match self.policy {
            MetadataPolicy::Keep => input.clone(),
            MetadataPolicy::Drop => input.without_descriptions(),
        };
        Metadata {
            no_data: self.no_data.clone(),
            ..kept
        }
    }

    /// What becomes of each part of the input's metadata, and what became of those that were
    /// `late`, known only after the samples were written.
    pub(super) fn fates(&self, input: &Metadata, late: &[PartFate]) -> Vec<PartFate> {
        let mut fates = input.fates(self.policy, self.format, self.spec);
        // Without a value of the result, its samples were filtered like others, as a warning says.
        let filtered = || Fate::Outdated("its samples are filtered like others".to_owned());
        let no_data = (fates.iter_mut()).filter(|part| part.kind == PartKind::NoData);
        let no_data = no_data.filter(|_| self.no_data.is_none());
        no_data.for_each(|part| part.fate = filtered());
        for late in late {
            let is_it = |part: &&mut PartFate| {
                part.fate == Fate::Kept && (part.kind, &part.name) == (late.kind, &late.name)
            };
            // Those that came late come last.
            if let Some(part) = fates.iter_mut().rev().find(is_it) {
                part.fate = late.fate.clone();
            }
        }
        fates
    }
}
