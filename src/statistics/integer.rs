//! Integers of 32 and 64 bits: counted in bins of many values, and summed exactly.

use super::{
    bins::LogBins,
    moments::Moments,
    tally::{PARTS, Sums, Tallied, all_bins},
};
use crate::image::Sample;

/// Independent sums of one block of 32-bit numbers, which 64 bits hold.
struct Parts {
    low: [u32; PARTS],
    high: [u32; PARTS],
    sum: [u64; PARTS],
    squares: [[u64; PARTS]; 2],
}

impl Parts {
    const EMPTY: Self = Self {
        low: [u32::MAX; PARTS],
        high: [0; PARTS],
        sum: [0; PARTS],
        squares: [[0; PARTS]; 2],
    };

    #[inline(always)]
    fn add(&mut self, part: usize, number: u32) {
        self.low[part] = self.low[part].min(number);
        self.high[part] = self.high[part].max(number);
        let number = u64::from(number);
        let square = number * number;
        self.sum[part] += number;
        self.squares[0][part] += square & u64::from(u32::MAX);
        self.squares[1][part] += square >> 32;
    }

    fn add_to(&self, sums: &mut Sums) {
        let low = self.low.iter().copied().fold(u32::MAX, u32::min);
        let high = self.high.iter().copied().fold(0, u32::max);
        sums.widen([low, high].map(u64::from));
        let total = |parts: &[u64]| parts.iter().map(|&part| u128::from(part)).sum::<u128>();
        sums.sum += total(&self.sum);
        sums.squares[0] += total(&self.squares[0]) + (total(&self.squares[1]) << 32);
    }
}

macro_rules! integers_of_32_bits {
    ($type:ty, $sign:expr, $bin:ident) => {
        impl Tallied for $type {
            #[inline(always)]
            fn tally(block: &[Self], counts: &mut [u32], sums: &mut Sums) -> Moments {
                const BINS: LogBins = LogBins::of(<$type>::DEPTH);
                let counts = all_bins(counts);
                let mut parts = Parts::EMPTY;
                let (chunks, rest) = block.as_chunks::<PARTS>();
                for chunk in chunks {
                    for part in 0..PARTS {
                        parts.add(part, chunk[part] as u32 ^ $sign);
                    }
                }
                for (part, &sample) in rest.iter().enumerate() {
                    parts.add(part, sample as u32 ^ $sign);
                }
                parts.add_to(sums);
                for &sample in block {
                    counts[usize::from(BINS.$bin(sample.into()))] += 1;
                }
                Moments::EMPTY
            }
        }
    };
}
integers_of_32_bits!(u32, 0, of_unsigned);
integers_of_32_bits!(i32, 1 << 31, of_signed);

macro_rules! integers_of_64_bits {
    ($type:ty, $sign:expr, $bin:ident) => {
        impl Tallied for $type {
            #[inline(always)]
            fn tally(block: &[Self], counts: &mut [u32], sums: &mut Sums) -> Moments {
                const BINS: LogBins = LogBins::of(<$type>::DEPTH);
                let counts = all_bins(counts);
                for &sample in block {
                    let number = sample as u64 ^ $sign;
                    sums.widen([number; 2]);
                    let number = u128::from(number);
                    let square = number * number;
                    sums.sum += number;
                    sums.squares[0] += square & u128::from(u64::MAX);
                    sums.squares[1] += square >> 64;
                    counts[usize::from(BINS.$bin(sample))] += 1;
                }
                Moments::EMPTY
            }
        }
    };
}
integers_of_64_bits!(u64, 0, of_unsigned);
integers_of_64_bits!(i64, 1 << 63, of_signed);
