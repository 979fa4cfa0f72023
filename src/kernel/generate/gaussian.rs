//! Gaussians, their derivatives, and what is made of them.

use super::{
    MAX_PRODUCT_WEIGHTS, MAX_WEIGHTS, finite, positive, product, refuse, sides, sides_within,
    sum_of,
};
use crate::kernel::{Factor, Kernel, KernelError};

/// Whose rules give what is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Like {
    /// SciPy's: the radius is 4 sigma, rounded.
    #[default]
    Scipy,
    /// OpenCV's: the size is 6 sigma + 1 made odd, as `GaussianBlur` has it of 8 bits; of other
    /// types it is 8 sigma + 1, which `truncate` = 4 gives. A radius without sigma is as its size
    /// there with sigma 0: up to 4 a table of its own, else the sigma that it computes.
    Opencv,
    /// MATLAB's `fspecial`.
    Matlab,
}

/// The most derivatives of a Gaussian.
const MAX_ORDER: u32 = 32;

/// A Gaussian of two standard deviations or a derivative of it, as SciPy's `gaussian_filter`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Gaussian {
    /// Standard deviations along columns and along rows (y, x). One may be 0: nothing along it;
    /// with OpenCV's rules and a radius both, for its weights of that size.
    pub sigma: [f64; 2],
    /// The radius of both axes; by the rule of `like` if there is none.
    pub radius: Option<u32>,
    /// The radius in sigmas, where none is given: 4, OpenCV's 3.
    pub truncate: Option<f64>,
    /// The order of the derivative, 0 for none (y, x).
    pub order: [u32; 2],
    /// Whose rules are taken.
    pub like: Like,
}

impl Gaussian {
    /// The Gaussian of this sigma by SciPy's rules.
    pub const fn new(sigma: f64) -> Self {
        Self {
            sigma: [sigma; 2],
            radius: None,
            truncate: None,
            order: [0; 2],
            like: Like::Scipy,
        }
    }

    /// The kernel.
    ///
    /// # Errors
    ///
    /// If a parameter is out of range or the kernel has too many weights.
    pub fn kernel(&self) -> Result<Kernel, KernelError> {
        let [column, row] = self.vectors("gaussian", MAX_PRODUCT_WEIGHTS)?;
        product(column, row)
    }

    /// The column and the row.
    fn vectors(&self, generator: &'static str, limit: usize) -> Result<[Vec<f64>; 2], KernelError> {
        if let (Like::Opencv, [0.0, 0.0], Some(radius)) = (self.like, self.sigma, self.radius) {
            return match OPENCV_SMALL.get(radius as usize) {
                Some(half) if self.order == [0; 2] => Ok([opencv_small(half), opencv_small(half)]),
                _ => {
                    let sigma = [opencv_computed_sigma(radius); 2];
                    Self { sigma, ..*self }.vectors(generator, limit)
                }
            };
        }
        for sigma in self.sigma {
            if !(sigma >= 0.0 && sigma.is_finite()) || self.sigma == [0.0; 2] {
                return Err(refuse(generator, "sigma", sigma, "a number above 0"));
            }
        }
        for (sigma, order) in self.sigma.iter().zip(self.order) {
            if order > MAX_ORDER || (order > 0 && *sigma == 0.0) {
                return Err(refuse(
                    generator,
                    "order",
                    order,
                    "a whole number of 0 to 32, 0 where sigma is 0",
                ));
            }
        }
        if let Some(truncate) = self.truncate {
            positive(generator, "truncate", truncate)?;
        }
        let radii = self.sigma.map(|sigma| self.radius(sigma));
        sides_within(generator, radii, limit)?;
        let vector = |axis: usize| {
            gaussian(
                self.sigma[axis],
                radii[axis] as i64,
                self.order[axis] as usize,
            )
        };
        Ok([vector(0), vector(1)])
    }

    /// The radius along an axis, a whole number.
    fn radius(&self, sigma: f64) -> f64 {
        if sigma == 0.0 {
            return 0.0;
        }
        match (self.radius, self.like) {
            (Some(radius), _) => f64::from(radius),
            (None, Like::Opencv) => {
                let size = sigma * self.truncate.unwrap_or(3.0) * 2.0 + 1.0;
                (size.round_ties_even() / 2.0).floor()
            }
            (None, _) => (self.truncate.unwrap_or(4.0) * sigma + 0.5).floor(),
        }
    }
}

