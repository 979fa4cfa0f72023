//! Colours that count by their alpha: the sums that responses and alpha are made of.

use std::sync::Arc;

use num_bigint::BigInt;
use num_rational::BigRational;

use super::{convolution::Convolution, tuning::ResolvedTuning};
use crate::{
    combine::{Combination, Combine, CombineScale},
    engine::{self, Engine, Problem},
    error::Result,
    filter::{Filter, UnroundedLuma},
    finish::{Finish, rounds_exactly},
    image::Depth,
    kernel::{EXACT, Kernel},
    map::Map,
    number::{LaneKind, rational},
};

/// Alphas of windows below this share of the largest are faint: their errors, if their sums have
/// any, would show in what is divided by them.
const FAINT: f64 = 1.0 / 1024.0;

/// How responses are made of sums of alpha and of its products with colours: see
/// [`Alpha::Weight`](crate::Alpha::Weight).
///
/// With the sums A of alpha and N of the products, a response before its divisor is
/// `N / (A / divisor)`; of kernels that are one, A / divisor is the sum of theirs.
#[derive(Debug)]
pub(crate) struct Weighing {
    pub(crate) rule: WeighingRule,
    /// The sums of every kernel.
    pub(crate) sums: Vec<Arc<Convolution>>,
    /// How the sums of alpha become alpha; `None` if it is copied.
    pub(crate) alpha: Option<AlphaFinish>,
    /// Whether the colours of the image are multiplied by alpha already.
    pub(crate) is_premultiplied: bool,
    /// The convolution that gives the same where all pixels are opaque.
    pub(crate) opaque: Option<Arc<Convolution>>,
}

/// What is known of the kernels.
#[derive(Debug)]
pub(crate) struct WeighingRule {
    pub(crate) alphas: Alphas,
    /// What A is divided by, for each kernel.
    pub(crate) divisors: Vec<f64>,
    /// The largest response for which the bounds of errors hold, for each kernel.
    pub(crate) limits: Vec<f64>,
    /// Alphas of windows below this are faint, for each of them.
    pub(crate) faint: Vec<f64>,
    /// Whether products of samples are exact.
    pub(crate) has_exact_products: bool,
    /// Whether all sums of integer samples are.
    pub(crate) has_exact_sums: bool,
    /// Whether a window of opaque pixels is opaque and has the plain response.
    keeps_opaque: bool,
    /// Bounds of the errors of responses.
    errors: Vec<f64>,
}

/// The alphas that the responses to a window are divided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alphas {
    /// None: all weights sum to 0.
    None,
    /// One, of kernels that are one.
    One,
    /// One for each kernel whose weights do not sum to 0.
    Own(Vec<bool>),
}

impl Alphas {
    /// The kernels that a window has an alpha of.
    pub(crate) fn kernels(&self, count: usize) -> Vec<usize> {
        match self {
            Self::None => Vec::new(),
            Self::One => (0..count).collect(),
            Self::Own(has_own) => (0..count).filter(|&at| has_own[at]).collect(),
        }
    }
}

/// How the sums of alpha become the alpha of the result.
#[derive(Debug)]
pub(crate) struct AlphaFinish {
    pub(crate) finish: Finish,
    /// The kernels whose sums these are.
    pub(crate) kernels: Vec<usize>,
    /// The same as they are written.
    pub(crate) written: Vec<Kernel>,
}

