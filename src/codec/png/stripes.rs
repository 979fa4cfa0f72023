//! PNG at its fastest: stripes of rows, filtered and compressed at the same time and joined.

use std::{
    io::{self, Write},
    mem,
};

use flate2::Crc;
use rayon::prelude::*;
use zlib_rs::adler32::{adler32, adler32_combine};

use crate::{
    codec::rows::{SharedOutput, Sink, write_samples},
    deflate::{self, Deflater},
    error::Result,
    image::{ImageSpec, SampleSlice, no_memory},
    warning::Warning,
};

use super::{Compression, Metadata, errors, row_filters::RowFilter, write};

/// The bytes of samples in a stripe of a large image, but that it has at least one row: those of
/// a block of deflate, which have one filter and one code. Larger blocks take less time; smaller
/// ones fit better, for which there is time in a small image.
const STRIPE_BYTES: usize = deflate::BLOCK_BYTES;
const SMALL_STRIPE_BYTES: usize = 1 << 16;

/// The stripes that an image has at least, if they are not yet the smallest.
const STRIPES: usize = 16;

/// The bytes of a stripe of an image, about.
pub(super) fn stripe_bytes(spec: ImageSpec) -> usize {
    (spec.bytes() / STRIPES).clamp(SMALL_STRIPE_BYTES, STRIPE_BYTES)
}

/// The head of a zlib stream with a window of 32 KiB, of the fastest compression (RFC 1950).
const ZLIB_HEAD: [u8; 2] = [0x78, 0x01];

/// The checksum of no bytes.
const EMPTY_CHECKSUM: u32 = 1;

/// The most bytes of data in a chunk.
const MAX_CHUNK_BYTES: usize = 1 << 30;

/// The maximum bytes of memory for writing, beside the rows passed in: those of a stripe for each
/// thread with the row above, filtered, and compressed.
pub(super) fn memory_to_write(spec: ImageSpec) -> usize {
    let row = spec.row_bytes();
    let rows = stripe_rows(spec, stripe_bytes(spec));
    let stripes = rayon::current_num_threads().min(spec.rows.div_ceil(rows));
    let filtered = (row.saturating_add(1)).saturating_mul(rows);
    let stripe = (row.saturating_mul(rows))
        .saturating_add(filtered)
        .saturating_add(deflate::memory(filtered));
    stripe.saturating_mul(stripes).saturating_add(row)
}

/// The rows of a stripe of about this many bytes.
fn stripe_rows(spec: ImageSpec, bytes: usize) -> usize {
    (bytes / (spec.row_bytes() + 1)).clamp(1, spec.rows)
}

/// Collects a stripe for every thread, then encodes them in parallel. The bytes do not depend
/// on the number of threads.
pub(in crate::codec) struct StripeWriter<'a> {
    spec: ImageSpec,
    /// The rows of a stripe; the last one may have fewer.
    stripe_rows: usize,
    /// What comes before the samples, until it is written.
    head: Vec<u8>,
    /// The row above those that are not encoded yet, and these, in the byte order of PNG.
    pending: Vec<u8>,
    /// The bytes of `pending` at which it is encoded.
    capacity: usize,
    encoders: Vec<StripeEncoder>,
    rows_encoded: usize,
    /// The checksum of the filtered rows so far.
    checksum: u32,
    out: SharedOutput<'a>,
}

impl<'a> StripeWriter<'a> {
    /// With stripes of about this many bytes.
    pub(in crate::codec) fn new(
        spec: ImageSpec,
        metadata: &Metadata,
        stripe_bytes: usize,
        out: SharedOutput<'a>,
    ) -> Result<Self> {
        let stripe_rows = stripe_rows(spec, stripe_bytes);
        let stripes = rayon::current_num_threads().min(spec.rows.div_ceil(stripe_rows));
        let rows = spec.rows.min(stripes * stripe_rows);
        Ok(Self {
            spec,
            stripe_rows,
            head: write::head(spec, metadata, Compression::Fast)?,
            pending: Vec::new(),
            capacity: (rows + 1).saturating_mul(spec.row_bytes()),
            encoders: (0..stripes).map(|_| StripeEncoder::default()).collect(),
            rows_encoded: 0,
            checksum: EMPTY_CHECKSUM,
            out,
        })
    }

