//! How far a result is from the exact one.

use std::f64::consts::TAU;

use stridekern::{
    Combine, Image, LaneKind, Map, Method, Overflow, Plan, Rounding, Tuning, simd::Level,
};

use super::{
    LUMA_UNROUNDED,
    exact::{Dyadic, Format, Ratio},
    response::{Case, Exact, Right, Wanted, Weights, is_scaled},
    samples::{Kind, Sample, kind, samples},
};

/// What is promised of a kind of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Promise {
    /// Integers to integers: the exact response, correctly rounded. Errors are in samples.
    Rounded,
    /// Integers to floats: the nearest float. Errors are as a share of the bound for floats.
    Nearest,
    /// Floats to floats: an error within the bound, as a share of that.
    Bounded,
    /// Floats to integers: what a response within the bound rounds to. Errors are in samples
    /// beyond that.
    Reached,
}

impl Promise {
    pub(super) fn of(case: &Case) -> Self {
        let [from, to] = [case.image.depth(), case.output_depth()].map(|d| kind(d).is_integer());
        match (from, to) {
            // Of colours, it is floats that are summed.
            (true, false) if LUMA_UNROUNDED && case.is_luma_of_colours() => Self::Bounded,
            (true, true) => Self::Rounded,
            (true, false) => Self::Nearest,
            (false, false) => Self::Bounded,
            (false, true) => Self::Reached,
        }
    }
}

/// One sample of a result beside what is right.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    pub(super) at: usize,
    pub(super) got: f64,
    pub(super) exact: f64,
    /// In the unit of the [`Promise`].
    pub(super) error: f64,
    pub(super) kept: bool,
}

/// How a case was run, and what was wrong.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) tuning: Tuning,
    pub(super) engine: &'static str,
    pub(super) lane: LaneKind,
    pub(super) level: Level,
    pub(super) checked: usize,
    pub(super) wrong: Vec<Difference>,
    /// The largest error, wrong or not.
    pub(super) worst: f64,
}

/// The longest chain of roundings of a sum of `rows x columns` products in f32, which are added in
/// groups of columns, so that it is at most 150 if it can be.
fn roundings([rows, columns]: [usize; 2]) -> usize {
    let chain = |group: usize| rows * group + columns.div_ceil(group);
    (1..=columns)
        .rev()
        .map(chain)
        .find(|&chain| chain <= 150)
        .unwrap_or_else(|| chain(1))
}

/// Of a transform: its error was measured as 6.5e-7 of what a sum can be.
const TRANSFORM_ROUNDINGS: usize = 12;

/// The factor of the bound: `(L + 3) u`. Only float64 is computed in float64.
fn bound(case: &Case, plan: &Plan) -> f64 {
    let format = match kind(case.image.depth()) {
        Kind::Float(format) if format.precision > Format::F32.precision => format,
        _ => Format::F32,
    };
    let of_sum = |[rows, columns]: [usize; 2]| match format.precision > Format::F32.precision {
        true => rows * columns + 1,
        false => roundings([rows, columns]),
    };
    let sums = case.kernels.iter().map(|k| of_sum(k.shape)).max();
    let mut chain = sums.unwrap() + case.kernels.len() - 1;
    // Three products and two sums of luma, and its rounding.
    if case.is_luma_of_colours() {
        chain += 6;
    }
    if plan.method() == Method::Fft {
        chain = chain.max(TRANSFORM_ROUNDINGS);
    }
    // Two more, of a factor.
    let factor = if case.gain() == 1.0 { 3 } else { 5 };
    (chain + factor) as f64 * format.unit()
}

/// Runs the case, if the plan allows this tuning.
pub(super) fn run(case: &Case, exact: &Exact, tuning: &Tuning) -> Option<Outcome> {
    let plan = case.filter().plan(&case.image, tuning).ok()?;
    let mut output = plan.allocate().unwrap();
    if let Err(error) = plan.run(&case.image, &mut output) {
        // Integers of 64 bits are refused where one of them is too large for exact sums.
        let refused =
            matches!(kind(case.image.depth()), Kind::Integer { high, .. } if high >> 53 > 0);
        assert!(refused, "{error}: {case:?}");
        return None;
    }
    // The bound is told of responses, which these maps scale.
    let is_scaled_to_range = matches!(case.map, Map::Stretch | Map::Symmetric);
    let is_angle = case.combine.is_some_and(Combine::is_direction);
    if plan.output_depth().is_float() && !is_scaled_to_range && !is_angle {
        let gain = |k: &Weights| k.weights.iter().map(|w| w.abs()).sum::<f64>() / k.divisor.abs();
        let gain = case.kernels.iter().map(gain).sum::<f64>() * case.gain();
        let promised = bound(case, &plan) * gain;
        let told = plan.error_bound().unwrap();
        assert!(told >= promised * (1.0 - 1e-9), "{told} {promised} {plan}");
    }
    let mut outcome = Outcome {
        tuning: *tuning,
        engine: plan.engine(),
        lane: plan.lane(),
        level: plan.simd(),
        checked: 0,
        wrong: Vec::new(),
        worst: 0.0,
    };
    assert_eq!(output.shape(), exact.shape, "{case:?}");
    assert_eq!(output.depth(), case.output_depth(), "{case:?}");
    for difference in differences(case, exact, &plan, &output) {
        outcome.checked += 1;
        outcome.worst = outcome.worst.max(difference.error);
        if !difference.kept {
            outcome.wrong.push(difference);
        }
    }
    Some(outcome)
}

