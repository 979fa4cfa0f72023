//! Normalised responses in rational numbers, for integer samples near to a tie.

use num_bigint::{BigInt, Sign};
use num_rational::BigRational;

use super::planes::Planes;
use crate::{
    finish::ExactFinish, geometry::Geometry, kernel::Kernel, number::rational, plan::Convolution,
};

/// Rounds samples near to a tie.
#[derive(Debug)]
pub(super) struct ExactResponses {
    geometry: Geometry,
    channels: usize,
    kernels: Vec<ExactKernel>,
    finish: ExactFinish,
    /// Whether the sums of the rows are exact, as all weights are integers.
    sums_are_exact: bool,
}

/// A kernel as it is written.
#[derive(Debug)]
struct ExactKernel {
    columns: usize,
    weights: Vec<BigRational>,
    sum: BigRational,
    abs_sum: BigRational,
    /// The sums in f64, if they are exact.
    totals: [f64; 2],
}

/// The sums of one window by one kernel, in f64.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub(super) numbers: f64,
    /// `None` if all samples are present.
    pub(super) presence: Option<f64>,
    /// Of numbers and presence by the absolute weights, if there are weights of both signs.
    pub(super) absolute: Option<[f64; 2]>,
}

impl ExactResponses {
    /// `None` if no sample of the convolution is near to a tie, or none need be told.
    pub(super) fn new(convolution: &Convolution) -> Option<Self> {
        let written = convolution.exact_kernels.as_ref()?;
        let is_same = |(a, b): (&Kernel, &Kernel)| a.is_integer() && a.as_slice() == b.as_slice();
        Some(Self {
            geometry: convolution.geometry.clone(),
            channels: convolution.channels,
            kernels: written.iter().map(ExactKernel::new).collect(),
            finish: ExactFinish::new(&convolution.finish, written, &BigInt::from(1)),
            sums_are_exact: convolution.kernels.iter().zip(written).all(is_same),
        })
    }

    /// The sample of the window `[row, column, channel]`, whose sums are these.
    pub(super) fn sample(
        &self,
        sums: impl Iterator<Item = Sums>,
        planes: &Planes,
        window: [usize; 3],
    ) -> i128 {
        if !self.sums_are_exact {
            let kernels = self.kernels.iter().enumerate();
            let responses = kernels.map(|(at, kernel)| self.response(at, kernel, planes, window));
            return self.finish.sample(responses);
        }
        let mut sums = sums.zip(&self.kernels);
        if self.kernels.len() == 1
            && let Some((sums, kernel)) = sums.next()
        {
            let sample = (kernel.small_response(sums))
                .and_then(|[numerator, over]| self.finish.sample_of_small(numerator, over));
            let response = || kernel.response_of_sums(sums);
            return sample.unwrap_or_else(|| self.finish.sample([response()].into_iter()));
        }
        (self.finish).sample(sums.map(|(sums, kernel)| kernel.response_of_sums(sums)))
    }

    /// The response of a kernel, from the samples themselves.
    fn response(
        &self,
        at: usize,
        kernel: &ExactKernel,
        planes: &Planes,
        [y, x, channel]: [usize; 3],
    ) -> BigRational {
        let Geometry { rows, columns, .. } = &self.geometry;
        let [top, left] = self.geometry.origins[at];
        let first = y * rows.step + top - planes.first;
        let left = x * columns.step + left;
        let mut sums: [BigRational; 4] = Default::default();
        for (tap, weight) in kernel.weights.iter().enumerate() {
            let row = first + tap / kernel.columns * rows.dilation;
            let column = left + tap % kernel.columns * columns.dilation;
            let at = row * planes.row_len + column * self.channels + channel;
            if planes.presence[at] == 0.0 {
                continue;
            }
            let product = weight * rational(planes.numbers[at]);
            let [numbers, presence, abs_numbers, abs_presence] = &mut sums;
            *presence += weight;
            if is_negative(weight) {
                *abs_numbers -= &product;
                *abs_presence -= weight;
            } else {
                *abs_numbers += &product;
                *abs_presence += weight;
            }
            *numbers += product;
        }
        kernel.divided(sums)
    }
}

impl ExactKernel {
    fn new(kernel: &Kernel) -> Self {
        let weights: Vec<BigRational> = kernel.as_slice().iter().copied().map(rational).collect();
        let abs = |w: &BigRational| match is_negative(w) {
            true => -w,
            false => w.clone(),
        };
        Self {
            columns: kernel.columns(),
            sum: weights.iter().sum(),
            abs_sum: weights.iter().map(abs).sum(),
            weights,
            totals: [kernel.sum(), kernel.abs_sum()],
        }
    }

    /// `A + (S - P) * B / Q`.
    fn divided(
        &self,
        [numbers, presence, abs_numbers, abs_presence]: [BigRational; 4],
    ) -> BigRational {
        match abs_presence == self.abs_sum {
            true => numbers,
            false => numbers + (&self.sum - presence) * abs_numbers / abs_presence,
        }
    }

    /// A, P, B and Q of exact sums; the last two of a kernel of one sign are the absolute
    /// values of weights on the first two.
    fn exact(&self, sums: Sums) -> Option<[f64; 4]> {
        let presence = sums.presence?;
        let sign = if self.totals[0] < 0.0 { -1.0 } else { 1.0 };
        let one_sign = [sums.numbers, presence].map(|sum| sign * sum);
        let [abs_numbers, abs_presence] = sums.absolute.unwrap_or(one_sign);
        Some([sums.numbers, presence, abs_numbers, abs_presence])
    }

    /// The response to a window of these exact sums.
    fn response_of_sums(&self, sums: Sums) -> BigRational {
        match self.exact(sums) {
            Some(sums) => self.divided(sums.map(rational)),
            None => rational(sums.numbers),
        }
    }

    /// The same as numerator and denominator, which are small.
    fn small_response(&self, sums: Sums) -> Option<[i128; 2]> {
        let Some(sums) = self.exact(sums) else {
            return Some([sums.numbers as i128, 1]);
        };
        let [numbers, presence, abs_numbers, abs_presence] = sums.map(|sum| sum as i128);
        let [sum, abs_sum] = self.totals.map(|total| total as i128);
        if abs_presence == abs_sum {
            return Some([numbers, 1]);
        }
        let products = numbers.checked_mul(abs_presence)?;
        let rest = (sum - presence).checked_mul(abs_numbers)?;
        Some([products.checked_add(rest)?, abs_presence])
    }
}

fn is_negative(number: &BigRational) -> bool {
    number.numer().sign() == Sign::Minus
}
