//! The tiff crate's errors in this crate's words.

use ::tiff::TiffError;

use super::message;
use crate::error::Error;

/// Of a part of the picture, to decode which may take so many bytes.
pub(super) fn decoding_part(error: TiffError, most: usize) -> Error {
    match error {
        TiffError::LimitsExceeded => message::over_memory("tiff", most as u64),
        error => decoding(error),
    }
}

pub(super) fn decoding(error: TiffError) -> Error {
    match error {
        TiffError::IoError(error) => message::reading("tiff", &error),
        TiffError::UnsupportedError(error) => message::unsupported_kind("tiff", error),
        // Those beyond the memory were refused.
        TiffError::LimitsExceeded => message::damaged("tiff", "a field is larger than the file"),
        error => message::damaged("tiff", error),
    }
}