fn differences(
    case: &Case,
    exact: &Exact,
    plan: &Plan,
    output: &Image,
) -> impl Iterator<Item = Difference> {
    let from = kind(case.image.depth());
    let to_scale = match is_scaled(case) {
        true => exact.to.full_scale() as f64 / from.full_scale() as f64,
        false => 1.0,
    };
    let middle = match case.map {
        Map::Offset => from.twice_middle() as f64 / 2.0,
        _ => 0.0,
    };
    let bound = bound(case, plan);
    // Results below the smallest normal float are rounded to multiples of the smallest.
    let format = match exact.to {
        Kind::Float(format) => format,
        Kind::Integer { .. } => Format::F64,
    };
    let region = usize::from(plan.method() == Method::Fft);
    let ranged = matches!(case.map, Map::Stretch | Map::Symmetric);
    let allowed = move |size: [f64; 2]| {
        let half = (format.smallest / 2) as i32;
        let underflow = 2_f64.powi(half) * 2_f64.powi(format.smallest as i32 - 1 - half);
        match ranged {
            // Errors are in full scales.
            true => 1.0,
            false => bound * (size[region] + middle) * to_scale + underflow,
        }
    };
    let promise = Promise::of(case);
    let got = samples(output);
    (0..got.len()).filter_map(move |at| {
        let got = got[at];
        let (numerator, scale, right, allowed) = match &exact.wanted[at] {
            Wanted::Response {
                numerator,
                size,
                right,
            } => (numerator, &exact.scale, right, allowed(*size)),
            Wanted::Alpha { numerator, right } => (numerator, &exact.alpha_scale, right, 0.0),
            Wanted::Angle { angle, steep } => {
                return self::angle(case, exact.to, at, got, [*angle, *steep]);
            }
            Wanted::Other(value) => return other(case, exact.to, at, got, *value),
        };
        let response = || scale.ratio(numerator);
        Some(match (*right, exact.to) {
            (Right::Integer(right), _) => integer(at, got, [right; 2], response),
            (Right::Bounded, Kind::Integer { low, high }) => {
                let slack = Ratio::dyadic(Dyadic::of(allowed));
                let ends = [response().minus(&slack), response().plus(&slack)];
                let ends = ends.map(|end| {
                    let nearest = end.nearest().clamp(low.into(), high.into());
                    i128::try_from(nearest).expect("a sample")
                });
                integer(at, got, ends, response)
            }
            (Right::Float { value, nearest }, Kind::Float(format)) => {
                let nearest = || nearest.unwrap_or_else(|| scale.nearest_float(numerator, format));
                let again = match from {
                    Kind::Float(from) if from.precision.max(24) <= format.precision => 0.0,
                    Kind::Integer { .. } if format.precision >= 24 => 0.0,
                    _ => format.unit(),
                };
                float(at, got, value, nearest, format, promise, [allowed, again])
            }
            (right, to) => panic!("{right:?} is not of {to:?}"),
        })
    })
}

/// Beside what is no number there is no arithmetic: the kind has to be right.
fn other(case: &Case, to: Kind, at: usize, got: Sample, value: f64) -> Option<Difference> {
    if to.is_integer() {
        return None;
    }
    let got = got.approximate();
    let kept = match case.combine {
        None | Some(Combine::Sum) if value.is_nan() => got.is_nan(),
        None | Some(Combine::Sum) => got == value,
        Some(Combine::AbsSum) if value.is_nan() => got.is_nan(),
        Some(Combine::AbsSum) => got == value,
        Some(Combine::Magnitude) => !got.is_finite(),
        _ => return None,
    };
    let error = if kept { 0.0 } else { f64::INFINITY };
    Some(Difference {
        at,
        got,
        exact: value,
        error,
        kept,
    })
}

