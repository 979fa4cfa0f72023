//! What does not fit into the type of the result: responses that are clipped, that are not a
//! number, or that become infinite.

#![cfg_attr(
    not(feature = "codecs"),
    expect(unreachable_pub, reason = "only runs give it out")
)]

use std::{marker::PhantomData, ops::AddAssign};

use super::{
    BLOCK, Finish, ResponseRange, count::SumEnds, count_squares::SquareEnd, end_blocks::EndBlocks,
    scale::FinalScale,
};
use crate::{
    combine::Combine,
    filter::Overflow,
    image::{Depth, SampleSlice},
    map::Map,
    number::{Lane, LaneKind, Real},
    simd::{Body, Isa, Simd},
};

/// Samples of a result that their responses do not fit into.
///
/// Counted are responses as they were computed, before they are rounded: one within the error
/// of its sum of an end of the type may count or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clipped {
    /// The samples that were looked at: those that are filtered, or none if kernel, map and
    /// types leave no response out of range.
    pub of: u64,
    /// Samples whose responses round to less than the smallest number of their type: an
    /// integer, which they became, or the smallest finite float, and they became -infinity.
    pub below: u64,
    /// The same above the largest.
    pub above: u64,
    /// Samples of integers whose responses are not a number, and that became 0.
    pub not_a_number: u64,
}

impl Clipped {
    /// The share of the samples that do not fit, 0 to 1.
    pub fn share(&self) -> f64 {
        let all = self.below + self.above + self.not_a_number;
        all as f64 / self.of.max(1) as f64
    }
}

impl AddAssign for Clipped {
    fn add_assign(&mut self, other: Self) {
        self.of += other.of;
        self.below += other.below;
        self.above += other.above;
        self.not_a_number += other.not_a_number;
    }
}

/// What is noted of the responses while they are finished.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tally {
    /// The range of the numerators, if it tells more than what was clipped.
    pub(crate) range: ResponseRange,
    pub(crate) clipped: Clipped,
}

impl Tally {
    /// Of no responses.
    pub(crate) const EMPTY: Self = Self {
        range: ResponseRange::EMPTY,
        clipped: Clipped {
            of: 0,
            below: 0,
            above: 0,
            not_a_number: 0,
        },
    };

    /// Adds what was noted of other responses.
    pub(crate) fn join(&mut self, other: Self) {
        self.range = self.range.join(other.range);
        self.clipped += other.clipped;
    }
}

/// Integers are clipped from here on, below the first and from the second on; ties go to even,
/// and the largest integers are odd.
fn integer_limits(to: Depth) -> [f64; 2] {
    let [low, high] = to.range();
    match to.is_64_bit_integer() {
        // These ends have no halves, and the second is that of the type rounded up.
        true => [low, high.next_up()],
        false => [low - 0.5, high + 0.5],
    }
}

/// The absolute value from which on numbers become infinite; f64 itself has none.
fn infinite_from(to: Depth) -> f64 {
    match to {
        Depth::F16 => 65_520.0,
        Depth::F64 => f64::INFINITY,
        // Half a step above the largest number, which is 2^128 - 2^104.
        _ => f64::from(f32::MAX) + 2_f64.powi(103),
    }
}

impl Finish {
    /// Whether some responses may not fit into the result.
    pub(crate) fn may_saturate(&self) -> bool {
        if self.to.is_float() {
            return match self.to {
                Depth::F16 => true,
                // Finite numerators may become infinite only if they are scaled up.
                Depth::F64 if self.limits()[1] == f64::INFINITY => false,
                _ => self.from.is_float() || self.exceeds_limits().contains(&true),
            };
        }
        let fits_by_itself = self.needs_range() || self.combine == Some(Combine::Direction);
        self.from.is_float() || !fits_by_itself && self.exceeds_limits().contains(&true)
    }

