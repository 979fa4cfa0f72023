//! Large images of one scan, decoded in strips in parallel: each strip becomes a
//! small JPEG of its own.

use std::{borrow::Cow, collections::VecDeque, mem, ops::Range};

use rayon::prelude::*;
use zune_core::{bytestream::ZCursor, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use crate::{
    codec::rows::{Source, Trailer},
    error::Result,
    image::{ImageSpec, SampleSliceMut, zeroed_vec},
};

use super::{NAME, decode_error, row_buffers, scan_data::ScanData, strip_headers::Headers};

/// Which images are split into strips, and the size of a strip.
#[derive(Debug, Clone, Copy)]
pub(in crate::codec) struct SplitSettings {
    /// The minimum number of pixels of an image that is split.
    pub(in crate::codec) pixels: usize,
    /// The approximate bytes of samples in a strip.
    pub(in crate::codec) bytes: usize,
}

/// How many times larger strips are if they overlap, to reduce the share of rows
/// that are decoded twice.
const OVERLAP_SCALE: usize = 4;

/// The maximum number of MCU rows between two that begin at a restart: strips can
/// only be split there.
const MAX_RESTART_ROWS: usize = 64;

/// A row source that decodes an image in strips.
pub(super) struct Strips<'a> {
    head: Headers,
    data: ScanData<'a>,
    spec: ImageSpec,
    options: DecoderOptions,
    trailer: Trailer,
    /// The number of MCU rows in a strip.
    height: usize,
    /// The number of MCU rows above and below a strip that are decoded with it.
    overlap: [usize; 2],
    /// How many strips are decoded in parallel.
    parallel: usize,
    decoded: usize,
    /// The decoded strips with unread rows.
    ready: VecDeque<Strip>,
    /// Sample buffers for reuse.
    recycled: Vec<Vec<u8>>,
}

/// A decoded strip, and the range of its samples that is not read yet.
struct Strip {
    samples: Vec<u8>,
    unread: Range<usize>,
}

impl<'a> Strips<'a> {
    /// A source for a file whose headers the decoder has accepted. Gives the file back
    /// if it is small or cannot be split.
    pub(super) fn new(
        bytes: Cow<'a, [u8]>,
        spec: ImageSpec,
        options: DecoderOptions,
        trailer: Trailer,
        settings: SplitSettings,
    ) -> std::result::Result<Self, Cow<'a, [u8]>> {
        let large = spec.rows * spec.columns >= settings.pixels;
        let Some(head) = large.then(|| Headers::of(&bytes)).flatten() else {
            return Err(bytes);
        };
        let [rows, columns] = head.size();
        // Every `unit`-th MCU row begins at a restart. If `unit` is unusually large,
        // the image is decoded whole.
        let unit = match head.interval {
            0 => 1,
            interval => interval / common_divisor(interval, columns),
        };
        if unit > MAX_RESTART_ROWS || [head.rows, head.columns] != [spec.rows, spec.columns] {
            return Err(bytes);
        }
        let data = ScanData::of(bytes, &head)?;
        let (bytes, overlap) = match head.has_vertical_upsampling {
            true => (OVERLAP_SCALE * settings.bytes, [unit, 1]),
            false => (settings.bytes, [0, 0]),
        };
        let height = bytes / (head.mcu[0] * spec.row_bytes());
        let height = height.max(1).next_multiple_of(unit);
        Ok(Self {
            height,
            overlap,
            parallel: rayon::current_num_threads().min(rows.div_ceil(height)),
            head,
            data,
            spec,
            options,
            trailer,
            decoded: 0,
            ready: VecDeque::new(),
            recycled: Vec::new(),
        })
    }

    /// The MCU rows that are decoded for strip `number`, including the overlap.
    fn decoded_for(&self, number: usize) -> Range<usize> {
        let [above, below] = self.overlap;
        let [rows, _] = self.head.size();
        let first = number * self.height;
        first.saturating_sub(above)..rows.min(first + self.height + below)
    }

    /// Decodes the next strips, and in parallel finds the row starts of the strips after them.
    fn decode_batch(&mut self) -> Result<()> {
        let [rows, _] = self.head.size();
        let end = rows.div_ceil(self.height).min(self.decoded + self.parallel);
        let strips = self.decoded..end;
        self.data.need_rows(self.decoded_for(end - 1).end)?;
        let lookahead_end = self.decoded_for(end + self.parallel - 1).end;
        let mut buffers = mem::take(&mut self.recycled);
        buffers.resize_with(strips.len(), Vec::new);
        let (found, decoded) = rayon::join(
            || self.data.find_rows(lookahead_end),
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
        let (mcu_height, row_len) = (self.head.mcu[0], self.spec.row_len());
        let rows_of = |mcus: [usize; 2]| mcus.map(|mcu| (mcu_height * mcu).min(self.spec.rows));
        let overlap = self.decoded_for(number);
        let [start, end] = rows_of([overlap.start, overlap.end]);
        let own = rows_of([number, number + 1].map(|number| number * self.height));
        let len = (end - start) * row_len;
        if samples.len() < len {
            samples = zeroed_vec(len)?;
        }
        let mut picture = self.head.of_rows(end - start);
        self.data.append(overlap, &self.head, &mut picture)?;
        JpegDecoder::new_with_options(ZCursor::new(picture.as_slice()), self.options)
            .decode_into(&mut samples[..len])
            .map_err(|error| decode_error(NAME, error))?;
        let [first, last] = own.map(|row| (row - start) * row_len);
        let unread = first..last;
        Ok(Strip { samples, unread })
    }
}

impl Source for Strips<'_> {
    fn fill(&mut self, out: SampleSliceMut<'_>) -> Result<()> {
        let mut out = out.into_bytes();
        while !out.is_empty() {
            let Some(strip) = self.ready.front_mut() else {
                self.decode_batch()?;
                continue;
            };
            let count = out.len().min(strip.unread.len());
            let (filled, rest) = out.split_at_mut(count);
            let end = strip.unread.start + count;
            filled.copy_from_slice(&strip.samples[strip.unread.start..end]);
            strip.unread.start = end;
            out = rest;
            if strip.unread.is_empty() {
                self.recycled
                    .extend(self.ready.pop_front().map(|strip| strip.samples));
            }
        }
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<Trailer> {
        Ok(self.trailer)
    }

    /// The file, and the buffers of the strips decoded in parallel. The strips' JPEG
    /// data together are no larger than the file, and twice that while they grow.
    fn memory(&self) -> usize {
        let [rows, columns] = self.head.size();
        let [mcu_height, mcu_width] = self.head.mcu;
        let strip = rows.min(self.height + self.overlap[0] + self.overlap[1]);
        let samples = strip * mcu_height * self.spec.row_bytes();
        let components = self.head.components.len();
        let decoder = row_buffers(columns * mcu_width, components, mcu_height / 8);
        // `index_bytes` includes the guards after each restart interval.
        3 * self.data.len() + self.data.index_bytes() + self.parallel * (samples + decoder)
    }
}

fn common_divisor(a: usize, b: usize) -> usize {
    match b {
        0 => a,
        _ => common_divisor(b, a % b),
    }
}
