//! Statistics of an image whose rows come one after another.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    Statistics, bins,
    moments::{Moments, Pairwise},
    summary::{ChannelStatistics, Filled},
    tally::{BLOCK, Sums, Tallied, Tally},
};
use crate::{
    error::Result,
    image::{Channels, ImageSpec, ImageView, zeroed_vec},
    simd::Simd,
    view::StridedView,
};

/// The most tallies of all threads and channels. Of more channels each has one.
const MAX_TALLIES: usize = 64;

/// The blocks of all channels whose moments are kept at a time, roughly.
const BLOCKS_AT_ONCE: usize = 1 << 12;

/// What is known of the rows of an image that were added so far.
#[derive(Debug)]
pub(crate) struct Accumulator {
    spec: ImageSpec,
    meaning: Channels,
    simd: Simd,
    workers: Vec<Worker>,
    /// Of each channel of floats, the moments of the blocks so far.
    moments: Vec<Pairwise>,
}

/// What one thread has counted.
#[derive(Debug)]
struct Worker {
    /// One for each channel.
    tallies: Vec<Tally>,
    /// The moments of the blocks of the last rows: row by row, block by block, channel by
    /// channel.
    moments: Vec<Moments>,
}

/// An upper bound of the bytes that the statistics of an image take on this many threads.
pub(crate) fn memory(spec: ImageSpec, threads: usize) -> usize {
    let bins = bins::count(spec.depth);
    let tables = if spec.depth.bytes() == 1 { 4 } else { 1 };
    let tally = bins * (tables * size_of::<u32>() + size_of::<u64>());
    let (workers, channels) = (workers(spec, threads), spec.channels);
    let blocks = spec.columns.div_ceil(BLOCK).saturating_mul(channels);
    let moments = blocks
        .max(BLOCKS_AT_ONCE)
        .saturating_mul(4 * size_of::<Moments>());
    // The counts and the bins that are not empty, of one channel at a time.
    let summary = (bins + 2) * (size_of::<u64>() + size_of::<Filled>());
    (tally.saturating_mul(workers).saturating_mul(channels))
        .saturating_add(moments)
        .saturating_add(summary)
        .saturating_add(channels.saturating_mul(1 << 14))
}

/// How many threads count at the same time.
fn workers(spec: ImageSpec, threads: usize) -> usize {
    threads.min(MAX_TALLIES / spec.channels.max(1)).max(1)
}

impl Accumulator {
    /// For the rows of an image of this spec.
    ///
    /// # Errors
    ///
    /// If memory cannot be allocated.
    pub(crate) fn new(spec: ImageSpec, threads: usize, simd: Simd) -> Result<Self> {
        let channels = spec.channels;
        let tally = |_| each_depth!(spec.depth, T => Tally::new::<T>());
        let worker = |_| {
            Ok(Worker {
                tallies: (0..channels).map(tally).collect::<Result<_>>()?,
                moments: Vec::new(),
            })
        };
        Ok(Self {
            spec,
            meaning: Channels::of_picture(channels),
            simd,
            workers: (0..workers(spec, threads))
                .map(worker)
                .collect::<Result<_>>()?,
            moments: (0..channels).map(|_| Pairwise::default()).collect(),
        })
    }

    /// With these channels, where they are not a picture's.
    pub(crate) fn with_channels(self, meaning: Channels) -> Self {
        Self { meaning, ..self }
    }

    /// Whether the rows of another page of this spec can be added, which come next then.
    pub(crate) fn begin_page(&mut self, spec: ImageSpec) -> bool {
        let is_same = (spec.depth, spec.channels) == (self.spec.depth, self.spec.channels);
        if is_same {
            self.spec = spec;
        }
        is_same
    }

    /// Adds the next rows, whole ones of the image's type.
    ///
    /// # Errors
    ///
    /// If memory cannot be allocated.
    pub(crate) fn add(&mut self, rows: ImageView<'_>) -> Result<()> {
        each_sample!(ImageView(rows), rows => self.add_rows(rows))
    }

    fn add_rows<T: Tallied>(&mut self, rows: StridedView<'_, T, 3>) -> Result<()> {
        let ImageSpec {
            columns, channels, ..
        } = self.spec;
        let blocks = columns.div_ceil(BLOCK) * channels;
        let at_once = (BLOCKS_AT_ONCE / blocks.max(1)).max(1);
        let count = rows.shape()[0];
        for first in (0..count).step_by(at_once) {
            self.add_some(rows, first..count.min(first + at_once))?;
        }
        Ok(())
    }

    /// Adds rows, few enough to keep the moments of all their blocks.
    fn add_some<T: Tallied>(
        &mut self,
        view: StridedView<'_, T, 3>,
        rows: Range<usize>,
    ) -> Result<()> {
        let (simd, part) = (self.simd, rows.len().div_ceil(self.workers.len()));
        let add = |(at, worker): (usize, &mut Worker)| {
            let start = rows.end.min(rows.start + at * part);
            worker.add(simd, view, start..rows.end.min(start + part))
        };
        match self.workers.len() {
            1 => self.workers.iter_mut().enumerate().try_for_each(add)?,
            _ => self.workers.par_iter_mut().enumerate().try_for_each(add)?,
        }
        for worker in &mut self.workers {
            let channels = (0..self.spec.channels).cycle();
            for (channel, moments) in channels.zip(worker.moments.drain(..)) {
                self.moments[channel].push(moments);
            }
        }
        Ok(())
    }

    /// The statistics of all rows.
    pub(crate) fn finish(self) -> Statistics {
        let depth = self.spec.depth;
        let channel = |(channel, moments): (usize, &Pairwise)| {
            let tallies = self.workers.iter().map(|worker| &worker.tallies[channel]);
            let mut counts = vec![0; bins::count(depth)];
            let mut sums = Sums::EMPTY;
            for tally in tallies {
                tally.add_to(&mut counts);
                sums = sums.join(&tally.sums);
            }
            ChannelStatistics::new(depth, &counts, &sums, moments.total())
        };
        Statistics {
            depth,
            meaning: self.meaning,
            channels: self.moments.iter().enumerate().map(channel).collect(),
        }
    }
}

impl Worker {
    /// Adds some rows.
    fn add<T: Tallied>(
        &mut self,
        simd: Simd,
        view: StridedView<'_, T, 3>,
        rows: Range<usize>,
    ) -> Result<()> {
        let [_, columns, channels] = view.shape();
        // A block of one channel, and of all channels if they are not contiguous.
        let mut block = zeroed_vec::<T>(columns.min(BLOCK))?;
        let mut pixels = Vec::new();
        for row in rows {
            let flat = view.flat_row(row);
            for start in (0..columns).step_by(BLOCK) {
                let end = columns.min(start + BLOCK);
                let samples = match flat {
                    Some(row) => &row[start * channels..end * channels],
                    None => {
                        let part = view.index_axis(0, row)?.slice(0, start..end)?;
                        pixels.clear();
                        pixels.extend(part.iter());
                        &pixels[..]
                    }
                };
                for (channel, tally) in self.tallies.iter_mut().enumerate() {
                    let moments = if channels == 1 {
                        tally.add(simd, samples)
                    } else {
                        let block = &mut block[..end - start];
                        for (to, pixel) in block.iter_mut().zip(samples.chunks_exact(channels)) {
                            *to = pixel[channel];
                        }
                        tally.add(simd, block)
                    };
                    if T::HAS_MOMENTS {
                        self.moments.push(moments);
                    }
                }
            }
        }
        Ok(())
    }
}
