//! Limits on the sizes that a header may claim.

use crate::{
    error::{InputError, LimitError, Result},
    image::Depth,
};

/// Limits on what an input may claim to be; they are checked before memory is
/// taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most pixels of a picture. Default: 2^31, a square of 46340 x 46340.
    pub max_pixels: u64,
    /// The most bytes of a file, and of the samples decoded from it. Default:
    /// 16 GiB.
    pub max_bytes: u64,
    /// The most bytes of memory for what cannot be read by rows, and for all
    /// images that a batch works on at a time. Default: 16 GiB.
    pub max_memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 1 << 31,
            max_bytes: 16 << 30,
            max_memory: 16 << 30,
        }
    }
}

/// Bytes of a file and of samples for each pixel: four channels of 16 bits.
const BYTES_PER_PIXEL: u64 = 8;

/// The copies of a profile that may exist while a file is read: two while its buffer grows,
/// the decoder's, those in header and trailer, and the file itself.
const COPIES: usize = 8;

impl Limits {
    /// These limits with another pixel limit, and with byte limits raised to 8 bytes per
    /// pixel if they were lower.
    #[must_use]
    pub fn with_pixels(self, max_pixels: u64) -> Self {
        Self {
            max_pixels,
            max_bytes: self
                .max_bytes
                .max(max_pixels.saturating_mul(BYTES_PER_PIXEL)),
            ..self
        }
    }

    /// Checks the size that a header claims.
    ///
    /// # Errors
    ///
    /// [`Error::Input`](crate::Error::Input) if a side or the number of channels is zero,
    /// [`Error::Limit`](crate::Error::Limit) if a limit is passed.
    pub fn check(&self, rows: u64, columns: u64, channels: u64, depth: Depth) -> Result<()> {
        if rows == 0 || columns == 0 || channels == 0 {
            return Err(InputError::EmptyPicture {
                columns,
                rows,
                channels,
            }
            .into());
        }
        let pixels = u128::from(rows) * u128::from(columns);
        if pixels > u128::from(self.max_pixels) {
            let limit = self.max_pixels;
            return Err(LimitError::Pixels {
                columns,
                rows,
                limit,
            }
            .into());
        }
        // Pixels are below 2^64 by now, channels below 2^64, bytes at most 4.
        let bytes = pixels
            .checked_mul(u128::from(channels))
            .and_then(|samples| samples.checked_mul(depth.bytes() as u128))
            .unwrap_or(u128::MAX);
        if bytes > u128::from(self.max_bytes) || usize::try_from(bytes).is_err() {
            let limit = self.max_bytes;
            return Err(LimitError::SampleBytes {
                columns,
                rows,
                channels,
                depth,
                bytes,
                limit,
            }
            .into());
        }
        Ok(())
    }

    /// The size limit of a profile and of EXIF data, since a small compressed file can
    /// decompress to any size: 1/64 of the memory or at least 64 MiB, but such that
    /// [`COPIES`] of it fit.
    pub(super) fn metadata(&self) -> usize {
        let memory = self.memory();
        (memory / 64).max(64 << 20).min(memory / COPIES)
    }

    /// `max_memory` as a size.
    pub(super) fn memory(&self) -> usize {
        usize::try_from(self.max_memory).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(rows: u64, columns: u64, channels: u64, limits: Limits) -> String {
        limits
            .check(rows, columns, channels, Depth::U16)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn claims_beyond_the_limits_are_refused_with_their_figures() {
        let limits = Limits::default();
        assert_eq!(
            refusal(100_000, 100_000, 3, limits),
            "the header claims 100000 x 100000 = 10000000000 pixels, more than the limit of 2147483648"
        );
        let small = Limits {
            max_pixels: 10,
            max_bytes: 59,
            ..limits
        };
        assert_eq!(
            refusal(5, 2, 3, small),
            "the header claims 2 x 5 pixels of 3 channels, 60 bytes at 16-bit, more than the limit of 59"
        );
        assert_eq!(
            refusal(5, 0, 3, small),
            "the picture is empty: 0 columns x 5 rows x 3 channels; there is nothing to filter"
        );
        assert!(refusal(u64::MAX, u64::MAX, u64::MAX, limits).contains("more than the limit"));
        assert!(small.check(3, 3, 3, Depth::U16).is_ok());
        // The advised limit is sufficient.
        let raised = small.with_pixels(10);
        assert_eq!((raised.max_pixels, raised.max_bytes), (10, 80));
        assert!(raised.check(5, 2, 3, Depth::U16).is_ok());
        assert_eq!(limits.with_pixels(10).max_bytes, limits.max_bytes);
    }
}
