//! Normalised convolution: the sums that responses are divided from where samples are
//! missing.

use std::{iter, sync::Arc};

use super::{convolution::Convolution, tuning::ResolvedTuning};
use crate::{
    border::Border,
    engine::{Engine, Method, Problem},
    error::{Error, Result},
    filter::{Mask, Missing, MissingValue},
    image::{Depth, ImageSpec},
    kernel::{EXACT, Kernel},
    number::LaneKind,
};

/// How windows are computed from the samples that are present: see [`Missing`].
#[derive(Debug)]
pub(crate) struct Normalisation {
    /// The value of missing samples; never that of a file.
    pub(crate) value: Option<MissingValue>,
    pub(crate) mask: Option<Mask>,
    /// Windows with less of their absolute weight on present samples are missing.
    pub(crate) min_share: f64,
    /// What the result has where a window is missing.
    pub(crate) fill: f64,
    /// The constants of the borders above and beside the image; 0 where there are none, `None`
    /// if they are missing samples.
    pub(crate) constants: [Option<f64>; 2],
    /// The sums of every kernel.
    pub(crate) sums: Vec<KernelSums>,
}

/// The sums of one kernel, over windows of the padded samples, missing ones 0, and over those
/// of their presence, 1 or 0.
#[derive(Debug)]
pub(crate) struct KernelSums {
    pub(crate) weights: SumOfPlane,
    /// By the absolute weights, if there are weights of both signs.
    pub(crate) absolute: Option<SumOfPlane>,
    pub(crate) totals: Totals,
}

/// The sums by one set of weights.
#[derive(Debug)]
pub(crate) struct SumOfPlane {
    pub(crate) convolution: Arc<Convolution>,
    /// The same tap by tap, if that is a transform: its errors are relative to the samples of
    /// a tile, and would show in windows with little of their weight on present samples.
    pub(crate) tap_by_tap: Option<Arc<Convolution>>,
}

/// Rows of windows that are searched at once for those to be summed again tap by tap: enough for
/// the blocks of the direct engine.
pub(crate) const ROWS_AGAIN: usize = 8;

impl KernelSums {
    /// By the weights, then by the absolute weights.
    pub(crate) fn of_planes(&self) -> impl Iterator<Item = &SumOfPlane> {
        iter::once(&self.weights).chain(&self.absolute)
    }
}

/// Sums of all weights of a kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    /// Of the weights.
    pub(crate) sum: f64,
    /// Of the absolute weights.
    pub(crate) abs_sum: f64,
    /// Windows with this absolute weight on present samples are complete, but for samples
    /// whose weight is below the rounding of the sum.
    pub(crate) complete: f64,
    /// Windows with less are missing.
    pub(crate) least: f64,
}

impl Normalisation {
    /// For images of this spec, whose geometry, channels and samples `problem` has. The sums are
    /// computed by its method.
    pub(super) fn new(
        engines: &[&'static dyn Engine],
        problem: &Problem<'_>,
        kernels: &[Kernel],
        missing: &Missing,
        image: ImageSpec,
        borders: Option<[Border; 2]>,
        tuning: &ResolvedTuning,
    ) -> Result<Self> {
        missing.check_image(image)?;
        let sums = kernels.iter().zip(&problem.geometry.origins);
        let sums = sums.map(|(kernel, &origin)| {
            let by = |method, kernel: &Kernel| {
                let problem = Problem { method, ..*problem };
                Convolution::of_sums(engines, &problem, kernel, origin, tuning).map(Arc::new)
            };
            let of = |kernel: &Kernel| {
                let again =
                    (problem.method == Some(Method::Fft)).then(|| by(Some(Method::Direct), kernel));
                Ok::<_, Error>(SumOfPlane {
                    convolution: by(problem.method, kernel)?,
                    tap_by_tap: again.transpose()?,
                })
            };
            Ok(KernelSums {
                weights: of(kernel)?,
                absolute: absolute(kernel).as_ref().map(of).transpose()?,
                totals: Totals::new(kernel, problem.method, missing.min_share),
            })
        });
        let axes = [&problem.geometry.rows, &problem.geometry.columns];
        // The constants of the geometry are those of unrounded luma, if that is convolved.
        let constants = [0, 1].map(|axis| match borders.map(|borders| borders[axis]) {
            Some(Border::Constant(value)) if missing.holds_constant(value, image.depth) => None,
            _ => Some(axes[axis].constant()),
        });
        Ok(Self {
            value: missing.value,
            mask: missing.mask.clone(),
            min_share: missing.min_share,
            fill: missing.fill(problem.output_depth)?,
            constants,
            sums: sums.collect::<Result<_>>()?,
        })
    }
}

/// Windows with less of their absolute weight on present samples are summed again tap by tap.
/// In the others the measured errors of quotients of transforms are as small as what the taps of
/// the smallest kernels that are transformed may round to.
const LEAST_SHARE: f64 = 1.0 / 8.0;

/// How far the share of a transform may be from that of the taps: more than is proven of its
/// largest tiles.
const SHARE_ERROR: f64 = 1e-9;

impl Totals {
    /// Whether a window with this absolute weight on present samples, from a transform, has to be
    /// summed again tap by tap: there is little, or it is near to a limit.
    #[inline(always)]
    pub(crate) fn is_doubtful(&self, present: f64, min_share: f64) -> bool {
        let share = present / self.abs_sum;
        let near = |limit: f64| (share - limit).abs() < SHARE_ERROR;
        (present < self.complete) & ((share < LEAST_SHARE) | near(min_share) | near(1.0))
    }

