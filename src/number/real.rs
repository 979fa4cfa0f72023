//! The number types of finishing, and the sample types of results.

use std::{
    fmt,
    ops::{BitOr, BitXor},
};

use crate::image::{Bool, Sample, SampleSliceMut, f16};

/// `f32` or `f64`. The finish uses `f32` only if it gives the same samples.
pub(crate) trait Real: Copy + PartialOrd + Send + Sync + fmt::Debug + 'static {
    /// Zero.
    const ZERO: Self;

    /// The bits of a number.
    type Bits: Copy + Default + PartialEq + BitOr<Output = Self::Bits> + BitXor<Output = Self::Bits>;

    fn from_i32(value: i32) -> Self;
    fn from_f32(value: f32) -> Self;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn to_f32(self) -> f32;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    fn add(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    fn is_nan(self) -> bool;
    /// The larger number; NaN if either is NaN.
    fn larger(self, other: Self) -> Self;
    /// Rounded to the nearest integer, ties to even, and saturated to
    /// `0..=white`; NaN becomes 0. `white` is at most 65535.
    fn to_integer(self, white: u16) -> u16;
    /// Rounded to the nearest integer, ties to even, and saturated to `low..=high`, which
    /// contains 0; NaN becomes 0.
    fn to_i16(self, low: i16, high: i16) -> i16;
    /// Rounded to the nearest integer, ties to even, and saturated to these integers of at most
    /// 16 bits: in the low bits. The others are the same for all. It must not be NaN.
    fn to_low_bits(self, limits: [i32; 2]) -> Self::Bits;
    /// The low 16 bits.
    fn low_16(bits: Self::Bits) -> u16;
}

macro_rules! real {
    ($real:ty, $bits:ty, $magic:expr) => {
        impl Real for $real {
            const ZERO: Self = 0.0;

            type Bits = $bits;

            #[inline(always)]
            fn from_i32(value: i32) -> Self {
                value as Self
            }

            #[inline(always)]
            fn from_f32(value: f32) -> Self {
                Self::from(value)
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as Self
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }

            #[inline(always)]
            fn to_f32(self) -> f32 {
                self as f32
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self + other
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self - other
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self * other
            }

            #[inline(always)]
            fn div(self, other: Self) -> Self {
                self / other
            }

            #[inline(always)]
            fn abs(self) -> Self {
                self.abs()
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                self.is_nan()
            }

            #[inline(always)]
            fn larger(self, other: Self) -> Self {
                // Comparisons with NaN are false, so a NaN `self` is kept.
                if self < other || other.is_nan() {
                    other
                } else {
                    self
                }
            }

            #[inline(always)]
            fn to_integer(self, white: u16) -> u16 {
                // Saturating before rounding gives the same result: the limits are
                // integers. Adding 2^23 (2^52) then rounds to nearest, ties to even,
                // and leaves the integer in the low bits, without a rounding
                // instruction, which SSE2 lacks. A comparison compiles to one
                // instruction; `max`, which handles NaN on either side, to three.
                let white = <$real>::from(white);
                let positive = if self > 0.0 { self } else { 0.0 };
                let inside = if positive < white { positive } else { white };
                (inside + $magic).to_bits() as u16
            }

            #[inline(always)]
            fn to_i16(self, low: i16, high: i16) -> i16 {
                let (low, high) = (<$real>::from(low), <$real>::from(high));
                let above = if self > low { self } else { low };
                let inside = if above < high { above } else { high };
                let number = if self.is_nan() { 0.0 } else { inside };
                // Half as much again keeps the sum in one binade for negative numbers.
                (number + 1.5 * $magic).to_bits() as i16
            }

            #[inline(always)]
            fn to_low_bits(self, [low, high]: [i32; 2]) -> $bits {
                let (low, high) = (low as $real, high as $real);
                let above = if self > low { self } else { low };
                let inside = if above < high { above } else { high };
                (inside + 1.5 * $magic).to_bits()
            }

            #[inline(always)]
            fn low_16(bits: $bits) -> u16 {
                bits as u16
            }
        }
    };
}
real!(f32, u32, 8_388_608.0_f32);
real!(f64, u64, 4_503_599_627_370_496.0_f64);

/// A sample type that responses can become.
pub(crate) trait Output: Sample {
    /// The nearest sample, ties to even, saturated. NaN becomes 0 in integers.
    fn from_real<F: Real>(value: F) -> Self;

    /// The smallest and the largest integer, of the types of at most 16 bits that hold more than
    /// 0 and 1.
    const SMALL_RANGE: Option<[i32; 2]> = None;

    /// The sample of these bits, of a type that has a [`SMALL_RANGE`](Self::SMALL_RANGE).
    #[inline(always)]
    fn from_low_bits(_: u16) -> Self {
        unreachable!("only integers of at most 16 bits are made of them")
    }

    /// An integer that this type holds.
    fn from_integer(value: i128) -> Self;

