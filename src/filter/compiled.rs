//! Plans that are compiled for their types, once.

use std::marker::PhantomData;

use super::{bands::Bands, part::Part};
use crate::{
    engine::{self, Bank, Grid, Kernels, Program, Wide},
    error::Result,
    image::{Depth, ImageView, SampleSliceMut},
    kernel::Kernel,
    number::{Element, Lane, LaneKind, Widen},
    plan::{self, Plan},
    tone,
};

/// A plan that is compiled, whatever the types of samples and lane.
pub(super) trait Compiled: Sync {
    /// Fills `out` with the part, bands over threads. As below, an error is that
    /// the memory of a thread cannot be had.
    fn run(&self, part: &Part<'_>, out: SampleSliceMut<'_>) -> Result<()>;

    /// The range of the numerators of the part.
    fn range(&self, part: &Part<'_>) -> Result<tone::Range>;
}

/// The types of samples and lane are picked here, once.
pub(super) fn compile(plan: &Plan) -> Result<Box<dyn Compiled>> {
    let (geometry, offer) = (&plan.geometry, plan.offer());
    let weights = |kernel: &Kernel| kernel.weights().iter().copied().collect();
    let weights: Vec<Vec<f64>> = plan.kernels.iter().map(weights).collect();
    let grids = (plan.kernels.iter().zip(&weights).zip(&geometry.origins)).map(
        |((kernel, weights), &origin)| Grid {
            weights,
            shape: [kernel.rows(), kernel.columns()],
            dilation: geometry.dilation,
            origin,
        },
    );
    let row = plan::window_row(geometry, plan.output_shape()[2]);
    let bank = Bank::new(grids.collect(), row, plan.depth(), offer);
    Ok(match offer.recipe.compile(&bank)? {
        Program::I16(kernels) => of_samples(plan, &bank, kernels),
        Program::F32(kernels) => of_samples(plan, &bank, kernels),
        Program::F64(kernels) => of_samples(plan, &bank, kernels),
        Program::BytesI16(kernels) => boxed::<u8, _, _>(plan, &bank, kernels),
        Program::BytesF32(kernels) => boxed::<u8, _, _>(plan, &bank, kernels),
        Program::Copy(tap) => Box::new(Copy { tap }),
    })
}

fn of_samples<T: Lane>(plan: &Plan, bank: &Bank<'_>, kernels: Kernels<T, T>) -> Box<dyn Compiled> {
    match plan.depth() {
        Depth::U8 => boxed::<u8, _, _>(plan, bank, kernels),
        Depth::U16 => boxed::<u16, _, _>(plan, bank, kernels),
        Depth::F32 => boxed::<f32, _, _>(plan, bank, kernels),
    }
}

fn boxed<S: Widen, E: Element, T: Lane>(
    plan: &Plan,
    bank: &Bank<'_>,
    kernels: Kernels<E, T>,
) -> Box<dyn Compiled> {
    let unbounded = S::DEPTH == Depth::F32 && plan.lane() == LaneKind::F32;
    let grids = bank.grids.iter().copied();
    Box::new(Contraction::<S, E, T> {
        kernels,
        wide: unbounded.then(|| Wide::new(grids, plan.tone.trusted())),
        samples: PhantomData,
    })
}

/// Kernels that contract samples of type `S`.
struct Contraction<S, E, T> {
    kernels: Kernels<E, T>,
    /// The same for float samples that f32 does not hold the sums of.
    wide: Option<Wide>,
    samples: PhantomData<fn() -> S>,
}

impl<S: Widen, E: Element, T: Lane> Contraction<S, E, T> {
    fn bands<'a>(&'a self, part: &Part<'a>) -> Bands<'a, S, E, T> {
        Bands::new(part, &self.kernels, self.wide.as_ref())
    }
}

impl<S: Widen, E: Element, T: Lane> Compiled for Contraction<S, E, T> {
    fn run(&self, part: &Part<'_>, out: SampleSliceMut<'_>) -> Result<()> {
        let bands = self.bands(part);
        match out {
            SampleSliceMut::U8(out) => bands.fill(part, out),
            SampleSliceMut::U16(out) => bands.fill(part, out),
            SampleSliceMut::F32(out) => bands.fill(part, out),
        }
    }

    fn range(&self, part: &Part<'_>) -> Result<tone::Range> {
        self.bands(part).range(part)
    }
}

/// A copy of the samples at a place of every window.
struct Copy {
    tap: [usize; 2],
}

impl Compiled for Copy {
    fn run(&self, part: &Part<'_>, out: SampleSliceMut<'_>) -> Result<()> {
        let (geometry, progress) = (&part.plan.geometry, part.progress);
        let (first, first_out) = (part.first, part.rows.start);
        macro_rules! copy {
            ($view:expr, $out:expr) => {
                engine::copy(
                    geometry,
                    ($view, first),
                    self.tap,
                    ($out, first_out),
                    progress,
                )
            };
        }
        match (part.source, out) {
            (ImageView::U8(view), SampleSliceMut::U8(out)) => copy!(view, out),
            (ImageView::U16(view), SampleSliceMut::U16(out)) => copy!(view, out),
            (ImageView::F32(view), SampleSliceMut::F32(out)) => copy!(view, out),
            _ => unreachable!("samples that are copied keep their type"),
        }
        Ok(())
    }

    fn range(&self, _: &Part<'_>) -> Result<tone::Range> {
        unreachable!("samples that are copied are mapped by none")
    }
}
