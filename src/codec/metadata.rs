//! Metadata of a file: what it has, and what becomes of it in a result.

mod attribute;
mod channel_names;
mod density;
mod exif;
pub(super) mod exif_block;
mod exif_orientation;
mod exif_resolution;
mod fate;
pub(super) mod field;
mod fit;
mod grid;
mod icc;
mod iptc;
mod later_page;
mod page_fates;
mod part;
pub(super) mod photoshop;
mod record;
mod revised;
mod revision;
pub(super) mod tag;
mod timing;
mod truth;
mod xmp;

pub use attribute::Attribute;
pub use density::{Density, DensityUnit};
pub(crate) use fate::lost_names;
pub use fate::{Fate, MetadataPolicy, PartFate};
pub use field::Field;
pub(crate) use grid::ResultGrid;
pub(crate) use page_fates::PageFates;
pub use part::{Omission, Part, PartKind};
pub(super) use part::{PartList, text_keyword};
pub(crate) use record::OUTDATED as OUTDATED_RECORD;
pub use record::{Difference, Record, RecordedCommand, Setting};
pub(crate) use revision::ResultFacts;
#[doc(hidden)]
pub use revision::revised_metadata;
pub use tag::Tag;
pub use timing::{Delay, LoopCount};

use std::sync::Arc;

use crate::{
    image::{Depth, ImageSpec},
    orientation::Orientation,
    warning::Warning,
};

use super::{Format, JpegQuality, Sampling, errors};
use fate::lost_parts;
use tag::{Role, role};

/// The metadata of a file, preserved in the output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// The ICC colour profile.
    pub icc: Option<Vec<u8>>,
    /// EXIF data, from their TIFF header on. Their orientation is not applied to the pixels.
    pub exif: Option<Vec<u8>>,
    /// XMP data, an RDF packet.
    pub xmp: Option<Vec<u8>>,
    /// The pixel density. Stored by PNG, JPEG, TIFF and BMP; the shape of pixels also by TGA.
    pub density: Option<Density>,
    /// The orientation of a TIFF file, 1 to 8 as in EXIF.
    pub orientation: Option<u16>,
    /// Whether the colours are premultiplied by alpha, as TIFF and TGA files can declare. They are
    /// kept so.
    pub premultiplied: bool,
    /// The no-data value of a TIFF file, a number or `nan` (GDAL_NODATA).
    pub no_data: Option<String>,
    /// Whether a NumPy array of one channel has an axis for it.
    pub channel_axis: bool,
    /// Whether the channels are bands: no colours, and none of them alpha, even if there are two or
    /// four.
    pub bands: bool,
    /// The names of the channels of an OpenEXR file, in the order in which they are read, if they are
    /// others than R, G and B or Y, and A.
    pub channel_names: Option<Arc<[String]>>,
    /// The chroma sampling of a JPEG, which a JPEG that is made of it keeps.
    pub sampling: Sampling,
    /// How the picture was made, if its file tells that.
    pub record: Option<Record>,
    /// The quality of a JPEG, which a JPEG that is made of it has, if it is the higher one.
    pub quality: Option<JpegQuality>,
    /// How long the page is shown, if it is a frame of several that are read.
    pub delay: Option<Delay>,
    /// How often the frames are shown; with the first page of several that are read.
    pub loops: Option<LoopCount>,
    /// Parts that few formats have, in the order of the file.
    pub parts: Vec<Part>,
}

/// Metadata that are true of a result, and what becomes of those of its input.
pub(crate) struct ForResult {
    pub(crate) metadata: Metadata,
    pub(crate) fates: Vec<PartFate>,
}

/// Metadata that fit a file, and what became of all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Fitted {
    /// What the file can store.
    pub(super) metadata: Metadata,
    /// Each part.
    pub(super) fates: Vec<PartFate>,
    /// How the file will be misread, one line each.
    pub(super) warnings: Vec<Warning>,
}

impl Fitted {
    /// All warnings: one line about what is lost, and how the file will be misread.
    pub(super) fn all_warnings(&self) -> Vec<Warning> {
        let lost = Warning::left_out(lost_parts(&self.fates));
        lost.into_iter()
            .chain(self.warnings.iter().cloned())
            .collect()
    }

