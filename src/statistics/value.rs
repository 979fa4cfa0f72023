//! `Value`: a sample, or an edge between samples, of any type.

use std::{cmp::Ordering, fmt};

/// A sample of any type: an exact integer, or a float.
///
/// Both variants never occur in the statistics of one image.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Of an integer or boolean image.
    Integer(i128),
    /// Of a float image; never NaN, and 0 without a sign.
    Float(f64),
}

impl Value {
    /// A float, without the sign of 0.
    pub(super) fn float(value: f64) -> Self {
        Self::Float(value + 0.0)
    }

    /// The nearest 64-bit float.
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(value), Self::Integer(other)) => Some(value.cmp(other)),
            _ => self.to_f64().partial_cmp(&other.to_f64()),
        }
    }
}

/// As few digits as tell it from its neighbours.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => fmt::Display::fmt(value, f),
            Self::Float(value) => fmt::Display::fmt(value, f),
        }
    }
}
