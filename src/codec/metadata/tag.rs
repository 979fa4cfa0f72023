//! TIFF tags: what each is about, and the values of those that are carried over.

use std::{fmt, sync::Arc};

use super::Part;
use crate::{codec::Format, image::ImageSpec};

use super::fate::Fate;

pub(in crate::codec) const DOCUMENT_NAME: u16 = 269;
pub(in crate::codec) const DESCRIPTION: u16 = 270;
const SOFTWARE: u16 = 305;
const ARTIST: u16 = 315;
const COPYRIGHT: u16 = 33432;
pub(in crate::codec) const IPTC: u16 = 33723;
pub(in crate::codec) const PHOTOSHOP: u16 = 34377;
pub(in crate::codec) const EXIF_DIRECTORY: u16 = 34665;
pub(in crate::codec) const GPS_DIRECTORY: u16 = 34853;
pub(in crate::codec) const INTEROPERABILITY_DIRECTORY: u16 = 40965;
pub(in crate::codec) const MAKER_NOTE: u16 = 37500;
const LAYERS: u16 = 37724;
/// Tags of GPS data: EXIF 3.0 has 31.
pub(in crate::codec) const MAX_GPS_CODE: u16 = 63;

/// The types of values (TIFF 6.0, section 2; TIFF Technical Note 1; BigTIFF).
pub(in crate::codec) mod kinds {
    pub(in crate::codec) const BYTE: u16 = 1;
    pub(in crate::codec) const ASCII: u16 = 2;
    pub(in crate::codec) const SHORT: u16 = 3;
    pub(in crate::codec) const LONG: u16 = 4;
    pub(in crate::codec) const RATIONAL: u16 = 5;
    pub(in crate::codec) const UNDEFINED: u16 = 7;
    pub(in crate::codec) const SLONG: u16 = 9;
    pub(in crate::codec) const DOUBLE: u16 = 12;
    pub(in crate::codec) const DIRECTORY: u16 = 13;
    pub(in crate::codec) const LONG8: u16 = 16;
    pub(in crate::codec) const SLONG8: u16 = 17;
    pub(in crate::codec) const IFD8: u16 = 18;
}

/// A value of a TIFF directory. Its bytes are shared, not copied, when it is cloned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The number of the tag: 315 is the artist.
    pub code: u16,
    /// The type of its values, as a TIFF file has it: 2 is text, 3 a number of 16 bits.
    pub kind: u16,
    /// Its values in little-endian order.
    pub data: Arc<[u8]>,
    /// What was changed, if the result's value is not the input's.
    pub(super) changed: Option<&'static str>,
}

/// What a tag is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::codec) enum Role {
    /// How the file stores the picture, or data that are read otherwise.
    Storage,
    /// The picture as such: its author, its time, its name.
    Description,
    /// How samples are to be understood.
    Samples,
    /// Where pixels lie on the ground or on a page.
    Place,
    /// The picture as it was, under this name, and why that is no more true.
    Outdated(&'static str, &'static str),
    /// Not known to be true of another picture: its name, if it has one, and why.
    Unknown(Option<&'static str>, &'static str),
}

