//! The marks of a file: where its segments, its scans and its end are.

/// Whether the segments and scans run up to the mark that ends a JPEG.
pub(in crate::codec) fn is_complete(bytes: &[u8]) -> bool {
    guarded(bytes).is_some()
}

/// A code of nothing but ones is in no Huffman table, by the standard.
pub(super) const GUARD: [u8; 16] = [
    0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0,
];

/// The file with a guard before each restart and before its end, or nothing if
/// the end is missing.
///
/// The decoder, strict or not, takes what is missing before one of these marks
/// for zeros, which give gray blocks; the guard makes it an error. Data that
/// are whole end before it, and it is then stepped over.
///
/// Pictures inside of segments, such as thumbnails, have marks of their own:
/// segments are stepped over by their lengths.
pub(super) fn guarded(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut guarded = Vec::with_capacity(bytes.len() + bytes.len() / 16 + GUARD.len());
    let mut copied = 0;
    for mark in Marks::of(bytes) {
        if let RESTART_FIRST..=RESTART_LAST | END = mark.code {
            guarded.extend_from_slice(&bytes[copied..mark.at]);
            guarded.extend_from_slice(&GUARD);
            copied = mark.at;
            if mark.code == END {
                guarded.extend_from_slice(&bytes[copied..mark.end]);
                return Some(guarded);
            }
        }
    }
    None
}

pub(super) const RESTART_FIRST: u8 = 0xd0;
pub(super) const RESTART_LAST: u8 = 0xd7;
pub(super) const END: u8 = 0xd9;

/// A mark: 0xff, fill bytes, its code.
pub(super) struct Mark {
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) code: u8,
}

/// The marks of a file behind its first one, those of the scans included,
/// without what lies inside of segments.
pub(super) struct Marks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Marks<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self::behind(bytes, 2)
    }

    /// The marks from byte `at` on.
    pub(super) const fn behind(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }
}

impl Iterator for Marks<'_> {
    type Item = Mark;

    fn next(&mut self) -> Option<Mark> {
        // To the next 0xff, past fill bytes, to the mark's code.
        let bytes = self.bytes;
        let at = self.at
            + bytes
                .get(self.at..)?
                .iter()
                .position(|byte| *byte == 0xff)?;
        let end = at + bytes[at..].iter().position(|byte| *byte != 0xff)? + 1;
        let code = bytes[end - 1];
        self.at = match code {
            // A stuffed 0xff of the scan, and marks without a length.
            0x00 | 0x01 | RESTART_FIRST..=END => end,
            _ => {
                let length = bytes.get(end..end + 2)?;
                end + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2)
            }
        };
        Some(Mark { at, end, code })
    }
}

/// Whether the picture grows sharper scan by scan.
pub(super) fn is_progressive(bytes: &[u8]) -> bool {
    // Of these codes, three are no frames.
    let frame = |code: &u8| matches!(code, 0xc0..=0xcf) && !matches!(code, 0xc4 | 0xc8 | 0xcc);
    Marks::of(bytes).map(|mark| mark.code).find(frame) == Some(0xc2)
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn the_end_is_found_past_segments_and_stuffing() {
        // A thumbnail's end in a segment, a stuffed 0xff and a restart in the scan.
        let whole = b"\xff\xd8\xff\xe1\x00\x06\xff\xd8\xff\xd9\xff\xda\x00\x02ab\xff\x00\xff\xd3c\xff\xff\xd9";
        assert!(is_complete(whole));
        for length in 0..whole.len() {
            assert!(!is_complete(&whole[..length]), "{length}");
        }
    }
}
