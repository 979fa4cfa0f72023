//! The identity and pure translations: kernels with one weight only copy samples.

use std::{fmt, sync::Arc};

use super::{
    Bank, Engine, Method, Offer, Program, Recipe, Refusal, direct::Direct, dots::Dots, task::Task,
};
use crate::{error::Result, image::Depth, map::Map};

/// A copy of samples.
#[derive(Debug)]
pub(super) struct Copy;

impl Engine for Copy {
    fn name(&self) -> &'static str {
        "copy"
    }

    fn method(&self) -> Method {
        Method::Direct
    }

    fn offer(&self, task: &Task<'_>) -> Result<Offer, Refusal> {
        // A method that was asked for computes sums, not copies.
        if task.method.is_some() {
            return Err(Refusal::of(Why::Asked));
        }
        let tap = tap(task).map_err(Refusal::of)?;
        // A copy has neither sums nor bands; the offer reports those of the engine
        // it replaces.
        let saved = Dots.offer(task).or_else(|_| Direct.offer(task))?;
        Ok(Offer {
            cost: 0.0,
            recipe: Arc::new(Moved { tap }),
            ..saved
        })
    }
}

/// Why the result is no copy of samples.
#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("it sums nothing, and a method was asked for")]
    Asked,
    #[error("the result is not samples that one weight moves")]
    Sums,
    #[error("a window with a NaN gives NaN, under a weight of zero, too")]
    Floats,
    #[error("the one weight, the divisor, the bias, the map or the depth changes samples")]
    Changes,
    #[error("alpha stays where it is")]
    Alpha,
}

/// The row and column of the window that every output sample is a copy of.
fn tap(task: &Task<'_>) -> Result<[usize; 2], Why> {
    let Task { geometry, .. } = task;
    let [kernel] = task.kernels else {
        return Err(Why::Sums);
    };
    let weights = kernel.weights();
    let mut taps = weights.iter().enumerate().filter(|(_, w)| **w != 0.0);
    let (Some((at, &weight)), None) = (taps.next(), taps.next()) else {
        return Err(Why::Sums);
    };
    if task.depth == Depth::F32 && weights.len() > 1 {
        return Err(Why::Floats);
    }
    let plain = task.map == Map::Clamp
        && task.output_depth == task.depth
        && weight == kernel.divisor()
        && kernel.bias() == 0.0;
    if !plain {
        return Err(Why::Changes);
    }
    let place = [at / kernel.columns(), at % kernel.columns()];
    let tap =
        [0, 1].map(|axis| geometry.origins[0][axis] + place[axis] * geometry.dilation()[axis]);
    if task.copies_alpha && tap != geometry.anchor() {
        return Err(Why::Alpha);
    }
    Ok(tap)
}

#[derive(Debug)]
struct Moved {
    tap: [usize; 2],
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a copy: the one weight only moves samples")
    }
}

impl Recipe for Moved {
    fn compile(&self, _: &Bank<'_>) -> Result<Program> {
        Ok(Program::Copy(self.tap))
    }
}