    /// The same of metadata that became known after the samples were written, which few formats
    /// have a place for then.
    #[must_use]
    pub(super) fn after_samples(mut self, format: Format) -> Self {
        let has_place = |kind: PartKind| match format {
            Format::Png => kind != PartKind::Icc,
            Format::Jpeg | Format::Npy => false,
            // Others are written at the end.
            _ => !format.is_netpbm(),
        };
        for part in &mut self.fates {
            let is_kept = matches!(part.fate, Fate::Kept | Fate::Changed(_));
            if is_kept && !has_place(part.kind) {
                part.fate = Fate::Lost(format!("after the samples, no place in {format}"));
            }
        }
        if !has_place(PartKind::Icc) {
            self.metadata.icc = None;
        }
        if !has_place(PartKind::Other) {
            self.metadata = Self::default().metadata;
        }
        self
    }

    fn add(&mut self, kind: PartKind, name: &str, bytes: usize, fate: Fate) {
        self.fates.push(PartFate::new(kind, name, bytes, fate));
    }
}

impl Metadata {
    /// The bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let kept = [&self.icc, &self.exif, &self.xmp];
        let kept = kept.into_iter().flatten().map(Vec::capacity);
        let parts = self.parts.iter().map(Part::bytes);
        let record = self.record.as_ref().map(Record::bytes);
        let names = self.channel_names.iter().flat_map(|names| names.iter());
        kept.chain(parts)
            .chain(record)
            .chain(names.map(|name| name.capacity() + size_of::<String>()))
            .fold(0, usize::saturating_add)
    }

    /// What becomes of each part in a result of this `format` and `spec`.
    pub fn fates(&self, policy: MetadataPolicy, format: Format, spec: ImageSpec) -> Vec<PartFate> {
        self.for_result(policy, format, &ResultFacts::new(spec, None))
            .fates
    }

    /// What a result carries, by this policy and where it is true of it, and what becomes of each
    /// part.
    pub(crate) fn for_result(
        &self,
        policy: MetadataPolicy,
        format: Format,
        facts: &ResultFacts,
    ) -> ForResult {
        // A format without gray stores colours.
        let facts = &ResultFacts {
            channels: format.written_channels(facts.channels),
            ..*facts
        };
        let spec = facts.spec();
        let truth = self.true_of(facts);
        let fitted = |metadata: &Self| metadata.fitted_to(format, spec);
        let mut fates = fitted(&truth.metadata).fates;
        for revision in truth.revisions {
            // What is left out has become another part.
            let kinds = [revision.kind, PartKind::Other];
            let is_it =
                |part: &&mut PartFate| kinds.contains(&part.kind) && part.name == revision.name;
            if let Some(part) = fates.iter_mut().find(is_it) {
                part.kind = revision.kind;
                part.bytes = revision.bytes;
                let is_outdated = matches!(revision.fate, Fate::Outdated(_));
                if part.fate == Fate::Kept || is_outdated {
                    part.fate = revision.fate;
                }
            }
        }
        let mut metadata = truth.metadata;
        if policy == MetadataPolicy::Drop {
            metadata = metadata.without_descriptions();
            let kept = fitted(&metadata).fates;
            let is_kept = |part: &PartFate| {
                kept.iter()
                    .any(|kept| (kept.kind, &kept.name) == (part.kind, &part.name))
            };
            let dropped = fates.iter_mut().filter(|part| !is_kept(part));
            dropped.for_each(|part| part.fate = Fate::Dropped);
        }
        ForResult { metadata, fates }
    }

    /// Only what tells how samples are to be understood: colour profile and colour space,
    /// orientation, density, alpha, missing samples, axes; nothing that describes the picture,
    /// its author or its origin.
    #[must_use]
    pub fn without_descriptions(&self) -> Self {
        let orientation = self.orientation.or_else(|| self.exif_orientation());
        let kept = |part: &&Part| match part {
            Part::Chunk { name, .. } => COLOUR_CHUNKS.contains(&name),
            Part::HeaderLine(line) => is_value_line(line),
            Part::Attribute(attribute) => attribute.is_of_samples(),
            Part::Field(field) => field.is_of_samples(),
            Part::Tag(tag) => role(tag.code) == Role::Samples,
            _ => false,
        };
        Self {
            exif: None,
            xmp: None,
            record: None,
            orientation,
            parts: self.parts.iter().filter(kept).cloned().collect(),
            ..self.clone()
        }
    }

    /// The orientation in the EXIF data.
    fn exif_orientation(&self) -> Option<u16> {
        Some(exif_orientation::orientation(self.exif.as_deref()?)?.exif())
    }

    /// The orientation that the file names: how programs that heed it turn the stored pixels.
    /// See [`Format::is_shown_turned`] for whether viewers do.
    pub fn named_orientation(&self) -> Orientation {
        let of_tag = self.orientation.map(Orientation::from_exif);
        let of_exif = || exif_orientation::orientation(self.exif.as_deref()?);
        of_tag.unwrap_or_else(of_exif).unwrap_or_default()
    }

    /// The same for pixels of this orientation, wherever an orientation is named.
    pub(crate) fn set_orientation(&mut self, orientation: Orientation) {
        if let Some(exif) = &mut self.exif {
            exif_orientation::set_orientation(exif, orientation);
        }
        self.orientation = match orientation {
            Orientation::Normal => None,
            _ => Some(orientation.exif()),
        };
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
            record: new(&self.record, &known.record),
            channel_axis: self.channel_axis && !known.channel_axis,
            bands: self.bands && !known.bands,
            channel_names: new(&self.channel_names, &known.channel_names),
            // It is known before the samples.
            sampling: known.sampling,
            quality: known.quality,
            delay: new(&self.delay, &known.delay),
            loops: new(&self.loops, &known.loops),
            parts: (self.parts.iter())
                .filter(|part| !known.parts.contains(part))
                .cloned()
                .collect(),
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
            record: self.record.clone().or(late.record),
            channel_axis: self.channel_axis || late.channel_axis,
            bands: self.bands || late.bands,
            channel_names: self.channel_names.clone().or(late.channel_names),
            sampling: self.sampling,
            quality: self.quality,
            delay: self.delay.or(late.delay),
            loops: self.loops.or(late.loops),
            parts: [&self.parts[..], &late.parts].concat(),
        }
    }

    /// The metadata that a file of `format` with samples of `spec` can store, and what becomes
    /// of each part.
    pub(super) fn fitted_to(&self, format: Format, spec: ImageSpec) -> Fitted {
        let mut fitted = Fitted::default();
        if let Some(icc) = &self.icc {
            let fate = profile_fate(icc, format, spec.channels);
            fitted.metadata.icc = self.icc.clone().filter(|_| fate == Fate::Kept);
            fitted.add(PartKind::Icc, "ICC profile", icc.len(), fate);
        }
        let in_exif = self.fit_exif(format, spec, &mut fitted);
        if let Some(xmp) = &self.xmp {
            let fate = xmp_fate(xmp, format);
            fitted.metadata.xmp = self.xmp.clone().filter(|_| fate == Fate::Kept);
            fitted.add(PartKind::Xmp, "XMP data", xmp.len(), fate);
        }
        if let Some(density) = self.density {
            let has_place = match format {
                Format::Png | Format::Jpeg | Format::Tiff => true,
                // Without a unit it is the shape of pixels.
                Format::Bmp => density.parts().1 != DensityUnit::None,
                Format::Tga => density.parts().1 == DensityUnit::None,
                _ => false,
            };
            let fits = match format {
                Format::Jpeg => density.as_u16_pair().is_some(),
                Format::Png | Format::Bmp => density.per_metre_rounded().is_some(),
                Format::Tga => field::pixel_shape(density).is_some(),
                _ => true,
            };
            fitted.metadata.density = self.density.filter(|_| has_place && fits);
            let fate = match has_place {
                true if fits => Fate::Kept,
                true => Fate::Lost(format!("its numbers do not fit {format}")),
                false => no_place(format),
            };
            fitted.add(PartKind::Density, "pixel density", 0, fate);
        }
        self.fit_alpha(format, spec.channels, &mut fitted);
        self.fit_channels(format, spec.channels, &mut fitted);
        if self.no_data.is_some() {
            // Arrays need no mark of it.
            let kept = format == Format::Tiff;
            fitted.metadata.no_data = self.no_data.clone().filter(|_| kept);
            let fate = match format {
                Format::Tiff => Fate::Kept,
                Format::Npy => Fate::Outdated("arrays have no mark for it".to_owned()),
                _ => no_place(format),
            };
            fitted.add(PartKind::NoData, "no-data value", 0, fate);
        }
        self.fit_timing(format, &mut fitted);
        if format == Format::Jpeg {
            fitted.metadata.sampling = self.sampling;
            fitted.metadata.quality = self.quality;
        }
        fitted.metadata.channel_axis = self.channel_axis && format == Format::Npy;
        fitted.metadata.record = self.record.clone().filter(|_| format.holds_record());
        self.fit_parts(format, spec, &in_exif, &mut fitted);
        fitted
    }

    /// The mark of premultiplied colours.
    fn fit_alpha(&self, format: Format, channels: usize, fitted: &mut Fitted) {
        if !self.premultiplied || !matches!(channels, 2 | 4) {
            return;
        }
        let fate = match format {
            Format::Tiff | Format::Tga => {
                fitted.metadata.premultiplied = true;
                Fate::Kept
            }
            // OpenEXR's alpha is always premultiplied; .npy has no convention.
            Format::Exr | Format::Npy => Fate::Kept,
            _ => {
                let line = format!(
                    "the colours are multiplied by alpha, which {format} has no mark for: viewers will show them too dark"
                );
                fitted.warnings.push(line.into());
                // The warning above tells of it.
                Fate::Outdated(format!("no place in {format}"))
            }
        };
        fitted.add(
            PartKind::Premultiplied,
            "mark of premultiplied alpha",
            0,
            fate,
        );
    }
}

