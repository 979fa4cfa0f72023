//! The last step of a convolution: converts the sums of each kernel to samples.
//!
//! [`Finish`] applies divisor and bias, combines the kernels, maps, rounds and
//! saturates. It does so in `f32` or `f64`, or in 16-bit integers
//! ([`integer`]); [`exactness`] decides which of them give exact results.

mod exactness;
mod finish;
mod integer;
mod scale;

pub(crate) use finish::{Finish, ResponseRange};

#[cfg(test)]
mod tests;
