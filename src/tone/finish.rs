//! Sums to samples: divisor and bias, combination, map, depth, rounding.

use std::{marker::PhantomData, sync::Arc};

use super::{
    narrow::Narrow,
    terms::{Last, Term, common_divisor},
};
use crate::{
    combine::Combine,
    image::Depth,
    kernel::Kernel,
    map::Map,
    number::{Lane, LaneKind, Output, Real},
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
    /// Shared, so that a clone allocates nothing.
    pub(super) terms: Arc<[Term]>,
    pub(super) combine: Option<Combine>,
    pub(super) map: Map,
    pub(super) from: Depth,
    pub(super) to: Depth,
    pub(super) last: Last,
    /// What to multiply by in place of the last step's `mul / div`.
    factor: Option<f64>,
    /// Finish in `f64`; `f32` would not always give the same samples.
    wide: bool,
    /// Finish in 16-bit integers.
    pub(super) narrow: Option<Narrow>,
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
        let terms: Arc<[Term]> = kernels
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
            factor: None,
            wide: true,
            narrow: None,
        };
        tone.factor = tone.last.power_of_two();
        tone.wide = lane == LaneKind::F64 || !tone.fits_f32(kernels);
        if !tone.wide && tone.rounds_products(kernels) {
            tone.factor = Some(tone.last.mul / tone.last.div);
        }
        if (lane, from, to) == (LaneKind::I16, Depth::U8, Depth::U8) {
            tone.narrow = Narrow::new(&tone.terms, combine, map, tone.last);
        }
        tone
    }

    /// Whether the last step needs the range of the whole image first.
    pub(crate) const fn needs_range(&self) -> bool {
        matches!(self.map, Map::Stretch | Map::Symmetric)
    }

    /// The smallest and the largest absolute sum in f32 of float samples, but zero,
    /// that become samples with no overflow on the way, and with no loss below the
    /// normal range of f32. The smallest is 0 where what is lost does not show.
    pub(crate) fn trusted(&self) -> [f32; 2] {
        let magnitude = self.combine == Some(Combine::Magnitude) && !self.wide;
        let scales = self.terms.iter().map(|term| term.scale.abs());
        let (least, most) = scales.fold((1.0_f64, 1.0_f64), |(least, most), scale| {
            (least.min(scale), most.max(scale))
        });
        // A factor is the last thing: what it rounds to is the sample.
        let mul = self.factor.map_or(self.last.mul, |_| 1.0);
        // Powers of two: squares, and rounding errors of 2^-24, have room beyond.
        let [low, high] = if magnitude { [-50, 62] } else { [-100, 126] }.map(|n| 2_f64.powi(n));
        let shows = magnitude || least != most || mul < 1.0 || self.last.div < 1.0;
        let low = match shows {
            true => low / (least * mul.min(1.0)),
            false => 0.0,
        };
        let high = match self.wide {
            true => f32::MAX.into(),
            false => high / (most * mul.max(1.0) * self.terms.len() as f64),
        };
        [low as f32, high as f32]
    }

    /// The last step for an image whose numerators lie in `range`.
    fn set_range(&mut self, range: Range) {
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
        self.factor = self.last.power_of_two();
    }

    /// What a sample that is not filtered is multiplied by and divided by to be one of
    /// the result.
    pub(crate) fn rescale(&self) -> [f64; 2] {
        let Last { mul, div, .. } = Last::of(self.map, 1.0, self.from, self.to);
        [mul, div]
    }

    /// The same for an image whose numerators lie in `range`.
    pub(crate) fn with_range(&self, range: Range) -> Self {
        let mut tone = self.clone();
        tone.set_range(range);
        tone
    }

    /// Turns one row of sums per kernel into samples.
    pub(crate) fn finish<T: Lane, O: Output>(&self, simd: Simd, sums: &[&[T]], out: &mut [O]) {
        if let Some(narrow) = &self.narrow {
            narrow.finish(simd, sums, bytemuck::cast_slice_mut(out));
        } else if self.wide || T::KIND == LaneKind::F64 {
            self.finish_in::<T, O, f64>(simd, sums, out);
        } else {
            self.finish_in::<T, O, f32>(simd, sums, out);
        }
    }

    fn finish_in<T: Lane, O: Output, F: Real>(&self, simd: Simd, sums: &[&[T]], out: &mut [O]) {
        simd.run(Row {
            tone: self,
            sums,
            out,
            real: PhantomData::<F>,
        });
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

    /// Numerators to samples.
    #[inline(always)]
    fn last_step<F: Real, O: Output>(&self, numerators: impl Iterator<Item = F>, out: &mut [O]) {
        let Last { add, mul, div } = self.last;
        let add = F::from_f64(add);
        if let Some(factor) = self.factor {
            let factor = F::from_f64(factor);
            for (out, n) in out.iter_mut().zip(numerators) {
                *out = O::from_real(n.add(add).mul(factor));
            }
        } else {
            let (mul, div) = (F::from_f64(mul), F::from_f64(div));
            for (out, n) in out.iter_mut().zip(numerators) {
                *out = O::from_real(n.add(add).mul(mul).div(div));
            }
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

/// A row of sums, to be finished in `F`.
struct Row<'a, T, O, F> {
    tone: &'a Tone,
    sums: &'a [&'a [T]],
    out: &'a mut [O],
    real: PhantomData<F>,
}

impl<T: Lane, O: Output, F: Real> Body for Row<'_, T, O, F> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self {
            tone, sums, out, ..
        } = self;
        // What most banks are needs no rows of numerators in between.
        let magnitude = tone.combine == Some(Combine::Magnitude);
        if tone.map != Map::Abs && tone.terms.iter().all(Term::is_plain) {
            let low = |k: usize| tone.terms[k].low as i32;
            match sums {
                [sums] if !magnitude => {
                    let low = low(0);
                    let numerators = sums.iter().map(|sum| sum.to_real::<F>(low));
                    return tone.last_step(numerators, out);
                }
                [x, y] if magnitude => {
                    let low = [low(0), low(1)];
                    let numerators = x.iter().zip(*y).map(|(x, y)| {
                        let [x, y] = [x.to_real::<F>(low[0]), y.to_real::<F>(low[1])];
                        x.mul(x).add(y.mul(y)).sqrt()
                    });
                    return tone.last_step(numerators, out);
                }
                _ => {}
            }
        }
        let mut numerators = [F::ZERO; BLOCK];
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let numerators = &mut numerators[..out.len()];
            tone.numerators(sums, block * BLOCK, numerators);
            tone.last_step(numerators.iter().copied(), out);
        }
    }
}
