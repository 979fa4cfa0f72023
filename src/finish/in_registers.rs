//! A finish of a few operations, which engines do while sums are in registers.

use super::{Clipped, Finish, scale::FinalScale, word_finish::WordFinish};
use crate::{image::Depth, kernel::EXACT, map::Map, number::LaneKind};

/// What is done to sums while they are in registers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum RegisterFinish {
    /// Of 16-bit integers.
    Words(WordFinish),
    /// Of floats.
    Scale(ScaleFinish),
}

impl RegisterFinish {
    /// That of 16-bit integers.
    pub(crate) const fn words(&self) -> Option<&WordFinish> {
        match self {
            Self::Words(words) => Some(words),
            Self::Scale(_) => None,
        }
    }

    /// That of floats.
    pub(crate) const fn scale(&self) -> Option<&ScaleFinish> {
        match self {
            Self::Words(_) => None,
            Self::Scale(scale) => Some(scale),
        }
    }

    /// Whether it counts the sums that are clipped.
    pub(crate) const fn counts(&self) -> bool {
        match self {
            Self::Words(words) => words.counts(),
            Self::Scale(_) => false,
        }
    }

    /// The same without a count.
    pub(crate) const fn uncounted(self) -> Self {
        match self {
            Self::Words(words) => Self::Words(words.uncounted()),
            Self::Scale(_) => self,
        }
    }

    /// What so many sums below the range of samples and above it are.
    pub(crate) fn clipped(&self, sums: [u64; 2]) -> Clipped {
        match self {
            Self::Words(words) => words.clipped(sums),
            Self::Scale(_) => Clipped::default(),
        }
    }
}

/// `sample = (sum + add) * factor`, rounded and saturated if it is an integer; first to a multiple of
/// a small power of two, where that makes ties exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScaleFinish {
    pub(crate) add: f64,
    pub(crate) factor: f64,
    /// Added to a product, and subtracted again, it makes a tie of what is one but for its rounding:
    /// see [`snap`]. 0 where the factor is exact, or no quotient is a tie.
    pub(crate) snap: f64,
    /// What is within this of a tie must be told, of integers.
    pub(crate) tolerance: f64,
    /// Sums of floats that are infinite times this, or NaN, must be told: they may be computed
    /// again in f64.
    pub(crate) headroom: f64,
    /// The type of the samples.
    pub(crate) to: Depth,
}

/// Numbers of this size and more do not become integers in 32 bits.
const MAX_INTEGER: f64 = (1_u64 << 30) as f64;

impl Finish {
    /// This finish of sums in `lane`, if it is that simple and computes in the lane. Where rows have
    /// alpha, it counts nothing.
    pub(crate) fn in_registers(&self, lane: LaneKind, has_alpha: bool) -> Option<RegisterFinish> {
        match lane {
            LaneKind::I16 => self.of_words(has_alpha).map(RegisterFinish::Words),
            _ => self.scale_in_registers(lane).map(RegisterFinish::Scale),
        }
    }

    fn scale_in_registers(&self, lane: LaneKind) -> Option<ScaleFinish> {
        let [term] = &*self.affine else {
            return None;
        };
        let is_plain = self.combine.is_none()
            && self.rule.is_none()
            && term.scale == 1.0
            && (term.bias == 0.0 || self.is_integer())
            && self.map != Map::Abs
            && !self.needs_range()
            && self.in_f64 == (lane == LaneKind::F64);
        if !is_plain {
            return None;
        }
        let (factor, snap) = match self.factor {
            Some(factor) => (factor, 0.0),
            None => self.snapped_factor(lane)?,
        };
        let add = self.final_scale.add + term.bias;
        let headroom = match lane {
            LaneKind::I16 => return None,
            LaneKind::F32 => {
                let [low, high] = self.accurate_range();
                if self.from.is_float() && low != 0.0 {
                    return None;
                }
                f64::from(f32::MAX) / f64::from(high)
            }
            LaneKind::F64 => 1.0,
        };
        let fits =
            self.to.is_float() || (term.max_abs_sum() + add.abs()) * factor.abs() < MAX_INTEGER;
        fits.then(|| ScaleFinish {
            add,
            factor,
            snap,
            tolerance: self.tolerance().unwrap_or(0.0),
            headroom,
            to: self.to,
        })
    }

