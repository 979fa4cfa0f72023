//! The error bound of sums computed by a transform.

use super::Tiling;
use crate::number::LaneKind;

/// A bound on the difference between a transformed sum and the true one, for
/// samples of at most `largest` and a kernel whose weights have a sum of
/// magnitudes `weights`.
///
/// After Higham, "Accuracy and Stability of Numerical Algorithms" (2nd ed.),
/// theorem 24.2: a transform of length 2^t has an error of at most
/// `t eta / (1 - t eta)` of its result in the L2 norm, where
/// `eta = mu + gamma_4 (sqrt 2 + mu)` and `mu` bounds the error of the factors.
/// A transform in two dimensions is one of as many stages; a stage of radix 4
/// rounds less than two of radix 2, and so does one of radix 3. A value of the
/// spectrum is a sum over the weights, each multiplied by at most t rounded
/// factors. The error of one sum is at most the error of the whole tile in the
/// L2 norm, which makes the bound pessimistic: rounding errors spread over the tile.
/// Measured errors, in f32 and in f64, were ten thousand times smaller or less.
pub(super) fn error_bound(lane: LaneKind, tiling: &Tiling, largest: f64, weights: f64) -> f64 {
    let [rows, columns] = tiling.size;
    // The L2 norm of a pair of tiles, one in each part, full of the largest sample.
    let norm = largest * ((2 * rows * columns) as f64).sqrt();
    norm_error(lane, &[rows, columns]) * norm * weights
}

/// The same for sums by transforms of rows first, of `lens[1]` samples, and then of columns of
/// these sums, of `lens[0]`. `weights` are the sums of magnitudes of the kernel's column and row.
pub(super) fn error_bound_of_lines(
    lane: LaneKind,
    lens: [usize; 2],
    largest: f64,
    weights: [f64; 2],
) -> f64 {
    // Of pairs of lines, one in each part.
    let [down, along] = lens.map(|len| norm_error(lane, &[len]) * ((2 * len) as f64).sqrt());
    // The columns add their error to that of what they are made of, which may be that larger.
    largest * weights[0] * weights[1] * (along + down * (1.0 + along))
}

/// The error of a transform over these axes, the product with a spectrum and a transform back, in
/// the L2 norm of what is transformed.
fn norm_error(lane: LaneKind, axes: &[usize]) -> f64 {
    let unit = match lane {
        LaneKind::F32 => f64::from(f32::EPSILON) / 2.0,
        LaneKind::I16 | LaneKind::F64 => f64::EPSILON / 2.0,
    };
    let stages = |len: &usize| f64::from(len.next_power_of_two().ilog2());
    // A factor of 3 is less than the two stages of radix 2 that it counts as:
    // 9 is 4 stages, as 16 is.
    let t: f64 = axes.iter().map(stages).sum();
    let gamma_4 = 4.0 * unit / (1.0 - 4.0 * unit);
    // The angle is good to 2 roundings and so is its sine.
    let mu = 4.0 * unit;
    let eta = mu + gamma_4 * (std::f64::consts::SQRT_2 + mu);
    let there_and_back = 2.0 * t * eta / (1.0 - t * eta);
    let spectrum = t * (mu + gamma_4) / (1.0 - t * (mu + gamma_4));
    let product = gamma_4;
    // The product terms of the three errors are of second order: below 1 %.
    1.01 * (there_and_back + spectrum + product)
}
