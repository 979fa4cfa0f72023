//! Samples that rounding errors bring near to a tie: which they are, and how they are rounded
//! exactly.
//!
//! Where the error of a value is at most e, the sample is certain if value - e and value + e
//! round to the same one. All others are summed again, more accurately, and in the end in
//! rational numbers: see [`ExactFinish`].

use num_bigint::{BigInt, Sign};
use num_integer::Integer as _;
use num_rational::BigRational;

use super::{
    Finish,
    finish::BLOCK,
    scale::{Affine, FinalScale},
};
use crate::{
    combine::Combine,
    image::Depth,
    kernel::Kernel,
    map::Map,
    number::{LaneKind, Output, Real, decimal, rational},
};

/// A bound of the error of a value before it is rounded, in samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tolerance {
    /// What is proportional to the samples, for the largest of their type.
    of_samples: f64,
    /// What bias and offset add.
    of_constants: f64,
}

impl Tolerance {
    pub(super) fn total(self) -> f64 {
        self.of_samples + self.of_constants
    }
}

/// Dividends below this are integers in f64 whose quotients round as the exact ones do; see
/// [`Finish::fits_f32`].
const EXACT_DIVIDEND: f64 = (1_u64 << 52) as f64;

/// The same of sums of squares.
const EXACT_SQUARES: f64 = (1_u64 << 49) as f64;

impl Finish {
    /// Whether the samples are integers that are the exact responses, rounded once.
    fn rounds_exactly(&self) -> bool {
        !self.from.is_float()
            && !self.to.is_float()
            && !self.needs_range()
            && self.combine != Some(Combine::Direction)
    }

    /// The tolerance, if it matters: where samples round exactly, and neither sums nor the
    /// finish do so by themselves. The errors of the sums are bounded by `sum_errors`.
    pub(super) fn find_tolerance(
        &self,
        kernels: &[Kernel],
        sum_errors: &[f64],
    ) -> Option<Tolerance> {
        if !self.rounds_exactly() || self.is_exact_by_itself(kernels, sum_errors) {
            return None;
        }
        let FinalScale { add, mul, div } = self.final_scale;
        let errors = self.affine.iter().zip(sum_errors);
        let errors: f64 = errors.map(|(term, error)| term.scale.abs() * error).sum();
        let [sums, biases] = [Affine::max_abs_sum, Affine::abs_bias]
            .map(|of| self.affine.iter().map(of).sum::<f64>());
        let finishing = self.roundings() as f64 * self.real().unit_roundoff();
        // Rounded up: this is computed in f64, and converted to f32.
        let scale = (mul / div) * (1.0 + 1e-6);
        Some(Tolerance {
            of_samples: (errors + finishing * sums) * scale,
            of_constants: finishing * (biases + add.abs()) * scale,
        })
    }

    /// The same finish of sums of samples whose absolute values are at most `largest`.
    pub(crate) fn of_samples_up_to(&self, largest: f64) -> Self {
        let share = largest / self.from.largest();
        let mut finish = self.clone();
        if let Some(tolerance) = &mut finish.tolerance {
            tolerance.of_samples *= share;
        }
        finish
    }

    /// The most roundings on the way from sums to a value.
    fn roundings(&self) -> usize {
        let FinalScale { add, mul, div } = self.final_scale;
        let changes = |identity: bool| usize::from(!identity);
        let magnitude = usize::from(self.combine == Some(Combine::Magnitude));
        let kernel = |term: &Affine| {
            // The bias itself, which f64 may not hold, and its addition; scale, square, and the
            // addition to the others.
            2 * changes(term.bias == 0.0) + changes(term.scale == 1.0) + magnitude + 1
        };
        let kernels = self.affine.iter().map(kernel).sum::<usize>() - 1;
        // The conversion of a sum, which f32 may have to round, and the addition of the
        // tolerance.
        2 + kernels + magnitude + changes(add == 0.0) + 2 * changes(mul == div)
    }

    /// The type in which it computes.
    const fn real(&self) -> LaneKind {
        match self.in_f64 {
            true => LaneKind::F64,
            false => LaneKind::F32,
        }
    }

