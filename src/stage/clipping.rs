//! What a result tells of responses that did not fit into its samples.

use std::borrow::Cow;

use crate::{
    combine::Combine,
    finish::Tally,
    image::Depth,
    kernel::{Kernel, KernelFormat, KernelSource},
    map::Map,
    plan::Plan,
    warning::{ClipCause, Warning},
};

/// Clipping is warned of beyond this share of the samples: skies and highlights are less.
const MAX_SILENT_SHARE: f64 = 0.1;

/// The warnings of a result whose responses were `tally`.
pub(super) fn warnings(plan: &Plan, tally: &Tally) -> Vec<Warning> {
    let finish = &plan.convolution.finish;
    let clipped = tally.clipped;
    let depth = plan.output_depth();
    let mut warnings = Vec::from_iter(rounded_weights(plan));
    if depth.is_float() {
        let infinite = clipped.below + clipped.above;
        warnings.extend(
            (infinite > 0).then(|| Warning::infinite(infinite, depth, depth == Depth::F64)),
        );
        return warnings;
    }
    let share = |count: u64| count as f64 / clipped.of.max(1) as f64;
    let shares = [share(clipped.below), share(clipped.above)];
    let not_a_number = clipped.not_a_number;
    let not_a_number = (not_a_number > 0).then(|| Warning::not_a_number(not_a_number));
    if finish.wraps() {
        let beyond = shares[0] + shares[1];
        warnings.extend((beyond > 0.0).then(|| Warning::wrapped(depth.ends(), beyond)));
        warnings.extend(not_a_number);
        return warnings;
    }
    // Where the type of the image holds more than that of the result, any is a surprise.
    if let Some([responses, limits]) = finish.clipped(tally.range) {
        let warning = Warning::clipped_range(responses, limits, shares);
        warnings.push(match has_own_unit(plan) {
            true => warning.caused_by(ClipCause::Unit),
            false => warning,
        });
    } else if shares[0] + shares[1] > MAX_SILENT_SHARE {
        let (cause, reason) = cause(plan, shares);
        warnings.push(Warning::clipped(depth.ends(), shares, cause, &reason));
    }
    warnings.extend(finish.levelled(tally.range).map(Warning::levelled));
    warnings.extend(not_a_number);
    warnings
}

/// What becomes of the kernel where its weights are rounded to integers, if that is much.
fn rounded_weights(plan: &Plan) -> Option<Warning> {
    let filter = plan.filter();
    let rounded = filter.kernels_for(plan.image().depth);
    let ([kernel], Cow::Owned(rounded)) = (filter.bank().kernels(), &rounded) else {
        return None;
    };
    let [rounded] = rounded.as_slice() else {
        return None;
    };
    let lost = kernel.taps() - rounded.taps();
    let gains = [kernel.gain(), rounded.gain()];
    let largest = kernel.abs_sum() / kernel.divisor().abs();
    let differs = (gains[0] - gains[1]).abs() > 0.01 * largest;
    (lost > 0 || differs).then(|| Warning::rounded_weights([lost, kernel.taps()], gains))
}

/// Whether the responses are indices or angles.
fn has_own_unit(plan: &Plan) -> bool {
    let combine = plan.filter().bank().combine();
    combine.is_some_and(Combine::has_own_unit)
}

/// Why these shares were clipped below and above, as a clause.
fn cause(plan: &Plan, [below, above]: [f64; 2]) -> (ClipCause, String) {
    let filter = plan.filter();
    let kernels = filter.bank().kernels();
    if has_own_unit(plan) {
        return (ClipCause::Unit, String::new());
    }
    if let Some(kernel) = kernels.iter().find(|kernel| kernel.bias().abs() > 1.0) {
        let bias = kernel.bias() as f32;
        if let KernelSource::Foreign { format, .. } = filter.bank().source() {
            let reason = match format {
                // In steps of 8 bits.
                KernelFormat::Photoshop => format!(
                    ", since the offset in the file is {}, beyond the range of 8 bits",
                    bias * 255.0
                ),
                _ => format!(", since the kernel adds {bias} times full scale"),
            };
            return (ClipCause::Bias, reason);
        }
        if filter.bank().changes().bias.is_some() {
            let reason = format!(
                ", since the bias {bias} is {bias} times full scale; as samples of 255 it is {}",
                share_of_255(bias)
            );
            return (ClipCause::Bias, reason);
        }
        let reason = format!(
            ", since `bias = {bias}` is {bias} times full scale; to add {bias} samples, as 128 of 255, write `offset = {bias}`"
        );
        return (ClipCause::Bias, reason);
    }
    if filter.map() == Map::Clamp
        && let [kernel] = kernels
        && overshoots(kernel)
    {
        let reason = ": the kernel overshoots at edges, as sharpening does".to_owned();
        let strength = kernel.strength();
        return (ClipCause::Overshoot { strength }, reason);
    }
    if below > above && filter.map() == Map::Clamp && plan.output_depth().ends()[0] == 0 {
        let reason = ", since the responses are negative".to_owned();
        return (ClipCause::Negative, reason);
    }
    match kernels {
        [kernel]
            if above > below
                && kernel.sum() > kernel.divisor()
                && kernel.divisor() > 0.0
                && (kernel.sum() as f32).is_finite() =>
        {
            let [sum, divisor] =
                [kernel.sum(), kernel.divisor()].map(|n| (n / kernel.scale()) as f32);
            let reason = format!(
                ", since the weights sum to {sum} and the divisor is {divisor}: a divisor of {sum} keeps them in range"
            );
            (ClipCause::Weights, reason)
        }
        _ => (ClipCause::Range, String::new()),
    }
}

/// The shortest bias that is so many samples of 8 bits.
fn share_of_255(samples: f32) -> f64 {
    let share = f64::from(samples) / 255.0;
    let rounded = |digits: i32| {
        let power = 10_f64.powi(digits);
        (share * power).round() / power
    };
    let is_same = |bias: &f64| (bias * 255.0).round() == f64::from(samples).round();
    (1..9).map(rounded).find(is_same).unwrap_or(share)
}

/// Whether the kernel keeps flat areas as they are, and exceeds the range of its window elsewhere.
fn overshoots(kernel: &Kernel) -> bool {
    let is_plain = kernel.bias() == 0.0 && kernel.offset() == 0.0;
    let keeps_flat = (kernel.gain() - 1.0).abs() < 0.01;
    let share = |weight: &f64| weight / kernel.divisor();
    is_plain && keeps_flat && kernel.as_slice().iter().any(|weight| share(weight) < 0.0)
}
