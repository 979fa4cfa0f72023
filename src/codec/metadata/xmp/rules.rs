//! Which properties are false of the result, by namespace and name.

use super::{
    places::{is_density, is_place},
    record::RECORD,
};
use crate::codec::metadata::revision::ResultFacts;

/// What becomes of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    /// It is dropped wherever it is.
    Drop(&'static str),
    /// As a property of the file itself, it must be this number.
    Number(u64, &'static str),
    /// As a property of the file itself, it must be a list of this length of this number.
    List(usize, u64, &'static str),
}

const SIZE: &str = "size";
const SAMPLES: &str = "samples";
const STORAGE: &str = "storage dropped";
const THUMBNAIL: &str = "thumbnail dropped";
const GAIN_MAP: &str = "gain map dropped";
const DEPTH_MAP: &str = "depth map dropped";
const MOTION_PHOTO: &str = "motion photo dropped";

pub(super) const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
pub(super) const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
pub(super) const PANORAMA: &str = "http://ns.google.com/photos/1.0/panorama/";

/// What becomes of a property. Panoramas count for more than one property and are not
/// looked at here.
pub(super) fn verdict(namespace: &str, name: &str, facts: &ResultFacts) -> Verdict {
    let size = |value: usize| Verdict::Number(value as u64, SIZE);
    let drop_in_gray = |word| match facts.is_gray() {
        true => Verdict::Drop(word),
        false => Verdict::Keep,
    };
    match (namespace, name) {
        (TIFF, "ImageWidth") | (EXIF, "PixelXDimension") => size(facts.columns),
        (TIFF, "ImageLength") | (EXIF, "PixelYDimension") => size(facts.rows),
        (TIFF, "Orientation") => match facts.orientation {
            Some(orientation) => Verdict::Number(orientation.into(), "orientation"),
            None => Verdict::Keep,
        },
        (TIFF, "BitsPerSample") => Verdict::List(facts.channels, facts.bits(), SAMPLES),
        (TIFF, "SamplesPerPixel") => Verdict::Number(facts.channels as u64, SAMPLES),
        // 1 is gray, 2 RGB, 6 YCbCr, as JPEG stores RGB: of colours no claim is made.
        (TIFF, "PhotometricInterpretation") if facts.is_gray() => Verdict::Number(1, SAMPLES),
        (
            TIFF,
            "PhotometricInterpretation"
            | "Compression"
            | "PlanarConfiguration"
            | "YCbCrSubSampling",
        ) => Verdict::Drop(STORAGE),
        (TIFF, "YCbCrCoefficients" | "YCbCrPositioning" | "ReferenceBlackWhite")
        | (EXIF, "ComponentsConfiguration") => drop_in_gray(SAMPLES),
        // 1 is gray, 3 RGB.
        (PHOTOSHOP, "ColorMode") => {
            Verdict::Number(if facts.is_gray() { 1 } else { 3 }, "colour mode")
        }
        (PHOTOSHOP, "ICCProfile") => drop_in_gray("name of the ICC profile dropped"),
        ("http://ns.adobe.com/xap/1.0/", "Thumbnails")
        | ("http://ns.adobe.com/xap/1.0/g/img/", _) => Verdict::Drop(THUMBNAIL),
        ("http://ns.adobe.com/xmp/note/", "HasExtendedXMP") => {
            Verdict::Drop("extended XMP dropped")
        }
        (
            "http://ns.adobe.com/hdr-gain-map/1.0/"
            | "http://ns.apple.com/HDRGainMap/1.0/"
            | "http://ns.apple.com/pixeldatainfo/1.0/",
            _,
        ) => Verdict::Drop(GAIN_MAP),
        ("http://ns.google.com/photos/1.0/depthmap/" | "http://ns.apple.com/depthData/1.0/", _) => {
            Verdict::Drop(DEPTH_MAP)
        }
        ("http://ns.google.com/photos/1.0/image/", _) => Verdict::Drop("original picture dropped"),
        // In another form than it is read in.
        (RECORD, _) => Verdict::Drop("record dropped"),
        _ if name.starts_with("MotionPhoto") || name.starts_with("MicroVideo") => {
            Verdict::Drop(MOTION_PHOTO)
        }
        _ if facts.is_moved && is_place(namespace, name) => {
            Verdict::Drop("places in the picture dropped")
        }
        _ if facts.is_rescaled && is_density(namespace, name) => Verdict::Drop("density dropped"),
        // What follows the picture in the file.
        _ if namespace.starts_with("http://ns.google.com/photos/1.0/container/")
            || namespace.starts_with("http://ns.google.com/photos/dd/1.0/") =>
        {
            Verdict::Drop("list of further pictures dropped")
        }
        _ => Verdict::Keep,
    }
}

/// The size that a part of a panorama claims.
pub(super) fn panorama_size(name: &str, facts: &ResultFacts) -> Option<u64> {
    match name {
        "CroppedAreaImageWidthPixels" => Some(facts.columns as u64),
        "CroppedAreaImageHeightPixels" => Some(facts.rows as u64),
        _ => None,
    }
}
