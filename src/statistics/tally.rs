//! Counts and sums of samples, block by block.

use super::{
    bins::{self, MAX_BINS},
    moments::Moments,
};
use crate::{
    error::Result,
    image::{Sample, zeroed_vec},
    simd::{Body, Isa, Simd},
};

/// Samples of one channel and row that are summed together. Blocks begin at multiples of this,
/// whatever rows are added at a time, so that sums of floats have the same rounding errors.
pub(super) const BLOCK: usize = 1024;

/// Independent sums and extremes, for vectors.
pub(super) const PARTS: usize = 16;

/// What is known of the samples of one channel. Integers alone, so that the order in which
/// samples are added and tallies are joined does not matter.
#[derive(Debug)]
pub(super) struct Tally {
    /// Samples in each bin, for some types in several tables that are added in the end.
    counts: Vec<u32>,
    /// Samples in `counts`.
    counted: u32,
    /// Samples in each bin that `counts` had no room for; empty if there are none.
    carried: Vec<u64>,
    pub(super) sums: Sums,
}

/// Sums of types whose bins hold several values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    /// The smallest and the largest finite sample, as a number less the type's smallest, or
    /// that of the key of a float.
    pub(super) range: [u64; 2],
    /// The sum of integers less the type's smallest.
    pub(super) sum: u128,
    /// The sums of the lower and the upper 64 bits of their squares.
    pub(super) squares: [u128; 2],
}

impl Sums {
    /// Of no samples.
    pub(super) const EMPTY: Self = Self {
        range: [u64::MAX, 0],
        sum: 0,
        squares: [0; 2],
    };

    /// Adds a smallest and a largest sample.
    pub(super) fn widen(&mut self, [low, high]: [u64; 2]) {
        self.range = [self.range[0].min(low), self.range[1].max(high)];
    }

    /// The sums of both.
    pub(super) fn join(mut self, other: &Self) -> Self {
        self.widen(other.range);
        self.sum += other.sum;
        for (sum, other) in self.squares.iter_mut().zip(other.squares) {
            *sum += other;
        }
        self
    }
}

/// How samples of a type are counted and summed.
pub(super) trait Tallied: Sample {
    /// Tables of counts. Where neighbours are often in the same bin, several tables do not
    /// wait for each other's increments.
    const TABLES: usize = 1;

    /// Whether blocks have moments.
    const HAS_MOMENTS: bool = false;

    /// Counts a block of samples and sums it; of floats, returns its moments.
    /// It must be `#[inline(always)]`, as [`Body::run`].
    fn tally(block: &[Self], counts: &mut [u32], sums: &mut Sums) -> Moments;
}

impl Tally {
    /// Of no samples of the type `T`.
    pub(super) fn new<T: Tallied>() -> Result<Self> {
        Ok(Self {
            counts: zeroed_vec(bins::count(T::DEPTH) * T::TABLES)?,
            counted: 0,
            carried: Vec::new(),
            sums: Sums::EMPTY,
        })
    }

    /// Adds a block.
    pub(super) fn add<T: Tallied>(&mut self, simd: Simd, block: &[T]) -> Moments {
        let added = block.len() as u32;
        self.counted = match self.counted.checked_add(added) {
            Some(counted) => counted,
            None => {
                let bins = bins::count(T::DEPTH);
                self.carried.resize(bins, 0);
                carry(&self.counts, &mut self.carried);
                self.counts.fill(0);
                added
            }
        };
        let (counts, sums) = (&mut self.counts[..], &mut self.sums);
        simd.run(Block {
            block,
            counts,
            sums,
        })
    }

    /// Adds its counts to `total`, one for each bin.
    pub(super) fn add_to(&self, total: &mut [u64]) {
        carry(&self.counts, total);
        for (total, count) in total.iter_mut().zip(&self.carried) {
            *total += count;
        }
    }

    /// Whether counts were carried.
    #[cfg(test)]
    pub(super) fn has_carried(&self) -> bool {
        !self.carried.is_empty()
    }

    /// As if this many samples had been counted, which are in no bin.
    #[cfg(test)]
    pub(super) fn pretend(&mut self, counted: u32) {
        self.counted = counted;
    }
}

/// Adds the counts of every table to `total`.
fn carry(counts: &[u32], total: &mut [u64]) {
    for table in counts.chunks_exact(total.len()) {
        for (total, &count) in total.iter_mut().zip(table) {
            *total += u64::from(count);
        }
    }
}

/// The counts of a type with as many bins as there can be, in one table.
#[inline(always)]
pub(super) fn all_bins(counts: &mut [u32]) -> &mut [u32; MAX_BINS] {
    counts.try_into().expect("its tally made them")
}

struct Block<'a, T> {
    block: &'a [T],
    counts: &'a mut [u32],
    sums: &'a mut Sums,
}

impl<T: Tallied> Body for Block<'_, T> {
    type Output = Moments;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> Moments {
        T::tally(self.block, self.counts, self.sums)
    }
}
