//! Content of a file that is ignored: further images, data after the image, or precision
//! beyond the sample types of this crate.

use std::{
    fmt,
    io::{self, Read, Seek, SeekFrom},
};

use super::Format;
use crate::image::Depth;

/// Content of a file that is not read, and would be lost if the file were replaced by a
/// result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IgnoredContent {
    /// The number of frames of an animation, of which the first is read.
    Frames(u64),
    /// A picture for viewers that show no animations, which is none of the frames.
    Fallback,
    /// The number of pages, of which the first is read; at most 1000 are counted.
    Pages(u64),
    /// The number of pages beside those that were asked for.
    OtherPages(u64),
    /// Reduced copies of the picture, such as thumbnails, overviews and mipmaps; their number,
    /// if known. They follow from the picture, so that nothing is lost with them.
    ReducedImages(Option<u64>),
    /// The number of other images that belong to the picture.
    RelatedImages(u64),
    /// The number of transparency masks beside the picture.
    Masks(u64),
    /// Pictures that follow the first in the same file.
    Pictures,
    /// A picture that follows the first and tells how much brighter HDR screens show it.
    GainMap,
    /// The number of bytes of a video after the picture, as in motion photos.
    Video(u64),
    /// Layers, or parts of OpenEXR, of which one is read; the number of parts.
    Layers(Option<u64>),
    /// Pixels outside the display window.
    Overscan,
    /// The number of trailing bytes after the picture.
    TrailingData(u64),
    /// The number of bytes between the parts of a picture that belong to none.
    DataBetween(u64),
    /// Samples beyond the last row, in compressed data that continue after it.
    ExcessSamples,
    /// Directories that refer to data beyond the end of the file: it was truncated or damaged
    /// outside the picture.
    TruncatedDirectory,
    /// Restart markers of JPEG that are out of order: data between them may be missing, or stand
    /// there twice.
    MisplacedRestarts,
    /// Channels that are not read.
    Channels {
        /// How many there are.
        stored: u64,
        /// How many are read.
        read: u64,
    },
    /// A last channel that is no alpha, or undefined, by the file's own words.
    UndefinedAlpha,
    /// Directories that lead back to one before; the number of pages until then.
    Circle(u64),
    /// That the first three of so many channels are colours.
    ColorsAmong(u64),
    /// CMYK colours, which are read as RGB.
    Cmyk,
    /// Gray of signed integers or floats whose smallest sample is white by the file's words: it
    /// was read as stored.
    WhiteIsZero(Depth),
    /// A data window and a display window that differ, or do not begin at 0, 0.
    DataWindow,
    /// 32-bit integers, which are read as 32-bit floats.
    Integers,
    /// Integers of this many bits, which are read as 8-bit ones.
    Bits(u32),
}

/// Pages are counted up to this number.
pub(super) const MAX_PAGES: u64 = 1000;

impl IgnoredContent {
    /// The warning when the file is read; `None` if none is needed.
    pub(super) fn warning(self, format: Format) -> Option<String> {
        Some(match self {
            Self::Frames(_) => {
                format!("the {format} file is an animation: only its first picture was read")
            }
            Self::Pages(_) | Self::Pictures => {
                format!("the {format} file has several pictures: only the first was read")
            }
            Self::Channels { stored, read } => format!(
                "the {format} file has {stored} samples in a pixel: only the {read} of its colour were read"
            ),
            Self::ColorsAmong(stored) => format!(
                "the {format} file has {stored} samples in a pixel, the first three of them colours: they were read as so many channels of no colour"
            ),
            // As asked for.
            Self::OtherPages(_) => return None,
            // Told with where the pixels lie.
            Self::Overscan | Self::DataWindow if format == Format::Exr => return None,
            Self::UndefinedAlpha => format!(
                "the {format} file says that the last sample of its pixels is no alpha: it was left out"
            ),
            Self::Circle(pages) => format!(
                "the {format} file is damaged: its directories lead back to one before, so reading stopped after page {pages}"
            ),
            Self::Cmyk => format!(
                "the {format} file is CMYK: it was read as RGB, without regard to its profile"
            ),
            Self::WhiteIsZero(depth) => format!(
                "the {format} file says that zero is white, which {depth} samples have no rule for: they were read as stored"
            ),
            Self::Integers | Self::Bits(_) => {
                let (_, read) = self.depth()?;
                format!("the {format} file holds {self}: they were read as {read}")
            }
            Self::MisplacedRestarts => format!(
                "the {format} file is damaged: its restart markers are out of order, parts of its picture may be missing or in the wrong place"
            ),
            Self::ReducedImages(_) => {
                format!("the {format} file holds {self}: they were left out")
            }
            Self::Fallback
            | Self::RelatedImages(_)
            | Self::Masks(_)
            | Self::Layers(_)
            | Self::Overscan
            | Self::DataWindow
            | Self::GainMap
            | Self::Video(_)
            | Self::TrailingData(_)
            | Self::DataBetween(_)
            | Self::ExcessSamples
            | Self::TruncatedDirectory => {
                format!("the {format} file holds {self}: that was not read")
            }
        })
    }

