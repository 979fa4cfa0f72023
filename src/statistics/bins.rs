//! The bins that samples are counted in.
//!
//! | samples | bins |
//! |---|---|
//! | `u8`, `i8`, `bool`, `u16`, `i16`, `f16` | one for each value |
//! | `u32`, `u64`, `i32`, `i64` | exact up to a size, then a fixed number between powers of two |
//! | `f32`, `f64` | the 16 upper bits of the ordered sample: sign, exponent, 7 or 4 bits of the mantissa; zero and the infinities apart |

use super::value::Value;
use crate::image::{Depth, f16};

/// The most bins of a type.
pub(super) const MAX_BINS: usize = 1 << 16;

/// The bin of NaN, of any float type.
pub(super) const NAN_BIN: usize = MAX_BINS - 1;

/// The bins of integers of 32 and 64 bits: sizes below `2^(digits + 1)` have their own, and
/// between any two powers of two above there are `2^digits`. Its upper `digits + 1` digits
/// tell a size.
///
/// For example, with 2 digits: 0, 1, ..., 7, 8..=9, 10..=11, 12..=13, 14..=15, 16..=19, ...
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogBins {
    digits: u32,
    /// The bin of 0.
    zero: usize,
}

impl LogBins {
    /// The bins of a type, as fine as their number allows.
    pub(super) const fn of(depth: Depth) -> Self {
        let (digits, zero) = match depth {
            Depth::U32 => (11, 0),
            Depth::U64 => (10, 0),
            Depth::I32 => (10, MAX_BINS / 2),
            _ => (9, MAX_BINS / 2),
        };
        Self { digits, zero }
    }

    /// The bin of a size of a positive number, or of 0.
    #[inline(always)]
    const fn of_size(self, size: u64) -> usize {
        let top = 63 - (size | 1).leading_zeros();
        let shift = top.saturating_sub(self.digits);
        ((shift as usize) << self.digits) + (size >> shift) as usize
    }

    /// The bin of a positive number, or of 0.
    #[inline(always)]
    pub(super) const fn of_unsigned(self, value: u64) -> u16 {
        (self.zero + self.of_size(value)) as u16
    }

    /// The bin of a number.
    #[inline(always)]
    pub(super) const fn of_signed(self, value: i64) -> u16 {
        let bin = self.of_size(value.unsigned_abs());
        (if value < 0 {
            self.zero - bin
        } else {
            self.zero + bin
        }) as u16
    }

    /// The smallest and the largest number of a bin.
    const fn range(self, bin: usize) -> [i128; 2] {
        let of_size = bin.abs_diff(self.zero);
        let (low, width) = match (of_size >> self.digits).checked_sub(1) {
            None | Some(0) => (of_size as i128, 1),
            Some(shift) => {
                let upper = (of_size - (shift << self.digits)) as i128;
                (upper << shift, 1 << shift)
            }
        };
        let high = low + width - 1;
        if bin < self.zero {
            [-high, -low]
        } else {
            [low, high]
        }
    }
}

/// How many bins a type has.
pub(super) const fn count(depth: Depth) -> usize {
    match depth {
        Depth::Bool => 2,
        Depth::U8 | Depth::I8 => 1 << 8,
        _ => MAX_BINS,
    }
}

/// Whether each bin holds a single value.
pub(super) const fn are_exact(depth: Depth) -> bool {
    depth.bytes() <= 2
}

/// The smallest and the largest sample of a bin. Those of bins that no number is in lie beyond
/// the type's range, or are infinite.
pub(super) fn range(depth: Depth, bin: usize) -> [Value; 2] {
    match depth {
        Depth::U8 | Depth::U16 | Depth::Bool => [Value::Integer(bin as i128); 2],
        Depth::I8 => [Value::Integer(bin as i128 - (1 << 7)); 2],
        Depth::I16 => [Value::Integer(bin as i128 - (1 << 15)); 2],
        Depth::F16 => {
            let infinity = i64::from(key_of_f16(f16::INFINITY));
            let key = (bin as i64 - MIDDLE).clamp(-infinity, infinity);
            [Value::float(f16_of(key as i16).to_f64()); 2]
        }
        Depth::U32 | Depth::U64 | Depth::I32 | Depth::I64 => {
            LogBins::of(depth).range(bin).map(Value::Integer)
        }
        Depth::F32 => {
            let infinity = key_of_f32(f32::INFINITY).into();
            float_keys(bin, 16, infinity).map(|key| Value::float(f32_of(key as i32).into()))
        }
        Depth::F64 => {
            let infinity = key_of_f64(f64::INFINITY);
            float_keys(bin, 48, infinity).map(|key| Value::float(f64_of(key)))
        }
    }
}

/// A key as a number of the same order.
pub(super) const fn number_of_key(key: i64) -> u64 {
    key as u64 ^ (1 << 63)
}

/// The key of a number.
pub(super) const fn key_of_number(number: u64) -> i64 {
    (number ^ (1 << 63)) as i64
}

/// The bin of zero, of any float type.
const MIDDLE: i64 = 1 << 15;

/// The smallest and the largest key of a bin of floats: those with the same upper bits, but
/// for zero and the infinities, which have their own.
fn float_keys(bin: usize, shift: u32, infinity: i64) -> [i64; 2] {
    let upper = bin as i64 - MIDDLE;
    if upper == 0 {
        return [0, 0];
    }
    let low = (if upper > 0 { upper - 1 } else { upper }) << shift;
    let high = low + ((1 << shift) - 1);
    match upper < 0 {
        true if high < -infinity => [-infinity; 2],
        true => [low.max(1 - infinity), high],
        false => [low.max(1), high].map(|key| key.min(infinity)),
    }
}

/// Keys order floats as integers: the bits without the sign, as a positive or negative
/// integer. Both zeros are 0. The bin of a number is found by its upper 16 bits.
macro_rules! ordered {
    ($float:ident, $key:ident, $bits:ident, $key_of:ident, $float_of:ident, $bin:ident) => {
        /// The key of a float.
        #[inline(always)]
        pub(super) const fn $key_of(value: $float) -> $key {
            let bits = value.to_bits() as $key;
            let sign = bits >> ($key::BITS - 1);
            ((bits & $key::MAX) ^ sign).wrapping_sub(sign)
        }

        /// The float of a key.
        pub(super) const fn $float_of(key: $key) -> $float {
            let sign = (key & $key::MIN) as $bits;
            $float::from_bits(key.unsigned_abs() | sign)
        }

        /// The bin of the key of a number.
        #[inline(always)]
        pub(super) const fn $bin(key: $key) -> u16 {
            const INFINITY: $key = $key_of($float::INFINITY);
            let upper = (key >> ($key::BITS - 16)) as u16;
            let of_zero = MIDDLE as u16;
            let apart = if $key::BITS > 16 { 1 } else { 0 };
            let above = if key > 0 { apart } else { 0 };
            let below = if key == -INFINITY { apart } else { 0 };
            upper
                .wrapping_add(of_zero)
                .wrapping_add(above)
                .wrapping_sub(below)
        }
    };
}
ordered!(f16, i16, u16, key_of_f16, f16_of, bin_of_f16);
ordered!(f32, i32, u32, key_of_f32, f32_of, bin_of_f32);
ordered!(f64, i64, u64, key_of_f64, f64_of, bin_of_f64);
