//! Which properties name places in the picture, or how dense its pixels are.

use super::rules::{EXIF, TIFF};

/// Whether a property names places in the picture, in pixels or as a share of its sides: faces and
/// other regions, the subject, a crop, masks and retouched spots, the optical centre.
///
/// From the guidelines of the Metadata Working Group, the IPTC Photo Metadata Standard, the XMP
/// Specification, part 2, and the schemas of Microsoft, Apple, Google, `ACDSee` and DJI.
pub(super) fn is_place(namespace: &str, name: &str) -> bool {
    match namespace {
        "http://www.metadataworkinggroup.com/schemas/regions/"
        | "http://ns.apple.com/faceinfo/1.0/"
        | "http://ns.acdsee.com/regions/" => true,
        _ if namespace.starts_with("http://ns.microsoft.com/photo/1.") => {
            name == "RegionInfo" || namespace.contains("/t/Region")
        }
        "http://iptc.org/std/Iptc4xmpExt/2008-02-29/" => name == "ImageRegion",
        EXIF => matches!(name, "SubjectArea" | "SubjectLocation"),
        "http://ns.adobe.com/camera-raw-settings/1.0/" => is_raw_place(name),
        "http://ns.google.com/photos/1.0/focus/" => name.starts_with("FocalPoint"),
        "http://www.dji.com/drone-dji/1.0/" => name.starts_with("CalibratedOpticalCenter"),
        _ => false,
    }
}

/// Whether a setting of Camera Raw acts on a part of the picture, or is the crop.
fn is_raw_place(name: &str) -> bool {
    name == "HasCrop"
        || name.starts_with("Crop")
        || matches!(
            name,
            "GradientBasedCorrections"
                | "CircularGradientBasedCorrections"
                | "PaintBasedCorrections"
                | "MaskGroupBasedCorrections"
                | "RetouchInfo"
                | "RetouchAreas"
                | "RedEyeInfo"
        )
}

/// Whether a property says how many pixels there are to a length, on paper or on the sensor.
pub(super) fn is_density(namespace: &str, name: &str) -> bool {
    match namespace {
        TIFF => matches!(name, "XResolution" | "YResolution"),
        EXIF => matches!(name, "FocalPlaneXResolution" | "FocalPlaneYResolution"),
        _ => false,
    }
}
