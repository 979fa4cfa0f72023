//! Overlap-save: tiles of the source through a fast Fourier transform, times
//! the kernel's spectrum, and back. The work per sample hardly grows with the
//! kernel.
//!
//! Tiles stand on a grid counted from the first output row and column and are
//! paired along it, so that no sum depends on bands or threads; calls must
//! begin at multiples of [`Fft::rows_at_once`] rows.
//!
//! A transform spreads every sample over its whole tile, and its rounding with
//! it. Tiles with a sample that is not finite or larger than full scale are
//! therefore left to the direct method. Of the others, sums in f32 were off by
//! at most 6.5e-7 x full scale x sum|w|, sums in f64 by 7e-16: noise, steps,
//! lines, single pixels and waves under kernels of 9 to 127 rows.
//!
//! The transforms are our own: with one line per SIMD lane they need no
//! shuffles and no sorting and come in every level's instructions, and took
//! half the time of rustfft's with its transpositions (31 x 31 in f32).

mod error;
mod tile;
mod tiling;
mod transform;
mod transpose;

use std::ops::Range;

pub(crate) use error::error_bound;
use tile::{Forward, Pair, Spectrum, Tile, TileRow};
pub(crate) use tiling::Tiling;
use transform::{Float, Transform, cells};

use super::{Band, Lane, LaneKind, Taps, direct};
use crate::{kernel::Kernel, simd::Simd};

/// A float lane that sums can be transformed in.
pub(crate) trait FftLane: Float {
    /// The lanes of a cell are a constant of the code, so each type names its
    /// own instance.
    fn tiles(simd: Simd, tiles: TileRow<'_, Self>);

    /// Whether every sample is a number and not larger than that.
    fn all_within(samples: &[Self], largest: Self) -> bool;
}

impl FftLane for f32 {
    fn tiles(simd: Simd, tiles: TileRow<'_, Self>) {
        simd.run(tile::F32(tiles));
    }

    fn all_within(samples: &[Self], largest: Self) -> bool {
        (samples.iter()).fold(true, |within, sample| within & (sample.abs() <= largest))
    }
}

impl FftLane for f64 {
    fn tiles(simd: Simd, tiles: TileRow<'_, Self>) {
        simd.run(tile::F64(tiles));
    }

    fn all_within(samples: &[Self], largest: Self) -> bool {
        (samples.iter()).fold(true, |within, sample| within & (sample.abs() <= largest))
    }
}

/// A kernel ready for tiles.
#[derive(Debug)]
pub(crate) struct Fft<T> {
    simd: Simd,
    tiling: Tiling,
    /// Rows and columns from the kernel's first tap to its last.
    reach: [usize; 2],
    origin: [usize; 2],
    spectrum: Spectrum<T>,
    /// The largest sample that a tile may hold, if that must be looked at.
    largest: Option<T>,
}

/// Buffers of one thread, kept from call to call.
#[derive(Debug)]
pub(crate) struct Scratch<T> {
    tile: Aligned<T>,
    line: Aligned<T>,
    /// The sums of a tile that is left to the direct method.
    sums: Vec<T>,
}

impl<T: FftLane> Fft<T> {
    /// `origin` is where the kernel's first tap stands in the window that
    /// `tiling` was chosen for. With `largest`, tiles are looked at and left
    /// to the direct method if a sample is beyond it or not a number.
    pub(crate) fn new(
        simd: Simd,
        tiling: Tiling,
        kernel: &Kernel,
        dilation: [usize; 2],
        origin: [usize; 2],
        largest: Option<T>,
    ) -> Self {
        let [rows, columns] = kernel.weights().shape();
        Self {
            simd,
            tiling,
            reach: [(rows - 1) * dilation[0], (columns - 1) * dilation[1]],
            origin,
            spectrum: spectrum(simd, tiling.size, kernel, dilation),
            largest,
        }
    }

    /// Output rows of a tile.
    pub(crate) const fn rows_at_once(&self) -> usize {
        self.tiling.valid[0]
    }

    /// Buffers for this kernel and all others of the same tiling.
    pub(crate) fn scratch(&self) -> Scratch<T> {
        let [rows, columns] = self.tiling.size;
        Scratch {
            tile: Aligned::new(2 * rows * columns),
            line: Aligned::new(2 * columns * lanes(T::KIND)),
            sums: Vec::new(),
        }
    }

    /// See [`super::contract`]; the band's steps are left to the caller, and
    /// `first` counts rows before the step. `taps` are those of the kernel.
    pub(crate) fn contract(
        &self,
        band: &Band<'_, T>,
        taps: &Taps<T>,
        first: usize,
        out: &mut [T],
        stride: usize,
        scratch: &mut Scratch<T>,
    ) {
        let at_once = self.rows_at_once();
        let channels = band.view.shape()[2];
        let (mut sources, mut pairs) = (Vec::new(), Vec::new());
        for (i, out) in out.chunks_mut(at_once * stride).enumerate() {
            let y = first + i * at_once;
            let top = y + self.origin[0];
            let rows = top..top + out.len().div_ceil(stride) + self.reach[0];
            sources.clear();
            sources.extend(rows.map_while(|row| band.view.flat_row(row)));
            let refused = self.pair(band, &sources, &mut pairs);
            T::tiles(
                self.simd,
                TileRow {
                    spectrum: &self.spectrum,
                    sources: &sources,
                    pairs: &pairs,
                    channels,
                    out,
                    stride,
                    tile: scratch.tile.get_mut(),
                    line: scratch.line.get_mut(),
                },
            );
            for columns in refused {
                self.directly(band, taps, y, columns, out, stride, &mut scratch.sums);
            }
        }
    }

