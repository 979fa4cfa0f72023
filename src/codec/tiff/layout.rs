//! How the samples of a picture are stored, and what they are read as.

use std::io::{Read, Seek};

use ::tiff::tags::Tag;

use crate::{
    codec::{Coding, image_crate::of_bits},
    error::{Error, Result},
    image::Depth,
    warning::Warning,
};

use super::{
    Directories, INK_SET, IgnoredContent,
    color::{Color, Palette},
    errors,
    ifd::Directory,
    patched::Patch,
};

/// The tags that tell the layout.
pub(super) const TAGS: [Tag; 20] = [
    Tag::ImageWidth,
    Tag::ImageLength,
    Tag::BitsPerSample,
    Tag::Compression,
    Tag::PhotometricInterpretation,
    FILL_ORDER,
    Tag::SamplesPerPixel,
    Tag::PlanarConfiguration,
    Tag::Predictor,
    Tag::ColorMap,
    Tag::TileWidth,
    INK_SET,
    Tag::ExtraSamples,
    Tag::SampleFormat,
    Tag::Orientation,
    Tag::StripOffsets,
    Tag::StripByteCounts,
    Tag::TileOffsets,
    Tag::TileByteCounts,
    IMAGE_DEPTH,
];

const FILL_ORDER: Tag = Tag::FillOrder;
/// The planes of a volume.
const IMAGE_DEPTH: Tag = Tag::Unknown(32997);

/// `Compression`: CCITT group 4, and JPEG of the newer kind.
const FAX: u64 = 4;
pub(super) const JPEG: u64 = 7;

/// `PhotometricInterpretation`.
const WHITE_IS_ZERO: u64 = 0;
const BLACK_IS_ZERO: u64 = 1;
const RGB: u64 = 2;
const PALETTE: u64 = 3;
const CMYK: u64 = 5;
const YCBCR: u64 = 6;
const COLOR_FILTER_ARRAY: u64 = 32803;
const LINEAR_RAW: u64 = 34892;

/// `SampleFormat`; 4 is undefined, which is read as unsigned.
const SIGNED: u64 = 2;
const FLOAT: u64 = 3;
const COMPLEX: [u64; 2] = [5, 6];

/// How the samples of a picture are stored, and what they are read as.
pub(super) struct Layout {
    pub(super) rows: u64,
    pub(super) columns: u64,
    /// The bits of a sample.
    pub(super) bits: usize,
    /// The samples of a pixel.
    pub(super) samples: usize,
    /// Whether the channels are stored as separate planes instead of interleaved.
    pub(super) is_planar: bool,
    pub(super) compression: u64,
    /// Whether they are YCbCr in JPEG data, which the JPEG decoder turns into RGB.
    pub(super) is_ycbcr: bool,
    /// The type of the samples that are read.
    pub(super) depth: Depth,
    pub(super) channels: usize,
    /// Whether the channels may be colours and alpha: bands are neither.
    pub(super) names_channels: bool,
    pub(super) color: Color,
    /// Whether the last channel is alpha by the file's own words, and multiplied into the colours.
    pub(super) premultiplied: bool,
    /// What shows the tiff crate a layout that it knows: samples of gray without a meaning, and
    /// where it does not know their size, the bytes of rows.
    pub(super) patches: Vec<Patch>,
    pub(super) ignored: Vec<IgnoredContent>,
    pub(super) warnings: Vec<Warning>,
}

impl Layout {
    /// How the samples are coded, if a result is coded otherwise.
    pub(super) const fn coding(&self) -> Option<Coding> {
        match self.color {
            Color::Palette(_) => Some(Coding::Palette),
            _ if self.compression == JPEG => Some(Coding::JpegInTiff),
            _ => None,
        }
    }

    /// Whether samples have no whole bytes; they are unpacked here.
    pub(super) const fn is_packed(&self) -> bool {
        is_packed(self.bits)
    }

    /// Whether the tiff crate is shown bytes as columns, since it knows no such samples.
    pub(super) const fn shows_bytes(&self) -> bool {
        matches!(self.bits, 9..16)
    }

    /// The samples of a pixel in a strip or tile.
    pub(super) const fn samples_in_chunk(&self) -> usize {
        if self.is_planar { 1 } else { self.samples }
    }

    /// The planes that are stored, each in strips or tiles of its own.
    pub(super) const fn planes(&self) -> usize {
        if self.is_planar { self.samples } else { 1 }
    }

