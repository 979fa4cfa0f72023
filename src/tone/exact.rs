//! Which arithmetic gives the samples that exact arithmetic gives.

use super::{
    Tone,
    terms::{Last, Term},
};
use crate::{
    combine::Combine,
    image::Depth,
    kernel::{EXACT, Kernel},
};

impl Tone {
    /// Whether numerators, squares and the last quotient are so small that
    /// `f32` gives the samples that exact arithmetic gives.
    ///
    /// For integers a, b with |a| < 2^23 the quotient a / b, rounded to f32,
    /// falls on a tie only if it is one: ties are f32 values, rounding is
    /// monotone, and a / b differs from a tie by 1 / 2b, which is more than
    /// half a step of f32. For s < 2^20 the same holds of sqrt(s) / b, which
    /// is rounded twice; larger s are of no account if they saturate.
    pub(super) fn fits_f32(&self, kernels: &[Kernel]) -> bool {
        if self.needs_range() || self.combine == Some(Combine::Direction) {
            return false;
        }
        let Last { add, mul, div } = self.last;
        let mut largest = self.terms.iter().map(Term::largest);
        if self.from == Depth::F32 || !kernels.iter().all(Kernel::is_integer) {
            // A constant that is large beside the sums would be rounded by
            // more than they may be, and f32 has no room for extremes.
            let plain = add == 0.0 && self.terms.iter().all(|term| term.bias == 0.0);
            let moderate = |n: f64| (2_f64.powi(-40)..2_f64.powi(40)).contains(&n.abs());
            let constants = [mul, div]
                .into_iter()
                .chain(self.terms.iter().map(|t| t.scale));
            return plain && constants.into_iter().all(moderate) && largest.all(moderate);
        }
        if !self.is_integer(kernels) || div >= 2_f64.powi(24) {
            return false;
        }
        if self.combine == Some(Combine::Magnitude) {
            let squares: f64 = largest.map(|n| n * n).sum();
            let saturated = (self.to.full_scale() * div).powi(2);
            // A float result shows both roundings, of the root and the quotient.
            let rounded = match self.to {
                Depth::F32 => div == 1.0,
                _ => squares.min(saturated) < 2_f64.powi(20),
            };
            return rounded && add == 0.0 && mul == 1.0 && squares < 2_f64.powi(24);
        }
        self.largest_dividend() < 2_f64.powi(23)
    }

    /// Whether the numerators, and the constants of the last step, are integers.
    fn is_integer(&self, kernels: &[Kernel]) -> bool {
        let Last { add, mul, div } = self.last;
        let constants = [add, mul, div].into_iter();
        self.from != Depth::F32
            && kernels.iter().all(Kernel::is_integer)
            && (constants.chain(self.terms.iter().flat_map(|t| [t.bias, t.scale])))
                .all(|c| c.fract() == 0.0)
    }

    /// The largest absolute number that the last step divides.
    fn largest_dividend(&self) -> f64 {
        let largest = self.terms.iter().map(Term::largest);
        let largest = if self.combine == Some(Combine::Sum) {
            largest.sum()
        } else {
            largest.fold(0.0, f64::max)
        };
        (largest + self.last.add.abs()) * self.last.mul
    }

    /// Whether multiplying by the rounded `mul / div` in `f32` gives the same
    /// samples as dividing.
    ///
    /// An integer a over an odd b is never a tie and differs from one by 1 / 2b
    /// or more. Factor and product are both rounded, by less than a / b / 2^23
    /// together, which is less than that for |a| < 2^22.
    pub(super) fn rounds_products(&self, kernels: &[Kernel]) -> bool {
        self.to != Depth::F32
            && self.is_integer(kernels)
            && matches!(self.combine, None | Some(Combine::Sum | Combine::Max))
            && self.last.div % 2.0 == 1.0
            && self.largest_dividend() < 2_f64.powi(22)
    }

    /// Whether the numerators of integer kernels on integer samples are exact:
    /// not if several divisors have no common multiple below 2^53.
    pub(crate) fn is_exact(&self, kernels: &[Kernel]) -> bool {
        let promised = self.from != Depth::F32
            && kernels
                .iter()
                .all(|k| k.is_integer() && k.divisor().fract() == 0.0);
        let exact = |t: &Term| t.scale.fract() == 0.0 && t.largest() < EXACT;
        !promised || kernels.len() == 1 || self.terms.iter().all(exact)
    }
}
