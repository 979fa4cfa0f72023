//! Parts of metadata that belong to few formats.

use std::{fmt, sync::Arc};

use super::{
    Attribute, Field, photoshop,
    tag::{Tag, tag_of_chunk, tag_of_comment},
};
use crate::codec::Format;

/// What kind of thing a part of a file's metadata is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PartKind {
    /// An ICC colour profile.
    Icc,
    /// EXIF data.
    Exif,
    /// XMP data.
    Xmp,
    /// The record of how the picture was made.
    Record,
    /// The pixel density.
    Density,
    /// A mark that colours are multiplied by alpha.
    Premultiplied,
    /// The value of missing samples.
    NoData,
    /// The names of channels that are no colours.
    ChannelNames,
    /// How long the frames of an animation are shown.
    Delay,
    /// How often an animation is shown.
    Loops,
    /// A comment.
    Comment,
    /// Photoshop's image resources, and the IPTC data in them.
    Photoshop,
    /// IPTC data.
    Iptc,
    /// A tag of a TIFF file.
    Tag,
    /// An ancillary chunk of a PNG file: text, colour space, or anything else.
    Chunk,
    /// A line of a Radiance HDR header.
    HeaderLine,
    /// An attribute of an OpenEXR header.
    Attribute,
    /// A field of a TGA file.
    Field,
    /// Anything else, which is not carried over.
    Other,
}

impl PartKind {
    /// A short name, for programs: `icc`, `exif`, `header_line`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Icc => "icc",
            Self::Exif => "exif",
            Self::Xmp => "xmp",
            Self::Record => "record",
            Self::Density => "density",
            Self::Premultiplied => "premultiplied",
            Self::NoData => "no_data",
            Self::ChannelNames => "channel_names",
            Self::Delay => "delay",
            Self::Loops => "loops",
            Self::Comment => "comment",
            Self::Photoshop => "photoshop",
            Self::Iptc => "iptc",
            Self::Tag => "tag",
            Self::Chunk => "chunk",
            Self::HeaderLine => "header_line",
            Self::Attribute => "attribute",
            Self::Field => "field",
            Self::Other => "other",
        }
    }
}

/// A part of a file's metadata that few formats have. Its bytes are shared, not copied, when it
/// is cloned.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// A comment, in the encoding of the file: UTF-8, if it says nothing else.
    Comment(Arc<[u8]>),
    /// Photoshop's image resources: blocks that begin with `8BIM`.
    Photoshop(Arc<[u8]>),
    /// IPTC data, as a TIFF file has them beside Photoshop's image resources.
    Iptc(Arc<[u8]>),
    /// A tag of a TIFF file.
    Tag(Tag),
    /// An ancillary chunk of a PNG file.
    Chunk {
        /// The four letters of its name.
        name: [u8; 4],
        /// Its data, as stored.
        data: Arc<[u8]>,
    },
    /// A line of a Radiance HDR header, `EXPOSURE=2`, without its end.
    HeaderLine(Arc<[u8]>),
    /// An attribute of an OpenEXR header.
    Attribute(Attribute),
    /// A field of a TGA file that no other format has.
    Field(Field),
    /// Anything that is not carried over.
    Other {
        /// What it is: `the segment APP4`.
        name: String,
        /// Its bytes in the file.
        bytes: usize,
        /// Why it is not carried over.
        why: Omission,
    },
}