/// What the tag of this number is about, in the directory of a picture.
///
/// From TIFF 6.0, its technical notes and supplements 1 and 2, TIFF/EP, EXIF 3.0 and `GeoTIFF` 1.1.
/// Private tags that are not listed may hold offsets into their file.
pub(in crate::codec) const fn role(code: u16) -> Role {
    const SAMPLES: &str = "it is about the samples as they were";
    match code {
        // ImageDescription is checked for what programs store there. XP texts are those of
        // Windows, ratings too.
        DOCUMENT_NAME
        | DESCRIPTION
        | 271
        | 272
        | 285
        | 297
        | SOFTWARE
        | 306
        | ARTIST
        | 316
        | 337
        | COPYRIGHT
        | 18246
        | 18249
        | 40091..=40095 => Role::Description,
        // Of the camera, which TIFF/EP has here.
        33434
        | 33437
        | 34850
        | 34852
        | 34855
        | 34864..=34869
        | 36867
        | 36868
        | 36880..=36882
        | 37377..=37386
        | 37393..=37395
        | 37510
        | 37520..=37522 => Role::Description,
        290 | 291 | 301 | 318 | 319 | 342 | 532 => Role::Samples,
        286 | 287 | 33550 | 33922 | 34264 | 34735..=34737 | 42112 | 50844 => Role::Place,
        280 | 281 | 340 | 341 => Role::Outdated("range of sample values", SAMPLES),
        321 => Role::Outdated("hints for halftones", SAMPLES),
        336 => Role::Outdated("range of ink", SAMPLES),
        513 => Role::Outdated("preview", "it shows the picture as it was"),
        LAYERS => Role::Outdated("Photoshop's layers", "they are of the picture as it was"),
        254..=259
        | 262..=266
        | 273
        | 274
        | 277..=279
        | 282..=284
        | 288
        | 289
        | 292
        | 293
        | 296
        | 317
        | 320
        | 322..=328
        | 330
        | 332..=334
        | 338
        | 339
        | 346
        | 347
        | 400..=405
        | 433
        | 434
        | 512
        | 514..=521
        | 529..=531
        | 559
        | 700
        | 32995..=32998
        | IPTC
        | PHOTOSHOP
        | EXIF_DIRECTORY
        | 34675
        | GPS_DIRECTORY
        | 42113
        | 50674
        | 59932
        | 59933 => Role::Storage,
        50838 | 50839 => Role::Unknown(
            Some("ImageJ's overlays and labels"),
            "they cannot be kept true",
        ),
        50706..=50843 | 50879..=52600 => Role::Unknown(Some("DNG tag"), "it is about raw data"),
        MAKER_NOTE => Role::Unknown(Some("maker note"), MAKER_NOTE_WHY),
        _ => Role::Unknown(None, "its meaning is unknown"),
    }
}

/// What the tag of this number is about, in the directory of EXIF data (EXIF 3.0, 4.6.5).
pub(in crate::codec) const fn exif_role(code: u16) -> Role {
    match code {
        // Windows keeps room for more, and the distance that maker notes were moved.
        59932 | 59933 => Role::Storage,
        EXIF_DIRECTORY | GPS_DIRECTORY | INTEROPERABILITY_DIRECTORY => {
            Role::Unknown(None, "it refers to data that are not read")
        }
        MAKER_NOTE => Role::Unknown(Some("maker note"), MAKER_NOTE_WHY),
        // From ExposureTime on. Numbers below are those of pictures, which have offsets.
        33434..=0xafff => Role::Description,
        _ => Role::Unknown(None, "its meaning is unknown"),
    }
}

/// Why a maker note is not carried over.
pub(in crate::codec) const MAKER_NOTE_WHY: &str = "it may hold offsets into its file";

/// The name of a tag in messages: `tag Artist`, or `tag 65000`.
pub(in crate::codec) fn tag_name(code: u16) -> String {
    let name = match code {
        DOCUMENT_NAME => "DocumentName",
        DESCRIPTION => "ImageDescription",
        271 => "Make",
        272 => "Model",
        285 => "PageName",
        286 => "XPosition",
        287 => "YPosition",
        290 => "GrayResponseUnit",
        291 => "GrayResponseCurve",
        297 => "PageNumber",
        301 => "TransferFunction",
        SOFTWARE => "Software",
        306 => "DateTime",
        ARTIST => "Artist",
        316 => "HostComputer",
        318 => "WhitePoint",
        319 => "PrimaryChromaticities",
        337 => "TargetPrinter",
        342 => "TransferRange",
        532 => "ReferenceBlackWhite",
        COPYRIGHT => "Copyright",
        33550 => "ModelPixelScale",
        33922 => "ModelTiepoint",
        34264 => "ModelTransformation",
        34735 => "GeoKeyDirectory",
        34736 => "GeoDoubleParams",
        34737 => "GeoAsciiParams",
        36867 => "DateTimeOriginal",
        42112 => "GDAL_METADATA",
        50844 => "RPCCoefficient",
        _ => return format!("tag {code}"),
    };
    format!("tag {name}")
}

