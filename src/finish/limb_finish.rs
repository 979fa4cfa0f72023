//! The exact finish of rows whose sums are in limbs that f64 holds exactly: in vectors.

use super::small_finish::SmallFinish;
use crate::simd::{Body, Isa, Simd};

/// More limbs than this take longer than integers of 128 bits.
pub(crate) const MAX_LIMBS: usize = 3;

/// Samples that are finished together: few enough for registers and L1.
const BLOCK: usize = 32;

/// Integers up to this are exact in f64.
const LARGEST_EXACT: f64 = (1_u64 << 53) as f64;

/// Adding and subtracting this rounds numbers of up to 51 bits to an integer.
const MAGIC: f64 = (3_u64 << 51) as f64;

/// Integers `limb 0 + limb 1 x base + limb 2 x base^2`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LimbShape {
    /// How many limbs there are.
    pub(crate) count: usize,
    /// The bits of the base.
    pub(crate) bits: u32,
    /// No limb of a sum is larger.
    pub(crate) largest: f64,
}

/// The finish of sums in limbs, of the only kernel: see [`SmallFinish`].
///
/// The limbs of `sum * factor + bias + add - halves * divisor` are integers that f64 holds, for a
/// number of halves between samples. Added from the last to the first they are rounded
/// only where those that are left cannot change the sign. So it is exact, and tells on which side of
/// a tie the response is.
#[derive(Debug, Clone, Copy)]
pub(super) struct LimbFinish {
    count: usize,
    base: f64,
    factor: f64,
    bias: [f64; MAX_LIMBS],
    add: [f64; MAX_LIMBS],
    divisor: [f64; MAX_LIMBS],
    /// A sample for each unit of the first limb.
    scale: f64,
    abs: bool,
    range: [f64; 2],
}

impl LimbFinish {
    /// `None` if f64 does not hold all limbs.
    pub(super) fn new(small: &SmallFinish, shape: LimbShape) -> Option<Self> {
        let LimbShape {
            count,
            bits,
            largest,
        } = shape;
        let limbs = |number: i128| {
            let (mut limbs, mut rest) = ([0.0; MAX_LIMBS], number);
            for limb in &mut limbs[..count - 1] {
                *limb = (rest % (1 << bits)) as f64;
                rest /= 1 << bits;
            }
            limbs[count - 1] = rest as f64;
            limbs
        };
        let finish = Self {
            count,
            base: f64::from(bits).exp2(),
            factor: small.factor as f64,
            bias: limbs(small.bias),
            add: limbs(small.add),
            divisor: limbs(small.divisor),
            scale: 0.5 / small.divisor as f64,
            abs: small.abs,
            range: small.range.map(|end| end as f64),
        };
        let [low, high] = finish.range;
        let most_halves = 2.0 * low.abs().max(high.abs()) + 3.0;
        let of_sums = largest * finish.factor.abs();
        let largest_limb = |at: usize| {
            let constants = finish.bias[at].abs() + finish.add[at].abs();
            of_sums + constants + most_halves * finish.divisor[at].abs()
        };
        let is_exact = (0..count).all(|at| largest_limb(at) < LARGEST_EXACT);
        // The error of a response that is summed from its limbs, in samples.
        let highest = finish.base.powi(count as i32 - 1) * LARGEST_EXACT * finish.scale;
        let is_near = highest * 4.0 * f64::EPSILON < 0.25;
        (is_exact && is_near).then_some(finish)
    }

    /// Puts the samples of `len` sums, limb by limb in rows of `stride`, in place of the first
    /// limb.
    pub(super) fn apply(&self, simd: Simd, sums: &mut [f64], stride: usize, len: usize) {
        let (first, others) = sums.split_at_mut(stride);
        let first = &mut first[..len];
        let mut others = others.chunks_exact(stride).map(|limb| &limb[..len]);
        let mut next = || others.next().unwrap_or_default();
        match self.count {
            1 => self.apply_to(simd, first, []),
            2 => self.apply_to(simd, first, [next()]),
            _ => self.apply_to(simd, first, [next(), next()]),
        }
    }

    fn apply_to<const N: usize>(&self, simd: Simd, first: &mut [f64], others: [&[f64]; N]) {
        simd.run(Row {
            finish: self,
            first,
            others,
        });
    }

    /// The sum of limbs, with their sign.
    #[inline(always)]
    fn total<const N: usize>(&self, first: f64, others: [f64; N]) -> f64 {
        let mut total = 0.0;
        for other in others.into_iter().rev() {
            total = (total + other) * self.base;
        }
        total + first
    }

