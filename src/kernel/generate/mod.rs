//! Kernels made from parameters: Gaussians of any sigma, boxes, disks, derivatives.
//!
//! Exponentials, sines and cosines are `libm`'s, so that weights are the same on every
//! machine. Weights are `f64`; where they are whole numbers or whole numbers over a divisor, they
//! are exact. The weights of a separable kernel are the products of its two vectors, each rounded
//! once to `f64`.

mod checks;
mod derivative;
mod gaussian;
mod generators;
mod parameters;
mod shapes;
mod spec;
mod wave;

pub use derivative::{Axis, Binomial, Derivative, Emboss, Operator};
pub use gaussian::{DifferenceOfGaussians, Gaussian, LaplacianOfGaussian, Like, Unsharp};
pub use generators::{Generator, generators};
pub use parameters::Parameter;
pub use shapes::{BoxBlur, Disk, Motion};
pub(super) use spec::is_spec;
pub use wave::{Gabor, Part};

use std::borrow::Cow;

use super::{Factor, Kernel, KernelError, file::MAX_WEIGHTS};

/// The maximum number of weights of a kernel that is one column times one row, 2048 x 2048: what is
/// computed takes little longer.
const MAX_PRODUCT_WEIGHTS: usize = 1 << 22;

/// The sides of a kernel, if it has no more weights than the limit; `radii` are whole numbers.
fn sides(generator: &'static str, radii: [f64; 2]) -> Result<[usize; 2], KernelError> {
    sides_within(generator, radii, MAX_WEIGHTS)
}

/// The same of one column times one row.
fn product_sides(generator: &'static str, radii: [f64; 2]) -> Result<[usize; 2], KernelError> {
    sides_within(generator, radii, MAX_PRODUCT_WEIGHTS)
}

fn sides_within(
    generator: &'static str,
    radii: [f64; 2],
    limit: usize,
) -> Result<[usize; 2], KernelError> {
    let [rows, columns] = radii.map(|radius| 2.0 * radius + 1.0);
    let weights = rows * columns;
    if weights.is_nan() || weights > limit as f64 {
        return Err(KernelError::Generated {
            generator,
            rows,
            columns,
            limit,
        });
    }
    Ok([rows as usize, columns as usize])
}

/// The error of a value that a parameter cannot have.
fn refuse(
    generator: &'static str,
    parameter: &'static str,
    value: impl ToString,
    expected: impl Into<Cow<'static, str>>,
) -> KernelError {
    KernelError::Parameter {
        generator,
        parameter,
        value: value.to_string(),
        expected: expected.into(),
    }
}

/// Refuses a number that is not finite and above 0.
fn positive(
    generator: &'static str,
    parameter: &'static str,
    value: f64,
) -> Result<f64, KernelError> {
    match value > 0.0 && value.is_finite() {
        true => Ok(value),
        false => Err(refuse(generator, parameter, value, "a number above 0")),
    }
}

/// Refuses a number that is not finite.
fn finite(
    generator: &'static str,
    parameter: &'static str,
    value: f64,
) -> Result<f64, KernelError> {
    match value.is_finite() {
        true => Ok(value),
        false => Err(refuse(generator, parameter, value, "a finite number")),
    }
}

/// The kernel that is the sum of these terms.
fn sum_of(terms: Vec<Factor>) -> Result<Kernel, KernelError> {
    let [rows, columns] = match terms.first() {
        Some(term) => [term.column.len(), term.row.len()],
        None => [0, 0],
    };
    let mut weights = vec![0.0; rows * columns];
    for term in &terms {
        for (weights, scale) in weights.chunks_mut(columns.max(1)).zip(&term.column) {
            for (weight, factor) in weights.iter_mut().zip(&term.row) {
                *weight += scale * factor;
            }
        }
    }
    Ok(Kernel::new(rows, columns, weights)?.with_terms(terms))
}

/// The kernel that is one column times one row.
pub(super) fn product(column: Vec<f64>, row: Vec<f64>) -> Result<Kernel, KernelError> {
    Kernel::product(Factor { column, row })
}

/// Sine and cosine of an angle in degrees, exact at quarter turns.
fn sin_cos(degrees: f64) -> (f64, f64) {
    let angle = degrees.rem_euclid(360.0);
    let quarter = (angle / 90.0) as u32;
    let rest = (angle - 90.0 * f64::from(quarter)).to_radians();
    let (sin, cos) = match rest == 0.0 {
        true => (0.0, 1.0),
        false => (libm::sin(rest), libm::cos(rest)),
    };
    match quarter % 4 {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

#[cfg(test)]
mod tests;
