//! A kernel as an engine compiles it: it computes sums from bands.

use super::{band::Band, fft::scratch::Scratch as TileScratch};
use crate::{
    error::Result,
    finish::RegisterFinish,
    image::SampleSliceMut,
    number::{Element, Lane},
    simd::{Simd, Stream},
};

/// A kernel that an engine compiled.
pub(crate) trait CompiledKernel: Send + Sync {
    /// The number type of the samples in bands.
    type Element: Element;
    /// The number type of sums.
    type Sum: Lane;

    /// Computes the sums of all windows in rows `first..` of the band's result, for
    /// as many rows as `out` holds. It fails if the allocation of its scratch does.
    /// `first` is a multiple of the [rows computed at once](super::Offer::rows_at_once).
    ///
    /// Row `i` of the sums begins at `out[i * stride]`; `stride` is at least
    /// [`Band::dense_len`] and [`Element::MAX_BLOCK`] of both types. The
    /// contents after the last column of a row are unspecified.
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
        if band.step[1] > 1 && !self.handles_column_step() {
            for row in out.chunks_mut(stride) {
                keep_stepped_columns(row, band);
            }
        }
        Ok(())
    }

    /// As [`run`](Self::run), but at a column step of 1, unless the engine
    /// [applies the step itself](Self::handles_column_step).
    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, Self::Element>,
        first: usize,
        out: &mut [Self::Sum],
        stride: usize,
        scratch: &mut Scratch<Self::Sum>,
    ) -> Result<()>;

    /// Whether nothing but its sums is written of a row that holds a block, and sums are never
    /// -0: such rows may be those of a result, where other columns follow, and the last one of
    /// `out` may end with its sums.
    fn writes_only_sums(&self) -> bool {
        false
    }

    /// Whether the engine applies the column step itself, and computes no sum that
    /// the step skips.
    fn handles_column_step(&self) -> bool {
        false
    }

    /// The same kernel, if it can make samples of sums while they are in registers.
    fn in_registers(&self) -> Option<&dyn RegisterKernel<Self::Element, Self::Sum>> {
        None
    }
}

/// A kernel whose sums become samples while they are in registers, at a column step of 1.
pub(crate) trait RegisterKernel<E, T: 'static> {
    /// Whether it makes samples of this finish, at this level.
    fn finishes(&self, simd: Simd, finish: &RegisterFinish) -> bool;

    /// The least samples in a row of a band's result.
    fn min_len(&self) -> usize;

    /// Whether rows go on from the sums of the row above: a band's rows are best computed in one
    /// call.
    fn carries_sums(&self) -> bool {
        false
    }

    /// Computes rows of the band's result from the one in `at` on, as many as `out` holds, and tells
    /// what is left to do. Row `i` begins at `out[i * stride]`, and the last may end with its samples;
    /// nothing else is written. It fails if the allocation of its scratch does.
    fn finish(
        &self,
        simd: Simd,
        at: (&Band<'_, E>, usize),
        finish: &RegisterFinish,
        out: RowsMut<'_>,
        scratch: &mut Scratch<T>,
        told: &mut Told,
    ) -> Result<()>;
}

/// Rows of samples.
pub(crate) struct RowsMut<'a> {
    pub(crate) samples: SampleSliceMut<'a>,
    /// Samples from one row to the next.
    pub(crate) stride: usize,
    /// If they are written by non-temporal stores.
    pub(crate) stream: Option<&'a mut Stream>,
}

/// What a kernel tells of the rows that it finished.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Samples near to a tie: row and position. Some may be there twice.
    pub(crate) near_ties: Vec<[u32; 2]>,
    /// Rows with sums that are too large or not finite. Some may be there twice.
    pub(crate) too_large: Vec<usize>,
    /// Sums that are clipped below the range of samples and above it, if the finish counts them.
    pub(crate) clipped: [u64; 2],
}

/// Buffers of one thread, reused from call to call.
#[derive(Debug)]
pub(crate) struct Scratch<T: 'static> {
    pub(super) rows: Vec<T>,
    /// Slices of `rows`: empty between calls.
    pub(super) slices: Vec<&'static [T]>,
    /// Slices of a band's rows: empty between calls.
    pub(super) sources: Vec<&'static [T]>,
    pub(super) tiles: TileScratch<T>,
}

impl<T: Lane> Scratch<T> {
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            slices: Vec::new(),
            sources: Vec::new(),
            tiles: TileScratch::new(),
        }
    }
}

/// Moves the sums of every `step`-th pixel to the front of their row. For example, at
/// a step of 2, columns 0, 2, 4 become 0, 1, 2.
pub(super) fn keep_stepped_columns<E, T: Lane>(row: &mut [T], band: &Band<'_, E>) {
    let channels = band.channels();
    let step = band.step[1] * channels;
    for (x, from) in (0..band.dense_len()).step_by(step).enumerate() {
        row.copy_within(from..from + channels, x * channels);
    }
}
