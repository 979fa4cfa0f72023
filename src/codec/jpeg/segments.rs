//! The metadata segments that the decoder has no use for.

use crate::codec::{Omission, Part, metadata::PartList};

use super::markers::{Markers, segment};

const COM: u8 = 0xfe;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP11: u8 = 0xeb;
const APP12: u8 = 0xec;
const APP13: u8 = 0xed;
const APP14: u8 = 0xee;
const APP15: u8 = 0xef;
/// Start of scan.
const SOS: u8 = 0xda;

/// What Photoshop's segments begin with.
pub(super) const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

/// What XMP data begin with where a program has replaced the first letters of their name.
const RENAMED_XMP: &[u8] = b"XMP\0://ns.adobe.com/xap/1.0/\0";

/// XMP data under that name.
pub(super) fn renamed_xmp(bytes: &[u8]) -> Option<Vec<u8>> {
    Markers::of(bytes)
        .take_while(|marker| marker.code != SOS)
        .filter(|marker| marker.code == APP1)
        .find_map(|marker| segment(bytes, &marker).strip_prefix(RENAMED_XMP))
        .map(<[u8]>::to_vec)
}

/// The comments, Photoshop's data, and what is not carried over, before the first scan.
pub(super) fn parts(bytes: &[u8]) -> Vec<Part> {
    let mut parts = PartList::default();
    let mut photoshop = Vec::new();
    for marker in Markers::of(bytes) {
        let content = segment(bytes, &marker);
        match marker.code {
            SOS => break,
            COM => parts.push(Part::Comment(content.into())),
            // Longer data continue in the next such segment.
            APP13 if content.starts_with(PHOTOSHOP) => {
                photoshop.extend_from_slice(&content[PHOTOSHOP.len()..]);
            }
            APP0..=APP15 => parts.extend(omitted(marker.code, content)),
            _ => {}
        }
    }
    if !photoshop.is_empty() {
        parts.push(Part::Photoshop(photoshop.into()));
    }
    parts.into_vec()
}

/// An application segment that is not carried over; `None` if the decoder or the encoder uses it.
fn omitted(code: u8, content: &[u8]) -> Option<Part> {
    // Application segments begin with a name that ends with zero.
    let name = content.split(|byte| *byte == 0).next().unwrap_or_default();
    let outdated = |what: &str, why| (what.to_owned(), Omission::Outdated(why));
    let (name, why) = match (code, name) {
        // Size and pixels of a thumbnail follow the density.
        (APP0, b"JFIF") if content.get(12..14).is_none_or(|size| size == [0, 0]) => return None,
        (APP0, b"JFIF" | b"JFXX") => outdated("JFIF thumbnail", "it shows the picture as it was"),
        (APP1, b"Exif" | b"http://ns.adobe.com/xap/1.0/")
        | (APP2, b"ICC_PROFILE")
        | (APP14, b"Adobe") => return None,
        (APP1, _) if content.starts_with(RENAMED_XMP) => return None,
        (APP12, b"Ducky") => outdated("segment APP12 (Ducky)", "it is the quality as it was"),
        (APP1, b"http://ns.adobe.com/xmp/extension/") => (
            "extended XMP data".to_owned(),
            Omission::Unknown("they cannot be kept true"),
        ),
        (APP2, b"MPF") => outdated("index of further pictures", "they are not in the result"),
        (APP11, _) if content.starts_with(b"JP") => {
            outdated("JUMBF data", "they may sign the picture as it was")
        }
        _ => {
            let name = name.get(..32).unwrap_or(name);
            let is_text = !name.is_empty() && name.iter().all(|byte| matches!(byte, b' '..=b'~'));
            let number = code - APP0;
            let name = match is_text {
                true => format!("segment APP{number} ({})", name.escape_ascii()),
                false => format!("segment APP{number}"),
            };
            (name, Omission::Unknown("its meaning is unknown"))
        }
    };
    let bytes = content.len();
    Some(Part::Other { name, bytes, why })
}
