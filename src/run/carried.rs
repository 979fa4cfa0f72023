//! The metadata of an input that its results carry.

use std::ops::Range;

use super::{
    input::Input,
    job::{ActOn, Job, Options, Request},
    recorded::recorded_command,
};
use crate::{
    codec::{
        Fate, ForResult, Format, Metadata, MetadataPolicy, PartFate, PartKind, Record,
        RecordedCommand, ResultFacts, ResultGrid,
    },
    error::Result,
    image::{Channels, ImageSpec},
    orientation::Orientation,
    plan::Plan,
    warning::Warning,
};

/// What would become of each part of the metadata before the samples, in the result of `plan`. Of
/// a later page, `first` is the metadata of the first.
///
/// # Errors
///
/// If the format of the result cannot hold its planes.
pub(super) fn metadata_fates(
    (job, options): (&Job, &Options),
    (input, first): (&Input, Option<&Metadata>),
    request: &Request,
    plan: &Plan,
) -> Result<Vec<PartFate>> {
    let spec = input.planes_for(request)?.output(plan);
    let format = request.format.unwrap_or(input.format());
    let command = recorded_command(job, request, options, format);
    let carried = Carried::new(plan, spec, [input.format(), format], options)
        .of_pages(input.pages())
        .recording(command, input.metadata());
    Ok(carried.fates(input.metadata(), first, &[]))
}

/// What becomes of the orientation that the input names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NamedOrientation {
    /// The pixels are stored as in the input, and viewers treat both alike.
    Kept,
    /// It is true of the pixels, but viewers of PNG ignore it, unlike that of the input.
    KeptInVain,
    /// The pixels were turned, or viewers of the input's format do not turn them.
    Normal,
}

/// What becomes of the input's metadata in a result.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    format: Format,
    /// The samples of the result.
    spec: ImageSpec,
    policy: MetadataPolicy,
    orientation: NamedOrientation,
    /// Where its pixels lie on the input.
    grid: ResultGrid,
    /// What missing samples of the result are.
    no_data: Option<String>,
    /// Whether the colours of the result are multiplied by alpha.
    premultiplied: bool,
    /// The channels of the input that are taken as they are, and those of the result.
    stored: Option<Range<usize>>,
    channels: Channels,
    /// How the result is made.
    record: Option<Record>,
}

impl NamedOrientation {
    /// In a result of a format, from a file of another one.
    fn of([from, to]: [Format; 2], act_on: ActOn) -> Self {
        match (from.is_shown_turned(), to.is_shown_turned()) {
            (true, false) if act_on == ActOn::Seen => Self::Normal,
            (true, false) if to == Format::Png => Self::KeptInVain,
            // No viewer turned the input, so none must turn the result.
            (false, _) if to != from => Self::Normal,
            _ => Self::Kept,
        }
    }
}

impl Carried {
    /// For a result of `spec` by this plan, in a format from a file of another one.
    pub(super) fn new(
        plan: &Plan,
        spec: ImageSpec,
        [from, format]: [Format; 2],
        options: &Options,
    ) -> Self {
        Self {
            format,
            spec,
            policy: options.metadata,
            orientation: NamedOrientation::of([from, format], options.orientation),
            grid: ResultGrid {
                before: plan.as_picture(plan.image()),
                after: plan.as_picture(plan.output()),
                origin: plan.origin(),
                step: plan.step(),
                turn: plan.turned_pixels(),
                pages: 1,
            },
            no_data: plan.no_data(),
            premultiplied: plan.association().of_result,
            stored: plan.selection().stored.clone(),
            channels: plan.selection().channels(),
            record: None,
        }
    }

    /// The same for a result with a record: of the commands of its input, which carries these
    /// metadata, and of this one.
    pub(super) fn recording(mut self, command: Option<RecordedCommand>, input: &Metadata) -> Self {
        let earlier = input.record.clone();
        let earlier = earlier.filter(|_| self.policy == MetadataPolicy::Keep);
        self.record = command
            .filter(|_| self.format.holds_record())
            .map(|command| Record::after(earlier, command));
        self
    }

    /// The command in the record of the result.
    pub(super) fn recorded(&self) -> Option<&RecordedCommand> {
        self.record.as_ref().map(Record::last)
    }

    /// The same for a result of this number of pages.
    pub(super) const fn of_pages(mut self, pages: u64) -> Self {
        self.grid.pages = pages;
        self
    }

