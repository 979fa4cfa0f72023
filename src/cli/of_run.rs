//! Warnings that a run tells of once, however many pictures they are about.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use stridekern::WarningKind;

use super::{messages::Messages, told::Told};

/// Such warnings, until the end of the run.
#[derive(Debug, Default)]
pub(super) struct OfRun(Vec<Topic>);

/// One kind of them.
#[derive(Debug)]
struct Topic {
    kind: WarningKind,
    /// Each with the number that its warning has, if it has one.
    pictures: BTreeMap<PathBuf, u64>,
    /// That of the first picture.
    told: Told,
}

impl OfRun {
    /// Takes these warnings out of those about an input; forgets them if its result was not made,
    /// which shows nothing of them.
    pub(super) fn take(&mut self, input: &Path, is_made: bool, warnings: &mut Vec<Told>) {
        for told in warnings.extract_if(.., |told| told.of_run().is_some()) {
            let Some(kind) = told.of_run().filter(|_| is_made) else {
                continue;
            };
            let (input, count) = (input.to_owned(), told.count());
            match self.0.iter_mut().find(|topic| topic.kind == kind) {
                Some(topic) => {
                    // Of several results, that which shows most.
                    let known = topic.pictures.entry(input).or_default();
                    *known = count.max(*known);
                }
                None => self.0.push(Topic {
                    kind,
                    pictures: [(input, count)].into(),
                    told,
                }),
            }
        }
    }

    /// Prints a line for each kind.
    pub(super) fn print(&self, messages: Messages) {
        for topic in &self.0 {
            topic.print(messages);
        }
    }
}

impl Topic {
    fn print(&self, messages: Messages) {
        let count = self.pictures.len();
        let first = self.pictures.keys().next().filter(|_| count == 1);
        match (self.kind, first) {
            (_, Some(path)) => self.told.print(path, messages),
            (WarningKind::Transparent, _) => messages.note(format_args!(
                "{count} pictures have transparent pixels, whose colours were filtered like others; --alpha weight keeps them out, --alpha copy says that this is meant"
            )),
            (WarningKind::Progressive, _) => messages.note(format_args!(
                "{count} pictures are progressive JPEG, their results are not; --progressive makes them so"
            )),
            (WarningKind::Hidden(_), _) => {
                let pixels = self.pictures.values().fold(0, |all: u64, of| all.saturating_add(*of));
                messages.note(format_args!(
                    "{pixels} fully transparent pixels of {count} pictures show their hidden colours, since alpha was dropped"
                ));
            }
            (WarningKind::Scaled, _) => messages.note(format_args!(
                "{count} pictures have samples of other ranges than 8 or 16 bits: they were scaled, from full scale to full scale"
            )),
            (WarningKind::Inverted, _) => messages.note(format_args!(
                "{count} pictures say that zero is white: their samples were inverted, so that zero is black"
            )),
            (WarningKind::Palette, _) => messages.note(format_args!(
                "{count} pictures have a palette, their results have none"
            )),
            (WarningKind::HalfFloats, _) => messages.note(format_args!(
                "{count} pictures hold 16-bit floats, their results 32-bit floats"
            )),
            _ => messages.note(format_args!(
                "{count} pictures are lossy WebP or TIFF, their results are lossless, and may be several times larger; --format jpg is lossy, too"
            )),
        }
    }
}
