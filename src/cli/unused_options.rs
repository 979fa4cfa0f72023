//! Encoder options that have no effect on a result's format.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use stridekern::codec::Format;

use super::args::OutputArgs;

/// The encoder options that were given. Clones share the set of lines already shown.
#[derive(Debug, Clone, Default)]
pub(super) struct UnusedOptions {
    /// Each with the formats that it has an effect on.
    given: Vec<(&'static str, &'static [Format])>,
    shown: Arc<Mutex<BTreeSet<String>>>,
}

/// The formats that are written and hold a record.
const WITH_RECORD: [Format; 10] = [
    Format::Png,
    Format::Jpeg,
    Format::Tiff,
    Format::Webp,
    Format::Pgm,
    Format::Ppm,
    Format::Pnm,
    Format::Pam,
    Format::Hdr,
    Format::Gif,
];

impl UnusedOptions {
    pub(super) fn new(args: &OutputArgs) -> Self {
        let all: [(_, _, &[_]); 5] = [
            (args.quality.is_some(), "--quality", &[Format::Jpeg]),
            (args.sampling.is_some(), "--sampling", &[Format::Jpeg]),
            (args.progressive, "--progressive", &[Format::Jpeg]),
            (
                args.compression.is_some(),
                "--compression",
                &[Format::Png, Format::Tiff],
            ),
            (args.record, "--record", &WITH_RECORD),
        ];
        let given = all.into_iter().filter(|(given, ..)| *given);
        Self {
            given: given
                .map(|(_, option, formats)| (option, formats))
                .collect(),
            shown: Arc::default(),
        }
    }

    /// A line for each option that has no effect on a result of this format.
    pub(super) fn unused_for(&self, format: Format) -> Vec<String> {
        (self.given.iter())
            .filter(|(_, formats)| !formats.contains(&format))
            .map(|(option, formats)| {
                let names: Vec<_> = formats.iter().map(|format| format.name()).collect();
                let names = match &names[..] {
                    [others @ .., last] if !others.is_empty() => {
                        format!("{} and {last}", others.join(", "))
                    }
                    names => names.concat(),
                };
                format!("{option} has no effect on {format}, only on {names}")
            })
            .collect()
    }

    /// Marks a line as shown, which a batch does once; returns whether it was new.
    pub(super) fn insert_if_new(&self, line: &str) -> bool {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.insert(line.to_owned())
    }
}
