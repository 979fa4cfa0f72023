//! How far a result is from the exact one.

use num_bigint::BigInt;
use stridekern::{Combine, Depth, Image, LaneKind, Map, Method, Plan, Tuning, simd::Level};

use super::{
    exact::{Format, Numerator, Ratio, Scale},
    response::{Case, Exact, Wanted},
    samples::{Kind, Sample, kind, samples},
};
use crate::common::run_plan;

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
    pub(super) fn of(from: Depth, to: Depth) -> Self {
        match (kind(from).is_integer(), kind(to).is_integer()) {
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

/// The factor of the bound: `(L + 3) u`.
fn bound(case: &Case, plan: &Plan) -> f64 {
    let sums = case.kernels.iter().map(|k| roundings(k.shape)).max();
    let mut chain = sums.unwrap() + case.kernels.len() - 1;
    if plan.method() == Method::Fft {
        chain = chain.max(TRANSFORM_ROUNDINGS);
    }
    let format = match kind(case.image.depth()) {
        Kind::Float(format) => format,
        Kind::Integer { .. } => Format::F32,
    };
    (chain + 3) as f64 * format.unit()
}

/// Runs the case, if the plan allows this tuning.
pub(super) fn run(case: &Case, exact: &Exact, tuning: &Tuning) -> Option<Outcome> {
    let plan = case.filter().plan(&case.image, tuning).ok()?;
    let output = run_plan(&plan, &case.image);
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
    let to_scale = match case.map {
        Map::Float => 1.0,
        _ => exact.to.full_scale() as f64 / from.full_scale() as f64,
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
    let allowed = move |size: [f64; 2]| {
        let underflow = 2_f64.powi(format.smallest as i32 / 2)
            * 2_f64.powi((format.smallest - 1) as i32 - format.smallest as i32 / 2);
        bound * (size[region] + middle) * to_scale + underflow
    };
    let promise = Promise::of(case.image.depth(), output.depth());
    let got = samples(output);
    (0..got.len()).filter_map(move |at| {
        let got = got[at];
        let (numerator, scale, allowed) = match &exact.wanted[at] {
            Wanted::Response { numerator, size } => (numerator, &exact.scale, allowed(*size)),
            Wanted::Alpha(numerator) => (numerator, &exact.alpha_scale, 0.0),
            Wanted::Other(value) => return other(case, exact.to, at, got, *value),
        };
        Some(match exact.to {
            Kind::Integer { low, high } => {
                integer(at, got, scale, numerator, [low, high], promise, allowed)
            }
            Kind::Float(format) => float(at, got, scale, numerator, format, promise, allowed),
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

fn integer(
    at: usize,
    got: Sample,
    scale: &Scale,
    numerator: &Numerator,
    [low, high]: [i128; 2],
    promise: Promise,
    allowed: f64,
) -> Difference {
    let Sample::Finite(sample) = got else {
        panic!("an integer is a number");
    };
    let got = sample.mantissa << sample.exponent;
    let saturated = |n: BigInt| i128::try_from(n.clamp(low.into(), high.into())).unwrap();
    let (lowest, highest) = if promise == Promise::Rounded {
        let right = saturated(scale.nearest(numerator));
        (right, right)
    } else {
        let slack = Ratio::dyadic(super::exact::Dyadic::of(allowed));
        let end = |slack: Ratio| {
            let end = scale.ratio(numerator).plus(&slack);
            let scale = Scale {
                mul: 1.into(),
                add: BigInt::ZERO,
                div: end.den,
            };
            saturated(scale.nearest(&Numerator::Whole(end.num)))
        };
        (end(Ratio::new(-&slack.num, slack.den.clone())), end(slack))
    };
    let error = (lowest - got).max(got - highest).max(0);
    Difference {
        at,
        got: got as f64,
        exact: scale.ratio(numerator).approximate(),
        error: error as f64,
        kept: error == 0,
    }
}

fn float(
    at: usize,
    got: Sample,
    scale: &Scale,
    numerator: &Numerator,
    format: Format,
    promise: Promise,
    allowed: f64,
) -> Difference {
    let exact = scale.ratio(numerator);
    let nearest = scale.nearest_float(numerator, format);
    let value = got.approximate();
    let error = match got {
        // Of alpha, whose nearest float is right, no error is allowed.
        Sample::Finite(_) if value == nearest && allowed == 0.0 => 0.0,
        Sample::Finite(number) => distance(&exact, number) / allowed,
        Sample::Other(_) if value == nearest => 0.0,
        // What the format does not hold is infinite.
        Sample::Other(_) => {
            let reached = exact.approximate().abs() + allowed >= format.largest;
            match reached && value == f64::INFINITY.copysign(exact.approximate()) {
                true => 1.0,
                false => f64::INFINITY,
            }
        }
    };
    Difference {
        at,
        got: value,
        exact: exact.approximate(),
        error,
        kept: value == nearest || promise == Promise::Bounded && error <= 1.0,
    }
}

fn distance(exact: &Ratio, number: super::exact::Dyadic) -> f64 {
    let number = Ratio::dyadic(number);
    exact
        .plus(&Ratio::new(-number.num, number.den))
        .approximate()
        .abs()
}
