//! The formats that are left to the image crate as they are.

use std::{
    borrow::Cow,
    io::{Cursor, Seek, Write},
};

use ::exr::meta::{BlockDescription, MetaData, attribute::LevelMode, header::Header};
use ::image::{
    ColorType, ExtendedColorType, ImageDecoder, ImageEncoder, ImageError,
    codecs::{
        bmp::{BmpDecoder, BmpEncoder},
        hdr::{HdrDecoder, HdrEncoder},
        openexr::{OpenExrDecoder, OpenExrEncoder},
        qoi::{QoiDecoder, QoiEncoder},
        tga::{TgaDecoder, TgaEncoder},
        webp::{WebPDecoder, WebPEncoder},
    },
    error::UnsupportedErrorKind,
};

use crate::{
    error::{Error, Result},
    image::{Depth, Image, Samples},
};

use super::{
    Format, Limits, Metadata, Unread, header, message,
    rows::{Header as RowsHeader, RowReader, Shape, Trailer, WholeSource},
    unread::behind,
};

/// Opens BMP, EXR, HDR, QOI, TGA or WebP.
pub(super) fn open<'a>(
    bytes: Cow<'a, [u8]>,
    format: Format,
    limits: &Limits,
) -> Result<RowReader<'a>> {
    let failed = |error| decoding(format, error);
    let picture = Picture {
        format,
        limits: *limits,
        file: bytes.len(),
        kept: 0,
        copies: [0, 0],
        gray: false,
        unread: Vec::new(),
    };
    match format {
        Format::Bmp => {
            let decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(failed)?;
            let gray = decoder
                .get_palette()
                .is_some_and(|palette| palette.iter().all(|[r, g, b]| r == g && g == b));
            // One channel of three.
            let copies = [0, usize::from(gray)];
            Picture {
                gray,
                copies,
                ..picture
            }
            .open(decoder)
        }
        Format::Exr => {
            let kept = header::exr(&bytes, limits)?;
            let unread = exr_unread(&bytes);
            let decoder = OpenExrDecoder::new(Cursor::new(bytes)).map_err(failed)?;
            // It gives all samples at once, and they are copied.
            let copies = [1, 0];
            Picture {
                kept,
                copies,
                unread,
                ..picture
            }
            .open(decoder)
        }
        Format::Hdr => {
            let kept = header::hdr(&bytes, limits)?;
            let picture = Picture { kept, ..picture };
            // Strict reading knows only one of the two marks.
            let strict = bytes.starts_with(b"#?RADIANCE");
            let input = Cursor::new(bytes);
            picture.open(HdrDecoder::with_strictness(input, strict).map_err(failed)?)
        }
        Format::Qoi => {
            // Eight bytes close the data; without them the end was cut off.
            if bytes.len() < 14 + 8 {
                return Err(message::truncated("qoi"));
            }
            picture.open(QoiDecoder::new(Cursor::new(bytes)).map_err(failed)?)
        }
        Format::Tga => {
            let decoder = TgaDecoder::new(Cursor::new(bytes)).map_err(failed)?;
            // Numbers of colours are there beside these.
            let copies = [1, 0];
            Picture { copies, ..picture }.open(decoder)
        }
        _ => {
            let end = riff_end(&bytes).ok_or_else(|| message::truncated("webp"))?;
            header::webp(&bytes, limits)?;
            let frames = webp_frames(&bytes[..end]);
            let behind = behind(&bytes[end..]);
            let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(failed)?;
            let frames = (frames > 1).then_some(Unread::Frames(frames));
            let unread = frames.into_iter().chain(behind).collect();
            // Data of lossy pictures are copied twice. They have planes of Y, U
            // and V, whose sides are multiples of 16, others all samples as
            // RGBA; alpha is one of these others. A film has a canvas besides.
            let pixel = if decoder.has_animation() { 16 } else { 8 };
            Picture {
                unread,
                kept: 2 * picture.file + WEBP,
                copies: [0, pixel],
                ..picture
            }
            .open(decoder)
        }
    }
}

