//! Derivatives of small whole weights, and other such kernels.

use super::{finite, product, refuse, sin_cos, sum_of};
use crate::{
    combine::{Combine, CombineScale},
    kernel::{Factor, Kernel, KernelBank, KernelError},
};

/// The largest size of these kernels, OpenCV's.
const MAX_SIZE: usize = 31;

/// Which derivative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operator {
    /// Differences of binomials, of any odd size and order: OpenCV's `getDerivKernels`.
    Sobel,
    /// 3, 10, 3.
    Scharr,
    /// 1, 1, 1.
    Prewitt,
    /// Farid and Simoncelli's of 5 taps, as in scikit-image.
    Farid,
    /// The sum of both second derivatives: OpenCV's `Laplacian`.
    Laplacian,
}

impl Operator {
    const fn name(self) -> &'static str {
        match self {
            Self::Sobel => "sobel",
            Self::Scharr => "scharr",
            Self::Prewitt => "prewitt",
            Self::Farid => "farid",
            Self::Laplacian => "laplacian",
        }
    }
}

/// Along which axis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Axis {
    /// Along rows of the image: positive where it gets brighter to the right.
    X,
    /// Along columns: positive where it gets brighter downward.
    Y,
    /// Both, as the root of the sum of squares.
    #[default]
    Magnitude,
}

/// A derivative.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Derivative {
    /// Which.
    pub operator: Operator,
    /// The size, odd; 3, farid's 5. The others than Sobel's and the Laplacian have no other.
    pub size: Option<usize>,
    /// The order of the derivative; Sobel's alone has others than 1.
    pub order: usize,
    /// Along which axis; the Laplacian has none.
    pub axis: Axis,
    /// Whether the smoothing weights sum to 1 and the magnitude is over the square root of 2, as
    /// scikit-image has it. Not of the Laplacian.
    pub normalized: bool,
}

impl Derivative {
    /// The first derivative of the usual size.
    pub const fn new(operator: Operator, axis: Axis) -> Self {
        Self {
            operator,
            size: None,
            order: 1,
            axis,
            normalized: false,
        }
    }

    /// The bank: one kernel, or x and y with their magnitude.
    ///
    /// # Errors
    ///
    /// If a parameter is out of range.
    pub fn bank(&self) -> Result<KernelBank, KernelError> {
        let name = self.operator.name();
        if self.operator == Operator::Laplacian {
            return Ok(KernelBank::from_kernel(name, self.laplacian()?));
        }
        let [smooth, edge] = self.vectors()?;
        let divisor = match self.normalized {
            // Farid's sum to 1 but for their own rounding.
            true if self.operator != Operator::Farid => smooth.iter().sum(),
            _ => 1.0,
        };
        let x = || product(smooth.clone(), edge.clone())?.with_divisor(divisor);
        let y = || product(edge.clone(), smooth.clone())?.with_divisor(divisor);
        match self.axis {
            Axis::X => Ok(KernelBank::from_kernel(name, x()?)),
            Axis::Y => Ok(KernelBank::from_kernel(name, y()?)),
            Axis::Magnitude => {
                let bank = KernelBank::new(name, vec![x()?, y()?], Some(Combine::Magnitude))?;
                let bank = match CombineScale::root(1, 2) {
                    Some(scale) if self.normalized => bank.with_scale(scale)?,
                    _ => bank,
                };
                Ok(bank.with_labels(["x".to_owned(), "y".to_owned()]))
            }
        }
    }

    fn laplacian(&self) -> Result<Kernel, KernelError> {
        let size = self.size.unwrap_or(1);
        if size == 1 {
            return Kernel::new(3, 3, vec![0.0, 1.0, 0.0, 1.0, -4.0, 1.0, 0.0, 1.0, 0.0]);
        }
        check_size("laplacian", size)?;
        let (smooth, edge) = (differences(size, 0), differences(size, 2));
        sum_of(vec![
            Factor {
                column: smooth.clone(),
                row: edge.clone(),
            },
            Factor {
                column: edge,
                row: smooth,
            },
        ])
    }

