//! Which arithmetic keeps the promise of exact results.

use super::task::{Task, is_exact};
use crate::{
    combine::Combine,
    error::{Error, Result},
    image::Depth,
    kernel::{EXACT, Kernel},
    number::{LaneKind, MAX_ROUNDINGS},
};

/// The kernels as they are computed: in the range of products; in integers, where decimals can be
/// written so and that keeps the sums small, or the weights were integers and
/// only the divisor is a decimal.
pub(super) fn in_integers(kernels: &[Kernel], depth: Depth) -> Vec<Kernel> {
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

/// The fastest lane that keeps the promise for every kernel, or the wanted one
/// if it does, and why. A sum of a kernel in f32 goes through `roundings`.
pub(super) fn choose(
    task: Task<'_>,
    roundings: impl Fn(usize, &Kernel) -> usize,
) -> Result<(LaneKind, String)> {
    let Task {
        kernels,
        combine,
        depth,
        lane: wanted,
        ..
    } = task;
    let white = depth.full_scale();
    let largest = |k: &Kernel| {
        k.sum_range(white)
            .map(f64::abs)
            .into_iter()
            .fold(0.0, f64::max)
    };
    if let Some(k) =
        (kernels.iter()).find(|k| depth != Depth::F32 && k.is_integer() && largest(k) >= EXACT)
    {
        return Err(Error::request(format_args!(
            "sums of {depth} samples by these integer weights reach {:.1e}, and above 2^53 f64 does not hold them exactly; use smaller weights, with a divisor",
            largest(k)
        )));
    }
    let exact = |k: &Kernel| is_exact(k, depth);
    let needs = (kernels.iter().enumerate()).map(|(at, k)| narrowest(k, depth, roundings(at, k)));
    let (narrowest, reason) = if combine == Some(Combine::Direction) && !kernels.iter().all(exact) {
        let reason = "the angle of a faint gradient shows the rounding of f32";
        (LaneKind::F64, reason.to_owned())
    } else {
        needs
            .max_by_key(|(lane, _)| *lane)
            .ok_or_else(|| Error::request("the bank has no kernels"))?
    };
    match wanted {
        None => Ok((narrowest, reason)),
        Some(lane) if lane >= narrowest && (lane, depth) != (LaneKind::I16, Depth::F32) => {
            Ok((lane, "asked for".to_owned()))
        }
        Some(lane) => Err(Error::request(format_args!(
            "the {lane} lane would not be exact here: {reason}; use {narrowest} or wider"
        ))),
    }
}

fn narrowest(kernel: &Kernel, depth: Depth, roundings: usize) -> (LaneKind, String) {
    let white = depth.full_scale();
    let [low, high] = kernel.sum_range(white);
    let largest = high.max(-low);
    let smallest_weight = (kernel.weights().iter().map(|w| w.abs()))
        .filter(|&w| w > 0.0)
        .fold(f64::INFINITY, f64::min);
    if depth != Depth::F32 && kernel.is_integer() {
        let fits_i16 = kernel
            .weights()
            .iter()
            .all(|w| w.abs() <= f64::from(i16::MAX));
        let sums = format!("integer sums lie in {}..={high}", low + 0.0);
        return if depth == Depth::U8 && high - low < f64::from(1 << 16) && fits_i16 {
            (LaneKind::I16, format!("{sums}, which 16 bits tell apart"))
        } else if largest < f64::from(1 << 24) {
            (LaneKind::F32, format!("{sums}, where f32 is exact"))
        } else {
            (LaneKind::F64, format!("{sums}, which only f64 holds"))
        };
    }
    let what = if depth == Depth::F32 {
        "float samples"
    } else {
        "float weights"
    };
    // Weights that f32 would turn to infinity or lose below its normal range.
    let in_range = largest < 1e30 && smallest_weight > 1e-30;
    // Which would show what products of faint samples lose there.
    let in_range = in_range && (depth != Depth::F32 || kernel.divisor().abs() >= 1e-3);
    if roundings <= MAX_ROUNDINGS && in_range {
        (
            LaneKind::F32,
            format!(
                "{what}, and {roundings} roundings a sum stay below 1e-5 in f32{}",
                match depth {
                    Depth::F32 => "; rows whose sums leave its range are made again in f64",
                    _ => "",
                }
            ),
        )
    } else if !in_range {
        (LaneKind::F64, format!("{what} beyond the range of f32"))
    } else {
        (
            LaneKind::F64,
            format!("{what}, and {roundings} roundings a sum could exceed 1e-5 in f32"),
        )
    }
}
