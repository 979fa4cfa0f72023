//! The markers of a file: its segments, scans and end of image.

use crate::{
    codec::{
        IgnoredContent, errors,
        ignored_content::{trim_padding, unknown_data},
    },
    error::Result,
    image::no_memory,
};

/// Whether the file has all segments and scans up to the EOI marker.
pub(in crate::codec) fn is_complete(bytes: &[u8]) -> bool {
    guarded_len(bytes).is_some()
}

/// Whether the components have different sampling factors, as in 4:2:0.
pub(in crate::codec) fn is_subsampled(bytes: &[u8]) -> bool {
    let extent = Extent::of(bytes);
    extent.components > 1 && extent.factors != [1, 1]
}

/// Stuffed one bits: no Huffman table may contain a code of ones only (T.81, C.2), so
/// decoding them is an error.
pub(super) const GUARD: [u8; 16] = [
    0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0,
];

/// The file with a guard, [`GUARD`] or another, before each restart marker and before EOI; an
/// error if EOI is missing.
///
/// Where data are missing before one of these markers, the decoder, strict or not,
/// reads zeros, which decode to gray blocks; the guard turns this into an error.
/// Intact data end before the guard, and the decoder skips it.
///
/// Images inside segments, such as thumbnails, have markers of their own, so
/// segments are skipped by their lengths.
pub(super) fn guarded(bytes: &[u8], guard: [u8; GUARD.len()]) -> Result<Vec<u8>> {
    let ends = || errors::truncated("jpeg");
    // Allocated once: there may be almost as many restart markers as bytes.
    let len = guarded_len(bytes).ok_or_else(ends)?;
    let mut guarded = Vec::new();
    (guarded.try_reserve_exact(len)).map_err(|_| no_memory::<u8>(len))?;
    let mut copied = 0;
    for marker in Markers::of(bytes) {
        if let RESTART_FIRST..=RESTART_LAST | END = marker.code {
            guarded.extend_from_slice(&bytes[copied..marker.at]);
            guarded.extend_from_slice(&guard);
            copied = marker.at;
            if marker.code == END {
                guarded.extend_from_slice(&bytes[copied..marker.end]);
                return Ok(guarded);
            }
        }
    }
    Err(ends())
}

/// The length of the guarded file, or `None` if EOI is missing.
pub(super) fn guarded_len(bytes: &[u8]) -> Option<usize> {
    let mut guards = 0;
    for marker in Markers::of(bytes) {
        if let RESTART_FIRST..=RESTART_LAST | END = marker.code {
            guards += GUARD.len();
            if marker.code == END {
                return Some(marker.end + guards);
            }
        }
    }
    None
}

/// The properties of the headers that determine how much memory decoding takes.
#[derive(Default)]
pub(super) struct Extent {
    /// Whether the decoder keeps the coefficients of all scans: the image is
    /// progressive, or its components are in different scans.
    pub(super) keeps_coefficients: bool,
    pub(super) components: usize,
    /// The maximum sampling factors of the components, horizontal and vertical.
    pub(super) factors: [usize; 2],
    /// Whether the decoder upsamples all components correctly: it assumes that the
    /// first has the largest horizontal factor, and does not support a factor of 3.
    pub(super) is_upsampled_correctly: bool,
    /// The bytes of the metadata segments that the decoder keeps, and their number.
    metadata_len: usize,
    segments: usize,
}

/// The overhead of a profile segment in the decoder's list.
const SEGMENT_OVERHEAD_BYTES: usize = 256;

impl Extent {
    /// The bytes that the decoder allocates for metadata: profile segments, and
    /// their concatenation.
    pub(super) const fn metadata_bytes(&self) -> usize {
        2 * self.metadata_len + SEGMENT_OVERHEAD_BYTES * self.segments
    }

