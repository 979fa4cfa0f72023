//! Which method is the fastest that keeps the promise of exact results.

use super::{
    lane,
    task::{Task, is_exact},
};
use crate::{
    combine::Combine,
    engine::{Method, Promise, Recipe, Tiling, error_bound},
    error::{Error, Result},
    image::Depth,
    kernel::{Factors, Kernel},
    number::{ElementKind, LaneKind, MAX_ROUNDINGS},
};

/// A method and what it needs to know.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) way: Way,
    pub(super) method_reason: String,
    pub(super) lane: LaneKind,
    pub(super) lane_reason: String,
    /// About how many nanoseconds one thread takes.
    cost: f64,
}

/// How the sums of all kernels are made.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Way {
    Naive,
    Direct,
    /// The direct method, four products of bytes to an instruction.
    Dots,
    /// The terms of every kernel.
    Separable(Vec<Factors>),
    /// The weights of every kernel are equal: running totals.
    Totals,
    Fft(Tiling),
}

/// Nanoseconds of one tap on one sample by the direct method: 24 megapixels
/// through 15x15 took 24 ms in i16, 44 in f32 and 87 in f64 (AVX-512, Zen 5).
const fn tap_cost(lane: LaneKind) -> f64 {
    match lane {
        LaneKind::I16 => 0.0046,
        LaneKind::F32 => 0.0082,
        LaneKind::F64 => 0.0162,
    }
}

/// Nanoseconds of four neighbouring taps on one sample by dot products of bytes:
/// 24 megapixels through 9x9 and 15x15, 27 and 60 fours, took 10.6 and 17.3 ms
/// (VNNI, Zen 5).
const FOUR_COST: f64 = 0.0086;

/// Nanoseconds of widening a sample of 8 bits, which dot products do without:
/// 24 megapixels through 3x3 took 4.9 ms in i16 and 3.9 in dot products.
const WIDENING: f64 = 0.027;

/// A tap along a row of sums, in taps of the direct method: no two output rows
/// share it (24 megapixels of bytes by two passes of 3, 7 and 15 taps of f32:
/// 9.0, 11.9 and 17.8 ms; of i16: 4.8, 6.3 and 9.3).
const ROW_TAP: f64 = 2.5;

/// What a second pass costs by itself, in taps of the direct method.
const PASS: f64 = 4.0;

/// What totals of equal weights cost, and every doubling along a row, in taps
/// of the direct method (5x5 and 15x15 in i16: 5.8 and 8.3 ms; 31x31 in f32: 17).
const TOTALS: f64 = 14.0;
const DOUBLING: f64 = 4.0;

/// The most terms that are looked for unasked: more never beat a transform.
const MAX_RANK: usize = 4;

/// Why a method cannot be taken.
type Why = String;

impl Choice {
    /// The wanted method, or the fastest.
    pub(super) fn new(task: Task<'_>, wanted: Option<Method>) -> Result<Self> {
        match wanted {
            Some(Method::Naive) => Self::direct(task, Way::Naive).map(as_asked_for),
            Some(Method::Direct) => Self::direct(task, Way::Direct).map(as_asked_for),
            Some(Method::Separable) => {
                Self::separable(task, usize::MAX)?.map_err(|why| refusal("separable", &why))
            }
            Some(Method::Fft) => Self::fft(task)?.map_err(|why| refusal("fft", &why)),
            None => {
                let mut best = Self::direct(task, Way::Direct)?;
                let separable = Self::separable(task, MAX_RANK)?;
                let others = [separable, Self::fft(task)?];
                best.method_reason += &match &others[0] {
                    Err(why) => format!(": {why}"),
                    Ok(_) => ", which is faster here than two passes".to_owned(),
                };
                for other in others.into_iter().flatten() {
                    if other.cost < best.cost {
                        best = other;
                    }
                }
                Ok(best)
            }
        }
    }

