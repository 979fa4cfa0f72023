//! The image formats: names and extensions.

use std::{fmt, path::Path, str::FromStr};

use crate::{
    error::{Error, Result},
    unknown_name::{NameOf, UnknownName},
};

/// A file format.
///
/// What each of them holds, written exactly unless noted:
///
/// | format | gray | gray and alpha | RGB | RGBA | depths |
/// |---|---|---|---|---|---|
/// | png | yes | yes | yes | yes | 8, 16 |
/// | jpeg | yes | no | yes | no | 8; lossy |
/// | tiff | yes | yes | yes | yes | all but booleans; any number of channels |
/// | webp | as RGB | as RGBA | yes | yes | 8 |
/// | bmp | yes | as RGBA | yes | yes | 8 |
/// | pbm | read only, as 8-bit gray | | | | |
/// | pgm | yes | no | no | no | 8, 16 |
/// | ppm | as RGB | no | yes | no | 8, 16 |
/// | pnm | as pgm | no | as ppm | no | 8, 16 |
/// | pam | yes | yes | yes | yes | 8, 16 |
/// | qoi | as RGB | as RGBA | yes | yes | 8 |
/// | tga | yes | as RGBA | yes | yes | 8 |
/// | exr | yes | yes | yes | yes | f32; channels keep their names |
/// | hdr | as RGB | no | yes | no | f32, rounded to 8 bits and a shared exponent |
/// | gif | yes | 256 colours, alpha on or off | 256 colours | 256 colours, alpha on or off | 8 |
/// | npy | yes | yes | yes | yes | 8, 16, f32; any number of channels |
///
/// *As RGB* repeats the gray in three channels, which loses nothing but is read
/// back as three channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Portable Network Graphics, also animated (APNG).
    Png,
    /// JPEG, baseline and progressive; CMYK becomes RGB when read.
    Jpeg,
    /// TIFF and BigTIFF, strips and tiles; pages are those that are neither reduced copies nor
    /// masks.
    Tiff,
    /// WebP, written without loss; animations are only read.
    Webp,
    /// Windows bitmap.
    Bmp,
    /// Netpbm's bitmap, P1 and P4; only read.
    Pbm,
    /// Netpbm's graymap, P2 and P5; written as P5.
    Pgm,
    /// Netpbm's pixmap, P3 and P6; written as P6.
    Ppm,
    /// Any of Netpbm's; written as P5 or P6, whichever fits.
    Pnm,
    /// Netpbm's arbitrary map, P7.
    Pam,
    /// The Quite OK Image format.
    Qoi,
    /// Truevision TGA, known by its extension only.
    Tga,
    /// OpenEXR.
    Exr,
    /// Radiance RGBE.
    Hdr,
    /// GIF, also animated.
    Gif,
    /// NumPy's array file.
    Npy,
}

impl Format {
    /// Every format, in the order in which messages list them.
    pub const ALL: [Self; 16] = [
        Self::Png,
        Self::Jpeg,
        Self::Tiff,
        Self::Webp,
        Self::Bmp,
        Self::Pbm,
        Self::Pgm,
        Self::Ppm,
        Self::Pnm,
        Self::Pam,
        Self::Qoi,
        Self::Tga,
        Self::Exr,
        Self::Hdr,
        Self::Gif,
        Self::Npy,
    ];

