//! A row of tiles, two at a time through one complex transform.
//!
//! The kernel is real, so real and imaginary part are convolved independently: each
//! holds one tile, and no spectrum has to be separated.
//!
//! A tile of N x M is M / W panels of W columns: N cells each, one column per
//! lane. Columns are transformed within panels; for rows, squares of W x W are
//! transposed while they are copied to a line of M cells, where W rows are
//! transformed, multiplied by the spectrum and transformed back at once.

use super::{
    aligned::Aligned,
    transform::{Cell, Float, Transform, cells, cells_mut},
    transpose::transpose,
};
use crate::{
    number::Lane,
    simd::{Body, Isa, Simd},
};

/// One channel of one tile.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tile {
    /// The first sample in the source rows.
    pub(super) from: usize,
    /// Source columns; beyond them are zeros.
    pub(super) columns: usize,
    /// The first sum in the rows of sums.
    pub(super) to: usize,
    /// Columns of sums.
    pub(super) sums: usize,
}

/// Two tiles, the real and the imaginary part.
pub(super) type Pair = [Tile; 2];

/// The transforms of a tile's columns and rows, and the kernel's spectrum.
#[derive(Debug)]
pub(super) struct Spectrum<T> {
    pub(super) columns: Transform<T>,
    pub(super) rows: Transform<T>,
    /// Scaled, and transposed like the lines that it is multiplied by: line after line of
    /// W frequencies of the columns.
    pub(super) product: Aligned<T>,
}

/// The samples that a row of tiles is computed from, and its sums.
#[derive(Debug)]
pub(crate) struct TileRow<'a, S> {
    /// At most N flat source rows; beyond them are zeros.
    pub(super) sources: &'a [&'a [S]],
    pub(super) channels: usize,
    pub(super) out: &'a mut [S],
    pub(super) stride: usize,
}

impl<S> TileRow<'_, S> {
    pub(super) const fn reborrow(&mut self) -> TileRow<'_, S> {
        TileRow {
            sources: self.sources,
            channels: self.channels,
            out: &mut *self.out,
            stride: self.stride,
        }
    }
}

/// Pairs of tiles in one row, with samples and sums in `S`, to be transformed in `T`.
#[derive(Debug)]
pub(crate) struct PairedTiles<'a, S, T> {
    pub(super) spectrum: &'a Spectrum<T>,
    pub(super) pairs: &'a [Pair],
    pub(super) row: TileRow<'a, S>,
    pub(super) tile: &'a mut [T],
    pub(super) line: &'a mut [T],
}

struct F32<'a, S>(PairedTiles<'a, S, f32>);
struct F64<'a, S>(PairedTiles<'a, S, f64>);

/// A lane that a row of tiles is transformed in, as
/// [`Blocks`](super::register_blocks::Blocks) for the direct loop. Only float lanes are
/// transformed.
pub(crate) trait Tiles: Lane {
    fn contract<S: Lane>(simd: Simd, tiles: PairedTiles<'_, S, Self>);
}

impl Tiles for i16 {
    fn contract<S: Lane>(_: Simd, _: PairedTiles<'_, S, Self>) {
        unreachable!("the plan transforms in float lanes only");
    }
}

impl Tiles for f32 {
    fn contract<S: Lane>(simd: Simd, tiles: PairedTiles<'_, S, Self>) {
        simd.run(F32(tiles));
    }
}

impl Tiles for f64 {
    fn contract<S: Lane>(simd: Simd, tiles: PairedTiles<'_, S, Self>) {
        simd.run(F64(tiles));
    }
}

impl<S: Lane> Body for F32<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        self.0.contract::<I, 16>();
    }
}

impl<S: Lane> Body for F64<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        self.0.contract::<I, 8>();
    }
}

