//! The statistics of one channel, from its counts and sums.

use num_bigint::BigInt;

use super::{
    bins::{self, NAN_BIN},
    exact::ExactSums,
    histogram::Histogram,
    moments::Moments,
    quantile::Quantile,
    tally::Sums,
    value::Value,
};
use crate::image::Depth;

/// The bins of a histogram.
const PARTS: usize = 256;

/// The smallest and the largest sample of a bin that is not empty, and their number.
pub(super) type Filled = ([Value; 2], u64);

/// Statistics of the samples of one channel.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ChannelStatistics {
    /// How many samples there are, NaN and infinities included.
    pub count: u64,
    /// How many are NaN.
    pub nan: u64,
    /// How many are negative and positive infinity.
    pub infinite: [u64; 2],
    /// The smallest sample; `None` if all are NaN.
    pub minimum: Option<Value>,
    /// The largest sample; `None` if all are NaN.
    pub maximum: Option<Value>,
    /// The mean of the finite samples; `None` if there are none.
    ///
    /// Of integers and 16-bit floats the exact mean, rounded once. Of other floats summed in
    /// 64 bits: block by block, where a block is 1024 samples of a row at most, and blocks
    /// merged pairwise.
    pub mean: Option<f64>,
    /// Their population standard deviation: the root of the mean of squared deviations, as
    /// NumPy's `std`. Computed as the mean is.
    pub deviation: Option<f64>,
    /// The quantiles 0.1, 1, 5, 25, 50, 75, 95, 99 and 99.9 %; empty if all samples are NaN.
    pub quantiles: Vec<Quantile>,
    /// How many finite samples lie where.
    pub histogram: Histogram,
}

impl ChannelStatistics {
    /// From the samples in each bin and, of types whose bins hold several values, the sums of
    /// integers or the moments of floats.
    pub(super) fn new(depth: Depth, counts: &[u64], sums: &Sums, moments: Moments) -> Self {
        let nan = match depth.is_float() {
            true => counts[NAN_BIN],
            false => 0,
        };
        let is_nan = |bin: usize| depth.is_float() && bin == NAN_BIN;
        let bins = (counts.iter().enumerate())
            .filter(|&(bin, &count)| count > 0 && !is_nan(bin))
            .map(|(bin, &count)| (bins::range(depth, bin), count));
        // Two more are split off.
        let mut filled: Vec<Filled> = Vec::with_capacity(bins.clone().count() + 2);
        filled.extend(bins);
        // No sample lies beyond the smallest and the largest.
        let finite = finite_range(depth, &filled, sums);
        if let Some([minimum, maximum]) = finite {
            for (range, _) in filled.iter_mut().filter(|(range, _)| is_finite(range)) {
                let [low, high] = range;
                *low = larger(*low, minimum);
                *high = smaller(*high, maximum);
            }
            split_off(&mut filled, minimum, maximum);
        }
        let infinite = [f64::NEG_INFINITY, f64::INFINITY].map(|infinity| {
            let is_it = |(range, _): &&Filled| range[0] == Value::Float(infinity);
            filled.iter().find(is_it).map_or(0, |&(_, count)| count)
        });
        let [mean, deviation] = match finite {
            None => [None; 2],
            Some(_) if depth == Depth::F32 || depth == Depth::F64 => {
                moments.mean_and_deviation().map(Some)
            }
            Some(_) => exact_mean_and_deviation(depth, &filled, sums).map(Some),
        };
        Self {
            count: counts.iter().sum(),
            nan,
            infinite,
            minimum: filled.first().map(|(range, _)| range[0]),
            maximum: filled.last().map(|(range, _)| range[1]),
            mean,
            deviation,
            quantiles: (Quantile::THOUSANDTHS.iter())
                .filter_map(|&share| Quantile::of(share, &filled))
                .collect(),
            histogram: histogram(depth, counts, finite),
        }
    }
}

