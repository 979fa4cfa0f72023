//! Sums to samples: divisor and bias, combination, map, depth, rounding.

use super::{
    Map, Output, Real,
    terms::{Last, Term, common_divisor},
};
use crate::{
    engine::{Lane, LaneKind},
    image::Depth,
    kernel::{Combine, EXACT, Kernel},
    simd::{Body, Isa, Simd},
};

/// Samples that are finished together, in registers and the first cache.
const BLOCK: usize = 128;

/// How the sums of a bank become samples.
///
/// Every response is kept as a numerator over one common divisor until the
/// last step, so that integer sums stay exact and are rounded once:
///
/// `numerator[k] = (sum[k] + bias[k] * full_scale * divisor[k]) * divisor / divisor[k]`
/// `sample = round((map(combine(numerators)) + add) * mul / div)`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tone {
    terms: Vec<Term>,
    combine: Option<Combine>,
    map: Map,
    from: Depth,
    to: Depth,
    last: Last,
    /// Finish in `f64`; `f32` would not always give the same samples.
    wide: bool,
}

/// The smallest and the largest finite numerator of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Range {
    /// Of no numerators.
    pub(crate) const EMPTY: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    /// Of two parts of an image.
    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }
}

impl Tone {
    /// For `kernels` on samples of depth `from`, summed in `lane`.
    pub(crate) fn new(
        kernels: &[Kernel],
        combine: Option<Combine>,
        map: Map,
        from: Depth,
        to: Depth,
        lane: LaneKind,
    ) -> Self {
        let divisor = common_divisor(kernels);
        let terms: Vec<Term> = kernels
            .iter()
            .map(|k| Term::new(k, from, divisor))
            .collect();
        let divisor = if combine == Some(Combine::Direction) {
            1.0
        } else {
            divisor
        };
        let mut tone = Self {
            terms,
            combine,
            map,
            from,
            to,
            last: Last::of(map, divisor, from, to),
            wide: true,
        };
        tone.wide = lane == LaneKind::F64 || !tone.fits_f32(kernels);
        tone
    }

    /// Whether the last step needs the range of the whole image first.
    pub(crate) const fn needs_range(&self) -> bool {
        matches!(self.map, Map::Stretch | Map::Symmetric)
    }

    /// The last step for an image whose numerators lie in `range`.
    pub(crate) fn set_range(&mut self, range: Range) {
        let full_scale = self.to.full_scale();
        let Range { low, high } = if range.low <= range.high {
            range
        } else {
            Range {
                low: 0.0,
                high: 0.0,
            }
        };
        let largest = low.abs().max(high.abs());
        self.last = match self.map {
            Map::Stretch if high > low => Last {
                add: -low,
                mul: full_scale,
                div: high - low,
            },
            Map::Stretch => Last {
                add: 0.0,
                mul: 0.0,
                div: 1.0,
            },
            Map::Symmetric if largest > 0.0 => Last {
                add: largest,
                mul: full_scale,
                div: 2.0 * largest,
            },
            Map::Symmetric => Last {
                add: 1.0,
                mul: full_scale,
                div: 2.0,
            },
            _ => self.last,
        };
    }

    /// A sample of the image that is not filtered, in the depth of the result.
    pub(crate) fn sample<O: Output>(&self, sample: f64) -> O {
        let Last { mul, div, .. } = Last::of(self.map, 1.0, self.from, self.to);
        O::from_real(sample * mul / div)
    }

    /// Turns one row of sums per kernel into samples.
    pub(crate) fn finish<T: Lane, O: Output>(&self, simd: Simd, sums: &[&[T]], out: &mut [O]) {
        let body = FinishRow {
            tone: self,
            sums,
            out,
        };
        if self.wide {
            simd.run(Wide(body));
        } else {
            simd.run(Narrow(body));
        }
    }

    /// The range of the numerators of one row; every `channels`-th sum is
    /// alpha and left out if `skip_alpha`.
    pub(crate) fn range<T: Lane>(&self, sums: &[&[T]], channels: usize, skip_alpha: bool) -> Range {
        let mut range = Range::EMPTY;
        let mut numerators = [0.0_f64; BLOCK];
        let len = sums.first().map_or(0, |s| s.len());
        for x in (0..len).step_by(BLOCK) {
            let numerators = &mut numerators[..BLOCK.min(len - x)];
            self.numerators(sums, x, numerators);
            for (i, &n) in numerators.iter().enumerate() {
                let alpha = skip_alpha && (x + i) % channels == channels - 1;
                if n.is_finite() && !alpha {
                    range = range.join(Range { low: n, high: n });
                }
            }
        }
        range
    }

