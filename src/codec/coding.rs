//! How the samples of a file are coded, where its result may be coded otherwise.

use super::Format;
use crate::warning::Warning;

/// How the samples of a file are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coding {
    /// As progressive JPEG: by scans that refine each other.
    ProgressiveJpeg,
    /// As lossy WebP.
    LossyWebp,
    /// As JPEG in a TIFF.
    JpegInTiff,
    /// As indices of a palette.
    Palette,
    /// As 16-bit floats of an OpenEXR.
    HalfFloats,
}

impl Coding {
    /// A warning if a file of `format` becomes one of another coding in the same format.
    /// `progressive` JPEG is written on request.
    pub(crate) fn warning(self, format: Format, progressive: bool) -> Option<Warning> {
        Some(match self {
            Self::ProgressiveJpeg if progressive => return None,
            Self::ProgressiveJpeg => Warning::progressive(),
            Self::LossyWebp | Self::JpegInTiff => Warning::lossless(format),
            Self::Palette => Warning::palette(format),
            Self::HalfFloats => Warning::half_floats(),
        })
    }
}
