//! The range of responses: the maps that depend on it, and what is clipped.

use num_rational::BigRational;

use super::{BLOCK, Finish, scale::FinalScale, tolerance::push_positions};
use crate::{
    combine::Combine,
    map::Map,
    number::{Lane, rational, root, to_f64},
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

/// The smallest and the largest response of an image.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Extrema {
    /// Finite numerators, as they were computed.
    Computed(ResponseRange),
    /// Exact responses, mapped; of magnitudes their squares. `None` of no responses.
    Exact(Option<[BigRational; 2]>),
}

impl Extrema {
    /// The extrema of both images; either both are exact, or neither is.
    pub(crate) fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Computed(a), Self::Computed(b)) => Self::Computed(a.join(b)),
            (Self::Exact(Some([low, high])), Self::Exact(Some([other_low, other_high]))) => {
                Self::Exact(Some([low.min(other_low), high.max(other_high)]))
            }
            (extrema, Self::Exact(None)) => extrema,
            (_, other) => other,
        }
    }
}

impl Finish {
    /// Whether the final scale depends on the range of the whole image.
    pub(crate) const fn needs_range(&self) -> bool {
        matches!(self.map, Map::Stretch | Map::Symmetric)
    }

    /// Sets the final scale for an image whose numerators lie in `range`, and differ by at most
    /// `width`.
    fn set_range(&mut self, range: ResponseRange, width: f64) {
        let [lowest, full_scale] = self.to.range();
        let ResponseRange { low, high } = range;
        let largest = low.abs().max(high.abs());
        self.final_scale = match self.map {
            Map::Stretch if width > 0.0 => FinalScale {
                add: -low,
                mul: full_scale - lowest,
                div: width,
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
        if self.map == Map::Stretch && width > 0.0 {
            self.lowest = lowest;
        }
        self.factor = self.final_scale.exact_factor();
    }

    /// A copy with the final scale for an image with these extrema.
    pub(crate) fn with_extrema(&self, extrema: &Extrema) -> Self {
        let mut finish = self.clone();
        let empty = || {
            let ends = ResponseRange {
                low: 0.0,
                high: 0.0,
            };
            (ends, 0.0)
        };
        let (range, width) = match extrema {
            Extrema::Computed(range) if range.low <= range.high => (*range, range.high - range.low),
            Extrema::Computed(_) | Extrema::Exact(None) => empty(),
            Extrema::Exact(Some(ends)) => {
                let divisor = rational(self.divisor);
                let [low, high] = self.responses(ends).map(|response| response * &divisor);
                // The difference of rounded ends would have lost digits.
                let width = to_f64(&(&high - &low));
                let [low, high] = [low, high].map(|end| to_f64(&end));
                (ResponseRange { low, high }, width)
            }
        };
        finish.set_range(range, width);
        finish.has_extrema = true;
        finish.tolerance = match extrema {
            Extrema::Exact(_) => finish.find_tolerance(),
            // Samples are exact by themselves, or not told.
            Extrema::Computed(_) => None,
        };
        finish
    }

    /// The responses that exact extrema stand for; roots are rounded.
    fn responses(&self, ends: &[BigRational; 2]) -> [BigRational; 2] {
        match self.combine {
            Some(Combine::Magnitude) => ends.each_ref().map(root),
            _ => ends.clone(),
        }
    }

    /// The largest error of a numerator of samples whose absolute values are at most `largest`,
    /// or else any that their type holds. 0 where numerators are in the order of their
    /// responses, and only those of equal ones are equal.
    pub(crate) fn max_numerator_error(&self, largest: Option<f64>) -> f64 {
        if self.has_exact_numerators() {
            return 0.0;
        }
        let share = largest.map_or(1.0, |largest| largest / self.from.largest());
        let error = self.numerator_error();
        error.of_samples * share + error.of_constants
    }

    /// The same range, or if its ends may be those of equal responses to integers, a point.
    pub(crate) fn certain(&self, ResponseRange { low, high }: ResponseRange) -> ResponseRange {
        let within = 0.0..=2.0 * self.max_numerator_error(None);
        // The errors of 64-bit samples are far smaller than those of the largest.
        let is_bounded = !self.from.is_float() && !self.from.is_64_bit_integer();
        let is_flat = is_bounded && within.contains(&(high - low));
        ResponseRange {
            low,
            high: if is_flat { low } else { high },
        }
    }

    /// A range of numerators within these exact extrema, and as good as equal to them.
    pub(crate) fn range_inside(&self, ends: &[BigRational; 2]) -> ResponseRange {
        let divisor = rational(self.divisor);
        let ends = self.responses(ends).map(|end| to_f64(&(end * &divisor)));
        let [low, high] = ends.map(|end| (end, 4.0 * f64::EPSILON * end.abs()));
        ResponseRange {
            low: low.0 + low.1,
            high: high.0 - high.1,
        }
    }

    /// Adds the positions of all numerators of a row that are at most the first limit or at least
    /// the second to `found`. If alpha is skipped, it is the last of the interleaved channels.
    pub(crate) fn find_beyond<T: Lane>(
        &self,
        simd: Simd,
        sums: &[&[T]],
        limits: [f64; 2],
        (channels, skip_alpha): (usize, bool),
        found: &mut Vec<u32>,
    ) {
        simd.run(FindBeyond {
            finish: self,
            sums,
            limits,
            found,
        });
        if skip_alpha {
            found.retain(|&at| at as usize % channels < channels - 1);
        }
    }

    /// Whether responses may be saturated that a result of the image's own range would hold, or
    /// a float one: those of floats, and of integers whose range that of the result does not
    /// contain.
    pub(crate) fn may_clip(&self) -> bool {
        let is_direction = self.combine.is_some_and(Combine::is_direction);
        let has_own_unit = self.combine.is_some_and(Combine::has_own_unit);
        if self.to.is_float() || self.needs_range() || is_direction || has_own_unit {
            return false;
        }
        let [low, high] = self.to.range();
        let [least, greatest] = self.from.range();
        self.from.is_float() || !self.is_scaled() && (least < low || greatest > high)
    }

    /// Whether responses are scaled from full scale to full scale.
    pub(super) fn is_scaled(&self) -> bool {
        let has_own_unit = self.combine.is_some_and(Combine::has_own_unit);
        self.scaled && !has_own_unit && self.from.is_picture() && self.to.is_picture()
    }

    /// The responses that numerators in `range` stand for, and the range that they are
    /// saturated to, if any of them is so by more than rounding. Both are in units of full
    /// scale if samples are scaled to that, else in samples.
    pub(crate) fn clipped(&self, range: ResponseRange) -> Option<[[f64; 2]; 2]> {
        let unit = self.unit();
        let responses = self.in_units(range);
        let limits = self.to.range().map(|end| end / unit);
        let half = 0.5 / unit;
        let clipped = responses[0] < limits[0] - half || responses[1] > limits[1] + half;
        (self.may_clip() && clipped).then_some([responses, limits])
    }

    /// The responses to floats that numerators in `range` stand for, if little is left of them in
    /// integers: they are not scaled, and at most 1.
    pub(crate) fn levelled(&self, range: ResponseRange) -> Option<[f64; 2]> {
        let responses = self.in_units(range);
        let is_small = responses.iter().all(|r| r.abs() <= 1.0);
        let is_whole = responses.iter().all(|r| r.fract() == 0.0);
        let is_unscaled = self.from.is_float() && !self.is_scaled();
        (self.may_clip() && is_unscaled && is_small && !is_whole).then_some(responses)
    }

    /// What numerators are divided by after the map, for units of full scale if samples are
    /// scaled to that.
    fn unit(&self) -> f64 {
        match self.is_scaled() {
            true => self.to.full_scale(),
            false => 1.0,
        }
    }

    fn in_units(&self, range: ResponseRange) -> [f64; 2] {
        let FinalScale { add, mul, div } = self.final_scale;
        [range.low, range.high].map(|n| (n + add) * (mul / self.unit()) / div)
    }
}

/// The operands of [`Finish::find_beyond`].
struct FindBeyond<'a, T> {
    finish: &'a Finish,
    sums: &'a [&'a [T]],
    limits: [f64; 2],
    found: &'a mut Vec<u32>,
}

impl<T: Lane> Body for FindBeyond<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let [low, high] = self.limits;
        let mut numerators = [0.0; BLOCK];
        let len = self.sums.first().map_or(0, |s| s.len());
        for x in (0..len).step_by(BLOCK) {
            let numerators = &mut numerators[..BLOCK.min(len - x)];
            self.finish.numerators(self.sums, x, numerators);
            let mut flags = [0; BLOCK];
            for (flag, n) in flags.iter_mut().zip(numerators) {
                *flag = u8::from(*n <= low) | u8::from(*n >= high);
            }
            push_positions(&flags, x, self.found);
        }
    }
}
