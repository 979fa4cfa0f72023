//! The number types of the inner loop: the elements of bands, and the lanes, the
//! accumulator types of sums.

use std::{fmt, ops::Range};

use bytemuck::Pod;

use super::Real;
use crate::image::{Bool, Depth, ImageView, Sample, f16};

/// The lane: the accumulator type, in which the sums of a convolution are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LaneKind {
    /// 16-bit integers, wrapping: exact where the worst-case sums span less
    /// than 2^16.
    I16,
    /// 32-bit floats: exact for integers below 2^24.
    F32,
    /// 64-bit floats: exact for integers below 2^53.
    F64,
}

impl LaneKind {
    /// `i16`, `f32` or `f64`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::I16 => "i16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// The bytes of one number.
    pub const fn bytes(self) -> usize {
        match self {
            Self::I16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The unit roundoff: the largest relative error of one rounding.
    pub(crate) const fn unit_roundoff(self) -> f64 {
        match self {
            // Integers are not rounded.
            Self::I16 => 0.0,
            Self::F32 => f32::EPSILON as f64 / 2.0,
            Self::F64 => f64::EPSILON / 2.0,
        }
    }

    /// The maximum number of roundings in a sum of the products of columns of so many
    /// weights that are not 0, including the addition of its groups and the rounding of the weights.
    pub(crate) fn roundings(self, taps: &[usize]) -> usize {
        let groups = self.column_groups(taps);
        let longest = groups
            .iter()
            .map(|columns| taps[columns.clone()].iter().sum::<usize>());
        longest.max().unwrap_or(0) + groups.len()
    }

    /// Columns of a kernel that are summed as one group: in f32 as few groups as have at most
    /// [`MAX_ROUNDINGS`], each of neighbouring columns, else all columns are one. For example,
    /// 15 x 15 taps in f32 are two groups of up to 9 columns.
    pub(crate) fn column_groups(self, taps: &[usize]) -> Vec<Range<usize>> {
        let all = 0..taps.len();
        if !matches!(self, Self::F32) {
            return vec![all];
        }
        let mut count = 1;
        while count < MAX_ROUNDINGS {
            let groups = groups_of(taps, MAX_ROUNDINGS - count);
            if groups.len() <= count {
                return groups;
            }
            // With fewer taps in a group, there are not fewer groups.
            count = groups.len();
        }
        all.map(|column| column..column + 1).collect()
    }
}

/// Neighbouring columns with at most `limit` taps together, or a single one with more.
fn groups_of(taps: &[usize], limit: usize) -> Vec<Range<usize>> {
    let (mut groups, mut first, mut sum) = (Vec::new(), 0, 0);
    for (column, &of_column) in taps.iter().enumerate() {
        if sum + of_column > limit && column > first {
            groups.push(first..column);
            (first, sum) = (column, 0);
        }
        sum += of_column;
    }
    groups.push(first..taps.len());
    groups
}

/// The number type of a band's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementKind {
    /// 8-bit samples without conversion.
    Bytes,
    /// 16-bit samples without conversion.
    Words,
    /// The lane of the sums.
    Lane(LaneKind),
}

impl ElementKind {
    /// The bytes of one element.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::Bytes => 1,
            Self::Words => 2,
            Self::Lane(lane) => lane.bytes(),
        }
    }

    /// The sample type that needs no conversion, if there is one.
    pub(crate) const fn depth(self) -> Option<Depth> {
        match self {
            Self::Bytes => Some(Depth::U8),
            Self::Words => Some(Depth::U16),
            Self::Lane(LaneKind::F32) => Some(Depth::F32),
            Self::Lane(LaneKind::F64) => Some(Depth::F64),
            Self::Lane(LaneKind::I16) => None,
        }
    }

    /// Whether a plan converts samples of this type to these elements: the conversions that
    /// are compiled.
    pub(crate) const fn takes(self, depth: Depth) -> bool {
        match self {
            Self::Bytes | Self::Lane(LaneKind::I16) => matches!(depth, Depth::U8),
            Self::Words => matches!(depth, Depth::U16),
            Self::Lane(LaneKind::F32) => !depth.needs_f64(),
            Self::Lane(LaneKind::F64) => true,
        }
    }
}