    /// The smoothing and the differentiating vector.
    fn vectors(&self) -> Result<[Vec<f64>; 2], KernelError> {
        let name = self.operator.name();
        let smooth = match self.operator {
            Operator::Farid => {
                if !matches!(self.size, None | Some(5)) {
                    return Err(refuse(name, "size", self.size.unwrap_or(0), "5"));
                }
                let smooth = [0.037_659_317_195_812_6, 0.249_153_396_177_344];
                let edge = [0.109_603_762_960_254, 0.276_690_988_455_557];
                let middle = 0.426_374_573_253_687;
                self.first_order()?;
                return Ok([
                    vec![smooth[0], smooth[1], middle, smooth[1], smooth[0]],
                    vec![-edge[0], -edge[1], 0.0, edge[1], edge[0]],
                ]);
            }
            Operator::Scharr => [3.0, 10.0, 3.0],
            Operator::Prewitt => [1.0; 3],
            Operator::Sobel | Operator::Laplacian => {
                let size = self.size.unwrap_or(3);
                check_size(name, size)?;
                if self.order == 0 || self.order >= size {
                    let expected = "a whole number above 0 and below the size";
                    return Err(refuse(name, "order", self.order, expected));
                }
                return Ok([differences(size, 0), differences(size, self.order)]);
            }
        };
        if !matches!(self.size, None | Some(3)) {
            return Err(refuse(name, "size", self.size.unwrap_or(0), "3"));
        }
        self.first_order()?;
        Ok([smooth.to_vec(), vec![-1.0, 0.0, 1.0]])
    }

    fn first_order(&self) -> Result<(), KernelError> {
        match self.order {
            1 => Ok(()),
            order => Err(refuse(self.operator.name(), "order", order, "1")),
        }
    }
}

fn check_size(generator: &'static str, size: usize) -> Result<(), KernelError> {
    match size % 2 == 1 && (3..=MAX_SIZE).contains(&size) {
        true => Ok(()),
        false => Err(refuse(generator, "size", size, "an odd number of 3 to 31")),
    }
}

/// The binomials of this size, `order` of whose factors are differences in place of sums.
fn differences(size: usize, order: usize) -> Vec<f64> {
    let mut weights = vec![1.0];
    for step in 1..size {
        let sign = if step < size - order { 1.0 } else { -1.0 };
        weights = (0..=weights.len())
            .map(|at| {
                let left = at.checked_sub(1).map_or(0.0, |at| weights[at]);
                let here = weights.get(at).copied().unwrap_or(0.0);
                left + sign * here
            })
            .collect();
    }
    weights
}

/// A blur by binomials, such as 1, 2, 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binomial {
    /// The length of the side.
    pub size: usize,
}

impl Binomial {
    /// Of this length of the side.
    pub const fn new(size: usize) -> Self {
        Self { size }
    }

    /// The kernel: whole numbers, divided by their sum.
    ///
    /// # Errors
    ///
    /// If the size is not 1 to 31.
    pub fn kernel(&self) -> Result<Kernel, KernelError> {
        if !(1..=MAX_SIZE).contains(&self.size) {
            return Err(refuse(
                "binomial",
                "size",
                self.size,
                "a whole number of 1 to 31",
            ));
        }
        let weights = differences(self.size, 0);
        let sum = 2_f64.powi(self.size as i32 - 1);
        product(weights.clone(), weights)?.with_divisor(sum * sum)
    }
}

/// A relief, lit from a direction.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Emboss {
    /// Where the light comes from, in degrees counterclockwise from the right.
    pub angle: f64,
    /// How high the relief is; at 1 and 135 degrees it is the built-in kernel.
    pub strength: f64,
}

impl Emboss {
    /// Of light from this angle and of this strength.
    pub const fn new(angle: f64, strength: f64) -> Self {
        Self { angle, strength }
    }

    /// The kernel, which sums to 1.
    ///
    /// # Errors
    ///
    /// If a parameter is not finite.
    pub fn kernel(&self) -> Result<Kernel, KernelError> {
        let (sin, cos) = sin_cos(finite("emboss", "angle", self.angle)?);
        let strength = finite("emboss", "strength", self.strength)?;
        let largest = sin.abs().max(cos.abs());
        // Equal but for rounding at 45 degrees.
        let unit = |share: f64| match 1.0 - share.abs() / largest < 1e-12 {
            true => share.signum(),
            false => share / largest,
        };
        let (sin, cos) = (unit(sin), unit(cos));
        let weight = |at: usize| match at {
            4 => 1.0,
            _ => {
                let [y, x] = [1.0 - (at / 3) as f64, (at % 3) as f64 - 1.0];
                // 0 added: no negative zero.
                -strength * (x * cos + y * sin) + 0.0
            }
        };
        Kernel::new(3, 3, (0..9).map(weight).collect())
    }
}