/// The angle of two responses, whose sums are exact or in f64; luma may be in f32. `steep` is how
/// much longer they can be than the gradient is.
fn angle(
    case: &Case,
    to: Kind,
    at: usize,
    got: Sample,
    [angle, steep]: [f64; 2],
) -> Option<Difference> {
    let taps: usize = case.kernels.iter().map(|k| k.weights.len()).sum();
    // Divisors and biases round, too, and so does the angle itself.
    let error = Format::F64.unit() * ((taps + 20) as f64 * steep + 8.0);
    let from = kind(case.image.depth());
    // Three products and two sums of luma, and its rounding.
    let luma = match from {
        Kind::Float(format) if format.precision > Format::F32.precision => format,
        _ => Format::F32,
    };
    let error = match case.is_luma_of_colours() {
        true => error + 6.0 * luma.unit() * steep,
        false => error,
    };
    let is_float_map = case.map == Map::Float;
    let (turn, period) = match case.combine {
        Some(Combine::DirectionDegrees) => (360.0, true),
        Some(Combine::DirectionRadians) => (TAU, true),
        _ if is_float_map => (TAU, false),
        _ if is_scaled(case) => (to.full_scale() as f64, true),
        _ => (from.full_scale() as f64, true),
    };
    let exact_angle = angle / TAU * turn;
    let exact_angle = match period && exact_angle < 0.0 {
        true => exact_angle + turn,
        false => exact_angle,
    };
    let slack = error * turn;
    // The direction of what is nearly 0 is any.
    if slack.is_nan() || slack > turn / 1000.0 {
        return None;
    }
    let ends = [exact_angle - slack, exact_angle + slack];
    // Just below a turn and just above 0 are neighbours.
    let neighbours = [ends.map(|end| end - turn), ends, ends.map(|end| end + turn)];
    let got = got.approximate();
    let kept = neighbours.into_iter().any(|[low, high]| match to {
        Kind::Integer {
            low: least,
            high: most,
        } => {
            let rounded = |value: f64| match case.rounding {
                Rounding::NearestEven => value.round_ties_even(),
                Rounding::SixteenBits if (least, most) == (0, 255) => (value + 1.0 / 514.0).floor(),
                Rounding::NearestUp | Rounding::SixteenBits => (value + 0.5).floor(),
                _ => value.trunc(),
            };
            let wrapped = |value: f64| match case.overflow {
                Overflow::Wrap => {
                    let count = (most - least) as f64 + 1.0;
                    (value - least as f64).rem_euclid(count) + least as f64
                }
                _ => value.clamp(least as f64, most as f64),
            };
            let [low, high] = [low, high].map(|end| wrapped(rounded(end)));
            // What wraps around may begin above its end.
            match low <= high {
                true => (low..=high).contains(&got),
                false => got >= low || got <= high,
            }
        }
        Kind::Float(format) => {
            let half = format.unit() * high.abs() + slack + 2_f64.powi(format.smallest as i32);
            (low - half..=high + half).contains(&got)
        }
    });
    Some(Difference {
        at,
        got,
        exact: exact_angle,
        error: if kept {
            0.0
        } else {
            (got - exact_angle).abs().max(1.0)
        },
        kept,
    })
}

fn integer(
    at: usize,
    got: Sample,
    [lowest, highest]: [i128; 2],
    response: impl Fn() -> Ratio,
) -> Difference {
    let Sample::Finite(sample) = got else {
        panic!("an integer is a number");
    };
    let got = sample.mantissa << sample.exponent;
    let error = (lowest - got).max(got - highest).max(0);
    Difference {
        at,
        got: got as f64,
        exact: match error {
            0 => got as f64,
            _ => response().approximate(),
        },
        error: error as f64,
        kept: error == 0,
    }
}

fn float(
    at: usize,
    got: Sample,
    [first, rest]: [f64; 2],
    nearest: impl Fn() -> f64,
    format: Format,
    promise: Promise,
    [allowed, again]: [f64; 2],
) -> Difference {
    let got = got.approximate();
    // A narrower type than that of the sums rounds once more.
    let allowed = allowed + again * first.abs();
    let error = match got.is_finite() {
        // The difference of neighbours is exact.
        true => (got - first - rest).abs() / allowed,
        // What the format does not hold is infinite.
        false
            if first.abs() + allowed >= format.largest && got == f64::INFINITY.copysign(first) =>
        {
            0.0
        }
        false => f64::INFINITY,
    };
    let within = promise == Promise::Bounded && error <= 1.0;
    let kept = within || got == nearest();
    Difference {
        at,
        got,
        exact: first,
        // The nearest float is right however narrow the bound; of alpha there is none.
        error: match kept {
            true if allowed == 0.0 => 0.0,
            true => error.min(1.0),
            false => error,
        },
        kept,
    }
}
