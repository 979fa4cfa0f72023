//! Writing.

use ::png::{
    BitDepth, ColorType, Encoder, EncodingError,
    chunk::{IDAT, eXIf},
};
use flate2::{Compress, FlushCompress};
use rayon::prelude::*;
use simd_adler32::Adler32;

use crate::{
    error::{Error, Result},
    image::{Depth, SampleSlice},
    simd::Simd,
};

use super::{Compression, Destination, Metadata, Shape, Sink, deflate, filter, message};

/// The fewest bytes of a chunk of samples, the last one aside.
const CHUNK: usize = 1 << 16;

/// Writes 8 or 16 bits, one to four channels.
///
/// Rows are compressed in stretches that know nothing of each other but the
/// row above, as many at once as there are threads; where they are cut depends
/// on the size of a row alone.
pub(in crate::codec) struct Writer<'a> {
    file: ::png::Writer<Destination<'a>>,
    compression: Compression,
    simd: Simd,
    /// Bytes of a row and of a pixel.
    line: usize,
    pixel: usize,
    /// Rows of a stretch.
    stretch: usize,
    /// The row before the first that waits.
    above: Vec<u8>,
    /// Rows that wait, high byte first.
    waiting: Vec<u8>,
    /// Compressed bytes that wait for more of them.
    chunk: Vec<u8>,
    /// As many bytes as there are rows for every thread.
    most: usize,
    checksum: Checksum,
}

impl<'a> Writer<'a> {
    pub(in crate::codec) fn new(
        shape: Shape,
        metadata: &Metadata,
        compression: Compression,
        out: Destination<'a>,
    ) -> Result<Self> {
        let side = |n: usize| {
            u32::try_from(n).map_err(|_| {
                Error::output("the picture has more than 4294967295 rows or columns; choose npy")
            })
        };
        let mut info = ::png::Info::with_size(side(shape.columns)?, side(shape.rows)?);
        info.icc_profile = metadata.icc.as_deref().map(Into::into);
        info.exif_metadata = metadata.exif.as_deref().map(Into::into);
        let mut encoder = Encoder::with_info(out, info).map_err(encoding)?;
        encoder.set_color(match shape.channels {
            1 => ColorType::Grayscale,
            2 => ColorType::GrayscaleAlpha,
            3 => ColorType::Rgb,
            _ => ColorType::Rgba,
        });
        encoder.set_depth(match shape.depth {
            Depth::U16 => BitDepth::Sixteen,
            _ => BitDepth::Eight,
        });
        let file = encoder.write_header().map_err(encoding)?;
        // The head of a zlib stream: deflate with a window of 32 KiB, and how
        // hard it tried.
        let head = match compression {
            Compression::Fast => [0x78, 0x01],
            Compression::Balanced => [0x78, 0x9c],
            Compression::Best => [0x78, 0xda],
        };
        let line = shape.row_bytes();
        let bytes = match compression {
            Compression::Fast => 1 << 18,
            Compression::Balanced | Compression::Best => 1 << 20,
        };
        Ok(Self {
            file,
            compression,
            simd: Simd::best(),
            line,
            pixel: shape.channels * shape.depth.bytes(),
            stretch: (bytes / line).max(1),
            above: vec![0; line],
            waiting: Vec::new(),
            chunk: head.to_vec(),
            most: (bytes / line).max(1) * line * rayon::current_num_threads(),
            checksum: Checksum::default(),
        })
    }

    /// Compresses and writes the rows that wait.
    fn flush(&mut self) -> Result<()> {
        let (line, pixel) = (self.line, self.pixel);
        let lines: Vec<&[u8]> = self.waiting.chunks(self.stretch * line).collect();
        let compressed: Vec<(Vec<u8>, Checksum)> = (0..lines.len())
            .into_par_iter()
            .map(|at| {
                let above = match at.checked_sub(1) {
                    Some(before) => &lines[before][lines[before].len() - line..],
                    None => &self.above,
                };
                let filtered = filter::adaptive(self.simd, lines[at], above, line, pixel);
                compress(self.compression, filtered, lines[at], line)
            })
            .collect::<Result<_>>()?;
        for (bytes, checksum) in compressed {
            self.checksum.append(checksum);
            self.chunk.extend(bytes);
            if self.chunk.len() >= CHUNK {
                self.file.write_chunk(IDAT, &self.chunk).map_err(encoding)?;
                self.chunk.clear();
            }
        }
        if let Some(start) = self.waiting.len().checked_sub(line) {
            self.above.copy_from_slice(&self.waiting[start..]);
        }
        self.waiting.clear();
        Ok(())
    }
}