    /// The name in lower case: `jpeg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Tiff => "tiff",
            _ => self.extension(),
        }
    }

    /// The usual extension, without the dot: `jpg`.
    pub const fn extension(self) -> &'static str {
        self.extensions()[0]
    }

    /// Every extension that means this format, the usual one first.
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Png => &["png", "apng"],
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
            Self::Tiff => &["tif", "tiff", "btf", "tf8"],
            Self::Webp => &["webp"],
            Self::Bmp => &["bmp", "dib"],
            Self::Pbm => &["pbm"],
            Self::Pgm => &["pgm"],
            Self::Ppm => &["ppm"],
            Self::Pnm => &["pnm"],
            Self::Pam => &["pam"],
            Self::Qoi => &["qoi"],
            Self::Tga => &["tga", "icb", "vda", "vst"],
            Self::Exr => &["exr"],
            Self::Hdr => &["hdr", "rgbe"],
            Self::Gif => &["gif"],
            Self::Npy => &["npy"],
        }
    }

    /// The format with this extension, in any case and without its dot.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| {
            format
                .extensions()
                .iter()
                .any(|known| known.eq_ignore_ascii_case(extension))
        })
    }

    /// The format of a path's extension.
    pub fn from_path(path: &Path) -> Option<Self> {
        Self::from_extension(path.extension()?.to_str()?)
    }

    /// The format identified by the first bytes of a file. TGA has no magic number and is
    /// never found.
    pub fn from_content(bytes: &[u8]) -> Option<Self> {
        let riff = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
        let tiff = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];
        Some(match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::Png,
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            _ if tiff.iter().any(|mark| bytes.starts_with(*mark)) => Self::Tiff,
            _ if riff => Self::Webp,
            // A bitmap's header is 14 bytes, with four zeros in the middle.
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Self::Bmp,
            [b'P', b'1' | b'4', after, ..] if is_netpbm_space(*after) => Self::Pbm,
            [b'P', b'2' | b'5', after, ..] if is_netpbm_space(*after) => Self::Pgm,
            [b'P', b'3' | b'6', after, ..] if is_netpbm_space(*after) => Self::Ppm,
            [b'P', b'7', b'\n', ..] => Self::Pam,
            [b'q', b'o', b'i', b'f', ..] => Self::Qoi,
            [0x76, 0x2f, 0x31, 0x01, ..] => Self::Exr,
            _ if bytes.starts_with(b"#?RADIANCE") || bytes.starts_with(b"#?RGBE") => Self::Hdr,
            _ if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") => Self::Gif,
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Self::Npy,
            _ => return None,
        })
    }

    /// The names of the formats that are read, separated by commas.
    pub fn readable() -> String {
        let names: Vec<_> = Self::ALL.iter().map(|format| format.name()).collect();
        names.join(", ")
    }

    /// The names of the formats that are written, separated by commas.
    pub fn writable() -> String {
        let names: Vec<_> = Self::ALL
            .iter()
            .filter(|format| **format != Self::Pbm)
            .map(|format| format.name())
            .collect();
        names.join(", ")
    }

    /// Whether `other` is the same format, or both are Netpbm formats, whose extensions are
    /// used interchangeably.
    pub(crate) const fn is_same_family(self, other: Self) -> bool {
        self as u8 == other as u8 || (self.is_netpbm() && other.is_netpbm())
    }

    /// Whether viewers turn pictures of this format by the orientation that their files name.
    /// PNG files can name one in EXIF data, which viewers ignore; others have no place for it.
    pub const fn is_shown_turned(self) -> bool {
        matches!(self, Self::Jpeg | Self::Tiff | Self::Webp)
    }

    /// Whether the file is read as its rows are requested, and not when it is opened.
    pub(crate) const fn is_read_by_rows(self) -> bool {
        self.is_netpbm() || matches!(self, Self::Png | Self::Tiff | Self::Npy)
    }

    /// Whether rows are encoded as they are written.
    pub(crate) const fn is_written_by_rows(self) -> bool {
        self.is_netpbm() || matches!(self, Self::Png | Self::Npy | Self::Tiff | Self::Jpeg)
    }

    pub(super) const fn is_netpbm(self) -> bool {
        matches!(
            self,
            Self::Pbm | Self::Pgm | Self::Ppm | Self::Pnm | Self::Pam
        )
    }
}

/// White space, or the start of a comment, after Netpbm's magic number.
const fn is_netpbm_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c | b'#')
}

/// The [name](Format::name).
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An extension, in any case, with or without its dot.
impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::from_extension(text.strip_prefix('.').unwrap_or(text)).ok_or_else(|| {
            UnknownName::new(NameOf::Format, text, Self::writable().to_string()).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_mean_one_format_each() {
        let mut seen = std::collections::BTreeSet::new();
        for format in Format::ALL {
            for extension in format.extensions() {
                assert!(seen.insert(*extension), "{extension} twice");
                assert_eq!(Format::from_extension(extension), Some(format));
                let upper = extension.to_uppercase();
                assert_eq!(Format::from_extension(&upper), Some(format));
            }
            assert_eq!(format.name().parse::<Format>().unwrap(), format);
        }
        assert_eq!(".TIF".parse::<Format>().unwrap(), Format::Tiff);
        assert_eq!(Format::from_path(Path::new("a/b.JPE")), Some(Format::Jpeg));
        assert_eq!(Format::from_path(Path::new("a/png")), None);
        assert_eq!(Format::from_path(Path::new("a/b.")), None);
    }

    #[test]
    fn an_unknown_format_lists_those_that_are_written() {
        assert_eq!(
            "heic".parse::<Format>().unwrap_err().to_string(),
            "unknown format `heic`: choose png, jpeg, tiff, webp, bmp, pgm, ppm, pnm, pam, qoi, tga, exr, hdr, gif, npy"
        );
    }

    #[test]
    fn content_needs_the_whole_mark() {
        for (bytes, format) in [
            (&b"\x89PNG\r\n\x1a\n"[..], Some(Format::Png)),
            (b"\x89PNG\n", None),
            (b"\xff\xd8\xff\xe0", Some(Format::Jpeg)),
            (b"II*\0", Some(Format::Tiff)),
            (b"MM\0+", Some(Format::Tiff)),
            (b"RIFF\0\0\0\0WEBP", Some(Format::Webp)),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"BM\x01\0\0\0\0\0\0\0", Some(Format::Bmp)),
            (b"BMW is a car", None),
            (b"P4 1 1", Some(Format::Pbm)),
            (b"P5#x", Some(Format::Pgm)),
            (b"P3\n", Some(Format::Ppm)),
            (b"P6x", None),
            (b"P7\n", Some(Format::Pam)),
            (b"qoif", Some(Format::Qoi)),
            (b"\x76\x2f\x31\x01", Some(Format::Exr)),
            (b"#?RGBE\n", Some(Format::Hdr)),
            (b"GIF89a", Some(Format::Gif)),
            (b"\x93NUMPY", Some(Format::Npy)),
            (b"", None),
        ] {
            assert_eq!(Format::from_content(bytes), format, "{bytes:?}");
        }
    }
}
