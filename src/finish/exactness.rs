//! Whether finishing in `f32` gives the same samples as exact arithmetic.

use super::{
    Finish,
    scale::{Affine, FinalScale},
};
use crate::{
    combine::Combine,
    image::Depth,
    kernel::{EXACT, Kernel},
};

impl Finish {
    /// Whether numerators, their squares and the final quotient are small enough
    /// for `f32` to give the same samples as exact arithmetic.
    ///
    /// For integers a, b with |a| < 2^23 the quotient a / b, rounded to f32,
    /// falls on a tie only if it is one: ties are f32 values, rounding is
    /// monotone, and a / b differs from a tie by 1 / 2b, which is more than
    /// half a step of f32. For s < 2^20 the same holds of sqrt(s) / b, which
    /// is rounded twice; a larger s does not matter if the sample saturates.
    pub(super) fn fits_f32(&self) -> bool {
        let narrow = matches!(self.to, Depth::U8 | Depth::U16 | Depth::I16 | Depth::F32);
        if self.needs_range() || self.combine.is_some_and(Combine::is_direction) || !narrow {
            return false;
        }
        let FinalScale { add, mul, div } = self.final_scale;
        let mut largest = self.affine.iter().map(Affine::max_abs_numerator);
        if self.from.is_float() || !self.of_integers {
            // A constant much larger than the sums would add a rounding error
            // larger than their tolerance, and extreme ones overflow or
            // underflow in f32.
            let plain = add == 0.0 && self.affine.iter().all(|term| term.bias == 0.0);
            let moderate = |n: f64| (2_f64.powi(-40)..2_f64.powi(40)).contains(&n.abs());
            let constants = [mul, div]
                .into_iter()
                .chain(self.affine.iter().map(|t| t.scale));
            return plain && constants.into_iter().all(moderate) && largest.all(moderate);
        }
        if !self.is_integer() || div >= 2_f64.powi(24) {
            return false;
        }
        if self.combine == Some(Combine::Magnitude) {
            let squares: f64 = largest.map(|n| n * n).sum();
            let saturated = (self.to.full_scale() * div).powi(2);
            // A float result shows both roundings, of the root and the quotient.
            let rounded = match self.to {
                to if to.is_float() => div == 1.0,
                _ => squares.min(saturated) < 2_f64.powi(20),
            };
            return rounded && add == 0.0 && mul == 1.0 && squares < 2_f64.powi(24);
        }
        self.max_abs_dividend() < 2_f64.powi(23)
    }

    /// Whether the numerators and the constants of the final scale are integers.
    pub(super) fn is_integer(&self) -> bool {
        let FinalScale { add, mul, div } = self.final_scale;
        let constants = [add, mul, div].into_iter();
        !self.from.is_float()
            && self.of_integers
            && !self.has_rounded_scale
            && (constants.chain(self.affine.iter().flat_map(|t| [t.bias, t.scale])))
                .all(|c| c.fract() == 0.0)
    }

    /// The largest absolute value of the dividend `(numerator + add) * mul`.
    pub(super) fn max_abs_dividend(&self) -> f64 {
        let largest = self.affine.iter().map(Affine::max_abs_numerator);
        let is_sum = matches!(
            self.combine,
            Some(Combine::Sum | Combine::Mean | Combine::AbsSum)
        );
        let largest = if is_sum {
            largest.sum()
        } else {
            largest.fold(0.0, f64::max)
        };
        (largest + self.final_scale.add.abs()) * self.final_scale.mul
    }

    /// Whether multiplying by the rounded `mul / div` in `f32` gives the same
    /// samples as dividing.
    ///
    /// An integer a over an odd b is never a tie and differs from one by at least
    /// 1 / 2b. Rounding the factor and the product adds an error below
    /// a / b / 2^23, which is smaller than 1 / 2b for |a| < 2^22.
    pub(super) fn may_multiply_in_f32(&self) -> bool {
        !self.to.is_float()
            && self.is_integer()
            && !matches!(self.combine, Some(Combine::Magnitude | Combine::ArgMax))
            && self.final_scale.div % 2.0 == 1.0
            && self.max_abs_dividend() < 2_f64.powi(22)
    }

    /// Whether the numerators of integer kernels on integer samples are exact:
    /// not if several divisors have no common multiple below 2^53.
    pub(crate) fn is_exact(&self, kernels: &[Kernel]) -> bool {
        let integers = !self.from.is_float()
            && kernels
                .iter()
                .all(|k| k.is_integer() && k.divisor().fract() == 0.0);
        // Samples of 64 bits are bounded when they are read: by `sample_limit`.
        let small = |t: &Affine| self.from.is_64_bit_integer() || t.max_abs_numerator() < EXACT;
        let exact = |t: &Affine| t.scale.fract() == 0.0 && small(t);
        !integers || kernels.len() == 1 || self.affine.iter().all(exact)
    }

    /// The largest absolute sample for which sums and numerators stay below 2^53, where the
    /// type of the samples holds larger ones.
    pub(crate) fn sample_limit(&self, kernels: &[Kernel]) -> Option<f64> {
        if !self.from.is_64_bit_integer() {
            return None;
        }
        let terms = kernels.iter().zip(&*self.affine);
        let gains = terms.map(|(kernel, term)| kernel.abs_sum() * term.scale.abs().max(1.0));
        let gain = match self.combine {
            Some(Combine::Sum | Combine::Mean | Combine::AbsSum) => gains.sum(),
            _ => gains.fold(0.0, f64::max),
        };
        Some(((EXACT - 1.0) / f64::max(gain, 1.0)).floor())
    }
}
