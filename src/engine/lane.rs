//! The choice of the lane, the accumulator type: the fastest number type with accurate
//! sums.

use std::{fmt, sync::Arc};

use super::problem::{Problem, SumDivisor, is_exact, needs_f64};
use crate::{
    combine::Combine,
    image::Depth,
    kernel::{EXACT, Kernel},
    number::{LaneKind, MAX_ROUNDINGS},
};

/// The kernels as they are computed. Decimal weights and fractions n / 2^k become integers
/// over a larger divisor, if that is possible with sums below 2^24, or if only the divisor
/// was a fraction. For example, 0.1 and 0.9 over 1 become 1 and 9 over 10. Products of vectors,
/// which were made in integers, are decimals again where their sums are beyond 2^53. Others are
/// scaled so that products neither overflow nor underflow.
///
/// `depths` are those of samples and result; for 64-bit floats the limit is 2^53.
pub(crate) fn in_integers(kernels: &[Kernel], depths: [Depth; 2]) -> Vec<Kernel> {
    // Sums in f32 are exact below 2^24.
    let limit = match needs_f64(depths) {
        true => EXACT,
        false => f64::from(1 << 24),
    };
    let are_below = |limit: f64, k: &Kernel| {
        k.sums_of_samples(depths[0].range())
            .iter()
            .all(|sum| sum.abs() < limit)
    };
    let integers = |kernel: &Kernel| {
        let integers = kernel.in_integers()?;
        (are_below(limit, &integers) || kernel.is_integer()).then_some(integers)
    };
    let computed = |kernel: &Kernel| {
        let is_as_written = kernel.scale() == 1.0;
        match integers(kernel) {
            Some(integers) if is_as_written || are_below(EXACT, &integers) => integers,
            _ if is_as_written => kernel.in_range(),
            _ => kernel.in_written_units().in_range(),
        }
    };
    kernels.iter().map(computed).collect()
}

/// The kernels as they are written: decimals as integers over a larger divisor, whatever their
/// sums.
pub(crate) fn as_written(kernels: &[Kernel]) -> Vec<Kernel> {
    let written = |kernel: &Kernel| kernel.in_integers().unwrap_or_else(|| kernel.clone());
    kernels.iter().map(written).collect()
}

/// Why sums are computed in a lane. Its `Display` is a clause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LaneReason {
    AskedFor,
    /// The range of integer sums, and the lane that holds it.
    Integers([f64; 2], LaneKind),
    /// The number of roundings of a sum in f32.
    FewRoundings(Floats, usize),
    TooManyRoundings(Floats, usize),
    /// The error of a sum in f32, in samples of the result: near ties are few.
    FewNearTies(f64),
    ManyNearTies(f64),
    /// Weights or sums that overflow or underflow in f32.
    Range(Floats),
    /// Angles between kernels that are not exact.
    Direction,
    /// A transform of integers.
    Transform,
    /// A transform of integers by float weights.
    NearTies,
    /// Transforms of lines of floats.
    Lines,
    /// Quotients of integer sums of samples that f32 does not tell from ties.
    Quotients,
    /// Samples that f32 does not hold.
    Samples(Depth),
    /// A result of 64-bit floats.
    Result,
    /// Sums that are divided by others.
    Divided(SumDivisor),
}

/// Why responses are not integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Floats {
    Samples,
    Weights,
}

impl fmt::Display for Floats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Samples => "float samples",
            Self::Weights => "float weights",
        })
    }
}

