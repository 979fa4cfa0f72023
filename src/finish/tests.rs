//! Every sum of a lane against rational arithmetic, at every SIMD level.

use super::*;
use crate::{
    combine::Combine,
    image::{Depth, Samples},
    kernel::Kernel,
    map::Map,
    number::{Lane, LaneKind, Output},
    simd::{Body, Isa, Simd, Vectors},
};

fn kernel(weights: &[f64], divisor: f64, bias: f64) -> Kernel {
    Kernel::builder(1, weights.len(), weights.to_vec())
        .divisor(divisor)
        .bias(bias)
        .build()
        .unwrap()
}

/// `numerator / divisor` to the nearest integer, ties to even, saturated.
fn nearest(numerator: i64, divisor: i64, white: i64) -> i64 {
    let (below, rest) = (numerator.div_euclid(divisor), numerator.rem_euclid(divisor));
    let up = 2 * rest > divisor || (2 * rest == divisor && below % 2 != 0);
    (below + i64::from(up)).clamp(0, white)
}

/// The samples of a row of sums at a SIMD level, as the integers of their bits. None is near
/// to a tie.
fn samples_of<T: Lane, O: Output>(finish: &Finish, simd: Simd, sums: &[&[T]]) -> Vec<i64> {
    let (samples, near_ties) = checked_samples_of::<T, O>(finish, simd, sums);
    assert!(near_ties.is_empty());
    samples
}

/// The same, and the positions of samples that are near to a tie.
fn checked_samples_of<T: Lane, O: Output>(
    finish: &Finish,
    simd: Simd,
    sums: &[&[T]],
) -> (Vec<i64>, Vec<u32>) {
    let mut out = vec![O::from_real(0.0_f32); sums[0].len()];
    let mut near_ties = Vec::new();
    finish.apply(simd, sums, O::slice_mut(&mut out), &mut near_ties);
    let bytes = |sample: &O| {
        let mut wide = [0; 8];
        let sample = bytemuck::bytes_of(sample);
        wide[..sample.len()].copy_from_slice(sample);
        i64::from_le_bytes(wide)
    };
    (out.iter().map(bytes).collect(), near_ties)
}

/// The samples of a row of 16-bit sums that are finished in registers, and what of them is
/// clipped.
struct InRegisters<'a> {
    finish: &'a RegisterFinish,
    sums: &'a [i16],
}

impl Body for InRegisters<'_> {
    type Output = (Vec<i64>, Clipped);

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Self::Output {
        let mut vectors = self.finish.words().unwrap().vectors(isa);
        let mut out = Vec::new();
        for sums in self.sums.chunks(<I as Vectors<i16>>::LANES) {
            let mut padded = [sums[0]; 32];
            padded[..sums.len()].copy_from_slice(sums);
            let vector = isa.load(&padded);
            match sums.len() == <I as Vectors<i16>>::LANES {
                true => vectors.count(isa, &[vector]),
                false => vectors.count_from(sums, 0),
            }
            let [samples] = vectors.samples(isa, [vector]);
            isa.store(samples, &mut padded);
            out.extend(padded[..sums.len()].iter().map(|&sample| i64::from(sample)));
        }
        (out, self.finish.clipped(vectors.counted(isa)))
    }
}

/// Divisors: powers of two, odd, even, larger than any sum.
const DIVISORS: [i64; 17] = [
    1, 2, 3, 4, 6, 8, 9, 10, 16, 25, 81, 128, 255, 256, 257, 1000, 1_000_000,
];

/// Weights whose sums span nearly 2^16, and others.
const WEIGHTS: [&[f64]; 6] = [
    &[-4.0, 4.0],
    &[257.0],
    &[-257.0],
    &[-100.0, 157.0],
    &[-128.0, 128.0],
    &[9.0],
];