    /// Reads it from the directory of the picture.
    pub(super) fn of(
        input: &mut (impl Read + Seek),
        directory: &Directory,
        directories: &Directories,
    ) -> Result<Self> {
        let reading = |error: std::io::Error| errors::read_error("tiff", &error);
        let mut first = |tag, default| -> Result<u64> {
            let value = directory.first(input, tag).map_err(reading)?;
            Ok(value.unwrap_or(default))
        };
        let columns = first(Tag::ImageWidth, 0)?;
        let rows = first(Tag::ImageLength, 0)?;
        let compression = first(Tag::Compression, 1)?;
        // Without this the crate refuses the file.
        let photometric = first(Tag::PhotometricInterpretation, BLACK_IS_ZERO)?;
        let samples = first(Tag::SamplesPerPixel, 1)?;
        let is_planar = first(Tag::PlanarConfiguration, 1)? == 2 && samples > 1;
        let predictor = first(Tag::Predictor, 1)?;
        let fill_order = first(FILL_ORDER, 1)?;
        let planes = first(IMAGE_DEPTH, 1)?;
        let ink_set = first(INK_SET, 1)?;
        let tile = first(Tag::TileWidth, 0)?;
        let mut list = |tag| directory.list(input, tag).map_err(reading);
        let bits = list(Tag::BitsPerSample)?;
        let formats = list(Tag::SampleFormat)?;
        let extras = list(Tag::ExtraSamples)?;
        if matches!(photometric, COLOR_FILTER_ARRAY | LINEAR_RAW) {
            return Err(raw());
        }
        refuse_compression(compression)?;
        if fill_order == 2 {
            return Err(unsupported(
                "the order of bits from the lowest (FillOrder 2)",
            ));
        }
        if planes > 1 {
            return Err(unsupported(format_args!("a volume of {planes} planes")));
        }
        if predictor > 3 {
            return Err(unsupported(format_args!("the predictor {predictor}")));
        }
        let differs = bits.iter().find(|other| **other != bits[0]);
        if let Some(other) = differs {
            return Err(unsupported(format_args!(
                "a pixel with samples of {} and of {other} bits",
                bits[0]
            )));
        }
        let bits = bits.first().copied().unwrap_or(1);
        let depth = depth(bits, formats.first().copied().unwrap_or(1))?;
        let samples = usize::try_from(samples).unwrap_or(usize::MAX);
        let bits = bits as usize;
        if compression == FAX && (bits, samples) != (1, 1) {
            return Err(errors::damaged("tiff", "its fax data are not of one bit"));
        }
        if is_packed(bits) && predictor != 1 {
            return Err(unsupported(format_args!(
                "a predictor of {bits}-bit samples"
            )));
        }
        let mut layout = Self {
            rows,
            columns,
            bits,
            samples,
            is_planar,
            compression,
            is_ycbcr: false,
            depth,
            channels: samples,
            names_channels: true,
            color: Color::Taken,
            premultiplied: false,
            patches: Vec::new(),
            ignored: Vec::new(),
            warnings: Vec::new(),
        };
        let map = match photometric {
            PALETTE => list(Tag::ColorMap)?,
            _ => Vec::new(),
        };
        if compression == JPEG {
            layout.check_jpeg()?;
        }
        if layout.is_packed() && photometric != PALETTE {
            let stored = of_bits(bits as u32);
            layout.warnings.push(Warning::scaled("tiff", stored, depth));
        }
        match photometric {
            BLACK_IS_ZERO => layout.set_gray(&extras),
            WHITE_IS_ZERO => layout.set_inverted(&extras),
            RGB => layout.set_rgb(&extras)?,
            PALETTE => layout.set_palette(&map)?,
            CMYK => layout.set_cmyk(&extras, ink_set)?,
            YCBCR => layout.set_ycbcr()?,
            4 => return Err(unsupported("a transparency mask")),
            8..=10 => return Err(unsupported("Lab colour")),
            32844 | 32845 => return Err(unsupported("LogLuv colour")),
            other => {
                return Err(unsupported(format_args!(
                    "a colour by the PhotometricInterpretation {other}"
                )));
            }
        }
        if directories.lacks_picture {
            layout.warnings.push(
                "the tiff file says that it holds no picture, but a smaller copy or a mask of one: that was read"
                    .into(),
            );
        }
        layout.add_patches(directory, directories, tile)?;
        Ok(layout)
    }