impl WeighingRule {
    /// For these kernels, as they are computed and as they are written, and samples that are
    /// convolved.
    pub(super) fn new(
        kernels: &[Kernel],
        written: &[Kernel],
        combination: Combination,
        depth: Depth,
        luma: Option<UnroundedLuma>,
    ) -> Self {
        let Combination {
            rule: combine,
            scale,
        } = combination;
        let is_unscaled = scale == CombineScale::ONE;
        let is_one = matches!(combine, None | Some(Combine::Sum)) && is_unscaled;
        let shares: Vec<Share> = written.iter().map(Share::new).collect();
        let alphas = match is_one {
            true if Share::sum(&shares).is_zero() => Alphas::None,
            true => Alphas::One,
            false if shares.iter().all(Share::is_zero) => Alphas::None,
            false => Alphas::Own(shares.iter().map(|share| !share.is_zero()).collect()),
        };
        let is_identity = |share: &Share| share.sum == BigRational::from(BigInt::from(1));
        let keeps_opaque = match &alphas {
            Alphas::None => true,
            Alphas::One => is_identity(&Share::sum(&shares)),
            Alphas::Own(_) => {
                combine == Some(Combine::Max)
                    && is_unscaled
                    && shares
                        .iter()
                        .all(|share| share.is_zero() || is_identity(share))
            }
        };
        // Of luma that is not rounded, alpha is scaled as that is.
        let scale = luma.map_or(1.0, |luma| luma.weight / luma.divisor);
        let mut rule = Self {
            alphas,
            divisors: kernels.iter().map(|k| k.divisor() * scale).collect(),
            limits: Vec::new(),
            faint: Vec::new(),
            has_exact_products: !depth.is_float() && !depth.needs_f64(),
            has_exact_sums: true,
            keeps_opaque,
            errors: Vec::new(),
        };
        rule.bound_errors(kernels, depth);
        rule
    }

    /// Bounds the errors of responses to integer samples of this depth.
    fn bound_errors(&mut self, kernels: &[Kernel], depth: Depth) {
        let (largest, unit) = (depth.largest(), LaneKind::F64.unit_roundoff());
        let same_divisors = self.divisors.windows(2).all(|pair| pair[0] == pair[1]);
        let is_exact = |kernel: &Kernel| {
            let products = kernel.abs_sum() * largest * largest;
            self.has_exact_products && kernel.is_integer() && products < EXACT
        };
        self.has_exact_sums = kernels.iter().all(is_exact);
        let relative = |kernel: &Kernel| match is_exact(kernel) {
            true => 0.0,
            // The product of samples, that with the weight, and the sum.
            false => (kernel.area() + 3) as f64 * unit,
        };
        let share = |at: usize| kernels[at].abs_sum() / self.divisors[at].abs();
        let all_shares: f64 = (0..kernels.len()).map(share).sum();
        let is_certain = self.has_exact_sums && (same_divisors || self.alphas != Alphas::One);
        let faint = |share: f64| {
            if is_certain {
                0.0
            } else {
                FAINT * share * largest
            }
        };
        self.faint = match &self.alphas {
            Alphas::None => Vec::new(),
            Alphas::One => vec![faint(all_shares)],
            Alphas::Own(has_own) => (0..kernels.len())
                .filter(|&at| has_own[at])
                .map(|at| faint(share(at)))
                .collect(),
        };
        let error = |(at, kernel): (usize, &Kernel)| {
            let limit = kernel.abs_sum().max(self.divisors[at].abs()) * largest;
            let sums = relative(kernel).max(match &self.alphas {
                Alphas::One => kernels.iter().map(relative).fold(0.0, f64::max),
                _ => 0.0,
            });
            let alphas = match is_certain {
                true => 0.0,
                // The sum of the alphas of several kernels is rounded as well.
                false => (sums + (kernels.len() + 2) as f64 * unit) / FAINT,
            };
            let error = limit * (8.0 * unit + sums / FAINT + alphas) * 1.01;
            (limit, error)
        };
        (self.limits, self.errors) = kernels.iter().enumerate().map(error).unzip();
    }

    /// Bounds of the errors of responses, before divisor and bias.
    pub(super) fn response_errors(&self) -> &[f64] {
        &self.errors
    }
}

/// The sum of the weights of a kernel and of their absolute values, over its divisor.
struct Share {
    sum: BigRational,
    abs_sum: BigRational,
}

impl Share {
    fn new(kernel: &Kernel) -> Self {
        let sum = |weight: fn(f64) -> f64| {
            let weights = kernel.as_slice().iter();
            let sum: BigRational = weights.map(|&w| rational(weight(w))).sum();
            sum / rational(kernel.divisor())
        };
        Self {
            sum: sum(|w| w),
            abs_sum: sum(f64::abs),
        }
    }

