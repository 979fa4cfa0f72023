//! `Depth`: the types of samples.

use std::fmt;

/// The type of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Depth {
    /// 8-bit unsigned, full scale 255.
    U8,
    /// 16-bit unsigned, full scale 65535.
    U16,
    /// 32-bit float, full scale 1.0; values outside 0 to 1 are kept.
    F32,
}

impl Depth {
    /// The sample value of white: 255, 65535 or 1.0.
    pub const fn full_scale(self) -> f64 {
        match self {
            Self::U8 => 255.0,
            Self::U16 => 65535.0,
            Self::F32 => 1.0,
        }
    }

    /// `u8`, `u16` or `f32`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::F32 => "f32",
        }
    }

    /// The size of one sample in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::F32 => 4,
        }
    }
}

/// `8-bit`, `16-bit` or `32-bit float`.
impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::U8 => "8-bit",
            Self::U16 => "16-bit",
            Self::F32 => "32-bit float",
        })
    }
}