impl fmt::Display for LaneReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AskedFor => f.write_str("asked for"),
            Self::Integers([low, high], lane) => {
                let fits = match lane {
                    LaneKind::I16 => "which 16 bits tell apart",
                    LaneKind::F32 => "where f32 is exact",
                    LaneKind::F64 => "which only f64 holds",
                };
                // The sum turns -0 into 0.
                write!(f, "integer sums lie in {}..={high}, {fits}", low + 0.0)
            }
            Self::FewRoundings(floats, roundings) => {
                write!(
                    f,
                    "{floats}, and {roundings} roundings a sum stay below 1e-5 in f32"
                )?;
                match floats {
                    Floats::Samples => {
                        f.write_str("; rows whose sums leave its range are made again in f64")
                    }
                    Floats::Weights => Ok(()),
                }
            }
            Self::TooManyRoundings(floats, roundings) => write!(
                f,
                "{floats}, and {roundings} roundings a sum could exceed 1e-5 in f32"
            ),
            Self::FewNearTies(error) => write!(
                f,
                "float weights, and sums in f32 are within {error:.1e} of a sample; what is that near to a tie is summed again"
            ),
            Self::ManyNearTies(error) => write!(
                f,
                "float weights, and sums in f32 could be {error:.1e} of a sample off: too many would be near to a tie"
            ),
            Self::Range(floats) => write!(f, "{floats} beyond the range of f32"),
            Self::Direction => {
                f.write_str("the angle of a faint gradient shows the rounding of f32")
            }
            Self::NearTies => f.write_str(
                "float weights; what its rounding in f64 brings near to a tie is summed again",
            ),
            Self::Lines => f.write_str("float samples, and lines are transformed in f64"),
            Self::Quotients => f.write_str(
                "sums of samples are integers, whose quotients only f64 tells from ties",
            ),
            Self::Transform => f.write_str("its rounding in f64 stays below half an integer"),
            Self::Divided(by) => write!(f, "{by}, and the sums are divided"),
            Self::Samples(depth) => write!(f, "f32 does not hold {depth} samples"),
            Self::Result => f.write_str("the result is of 64-bit floats"),
        }
    }
}

/// Why no lane is accurate enough.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum LaneRefusal {
    /// The largest integer sum is beyond what f64 holds.
    #[error(
        "sums of {depth} samples by these integer weights reach {largest:.1e}, and above 2^53 f64 does not hold them exactly; use smaller weights, with a divisor"
    )]
    Inexact { depth: Depth, largest: f64 },
    /// The requested lane is too narrow.
    #[error("the {asked} lane would not be exact here: {reason}; use {needed} or wider")]
    Narrow {
        asked: LaneKind,
        needed: LaneKind,
        reason: LaneReason,
    },
}

/// The lane of an offer, and how accurate its sums are.
#[derive(Debug, Clone)]
pub(crate) struct LaneChoice {
    pub(crate) lane: LaneKind,
    pub(crate) reason: LaneReason,
    /// For each kernel, a bound of the error of its sums of samples up to full scale.
    pub(crate) sum_errors: Arc<[f64]>,
}

impl Problem<'_> {
    /// The lane of an engine that sums the taps directly.
    pub(crate) fn lane(&self) -> Result<LaneChoice, LaneRefusal> {
        lane(self, |_, kernel, lane| {
            lane.roundings(&kernel.column_taps()) as f64 * lane.unit_roundoff()
        })
    }
}

