//! The number types of finishing, and the sample types of results.

use std::fmt;

use crate::image::{Sample, SampleSliceMut};

/// `f32` or `f64`. The finish uses `f32` only if it gives the same samples.
pub(crate) trait Real: Copy + PartialOrd + Send + Sync + fmt::Debug + 'static {
    /// Zero.
    const ZERO: Self;

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
    /// The larger number; NaN if either is NaN.
    fn larger(self, other: Self) -> Self;
    /// Rounded to the nearest integer, ties to even, and saturated to
    /// `0..=white`; NaN becomes 0. `white` is at most 65535.
    fn to_integer(self, white: u16) -> u16;
}

macro_rules! real {
    ($real:ty, $magic:expr) => {
        impl Real for $real {
            const ZERO: Self = 0.0;

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
        }
    };
}
real!(f32, 8_388_608.0_f32);
real!(f64, 4_503_599_627_370_496.0_f64);

/// A sample type that responses can become.
pub(crate) trait Output: Sample {
    fn from_real<F: Real>(value: F) -> Self;

    /// Wraps a slice of this type in the enum of slices of any sample type.
    fn slice_mut(samples: &mut [Self]) -> SampleSliceMut<'_>;
}

impl Output for u8 {
    #[inline(always)]
    fn from_real<F: Real>(value: F) -> Self {
        value.to_integer(255) as Self
    }

    fn slice_mut(samples: &mut [Self]) -> SampleSliceMut<'_> {
        samples.into()
    }
}

impl Output for u16 {
    #[inline(always)]
    fn from_real<F: Real>(value: F) -> Self {
        value.to_integer(65535)
    }

    fn slice_mut(samples: &mut [Self]) -> SampleSliceMut<'_> {
        samples.into()
    }
}

impl Output for f32 {
    #[inline(always)]
    fn from_real<F: Real>(value: F) -> Self {
        value.to_f32()
    }

    fn slice_mut(samples: &mut [Self]) -> SampleSliceMut<'_> {
        samples.into()
    }
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
