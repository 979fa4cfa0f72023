//! Options of encoders that have no effect on a result.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use stridekern::codec::Format;

use super::args::OutputArgs;

/// The encoder options that were given. Clones share the set of lines already shown.
#[derive(Debug, Clone, Default)]
pub(super) struct IdleOptions {
    /// Each with the formats that it has an effect on.
    given: Vec<(&'static str, &'static [Format])>,
    told: Arc<Mutex<BTreeSet<String>>>,
}

impl IdleOptions {
    pub(super) fn new(args: &OutputArgs) -> Self {
        let all: [(_, _, &[_]); 2] = [
            (args.quality.is_some(), "--quality", &[Format::Jpeg]),
            (
                args.compression.is_some(),
                "--compression",
                &[Format::Png, Format::Tiff],
            ),
        ];
        let given = all.into_iter().filter(|(given, ..)| *given);
        Self {
            given: given
                .map(|(_, option, formats)| (option, formats))
                .collect(),
            told: Arc::default(),
        }
    }

    /// A line for each option that has no effect on a result of this format.
    pub(super) fn on(&self, format: Format) -> Vec<String> {
        let idle = self.given.iter();
        let idle = idle.filter(|(_, formats)| !formats.contains(&format));
        idle.map(|(option, formats)| {
            let names: Vec<_> = formats.iter().map(|format| format.name()).collect();
            format!(
                "{option} has no effect on {format}, only on {}",
                names.join(" and ")
            )
        })
        .collect()
    }

    /// Whether this line was not shown yet: in a batch it is shown once.
    pub(super) fn is_news(&self, line: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(line.to_owned())
    }
}
