//! `Depth`: the types of samples.

mod bool;

use std::{fmt, str::FromStr};

pub use bool::Bool;
pub use half::f16;

use crate::unknown_name::{NameOf, UnknownName};

/// Calls the macro `$then` with `$args` and the list of all sample types: for each the variant
/// of [`Depth`], of `Samples` and of the other enums, and the type.
macro_rules! sample_types {
    ($then:ident $args:tt) => {
        $then! { @ $args
            [U8 u8]
            [U16 u16]
            [U32 u32]
            [U64 u64]
            [I8 i8]
            [I16 i16]
            [I32 i32]
            [I64 i64]
            [Bool $crate::depth::Bool]
            [F16 $crate::depth::f16]
            [F32 f32]
            [F64 f64]
        }
    };
}

/// Matches an enum that has a variant for every sample type:
/// `each_sample!(SampleSlice(value), samples => samples.len())`.
macro_rules! each_sample {
    ($enum:ident($value:expr), $samples:ident => $body:expr) => {
        sample_types! { each_sample ($enum, $value, $samples, $body) }
    };
    (@ ($enum:ident, $value:expr, $samples:ident, $body:expr)
        $([$variant:ident $type:ty])*) => {
        match $value {
            $($enum::$variant($samples) => $body,)*
        }
    };
}

/// The depth of an enum that has a variant for every sample type.
macro_rules! depth_of {
    (@ ($enum:ident, $value:expr) $([$variant:ident $type:ty])*) => {
        match $value {
            $($enum::$variant(_) => $crate::depth::Depth::$variant,)*
        }
    };
}

/// Evaluates an expression with a type alias for the sample type of a depth:
/// `each_depth!(depth, T => size_of::<T>())`.
macro_rules! each_depth {
    ($depth:expr, $alias:ident => $body:expr) => {
        sample_types! { each_depth ($depth, $alias, $body) }
    };
    (@ ($depth:expr, $alias:ident, $body:expr) $([$variant:ident $type:ty])*) => {
        match $depth {
            $($crate::depth::Depth::$variant => {
                type $alias = $type;
                $body
            })*
        }
    };
}

/// The type of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Depth {
    /// 8-bit unsigned, full scale 255.
    U8,
    /// 16-bit unsigned, full scale 65535.
    U16,
    /// 32-bit unsigned, full scale 2^32 - 1.
    U32,
    /// 64-bit unsigned, full scale 2^64 - 1.
    U64,
    /// 8-bit signed, full scale 127.
    I8,
    /// 16-bit signed, full scale 32767.
    I16,
    /// 32-bit signed, full scale 2^31 - 1.
    I32,
    /// 64-bit signed, full scale 2^63 - 1.
    I64,
    /// 0 or 1, a byte each, full scale 1.
    Bool,
    /// 16-bit float, full scale 1.0; values outside 0 to 1 are kept.
    F16,
    /// 32-bit float, full scale 1.0; values outside 0 to 1 are kept.
    F32,
    /// 64-bit float, full scale 1.0; values outside 0 to 1 are kept.
    F64,
}

impl Depth {
    /// Every type.
    pub const ALL: [Self; 12] = [
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::Bool,
        Self::F16,
        Self::F32,
        Self::F64,
    ];

    /// The sample value of white: the largest integer of the type, or 1.0.
    pub const fn full_scale(self) -> f64 {
        match self {
            Self::F16 | Self::F32 | Self::F64 => 1.0,
            _ => self.range()[1],
        }
    }

    /// The smallest and the largest integer of the type; of floats, which have no such
    /// bounds, 0 and the full scale.
    pub const fn range(self) -> [f64; 2] {
        match self {
            Self::U8 => [0.0, u8::MAX as f64],
            Self::U16 => [0.0, u16::MAX as f64],
            Self::U32 => [0.0, u32::MAX as f64],
            // Rounded up to powers of two.
            Self::U64 => [0.0, u64::MAX as f64],
            Self::I8 => [i8::MIN as f64, i8::MAX as f64],
            Self::I16 => [i16::MIN as f64, i16::MAX as f64],
            Self::I32 => [i32::MIN as f64, i32::MAX as f64],
            Self::I64 => [i64::MIN as f64, i64::MAX as f64],
            Self::Bool | Self::F16 | Self::F32 | Self::F64 => [0.0, 1.0],
        }
    }

    /// The smallest and the largest finite sample.
    pub(crate) const fn finite_range(self) -> [f64; 2] {
        match self {
            Self::F16 => [-65_504.0, 65_504.0],
            Self::F32 => [f32::MIN as f64, f32::MAX as f64],
            Self::F64 => [f64::MIN, f64::MAX],
            integer => integer.range(),
        }
    }

    /// The smallest and the largest integer of the type, exactly; of floats, 0 and 1.
    pub(crate) const fn ends(self) -> [i128; 2] {
        let [low, high] = self.range();
        match self {
            Self::U64 => [0, u64::MAX as i128],
            Self::I64 => [i64::MIN as i128, i64::MAX as i128],
            _ => [low as i128, high as i128],
        }
    }

