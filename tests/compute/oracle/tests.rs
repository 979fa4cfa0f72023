//! The random cases, and the oracle's own tests.

use std::{env, fs};

use stridekern::{
    Border, Channel, Combine, Depth, Extent, LaneKind, Map, Method, Overflow, Rounding, Tuning,
    simd::Simd,
};

use super::{
    EXACT_RANGES, EXACT_WEIGHTS, FLOAT_BOUND, NEAREST_FLOATS,
    cases::{WeightKind, case, pick},
    compare::{Outcome, Promise, run},
    exact::{Format, Numerator, Ratio, Scale, decimal},
    report::{Key, Report},
    response::{Case, Exact, Factor, Right, Wanted, Weights},
    samples::image,
};
use crate::common::Random;

/// Every way to run a filter on this machine.
pub(super) fn tunings() -> Vec<Tuning> {
    let lanes = [LaneKind::I16, LaneKind::F32, LaneKind::F64].map(Some);
    let mut all = Vec::new();
    for lane in lanes.into_iter().chain([None]) {
        for simd in Simd::available() {
            for method in Method::ALL {
                let tuning = Tuning::default().with_method(method).with_threads(1);
                all.push(tuning.with_lane(lane).with_simd(simd));
            }
        }
    }
    all
}

/// Whether the library keeps what it promises today.
fn is_kept(key: &Key, outcome: &Outcome) -> bool {
    let whole = key.weights == WeightKind::Integers;
    let has = |depths: &[Depth]| depths.contains(&key.from) || depths.contains(&key.to);
    // Results of 64 bits are beyond what f64 holds, and squares of 32 bits as well.
    let long = has(&[Depth::U64, Depth::I64]);
    let squares = long || has(&[Depth::U32, Depth::I32]);
    match key.promise {
        _ if key.is_ranged() && (!whole || long) && !EXACT_RANGES => true,
        Promise::Rounded if !EXACT_WEIGHTS && !whole => true,
        Promise::Nearest if !NEAREST_FLOATS && (!whole || squares) => outcome.worst <= 1.0,
        Promise::Bounded | Promise::Reached if !FLOAT_BOUND => true,
        _ => outcome.wrong.is_empty(),
    }
}

fn count() -> u64 {
    match env::var("STRIDEKERN_ORACLE_CASES") {
        Ok(count) => count.parse().expect("a number of cases"),
        Err(_) => 5_000,
    }
}

#[test]
fn random_cases_give_the_exact_response() {
    let report_to = env::var_os("STRIDEKERN_ORACLE_REPORT");
    let tunings = tunings();
    let mut report = Report::default();
    let mut random = Random(0x0c1e);
    for number in 0..count() {
        let (case, weights) = case(number);
        let exact = Exact::new(&case);
        let mut ways = vec![Tuning::default().with_threads(1)];
        ways.extend((0..4).map(|_| {
            let tuning = pick(&mut random, &tunings);
            let band_rows = 1 + random.below(9) as usize;
            tuning.with_band_rows(Some(band_rows).filter(|rows| *rows < 5))
        }));
        report.cases += 1;
        for tuning in ways {
            let Some(outcome) = run(&case, &exact, &tuning) else {
                report.refuse();
                continue;
            };
            report.add(number, &case, weights, &outcome);
            let key = Report::key(&case, weights, &outcome);
            assert!(
                report_to.is_some() || is_kept(&key, &outcome),
                "case {number}: {key:?}\n{:?}\n{:?}\n{:?}\n{}",
                outcome.wrong[0],
                outcome.tuning,
                case.filter(),
                report.text()
            );
        }
    }
    if let Some(path) = report_to {
        fs::write(path, report.text()).unwrap();
    }
}

fn integer(n: i64) -> Numerator {
    Numerator::Whole(n.into())
}

fn scale(mul: i64, add: i64, div: i64) -> Scale {
    let [mul, add, div] = [mul, add, div].map(Into::into);
    Scale { mul, add, div }
}

#[test]
fn the_oracle_reads_decimals_as_written() {
    for (value, digits) in [
        (0.1, Some((1, 1))),
        (-2.5, Some((-25, 1))),
        (1e20, None),
        (0.333_333, Some((333_333, 6))),
        (0.333_333_3, None),
        (1.0 / 3.0, None),
        (0.1_f64.next_up(), None),
        (7.0, Some((7, 0))),
        (1e-300, None),
    ] {
        assert_eq!(decimal(value), digits, "{value}");
    }
    // 0.1 + 0.2 - 0.3 is nothing, of floats 2^-54.
    let sum = |of: fn(f64) -> Ratio| of(0.1).plus(&of(0.2)).plus(&of(-0.3));
    assert_eq!(sum(Ratio::written).approximate(), 0.0);
    let floats = |v| Ratio::dyadic(super::exact::Dyadic::of(v));
    assert_eq!(
        sum(floats).approximate(),
        2_f64.powi(-55) + 2_f64.powi(-56) - 2_f64.powi(-56)
    );
}

