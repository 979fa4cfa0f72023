//! `KernelBank`: one kernel or several, and how their responses are combined.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{Kernel, KernelError};
use crate::{combine::Combine, map::Map, orientation::Orientation};

/// One or several kernels with their name, description, labels, and rules.
///
/// The kernels may differ in size and anchor. A bank of several kernels has a
/// [`Combine`], a bank of one has none.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelBank {
    name: String,
    description: String,
    kernels: Vec<Kernel>,
    /// One for each kernel; empty for a kernel without a name.
    labels: Vec<String>,
    combine: Option<Combine>,
    map: Option<Map>,
    source: KernelSource,
}

/// Where a bank comes from. Its `Display` is `built in`, `from ./my.toml` or `made in code`.
///
/// All are equal: where a bank comes from changes nothing that it computes.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum KernelSource {
    /// One of the [built-in](KernelBank::builtin) kernels.
    BuiltIn,
    /// A kernel file.
    File(PathBuf),
    /// Weights in the caller's code, or text that the caller has.
    #[default]
    Code,
}

impl PartialEq for KernelSource {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Display for KernelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            // So that a file in the working directory does not look like a name.
            Self::File(path) if path.parent() == Some(Path::new("")) => {
                write!(f, "from ./{}", path.display())
            }
            Self::File(path) => write!(f, "from {}", path.display()),
            Self::Code => f.write_str("made in code"),
        }
    }
}

impl KernelBank {
    /// A bank of `kernels`, combined by `combine` if there are several.
    ///
    /// # Errors
    ///
    /// If there are no kernels, several without a rule that combines them, a
    /// rule with one kernel, or [`Combine::Direction`] with other than two.
    pub fn new(
        name: impl Into<String>,
        kernels: Vec<Kernel>,
        combine: Option<Combine>,
    ) -> Result<Self, KernelError> {
        match (kernels.len(), combine) {
            (0, _) => return Err(KernelError::NoKernels),
            (1, Some(combine)) => return Err(KernelError::CombineAlone { combine }),
            (1, None) => {}
            (kernels, None) => return Err(KernelError::CombineMissing { kernels }),
            (2, Some(Combine::Direction)) => {}
            (kernels, Some(Combine::Direction)) => return Err(KernelError::Direction { kernels }),
            (_, Some(_)) => {}
        }
        Ok(Self {
            name: name.into(),
            description: String::new(),
            labels: vec![String::new(); kernels.len()],
            kernels,
            combine,
            map: None,
            source: KernelSource::Code,
        })
    }

    /// A bank of one kernel.
    pub fn from_kernel(name: impl Into<String>, kernel: Kernel) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            kernels: vec![kernel],
            labels: vec![String::new()],
            combine: None,
            map: None,
            source: KernelSource::Code,
        }
    }

    /// The same bank from another source.
    #[must_use]
    pub(super) fn with_source(mut self, source: KernelSource) -> Self {
        self.source = source;
        self
    }

    /// The same bank under another name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same bank with another description.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// The same bank with another map, or without one.
    #[must_use]
    pub fn with_map(mut self, map: impl Into<Option<Map>>) -> Self {
        self.map = map.into();
        self
    }

    /// The same bank with a label on each kernel; missing labels are empty,
    /// surplus ones are dropped.
    #[must_use]
    pub fn with_labels(mut self, labels: impl IntoIterator<Item = String>) -> Self {
        self.labels = labels.into_iter().take(self.kernels.len()).collect();
        self.labels.resize(self.kernels.len(), String::new());
        self
    }

    /// The name; a bank from a file has the file's stem, such as `sobel`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One sentence about what the bank does; may be empty.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The kernels, at least one.
    pub fn kernels(&self) -> &[Kernel] {
        &self.kernels
    }

    /// The label of each kernel, in the order of [`kernels`](Self::kernels);
    /// empty for a kernel without a name.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The rule that combines the responses; none if there is one kernel.
    pub const fn combine(&self) -> Option<Combine> {
        self.combine
    }

    /// How responses are mapped to samples, if the file sets it.
    pub const fn map(&self) -> Option<Map> {
        self.map
    }

    /// Where it comes from.
    pub const fn source(&self) -> &KernelSource {
        &self.source
    }

    /// The maximum number of rows and of columns over all kernels.
    pub fn size(&self) -> [usize; 2] {
        let max = |size: fn(&Kernel) -> usize| self.kernels.iter().map(size).max().unwrap_or(0);
        [max(Kernel::rows), max(Kernel::columns)]
    }

    /// The bank with every kernel [`convolving`](Kernel::convolving).
    #[must_use]
    pub fn convolving(&self) -> Self {
        Self {
            kernels: self.kernels.iter().map(Kernel::convolving).collect(),
            ..self.clone()
        }
    }

    /// The bank with every kernel [`transposed`](Kernel::transposed).
    #[must_use]
    pub fn transposed(&self) -> Self {
        self.turned(Orientation::Transpose)
    }

    /// The bank with every kernel [`turned`](Kernel::turned).
    #[must_use]
    pub fn turned(&self, orientation: Orientation) -> Self {
        let turned = |kernel: &Kernel| kernel.turned(orientation);
        Self {
            kernels: self.kernels.iter().map(turned).collect(),
            ..self.clone()
        }
    }

    /// A summary of the bank, for listings.
    pub fn summary(&self) -> Summary {
        let gain = self.kernels.first().map(Kernel::gain);
        let same = self
            .kernels
            .iter()
            .all(|kernel| Some(kernel.gain()) == gain);
        let [rows, columns] = self.size();
        Summary {
            name: self.name.clone(),
            description: self.description.clone(),
            kernels: self.kernels.len(),
            rows,
            columns,
            sum: gain.filter(|_| same),
            separable: self.kernels.iter().all(Kernel::is_separable),
            combine: self.combine.map(Combine::name),
        }
    }
}

/// A bank of one kernel, named `kernel`; see [`from_kernel`](KernelBank::from_kernel) for
/// another name.
///
/// # Examples
///
/// ```
/// use stridekern::{Filter, Image, Kernel, Samples};
///
/// let kernel = Kernel::new(1, 2, vec![1.0, 3.0])?;
/// let image = Image::new(1, 3, 1, Samples::U8(vec![1, 2, 3].into()))?;
/// let filtered = Filter::new(kernel).apply(&image)?;
/// assert_eq!(filtered.samples(), &Samples::U8(vec![7, 11].into()));
/// # Ok::<(), stridekern::Error>(())
/// ```
impl From<Kernel> for KernelBank {
    fn from(kernel: Kernel) -> Self {
        Self::from_kernel("kernel", kernel)
    }
}

/// A summary of a bank: one row of a listing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// The bank's name.
    pub name: String,
    /// What the bank computes.
    pub description: String,
    /// The number of kernels.
    pub kernels: usize,
    /// The maximum number of rows over all kernels.
    pub rows: usize,
    /// The maximum number of columns over all kernels.
    pub columns: usize,
    /// The [gain](Kernel::gain), if all kernels have the same.
    pub sum: Option<f64>,
    /// Whether every kernel is separable.
    pub separable: bool,
    /// The name of the rule that combines several kernels.
    pub combine: Option<&'static str>,
}

#[cfg(test)]
mod tests;
