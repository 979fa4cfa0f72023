//! Sums to samples: bias, divisor, combination of kernels, map, depth, rounding.

use std::{f64::consts::TAU, marker::PhantomData, sync::Arc};

use super::{
    BLOCK,
    integer::IntegerFinish,
    scale::{Affine, FinalScale, common_divisor},
    tolerance::{Tolerance, compensated_sum_error, f64_sum_error, round_checked, round_checked_by},
};
use crate::{
    combine::{Combination, Combine, CombineScale},
    filter::Rule,
    image::{Depth, SampleSliceMut},
    kernel::Kernel,
    map::Map,
    number::{Lane, LaneKind, Output, Real},
    simd::{Body, Isa, Simd},
};

/// The largest tolerance of a finish in f32, in samples: a thirty-second of random samples is
/// that near to a tie.
const MAX_TOLERANCE: f64 = 1.0 / 64.0;

/// How the sums of a kernel bank become samples.
///
/// Every response is kept as a numerator over one common divisor until the
/// final scale, so that integer sums stay exact and are rounded once. For
/// example, kernels with divisors 4 and 6 have numerators over 12:
///
/// `numerator[k] = (sum[k] + bias_in_samples[k] * divisor[k]) * divisor / divisor[k]`
/// `sample = round((map(combine(numerators)) + add) * mul / div)`
///
/// A factor of combined responses is in the final scale, since all rules commute with it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finish {
    /// Shared, so that a clone allocates nothing.
    pub(super) affine: Arc<[Affine]>,
    pub(super) combine: Option<Combine>,
    pub(super) map: Map,
    pub(super) from: Depth,
    pub(super) to: Depth,
    pub(super) final_scale: FinalScale,
    /// `mul / div` of the final scale, where one multiplication gives the same
    /// samples as multiplying and dividing.
    pub(super) factor: Option<f64>,
    /// Whether the final scale is that of known extrema.
    pub(super) has_extrema: bool,
    /// Whether to compute in `f64`, since `f32` could give other samples.
    pub(super) in_f64: bool,
    /// Added to scaled numerators: the smallest sample, where the map `stretch` spans a signed
    /// type.
    pub(super) lowest: f64,
    /// Whether samples are scaled from full scale to full scale.
    pub(super) scaled: bool,
    /// What combined responses are multiplied by, which the final scale contains.
    pub(super) combine_scale: CombineScale,
    /// Whether the final scale has that factor only rounded.
    pub(super) has_rounded_scale: bool,
    /// Largest responses this near to each other may be in the wrong order, as numerators.
    pub(super) order_error: f64,
    /// How values become integers, if not by rounding to nearest, ties to even, and saturation.
    pub(super) rule: Option<Rule>,
    /// The same in 16-bit integers, where that is exact.
    pub(super) integer: Option<IntegerFinish>,
    /// The common divisor of the numerators.
    pub(super) divisor: f64,
    /// Whether all weights are integers.
    pub(super) of_integers: bool,
    /// A bound of the errors that sums bring into a numerator.
    pub(super) sum_error: f64,
    /// A bound of the error of a value before it is rounded, in samples, where samples near
    /// to a tie must be told.
    pub(super) tolerance: Option<Tolerance>,
}

