//! The frame header: which kind of coding a file uses, and whether all of its scans are there.

use std::fmt;

use super::markers::{END, Marker, Markers, is_complete, is_frame, segment};

/// A kind of coding that is not decoded, and what makes a supported file of it.
pub(in crate::codec) struct UnsupportedFrame {
    pub(in crate::codec) what: String,
    pub(in crate::codec) remedy: &'static str,
}

impl fmt::Display for UnsupportedFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

const START_OF_SCAN: u8 = 0xda;
/// The frame header of a hierarchical file, and that of JPEG-LS.
const HIERARCHICAL: u8 = 0xde;
const JPEG_LS: u8 = 0xf7;

/// The kind of coding of a file, if the decoder does not support it although it is sound (T.81,
/// table B.1).
pub(in crate::codec) fn unsupported(bytes: &[u8]) -> Option<UnsupportedFrame> {
    let is_start = |marker: &Marker| {
        is_frame(marker.code) || matches!(marker.code, HIERARCHICAL | JPEG_LS | START_OF_SCAN)
    };
    let marker = Markers::of(bytes).find(is_start)?;
    let content = segment(bytes, &marker);
    let djpeg = "convert it with another program (djpeg of libjpeg-turbo 3, for example)";
    let other = "convert it with another program";
    let (what, remedy) = match (marker.code, content) {
        (0xc0..=0xc2, [8, 0, 0, ..]) => ("a height that follows the picture (DNL)", djpeg),
        (0xc0..=0xc2, [bits, ..]) if (9..=16).contains(bits) => {
            let what = format!("a sample of {bits} bits");
            return Some(UnsupportedFrame {
                what,
                remedy: djpeg,
            });
        }
        (0xc3, _) => ("lossless coding", djpeg),
        (0xc9 | 0xca, _) => ("arithmetic coding", djpeg),
        (0xcb, _) => ("lossless arithmetic coding", other),
        (0xc5..=0xc7 | 0xcd..=0xcf | HIERARCHICAL, _) => ("hierarchical coding", other),
        (JPEG_LS, _) => (
            "the coding of JPEG-LS",
            "convert it with another program (FFmpeg, for example)",
        ),
        _ => return None,
    };
    let what = what.to_owned();
    Some(UnsupportedFrame { what, remedy })
}

/// Whether the file is made of scans that refine each other.
pub(super) fn is_progressive(bytes: &[u8]) -> bool {
    let frame = Markers::of(bytes).find(|marker| is_frame(marker.code));
    // With Huffman codes; others are not supported.
    frame.is_some_and(|marker| marker.code == 0xc2)
}

/// Whether every coefficient of every component is in some scan in all its bits, as far as the
/// headers of the scans say: the data of the last scan may be incomplete.
pub(super) fn has_all_scans(bytes: &[u8]) -> bool {
    let components = missing_bits(bytes);
    !components.is_empty() && components.iter().all(|(_, missing)| *missing == [0; 64])
}

/// What is wrong with the scans of a file that has its EOI marker, if some components are in none
/// of them.
pub(super) fn missing_components(bytes: &[u8]) -> Option<String> {
    let frame = Markers::of(bytes).find(|marker| is_frame(marker.code))?;
    let count = usize::from(*segment(bytes, &frame).get(5)?);
    let first = Markers::of(bytes).find(|marker| marker.code == START_OF_SCAN)?;
    // Most files have all in the first scan.
    if usize::from(*segment(bytes, &first).first()?) >= count || !is_complete(bytes) {
        return None;
    }
    let components = missing_bits(bytes);
    let held = (1..).zip(&components);
    let held = held.filter(|(_, (_, missing))| missing[0] != ALL_BITS);
    let held = Vec::from_iter(held.map(|(number, _)| number.to_string()));
    let of = components.len();
    (held.len() < of).then(|| match held.as_slice() {
        [] => format!("its scans hold none of {of} components"),
        [one] => format!("its scans hold component {one} of {of}"),
        [first @ .., last] => {
            let first = first.join(", ");
            format!("its scans hold components {first} and {last} of {of}")
        }
    })
}

/// The bits of a coefficient that are missing before its first scan.
const ALL_BITS: u8 = 16;

/// Of each component its identifier, and of each coefficient how many of its bits are in no scan.
fn missing_bits(bytes: &[u8]) -> Vec<(u8, [u8; 64])> {
    let mut components: Vec<(u8, [u8; 64])> = Vec::new();
    for marker in Markers::of(bytes).take_while(|marker| marker.code != END) {
        let content = segment(bytes, &marker);
        if is_frame(marker.code) && components.is_empty() {
            let ids = content.get(6..).unwrap_or_default().as_chunks::<3>().0;
            components.extend(ids.iter().map(|[id, ..]| (*id, [ALL_BITS; 64])));
        } else if marker.code == START_OF_SCAN
            && let Some((count, rest)) = content.split_first()
            && let Some((scanned, [first, last, bits])) = rest
                .split_last_chunk::<3>()
                .map(|(scanned, end)| (scanned, *end))
        {
            for [id, _] in scanned.as_chunks().0.iter().take(usize::from(*count)) {
                for (_, missing) in components.iter_mut().filter(|(known, _)| known == id) {
                    let range = usize::from(first)..=usize::from(last.min(63));
                    if let Some(missing) = missing.get_mut(range) {
                        missing.fill(bits & 15);
                    }
                }
            }
        }
    }
    components
}
