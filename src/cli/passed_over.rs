//! Files that are passed over: in no format that is read, results of earlier runs, or backups.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use serde_json::json;
use stridekern::{batch::Source, run::Job};

use super::{
    messages::{self, Messages},
    told,
};

/// The kinds that are counted by name; the others together.
const MAX_KINDS: usize = 8;

/// Files that are passed over.
#[derive(Debug, Default)]
pub(super) struct PassedOver {
    /// In no format that is read.
    others: Vec<PathBuf>,
    /// Results of an earlier run.
    results: Vec<PathBuf>,
    /// Backups, each with the file that it is a backup of.
    backups: Vec<(PathBuf, PathBuf)>,
    /// What may be backups and is not passed over, each with the file whose name begins its own.
    doubtful: Vec<(PathBuf, PathBuf)>,
}

impl PassedOver {
    pub(super) const fn new(
        others: Vec<PathBuf>,
        backups: Vec<(PathBuf, PathBuf)>,
        results: Vec<PathBuf>,
    ) -> Self {
        Self {
            others,
            results,
            backups,
            doubtful: Vec::new(),
        }
    }

    /// With inputs that may be backups of others.
    pub(super) fn doubting(self, doubtful: Vec<(PathBuf, PathBuf)>) -> Self {
        Self { doubtful, ..self }
    }

    /// With those of `inputs` that no job is for: results of an earlier run.
    pub(super) fn with_unused(mut self, inputs: &[Source], jobs: &[Job]) -> Self {
        if inputs.len() != jobs.len() {
            let used: BTreeSet<&Path> = jobs.iter().map(|job| job.input.path()).collect();
            let inputs = inputs.iter().map(|input| input.place.path());
            let unused = inputs.filter(|path| !used.contains(path));
            self.results.extend(unused.map(Path::to_owned));
        }
        self
    }

    /// Tells how many of each kind there are, or with `verbose` their names.
    pub(super) fn report(&self, verbose: bool, messages: Messages) {
        let Self {
            others,
            results,
            backups,
            doubtful,
        } = self;
        report_doubtful(doubtful, verbose, messages);
        let count = others.len() + results.len() + backups.len();
        if verbose || count == 1 && !backups.is_empty() {
            for (path, why) in self.reasons() {
                messages.note(format_args!("{}: {why}", path.display()));
            }
        } else if count > 0 {
            messages.note(format_args!("passed over: {self}; -v names them"));
        }
    }

    /// Each with the reason.
    fn reasons(&self) -> impl Iterator<Item = (&Path, String)> {
        let others = self.others.iter();
        let others = others.map(|path| (path.as_path(), why_other(path)));
        let results = self.results.iter();
        let results = results.map(|path| (path.as_path(), RESULT.to_owned()));
        let backups = self.backups.iter().map(|(path, original)| {
            let original = original.display();
            let why = format!("passed over, it is the backup of {original}");
            (path.as_path(), why)
        });
        others.chain(results).chain(backups)
    }

    /// Prints an object for each.
    pub(super) fn print_json(&self) {
        for (path, why) in self.reasons() {
            let mut object = json!({ "status": "passed_over", "reason": why });
            messages::extend(&mut object, told::json(&[]));
            messages::extend(&mut object, messages::path_json("input", path));
            messages::print_result_line(object);
        }
    }
}

/// Tells of inputs that may be backups of others.
fn report_doubtful(doubtful: &[(PathBuf, PathBuf)], verbose: bool, messages: Messages) {
    let named = match verbose {
        true => doubtful,
        false if doubtful.len() == 1 => doubtful,
        false => &[],
    };
    for (path, other) in named {
        messages.note(format_args!(
            "{}: it is named as {} and more, and is filtered as well; leave it out if it is a backup",
            path.display(),
            other.display()
        ));
    }
    if let ([(path, other), ..], []) = (doubtful, named) {
        messages.note(format_args!(
            "{} inputs are named as others and more, {} as {}, and are filtered as well; leave them out if they are backups",
            doubtful.len(),
            path.display(),
            other.display()
        ));
    }
}

const RESULT: &str = "passed over, it is the result of an earlier run";

fn why_other(path: &Path) -> String {
    match kind(path) {
        Some(kind) => format!("passed over, {kind} is no format that is read"),
        None => "passed over, its content is in no format that is read".to_owned(),
    }
}

/// The extension in lower case, if there is one that is text.
fn kind(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_lowercase())
}

/// `3 heic, 1 cr2, 2 without extension, 4 earlier results`, the most frequent first.
impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: BTreeMap<Option<String>, usize> = BTreeMap::new();
        for path in &self.others {
            *counts.entry(kind(path)).or_default() += 1;
        }
        let mut counts = Vec::from_iter(counts);
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let rest = counts.split_off(counts.len().min(MAX_KINDS));
        let rest: usize = rest.iter().map(|(_, count)| count).sum();
        let name = |kind: Option<String>| kind.unwrap_or_else(|| "without extension".to_owned());
        let mut parts: Vec<_> = (counts.into_iter())
            .map(|(kind, count)| format!("{count} {}", name(kind)))
            .collect();
        parts.extend((rest > 0).then(|| format!("{rest} of other kinds")));
        for (count, what) in [
            (self.results.len(), "earlier result"),
            (self.backups.len(), "backup"),
        ] {
            let plural = if count == 1 { "" } else { "s" };
            parts.extend((count > 0).then(|| format!("{count} {what}{plural}")));
        }
        f.write_str(&parts.join(", "))
    }
}
