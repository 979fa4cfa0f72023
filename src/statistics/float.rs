//! Floats of 32 and 64 bits: counted by their 16 upper bits, with the moments of each block.

use super::{
    bins::{self, NAN_BIN},
    moments::{self, FAR, Moments},
    tally::{PARTS, Sums, Tallied, all_bins},
};
use crate::image::Sample;

/// A float and its key, an integer of the same order.
trait Float: Sample {
    type Key: Copy + Ord + Into<i64>;

    /// The smallest and the largest key, which are those of NaN.
    const KEYS: [Self::Key; 2];

    fn key(self) -> Self::Key;

    /// The bin of the key of a number.
    fn bin(key: Self::Key) -> u16;

    fn to_f64(self) -> f64;

    /// The exponent that a block with this largest absolute value is computed with, so that
    /// squares of deviations neither overflow nor all vanish.
    fn exponent(largest: f64) -> i32;
}

impl Float for f32 {
    type Key = i32;

    const KEYS: [i32; 2] = [i32::MIN, i32::MAX];

    #[inline(always)]
    fn key(self) -> i32 {
        bins::key_of_f32(self)
    }

    #[inline(always)]
    fn bin(key: i32) -> u16 {
        bins::bin_of_f32(key)
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self.into()
    }

    #[inline(always)]
    fn exponent(_: f64) -> i32 {
        0
    }
}

impl Float for f64 {
    type Key = i64;

    const KEYS: [i64; 2] = [i64::MIN, i64::MAX];

    #[inline(always)]
    fn key(self) -> i64 {
        bins::key_of_f64(self)
    }

    #[inline(always)]
    fn bin(key: i64) -> u16 {
        bins::bin_of_f64(key)
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn exponent(largest: f64) -> i32 {
        const LARGE: f64 = power_of_two(500);
        const SMALL: f64 = power_of_two(-400);
        if largest > LARGE {
            FAR
        } else if largest < SMALL {
            -FAR
        } else {
            0
        }
    }
}

const fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

/// Extremes and sums of the finite samples of a block.
struct Parts<F: Float> {
    low: [F::Key; PARTS],
    high: [F::Key; PARTS],
    sum: [f64; PARTS],
    largest: [f64; PARTS],
    count: [u32; PARTS],
}

impl<F: Float> Parts<F> {
    const EMPTY: Self = Self {
        low: [F::KEYS[1]; PARTS],
        high: [F::KEYS[0]; PARTS],
        sum: [0.0; PARTS],
        largest: [0.0; PARTS],
        count: [0; PARTS],
    };

    /// Adds a sample, and returns its bin.
    #[inline(always)]
    fn add(&mut self, part: usize, sample: F) -> u16 {
        let (key, value) = (sample.key(), sample.to_f64());
        let is_finite = value.abs() < f64::INFINITY;
        let [low, high] = [F::KEYS[1], F::KEYS[0]].map(|none| if is_finite { key } else { none });
        self.low[part] = self.low[part].min(low);
        self.high[part] = self.high[part].max(high);
        let finite = if is_finite { value } else { 0.0 };
        self.sum[part] += finite;
        let size = finite.abs();
        self.largest[part] = if size > self.largest[part] {
            size
        } else {
            self.largest[part]
        };
        self.count[part] += u32::from(is_finite);
        if value.is_nan() {
            NAN_BIN as u16
        } else {
            F::bin(key)
        }
    }
}

/// The sum of all parts, always in the same order.
#[inline(always)]
fn total(mut parts: [f64; PARTS]) -> f64 {
    let mut half = PARTS / 2;
    while half > 0 {
        for part in 0..half {
            parts[part] += parts[part + half];
        }
        half /= 2;
    }
    parts[0]
}

/// The sum of `sample * factor - mean` over the finite samples, and that of its squares.
#[inline(always)]
fn deviations<F: Float>(block: &[F], factor: f64, mean: f64) -> [f64; 2] {
    let (mut sum, mut squares) = ([0.0; PARTS], [0.0; PARTS]);
    let mut add = |part: usize, sample: F| {
        let value = sample.to_f64();
        let is_finite = value.abs() < f64::INFINITY;
        let deviation = if is_finite {
            value * factor - mean
        } else {
            0.0
        };
        sum[part] += deviation;
        squares[part] += deviation * deviation;
    };
    let (chunks, rest) = block.as_chunks::<PARTS>();
    for chunk in chunks {
        for (part, &sample) in chunk.iter().enumerate() {
            add(part, sample);
        }
    }
    for (part, &sample) in rest.iter().enumerate() {
        add(part, sample);
    }
    [total(sum), total(squares)]
}

#[inline(always)]
fn tally<F: Float>(block: &[F], counts: &mut [u32], sums: &mut Sums) -> Moments {
    let counts = all_bins(counts);
    let mut parts = Parts::EMPTY;
    let (chunks, rest) = block.as_chunks::<PARTS>();
    for chunk in chunks {
        let mut bins = [0; PARTS];
        for ((part, &sample), bin) in chunk.iter().enumerate().zip(&mut bins) {
            *bin = parts.add(part, sample);
        }
        for bin in bins {
            counts[usize::from(bin)] += 1;
        }
    }
    for (part, &sample) in rest.iter().enumerate() {
        counts[usize::from(parts.add(part, sample))] += 1;
    }
    let low = parts.low.into_iter().fold(F::KEYS[1], Ord::min);
    let high = parts.high.into_iter().fold(F::KEYS[0], Ord::max);
    let count = parts.count.iter().sum::<u32>();
    if count == 0 {
        return Moments::EMPTY;
    }
    sums.widen([low, high].map(|key| bins::number_of_key(key.into())));
    let zeros = Moments {
        count: count.into(),
        ..Moments::EMPTY
    };
    let largest = parts.largest.into_iter().fold(0.0, f64::max);
    if largest == 0.0 {
        return zeros;
    }
    let exponent = F::exponent(largest);
    let factor = libm::ldexp(1.0, -exponent);
    let block_sum = match exponent {
        0 => total(parts.sum),
        _ => deviations(block, factor, 0.0)[0],
    };
    // The mean is rounded; what that leaves is in the sum of the deviations from it.
    let mean = block_sum / f64::from(count);
    let [rest, squares] = deviations(block, factor, mean);
    let correction = rest / f64::from(count);
    Moments {
        mean: moments::sum([mean, 0.0], correction),
        squares: (squares - rest * correction).max(0.0),
        exponent,
        ..zeros
    }
}

macro_rules! floats {
    ($($float:ty)*) => {$(
        impl Tallied for $float {
            const HAS_MOMENTS: bool = true;

            #[inline(always)]
            fn tally(block: &[Self], counts: &mut [u32], sums: &mut Sums) -> Moments {
                tally(block, counts, sums)
            }
        }
    )*};
}
floats!(f32 f64);
