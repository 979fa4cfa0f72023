//! Box filters: running sums down the columns, then row sums by doubling (of 1, 2, 4, ...
//! neighbours). The work hardly grows with the kernel. Of bytes and 16-bit samples whose sums are
//! finished in registers, it does not grow at all: see [`Running`].
//!
//! Samples that leave the window are subtracted, so every sum must be exact: this is for integer
//! samples only. A weight that is no integer multiplies the sum of the samples.

use std::{fmt, marker::PhantomData, mem};

use super::{
    Band, CompiledBank, CompiledKernel, Engine, Kernels, Method, Offer, Recipe, Refusal, Scratch,
    compiled_bank::Bank,
    lane::{self, LaneChoice, LaneReason},
    packed_taps::PlacedKernel,
    problem::{Problem, is_exact},
    recycled_slices::recycled,
    running_registers::{self, Running, RunningSamples},
};
use crate::{
    error::Result,
    finish,
    image::{Depth, try_resize},
    kernel::{EXACT, Kernel},
    map::Map,
    number::{Element, ElementKind, Lane, LaneKind},
    simd::{Body, Isa, Simd},
};

/// Running sums.
#[derive(Debug)]
pub(super) struct RunningSum;

/// The cost of the column sums, and of every doubling along a row, in taps of the
/// direct engine (5x5 and 15x15 in i16: 5.8 and 8.3 ms; 31x31 in f32: 17).
const COLUMN_SUMS: f64 = 14.0;
const DOUBLING: f64 = 4.0;

impl Engine for RunningSum {
    fn name(&self) -> &'static str {
        "running-sum"
    }

    fn method(&self) -> Method {
        Method::Separable
    }

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        check(problem).map_err(Refusal::of)?;
        let (element, choice) = choose(problem)?;
        let lane = choice.lane;
        let in_registers = finishes_in_registers(problem, element, lane);
        let cost = match in_registers {
            true => register_cost(lane, problem.channels),
            false => {
                let taps = |k: &Kernel| COLUMN_SUMS + DOUBLING * f64::from(k.columns().ilog2());
                let taps = problem.kernels.iter().map(taps);
                taps.sum::<f64>() * problem.tap_cost(lane)
            }
        };
        Ok(Offer {
            element,
            carries_sums: in_registers,
            // A row of column sums, and two of row sums.
            scratch: problem.pass_row_bytes(lane).saturating_mul(3),
            ..Offer::in_lane(
                problem,
                choice,
                cost * problem.samples(),
                ROWS,
                RunningTotals { element },
            )
        })
    }
}

/// Nanoseconds per sample where sums are finished in registers, beside direct taps at the same level
/// (24 megapixels of bytes, any size: 6.6 ms in f32 and 12.4 in f64, of three channels 34; of 16-bit
/// samples 17).
const fn register_cost(lane: LaneKind, channels: usize) -> f64 {
    let of_lane = match lane {
        LaneKind::F64 => 0.25,
        _ => 0.09,
    };
    // A pixel is carried through every step of the scan of the next ones.
    match channels {
        1 => of_lane,
        _ => 2.5 * of_lane,
    }
}

/// Why running sums cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Why {
    #[error("the weights of a kernel are not equal")]
    Weights,
    #[error("running sums of floats are not exact")]
    Floats,
    #[error("sums of so many samples are not exact")]
    Totals,
    #[error("the step leaves rows out")]
    Step,
    #[error("the taps are not neighbours")]
    Dilation,
}

/// Whether running sums are exact for every kernel.
pub(super) fn check(problem: &Problem<'_>) -> Result<(), Why> {
    let equal = |k: &Kernel| {
        let first = k.weights()[[0, 0]];
        first != 0.0 && k.weights().iter().all(|&w| w == first)
    };
    if !problem.kernels.iter().all(equal) {
        return Err(Why::Weights);
    }
    if problem.depth.is_float() {
        return Err(Why::Floats);
    }
    // Those of integers fit where their kernel does.
    let limit = match problem.lane {
        Some(LaneKind::F32) => TOTALS_IN_F32,
        _ => EXACT,
    };
    let fits = |k: &Kernel| is_exact(k, problem.depth) || largest_total(problem, k) < limit;
    if !problem.kernels.iter().all(fits) {
        return Err(Why::Totals);
    }
    if problem.geometry.rows.step != 1 {
        return Err(Why::Step);
    }
    if problem.geometry.dilation() != [1, 1] {
        return Err(Why::Dilation);
    }
    Ok(())
}

/// Integers below this are exact in f32.
const TOTALS_IN_F32: f64 = (1 << 24) as f64;

/// The largest sum of samples.
fn largest_total(problem: &Problem<'_>, kernel: &Kernel) -> f64 {
    kernel.area() as f64 * problem.depth.largest()
}

