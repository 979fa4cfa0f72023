//! The constants of a finish: the affine map from sum to numerator for each kernel,
//! and the final scale from numerator to sample.

use crate::{
    combine::{Combination, Combine, CombineScale},
    image::Depth,
    kernel::{EXACT, Kernel, greatest_common_divisor},
    map::Map,
    number::{Lane, Real},
};

/// The affine map of one kernel: `numerator = (sum + bias) * scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Affine {
    /// The smallest and the largest sum that the weights and samples allow.
    pub(super) min_sum: f64,
    pub(super) max_sum: f64,
    pub(super) bias: f64,
    pub(super) scale: f64,
}

impl Affine {
    pub(super) fn new(kernel: &Kernel, from: Depth, common_divisor: f64) -> Self {
        let [min_sum, max_sum] = kernel.sums_of_samples(from.range());
        Self {
            min_sum,
            max_sum,
            bias: kernel.bias_in_samples(from) * kernel.divisor(),
            scale: common_divisor / kernel.divisor(),
        }
    }

    /// The largest absolute numerator.
    pub(super) fn max_abs_numerator(&self) -> f64 {
        self.max_abs_sum() + self.abs_bias()
    }

    /// What sums have in it.
    pub(super) fn max_abs_sum(&self) -> f64 {
        self.min_sum.abs().max(self.max_sum.abs()) * self.scale.abs()
    }

    /// What the bias has in it.
    pub(super) fn abs_bias(&self) -> f64 {
        (self.bias * self.scale).abs()
    }

    /// Whether every numerator equals its sum.
    pub(super) fn is_identity(&self) -> bool {
        self.bias == 0.0 && self.scale == 1.0
    }

    /// Combines the numerators of `sums` with those in `out`.
    #[inline(always)]
    pub(super) fn fold<T: Lane, F: Real>(
        &self,
        sums: &[T],
        out: &mut [F],
        with: impl Fn(F, F) -> F,
    ) {
        let (low, bias, scale) = (
            self.min_sum as i32,
            F::from_f64(self.bias),
            F::from_f64(self.scale),
        );
        for (out, &sum) in out.iter_mut().zip(sums) {
            *out = with(*out, sum.to_real::<F>(low).add(bias).mul(scale));
        }
    }
}

/// The final scale: `sample = (numerator + add) * mul / div`, before rounding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FinalScale {
    pub(super) add: f64,
    pub(super) mul: f64,
    pub(super) div: f64,
}

impl FinalScale {
    /// For the maps that do not depend on the image. Samples are `scaled` from full scale to
    /// full scale only between the types of pictures.
    pub(super) fn new(map: Map, divisor: f64, [from, to]: [Depth; 2], scaled: bool) -> Self {
        let scaled = scaled && from.is_picture() && to.is_picture();
        let (mul, div) = match (map, from, to) {
            (Map::Float, ..) => (1.0, 1.0),
            _ if from == to || !scaled => (1.0, 1.0),
            (_, Depth::U8, Depth::U16) => (257.0, 1.0),
            (_, Depth::U16, Depth::U8) => (1.0, 257.0),
            _ => (to.full_scale(), from.full_scale()),
        };
        let middle = match if scaled { from } else { to } {
            _ if to.is_signed() => 0.0,
            float if float.is_float() => 0.5,
            integer => (integer.full_scale() + 1.0) / 2.0,
        };
        Self {
            add: if map == Map::Offset {
                middle * divisor
            } else {
                0.0
            },
            mul,
            div: divisor * div,
        }
    }

    /// The same with numerators multiplied by this factor first, and whether its numbers are
    /// exact.
    pub(super) fn times(self, factor: CombineScale) -> (Self, bool) {
        let Self { add, mul, div } = self;
        if factor == CombineScale::ONE {
            return (self, true);
        }
        let [numerator, denominator] = factor.terms().map(|term| term as f64);
        let [above, below] = match factor.is_root() {
            // A power of two at most, so that one of them is all that is rounded.
            true => [1.0, 1.0 / factor.value()],
            false => [numerator, denominator],
        };
        let scale = Self {
            add: add * below / above,
            mul: mul * above,
            div: div * below,
        };
        let is_whole = |number: f64| number.fract() == 0.0 && number.abs() < EXACT;
        let is_exact = !factor.is_root()
            && [mul, div, scale.mul, scale.div, scale.add, add * below]
                .into_iter()
                .all(is_whole);
        (scale, is_exact)
    }

    /// `mul / div` if it is a power of two: multiplying by it is then exact.
    pub(super) fn exact_factor(self) -> Option<f64> {
        let factor = self.mul / self.div;
        let exact = factor.is_normal() && factor.to_bits().trailing_zeros() >= 52;
        (exact && factor * self.div == self.mul).then_some(factor)
    }
}

/// Whether samples are the exact responses, mapped and rounded once: integers from integers.
pub(crate) fn rounds_exactly(combine: Option<Combine>, depths: [Depth; 2]) -> bool {
    !depths.iter().any(|depth| depth.is_float()) && !combine.is_some_and(Combine::is_direction)
}

/// Samples of the result in a response of 1 of `kernels`, for the maps that do not depend on the
/// image.
pub(crate) fn scale(
    map: Map,
    combination: Combination,
    kernels: usize,
    depths: [Depth; 2],
    scaled: bool,
) -> f64 {
    let scaled = scaled && !combination.rule.is_some_and(Combine::has_own_unit);
    let FinalScale { mul, div, .. } = FinalScale::new(map, 1.0, depths, scaled);
    mul / div * combination.factor(map.spans_range(), kernels).value()
}

/// The common denominator of the bank's responses: the divisor if all are the
/// same, the least common multiple of integer divisors if it is exact in f64,
/// else 1. For example, 12 for 4 and 6.
pub(super) fn common_divisor(kernels: &[Kernel]) -> f64 {
    let divisors = || kernels.iter().map(|k| k.divisor().abs());
    let first = kernels.first().map_or(1.0, |k| k.divisor().abs());
    if divisors().all(|d| d == first) {
        return first;
    }
    let multiple = divisors().try_fold(1.0_f64, |multiple, d| {
        let gcd = greatest_common_divisor(multiple as u64, d as u64) as f64;
        let next = multiple / gcd * d;
        (d.fract() == 0.0 && next < EXACT).then_some(next)
    });
    multiple.unwrap_or(1.0)
}
