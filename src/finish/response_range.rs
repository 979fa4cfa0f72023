//! The range of responses: the maps that depend on it, and what is clipped.

use std::marker::PhantomData;

use super::{BLOCK, Finish, scale::FinalScale};
use crate::{
    map::Map,
    number::{Lane, LaneKind, Real},
    simd::{Body, Isa, Simd},
};

/// The smallest and the largest finite numerator of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ResponseRange {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl ResponseRange {
    /// The range of no numerators: the identity of [`join`](Self::join).
    pub(crate) const EMPTY: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    /// The smallest range that contains both.
    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }
}

impl Finish {
    /// Whether the final scale depends on the range of the whole image.
    pub(crate) const fn needs_range(&self) -> bool {
        matches!(self.map, Map::Stretch | Map::Symmetric)
    }

    /// Sets the final scale for an image whose numerators lie in `range`.
    fn set_range(&mut self, range: ResponseRange) {
        let [lowest, full_scale] = self.to.range();
        let ResponseRange { low, high } = if range.low <= range.high {
            range
        } else {
            ResponseRange {
                low: 0.0,
                high: 0.0,
            }
        };
        let largest = low.abs().max(high.abs());
        self.final_scale = match self.map {
            Map::Stretch if high > low => FinalScale {
                add: -low,
                mul: full_scale - lowest,
                div: high - low,
            },
            Map::Stretch => FinalScale {
                add: 0.0,
                mul: 0.0,
                div: 1.0,
            },
            // The 0 of a signed type is in its middle.
            Map::Symmetric if self.to.is_signed() => FinalScale {
                add: 0.0,
                mul: full_scale,
                div: if largest > 0.0 { largest } else { 1.0 },
            },
            Map::Symmetric if largest > 0.0 => FinalScale {
                add: largest,
                mul: full_scale,
                div: 2.0 * largest,
            },
            Map::Symmetric => FinalScale {
                add: 1.0,
                mul: full_scale,
                div: 2.0,
            },
            _ => self.final_scale,
        };
        if self.map == Map::Stretch && high > low {
            self.lowest = lowest;
        }
        self.factor = self.final_scale.exact_factor();
    }

    /// A copy with the final scale for an image whose numerators lie in `range`.
    pub(crate) fn with_range(&self, range: ResponseRange) -> Self {
        let mut finish = self.clone();
        finish.set_range(range);
        finish
    }

    /// The range of the finite numerators of one row. If `skip_alpha`, the last of
    /// `channels` interleaved channels is skipped.
    pub(crate) fn range<T: Lane>(
        &self,
        simd: Simd,
        sums: &[&[T]],
        channels: usize,
        skip_alpha: bool,
    ) -> ResponseRange {
        if const { matches!(T::KIND, LaneKind::F64) } || self.in_f64 {
            self.range_in::<T, f64>(simd, sums, channels, skip_alpha)
        } else {
            self.range_in::<T, f32>(simd, sums, channels, skip_alpha)
        }
    }

    fn range_in<T: Lane, F: Real>(
        &self,
        simd: Simd,
        sums: &[&[T]],
        channels: usize,
        skip_alpha: bool,
    ) -> ResponseRange {
        simd.run(RangeOfRow {
            finish: self,
            sums,
            channels,
            skip_alpha,
            real: PhantomData::<F>,
        })
    }

    /// Whether responses that a float result would hold may be saturated.
    pub(crate) fn may_clip(&self) -> bool {
        self.from.is_float() && !self.to.is_float() && !self.needs_range()
    }

    /// The responses that numerators in `range` stand for, and the range that they are
    /// saturated to, if any of them is so by more than rounding. Both are in units of full
    /// scale if samples are scaled to that, else in samples.
    pub(crate) fn clipped(&self, range: ResponseRange) -> Option<[[f64; 2]; 2]> {
        let FinalScale { add, mul, div } = self.final_scale;
        let unit = match self.scaled && self.from.is_picture() && self.to.is_picture() {
            true => self.to.full_scale(),
            false => 1.0,
        };
        let responses = [range.low, range.high].map(|n| (n + add) * (mul / unit) / div);
        let limits = self.to.range().map(|end| end / unit);
        let half = 0.5 / unit;
        let clipped = responses[0] < limits[0] - half || responses[1] > limits[1] + half;
        (self.may_clip() && clipped).then_some([responses, limits])
    }
}

/// The operands of [`Finish::range`], which computes in `F`.
struct RangeOfRow<'a, T, F> {
    finish: &'a Finish,
    sums: &'a [&'a [T]],
    channels: usize,
    skip_alpha: bool,
    real: PhantomData<F>,
}

impl<T: Lane, F: Real> Body for RangeOfRow<'_, T, F> {
    type Output = ResponseRange;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> ResponseRange {
        // Independent minima and maxima, for vectors.
        const PARTS: usize = 32;
        let [infinity, nan] = [f64::INFINITY, f64::NAN].map(F::from_f64);
        let negative_infinity = F::from_f64(f64::NEG_INFINITY);
        let (mut low, mut high) = ([infinity; PARTS], [negative_infinity; PARTS]);
        let mut numerators = [F::ZERO; BLOCK];
        let len = self.sums.first().map_or(0, |s| s.len());
        for x in (0..len).step_by(BLOCK) {
            let used = BLOCK.min(len - x);
            self.finish
                .numerators(self.sums, x, &mut numerators[..used]);
            numerators[used..].fill(nan);
            if self.skip_alpha {
                let first = self.channels - 1 - x % self.channels;
                let alpha = (first..used).step_by(self.channels);
                alpha.for_each(|at| numerators[at] = nan);
            }
            for part in numerators.chunks_exact(PARTS) {
                for ((&n, low), high) in part.iter().zip(&mut low).zip(&mut high) {
                    // One select and one comparison each, which compile to vectors.
                    let is_finite = n.abs() < infinity;
                    let lower = if is_finite { n } else { infinity };
                    let higher = if is_finite { n } else { negative_infinity };
                    *low = if lower < *low { lower } else { *low };
                    *high = if higher > *high { higher } else { *high };
                }
            }
        }
        ResponseRange {
            low: low.map(F::to_f64).into_iter().fold(f64::INFINITY, f64::min),
            high: (high.map(F::to_f64).into_iter()).fold(f64::NEG_INFINITY, f64::max),
        }
    }
}
