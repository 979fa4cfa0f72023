//! Quantiles from counts.

use super::{summary::Filled, value::Value};

/// A quantile: the smallest sample that at least this share of all samples does not exceed.
///
/// That is the nearest rank, `inverted_cdf` of NumPy: always a sample, never between two.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Quantile {
    /// The share of samples, in thousandths.
    pub thousandths: u32,
    /// The sample, or, where samples are counted in bins of several values, a value at its
    /// rank within its bin.
    pub value: Value,
    /// The largest possible distance of `value` to the sample: to the farther end of its bin.
    /// 0 if the sample is known.
    pub error: f64,
}

impl Quantile {
    /// The shares of the quantiles that are computed.
    pub const THOUSANDTHS: [u32; 9] = [1, 10, 50, 250, 500, 750, 950, 990, 999];

    /// From the range and the count of each bin that is not empty, in order.
    pub(super) fn of(thousandths: u32, bins: &[Filled]) -> Option<Self> {
        let total: u64 = bins.iter().map(|(_, count)| count).sum();
        let rank = (u128::from(total) * u128::from(thousandths)).div_ceil(1000);
        let rank = (rank as u64).max(1);
        let mut before = 0;
        for &(range, count) in bins {
            if rank <= before + count {
                let position = ((rank - before) as f64 - 0.5) / count as f64;
                let (value, error) = within(range, position);
                return Some(Self {
                    thousandths,
                    value,
                    error,
                });
            }
            before += count;
        }
        None
    }
}

/// The value at a position between 0 and 1 within a range, and its largest distance to either
/// end.
fn within(range: [Value; 2], position: f64) -> (Value, f64) {
    match range {
        [low, high] if low == high => (low, 0.0),
        [Value::Integer(low), Value::Integer(high)] => {
            let value = low + ((high - low) as f64 * position).round() as i128;
            let value = value.clamp(low, high);
            let error = (value - low).max(high - value);
            let nearest = error as f64;
            let below = (nearest as i128) < error;
            (
                Value::Integer(value),
                if below { nearest.next_up() } else { nearest },
            )
        }
        [low, high] => {
            let [low, high] = [low, high].map(Value::to_f64);
            let value = (low + (high - low) * position).clamp(low, high);
            let error = (value - low).max(high - value);
            // It may have been rounded down.
            (Value::float(value), error.next_up())
        }
    }
}