    /// Whether what is beyond the type of the result wraps around.
    pub(crate) fn wraps(&self) -> bool {
        self.rule
            .is_some_and(|rule| rule.overflow == Overflow::Wrap)
    }

    /// Whether numerators of integer samples may lie below the first limit, and from the second on.
    fn exceeds_limits(&self) -> [bool; 2] {
        let ends = self.affine.iter().map(|term| {
            let ends = [term.min_sum, term.max_sum].map(|sum| (sum + term.bias) * term.scale);
            [ends[0].min(ends[1]), ends[0].max(ends[1])]
        });
        let absolute = |[low, high]: [f64; 2]| [0.0, low.abs().max(high.abs())];
        let sum = |a: [f64; 2], b: [f64; 2]| [a[0] + b[0], a[1] + b[1]];
        let ends = match self.combine {
            Some(Combine::AbsSum) => ends.map(absolute).reduce(sum),
            Some(Combine::AbsMax) => ends.map(absolute).reduce(|a, b| [0.0, a[1].max(b[1])]),
            Some(Combine::ArgMax) => Some([0.0, (self.affine.len() - 1) as f64]),
            Some(Combine::DirectionDegrees) => Some([0.0, 360.0]),
            Some(Combine::DirectionRadians) => Some([0.0, std::f64::consts::TAU]),
            Some(Combine::Magnitude) => {
                let squares = ends.map(|[low, high]| low.abs().max(high.abs()).powi(2));
                Some([0.0, squares.sum::<f64>().sqrt()])
            }
            Some(Combine::Max) => ends.reduce(|a, b| [a[0].max(b[0]), a[1].max(b[1])]),
            _ => ends.reduce(sum),
        };
        let Some([low, high]) = ends else {
            return [false; 2];
        };
        let [low, high] = match self.map {
            Map::Abs => [0.0, low.abs().max(high.abs())],
            _ => [low, high],
        };
        let limits = self.limits();
        [low < limits[0], high >= limits[1]]
    }

    /// The numerators that are clipped: those below the first and from the second on.
    pub(super) fn limits(&self) -> [f64; 2] {
        let FinalScale { add, mul, div } = self.final_scale;
        // Only infinite ones lie beyond extrema.
        if self.needs_range() {
            return [f64::MIN, f64::INFINITY];
        }
        let numerator = |value: f64| (value - self.lowest) * div / mul - add;
        if self.to == Depth::F64 {
            // Those above the numerator of the largest number; that may be none.
            let largest = match div <= 1.0 {
                true => numerator(f64::MAX),
                false => f64::MAX / mul * div - add,
            };
            let largest = largest.min(f64::MAX);
            return [-largest, largest.next_up()];
        }
        if self.to.is_float() {
            let end = infinite_from(self.to);
            return [numerator((-end).next_up()), numerator(end)];
        }
        let limits = (self.rule).map_or_else(
            || integer_limits(self.to),
            |rule| rule.limits(self.to.range()),
        );
        limits.map(numerator)
    }

