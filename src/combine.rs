//! `Combine`: how the responses of several kernels are combined.

mod scale;

use std::{fmt, str::FromStr};

pub use scale::CombineScale;

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
    /// The sum of the responses over their number.
    Mean,
    /// The sum of the absolute responses.
    AbsSum,
    /// The largest absolute response.
    AbsMax,
    /// The position of the largest response, from 0: the first of several. With the
    /// [rotations](crate::Kernel::rotations) of a kernel it tells the direction of an edge.
    ArgMax,
    /// The angle `atan2(y, x)` of two kernels, x first: 0 to the right, a
    /// quarter turn downward. A full turn is full scale; with [`Map::Float`](crate::Map::Float) the
    /// angle is in radians, above -π up to π.
    Direction,
    /// The same angle in degrees, from 0 up to 360.
    DirectionDegrees,
    /// The same angle in radians, from 0 up to 2 π.
    DirectionRadians,
}

impl Combine {
    /// Every rule.
    pub const ALL: [Self; 10] = [
        Self::Magnitude,
        Self::Max,
        Self::Sum,
        Self::Mean,
        Self::AbsSum,
        Self::AbsMax,
        Self::ArgMax,
        Self::Direction,
        Self::DirectionDegrees,
        Self::DirectionRadians,
    ];

    /// The rule's name in kernel files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Magnitude => "magnitude",
            Self::Max => "max",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::AbsSum => "abs_sum",
            Self::AbsMax => "abs_max",
            Self::ArgMax => "argmax",
            Self::Direction => "direction",
            Self::DirectionDegrees => "direction_degrees",
            Self::DirectionRadians => "direction_radians",
        }
    }

    /// Whether it gives the angle of a gradient, of two kernels.
    pub const fn is_direction(self) -> bool {
        matches!(
            self,
            Self::Direction | Self::DirectionDegrees | Self::DirectionRadians
        )
    }

    /// Whether it gives numbers of its own, an index or an angle, which have no full scale:
    /// they are not scaled with the type of the samples.
    pub(crate) const fn has_own_unit(self) -> bool {
        matches!(
            self,
            Self::ArgMax | Self::DirectionDegrees | Self::DirectionRadians
        )
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

/// A rule, if there are several kernels, and the factor of what it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Combination {
    pub(crate) rule: Option<Combine>,
    pub(crate) scale: CombineScale,
}

impl From<Option<Combine>> for Combination {
    fn from(rule: Option<Combine>) -> Self {
        Self {
            rule,
            scale: CombineScale::ONE,
        }
    }
}

impl Combination {
    /// What a combined response of `kernels` is multiplied by before it is mapped, as long as it
    /// is a sum for a mean. Maps that span the range of the image undo any factor.
    pub(crate) fn factor(self, spans_range: bool, kernels: usize) -> CombineScale {
        match self.rule {
            _ if spans_range => CombineScale::ONE,
            Some(Combine::Mean) => self.scale.over(kernels as u64),
            _ => self.scale,
        }
    }
}