    /// A rounded factor of integers that gives the same samples as dividing, with what is added to
    /// products: see [`snap`].
    fn snapped_factor(&self, lane: LaneKind) -> Option<(f64, f64)> {
        let FinalScale { mul, div, .. } = self.final_scale;
        if self.to.is_float() || !self.is_integer() || self.max_abs_dividend() >= EXACT {
            return None;
        }
        let snap = snap(lane, self.max_abs_dividend(), div)?;
        Some((mul / div, snap))
    }
}

/// Whether `sum / divisor` of integer sums up to `largest` is exactly rounded in this lane as
/// `sum * (1 / divisor)`.
pub(crate) fn multiplies_in(lane: LaneKind, largest: f64, divisor: f64) -> bool {
    let divisor = divisor.abs();
    let is_power_of_two = divisor.log2().fract() == 0.0;
    let is_odd_and_small = divisor % 2.0 == 1.0 && largest < 2_f64.powi(22);
    match lane {
        LaneKind::I16 => false,
        LaneKind::F32 if largest >= 2_f64.powi(23) => false,
        _ => is_power_of_two || is_odd_and_small || snap(lane, largest, divisor).is_some(),
    }
}

/// A number that is added to products of integers up to `dividend` with `1 / div`, and subtracted
/// again, so that they are rounded to multiples of a power of two. Ties are such multiples: a
/// product that is one but for its rounding errors becomes one, and no other does, since a quotient
/// that is no tie is at least `1 / 2 div` from any, and `1 / div` if `div` is even. `None` where the
/// errors are too large for that.
fn snap(lane: LaneKind, dividend: f64, div: f64) -> Option<f64> {
    let unit = lane.unit_roundoff();
    let quotient = dividend / div.abs();
    // The factor and the product are rounded.
    let error = 3.0 * unit * quotient;
    let distance = match div % 2.0 == 0.0 {
        true => 1.0 / div.abs(),
        false => 0.5 / div.abs(),
    };
    // With it, all products lie between two powers of two, where numbers have this spacing.
    let half = (1.5 * quotient + 1.5).log2().ceil().exp2();
    let spacing = 4.0 * half * unit;
    let is_exact = spacing <= 0.5 && error < spacing / 2.0 && error + spacing / 2.0 < distance;
    is_exact.then_some(3.0 * half)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every quotient of small divisors, and all near to a tie of large ones.
    #[test]
    fn snapped_products_round_as_quotients_do() {
        let mut snapped = 0;
        for div in (1..=100).chain([961, 1022, 3969, 3970, 4680, 9000, 9362]) {
            let largest = 255 * i64::from(div) + 300;
            let Some(snap) = snap(LaneKind::F32, largest as f64, f64::from(div)) else {
                panic!("{div} is small");
            };
            snapped += 1;
            let (factor, snap) = ((1.0 / f64::from(div)) as f32, snap as f32);
            for dividend in -largest..=largest {
                let near = (2 * dividend).rem_euclid(i64::from(div));
                if div > 100 && near > 3 && near < i64::from(div) - 3 {
                    continue;
                }
                let expected = exact(dividend, i64::from(div));
                let n = dividend as f32;
                for product in [n * factor + snap, n.mul_add(factor, snap)] {
                    let made = (product - snap).round_ties_even() as i64;
                    assert_eq!(made, expected, "{dividend} / {div}");
                }
            }
        }
        assert_eq!(snapped, 107);
        for div in [9500, 66_049, 16_000_000, 90_000] {
            assert_eq!(
                snap(LaneKind::F32, 255.0 * f64::from(div), f64::from(div)),
                None
            );
            let snap = snap(LaneKind::F64, 65535.0 * f64::from(div), f64::from(div)).unwrap();
            let factor = 1.0 / f64::from(div);
            for quotient in [0, 1, 2, 3, 254, 255, 256, 65_533, 65_534] {
                for off in [-1, 0, 1] {
                    let dividend = quotient * i64::from(div) + i64::from(div) / 2 + off;
                    let product = dividend as f64 * factor + snap;
                    let made = (product - snap).round_ties_even() as i64;
                    assert_eq!(made, exact(dividend, i64::from(div)), "{dividend} / {div}");
                }
            }
        }
    }

    /// Rounded to nearest, ties to even.
    fn exact(dividend: i64, div: i64) -> i64 {
        let (down, rest) = (dividend.div_euclid(div), dividend.rem_euclid(div));
        match (2 * rest).cmp(&div) {
            std::cmp::Ordering::Less => down,
            std::cmp::Ordering::Greater => down + 1,
            std::cmp::Ordering::Equal => down + down.rem_euclid(2),
        }
    }
}