#[test]
fn every_sum_of_16_bits_is_rounded_as_its_rational_quotient_is() {
    let mut in_registers = 0;
    for weights in WEIGHTS {
        let [low, high] = kernel(weights, 1.0, 0.0).sum_range(255.0);
        let sums: Vec<i64> = (low as i64..=high as i64).collect();
        let wrapped: Vec<i16> = sums.iter().map(|&sum| sum as i16).collect();
        let floats: Vec<f32> = sums.iter().map(|&sum| sum as f32).collect();
        for divisor in DIVISORS.into_iter().chain([-1, -16]) {
            for (bias, map) in [
                (0, Map::Clamp),
                (0, Map::Abs),
                (0, Map::Offset),
                (1, Map::Clamp),
                (-1, Map::Abs),
            ] {
                let kernels = [kernel(weights, divisor as f64, bias as f64)];
                let middle = if map == Map::Offset { 128 } else { 0 };
                let expected: Vec<i64> = (sums.iter())
                    .map(|sum| (sum + bias * 255 * divisor) * divisor.signum())
                    .map(|n| if map == Map::Abs { n.abs() } else { n })
                    .map(|n| nearest(n + middle * divisor.abs(), divisor.abs(), 255))
                    .collect();
                let finish =
                    |lane| Finish::new(&kernels, None, map, [Depth::U8; 2], true, lane, &[0.0; 8]);
                for simd in Simd::available() {
                    let case = format!("{weights:?} / {divisor} + {bias}, {map}, {simd:?}");
                    let small = samples_of::<i16, u8>(&finish(LaneKind::I16), simd, &[&wrapped]);
                    assert!(small == expected, "i16: {case}");
                    let finish_i16 = finish(LaneKind::I16);
                    if let Some(finish) = &finish_i16.in_registers(LaneKind::I16, false) {
                        let sums = &wrapped[..];
                        let (samples, clipped) = simd.run(InRegisters { finish, sums });
                        assert!(samples == expected, "in registers: {case}");
                        let tallying = finish_i16.tallying(1, false);
                        let all = tallying.row(simd, &[sums], None).clipped;
                        let counted = Clipped {
                            of: all.of,
                            ..clipped
                        };
                        assert!(!finish_i16.may_saturate() || counted == all, "{case}");
                        in_registers += 1;
                    }
                    let float = samples_of::<f32, u8>(&finish(LaneKind::F32), simd, &[&floats]);
                    assert!(float == expected, "f32: {case}");
                }
            }
        }
    }
    assert!(in_registers > 100, "{in_registers}");
}

#[test]
fn the_usual_filters_of_bytes_are_finished_in_16_bits() {
    let in_integers = |weights: &[f64], divisor: f64, bias: f64, map| {
        let kernels = [kernel(weights, divisor, bias)];
        let lane = LaneKind::I16;
        Finish::new(&kernels, None, map, [Depth::U8; 2], true, lane, &[0.0; 8])
            .integer
            .is_some()
    };
    for divisor in [1.0, 2.0, 9.0, 10.0, 16.0, 25.0, 256.0] {
        assert!(in_integers(&[9.0], divisor, 0.0, Map::Clamp), "{divisor}");
        assert!(
            in_integers(&[-4.0, 4.0], divisor, 0.0, Map::Abs),
            "{divisor}"
        );
        assert!(
            in_integers(&[-4.0, 4.0], divisor, 0.0, Map::Offset),
            "{divisor}"
        );
    }
    assert!(in_integers(&[-4.0, 4.0], 1.0, 1.0, Map::Clamp));
    // A bias is a whole number of samples: 128, 26.
    assert!(in_integers(&[-4.0, 4.0], 1.0, 0.5, Map::Clamp));
    assert!(in_integers(&[-4.0, 4.0], 1.0, 0.1, Map::Clamp));
    assert!(!in_integers(&[257.0], 256.0, 0.0, Map::Offset));
}