impl Finish {
    /// A finish for `kernels` on samples of depth `from`, summed in `lane` with at most these
    /// errors. Between types of pictures, samples are `scaled` from full scale to full scale.
    pub(crate) fn new(
        kernels: &[Kernel],
        combination: impl Into<Combination>,
        map: Map,
        [from, to]: [Depth; 2],
        scaled: bool,
        lane: LaneKind,
        sum_errors: &[f64],
    ) -> Self {
        let combination = combination.into();
        let combine = combination.rule;
        let combine_scale = combination.factor(map.spans_range(), kernels.len());
        let divisor = common_divisor(kernels);
        let affine: Arc<[Affine]> = kernels
            .iter()
            .map(|k| Affine::new(k, from, divisor))
            .collect();
        let has_own_unit = combine.is_some_and(Combine::has_own_unit);
        let divisor = if has_own_unit || combine == Some(Combine::Direction) {
            1.0
        } else {
            divisor
        };
        let final_scale = FinalScale::new(map, divisor, [from, to], scaled && !has_own_unit);
        let (final_scale, is_exact) = final_scale.times(combine_scale);
        let mut finish = Self {
            affine,
            combine,
            map,
            from,
            to,
            final_scale,
            factor: None,
            has_extrema: false,
            in_f64: true,
            lowest: 0.0,
            scaled,
            combine_scale,
            has_rounded_scale: !is_exact,
            order_error: 0.0,
            rule: None,
            integer: None,
            divisor,
            of_integers: kernels.iter().all(Kernel::is_integer),
            sum_error: 0.0,
            tolerance: None,
        };
        finish.sum_error = finish.join_errors(sum_errors);
        finish.factor = finish.final_scale.exact_factor();
        finish.in_f64 = lane == LaneKind::F64 || !finish.fits_f32();
        if !finish.in_f64 && finish.may_multiply_in_f32() {
            finish.factor = Some(finish.final_scale.mul / finish.final_scale.div);
        }
        if (lane, from, to) == (LaneKind::I16, Depth::U8, Depth::U8) {
            finish.integer = IntegerFinish::new(&finish.affine, combine, map, finish.final_scale);
        }
        finish.set_tolerance();
        if !finish.in_f64 && finish.tolerance.is_some_and(|t| t.total() > MAX_TOLERANCE) {
            finish.in_f64 = true;
            finish.set_tolerance();
        }
        finish
    }

    /// Finds the tolerance of these sums.
    pub(super) fn set_tolerance(&mut self) {
        self.tolerance = self.find_tolerance();
        if self.combine == Some(Combine::ArgMax) && self.tolerance.is_some() {
            let error = self.numerator_error();
            // Rounded up, as f32 may round it down.
            self.order_error = error.total() * (1.0 + 1e-6);
            self.tolerance = Some(Tolerance::OF_INDICES);
        } else {
            self.order_error = 0.0;
        }
    }

    /// The same finish with another rule of how values become integers.
    pub(crate) fn with_rule(mut self, rule: Option<Rule>) -> Self {
        let Some(rule) = rule.filter(|_| !self.to.is_float()) else {
            return self;
        };
        let [added, over] = rule.added;
        if added != 0.0 {
            let affine = self.affine.iter().map(|term| Affine {
                bias: term.bias + added * self.divisor / (over * term.scale),
                ..*term
            });
            self.affine = affine.collect();
        }
        self.rule = Some(rule);
        self.integer = None;
        self.in_f64 = true;
        self.factor = self.final_scale.exact_factor();
        self.set_tolerance();
        self
    }

    /// How values become integers, if not by rounding to nearest, ties to even, and saturation.
    pub(crate) const fn rule(&self) -> Option<Rule> {
        self.rule
    }

    pub(super) fn tolerance(&self) -> Option<f64> {
        self.tolerance.map(Tolerance::total)
    }

    /// Whether windows have to be summed again: those of samples that [`apply`](Self::apply)
    /// tells to be near to a tie, and those of extrema.
    pub(crate) fn sums_windows_again(&self) -> bool {
        self.tolerance.is_some() || self.needs_exact_extrema()
    }

    /// Whether samples are the sums in f64 of a single kernel as they are.
    pub(crate) fn keeps_sums(&self) -> bool {
        let is_scaled = self.factor != Some(1.0) || self.final_scale.add != 0.0;
        let is_mapped = self.combine.is_some() || self.map == Map::Abs || self.needs_range();
        let are_numerators = self.affine.len() == 1 && self.affine[0].is_identity();
        self.to == Depth::F64 && are_numerators && !is_mapped && !is_scaled
    }

    /// The same finish of sums in f64, tap by tap.
    pub(crate) fn of_f64_sums(&self, kernels: &[Kernel]) -> Self {
        self.of_sums_with(kernels, f64_sum_error)
    }

    /// The same finish of compensated sums in f64.
    pub(crate) fn of_compensated_sums(&self, kernels: &[Kernel]) -> Self {
        self.of_sums_with(kernels, compensated_sum_error)
    }

