//! How windows are contracted. Every method has the same signature: it gets a
//! band of source rows and the taps of a kernel, and fills rows of sums.

mod direct;
mod lane;
mod naive;
mod taps;

use std::fmt;

pub use lane::LaneKind;
pub(crate) use lane::{Lane, Widen};
pub(crate) use taps::Taps;

use crate::{simd::Simd, view::StridedView};

/// How the sums are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Four loops over the window view: the oracle and the baseline.
    Naive,
    /// Every tap of the kernel on a block of output rows and columns at once.
    Direct,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 2] = [Self::Naive, Self::Direct];

    /// `naive` or `direct`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Direct => "direct",
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

/// Contracts the windows of output rows `first..first + rows` of `band`.
///
/// Row `i` of the sums begins at `out[i * stride]`; `stride` is at least
/// [`Band::dense_len`] and [`Lane::MAX_BLOCK`]. What stands behind the last
/// column of a row is undefined.
pub(crate) fn contract<T: Lane>(
    method: Method,
    simd: Simd,
    band: &Band<'_, T>,
    taps: &Taps<T>,
    first: usize,
    out: &mut [T],
    stride: usize,
) {
    match method {
        Method::Naive => naive::contract(band, taps, first, out, stride),
        Method::Direct => direct::contract(simd, band, taps, first, out, stride),
    }
}

/// How many output rows a call of [`contract`] should ask for at once.
pub(crate) const fn rows_at_once(method: Method, lane: LaneKind, simd: Simd) -> usize {
    match method {
        Method::Naive => 1,
        Method::Direct => direct::rows_at_once(lane, simd.level()),
    }
}