/// The bytes of the codes of a WebP, and of its first rows.
const WEBP: usize = 1 << 20;

/// The bytes of the rows that a decoder keeps, for each of their columns.
const ROWS: usize = 64;

/// The most bytes of the blocks that EXR is encoded in at a time: tiles of 64
/// rows and columns, as samples, in the right order, and as they are stored;
/// with an entry of each in the table of all.
pub(super) fn exr_blocks(shape: Shape) -> usize {
    const SIDE: usize = 64;
    let pixel = shape.channels * shape.depth.bytes();
    let blocks = shape.rows.div_ceil(SIDE) * shape.columns.div_ceil(SIDE);
    header::exr_threads().min(blocks) * 4 * SIDE * SIDE * pixel + blocks * 64
}

/// Where a file ends, if that is not beyond its bytes: the RIFF header counts
/// what follows it.
fn riff_end(bytes: &[u8]) -> Option<usize> {
    let size = bytes.get(4..8)?.try_into().ok()?;
    let end = (u32::from_le_bytes(size) as usize).checked_add(8)?;
    (end <= bytes.len()).then_some(end)
}

/// The frames of an animation: the chunks called so.
fn webp_frames(bytes: &[u8]) -> u64 {
    let mut frames = 0;
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((&[a, b, c, d, size @ ..], after)) = rest.split_first_chunk::<8>() {
        frames += u64::from(&[a, b, c, d] == b"ANMF");
        // A chunk of an odd size has a byte of padding.
        let size = (u32::from_le_bytes(size) as usize).saturating_add(1) & !1;
        rest = after.get(size..).unwrap_or_default();
    }
    frames
}

/// What an EXR file has beside the one layer that is read, the first that is
/// RGB, and its channels R, G, B and A. A damaged header is for the decoder.
fn exr_unread(bytes: &[u8]) -> Vec<Unread> {
    let Ok(MetaData { headers, .. }) = MetaData::read_from_buffered(bytes, false) else {
        return Vec::new();
    };
    let has = |header: &Header, name| header.channels.find_index_of_channel(&name).is_some();
    let is_rgb = |header: &&Header| {
        !header.deep
            && ["R", "G", "B"]
                .iter()
                .all(|name| has(header, (*name).into()))
    };
    let mut unread = Vec::new();
    if headers.len() > 1 {
        unread.push(Unread::Layers(Some(headers.len() as u64)));
    }
    let Some(header) = headers.iter().find(is_rgb) else {
        return unread;
    };
    let stored = header.channels.list.len() as u64;
    let read = 3 + u64::from(has(header, "A".into()));
    if stored > read {
        unread.push(Unread::Channels { stored, read });
    }
    if let BlockDescription::Tiles(tiles) = &header.blocks
        && tiles.level_mode != LevelMode::Singular
    {
        unread.push(Unread::Copies(None));
    }
    let shown = header.shared_attributes.display_window;
    let position = header.own_attributes.layer_position;
    let whole = [
        (
            position.x(),
            header.layer_size.x(),
            shown.position.x(),
            shown.size.x(),
        ),
        (
            position.y(),
            header.layer_size.y(),
            shown.position.y(),
            shown.size.y(),
        ),
    ];
    let whole = whole.map(|(start, size, from, shown)| {
        let [start, from] = [start, from].map(i64::from);
        start >= from && start.saturating_add(size as i64) <= from.saturating_add(shown as i64)
    });
    if whole.contains(&false) {
        unread.push(Unread::Overscan);
    }
    unread
}

/// What is known of a picture beside its decoder.
struct Picture {
    format: Format,
    limits: Limits,
    /// The bytes of the file.
    file: usize,
    /// What the decoder keeps of the file beside it.
    kept: usize,
    /// How often it has the samples beside the picture, and bytes for each
    /// pixel.
    copies: [usize; 2],
    /// Whether its three channels are the same.
    gray: bool,
    /// What it does not read.
    unread: Vec<Unread>,
}