impl Sink for Writer<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        let mut first = 0;
        while first < rows.len() {
            let sample = rows.depth().bytes();
            let room = (self.most - self.waiting.len()) / sample;
            let end = rows.len().min(first + room);
            match rows.range(first, end) {
                SampleSlice::U16(part) => {
                    let bytes = part.iter().flat_map(|sample| sample.to_be_bytes());
                    self.waiting.extend(bytes);
                }
                part => self.waiting.extend_from_slice(part.as_bytes()),
            }
            first = end;
            if self.waiting.len() == self.most {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, late: &Metadata) -> Result<Vec<String>> {
        self.flush()?;
        self.chunk.extend(deflate::LAST);
        self.chunk.extend(self.checksum.sum.to_be_bytes());
        self.file.write_chunk(IDAT, &self.chunk).map_err(encoding)?;
        let mut warnings = Vec::new();
        if let Some(exif) = &late.exif {
            self.file.write_chunk(eXIf, exif).map_err(encoding)?;
        }
        if late.icc.is_some() {
            warnings.push(
                "the ICC profile came after the samples, where png has no place for it: it was dropped"
                    .to_owned(),
            );
        }
        self.file.finish().map_err(encoding)?;
        Ok(warnings)
    }
}

/// The rows of a stretch in deflate, and the checksum of what they were
/// before, a byte for the filter in each.
fn compress(
    compression: Compression,
    filtered: Vec<u8>,
    lines: &[u8],
    line: usize,
) -> Result<(Vec<u8>, Checksum)> {
    let plain = || filter::none(lines, line);
    let quick = deflate::compress(&filtered);
    // Drawings and flat pictures repeat themselves. Looking for that pays, and
    // is fast where there is so little of it.
    let flat = quick.len() < filtered.len() / 6;
    let others = match compression {
        Compression::Fast if flat => vec![with_level(plain(), 6)?],
        Compression::Fast => vec![],
        Compression::Balanced => vec![with_level(filtered.clone(), 6)?],
        Compression::Best => vec![with_level(filtered.clone(), 9)?, with_level(plain(), 9)?],
    };
    // Of several that are as small, the first.
    let mut best = (quick, filtered);
    for other in others {
        if other.0.len() < best.0.len() {
            best = other;
        }
    }
    let checksum = Checksum::of(&best.1);
    Ok((best.0, checksum))
}

/// Rows in deflate, and what they were before.
type Deflated = (Vec<u8>, Vec<u8>);

/// `data` deflated, up to a whole byte and without an end, and `data`.
fn with_level(data: Vec<u8>, level: u32) -> Result<Deflated> {
    let mut compress = Compress::new(flate2::Compression::new(level), false);
    let mut out = Vec::with_capacity(data.len() / 2 + 1024);
    loop {
        let done = compress.total_in() as usize;
        compress
            .compress_vec(&data[done..], &mut out, FlushCompress::Sync)
            .map_err(|error| encoding(std::io::Error::other(error).into()))?;
        // Room left means that nothing is held back.
        if compress.total_in() as usize == data.len() && out.len() < out.capacity() {
            return Ok((out, data));
        }
        out.reserve(data.len() / 2 + 1024);
    }
}

/// Adler-32, of stretches that are computed apart.
#[derive(Clone, Copy)]
struct Checksum {
    sum: u32,
    len: usize,
}

impl Default for Checksum {
    fn default() -> Self {
        Self { sum: 1, len: 0 }
    }
}

impl Checksum {
    fn of(bytes: &[u8]) -> Self {
        let mut adler = Adler32::new();
        adler.write(bytes);
        Self {
            sum: adler.finish(),
            len: bytes.len(),
        }
    }

    /// What this would be had the bytes of `next` followed its own.
    ///
    /// Source: adler32_combine of zlib; the low half counts bytes from 1, the
    /// high half adds up the low ones.
    fn append(&mut self, next: Self) {
        const MODULUS: u64 = 65_521;
        let halves = |sum: u32| (u64::from(sum & 0xffff), u64::from(sum >> 16));
        let ((low, high), (next_low, next_high)) = (halves(self.sum), halves(next.sum));
        let before = low + MODULUS - 1;
        let repeated = next.len as u64 % MODULUS * before;
        let low = (before + next_low) % MODULUS;
        let high = (high + next_high + repeated) % MODULUS;
        self.sum = (high << 16 | low) as u32;
        self.len += next.len;
    }
}

fn encoding(error: EncodingError) -> Error {
    match error {
        EncodingError::IoError(error) => message::writing(error),
        error => Error::output(format_args!(
            "png cannot hold this picture ({}); choose tiff or npy",
            message::one_line(error)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_parts_are_those_of_the_whole() {
        let bytes: Vec<u8> = (0..200_000_u64).map(|i| (i * i / 7 % 256) as u8).collect();
        for cut in [0, 1, 65_520, 65_521, 65_522, 199_999, 200_000] {
            let mut sum = Checksum::of(&bytes[..cut]);
            sum.append(Checksum::of(&bytes[cut..]));
            assert_eq!(sum.sum, Checksum::of(&bytes).sum, "{cut}");
            assert_eq!(sum.len, bytes.len());
        }
    }
}