/// The weights of one axis, laid on the samples as they are: SciPy's `_gaussian_kernel1d`,
/// turned around.
fn gaussian(sigma: f64, radius: i64, order: usize) -> Vec<f64> {
    if sigma == 0.0 {
        return vec![1.0];
    }
    let variance = sigma * sigma;
    let places = || (-radius..=radius).map(|x| x as f64);
    let mut weights: Vec<f64> = places()
        .map(|x| match x == 0.0 {
            // Also where sigma is so small that its square is 0.
            true => 1.0,
            false => libm::exp(-0.5 / variance * (x * x)),
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    if order > 0 {
        let factors = derivative(variance, order);
        for (weight, x) in weights.iter_mut().zip(places()) {
            let polynomial: f64 = factors.iter().rev().fold(0.0, |sum, f| sum * x + f);
            *weight *= polynomial;
        }
        weights.reverse();
    }
    weights
}

/// The polynomial that a Gaussian's derivative is the Gaussian times: of q, q' - x q / variance.
fn derivative(variance: f64, order: usize) -> Vec<f64> {
    let mut factors = vec![0.0; order + 1];
    factors[0] = 1.0;
    for _ in 0..order {
        factors = (0..=order)
            .map(|power| {
                let raised = match power {
                    0 => 0.0,
                    _ => factors[power - 1] / -variance,
                };
                let next = factors.get(power + 1).copied().unwrap_or(0.0);
                next * (power + 1) as f64 + raised
            })
            .collect();
    }
    factors
}

/// OpenCV's sigma of a radius without one; 0 where it has a table in place of it.
pub(super) fn opencv_sigma(radius: u32) -> f64 {
    match OPENCV_SMALL.get(radius as usize) {
        Some(_) => 0.0,
        None => opencv_computed_sigma(radius),
    }
}

fn opencv_computed_sigma(radius: u32) -> f64 {
    0.3 * (f64::from(radius) - 1.0) + 0.8
}

/// OpenCV's `getGaussianKernel` of the sizes 1 to 9 without a sigma, times 256, from the middle on.
const OPENCV_SMALL: [&[u16]; 5] = [
    &[256],
    &[128, 64],
    &[96, 64, 16],
    &[72, 56, 28, 8],
    &[60, 51, 30, 13, 4],
];

fn opencv_small(half: &[u16]) -> Vec<f64> {
    let left = half[1..].iter().rev();
    left.chain(half)
        .map(|&weight| f64::from(weight) / 256.0)
        .collect()
}

/// The Laplacian of a Gaussian, as SciPy's `gaussian_laplace` or MATLAB's `fspecial('log')`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LaplacianOfGaussian {
    /// The Gaussian; its order has no meaning here.
    pub gaussian: Gaussian,
}

impl LaplacianOfGaussian {
    /// Of the Gaussian of this sigma by SciPy's rules.
    pub const fn new(sigma: f64) -> Self {
        Self {
            gaussian: Gaussian::new(sigma),
        }
    }

    /// The kernel.
    ///
    /// # Errors
    ///
    /// If a parameter is out of range or the kernel has too many weights.
    pub fn kernel(&self) -> Result<Kernel, KernelError> {
        for sigma in self.gaussian.sigma {
            positive("log", "sigma", sigma)?;
        }
        if self.gaussian.like == Like::Matlab {
            return self.matlab();
        }
        let term = |order| {
            let of_order = Gaussian {
                order,
                ..self.gaussian
            };
            let [column, row] = of_order.vectors("log", MAX_WEIGHTS)?;
            Ok(Factor { column, row })
        };
        sum_of(vec![term([2, 0])?, term([0, 2])?])
    }

    fn matlab(&self) -> Result<Kernel, KernelError> {
        let [sigma, other] = self.gaussian.sigma;
        if sigma != other {
            return Err(refuse(
                "log",
                "sigma",
                other,
                "one number where like = matlab",
            ));
        }
        let radius = self.gaussian.radius(sigma);
        let [side, _] = sides("log", [radius; 2])?;
        let variance = sigma * sigma;
        let squares = || {
            let place = move |at: usize| at as f64 - radius;
            (0..side * side).map(move |at| {
                let (y, x) = (place(at / side), place(at % side));
                x * x + y * y
            })
        };
        let bell = |square: f64| match square == 0.0 {
            true => 1.0,
            false => libm::exp(-square / (2.0 * variance)),
        };
        let tiny = |weight: f64| if weight < f64::EPSILON { 0.0 } else { weight };
        let mut weights: Vec<f64> = squares().map(|square| tiny(bell(square))).collect();
        let sum: f64 = weights.iter().sum();
        for (weight, square) in weights.iter_mut().zip(squares()) {
            *weight = *weight / sum * (square - 2.0 * variance) / (variance * variance);
        }
        let mean = weights.iter().sum::<f64>() / (side * side) as f64;
        for weight in &mut weights {
            *weight -= mean;
        }
        Kernel::new(side, side, weights)
    }
}

/// A Gaussian less a wider one.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct DifferenceOfGaussians {
    /// The narrow Gaussian, with the rule for both radii.
    pub gaussian: Gaussian,
    /// The sigma of the one that is subtracted.
    pub sigma2: f64,
}

