//! Metadata of a file: profiles, EXIF, XMP, density and orientation.

mod density;

pub use density::{Density, DensityUnit};

use ::image::metadata::Orientation;

use crate::warning::Warning;

use super::{Format, errors};

/// The metadata of a file, preserved in the output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// The ICC colour profile.
    pub icc: Option<Vec<u8>>,
    /// EXIF data, from their TIFF header on. Their orientation is not applied to the pixels.
    pub exif: Option<Vec<u8>>,
    /// XMP data, an RDF packet. Written to PNG files, but not read from them.
    pub xmp: Option<Vec<u8>>,
    /// The pixel density. Stored by PNG, JPEG and TIFF only.
    pub density: Option<Density>,
    /// The orientation of a TIFF file, 1 to 8 as in EXIF.
    pub orientation: Option<u16>,
    /// Whether the colours are premultiplied by alpha, as a TIFF file can declare. They are
    /// kept so.
    pub premultiplied: bool,
    /// The no-data value of a TIFF file, a number or `nan` (GDAL_NODATA).
    pub no_data: Option<String>,
    /// Whether a NumPy array of one channel has an axis for it.
    pub channel_axis: bool,
}

impl Metadata {
    /// The bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let kept = [&self.icc, &self.exif, &self.xmp];
        kept.into_iter().flatten().map(Vec::capacity).sum()
    }

    /// The metadata in `self` that `known` lacks.
    pub(super) fn missing_from(&self, known: &Self) -> Self {
        fn new<T: Clone>(late: &Option<T>, known: &Option<T>) -> Option<T> {
            late.clone().filter(|_| known.is_none())
        }
        Self {
            icc: new(&self.icc, &known.icc),
            exif: new(&self.exif, &known.exif),
            xmp: new(&self.xmp, &known.xmp),
            density: new(&self.density, &known.density),
            orientation: new(&self.orientation, &known.orientation),
            premultiplied: self.premultiplied && !known.premultiplied,
            no_data: new(&self.no_data, &known.no_data),
            channel_axis: self.channel_axis && !known.channel_axis,
        }
    }

    /// `self`, with what only `late` has.
    pub(super) fn merged_with(&self, late: &Self) -> Self {
        let late = late.missing_from(self);
        Self {
            icc: self.icc.clone().or(late.icc),
            exif: self.exif.clone().or(late.exif),
            xmp: self.xmp.clone().or(late.xmp),
            density: self.density.or(late.density),
            orientation: self.orientation.or(late.orientation),
            premultiplied: self.premultiplied || late.premultiplied,
            no_data: self.no_data.clone().or(late.no_data),
            channel_axis: self.channel_axis || late.channel_axis,
        }
    }

    /// The metadata that a file of `format` with this number of `channels` can store, and a
    /// warning for each that it cannot.
    pub(super) fn supported_by(&self, format: Format, channels: usize) -> (Self, Vec<Warning>) {
        let mut warnings = Vec::new();
        let mut fitted = Self::default();
        if let Some(icc) = &self.icc {
            match unfit_profile(icc, format, channels) {
                None => fitted.icc = Some(icc.clone()),
                Some(warning) => warnings.push(warning.into()),
            }
        }
        if let Some(xmp) = &self.xmp {
            match unfit_xmp(xmp, format) {
                None => fitted.xmp = Some(xmp.clone()),
                Some(warning) => warnings.push(warning.into()),
            }
        }
        if matches!(format, Format::Png | Format::Jpeg | Format::Tiff) {
            fitted.density = self.density;
        }
        let orientation = self.orientation.or_else(|| {
            let orientation = Orientation::from_exif_chunk(self.exif.as_deref()?)?;
            Some(orientation.to_exif().into())
        });
        match format {
            Format::Png | Format::Jpeg | Format::Webp => {
                let turned = orientation.filter(|orientation| *orientation != 1);
                match &self.exif {
                    // A JPEG's segment holds 65533 bytes, 6 of them a name.
                    Some(exif) if format == Format::Jpeg && exif.len() > 65_527 => warnings.push(
                        "jpeg holds no EXIF data above 65527 bytes: they were dropped".into(),
                    ),
                    Some(exif) => fitted.exif = Some(exif.clone()),
                    None => fitted.exif = turned.map(exif_of),
                }
            }
            Format::Tiff => {
                fitted.orientation = orientation;
                if self.exif.is_some() {
                    warnings.push(
                        "tiff is written without EXIF data: they were dropped, all but the orientation"
                            .into(),
                    );
                }
            }
            _ if orientation.is_some_and(|orientation| orientation != 1) => warnings.push(
                format!("{format} holds no orientation: viewers will show the picture turned")
                    .into(),
            ),
            _ if self.exif.is_some() => {
                warnings.push(format!("{format} holds no EXIF data: they were dropped").into());
            }
            _ => {}
        }
        if self.premultiplied && matches!(channels, 2 | 4) {
            match format {
                Format::Tiff => fitted.premultiplied = true,
                // OpenEXR's alpha is always premultiplied; .npy has no convention.
                Format::Exr | Format::Npy => {}
                _ => warnings.push(format!(
                    "the colours are multiplied by alpha, which {format} has no mark for: viewers will show them too dark"
                ).into()),
            }
        }
        // No other format has a place for it, and arrays need none.
        fitted.no_data = self.no_data.clone().filter(|_| format == Format::Tiff);
        fitted.channel_axis = self.channel_axis && format == Format::Npy;
        (fitted, warnings)
    }
}

