//! Netpbm's formats: read through the image crate by chunks of rows, written here.

use std::{
    io::{self, BufRead, Read, Seek, SeekFrom, Write},
    mem,
};

use ::image::{
    ColorType, ImageDecoder, ImageError, ImageResult,
    codecs::pnm::{
        ArbitraryHeader, ArbitraryTuplType, BitmapHeader, GraymapHeader, PixmapHeader, PnmDecoder,
        PnmHeader, PnmSubtype, SampleEncoding,
    },
};

use crate::{
    error::{Error, Result},
    image::{Depth, ImageSpec, SampleSlice, SampleSliceMut, zeroed_vec},
    warning::Warning,
};

use super::{
    Format, IgnoredContent, Limits, Metadata, Part, errors,
    ignored_content::data_between,
    image_crate,
    input::InputReader,
    metadata::PartList,
    rows::{Header, RowReader, SharedOutput, Sink, Source, Trailer, write_samples},
};

/// The maximum bytes of a header with its comments: the decoder keeps lines of any length.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// Opens any of the formats, binary or plain (ASCII).
pub(super) fn open<'a>(
    mut input: InputReader<'a>,
    format: Format,
    limits: &Limits,
) -> Result<RowReader<'a>> {
    let failed = |error| image_crate::decoding(format, error);
    let mut start = Recorder {
        input: input.by_ref().take(MAX_HEADER_BYTES),
        bytes: Vec::new(),
    };
    let (mut color, mut pnm_header) = match read_header(&mut start) {
        Ok(decoded) => decoded,
        Err(_) if start.input.limit() == 0 => {
            return Err(errors::long_header(format.name(), MAX_HEADER_BYTES));
        }
        Err(error) => return Err(failed(error)),
    };
    // Without a tuple type the decoder assumes 8-bit samples whatever the maxval.
    if let Some(header) = pnm_header.as_arbitrary()
        && header.tupltype.is_none()
    {
        pnm_header = ArbitraryHeader {
            tupltype: Some(kind_of(header.depth)),
            ..header.clone()
        }
        .into();
        let mut start = Vec::new();
        let result = pnm_header.write(&mut start).map_err(ImageError::IoError);
        let header = result.and_then(|()| read_header(&mut start.as_slice()));
        color = header.map_err(failed)?.0;
    }
    let (columns, rows) = (pnm_header.width(), pnm_header.height());
    let (depth, channels) = image_crate::layout(color)
        .ok_or_else(|| errors::unsupported(format.name(), "this kind of samples"))?;
    limits.check(rows.into(), columns.into(), channels as u64, depth)?;
    let spec = ImageSpec::new([rows as usize, columns as usize, channels], depth);
    let comments = comments(&start.bytes);
    let mut header = Header::new(format, spec);
    header.metadata.parts = comments;
    header.warnings.extend(scaled(&pnm_header, format, depth));
    let ignored = data_after_picture(&mut input, |input| {
        match stored_bytes(&pnm_header, &header.spec) {
            Some(bytes) => Ok(bytes),
            None => plain_bytes(input, &pnm_header, &header.spec),
        }
    });
    let header =
        header.with_ignored(ignored.map_err(|error| errors::read_error(format.name(), &error))?);
    let source = PnmSource {
        input,
        format,
        row_len: header.spec.row_len(),
        depth,
        maxval: maxval(&pnm_header),
        is_plain: pnm_header.subtype().sample_encoding() == SampleEncoding::Ascii,
        plain_row: Vec::new(),
        metadata: header.metadata.clone(),
        pnm_header,
    };
    Ok(RowReader::new(header, source))
}

/// Keeps the bytes that are read.
struct Recorder<R> {
    input: R,
    bytes: Vec<u8>,
}

impl<R: BufRead> Read for Recorder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.bytes.extend(&buffer[..count]);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Recorder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // The buffer is not empty, so this reads nothing.
        if let Ok(bytes) = self.input.fill_buf() {
            self.bytes.extend(&bytes[..count]);
        }
        self.input.consume(count);
    }
}