    /// How the sums of the `at`-th kernel are made.
    pub(super) fn recipe(&self, at: usize, kernel: &Kernel, depth: Depth) -> Recipe<'_> {
        match &self.way {
            Way::Naive => Recipe::Naive,
            Way::Direct | Way::Dots => Recipe::Direct,
            Way::Separable(factors) => Recipe::Separable(&factors[at].terms),
            Way::Totals => Recipe::Totals,
            Way::Fft(tiling) => Recipe::Fft(*tiling, promise(kernel, depth)),
        }
    }

    /// The method that this is.
    pub(super) const fn method(&self) -> Method {
        match self.way {
            Way::Naive => Method::Naive,
            Way::Direct | Way::Dots => Method::Direct,
            Way::Separable(_) | Way::Totals => Method::Separable,
            Way::Fft(_) => Method::Fft,
        }
    }

    /// What bands are framed in.
    pub(super) const fn element(&self) -> ElementKind {
        match self.way {
            Way::Dots => ElementKind::Bytes,
            _ => ElementKind::Lane(self.lane),
        }
    }

    /// Every tap by itself, or four at a time where that is faster.
    fn direct(task: Task<'_>, mut way: Way) -> Result<Self> {
        let (lane, lane_reason) = lane::choose(task, direct_roundings)?;
        let taps: usize = task.kernels.iter().map(|k| taps(k, task.depth)).sum();
        let mut cost = taps as f64 * tap_cost(lane);
        if let (Way::Direct, Some(fours)) = (&way, task.fours(lane)) {
            let cost_of_fours = fours as f64 * FOUR_COST;
            if cost_of_fours < cost + WIDENING {
                (way, cost) = (Way::Dots, cost_of_fours);
            }
        }
        Ok(Self {
            method_reason: match way {
                Way::Naive => "four loops over the window view",
                Way::Dots => "every tap on a block of output at once, in dot products of bytes",
                _ => "every tap on a block of output at once",
            }
            .to_owned(),
            lane,
            lane_reason,
            way,
            cost: cost * task.samples(),
        })
    }

    fn separable(task: Task<'_>, max_rank: usize) -> Result<std::result::Result<Self, Why>> {
        let factors = (task.kernels.iter()).map(|k| factors(k, task.depth, max_rank));
        let factors: Vec<Factors> = match factors.collect() {
            Ok(factors) => factors,
            Err(why) => return Ok(Err(why)),
        };
        let roundings = |at: usize, k: &Kernel| separable_roundings(k, &factors[at]);
        let (lane, lane_reason) = lane::choose(task, roundings)?;
        let totals = task.moves_totals();
        let taps = task.kernels.iter().zip(&factors).map(|(k, f)| {
            if totals {
                return TOTALS + DOUBLING * f64::from(k.columns().ilog2());
            }
            let row = ROW_TAP * k.columns() as f64;
            f.terms.len() as f64 * (k.rows() as f64 + row) + PASS
        });
        let cost = taps.sum::<f64>() * tap_cost(lane) * task.samples();
        let terms = factors.iter().map(|f| f.terms.len()).max().unwrap_or(1);
        Ok(Ok(Self {
            method_reason: match terms {
                _ if totals => {
                    "columns, then rows, by running totals: the weights are equal".to_owned()
                }
                1 => "columns, then rows: the weights are one column times one row".to_owned(),
                _ => format!(
                    "columns, then rows: the weights are {terms} columns times {terms} rows"
                ),
            },
            lane,
            lane_reason,
            way: if totals {
                Way::Totals
            } else {
                Way::Separable(factors)
            },
            cost,
        }))
    }

    fn fft(task: Task<'_>) -> Result<std::result::Result<Self, Why>> {
        let Task {
            kernels,
            geometry,
            depth,
            ..
        } = task;
        let exact = kernels.iter().any(|k| is_exact(k, depth));
        let sums = [0, 1].map(|axis| geometry.positions(axis, geometry.output[axis]));
        if geometry.step[0] > 1 {
            return Ok(Err(
                "it computes every row, and the step leaves rows out".to_owned()
            ));
        }
        if task.combine == Some(Combine::Direction) && !exact {
            return Ok(Err(
                "the angle of a faint gradient shows its rounding".to_owned()
            ));
        }
        let (lane, lane_reason) = if exact {
            let reason = "its rounding in f64 stays below half an integer".to_owned();
            (LaneKind::F64, reason)
        } else {
            lane::choose(task, direct_roundings)?
        };
        if task.lane.is_some_and(|asked| asked != lane) {
            return Ok(Err(format!("it would run in {lane}")));
        }
        let Some(tiling) = Tiling::choose(lane, geometry.window, sums, task.channels) else {
            return Ok(Err("the window is larger than its largest tile".to_owned()));
        };
        let white = depth.full_scale();
        let within = |k: &Kernel| {
            let [low, high] = k.sum_range(white);
            !is_exact(k, depth)
                || error_bound(lane, &tiling, white, k.abs_sum()) < 0.5 && high.max(-low) < INTEGERS
        };
        if !kernels.iter().all(within) {
            return Ok(Err(
                "its rounding in f64 could exceed half an integer".to_owned()
            ));
        }
        Ok(Ok(Self {
            way: Way::Fft(tiling),
            method_reason: format!(
                "tiles of {} x {} through a Fourier transform, for sums of {} x {} each",
                tiling.size[0], tiling.size[1], tiling.valid[0], tiling.valid[1]
            ),
            lane,
            lane_reason,
            cost: kernels.len() as f64 * tiling.cost(lane, sums, task.channels),
        }))
    }
}