    /// JPEG data are decoded as samples of 8 bits.
    fn check_jpeg(&self) -> Result<()> {
        if self.bits != 8 || self.depth != Depth::U8 {
            let what = format_args!("a JPEG of {} bits", self.bits);
            return Err(errors::unsupported_until("tiff", what, BY_LIBTIFF));
        }
        if self.samples_in_chunk() == 2 {
            return Err(unsupported("gray with alpha in a JPEG"));
        }
        Ok(())
    }

    fn set_gray(&mut self, extras: &[u64]) {
        let is_alpha = matches!(extras, [1 | 2]);
        self.premultiplied = extras == [1];
        match self.samples {
            1 => {}
            2 if is_alpha => {}
            // Bands by the file's own words.
            samples if extras.len() + 1 == samples && extras.iter().all(|extra| *extra == 0) => {
                self.names_channels = false;
            }
            2 => self.warnings.push(
                "the tiff file does not say what the second of its samples is: it was taken for alpha".into(),
            ),
            samples => self.warnings.push(format!(
                "the tiff file has {samples} samples of gray in a pixel: they were read as so many channels"
            ).into()),
        }
    }

    /// Gray of which zero is white. Signed integers and floats have no white: they stay.
    fn set_inverted(&mut self, extras: &[u64]) {
        self.set_gray(extras);
        match self.depth.is_float() || self.depth.is_signed() {
            true => self.ignored.push(IgnoredContent::WhiteIsZero(self.depth)),
            false => {
                self.color = Color::Inverted;
                self.warnings.push(Warning::inverted("tiff"));
            }
        }
    }

    fn set_rgb(&mut self, extras: &[u64]) -> Result<()> {
        let samples = self.samples;
        self.channels = match (samples, extras.first()) {
            (3, _) => 3,
            (0..3, _) => {
                return Err(unsupported(format_args!("RGB colour of {samples} samples")));
            }
            (4.., Some(1 | 2)) => 4,
            (4, None) => {
                self.warnings.push(
                    "the tiff file does not say what the last of its samples is: it was taken for alpha".into(),
                );
                4
            }
            (4, Some(_)) => 3,
            // Bands of other wavelengths.
            _ => {
                self.ignored
                    .push(IgnoredContent::ColorsAmong(samples as u64));
                samples
            }
        };
        self.premultiplied = self.channels == 4 && extras.first() == Some(&1);
        self.note_unread(self.channels);
        Ok(())
    }

    fn set_palette(&mut self, map: &[u64]) -> Result<()> {
        if self.samples != 1 || self.depth.is_float() || self.depth.is_signed() || self.bits > 16 {
            return Err(unsupported("a palette of such samples"));
        }
        let (palette, warning) = Palette::of(map, self.bits)?;
        self.warnings.extend(warning);
        self.channels = 3;
        self.depth = palette.depth();
        self.color = Color::Palette(palette);
        Ok(())
    }

    /// Read as RGB, as JPEG data in CMYK are.
    fn set_cmyk(&mut self, extras: &[u64], ink_set: u64) -> Result<()> {
        if ink_set != 1 || self.samples < 4 {
            return Err(unsupported("colour of other inks than CMYK"));
        }
        if !matches!(self.depth, Depth::U8 | Depth::U16) {
            return Err(unsupported(format_args!("CMYK colour of {}", self.depth)));
        }
        let has_alpha = self.samples > 4 && matches!(extras.first(), Some(1 | 2));
        self.channels = if has_alpha { 4 } else { 3 };
        self.premultiplied = has_alpha && extras.first() == Some(&1);
        self.color = Color::Cmyk;
        self.ignored.push(IgnoredContent::Cmyk);
        self.note_unread(4 + usize::from(has_alpha));
        Ok(())
    }

    fn set_ycbcr(&mut self) -> Result<()> {
        if self.compression != JPEG || self.is_planar || self.samples != 3 {
            let what = "YCbCr colour outside of JPEG data";
            return Err(errors::unsupported_until("tiff", what, BY_LIBTIFF));
        }
        self.is_ycbcr = true;
        Ok(())
    }

    /// Notes the samples beyond those of the colour.
    fn note_unread(&mut self, read: usize) {
        if self.samples > read {
            let [stored, read] = [self.samples, read].map(|count| count as u64);
            self.ignored.push(IgnoredContent::Channels { stored, read });
        }
    }