    /// The same finish of sums in f64 that have this error.
    fn of_sums_with(&self, kernels: &[Kernel], error: fn(&Kernel, Depth) -> f64) -> Self {
        let errors: Vec<f64> = kernels.iter().map(|k| error(k, self.from)).collect();
        let mut finish = Self {
            in_f64: true,
            integer: None,
            factor: self.final_scale.exact_factor(),
            ..self.clone()
        };
        finish.sum_error = finish.join_errors(&errors);
        finish.set_tolerance();
        finish
    }

    /// The absolute values `[min, max]` of nonzero f32 sums of float samples that
    /// become samples without overflow or underflow. Rows with sums outside are
    /// computed again in f64. `min` is 0 where underflow cannot change a sample.
    pub(crate) fn accurate_range(&self) -> [f32; 2] {
        let magnitude = self.combine == Some(Combine::Magnitude) && !self.in_f64;
        let scales = self.affine.iter().map(|term| term.scale.abs());
        let (min_scale, max_scale) = scales.fold((1.0_f64, 1.0_f64), |(min, max), scale| {
            (min.min(scale), max.max(scale))
        });
        // A single factor is the last operation: its result is the sample.
        let mul = self.factor.map_or(self.final_scale.mul, |_| 1.0);
        // These powers of two leave headroom for squares and for rounding errors
        // of 2^-24.
        let [low, high] = if magnitude { [-50, 62] } else { [-100, 126] }.map(|n| 2_f64.powi(n));
        let underflow_shows =
            magnitude || min_scale != max_scale || mul < 1.0 || self.final_scale.div < 1.0;
        let low = match underflow_shows {
            true => low / (min_scale * mul.min(1.0)),
            false => 0.0,
        };
        let high = match self.in_f64 {
            true => f32::MAX.into(),
            false => high / (max_scale * mul.max(1.0) * self.affine.len() as f64),
        };
        [low as f32, high as f32]
    }

    /// `[mul, div]` that convert an unfiltered sample, such as alpha, to the depth of
    /// the result. For example, `[257, 1]` from 8 to 16 bits.
    pub(crate) fn rescale(&self) -> [f64; 2] {
        let FinalScale { mul, div, .. } =
            FinalScale::new(self.map, 1.0, [self.from, self.to], self.scaled);
        [mul, div]
    }

    /// Converts one row of sums per kernel to samples, which are of the depth of the
    /// result. The positions of samples that are near to a tie are added to `near_ties`; all
    /// others are right.
    pub(crate) fn apply<T: Lane>(
        &self,
        simd: Simd,
        sums: &[&[T]],
        out: SampleSliceMut<'_>,
        near_ties: &mut Vec<u32>,
    ) {
        if self.rule.is_some() {
            return each_sample!(SampleSliceMut(out), out => {
                self.apply_in_two(simd, sums, out, near_ties);
            });
        }
        match out {
            SampleSliceMut::U8(out) => match &self.integer {
                Some(integer) if const { matches!(T::KIND, LaneKind::I16) } => {
                    integer.apply(simd, sums, out);
                }
                _ => self.apply_to(simd, sums, out, near_ties),
            },
            SampleSliceMut::U16(out) => self.apply_to(simd, sums, out, near_ties),
            SampleSliceMut::F32(out) => self.apply_to(simd, sums, out, near_ties),
            SampleSliceMut::F64(out) => {
                self.apply_in::<T, f64, f64>(simd, sums, 0, out, None, near_ties);
            }
            SampleSliceMut::I16(out)
                if const { !matches!(T::KIND, LaneKind::F64) } && !self.in_f64 =>
            {
                self.apply_in::<T, i16, f32>(simd, sums, 0, out, self.tolerance(), near_ties);
            }
            // One more pass costs less than another copy of this code for every type.
            out => each_sample!(SampleSliceMut(out), out => {
                self.apply_in_two(simd, sums, out, near_ties);
            }),
        }
    }

