//! `Map`: how responses, the filtered values, become samples.

use std::{fmt, str::FromStr};

use crate::unknown_name::{NameOf, UnknownName};

/// How responses, the filtered values before rounding, become samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Map {
    /// Unchanged, saturated to the range of the sample type.
    #[default]
    Clamp,
    /// Absolute values.
    Abs,
    /// Zero becomes mid-gray: 128 of 255, 32768 of 65535, 0.5 of 1.0 is added.
    Offset,
    /// The image's smallest response becomes 0, its largest full scale.
    Stretch,
    /// Zero becomes half of full scale, and plus or minus the largest absolute response of
    /// the image become full scale and 0.
    Symmetric,
    /// The responses themselves as 32-bit floats, in units of the input's samples.
    Float,
}

impl Map {
    /// Every map.
    pub const ALL: [Self; 6] = [
        Self::Clamp,
        Self::Abs,
        Self::Offset,
        Self::Stretch,
        Self::Symmetric,
        Self::Float,
    ];

    /// Whether the range of the responses becomes that of the samples.
    pub(crate) const fn spans_range(self) -> bool {
        matches!(self, Self::Stretch | Self::Symmetric)
    }

    /// The map's name in kernel files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clamp => "clamp",
            Self::Abs => "abs",
            Self::Offset => "offset",
            Self::Stretch => "stretch",
            Self::Symmetric => "symmetric",
            Self::Float => "float",
        }
    }
}

impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Map {
    type Err = UnknownName;

    /// The map of that [`name`](Self::name).
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|map| map.name() == name)
            .ok_or_else(|| {
                UnknownName::new(NameOf::Map, name, Self::ALL.map(Self::name).join(", "))
            })
    }
}