    /// How rows of sums are tallied. If `skip_alpha`, the last of `channels` interleaved
    /// channels is skipped.
    pub(crate) fn tallying(&self, channels: usize, skip_alpha: bool) -> Tallying<'_> {
        Tallying {
            finish: self,
            ends: match self.from.is_float() {
                true => [true; 2],
                false => self.exceeds_limits(),
            },
            sum_ends: self.sum_ends(channels, skip_alpha),
            square_end: self.square_end(channels, skip_alpha),
            has_range: self.may_clip(),
            channels,
            skip_alpha,
        }
    }

    /// The range of the finite numerators of one row. If `skip_alpha`, the last of
    /// `channels` interleaved channels is skipped.
    pub(crate) fn range<T: Lane>(
        &self,
        simd: Simd,
        sums: &[&[T]],
        channels: usize,
        skip_alpha: bool,
    ) -> ResponseRange {
        let tally =
            self.survey_row::<T, true, false>(simd, sums, &EndBlocks::ALL, channels, skip_alpha);
        tally.range
    }

    fn survey_row<T: Lane, const RANGE: bool, const COUNT: bool>(
        &self,
        simd: Simd,
        sums: &[&[T]],
        blocks: &EndBlocks,
        channels: usize,
        skip_alpha: bool,
    ) -> Tally {
        if const { matches!(T::KIND, LaneKind::F64) } || self.in_f64 {
            self.survey_in::<T, f64, RANGE, COUNT>(simd, sums, blocks, channels, skip_alpha)
        } else {
            self.survey_in::<T, f32, RANGE, COUNT>(simd, sums, blocks, channels, skip_alpha)
        }
    }

    fn survey_in<T: Lane, F: Real, const RANGE: bool, const COUNT: bool>(
        &self,
        simd: Simd,
        sums: &[&[T]],
        blocks: &EndBlocks,
        channels: usize,
        skip_alpha: bool,
    ) -> Tally {
        simd.run(Survey::<T, F, RANGE, COUNT> {
            finish: self,
            sums,
            blocks,
            channels,
            skip_alpha,
            real: PhantomData,
        })
    }
}

/// Tallies rows of sums; made once for many rows.
#[derive(Debug)]
pub(crate) struct Tallying<'a> {
    finish: &'a Finish,
    /// The ends of the type of the result that responses may lie beyond.
    ends: [bool; 2],
    sum_ends: Option<SumEnds>,
    square_end: Option<SquareEnd>,
    has_range: bool,
    channels: usize,
    skip_alpha: bool,
}

impl Tallying<'_> {
    /// Whether anything is to be noted of sums of this type.
    pub(crate) fn needs_sums<T: Lane>(&self) -> bool {
        // Sums of floats in f32 become 32-bit floats without overflow; others are made again in f64.
        let is_in_f32 = const { matches!(T::KIND, LaneKind::F32) };
        !(is_in_f32 && self.finish.to == Depth::F32 && self.finish.from.is_float())
    }

    /// What is to be noted of one row of sums. With the `samples` that they became, it takes
    /// less time.
    pub(crate) fn row<T: Lane>(
        &self,
        simd: Simd,
        sums: &[&[T]],
        samples: Option<SampleSlice<'_>>,
    ) -> Tally {
        let Self {
            finish,
            channels,
            skip_alpha,
            has_range,
            ..
        } = *self;
        if !self.needs_sums::<T>() {
            return Tally::EMPTY;
        }
        let len = sums.first().map_or(0, |sums| sums.len());
        let filtered = if skip_alpha {
            len / channels * (channels - 1)
        } else {
            len
        };
        // What wraps around is no end.
        let samples = samples.filter(|_| !finish.wraps());
        let blocks = samples.map_or(EndBlocks::ALL, |samples| {
            EndBlocks::of(simd, samples, self.ends)
        });
        let of_sums = (self.sum_ends)
            .and_then(|ends| finish.count_sums(simd, sums[0], ends, &blocks, has_range));
        let of_squares = || {
            let end = self.square_end.filter(|_| !has_range);
            end.and_then(|end| end.count(simd, sums, &blocks))
        };
        let mut tally =
            of_sums
                .or_else(of_squares)
                .unwrap_or_else(|| match has_range {
                    true => finish
                        .survey_row::<T, true, true>(simd, sums, &blocks, channels, skip_alpha),
                    false => finish
                        .survey_row::<T, false, true>(simd, sums, &blocks, channels, skip_alpha),
                });
        tally.clipped.of = filtered as u64;
        tally
    }
}

/// The operands of [`Finish::range`] and [`Tallying::row`], which compute in `F`.
struct Survey<'a, T, F, const RANGE: bool, const COUNT: bool> {
    finish: &'a Finish,
    sums: &'a [&'a [T]],
    /// The blocks that are counted, if no range is asked for.
    blocks: &'a EndBlocks,
    channels: usize,
    skip_alpha: bool,
    real: PhantomData<F>,
}

