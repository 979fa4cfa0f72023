//! How windows are contracted. Every method has the same signature: it gets a
//! band of source rows and the taps of a kernel, and fills rows of sums.

mod direct;
mod dots;
mod fft;
mod naive;
mod separable;
mod taps;
mod totals;
mod wide;

use std::fmt;

pub(crate) use dots::{DotProducts, DotSum, ROWS as DOT_ROWS, count_fours};
use fft::Fft;
pub(crate) use fft::{Promise, Tiling, error_bound};
use separable::Separable;
pub(crate) use taps::Grid;
use taps::Taps;
pub(crate) use totals::ROWS as TOTALS_ROWS;
use totals::Totals;
pub(crate) use wide::Wide;

use crate::{
    error::Result,
    image::no_memory,
    kernel::Factor,
    number::{Element, Lane, LaneKind},
    simd::Simd,
    view::{Layout, StridedView},
};

/// How the sums are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Four loops over the window view: the oracle and the baseline.
    Naive,
    /// Every tap of the kernel on a block of output rows and columns at once.
    Direct,
    /// The kernel as a few columns of weights, each times a row of weights.
    Separable,
    /// Tiles of the image through a fast Fourier transform and back.
    Fft,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::Naive, Self::Direct, Self::Separable, Self::Fft];

    /// `naive`, `direct`, `separable` or `fft`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Direct => "direct",
            Self::Separable => "separable",
            Self::Fft => "fft",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Source rows that are ready for windows: border applied, samples widened.
#[derive(Debug, Clone)]
pub(crate) struct Band<'a, T> {
    /// Shape `(rows, columns, channels)`. There may be more columns than the
    /// windows need.
    view: StridedView<'a, T, 3>,
    /// The same, row by row.
    rows: Vec<&'a [T]>,
    /// How many windows stand side by side at every column, before the step.
    positions: usize,
    /// `[rows, columns]` between one window and the next.
    step: [usize; 2],
    /// Whether a sample may be infinite or not a number.
    may_be_non_finite: bool,
    /// Whether the rows are the image's own and may be far from the caches.
    far: bool,
}

impl<'a, T> Band<'a, T> {
    /// # Errors
    ///
    /// If the memory for a slice of each row cannot be had.
    ///
    /// # Panics
    ///
    /// If a row of `view` is not flat.
    pub(crate) fn new(
        view: StridedView<'a, T, 3>,
        positions: usize,
        step: [usize; 2],
        may_be_non_finite: bool,
        far: bool,
    ) -> Result<Self> {
        let count = view.shape()[0];
        let mut rows = Vec::new();
        (rows.try_reserve_exact(count)).map_err(|_| no_memory::<&[T]>(count))?;
        let flat = (0..count).map(|row| view.flat_row(row).expect("a band's rows are flat"));
        rows.extend(flat);
        Ok(Self {
            rows,
            view,
            positions,
            step,
            may_be_non_finite,
            far,
        })
    }

    fn channels(&self) -> usize {
        self.view.shape()[2]
    }

    /// Samples in a row of sums before the column step is taken.
    fn dense_len(&self) -> usize {
        self.positions * self.channels()
    }

    /// The source rows that the next so many output rows will see besides, if
    /// it is worth while to fetch them now.
    fn ahead(&self, rows_seen: usize, first: usize, rows: usize) -> &[&'a [T]] {
        let end = |first: usize| (first * self.step[0] + rows_seen + rows - 1).min(self.rows.len());
        let far = if self.far { end(first + rows) } else { 0 };
        self.rows.get(end(first)..far).unwrap_or_default()
    }

    /// The source rows that so many output rows see, from output row `first`
    /// on, if one sees `rows_seen`.
    fn seen(&self, rows_seen: usize, first: usize, rows: usize) -> &[&'a [T]] {
        let first = first * self.step[0];
        &self.rows[first..first + rows_seen + rows - 1]
    }
}

/// How a kernel's sums are made, with what the method needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Recipe<'a> {
    Naive,
    Direct,
    /// The kernel is the sum of these.
    Separable(&'a [Factor]),
    /// All weights are the same integer.
    Totals,
    Fft(Tiling, Promise),
}

/// A kernel compiled for a method.
pub(crate) trait Contract: Sync {
    /// What bands are framed in.
    type Element: Element;
    /// What sums are kept as.
    type Sum: Lane;