#[test]
fn sums_of_two_kernels_combine_as_integers_do() {
    for (combine, weights) in [
        (Combine::Sum, [&[-4.0, 4.0], &[-9.0, 30.0]]),
        (Combine::Max, [&[-100.0, 3.0], &[-9.0, 130.0]]),
        (Combine::Magnitude, [&[-4.0, 4.0], &[-4.0, 4.0]]),
        (Combine::Magnitude, [&[-40.0, 40.0], &[-3.0, 8.0]]),
    ] {
        let ranges = weights.map(|w| kernel(w, 1.0, 0.0).sum_range(255.0));
        let [xs, ys] = ranges.map(|[low, high]| low as i64..=high as i64);
        let pairs: Vec<[i64; 2]> = (xs.step_by(11))
            .flat_map(|x| ys.clone().step_by(7).map(move |y| [x, y]))
            .collect();
        let sums = [0, 1].map(|k| pairs.iter().map(|p| p[k] as i16).collect::<Vec<_>>());
        let sums = [&sums[0][..], &sums[1]];
        for divisor in [1, 2, 3, 4, 5, 8, 9, 256] {
            for map in [Map::Clamp, Map::Abs] {
                let kernels = weights.map(|w| kernel(w, divisor as f64, 0.0));
                let expected: Vec<i64> = (pairs.iter())
                    .map(|&[x, y]| match combine {
                        Combine::Magnitude => nearest_root(x * x + y * y, divisor),
                        Combine::Max if map == Map::Abs => nearest(x.max(y).abs(), divisor, 255),
                        Combine::Max => nearest(x.max(y), divisor, 255),
                        _ if map == Map::Abs => nearest((x + y).abs(), divisor, 255),
                        _ => nearest(x + y, divisor, 255),
                    })
                    .collect();
                let lane = LaneKind::I16;
                let finish = Finish::new(
                    &kernels,
                    Some(combine),
                    map,
                    [Depth::U8; 2],
                    true,
                    lane,
                    &[0.0; 8],
                );
                for simd in Simd::available() {
                    let samples = samples_of::<i16, u8>(&finish, simd, &sums);
                    let case = format!("{combine:?} of {weights:?} / {divisor}, {map}");
                    assert!(samples == expected, "{case}, {simd:?}");
                }
            }
        }
    }
}

/// The square root of `squares`, over `divisor`, to the nearest integer, ties
/// to even, at most 255.
fn nearest_root(squares: i64, divisor: i64) -> i64 {
    let mut sample = 0;
    loop {
        let tie = (2 * sample + 1) * divisor;
        let up = 4 * squares > tie * tie || (4 * squares == tie * tie && sample % 2 == 1);
        if !up || sample == 255 {
            return sample;
        }
        sample += 1;
    }
}

#[test]
fn sums_of_16_bit_samples_are_rounded_as_their_rational_quotients_are() {
    for weights in [&[9.0][..], &[-4.0, 4.0], &[16.0], &[25.0], &[127.0]] {
        let [low, high] = kernel(weights, 1.0, 0.0).sum_range(65_535.0);
        let [low, high] = [low as i64, high as i64];
        for divisor in [1, 2, 3, 7, 9, 10, 16, 25, 81, 127, 256, 625] {
            // Every sum next to a tie, and some between.
            let sums: Vec<i64> = (low..=high)
                .filter(|sum| {
                    let rest = (2 * sum).rem_euclid(2 * divisor) - divisor;
                    rest.abs() <= 2 || sum % 101 == 0
                })
                .collect();
            let floats: Vec<f32> = sums.iter().map(|&sum| sum as f32).collect();
            let doubles: Vec<f64> = sums.iter().map(|&sum| sum as f64).collect();
            let expected: Vec<i64> = sums.iter().map(|&n| nearest(n, divisor, 65_535)).collect();
            let kernels = [kernel(weights, divisor as f64, 0.0)];
            let clamp = Map::Clamp;
            let finish = |lane| {
                Finish::new(
                    &kernels,
                    None,
                    clamp,
                    [Depth::U16; 2],
                    true,
                    lane,
                    &[0.0; 8],
                )
            };
            for simd in Simd::available() {
                let case = format!("{weights:?} / {divisor}, {simd:?}");
                let single = samples_of::<f32, u16>(&finish(LaneKind::F32), simd, &[&floats]);
                assert!(single == expected, "f32: {case}");
                let double = samples_of::<f64, u16>(&finish(LaneKind::F64), simd, &[&doubles]);
                assert!(double == expected, "f64: {case}");
            }
        }
    }
}

