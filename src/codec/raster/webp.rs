//! WebP: a RIFF file of chunks.

use crate::{
    codec::{Limits, Unread, message, unread::behind},
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

/// What the chunks hold beside the one picture that is read; nothing where a chunk
/// is longer than the file.
pub(super) fn unread(bytes: &[u8]) -> Option<Vec<Unread>> {
    let (mut stills, mut frames, mut others) = (0_u64, 0_u64, 0_u64);
    let mut rest = bytes.get(12..)?;
    while let Some((&[a, b, c, d, size @ ..], after)) = rest.split_first_chunk::<8>() {
        let size = u32::from_le_bytes(size) as usize;
        let data = after.get(..size)?;
        match &[a, b, c, d] {
            b"VP8 " | b"VP8L" => stills += 1,
            b"ANMF" => frames += 1,
            b"VP8X" | b"ANIM" | b"ALPH" | b"ICCP" | b"EXIF" | b"XMP " => {}
            _ => others += behind(data).map_or(0, |_| size as u64),
        }
        // A chunk of an odd size has a byte of padding, which may be missing at the end.
        rest = after.get(size.next_multiple_of(2)..).unwrap_or_default();
    }
    let several = (stills > 1 || (stills > 0 && frames > 0)).then_some(Unread::Pictures);
    let frames = (stills == 0 && frames > 1).then_some(Unread::Frames(frames));
    let others = (others > 0).then_some(Unread::Hole(others));
    Some([several, frames, others].into_iter().flatten().collect())
}

/// The bytes of the codes, and of the first rows.
pub(super) const CODES: usize = 1 << 20;
