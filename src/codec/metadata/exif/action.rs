//! What becomes of each entry.

use super::{ORIENTATION_TAG, SUB_DIRECTORIES, directories::Field};
use crate::codec::metadata::{
    iptc,
    revision::{ResultFacts, Revised},
    xmp,
};

/// What a directory is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Picture,
    Exif,
    Gps,
    Interoperability,
}

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Keep,
    /// Other 4 bytes in the place of a value.
    Inline([u8; 4]),
    /// A single number.
    Set(u64),
    Drop,
}

const SIZE: &str = "size";
const SAMPLES: &str = "samples";
const STORAGE: &str = "storage dropped";
const PLACE: &str = "place of the subject dropped";

const XMP: u16 = 700;
const IPTC: u16 = 33_723;
const PHOTOSHOP: u16 = 34_377;
const LAYERS: u16 = 37_724;

/// Whether the values may have pictures or text that is to go: XMP, IPTC, Photoshop's
/// resources and layers.
pub(super) const fn is_private(tag: u16) -> bool {
    matches!(tag, XMP | IPTC | PHOTOSHOP | LAYERS)
}

/// What becomes of an entry, with a word for it if it changes.
pub(super) fn action(
    of: Of,
    field: &Field,
    exif: &[u8],
    facts: &ResultFacts,
) -> (Action, &'static str) {
    let number = |value: usize, word| match u32::try_from(value) {
        Ok(value) if field.count == 1 && field.value == u64::from(value) => (Action::Keep, word),
        Ok(value) => (Action::Set(value.into()), word),
        Err(_) => (Action::Drop, word),
    };
    let data = &exif[field.data.clone()];
    let keep = (Action::Keep, "");
    match of {
        Of::Gps => keep,
        Of::Interoperability => match field.tag {
            // RelatedImageWidth, RelatedImageLength.
            0x1001 => number(facts.columns, SIZE),
            0x1002 => number(facts.rows, SIZE),
            _ => keep,
        },
        Of::Exif => match field.tag {
            // PixelXDimension, PixelYDimension.
            0xa002 => number(facts.columns, SIZE),
            0xa003 => number(facts.rows, SIZE),
            // ComponentsConfiguration: Y, Cb, Cr or R, G, B.
            0x9101 if facts.is_gray() && data.len() == 4 && data != [1, 0, 0, 0] => {
                (Action::Inline([1, 0, 0, 0]), SAMPLES)
            }
            // FocalPlaneXResolution, FocalPlaneYResolution.
            0xa20e | 0xa20f if facts.is_rescaled => (Action::Drop, "density of the sensor dropped"),
            tag if facts.is_moved && is_place(tag) => (Action::Drop, PLACE),
            tag if is_storage(tag) => (Action::Drop, STORAGE),
            _ => keep,
        },
        Of::Picture => match field.tag {
            0x100 => number(facts.columns, SIZE),
            0x101 => number(facts.rows, SIZE),
            ORIENTATION_TAG => match facts.orientation {
                Some(orientation) => number(orientation.into(), "orientation"),
                None => keep,
            },
            // BitsPerSample.
            0x102 => bits(field, data, facts),
            // SamplesPerPixel.
            0x115 => number(facts.channels, SAMPLES),
            // PhotometricInterpretation: BlackIsZero; RGB, or YCbCr as in JPEG.
            0x106 if facts.is_gray() => number(1, SAMPLES),
            0x106 if field.count == 1 && field.value == 6 => keep,
            0x106 => number(2, SAMPLES),
            // YCbCrCoefficients, YCbCrPositioning, ReferenceBlackWhite.
            0x211 | 0x213 | 0x214 if facts.is_gray() => (Action::Drop, SAMPLES),
            XMP if xmp::revised(data, facts) != Revised::Unchanged => {
                (Action::Drop, "XMP inside EXIF dropped")
            }
            IPTC if iptc::revised(data) != Revised::Unchanged => {
                (Action::Drop, "IPTC inside EXIF dropped")
            }
            PHOTOSHOP => (Action::Drop, "Photoshop resources inside EXIF dropped"),
            LAYERS => (Action::Drop, "layers dropped"),
            // The result's own is beside the EXIF data.
            34_675 => (Action::Drop, "ICC profile inside EXIF dropped"),
            tag if facts.is_moved && is_place(tag) => (Action::Drop, PLACE),
            tag if is_storage(tag) => (Action::Drop, STORAGE),
            _ => keep,
        },
    }
}

fn bits(field: &Field, data: &[u8], facts: &ResultFacts) -> (Action, &'static str) {
    let bits = facts.bits();
    let count = data.len() / field.width.max(1);
    // In either byte order, since no type has that many bits.
    let same = |value: &[u8]| value.iter().map(|byte| u64::from(*byte)).sum::<u64>() == bits;
    let is_true = count == facts.channels
        && field.count == count as u64
        && data.chunks_exact(field.width).all(same);
    match facts.channels {
        _ if is_true => (Action::Keep, SAMPLES),
        1 => (Action::Set(bits), SAMPLES),
        // Elsewhere a value may be shared, and there may be no room for one.
        _ => (Action::Drop, SAMPLES),
    }
}

/// Whether a tag is the place of the subject: `SubjectArea`, or `SubjectLocation` of EXIF and
/// TIFF/EP.
const fn is_place(tag: u16) -> bool {
    matches!(tag, 0x9214 | 0xa214)
}

/// Whether a tag says how a TIFF file stores its samples, or where.
const fn is_storage(tag: u16) -> bool {
    matches!(
        tag,
        // NewSubfileType, SubfileType, Compression, FillOrder, strips, RowsPerStrip,
        // PlanarConfiguration, T4Options, T6Options, Predictor, ColorMap, tiles, ExtraSamples,
        // SampleFormat, JPEGTables, the tags of old JPEG compression, YCbCrSubSampling.
        0xfe | 0xff | 0x103 | 0x10a | 0x111 | 0x116 | 0x117 | 0x11c | 0x124 | 0x125 | 0x13d
            | 0x140 | 0x142..=0x145 | SUB_DIRECTORIES | 0x152 | 0x153 | 0x15b | 0x200..=0x209
            | 0x212
    )
}