    /// Whether no rounding changes a sample: all numbers are integers, small enough.
    fn is_exact_by_itself(&self, kernels: &[Kernel], sum_errors: &[f64]) -> bool {
        if !self.is_integer(kernels) || sum_errors.iter().any(|&error| error > 0.0) {
            return false;
        }
        // In f32, that was a condition.
        if !self.in_f64 || self.integer.is_some() {
            return true;
        }
        if self.combine == Some(Combine::Magnitude) {
            let FinalScale { add, mul, .. } = self.final_scale;
            let squares = self.affine.iter().map(|t| t.max_abs_numerator().powi(2));
            return add == 0.0 && mul == 1.0 && squares.sum::<f64>() < EXACT_SQUARES;
        }
        self.max_abs_dividend() < EXACT_DIVIDEND
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
    // Eight at a time: few are.
    for (at, eight) in (first..).step_by(8).zip(is_near.as_chunks::<8>().0) {
        let mut bits = u64::from_le_bytes(*eight);
        while bits != 0 {
            near_ties.push(at as u32 + bits.trailing_zeros() / 8);
            bits &= bits - 1;
        }
    }
}

/// A bound of the error of a sum in f64, tap by tap, of samples of this depth: each product
/// rounds its weight, if that is a decimal, itself, and the sums that it is added to.
pub(super) fn f64_sum_error(kernel: &Kernel, depth: Depth) -> f64 {
    if kernel.is_integer() {
        return 0.0;
    }
    let roundings = (kernel.as_slice().len() + 2) as f64;
    roundings * LaneKind::F64.unit_roundoff() * kernel.abs_sum() * depth.largest()
}

/// The bits of the constants of a [`SmallFinish`]: sums that they leave no room for are
/// finished in rational numbers.
const MAX_SMALL_BITS: u64 = 126;

/// The finish in rational numbers.
#[derive(Debug)]
pub(crate) struct ExactFinish {
    /// The divisor of every kernel.
    divisors: Vec<BigRational>,
    /// The bias of every kernel, in samples.
    biases: Vec<BigRational>,
    combine: Option<Combine>,
    abs: bool,
    /// Added to the mapped response.
    add: BigRational,
    /// The ratio of the full scales of result and image.
    rescale: BigRational,
    /// The smallest and the largest sample.
    range: [BigInt; 2],
    /// The same of one kernel in `i128`, if that holds all of it.
    small: Option<SmallFinish>,
}

/// The finish of an integer sum s: the sample is `(|s * a + b| + c) / d` halves, where the
/// absolute value is taken if the map does.
#[derive(Debug, Clone, Copy)]
struct SmallFinish {
    factor: i128,
    bias: i128,
    add: i128,
    divisor: i128,
    abs: bool,
    range: [i128; 2],
}

impl ExactFinish {
    /// The exact finish of `kernels`, whose decimals are integers over a larger divisor. The
    /// sums of the first are over `denominator`.
    pub(crate) fn new(finish: &Finish, kernels: &[Kernel], denominator: &BigInt) -> Self {
        let FinalScale { add, mul, div } =
            FinalScale::new(finish.map, 1.0, [finish.from, finish.to], finish.scaled);
        let mut exact = Self {
            divisors: kernels.iter().map(|k| rational(k.divisor())).collect(),
            biases: (kernels.iter())
                .map(|k| bias_in_samples(k, finish.from))
                .collect(),
            combine: finish.combine,
            abs: finish.map == Map::Abs,
            add: rational(add),
            rescale: rational(mul) / rational(div),
            range: finish.to.ends().map(BigInt::from),
            small: None,
        };
        exact.small = exact.small(denominator);
        exact
    }

    fn small(&self, denominator: &BigInt) -> Option<SmallFinish> {
        let ([divisor], [bias]) = (&*self.divisors, &*self.biases) else {
            return None;
        };
        if self.combine == Some(Combine::Magnitude) {
            return None;
        }
        // Halves: 2 (|s / (denominator divisor) + bias| + add) rescale, over one divisor.
        let halves = &self.rescale * rational(2.0);
        let sum = &halves / divisor / BigRational::from_integer(denominator.clone());
        let terms = [sum, bias * &halves, &self.add * &halves];
        let common = (terms.iter()).fold(BigInt::from(1), |lcm, t| lcm.lcm(t.denom()));
        let mut integers = terms.iter().map(|t| {
            let integer = t.numer() * (&common / t.denom());
            (integer.bits() <= MAX_SMALL_BITS).then(|| i128::try_from(integer).ok())?
        });
        Some(SmallFinish {
            factor: integers.next()??,
            bias: integers.next()??,
            add: integers.next()??,
            divisor: i128::try_from(&common).ok()?,
            abs: self.abs,
            range: {
                let [low, high] = self.range.each_ref().map(i128::try_from);
                [low.ok()?, high.ok()?]
            },
        })
    }