/// `8 bits`, `16 bits` or the lane.
impl fmt::Display for ElementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes => f.write_str("8 bits"),
            Self::Words => f.write_str("16 bits"),
            Self::Lane(lane) => lane.fmt(f),
        }
    }
}

/// The maximum number of roundings in an f32 sum. The error of n roundings is below n 2^-24
/// of the sum of absolute products (Higham, Accuracy and Stability of Numerical Algorithms,
/// section 3.1); the tolerance of 1e-5 would allow 168.
pub(crate) const MAX_ROUNDINGS: usize = 150;

impl fmt::Display for LaneKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A number type of a band's elements: a lane, or samples as they are.
pub(crate) trait Element: Pod + PartialEq + Send + Sync + fmt::Debug + 'static {
    /// This type as a value.
    const ELEMENT: ElementKind;
    /// Zero.
    const ZERO: Self;
    /// The maximum number of sums in a row of a block, at any SIMD level.
    const MAX_BLOCK: usize;

    /// Converts a sample. The plan guarantees that it fits.
    fn from_sample<S: Widen>(sample: S) -> Self;

    /// Converts a weight or constant. The plan guarantees that it fits.
    fn from_weight(weight: f64) -> Self;

    fn to_f64(self) -> f64;
}

/// Samples as they are, and the lane of their sums, whose blocks they are read in.
macro_rules! samples {
    ($sample:ty, $kind:ident, $lane:ty, $from:ident) => {
        impl Element for $sample {
            const ELEMENT: ElementKind = ElementKind::$kind;
            const ZERO: Self = 0;
            const MAX_BLOCK: usize = <$lane as Element>::MAX_BLOCK;

            #[inline(always)]
            fn from_sample<S: Widen>(sample: S) -> Self {
                sample.$from() as Self
            }

            fn from_weight(weight: f64) -> Self {
                weight as Self
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }
        }
    };
}
samples!(u8, Bytes, f32, to_i16);
samples!(u16, Words, f64, to_f32);

/// An accumulator type: `i16`, `f32` or `f64`.
pub(crate) trait Lane: Element {
    /// This type as a value.
    const KIND: LaneKind;

    /// `self * weight + sum`, fused if `FMA`.
    fn mul_add<const FMA: bool>(self, weight: Self, sum: Self) -> Self;

    /// `self + other`; integers wrap.
    fn plus(self, other: Self) -> Self;

    /// `self - other`; integers wrap.
    fn minus(self, other: Self) -> Self;

    /// Converts a sum to the type of finishing. `low` is the smallest sum of the kernel;
    /// it is needed to unwrap sums modulo 2^16.
    fn to_real<F: Real>(self, low: i32) -> F;

    /// Whether every sum is finite.
    fn all_finite(sums: &[Self]) -> bool;

    /// The larger of `largest` and the absolute samples; NaN counts as infinite.
    fn largest(samples: &[Self], largest: Self) -> Self;

    /// The nearest integer to a sum, whose absolute value must be below half the
    /// largest exact integer of this type.
    fn nearest(self) -> Self;
}

impl Element for i16 {
    const ELEMENT: ElementKind = ElementKind::Lane(LaneKind::I16);
    const ZERO: Self = 0;
    const MAX_BLOCK: usize = 256;

    #[inline(always)]
    fn from_sample<S: Widen>(sample: S) -> Self {
        sample.to_i16()
    }

    fn from_weight(weight: f64) -> Self {
        weight as Self
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self.into()
    }
}

impl Lane for i16 {
    const KIND: LaneKind = LaneKind::I16;

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    #[inline(always)]
    fn mul_add<const FMA: bool>(self, weight: Self, sum: Self) -> Self {
        sum.wrapping_add(self.wrapping_mul(weight))
    }

    #[inline(always)]
    fn to_real<F: Real>(self, low: i32) -> F {
        F::from_i32(unwrap_sum(self, low))
    }

    #[inline(always)]
    fn all_finite(_: &[Self]) -> bool {
        true
    }

