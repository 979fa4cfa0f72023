//! A finish of a few operations, which engines do while sums are in registers.

use super::{Clipped, Finish, word_finish::WordFinish};
use crate::{image::Depth, map::Map, number::LaneKind};

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

/// `sample = (sum + add) * factor`, rounded and saturated if it is an integer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScaleFinish {
    pub(crate) add: f64,
    pub(crate) factor: f64,
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
    /// This finish of sums in `lane`, if it is that simple and computes in the lane. Rows are of so
    /// many interleaved channels; the last may be alpha, which is not counted.
    pub(crate) fn in_registers(
        &self,
        lane: LaneKind,
        channels: usize,
        skip_alpha: bool,
    ) -> Option<RegisterFinish> {
        match lane {
            LaneKind::I16 => self
                .of_words(channels, skip_alpha)
                .map(RegisterFinish::Words),
            _ => self.scale_in_registers(lane).map(RegisterFinish::Scale),
        }
    }

    fn scale_in_registers(&self, lane: LaneKind) -> Option<ScaleFinish> {
        let [term] = &*self.affine else {
            return None;
        };
        let is_plain = self.combine.is_none()
            && self.rule.is_none()
            && term.is_identity()
            && self.map != Map::Abs
            && !self.needs_range()
            && self.in_f64 == (lane == LaneKind::F64);
        let factor = self.factor.filter(|_| is_plain)?;
        let add = self.final_scale.add;
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
        let fits = self.to.is_float()
            || (term.max_abs_numerator() + add.abs()) * factor.abs() < MAX_INTEGER;
        fits.then(|| ScaleFinish {
            add,
            factor,
            tolerance: self.tolerance().unwrap_or(0.0),
            headroom,
            to: self.to,
        })
    }
}
