//! The marks of a file: where its segments, its scans and its end are.

use crate::{
    codec::{
        Unread, message,
        unread::{behind, without_blanks},
    },
    error::Result,
    image::no_memory,
};

/// Whether the segments and scans run up to the mark that ends a JPEG.
pub(in crate::codec) fn is_complete(bytes: &[u8]) -> bool {
    guarded_len(bytes).is_some()
}

/// Whether the components of the picture are sampled differently.
pub(in crate::codec) fn is_subsampled(bytes: &[u8]) -> bool {
    let extent = Extent::of(bytes);
    extent.components > 1 && extent.factors != [1, 1]
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
pub(super) fn guarded(bytes: &[u8]) -> Result<Vec<u8>> {
    let ends = || message::truncated("jpeg");
    // Its length is known before: there may be as many restarts as bytes.
    let len = guarded_len(bytes).ok_or_else(ends)?;
    let mut guarded = Vec::new();
    (guarded.try_reserve_exact(len)).map_err(|_| no_memory::<u8>(len))?;
    let mut copied = 0;
    for mark in Marks::of(bytes) {
        if let RESTART_FIRST..=RESTART_LAST | END = mark.code {
            guarded.extend_from_slice(&bytes[copied..mark.at]);
            guarded.extend_from_slice(&GUARD);
            copied = mark.at;
            if mark.code == END {
                guarded.extend_from_slice(&bytes[copied..mark.end]);
                return Ok(guarded);
            }
        }
    }
    Err(ends())
}

/// The length of the guarded file, or nothing if its end is missing.
pub(super) fn guarded_len(bytes: &[u8]) -> Option<usize> {
    let mut guards = 0;
    for mark in Marks::of(bytes) {
        if let RESTART_FIRST..=RESTART_LAST | END = mark.code {
            guards += GUARD.len();
            if mark.code == END {
                return Some(mark.end + guards);
            }
        }
    }
    None
}

/// What the head of a file tells of the memory that decoding it takes.
#[derive(Default)]
pub(super) struct Extent {
    /// Whether the coefficients of all scans are kept: they make the picture
    /// sharper, or each has a part of the components.
    pub(super) keeps_coefficients: bool,
    components: usize,
    /// The most blocks of a component in an MCU, across and down.
    pub(super) factors: [usize; 2],
    /// Whether the decoder spreads all components over the picture rightly: it
    /// takes the first for the finest across, and knows no thirds.
    pub(super) is_spread_rightly: bool,
    /// The bytes of the segments that the decoder keeps beside the picture, and
    /// how many there are.
    beside: usize,
    segments: usize,
}

/// A part of a profile in a list that grows.
const SEGMENT: usize = 256;

impl Extent {
    /// What the decoder takes for segments beside the picture: profiles, in parts
    /// and joined.
    pub(super) const fn beside_bytes(&self) -> usize {
        2 * self.beside + SEGMENT * self.segments
    }

    /// Looks at the segments before the first scan.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut extent = Self {
            factors: [1, 1],
            is_spread_rightly: true,
            ..Self::default()
        };
        for mark in Marks::of(bytes) {
            let content = segment(bytes, &mark);
            match mark.code {
                code if is_frame(code) => {
                    extent.keeps_coefficients |= mark.code == 0xc2;
                    extent.components = content.get(5).map_or(0, |count| usize::from(*count));
                    let parts = content.get(6..).unwrap_or_default().chunks_exact(3);
                    let factors = parts.map(|part| [part[1] >> 4, part[1] & 15].map(usize::from));
                    let mut first = None;
                    for factors in factors {
                        extent.factors = [0, 1].map(|at| extent.factors[at].max(factors[at]));
                        let [across, _] = *first.get_or_insert(factors);
                        extent.is_spread_rightly &=
                            extent.components == 1 || factors[0] <= across && !factors.contains(&3);
                    }
                }
                0xda => {
                    let scanned = content.first().map_or(0, |count| usize::from(*count));
                    extent.keeps_coefficients |= scanned < extent.components;
                    break;
                }
                // EXIF and XMP, profiles, and what Photoshop has to say.
                0xe1 | 0xe2 | 0xed => {
                    extent.beside += content.len();
                    extent.segments += 1;
                }
                _ => {}
            }
        }
        extent
    }
}

/// The content of a segment, as far as it is there.
fn segment<'a>(bytes: &'a [u8], mark: &Mark) -> &'a [u8] {
    let rest = &bytes[mark.end..];
    match rest.split_first_chunk() {
        Some((length, content)) => {
            let length = usize::from(u16::from_be_bytes(*length)).saturating_sub(2);
            &content[..length.min(content.len())]
        }
        None => &[],
    }
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

/// What follows the end of the picture: further pictures, as the Multi-Picture
/// Format and some cameras have them, a film, or anything else.
pub(in crate::codec) fn unread(bytes: &[u8]) -> Option<Unread> {
    let end = Marks::of(bytes).find(|mark| mark.code == END)?;
    let mut rest = &bytes[end.end..];
    // Some programs end it twice.
    while let Some(behind) = without_blanks(rest).strip_prefix(&[0xff, END]) {
        rest = behind;
    }
    behind(rest)
}

/// Whether a frame header has this code: SOF0 to SOF15, of which three codes
/// are other segments (T.81, table B.1).
pub(super) const fn is_frame(code: u8) -> bool {
    matches!(code, 0xc0..=0xcf) && !matches!(code, 0xc4 | 0xc8 | 0xcc)
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
