//! Convolution with one column times one row of weights, each by transforms of lines in f64.
//!
//! The source rows of a tile are convolved with the row of weights, 16 at once: 8 in the lanes of
//! the real part, 8 in those of the imaginary part. What becomes of them is kept as panels of 16
//! columns, which are then convolved in place with the column. Lines may be far longer than the
//! sides of a tile that is transformed in two dimensions, since few of them have to be in cache,
//! and columns that are the sums of no window are left out between the passes.
//!
//! Rounding errors spread over a line instead of a tile, so that their proven bound is smaller, by
//! about the root of the other side.

use super::{
    transform::{Cell, Shared, Transform, cells_mut},
    transpose::transpose,
};
use crate::{
    error::Result,
    image::zeroed_vec,
    simd::{Body, Isa, Simd},
};

/// Lanes of a cell, at every SIMD level.
const W: usize = 8;

/// Rows that are transformed at once, and columns of a panel: both parts of cells.
pub(super) const PAIR: usize = 2 * W;

/// The transform of lines, and the weights that they are convolved with.
#[derive(Debug)]
pub(super) struct Lines {
    transform: Transform<f64>,
    /// In the order of a forward transform, divided by the length.
    spectrum: Vec<Shared<f64>>,
}

impl Lines {
    /// For lines of `len` samples, and weights that are `distance` samples apart.
    pub(super) fn new(simd: Simd, len: usize, weights: &[f64], distance: usize) -> Result<Self> {
        let mut line = zeroed_vec(2 * len)?;
        for (i, &weight) in weights.iter().enumerate() {
            // Rotated by 180 degrees, for a correlation.
            line[2 * ((len - i * distance) % len)] += weight / len as f64;
        }
        let transform = Transform::new(len);
        simd.run(Forward {
            transform: &transform,
            line: &mut line,
        });
        let values = line.as_chunks::<2>().0.iter();
        Ok(Self {
            transform,
            spectrum: values.map(|&value| Shared(value)).collect(),
        })
    }

    pub(super) const fn len(&self) -> usize {
        self.transform.len
    }

    #[inline(always)]
    fn convolve<I: Isa>(&self, line: &mut [Cell<f64, W>]) {
        self.transform.convolve::<I, W>(line, &self.spectrum);
    }
}

/// Transforms one line.
struct Forward<'a> {
    transform: &'a Transform<f64>,
    line: &'a mut [f64],
}

impl Body for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let line = cells_mut::<f64, 1>(self.line);
        self.transform.forward::<I, 1>(line);
    }
}

/// One channel of a tile: its samples and its sums.
#[derive(Debug)]
pub(super) struct Tile<'a> {
    pub(super) columns: &'a Lines,
    pub(super) rows: &'a Lines,
    /// At most as many as a line down has samples; beyond them are zeros.
    pub(super) sources: &'a [&'a [f64]],
    /// The first sample in the source rows.
    pub(super) from: usize,
    /// Samples of a source row, at most as many as a line along has; beyond them are zeros.
    pub(super) samples: usize,
    pub(super) channels: usize,
    /// Rows of sums, `stride` apart.
    pub(super) out: &'a mut [f64],
    pub(super) stride: usize,
    /// The first sum in a row.
    pub(super) to: usize,
    /// Sums in a row.
    pub(super) sums: usize,
    /// Panels of all columns of sums.
    pub(super) panels: &'a mut [f64],
    /// 16 rows.
    pub(super) line: &'a mut [f64],
}

impl Body for Tile<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, _: I) {
        let height = self.columns.len();
        let panels = cells_mut::<f64, W>(std::mem::take(&mut self.panels));
        let line = cells_mut::<f64, W>(std::mem::take(&mut self.line));
        for y in (0..height).step_by(PAIR) {
            let rows = self.sources.get(y..).unwrap_or_default();
            if rows.is_empty() {
                for panel in panels.chunks_exact_mut(height) {
                    panel[y..y + PAIR].fill([[0.0; W]; 2]);
                }
                continue;
            }
            self.load::<I>(&rows[..rows.len().min(PAIR)], line);
            self.rows.convolve::<I>(line);
            let squares = line.as_chunks::<W>().0.as_chunks::<2>().0;
            for (panel, [left, right]) in panels.chunks_exact_mut(height).zip(squares) {
                let mut sums = [[[[0.0; W]; 2]; W]; 2];
                transpose::<I, f64, W>(left, &mut sums[0]);
                transpose::<I, f64, W>(right, &mut sums[1]);
                let [left, right] = sums;
                for row in 0..PAIR {
                    let (part, row_of_part) = (row / W, row % W);
                    panel[y + row] = [left[row_of_part][part], right[row_of_part][part]];
                }
            }
        }
        let columns = (0..self.sums).step_by(PAIR);
        for (x, panel) in columns.zip(panels.chunks_exact_mut(height)) {
            self.columns.convolve::<I>(panel);
            self.store(x, panel);
        }
    }
}

impl Tile<'_> {
    /// Copies up to 16 rows to a line, transposed.
    #[inline(always)]
    fn load<I: Isa>(&self, rows: &[&[f64]], line: &mut [Cell<f64, W>]) {
        let Self {
            from,
            samples,
            channels,
            ..
        } = *self;
        for (x, to) in (0..).step_by(W).zip(line.as_chunks_mut::<W>().0) {
            let mut square = [[[0.0; W]; 2]; W];
            let here = samples.saturating_sub(x).min(W);
            for (y, row) in rows
                .iter()
                .enumerate()
                .take(if here > 0 { PAIR } else { 0 })
            {
                let eight = &mut square[y % W][y / W];
                let row = &row[from + x * channels..];
                match row.first_chunk::<W>() {
                    Some(row) if channels == 1 && here == W => *eight = *row,
                    _ => {
                        for (lane, &sample) in
                            eight[..here].iter_mut().zip(row.iter().step_by(channels))
                        {
                            *lane = sample;
                        }
                    }
                }
            }
            transpose::<I, f64, W>(&square, to);
        }
    }

    /// Copies 16 columns of sums from a panel.
    #[inline(always)]
    fn store(&mut self, x: usize, panel: &[Cell<f64, W>]) {
        let Self {
            to, channels, sums, ..
        } = *self;
        let here = (sums - x).min(PAIR);
        for (cell, out) in panel.iter().zip(self.out.chunks_mut(self.stride)) {
            let out = &mut out[to + x * channels..];
            let cell = cell.as_flattened();
            match out.first_chunk_mut::<PAIR>() {
                Some(out) if channels == 1 && here == PAIR => out.copy_from_slice(cell),
                _ => {
                    for (sum, &lane) in out.iter_mut().step_by(channels).zip(&cell[..here]) {
                        *sum = lane;
                    }
                }
            }
        }
    }
}