/// The comments of a header: from each `#` to the end of its line.
fn comments(header: &[u8]) -> Vec<Part> {
    let lines = header.split(|byte| matches!(byte, b'\n' | b'\r'));
    let comments = lines.filter_map(|line| {
        let start = line.iter().position(|byte| *byte == b'#')?;
        Some(Part::Comment(line[start + 1..].trim_ascii().into()))
    });
    comments.collect::<PartList>().into_vec()
}

/// The tuple type of this number of samples in a pixel.
fn kind_of(depth: u32) -> ArbitraryTuplType {
    match depth {
        1 => ArbitraryTuplType::Grayscale,
        2 => ArbitraryTuplType::GrayscaleAlpha,
        3 => ArbitraryTuplType::RGB,
        _ => ArbitraryTuplType::RGBAlpha,
    }
}

/// Reads the header only; also returns the type of the pixels.
fn read_header(input: &mut dyn BufRead) -> ImageResult<(ColorType, PnmHeader)> {
    let decoder = PnmDecoder::new(input)?;
    Ok((decoder.color_type(), decoder.into_inner().1))
}

/// The largest sample that the file may have, unless it is a bitmap (1 bit), which the decoder
/// checks itself.
fn maxval(header: &PnmHeader) -> Option<u32> {
    use ArbitraryTuplType::{BlackAndWhite, BlackAndWhiteAlpha};
    let tuple = header.as_arbitrary().and_then(|h| h.tupltype.as_ref());
    match tuple {
        _ if header.as_bitmap().is_some() => None,
        Some(BlackAndWhite | BlackAndWhiteAlpha) => None,
        _ => Some(header.maximal_sample()),
    }
}

/// A warning that samples of another range were scaled to that of this depth.
fn scaled(header: &PnmHeader, format: Format, depth: Depth) -> Option<Warning> {
    let stored = match maxval(header) {
        None => image_crate::of_bits(1),
        Some(maxval) if f64::from(maxval) == depth.full_scale() => return None,
        Some(maxval) => format!("from 0 to {maxval}"),
    };
    Some(Warning::scaled(format, stored, depth))
}

/// The bytes of the samples in the file; `None` if they are plain (ASCII).
fn stored_bytes(header: &PnmHeader, spec: &ImageSpec) -> Option<u64> {
    Some(match header.subtype() {
        PnmSubtype::Bitmap(SampleEncoding::Binary) => {
            spec.rows as u64 * spec.columns.div_ceil(8) as u64
        }
        PnmSubtype::Graymap(SampleEncoding::Binary)
        | PnmSubtype::Pixmap(SampleEncoding::Binary)
        | PnmSubtype::ArbitraryMap => spec.bytes() as u64,
        _ => return None,
    })
}

/// Bytes of the plain (ASCII) samples and of one space after them. The digits of a plain PBM
/// need no spaces between.
fn plain_bytes(
    input: &mut InputReader<'_>,
    header: &PnmHeader,
    spec: &ImageSpec,
) -> io::Result<u64> {
    // As the decoder defines white space.
    let is_space = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
    let joined = header.as_bitmap().is_some();
    let mut samples = spec.rows as u64 * spec.row_len() as u64;
    let (mut bytes, mut within) = (0, false);
    loop {
        let part = input.fill_buf()?;
        if part.is_empty() {
            return Ok(bytes);
        }
        let last = part.iter().position(|byte| {
            let digit = !is_space(byte);
            let ended = if joined { digit } else { within && !digit };
            within = digit;
            samples -= u64::from(ended);
            samples == 0
        });
        let count = last.map_or(part.len(), |last| last + 1);
        bytes += count as u64;
        input.consume(count);
        if last.is_some() {
            let spaced = joined && input.fill_buf()?.first().is_some_and(is_space);
            return Ok(bytes + u64::from(spaced));
        }
    }
}

