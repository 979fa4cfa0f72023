//! Integer sums to 8-bit samples, in 16-bit integers throughout.

use super::scale::{Affine, FinalScale};
use crate::{
    combine::Combine,
    map::Map,
    number::{Lane, LaneKind},
    simd::{Body, Isa, Simd, Words},
};

/// Samples per block when the sums of several kernels are combined.
const BLOCK: usize = 128;

/// A finish of 8-bit samples where every intermediate value is a 16-bit integer:
/// a vector holds twice as many of them as of f32.
///
/// Sums and numerators are known modulo 2^16. Numerators lie in
/// `-zero_point..2^16 - zero_point`, so adding the zero point makes them `u16`,
/// as in quantized arithmetic. For example, sums in -1020..=1020 have the zero
/// point 1020.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct IntegerFinish {
    combine: Combine,
    abs: bool,
    /// The sum whose numerator is `-zero_point`, modulo 2^16.
    lowest_sum: u16,
    /// The value that represents a numerator of 0.
    zero_point: u16,
    /// Numerators of at least this are white.
    saturation: u16,
    division: RoundedDivision,
}

impl IntegerFinish {
    /// `None` if an intermediate value may not be an integer or may need more than 16 bits.
    pub(super) fn new(
        affine: &[Affine],
        combine: Option<Combine>,
        map: Map,
        final_scale: FinalScale,
    ) -> Option<Self> {
        let combine = combine.unwrap_or(Combine::Sum);
        let alike = |t: &Affine| t.scale == 1.0 && (t.bias == 0.0 || affine.len() == 1);
        let FinalScale { add, mul, div } = final_scale;
        let supported = matches!(map, Map::Clamp | Map::Abs | Map::Offset)
            && matches!(combine, Combine::Sum | Combine::Max);
        if !supported || mul != 1.0 || !affine.iter().all(alike) {
            return None;
        }
        let add = add + affine.first()?.bias;
        let ends = affine.iter().map(|t| [t.min_sum, t.max_sum]);
        let [low, high] = ends.reduce(|a, b| match combine {
            Combine::Max => [a[0].min(b[0]), a[1].max(b[1])],
            _ => [a[0] + b[0], a[1] + b[1]],
        })?;
        let lowest = (low + add).min(0.0);
        let highest = (high + add).max(0.0);
        let span = highest - lowest;
        let integers = [add, low, high, div].iter().all(|n| n.fract() == 0.0);
        if !integers || span >= 65536.0 || !(1.0..65536.0).contains(&div) {
            return None;
        }
        let largest = if map == Map::Abs { span } else { highest };
        let saturation = (255.0 * div).min(largest) as u16;
        Some(Self {
            combine,
            abs: map == Map::Abs,
            lowest_sum: (lowest - add) as i64 as u16,
            zero_point: -lowest as u16,
            saturation,
            division: RoundedDivision::new(div as u16, saturation)?,
        })
    }

    /// Converts one row of sums per kernel to samples.
    pub(super) fn apply<T: Lane>(&self, simd: Simd, sums: &[&[T]], out: &mut [u8]) {
        debug_assert_eq!(T::KIND, LaneKind::I16);
        simd.run(Row {
            finish: self,
            sums,
            out,
        });
    }

    #[inline(always)]
    fn samples(self, sums: &[i16], out: &mut [u8]) {
        // Saturating before rounding gives the same samples: the limits are integers.
        let saturation = self.saturation;
        if self.abs {
            let numerators = sums.iter().map(|&sum| self.absolute(sum).min(saturation));
            self.division.write(numerators, out);
        } else {
            let numerators = sums.iter().map(|&sum| self.clamped(sum).min(saturation));
            self.division.write(numerators, out);
        }
    }

