//! The engines that compute convolutions. Each offers to do a task at a cost, or
//! says why it cannot, and compiles kernels for it.
//!
//! An engine is one file and one line in [`ENGINES`].

mod band;
mod blocks;
mod compiled_kernel;
mod copy;
mod direct;
mod dots;
mod f64_fallback;
mod fft;
mod lane;
mod method;
mod naive;
mod offer;
mod program;
mod recycle;
mod running_sum;
mod separable;
mod taps;
mod task;
#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use band::Band;
pub(crate) use compiled_kernel::{CompiledKernel, Scratch};
pub(crate) use f64_fallback::F64Fallback;
pub(crate) use lane::{LaneRefusal, in_integers};
pub use method::Method;
pub(crate) use offer::{Offer, Recipe, Refusal};
pub(crate) use program::{Bank, Kernels, Program};
pub(crate) use recycle::recycled;
pub(crate) use taps::Grid;
pub(crate) use task::Task;

/// One algorithm for convolution.
pub(crate) trait Engine: fmt::Debug + Sync {
    /// `direct`, `dots`, ...
    fn name(&self) -> &'static str;

    /// The family that it belongs to.
    fn method(&self) -> Method;

    /// How it would do this task, and at what cost, or why it does not.
    fn offer(&self, task: &Task<'_>) -> Result<Offer, Refusal>;
}

/// Every engine. The cheapest offer is taken, the first of equals.
pub(crate) const ENGINES: &[&dyn Engine] = &[
    &copy::Copy,
    &dots::Dots,
    &direct::Direct,
    &separable::Separable,
    &running_sum::RunningSum,
    &fft::Fft,
    &naive::Naive,
];
