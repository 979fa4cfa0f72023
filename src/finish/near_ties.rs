//! The tolerance of a finish: which samples its rounding errors bring near to a tie.

use super::{
    Finish,
    scale::{Affine, FinalScale, rounds_exactly},
    tolerance::Tolerance,
};
use crate::{combine::Combine, kernel::Kernel, number::LaneKind};

/// Dividends below this are integers in f64 whose quotients round as the exact ones do; see
/// [`Finish::fits_f32`].
const EXACT_DIVIDEND: f64 = (1_u64 << 52) as f64;

/// The same of sums of squares.
const EXACT_SQUARES: f64 = (1_u64 << 49) as f64;

impl Finish {
    /// The tolerance, if it matters: where samples round exactly, and neither sums nor the
    /// finish do so by themselves. The errors of the sums are bounded by `sum_errors`.
    pub(super) fn find_tolerance(
        &self,
        kernels: &[Kernel],
        sum_errors: &[f64],
    ) -> Option<Tolerance> {
        if !rounds_exactly(self.map, self.combine, [self.from, self.to])
            || self.is_exact_by_itself(kernels, sum_errors)
        {
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