impl<T: Lane, F: Real, const RANGE: bool, const COUNT: bool> Body
    for Survey<'_, T, F, RANGE, COUNT>
{
    type Output = Tally;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> Tally {
        // Independent minima, maxima and counts, for vectors.
        const PARTS: usize = 32;
        let finish = self.finish;
        let [infinity, nan] = [f64::INFINITY, f64::NAN].map(F::from_f64);
        let negative_infinity = F::from_f64(f64::NEG_INFINITY);
        let (mut low, mut high) = ([infinity; PARTS], [negative_infinity; PARTS]);
        let [mut below, mut above, mut not_a_number] = [[0_u32; PARTS]; 3];
        let may_be_nan = COUNT && finish.from.is_float() && !finish.to.is_float();
        // A root is compared by its square.
        let squares = COUNT && !RANGE && finish.combine == Some(Combine::Magnitude);
        let limits = finish.limits();
        let limits = match squares {
            true => limits.map(|limit| limit * limit.abs()),
            false => limits,
        };
        let [least, limit] = limits.map(F::from_f64);
        let mut numerators = [F::ZERO; BLOCK];
        let mut skipped = 0;
        let len = self.sums.first().map_or(0, |s| s.len());
        for x in (0..len).step_by(BLOCK) {
            if !RANGE && !self.blocks.has(x) {
                continue;
            }
            let used = BLOCK.min(len - x);
            match squares {
                true => finish.combined(self.sums, x, &mut numerators[..used]),
                false => finish.numerators(self.sums, x, &mut numerators[..used]),
            }
            numerators[used..].fill(nan);
            skipped += BLOCK - used;
            if self.skip_alpha {
                let first = self.channels - 1 - x % self.channels;
                let alpha = (first..used).step_by(self.channels);
                skipped += alpha.len();
                alpha.for_each(|at| numerators[at] = nan);
            }
            if COUNT && finish.to.is_float() {
                // Infinities stay what they are.
                let infinite = numerators.iter_mut().filter(|n| n.abs() == infinity);
                infinite.for_each(|n| *n = nan);
            }
            for part in numerators.chunks_exact(PARTS) {
                if RANGE {
                    for ((&n, low), high) in part.iter().zip(&mut low).zip(&mut high) {
                        // One select and one comparison each, which compile to vectors.
                        let is_finite = n.abs() < infinity;
                        let lower = if is_finite { n } else { infinity };
                        let higher = if is_finite { n } else { negative_infinity };
                        *low = if lower < *low { lower } else { *low };
                        *high = if higher > *high { higher } else { *high };
                    }
                }
                if COUNT {
                    let counts = below.iter_mut().zip(&mut above);
                    for (&n, (below, above)) in part.iter().zip(counts) {
                        *below += u32::from(n < least);
                        *above += u32::from(n >= limit);
                    }
                }
                if may_be_nan {
                    for (&n, not_a_number) in part.iter().zip(&mut not_a_number) {
                        *not_a_number += u32::from(n.is_nan());
                    }
                }
            }
        }
        let sum = |counts: [u32; PARTS]| u64::from(counts.iter().sum::<u32>());
        let [lows, highs] = [low, high].map(|ends| ends.into_iter().map(F::to_f64));
        Tally {
            range: match RANGE {
                true => ResponseRange {
                    low: lows.fold(f64::INFINITY, f64::min),
                    high: highs.fold(f64::NEG_INFINITY, f64::max),
                },
                false => ResponseRange::EMPTY,
            },
            clipped: Clipped {
                of: 0,
                below: sum(below),
                above: sum(above),
                not_a_number: match may_be_nan {
                    true => sum(not_a_number) - skipped as u64,
                    false => 0,
                },
            },
        }
    }
}