#[test]
fn float_sums_are_finished_by_the_plain_formula() {
    let special = [
        0.0,
        -0.0,
        0.5,
        1.5,
        254.5,
        255.5,
        f32::NAN,
        f32::INFINITY,
        -f32::INFINITY,
    ];
    let sums: Vec<f32> = (0..3000_u32)
        .map(|i| i.wrapping_mul(2_654_435_761) as f32 / 1e7 - 60.0)
        .chain(special)
        .collect();
    let weights = [0.123_456_789, 0.7, -0.2];
    for divisor in [1.0, 0.5, 3.7, -1.0, 16.0] {
        let kernels = [kernel(&weights, divisor, 0.0)];
        let (sign, divisor) = (divisor.signum() as f32, divisor.abs() as f32);
        let finish = |from, to| {
            Finish::new(
                &kernels,
                None,
                Map::Clamp,
                [from, to],
                true,
                LaneKind::F32,
                &[0.0; 8],
            )
        };
        let bytes = sums.iter().map(|s| s * sign / divisor);
        let bytes: Vec<i64> = bytes
            .map(|n| n.round_ties_even() as u8)
            .map(i64::from)
            .collect();
        // Adding zero, as a bias does, leaves no negative zero.
        let floats = sums.iter().map(|s| ((s + 0.0) * sign + 0.0) / divisor);
        let floats: Vec<i64> = floats.map(|n| i64::from(n.to_bits())).collect();
        for simd in Simd::available() {
            let bytes_of = finish(Depth::U8, Depth::U8);
            let (mut u8s, near_ties) = checked_samples_of::<f32, u8>(&bytes_of, simd, &[&sums]);
            assert!(near_ties.len() < 100, "{}", near_ties.len());
            for &at in &near_ties {
                let at = at as usize;
                let tie = (sums[at] * sign / divisor).abs().fract();
                assert!((tie - 0.5).abs() < 1e-3, "{}", sums[at]);
                u8s[at] = bytes[at];
            }
            assert!(u8s == bytes, "{divisor}, {simd:?}");
            let f32s = samples_of::<f32, f32>(&finish(Depth::F32, Depth::F32), simd, &[&sums]);
            assert_eq!(f32s, floats, "{divisor}, {simd:?}");
        }
    }
}

#[test]
fn the_range_is_that_of_the_finite_numerators_without_alpha() {
    let mut sums: Vec<f32> = (0..1000_u32)
        .map(|i| i.wrapping_mul(2_654_435_761) as f32 / 1e7 - 60.0)
        .collect();
    sums[3] = f32::NAN;
    sums[200] = f32::INFINITY;
    sums[201] = f32::NEG_INFINITY;
    let kernels = [kernel(&[1.0], 2.0, 0.25)];
    for map in [Map::Clamp, Map::Abs, Map::Stretch] {
        let finish = Finish::new(
            &kernels,
            None,
            map,
            [Depth::F32, Depth::U8],
            true,
            LaneKind::F32,
            &[0.0; 8],
        );
        for len in [0, 1, 3, 4, 127, 128, 129, 255, 1000] {
            for channels in 1..=4 {
                for skip_alpha in [false, true] {
                    let row = &sums[..len / channels * channels];
                    let counted = (row.iter().enumerate())
                        .filter(|(at, _)| !skip_alpha || at % channels < channels - 1)
                        .map(|(_, &sum)| f64::from(sum) + 0.5)
                        .map(|n| if map == Map::Abs { n.abs() } else { n })
                        .filter(|n| n.is_finite());
                    let expected = counted.fold(ResponseRange::EMPTY, |range, n| {
                        range.join(ResponseRange { low: n, high: n })
                    });
                    for simd in Simd::available() {
                        let range = finish.range(simd, &[row], channels, skip_alpha);
                        let case = format!("{map} {len} {channels} {skip_alpha} {simd:?}");
                        assert!(close(range.low, expected.low), "{case}");
                        assert!(close(range.high, expected.high), "{case}");
                    }
                }
            }
        }
    }
}

/// The same infinity, or equal but for a rounding in `f32`.
fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-6 * b.abs()
}