    /// Reads the segments before the first scan.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut extent = Self {
            factors: [1, 1],
            is_upsampled_correctly: true,
            ..Self::default()
        };
        for marker in Markers::of(bytes) {
            let content = segment(bytes, &marker);
            match marker.code {
                code if is_frame(code) => {
                    extent.keeps_coefficients |= marker.code == 0xc2;
                    extent.components = content.get(5).map_or(0, |count| usize::from(*count));
                    let parts = content.get(6..).unwrap_or_default().chunks_exact(3);
                    let factors = parts.map(|part| [part[1] >> 4, part[1] & 15].map(usize::from));
                    let mut first = None;
                    for factors in factors {
                        extent.factors = [0, 1].map(|at| extent.factors[at].max(factors[at]));
                        let [horizontal, _] = *first.get_or_insert(factors);
                        extent.is_upsampled_correctly &= extent.components == 1
                            || factors[0] <= horizontal && !factors.contains(&3);
                    }
                }
                0xda => {
                    let scanned = content.first().map_or(0, |count| usize::from(*count));
                    extent.keeps_coefficients |= scanned < extent.components;
                    break;
                }
                // APP1 (EXIF, XMP), APP2 (ICC profiles), APP13 (Photoshop).
                0xe1 | 0xe2 | 0xed => {
                    extent.metadata_len += content.len();
                    extent.segments += 1;
                }
                _ => {}
            }
        }
        extent
    }
}

/// The content of a segment, possibly truncated.
pub(super) fn segment<'a>(bytes: &'a [u8], marker: &Marker) -> &'a [u8] {
    let rest = &bytes[marker.end..];
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

/// A marker: 0xff, fill bytes, its code.
pub(super) struct Marker {
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) code: u8,
}

/// Iterates over the markers after SOI, including those in scans, but not those
/// inside segments.
pub(super) struct Markers<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Markers<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self::starting_at(bytes, 2)
    }

    /// The markers from byte `at` on.
    pub(super) const fn starting_at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }
}

impl Iterator for Markers<'_> {
    type Item = Marker;

    fn next(&mut self) -> Option<Marker> {
        // Find the next 0xff, skip fill bytes, read the code.
        let bytes = self.bytes;
        let at = self.at
            + bytes
                .get(self.at..)?
                .iter()
                .position(|byte| *byte == 0xff)?;
        let end = at + bytes[at..].iter().position(|byte| *byte != 0xff)? + 1;
        let code = bytes[end - 1];
        self.at = match code {
            // A stuffed 0xff in the scan, and markers without a length.
            0x00 | 0x01 | RESTART_FIRST..=END => end,
            _ => {
                let length = bytes.get(end..end + 2)?;
                end + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2)
            }
        };
        Some(Marker { at, end, code })
    }
}

/// The data after the EOI marker, if any: further images, as in the Multi-Picture
/// Format, a gain map, a video, or anything else.
pub(in crate::codec) fn ignored(bytes: &[u8]) -> Option<IgnoredContent> {
    let end = Markers::of(bytes).find(|marker| marker.code == END)?;
    let mut rest = &bytes[end.end..];
    // Some programs write EOI twice.
    while let Some(after) = trim_padding(rest).strip_prefix(&[0xff, END]) {
        rest = after;
    }
    match unknown_data(rest) {
        Some(IgnoredContent::Pictures) if tells_of_gain_map(bytes) || tells_of_gain_map(rest) => {
            Some(IgnoredContent::GainMap)
        }
        found => found,
    }
}

/// Whether restart markers are out of order: data between two of them may be missing, or stand
/// there twice.
pub(in crate::codec) fn misplaced_restarts(bytes: &[u8]) -> Option<IgnoredContent> {
    let mut next = RESTART_FIRST;
    for marker in Markers::of(bytes) {
        match marker.code {
            0 => {}
            RESTART_FIRST..=RESTART_LAST => {
                if marker.code != next {
                    return Some(IgnoredContent::MisplacedRestarts);
                }
                next = RESTART_FIRST | (next + 1) & 7;
            }
            END => break,
            _ => next = RESTART_FIRST,
        }
    }
    None
}

/// Whether the metadata of a JPEG file speak of a gain map: by Adobe's or Google's words, by
/// Apple's, or by those of ISO 21496-1.
fn tells_of_gain_map(bytes: &[u8]) -> bool {
    const WORDS: [&[u8]; 4] = [
        b"hdr-gain-map",
        b"hdrgainmap",
        b"GainMap",
        b"urn:iso:std:iso:ts:21496:-1",
    ];
    const START_OF_SCAN: u8 = 0xda;
    let segments = Markers::of(bytes).take_while(|marker| marker.code != START_OF_SCAN);
    let mut metadata = segments.filter(|marker| matches!(marker.code, 0xe1 | 0xe2));
    metadata.any(|marker| {
        let content = segment(bytes, &marker);
        let has = |word: &&[u8]| content.windows(word.len()).any(|part| part == *word);
        WORDS.iter().any(has)
    })
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
