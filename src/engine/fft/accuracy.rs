//! Which tiles of float samples a transform is accurate for.
//!
//! A transform spreads every sample, and its rounding errors, over the whole tile, and over the
//! other tile of its pair: errors are relative to the largest sample of both.

use std::{
    ops::{Range, RangeInclusive},
    slice,
};

use crate::{
    number::{Lane, LaneKind},
    simd::{Body, Isa, Simd},
};

/// Rows and columns of the blocks of a tile whose largest samples are compared.
const BLOCK_ROWS: usize = 16;
const BLOCK_COLUMNS: usize = 16;

/// The largest absolute sample of a tile, and the least of those of its blocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contrast {
    largest: f64,
    least: f64,
}

impl Contrast {
    /// Of nothing but zeros.
    pub(super) const NONE: Self = Self {
        largest: 0.0,
        least: f64::INFINITY,
    };

    /// Of a tile that no transform may compute.
    pub(super) const REFUSED: Self = Self {
        largest: f64::INFINITY,
        least: 0.0,
    };

    /// Adds the largest sample of a block.
    const fn add(&mut self, maximum: f64, is_whole: bool) {
        self.largest = self.largest.max(maximum);
        // In a block of zeros there is nothing that rounding errors would hide, and the
        // few samples of a part of a block may be small by chance.
        if maximum > 0.0 && is_whole {
            self.least = self.least.min(maximum);
        }
    }

    /// Of the samples of both.
    pub(super) const fn join(self, other: Self) -> Self {
        Self {
            largest: self.largest.max(other.largest),
            least: self.least.min(other.least),
        }
    }
}

/// The samples that a transform in one lane is accurate for.
#[derive(Debug)]
pub(super) struct Accurate {
    /// The largest sample of a tile, so that products and their sums neither underflow nor
    /// overflow.
    largest: RangeInclusive<f64>,
    /// The largest sample of a tile over the largest of any block: rounding errors would be seen
    /// in blocks that are far darker.
    contrast: f64,
}

impl Accurate {
    /// For a transform of `cells` in `lane`, of results that are as accurate as `results`.
    pub(super) fn new(lane: LaneKind, results: LaneKind, weights: &[f64], cells: usize) -> Self {
        let bits = match lane {
            LaneKind::F64 => 1000,
            LaneKind::I16 | LaneKind::F32 => 100,
        };
        let gain: f64 = weights.iter().map(|w| w.abs()).sum();
        let power = |n: i32| 2_f64.powi(n);
        let low = power(-bits / 2) / gain.clamp(power(-bits / 2), 1.0);
        let (high, contrast) = match lane == results {
            true => (power(bits) / cells as f64, MAX_CONTRAST),
            // In f32, errors of a sum of small samples are not infinite either.
            false => (power(126), MAX_WIDE_CONTRAST),
        };
        Self {
            largest: low..=high / gain.max(1.0),
            contrast,
        }
    }

    pub(super) fn holds(&self, contrast: Contrast) -> bool {
        let Contrast { largest, least } = contrast;
        largest == 0.0 || self.largest.contains(&largest) && largest <= least * self.contrast
    }
}

/// The largest contrast of tiles that are transformed in the lane of their results.
const MAX_CONTRAST: f64 = (1_u64 << 12) as f64;

/// The largest contrast of tiles with results in f32 that are transformed in f64: errors in their
/// darkest block are a thirty-second of those at [`MAX_CONTRAST`] in f32.
const MAX_WIDE_CONTRAST: f64 = (1_u64 << 36) as f64;

/// Buffers for the maxima of blocks.
#[derive(Debug)]
pub(super) struct Maxima<T> {
    /// Of every column in a row of blocks.
    columns: Vec<T>,
    /// Of every block, channel by channel.
    blocks: Vec<T>,
}

impl<T: Lane> Maxima<T> {
    pub(super) const fn new() -> Self {
        Self {
            columns: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// Adds these samples of every row to the contrast of each channel.
    pub(super) fn add(
        &mut self,
        simd: Simd,
        sources: &[&[T]],
        samples: &Range<usize>,
        contrasts: &mut [Contrast],
    ) {
        let channels = contrasts.len();
        let block = BLOCK_COLUMNS * channels;
        let whole = samples.len() / block;
        let Self { columns, blocks } = self;
        for rows in sources.chunks(BLOCK_ROWS) {
            columns.clear();
            columns.resize(samples.len(), T::ZERO);
            blocks.clear();
            blocks.resize(samples.len().div_ceil(block) * channels, T::ZERO);
            simd.run(BlockMaxima {
                rows,
                samples: samples.clone(),
                channels,
                columns: &mut *columns,
                blocks: &mut *blocks,
            });
            for (at, maxima) in blocks.chunks_exact(channels).enumerate() {
                let is_whole = at < whole && rows.len() == BLOCK_ROWS;
                for (contrast, maximum) in contrasts.iter_mut().zip(maxima) {
                    contrast.add(maximum.to_f64(), is_whole);
                }
            }
        }
    }
}

/// The largest absolute sample of every block in a row of blocks, channel by channel.
struct BlockMaxima<'a, T> {
    rows: &'a [&'a [T]],
    samples: Range<usize>,
    channels: usize,
    columns: &'a mut [T],
    blocks: &'a mut [T],
}

impl<T: Lane> Body for BlockMaxima<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        for row in self.rows {
            for (maximum, sample) in self.columns.iter_mut().zip(&row[self.samples.clone()]) {
                *maximum = T::largest(slice::from_ref(sample), *maximum);
            }
        }
        let columns = self.columns.chunks(BLOCK_COLUMNS * self.channels);
        for (columns, blocks) in columns.zip(self.blocks.chunks_exact_mut(self.channels)) {
            for pixel in columns.chunks_exact(self.channels) {
                for (maximum, column) in blocks.iter_mut().zip(pixel) {
                    *maximum = T::largest(slice::from_ref(column), *maximum);
                }
            }
        }
    }
}