/// The bytes of a value of this type; `None` if the type is unknown.
pub(in crate::codec) const fn value_bytes(kind: u16) -> Option<usize> {
    Some(match kind {
        // The last is UTF-8, from EXIF 3.0 on.
        1 | 2 | 6 | 7 | 129 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => return None,
    })
}

/// Values of this type in the other byte order.
pub(in crate::codec) fn swapped(kind: u16, data: &[u8]) -> Vec<u8> {
    let width = match kind {
        // Two numbers of 32 bits.
        5 | 10 => 4,
        _ => value_bytes(kind).unwrap_or(1),
    };
    let numbers = data.chunks(width);
    numbers
        .flat_map(|number| number.iter().rev().copied())
        .collect()
}

impl Tag {
    pub(in crate::codec) fn new(code: u16, kind: u16, data: impl Into<Arc<[u8]>>) -> Self {
        Self {
            code,
            kind,
            data: data.into(),
            changed: None,
        }
    }

    /// One of text, which must not contain zero.
    fn of_text(code: u16, text: &[u8]) -> Self {
        // Files have UTF-8 where the specification wants ASCII.
        let text = match str::from_utf8(text) {
            Ok(text) => text.to_owned(),
            Err(_) => text.iter().copied().map(char::from).collect(),
        };
        Self::new(code, kinds::ASCII, format!("{text}\0").into_bytes())
    }

    /// Its text, if it is one without its end.
    pub(in crate::codec) fn text(&self) -> Option<&[u8]> {
        if self.kind != kinds::ASCII {
            return None;
        }
        let end = self.data.iter().rposition(|byte| *byte != 0)?;
        let text = &self.data[..=end];
        (!text.contains(&0)).then_some(text)
    }

    /// Its numbers of 64-bit floating point.
    pub(super) fn doubles(&self) -> Option<Vec<f64>> {
        let (numbers, rest) = self.data.as_chunks();
        let numbers = numbers.iter().map(|number| f64::from_le_bytes(*number));
        (self.kind == kinds::DOUBLE && rest.is_empty()).then(|| numbers.collect())
    }

    /// Its numbers of 16 bits.
    pub(super) fn shorts(&self) -> Vec<u16> {
        let numbers = self.data.as_chunks().0.iter();
        numbers.map(|number| u16::from_le_bytes(*number)).collect()
    }

    /// The same tag with other data, which were changed so.
    pub(super) fn with(&self, data: impl Into<Arc<[u8]>>, changed: &'static str) -> Self {
        Self {
            data: data.into(),
            changed: Some(changed),
            ..self.clone()
        }
    }

    /// As a part of a file of `format`, if it has a place for it other than EXIF data.
    pub(super) fn in_format(&self, format: Format) -> Option<Part> {
        match format {
            Format::Tiff => Some(Part::Tag(self.clone())),
            Format::Png => {
                let keyword = KEYWORDS.iter().find(|(_, code)| *code == self.code)?.0;
                Some(text_chunk(keyword, self.text()?))
            }
            Format::Gif | Format::Tga if self.code == DESCRIPTION => {
                Some(Part::Comment(self.text()?.into()))
            }
            _ if self.code == DESCRIPTION && format.is_netpbm() => {
                Some(Part::Comment(self.text()?.into()))
            }
            _ => None,
        }
    }

    /// Whether EXIF data have a place for it.
    pub(super) fn is_in_exif(&self) -> bool {
        role(self.code) == Role::Description && !matches!(self.code, 285 | 297 | 337)
    }

