//! Warnings as they are told: lines on standard error, and objects of `--json`.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use stridekern::{Warning, WarningKind, filter::Program};

use super::{advice, messages::Messages};

/// A warning with the option that helps.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// None of what only the program warns of: an option without effect.
    kind: Option<WarningKind>,
    text: String,
}

impl Told {
    /// In a run that follows the way of another program, if it does.
    pub(super) fn new(warning: &Warning, like: Option<Program>) -> Self {
        Self {
            kind: Some(warning.kind()),
            text: advice::warning(warning, like),
        }
    }

    /// That an option has no effect.
    pub(super) const fn unused_option(text: String) -> Self {
        Self { kind: None, text }
    }

    /// Whether it tells of a kernel rather than of a file, so that a run tells of it once.
    const fn is_of_kernel(&self) -> bool {
        use WarningKind::{Clipped, Infinite, Levelled, NotANumber, RoundedWeights, Wrapped};
        matches!(
            self.kind,
            Some(Clipped(_) | Infinite { .. } | Levelled | NotANumber | RoundedWeights | Wrapped)
        )
    }

    /// Its kind, if a run tells of it once, however many pictures it is about.
    pub(super) const fn of_run(&self) -> Option<WarningKind> {
        match self.kind {
            Some(kind @ WarningKind::Transparent) => Some(kind),
            // Of any number.
            Some(WarningKind::Hidden(_)) => Some(WarningKind::Hidden(0)),
            Some(kind) if is_of_coding(kind) => Some(kind),
            _ => None,
        }
    }

    /// The number that it tells, 0 if none.
    pub(super) const fn count(&self) -> u64 {
        match self.kind {
            Some(WarningKind::Hidden(count)) => count,
            _ => 0,
        }
    }

    /// Whether the result may be less than its input.
    const fn is_of_loss(&self) -> bool {
        use WarningKind::{Axes, Record, Transparent};
        match self.kind {
            None | Some(Axes | Record | Transparent) => false,
            Some(kind) => !is_of_coding(kind),
        }
    }

    /// Prints it as one about a file.
    pub(super) fn print(&self, path: &Path, messages: Messages) {
        self.print_as(format_args!("{}", path.display()), messages);
    }

    fn print_as(&self, of: impl fmt::Display, messages: Messages) {
        let line = format_args!("{of}: warning: {}", self.text);
        match self.is_of_loss() {
            true => messages.loss(line),
            false => messages.note(line),
        }
    }
}

/// Whether it tells that the result holds the same values in another way.
const fn is_of_coding(kind: WarningKind) -> bool {
    use WarningKind::{HalfFloats, Inverted, Lossless, Palette, Progressive, Scaled};
    matches!(
        kind,
        HalfFloats | Inverted | Lossless | Palette | Progressive | Scaled
    )
}

/// The warnings, as a JSON field.
pub(super) fn json(warnings: &[Told]) -> Value {
    let objects = warnings.iter().map(|told| {
        let kind = told.kind.map_or("unused_option", WarningKind::name);
        json!({ "kind": kind, "text": told.text })
    });
    json!({ "warnings": objects.collect::<Vec<_>>() })
}

/// Prints the warnings about a file.
pub(super) fn print_all(path: &Path, warnings: &[Told], messages: Messages) {
    warnings.iter().for_each(|told| told.print(path, messages));
}

/// Warnings that tell of kernels, until the end of the run: each is told once, with the number
/// of results.
#[derive(Debug, Default)]
pub(super) struct OfKernels(Vec<OfKernel>);

#[derive(Debug)]
struct OfKernel {
    kernel: String,
    results: usize,
    /// The result of which the largest share of samples does not fit.
    worst: PathBuf,
    share: f64,
    told: Told,
}

impl OfKernels {
    /// Takes the warnings about kernels out of those about a result, in which this share of the
    /// samples does not fit.
    pub(super) fn take(
        &mut self,
        kernel: &str,
        path: &Path,
        share: f64,
        mut warnings: Vec<Told>,
    ) -> Vec<Told> {
        for told in warnings.extract_if(.., |told| told.is_of_kernel()) {
            let known = self.0.iter_mut();
            let mut known = known.filter(|known| known.kernel == kernel);
            match known.find(|known| known.told.kind == told.kind) {
                Some(known) => {
                    known.results += 1;
                    if share > known.share {
                        (known.worst, known.share, known.told) = (path.to_owned(), share, told);
                    }
                }
                None => self.0.push(OfKernel {
                    kernel: kernel.to_owned(),
                    results: 1,
                    worst: path.to_owned(),
                    share,
                    told,
                }),
            }
        }
        warnings
    }

    /// Prints them.
    pub(super) fn print(&self, messages: Messages) {
        for of_kernel in &self.0 {
            let OfKernel {
                kernel,
                results,
                worst,
                told,
                ..
            } = of_kernel;
            match results {
                1 => told.print(worst, messages),
                _ => told.print_as(
                    format_args!(
                        "{results} results of {kernel}, most of all {}",
                        worst.display()
                    ),
                    messages,
                ),
            }
        }
    }
}
