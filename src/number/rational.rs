//! Numbers as they are: any finite float is an integer over a power of two.

use num_rational::BigRational;

/// A finite number as it is.
pub(crate) fn rational(number: f64) -> BigRational {
    BigRational::from_float(number).unwrap_or_default()
}
