//! Integer sums to bytes, in 16 bits from end to end.

use super::terms::{Last, Term};
use crate::{
    combine::Combine,
    map::Map,
    number::{Lane, LaneKind},
    simd::{Body, Isa, Simd},
};

/// Samples that several kernels are combined for at a time.
const BLOCK: usize = 128;

/// What turns sums of 8-bit samples into 8-bit samples, where every number on
/// the way is an integer of 16 bits: twice as many to a vector as floats.
///
/// Sums come modulo 2^16, and so do numerators, which lie in `-zero..2^16 - zero`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Narrow {
    combine: Combine,
    abs: bool,
    /// The sum whose numerator is `-zero`, modulo 2^16.
    first: u16,
    zero: u16,
    /// The largest numerator that needs to be told from larger ones.
    white: u16,
    quotient: Quotient,
}

impl Narrow {
    /// `None` where a number on the way is no integer or needs more bits.
    pub(super) fn new(
        terms: &[Term],
        combine: Option<Combine>,
        map: Map,
        last: Last,
    ) -> Option<Self> {
        let combine = combine.unwrap_or(Combine::Sum);
        let alike = |t: &Term| t.scale == 1.0 && (t.bias == 0.0 || terms.len() == 1);
        let Last { add, mul, div } = last;
        let known = matches!(map, Map::Clamp | Map::Abs | Map::Offset)
            && matches!(combine, Combine::Sum | Combine::Max);
        if !known || mul != 1.0 || !terms.iter().all(alike) {
            return None;
        }
        let add = add + terms.first()?.bias;
        let ends = terms.iter().map(|t| [t.low, t.high]);
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
        let white = (255.0 * div).min(largest) as u16;
        Some(Self {
            combine,
            abs: map == Map::Abs,
            first: (lowest - add) as i64 as u16,
            zero: -lowest as u16,
            white,
            quotient: Quotient::new(div as u16, white)?,
        })
    }

    /// Turns one row of sums per kernel into samples.
    pub(super) fn finish<T: Lane>(&self, simd: Simd, sums: &[&[T]], out: &mut [u8]) {
        debug_assert_eq!(T::KIND, LaneKind::I16);
        simd.run(Row {
            narrow: self,
            sums,
            out,
        });
    }

    #[inline(always)]
    fn samples(self, sums: &[i16], out: &mut [u8]) {
        // Saturating before rounding is the same, the limits being integers.
        let white = self.white;
        if self.abs {
            let numerators = sums.iter().map(|&sum| self.absolute(sum).min(white));
            self.quotient.write(numerators, out);
        } else {
            let numerators = sums.iter().map(|&sum| self.clamped(sum).min(white));
            self.quotient.write(numerators, out);
        }
    }

    /// How far the sum stands above the first.
    #[inline(always)]
    fn height(self, sum: i16) -> u16 {
        (sum as u16).wrapping_sub(self.first)
    }

    #[inline(always)]
    fn clamped(self, sum: i16) -> u16 {
        self.height(sum).saturating_sub(self.zero)
    }

    #[inline(always)]
    fn absolute(self, sum: i16) -> u16 {
        let height = self.height(sum);
        height.saturating_sub(self.zero) | self.zero.saturating_sub(height)
    }

    /// Adds the sums of one more kernel, or keeps the larger ones.
    #[inline(always)]
    fn fold(self, all: &mut [i16], sums: &[i16]) {
        for (all, &sum) in all.iter_mut().zip(sums) {
            *all = match self.combine {
                Combine::Max if self.height(*all) < self.height(sum) => sum,
                Combine::Max => *all,
                _ => all.wrapping_add(sum),
            };
        }
    }
}

struct Row<'a, T> {
    narrow: &'a Narrow,
    sums: &'a [&'a [T]],
    out: &'a mut [u8],
}