#[test]
fn the_oracle_rounds_to_nearest_and_ties_to_even() {
    for n in -400..=400_i64 {
        for div in 1..=12 {
            // Of quotients of small integers f64 is a tie where the quotient is one.
            let nearest = (n as f64 / div as f64).round_ties_even();
            let exact = scale(1, 0, div).nearest(&integer(n));
            assert_eq!(
                exact,
                num_bigint::BigInt::from(nearest as i64),
                "{n} / {div}"
            );
        }
    }
    // Roots of squares of halves are ties, others not.
    for half in 0..200_i64 {
        for (off, wanted) in [
            (0, (half as f64 / 2.0).round_ties_even()),
            (1, (half as f64 / 2.0 + 1e-9).round()),
        ] {
            let root = Numerator::Root((half * half + off).into());
            let got = scale(1, 0, 2).nearest(&root);
            if off == 0 || half > 0 {
                assert_eq!(got, num_bigint::BigInt::from(wanted as i64), "{half} {off}");
            }
        }
    }
}

#[test]
fn the_oracle_rounds_to_the_nearest_float() {
    let mut random = Random(0xf1a);
    for _ in 0..20_000 {
        let (n, d) = (
            random.between(-1 << 52, 1 << 52),
            random.between(1, 1 << 20),
        );
        let [n, d] = [n >> random.below(52), d >> random.below(20) | 1];
        // Division of integers below 2^53 is correctly rounded.
        let nearest = scale(1, 0, d).nearest_float(&integer(n), Format::F64);
        assert_eq!(nearest, n as f64 / d as f64, "{n} / {d}");
    }
    let f32_of = |n: i64, d: i64| scale(1, 0, d).nearest_float(&integer(n), Format::F32);
    // One above and below the tie between 1 and the next float.
    let tie = (1 << 25) + 2;
    assert_eq!(f32_of(tie, 1 << 25), 1.0);
    assert_eq!(
        f32_of(tie * 1000 + 1, 1000 << 25),
        f64::from(1_f32.next_up())
    );
    assert_eq!(f32_of(3, 3), 1.0);
    // The smallest float, and half of it, which is a tie with 0.
    let small = |mul: i64, shift: u64| Scale {
        mul: mul.into(),
        add: 0.into(),
        div: num_bigint::BigInt::from(1) << shift,
    };
    let one = integer(1);
    assert_eq!(
        small(1, 149).nearest_float(&one, Format::F32),
        2_f64.powi(-149)
    );
    assert_eq!(small(1, 150).nearest_float(&one, Format::F32), 0.0);
    assert_eq!(
        small(3, 151).nearest_float(&one, Format::F32),
        2_f64.powi(-149)
    );
    let large = Numerator::Whole(num_bigint::BigInt::from(1) << 128_u64);
    assert_eq!(
        scale(1, 0, 1).nearest_float(&large, Format::F32),
        f64::INFINITY
    );
    let root = Numerator::Root(2.into());
    assert_eq!(
        scale(1, 0, 1).nearest_float(&root, Format::F64),
        2_f64.sqrt()
    );
}

fn by_hand(case: &Case) -> Vec<i128> {
    let of = |wanted: &Wanted| match wanted {
        Wanted::Response {
            right: Right::Integer(sample),
            ..
        }
        | Wanted::Alpha {
            right: Right::Integer(sample),
            ..
        } => *sample,
        other => panic!("{other:?} is no integer"),
    };
    Exact::new(case).wanted.iter().map(of).collect()
}

