//! From a convolution to the stage that runs it.

use std::sync::Arc;

use super::{RowStage, convolve::Convolve, copy::Copy};
use crate::{
    engine::{Bank, CompiledBank, Kernels, PlacedKernel},
    error::Result,
    geometry,
    image::Depth,
    number::{Element, Lane, Widen},
    plan::Convolution,
};

/// Compiles a convolution. The only place that matches on the types of samples and sums.
///
/// # Errors
///
/// If memory cannot be allocated.
pub(super) fn compile(convolution: &Arc<Convolution>) -> Result<Box<dyn RowStage>> {
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
        CompiledBank::I16(kernels) => of_samples(convolution, &bank, kernels),
        CompiledBank::F32(kernels) => of_samples(convolution, &bank, kernels),
        CompiledBank::F64(kernels) => of_samples(convolution, &bank, kernels),
        CompiledBank::BytesI16(kernels) => convolve::<u8, _, _>(convolution, &bank, kernels),
        CompiledBank::BytesF32(kernels) => convolve::<u8, _, _>(convolution, &bank, kernels),
        CompiledBank::Copy(tap) => Box::new(Copy::new(convolution, tap)),
    })
}

fn convolve<S: Widen, E: Element, T: Lane>(
    convolution: &Arc<Convolution>,
    bank: &Bank<'_>,
    kernels: Kernels<E, T>,
) -> Box<dyn RowStage> {
    Box::new(Convolve::<S, E, T>::new(convolution, bank, kernels))
}

fn of_samples<T: Lane>(
    convolution: &Arc<Convolution>,
    bank: &Bank<'_>,
    kernels: Kernels<T, T>,
) -> Box<dyn RowStage> {
    match convolution.depths[0] {
        Depth::U8 => convolve::<u8, _, _>(convolution, bank, kernels),
        Depth::U16 => convolve::<u16, _, _>(convolution, bank, kernels),
        Depth::F32 => convolve::<f32, _, _>(convolution, bank, kernels),
    }
}
