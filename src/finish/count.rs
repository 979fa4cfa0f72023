//! Counts of clipped sums, where a sum is compared as it is: those of a single kernel.

use super::{
    BLOCK, Finish, ResponseRange,
    clipping::{Clipped, Tally},
    end_blocks::EndBlocks,
    scale::Affine,
};
use crate::{
    map::Map,
    number::{Lane, LaneKind, Real},
    simd::{Body, Isa, Simd, Vectors},
};

impl Finish {
    /// The sums of the only kernel that are clipped, if these can be counted as they are.
    pub(super) fn sum_ends(&self, channels: usize, skip_alpha: bool) -> Option<SumEnds> {
        let [Affine { bias, scale, .. }] = *self.affine else {
            return None;
        };
        let is_plain = scale > 0.0 && self.combine.is_none() && !self.to.is_float();
        if !is_plain || skip_alpha && !LANES.is_multiple_of(channels) {
            return None;
        }
        let [low, high] = self.limits();
        let sum = |numerator: f64| numerator / scale - bias;
        let is_abs = self.map == Map::Abs;
        Some(SumEnds {
            // An absolute value from `high` on is a numerator up to `-high`, or from `high` on.
            below: if is_abs { sum(-high) } else { sum(low) },
            above: sum(high),
            is_abs,
            alpha: skip_alpha.then_some(channels),
        })
    }

    /// What is to be noted of the sums of the only kernel, which may be clipped only in these
    /// blocks; `None` if it takes a survey.
    pub(super) fn count_sums<T: Lane>(
        &self,
        simd: Simd,
        sums: &[T],
        ends: SumEnds,
        blocks: &EndBlocks,
        has_range: bool,
    ) -> Option<Tally> {
        let of_integers = !self.from.is_float();
        match const { T::KIND } {
            LaneKind::I16 if !has_range => {
                let clipped = simd.run(CountI16 {
                    integers: IntegerEnds::new(ends, self.affine[0].min_sum)?,
                    ends,
                    blocks,
                    sums: bytemuck::cast_slice(sums),
                });
                Some(Tally {
                    clipped,
                    ..Tally::EMPTY
                })
            }
            LaneKind::F32 if !has_range && of_integers => Some(simd.run(CountF32::<false> {
                ends,
                blocks,
                sums: bytemuck::cast_slice(sums),
            })),
            LaneKind::F32 if has_range && !ends.is_abs => {
                let tally = simd.run(CountF32::<true> {
                    ends,
                    blocks,
                    sums: bytemuck::cast_slice(sums),
                });
                let ResponseRange { low, high } = tally.range;
                let range = [low, high].map(|sum| match self.in_f64 {
                    true => self.numerator::<f64>(sum),
                    false => self.numerator::<f32>(sum),
                });
                // Infinite sums are no part of a range.
                let [low, high] = range;
                (low.is_finite() && high.is_finite()).then_some(Tally {
                    range: ResponseRange { low, high },
                    ..tally
                })
            }
            _ => None,
        }
    }

    /// The numerator of a sum of the only kernel.
    fn numerator<F: Real>(&self, sum: f64) -> f64 {
        let Affine { bias, scale, .. } = self.affine[0];
        let [sum, bias, scale] = [sum, bias, scale].map(F::from_f64);
        sum.add(bias).mul(scale).to_f64()
    }
}

/// Sums that are counted at once.
pub(super) const LANES: usize = 64;

/// The sums that are clipped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SumEnds {
    /// Less is below; of absolute values, this is as well.
    below: f64,
    /// From here on is above.
    above: f64,
    /// Whether what is below has an absolute value that is above.
    is_abs: bool,
    /// The interleaved channels whose last is skipped.
    alpha: Option<usize>,
}

impl SumEnds {
    /// The f32 of which less is below.
    #[inline(always)]
    fn below_f32(self) -> f32 {
        match self.is_abs {
            true => (self.below as f32).next_up(),
            false => self.below as f32,
        }
    }