#[test]
fn what_is_clipped_by_more_than_rounding_is_told() {
    let clipped = |map, from, to, divisor: f64, [low, high]: [f64; 2]| {
        let kernels = [kernel(&[1.0], divisor, 0.0)];
        let finish = Finish::new(
            &kernels,
            None,
            map,
            [from, to],
            true,
            LaneKind::F32,
            &[0.0; 8],
        );
        finish
            .clipped(ResponseRange { low, high })
            .map(|[responses, _]| responses)
    };
    let (f32, u8, u16) = (Depth::F32, Depth::U8, Depth::U16);
    for (map, to, divisor, numerators, expected) in [
        (Map::Clamp, u8, 1.0, [-3.0, 812.0], Some([-3.0, 812.0])),
        (Map::Clamp, u16, 4.0, [-3.0, 812.0], Some([-0.75, 203.0])),
        (Map::Clamp, u8, 1.0, [0.25, 1.25], Some([0.25, 1.25])),
        (Map::Offset, u8, 1.0, [-0.75, 0.0], Some([-0.25, 0.5])),
        (Map::Offset, u8, 1.0, [-0.5, 0.5], None),
        (Map::Clamp, u8, 1.0, [0.0, 1.0], None),
        // Less than half a sample on 8 bits, more on 16.
        (Map::Clamp, u8, 1.0, [-0.0019, 1.0019], None),
        (Map::Clamp, u16, 1.0, [0.0, 1.0019], Some([0.0, 1.0019])),
        (Map::Stretch, u8, 1.0, [-3.0, 812.0], None),
        (Map::Clamp, f32, 1.0, [-3.0, 812.0], None),
    ] {
        let found = clipped(map, f32, to, divisor, numerators);
        assert_eq!(found, expected, "{map} {to} {numerators:?}");
    }
    assert_eq!(clipped(Map::Clamp, u8, u16, 1.0, [-3.0, 812.0]), None);
    let finish = |map| {
        Finish::new(
            &[kernel(&[1.0], 1.0, 0.0)],
            None,
            map,
            [f32, u8],
            true,
            LaneKind::F32,
            &[0.0; 8],
        )
    };
    assert_eq!(finish(Map::Clamp).clipped(ResponseRange::EMPTY), None);
    assert_eq!(finish(Map::Offset).clipped(ResponseRange::EMPTY), None);
}

