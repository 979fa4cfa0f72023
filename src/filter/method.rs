//! Which method is the fastest that keeps the promise of exact results.

use crate::{
    engine::{LaneKind, MAX_ROUNDINGS, Method},
    error::{Error, Result},
    image::Depth,
    kernel::{Factors, Kernel},
};

/// A method and what it needs to know of every kernel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) method: Method,
    /// Of every kernel, for [`Method::Separable`] alone.
    pub(super) factors: Vec<Factors>,
    pub(super) reason: String,
}

/// A tap along a row of sums, in taps of the direct engine: no two output rows
/// share it (15 taps of f32 in one row at a time: 7.5 ms for 24 megapixels on
/// AVX-512, 225 taps in four rows at a time: 44).
const ROW_TAP: f64 = 2.5;

/// What a second pass costs by itself, in taps of the direct engine.
const PASS: f64 = 8.0;

impl Choice {
    /// The wanted method, or the fastest.
    pub(super) fn new(kernels: &[Kernel], depth: Depth, wanted: Option<Method>) -> Result<Self> {
        let separable = || -> std::result::Result<Vec<Factors>, String> {
            kernels.iter().map(|k| factors(k, depth)).collect()
        };
        let direct = |reason: String| Self {
            method: Method::Direct,
            factors: Vec::new(),
            reason,
        };
        match wanted {
            Some(Method::Naive) => Ok(Self {
                method: Method::Naive,
                factors: Vec::new(),
                reason: "four loops over the window view, as asked for".to_owned(),
            }),
            Some(Method::Direct) => Ok(direct("every tap, as asked for".to_owned())),
            Some(Method::Separable) => match separable() {
                Ok(factors) => Ok(Self::separable(factors)),
                Err(why) => Err(Error::request(format_args!(
                    "the separable engine cannot run here: {why}; use another engine, or auto"
                ))),
            },
            None => Ok(match separable() {
                Ok(factors) => {
                    let costs = kernels.iter().zip(&factors).map(|(k, f)| {
                        let terms = f.terms.len() as f64;
                        let rows = terms * (k.rows() as f64 + ROW_TAP * k.columns() as f64);
                        (taps(k, depth) as f64, rows + PASS)
                    });
                    let (direct_cost, cost) =
                        costs.fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
                    let exact = |(k, f): (&Kernel, &Factors)| {
                        is_exact(k, depth) || separable_roundings(k, f) <= MAX_ROUNDINGS
                    };
                    if cost < direct_cost && kernels.iter().zip(&factors).all(exact) {
                        Self::separable(factors)
                    } else {
                        direct("every tap at once, which is faster here than two passes".to_owned())
                    }
                }
                Err(why) => direct(format!("every tap at once: {why}")),
            }),
        }
    }

    fn separable(factors: Vec<Factors>) -> Self {
        let terms = factors.iter().map(|f| f.terms.len()).max().unwrap_or(1);
        let reason = match terms {
            1 => "columns, then rows: the weights are one column times one row".to_owned(),
            _ => format!("columns, then rows: the weights are {terms} columns times {terms} rows"),
        };
        Self {
            method: Method::Separable,
            factors,
            reason,
        }
    }
}

/// The most roundings to f32 that a sum of the `at`-th kernel goes through;
/// `factors` are those of all kernels, if the method is separable.
pub(super) fn roundings(factors: &[Factors], at: usize, kernel: &Kernel) -> usize {
    match factors.get(at) {
        Some(factors) => separable_roundings(kernel, factors),
        None => LaneKind::F32.roundings(kernel.rows(), kernel.columns()),
    }
}

/// Whether exact results are promised.
fn is_exact(kernel: &Kernel, depth: Depth) -> bool {
    depth != Depth::F32 && kernel.is_integer()
}

/// The taps that the direct engine multiplies by.
fn taps(kernel: &Kernel, depth: Depth) -> usize {
    // A window contains its samples, and a NaN under a zero is one.
    let counts = |w: &&f64| depth == Depth::F32 || **w != 0.0;
    kernel.weights().iter().filter(counts).count()
}

/// The kernel as columns times rows, or why not.
fn factors(kernel: &Kernel, depth: Depth) -> std::result::Result<Factors, String> {
    if is_exact(kernel, depth) {
        return kernel
            .integer_factors()
            .ok_or_else(|| "the integer weights are not one column times one row".to_owned());
    }
    let most = kernel.rows().min(kernel.columns()).div_ceil(2);
    let none = || format!("the weights are no sum of {most} or fewer columns times rows");
    kernel.factors(most).ok_or_else(none)
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