    /// Contracts the windows of rows `first..` of the band's result, as many as
    /// `out` holds. An error is that the memory of its scratch cannot be had. `first` is a multiple of the rows computed at once.
    ///
    /// Row `i` of the sums begins at `out[i * stride]`; `stride` is at least
    /// [`Band::dense_len`] and [`Element::MAX_BLOCK`] of both types. What stands
    /// behind the last column of a row is undefined.
    fn run(
        &self,
        simd: Simd,
        band: &Band<'_, Self::Element>,
        first: usize,
        out: &mut [Self::Sum],
        stride: usize,
        scratch: &mut Scratch<Self::Sum>,
    ) -> Result<()> {
        self.contract(simd, band, first, out, stride, scratch)?;
        if band.step[1] > 1 && !self.takes_steps() {
            for row in out.chunks_mut(stride) {
                take_steps(row, band);
            }
        }
        Ok(())
    }

    /// As [`run`](Self::run), but with the sums of the columns that the step
    /// leaves out, unless it [takes the steps](Self::takes_steps) itself.
    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, Self::Element>,
        first: usize,
        out: &mut [Self::Sum],
        stride: usize,
        scratch: &mut Scratch<Self::Sum>,
    ) -> Result<()>;

    /// Whether it looks at no column that the step leaves out.
    fn takes_steps(&self) -> bool {
        false
    }
}

/// A lane that every method runs in.
pub(crate) trait Arithmetic: Lane + direct::Blocks + fft::Tiles {}

impl<T: Lane + direct::Blocks + fft::Tiles> Arithmetic for T {}

/// Every method whose bands are framed in the lane of its sums.
#[derive(Debug)]
pub(crate) enum Contraction<T> {
    Naive(Taps<T>),
    Direct(Taps<T>),
    Separable(Separable<T>),
    Totals(Totals<T>),
    Fft(Fft<T>),
}

/// Buffers of one thread, kept from call to call.
#[derive(Debug)]
pub(crate) struct Scratch<T> {
    rows: Vec<T>,
    tiles: fft::Scratch<T>,
}

impl<T: Lane> Scratch<T> {
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            tiles: fft::Scratch::new(),
        }
    }
}

impl<T: Arithmetic> Contraction<T> {
    /// For bands whose rows have this layout of `(columns, channels)`.
    ///
    /// `drop_zeros` leaves out taps of weight zero, which is right only where
    /// no sample is infinite or NaN.
    pub(crate) fn new(
        recipe: Recipe<'_>,
        simd: Simd,
        grid: Grid<'_>,
        row: &Layout<2>,
        drop_zeros: bool,
    ) -> Result<Self> {
        Ok(match recipe {
            Recipe::Naive => Self::Naive(Taps::new(grid, row, drop_zeros)),
            Recipe::Direct => Self::Direct(Taps::new(grid, row, drop_zeros)),
            Recipe::Separable(factors) => {
                Self::Separable(Separable::new(grid, factors, row, drop_zeros))
            }
            Recipe::Totals => Self::Totals(Totals::new(grid)),
            Recipe::Fft(tiling, promise) => Self::Fft(Fft::new(simd, tiling, grid, row, promise)?),
        })
    }
}

impl<T: Arithmetic> Contract for Contraction<T> {
    type Element = T;
    type Sum = T;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, T>,
        first: usize,
        out: &mut [T],
        stride: usize,
        scratch: &mut Scratch<T>,
    ) -> Result<()> {
        match self {
            Self::Naive(taps) => naive::contract(band, taps, first, out, stride),
            Self::Direct(taps) => direct::contract(simd, band, taps, first, out, stride),
            Self::Separable(kernel) => {
                separable::contract(simd, band, kernel, first, out, stride, &mut scratch.rows)?;
            }
            Self::Totals(kernel) => {
                kernel.contract(simd, band, first, out, stride, &mut scratch.rows)?;
            }
            Self::Fft(fft) => fft.contract(band, first, out, stride, &mut scratch.tiles)?,
        }
        Ok(())
    }

    fn takes_steps(&self) -> bool {
        matches!(self, Self::Naive(_))
    }
}

/// Moves the sums at every `step`-th pixel to the front of their row.
fn take_steps<E, T: Lane>(row: &mut [T], band: &Band<'_, E>) {
    let channels = band.channels();
    let step = band.step[1] * channels;
    for (x, from) in (0..band.dense_len()).step_by(step).enumerate() {
        row.copy_within(from..from + channels, x * channels);
    }
}

/// The output rows of a block of the direct loop.
pub(crate) const fn block_rows(lane: LaneKind, simd: Simd) -> usize {
    direct::rows_at_once(lane, simd.level())
}