    /// Whether numerators, squares and the last quotient are so small that
    /// `f32` gives the samples that exact arithmetic gives.
    ///
    /// For integers a, b with |a| < 2^23 the quotient a / b, rounded to f32,
    /// falls on a tie only if it is one: ties are f32 values, rounding is
    /// monotone, and a / b differs from a tie by 1 / 2b, which is more than
    /// half a step of f32. For s < 2^20 the same holds of sqrt(s) / b, which
    /// is rounded twice; larger s are of no account if they saturate.
    fn fits_f32(&self, kernels: &[Kernel]) -> bool {
        if self.needs_range() || self.combine == Some(Combine::Direction) {
            return false;
        }
        let Last { add, mul, div } = self.last;
        let mut largest = self.terms.iter().map(Term::largest);
        let magnitude = self.combine == Some(Combine::Magnitude);
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
        let constants = [add, mul, div].into_iter();
        let integers = (constants.chain(self.terms.iter().flat_map(|t| [t.bias, t.scale])))
            .all(|c| c.fract() == 0.0);
        if !integers || div >= 2_f64.powi(24) {
            return false;
        }
        if magnitude {
            let squares: f64 = largest.map(|n| n * n).sum();
            let saturated = ((self.to.full_scale() + 1.0) * div).powi(2);
            // A float result shows both roundings, of the root and the quotient.
            let rounded = match self.to {
                Depth::F32 => div == 1.0,
                _ => squares.min(saturated) < 2_f64.powi(20),
            };
            return rounded && add == 0.0 && mul == 1.0 && squares < 2_f64.powi(24);
        }
        let largest = if self.combine == Some(Combine::Sum) {
            largest.sum()
        } else {
            largest.fold(0.0, f64::max)
        };
        (largest + add.abs()) * mul < 2_f64.powi(23)
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

    /// The numerators from column `x` on, combined and mapped.
    #[inline(always)]
    fn numerators<T: Lane, F: Real>(&self, sums: &[&[T]], x: usize, out: &mut [F]) {
        for (k, (term, sums)) in self.terms.iter().zip(sums).enumerate() {
            let sums = &sums[x..x + out.len()];
            match self.combine {
                _ if k == 0 && self.combine != Some(Combine::Magnitude) => {
                    term.fold(sums, out, |_, n| n);
                }
                None | Some(Combine::Sum) => term.fold(sums, out, |sum, n| sum.add(n)),
                Some(Combine::Max) => term.fold(sums, out, |max, n| max.larger(n)),
                Some(Combine::Magnitude) if k == 0 => term.fold(sums, out, |_, n| n.mul(n)),
                Some(Combine::Magnitude) => term.fold(sums, out, |sum, n| sum.add(n.mul(n))),
                Some(Combine::Direction) => term.fold(sums, out, |x, y| self.direction(x, y)),
            }
        }
        if self.combine == Some(Combine::Magnitude) {
            out.iter_mut().for_each(|n| *n = n.sqrt());
        }
        if self.map == Map::Abs {
            out.iter_mut().for_each(|n| *n = n.abs());
        }
    }

    /// The angle of `(x, y)`, in radians or as a share of full scale.
    fn direction<F: Real>(&self, x: F, y: F) -> F {
        // Adding zero turns -0 into 0, so that no gradient has the angle -π.
        let angle = libm::atan2(y.to_f64() + 0.0, x.to_f64() + 0.0);
        F::from_f64(if self.map == Map::Float {
            angle
        } else {
            let turns = angle / std::f64::consts::TAU;
            (if turns < 0.0 { turns + 1.0 } else { turns }) * self.from.full_scale()
        })
    }
}

struct FinishRow<'a, T, O> {
    tone: &'a Tone,
    sums: &'a [&'a [T]],
    out: &'a mut [O],
}

impl<T: Lane, O: Output> FinishRow<'_, T, O> {
    #[inline(always)]
    fn finish<F: Real>(self) {
        let Last { add, mul, div } = self.tone.last;
        // Dividing by a power of two is multiplying by its reciprocal.
        let factor = mul / div;
        let power_of_two = factor.is_normal() && factor.to_bits().trailing_zeros() >= 52;
        let exact_factor = power_of_two && factor * div == mul;
        let (add, mul, div, factor) = (
            F::from_f64(add),
            F::from_f64(mul),
            F::from_f64(div),
            F::from_f64(factor),
        );
        let mut numerators = [F::ZERO; BLOCK];
        for (block, out) in self.out.chunks_mut(BLOCK).enumerate() {
            let numerators = &mut numerators[..out.len()];
            self.tone.numerators(self.sums, block * BLOCK, numerators);
            if exact_factor {
                for (out, n) in out.iter_mut().zip(numerators) {
                    *out = O::from_real(n.add(add).mul(factor));
                }
            } else {
                for (out, n) in out.iter_mut().zip(numerators) {
                    *out = O::from_real(n.add(add).mul(mul).div(div));
                }
            }
        }
    }
}

struct Narrow<'a, T, O>(FinishRow<'a, T, O>);
struct Wide<'a, T, O>(FinishRow<'a, T, O>);

impl<T: Lane, O: Output> Body for Narrow<'_, T, O> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        self.0.finish::<f32>();
    }
}

impl<T: Lane, O: Output> Body for Wide<'_, T, O> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        self.0.finish::<f64>();
    }
}
