//! What is told of records: of results that exist, how they were made, and of those that are made.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stridekern::{
    codec::{Difference, Format, RecordedCommand},
    run::{Comparison, Existing},
};

/// The most settings that a summary names.
const MAX_NAMED: usize = 8;

/// How a result compares that was skipped, for its line; empty if nobody asked.
pub(super) fn compared(comparison: &Comparison, is_asked: bool) -> String {
    match comparison {
        Comparison::Same => "; made so".to_owned(),
        Comparison::OtherVersion(version) => format!("; made so by version {version}"),
        Comparison::Otherwise(differences) => {
            let differences = differences.iter().map(difference);
            let differences = Vec::from_iter(differences);
            format!("; made otherwise: {}", differences.join("; "))
        }
        _ if is_asked => "; it holds no record".to_owned(),
        _ => String::new(),
    }
}

/// What the command of a record has, and this one has not.
fn difference(difference: &Difference) -> String {
    let name = &difference.setting;
    let of = |value: &str| match value {
        "on" => format!("--{name}"),
        value => format!("--{name} {value}"),
    };
    match (&difference.recorded, &difference.asked) {
        (Some(recorded), Some(asked)) if name == "input" => format!("of {recorded}, not {asked}"),
        (Some(recorded), Some(asked)) => format!("{}, not {asked}", of(recorded)),
        (Some(recorded), None) => format!("with {}", of(recorded)),
        (None, Some(asked)) => format!("without {}", of(asked)),
        (None, None) => format!("--{name}"),
    }
}

/// The same as JSON fields; none of what was not compared.
pub(super) fn compared_json(comparison: &Comparison) -> Value {
    match comparison {
        Comparison::Same => json!({ "compared": "same" }),
        Comparison::OtherVersion(version) => {
            json!({ "compared": "other_version", "recorded_version": version })
        }
        Comparison::Otherwise(differences) => {
            let differences = differences.iter().map(|difference| {
                let mut object = json!({ "setting": difference.setting });
                if let Some(recorded) = &difference.recorded {
                    object["recorded"] = json!(recorded);
                }
                if let Some(asked) = &difference.asked {
                    object["asked"] = json!(asked);
                }
                object
            });
            json!({ "compared": "otherwise", "differences": differences.collect::<Vec<_>>() })
        }
        _ => json!({}),
    }
}

/// The command in the record of a result, as a JSON field; none if it has no record.
pub(super) fn json(recorded: Option<&RecordedCommand>) -> Value {
    match recorded {
        Some(command) => json!({ "recorded": command.to_string() }),
        None => json!({}),
    }
}

/// The line of a record that a result would have.
pub(super) fn planned(recorded: Option<&RecordedCommand>, format: Format) -> String {
    match recorded {
        Some(command) => command.to_string(),
        None => format!("none, as {format} holds none"),
    }
}

/// The results that were skipped, and how they compare.
#[derive(Debug, Default)]
pub(super) struct Skips {
    uncompared: usize,
    otherwise: usize,
    /// In what they were made otherwise.
    settings: BTreeSet<String>,
    by_others: usize,
    versions: BTreeSet<String>,
}

impl Skips {
    pub(super) fn add(&mut self, comparison: &Comparison) {
        match comparison {
            Comparison::Same => {}
            Comparison::OtherVersion(version) => {
                self.by_others += 1;
                self.versions.insert(version.clone());
            }
            Comparison::Otherwise(differences) => {
                self.otherwise += 1;
                let settings = differences.iter().map(|one| one.setting.as_str());
                let settings = settings.map(|name| match name {
                    "input" => "the input".to_owned(),
                    name => format!("--{name}"),
                });
                self.settings.extend(settings);
            }
            _ => self.uncompared += 1,
        }
    }

    /// How many were not compared.
    pub(super) const fn uncompared(&self) -> usize {
        self.uncompared
    }

    /// A line about those of each kind of `skipped` results, but of those that were made so.
    pub(super) fn lines(&self, skipped: usize, existing: Existing, verbose: bool) -> Vec<String> {
        let mut lines = Vec::new();
        if self.otherwise > 0 {
            let [were, them, their] = match self.otherwise {
                1 => ["was", "it", "its backup"],
                _ => ["were", "them", "their backups"],
            };
            let help = match existing {
                Existing::ReplaceOnce => format!("put {their} back to filter {them} anew"),
                _ => format!("remove {them}, or replace --skip-existing by --overwrite"),
            };
            let names = if verbose {
                String::new()
            } else {
                format!("; -v names {them}")
            };
            lines.push(format!(
                "{} of {skipped} skipped {were} made otherwise ({}): {help}{names}",
                self.otherwise,
                listed(&self.settings),
            ));
        }
        if self.by_others > 0 {
            let (count, versions) = (self.by_others, listed(&self.versions));
            let were = if count == 1 { "was" } else { "were" };
            lines.push(format!(
                "{count} of {skipped} skipped {were} made so by version {versions}"
            ));
        }
        if self.uncompared > 0 && self.uncompared < skipped {
            let count = self.uncompared;
            let [hold, were] = if count == 1 {
                ["holds", "was"]
            } else {
                ["hold", "were"]
            };
            lines.push(format!(
                "{count} of {skipped} skipped {hold} no record and {were} not compared"
            ));
        }
        lines
    }
}

/// The first of them.
fn listed(names: &BTreeSet<String>) -> String {
    let mut list = Vec::from_iter(names.iter().map(String::as_str).take(MAX_NAMED));
    if names.len() > MAX_NAMED {
        list.push("...");
    }
    list.join(", ")
}