    /// The samples of N vectors of sums, while they are in registers.
    #[inline(always)]
    pub(super) fn words<V: Words, const N: usize>(
        &self,
        v: V,
        constants: &WordConstants<V::Vector>,
        mut words: [V::Vector; N],
    ) -> [V::Vector; N] {
        let c = constants;
        for word in &mut words {
            let biased = v.add(*word, c.minus_lowest);
            let positive = v.saturating_sub(biased, c.zero_point);
            let numerator = match self.abs {
                true => v.or(positive, v.saturating_sub(c.zero_point, biased)),
                false => positive,
            };
            *word = v.min(numerator, c.saturation);
        }
        match self.division {
            RoundedDivision::ByOne => {}
            RoundedDivision::PowerOfTwo { shift } => {
                for word in &mut words {
                    let odd = v.and(v.shift_right(*word, shift), c.one);
                    *word = v.shift_right(v.add(v.add(*word, c.add), odd), shift);
                }
            }
            RoundedDivision::Reciprocal(Reciprocal { shift, .. }) => {
                for word in &mut words {
                    let high = v.high_product(v.add(*word, c.add), c.multiplier);
                    let quotient = v.shift_right(high, shift);
                    let product = v.mul_add(quotient, c.divisor, v.splat(0));
                    let is_tie = v.equal(product, v.add(*word, c.tie));
                    let odd_tie = v.and(is_tie, v.and(quotient, c.one));
                    *word = v.saturating_sub(quotient, odd_tie);
                }
            }
        }
        words
    }

    /// The constants of [`words`](Self::words).
    #[inline(always)]
    pub(super) fn word_constants<V: Words>(&self, v: V) -> WordConstants<V::Vector> {
        let (add, [multiplier, divisor, tie]) = match self.division {
            RoundedDivision::ByOne => (0, [0; 3]),
            RoundedDivision::PowerOfTwo { shift } => ((1 << (shift - 1)) - 1, [0; 3]),
            RoundedDivision::Reciprocal(r) => (r.add, [r.multiplier, r.divisor, r.tie]),
        };
        let splat = |word: u16| v.splat(word as i16);
        WordConstants {
            minus_lowest: splat(self.lowest_sum.wrapping_neg()),
            zero_point: splat(self.zero_point),
            saturation: splat(self.saturation),
            add: splat(add),
            multiplier: splat(multiplier),
            divisor: splat(divisor),
            tie: splat(tie),
            one: splat(1),
        }
    }

    /// The numerator of a sum, plus the zero point.
    #[inline(always)]
    fn biased(self, sum: i16) -> u16 {
        (sum as u16).wrapping_sub(self.lowest_sum)
    }

    #[inline(always)]
    fn clamped(self, sum: i16) -> u16 {
        self.biased(sum).saturating_sub(self.zero_point)
    }

    #[inline(always)]
    fn absolute(self, sum: i16) -> u16 {
        let biased = self.biased(sum);
        biased.saturating_sub(self.zero_point) | self.zero_point.saturating_sub(biased)
    }

    /// Combines the sums of one more kernel with those so far: adds them or takes
    /// the maximum.
    #[inline(always)]
    fn fold(self, all: &mut [i16], sums: &[i16]) {
        for (all, &sum) in all.iter_mut().zip(sums) {
            *all = match self.combine {
                Combine::Max if self.biased(*all) < self.biased(sum) => sum,
                Combine::Max => *all,
                _ => all.wrapping_add(sum),
            };
        }
    }
}

/// The constants of a finish of words, in every lane.
pub(super) struct WordConstants<V> {
    minus_lowest: V,
    zero_point: V,
    saturation: V,
    /// Added before the division.
    add: V,
    multiplier: V,
    divisor: V,
    tie: V,
    one: V,
}

struct Row<'a, T> {
    finish: &'a IntegerFinish,
    sums: &'a [&'a [T]],
    out: &'a mut [u8],
}

impl<T: Lane> Body for Row<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self { finish, sums, out } = self;
        let Some((first, others)) = sums.split_first() else {
            return;
        };
        let first: &[i16] = bytemuck::cast_slice(first);
        if others.is_empty() {
            return finish.samples(first, out);
        }
        let mut all = [0; BLOCK];
        for (x, out) in (0..).step_by(BLOCK).zip(out.chunks_mut(BLOCK)) {
            let columns = x..x + out.len();
            let all = &mut all[..out.len()];
            all.copy_from_slice(&first[columns.clone()]);
            for sums in others {
                finish.fold(all, &bytemuck::cast_slice(sums)[columns.clone()]);
            }
            finish.samples(all, out);
        }
    }
}

