//! The choice of the lane, the accumulator type: the fastest number type with accurate
//! sums.

use std::fmt;

use super::problem::{Problem, is_exact};
use crate::{
    combine::Combine,
    image::Depth,
    kernel::{EXACT, Kernel},
    number::{LaneKind, MAX_ROUNDINGS},
};

/// The kernels as they are computed. Decimal weights become integers over a larger
/// divisor, if that is possible with sums below 2^24, or if only the divisor was a
/// decimal. For example, 0.1 and 0.9 over 1 become 1 and 9 over 10. Others are scaled so
/// that products neither overflow nor underflow.
pub(crate) fn in_integers(kernels: &[Kernel], depth: Depth) -> Vec<Kernel> {
    let white = depth.full_scale();
    let small = |k: &Kernel| {
        k.sum_range(white)
            .iter()
            .all(|sum| sum.abs() < f64::from(1 << 24))
    };
    let integers = |kernel: &Kernel| {
        let integers = kernel.in_integers()?;
        (small(&integers) || kernel.is_integer()).then_some(integers)
    };
    kernels
        .iter()
        .map(|k| integers(k).unwrap_or_else(|| k.in_range()))
        .collect()
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
    /// Weights or sums that overflow or underflow in f32.
    Range(Floats),
    /// Angles between kernels that are not exact.
    Direction,
    /// A transform of integers.
    Transform,
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
            Self::Range(floats) => write!(f, "{floats} beyond the range of f32"),
            Self::Direction => {
                f.write_str("the angle of a faint gradient shows the rounding of f32")
            }
            Self::Transform => f.write_str("its rounding in f64 stays below half an integer"),
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

impl Problem<'_> {
    /// The lane of an engine that sums the taps directly.
    pub(crate) fn lane(&self) -> Result<(LaneKind, LaneReason), LaneRefusal> {
        lane(self, |_, kernel| {
            LaneKind::F32.roundings(kernel.rows(), kernel.columns())
        })
    }
}

/// The requested lane if it is accurate enough for every kernel, else the fastest that is,
/// and why. `roundings` returns the number of roundings in a kernel's sum in f32.
pub(crate) fn lane(
    problem: &Problem<'_>,
    roundings: impl Fn(usize, &Kernel) -> usize,
) -> Result<(LaneKind, LaneReason), LaneRefusal> {
    let Problem { kernels, depth, .. } = *problem;
    let white = depth.full_scale();
    let largest = |k: &Kernel| {
        k.sum_range(white)
            .map(f64::abs)
            .into_iter()
            .fold(0.0, f64::max)
    };
    if let Some(k) = (kernels.iter()).find(|k| is_exact(k, depth) && largest(k) >= EXACT) {
        return Err(LaneRefusal::Inexact {
            depth,
            largest: largest(k),
        });
    }
    let exact = |k: &Kernel| is_exact(k, depth);
    let needs = (kernels.iter().enumerate()).map(|(at, k)| narrowest(k, depth, roundings(at, k)));
    let (needed, reason) =
        if problem.combine == Some(Combine::Direction) && !kernels.iter().all(exact) {
            (LaneKind::F64, LaneReason::Direction)
        } else {
            needs
                .max_by_key(|(lane, _)| *lane)
                .expect("a bank has a kernel")
        };
    match problem.lane {
        None => Ok((needed, reason)),
        Some(lane) if lane >= needed && (lane, depth) != (LaneKind::I16, Depth::F32) => {
            Ok((lane, LaneReason::AskedFor))
        }
        Some(asked) => Err(LaneRefusal::Narrow {
            asked,
            needed,
            reason,
        }),
    }
}

fn narrowest(kernel: &Kernel, depth: Depth, roundings: usize) -> (LaneKind, LaneReason) {
    let white = depth.full_scale();
    let sums @ [low, high] = kernel.sum_range(white);
    let largest = high.max(-low);
    let smallest_weight = (kernel.weights().iter().map(|w| w.abs()))
        .filter(|&w| w > 0.0)
        .fold(f64::INFINITY, f64::min);
    if is_exact(kernel, depth) {
        let fits_i16 = kernel
            .weights()
            .iter()
            .all(|w| w.abs() <= f64::from(i16::MAX));
        let lane = if depth == Depth::U8 && high - low < f64::from(1 << 16) && fits_i16 {
            LaneKind::I16
        } else if largest < f64::from(1 << 24) {
            LaneKind::F32
        } else {
            LaneKind::F64
        };
        return (lane, LaneReason::Integers(sums, lane));
    }
    let floats = match depth {
        Depth::F32 => Floats::Samples,
        _ => Floats::Weights,
    };
    // Otherwise weights or sums overflow or underflow in f32.
    let in_range = largest < 1e30 && smallest_weight > 1e-30;
    // Dividing by a tiny number would amplify the underflow of small products.
    let in_range = in_range && (depth != Depth::F32 || kernel.divisor().abs() >= 1e-3);
    if !in_range {
        (LaneKind::F64, LaneReason::Range(floats))
    } else if roundings <= MAX_ROUNDINGS {
        (LaneKind::F32, LaneReason::FewRoundings(floats, roundings))
    } else {
        (
            LaneKind::F64,
            LaneReason::TooManyRoundings(floats, roundings),
        )
    }
}
