//! Responses of colours that count by their alpha, in rational numbers: for integer samples near
//! to a tie, and where errors are not bounded.

use num_bigint::BigInt;
use num_rational::BigRational;

use crate::{
    finish::ExactFinish,
    geometry::Geometry,
    kernel::Kernel,
    number::rational,
    plan::{Alphas, Convolution, Weighing},
};

/// Rounds samples near to a tie.
#[derive(Debug)]
pub(super) struct ExactWeighing {
    geometry: Geometry,
    channels: usize,
    kernels: Vec<ExactKernel>,
    alphas: Alphas,
    full_scale: BigInt,
    /// Whether colours are multiplied by alpha already.
    is_premultiplied: bool,
    finish: ExactFinish,
    /// Whether that has all it needs: not of the maps that depend on extrema.
    has_colors: bool,
    /// The finish of alpha, and the kernels that it is of.
    alpha: Option<(ExactFinish, Vec<usize>)>,
    /// Whether the sums of the rows are exact.
    sums_are_exact: bool,
}

/// A kernel as it is written.
#[derive(Debug)]
struct ExactKernel {
    columns: usize,
    weights: Vec<BigRational>,
    divisor: BigRational,
    /// The same, if it is a small integer.
    small_divisor: Option<i128>,
}

/// Padded rows of samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Padded<'a> {
    /// Colours times alpha, and alpha.
    pub(super) products: &'a [f64],
    /// The samples themselves, where products are not exact.
    pub(super) samples: Option<&'a [f64]>,
    /// The first of the padded rows.
    pub(super) first: usize,
    /// Samples in a row.
    pub(super) row_len: usize,
}

/// Divisors below this are small.
const SMALL: f64 = (1_u64 << 40) as f64;

impl ExactWeighing {
    /// `None` if no sample of the convolution is near to a tie, or none need be told.
    pub(super) fn new(convolution: &Convolution, weighing: &Weighing) -> Option<Self> {
        let written = convolution.exact_kernels.as_ref()?;
        let one = BigInt::from(1);
        let is_same = |(a, b): (&Kernel, &Kernel)| a.is_integer() && a.as_slice() == b.as_slice();
        let is_written = convolution.kernels.iter().zip(written).all(is_same);
        let [_, full_scale] = convolution.depths[0].ends();
        Some(Self {
            geometry: convolution.geometry.clone(),
            channels: convolution.channels,
            kernels: written.iter().map(ExactKernel::new).collect(),
            alphas: weighing.rule.alphas.clone(),
            full_scale: full_scale.into(),
            is_premultiplied: weighing.is_premultiplied,
            finish: ExactFinish::new(&convolution.finish, written, &one),
            has_colors: !convolution.finish.needs_range(),
            alpha: weighing.alpha.as_ref().map(|alpha| {
                let finish = ExactFinish::new(&alpha.finish, &alpha.written, &one);
                (finish, alpha.kernels.clone())
            }),
            sums_are_exact: weighing.rule.has_exact_sums && is_written,
        })
    }

    /// Whether it rounds colours; else alpha only.
    pub(super) const fn has_colors(&self) -> bool {
        self.has_colors
    }

    /// The sample of the window `[row, column, channel]`, whose sums of products and of alpha are
    /// these for every kernel, and whose anchor lies on the sample `anchored`; `None` if the window
    /// has no alpha.
    pub(super) fn color(
        &self,
        sums: impl Iterator<Item = [f64; 2]> + Clone,
        padded: &Padded<'_>,
        window: [usize; 3],
        anchored: f64,
    ) -> Option<i128> {
        if self.sums_are_exact
            && let Some(sample) = self.small(sums.clone())
        {
            return sample;
        }
        let sums = sums
            .enumerate()
            .map(|(at, sums)| match self.sums_are_exact {
                true => sums.map(rational),
                false => self.sums(at, padded, window),
            });
        let sums: Vec<[BigRational; 2]> = sums.collect();
        let shares = sums
            .iter()
            .zip(&self.kernels)
            .map(|([_, alpha], k)| alpha / &k.divisor);
        let responses: Vec<BigRational> = match &self.alphas {
            Alphas::None => {
                let full_scale = BigRational::from(self.full_scale.clone());
                sums.iter().map(|[sum, _]| sum / &full_scale).collect()
            }
            Alphas::One => {
                let alpha: BigRational = shares.sum();
                if !is_positive(&alpha) {
                    return None;
                }
                sums.iter().map(|[sum, _]| sum / &alpha).collect()
            }
            Alphas::Own(has_own) => {
                let full_scale = BigRational::from(self.full_scale.clone());
                let shares: Vec<BigRational> = shares.collect();
                let mut own = shares.iter().zip(has_own).filter(|(_, has_own)| **has_own);
                if !own.any(|(share, _)| is_positive(share)) {
                    return None;
                }
                let terms = sums
                    .iter()
                    .zip(&self.kernels)
                    .zip(shares.iter().zip(has_own));
                let responses = terms.map(|(([sum, _], kernel), (share, &has_own))| {
                    match (has_own, is_positive(share)) {
                        (false, _) => sum / &full_scale,
                        (true, true) => sum / share,
                        (true, false) => rational(anchored) * &kernel.divisor,
                    }
                });
                responses.collect()
            }
        };
        Some(self.finish.sample(responses.into_iter()))
    }

