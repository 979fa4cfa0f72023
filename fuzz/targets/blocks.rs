//! Any bytes as a block of metadata that is copied to a result.

use exif::{In, Tag, Value};
use moxcms::{ColorProfile, DataColorSpace};
use stridekern::{
    codec,
    image::{Depth, ImageSpec},
};

use crate::{
    MEMORY,
    driver::{Corpus, lines},
};

const KINDS: [&str; 5] = ["exif", "xmp", "photoshop", "iptc", "icc"];

const RESULT: ImageSpec = ImageSpec::new([300, 400, 1], Depth::U16);
const ORIENTATION: u16 = 8;

/// A block may grow by a copy of its first directory with an entry for the orientation, and by
/// digits of numbers.
const GROWTH: usize = 200;

pub(crate) fn corpus() -> Corpus {
    let inputs = super::files(&["blocks"], |path| {
        path.extension().is_some_and(|extension| extension != "py")
    });
    Corpus {
        inputs,
        words: lines(
            "II*\0|MM\0*|Exif\0\0|\0\0\0\u{8}|\u{12}\u{1}\u{3}\0|\u{1}\u{12}\0\u{3}|i\u{7f}\
             |\u{ff}\u{d8}|8BIM|\u{4}\u{4}|\u{1c}\u{2}\u{78}\0|<?xpacket|<!DOCTYPE a [|]]>|<![CDATA[\
             |<!--|-->|xmlns:tiff=\"http://ns.adobe.com/tiff/1.0/\"|tiff:Orientation=\"6\"\
             |<tiff:ImageWidth>|</tiff:ImageWidth>|<tiff:Make/>|<xmp:Thumbnails>|&#54;|&amp;|'|/>\
             |acsp|A2B0|rTRC|kTRC|para|curv|mluc|desc|XYZ ",
        ),
        mend: |_, _| {},
    }
}

/// The block is refused, or true of the result in the end: nothing is left to change, other
/// readers find the numbers of the result, and memory and length stay bounded.
pub(crate) fn target(data: &[u8]) -> String {
    let revise =
        |kind, data: &[u8]| codec::revised_metadata(kind, data, &RESULT, Some(ORIENTATION));
    let mut told = String::new();
    for kind in KINDS {
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let revised = revise(kind, data);
        let taken = MEMORY.peak_usage().saturating_sub(before);
        assert!(
            taken <= (1 << 20) + 40 * data.len(),
            "{kind}: {taken} bytes of memory"
        );
        let Some((bytes, what)) = revised else {
            continue;
        };
        told += &format!("{kind} {}, ", what.join(", "));
        if what.is_empty() {
            assert!(bytes == data);
        }
        assert!(
            bytes.len() <= 2 * data.len() + GROWTH,
            "{kind} of {}",
            bytes.len()
        );
        match kind {
            "icc" => is_gray(&bytes),
            _ => assert_eq!(revise(kind, &bytes), Some((bytes.clone(), Vec::new()))),
        }
        if kind == "exif" {
            tells_no_lies(&bytes);
        }
    }
    told
}

/// Another parser finds the sizes of the result, and no thumbnail.
fn tells_no_lies(bytes: &[u8]) {
    let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
    // It stops at the first value outside, which is no fault of ours.
    let Ok(read) = exif::Reader::new().read_raw(bytes.to_vec()) else {
        return;
    };
    for field in read.fields() {
        assert_eq!(field.ifd_num, In::PRIMARY);
        let wanted = match field.tag {
            Tag::ImageWidth | Tag::PixelXDimension => 400,
            Tag::ImageLength | Tag::PixelYDimension => 300,
            Tag::Orientation => ORIENTATION.into(),
            _ => continue,
        };
        assert!(matches!(field.value, Value::Short(_) | Value::Long(_)));
        assert_eq!(field.value.get_uint(0), Some(wanted), "{}", field.tag);
    }
}

/// Another parser finds a gray profile with a curve, if it takes the header, which is a copy.
fn is_gray(bytes: &[u8]) {
    if let Ok(profile) = ColorProfile::new_from_slice(bytes) {
        assert_eq!(profile.color_space, DataColorSpace::Gray);
    }
}