    /// What becomes of it in a TIFF file of this `spec`.
    pub(super) fn fate(&self, spec: ImageSpec) -> Fate {
        let lost = |why: &str| Fate::Lost(why.to_owned());
        let other = || lost("it is in samples of another type");
        let is_gray = spec.channels < 3;
        let values = self.data.len() / value_bytes(self.kind).unwrap_or(1);
        let levels = match spec.depth {
            depth if depth.is_float() || depth.is_signed() || depth.bytes() > 2 => 0,
            depth => 1 << (8 * depth.bytes()),
        };
        match self.code {
            291 | 319 | 532 if (self.code == 291) != is_gray => {
                let [before, after] = match is_gray {
                    true => ["colour", "gray"],
                    false => ["gray", "colour"],
                };
                Fate::Outdated(format!("it is for {before}, the result is {after}"))
            }
            291 if values != levels => other(),
            301 if values != levels && (is_gray || values != 3 * levels) => other(),
            532 if levels == 0 || self.reference_white() != levels.checked_sub(1) => other(),
            42112 if self.names_channel(spec.channels) => lost("it is about other channels"),
            _ => match self.changed {
                Some(what) => Fate::Changed(what.to_owned()),
                None => Fate::Kept,
            },
        }
    }

    /// The sample that is white, if it is the same of all colours.
    fn reference_white(&self) -> Option<usize> {
        let pairs = self.data.as_chunks::<8>().0.iter();
        let mut values = pairs.map(|[a, b, c, d, e, f, g, h]| {
            let [n, d] = [[a, b, c, d], [e, f, g, h]].map(|n| u32::from_le_bytes(n.map(|n| *n)));
            n.checked_div(d).filter(|value| value * d == n)
        });
        let white = values.nth(1)??;
        let same = values.skip(1).step_by(2).all(|value| value == Some(white));
        same.then_some(white as usize)
    }

    /// Whether GDAL's metadata are also about a channel that the result lacks.
    fn names_channel(&self, channels: usize) -> bool {
        let text = String::from_utf8_lossy(&self.data);
        let mut numbers = text.split(" sample=\"").skip(1);
        numbers.any(|rest| {
            let number = rest.split('"').next().unwrap_or_default();
            number
                .parse()
                .map_or(true, |number: usize| number >= channels)
        })
    }
}

/// Its name in messages.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&tag_name(self.code))
    }
}

/// The keywords of PNG texts (PNG Specification, 11.3.3.2) and the tags of the same meaning; the
/// first of each tag is written.
const KEYWORDS: [(&str, u16); 8] = [
    ("Author", ARTIST),
    ("Artist", ARTIST),
    ("Copyright", COPYRIGHT),
    ("Software", SOFTWARE),
    ("Description", DESCRIPTION),
    ("ImageDescription", DESCRIPTION),
    ("Title", DOCUMENT_NAME),
    ("DocumentName", DOCUMENT_NAME),
];

/// A PNG's text of such a meaning that is not compressed, as a tag.
pub(super) fn tag_of_chunk(name: &[u8; 4], data: &[u8]) -> Option<Tag> {
    let (keyword, text) = super::part::plain_text(name, data)?;
    let keyword = str::from_utf8(keyword).ok()?;
    let (_, code) = KEYWORDS.iter().find(|(known, _)| *known == keyword)?;
    (!text.is_empty() && !text.contains(&0)).then(|| Tag::of_text(*code, text))
}

/// A comment as a description.
pub(super) fn tag_of_comment(text: &[u8]) -> Option<Tag> {
    (!text.is_empty() && !text.contains(&0)).then(|| Tag::of_text(DESCRIPTION, text))
}

/// A text as a chunk: plain if it is ASCII or no UTF-8, else international.
pub(super) fn text_chunk(keyword: &str, text: &[u8]) -> Part {
    let is_international = !text.is_ascii() && str::from_utf8(text).is_ok();
    let (name, end) = match is_international {
        true => (*b"iTXt", &b"\0\0\0\0\0"[..]),
        false => (*b"tEXt", &b"\0"[..]),
    };
    let data = [keyword.as_bytes(), end, text].concat().into();
    Part::Chunk { name, data }
}