    fn new(kernel: &Kernel, method: Option<Method>, min_share: f64) -> Self {
        let abs_sum = kernel.abs_sum();
        let is_exact = kernel.is_integer() && abs_sum < EXACT && method != Some(Method::Fft);
        // Both sums of n weights are rounded at most n times.
        let roundings = (2 * kernel.area() + 8) as f64;
        Self {
            sum: kernel.sum(),
            abs_sum,
            complete: match is_exact {
                true => abs_sum,
                false => abs_sum * (1.0 - roundings * LaneKind::F64.unit_roundoff()),
            },
            least: least_present(abs_sum, min_share),
        }
    }
}

/// The least number whose quotient by `abs_sum`, rounded, is not below `min_share`. Among numbers of
/// at least 0 the order is that of their bits.
fn least_present(abs_sum: f64, min_share: f64) -> f64 {
    let [mut below, mut enough] = [0, f64::INFINITY.to_bits()];
    while below < enough {
        let middle = below + (enough - below) / 2;
        match f64::from_bits(middle) / abs_sum < min_share {
            true => below = middle + 1,
            false => enough = middle,
        }
    }
    f64::from_bits(enough)
}

/// The kernels that are summed: these, and those of both signs by their absolute weights.
pub(super) fn summed_kernels(kernels: &[Kernel]) -> Vec<Kernel> {
    let absolute = kernels.iter().filter_map(absolute);
    kernels.iter().cloned().chain(absolute).collect()
}

/// The kernel of the absolute weights, if there are weights of both signs.
fn absolute(kernel: &Kernel) -> Option<Kernel> {
    let weights = kernel.as_slice();
    let has = |sign: fn(f64) -> bool| weights.iter().any(|&w| sign(w));
    let both = has(|w| w > 0.0) && has(|w| w < 0.0);
    let weights = weights.iter().map(|w| w.abs()).collect();
    // The anchor places it in the window.
    let absolute = || Kernel::new(kernel.rows(), kernel.columns(), weights).ok();
    both.then(absolute).flatten()
}

/// Bounds of the errors of responses, before divisor and bias, to samples up to full scale,
/// whose sums have these.
pub(super) fn response_errors(kernels: &[Kernel], depth: Depth, sum_errors: &[f64]) -> Vec<f64> {
    let errors = kernels.iter().zip(sum_errors);
    // A + (S - P) B / Q: relative to all absolute weights T times the largest sample, the
    // errors of A, of S - P (at most 2 T) and of B and Q are e, 2 e and 4 e; S, T and what
    // counts as complete are off by as many roundings as there are weights; five more follow.
    let error = |(kernel, &error): (&Kernel, &f64)| {
        let roundings = (8 * kernel.area() + 32) as f64;
        let rounding = roundings * LaneKind::F64.unit_roundoff();
        8.0 * error + rounding * kernel.abs_sum() * depth.largest()
    };
    errors.map(error).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One number less is missing, as the quotient says.
    #[test]
    fn the_least_present_weight_is_the_first_whose_share_is_enough() {
        for abs_sum in [1.0, 3.0, 0.1, 56.548_667_764_616_276, 1e-300, 1e300] {
            for min_share in [
                f64::MIN_POSITIVE,
                0.001,
                0.1,
                0.25,
                1.0 / 3.0,
                0.999_999_9,
                1.0,
            ] {
                let least = least_present(abs_sum, min_share);
                assert!(least / abs_sum >= min_share, "{abs_sum} {min_share}");
                assert!(
                    least.next_down() / abs_sum < min_share,
                    "{abs_sum} {min_share}"
                );
            }
            assert_eq!(least_present(abs_sum, 0.0), 0.0);
        }
    }
}
