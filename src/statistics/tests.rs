//! Statistics against exact arithmetic: integers of any size, in units of the smallest float.

use num_bigint::{BigInt, Sign};

use super::{
    Accumulator, ChannelStatistics, Histogram, Quantile, Statistics, Value, bins,
    tally::{BLOCK, Tallied, Tally},
};
use crate::{
    image::{Bool, Depth, Image, ImageView, Samples, f16},
    simd::Simd,
};

/// A float is an integer times two to the power of minus this.
const UNIT: u64 = 1074;

/// A finite sample as an integer in units of the smallest float.
fn integer(value: Value) -> BigInt {
    let value = match value {
        Value::Integer(value) => return BigInt::from(value) << UNIT,
        Value::Float(value) => value,
    };
    assert!(value.is_finite());
    let exponent = (value.to_bits() >> 52) & 0x7ff;
    let fraction = value.to_bits() & ((1 << 52) - 1);
    let size = match exponent {
        0 => BigInt::from(fraction),
        _ => BigInt::from(fraction | 1 << 52) << (exponent - 1),
    };
    if value < 0.0 { -size } else { size }
}

fn of_float(value: f64) -> BigInt {
    integer(Value::Float(value))
}

fn size(value: BigInt) -> BigInt {
    value.magnitude().clone().into()
}

/// A sample of any type; NaN is none.
trait AnySample: Tallied {
    fn value(self) -> Option<Value>;
    /// Of random bits.
    fn random(bits: u64) -> Self;
}

macro_rules! any_sample {
    ($($integer:ty)*) => {$(
        impl AnySample for $integer {
            fn value(self) -> Option<Value> {
                Some(Value::Integer(self.into()))
            }

            fn random(bits: u64) -> Self {
                bits as Self
            }
        }
    )*};
}
any_sample!(u8 u16 u32 u64 i8 i16 i32 i64);

impl AnySample for Bool {
    fn value(self) -> Option<Value> {
        Some(Value::Integer(self.get().into()))
    }

    fn random(bits: u64) -> Self {
        (bits & 4 > 0).into()
    }
}

macro_rules! any_float {
    ($($float:ty)*) => {$(
        impl AnySample for $float {
            fn value(self) -> Option<Value> {
                let value = f64::from(self);
                (!value.is_nan()).then_some(Value::Float(value + 0.0))
            }

            fn random(bits: u64) -> Self {
                Self::from_bits(bits as _)
            }
        }
    )*};
}
any_float!(f16 f32 f64);