/// A warning if such a file cannot store the profile.
fn unfit_profile(icc: &[u8], format: Format, channels: usize) -> Option<String> {
    if !matches!(
        format,
        Format::Png | Format::Jpeg | Format::Tiff | Format::Webp
    ) {
        return Some(format!("{format} holds no ICC profile: it was dropped"));
    }
    // The header is 128 bytes, with the colour space at byte 16.
    let space = match icc.get(16..20) {
        Some(space) if icc.len() >= 128 => String::from_utf8_lossy(space),
        _ => return Some("the ICC profile is damaged: it was dropped".to_owned()),
    };
    let result = if channels < 3 { "GRAY" } else { "RGB" };
    (space.trim_end() != result).then(|| {
        format!(
            "the ICC profile is for {}, the result is {}: it was dropped",
            errors::printable(space.trim_end()),
            if channels < 3 { "gray" } else { "RGB" }
        )
    })
}

/// A warning if such a file cannot store these XMP data.
fn unfit_xmp(xmp: &[u8], format: Format) -> Option<String> {
    match format {
        // A segment holds 65533 bytes, 29 of them a name.
        Format::Jpeg if xmp.len() > 65_504 => {
            Some("jpeg holds no XMP data above 65504 bytes: they were dropped".to_owned())
        }
        Format::Png if str::from_utf8(xmp).is_err() => {
            Some("the XMP data are not UTF-8, as png wants them: they were dropped".to_owned())
        }
        Format::Jpeg | Format::Png | Format::Tiff => None,
        _ => Some(format!(
            "{format} is written without XMP data: they were dropped"
        )),
    }
}

/// Minimal EXIF data with an orientation.
fn exif_of(orientation: u16) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend(orientation.to_le_bytes());
    exif.extend([0; 6]);
    exif
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(space: &[u8; 4]) -> Vec<u8> {
        let mut icc = vec![0; 128];
        icc[16..20].copy_from_slice(space);
        icc
    }

    fn with_icc(icc: Vec<u8>) -> Metadata {
        Metadata {
            icc: Some(icc),
            ..Metadata::default()
        }
    }

    #[test]
    fn a_profile_goes_where_its_colours_are() {
        let rgb = with_icc(profile(b"RGB "));
        assert_eq!(rgb.supported_by(Format::Png, 4), (rgb.clone(), vec![]));
        for (metadata, format, channels, warning) in [
            (
                &rgb,
                Format::Png,
                1,
                "the ICC profile is for RGB, the result is gray: it was dropped",
            ),
            (
                &rgb,
                Format::Qoi,
                3,
                "qoi holds no ICC profile: it was dropped",
            ),
            (
                &with_icc(profile(b"CMYK")),
                Format::Jpeg,
                3,
                "the ICC profile is for CMYK, the result is RGB: it was dropped",
            ),
            (
                &with_icc(vec![1, 2]),
                Format::Tiff,
                3,
                "the ICC profile is damaged: it was dropped",
            ),
        ] {
            let dropped = (Metadata::default(), vec![warning.into()]);
            assert_eq!(metadata.supported_by(format, channels), dropped);
        }
    }

    #[test]
    fn the_orientation_goes_through_every_format_that_has_one() {
        let exif = Metadata {
            exif: Some(exif_of(6)),
            ..Metadata::default()
        };
        let (tiff, warnings) = exif.supported_by(Format::Tiff, 3);
        assert_eq!(tiff.orientation, Some(6));
        assert_eq!(
            warnings,
            ["tiff is written without EXIF data: they were dropped, all but the orientation"]
        );
        assert_eq!(tiff.supported_by(Format::Jpeg, 3), (exif.clone(), vec![]));
        assert_eq!(
            exif.supported_by(Format::Bmp, 3).1,
            ["bmp holds no orientation: viewers will show the picture turned"]
        );
        let upright = Metadata {
            exif: Some(exif_of(1)),
            ..Metadata::default()
        };
        assert_eq!(
            upright.supported_by(Format::Bmp, 3).1,
            ["bmp holds no EXIF data: they were dropped"]
        );
        let huge = Metadata {
            exif: Some(vec![0; 65_528]),
            ..Metadata::default()
        };
        assert_eq!(
            huge.supported_by(Format::Jpeg, 3).1,
            ["jpeg holds no EXIF data above 65527 bytes: they were dropped"]
        );
    }

    #[test]
    fn premultiplied_colours_are_told_of() {
        let metadata = Metadata {
            premultiplied: true,
            ..Metadata::default()
        };
        assert!(metadata.supported_by(Format::Tiff, 4).0.premultiplied);
        assert_eq!(metadata.supported_by(Format::Png, 3).1.len(), 0);
        assert_eq!(
            metadata.supported_by(Format::Png, 4).1,
            [
                "the colours are multiplied by alpha, which png has no mark for: viewers will show them too dark"
            ]
        );
    }
}
