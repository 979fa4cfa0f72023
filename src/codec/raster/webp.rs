//! WebP: a RIFF file of chunks.

use crate::{
    codec::{Limits, message},
    error::Result,
};

/// Refuses a WebP whose profile, EXIF or XMP data are more than may be kept: the
/// decoder takes memory for what their chunks claim.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<()> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((&[a, b, c, d, length @ ..], after)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes(length) as usize;
        if matches!(&[a, b, c, d], b"ICCP" | b"EXIF" | b"XMP ") && length > limits.metadata() {
            return Err(message::over_memory("webp", limits.max_memory));
        }
        rest = after.get(length.next_multiple_of(2)..).unwrap_or_default();
    }
    Ok(())
}

/// Where a file ends, if that is not beyond its bytes: the RIFF header counts
/// what follows it.
pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    let size = bytes.get(4..8)?.try_into().ok()?;
    let end = (u32::from_le_bytes(size) as usize).checked_add(8)?;
    (end <= bytes.len()).then_some(end)
}

/// The frames of an animation, the chunks called so; nothing where a chunk is
/// longer than the file.
pub(super) fn frames(bytes: &[u8]) -> Option<u64> {
    let mut frames = 0;
    let mut rest = bytes.get(12..)?;
    while let Some((&[a, b, c, d, size @ ..], after)) = rest.split_first_chunk::<8>() {
        frames += u64::from(&[a, b, c, d] == b"ANMF");
        let size = u32::from_le_bytes(size) as usize;
        // A chunk of an odd size has a byte of padding, which may be missing at the end.
        let padded = size.saturating_add(1) & !1;
        rest = match after.get(padded..) {
            Some(rest) => rest,
            None if after.len() == size => &[],
            None => return None,
        };
    }
    Some(frames)
}

/// The bytes of the codes, and of the first rows.
pub(super) const CODES: usize = 1 << 20;
