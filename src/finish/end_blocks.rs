//! The blocks of a row whose samples may be clipped: those that hold an end of their type. Most
//! pictures have few, and to find them takes less than a look at all responses.

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
            SampleSlice::U8(samples) => Self::find(simd, samples, ends, [0, u8::MAX]),
            SampleSlice::U16(samples) => Self::find(simd, samples, ends, [0, u16::MAX]),
            // Of the others, what is not a number need not become an end.
            _ => Self::ALL,
        }
    }

    fn find<O: Copy + PartialEq>(
        simd: Simd,
        samples: &[O],
        ends: [bool; 2],
        [low, high]: [O; 2],
    ) -> Self {
        let ends = match ends {
            [true, true] => [low, high],
            [true, false] => [low; 2],
            [false, true] => [high; 2],
            [false, false] => return Self([0; WORDS]),
        };
        simd.run(Find { samples, ends })
    }

    /// Whether the block of this sample is one of them.
    #[inline(always)]
    pub(super) fn has(&self, sample: usize) -> bool {
        let block = sample / BLOCK;
        let word = self.0.get(block / 64);
        word.is_none_or(|word| word >> (block % 64) & 1 == 1)
    }
}

struct Find<'a, O> {
    samples: &'a [O],
    ends: [O; 2],
}

impl<O: Copy + PartialEq> Body for Find<'_, O> {
    type Output = EndBlocks;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> EndBlocks {
        let [low, high] = self.ends;
        let is_end = |sample: O| (sample == low) | (sample == high);
        let any = |samples: &[O]| {
            let found = samples.iter().map(|&sample| u8::from(is_end(sample)));
            u64::from(found.fold(0, |any, found| any | found))
        };
        let mut found = [0; WORDS];
        let (whole, rest) = self.samples.as_chunks::<BLOCK>();
        for (word, blocks) in found.iter_mut().zip(whole.chunks(64)) {
            for (at, block) in blocks.iter().enumerate() {
                *word |= any(block) << at;
            }
        }
        if let Some(word) = found.get_mut(whole.len() / 64) {
            *word |= any(rest) << (whole.len() % 64);
        }
        EndBlocks(found)
    }
}