    /// Encodes the pending rows, and keeps the last one.
    fn flush(&mut self) -> Result<()> {
        let row_bytes = self.spec.row_bytes();
        let pending = &self.pending;
        let rows = pending.len() / row_bytes - 1;
        let stripes = rows.div_ceil(self.stripe_rows);
        let is_first = self.rows_encoded == 0;
        self.rows_encoded += rows;
        let is_end = self.rows_encoded == self.spec.rows;
        let spec = self.spec;
        let stripe_rows = self.stripe_rows;
        (self.encoders[..stripes].par_iter_mut().enumerate()).try_for_each(|(at, encoder)| {
            let start = at * stripe_rows;
            let end = rows.min(start + stripe_rows);
            let (above, rows) =
                pending[start * row_bytes..][..(end - start + 1) * row_bytes].split_at(row_bytes);
            encoder.encode(spec, above, rows, is_end && at + 1 == stripes)
        })?;
        let head = mem::take(&mut self.head);
        self.out.write_all(&head).map_err(errors::writing)?;
        for (at, encoder) in self.encoders[..stripes].iter_mut().enumerate() {
            let bytes = encoder.filtered.len() as u64;
            self.checksum = adler32_combine(self.checksum, encoder.checksum, bytes);
            let head = if is_first && at == 0 {
                &ZLIB_HEAD[..]
            } else {
                &[]
            };
            let tail = self.checksum.to_be_bytes();
            let tail = if is_end && at + 1 == stripes {
                &tail[..]
            } else {
                &[]
            };
            let parts = [head, encoder.deflater.bytes(), tail];
            write_data(parts, &mut self.out).map_err(errors::writing)?;
        }
        let last = self.pending.len() - row_bytes;
        self.pending.copy_within(last.., 0);
        self.pending.truncate(row_bytes);
        Ok(())
    }
}

impl Sink for StripeWriter<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        let row_bytes = self.spec.row_bytes();
        if self.pending.capacity() == 0 {
            // Allocated once: a growing buffer would be copied, and exist twice meanwhile.
            let taken = self.pending.try_reserve_exact(self.capacity);
            taken.map_err(|_| no_memory::<u8>(self.capacity))?;
            // Above the first row are zeros.
            self.pending.resize(row_bytes, 0);
        }
        let size = self.spec.depth.bytes();
        let mut first = 0;
        while first < rows.len() {
            let room = (self.capacity - self.pending.len()) / size;
            let end = rows.len().min(first + room);
            write_samples(rows.range(first, end), true, &mut self.pending)
                .map_err(errors::writing)?;
            first = end;
            let rows = self.rows_encoded + self.pending.len() / row_bytes - 1;
            if self.pending.len() == self.capacity || rows == self.spec.rows {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, late: &Metadata) -> Result<Vec<Warning>> {
        let end = write::chunks_and_end(late)?;
        self.out.write_all(&end).map_err(errors::writing)?;
        Ok(Vec::new())
    }
}

/// Encodes a stripe; its buffers are used again.
#[derive(Default)]
struct StripeEncoder {
    filtered: Vec<u8>,
    /// The checksum of `filtered`.
    checksum: u32,
    deflater: Deflater,
}

impl StripeEncoder {
    fn encode(&mut self, spec: ImageSpec, above: &[u8], rows: &[u8], is_last: bool) -> Result<()> {
        let row_bytes = spec.row_bytes();
        let pixel = spec.channels * spec.depth.bytes();
        let bytes = rows.len() + rows.len() / row_bytes;
        let more = bytes.saturating_sub(self.filtered.len());
        (self.filtered.try_reserve_exact(more)).map_err(|_| no_memory::<u8>(bytes))?;
        self.filtered.resize(bytes, 0);
        let filter = RowFilter::for_stripe(rows, above, row_bytes, pixel);
        let mut above = above;
        let filtered = self.filtered.chunks_exact_mut(row_bytes + 1);
        for (filtered, row) in filtered.zip(rows.chunks_exact(row_bytes)) {
            filtered[0] = filter as u8;
            filter.apply(row, above, pixel, &mut filtered[1..]);
            above = row;
        }
        self.checksum = adler32(EMPTY_CHECKSUM, &self.filtered);
        (self.deflater.compress(&self.filtered, is_last)).map_err(|_| no_memory::<u8>(bytes))
    }
}

