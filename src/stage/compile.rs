//! From a convolution to the stage that runs it.

use std::sync::Arc;

use super::{RowStage, convolve::Convolve, copy::Copy, weigh::Weigh};
use crate::{
    engine::{Bank, CompiledBank, Kernels, PlacedKernel},
    error::Result,
    geometry,
    number::{Element, Lane},
    plan::Convolution,
};

/// Compiles a convolution. The only place that matches on the types of elements and sums.
///
/// # Errors
///
/// If memory cannot be allocated.
pub(super) fn compile(convolution: &Arc<Convolution>) -> Result<Box<dyn RowStage>> {
    if let Some(weighing) = &convolution.weighing {
        return Ok(Box::new(Weigh::new(convolution, weighing)?));
    }
    let Convolution {
        kernels, geometry, ..
    } = &**convolution;
    let placed = (kernels.iter().zip(&geometry.origins)).map(|(kernel, &origin)| PlacedKernel {
        weights: kernel.as_slice(),
        shape: [kernel.rows(), kernel.columns()],
        dilation: geometry.dilation(),
        origin,
    });
    let row = geometry::window_row(geometry, convolution.channels);
    let offer = convolution.offer();
    let bank = Bank::new(placed.collect(), row, convolution.depths[0], offer);
    Ok(match offer.recipe.compile(&bank)? {
        CompiledBank::I16(kernels) => convolve(convolution, &bank, kernels),
        CompiledBank::F32(kernels) => convolve(convolution, &bank, kernels),
        CompiledBank::F64(kernels) => convolve(convolution, &bank, kernels),
        CompiledBank::BytesI16(kernels) => convolve(convolution, &bank, kernels),
        CompiledBank::BytesF32(kernels) => convolve(convolution, &bank, kernels),
        CompiledBank::BytesF64(kernels) => convolve(convolution, &bank, kernels),
        CompiledBank::WordsF64(kernels) => convolve(convolution, &bank, kernels),
        CompiledBank::Copy(tap) => Box::new(Copy::new(convolution, tap)),
    })
}

fn convolve<E: Element, T: Lane>(
    convolution: &Arc<Convolution>,
    bank: &Bank<'_>,
    kernels: Kernels<E, T>,
) -> Box<dyn RowStage> {
    Box::new(Convolve::new(convolution, bank, kernels))
}
