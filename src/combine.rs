//! `Combine`: how the responses of several kernels are combined.

use std::{fmt, str::FromStr};

use crate::unknown_name::{NameOf, UnknownName};

/// How the responses of several kernels are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Combine {
    /// The square root of the sum of squares.
    Magnitude,
    /// The largest response.
    Max,
    /// The sum of the responses.
    Sum,
    /// The angle `atan2(y, x)` of two kernels, x first: 0 to the right, a
    /// quarter turn downward. A full turn is full scale; with [`Map::Float`](crate::Map::Float) the
    /// angle is in radians, above -π up to π.
    Direction,
}

impl Combine {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::Magnitude, Self::Max, Self::Sum, Self::Direction];

    /// The rule's name in kernel files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Magnitude => "magnitude",
            Self::Max => "max",
            Self::Sum => "sum",
            Self::Direction => "direction",
        }
    }

    /// The names of all rules, for messages.
    pub(crate) fn choices() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Combine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Combine {
    type Err = UnknownName;

    /// The rule of that [`name`](Self::name).
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|combine| combine.name() == name)
            .ok_or_else(|| UnknownName::new(NameOf::Combine, name, Self::choices()))
    }
}