    /// As [`apply`](Self::apply), by way of blocks of `f64`.
    fn apply_in_two<T: Lane, O: Output>(
        &self,
        simd: Simd,
        sums: &[&[T]],
        out: &mut [O],
        near_ties: &mut Vec<u32>,
    ) {
        let mut block = [0.0; BLOCK];
        for (first, out) in (0..).step_by(BLOCK).zip(out.chunks_mut(BLOCK)) {
            let values = &mut block[..out.len()];
            self.apply_in::<T, f64, f64>(simd, sums, first, values, None, near_ties);
            simd.run(ToSamples {
                values,
                lowest: self.lowest,
                rule: self.rule,
                tolerance: self.tolerance(),
                first,
                out,
                near_ties,
            });
        }
    }

    fn apply_to<T: Lane, O: Output>(
        &self,
        simd: Simd,
        sums: &[&[T]],
        out: &mut [O],
        near_ties: &mut Vec<u32>,
    ) {
        if const { matches!(T::KIND, LaneKind::F64) } || self.in_f64 {
            self.apply_in::<T, O, f64>(simd, sums, 0, out, self.tolerance(), near_ties);
        } else {
            self.apply_in::<T, O, f32>(simd, sums, 0, out, self.tolerance(), near_ties);
        }
    }

    fn apply_in<T: Lane, O: Output, F: Real>(
        &self,
        simd: Simd,
        sums: &[&[T]],
        first: usize,
        out: &mut [O],
        tolerance: Option<f64>,
        near_ties: &mut Vec<u32>,
    ) {
        simd.run(Row {
            finish: self,
            sums,
            first,
            out,
            tolerance,
            near_ties,
            real: PhantomData::<F>,
        });
    }

    /// Writes the combined and mapped numerators from sum `x` on to `out`.
    #[inline(always)]
    pub(super) fn numerators<T: Lane, F: Real>(&self, sums: &[&[T]], x: usize, out: &mut [F]) {
        self.combined(sums, x, out);
        if self.combine == Some(Combine::Magnitude) {
            out.iter_mut().for_each(|n| *n = n.sqrt());
        }
        if self.map == Map::Abs {
            out.iter_mut().for_each(|n| *n = n.abs());
        }
    }

    /// Writes the combined numerators from sum `x` on to `out`; of magnitudes their squares.
    #[inline(always)]
    pub(super) fn combined<T: Lane, F: Real>(&self, sums: &[&[T]], x: usize, out: &mut [F]) {
        if self.combine == Some(Combine::ArgMax) {
            return self.indices(sums, x, out);
        }
        for (k, (term, sums)) in self.affine.iter().zip(sums).enumerate() {
            let sums = &sums[x..x + out.len()];
            match self.combine {
                Some(Combine::Magnitude) if k == 0 => term.fold(sums, out, |_, n| n.mul(n)),
                Some(Combine::Magnitude) => term.fold(sums, out, |sum, n| sum.add(n.mul(n))),
                Some(Combine::AbsSum | Combine::AbsMax) if k == 0 => {
                    term.fold(sums, out, |_, n| n.abs());
                }
                Some(Combine::AbsSum) => term.fold(sums, out, |sum, n| sum.add(n.abs())),
                Some(Combine::AbsMax) => term.fold(sums, out, |max, n| max.larger(n.abs())),
                _ if k == 0 => term.fold(sums, out, |_, n| n),
                Some(Combine::Max) => term.fold(sums, out, |max, n| max.larger(n)),
                Some(
                    Combine::Direction | Combine::DirectionDegrees | Combine::DirectionRadians,
                ) => term.fold(sums, out, |x, y| self.direction(x, y)),
                None | Some(Combine::Sum | Combine::Mean | Combine::ArgMax) => {
                    term.fold(sums, out, |sum, n| sum.add(n));
                }
            }
        }
    }