impl DifferenceOfGaussians {
    /// Of these sigmas, by SciPy's rules.
    pub const fn new(sigma: f64, sigma2: f64) -> Self {
        Self {
            gaussian: Gaussian::new(sigma),
            sigma2,
        }
    }

    /// The kernel.
    ///
    /// # Errors
    ///
    /// If a parameter is out of range or the kernel has too many weights.
    pub fn kernel(&self) -> Result<Kernel, KernelError> {
        positive("dog", "sigma2", self.sigma2)?;
        let wide = Gaussian {
            sigma: [self.sigma2; 2],
            ..self.gaussian
        };
        let narrow = self.gaussian.vectors("dog", MAX_WEIGHTS)?;
        let wide = wide.vectors("dog", MAX_WEIGHTS)?;
        let sizes = [0, 1].map(|axis: usize| narrow[axis].len().max(wide[axis].len()));
        if sizes[0].saturating_mul(sizes[1]) > MAX_WEIGHTS {
            sides("dog", sizes.map(|size| (size / 2) as f64))?;
        }
        let [column, row] = [0, 1].map(|axis| centred(&narrow[axis], sizes[axis]));
        let first = Factor { column, row };
        let [mut column, row] = [0, 1].map(|axis| centred(&wide[axis], sizes[axis]));
        for weight in &mut column {
            *weight = -*weight;
        }
        sum_of(vec![first, Factor { column, row }])
    }
}

/// The weights with zeros on both sides.
fn centred(weights: &[f64], size: usize) -> Vec<f64> {
    let mut out = vec![0.0; size];
    let first = (size - weights.len()) / 2;
    out[first..first + weights.len()].copy_from_slice(weights);
    out
}

/// An unsharp mask: the image and `amount` times what its blur takes away.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Unsharp {
    /// The blur.
    pub gaussian: Gaussian,
    /// How much is added of what the blur takes away.
    pub amount: f64,
}

impl Unsharp {
    /// With the Gaussian of this sigma by SciPy's rules.
    pub const fn new(sigma: f64, amount: f64) -> Self {
        Self {
            gaussian: Gaussian::new(sigma),
            amount,
        }
    }

    /// The kernel.
    ///
    /// # Errors
    ///
    /// If a parameter is out of range or the kernel has too many weights.
    pub fn kernel(&self) -> Result<Kernel, KernelError> {
        let amount = finite("unsharp", "amount", self.amount)?;
        let [mut column, row] = self.gaussian.vectors("unsharp", MAX_WEIGHTS)?;
        let one = Factor {
            column: centred(&[1.0 + amount], column.len()),
            row: centred(&[1.0], row.len()),
        };
        for weight in &mut column {
            *weight *= -amount;
        }
        sum_of(vec![one, Factor { column, row }])
    }
}