/// Writes data, given in parts, in one chunk or several.
fn write_data(parts: [&[u8]; 3], out: &mut impl Write) -> io::Result<()> {
    let mut rest = parts;
    while rest.iter().any(|part| !part.is_empty()) {
        let mut room = MAX_CHUNK_BYTES;
        let chunk = rest.each_mut().map(|rest| {
            let (part, after) = rest.split_at(rest.len().min(room));
            *rest = after;
            room -= part.len();
            part
        });
        out.write_all(&((MAX_CHUNK_BYTES - room) as u32).to_be_bytes())?;
        let mut checksum = Crc::new();
        for part in [&b"IDAT"[..]].into_iter().chain(chunk) {
            checksum.update(part);
            out.write_all(part)?;
        }
        out.write_all(&checksum.sum().to_be_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use crate::{
        codec::{EncodeOptions, Format, Limits, encode, read},
        image::{Depth, Image, Samples},
    };

    use super::*;

    /// The bytes of a file as it is written here, and by the png crate at its fastest.
    fn sizes(image: &Image) -> [usize; 2] {
        let metadata = Metadata::default();
        let options = EncodeOptions {
            compression: Compression::Fast,
            ..EncodeOptions::default()
        };
        let mut file = io::Cursor::new(Vec::new());
        encode(image, Format::Png, &metadata, &options, &mut file).unwrap();
        let mut other = Vec::new();
        let spec = image.spec();
        let encoder = write::encoder(&mut other, spec, &metadata, Compression::Fast).unwrap();
        let mut writer = encoder.write_header().unwrap();
        let mut stream = writer.stream_writer().unwrap();
        write_samples(image.samples().as_slice(), true, &mut stream).unwrap();
        stream.finish().unwrap();
        drop(writer);
        [file.into_inner().len(), other.len()]
    }

    /// The part of an image from its corner on.
    fn corner(image: &Image, rows: usize, columns: usize) -> Image {
        let [all_rows, all_columns, channels] = image.shape();
        let (rows, columns) = (rows.min(all_rows), columns.min(all_columns));
        let Samples::U8(samples) = image.samples() else {
            panic!("8 bits");
        };
        let samples = samples.chunks_exact(all_columns * channels).take(rows);
        let samples = samples.flat_map(|row| &row[..columns * channels]).copied();
        Image::new(rows, columns, channels, Samples::U8(samples.collect())).unwrap()
    }

    /// With the noise of a sensor in further bits.
    fn deepened(image: &Image) -> Image {
        let [rows, columns, channels] = image.shape();
        let Samples::U8(samples) = image.samples() else {
            panic!("8 bits");
        };
        let samples = samples.iter().enumerate().map(|(at, &sample)| {
            let noise = (at as u32).wrapping_mul(2_654_435_761) >> 25;
            (u16::from(sample) * 257) ^ noise as u16
        });
        let samples: Samples = Samples::U16(samples.collect());
        Image::new(rows, columns, channels, samples).unwrap()
    }

    /// Photographs, filtered ones, pictures of few colours; whole, and corners of them. What is
    /// dark and smooth but for the blocks of a JPEG (rocket.jpg) is a little larger, and so are
    /// some of a few hundred bytes.
    #[test]
    fn files_are_smaller_than_those_of_the_png_crate() {
        let mut images = Vec::new();
        for folder in ["photos", "readme"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("testdata")
                .join(folder);
            let mut paths: Vec<_> = (fs::read_dir(folder).unwrap())
                .map(|entry| entry.unwrap().path())
                .filter(|path| {
                    path.extension()
                        .is_some_and(|name| name == "png" || name == "jpg")
                })
                .collect();
            paths.sort();
            images.extend(
                paths
                    .iter()
                    .map(|path| read(path, &Limits::default()).unwrap().image),
            );
        }
        assert!(images.len() >= 11);
        // A drawing: areas, lines, and a slope.
        let drawing = (0..300 * 400).map(|at| match (at / 400, at % 400) {
            (y, _) if y % 50 == 0 => 0,
            (y, x) if x * 3 / 4 == y || x % 80 < 2 => 30,
            (100..200, x @ 100..) => (x / 2) as u8,
            _ => 255,
        });
        images.push(Image::new(300, 400, 1, Samples::U8(drawing.collect())).unwrap());
        images.push(Image::new(200, 300, 3, Samples::U8(vec![255; 180_000].into())).unwrap());
        let mut larger = String::new();
        let mut all = [0, 0];
        let mut check = |image: &Image| {
            let [ours, others] = sizes(image);
            all = [all[0] + ours, all[1] + others];
            if ours > others + others / 100 + 180 {
                larger += &format!("{:?}: {ours}, not {others}\n", image.spec());
            }
        };
        for image in &images {
            assert_eq!(image.depth(), Depth::U8);
            check(image);
            check(&deepened(image));
            for [rows, columns] in [[1, 1], [2, 3], [16, 16], [64, 64], [300, 1], [1, 300]] {
                check(&corner(image, rows, columns));
            }
        }
        assert!(larger.is_empty(), "{larger}");
        let [ours, others] = all;
        assert!(ours < others - others / 12, "{ours} of {others}");
    }
}