/// The bits of random numbers (xorshift).
fn bits(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// Checks the statistics of one channel against those of its samples.
fn check_channel<T: AnySample>(samples: &[T], found: &ChannelStatistics, what: &str) {
    let mut values: Vec<Value> = samples.iter().filter_map(|sample| sample.value()).collect();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert_eq!(found.count, samples.len() as u64, "{what}");
    assert_eq!(found.nan, (samples.len() - values.len()) as u64, "{what}");
    assert_eq!(found.minimum, values.first().copied(), "{what}");
    assert_eq!(found.maximum, values.last().copied(), "{what}");
    check_quantiles::<T>(&values, &found.quantiles, what);
    let infinite = [f64::NEG_INFINITY, f64::INFINITY].map(|infinity| {
        let is_it = |value: &&Value| **value == Value::Float(infinity);
        values.iter().filter(is_it).count() as u64
    });
    assert_eq!(found.infinite, infinite, "{what}");
    values.retain(|value| value.to_f64().is_finite());
    check_histogram::<T>(&values, &found.histogram, what);
    if values.is_empty() {
        assert_eq!([found.mean, found.deviation], [None; 2], "{what}");
        return;
    }
    let count = BigInt::from(values.len());
    let integers: Vec<_> = values.iter().map(|&value| integer(value)).collect();
    let sum: BigInt = integers.iter().sum();
    let squares: BigInt = integers.iter().map(|n| n * n).sum();
    // Times the square of the number of samples.
    let variance = squares * &count - &sum * &sum;
    let [mean, deviation] = [found.mean, found.deviation].map(Option::unwrap);
    let difference = |value: f64| size(&sum - &count * of_float(value));
    if !matches!(T::DEPTH, Depth::F32 | Depth::F64) {
        // The nearest floats.
        let others = [mean.next_down(), mean.next_up()];
        assert!(
            others
                .iter()
                .all(|&other| difference(mean) <= difference(other)),
            "{what}"
        );
        let middle = |other: f64| {
            let twice = &count * (of_float(deviation) + of_float(other));
            &twice * &twice
        };
        let four = &variance * 4;
        assert!(four <= middle(deviation.next_up()), "{what}: {deviation}");
        assert!(
            deviation == 0.0 || middle(deviation.next_down()) <= four,
            "{what}: {deviation}"
        );
        return;
    }
    // A block has 64 sums in turn, merging a few more; and results near the smallest float are
    // rounded to it.
    let sizes: BigInt = integers.into_iter().map(size).sum();
    assert!(difference(mean) <= (sizes >> 47) + &count, "{what}: {mean}");
    let root = &count * of_float(deviation);
    let error = size(&root * &root - &variance);
    let granular = (&count * &root) * 2 + &count * &count;
    assert!(error <= (variance >> 45) + granular, "{what}: {deviation}");
}

fn check_quantiles<T: AnySample>(values: &[Value], found: &[Quantile], what: &str) {
    let shares: &[u32] = if values.is_empty() {
        &[]
    } else {
        &Quantile::THOUSANDTHS
    };
    assert_eq!(
        found.iter().map(|q| q.thousandths).collect::<Vec<_>>(),
        shares,
        "{what}"
    );
    for quantile in found {
        let rank = (values.len() * quantile.thousandths as usize).div_ceil(1000);
        let sample = values[rank.max(1) - 1];
        if quantile.error == 0.0 {
            assert_eq!(quantile.value, sample, "{what} {quantile:?}");
            continue;
        }
        let error = size(integer(quantile.value) - integer(sample));
        assert!(
            error <= of_float(quantile.error),
            "{what} {quantile:?} {sample}"
        );
        // Bins of integers are a fraction of their smallest size wide, and so are floats that
        // are not too small.
        let digits = match T::DEPTH {
            Depth::U32 => 11,
            Depth::U64 | Depth::I32 => 10,
            Depth::I64 => 9,
            Depth::F32 => 7,
            Depth::F64 => 4,
            exact => panic!("{exact} {what} {quantile:?}"),
        };
        let bound = sample.to_f64().abs() * 0.5_f64.powi(digits) + f64::from(f32::MIN_POSITIVE);
        assert!(quantile.error <= bound, "{what} {quantile:?} {sample}");
    }
}

fn check_histogram<T: AnySample>(values: &[Value], found: &Histogram, what: &str) {
    let Histogram { edges, counts } = found;
    let (Some(&first), Some(&last)) = (values.first(), values.last()) else {
        assert_eq!(*found, Histogram::default(), "{what}");
        return;
    };
    assert_eq!(edges.len(), counts.len() + 1, "{what}");
    assert!(counts.len() <= 256, "{what}");
    let order = |pair: &[Value]| pair[0] < pair[1] || counts.len() == 1 && pair[0] == pair[1];
    assert!(edges.windows(2).all(order), "{what} {edges:?}");
    let end = match last {
        Value::Integer(last) => Value::Integer(last + 1),
        last => last,
    };
    if bins::count(T::DEPTH) <= 256 {
        let [low, high] = T::DEPTH.ends();
        let all: Vec<_> = (low..=high + 1).map(Value::Integer).collect();
        assert_eq!(*edges, all, "{what}");
    } else {
        assert_eq!([edges[0], edges[counts.len()]], [first, end], "{what}");
    }
    if let (Depth::U16 | Depth::I16, Value::Integer(low), Value::Integer(end)) =
        (T::DEPTH, first, end)
    {
        let moved = |part: i128| low + (part * (end - low) + 255).div_euclid(256);
        let mut moved: Vec<_> = (0..=256).map(|part| Value::Integer(moved(part))).collect();
        moved.dedup();
        assert_eq!(*edges, moved, "{what}");
    }
    let mut counted = vec![0; counts.len()];
    for value in values {
        let bin = edges.partition_point(|edge| edge <= value).max(1) - 1;
        counted[bin.min(counts.len() - 1)] += 1;
    }
    assert_eq!(*counts, counted, "{what}");
}

fn image<T: AnySample>(columns: usize, samples: Vec<T>) -> Image
where
    Samples: From<Vec<T>>,
{
    Image::new(samples.len() / columns, columns, 1, samples.into()).unwrap()
}

/// Checks an image of one column, one row, and several of both, which are not whole blocks.
fn check_shapes<T: AnySample>(samples: &[T], what: &str)
where
    Samples: From<Vec<T>>,
{
    let what = format!("{} {what}", T::DEPTH);
    for columns in [1, 7, samples.len() / 3, samples.len()] {
        if columns == 0 || !samples.len().is_multiple_of(columns) {
            continue;
        }
        let image = image(columns, samples.to_vec());
        let found = Statistics::of(&image).unwrap();
        assert_eq!((found.depth(), found.channels().len()), (T::DEPTH, 1));
        check_channel(
            samples,
            &found.channels()[0],
            &format!("{what}, {columns} columns"),
        );
    }
}

fn of_every_kind<T: AnySample>(special: &[T])
where
    Samples: From<Vec<T>>,
{
    let mut next = bits(T::DEPTH as u64 + 1);
    let length = 3 * 7 * 101;
    let mut made =
        |make: &mut dyn FnMut(u64) -> T| -> Vec<T> { (0..length).map(|_| make(next())).collect() };
    check_shapes(&made(&mut T::random), "of random bits");
    check_shapes(
        &made(&mut |bits| T::random(bits & 0x35)),
        "of small numbers",
    );
    let mut mixed = made(&mut T::random);
    for (sample, at) in mixed.iter_mut().zip(0..).step_by(5) {
        *sample = special[at % special.len()];
    }
    check_shapes(&mixed, "with special ones");
    check_shapes(special, "of special ones");
    for &sample in special {
        check_shapes(&[sample], "alone");
        check_shapes(&[sample; BLOCK + 1], "everywhere");
    }
    for sample in special.windows(2) {
        check_shapes(sample, "in pairs");
    }
}

#[test]
fn every_type_follows_exact_arithmetic() {
    of_every_kind::<u8>(&[0, 255, 1, 128]);
    of_every_kind::<i8>(&[-128, 127, 0, -1]);
    of_every_kind::<u16>(&[0, u16::MAX, 255, 256]);
    of_every_kind::<i16>(&[i16::MIN, i16::MAX, 0, -1]);
    of_every_kind::<u32>(&[0, u32::MAX, 1 << 31, 100_000_007]);
    of_every_kind::<i32>(&[i32::MIN, i32::MAX, 0, -1, 100_000_007]);
    of_every_kind::<u64>(&[0, u64::MAX, u64::MAX - 1, 1 << 63, 1 << 53]);
    of_every_kind::<i64>(&[i64::MIN, i64::MIN + 1, i64::MAX, 0, -1, -(1 << 53)]);
    of_every_kind::<Bool>(&[Bool(0), Bool(1), Bool(255)]);
    let floats = [0.0, -0.0, 1.0, -1.0, 65504.0, 6e-8];
    let none = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let all = [&floats[..], &none].concat();
    of_every_kind::<f16>(&all.iter().map(|&v| f16::from_f64(v)).collect::<Vec<_>>());
    let all = [&all[..], &[1e30, -1e-30, 3e38, 1e-45]].concat();
    of_every_kind::<f32>(&all.iter().map(|&v| v as f32).collect::<Vec<_>>());
    let wide = [1e300, -1e300, 1e-300, 5e-324, f64::MAX, f64::MIN];
    of_every_kind::<f64>(&[&all[..], &wide].concat());
    of_every_kind::<f64>(&[1e-300, 3e-300, -2e-310, 0.0]);
}

/// The mean is far larger than the deviation, which is what a sum of squares would lose.
#[test]
fn small_differences_of_large_numbers_count() {
    for base in [1e8, 1e12, -3.3e15] {
        let samples: Vec<f64> = (0..3 * 7 * 500).map(|n| base + f64::from(n % 4)).collect();
        check_shapes(&samples, &format!("around {base}"));
    }
    let integers: Vec<i64> = (0..3 * 7 * 500).map(|n| i64::MAX - n % 4).collect();
    check_shapes(&integers, "below the largest");
}

/// A sample for each edge of each bin.
#[test]
fn bins_have_their_ranges() {
    fn check<T: AnySample>(of: impl Fn(Value) -> T) {
        let depth = T::DEPTH;
        let [lowest, highest] = match depth.is_float() {
            true => [f64::NEG_INFINITY, f64::INFINITY].map(Value::Float),
            false => depth.ends().map(Value::Integer),
        };
        let mut tally = Tally::new::<T>().unwrap();
        let (mut last, mut wanted) = (None, vec![0; bins::count(depth)]);
        for (bin, wanted) in wanted.iter_mut().enumerate() {
            let [low, high] = bins::range(depth, bin);
            if high < lowest || low > highest {
                continue;
            }
            let low = if low < lowest { lowest } else { low };
            let high = if high > highest { highest } else { high };
            let infinite = low.to_f64().is_infinite();
            let is_next = || bins::range(depth, bin + 1)[0] == low;
            if infinite && (last == Some(low) || low == lowest && is_next()) {
                // Beyond infinity there are bits of NaN only.
                continue;
            }
            assert!(low <= high, "{depth} {bin}");
            assert!(last.is_none_or(|last| last < low), "{depth} {bin}");
            tally.add(Simd::PORTABLE, &[of(low), of(high)]);
            *wanted = 2;
            last = Some(high);
        }
        assert_eq!(last, Some(highest), "{depth}");
        let mut counts = vec![0; bins::count(depth)];
        tally.add_to(&mut counts);
        let wrong = (0..counts.len()).find(|&bin| counts[bin] != wanted[bin]);
        let wrong = wrong.map(|bin| (bin, bins::range(depth, bin), counts[bin]));
        assert_eq!(wrong, None, "{depth}");
        let number = match depth {
            Depth::Bool => 2,
            Depth::U8 | Depth::I8 => 1 << 8,
            Depth::F16 => 2 * 0x7c00 + 1,
            Depth::F32 => 2 * 0x7f80 + 3,
            Depth::F64 => 2 * 0x7ff0 + 3,
            Depth::U16 | Depth::I16 => 1 << 16,
            Depth::U32 => 22 << 11,
            Depth::U64 => 55 << 10,
            Depth::I32 => 2 * (22 << 10),
            _ => 2 * (55 << 9),
        };
        let seen = counts.iter().filter(|&&count| count > 0).count();
        assert_eq!(seen, number, "{depth}");
    }
    fn whole(value: Value) -> i128 {
        match value {
            Value::Integer(value) => value,
            Value::Float(value) => panic!("{value}"),
        }
    }
    check::<u8>(|v| whole(v) as u8);
    check::<i8>(|v| whole(v) as i8);
    check::<u16>(|v| whole(v) as u16);
    check::<i16>(|v| whole(v) as i16);
    check::<u32>(|v| whole(v) as u32);
    check::<i32>(|v| whole(v) as i32);
    check::<u64>(|v| whole(v) as u64);
    check::<i64>(|v| whole(v) as i64);
    check::<Bool>(|v| Bool(whole(v) as u8));
    check::<f16>(|v| f16::from_f64(v.to_f64()));
    check::<f32>(|v| v.to_f64() as f32);
    check::<f64>(Value::to_f64);
}

/// Neither threads nor SIMD levels nor the rows at a time show.
#[test]
fn the_same_digits_in_every_way() {
    fn check<T: AnySample>(columns: usize, channels: usize)
    where
        Samples: From<Vec<T>>,
    {
        let mut next = bits(9);
        let rows = 13;
        let samples = (0..rows * columns * channels).map(|_| T::random(next() >> 7));
        let samples: Vec<T> = samples.collect();
        let image = Image::new(rows, columns, channels, samples.clone().into()).unwrap();
        let wanted = Statistics::of(&image).unwrap();
        for (at, channel) in wanted.channels().iter().enumerate() {
            let own: Vec<_> = samples.iter().skip(at).step_by(channels).copied().collect();
            check_channel(&own, channel, &format!("{} {channels} {at}", T::DEPTH));
        }
        let view = ImageView::from(&image);
        for simd in Simd::available() {
            for (threads, at_once) in [(1, rows), (1, 1), (2, 3), (7, 11), (64, rows)] {
                let mut accumulator = Accumulator::new(image.spec(), threads, simd).unwrap();
                for first in (0..rows).step_by(at_once) {
                    let part = view.slice(0, first..rows.min(first + at_once)).unwrap();
                    accumulator.add(part).unwrap();
                }
                assert!(
                    accumulator.finish() == wanted,
                    "{} {threads} {at_once} {simd:?}",
                    T::DEPTH
                );
            }
        }
    }
    for (columns, channels) in [(2 * BLOCK + 5, 1), (BLOCK, 3), (1, 4)] {
        check::<f32>(columns, channels);
        check::<f64>(columns, channels);
    }
    check::<u8>(37, 70);
    check::<u8>(BLOCK + 3, 2);
    check::<f16>(BLOCK + 3, 2);
    check::<i8>(BLOCK + 3, 2);
    check::<u16>(BLOCK + 3, 2);
    check::<i16>(BLOCK + 3, 2);
    check::<u32>(BLOCK + 3, 2);
    check::<i32>(BLOCK + 3, 2);
    check::<u64>(BLOCK + 3, 2);
    check::<i64>(BLOCK + 3, 2);
    check::<Bool>(BLOCK + 3, 2);
}

#[test]
fn views_of_any_layout_have_statistics() {
    let samples = (0..4 * 5 * 3).map(|n| (n * n) as f32);
    let image = Image::new(4, 5, 3, Samples::F32(samples.collect())).unwrap();
    let view = ImageView::from(&image);
    for view in [
        view.flip(0).unwrap(),
        view.flip(1).unwrap(),
        view.slice(1, 1..4).unwrap(),
        view.plane(1).unwrap(),
        view.slice(2, 1..3).unwrap(),
    ] {
        let copy = Image::try_from(view).unwrap();
        assert_eq!(
            Statistics::of(view).unwrap(),
            Statistics::of(&copy).unwrap()
        );
    }
    let empty = Statistics::of(view.slice(0, 0..0).unwrap()).unwrap();
    assert_eq!(empty.channels()[2].count, 0);
    assert_eq!(empty.channels()[2].quantiles, []);
    let names: Vec<_> = (0..3).map(|channel| empty.channel_name(channel)).collect();
    assert_eq!(names, ["red", "green", "blue"]);
}

/// Counts of 32 bits are carried to wider ones before they overflow.
#[test]
fn more_samples_than_32_bits_count() {
    let mut tally = Tally::new::<u8>().unwrap();
    tally.add(Simd::PORTABLE, &[7_u8; BLOCK]);
    tally.pretend(u32::MAX - 2);
    for _ in 0..2 {
        tally.add(Simd::PORTABLE, &[7_u8, 9, 7]);
    }
    let mut counts = vec![0; 256];
    tally.add_to(&mut counts);
    assert_eq!((counts[7], counts[9]), (BLOCK as u64 + 4, 2));
    assert_eq!(counts.iter().sum::<u64>(), BLOCK as u64 + 6);
    assert!(tally.has_carried());
}

#[test]
fn coarser_histograms_begin_and_end_with_samples() {
    let samples: Vec<u8> = (0..200).map(|n| 40 + n % 32).collect();
    let found = Statistics::of(&image(10, samples)).unwrap();
    let histogram = found.channels()[0].histogram.coarser(16);
    let edges: Vec<_> = (0..=16).map(|at| Value::Integer(40 + 2 * at)).collect();
    assert_eq!(histogram.edges, edges);
    assert_eq!(histogram.counts, [[14; 4].as_slice(), &[12; 12]].concat());
    assert_eq!(Histogram::default().coarser(16), Histogram::default());
}

#[test]
fn the_oracle_knows_its_numbers() {
    assert_eq!(of_float(5e-324), BigInt::from(1));
    assert_eq!(of_float(-0.75), BigInt::from(-3) << (UNIT - 2));
    assert_eq!(integer(Value::Integer(-2)), of_float(-2.0));
    assert_eq!(of_float(f64::MAX).sign(), Sign::Plus);
    assert_eq!(of_float(f64::MAX).bits(), UNIT + 1024);
}
