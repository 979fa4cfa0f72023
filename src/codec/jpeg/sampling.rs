//! Chroma sampling.

use std::fmt;

use libjpeg_turbo_rs::Subsampling;

use super::markers::Extent;

/// How finely a JPEG samples its colours: pixels of luma for each sample of chroma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Sampling {
    /// 4:4:4: one.
    #[default]
    S444,
    /// 4:2:2: two in a row.
    S422,
    /// 4:2:0: two by two.
    S420,
    /// 4:4:0: two in a column.
    S440,
    /// 4:1:1: four in a row.
    S411,
}

impl Sampling {
    const ALL: [Self; 5] = [Self::S444, Self::S422, Self::S420, Self::S440, Self::S411];

    /// Columns and rows of luma for each sample of chroma.
    pub(super) const fn factors(self) -> [usize; 2] {
        match self {
            Self::S444 => [1, 1],
            Self::S422 => [2, 1],
            Self::S420 => [2, 2],
            Self::S440 => [1, 2],
            Self::S411 => [4, 1],
        }
    }

    /// That of a file; 4:4:4 if it is none of these.
    pub(super) fn of(extent: &Extent) -> Self {
        let is_it = |sampling: &Self| sampling.factors() == extent.factors;
        match extent.components {
            // The factors of a single component have no meaning.
            1 => Self::S444,
            _ => Self::ALL.into_iter().find(is_it).unwrap_or_default(),
        }
    }

    pub(super) const fn for_encoder(self) -> Subsampling {
        match self {
            Self::S444 => Subsampling::S444,
            Self::S422 => Subsampling::S422,
            Self::S420 => Subsampling::S420,
            Self::S440 => Subsampling::S440,
            Self::S411 => Subsampling::S411,
        }
    }
}

/// `4:2:0`.
impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::S444 => "4:4:4",
            Self::S422 => "4:2:2",
            Self::S420 => "4:2:0",
            Self::S440 => "4:4:0",
            Self::S411 => "4:1:1",
        })
    }
}