/// A division by a constant, rounded to nearest, ties to even.
#[derive(Debug, Clone, Copy, PartialEq)]
enum RoundedDivision {
    ByOne,
    PowerOfTwo { shift: u16 },
    Reciprocal(Reciprocal),
}

impl RoundedDivision {
    /// For numerators up to `largest`, or `None` if 16 bits could overflow.
    fn new(divisor: u16, largest: u16) -> Option<Self> {
        Some(if divisor == 1 {
            Self::ByOne
        } else if divisor.is_power_of_two() {
            largest.checked_add(divisor / 2)?;
            Self::PowerOfTwo {
                shift: divisor.ilog2() as u16,
            }
        } else {
            Self::Reciprocal(Reciprocal::new(divisor, largest)?)
        })
    }

    #[inline(always)]
    fn write(self, numerators: impl Iterator<Item = u16>, out: &mut [u8]) {
        let out = out.iter_mut().zip(numerators);
        match self {
            Self::ByOne => {
                for (out, n) in out {
                    *out = n as u8;
                }
            }
            Self::PowerOfTwo { shift } => {
                // A tie is rounded up if the truncated quotient is odd.
                let below_half = (1 << (shift - 1)) - 1;
                for (out, n) in out {
                    let odd = (n >> shift) & 1;
                    *out = ((n + below_half + odd) >> shift) as u8;
                }
            }
            Self::Reciprocal(reciprocal) => {
                for (out, n) in out {
                    *out = reciprocal.divide(n) as u8;
                }
            }
        }
    }
}

/// Division as multiplication by a fixed-point reciprocal and a shift, for
/// divisors that are not powers of two.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Reciprocal {
    divisor: u16,
    multiplier: u16,
    shift: u16,
    /// Half the divisor, plus one if the multiplier was rounded down.
    add: u16,
    /// `quotient * divisor - numerator` at a tie, where the quotient was rounded up.
    tie: u16,
}

impl Reciprocal {
    /// For numerators up to `largest`.
    ///
    /// Let l be the binary logarithm of the divisor d, rounded down. Then
    /// v / d, rounded down, is v (2^(16 + l) + e) / d / 2^(16 + l), rounded
    /// down, for every v < 2^16 if 0 <= e <= 2^l, and the same with v + 1 for
    /// v if 0 <= -e <= 2^l and v + 1 < 2^16 (Granlund and Montgomery; Robison).
    /// One of the two multiples of d next to 2^(16 + l) is near enough.
    fn new(divisor: u16, largest: u16) -> Option<Self> {
        let shift = divisor.ilog2();
        let power = 1_u32 << 16 << shift;
        let below = (power - 1) / u32::from(divisor);
        let rounded_down = power - below * u32::from(divisor) <= 1 << shift;
        let add = divisor / 2 + u16::from(rounded_down);
        largest.checked_add(add)?;
        Some(Self {
            divisor,
            multiplier: (below + u32::from(!rounded_down)) as u16,
            shift: shift as u16,
            add,
            // An odd divisor has no ties: a difference that never occurs.
            tie: divisor.div_ceil(2),
        })
    }

    #[inline(always)]
    fn divide(self, n: u16) -> u16 {
        let high = (u32::from(n + self.add) * u32::from(self.multiplier)) >> 16;
        let quotient = high as u16 >> self.shift;
        let above = quotient.wrapping_mul(self.divisor).wrapping_sub(n);
        quotient - (u16::from(above == self.tie) & quotient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_of_every_numerator_by_every_divisor_that_may_matter() {
        for divisor in (1..=1030).chain([4096, 10_000, 32_767, 32_768, 43_690, 43_691, 65_535]) {
            let d = u32::from(divisor);
            for largest in [65_535, 65_535 - divisor / 2 - 1] {
                let Some(division) = RoundedDivision::new(divisor, largest) else {
                    assert_eq!(largest, 65_535, "by {divisor}");
                    continue;
                };
                let mut samples = vec![0; usize::from(largest) + 1];
                division.write(0..=largest, &mut samples);
                for (n, sample) in (0..).zip(samples) {
                    let (below, rest) = (n / d, n % d);
                    let up = 2 * rest > d || (2 * rest == d && below % 2 == 1);
                    assert_eq!(sample, (below + u32::from(up)) as u8, "{n} / {divisor}");
                }
            }
        }
    }
}
