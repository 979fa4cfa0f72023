//! Files in folders that are passed over: in no format that is read, or results of earlier runs.

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
}

impl PassedOver {
    /// `others`, and those of `inputs` that no job is for.
    pub(super) fn new(others: Vec<PathBuf>, inputs: &[Source], jobs: &[Job]) -> Self {
        if inputs.len() == jobs.len() {
            let results = Vec::new();
            return Self { others, results };
        }
        let used: BTreeSet<&Path> = jobs.iter().map(|job| job.input.path()).collect();
        let results = inputs.iter().map(|input| input.place.path());
        let results = results.filter(|path| !used.contains(path));
        Self {
            results: results.map(Path::to_owned).collect(),
            others,
        }
    }

    /// Tells how many of each kind there are, or with `verbose` their names.
    pub(super) fn report(&self, verbose: bool, messages: Messages) {
        if verbose {
            for path in &self.others {
                messages.note(format_args!("{}: {}", path.display(), why_other(path)));
            }
            for path in &self.results {
                messages.note(format_args!("{}: {RESULT}", path.display()));
            }
        } else if !self.others.is_empty() || !self.results.is_empty() {
            messages.note(format_args!("passed over: {self}; -v names them"));
        }
    }

    /// Prints an object for each.
    pub(super) fn print_json(&self) {
        let others = self.others.iter().map(|path| (path, why_other(path)));
        let results = self.results.iter().map(|path| (path, RESULT.to_owned()));
        for (path, why) in others.chain(results) {
            let mut object = json!({ "status": "passed_over", "reason": why });
            messages::extend(&mut object, told::json(&[]));
            messages::extend(&mut object, messages::path_json("input", path));
            messages::print_result_line(object);
        }
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
        let results = self.results.len();
        let plural = if results == 1 { "" } else { "s" };
        parts.extend((results > 0).then(|| format!("{results} earlier result{plural}")));
        f.write_str(&parts.join(", "))
    }
}