fn no_place(format: Format) -> Fate {
    Fate::Lost(format!("no place in {format}"))
}

/// What becomes of a profile.
fn profile_fate(icc: &[u8], format: Format, channels: usize) -> Fate {
    if !matches!(
        format,
        Format::Png | Format::Jpeg | Format::Tiff | Format::Webp
    ) {
        return no_place(format);
    }
    // The header is 128 bytes, with the colour space at byte 16.
    let space = match icc.get(16..20) {
        Some(space) if icc.len() >= 128 => String::from_utf8_lossy(space),
        _ => return Fate::Lost("it is damaged".to_owned()),
    };
    let space = space.trim_end();
    let result = if channels < 3 { "GRAY" } else { "RGB" };
    match (space, result) {
        _ if space == result => Fate::Kept,
        _ => Fate::Lost(format!(
            "it is for {}, the result is {}",
            errors::printable(space),
            if channels < 3 { "gray" } else { "RGB" }
        )),
    }
}

/// What becomes of XMP data.
fn xmp_fate(xmp: &[u8], format: Format) -> Fate {
    match format {
        Format::Jpeg if xmp.len() > record::MAX_JPEG_XMP => {
            Fate::Lost("jpeg holds 65504 bytes".to_owned())
        }
        Format::Png if str::from_utf8(xmp).is_err() => {
            Fate::Lost("they are not UTF-8, as png wants them".to_owned())
        }
        Format::Jpeg | Format::Png | Format::Tiff | Format::Webp => Fate::Kept,
        _ => no_place(format),
    }
}

