//! A compiled bank of kernels.

use std::fmt;

use super::{CompiledKernel, Grid, Offer, Recipe, blocks::Blocks, fft::tile::Tiles, taps::Taps};
use crate::{
    error::Result,
    image::Depth,
    number::{Lane, LaneKind},
    simd::Simd,
    view::Layout,
};

/// What kernels are compiled from.
#[derive(Debug)]
pub(crate) struct Bank<'a> {
    pub(crate) grids: Vec<Grid<'a>>,
    /// `(columns, channels)` of the window in a row of a band.
    pub(crate) row: Layout<2>,
    pub(crate) depth: Depth,
    pub(crate) lane: LaneKind,
    pub(crate) simd: Simd,
}

impl<'a> Bank<'a> {
    /// For this offer.
    pub(crate) fn new(grids: Vec<Grid<'a>>, row: Layout<2>, depth: Depth, offer: &Offer) -> Self {
        Self {
            grids,
            row,
            depth,
            lane: offer.lane,
            simd: offer.simd,
        }
    }

    /// Whether taps of weight zero are left out: not in float images, where
    /// 0 * NaN is NaN.
    pub(super) fn drops_zeros(&self) -> bool {
        self.depth != Depth::F32
    }

    /// The taps of the kernel at this place.
    pub(super) fn taps<T: Lane>(&self, at: usize) -> Taps<T> {
        Taps::new(self.grids[at], &self.row, self.drops_zeros())
    }
}

/// The compiled kernels of a bank, for bands of `E` and sums of `T`. One call
/// computes a block of rows, so the cost of dynamic dispatch is negligible.
pub(crate) type Kernels<E, T> = Vec<Box<dyn CompiledKernel<Element = E, Sum = T>>>;

/// What an engine compiles to.
pub(crate) enum Program {
    /// Bands and sums in the same lane.
    I16(Kernels<i16, i16>),
    F32(Kernels<f32, f32>),
    F64(Kernels<f64, f64>),
    /// Bands of bytes, sums in a lane.
    BytesI16(Kernels<u8, i16>),
    BytesF32(Kernels<u8, f32>),
    /// Every sample of the result is the one at this row and column of its
    /// window.
    Copy([usize; 2]),
}

/// A lane that every engine runs in.
pub(crate) trait Arithmetic: Lane + Blocks + Tiles {}

impl<T: Lane + Blocks + Tiles> Arithmetic for T {}

/// A recipe that compiles for any lane, with bands in that lane.
pub(super) trait LaneRecipe: fmt::Debug + fmt::Display + Send + Sync {
    /// The kernel at this place of the bank.
    fn kernel<T: Arithmetic>(
        &self,
        bank: &Bank<'_>,
        at: usize,
    ) -> Result<Box<dyn CompiledKernel<Element = T, Sum = T>>>;
}

impl<R: LaneRecipe> Recipe for R {
    fn compile(&self, bank: &Bank<'_>) -> Result<Program> {
        Ok(match bank.lane {
            LaneKind::I16 => Program::I16(kernels(self, bank)?),
            LaneKind::F32 => Program::F32(kernels(self, bank)?),
            LaneKind::F64 => Program::F64(kernels(self, bank)?),
        })
    }
}

fn kernels<T: Arithmetic>(recipe: &impl LaneRecipe, bank: &Bank<'_>) -> Result<Kernels<T, T>> {
    let kernels = (0..bank.grids.len()).map(|at| recipe.kernel(bank, at));
    kernels.collect()
}