    /// Writes the indices of the largest responses from sum `x` on to `out`: halfway to the next
    /// where another one is so near to the largest that either may be.
    #[inline(always)]
    fn indices<T: Lane, F: Real>(&self, sums: &[&[T]], x: usize, out: &mut [F]) {
        let error = F::from_f64(self.order_error);
        let [mut largest, mut next] = [[F::from_f64(f64::NEG_INFINITY); BLOCK]; 2];
        for (k, (term, sums)) in self.affine.iter().zip(sums).enumerate() {
            let sums = &sums[x..x + out.len()];
            let mut numerators = [F::ZERO; BLOCK];
            let numerators = &mut numerators[..out.len()];
            term.fold(sums, numerators, |_, n| n);
            let index = F::from_f64(k as f64);
            let all = out.iter_mut().zip(&mut largest).zip(&mut next);
            for (((out, largest), next), &n) in all.zip(&*numerators) {
                if k == 0 || n > *largest || n.is_nan() && !largest.is_nan() {
                    *next = *largest;
                    *largest = n;
                    *out = index;
                } else if n > *next {
                    *next = n;
                }
            }
        }
        let half = F::from_f64(0.5);
        for ((out, &largest), &next) in out.iter_mut().zip(&largest).zip(&next) {
            if largest.is_nan() {
                *out = largest;
            } else if self.order_error > 0.0 && largest.sub(next) <= error {
                *out = out.add(half);
            }
        }
    }

    /// Applies the final scale to numerators and converts them to samples.
    #[inline(always)]
    fn scale_row<F: Real, O: Output>(&self, numerators: impl Iterator<Item = F>, out: &mut [O]) {
        self.scale(numerators, out.iter_mut(), |out, value| {
            *out = O::from_real(value);
        });
    }

    /// Applies the final scale to numerators, and calls `put` with each value and its sample.
    #[inline(always)]
    pub(super) fn scale<F: Real, O>(
        &self,
        numerators: impl Iterator<Item = F>,
        out: impl Iterator<Item = O>,
        mut put: impl FnMut(O, F),
    ) {
        let FinalScale { add, mul, div } = self.final_scale;
        let add = F::from_f64(add);
        if let Some(factor) = self.factor {
            let factor = F::from_f64(factor);
            for (out, n) in out.zip(numerators) {
                put(out, n.add(add).mul(factor));
            }
        } else {
            let (mul, div) = (F::from_f64(mul), F::from_f64(div));
            for (out, n) in out.zip(numerators) {
                put(out, n.add(add).mul(mul).div(div));
            }
        }
    }

    /// The angle of the gradient `(x, y)`: by the name of the rule in degrees or radians, else in
    /// radians for a float result, and with a full turn as full scale for others.
    fn direction<F: Real>(&self, x: F, y: F) -> F {
        // Adding zero turns -0 into 0, so that no gradient has the angle -π.
        let angle = libm::atan2(y.to_f64() + 0.0, x.to_f64() + 0.0);
        let positive = |angle: f64, turn: f64| if angle < 0.0 { angle + turn } else { angle };
        F::from_f64(match self.combine {
            Some(Combine::DirectionDegrees) => positive(angle.to_degrees(), 360.0),
            Some(Combine::DirectionRadians) => positive(angle, TAU),
            _ if self.map == Map::Float => angle,
            _ => positive(angle / TAU, 1.0) * self.from.full_scale(),
        })
    }
}

/// The operands of one row: its sums, and its samples, which are computed in `F`.
struct Row<'a, T, O, F> {
    finish: &'a Finish,
    sums: &'a [&'a [T]],
    /// The sum of the first sample.
    first: usize,
    out: &'a mut [O],
    /// Samples within this of a tie are told.
    tolerance: Option<f64>,
    near_ties: &'a mut Vec<u32>,
    real: PhantomData<F>,
}

