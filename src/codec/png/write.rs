//! PNG encoding.

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
    Compression, Density, DensityUnit, Metadata, Part, SharedOutput, Sink, StripeWriter, errors,
    stripes, write_samples,
};

/// The bytes of an IDAT chunk.
const CHUNK_BYTES: usize = 1 << 17;

/// The number of samples that are compressed between two writes to the file.
const BATCH_SAMPLES: usize = 1 << 19;

/// The bytes of a file's signature and header.
const HEADER_BYTES: usize = 8 + 25;

/// The bytes of the IEND chunk.
const END_CHUNK_BYTES: usize = 12;

/// The bytes of the compressor's state and its chunk buffer.
const COMPRESSOR_BYTES: usize = 1 << 20;

/// The maximum bytes of memory for writing, beside the rows passed in.
pub(in crate::codec) fn memory_to_write(spec: ImageSpec, compression: Compression) -> usize {
    match compression {
        Compression::Fast => stripes::memory_to_write(spec),
        // A compressed batch in a growing buffer, and a candidate row for each filter.
        _ => {
            let batch = 3 * BATCH_SAMPLES * spec.depth.bytes();
            COMPRESSOR_BYTES + batch + spec.row_bytes().saturating_mul(8)
        }
    }
}

/// The file's beginning is written; what encodes the samples.
pub(in crate::codec) fn create<'a>(
    spec: ImageSpec,
    metadata: &Metadata,
    compression: Compression,
    out: SharedOutput<'a>,
) -> Result<Box<dyn Sink + 'a>> {
    Ok(match compression {
        Compression::Fast => Box::new(StripeWriter::new(
            spec,
            metadata,
            stripes::stripe_bytes(spec),
            out,
        )?),
        _ => Box::new(Writer::new(spec, metadata, compression, out)?),
    })
}

/// What comes before the samples.
pub(super) fn head(
    spec: ImageSpec,
    metadata: &Metadata,
    compression: Compression,
) -> Result<Vec<u8>> {
    let buffer = Buffer::default();
    let encoder = encoder(buffer.clone(), spec, metadata, compression)?;
    let mut writer = encoder.write_header().map_err(encode_error)?;
    write_chunks(&mut writer, metadata)?;
    // Dropped after that, it adds the IEND chunk.
    Ok(buffer.take())
}

/// Writes 8-bit or 16-bit samples with one to four channels, compressed by flate2.
///
/// The png crate's stream writer ends the file with its samples, when chunks may
/// still have to follow, and fdeflate panics if its last write fails. So the stream
/// writer writes to a buffer, which is copied to the output here.
struct Writer<'a> {
    stream: StreamWriter<'static, Buffer>,
    buffer: Buffer,
    out: SharedOutput<'a>,
}

impl<'a> Writer<'a> {
    fn new(
        spec: ImageSpec,
        metadata: &Metadata,
        compression: Compression,
        out: SharedOutput<'a>,
    ) -> Result<Self> {
        let buffer = Buffer::default();
        let encoder = encoder(buffer.clone(), spec, metadata, compression)?;
        let mut writer = encoder.write_header().map_err(encode_error)?;
        write_chunks(&mut writer, metadata)?;
        let stream = writer.into_stream_writer_with_size(CHUNK_BYTES);
        Ok(Self {
            stream: stream.map_err(encode_error)?,
            buffer,
            out,
        })
    }
}

impl Sink for Writer<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        for first in (0..rows.len()).step_by(BATCH_SAMPLES) {
            let part = rows.range(first, rows.len().min(first + BATCH_SAMPLES));
            write_samples(part, true, &mut self.stream)
                .and_then(|()| self.out.write_all(&self.buffer.take()))
                .map_err(errors::writing)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, late: &Metadata) -> Result<Vec<Warning>> {
        let Self {
            stream,
            buffer,
            mut out,
        } = *self;
        stream.finish().map_err(encode_error)?;
        let mut bytes = buffer.take();
        bytes.truncate(bytes.len() - END_CHUNK_BYTES);
        bytes.extend(chunks_and_end(late)?);
        out.write_all(&bytes).map_err(errors::writing)?;
        Ok(Vec::new())
    }
}

/// An encoder of a file with these metadata, but for chunks that were copied from another file.
pub(super) fn encoder<'m, W: Write>(
    out: W,
    spec: ImageSpec,
    metadata: &'m Metadata,
    compression: Compression,
) -> Result<Encoder<'m, W>> {
    // The size was checked to fit the format.
    let mut info = ::png::Info::with_size(spec.columns as u32, spec.rows as u32);
    info.icc_profile = metadata.icc.as_deref().map(Into::into);
    info.exif_metadata = metadata.exif.as_deref().map(Into::into);
    info.pixel_dims = metadata.density.and_then(dimensions);
    info.utf8_text
        .extend(metadata.xmp.as_deref().map(xmp_chunk));
    let mut encoder = Encoder::with_info(out, info).map_err(encode_error)?;
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
    Ok(encoder)
}

fn dimensions(density: Density) -> Option<PixelDimensions> {
    let [xppu, yppu] = density.per_metre_rounded()?;
    let unit = match density.parts().1 {
        DensityUnit::None => Unit::Unspecified,
        _ => Unit::Meter,
    };
    Some(PixelDimensions { xppu, yppu, unit })
}

/// The iTXt chunk of XMP data.
fn xmp_chunk(xmp: &[u8]) -> ITXtChunk {
    // XMP data that are not UTF-8 were dropped before.
    let text = String::from_utf8_lossy(xmp);
    ITXtChunk::new("XML:com.adobe.xmp", text)
}

/// Writes the chunks that were copied from another file.
pub(super) fn write_chunks(
    writer: &mut ::png::Writer<impl Write>,
    metadata: &Metadata,
) -> Result<()> {
    for part in &metadata.parts {
        if let Part::Chunk { name, data } = part {
            let name = ::png::chunk::ChunkType(*name);
            writer.write_chunk(name, data).map_err(encode_error)?;
        }
    }
    Ok(())
}

/// Writes the chunks that follow the samples.
pub(super) fn chunks_after_samples(
    writer: &mut ::png::Writer<impl Write>,
    late: &Metadata,
) -> Result<()> {
    if let Some(exif) = &late.exif {
        writer.write_chunk(eXIf, exif).map_err(encode_error)?;
    }
    if let Some(xmp) = &late.xmp {
        let chunk = xmp_chunk(xmp);
        writer.write_text_chunk(&chunk).map_err(encode_error)?;
    }
    write_chunks(writer, late)
}

/// The chunks that follow the samples, and IEND.
pub(super) fn chunks_and_end(late: &Metadata) -> Result<Vec<u8>> {
    // Encode a file without samples, then strip its signature and header.
    let mut file = Vec::new();
    let encoder = Encoder::new(&mut file, 1, 1);
    let mut writer = encoder.write_header().map_err(encode_error)?;
    chunks_after_samples(&mut writer, late)?;
    writer.finish().map_err(encode_error)?;
    Ok(file.split_off(HEADER_BYTES))
}

/// A shared buffer of the stream writer's output.
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

pub(super) fn encode_error(error: EncodingError) -> Error {
    match error {
        EncodingError::IoError(error) => errors::writing(error),
        error => errors::encoder_refused("png", error, "tiff or npy"),
    }
}
