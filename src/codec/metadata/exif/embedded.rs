//! Finds JPEG files inside other data: the previews of maker notes.

use std::ops::Range;

/// Before its frame header a preview has few segments. Without a bound the search would
/// take quadratic time.
const MAX_SEGMENTS: usize = 64;

/// The first JPEG file in `bytes` from byte `from` on.
///
/// Found are those that have well-formed segments up to a frame header. The first byte,
/// 0xff, may be another: Minolta replaces it.
pub(super) fn next_jpeg(bytes: &[u8], from: usize) -> Option<Jpeg> {
    (from..bytes.len().saturating_sub(3)).find_map(|start| {
        let frame = (bytes[start + 1] == 0xd8 && bytes[start + 2] == 0xff)
            .then(|| after_frame_header(bytes, start + 2))??;
        Some(Jpeg {
            start,
            end: end(bytes, frame),
        })
    })
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Jpeg {
    pub(super) start: usize,
    /// After the end marker, if there is one.
    pub(super) end: Option<usize>,
}

impl Jpeg {
    /// The bytes of the file; without an end marker, all to `limit`.
    pub(super) fn range(&self, limit: usize) -> Range<usize> {
        self.start..self.end.unwrap_or(limit)
    }
}

/// The code of the marker at `at` and the content of its segment.
fn segment(bytes: &[u8], at: usize) -> Option<(u8, &[u8])> {
    let [0xff, code, high, low] = bytes.get(at..)?.first_chunk()? else {
        return None;
    };
    let length = usize::from(u16::from_be_bytes([*high, *low])).checked_sub(2)?;
    Some((*code, bytes.get(at + 4..)?.get(..length)?))
}

/// The byte after the first frame header, if segments lead to it.
fn after_frame_header(bytes: &[u8], mut at: usize) -> Option<usize> {
    for _ in 0..MAX_SEGMENTS {
        let (code, content) = segment(bytes, at)?;
        at += 4 + content.len();
        match code {
            // DHT, DAC, DQT, DRI, APPn, COM.
            0xc4 | 0xcc | 0xdb | 0xdd | 0xe0..=0xef | 0xfe => {}
            0xc0..=0xcf => {
                let [8 | 12 | 16, _, _, _, _, components, ..] = content else {
                    return None;
                };
                return (content.len() == 6 + 3 * usize::from(*components)).then_some(at);
            }
            _ => return None,
        }
    }
    None
}

/// The byte after the end marker. Segments are skipped by their lengths.
fn end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        match bytes.get(at + 1)? {
            0xd9 => return Some(at + 2),
            // Stuffed, fill, or a marker without a length.
            0x00 | 0x01 | 0xd0..=0xd8 => at += 2,
            0xff => at += 1,
            _ => match segment(bytes, at) {
                Some((_, content)) => at += 4 + content.len(),
                None => at += 2,
            },
        }
    }
}