    /// Wraps a slice of this type in the enum of slices of any sample type.
    fn slice_mut(samples: &mut [Self]) -> SampleSliceMut<'_>;
}

macro_rules! output {
    (small $sample:ty, $value:ident => $rounded:expr) => {
        output!($sample, $value => $rounded, |value: i128| value as Self, {
            const SMALL_RANGE: Option<[i32; 2]> = Some([Self::MIN as i32, Self::MAX as i32]);

            #[inline(always)]
            fn from_low_bits(bits: u16) -> Self {
                bits as Self
            }
        });
    };
    ($sample:ty, $value:ident => $rounded:expr) => {
        output!($sample, $value => $rounded, |value: i128| value as Self, {});
    };
    ($sample:ty, $value:ident => $rounded:expr, $integer:expr) => {
        output!($sample, $value => $rounded, $integer, {});
    };
    ($sample:ty, $value:ident => $rounded:expr, $integer:expr, {$($small:tt)*}) => {
        impl Output for $sample {
            $($small)*

            #[inline(always)]
            fn from_real<F: Real>($value: F) -> Self {
                $rounded
            }

            fn from_integer(value: i128) -> Self {
                #[allow(clippy::redundant_closure_call, reason = "one for each kind of type")]
                $integer(value)
            }

            fn slice_mut(samples: &mut [Self]) -> SampleSliceMut<'_> {
                samples.into()
            }
        }
    };
}
output!(small u8, value => value.to_integer(255) as Self);
output!(small u16, value => value.to_integer(65535));
output!(u32, value => low_bits(value.to_f64(), 0.0, Self::MAX.into()));
// These conversions saturate, and NaN becomes 0.
output!(u64, value => nearest(value.to_f64()) as Self);
output!(small i8, value => value.to_i16(Self::MIN.into(), Self::MAX.into()) as Self);
output!(small i16, value => value.to_i16(Self::MIN, Self::MAX));
output!(i32, value => low_bits(value.to_f64(), Self::MIN.into(), Self::MAX.into()) as Self);
output!(i64, value => nearest(value.to_f64()) as Self);
output!(Bool, value => Self(value.to_integer(1) as u8), |value| Self(value as u8));
output!(f16, value => nearest_f16(value.to_f64()), |value| nearest_f16(value as f64));
output!(f32, value => value.to_f32());
output!(f64, value => value.to_f64());

/// Sets all samples to this integer, which their type holds.
pub(crate) fn fill(samples: SampleSliceMut<'_>, value: i128) {
    each_sample!(SampleSliceMut(samples), samples => samples.fill(Output::from_integer(value)));
}

/// The low 32 bits of the nearest integer, ties to even, saturated to `low..=high`, which
/// contains 0; NaN becomes 0.
#[inline(always)]
fn low_bits(value: f64, low: f64, high: f64) -> u32 {
    // As in `to_integer`; half of 2^52 more for negative numbers.
    const MAGIC: f64 = 1.5 * (1_u64 << 52) as f64;
    let above = if value > low { value } else { low };
    let inside = if above < high { above } else { high };
    let number = if value.is_nan() { 0.0 } else { inside };
    (number + MAGIC).to_bits() as u32
}

/// The nearest integer, ties to even, as a float.
#[inline(always)]
fn nearest(value: f64) -> f64 {
    // From here on every float is an integer.
    const INTEGERS: f64 = (1_u64 << 52) as f64;
    let size = value.abs();
    if size < INTEGERS {
        (size + INTEGERS - INTEGERS).copysign(value)
    } else {
        value
    }
}

