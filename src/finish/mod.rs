//! The last step of a convolution: converts the sums of each kernel to samples.
//!
//! [`Finish`] applies divisor and bias, combines the kernels, maps, rounds and
//! saturates. It does so in `f32` or `f64`, or in 16-bit integers
//! ([`integer`]); [`exactness`] decides which of them give exact results, and
//! [`near_ties`] tells which samples none of them does.

mod clipping;
mod count;
mod count_squares;
mod end_blocks;
mod exact_finish;
mod exactness;
mod finish;
mod in_registers;
mod integer;
mod limb_finish;
mod near_ties;
mod response_range;
mod scale;
mod small_finish;
mod tolerance;
mod word_finish;

#[cfg_attr(
    not(feature = "codecs"),
    expect(unreachable_pub, reason = "only runs give it out")
)]
pub use clipping::Clipped;
pub(crate) use clipping::{Tally, Tallying};
pub(crate) use exact_finish::ExactFinish;
pub(crate) use finish::Finish;
pub(crate) use in_registers::{RegisterFinish, ScaleFinish, multiplies_in};
pub(crate) use limb_finish::{LimbShape, MAX_LIMBS};
pub(crate) use response_range::{Extrema, ResponseRange};
pub(crate) use scale::{rounds_exactly, scale};
pub(crate) use word_finish::WordVectors;

/// Samples that are finished together: their numerators stay in L1.
const BLOCK: usize = 128;

#[cfg(test)]
mod tests;