    /// The metadata to be written.
    pub(super) fn metadata(&self, input: &Metadata) -> Metadata {
        let mut metadata = Metadata {
            no_data: self.no_data.clone(),
            premultiplied: self.premultiplied,
            record: self.record.clone(),
            ..self.for_result(&input.revised_for(&self.grid)).metadata
        };
        if self.orientation == NamedOrientation::Normal {
            metadata.set_orientation(Orientation::Normal);
        }
        metadata
    }

    fn for_result(&self, input: &Metadata) -> ForResult {
        let turned = self.orientation == NamedOrientation::Normal;
        let facts = ResultFacts::new(self.spec, turned.then_some(1)).on(&self.grid);
        let input = input.clone();
        let input = input.with_channels(self.stored.as_ref(), self.channels);
        input.for_result(self.policy, self.format, &facts)
    }

    /// A warning if viewers will ignore the orientation that is `written`, unlike that of the
    /// input.
    pub(super) fn ignored_orientation(&self, written: &Metadata) -> Option<Warning> {
        let orientation = written.named_orientation();
        let is_ignored =
            self.orientation == NamedOrientation::KeptInVain && orientation != Orientation::Normal;
        is_ignored.then(|| {
            Warning::orientation(format!(
                "viewers ignore the orientation of png files, {orientation}: they will show the picture turned"
            ))
        })
    }

    /// What becomes of each part of the input's metadata, and what became of those that were
    /// `late`, known only after the samples were written. Of a later page, `first` is the metadata
    /// of the first.
    pub(super) fn fates(
        &self,
        input: &Metadata,
        first: Option<&Metadata>,
        late: &[PartFate],
    ) -> Vec<PartFate> {
        let revised = input.revised_for(&self.grid);
        let mut fates = self.for_result(&revised).fates;
        if revised.exif != input.exif {
            let exif = fates.iter_mut().filter(|part| part.kind == PartKind::Exif);
            for part in exif.filter(|part| part.name == "EXIF data") {
                match &mut part.fate {
                    Fate::Changed(what) => what.push_str(", density"),
                    fate @ Fate::Kept => *fate = Fate::Changed("density".to_owned()),
                    _ => {}
                }
            }
        }
        if revised.density != input.density {
            let density = (fates.iter_mut()).filter(|part| part.kind == PartKind::Density);
            let density = density.filter(|part| part.fate == Fate::Kept);
            let what = match self.grid.step {
                [1, 1] => "turned with the pixels",
                _ => "divided by the step",
            };
            density.for_each(|part| part.fate = Fate::Changed(what.to_owned()));
        }
        if self
            .record
            .as_ref()
            .is_some_and(|record| record.commands().len() > 1)
        {
            let record = fates
                .iter_mut()
                .filter(|part| part.kind == PartKind::Record);
            record.for_each(|part| part.fate = Fate::Changed("this command added".to_owned()));
        }
        let mark = (fates.iter_mut()).filter(|part| part.kind == PartKind::Premultiplied);
        let mark = mark.filter(|part| part.fate == Fate::Kept && !self.premultiplied);
        mark.for_each(|part| {
            part.fate = Fate::Outdated("its colours are not multiplied by alpha".to_owned());
        });
        // Without a value of the result, its samples were filtered like others, as a warning says.
        let filtered = || Fate::Outdated("its samples are filtered like others".to_owned());
        let no_data = (fates.iter_mut()).filter(|part| part.kind == PartKind::NoData);
        let no_data = no_data.filter(|_| self.no_data.is_none());
        no_data.for_each(|part| part.fate = filtered());
        if let Some(first) = first {
            // What follows the samples of the last page is written there.
            let is_late = |part: &PartFate| {
                let mut late = late.iter();
                late.any(|late| (late.kind, &late.name) == (part.kind, &part.name))
            };
            let before = fates.iter_mut().filter(|part| !is_late(part));
            input.fit_later_page(first, self.format, before);
        }
        for late in late {
            let is_it = |part: &&mut PartFate| {
                let is_kept = matches!(part.fate, Fate::Kept | Fate::Changed(_));
                is_kept && (part.kind, &part.name) == (late.kind, &late.name)
            };
            // Those that came late come last.
            if let Some(part) = fates.iter_mut().rev().find(is_it) {
                part.fate = late.fate.clone();
            }
        }
        fates
    }
}