    /// The same of the exact sums of the only kernel, if `i128` holds all that is computed.
    fn small(&self, mut sums: impl Iterator<Item = [f64; 2]>) -> Option<Option<i128>> {
        let [kernel] = &*self.kernels else {
            return None;
        };
        let [sum, alpha] = sums.next()?.map(|sum| sum as i128);
        let (numerator, denominator) = match self.alphas {
            Alphas::None => (sum, i128::try_from(&self.full_scale).ok()?),
            _ => {
                let divisor = kernel.small_divisor?;
                // The alpha of the window is that over the divisor.
                if alpha.signum() * divisor.signum() <= 0 {
                    return Some(None);
                }
                (sum.checked_mul(divisor)? * alpha.signum(), alpha.abs())
            }
        };
        Some(Some(self.finish.sample_of_small(numerator, denominator)?))
    }

    /// The alpha of a window, whose sums of alpha are these for every kernel that has one.
    pub(super) fn alpha(
        &self,
        sums: impl Iterator<Item = f64>,
        padded: &Padded<'_>,
        window: [usize; 3],
    ) -> i128 {
        let Some((finish, kernels)) = &self.alpha else {
            return 0;
        };
        let sums = sums.zip(kernels).map(|(sum, &kernel)| {
            let sum = match self.sums_are_exact {
                true => rational(sum),
                false => self.sums(kernel, padded, window)[1].clone(),
            };
            let divisor = &self.kernels[kernel].divisor;
            match self.alphas == Alphas::One || is_positive(&(&sum / divisor)) {
                true => sum,
                false => BigRational::from(BigInt::ZERO),
            }
        });
        finish.sample(sums)
    }

    /// The sums of the products and of alpha by a kernel, from the samples themselves.
    fn sums(
        &self,
        at: usize,
        padded: &Padded<'_>,
        [y, x, channel]: [usize; 3],
    ) -> [BigRational; 2] {
        let Geometry { rows, columns, .. } = &self.geometry;
        let [top, left] = self.geometry.origins[at];
        let first = y * rows.step + top - padded.first;
        let left = x * columns.step + left;
        let kernel = &self.kernels[at];
        let mut sums: [BigRational; 2] = Default::default();
        for (tap, weight) in kernel.weights.iter().enumerate() {
            let row = first + tap / kernel.columns * rows.dilation;
            let column = left + tap % kernel.columns * columns.dilation;
            let pixel = row * padded.row_len + column * self.channels;
            let (color, alpha) = (pixel + channel, pixel + self.channels - 1);
            if padded.products[alpha] == 0.0 && padded.products[color] == 0.0 {
                continue;
            }
            let alpha = rational(padded.products[alpha]);
            let product = match padded.samples {
                Some(samples) if self.is_premultiplied => {
                    rational(samples[color]) * BigRational::from(self.full_scale.clone())
                }
                Some(samples) => rational(samples[color]) * &alpha,
                None => rational(padded.products[color]),
            };
            sums[0] += weight * product;
            sums[1] += weight * alpha;
        }
        sums
    }
}

/// The sum of alpha of a kernel that is taken by itself: 0 if its alpha would be negative.
pub(super) fn own_alpha(sum: f64, divisor: f64) -> f64 {
    if sum / divisor > 0.0 { sum } else { 0.0 }
}

impl ExactKernel {
    fn new(kernel: &Kernel) -> Self {
        let divisor = kernel.divisor();
        let is_small = divisor.fract() == 0.0 && divisor.abs() < SMALL;
        Self {
            columns: kernel.columns(),
            weights: kernel.as_slice().iter().copied().map(rational).collect(),
            divisor: rational(divisor),
            small_divisor: is_small.then_some(divisor as i128),
        }
    }
}

fn is_positive(number: &BigRational) -> bool {
    *number > BigRational::from(BigInt::ZERO)
}
