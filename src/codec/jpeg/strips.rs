//! Large pictures of one scan, decoded in strips: each is made a small picture
//! of its own, and every core decodes one at a time.

use std::{borrow::Cow, collections::VecDeque, mem, ops::Range};

use rayon::prelude::*;
use zune_core::{bytestream::ZCursor, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use crate::{
    codec::rows::{Source, Trailer},
    error::Result,
    image::{ImageSpec, SampleSliceMut, zeroed_vec},
};

use super::{data::Data, decoding, head::Head, row_buffers};

/// What is cut, and how.
#[derive(Debug, Clone, Copy)]
pub(in crate::codec) struct Cut {
    /// The fewest pixels of a picture that is cut.
    pub(in crate::codec) pixels: usize,
    /// About the bytes of samples in a strip.
    pub(in crate::codec) bytes: usize,
}

/// How many times as large strips are of which some rows are decoded twice.
const BLENDED: usize = 4;

/// The most rows of MCUs that a strip is made of because so few of them begin
/// at a restart.
const SELDOM: usize = 64;

/// The rows of a picture that is decoded in strips.
pub(super) struct Strips<'a> {
    head: Head,
    data: Data<'a>,
    spec: ImageSpec,
    options: DecoderOptions,
    trailer: Trailer,
    /// The rows of MCUs in a strip.
    height: usize,
    /// Those above it that are decoded with it, and those below.
    around: [usize; 2],
    /// How many strips are decoded at a time.
    together: usize,
    decoded: usize,
    /// Those that are decoded and not read to their end.
    ready: VecDeque<Strip>,
    /// Buffers to be used again.
    spare: Vec<Vec<u8>>,
}

/// Samples, and which of them are left to be read.
struct Strip {
    samples: Vec<u8>,
    left: Range<usize>,
}

impl<'a> Strips<'a> {
    /// The rows of a file whose head the decoder has accepted; the file itself,
    /// if it is small or not of the kind.
    pub(super) fn new(
        bytes: Cow<'a, [u8]>,
        spec: ImageSpec,
        options: DecoderOptions,
        trailer: Trailer,
        cut: Cut,
    ) -> std::result::Result<Self, Cow<'a, [u8]>> {
        let large = spec.rows * spec.columns >= cut.pixels;
        let Some(head) = large.then(|| Head::of(&bytes)).flatten() else {
            return Err(bytes);
        };
        let [rows, columns] = head.size();
        // Every so many rows begin at a restart. Where they are many, which
        // nobody writes, the picture is decoded whole.
        let unit = match head.interval {
            0 => 1,
            interval => interval / common_divisor(interval, columns),
        };
        if unit > SELDOM || [head.rows, head.columns] != [spec.rows, spec.columns] {
            return Err(bytes);
        }
        let data = Data::of(bytes, &head)?;
        let (bytes, around) = match head.blends_rows {
            true => (BLENDED * cut.bytes, [unit, 1]),
            false => (cut.bytes, [0, 0]),
        };
        let height = bytes / (head.mcu[0] * spec.row_bytes());
        let height = height.max(1).next_multiple_of(unit);
        Ok(Self {
            height,
            around,
            together: rayon::current_num_threads().min(rows.div_ceil(height)),
            head,
            data,
            spec,
            options,
            trailer,
            decoded: 0,
            ready: VecDeque::new(),
            spare: Vec::new(),
        })
    }

    /// The rows of MCUs that are decoded for the strip of this number.
    fn decoded_for(&self, number: usize) -> Range<usize> {
        let [above, below] = self.around;
        let [rows, _] = self.head.size();
        let first = number * self.height;
        first.saturating_sub(above)..rows.min(first + self.height + below)
    }

    /// Decodes the next strips, and finds the rows of those behind them meanwhile.
    fn decode_some(&mut self) -> Result<()> {
        let [rows, _] = self.head.size();
        let end = rows.div_ceil(self.height).min(self.decoded + self.together);
        let strips = self.decoded..end;
        self.data.need_rows(self.decoded_for(end - 1).end)?;
        let ahead = self.decoded_for(end + self.together - 1).end;
        let mut buffers = mem::take(&mut self.spare);
        buffers.resize_with(strips.len(), Vec::new);
        let (found, decoded) = rayon::join(
            || self.data.find_rows(ahead),
            || -> Vec<Result<Strip>> {
                let strips = strips.into_par_iter().zip(buffers);
                strips
                    .map(|(at, samples)| self.decode(at, samples))
                    .collect()
            },
        );
        self.data.add_rows(found);
        for strip in decoded {
            self.ready.push_back(strip?);
        }
        self.decoded = end;
        Ok(())
    }

    fn decode(&self, number: usize, mut samples: Vec<u8>) -> Result<Strip> {
        let (high, row_len) = (self.head.mcu[0], self.spec.row_len());
        let rows_of = |mcus: [usize; 2]| mcus.map(|mcu| (high * mcu).min(self.spec.rows));
        let around = self.decoded_for(number);
        let [start, end] = rows_of([around.start, around.end]);
        let own = rows_of([number, number + 1].map(|number| number * self.height));
        let len = (end - start) * row_len;
        if samples.len() < len {
            samples = zeroed_vec(len)?;
        }
        let mut picture = self.head.of_rows(end - start);
        self.data.append(around, &self.head, &mut picture)?;
        JpegDecoder::new_with_options(ZCursor::new(&picture), self.options)
            .decode_into(&mut samples[..len])
            .map_err(decoding)?;
        let [first, last] = own.map(|row| (row - start) * row_len);
        let left = first..last;
        Ok(Strip { samples, left })
    }
}

impl Source for Strips<'_> {
    fn fill(&mut self, out: SampleSliceMut<'_>) -> Result<()> {
        let mut out = out.into_bytes();
        while !out.is_empty() {
            let Some(strip) = self.ready.front_mut() else {
                self.decode_some()?;
                continue;
            };
            let count = out.len().min(strip.left.len());
            let (filled, rest) = out.split_at_mut(count);
            let end = strip.left.start + count;
            filled.copy_from_slice(&strip.samples[strip.left.start..end]);
            strip.left.start = end;
            out = rest;
            if strip.left.is_empty() {
                self.spare
                    .extend(self.ready.pop_front().map(|strip| strip.samples));
            }
        }
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<Trailer> {
        Ok(self.trailer)
    }

    /// The file, and the strips that are decoded at a time, with their data: those
    /// of all of them together are no more than the file, while they grow twice
    /// that. A strip before that may have
    /// had fewer rows, and its buffer is there until a larger one takes its
    /// place.
    fn memory(&self) -> usize {
        let [rows, columns] = self.head.size();
        let [high, wide] = self.head.mcu;
        let strip = rows.min(self.height + self.around[0] + self.around[1]);
        let samples = strip * high * self.spec.row_bytes();
        let components = self.head.components.len();
        let decoder = row_buffers(columns * wide, components, high / 8);
        // Guards stand behind the data between restarts.
        3 * self.data.len() + self.data.kept() + self.together * (samples + decoder)
    }
}

fn common_divisor(a: usize, b: usize) -> usize {
    match b {
        0 => a,
        _ => common_divisor(b, a % b),
    }
}
