//! The finish of 16-bit integer sums while they are in registers, and what of them is clipped.

use super::{
    Clipped, Finish,
    count::{IntegerEnds, SumEnds},
    integer::{IntegerFinish, WordConstants},
};
use crate::simd::Words;

/// Sums of a single kernel modulo 2^16 to bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WordFinish {
    integer: IntegerFinish,
    /// The sums that are clipped, if any may be and they can be counted.
    ends: Option<(SumEnds, IntegerEnds)>,
}

impl Finish {
    /// This finish of 16-bit sums, if it is one. Those of alpha, which do not count, are not told
    /// from others.
    pub(super) fn of_words(&self, has_alpha: bool) -> Option<WordFinish> {
        let [term] = &*self.affine else {
            return None;
        };
        let integer = self.integer?;
        let ends = || {
            let ends = self.sum_ends(1, false)?;
            Some((ends, IntegerEnds::new(ends, term.min_sum)?))
        };
        let counts = self.may_saturate() && !has_alpha;
        Some(WordFinish {
            integer,
            ends: if counts { ends() } else { None },
        })
    }
}

impl WordFinish {
    /// Whether it counts the sums that are clipped.
    pub(crate) const fn counts(&self) -> bool {
        self.ends.is_some()
    }

    /// The same without a count.
    pub(crate) const fn uncounted(mut self) -> Self {
        self.ends = None;
        self
    }

    /// What so many sums below the range of samples and above it are.
    pub(crate) fn clipped(&self, [below, above]: [u64; 2]) -> Clipped {
        self.ends.map_or_else(Clipped::default, |(ends, _)| {
            ends.clipped_sums(below, above)
        })
    }

    /// What it does to vectors.
    #[inline(always)]
    pub(crate) fn vectors<V: Words>(&self, v: V) -> WordVectors<V::Vector> {
        let zero = v.splat(0);
        let [minus_zero, below, above] = match self.ends {
            Some((_, ends)) => ends.splat(v),
            None => [zero; 3],
        };
        WordVectors {
            finish: *self,
            constants: self.integer.word_constants(v),
            minus_zero,
            below,
            above,
            counts: [zero; 2],
            counted: 0,
            total: [0; 2],
        }
    }
}

/// The vectors of a finish, and the sums that it counted.
pub(crate) struct WordVectors<V> {
    finish: WordFinish,
    constants: WordConstants<V>,
    /// With it, sums are compared as signed integers.
    minus_zero: V,
    below: V,
    above: V,
    /// In every lane, minus the number of sums below and above.
    counts: [V; 2],
    /// Sums in every lane.
    counted: u32,
    total: [u64; 2],
}

impl<W: Copy> WordVectors<W> {
    /// Sums as samples.
    #[inline(always)]
    pub(crate) fn samples<V: Words<Vector = W>, const N: usize>(
        &self,
        v: V,
        sums: [W; N],
    ) -> [W; N] {
        self.finish.integer.words(v, &self.constants, sums)
    }

    /// Counts sums that are clipped.
    #[inline(always)]
    pub(crate) fn count<V: Words<Vector = W>, const N: usize>(&mut self, v: V, sums: &[W; N]) {
        if self.finish.ends.is_none() {
            return;
        }
        let [mut below, mut above] = self.counts;
        for &sum in sums {
            let sum = v.add(sum, self.minus_zero);
            // A mask is -1.
            below = v.add(below, v.greater(self.below, sum));
            above = v.add(above, v.greater(sum, self.above));
        }
        self.counts = [below, above];
        self.counted += N as u32;
        if self.counted > u32::from(u16::MAX) - N as u32 {
            self.add_up(v);
        }
    }

    /// Counts such sums of a block from the one at `first` on.
    #[cold]
    #[inline(never)]
    pub(crate) fn count_from(&mut self, sums: &[i16], first: usize) {
        if let Some((_, ends)) = self.finish.ends {
            for &sum in &sums[first..] {
                let [below, above] = ends.beyond(sum);
                self.total[0] += u64::from(below);
                self.total[1] += u64::from(above);
            }
        }
    }

    #[inline(always)]
    fn add_up<V: Words<Vector = W>>(&mut self, v: V) {
        for (total, counts) in self.total.iter_mut().zip(&mut self.counts) {
            // The most words of a vector.
            let mut lanes = [0; 32];
            v.store(*counts, &mut lanes);
            let lanes = lanes
                .iter()
                .map(|&lane| u64::from((lane as u16).wrapping_neg()));
            *total += lanes.sum::<u64>();
            *counts = v.splat(0);
        }
        self.counted = 0;
    }

    /// The sums that were counted, below and above.
    #[inline(always)]
    pub(crate) fn counted<V: Words<Vector = W>>(mut self, v: V) -> [u64; 2] {
        self.add_up(v);
        self.total
    }
}