    /// What was counted in lanes, of which those of alpha do not count.
    #[inline(always)]
    fn clipped(self, mut below: [u32; LANES], mut above: [u32; LANES]) -> Clipped {
        if let Some(channels) = self.alpha {
            for at in (channels - 1..LANES).step_by(channels) {
                [below[at], above[at]] = [0; 2];
            }
        }
        let [below, above] = [below, above].map(|lanes| u64::from(lanes.iter().sum::<u32>()));
        self.clipped_sums(below, above)
    }

    /// What so many sums below and above are.
    #[inline(always)]
    pub(super) fn clipped_sums(self, below: u64, above: u64) -> Clipped {
        match self.is_abs {
            true => Clipped {
                above: below + above,
                ..Clipped::default()
            },
            false => Clipped {
                below,
                above,
                ..Clipped::default()
            },
        }
    }
}

/// The same for sums modulo 2^16.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct IntegerEnds {
    /// Subtracted from a sum, modulo 2^16, it gives an integer in the order of the sums.
    zero: i16,
    /// Less is below.
    below: i16,
    /// More is above.
    above: i16,
}

impl IntegerEnds {
    /// `None` if all sums are beyond one end.
    pub(super) fn new(ends: SumEnds, min_sum: f64) -> Option<Self> {
        let max = f64::from(u16::MAX);
        // Sums are counted from the smallest one: 0..2^16.
        let below = ends.below - min_sum;
        let below = match ends.is_abs {
            true => below.floor() + 1.0,
            false => below.ceil(),
        };
        let below = below.max(0.0);
        let above = (ends.above - min_sum).ceil();
        if below > max || above <= 0.0 {
            return None;
        }
        let half = 1 << 15;
        Some(Self {
            zero: (min_sum as i64 as u16).wrapping_add(half) as i16,
            below: (below as i32 - i32::from(half)) as i16,
            // From `above` on is above `above - 1`.
            above: ((above - 1.0).min(max) as i32 - i32::from(half)) as i16,
        })
    }
}

/// The operands of a count of sums in 16-bit integers.
struct CountI16<'a> {
    integers: IntegerEnds,
    ends: SumEnds,
    blocks: &'a EndBlocks,
    sums: &'a [i16],
}

impl Body for CountI16<'_> {
    type Output = Clipped;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> Clipped {
        let (whole, rest) = self.sums.as_chunks::<BLOCK>();
        let [mut below, mut above] = [[0_u32; LANES]; 2];
        for (mut word, group) in self.blocks.words().zip(whole.chunks(64)) {
            let mut here = [[0; LANES]; 2];
            while let Some(block) = group.get(word.trailing_zeros() as usize) {
                word &= word - 1;
                for sums in block.as_chunks().0 {
                    self.integers.count(sums, &mut here);
                }
            }
            add(&mut below, here[0]);
            add(&mut above, here[1]);
        }
        if self.blocks.has(whole.len() * BLOCK) {
            let mut here = [[0; LANES]; 2];
            for_padded(rest, self.integers.inside(), |sums| {
                self.integers.count(sums, &mut here);
            });
            add(&mut below, here[0]);
            add(&mut above, here[1]);
        }
        self.ends.clipped(below, above)
    }
}

impl IntegerEnds {
    /// A sum that is not clipped.
    fn inside(self) -> i16 {
        self.below.wrapping_add(self.zero)
    }

    /// Counts those below and above, in every lane.
    #[inline(always)]
    fn count(self, sums: &[i16; LANES], [below, above]: &mut [[u16; LANES]; 2]) {
        for ((&sum, below), above) in sums.iter().zip(below).zip(above) {
            let beyond = self.beyond(sum);
            *below += u16::from(beyond[0]);
            *above += u16::from(beyond[1]);
        }
    }

    /// Whether a sum is below, and whether it is above.
    #[inline(always)]
    pub(super) fn beyond(self, sum: i16) -> [bool; 2] {
        let sum = sum.wrapping_sub(self.zero);
        [sum < self.below, sum > self.above]
    }

    /// `-zero`, `below` and `above` in every lane.
    #[inline(always)]
    pub(super) fn splat<V: Vectors<i16>>(self, v: V) -> [V::Vector; 3] {
        [
            v.splat(self.zero.wrapping_neg()),
            v.splat(self.below),
            v.splat(self.above),
        ]
    }
}

