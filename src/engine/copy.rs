//! The identity and pure translations: kernels with one weight only copy samples.

use std::{fmt, sync::Arc};

use super::{
    Bank, CompiledBank, Engine, Method, Offer, Recipe, Refusal, direct::Direct, dots::Dots,
    problem::Problem,
};
use crate::{error::Result, map::Map};

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

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        // A requested method computes sums, not copies.
        if problem.method.is_some() {
            return Err(Refusal::of(Why::Asked));
        }
        let tap = tap(problem).map_err(Refusal::of)?;
        // A copy has neither sums nor bands; the offer reports those of the engine that it
        // replaces.
        let saved = Dots.offer(problem).or_else(|_| Direct.offer(problem))?;
        Ok(Offer {
            cost: 0.0,
            recipe: Arc::new(Moved { tap }),
            ..saved
        })
    }
}

/// Why the result is not a copy of samples.
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
fn tap(problem: &Problem<'_>) -> Result<[usize; 2], Why> {
    let Problem { geometry, .. } = problem;
    let [kernel] = problem.kernels else {
        return Err(Why::Sums);
    };
    if kernel.taps() != 1 {
        return Err(Why::Sums);
    }
    let weights = kernel.weights();
    let mut taps = weights.iter().enumerate().filter(|(_, w)| **w != 0.0);
    let (Some((at, &weight)), None) = (taps.next(), taps.next()) else {
        return Err(Why::Sums);
    };
    if problem.depth.is_float() && weights.len() > 1 {
        return Err(Why::Floats);
    }
    let plain = problem.map == Map::Clamp
        && [problem.depth, problem.output_depth] == [problem.image_depth; 2]
        && weight == kernel.divisor()
        && kernel.bias_in_samples(problem.image_depth) == 0.0;
    if !plain {
        return Err(Why::Changes);
    }
    let tap = [at / kernel.columns(), at % kernel.columns()];
    let tap = [0, 1].map(|axis| geometry.origins[0][axis] + tap[axis] * geometry.dilation()[axis]);
    if problem.copies_alpha && tap != geometry.anchor() {
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
    fn compile(&self, _: &Bank<'_>) -> Result<CompiledBank> {
        Ok(CompiledBank::Copy(self.tap))
    }
}
