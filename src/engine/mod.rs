//! The engines that compute convolutions. Each makes an offer for a problem, with a cost,
//! or says why it cannot solve it, and compiles kernels for it.
//!
//! An engine is one file and one line in [`ENGINES`].

mod band;
mod compiled_bank;
mod compiled_kernel;
mod copy;
mod costs;
mod direct;
mod direct_registers;
mod dots;
mod exact_limbs;
mod f64_fallback;
mod fft;
mod finished_block;
mod lane;
mod method;
mod naive;
mod offer;
mod ordered_kernel;
mod packed_taps;
mod phased;
mod problem;
mod product_sums;
mod recycled_slices;
mod register_blocks;
mod running_registers;
mod running_sum;
mod separable;
#[cfg(test)]
mod tests;
mod two_passes;
mod window_sums;

use std::fmt;

pub(crate) use band::Band;
pub(crate) use compiled_bank::{Bank, CompiledBank, Kernels};
pub(crate) use compiled_kernel::{CompiledKernel, RegisterKernel, RowsMut, Scratch, Told};
pub(crate) use exact_limbs::ExactLimbs;
pub(crate) use f64_fallback::{F64Fallback, F64Kernels};
pub(crate) use lane::{LaneRefusal, as_written, in_integers};
pub use method::Method;
pub(crate) use offer::{Offer, Recipe, Refusal};
pub(crate) use ordered_kernel::{OrderedKernel, Place};
pub(crate) use packed_taps::PlacedKernel;
pub(crate) use problem::{Problem, SumDivisor};
pub(crate) use recycled_slices::recycled;
pub(crate) use window_sums::{ExactSum, Window, WindowKernel};

/// One algorithm for convolution.
pub(crate) trait Engine: fmt::Debug + Sync {
    /// `direct`, `dots`, ...
    fn name(&self) -> &'static str;

    /// The method that it belongs to.
    fn method(&self) -> Method;

    /// Whether its sums can be divided by such others, which is needed where samples are missing, or
    /// weighted by alpha: sums of non-negative products have small relative errors, however
    /// small they are. Those of a transform have not, but of windows with little of their weight
    /// on present samples, which are summed again.
    fn divides_sums_by(&self, _: SumDivisor) -> bool {
        false
    }

    /// How it would compute this problem, and at what cost, or why it cannot.
    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal>;
}

/// Every engine. The cheapest offer is taken; of equal ones, the first.
pub(crate) const ENGINES: &[&dyn Engine] = &[
    &copy::Copy,
    &dots::Dots,
    &direct::Direct,
    &separable::Separable,
    &running_sum::RunningSum,
    &fft::Fft,
    &fft::LineFft,
    &naive::Naive,
];