/// Gives the smallest and the largest of the finite samples, which are known, a bin each.
fn split_off(filled: &mut Vec<Filled>, minimum: Value, maximum: Value) {
    for (known, is_last) in [(minimum, false), (maximum, true)] {
        let holds = |(range, _): &Filled| range[usize::from(is_last)] == known;
        let Some(at) = filled.iter().position(holds) else {
            continue;
        };
        let (range, count) = &mut filled[at];
        if range[0] < range[1] {
            *count -= 1;
            filled.insert(at + usize::from(is_last), ([known; 2], 1));
            filled.retain(|&(_, count)| count > 0);
        }
    }
}

fn is_finite(range: &[Value; 2]) -> bool {
    range[0].to_f64().is_finite()
}

fn larger(value: Value, other: Value) -> Value {
    if value < other { other } else { value }
}

fn smaller(value: Value, other: Value) -> Value {
    if value > other { other } else { value }
}

/// The smallest and the largest finite sample.
fn finite_range(depth: Depth, filled: &[Filled], sums: &Sums) -> Option<[Value; 2]> {
    let finite = |bin: &&Filled| is_finite(&bin.0);
    let first = filled.iter().find(finite)?;
    let last = filled.iter().rev().find(finite)?;
    if bins::are_exact(depth) {
        return Some([first.0[0], last.0[1]]);
    }
    let [lowest, _] = depth.ends();
    Some(sums.range.map(|number| match depth {
        Depth::F32 => Value::float(bins::f32_of(bins::key_of_number(number) as i32).into()),
        Depth::F64 => Value::float(bins::f64_of(bins::key_of_number(number))),
        _ => Value::Integer(i128::from(number) + lowest),
    }))
}

/// Mean and deviation of integers, and of 16-bit floats, which are integers in units of the
/// smallest.
fn exact_mean_and_deviation(depth: Depth, filled: &[Filled], sums: &Sums) -> [f64; 2] {
    if !bins::are_exact(depth) {
        let [low, high] = sums.squares.map(BigInt::from);
        let exact = ExactSums {
            count: filled.iter().map(|(_, count)| count).sum(),
            sum: sums.sum.into(),
            squares: low + (high << 64),
            offset: depth.ends()[0],
        };
        return exact.mean_and_deviation();
    }
    const F16_UNIT: f64 = 1.0 / (1 << 24) as f64;
    let unit = if depth == Depth::F16 { F16_UNIT } else { 1.0 };
    let (mut count, mut sum, mut squares) = (0, 0, 0);
    for (range, of_bin) in filled.iter().filter(|(range, _)| is_finite(range)) {
        // Below 2^40, so that fewer than 2^47 samples, which no memory holds, do not overflow.
        let number = (range[0].to_f64() / unit) as i128;
        count += of_bin;
        sum += number * i128::from(*of_bin);
        squares += number * number * i128::from(*of_bin);
    }
    let exact = ExactSums {
        count,
        sum: sum.into(),
        squares: squares.into(),
        offset: 0,
    };
    exact.mean_and_deviation().map(|value| value * unit)
}

fn histogram(depth: Depth, counts: &[u64], finite: Option<[Value; 2]>) -> Histogram {
    let Some([minimum, maximum]) = finite else {
        return Histogram::default();
    };
    let has_few_values = bins::count(depth) <= PARTS;
    let [minimum, maximum] = match has_few_values {
        true => [0, counts.len() - 1].map(|bin| bins::range(depth, bin)[0]),
        false => [minimum, maximum],
    };
    let between = (counts.iter().enumerate())
        .map(|(bin, &count)| (bins::range(depth, bin), count))
        .skip_while(|(range, _)| range[1] < minimum)
        .take_while(|(range, _)| range[0] <= maximum)
        .map(|(range, count)| (larger(range[0], minimum), count));
    let end = match maximum {
        Value::Integer(maximum) => Value::Integer(maximum + 1),
        Value::Float(_) => maximum,
    };
    Histogram::joined(between, end, PARTS)
}