/// Data after the picture, whose samples come next; `stored` determines their bytes. The
/// position of the input stays; streams cannot seek.
fn data_after_picture<'a>(
    input: &mut InputReader<'a>,
    stored: impl FnOnce(&mut InputReader<'a>) -> io::Result<u64>,
) -> io::Result<Option<IgnoredContent>> {
    let Ok(start) = input.stream_position() else {
        return Ok(None);
    };
    let end = start.saturating_add(stored(input)?);
    let length = input.seek(SeekFrom::End(0))?;
    let found = data_between(input, end, length)?;
    input.seek(SeekFrom::Start(start))?;
    Ok(found)
}

struct PnmSource<'a> {
    metadata: Metadata,
    /// After the header.
    input: InputReader<'a>,
    /// The header of the file, or one with the missing tuple type.
    pnm_header: PnmHeader,
    format: Format,
    row_len: usize,
    depth: Depth,
    maxval: Option<u32>,
    /// Whether the samples are plain (ASCII).
    is_plain: bool,
    /// A buffer for a row of plain samples, which are decoded as 16 bits.
    plain_row: Vec<u16>,
}

impl PnmSource<'_> {
    /// Decodes the next rows without checking or scaling them. A header is made for the rows,
    /// so that the decoder takes them for a whole picture.
    fn decode(&mut self, rows: u32, maxval: Option<u32>, out: &mut [u8]) -> Result<()> {
        let failed = |error: ImageError| image_crate::decoding(self.format, error);
        let mut start = Vec::new();
        header_of_rows(&self.pnm_header, rows, maxval)
            .write(&mut start)
            .map_err(|error| failed(ImageError::IoError(error)))?;
        let decoder = PnmDecoder::new(start.chain(&mut self.input)).map_err(failed)?;
        decoder.read_image(out).map_err(failed)
    }

    /// Decodes the next row; its samples are checked against maxval and scaled to full range.
    fn decode_row(&mut self, maxval: u32, out: SampleSliceMut<'_>) -> Result<()> {
        let full = self.depth.full_scale() as u32;
        let factor = full as f32 / maxval as f32;
        match out {
            SampleSliceMut::U8(out) => {
                if self.is_plain {
                    self.decode_plain(maxval, out)?;
                } else {
                    self.decode(1, Some(full), out)?;
                    check(self.format, out, maxval)?;
                }
                if maxval < full {
                    for sample in out {
                        *sample = (f32::from(*sample) * factor).round() as u8;
                    }
                }
            }
            SampleSliceMut::U16(out) => {
                self.decode(1, Some(full), bytemuck::cast_slice_mut(out))?;
                check(self.format, out, maxval)?;
                for sample in out {
                    *sample = (f32::from(*sample) * factor).round() as u16;
                }
            }
            // The format has integers of 8 and 16 bits only.
            _ => {}
        }
        Ok(())
    }

    /// Decodes a row of plain samples as 16 bits, since they may exceed the 8 bits of `out`.
    fn decode_plain(&mut self, maxval: u32, out: &mut [u8]) -> Result<()> {
        let mut row = mem::take(&mut self.plain_row);
        if row.is_empty() {
            row = zeroed_vec(self.row_len)?;
        }
        self.decode(1, Some(u16::MAX.into()), bytemuck::cast_slice_mut(&mut row))?;
        check(self.format, &row, maxval)?;
        for (sample, value) in out.iter_mut().zip(&row) {
            *sample = *value as u8;
        }
        self.plain_row = row;
        Ok(())
    }
}