    #[inline(always)]
    fn sample<const N: usize>(&self, mut first: f64, mut others: [f64; N]) -> f64 {
        first = first * self.factor + self.bias[0];
        for (at, other) in (1..).zip(&mut others) {
            *other = *other * self.factor + self.bias[at];
        }
        if self.abs {
            let sign = 1_f64.copysign(self.total(first, others));
            first *= sign;
            for other in &mut others {
                *other *= sign;
            }
        }
        first += self.add[0];
        for (at, other) in (1..).zip(&mut others) {
            *other += self.add[at];
        }
        let [low, high] = self.range;
        let response = self.total(first, others) * self.scale;
        // The sample below a tie that is next to the response, or one of two.
        let below = (clamp(response, low, high) - 0.5 + MAGIC) - MAGIC;
        let halves = 2.0 * below + 1.0;
        first -= halves * self.divisor[0];
        for (at, other) in (1..).zip(&mut others) {
            *other -= halves * self.divisor[at];
        }
        let beyond = self.total(first, others);
        let half = below * 0.5;
        let is_even = (half + MAGIC) - MAGIC == half;
        let up = (beyond > 0.0) | ((beyond == 0.0) & !is_even);
        clamp(below + if up { 1.0 } else { 0.0 }, low, high)
    }
}

struct Row<'a, const N: usize> {
    finish: &'a LimbFinish,
    first: &'a mut [f64],
    others: [&'a [f64]; N],
}

impl<const N: usize> Body for Row<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self {
            finish,
            first,
            others,
        } = self;
        // A copy: its numbers stay in registers.
        let finish = *finish;
        for (at, out) in (0..).step_by(BLOCK).zip(first.chunks_mut(BLOCK)) {
            let mut block = [0.0; BLOCK];
            let mut blocks = [[0.0; BLOCK]; N];
            block[..out.len()].copy_from_slice(out);
            for (block, other) in blocks.iter_mut().zip(others) {
                block[..out.len()].copy_from_slice(&other[at..][..out.len()]);
            }
            for (at, first) in block.iter_mut().enumerate() {
                let mut others = [0.0; N];
                for (other, block) in others.iter_mut().zip(&blocks) {
                    *other = block[at];
                }
                *first = finish.sample(*first, others);
            }
            out.copy_from_slice(&block[..out.len()]);
        }
    }
}

/// As `f64::clamp` of a number, in two instructions.
#[inline(always)]
fn clamp(number: f64, low: f64, high: f64) -> f64 {
    let number = if number > low { number } else { low };
    if number < high { number } else { high }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample of a sum, in integers.
    fn expected(small: &SmallFinish, sum: i128) -> i128 {
        let response = sum * small.factor + small.bias;
        let halves = if small.abs { response.abs() } else { response } + small.add;
        let below = halves.div_euclid(2 * small.divisor);
        let rest = halves.rem_euclid(2 * small.divisor);
        let up = rest > small.divisor || (rest == small.divisor && below % 2 != 0);
        (below + i128::from(up)).clamp(small.range[0], small.range[1])
    }

    #[test]
    fn ties_and_their_neighbours_are_told_apart() {
        let divisor = 1_i128 << 52;
        let plain = SmallFinish {
            factor: 1,
            bias: 0,
            add: 0,
            divisor,
            shift: Some(52),
            abs: false,
            range: [0, 255],
            rule: None,
        };
        let small_finishes = [
            plain,
            SmallFinish { abs: true, ..plain },
            SmallFinish {
                bias: -77 * divisor - 1,
                add: divisor + 3,
                abs: true,
                ..plain
            },
            SmallFinish {
                factor: 257,
                divisor: 3 * divisor,
                shift: None,
                range: [-32768, 32767],
                ..plain
            },
        ];
        for count in [1_u32, 2, 3] {
            let bits = 54 / count;
            // As in nine products with bytes.
            let largest = 12.0 + f64::from(bits);
            let shape = LimbShape {
                count: count as usize,
                bits,
                largest: largest.exp2(),
            };
            for small in &small_finishes {
                let finish = LimbFinish::new(small, shape);
                // A limb of 54 bits leaves no room for sums.
                assert_eq!(finish.is_some(), count > 1);
                let Some(finish) = finish else { continue };
                let ties = (-300..300).map(|n: i128| {
                    let halves = (2 * n + 1) * small.divisor - small.add;
                    (halves - small.bias) / small.factor
                });
                let near = [-(1 << 51), -1000, -2, -1, 0, 1, 2, 1000, 1 << 51];
                let sums = ties.flat_map(|tie| near.map(|more| tie + more));
                let sums: Vec<i128> = sums.collect();
                let mut limbs = Vec::new();
                for limb in 0..count {
                    let base = 1_i128 << bits;
                    limbs.extend(sums.iter().map(|sum| {
                        let rest = sum / base.pow(limb);
                        let is_last = limb == count - 1;
                        (if is_last { rest } else { rest % base }) as f64
                    }));
                }
                for simd in Simd::available() {
                    let mut samples = limbs.clone();
                    finish.apply(simd, &mut samples, sums.len(), sums.len());
                    for (sum, sample) in sums.iter().zip(&samples) {
                        let expected = expected(small, *sum);
                        assert_eq!(
                            *sample, expected as f64,
                            "{sum} in {small:?}, {count} limbs"
                        );
                    }
                }
            }
        }
    }
}