/// Chunks of a PNG that say how its samples are to be understood.
const COLOUR_CHUNKS: [&[u8; 4]; 5] = [b"cHRM", b"gAMA", b"sRGB", b"cICP", b"mDCV"];

/// Whether a line of a Radiance HDR header says how its samples are to be understood.
fn is_value_line(line: &[u8]) -> bool {
    let keys: [&[u8]; 4] = [b"EXPOSURE=", b"COLORCORR=", b"PRIMARIES=", b"PIXASPECT="];
    keys.iter().any(|key| line.starts_with(key))
}

/// What becomes of another part, which has the form of this format.
fn part_fate(part: &Part, format: Format, spec: ImageSpec) -> Fate {
    match (part, format) {
        (Part::Comment(text), Format::Jpeg) if text.len() > 65_533 => {
            Fate::Lost("jpeg holds 65533 bytes".to_owned())
        }
        (Part::Comment(_), Format::Jpeg | Format::Gif)
        | (Part::Photoshop(_), Format::Jpeg | Format::Tiff)
        | (Part::Iptc(_), Format::Tiff)
        | (Part::HeaderLine(_), Format::Hdr) => Fate::Kept,
        (Part::Comment(_), _) if format.is_netpbm() => Fate::Kept,
        (Part::Tag(tag), Format::Tiff) => tag.fate(spec),
        (Part::Field(_) | Part::Comment(_) | Part::Tag(_), Format::Tga) => {
            field::fate(part).unwrap_or_else(|| no_place(format))
        }
        (Part::Attribute(attribute), Format::Exr) => match attribute.changed() {
            Some(what) => Fate::Changed(what.to_owned()),
            None => Fate::Kept,
        },
        (Part::Chunk { name, data }, _) => chunk_fate(name, data.len(), format, spec),
        (Part::Other { why, .. }, _) => match why {
            Omission::Outdated(why) => Fate::Outdated((*why).to_owned()),
            Omission::Unknown(why) => Fate::Lost((*why).to_owned()),
        },
        _ => no_place(format),
    }
}

