//! Writing.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use ::png::{
    BitDepth, ColorType, Encoder, EncodingError, PixelDimensions, StreamWriter, Unit, chunk::eXIf,
    text_metadata::ITXtChunk,
};

use crate::{
    error::{Error, Result},
    image::{Depth, ImageSpec, SampleSlice},
    warning::Warning,
};

use super::{
    Compression, Density, DensityUnit, Destination, Metadata, Sink, message, write_samples,
};

/// The bytes of a chunk of compressed samples.
const CHUNK: usize = 1 << 17;

/// The samples that are compressed before what they became is written.
const STRETCH: usize = 1 << 19;

/// The bytes of a file's signature and header.
const HEAD: usize = 8 + 25;

/// The bytes of the chunk that ends a file.
const END: usize = 12;

/// The state of a compressor and the chunk that it fills.
const COMPRESSOR: usize = 1 << 20;

/// The most bytes that writing takes beside the rows that are given: a stretch
/// that has been compressed, while it grows, and the rows that filters choose
/// among.
pub(in crate::codec) const fn memory_to_write(spec: ImageSpec) -> usize {
    let stretch = 3 * STRETCH * spec.depth.bytes();
    COMPRESSOR + stretch + spec.row_bytes().saturating_mul(8)
}

/// Writes 8 or 16 bits, one to four channels.
///
/// The stream writer ends the file together with its samples, when a chunk may
/// still have to follow them, and fdeflate panics where its last bytes are
/// refused. So it gets a buffer to write to, which is written from here.
pub(in crate::codec) struct Writer<'a> {
    lines: StreamWriter<'static, Buffer>,
    buffer: Buffer,
    out: Destination<'a>,
}

impl<'a> Writer<'a> {
    pub(in crate::codec) fn new(
        spec: ImageSpec,
        metadata: &Metadata,
        compression: Compression,
        out: Destination<'a>,
    ) -> Result<Self> {
        // Of a size that was checked to be the format's.
        let mut info = ::png::Info::with_size(spec.columns as u32, spec.rows as u32);
        info.icc_profile = metadata.icc.as_deref().map(Into::into);
        info.exif_metadata = metadata.exif.as_deref().map(Into::into);
        info.pixel_dims = metadata.density.and_then(dimensions);
        info.utf8_text.extend(metadata.xmp.as_deref().map(packet));
        let buffer = Buffer::default();
        let mut encoder = Encoder::with_info(buffer.clone(), info).map_err(encoding)?;
        encoder.set_color(match spec.channels {
            1 => ColorType::Grayscale,
            2 => ColorType::GrayscaleAlpha,
            3 => ColorType::Rgb,
            _ => ColorType::Rgba,
        });
        encoder.set_depth(match spec.depth {
            Depth::U16 => BitDepth::Sixteen,
            _ => BitDepth::Eight,
        });
        encoder.set_compression(match compression {
            Compression::Fast => ::png::Compression::Fast,
            Compression::Balanced => ::png::Compression::Balanced,
            Compression::Best => ::png::Compression::High,
        });
        let writer = encoder.write_header().map_err(encoding)?;
        let lines = writer.into_stream_writer_with_size(CHUNK);
        Ok(Self {
            lines: lines.map_err(encoding)?,
            buffer,
            out,
        })
    }
}

impl Sink for Writer<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        for first in (0..rows.len()).step_by(STRETCH) {
            let part = rows.range(first, rows.len().min(first + STRETCH));
            write_samples(part, true, &mut self.lines)
                .and_then(|()| self.out.write_all(&self.buffer.take()))
                .map_err(message::writing)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, late: &Metadata) -> Result<Vec<Warning>> {
        let Self {
            lines,
            buffer,
            mut out,
        } = *self;
        lines.finish().map_err(encoding)?;
        let mut bytes = buffer.take();
        if let Some(exif) = &late.exif {
            bytes.truncate(bytes.len() - END);
            bytes.extend(chunk_and_end(exif)?);
        }
        out.write_all(&bytes).map_err(message::writing)?;
        let mut warnings = Vec::new();
        if late.icc.is_some() {
            warnings.push(
                "the ICC profile came after the samples, where png has no place for it: it was dropped"
                    .into(),
            );
        }
        Ok(warnings)
    }
}

fn dimensions(density: Density) -> Option<PixelDimensions> {
    let [xppu, yppu] = density.in_metres()?;
    let unit = match density.parts().1 {
        DensityUnit::None => Unit::Unspecified,
        _ => Unit::Meter,
    };
    Some(PixelDimensions { xppu, yppu, unit })
}

/// The chunk of XMP data.
fn packet(xmp: &[u8]) -> ITXtChunk {
    // Those that are no text were dropped.
    let text = String::from_utf8_lossy(xmp);
    ITXtChunk::new("XML:com.adobe.xmp", text)
}

/// A chunk of EXIF data and the end of a file.
fn chunk_and_end(exif: &[u8]) -> Result<Vec<u8>> {
    // A file without samples, behind its head.
    let mut file = Vec::new();
    let encoder = Encoder::new(&mut file, 1, 1);
    let mut writer = encoder.write_header().map_err(encoding)?;
    writer.write_chunk(eXIf, exif).map_err(encoding)?;
    writer.finish().map_err(encoding)?;
    Ok(file.split_off(HEAD))
}

/// Bytes that the stream writer wrote.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> Vec<u8> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut buffer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buffer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn encoding(error: EncodingError) -> Error {
    match error {
        EncodingError::IoError(error) => message::writing(error),
        error => message::unfit("png", error, "tiff or npy"),
    }
}
