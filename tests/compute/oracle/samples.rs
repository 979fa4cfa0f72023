//! Sample types: the one list that is to be extended when the library learns a type.

use stridekern::{
    Depth, Image, Samples,
    image::{Bool, f16},
};

use super::exact::{Dyadic, Format};

/// An exact sample, or a float that is no number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sample {
    Finite(Dyadic),
    Other(f64),
}

impl Sample {
    pub(super) fn of(value: f64) -> Self {
        if value.is_finite() {
            Self::Finite(Dyadic::of(value))
        } else {
            Self::Other(value)
        }
    }

    /// The value, of large integers nearly.
    pub(super) fn approximate(self) -> f64 {
        match self {
            Self::Finite(Dyadic { mantissa, exponent }) => mantissa as f64 * 2_f64.powi(exponent),
            Self::Other(value) => value,
        }
    }
}

/// What kind of numbers a sample type holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Integer { low: i128, high: i128 },
    Float(Format),
}

impl Kind {
    pub(super) const fn is_integer(self) -> bool {
        matches!(self, Self::Integer { .. })
    }

    /// The largest value of an integer; 1 of floats.
    pub(super) const fn full_scale(self) -> i128 {
        match self {
            Self::Integer { high, .. } => high,
            Self::Float(_) => 1,
        }
    }

    /// What the map `offset` adds, times two.
    pub(super) const fn twice_middle(self) -> i128 {
        match self {
            Self::Integer { low: 0, high } => high + 1,
            Self::Integer { .. } => 0,
            Self::Float(_) => 1,
        }
    }
}

macro_rules! sample_types {
    (
        integers {$(
            $name:ident: $integer:ty, $low:expr, $high:expr, $exact:expr, $from:expr;
        )*}
        floats {$(
            $float_name:ident: $float:ty, $format:expr, $float_from:expr;
        )*}
    ) => {
        /// Every sample type, by depth.
        pub(super) const DEPTHS: &[Depth] = &[$(Depth::$name,)* $(Depth::$float_name,)*];

        pub(super) fn kind(depth: Depth) -> Kind {
            match depth {
                $(Depth::$name => Kind::Integer { low: $low, high: $high as i128 },)*
                $(Depth::$float_name => Kind::Float($format),)*
                _ => panic!("the tests know no {depth}"),
            }
        }

        /// Every sample, exactly.
        pub(super) fn samples(image: &Image) -> Vec<Sample> {
            match image.samples() {
                $(Samples::$name(samples) => {
                    let exact: fn($integer) -> i128 = $exact;
                    let sample = |s: &$integer| Sample::Finite(Dyadic::new(exact(*s), 0));
                    samples.iter().map(sample).collect()
                })*
                $(Samples::$float_name(samples) => {
                    samples.iter().map(|s| Sample::of(f64::from(*s))).collect()
                })*
                _ => panic!("the tests know no other"),
            }
        }

        /// An image of samples that are integers of `depth`, or that are rounded to floats.
        pub(super) fn image(depth: Depth, shape: [usize; 3], values: &[f64]) -> Image {
            let samples = match depth {
                $(Depth::$name => {
                    let from: fn(f64) -> $integer = $from;
                    Samples::$name(values.iter().map(|&v| from(v)).collect())
                })*
                $(Depth::$float_name => {
                    let from: fn(f64) -> $float = $float_from;
                    Samples::$float_name(values.iter().map(|&v| from(v)).collect())
                })*
                _ => panic!("the tests know no {depth}"),
            };
            Image::new(shape[0], shape[1], shape[2], samples).unwrap()
        }
    };
}

// A line for each type.
sample_types! {
    integers {
        U8: u8, 0, u8::MAX, i128::from, |v| v as u8;
        U16: u16, 0, u16::MAX, i128::from, |v| v as u16;
        U32: u32, 0, u32::MAX, i128::from, |v| v as u32;
        U64: u64, 0, u64::MAX, i128::from, |v| v as u64;
        I8: i8, i128::from(i8::MIN), i8::MAX, i128::from, |v| v as i8;
        I16: i16, i128::from(i16::MIN), i16::MAX, i128::from, |v| v as i16;
        I32: i32, i128::from(i32::MIN), i32::MAX, i128::from, |v| v as i32;
        I64: i64, i128::from(i64::MIN), i64::MAX, i128::from, |v| v as i64;
        Bool: Bool, 0, 1, |s| i128::from(s.get()), |v| Bool::from(v > 0.0);
    }
    floats {
        F16: f16, Format { precision: 11, smallest: -24, largest: 65504.0 }, f16::from_f64;
        F32: f32, Format::F32, |v| v as f32;
        F64: f64, Format::F64, |v| v;
    }
}

/// Whether pictures have such samples, which are scaled when their depth changes.
pub(super) fn is_picture(depth: Depth) -> bool {
    [Depth::U8, Depth::U16, Depth::F32].contains(&depth)
}
