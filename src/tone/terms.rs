//! The constants of a tone: what turns a sum into a numerator, and a numerator
//! into a sample.

use crate::{
    image::Depth,
    kernel::{EXACT, Kernel, greatest_common_divisor},
    map::Map,
    number::{Lane, Real},
};

/// Of one kernel of the bank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Term {
    /// The smallest and the largest sum that the weights and samples allow.
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) bias: f64,
    pub(super) scale: f64,
}

impl Term {
    pub(super) fn new(kernel: &Kernel, from: Depth, common_divisor: f64) -> Self {
        let full_scale = from.full_scale();
        let [low, high] = kernel.sum_range(full_scale);
        Self {
            low,
            high,
            bias: kernel.bias() * full_scale * kernel.divisor(),
            scale: common_divisor / kernel.divisor(),
        }
    }

    /// The largest absolute numerator.
    pub(super) fn largest(&self) -> f64 {
        (self.low.abs().max(self.high) + self.bias.abs()) * self.scale.abs()
    }

    /// Whether a numerator is its sum.
    pub(super) fn is_plain(&self) -> bool {
        self.bias == 0.0 && self.scale == 1.0
    }

    #[inline(always)]
    pub(super) fn fold<T: Lane, F: Real>(
        &self,
        sums: &[T],
        out: &mut [F],
        with: impl Fn(F, F) -> F,
    ) {
        let (low, bias, scale) = (
            self.low as i32,
            F::from_f64(self.bias),
            F::from_f64(self.scale),
        );
        for (out, &sum) in out.iter_mut().zip(sums) {
            *out = with(*out, sum.to_real::<F>(low).add(bias).mul(scale));
        }
    }
}

/// The last step: `(numerator + add) * mul / div`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Last {
    pub(super) add: f64,
    pub(super) mul: f64,
    pub(super) div: f64,
}

impl Last {
    /// For the maps that do not depend on the image.
    pub(super) fn of(map: Map, divisor: f64, from: Depth, to: Depth) -> Self {
        let (mul, div) = match (map, from, to) {
            (Map::Float, ..) => (1.0, 1.0),
            _ if from == to => (1.0, 1.0),
            (_, Depth::U8, Depth::U16) => (257.0, 1.0),
            (_, Depth::U16, Depth::U8) => (1.0, 257.0),
            _ => (to.full_scale(), from.full_scale()),
        };
        let middle = match from {
            Depth::U8 => 128.0,
            Depth::U16 => 32768.0,
            Depth::F32 => 0.5,
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

    /// `mul / div` where multiplying by it is the same: a power of two.
    pub(super) fn power_of_two(self) -> Option<f64> {
        let factor = self.mul / self.div;
        let exact = factor.is_normal() && factor.to_bits().trailing_zeros() >= 52;
        (exact && factor * self.div == self.mul).then_some(factor)
    }
}

/// A positive number that every divisor of the bank divides, if there is an
/// exact one: their least common multiple where they are integers, else 1.
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
