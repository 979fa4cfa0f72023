//! Samples near to a tie: where the error of a value is at most e, its sample is certain if
//! value - e and value + e round to the same one. All others are told.

use super::BLOCK;
use crate::{
    filter::Rule,
    image::Depth,
    kernel::Kernel,
    number::{LaneKind, Output, Real},
};

/// A bound of the error of a value before it is rounded, in samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tolerance {
    /// What is proportional to the samples, for the largest of their type.
    pub(super) of_samples: f64,
    /// What bias and offset add.
    pub(super) of_constants: f64,
}

impl Tolerance {
    /// Indices are whole, or halfway between two if they are uncertain.
    pub(super) const OF_INDICES: Self = Self {
        of_samples: 0.0,
        of_constants: 1.0 / 128.0,
    };

    pub(super) fn total(self) -> f64 {
        self.of_samples + self.of_constants
    }
}

/// Rounds a block of values to samples. Adds the positions of those that are within `tolerance`
/// of a tie to `near_ties`; `first` is that of the block. These, and no others, may be wrong.
#[inline(always)]
pub(super) fn round_checked<F: Real, O: Output>(
    values: &[F],
    out: &mut [O],
    tolerance: F,
    first: usize,
    near_ties: &mut Vec<u32>,
) {
    let mut is_near = [0_u8; BLOCK];
    for ((out, is_near), &value) in out.iter_mut().zip(&mut is_near).zip(values) {
        let [low, high] = [value.sub(tolerance), value.add(tolerance)].map(O::from_real);
        *out = high;
        *is_near = u8::from(low != high);
    }
    push_positions(&is_near, first, near_ties);
}

/// As [`round_checked`], by this rule. Without a tolerance all samples are right.
#[inline(always)]
pub(super) fn round_checked_by<O: Output>(
    rule: Rule,
    values: &[f64],
    out: &mut [O],
    tolerance: Option<f64>,
    first: usize,
    near_ties: &mut Vec<u32>,
) {
    let sample = |integer: f64| O::from_integer(rule.fit_f64(integer, O::DEPTH));
    let Some(tolerance) = tolerance else {
        for (out, &value) in out.iter_mut().zip(values) {
            *out = sample(rule.round(value));
        }
        return;
    };
    let mut is_near = [0_u8; BLOCK];
    for ((out, is_near), &value) in out.iter_mut().zip(&mut is_near).zip(values) {
        let [low, high] = [value - tolerance, value + tolerance].map(|value| rule.round(value));
        *out = sample(high);
        *is_near = u8::from(low != high);
    }
    push_positions(&is_near, first, near_ties);
}

/// Adds the positions of the flags of a block that are 1 to `positions`; `first` is that of the
/// block. Few are, so they are looked at by eights.
#[inline(always)]
pub(super) fn push_positions(flags: &[u8; BLOCK], first: usize, positions: &mut Vec<u32>) {
    for (at, eight) in (first..).step_by(8).zip(flags.as_chunks::<8>().0) {
        let mut bits = u64::from_le_bytes(*eight);
        while bits != 0 {
            positions.push(at as u32 + bits.trailing_zeros() / 8);
            bits &= bits - 1;
        }
    }
}

/// A bound of the error of a sum in f64 of samples of this depth: each product rounds its weight,
/// if that is a decimal, itself, and the sums that it is added to. Of one column times one row,
/// the columns are summed first, and their weights are rounded to products.
pub(super) fn f64_sum_error(kernel: &Kernel, depth: Depth) -> f64 {
    let summands = kernel.factor().map(|_| kernel.rows() + kernel.columns());
    sum_error(kernel, depth, |taps| match summands {
        Some(summands) => summands as f64 + 6.0,
        None => taps + 2.0,
    })
}

/// The same of a compensated sum: each product rounds its weight, and the sum is rounded once but
/// for terms of second order.
pub(super) fn compensated_sum_error(kernel: &Kernel, depth: Depth) -> f64 {
    let unit = LaneKind::F64.unit_roundoff();
    sum_error(kernel, depth, |taps| 3.0 + 2.0 * taps * taps * unit)
}

/// That of so many roundings, of a number of taps.
fn sum_error(kernel: &Kernel, depth: Depth, roundings: impl Fn(f64) -> f64) -> f64 {
    if kernel.is_integer() {
        return 0.0;
    }
    // Products of zeros are exact, and so are their sums.
    let roundings = roundings(kernel.taps() as f64);
    roundings * LaneKind::F64.unit_roundoff() * kernel.abs_sum() * depth.largest()
}
