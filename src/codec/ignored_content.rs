//! Content of a file that is not read: further images, data after the image, or
//! precision beyond the sample types here.

use std::{
    fmt,
    io::{self, Read, Seek, SeekFrom},
};

use super::Format;
use crate::image::Depth;

/// A part of a file that is not read, and would be lost if the file were
/// replaced by a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IgnoredContent {
    /// Frames of an animation, of which the first is read: how many there are.
    Frames(u64),
    /// Pages, of which the first is read: how many there are, or at least
    /// the most that are counted, a thousand.
    Pages(u64),
    /// Smaller copies of the picture, and other pictures that belong to it: how
    /// many, where that is told.
    ReducedImages(Option<u64>),
    /// Pictures behind the first in a stream of several.
    Pictures,
    /// Layers or parts, of which one is read: how many there are, where that is
    /// told.
    Layers(Option<u64>),
    /// Pixels outside the window that is shown.
    Overscan,
    /// Bytes behind the picture that are not its own, such as a film.
    TrailingData(u64),
    /// The same between the parts of a picture: how many there are.
    DataBetween(u64),
    /// Samples beyond the last row, in compressed data that continue after it.
    ExcessSamples,
    /// Directories that tell of more than the file has: it was cut, or is damaged
    /// where nothing of the picture is.
    TruncatedDirectory,
    /// Channels beyond those that are read.
    Channels {
        /// How many there are.
        stored: u64,
        /// How many are read.
        read: u64,
    },
    /// Four inks, which are read as RGB.
    Cmyk,
    /// Windows of data and of what is shown that differ, or do not begin at 0, 0.
    DataWindow,
    /// 64-bit floats, which are read as 32-bit ones.
    F64,
    /// 32-bit integers, which are read as 32-bit floats.
    Integers,
    /// Integers of so many bits, which are read as 8-bit ones.
    Bits(u32),
}

/// Pages are counted up to this number.
pub(super) const MAX_PAGES: u64 = 1000;

impl IgnoredContent {
    /// What the user is told where the file is read; nothing where that goes
    /// without saying.
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
            Self::Cmyk => format!(
                "the {format} file is CMYK: it was read as RGB, without regard to its profile"
            ),
            // Told where values did not fit.
            Self::F64 => return None,
            Self::Integers | Self::Bits(_) => {
                let (_, read) = self.depth()?;
                format!("the {format} file holds {self}: they were read as {read}")
            }
            Self::ReducedImages(_)
            | Self::Layers(_)
            | Self::Overscan
            | Self::DataWindow
            | Self::TrailingData(_)
            | Self::DataBetween(_)
            | Self::ExcessSamples
            | Self::TruncatedDirectory => {
                format!("the {format} file holds {self}: that was not read")
            }
        })
    }

    /// Of samples that are read as less than they are: the depth that they are
    /// read as, and what they are called then.
    pub(crate) const fn depth(self) -> Option<(Depth, &'static str)> {
        Some(match self {
            Self::F64 | Self::Integers => (Depth::F32, "32-bit floats"),
            Self::Bits(_) => (Depth::U8, "8-bit samples"),
            _ => return None,
        })
    }
}

/// What there is: `3 frames`, `16 bytes of further data after its picture`.
impl fmt::Display for IgnoredContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Frames(count) => write!(f, "{count} frames"),
            Self::Pages(count) if count >= MAX_PAGES => write!(f, "{MAX_PAGES} pages or more"),
            Self::Pages(count) => write!(f, "{count} pages"),
            Self::ReducedImages(None) => f.write_str("smaller copies of its picture"),
            Self::ReducedImages(Some(1)) => f.write_str("1 picture that belongs to its first"),
            Self::ReducedImages(Some(count)) => {
                write!(f, "{count} pictures that belong to its first")
            }
            Self::Pictures => f.write_str("further pictures behind its first"),
            Self::Layers(None) => f.write_str("layers"),
            Self::Layers(Some(count)) => write!(f, "{count} layers"),
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
            Self::Channels { stored, .. } => write!(f, "{stored} channels"),
            Self::Cmyk => f.write_str("CMYK colours"),
            Self::DataWindow => f.write_str("a data or display window of its own"),
            Self::F64 => f.write_str("64-bit floats"),
            Self::Integers => f.write_str("32-bit integers"),
            Self::Bits(bits) => write!(f, "{bits}-bit samples"),
        }
    }
}

/// The data after an image, if they are more than padding.
pub(super) fn unknown_data(rest: &[u8]) -> Option<IgnoredContent> {
    if rest.iter().all(|byte| is_padding(*byte) || *byte == 0xff) {
        return None;
    }
    Some(match Format::from_content(trim_padding(rest)) {
        Some(_) => IgnoredContent::Pictures,
        None => IgnoredContent::TrailingData(rest.len() as u64),
    })
}

/// Whether files are padded with this byte: the last one is the end of a file
/// to CP/M and DOS.
const fn is_padding(byte: u8) -> bool {
    byte == 0 || byte.is_ascii_whitespace() || byte == 0x1a
}

/// The bytes from the first that is not padding.
pub(super) fn trim_padding(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !is_padding(*byte));
    &bytes[start.unwrap_or(bytes.len())..]
}

/// The same of a file whose picture ends at byte `end`, if that is known: where it
/// is not, the file is cut or damaged, which its decoder finds.
pub(super) fn data_after(file: &[u8], end: Option<usize>) -> Option<IgnoredContent> {
    unknown_data(file.get(end?..)?)
}

/// The same of an input, from byte `start` to byte `end`.
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
                IgnoredContent::ReducedImages(Some(1)),
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
