//! Numbers as they are: any finite float is an integer over a power of two.

use num_bigint::{BigInt, Sign};
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

/// The nearest float, or one of the two nearest.
pub(crate) fn to_f64(number: &BigRational) -> f64 {
    // A quotient of at least 64 bits, rounded down.
    let shift = 64 + number.denom().bits() as i64 - number.numer().bits() as i64;
    let magnitude = number.numer().magnitude();
    let quotient = match shift >= 0 {
        true => (magnitude << shift) / number.denom().magnitude(),
        false => (magnitude >> -shift) / number.denom().magnitude(),
    };
    let quotient = u128::try_from(quotient).unwrap_or(u128::MAX) as f64;
    let exponent = i32::try_from(-shift).unwrap_or(i32::MAX);
    let value = libm::ldexp(quotient, exponent);
    match number.numer().sign() {
        Sign::Minus => -value,
        _ => value,
    }
}

/// The bits behind the point of a root.
pub(crate) const ROOT_BITS: usize = 256;

/// The square root, rounded down to a multiple of 2^-256.
pub(crate) fn root(square: &BigRational) -> BigRational {
    BigRational::new(fixed_root(square), BigInt::from(1) << ROOT_BITS)
}

/// The square root times 2^256, rounded down.
pub(crate) fn fixed_root(square: &BigRational) -> BigInt {
    let scaled: BigInt = square.numer() << (2 * ROOT_BITS);
    (scaled / square.denom()).sqrt()
}
