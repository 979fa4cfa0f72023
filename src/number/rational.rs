//! Numbers as they are: any finite float is an integer over a power of two.

use num_rational::BigRational;

/// A finite number as it was written, if that had up to six digits behind the point, else as it
/// is.
pub(crate) fn decimal(number: f64) -> BigRational {
    const POWER: f64 = 1e6;
    let digits = (number * POWER).round();
    // Division is correctly rounded: only those digits give the number.
    match digits / POWER == number {
        true => rational(digits) / rational(POWER),
        false => rational(number),
    }
}

/// A finite number as it is.
pub(crate) fn rational(number: f64) -> BigRational {
    BigRational::from_float(number).unwrap_or_default()
}
