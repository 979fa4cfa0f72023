//! The blocks of a row whose samples may be clipped: those that hold an end of their type. Most
//! pictures have few, and to find them takes less than a look at all responses.

use std::iter;

use super::BLOCK;
use crate::{
    image::SampleSlice,
    simd::{Body, Isa, Simd},
};

/// Blocks of a row that are looked at, in words of 64.
const WORDS: usize = 16;

/// A bit for each block of [`BLOCK`] samples; blocks beyond the last word count as well.
#[derive(Debug, Clone, Copy)]
pub(super) struct EndBlocks([u64; WORDS]);

impl EndBlocks {
    /// All blocks.
    pub(super) const ALL: Self = Self([u64::MAX; WORDS]);

    /// The blocks of samples of which one is the smallest of its type, the largest, or either.
    pub(super) fn of(simd: Simd, samples: SampleSlice<'_>, ends: [bool; 2]) -> Self {
        match samples {
            SampleSlice::U8(samples) => Self::find(simd, samples, ends),
            SampleSlice::U16(samples) => Self::find(simd, samples, ends),
            // Of the others, what is not a number need not become an end.
            _ => Self::ALL,
        }
    }

    fn find<O: Sample>(simd: Simd, samples: &[O], ends: [bool; 2]) -> Self {
        // Samples are moved so that the ends that are looked for come first.
        let (shift, last) = match ends {
            [true, true] => (O::ONE, O::ONE),
            [true, false] => (O::ZERO, O::ZERO),
            [false, true] => (O::ONE, O::ZERO),
            [false, false] => return Self([0; WORDS]),
        };
        simd.run(Find {
            samples,
            shift,
            last,
        })
    }

    /// Whether the block of this sample is one of them.
    #[inline(always)]
    pub(super) fn has(&self, sample: usize) -> bool {
        let block = sample / BLOCK;
        let word = self.0.get(block / 64);
        word.is_none_or(|word| word >> (block % 64) & 1 == 1)
    }

    /// For every 64 blocks a word, whose lowest bit is of the first.
    #[inline(always)]
    pub(super) fn words(&self) -> impl Iterator<Item = u64> {
        self.0.iter().copied().chain(iter::repeat(u64::MAX))
    }
}

/// Unsigned integers.
trait Sample: Copy + Ord {
    const ZERO: Self;
    const ONE: Self;
    fn wrapping_add(self, other: Self) -> Self;
}

macro_rules! samples {
    ($($O:ty)*) => { $(
        impl Sample for $O {
            const ZERO: Self = 0;
            const ONE: Self = 1;

            #[inline(always)]
            fn wrapping_add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
        }
    )* };
}

samples! { u8 u16 }

struct Find<'a, O> {
    samples: &'a [O],
    /// Added to every sample, modulo the size of the type.
    shift: O,
    /// The last value that is looked for.
    last: O,
}

impl<O: Sample> Body for Find<'_, O> {
    type Output = EndBlocks;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> EndBlocks {
        let mut found = [0; WORDS];
        let (whole, rest) = self.samples.as_chunks::<BLOCK>();
        for (word, blocks) in found.iter_mut().zip(whole.chunks(64)) {
            for (at, block) in blocks.iter().enumerate() {
                // No short circuit, for vectors.
                let any = block.iter().fold(false, |any, &s| any | self.finds(s));
                *word |= u64::from(any) << at;
            }
        }
        if let Some(word) = found.get_mut(whole.len() / 64) {
            let any = rest.iter().any(|&sample| self.finds(sample));
            *word |= u64::from(any) << (whole.len() % 64);
        }
        EndBlocks(found)
    }
}

impl<O: Sample> Find<'_, O> {
    /// Whether this is a sample that is looked for.
    #[inline(always)]
    fn finds(&self, sample: O) -> bool {
        sample.wrapping_add(self.shift) <= self.last
    }
}