    /// The largest absolute value of a sample: of floats, the full scale.
    pub(crate) const fn largest(self) -> f64 {
        let [low, high] = self.range();
        if -low > high { -low } else { high }
    }

    /// The largest sample in digits, which those of 64 bits have more of than `f64` holds.
    pub(crate) fn largest_text(self) -> String {
        match self {
            Self::U64 => u64::MAX.to_string(),
            Self::I64 => i64::MAX.to_string(),
            _ => self.full_scale().to_string(),
        }
    }

    /// Whether samples are floats.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64)
    }

    /// Whether samples are signed integers.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::I8 | Self::I16 | Self::I32 | Self::I64)
    }

    /// Whether pictures have such samples: `u8`, `u16` and `f32`, which are converted to each
    /// other from full scale to full scale.
    pub const fn is_picture(self) -> bool {
        matches!(self, Self::U8 | Self::U16 | Self::F32)
    }

    /// Whether 32-bit floats do not hold every sample, so that sums are computed in 64 bits.
    pub(crate) const fn needs_f64(self) -> bool {
        matches!(
            self,
            Self::U32 | Self::U64 | Self::I32 | Self::I64 | Self::F64
        )
    }

    /// Whether samples are integers of 64 bits, of which floats hold those below 2^53.
    pub(crate) const fn is_64_bit_integer(self) -> bool {
        matches!(self, Self::U64 | Self::I64)
    }

    /// Whether this type holds every sample of the type `other`.
    pub fn holds(self, other: Self) -> bool {
        /// Integers up to this are exact in a float.
        fn exact(float: Depth) -> f64 {
            2_f64.powi(match float {
                Depth::F16 => 11,
                Depth::F32 => 24,
                _ => 53,
            })
        }
        let [low, high] = self.range();
        let [other_low, other_high] = other.range();
        match (self.is_float(), other.is_float()) {
            (true, true) => self.bytes() >= other.bytes(),
            (true, false) => other_low.abs().max(other_high) <= exact(self),
            (false, true) => false,
            // The same bounds may be rounded ones of two types.
            (false, false) => self == other || (low <= other_low && other_high <= high),
        }
    }

    /// The type of the responses that [`Map::Float`](crate::Map::Float) gives: `f64` for
    /// `f64` and for integers above 16 bits, else `f32`.
    pub const fn float(self) -> Self {
        if self.needs_f64() {
            Self::F64
        } else {
            Self::F32
        }
    }

    /// The name of the type: `u8`, `i16`, `bool`, `f32`, ...
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::Bool => "bool",
            Self::F16 => "f16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// The size of one sample in bytes.
    pub const fn bytes(self) -> usize {
        each_depth!(self, T => size_of::<T>())
    }
}

/// `8-bit`, `signed 16-bit`, `32-bit float`, `boolean`, ...
impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::U8 => "8-bit",
            Self::U16 => "16-bit",
            Self::U32 => "32-bit",
            Self::U64 => "64-bit",
            Self::I8 => "signed 8-bit",
            Self::I16 => "signed 16-bit",
            Self::I32 => "signed 32-bit",
            Self::I64 => "signed 64-bit",
            Self::Bool => "boolean",
            Self::F16 => "16-bit float",
            Self::F32 => "32-bit float",
            Self::F64 => "64-bit float",
        })
    }
}

impl FromStr for Depth {
    type Err = UnknownName;

    /// The type of that [`name`](Self::name).
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|depth| depth.name() == name)
            .ok_or_else(|| {
                UnknownName::new(
                    NameOf::SampleType,
                    name,
                    Self::ALL.map(Self::name).join(", "),
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for depth in Depth::ALL {
            assert_eq!(depth.name().parse(), Ok(depth));
        }
        assert_eq!(
            "int8".parse::<Depth>().unwrap_err().to_string(),
            "unknown sample type `int8`: choose u8, u16, u32, u64, i8, i16, i32, i64, bool, f16, f32, f64"
        );
    }

    #[test]
    fn a_type_holds_those_of_fewer_values() {
        use Depth::{Bool, F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        let held = |by: Depth| -> Vec<Depth> {
            (Depth::ALL.into_iter())
                .filter(|&other| by.holds(other))
                .collect()
        };
        assert_eq!(held(U8), [U8, Bool]);
        assert_eq!(held(U16), [U8, U16, Bool]);
        assert_eq!(held(U32), [U8, U16, U32, Bool]);
        assert_eq!(held(U64), [U8, U16, U32, U64, Bool]);
        assert_eq!(held(I8), [I8, Bool]);
        assert_eq!(held(I16), [U8, I8, I16, Bool]);
        assert_eq!(held(I32), [U8, U16, I8, I16, I32, Bool]);
        assert_eq!(held(I64), [U8, U16, U32, I8, I16, I32, I64, Bool]);
        assert_eq!(held(Bool), [Bool]);
        assert_eq!(held(F16), [U8, I8, Bool, F16]);
        assert_eq!(held(F32), [U8, U16, I8, I16, Bool, F16, F32]);
        assert_eq!(held(F64), [U8, U16, U32, I8, I16, I32, Bool, F16, F32, F64]);
    }
}