/// The nearest 16-bit float, ties to even.
#[inline(always)]
fn nearest_f16(value: f64) -> f16 {
    // Rounding to 32 bits and then to 16 would round twice. Where the first is inexact it is
    // made to round to odd: truncated, with the last bit set. No such number is a tie of 16
    // bits, and it is on the same side of every tie as the value.
    let rounded = value as f32;
    let exact = f64::from(rounded);
    if value.is_nan() {
        return f16::NAN;
    }
    let odd = if exact == value {
        rounded
    } else {
        let beyond = u32::from(exact.abs() > value.abs());
        f32::from_bits((rounded.to_bits() - beyond) | 1)
    };
    f16::from_f32(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds<F: Real>() {
        for (value, sample) in [
            (-1e30, 0),
            (-0.5, 0),
            (0.5, 0),
            (0.500_001, 1),
            (1.5, 2),
            (2.5, 2),
            (254.5, 254),
            (255.4, 255),
            (1e30, 255),
            (f64::INFINITY, 255),
            (f64::NEG_INFINITY, 0),
            (f64::NAN, 0),
        ] {
            assert_eq!(u8::from_real(F::from_f64(value)), sample, "{value}");
        }
        for (value, sample) in [(65534.5, 65534), (65535.5, 65535), (32767.5, 32768)] {
            assert_eq!(u16::from_real(F::from_f64(value)), sample, "{value}");
        }
        for (value, sample) in [
            (f64::NEG_INFINITY, i16::MIN),
            (-32_768.5, i16::MIN),
            (-32_767.5, i16::MIN),
            (-2.5, -2),
            (-1.5, -2),
            (-0.5, 0),
            (0.5, 0),
            (2.5, 2),
            (32_766.5, 32_766),
            (32_767.5, i16::MAX),
            (f64::INFINITY, i16::MAX),
            (f64::NAN, 0),
        ] {
            assert_eq!(i16::from_real(F::from_f64(value)), sample, "{value}");
            let byte = (sample).clamp(-128, 127) as i8;
            assert_eq!(i8::from_real(F::from_f64(value)), byte, "{value}");
        }
    }

    /// Against the standard library's rounding and saturation.
    #[test]
    fn every_integer_type_rounds_and_saturates() {
        let edges = [0.0, 1.0, 127.0, 128.0, 255.0, 32_767.0, 65_535.0].into_iter();
        let edges = edges.chain((20..66).map(|bits| 2_f64.powi(bits)));
        let fractions = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0];
        let values = edges.flat_map(|edge| fractions.map(|fraction| edge + fraction));
        for value in values.flat_map(|value| [value, -value]).chain([f64::NAN]) {
            let whole = value.round_ties_even();
            assert_eq!(u8::from_real(value), whole as u8, "{value}");
            assert_eq!(u16::from_real(value), whole as u16, "{value}");
            assert_eq!(u32::from_real(value), whole as u32, "{value}");
            assert_eq!(u64::from_real(value), whole as u64, "{value}");
            assert_eq!(i8::from_real(value), whole as i8, "{value}");
            assert_eq!(i16::from_real(value), whole as i16, "{value}");
            assert_eq!(i32::from_real(value), whole as i32, "{value}");
            assert_eq!(i64::from_real(value), whole as i64, "{value}");
            let bit = Bool((whole as u8).min(1));
            assert_eq!(Bool::from_real(value), bit, "{value}");
        }
    }

    fn has_its_integer_in_the_low_bits<F: Real, O: Output>() {
        let range @ [low, high] = O::SMALL_RANGE.unwrap();
        let values = (low - 2..=high + 2)
            .flat_map(|n| [-0.5, -0.25, 0.0, 0.25, 0.5].map(|f| f64::from(n) + f));
        let bits = |value: f64| F::from_f64(value).to_low_bits(range);
        for value in values.chain([-1e30, 1e30, f64::INFINITY, f64::NEG_INFINITY]) {
            let sample = O::from_real(value);
            assert_eq!(O::from_low_bits(F::low_16(bits(value))), sample, "{value}");
            let same = bits(value) == bits(value.round_ties_even());
            assert!(same, "{value}");
        }
    }

    #[test]
    fn small_integers_are_low_bits() {
        has_its_integer_in_the_low_bits::<f32, u8>();
        has_its_integer_in_the_low_bits::<f32, i8>();
        has_its_integer_in_the_low_bits::<f32, u16>();
        has_its_integer_in_the_low_bits::<f64, u16>();
        has_its_integer_in_the_low_bits::<f32, i16>();
        has_its_integer_in_the_low_bits::<f64, i16>();
    }

    /// Around every tie between two neighbouring 16-bit floats.
    #[test]
    fn floats_of_16_bits_are_rounded_once() {
        let same = |a: f16, b: f16, value: f64| assert_eq!(a.to_bits(), b.to_bits(), "{value:e}");
        for bits in 0..0x7bff_u16 {
            let [low, high] = [bits, bits + 1].map(f16::from_bits);
            let tie = (f64::from(low) + f64::from(high)) / 2.0;
            let even = if bits % 2 == 0 { low } else { high };
            for sign in [1.0, -1.0] {
                let signed = |number: f16| f16::from_f64(f64::from(number) * sign);
                same(f16::from_real(sign * tie), signed(even), tie);
                same(f16::from_real(sign * tie.next_down()), signed(low), tie);
                same(f16::from_real(sign * tie.next_up()), signed(high), tie);
                same(f16::from_real(sign * f64::from(low)), signed(low), tie);
            }
        }
        same(f16::from_real(65_519.999), f16::MAX, 65_519.999);
        same(f16::from_real(65_520.0), f16::INFINITY, 65_520.0);
        same(f16::from_real(1e300), f16::INFINITY, 1e300);
        same(f16::from_real(1e-300), f16::ZERO, 1e-300);
        assert!(f16::from_real(f64::NAN).is_nan());
    }

    #[test]
    fn ties_go_to_even_and_ends_saturate() {
        rounds::<f32>();
        rounds::<f64>();
    }

    #[test]
    fn the_larger_of_nan_is_nan() {
        assert!(f32::NAN.larger(1.0).is_nan());
        assert!(1.0_f32.larger(f32::NAN).is_nan());
        assert_eq!(1.0_f32.larger(2.0), 2.0);
    }
}