    fn sum(shares: &[Self]) -> Self {
        Self {
            sum: shares.iter().map(|share| &share.sum).sum(),
            abs_sum: shares.iter().map(|share| absolute(&share.abs_sum)).sum(),
        }
    }

    /// Whether the weights sum to 0, but for their own rounding.
    fn is_zero(&self) -> bool {
        let sum = absolute(&self.sum) * BigRational::from(BigInt::from(1_u64 << 40));
        sum <= absolute(&self.abs_sum)
    }
}

fn absolute(number: &BigRational) -> BigRational {
    let zero = BigRational::from(BigInt::ZERO);
    if *number < zero {
        -number
    } else {
        number.clone()
    }
}

/// Whether the weights of a kernel sum to 0, but for their own rounding.
pub(super) fn sums_to_zero(kernel: &Kernel) -> bool {
    let written = engine::as_written(std::slice::from_ref(kernel));
    written.iter().map(Share::new).all(|share| share.is_zero())
}

impl Weighing {
    /// For images whose geometry, channels and samples `problem` has.
    pub(super) fn new(
        engines: &[&'static dyn Engine],
        problem: &Problem<'_>,
        filter: &Filter,
        (rule, is_premultiplied): (WeighingRule, bool),
        opaque: impl FnOnce() -> Result<Convolution>,
        tuning: &ResolvedTuning,
    ) -> Result<Self> {
        let kernels = problem.kernels;
        let sums = kernels.iter().zip(&problem.geometry.origins);
        let sums = sums.map(|(kernel, &origin)| {
            Convolution::of_sums(engines, problem, kernel, origin, tuning).map(Arc::new)
        });
        let depths = [problem.image_depth, problem.output_depth];
        let is_exact = rounds_exactly(problem.combine, depths);
        let opaque = match rule.keeps_opaque && is_exact && !needs_extrema(problem.map) {
            // The tiles of a transform are on a grid of their own.
            true => Some(opaque()?).filter(|plain| !plain.offer().on_grid),
            false => None,
        };
        Ok(Self {
            sums: sums.collect::<Result<_>>()?,
            alpha: AlphaFinish::new(problem, filter, &rule)?,
            is_premultiplied,
            opaque: opaque.map(Arc::new),
            rule,
        })
    }
}

const fn needs_extrema(map: Map) -> bool {
    matches!(map, Map::Stretch | Map::Symmetric)
}

impl AlphaFinish {
    /// `None` if alpha is copied.
    fn new(problem: &Problem<'_>, filter: &Filter, rule: &WeighingRule) -> Result<Option<Self>> {
        let of = rule.alphas.kernels(problem.kernels.len());
        let plain = |kernel: &Kernel| Ok(kernel.clone().with_bias(0.0)?);
        let kernels = of.iter().map(|&at| plain(&problem.kernels[at]));
        let kernels: Vec<Kernel> = kernels.collect::<Result<_>>()?;
        if kernels.is_empty() {
            return Ok(None);
        }
        let written = engine::as_written(filter.bank.kernels());
        let written = of.iter().map(|&at| plain(&written[at]));
        let written = written.collect::<Result<_>>()?;
        let errors = kernels.iter().map(|kernel| match rule.has_exact_sums {
            true => 0.0,
            false => {
                let roundings = (kernel.area() + 3) as f64;
                let unit = LaneKind::F64.unit_roundoff();
                roundings * unit * kernel.abs_sum() * problem.depth.largest()
            }
        });
        let finish = Finish::new(
            &kernels,
            match problem.combine {
                // Angles and indices have no alpha of their own.
                Some(combine) if combine.is_direction() || combine.has_own_unit() => {
                    Some(Combine::Max).into()
                }
                _ => filter.bank.combination(),
            },
            match problem.map {
                Map::Float => Map::Float,
                _ => Map::Clamp,
            },
            [problem.image_depth, problem.output_depth],
            filter.scaled,
            LaneKind::F64,
            &errors.collect::<Vec<_>>(),
        );
        Ok(Some(Self {
            finish,
            kernels: of,
            written,
        }))
    }
}
