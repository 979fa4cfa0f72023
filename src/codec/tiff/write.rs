//! Writing: strips, deflated in parallel, and the directory behind them.
//!
//! Source: TIFF 6.0, with its technical note 3 for deflate, and BigTIFF.

use std::io::{Seek, SeekFrom, Write};

use flate2::{Compress, FlushCompress, Status};
use rayon::prelude::*;

use crate::{
    codec::rows::{Destination, Shape, Sink},
    error::{Error, Result},
    image::{Depth, SampleSlice},
};

use super::{Compression, Metadata, directory::Directory, message};

/// Above so many bytes, offsets may pass 32 bits: BigTIFF is written. Deflate
/// adds at most a thousandth to what it cannot compress.
const CLASSIC_BYTES: u64 = 4_200_000_000;

/// The bytes of a strip, more or less.
const STRIP: usize = 1 << 19;

/// Writes 8 bits, 16 bits or floats, one to four channels, low byte first.
pub(in crate::codec) struct Writer<'a> {
    out: Destination<'a>,
    shape: Shape,
    metadata: Metadata,
    big: bool,
    level: u32,
    strip_rows: usize,
    /// Rows that wait, and as many bytes of them as there are strips for every
    /// thread.
    waiting: Vec<u8>,
    most: usize,
    at: u64,
    offsets: Vec<u64>,
    lengths: Vec<u64>,
}

impl<'a> Writer<'a> {
    /// Begins a file that can seek and is at its beginning.
    pub(in crate::codec) fn new(
        shape: Shape,
        metadata: Metadata,
        compression: Compression,
        out: Destination<'a>,
    ) -> Result<Self> {
        let bytes = shape.rows as u64 * shape.row_bytes() as u64;
        let extra = metadata.icc.as_ref().map_or(0, Vec::len) as u64;
        let big = bytes.saturating_add(extra) > CLASSIC_BYTES;
        Self::with_offsets(shape, metadata, compression, big, out)
    }

    /// Begins a BigTIFF, with offsets of 64 bits, if `big`.
    pub(super) fn with_offsets(
        shape: Shape,
        metadata: Metadata,
        compression: Compression,
        big: bool,
        mut out: Destination<'a>,
    ) -> Result<Self> {
        let strip_rows = (STRIP / shape.row_bytes()).clamp(1, shape.rows);
        // The place of the directory comes in when it is known.
        let head: &[u8] = match big {
            true => b"II+\0\x08\0\0\0\0\0\0\0\0\0\0\0",
            false => b"II*\0\0\0\0\0",
        };
        out.write_all(head).map_err(message::writing)?;
        Ok(Self {
            out,
            shape,
            metadata,
            big,
            level: match compression {
                Compression::Fast => 1,
                Compression::Balanced => 6,
                Compression::Best => 9,
            },
            strip_rows,
            waiting: Vec::new(),
            most: strip_rows * shape.row_bytes() * rayon::current_num_threads(),
            at: head.len() as u64,
            offsets: Vec::new(),
            lengths: Vec::new(),
        })
    }

    /// Compresses and writes the rows that wait.
    fn flush(&mut self) -> Result<()> {
        let shape = self.shape;
        let strips: Vec<Vec<u8>> = self
            .waiting
            .par_chunks_mut(self.strip_rows * shape.row_bytes())
            .map(|strip| {
                for row in strip.chunks_exact_mut(shape.row_bytes()) {
                    make_differences(row, shape);
                }
                deflated(strip, self.level)
            })
            .collect::<Result<_>>()?;
        for strip in strips {
            self.out.write_all(&strip).map_err(message::writing)?;
            self.offsets.push(self.at);
            self.lengths.push(strip.len() as u64);
            self.at += strip.len() as u64;
        }
        self.waiting.clear();
        Ok(())
    }