impl Source for PnmSource<'_> {
    fn fill(&mut self, mut out: SampleSliceMut<'_>) -> Result<()> {
        let rows = out.len() / self.row_len;
        let full = self.depth.full_scale() as u32;
        match self.maxval {
            // Row by row, so that the first error does not depend on the number of rows.
            Some(maxval) if maxval < full || (self.is_plain && self.depth == Depth::U8) => {
                for row in 0..rows {
                    let range = [row, row + 1].map(|row| row * self.row_len);
                    self.decode_row(maxval, out.reborrow().range(range[0], range[1]))?;
                }
                Ok(())
            }
            _ => self.decode(rows as u32, None, out.into_bytes()),
        }
    }

    fn end(self: Box<Self>) -> Result<Trailer> {
        // Other pictures may follow.
        Ok(Trailer {
            metadata: self.metadata,
            warnings: Vec::new(),
        })
    }

    fn memory(&self) -> usize {
        match self.is_plain {
            true => size_of::<u16>() * self.row_len,
            false => 0,
        }
    }
}

/// Refuses samples above maxval, which the decoder would clamp.
fn check<T: Copy + Ord + Into<u32>>(format: Format, samples: &[T], maxval: u32) -> Result<()> {
    match samples.iter().max() {
        Some(&largest) if largest.into() > maxval => Err(above_maxval(format, largest, maxval)),
        _ => Ok(()),
    }
}

fn above_maxval(format: Format, sample: impl Into<u32>, maxval: u32) -> Error {
    let sample = sample.into();
    errors::damaged(
        format.name(),
        format_args!("a sample of {sample} is above its maxval of {maxval}"),
    )
}

/// The header with this height and, if given, another maxval.
fn header_of_rows(header: &PnmHeader, height: u32, maxval: Option<u32>) -> PnmHeader {
    let maxval = maxval.unwrap_or(header.maximal_sample());
    if let Some(header) = header.as_bitmap() {
        BitmapHeader { height, ..*header }.into()
    } else if let Some(header) = header.as_graymap() {
        GraymapHeader {
            height,
            maxwhite: maxval,
            ..*header
        }
        .into()
    } else if let Some(header) = header.as_pixmap() {
        PixmapHeader {
            height,
            maxval,
            ..*header
        }
        .into()
    } else {
        // The remaining kind is PAM.
        let header = header.as_arbitrary().cloned();
        let header = header.unwrap_or(ArbitraryHeader {
            height,
            width: 0,
            depth: 1,
            maxval: 1,
            tupltype: None,
        });
        ArbitraryHeader {
            height,
            maxval,
            ..header
        }
        .into()
    }
}

/// Writes P5, P6 or P7: samples in binary, 16 bits with the high byte first.
pub(super) struct Writer<'a>(SharedOutput<'a>);

impl<'a> Writer<'a> {
    pub(super) fn new(
        spec: ImageSpec,
        format: Format,
        metadata: &Metadata,
        mut out: SharedOutput<'a>,
    ) -> Result<Self> {
        let ImageSpec {
            rows,
            columns,
            channels,
            depth,
        } = spec;
        let maxval = depth.full_scale() as u32;
        let (kind, header) = match (format, channels) {
            (Format::Pam, _) => {
                let kind =
                    ["GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"][(channels - 1).min(3)];
                let header = format!(
                    "WIDTH {columns}\nHEIGHT {rows}\nDEPTH {channels}\nMAXVAL {maxval}\nTUPLTYPE {kind}\nENDHDR\n"
                );
                ("P7", header)
            }
            (_, 1) => ("P5", format!("{columns} {rows}\n{maxval}\n")),
            _ => ("P6", format!("{columns} {rows}\n{maxval}\n")),
        };
        let mut start = format!("{kind}\n").into_bytes();
        for part in &metadata.parts {
            let Part::Comment(text) = part else {
                continue;
            };
            for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
                start.extend_from_slice(b"# ");
                start.extend_from_slice(line);
                start.push(b'\n');
            }
        }
        start.extend_from_slice(header.as_bytes());
        out.write_all(&start).map_err(errors::writing)?;
        Ok(Self(out))
    }
}

impl Sink for Writer<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        write_samples(rows, true, &mut self.0).map_err(errors::writing)
    }

    fn finish(self: Box<Self>, _: &Metadata) -> Result<Vec<Warning>> {
        Ok(Vec::new())
    }
}
