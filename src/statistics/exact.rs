//! Mean and deviation from exact sums, each rounded once.

use num_bigint::BigInt;

/// Exact sums of integers, each less an `offset`.
#[derive(Debug, Clone)]
pub(super) struct ExactSums {
    pub(super) count: u64,
    pub(super) sum: BigInt,
    pub(super) squares: BigInt,
    pub(super) offset: i128,
}

impl ExactSums {
    /// Mean and population standard deviation, the nearest floats; of at least one number.
    pub(super) fn mean_and_deviation(&self) -> [f64; 2] {
        let count = BigInt::from(self.count);
        let sum = &self.sum + &count * self.offset;
        // Whatever was taken off, the variance is the same.
        let variance = &self.squares * &count - &self.sum * &self.sum;
        [
            nearest_ratio(&sum, &count),
            nearest_root(&variance, &(&count * &count)),
        ]
    }
}

/// The least bits of a number that is rounded to `f64`, which has 53.
const BITS: u64 = 70;

/// The most bits of it, of which the lowest stands for all that were cut off.
const MAX_BITS: u64 = 120;

/// The float nearest to `numerator / denominator`, which is neither tiny nor huge.
fn nearest_ratio(numerator: &BigInt, denominator: &BigInt) -> f64 {
    let shift = (BITS + denominator.bits()).saturating_sub(numerator.bits());
    let shifted: BigInt = numerator.magnitude().clone().into();
    let shifted = shifted << shift;
    let quotient = &shifted / denominator;
    let is_exact = &quotient * denominator == shifted;
    let size = nearest(&quotient, is_exact, shift);
    if numerator.sign() == num_bigint::Sign::Minus {
        -size
    } else {
        size
    }
}

/// The float nearest to the root of `numerator / denominator`, which are not negative.
fn nearest_root(numerator: &BigInt, denominator: &BigInt) -> f64 {
    let shift = (BITS + denominator.bits()).saturating_sub(numerator.bits() / 2);
    let shifted = numerator << (2 * shift);
    let quotient = &shifted / denominator;
    let root = quotient.sqrt();
    let is_exact = &root * &root * denominator == shifted;
    nearest(&root, is_exact, shift)
}

/// The float nearest to `integer / 2^shift`, or to a little more if it is not exact.
fn nearest(integer: &BigInt, is_exact: bool, shift: u64) -> f64 {
    let extra = integer.bits().saturating_sub(MAX_BITS);
    let kept: BigInt = integer >> extra;
    let is_exact = is_exact && (&kept << extra) == *integer;
    let kept = u128::try_from(kept).unwrap_or(u128::MAX) | u128::from(!is_exact);
    libm::ldexp(kept as f64, extra as i32 - shift as i32)
}
