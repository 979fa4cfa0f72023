//! Compiled kernels: bands to sums.

use super::{band::Band, fft::scratch::Scratch as TileScratch};
use crate::{
    error::Result,
    number::{Element, Lane},
    simd::Simd,
};

/// A kernel that an engine compiled.
pub(crate) trait Contract: Send + Sync {
    /// What bands are framed in.
    type Element: Element;
    /// What sums are kept as.
    type Sum: Lane;

    /// Contracts the windows of rows `first..` of the band's result, as many as
    /// `out` holds. An error is that the memory of its scratch cannot be had.
    /// `first` is a multiple of the [rows computed at once](super::Offer::rows_at_once).
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

/// Buffers of one thread, kept from call to call.
#[derive(Debug)]
pub(crate) struct Scratch<T: 'static> {
    pub(super) rows: Vec<T>,
    /// Slices of `rows`: empty between calls.
    pub(super) slices: Vec<&'static [T]>,
    pub(super) tiles: TileScratch<T>,
}

impl<T: Lane> Scratch<T> {
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            slices: Vec::new(),
            tiles: TileScratch::new(),
        }
    }
}

/// Moves the sums at every `step`-th pixel to the front of their row.
pub(super) fn take_steps<E, T: Lane>(row: &mut [T], band: &Band<'_, E>) {
    let channels = band.channels();
    let step = band.step[1] * channels;
    for (x, from) in (0..band.dense_len()).step_by(step).enumerate() {
        row.copy_within(from..from + channels, x * channels);
    }
}