impl<S: Lane, T: Float> PairedTiles<'_, S, T> {
    #[inline(always)]
    fn contract<I: Isa, const W: usize>(self) {
        let Spectrum {
            columns,
            rows,
            product,
        } = self.spectrum;
        let TileRow {
            sources,
            channels,
            out,
            stride,
        } = self.row;
        let (height, width) = (columns.len, rows.len);
        let tile = cells_mut::<T, W>(self.tile);
        let line = cells_mut::<T, W>(self.line);
        for pair in self.pairs {
            for (p, panel) in tile.chunks_exact_mut(height).enumerate() {
                for (part, tile) in pair.iter().enumerate() {
                    load(sources, tile, p * W, channels, part, panel);
                }
                columns.forward::<I, W>(panel);
            }
            let spectrum = cells(product.get()).chunks_exact(width);
            for (y, spectrum) in (0..height).step_by(W).zip(spectrum) {
                gather::<I, T, W>(tile, height, y, line);
                rows.convolve::<I, W>(line, spectrum);
                let squares = tile.chunks_exact_mut(height).zip(line.chunks_exact(W));
                for (panel, square) in squares {
                    transpose::<I, T, W>(square, &mut panel[y..y + W]);
                }
            }
            let sums = pair[0].sums.max(pair[1].sums);
            for (p, panel) in tile.chunks_exact_mut(height).enumerate() {
                if p * W >= sums {
                    break;
                }
                columns.inverse::<I, W>(panel);
                for (part, tile) in pair.iter().enumerate() {
                    let out = out.chunks_mut(stride);
                    store(panel, part, tile, p * W, channels, out);
                }
            }
        }
    }
}

/// Copies rows `y..y + W` of every panel, transposed, to a line.
#[inline(always)]
fn gather<I: Isa, T: Float, const W: usize>(
    tile: &[Cell<T, W>],
    height: usize,
    y: usize,
    line: &mut [Cell<T, W>],
) {
    for (panel, square) in tile.chunks_exact(height).zip(line.chunks_exact_mut(W)) {
        transpose::<I, T, W>(&panel[y..y + W], square);
    }
}

/// Columns `x..x + W` of the tile, to one part of a panel.
#[inline(always)]
fn load<S: Lane, T: Float, const W: usize>(
    sources: &[&[S]],
    tile: &Tile,
    x: usize,
    channels: usize,
    part: usize,
    panel: &mut [Cell<T, W>],
) {
    let columns = tile.columns.saturating_sub(x).min(W);
    let inside = if columns == 0 { 0 } else { sources.len() };
    let (filled, empty) = panel.split_at_mut(inside);
    for (cell, source) in filled.iter_mut().zip(sources) {
        let samples = &source[tile.from + x * channels..];
        match samples.first_chunk::<W>() {
            Some(samples) if channels == 1 && columns == W => {
                cell[part] = samples.map(convert);
            }
            _ => {
                let samples = samples.iter().step_by(channels);
                cell[part] = [T::ZERO; W];
                for (lane, &sample) in cell[part][..columns].iter_mut().zip(samples) {
                    *lane = convert(sample);
                }
            }
        }
    }
    for cell in empty {
        cell[part] = [T::ZERO; W];
    }
}

/// Columns `x..x + W` of the tile's sums, from one part of a panel.
#[inline(always)]
fn store<'a, S: Lane, T: Float, const W: usize>(
    panel: &[Cell<T, W>],
    part: usize,
    tile: &Tile,
    x: usize,
    channels: usize,
    out: impl Iterator<Item = &'a mut [S]>,
) {
    let columns = tile.sums.saturating_sub(x).min(W);
    if columns == 0 {
        return;
    }
    for (cell, out) in panel.iter().zip(out) {
        let sums = &mut out[tile.to + x * channels..];
        match sums.first_chunk_mut::<W>() {
            Some(sums) if channels == 1 && columns == W => {
                *sums = cell[part].map(convert);
            }
            _ => {
                let sums = sums.iter_mut().step_by(channels);
                for (sum, &lane) in sums.zip(&cell[part][..columns]) {
                    *sum = convert(lane);
                }
            }
        }
    }
}

/// The same number in another lane, or the nearest; the compiler drops it within one lane.
#[inline(always)]
fn convert<A: Lane, B: Lane>(number: A) -> B {
    B::from_weight(number.to_f64())
}

/// Transforms the real parts of one tile, and leaves its lines in `out`.
pub(super) struct Forward<'a> {
    pub(super) columns: &'a Transform<f64>,
    pub(super) rows: &'a Transform<f64>,
    /// Panels of 8 columns.
    pub(super) tile: &'a mut [f64],
    pub(super) out: &'a mut [f64],
}

impl Body for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let tile = cells_mut::<f64, 8>(self.tile);
        for panel in tile.chunks_exact_mut(self.columns.len) {
            self.columns.forward::<I, 8>(panel);
        }
        let lines = cells_mut(self.out).chunks_exact_mut(self.rows.len);
        for (i, line) in lines.enumerate() {
            gather::<I, f64, 8>(tile, self.columns.len, 8 * i, line);
            self.rows.forward::<I, 8>(line);
        }
    }
}
