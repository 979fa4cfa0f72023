//! QOI: a header, codes of pixels, eight bytes that close them.

/// The bytes of the header.
const HEADER: usize = 14;

/// What closes the data.
const CLOSE: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];

/// Whether there may be a picture: without the bytes that close the data, the
/// end was cut off.
pub(super) const fn may_be_whole(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER + CLOSE.len()
}

/// Where the picture ends, which has so many pixels.
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
    Some(bytes.len() - rest.strip_prefix(&CLOSE).unwrap_or(rest).len())
}