    #[inline(always)]
    fn largest(samples: &[Self], largest: Self) -> Self {
        samples
            .iter()
            .fold(largest, |largest, s| largest.max(s.saturating_abs()))
    }

    fn nearest(self) -> Self {
        self
    }
}

/// A sample type that converts to elements.
pub(crate) trait Widen: Sample {
    fn to_i16(self) -> i16;
    fn to_f32(self) -> f32;
    fn to_f64(self) -> f64;
}

macro_rules! widen {
    ($($sample:ty),*) => {$(
        impl Widen for $sample {
            #[inline(always)]
            fn to_i16(self) -> i16 {
                self as i16
            }

            #[inline(always)]
            fn to_f32(self) -> f32 {
                self as f32
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
        }
    )*};
    ($sample:ty, $this:ident => $number:expr) => {
        impl Widen for $sample {
            #[inline(always)]
            fn to_i16(self) -> i16 {
                self.to_f32() as i16
            }

            #[inline(always)]
            fn to_f32(self) -> f32 {
                let $this = self;
                $number
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.to_f32().into()
            }
        }
    };
}
widen!(u8, u16, u32, u64, i8, i16, i32, i64, f32, f64);
widen!(Bool, sample => if sample.get() { 1.0 } else { 0.0 });
widen!(f16, sample => f16::to_f32(sample));

impl<'a> ImageView<'a> {
    /// The samples as numbers, row by row; integers of 64 bits are rounded.
    pub fn numbers(&self) -> Box<dyn Iterator<Item = f64> + 'a> {
        each_sample!(ImageView(*self), view => Box::new(view.into_iter().map(|&s| Widen::to_f64(s))))
    }
}

/// The number in `low..low + 2^16` that equals `sum` modulo 2^16.
#[inline(always)]
fn unwrap_sum(sum: i16, low: i32) -> i32 {
    i32::from(sum.wrapping_sub(low as i16) as u16) + low
}

macro_rules! float_lane {
    ($float:ty, $bits:ty, $max_block:expr, $body:ident, $from:ident, $to:ident) => {
        impl Element for $float {
            const ELEMENT: ElementKind = ElementKind::Lane(LaneKind::$body);
            const ZERO: Self = 0.0;
            const MAX_BLOCK: usize = $max_block;

            #[inline(always)]
            fn from_sample<S: Widen>(sample: S) -> Self {
                sample.$to()
            }

            #[inline(always)]
            fn from_weight(weight: f64) -> Self {
                weight as Self
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }
        }

        impl Lane for $float {
            const KIND: LaneKind = LaneKind::$body;

            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }

            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self - other
            }

            #[inline(always)]
            fn mul_add<const FMA: bool>(self, weight: Self, sum: Self) -> Self {
                if FMA {
                    self.mul_add(weight, sum)
                } else {
                    self * weight + sum
                }
            }

            #[inline(always)]
            fn to_real<F: Real>(self, _: i32) -> F {
                F::$from(self)
            }

            // Infinities and NaN have the largest exponent. A maximum over the bits
            // vectorises; an early exit does not.
            #[inline(always)]
            fn all_finite(sums: &[Self]) -> bool {
                const INFINITE: $bits = <$float>::INFINITY.to_bits();
                let largest = sums.iter().fold(0, |m: $bits, s| m.max(s.abs().to_bits()));
                largest < INFINITE
            }

            #[inline(always)]
            fn largest(samples: &[Self], largest: Self) -> Self {
                const INFINITE: $bits = <$float>::INFINITY.to_bits();
                // Without their sign, floats are ordered as their bits are.
                let bits = samples.iter().map(|s| s.abs().to_bits());
                <$float>::from_bits(bits.fold(largest.to_bits(), <$bits>::max).min(INFINITE))
            }

            // Adding a number whose unit in the last place is 1 rounds to an integer.
            #[inline(always)]
            fn nearest(self) -> Self {
                const MAGIC: $float = 1.5 / <$float>::EPSILON;
                self + MAGIC - MAGIC
            }
        }
    };
}
float_lane!(f32, u32, 128, F32, from_f32, to_f32);
float_lane!(f64, u64, 64, F64, from_f64, to_f64);