    fn add_patches(
        &mut self,
        directory: &Directory,
        directories: &Directories,
        tile: u64,
    ) -> Result<()> {
        let pixel_bits = (self.samples_in_chunk() as u64).saturating_mul(self.bits as u64);
        if self.is_packed()
            && tile != 0
            && tile < self.columns
            && !tile.saturating_mul(pixel_bits).is_multiple_of(8)
        {
            return Err(unsupported("a tile whose rows end within a byte"));
        }
        let mut shown = vec![(Tag::PhotometricInterpretation, BLACK_IS_ZERO)];
        if self.shows_bytes() {
            let bytes = |columns: u64| columns.saturating_mul(pixel_bits).div_ceil(8);
            shown.push((Tag::ImageWidth, bytes(self.columns)));
            shown.push((Tag::TileWidth, bytes(tile)));
            shown.push((Tag::BitsPerSample, 8));
            if !self.is_planar {
                shown.push((Tag::SamplesPerPixel, 1));
                shown.push((Tag::ExtraSamples, 0));
            }
        }
        let numbers = directories.numbers;
        for (tag, value) in shown {
            if let Some(entry) = directory.entry(tag) {
                let value = u32::try_from(value);
                let value = value.map_err(|_| unsupported("a row of so many bytes"))?;
                self.patches.push(numbers.replace(&entry, value));
            }
        }
        let first = numbers.first_directory(directories.picture);
        self.patches.push(first);
        Ok(())
    }
}

/// Whether samples of these bits have no whole bytes.
pub(super) const fn is_packed(bits: usize) -> bool {
    !bits.is_multiple_of(8)
}

/// The type of samples of these bits and this `SampleFormat`, if it is supported.
fn depth(bits: u64, format: u64) -> Result<Depth> {
    let kind = match format {
        FLOAT => "float",
        _ => "signed",
    };
    Ok(match (format, bits) {
        _ if COMPLEX.contains(&format) => return Err(unsupported("a complex sample")),
        (SIGNED, 8) => Depth::I8,
        (SIGNED, 16) => Depth::I16,
        (SIGNED, 32) => Depth::I32,
        (SIGNED, 64) => Depth::I64,
        (FLOAT, 16) => Depth::F16,
        (FLOAT, 32) => Depth::F32,
        (FLOAT, 64) => Depth::F64,
        (SIGNED | FLOAT, _) => {
            return Err(unsupported(format_args!("a {kind} {bits}-bit sample")));
        }
        (_, 1..=8) => Depth::U8,
        (_, 9..=16) => Depth::U16,
        (_, 32) => Depth::U32,
        (_, 64) => Depth::U64,
        _ => return Err(unsupported(format_args!("a {bits}-bit sample"))),
    })
}

fn unsupported(what: impl std::fmt::Display) -> Error {
    errors::unsupported("tiff", what)
}

/// What makes supported files of those in a compression that libtiff reads.
const BY_LIBTIFF: &str = "convert it with another program (libtiff's tiffcp -c zip, for example)";

const BY_GDAL: &str = "convert it with another program (gdal_translate, for example)";

/// The error of what a camera's sensor saw: it is no picture before its colours were made.
pub(super) fn raw() -> Error {
    let remedy = "develop it (with darktable or RawTherapee, for example)";
    errors::unsupported_until("tiff", "raw sensor data", remedy)
}

/// Refuses a compression that is not decoded.
fn refuse_compression(compression: u64) -> Result<()> {
    // libtiff may read those of the first list.
    let (name, remedy) = match compression {
        // None, CCITT group 4, LZW, JPEG, deflate by its two numbers, PackBits.
        1 | FAX | 5 | JPEG | 8 | 32946 | 32773 => return Ok(()),
        2 => ("CCITT run-length compression", BY_LIBTIFF),
        3 => ("CCITT group 3 fax compression", BY_LIBTIFF),
        6 => ("JPEG compression of the old kind", BY_LIBTIFF),
        32766 => ("NeXT compression", BY_LIBTIFF),
        32809 => ("ThunderScan compression", BY_LIBTIFF),
        34661 => ("JBIG compression", BY_LIBTIFF),
        34676 | 34677 => ("SGI log compression", BY_LIBTIFF),
        34887 => ("LERC compression", BY_LIBTIFF),
        34925 => ("LZMA compression", BY_LIBTIFF),
        50000 => ("Zstandard compression", BY_LIBTIFF),
        50001 => ("WebP compression", BY_LIBTIFF),
        33003 | 33004 | 33005 | 34712 => ("JPEG 2000 compression", BY_GDAL),
        50002 | 52546 => ("JPEG XL compression", BY_GDAL),
        other => {
            return Err(unsupported(format_args!("the compression {other}")));
        }
    };
    Err(errors::unsupported_until("tiff", name, remedy))
}