    fn directory(&self) -> Directory {
        let Shape {
            rows,
            columns,
            channels,
            depth,
        } = self.shape;
        let mut directory = Directory::new(self.big);
        directory.long(256, columns as u32);
        directory.long(257, rows as u32);
        directory.shorts(258, &vec![8 * depth.bytes() as u16; channels]);
        // Deflate.
        directory.shorts(259, &[8]);
        // Black is zero, or RGB.
        directory.shorts(262, &[if channels < 3 { 1 } else { 2 }]);
        directory.offsets(273, &self.offsets);
        if let Some(orientation) = self.metadata.orientation {
            directory.shorts(274, &[orientation]);
        }
        directory.shorts(277, &[channels as u16]);
        directory.long(278, self.strip_rows as u32);
        directory.offsets(279, &self.lengths);
        // As many pixels in a row as in a column, of no known size.
        directory.ratio(282, [1, 1]);
        directory.ratio(283, [1, 1]);
        directory.shorts(296, &[1]);
        directory.shorts(317, &[if has_differences(depth) { 2 } else { 1 }]);
        if matches!(channels, 2 | 4) {
            directory.shorts(338, &[if self.metadata.premultiplied { 1 } else { 2 }]);
        }
        let format = if depth == Depth::F32 { 3 } else { 1 };
        directory.shorts(339, &vec![format; channels]);
        if let Some(icc) = &self.metadata.icc {
            directory.undefined(34675, icc);
        }
        directory
    }
}

impl Sink for Writer<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        let mut first = 0;
        while first < rows.len() {
            let room = (self.most - self.waiting.len()) / rows.depth().bytes();
            let end = rows.len().min(first + room);
            match rows.range(first, end) {
                SampleSlice::U8(part) => self.waiting.extend_from_slice(part),
                SampleSlice::U16(part) => {
                    let bytes = part.iter().flat_map(|sample| sample.to_le_bytes());
                    self.waiting.extend(bytes);
                }
                SampleSlice::F32(part) => {
                    let bytes = part.iter().flat_map(|sample| sample.to_le_bytes());
                    self.waiting.extend(bytes);
                }
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
        self.metadata = self.metadata.completed_by(late);
        // Values and the directory begin at even bytes.
        if !self.at.is_multiple_of(2) {
            self.out.write_all(&[0]).map_err(message::writing)?;
            self.at += 1;
        }
        let too_large = || Error::output("tiff cannot hold this picture; choose png or npy");
        let (directory, start) = self.directory().bytes(self.at).ok_or_else(too_large)?;
        let start = start.to_le_bytes();
        let (place, start) = match self.big {
            true => (8, &start[..]),
            false => (4, &start[..4]),
        };
        let out = &mut self.out;
        out.write_all(&directory)
            .and_then(|()| out.seek(SeekFrom::Start(place)))
            .and_then(|_| out.write_all(start))
            .and_then(|()| out.seek(SeekFrom::End(0)))
            .map_err(message::writing)?;
        Ok(Vec::new())
    }
}

/// Differences of floats do not compress, and integers' do.
const fn has_differences(depth: Depth) -> bool {
    !matches!(depth, Depth::F32)
}

/// Makes of every sample but the first of each channel what it adds to the one
/// before.
fn make_differences(row: &mut [u8], shape: Shape) {
    let channels = shape.channels;
    match shape.depth {
        Depth::U8 => {
            for at in (channels..row.len()).rev() {
                row[at] = row[at].wrapping_sub(row[at - channels]);
            }
        }
        Depth::U16 => {
            let samples = row.as_chunks_mut::<2>().0;
            for at in (channels..samples.len()).rev() {
                let [sample, before] =
                    [samples[at], samples[at - channels]].map(u16::from_le_bytes);
                samples[at] = sample.wrapping_sub(before).to_le_bytes();
            }
        }
        Depth::F32 => {}
    }
}

/// A zlib stream.
fn deflated(data: &[u8], level: u32) -> Result<Vec<u8>> {
    let mut compress = Compress::new(flate2::Compression::new(level), true);
    let mut out = Vec::with_capacity(data.len() / 2 + 1024);
    loop {
        let done = compress.total_in() as usize;
        let status = compress
            .compress_vec(&data[done..], &mut out, FlushCompress::Finish)
            .map_err(|error| {
                Error::output(format_args!(
                    "tiff cannot hold this picture ({error}); choose png or npy"
                ))
            })?;
        if status == Status::StreamEnd {
            return Ok(out);
        }
        out.reserve(data.len() / 2 + 1024);
    }
}
