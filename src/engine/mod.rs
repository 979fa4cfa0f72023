//! How windows are contracted. Every method has the same signature: it gets a
//! band of source rows and the taps of a kernel, and fills rows of sums.

mod direct;
#[allow(dead_code, unused_imports, reason = "no plan asks for it yet")]
mod fft;
mod lane;
mod naive;
mod separable;
mod taps;

use std::fmt;

pub use lane::LaneKind;
pub(crate) use lane::{Lane, MAX_ROUNDINGS, Widen};
use separable::Separable;
pub(crate) use taps::Grid;
use taps::Taps;

use crate::{
    kernel::Factor,
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
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 3] = [Self::Naive, Self::Direct, Self::Separable];

    /// `naive`, `direct` or `separable`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Direct => "direct",
            Self::Separable => "separable",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Source rows that are ready for windows: border applied, samples widened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Band<'a, T> {
    /// Shape `(rows, columns, channels)`; rows are flat slices. There may be
    /// more columns than the windows need.
    pub(crate) view: StridedView<'a, T, 3>,
    /// How many windows stand side by side at every column, before the step.
    pub(crate) positions: usize,
    /// `[rows, columns]` between one window and the next.
    pub(crate) step: [usize; 2],
    /// Whether a sample may be infinite or not a number.
    pub(crate) may_be_non_finite: bool,
}

impl<T> Band<'_, T> {
    /// Samples in a row of sums before the column step is taken.
    pub(crate) fn dense_len(&self) -> usize {
        self.positions * self.view.shape()[2]
    }
}

/// One kernel, compiled for a method.
#[derive(Debug, Clone)]
pub(crate) enum Contraction<T> {
    Naive(Taps<T>),
    Direct(Taps<T>),
    Separable(Separable<T>),
}

impl<T: Lane> Contraction<T> {
    /// For bands whose rows have this layout of `(columns, channels)`.
    /// `factors` are those of the kernel, for [`Method::Separable`] alone.
    ///
    /// `drop_zeros` leaves out taps of weight zero, which is right only where
    /// no sample is infinite or NaN.
    pub(crate) fn new(
        method: Method,
        grid: Grid<'_>,
        factors: &[Factor],
        row: &Layout<2>,
        drop_zeros: bool,
    ) -> Self {
        match method {
            Method::Naive => Self::Naive(Taps::new(grid, row, drop_zeros)),
            Method::Direct => Self::Direct(Taps::new(grid, row, drop_zeros)),
            Method::Separable => Self::Separable(Separable::new(grid, factors, row, drop_zeros)),
        }
    }

    /// Contracts the windows of rows `first..` of the band's result, as many as
    /// `out` holds.
    ///
    /// Row `i` of the sums begins at `out[i * stride]`; `stride` is at least
    /// [`Band::dense_len`] and [`Lane::MAX_BLOCK`]. What stands behind the last
    /// column of a row is undefined. `scratch` is whatever the last call left.
    pub(crate) fn run(
        &self,
        simd: Simd,
        band: &Band<'_, T>,
        first: usize,
        out: &mut [T],
        stride: usize,
        scratch: &mut Vec<T>,
    ) {
        match self {
            Self::Naive(taps) => naive::contract(band, taps, first, out, stride),
            Self::Direct(taps) => direct::contract(simd, band, taps, first, out, stride),
            Self::Separable(kernel) => {
                separable::contract(simd, band, kernel, first, out, stride, scratch);
            }
        }
    }
}

/// How many output rows a call of [`Contraction::run`] should ask for at once.
pub(crate) const fn rows_at_once(method: Method, lane: LaneKind, simd: Simd) -> usize {
    match method {
        Method::Naive => 1,
        Method::Direct | Method::Separable => direct::rows_at_once(lane, simd.level()),
    }
}