    /// Whether nothing is lost with it, since it follows from the picture.
    pub(crate) const fn is_derived(self) -> bool {
        matches!(self, Self::ReducedImages(_))
    }

    /// For samples that are read with reduced precision: the depth that they are read as, and
    /// its description.
    pub(crate) const fn depth(self) -> Option<(Depth, &'static str)> {
        Some(match self {
            Self::Integers => (Depth::F32, "32-bit floats"),
            Self::Bits(_) => (Depth::U8, "8-bit samples"),
            _ => return None,
        })
    }
}

/// A description: `3 frames`, `16 bytes of further data after its picture`.
impl fmt::Display for IgnoredContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Frames(count) => write!(f, "{count} frames"),
            Self::Fallback => f.write_str("a picture for viewers without animation"),
            Self::Pages(count) if count >= MAX_PAGES => write!(f, "{MAX_PAGES} pages or more"),
            Self::Pages(count) => write!(f, "{count} pages"),
            Self::OtherPages(1) => f.write_str("1 other page"),
            Self::OtherPages(count) => write!(f, "{count} other pages"),
            Self::ReducedImages(None) => f.write_str("smaller copies of its picture"),
            Self::ReducedImages(Some(1)) => f.write_str("1 smaller copy of its picture"),
            Self::ReducedImages(Some(count)) => write!(f, "{count} smaller copies of its picture"),
            Self::RelatedImages(1) => f.write_str("1 picture that belongs to its first"),
            Self::RelatedImages(count) => write!(f, "{count} pictures that belong to its first"),
            Self::Masks(1) => f.write_str("1 transparency mask"),
            Self::Masks(count) => write!(f, "{count} transparency masks"),
            Self::Pictures => f.write_str("further pictures behind its first"),
            Self::GainMap => f.write_str("a gain map behind its picture"),
            Self::Video(bytes) => write!(f, "a video of {bytes} bytes behind its picture"),
            Self::Layers(None) => f.write_str("layers"),
            Self::Layers(Some(count)) => write!(f, "{count} parts"),
            Self::Overscan => f.write_str("pixels outside of its display window"),
            Self::TrailingData(1) => f.write_str("1 byte of further data after its picture"),
            Self::TrailingData(bytes) => {
                write!(f, "{bytes} bytes of further data after its picture")
            }
            Self::DataBetween(bytes) => {
                write!(f, "{bytes} bytes of further data between its parts")
            }
            Self::ExcessSamples => f.write_str("samples beyond its last row"),
            Self::TruncatedDirectory => {
                f.write_str("directories that tell of more than the file has")
            }
            Self::MisplacedRestarts => f.write_str("restart markers out of order"),
            Self::Channels { stored, .. } => write!(f, "{stored} channels"),
            Self::ColorsAmong(stored) => write!(f, "colours among {stored} channels"),
            Self::UndefinedAlpha => f.write_str("samples that are no alpha by its own words"),
            Self::Circle(_) => f.write_str("directories that lead back to one before"),
            Self::Cmyk => f.write_str("CMYK colours"),
            Self::WhiteIsZero(depth) => write!(f, "{depth} samples of which zero is white"),
            Self::DataWindow => f.write_str("a data window other than its display window"),
            Self::Integers => f.write_str("32-bit integers"),
            Self::Bits(bits) => write!(f, "{bits}-bit samples"),
        }
    }
}