#[test]
fn the_oracle_gives_what_is_computed_by_hand() {
    let picture = image(Depth::U8, [2, 3, 1], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let row = |weights: &[f64]| Weights::new([1, weights.len()], weights.to_vec());
    let case = |weights: &[f64]| Case::new(picture.clone(), row(weights));
    let mut cases: Vec<(Case, &[i128])> = vec![(case(&[1.0, 2.0]), &[5, 8, 14, 17])];
    let mut add = |change: &dyn Fn(&mut Case), weights: &[f64], wanted| {
        let mut changed = case(weights);
        change(&mut changed);
        cases.push((changed, wanted));
    };
    add(&|c| c.kernels[0].flip = true, &[1.0, 2.0], &[4, 7, 13, 16]);
    // The anchor of two is the second.
    let wrap = Extent::Same(Border::Wrap);
    add(&|c| c.extent = wrap, &[1.0, 2.0], &[5, 5, 8, 14, 14, 17]);
    let first = |c: &mut Case| {
        c.extent = wrap;
        c.kernels[0].anchor = [0, 0];
    };
    add(&first, &[1.0, 2.0], &[5, 8, 5, 14, 17, 14]);
    // cb|abc|ba, seen by every second sample.
    let reflect = |c: &mut Case| {
        c.extent = Extent::Same(Border::Reflect);
        c.dilation = [1, 2];
    };
    add(&reflect, &[1.0, 0.0, 2.0], &[9, 6, 3, 18, 15, 12]);
    let constant = |c: &mut Case| {
        c.extent = Extent::Same(Border::Constant(7.0));
        c.step = [1, 2];
    };
    add(&constant, &[1.0; 3], &[10, 12, 16, 18]);
    let halves = |c: &mut Case| c.kernels[0].divisor = 2.0;
    add(&halves, &[1.0], &[0, 1, 2, 2, 2, 3]);
    let magnitude = |c: &mut Case| {
        c.kernels.push(row(&[4.0]));
        c.kernels.iter_mut().for_each(|kernel| kernel.divisor = 2.0);
        c.combine = Some(Combine::Magnitude);
    };
    add(&magnitude, &[3.0], &[2, 5, 8, 10, 12, 15]);
    let max = |c: &mut Case| {
        c.kernels.push(row(&[-2.0]));
        c.kernels[1].bias = 1.0;
        c.combine = Some(Combine::Max);
    };
    add(&max, &[50.0], &[253, 251, 249, 247, 250, 255]);
    let of = |combine: Combine, ratio: [u64; 2], is_root: bool| {
        move |c: &mut Case| {
            c.kernels.push(row(&[-4.0]));
            c.combine = Some(combine);
            c.factor = Factor { ratio, is_root };
        }
    };
    // Of samples from 1 to 6 and responses 3 and -4 times these.
    let plain = [1, 1];
    add(
        &of(Combine::Mean, [3, 1], false),
        &[9.0],
        &[8, 15, 22, 30, 38, 45],
    );
    add(
        &of(Combine::AbsSum, [1, 2], false),
        &[3.0],
        &[4, 7, 10, 14, 18, 21],
    );
    add(
        &of(Combine::AbsMax, plain, false),
        &[3.0],
        &[4, 8, 12, 16, 20, 24],
    );
    add(&of(Combine::ArgMax, plain, false), &[-5.0], &[1; 6]);
    add(&of(Combine::ArgMax, plain, false), &[-4.0], &[0; 6]);
    // 5 / sqrt(2) is 3.54.
    add(
        &of(Combine::Magnitude, [1, 2], true),
        &[3.0],
        &[4, 7, 11, 14, 18, 21],
    );
    add(&|c| c.map = Map::Abs, &[-1.0], &[1, 2, 3, 4, 5, 6]);
    let ruled = |rounding, overflow| {
        move |c: &mut Case| {
            (c.rounding, c.overflow) = (rounding, overflow);
            c.kernels[0].divisor = 2.0;
        }
    };
    let truncated = ruled(Rounding::TowardZero, Overflow::Wrap);
    add(&truncated, &[-1.0], &[0, 255, 255, 254, 254, 253]);
    let up = ruled(Rounding::NearestUp, Overflow::Saturate);
    add(&up, &[1.0], &[1, 1, 2, 2, 3, 3]);
    // -1 + 1 to -6 + 1, over 2, and 10.
    let divided = move |c: &mut Case| {
        ruled(Rounding::IntegerDivision, Overflow::Wrap)(c);
        c.kernels[0].bias = 10.0 / 255.0;
    };
    add(&divided, &[-1.0], &[10, 10, 9, 9, 8, 8]);
    add(
        &|c| c.map = Map::Offset,
        &[-1.0],
        &[127, 126, 125, 124, 123, 122],
    );
    let wide = |c: &mut Case| {
        c.kernels[0].divisor = 2.0;
        c.to = Some(Depth::U16);
    };
    add(&wide, &[1.0], &[128, 257, 386, 514, 642, 771]);
    add(
        &|c| c.map = Map::Stretch,
        &[0.3],
        &[0, 51, 102, 153, 204, 255],
    );
    add(
        &|c| c.map = Map::Symmetric,
        &[0.0, 1.0 / 3.0],
        &[170, 191, 234, 255],
    );
    add(&|c| c.map = Map::Symmetric, &[0.0], &[128; 6]);
    let luma = |c: &mut Case| {
        c.image = image(Depth::U8, [1, 1, 3], &[100.0, 50.0, 25.0]);
        c.channel = Channel::Luma;
    };
    // 21.26 + 35.76 + 1.805 is 58.825.
    add(&luma, &[2.0], &[118]);
    let alpha = |c: &mut Case| c.image = image(Depth::U8, [1, 2, 2], &[10.0, 200.0, 20.0, 100.0]);
    add(&alpha, &[2.0], &[20, 200, 40, 100]);
    // 0.1 x 5 is a tie, and the float above 0.1 passes it.
    let fives = |c: &mut Case| c.image = image(Depth::U8, [1, 1, 1], &[5.0]);
    add(&fives, &[0.1], &[0]);
    add(&fives, &[0.1_f64.next_up()], &[1]);
    for (case, wanted) in &cases {
        assert_eq!(by_hand(case), *wanted, "{case:?}");
    }
}