/// Counts with and without the samples, of rows of several lengths, of kernels of one and two,
/// against a look at every response.
#[test]
fn clipped_responses_are_counted_in_every_way() {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    let float = |lane| [Depth::F32, lane];
    for [from, to] in [
        [Depth::U8; 2],
        [Depth::U16; 2],
        float(Depth::U8),
        float(Depth::U16),
    ] {
        for (map, combine) in [
            (Map::Clamp, None),
            (Map::Abs, None),
            (Map::Clamp, Some(Combine::Max)),
            (Map::Clamp, Some(Combine::Magnitude)),
        ] {
            for (len, channels, skip_alpha) in [(1, 1, false), (700, 4, true), (20_000, 1, false)] {
                let kernels =
                    vec![kernel(&[2.0, -2.0], 1.0, 0.0); if combine.is_some() { 2 } else { 1 }];
                let finish =
                    |lane| Finish::new(&kernels, combine, map, [from, to], true, lane, &[0.0; 2]);
                let [finish, of_i16] = [LaneKind::F32, LaneKind::I16].map(finish);
                // Most blocks are within the range; a few numbers are not, or none.
                let white = from.full_scale() as f32;
                let mut sum = |at: usize| match (at / 300 % 3, next() % 8) {
                    (0, _) | (1, 1..) => white * (0.1 + 0.8 * (next() % 1000) as f32 / 1000.0),
                    (_, 0) if from.is_float() && next().is_multiple_of(4) => f32::NAN,
                    _ => white * ((next() % 4000) as f32 / 1000.0 - 2.0),
                };
                let rows: Vec<Vec<f32>> = (kernels.iter())
                    .map(|_| {
                        (0..len)
                            .map(&mut sum)
                            .map(|s| match from.is_float() {
                                true => s,
                                false => s.round(),
                            })
                            .collect()
                    })
                    .collect();
                let sums: Vec<&[f32]> = rows.iter().map(|row| &**row).collect();
                let mut expected = Clipped {
                    of: (len - if skip_alpha { len / channels } else { 0 }) as u64,
                    ..Clipped::default()
                };
                for at in (0..len).filter(|at| !skip_alpha || at % channels < channels - 1) {
                    let of = |k: usize| f64::from(rows[k][at]);
                    let response = match combine {
                        None => of(0),
                        Some(Combine::Max) if of(0).is_nan() || of(1).is_nan() => f64::NAN,
                        Some(Combine::Max) => of(0).max(of(1)),
                        _ => of(0).hypot(of(1)),
                    };
                    let response = response * to.full_scale() / from.full_scale();
                    let response = if map == Map::Abs {
                        response.abs()
                    } else {
                        response
                    };
                    if response.is_nan() {
                        expected.not_a_number += 1;
                    } else if response < -0.5 {
                        expected.below += 1;
                    } else if response >= to.full_scale() + 0.5 {
                        expected.above += 1;
                    }
                }
                // The same sums modulo 2^16.
                let sums_i16 = |row: &Vec<f32>| row.iter().map(|&s| s as i32 as i16).collect();
                let rows_i16: Vec<Vec<i16>> = rows.iter().map(sums_i16).collect();
                let sums_i16: Vec<&[i16]> = rows_i16.iter().map(|row| &**row).collect();
                for simd in Simd::available() {
                    let mut samples = Samples::zeroed(to, len).unwrap();
                    finish.apply(simd, &sums, samples.as_mut_slice(), &mut Vec::new());
                    let tallying = finish.tallying(channels, skip_alpha);
                    for samples in [None, Some(samples.as_slice())] {
                        let with_samples = samples.is_some();
                        let case = format!(
                            "{from} to {to}, {map}, {combine:?}, {len}, {simd:?}, {with_samples}"
                        );
                        let tally = tallying.row(simd, &sums, samples);
                        assert_eq!(tally.clipped, expected, "{case}");
                        if from == Depth::U8 {
                            let tallying = of_i16.tallying(channels, skip_alpha);
                            let tally = tallying.row(simd, &sums_i16, samples);
                            assert_eq!(tally.clipped, expected, "i16, {case}");
                        }
                    }
                }
            }
        }
    }
}

/// Ties at an end of the type are clipped as they are rounded: 255.5 becomes 256, and -0.5
/// becomes 0.
#[test]
fn ties_at_the_ends_are_counted_as_they_are_rounded() {
    for divisor in [2_i16, 4, 8] {
        let kernels = [kernel(&[-9.0, 9.0], divisor.into(), 0.0)];
        let (half, tie) = (divisor / 2, 255 * divisor + divisor / 2);
        let integers = [tie, tie - 1, half, -half, 1 - tie, -tie];
        let floats = integers.map(f32::from);
        for (map, [below, above]) in [(Map::Clamp, [2, 1]), (Map::Abs, [0, 2])] {
            let expected = Clipped {
                of: 6,
                below,
                above,
                not_a_number: 0,
            };
            let finish =
                |lane| Finish::new(&kernels, None, map, [Depth::U8; 2], true, lane, &[0.0]);
            let [of_i16, of_f32] = [LaneKind::I16, LaneKind::F32].map(finish);
            for simd in Simd::available() {
                let case = format!("{divisor}, {map}, {simd:?}");
                let tally = of_i16.tallying(1, false).row(simd, &[&integers], None);
                assert_eq!(tally.clipped, expected, "{case}");
                let tally = of_f32.tallying(1, false).row(simd, &[&floats], None);
                assert_eq!(tally.clipped, expected, "{case}");
                let finish = &of_i16.in_registers(LaneKind::I16, false).unwrap();
                let sums = &integers.repeat(32);
                let (_, clipped) = simd.run(InRegisters { finish, sums });
                assert_eq!([clipped.below, clipped.above], [32 * below, 32 * above]);
            }
        }
    }
}