impl<T: Lane, O: Output, F: Real> Body for Row<'_, T, O, F> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self {
            finish,
            sums,
            first,
            out,
            tolerance,
            near_ties,
            ..
        } = self;
        let is_plain = finish.map != Map::Abs && finish.affine.iter().all(Affine::is_identity);
        if let Some(tolerance) = tolerance {
            let tolerance = F::from_f64(tolerance);
            if let ([sums], None, true, Some(range)) =
                (sums, finish.combine, is_plain, O::SMALL_RANGE)
            {
                let low = finish.affine[0].min_sum as i32;
                for (at, out) in (0..).step_by(BLOCK).zip(out.chunks_mut(BLOCK)) {
                    let sums = &sums[first + at..][..out.len()];
                    let numerators = || sums.iter().map(|sum| sum.to_real::<F>(low));
                    let mut differing = F::Bits::default();
                    finish.scale(numerators(), out.iter_mut(), |out, value| {
                        let low = value.sub(tolerance).to_low_bits(range);
                        let high = value.add(tolerance).to_low_bits(range);
                        *out = O::from_low_bits(F::low_16(high));
                        differing = differing | (low ^ high);
                    });
                    if differing != F::Bits::default() {
                        let mut values = [F::ZERO; BLOCK];
                        let values = &mut values[..out.len()];
                        finish.scale(numerators(), values.iter_mut(), |to, value| *to = value);
                        round_checked(values, out, tolerance, at, near_ties);
                    }
                }
                return;
            }
            let [mut numerators, mut values] = [[F::ZERO; BLOCK]; 2];
            for (at, out) in (0..).step_by(BLOCK).zip(out.chunks_mut(BLOCK)) {
                let numerators = &mut numerators[..out.len()];
                finish.numerators(sums, first + at, numerators);
                let values = &mut values[..out.len()];
                finish.scale(
                    numerators.iter().copied(),
                    values.iter_mut(),
                    |to, value| {
                        *to = value;
                    },
                );
                round_checked(values, out, tolerance, at, near_ties);
            }
            return;
        }
        // The common banks, one kernel or the magnitude of two, need no buffer of
        // numerators.
        let magnitude = finish.combine == Some(Combine::Magnitude);
        if is_plain {
            let low = |k: usize| finish.affine[k].min_sum as i32;
            match sums {
                [sums] if !magnitude => {
                    let low = low(0);
                    let numerators = sums[first..].iter().map(|sum| sum.to_real::<F>(low));
                    return finish.scale_row(numerators, out);
                }
                [x, y] if magnitude => {
                    let low = [low(0), low(1)];
                    let sums = x[first..].iter().zip(&y[first..]);
                    let numerators = sums.map(|(x, y)| {
                        let [x, y] = [x.to_real::<F>(low[0]), y.to_real::<F>(low[1])];
                        x.mul(x).add(y.mul(y)).sqrt()
                    });
                    return finish.scale_row(numerators, out);
                }
                _ => {}
            }
        }
        let mut numerators = [F::ZERO; BLOCK];
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let numerators = &mut numerators[..out.len()];
            finish.numerators(sums, first + block * BLOCK, numerators);
            finish.scale_row(numerators.iter().copied(), out);
        }
    }
}

/// Writes values that are integers in the range of the result.
pub(super) fn write_integers(simd: Simd, values: &mut [f64], out: SampleSliceMut<'_>) {
    each_sample!(SampleSliceMut(out), out => {
        simd.run(ToSamples {
            values,
            lowest: 0.0,
            rule: None,
            tolerance: None,
            first: 0,
            out,
            near_ties: &mut Vec::new(),
        });
    });
}

/// Converts values to samples.
struct ToSamples<'a, O> {
    values: &'a mut [f64],
    /// Added to every value.
    lowest: f64,
    /// How they become integers, if not to nearest.
    rule: Option<Rule>,
    tolerance: Option<f64>,
    /// The position of the first sample.
    first: usize,
    out: &'a mut [O],
    near_ties: &'a mut Vec<u32>,
}

impl<O: Output> Body for ToSamples<'_, O> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let lowest = self.lowest;
        if let Some(rule) = self.rule {
            self.values.iter_mut().for_each(|value| *value += lowest);
            let tolerance = self.tolerance;
            return round_checked_by(
                rule,
                self.values,
                self.out,
                tolerance,
                self.first,
                self.near_ties,
            );
        }
        if let Some(tolerance) = self.tolerance {
            self.values.iter_mut().for_each(|value| *value += lowest);
            return round_checked(self.values, self.out, tolerance, self.first, self.near_ties);
        }
        for (out, &value) in self.out.iter_mut().zip(&*self.values) {
            *out = O::from_real(value + lowest);
        }
    }
}