    /// Pairs the tiles of a row, channel by channel; returns the columns of
    /// sums of those that are refused.
    fn pair(
        &self,
        band: &Band<'_, T>,
        sources: &[&[T]],
        pairs: &mut Vec<Pair>,
    ) -> Vec<Range<usize>> {
        let channels = band.view.shape()[2];
        let mut refused = Vec::new();
        pairs.clear();
        let mut count = 0;
        for x in (0..band.positions).step_by(self.tiling.valid[1]) {
            let sums = self.tiling.valid[1].min(band.positions - x);
            let columns = sums + self.reach[1];
            let from = (x + self.origin[1]) * channels;
            let samples = from..from + columns * channels;
            let taken = self.takes(sources.iter().map(|row| &row[samples.clone()]));
            if !taken {
                refused.push(x..x + sums);
            }
            for channel in 0..channels {
                if count % 2 == 0 {
                    pairs.push(Pair::default());
                }
                if let (true, Some(pair)) = (taken, pairs.last_mut()) {
                    pair[count % 2] = Tile {
                        from: from + channel,
                        columns,
                        to: x * channels + channel,
                        sums,
                    };
                }
                count += 1;
            }
        }
        refused
    }

    /// Whether every sample is one that a tile may hold.
    fn takes<'a>(&self, mut rows: impl Iterator<Item = &'a [T]>) -> bool {
        self.largest
            .is_none_or(|largest| rows.all(|row| T::all_within(row, largest)))
    }

    /// Computes some columns of sums by the direct method.
    #[allow(
        clippy::too_many_arguments,
        reason = "those of `contract`, and the columns"
    )]
    fn directly(
        &self,
        band: &Band<'_, T>,
        taps: &Taps<T>,
        first: usize,
        columns: Range<usize>,
        out: &mut [T],
        stride: usize,
        sums: &mut Vec<T>,
    ) {
        let channels = band.view.shape()[2];
        // A row shorter than a block is computed past its end, where the band
        // has room for it only if the block ends where the row does.
        let block = T::MAX_BLOCK.div_ceil(channels);
        let from = columns.start.min(band.positions.saturating_sub(block));
        let part = Band {
            view: (band.view.slice(1, from..)).expect("a band is as wide as its windows"),
            positions: columns.end - from,
            step: [1, 1],
            ..*band
        };
        let part_stride = part.dense_len().max(T::MAX_BLOCK);
        sums.clear();
        sums.resize(out.len().div_ceil(stride) * part_stride, T::ZERO);
        direct::contract(self.simd, &part, taps, first, sums, part_stride);
        let skipped = (columns.start - from) * channels;
        let len = columns.len() * channels;
        for (out, sums) in out.chunks_mut(stride).zip(sums.chunks_exact(part_stride)) {
            let to = columns.start * channels;
            out[to..to + len].copy_from_slice(&sums[skipped..skipped + len]);
        }
    }
}

/// The lines that are transformed at once: 64 bytes of real parts, the
/// vector of AVX-512, at every level. Shorter vectors take several.
const fn lanes(lane: LaneKind) -> usize {
    64 / lane.bytes()
}

/// The spectrum of the kernel, turned by 180 degrees and scaled: a product
/// with it and two unscaled transforms correlate. Computed in f64 always.
fn spectrum<T: FftLane>(
    simd: Simd,
    [height, width]: [usize; 2],
    kernel: &Kernel,
    dilation: [usize; 2],
) -> Spectrum<T> {
    let wide = lanes(LaneKind::F64);
    let scale = (height * width) as f64;
    let mut tile = vec![0.0; 2 * height * width];
    let kernel_columns = kernel.columns();
    for (i, &weight) in kernel.weights().iter().enumerate() {
        let y = (height - i / kernel_columns * dilation[0]) % height;
        let x = (width - i % kernel_columns * dilation[1]) % width;
        tile[(x / wide * height + y) * 2 * wide + x % wide] += weight / scale;
    }
    let mut lines = vec![0.0; tile.len()];
    simd.run(Forward {
        columns: &Transform::new(height),
        rows: &Transform::new(width),
        tile: &mut tile,
        out: &mut lines,
    });
    // From lines of 8 column frequencies to lines of as many as the lane has.
    let lines = cells::<f64, 8>(&lines);
    let lanes = lanes(T::KIND);
    let mut product = Aligned::new(2 * height * width);
    let out = product.get_mut().chunks_exact_mut(2 * lanes);
    for (i, cell) in out.enumerate() {
        let (y, x) = (i / width * lanes, i % width);
        for (part, values) in cell.chunks_exact_mut(lanes).enumerate() {
            for (y, value) in (y..).zip(values) {
                *value = T::from_weight(lines[y / wide * width + x][part][y % wide]);
            }
        }
    }
    Spectrum {
        columns: Transform::new(height),
        rows: Transform::new(width),
        product,
    }
}

/// Numbers that begin at a multiple of 64 bytes: a cell then lies in as few
/// cache lines as it can.
#[derive(Debug)]
struct Aligned<T> {
    buffer: Vec<T>,
    from: usize,
    len: usize,
}

impl<T: Lane> Aligned<T> {
    fn new(len: usize) -> Self {
        let slack = lanes(T::KIND);
        let buffer = vec![T::ZERO; len + slack];
        let from = buffer.as_ptr().align_offset(64).min(slack);
        Self { buffer, from, len }
    }

    fn get(&self) -> &[T] {
        &self.buffer[self.from..self.from + self.len]
    }

    fn get_mut(&mut self) -> &mut [T] {
        &mut self.buffer[self.from..self.from + self.len]
    }
}

#[cfg(test)]
mod tests;