fn as_asked_for(mut choice: Choice) -> Choice {
    choice.method_reason += ", as asked for";
    choice
}

/// Sums that rounding by addition still rounds to integers.
const INTEGERS: f64 = (1_u64 << 51) as f64;

fn refusal(engine: &str, why: &str) -> Error {
    Error::request(format_args!(
        "the {engine} engine cannot run here: {why}; use another engine, or auto"
    ))
}

fn promise(kernel: &Kernel, depth: Depth) -> Promise {
    match depth {
        Depth::F32 => Promise::Anything,
        _ if is_exact(kernel, depth) => Promise::Integers,
        _ => Promise::InScale,
    }
}

/// The taps that the direct method multiplies by.
fn taps(kernel: &Kernel, depth: Depth) -> usize {
    // A window contains its samples, and a NaN under a zero is one.
    let counts = |w: &&f64| depth == Depth::F32 || **w != 0.0;
    kernel.weights().iter().filter(counts).count()
}

/// The kernel as columns times rows, or why not.
fn factors(kernel: &Kernel, depth: Depth, max_rank: usize) -> std::result::Result<Factors, Why> {
    if is_exact(kernel, depth) {
        let none = || "the integer weights are not one column times one row".to_owned();
        return kernel.integer_factors().ok_or_else(none);
    }
    // Beyond half its smaller side a kernel's terms are more than its taps.
    let most = (kernel.rows().min(kernel.columns()))
        .div_ceil(2)
        .min(max_rank);
    let none = || format!("the weights are no sum of {most} or fewer columns times rows");
    let factors = kernel.factors(most).ok_or_else(none)?;
    if separable_roundings(kernel, &factors) > MAX_ROUNDINGS {
        return Err("its terms cancel, and would round to more than is promised".to_owned());
    }
    Ok(factors)
}

/// The most roundings to f32 that a sum goes through.
fn direct_roundings(_: usize, kernel: &Kernel) -> usize {
    LaneKind::F32.roundings(kernel.rows(), kernel.columns())
}

/// In units of 2^-24 of the sum of the absolute weights: two passes, each
/// weight rounded once more, and what the terms lack.
fn separable_roundings(kernel: &Kernel, factors: &Factors) -> usize {
    let all = kernel.abs_sum();
    let longest = kernel.rows() + factors.terms.len() * kernel.columns() + 2;
    let rounded = longest as f64 * factors.abs_sum() / all;
    let lacking = factors.residual / all * f64::from(1 << 24);
    (rounded + lacking).ceil() as usize
}