impl Picture {
    fn open<'a>(self, mut decoder: impl ImageDecoder + Send + 'a) -> Result<RowReader<'a>> {
        let format = self.format;
        let memory = self.limits.max_memory;
        let failed = move |error| match error {
            ImageError::Limits(_) => message::over_memory(format.name(), memory),
            error => decoding(format, error),
        };
        let (columns, rows) = decoder.dimensions();
        let (rows, columns) = (rows as usize, columns as usize);
        let (depth, channels) = layout(decoder.color_type())
            .ok_or_else(|| message::unsupported(format.name(), "this kind of samples"))?;
        let stored = [rows, columns, channels];
        self.limits
            .check(rows as u64, columns as u64, channels as u64, depth)?;
        let mut most = ::image::Limits::no_limits();
        most.max_alloc = Some(memory);
        decoder.set_limits(most).map_err(failed)?;
        let metadata = Metadata {
            icc: decoder.icc_profile().map_err(failed)?,
            exif: decoder.exif_metadata().map_err(failed)?,
            xmp: decoder.xmp_metadata().map_err(failed)?,
            ..Metadata::default()
        };
        let shape = [rows, columns, if self.gray { 1 } else { channels }];
        let mut header = RowsHeader::new(format, shape, depth).without(self.unread);
        header.metadata = metadata.clone();
        let samples = rows * columns * channels * depth.bytes();
        let [copies, pixel] = self.copies;
        let memory = (samples.saturating_mul(1 + copies))
            .saturating_add((rows * columns).saturating_mul(pixel))
            .saturating_add(metadata.bytes())
            // A row or two of pixels as they are stored.
            .saturating_add(columns * ROWS)
            .saturating_add(self.kept)
            .saturating_add(self.file);
        Ok(WholeSource::reader(header, memory, move || {
            let [rows, columns, channels] = stored;
            let mut image = Image::zeroed(rows, columns, channels, depth)?;
            let samples = image.samples_mut();
            decoder.read_image(samples.into_bytes()).map_err(failed)?;
            let image = if self.gray {
                first_of_three(image)?
            } else {
                image
            };
            let warnings = Vec::new();
            Ok((image, Trailer { metadata, warnings }))
        }))
    }
}

/// Writes BMP, EXR, HDR, QOI, TGA or WebP. The channels have been repeated
/// already where the format has no gray.
pub(super) fn write(
    image: &Image,
    format: Format,
    metadata: &Metadata,
    out: &mut (impl Write + Seek),
) -> Result<()> {
    let bytes = image.samples().as_slice().as_bytes();
    let (rows, columns) = sides(image)?;
    let color = color(image);
    let result = match format {
        Format::Bmp => BmpEncoder::new(out).write_image(bytes, columns, rows, color),
        Format::Exr => OpenExrEncoder::new(out).write_image(bytes, columns, rows, color),
        Format::Hdr => HdrEncoder::new(out).write_image(bytes, columns, rows, color),
        Format::Qoi => QoiEncoder::new(out).write_image(bytes, columns, rows, color),
        // Its runs cross the ends of rows, which TGA 2.0 forbids and Pillow refuses.
        Format::Tga => TgaEncoder::new(out)
            .disable_rle()
            .write_image(bytes, columns, rows, color),
        _ => {
            let mut encoder = WebPEncoder::new_lossless(out);
            embed(&mut encoder, metadata);
            encoder.write_image(bytes, columns, rows, color)
        }
    };
    result.map_err(|error| encoding(format, error))
}

/// Hands the metadata to an encoder that is known to take them.
pub(super) fn embed(encoder: &mut impl ImageEncoder, metadata: &Metadata) {
    if let Some(icc) = &metadata.icc {
        // An encoder that takes none says so; `Metadata::fitted` never lets it come to that.
        let _ = encoder.set_icc_profile(icc.clone());
    }
    if let Some(exif) = &metadata.exif {
        let _ = encoder.set_exif_metadata(exif.clone());
    }
}

