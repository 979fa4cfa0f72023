//! Every engine, lane and SIMD level against exact arithmetic on random filters and images.
//!
//! The oracle shares nothing with the library but the names of options: its numbers are ratios
//! of integers of any size, its borders are drawn, its rounding is that of integers.
//!
//! `cargo test` runs a few thousand cases. `STRIDEKERN_ORACLE_CASES=100000` runs more of them;
//! `STRIDEKERN_ORACLE_REPORT=FILE` writes what fails to a file, by kind, instead of failing.

mod built;
mod cases;
mod compare;
mod exact;
mod extremes;
mod report;
mod response;
mod rules;
mod samples;
mod tests;

pub(crate) use extremes::{Bank, banks, image as extreme_image};

/// Whether any weights on integer samples give the exact response, correctly rounded. Integers
/// do anyway.
const EXACT_WEIGHTS: bool = true;
/// Whether `stretch` and `symmetric`, too, are exact for any weights: they amplify errors by as much
/// as the responses of an image are alike. Of integers of up to 32 bits they are exact anyway.
const EXACT_RANGES: bool = true;
/// Whether float results of integer samples are the nearest floats, whatever the weights. Those of
/// integer weights are anyway, and others are within the bound of floats.
const NEAREST_FLOATS: bool = false;
/// Whether float samples of any magnitude keep the bound, which is relative to the largest.
const FLOAT_BOUND: bool = true;
/// Whether the bias of integer samples is a whole number of them, halves up.
const BIAS_WHOLE: bool = true;
/// Whether luma of integers is not rounded where the result is float.
const LUMA_UNROUNDED: bool = true;