/// Adds the counts of every lane.
#[inline(always)]
fn add(counts: &mut [u32; LANES], more: [u16; LANES]) {
    for (count, more) in counts.iter_mut().zip(more) {
        *count += u32::from(more);
    }
}

/// Calls `each` with all sums, and with `fill` where there are none.
#[inline(always)]
fn for_padded<S: Copy>(sums: &[S], fill: S, mut each: impl FnMut(&[S; LANES])) {
    let (whole, rest) = sums.as_chunks();
    whole.iter().for_each(&mut each);
    if !rest.is_empty() {
        let mut padded = [fill; LANES];
        padded[..rest.len()].copy_from_slice(rest);
        each(&padded);
    }
}

/// The operands of a count of sums in 32-bit floats. Of those of floats, it notes the range, and
/// what is not a number.
struct CountF32<'a, const OF_FLOATS: bool> {
    ends: SumEnds,
    blocks: &'a EndBlocks,
    sums: &'a [f32],
}

impl<const OF_FLOATS: bool> Body for CountF32<'_, OF_FLOATS> {
    type Output = Tally;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> Tally {
        let (whole, rest) = self.sums.as_chunks::<BLOCK>();
        let mut counts = [[0; LANES]; 3];
        for (mut word, group) in self.blocks.words().zip(whole.chunks(64)) {
            let mut here = [[0; LANES]; 3];
            while let Some(block) = group.get(word.trailing_zeros() as usize) {
                word &= word - 1;
                for sums in block.as_chunks().0 {
                    self.count(sums, &mut here);
                }
            }
            for (counts, here) in counts.iter_mut().zip(here) {
                (counts.iter_mut().zip(here)).for_each(|(count, here)| *count += here);
            }
        }
        if self.blocks.has(whole.len() * BLOCK) {
            // What it is padded with is not below and not above.
            let end = self.ends.below_f32().max(f32::MIN);
            for_padded(rest, end, |sums| self.count(sums, &mut counts));
        }
        let [below, above, mut not_a_number] = counts;
        let mut range = match OF_FLOATS {
            true => range_of_lanes(self.sums),
            false => [[f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]],
        };
        if let Some(channels) = self.ends.alpha {
            for at in (channels - 1..LANES).step_by(channels) {
                [range[0][at], range[1][at]] = [f32::INFINITY, f32::NEG_INFINITY];
                not_a_number[at] = 0;
            }
        }
        let mut clipped = self.ends.clipped(below, above);
        clipped.not_a_number = u64::from(not_a_number.iter().sum::<u32>());
        let [low, high] = range.map(|ends| ends.map(f64::from));
        Tally {
            range: ResponseRange {
                low: low.into_iter().fold(f64::INFINITY, f64::min),
                high: high.into_iter().fold(f64::NEG_INFINITY, f64::max),
            },
            clipped,
        }
    }
}

impl<const OF_FLOATS: bool> CountF32<'_, OF_FLOATS> {
    /// Counts those below, above, and not a number, in every lane.
    #[inline(always)]
    fn count(&self, sums: &[f32; LANES], counts: &mut [[u32; LANES]; 3]) {
        let [low, high] = [self.ends.below_f32(), self.ends.above as f32];
        let [below, above, not_a_number] = counts;
        for ((&sum, below), above) in sums.iter().zip(below).zip(above) {
            *below += u32::from(sum < low);
            *above += u32::from(sum >= high);
        }
        if OF_FLOATS {
            for (&sum, not_a_number) in sums.iter().zip(not_a_number) {
                *not_a_number += u32::from(sum.is_nan());
            }
        }
    }
}

/// The least and the largest sums of every lane, which are not NaN.
#[inline(always)]
fn range_of_lanes(sums: &[f32]) -> [[f32; LANES]; 2] {
    let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    for_padded(sums, f32::NAN, |sums| {
        for lane in 0..LANES {
            // One comparison and select each, which are one instruction.
            let sum = sums[lane];
            low[lane] = if sum < low[lane] { sum } else { low[lane] };
            high[lane] = if sum > high[lane] { sum } else { high[lane] };
        }
    });
    [low, high]
}