/// Rows and columns, as the image crate counts them.
pub(super) fn sides(image: &Image) -> Result<(u32, u32)> {
    match (u32::try_from(image.rows()), u32::try_from(image.columns())) {
        (Ok(rows), Ok(columns)) => Ok((rows, columns)),
        _ => Err(Error::output(
            "the picture has more than 4294967295 rows or columns; choose npy",
        )),
    }
}

/// The image crate's name for depth and channels.
pub(super) fn color(image: &Image) -> ExtendedColorType {
    use ExtendedColorType as E;
    match (image.depth(), image.channels()) {
        (Depth::U8, 1) => E::L8,
        (Depth::U8, 2) => E::La8,
        (Depth::U8, 3) => E::Rgb8,
        (Depth::U8, _) => E::Rgba8,
        (Depth::U16, 1) => E::L16,
        (Depth::U16, 2) => E::La16,
        (Depth::U16, 3) => E::Rgb16,
        (Depth::U16, _) => E::Rgba16,
        (Depth::F32, 3) => E::Rgb32F,
        (Depth::F32, _) => E::Rgba32F,
    }
}

pub(super) const fn layout(color: ColorType) -> Option<(Depth, usize)> {
    Some(match color {
        ColorType::L8 => (Depth::U8, 1),
        ColorType::La8 => (Depth::U8, 2),
        ColorType::Rgb8 => (Depth::U8, 3),
        ColorType::Rgba8 => (Depth::U8, 4),
        ColorType::L16 => (Depth::U16, 1),
        ColorType::La16 => (Depth::U16, 2),
        ColorType::Rgb16 => (Depth::U16, 3),
        ColorType::Rgba16 => (Depth::U16, 4),
        ColorType::Rgb32F => (Depth::F32, 3),
        ColorType::Rgba32F => (Depth::F32, 4),
        _ => return None,
    })
}

/// The gray of an image whose three channels are the same.
fn first_of_three(image: Image) -> Result<Image> {
    let (rows, columns) = (image.rows(), image.columns());
    match image.into_samples() {
        Samples::U8(mut samples) => {
            for index in 0..rows * columns {
                samples[index] = samples[3 * index];
            }
            samples.truncate(rows * columns);
            samples.shrink_to_fit();
            Image::new(rows, columns, 1, Samples::U8(samples))
        }
        other => Image::new(rows, columns, 3, other),
    }
}

/// A decoder's error in this crate's words.
pub(super) fn decoding(format: Format, error: ImageError) -> Error {
    let name = format.name();
    match error {
        ImageError::IoError(error) => message::reading(name, &error),
        ImageError::Unsupported(error) => {
            use ExtendedColorType::Unknown;
            // As a whole, the error is a sentence of its own.
            let what = match error.kind() {
                UnsupportedErrorKind::GenericFeature(feature) => feature.clone(),
                UnsupportedErrorKind::Color(Unknown(bits)) => format!("a colour of {bits} bits"),
                UnsupportedErrorKind::Color(color) => format!("the colour type {color:?}"),
                _ => return message::unsupported_kind(name, error),
            };
            message::unsupported(name, what)
        }
        // Before it knows of any limit.
        ImageError::Limits(error) => message::damaged(name, error),
        error => {
            let text = message::one_line(&error);
            // Some decoders wrap the early end in an error of their own.
            let ends = [
                "unexpected end",
                "failed to fill",
                "Unexpected EOF",
                "not enough data",
                "reference to missing bytes",
            ];
            if ends
                .iter()
                .any(|end| text.to_lowercase().contains(&end.to_lowercase()))
            {
                message::truncated(name)
            } else {
                message::damaged(name, text)
            }
        }
    }
}

/// An encoder's error in this crate's words.
pub(super) fn encoding(format: Format, error: ImageError) -> Error {
    match error {
        ImageError::IoError(error) => message::writing(error),
        error => Error::output(format_args!(
            "{format} cannot hold this picture ({}); choose png, tiff or npy",
            message::one_line(error)
        )),
    }
}
