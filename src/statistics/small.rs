//! Types with a bin for each value: counts say everything.

use super::{
    bins::{self, NAN_BIN},
    moments::Moments,
    tally::{Sums, Tallied, all_bins},
};
use crate::image::{Bool, f16};

/// Counts bytes in four tables.
#[inline(always)]
fn count_bytes(block: &[u8], sign: u8, counts: &mut [u32]) {
    let (tables, _) = counts.as_chunks_mut::<256>();
    let tables: &mut [[u32; 256]; 4] = tables.try_into().expect("its tally made four");
    let (fours, rest) = block.as_chunks::<4>();
    for four in fours {
        for (table, byte) in tables.iter_mut().zip(four) {
            table[usize::from(byte ^ sign)] += 1;
        }
    }
    for byte in rest {
        tables[0][usize::from(byte ^ sign)] += 1;
    }
}

macro_rules! bytes {
    ($type:ty, $sign:expr) => {
        impl Tallied for $type {
            const TABLES: usize = 4;

            #[inline(always)]
            fn tally(block: &[Self], counts: &mut [u32], _: &mut Sums) -> Moments {
                count_bytes(bytemuck::must_cast_slice(block), $sign, counts);
                Moments::EMPTY
            }
        }
    };
}
bytes!(u8, 0);
bytes!(i8, 0x80);

impl Tallied for Bool {
    #[inline(always)]
    fn tally(block: &[Self], counts: &mut [u32], _: &mut Sums) -> Moments {
        let set: u32 = block.iter().map(|sample| u32::from(sample.get())).sum();
        counts[0] += block.len() as u32 - set;
        counts[1] += set;
        Moments::EMPTY
    }
}

macro_rules! words {
    ($type:ty, $sample:ident => $bin:expr) => {
        impl Tallied for $type {
            #[inline(always)]
            fn tally(block: &[Self], counts: &mut [u32], _: &mut Sums) -> Moments {
                let counts = all_bins(counts);
                for &$sample in block {
                    counts[usize::from($bin)] += 1;
                }
                Moments::EMPTY
            }
        }
    };
}
words!(u16, sample => sample);
words!(i16, sample => sample as u16 ^ 0x8000);
words!(f16, sample => match sample.is_nan() {
    true => NAN_BIN as u16,
    false => bins::bin_of_f16(bins::key_of_f16(sample)),
});