/// Classifies bytes that belong to no part of the image; `None` if they are padding.
pub(super) fn unknown_data(rest: &[u8]) -> Option<IgnoredContent> {
    if rest.iter().all(|byte| is_padding(*byte) || *byte == 0xff) {
        return None;
    }
    let data = trim_padding(rest);
    Some(match Format::from_content(data) {
        Some(_) => IgnoredContent::Pictures,
        // The first zeros of its length were trimmed as padding.
        None if is_video(data) => IgnoredContent::Video(rest.len() as u64),
        None => IgnoredContent::TrailingData(rest.len() as u64),
    })
}

/// Whether this begins as MP4 and QuickTime do: with a box of a length of four bytes, of which
/// the first may be missing, and its type.
fn is_video(bytes: &[u8]) -> bool {
    (0..=4).any(|start| {
        bytes
            .get(start..)
            .is_some_and(|rest| rest.starts_with(b"ftyp"))
    })
}

/// Whether files are padded with this byte; 0x1a marks the end of a text file in CP/M and
/// DOS.
const fn is_padding(byte: u8) -> bool {
    byte == 0 || byte.is_ascii_whitespace() || byte == 0x1a
}

/// The bytes from the first that is not padding.
pub(super) fn trim_padding(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !is_padding(*byte));
    &bytes[start.unwrap_or(bytes.len())..]
}

/// The unknown data of a file whose picture ends at byte `end`. If that is `None`, the file
/// is truncated or damaged, which its decoder reports.
pub(super) fn data_after(file: &[u8], end: Option<usize>) -> Option<IgnoredContent> {
    unknown_data(file.get(end?..)?)
}

/// The unknown data of an input from byte `start` to byte `end`.
pub(super) fn data_between(
    input: &mut (impl Read + Seek),
    start: u64,
    end: u64,
) -> io::Result<Option<IgnoredContent>> {
    /// The maximum length of padding.
    const MAX_PADDING: u64 = 1 << 16;
    let bytes = end.saturating_sub(start);
    input.seek(SeekFrom::Start(start))?;
    let mut rest = Vec::new();
    input.take(bytes.min(MAX_PADDING)).read_to_end(&mut rest)?;
    Ok(match unknown_data(&rest) {
        Some(IgnoredContent::Pictures) => Some(IgnoredContent::Pictures),
        Some(IgnoredContent::Video(_)) => Some(IgnoredContent::Video(bytes)),
        _ if bytes > MAX_PADDING => Some(IgnoredContent::TrailingData(bytes)),
        found => found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_no_data() {
        for (rest, data) in [
            (&b""[..], None),
            (b"\0\0\xff\n \r\x1a", None),
            (b"\0x\0", Some(IgnoredContent::TrailingData(3))),
            (b"PK", Some(IgnoredContent::TrailingData(2))),
        ] {
            assert_eq!(unknown_data(rest), data, "{rest:?}");
            // In a file that goes on like that, too.
            let file = [b"picture", rest].concat();
            let length = file.len() as u64;
            let found = data_between(&mut io::Cursor::new(file), 7, length).unwrap();
            assert_eq!(found, data, "{rest:?}");
        }
        let long = vec![0; (1 << 16) + 8];
        let found = data_between(&mut io::Cursor::new(&long), 7, long.len() as u64).unwrap();
        assert_eq!(found, Some(IgnoredContent::TrailingData(1 + (1 << 16))));
    }

    #[test]
    fn counts_are_told_as_people_say_them() {
        for (ignored, text) in [
            (IgnoredContent::Frames(3), "3 frames"),
            (IgnoredContent::Pages(999), "999 pages"),
            (IgnoredContent::Pages(MAX_PAGES), "1000 pages or more"),
            (
                IgnoredContent::RelatedImages(1),
                "1 picture that belongs to its first",
            ),
            (
                IgnoredContent::TrailingData(1),
                "1 byte of further data after its picture",
            ),
        ] {
            assert_eq!(ignored.to_string(), text);
        }
    }
}