    /// The sample of an integer sum of the only kernel, or `None` if `i128` does not hold it.
    pub(crate) fn sample_of_small(&self, sum: i128) -> Option<i128> {
        let small = self.small?;
        let response = sum.checked_mul(small.factor)?.checked_add(small.bias)?;
        let response = if small.abs {
            response.checked_abs()?
        } else {
            response
        };
        let halves = response.checked_add(small.add)?;
        let (whole, rest) = (
            halves.div_euclid(small.divisor),
            halves.rem_euclid(small.divisor),
        );
        let half_up = whole & 1 == 1 && (rest != 0 || (whole >> 1) & 1 == 1);
        let sample = (whole >> 1) + i128::from(half_up);
        Some(sample.clamp(small.range[0], small.range[1]))
    }

    /// The sample of these sums, one of every kernel: an integer.
    pub(crate) fn sample(&self, sums: impl Iterator<Item = BigRational>) -> i128 {
        let terms = self.divisors.iter().zip(&self.biases);
        let responses = sums
            .zip(terms)
            .map(|(sum, (divisor, bias))| sum / divisor + bias);
        let response = match self.combine {
            None | Some(Combine::Sum) => responses.sum::<BigRational>(),
            Some(Combine::Max) => responses.reduce(BigRational::max).unwrap_or_default(),
            Some(Combine::Magnitude) => {
                let squares: BigRational = responses.map(|r| &r * &r).sum();
                return self.magnitude(&squares);
            }
            Some(Combine::Direction) => unreachable!("a direction is not rounded exactly"),
        };
        let response = match self.abs && response.numer().sign() == Sign::Minus {
            true => -response,
            false => response,
        };
        let twice = (response + &self.add) * &self.rescale * rational(2.0);
        let halves = twice.floor().to_integer();
        let is_tie = twice.is_integer();
        self.saturated(rounded(halves, is_tie))
    }

    /// The sample of the root of these squares: `(root + add) * rescale`, rounded.
    fn magnitude(&self, squares: &BigRational) -> i128 {
        let twice = &self.rescale * rational(2.0);
        let squares = squares * &twice * &twice;
        let add = &self.add * &twice;
        // The root rounded down plus `add` rounded down is the sum rounded down, or 1 below it.
        let mut halves = squares.floor().to_integer().sqrt() + add.floor().to_integer();
        let square_to = |halves: &BigInt| {
            let root = BigRational::from_integer(halves.clone()) - &add;
            &root * &root
        };
        let above = &halves + BigInt::from(1);
        if square_to(&above) <= squares {
            halves = above;
        }
        let is_tie = square_to(&halves) == squares;
        self.saturated(rounded(halves, is_tie))
    }

    fn saturated(&self, sample: BigInt) -> i128 {
        let [low, high] = self.range.clone();
        i128::try_from(sample.clamp(low, high)).unwrap_or_default()
    }
}

/// The bias of a kernel on integer samples, in samples: a whole number, halves up. Of 64 bits
/// it may have more digits than f64.
fn bias_in_samples(kernel: &Kernel, depth: Depth) -> BigRational {
    if !depth.is_64_bit_integer() {
        return rational(kernel.bias_in_samples(depth));
    }
    let [_, white] = depth.ends();
    let bias = decimal(kernel.bias()) * BigRational::from_integer(white.into());
    (bias + decimal(kernel.offset()) + rational(0.5)).floor()
}

/// A number of halves, rounded down to a whole one, to the nearest integer. If `is_tie`, it was
/// not rounded down: ties go to even.
fn rounded(halves: BigInt, is_tie: bool) -> BigInt {
    let whole: BigInt = &halves >> 1;
    let above_half = halves.bit(0);
    let up = above_half && (!is_tie || whole.bit(0));
    whole + BigInt::from(u8::from(up))
}
