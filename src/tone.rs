//! Responses to samples: map, rounding, saturation, depth.

mod finish;
mod real;

pub(crate) use finish::{Range, Tone};
pub(crate) use real::{Output, Real};

/// How responses become samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Map {
    /// As they are, saturated to what the sample type holds.
    #[default]
    Clamp,
    /// Absolute values.
    Abs,
    /// Zero becomes mid-gray: 128 of 255, 32768 of 65535, 0.5 of 1.0 is added.
    Offset,
    /// The image's smallest response becomes 0, its largest full scale.
    Stretch,
    /// Zero becomes half of full scale, the largest absolute response of the
    /// image 0 or full scale.
    Symmetric,
    /// The responses themselves as 32-bit floats, in units of the input's samples.
    Float,
}
