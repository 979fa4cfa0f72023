//! QOI: a header, pixel chunks, and an end marker of eight bytes.
//!
//! Checks before the image crate decodes it: completeness, and the end of the pixels.

/// The bytes of the header.
const HEADER: usize = 14;

/// The end marker.
const END_MARKER: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];

/// Whether the file may be complete: without the end marker it is truncated.
pub(super) const fn may_be_whole(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER + END_MARKER.len()
}

/// The byte offset after an image of `pixels` pixels.
pub(super) fn end(bytes: &[u8], mut pixels: usize) -> Option<usize> {
    let mut rest = bytes.get(HEADER..)?;
    while pixels > 0 {
        let (code, after) = rest.split_first()?;
        let (stored, coded) = match code {
            0xfe => (3, 1),
            0xff => (4, 1),
            0x80..=0xbf => (1, 1),
            0xc0..=0xfd => (0, 1 + usize::from(code & 0x3f)),
            _ => (0, 1),
        };
        pixels = pixels.saturating_sub(coded);
        rest = after.get(stored..)?;
    }
    Some(bytes.len() - rest.strip_prefix(&END_MARKER).unwrap_or(rest).len())
}