/// What becomes of an ancillary chunk of a PNG (W3C, PNG Specification, third edition, 11.3).
fn chunk_fate(name: &[u8; 4], len: usize, format: Format, spec: ImageSpec) -> Fate {
    let outdated = |why: &str| Fate::Outdated(why.to_owned());
    match name {
        b"sBIT" => outdated("the samples of the result have all their bits"),
        b"cLLI" => outdated("it is the light level of the picture as it was"),
        b"hIST" | b"sPLT" => outdated("it is about the colours of the picture as it was"),
        b"tIME" => outdated("it is the time of the picture as it was"),
        b"dSIG" | b"caBX" => outdated("it signs the picture as it was"),
        b"iDOT" => outdated("it says where the compressed rows were"),
        // What pictures are without it.
        b"sRGB" if format != Format::Png => outdated("sRGB is assumed without it"),
        _ if format != Format::Png => no_place(format),
        // In samples of 8 bits; others were not read.
        b"bKGD" | b"pCAL" if spec.depth != Depth::U8 => {
            Fate::Lost("it is in samples of another type".to_owned())
        }
        // Gray among colours is gray by now.
        b"bKGD" if len != if spec.channels < 3 { 2 } else { 6 } => {
            Fate::Lost("it is in other channels".to_owned())
        }
        b"cHRM" | b"gAMA" | b"sRGB" | b"cICP" | b"mDCV" | b"bKGD" | b"pCAL" | b"sCAL" | b"oFFs"
        | b"sTER" | b"gIFg" | b"gIFx" | b"tEXt" | b"zTXt" | b"iTXt" => Fate::Kept,
        // A chunk with a small fourth letter may be copied whatever is done to the picture.
        [_, _, _, b'a'..=b'z'] => Fate::Kept,
        _ => Fate::Lost("it is unknown, and not marked safe to copy".to_owned()),
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

    /// What a file of 8-bit samples would store, and the warnings.
    fn stored(metadata: &Metadata, format: Format, channels: usize) -> (Metadata, Vec<Warning>) {
        let fitted = metadata.fitted_to(format, ImageSpec::new([5, 7, channels], Depth::U8));
        let warnings = fitted.all_warnings();
        (fitted.metadata, warnings)
    }

    #[test]
    fn a_profile_goes_where_its_colours_are() {
        let rgb = with_icc(profile(b"RGB "));
        assert_eq!(stored(&rgb, Format::Png, 4), (rgb.clone(), vec![]));
        for (metadata, format, channels, warning) in [
            (
                &rgb,
                Format::Qoi,
                3,
                "metadata left out: ICC profile (no place in qoi)",
            ),
            (
                &with_icc(profile(b"CMYK")),
                Format::Jpeg,
                3,
                "metadata left out: ICC profile (it is for CMYK, the result is RGB)",
            ),
            (
                &with_icc(vec![1, 2]),
                Format::Tiff,
                3,
                "metadata left out: ICC profile (it is damaged)",
            ),
        ] {
            let (kept, warnings) = stored(metadata, format, channels);
            assert_eq!(kept, Metadata::default());
            assert_eq!(warnings, [warning]);
        }
    }

    #[test]
    fn the_orientation_goes_through_every_format_that_has_one() {
        let exif = Metadata {
            exif: Some(exif_of(6)),
            ..Metadata::default()
        };
        let (tiff, warnings) = stored(&exif, Format::Tiff, 3);
        assert_eq!(tiff.orientation, Some(6));
        assert_eq!(warnings, [""; 0]);
        assert_eq!(stored(&tiff, Format::Jpeg, 3), (exif.clone(), vec![]));
        assert_eq!(
            stored(&exif, Format::Bmp, 3).1,
            [
                "metadata left out: EXIF data (no place in bmp)",
                "bmp holds no orientation: viewers will show the picture turned"
            ]
        );
        let upright = Metadata {
            exif: Some(exif_of(1)),
            ..Metadata::default()
        };
        assert_eq!(
            stored(&upright, Format::Bmp, 3).1,
            ["metadata left out: EXIF data (no place in bmp)"]
        );
        let huge = Metadata {
            exif: Some(vec![0; 65_528]),
            ..Metadata::default()
        };
        assert_eq!(
            stored(&huge, Format::Jpeg, 3).1,
            ["metadata left out: EXIF data (jpeg holds 65527 bytes)"]
        );
    }

    #[test]
    fn premultiplied_colours_are_told_of() {
        let metadata = Metadata {
            premultiplied: true,
            ..Metadata::default()
        };
        assert!(stored(&metadata, Format::Tiff, 4).0.premultiplied);
        assert_eq!(stored(&metadata, Format::Png, 3).1.len(), 0);
        assert_eq!(
            stored(&metadata, Format::Png, 4).1,
            [
                "the colours are multiplied by alpha, which png has no mark for: viewers will show them too dark"
            ]
        );
    }
}