/// Why a part is not carried over, whatever the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Omission {
    /// It describes the picture as it was: a preview, a signature.
    Outdated(&'static str),
    /// It cannot be read, or is not known to be true of another picture.
    Unknown(&'static str),
}

/// The most parts of a file: what small ones take beside their bytes is so bounded.
const MAX_PARTS: usize = 1000;

/// The parts of a file, as many as are carried over.
#[derive(Debug, Clone, Default)]
pub(in crate::codec) struct PartList(Vec<Part>);

impl PartList {
    pub(in crate::codec) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a part; of too many, the last one says so.
    pub(in crate::codec) fn push(&mut self, part: Part) {
        if self.0.len() < MAX_PARTS {
            self.0.push(part);
        } else if self.0.len() == MAX_PARTS {
            self.0.push(Part::Other {
                name: format!("what follows the first {MAX_PARTS} parts"),
                bytes: 0,
                why: Omission::Unknown("there are too many"),
            });
        }
    }

    pub(in crate::codec) fn into_vec(self) -> Vec<Part> {
        self.0
    }
}

impl Extend<Part> for PartList {
    fn extend<T: IntoIterator<Item = Part>>(&mut self, parts: T) {
        parts.into_iter().for_each(|part| self.push(part));
    }
}

impl FromIterator<Part> for PartList {
    fn from_iter<T: IntoIterator<Item = Part>>(parts: T) -> Self {
        let mut list = Self::default();
        list.extend(parts);
        list
    }
}

impl Part {
    /// Its kind.
    pub const fn kind(&self) -> PartKind {
        match self {
            Self::Comment(_) => PartKind::Comment,
            Self::Photoshop(_) => PartKind::Photoshop,
            Self::Iptc(_) => PartKind::Iptc,
            Self::Tag(_) => PartKind::Tag,
            Self::Chunk { .. } => PartKind::Chunk,
            Self::HeaderLine(_) => PartKind::HeaderLine,
            Self::Attribute(_) => PartKind::Attribute,
            Self::Field(_) => PartKind::Field,
            Self::Other { .. } => PartKind::Other,
        }
    }

    /// The part as a file of `format` has it.
    pub(super) fn in_format(&self, format: Format) -> Self {
        let other = match (self, format) {
            (Self::Comment(text), Format::Png) => Some(comment_chunk(text)),
            (Self::Comment(text), Format::Tiff) => tag_of_comment(text).map(Self::Tag),
            (Self::Iptc(data), Format::Jpeg) => Some(Self::Photoshop(photoshop::of_iptc(data))),
            (Self::Tag(tag), _) => tag.in_format(format),
            (Self::Chunk { name, data }, Format::Tiff) => match comment_of_chunk(name, data) {
                Some(text) => tag_of_comment(text),
                None => tag_of_chunk(name, data),
            }
            .map(Self::Tag),
            (Self::Chunk { name, data }, _) if format != Format::Png => {
                comment_of_chunk(name, data).map(|text| Self::Comment(text.into()))
            }
            _ => None,
        };
        other.unwrap_or_else(|| self.clone())
    }

    /// The part of a picture of so many channels: a background that is gray among colours is gray
    /// where there are none.
    pub(super) fn with_channels(self, channels: usize) -> Self {
        match self {
            Self::Chunk { name, data } if name == *b"bKGD" && channels < 3 => {
                let data = match *data {
                    [r0, r1, g0, g1, b0, b1] if [r0, r1] == [g0, g1] && [r0, r1] == [b0, b1] => {
                        [r0, r1].into()
                    }
                    _ => data,
                };
                Self::Chunk { name, data }
            }
            other => other,
        }
    }

    /// Whether it is a comment, in whatever form.
    pub(super) fn is_comment(&self) -> bool {
        match self {
            Self::Comment(_) => true,
            Self::Chunk { name, data } => comment_of_chunk(name, data).is_some(),
            _ => false,
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Comment(data)
            | Self::Photoshop(data)
            | Self::Iptc(data)
            | Self::HeaderLine(data) => data.len(),
            Self::Tag(tag) => tag.data.len(),
            Self::Attribute(attribute) => attribute.data.len(),
            Self::Field(field) => field.bytes(),
            Self::Chunk { data, .. } => data.len(),
            Self::Other { bytes, .. } => *bytes,
        }
    }
}

/// Its name in messages: `comment`, `chunk tEXt (Author)`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comment(_) => f.write_str("comment"),
            Self::Photoshop(_) => f.write_str("Photoshop and IPTC data"),
            Self::Iptc(_) => f.write_str("IPTC data"),
            Self::Tag(tag) => tag.fmt(f),
            Self::Attribute(attribute) => attribute.fmt(f),
            Self::Field(field) => f.write_str(field.name()),
            Self::Chunk { name, data } => {
                write!(f, "chunk {}", name.escape_ascii())?;
                match text_keyword(name, data) {
                    Some(keyword) => write!(f, " ({})", keyword.escape_ascii()),
                    None => Ok(()),
                }
            }
            Self::HeaderLine(line) => {
                let key = line.split(|byte| *byte == b'=').next().unwrap_or_default();
                let key = key.get(..40).unwrap_or(key);
                write!(f, "line {}", key.escape_ascii())
            }
            Self::Other { name, .. } => f.write_str(name),
        }
    }
}

/// A comment as a chunk: international text if it is UTF-8, else Latin-1.
fn comment_chunk(text: &[u8]) -> Part {
    let (name, start) = match str::from_utf8(text) {
        Ok(_) => (*b"iTXt", &b"Comment\0\0\0\0\0"[..]),
        Err(_) => (*b"tEXt", &b"Comment\0"[..]),
    };
    let data = [start, text].concat().into();
    Part::Chunk { name, data }
}

/// The text of a chunk that is a comment and not compressed.
pub(super) fn comment_of_chunk<'a>(name: &[u8; 4], data: &'a [u8]) -> Option<&'a [u8]> {
    let (keyword, text) = plain_text(name, data)?;
    (keyword == b"Comment").then_some(text)
}

/// Keyword and text of a chunk that is not compressed.
pub(super) fn plain_text<'a>(name: &[u8; 4], data: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let keyword = text_keyword(name, data)?;
    let text = data.get(keyword.len() + 1..)?;
    let text = match name {
        b"tEXt" => text,
        // The language, and the keyword in it.
        b"iTXt" => text
            .strip_prefix(b"\0\0")?
            .splitn(3, |byte| *byte == 0)
            .nth(2)?,
        _ => return None,
    };
    Some((keyword, text))
}

/// The keyword of a text chunk: up to the first zero, at most 79 bytes.
pub(in crate::codec) fn text_keyword<'a>(name: &[u8; 4], data: &'a [u8]) -> Option<&'a [u8]> {
    let is_text = matches!(name, b"tEXt" | b"zTXt" | b"iTXt");
    let keyword = data.split(|byte| *byte == 0).next()?;
    (is_text && keyword.len() <= 79).then_some(keyword)
}
