//! What becomes of metadata in a result.

use std::fmt;

use super::{Part, PartKind};
use crate::{codec::PageNumbers, warning::LeftOut};

/// What becomes of a part of an input's metadata in a result.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// The result has it, byte for byte or with the same meaning.
    Kept,
    /// The result has it, changed to be true of the result: what was changed.
    Changed(String),
    /// The result is without it, since it would not be true of the result: why.
    Outdated(String),
    /// The result is without it, as the [policy](MetadataPolicy) asks.
    Dropped,
    /// The result lacks it: why.
    Lost(String),
}

/// Which metadata of an input a result gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MetadataPolicy {
    /// All that its format has a place for and that are true of it.
    #[default]
    Keep,
    /// Only those that tell how samples are to be understood, as
    /// [`Metadata::without_descriptions`](crate::codec::Metadata::without_descriptions) has them.
    Drop,
}

impl Fate {
    /// `kept`, `changed`, `outdated`, `dropped` or `lost`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Changed(_) => "changed",
            Self::Outdated(_) => "outdated",
            Self::Dropped => "dropped",
            Self::Lost(_) => "lost",
        }
    }

    /// What was changed, or why it is missing.
    pub fn note(&self) -> Option<&str> {
        match self {
            Self::Kept | Self::Dropped => None,
            Self::Changed(note) | Self::Outdated(note) | Self::Lost(note) => Some(note),
        }
    }
}

/// A part of an input's metadata, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartFate {
    /// What kind of thing it is.
    pub kind: PartKind,
    /// Its name in messages: `EXIF data`.
    pub name: String,
    /// Its bytes, 0 if it is part of something else.
    pub bytes: usize,
    /// What becomes of it.
    pub fate: Fate,
    /// The pages that carry it, if they are not all that are read. It is told of the first of them.
    pub pages: Option<PageNumbers>,
}

/// `EXIF data, 512 bytes: kept`, `comment of page 2: kept`.
impl fmt::Display for PartFate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(pages) = &self.pages {
            write!(f, " of {pages}")?;
        }
        match self.bytes {
            0 => {}
            1 => f.write_str(", 1 byte")?,
            bytes => write!(f, ", {bytes} bytes")?,
        }
        write!(f, ": {}", self.fate.name())?;
        match self.fate.note() {
            Some(note) => write!(f, " ({note})"),
            None => Ok(()),
        }
    }
}

impl PartFate {
    pub(super) fn new(kind: PartKind, name: impl Into<String>, bytes: usize, fate: Fate) -> Self {
        let name = name.into();
        Self {
            kind,
            name,
            bytes,
            fate,
            pages: None,
        }
    }

    pub(super) fn of(part: &Part, fate: Fate) -> Self {
        Self::new(part.kind(), part.to_string(), part.bytes(), fate)
    }
}

/// The names of the parts that are lost, with the number of those of one name.
pub(crate) fn lost_names(fates: &[PartFate]) -> Vec<String> {
    let lost = fates
        .iter()
        .filter(|part| matches!(part.fate, Fate::Lost(_)));
    counted(lost.map(|part| part.name.as_str()))
}

/// The parts that are lost, by reason.
pub(super) fn lost_parts(fates: &[PartFate]) -> LeftOut {
    let mut lost = LeftOut::default();
    for part in fates {
        if let Fate::Lost(why) = &part.fate {
            lost.add(&part.name, why);
        }
    }
    lost
}

/// Each name once: `comment`, or `3 x comment`.
fn counted<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for name in names {
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    let counts = counts.into_iter().map(|(name, count)| match count {
        1 => name.to_owned(),
        _ => format!("{count} x {name}"),
    });
    counts.collect()
}