/// The requested lane if it is accurate enough for every kernel, else the fastest that is,
/// and why. `error` bounds the error of a kernel's sum in a lane, relative to the sum of its
/// absolute weights and the largest sample.
pub(crate) fn lane(
    problem: &Problem<'_>,
    error: impl Fn(usize, &Kernel, LaneKind) -> f64,
) -> Result<LaneChoice, LaneRefusal> {
    let Problem { kernels, depth, .. } = *problem;
    let largest = |k: &Kernel| {
        k.sums_of_samples(depth.range())
            .map(f64::abs)
            .into_iter()
            .fold(0.0, f64::max)
    };
    // Of 64-bit samples, those that are present are checked.
    let bounded = |k: &&Kernel| is_exact(k, depth) && !depth.is_64_bit_integer();
    if let Some(k) = (kernels.iter()).find(|k| bounded(k) && largest(k) >= EXACT) {
        return Err(LaneRefusal::Inexact {
            depth,
            largest: largest(k),
        });
    }
    let exact = |k: &Kernel| is_exact(k, depth);
    let needs = kernels.iter().enumerate();
    let needs = needs.map(|(at, k)| narrowest(problem, k, error(at, k, LaneKind::F32)));
    let (needed, reason) = if let Some(by) = problem.divided_by {
        (LaneKind::F64, LaneReason::Divided(by))
    } else if problem.combine.is_some_and(Combine::is_direction) && !kernels.iter().all(exact) {
        (LaneKind::F64, LaneReason::Direction)
    } else {
        needs
            .max_by_key(|(lane, _)| *lane)
            .expect("a bank has a kernel")
    };
    let (lane, reason) = match problem.lane {
        None => (needed, reason),
        Some(lane) if lane >= needed && (lane != LaneKind::I16 || depth == Depth::U8) => {
            (lane, LaneReason::AskedFor)
        }
        Some(asked) => {
            return Err(LaneRefusal::Narrow {
                asked,
                needed,
                reason,
            });
        }
    };
    let sum_errors = (kernels.iter().enumerate()).map(|(at, k)| match exact(k) {
        true => 0.0,
        false => SECOND_ORDER * error(at, k, lane) * k.abs_sum() * depth.largest(),
    });
    Ok(LaneChoice {
        lane,
        reason,
        sum_errors: sum_errors.collect(),
    })
}

/// Covers the terms of second order that bounds of the form `n u` leave out, for any `n u` up
/// to 1e-4.
const SECOND_ORDER: f64 = 1.0001;

/// The largest error of a sum in f32, in samples of the result: at most a thirty-second of
/// random samples is near enough to a tie to be summed again.
const MAX_NEAR_TIE: f64 = 1.0 / 64.0;

fn narrowest(problem: &Problem<'_>, kernel: &Kernel, error: f64) -> (LaneKind, LaneReason) {
    let depth = problem.depth;
    let sums @ [low, high] = kernel.sums_of_samples(depth.range());
    let largest = high.max(-low);
    let smallest_weight = kernel.smallest_weight();
    if depth.is_64_bit_integer() || depth == Depth::F64 {
        return (LaneKind::F64, LaneReason::Samples(depth));
    }
    if is_exact(kernel, depth) {
        let fits_i16 = kernel
            .weights()
            .iter()
            .all(|w| w.abs() <= f64::from(i16::MAX));
        let lane = if depth == Depth::U8 && high - low < f64::from(1 << 16) && fits_i16 {
            LaneKind::I16
        } else if largest < f64::from(1 << 24) && !depth.needs_f64() {
            LaneKind::F32
        } else {
            LaneKind::F64
        };
        return (lane, LaneReason::Integers(sums, lane));
    }
    if depth.needs_f64() {
        return (LaneKind::F64, LaneReason::Samples(depth));
    }
    if problem.output_depth == Depth::F64 {
        return (LaneKind::F64, LaneReason::Result);
    }
    let floats = match depth.is_float() {
        true => Floats::Samples,
        false => Floats::Weights,
    };
    // Otherwise weights or sums overflow or underflow in f32.
    let in_range = largest < 1e30 && smallest_weight > 1e-30;
    // Dividing by a tiny number would amplify the underflow of small products.
    let in_range = in_range && (!depth.is_float() || kernel.divisor().abs() >= 1e-3);
    if !in_range {
        return (LaneKind::F64, LaneReason::Range(floats));
    }
    if problem.rounds_exactly() {
        let error = error * kernel.abs_sum() * depth.largest() * problem.samples_per_sum(kernel);
        return match error <= MAX_NEAR_TIE {
            true => (LaneKind::F32, LaneReason::FewNearTies(error)),
            false => (LaneKind::F64, LaneReason::ManyNearTies(error)),
        };
    }
    let roundings = (error / LaneKind::F32.unit_roundoff()).ceil() as usize;
    match roundings <= MAX_ROUNDINGS {
        true => (LaneKind::F32, LaneReason::FewRoundings(floats, roundings)),
        false => (
            LaneKind::F64,
            LaneReason::TooManyRoundings(floats, roundings),
        ),
    }
}
