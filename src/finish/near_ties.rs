//! The tolerance of a finish: which samples its rounding errors bring near to a tie.

use super::{
    Finish,
    scale::{Affine, FinalScale, rounds_exactly},
    tolerance::Tolerance,
};
use crate::{combine::Combine, number::LaneKind};

/// Dividends below this are integers in f64 whose quotients round as the exact ones do; see
/// [`Finish::fits_f32`].
const EXACT_DIVIDEND: f64 = (1_u64 << 52) as f64;

/// The same of sums of squares.
const EXACT_SQUARES: f64 = (1_u64 << 49) as f64;

impl Finish {
    /// The tolerance, if it matters: where samples round exactly, and neither sums nor the
    /// finish do so by themselves. Maps that depend on extrema have none until these are known.
    pub(super) fn find_tolerance(&self) -> Option<Tolerance> {
        let waits = self.needs_range() && !self.has_extrema;
        if waits || !rounds_exactly(self.combine, [self.from, self.to]) || self.is_exact_by_itself()
        {
            return None;
        }
        let FinalScale { add, mul, div } = self.final_scale;
        let Tolerance {
            of_samples,
            of_constants,
        } = self.numerator_error();
        // Rounded up: this is computed in f64, and converted to f32.
        let scale = (mul / div) * (1.0 + 1e-6);
        let of_program = self.rule.map_or(0.0, |rule| rule.error);
        Some(Tolerance {
            of_samples: of_samples * scale + of_program,
            of_constants: (of_constants + self.rounding_error() * add.abs()) * scale,
        })
    }

    /// A bound of the error of a numerator.
    pub(super) fn numerator_error(&self) -> Tolerance {
        let [sums, biases] = [Affine::max_abs_sum, Affine::abs_bias]
            .map(|of| self.affine.iter().map(of).sum::<f64>());
        Tolerance {
            of_samples: self.sum_error + self.rounding_error() * sums,
            of_constants: self.rounding_error() * biases,
        }
    }

    /// The largest relative error of a finish.
    fn rounding_error(&self) -> f64 {
        self.roundings() as f64 * self.real().unit_roundoff()
    }

    /// What these errors of the sums of every kernel bring into a numerator.
    pub(super) fn join_errors(&self, sum_errors: &[f64]) -> f64 {
        let errors = self.affine.iter().zip(sum_errors);
        errors.map(|(term, error)| term.scale.abs() * error).sum()
    }

    /// Whether the extrema of computed numerators are not good enough: their errors would be
    /// spread over the range of the result.
    pub(crate) fn needs_exact_extrema(&self) -> bool {
        if !self.needs_range()
            || self.from.is_float()
            || self.combine.is_some_and(Combine::is_direction)
        {
            return false;
        }
        if self.sum_error > 0.0 {
            return true;
        }
        let [lowest, highest] = self.to.range();
        let is_exact = self.is_integer()
            && self.combine != Some(Combine::Magnitude)
            && 2.0 * self.max_abs_dividend() * (highest - lowest) < EXACT_DIVIDEND;
        !self.to.is_float() && !is_exact
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
        // Two constants that are extrema, or have a factor that is rounded; the conversion of a sum, which f32 may have to round,
        // and the addition of the tolerance.
        let constants = 2 * changes(!self.needs_range()) + 5 * changes(!self.has_rounded_scale);
        2 + kernels + magnitude + constants + changes(add == 0.0) + 2 * changes(mul == div)
    }

    /// The type in which it computes.
    const fn real(&self) -> LaneKind {
        match self.in_f64 {
            true => LaneKind::F64,
            false => LaneKind::F32,
        }
    }

    /// Whether numerators are in the order of the responses, and only equal ones have equal
    /// numerators: integers are exact, and so are the roots of squares that are small enough.
    pub(super) fn has_exact_numerators(&self) -> bool {
        let largest = || self.affine.iter().map(Affine::max_abs_numerator);
        // Sums of 64-bit samples are bounded when these are read, but not what is added.
        let of_64_bits = self.from.is_64_bit_integer();
        let is_small = match self.combine {
            Some(Combine::Magnitude) => largest().map(|n| n * n).sum::<f64>() < EXACT_SQUARES,
            _ if of_64_bits => self.affine.iter().all(|term| term.bias == 0.0),
            _ => largest().sum::<f64>() < EXACT_DIVIDEND,
        };
        self.is_integer() && self.sum_error == 0.0 && is_small
    }

    /// Whether no rounding changes a sample: all numbers are integers, small enough.
    fn is_exact_by_itself(&self) -> bool {
        // The values between which a shifted one is rounded are no floats.
        let of_program = (self.rule).is_some_and(|rule| rule.error > 0.0 || rule.shift().is_some());
        if !self.is_integer() || self.sum_error > 0.0 || of_program {
            return false;
        }
        // In f32, that was a condition.
        if !self.in_f64 || self.integer.is_some() {
            return true;
        }
        if self.combine == Some(Combine::Magnitude) {
            let FinalScale { add, mul, .. } = self.final_scale;
            return add == 0.0 && mul == 1.0 && self.has_exact_numerators();
        }
        if self.combine == Some(Combine::ArgMax) {
            // Equal responses have equal numerators.
            return self.has_exact_numerators();
        }
        self.max_abs_dividend() < EXACT_DIVIDEND
    }
}