/// What is read, and the lane of the sums.
fn choose(problem: &Problem<'_>) -> Result<(ElementKind, LaneChoice), Refusal> {
    let all_exact = problem.kernels.iter().all(|k| is_exact(k, problem.depth));
    // The weight is rounded, and the product.
    let error = |_: usize, _: &Kernel, lane: LaneKind| 2.0 * lane.unit_roundoff();
    let choice = lane::lane(problem, error)?;
    let in_f64 = || -> Result<LaneChoice, Refusal> {
        Ok(LaneChoice {
            reason: LaneReason::Quotients,
            ..lane::lane(&problem.in_f64(), error)?
        })
    };
    let fits_f32 = |k: &Kernel| largest_total(problem, k) < TOTALS_IN_F32;
    let asked = problem.lane;
    let words = match problem.depth {
        Depth::U8 => ElementKind::Bytes,
        Depth::U16 => ElementKind::Words,
        _ => ElementKind::Lane(choice.lane),
    };
    if finishes_in_registers(problem, words, LaneKind::F64) && asked != Some(LaneKind::I16) {
        let kernel = &problem.kernels[0];
        let columns_fit = finishes_in_registers(problem, words, LaneKind::F32);
        let is_exact_in_f32 = match all_exact {
            true => {
                finish::multiplies_in(LaneKind::F32, largest_dividend(problem), kernel.divisor())
            }
            false => choice.lane == LaneKind::F32,
        };
        let lane = match (words, asked) {
            (ElementKind::Bytes, Some(LaneKind::F32)) => Some(LaneKind::F32),
            (_, Some(LaneKind::F32)) => None,
            (_, Some(_)) => Some(LaneKind::F64),
            (ElementKind::Bytes, None) if columns_fit && fits_f32(kernel) && is_exact_in_f32 => {
                Some(LaneKind::F32)
            }
            (_, None) => Some(LaneKind::F64),
        };
        let choice_in = |lane| -> Result<LaneChoice, Refusal> {
            match (lane, asked) {
                (_, Some(_)) => Ok(choice.clone()),
                (LaneKind::F32, None) if choice.lane == LaneKind::I16 => {
                    let sums = kernel.sums_of_samples(problem.depth.range());
                    Ok(LaneChoice {
                        lane,
                        reason: LaneReason::Integers(sums, lane),
                        ..choice.clone()
                    })
                }
                (LaneKind::F64, None) if choice.lane != LaneKind::F64 => in_f64(),
                _ => Ok(choice.clone()),
            }
        };
        if let Some(lane) = lane {
            return Ok((words, choice_in(lane)?));
        }
    }
    let choice = match choice.lane {
        LaneKind::F32 if !all_exact && !problem.kernels.iter().all(fits_f32) => in_f64()?,
        _ => choice,
    };
    Ok((ElementKind::Lane(choice.lane), choice))
}

/// The largest number that is divided.
fn largest_dividend(problem: &Problem<'_>) -> f64 {
    let kernel = &problem.kernels[0];
    let sums = kernel.sums_of_samples(problem.depth.range());
    let middle = match problem.map {
        Map::Offset => (problem.depth.full_scale() + 1.0) / 2.0,
        _ => 0.0,
    };
    let added = kernel.bias_in_samples(problem.depth).abs() + middle;
    sums[0].abs().max(sums[1].abs()) + added * kernel.divisor().abs()
}

/// Whether sums in this lane of such elements become samples in registers, if their finish can.
fn finishes_in_registers(problem: &Problem<'_>, element: ElementKind, lane: LaneKind) -> bool {
    let [kernel] = problem.kernels else {
        return false;
    };
    matches!(element, ElementKind::Bytes | ElementKind::Words)
        && running_registers::takes(lane, kernel.columns(), problem.channels)
        && problem.combine.is_none()
        && problem.depth == problem.output_depth
        && problem.geometry.columns.step == 1
        && matches!(problem.map, Map::Clamp | Map::Offset)
}

#[derive(Debug)]
struct RunningTotals {
    element: ElementKind,
}

impl fmt::Display for RunningTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("columns, then rows, by running totals: the weights are equal")
    }
}

impl Recipe for RunningTotals {
    fn compile(&self, bank: &Bank<'_>) -> Result<CompiledBank> {
        Ok(match (self.element, bank.lane) {
            (ElementKind::Bytes, LaneKind::F32) => CompiledBank::BytesF32(running(bank)),
            (ElementKind::Bytes, _) => CompiledBank::BytesF64(running(bank)),
            (ElementKind::Words, _) => CompiledBank::WordsF64(running(bank)),
            (_, LaneKind::I16) => CompiledBank::I16(totals(bank)),
            (_, LaneKind::F32) => CompiledBank::F32(totals(bank)),
            (_, LaneKind::F64) => CompiledBank::F64(totals(bank)),
        })
    }
}

fn totals<T: Totalled<T> + Lane>(bank: &Bank<'_>) -> Kernels<T, T> {
    let kernels = bank.kernels.iter();
    kernels
        .map(|&kernel| Box::new(Compiled::new(kernel)) as Box<_>)
        .collect()
}

/// The same, finished in registers.
fn running<S: RunningSamples<T>, T: Lane>(bank: &Bank<'_>) -> Kernels<S, T> {
    let channels = bank.row.shape()[1];
    let kernels = bank.kernels.iter();
    kernels
        .map(|&kernel| {
            let weight = kernel.weights[0];
            Box::new(Running::new(Compiled::new(kernel), channels, weight)) as Box<_>
        })
        .collect()
}

