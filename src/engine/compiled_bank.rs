//! A bank of kernels, before and after an engine compiled it.

use std::fmt;

use super::{
    CompiledKernel, Offer, PlacedKernel, Recipe, fft::tile::Tiles, packed_taps::Taps,
    register_blocks::Blocks,
};
use crate::{
    error::Result,
    image::Depth,
    number::{Lane, LaneKind},
    simd::Simd,
    view::Layout,
};

/// A bank of kernels to be compiled, and what it is compiled for.
#[derive(Debug)]
pub(crate) struct Bank<'a> {
    pub(crate) kernels: Vec<PlacedKernel<'a>>,
    /// `(columns, channels)` of the window in a row of a band.
    pub(crate) row: Layout<2>,
    pub(crate) depth: Depth,
    pub(crate) lane: LaneKind,
    pub(crate) simd: Simd,
}

impl<'a> Bank<'a> {
    /// A bank to be compiled for this offer.
    pub(crate) fn new(
        kernels: Vec<PlacedKernel<'a>>,
        row: Layout<2>,
        depth: Depth,
        offer: &Offer,
    ) -> Self {
        Self {
            kernels,
            row,
            depth,
            lane: offer.lane,
            simd: offer.simd,
        }
    }

    /// Whether taps of weight zero are dropped: not for float images, where 0 * NaN is
    /// NaN.
    pub(super) fn drops_zeros(&self) -> bool {
        !self.depth.is_float()
    }

    /// The packed taps of the kernel at this index.
    pub(super) fn taps<T: Lane>(&self, at: usize) -> Taps<T> {
        Taps::leaning(self.kernels[at], &self.row, self.drops_zeros())
    }
}

/// The compiled kernels of a bank, for bands of `E` and sums of `T`. One call
/// computes a block of rows, so the cost of dynamic dispatch is negligible.
pub(crate) type Kernels<E, T> = Vec<Box<dyn CompiledKernel<Element = E, Sum = T>>>;

/// A bank that an engine compiled, by its types of bands and sums.
pub(crate) enum CompiledBank {
    /// Bands and sums in the same lane.
    I16(Kernels<i16, i16>),
    F32(Kernels<f32, f32>),
    F64(Kernels<f64, f64>),
    /// Bands of bytes, sums in a lane.
    BytesI16(Kernels<u8, i16>),
    BytesF32(Kernels<u8, f32>),
    BytesF64(Kernels<u8, f64>),
    /// Bands of 16-bit samples.
    WordsF64(Kernels<u16, f64>),
    /// No sums: every sample of the result is a copy of the sample at this row and column
    /// of its window.
    Copy([usize; 2]),
}

/// A lane that every engine runs in.
pub(crate) trait Arithmetic: Lane + Blocks + Tiles {}

impl<T: Lane + Blocks + Tiles> Arithmetic for T {}

/// A recipe that compiles for any lane, with bands in that lane.
pub(super) trait LaneRecipe: fmt::Debug + fmt::Display + Send + Sync {
    /// Compiles the kernel at this index of the bank.
    fn kernel<T: Arithmetic>(
        &self,
        bank: &Bank<'_>,
        at: usize,
    ) -> Result<Box<dyn CompiledKernel<Element = T, Sum = T>>>;
}

impl<R: LaneRecipe> Recipe for R {
    fn compile(&self, bank: &Bank<'_>) -> Result<CompiledBank> {
        Ok(match bank.lane {
            LaneKind::I16 => CompiledBank::I16(kernels(self, bank)?),
            LaneKind::F32 => CompiledBank::F32(kernels(self, bank)?),
            LaneKind::F64 => CompiledBank::F64(kernels(self, bank)?),
        })
    }
}

fn kernels<T: Arithmetic>(recipe: &impl LaneRecipe, bank: &Bank<'_>) -> Result<Kernels<T, T>> {
    let kernels = (0..bank.kernels.len()).map(|at| recipe.kernel(bank, at));
    kernels.collect()
}
