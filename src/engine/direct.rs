//! Direct convolution, tap by tap: the engine for small kernels.

use std::fmt;

use super::{
    Band, CompiledKernel, Engine, Method, Offer, Refusal, Scratch,
    compiled_bank::{Arithmetic, Bank, LaneRecipe},
    dots,
    packed_taps::Taps,
    problem::{Problem, SumDivisor},
    register_blocks::{Blocks, block_rows, contract},
};
use crate::{error::Result, kernel::Kernel, number::LaneKind, simd::Simd};

/// Direct convolution.
#[derive(Debug)]
pub(super) struct Direct;

/// Nanoseconds of one tap on one sample: 24 megapixels through 15x15 took 24 ms
/// in i16, 44 in f32 and 87 in f64 (AVX-512, Zen 5).
pub(super) const fn tap_cost(lane: LaneKind) -> f64 {
    match lane {
        LaneKind::I16 => 0.0046,
        LaneKind::F32 => 0.0082,
        LaneKind::F64 => 0.0162,
    }
}

/// Nanoseconds to widen an 8-bit sample, which dot products of bytes do not need:
/// 24 megapixels through 3x3 took 4.9 ms in i16 and 3.9 in dot products. All
/// other engines widen too, so it is added only in comparison with dot products.
const WIDENING: f64 = 0.027;

impl Engine for Direct {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn method(&self) -> Method {
        Method::Direct
    }

    fn divides_sums_by(&self, _: SumDivisor) -> bool {
        true
    }

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        let choice = problem.lane()?;
        let lane = choice.lane;
        // In float images zero weights count: 0 * NaN is NaN.
        let taps = |k: &Kernel| match problem.depth.is_float() {
            true => k.area(),
            false => k.taps(),
        };
        let taps: usize = problem.kernels.iter().map(taps).sum();
        let mut cost = taps as f64 * tap_cost(lane);
        if dots::cost(problem, lane).is_ok_and(|dots| dots < cost + WIDENING) {
            cost += WIDENING;
        }
        let (cost, rows) = (cost * problem.samples(), block_rows(problem, lane));
        Ok(Offer::in_lane(problem, choice, cost, rows, EveryTap))
    }
}

#[derive(Debug)]
struct EveryTap;

impl fmt::Display for EveryTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("every tap on a block of output at once")
    }
}

impl LaneRecipe for EveryTap {
    fn kernel<T: Arithmetic>(
        &self,
        bank: &Bank<'_>,
        at: usize,
    ) -> Result<Box<dyn CompiledKernel<Element = T, Sum = T>>> {
        Ok(Box::new(Compiled(bank.taps(at))))
    }
}

#[derive(Debug)]
struct Compiled<T>(Taps<T>);

impl<T: Blocks> CompiledKernel for Compiled<T> {
    type Element = T;
    type Sum = T;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, T>,
        first: usize,
        out: &mut [T],
        stride: usize,
        _: &mut Scratch<T>,
    ) -> Result<()> {
        contract(simd, band, &self.0, first, out, stride);
        Ok(())
    }

    fn writes_only_sums(&self) -> bool {
        // Others are finished anyway.
        T::KIND == LaneKind::F64
    }
}