/// Samples whose totals are numbers of `T`.
pub(crate) trait Totalled<T>: Element + Into<T> {}

impl<S: Element + Into<T>, T> Totalled<T> for S {}

/// Output rows before the column sums are computed from scratch. Bands begin at multiples
/// of it, so that calls need not share state.
const ROWS: usize = 16;

/// A kernel of equal weights, over bands of `S`.
#[derive(Debug)]
pub(super) struct Compiled<S, T> {
    weight: T,
    pub(super) shape: [usize; 2],
    pub(super) origin: [usize; 2],
    samples: PhantomData<S>,
}

impl<S, T: Lane> Compiled<S, T> {
    /// `kernel` is dense, and its weights are the same.
    fn new(kernel: PlacedKernel<'_>) -> Self {
        Self {
            weight: T::from_weight(kernel.weights[0]),
            shape: kernel.shape,
            origin: kernel.origin,
            samples: PhantomData,
        }
    }
}

impl<S: Totalled<T>, T: Lane> CompiledKernel for Compiled<S, T> {
    type Element = S;
    type Sum = T;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, S>,
        first: usize,
        out: &mut [T],
        stride: usize,
        scratch: &mut Scratch<T>,
    ) -> Result<()> {
        let Scratch {
            rows: scratch,
            sources: slices,
            ..
        } = scratch;
        let channels = band.channels();
        let len = band.dense_len();
        let width = len + (self.shape[1] - 1) * channels;
        let left = self.origin[1] * channels;
        try_resize(scratch, 3 * width, T::ZERO)?;
        for (block, out) in out.chunks_mut(ROWS * stride).enumerate() {
            let top = first + block * ROWS + self.origin[0];
            let source_rows = out.len().div_ceil(stride) + self.shape[0] - 1;
            let rows = band.rows[top..top + source_rows].iter();
            let mut sources = recycled(mem::take(slices));
            sources.extend(rows.map(|row| &row[left..left + width]));
            simd.run(Rows {
                kernel: self,
                sources: &sources,
                channels,
                len,
                out,
                stride,
                scratch,
            });
            *slices = recycled(sources);
        }
        Ok(())
    }
}

/// The operands of a block of output rows.
struct Rows<'a, S, T> {
    kernel: &'a Compiled<S, T>,
    sources: &'a [&'a [S]],
    channels: usize,
    /// Samples in a row of sums.
    len: usize,
    out: &'a mut [T],
    stride: usize,
    /// Three rows as wide as the sources.
    scratch: &'a mut [T],
}

impl<S: Totalled<T>, T: Lane> Body for Rows<'_, S, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let [rows, columns] = self.kernel.shape;
        let width = self.scratch.len() / 3;
        let (column_sums, buffers) = self.scratch.split_at_mut(width);
        let (a, b) = buffers.split_at_mut(width);
        column_sums.fill(T::ZERO);
        for source in &self.sources[..rows] {
            for (sum, &sample) in column_sums.iter_mut().zip(*source) {
                *sum = sum.plus(sample.into());
            }
        }
        for (y, out) in self.out.chunks_mut(self.stride).enumerate() {
            if y > 0 {
                let (leaving, entering) = (self.sources[y - 1], self.sources[y - 1 + rows]);
                for ((sum, &leaving), &entering) in
                    column_sums.iter_mut().zip(leaving).zip(entering)
                {
                    *sum = sum.plus(entering.into().minus(leaving.into()));
                }
            }
            let out = &mut out[..self.len];
            row_sums(column_sums, columns, self.channels, a, b, out);
            if self.kernel.weight != T::from_weight(1.0) {
                for sum in out {
                    *sum = sum.mul_add::<false>(self.kernel.weight, T::ZERO);
                }
            }
        }
    }
}

/// Sums of `columns` neighbours, added up from sums of 1, 2, 4, ... neighbours, one
/// for each bit set in `columns`. For example, 5 neighbours are 1 + 4.
#[inline(always)]
fn row_sums<'a, T: Lane>(
    column_sums: &[T],
    columns: usize,
    channels: usize,
    mut sums: &'a mut [T],
    mut spare: &'a mut [T],
    out: &mut [T],
) {
    let mut taken = 0;
    for bit in 0..=columns.ilog2() {
        let span = 1 << bit;
        // Sums of `span` neighbours.
        if bit > 0 {
            let half = span / 2 * channels;
            let from: &[T] = if bit == 1 { column_sums } else { sums };
            let (left, right) = (&from[..from.len() - half], &from[half..]);
            for ((to, &left), &right) in spare.iter_mut().zip(left).zip(right) {
                *to = left.plus(right);
            }
            mem::swap(&mut sums, &mut spare);
        }
        if columns & span == 0 {
            continue;
        }
        let from: &[T] = if bit == 0 { column_sums } else { sums };
        let from = &from[taken * channels..];
        if taken == 0 {
            out.copy_from_slice(&from[..out.len()]);
        } else {
            for (sum, &part) in out.iter_mut().zip(from) {
                *sum = sum.plus(part);
            }
        }
        taken += span;
    }
}
