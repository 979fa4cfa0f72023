//! Conversion of the tiff crate's errors.

use ::tiff::TiffError;

use super::errors;
use crate::error::Error;

/// The error of decoding a strip or tile with this memory limit in bytes.
pub(super) fn chunk_error(error: TiffError, memory_limit: usize) -> Error {
    match error {
        TiffError::LimitsExceeded => errors::over_memory("tiff", memory_limit as u64),
        error => decode_error(error),
    }
}

pub(super) fn decode_error(error: TiffError) -> Error {
    match error {
        TiffError::IoError(error) => errors::read_error("tiff", &error),
        TiffError::UnsupportedError(error) => errors::unsupported_kind("tiff", error),
        // Fields beyond the memory limit were refused before.
        TiffError::LimitsExceeded => errors::damaged("tiff", "a field is larger than the file"),
        error => errors::damaged("tiff", error),
    }
}