impl<T: Lane> Body for Row<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self { narrow, sums, out } = self;
        let Some((first, others)) = sums.split_first() else {
            return;
        };
        let first: &[i16] = bytemuck::cast_slice(first);
        if others.is_empty() {
            return narrow.samples(first, out);
        }
        let mut all = [0; BLOCK];
        for (x, out) in (0..).step_by(BLOCK).zip(out.chunks_mut(BLOCK)) {
            let columns = x..x + out.len();
            let all = &mut all[..out.len()];
            all.copy_from_slice(&first[columns.clone()]);
            for sums in others {
                narrow.fold(all, &bytemuck::cast_slice(sums)[columns.clone()]);
            }
            narrow.samples(all, out);
        }
    }
}

/// A division by a constant, rounded to nearest, ties to even.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Quotient {
    One,
    PowerOfTwo { shift: u16 },
    Product(Product),
}

impl Quotient {
    /// For numerators up to `largest`, or `None` if they are too large.
    fn new(divisor: u16, largest: u16) -> Option<Self> {
        Some(if divisor == 1 {
            Self::One
        } else if divisor.is_power_of_two() {
            largest.checked_add(divisor / 2)?;
            Self::PowerOfTwo {
                shift: divisor.ilog2() as u16,
            }
        } else {
            Self::Product(Product::new(divisor, largest)?)
        })
    }

    #[inline(always)]
    fn write(self, numerators: impl Iterator<Item = u16>, out: &mut [u8]) {
        let out = out.iter_mut().zip(numerators);
        match self {
            Self::One => out.for_each(|(out, n)| *out = n as u8),
            Self::PowerOfTwo { shift } => {
                // A tie goes up where the quotient, rounded down, is odd.
                let below_half = (1 << (shift - 1)) - 1;
                out.for_each(|(out, n)| {
                    let odd = (n >> shift) & 1;
                    *out = ((n + below_half + odd) >> shift) as u8;
                });
            }
            Self::Product(product) => out.for_each(|(out, n)| *out = product.nearest(n) as u8),
        }
    }
}

/// What division by a number that is no power of two is replaced by.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Product {
    divisor: u16,
    factor: u16,
    shift: u16,
    /// Half the divisor, and one more if the factor was rounded down.
    add: u16,
    /// How much larger the product of quotient and divisor is at a tie.
    tie: u16,
}

impl Product {
    /// For numerators up to `largest`.
    ///
    /// Let l be the binary logarithm of the divisor d, rounded down. Then
    /// v / d, rounded down, is v (2^(16 + l) + e) / d / 2^(16 + l), rounded
    /// down, for every v < 2^16 if 0 <= e <= 2^l, and the same with v + 1 for
    /// v if 0 <= -e <= 2^l and v + 1 < 2^16 (Granlund and Montgomery; Robison).
    /// One of the two multiples of d on either side of 2^(16 + l) is as near.
    fn new(divisor: u16, largest: u16) -> Option<Self> {
        let shift = divisor.ilog2();
        let power = 1_u32 << 16 << shift;
        let below = (power - 1) / u32::from(divisor);
        let rounded_down = power - below * u32::from(divisor) <= 1 << shift;
        let add = divisor / 2 + u16::from(rounded_down);
        largest.checked_add(add)?;
        Some(Self {
            divisor,
            factor: (below + u32::from(!rounded_down)) as u16,
            shift: shift as u16,
            add,
            // Of an odd divisor there are no ties: one more than the most.
            tie: divisor.div_ceil(2),
        })
    }

    #[inline(always)]
    fn nearest(self, n: u16) -> u16 {
        let high = (u32::from(n + self.add) * u32::from(self.factor)) >> 16;
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
                let Some(quotient) = Quotient::new(divisor, largest) else {
                    assert_eq!(largest, 65_535, "by {divisor}");
                    continue;
                };
                let mut samples = vec![0; usize::from(largest) + 1];
                quotient.write(0..=largest, &mut samples);
                for (n, sample) in (0..).zip(samples) {
                    let (below, rest) = (n / d, n % d);
                    let up = 2 * rest > d || (2 * rest == d && below % 2 == 1);
                    assert_eq!(sample, (below + u32::from(up)) as u8, "{n} / {divisor}");
                }
            }
        }
    }
}
