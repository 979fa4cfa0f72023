//! Images with missing samples, against the formula in exact integers or in loops of `f64`.

use std::{collections::BTreeMap, path::Path};

use stridekern::{
    Alpha, Border, Channel, Combine, Depth, Extent, Filter, Image, ImageView, Kernel, KernelBank,
    Map, Mask, Method, Missing, Samples, Tuning,
    image::{Bool, f16},
    simd::Simd,
};

use crate::common::{Random, apply, border_source};

/// Samples of any type.
fn samples(depth: Depth, numbers: &[f64]) -> Samples {
    let n = numbers.iter().copied();
    match depth {
        Depth::U8 => Samples::U8(n.map(|n| n as u8).collect()),
        Depth::U16 => Samples::U16(n.map(|n| n as u16).collect()),
        Depth::U32 => Samples::U32(n.map(|n| n as u32).collect()),
        Depth::U64 => Samples::U64(n.map(|n| n as u64).collect()),
        Depth::I8 => Samples::I8(n.map(|n| n as i8).collect()),
        Depth::I16 => Samples::I16(n.map(|n| n as i16).collect()),
        Depth::I32 => Samples::I32(n.map(|n| n as i32).collect()),
        Depth::I64 => Samples::I64(n.map(|n| n as i64).collect()),
        Depth::Bool => Samples::Bool(n.map(|n| Bool::from(n != 0.0)).collect()),
        Depth::F16 => Samples::F16(n.map(f16::from_f64).collect()),
        Depth::F32 => Samples::F32(n.map(|n| n as f32).collect()),
        Depth::F64 => Samples::F64(n.collect()),
        _ => panic!("the tests know no other"),
    }
}

fn image([rows, columns, channels]: [usize; 3], depth: Depth, numbers: &[f64]) -> Image {
    Image::new(rows, columns, channels, samples(depth, numbers)).unwrap()
}

fn numbers(image: &Image) -> Vec<f64> {
    ImageView::from(image).numbers().collect()
}

/// A convolution with missing samples: `missing` is beside every number.
struct Case {
    shape: [usize; 3],
    numbers: Vec<f64>,
    missing: Vec<bool>,
    /// The border's constant is missing.
    missing_constant: bool,
    kernel: Kernel,
    extent: Extent,
    step: [usize; 2],
    dilation: [usize; 2],
}

impl Case {
    /// Rows and columns of the result.
    fn output(&self) -> [usize; 2] {
        let size = [self.kernel.rows(), self.kernel.columns()];
        [0, 1].map(|axis| match self.extent {
            Extent::Valid => {
                let reach = (size[axis] - 1) * self.dilation[axis];
                (self.shape[axis] - reach).div_ceil(self.step[axis])
            }
            _ => self.shape[axis].div_ceil(self.step[axis]),
        })
    }

    /// Every weight of a window with its sample, if that is present.
    fn window(&self, [y, x, c]: [usize; 3]) -> Vec<(f64, Option<f64>)> {
        let borders = self.extent.borders();
        let source = |axis: usize, out: usize, tap: usize| {
            let at = (out * self.step[axis] + tap * self.dilation[axis]) as i64;
            match borders {
                None => Some(at as usize),
                Some(borders) => {
                    let before = self.kernel.anchor()[axis] * self.dilation[axis];
                    border_source(borders[axis], at - before as i64, self.shape[axis])
                }
            }
        };
        let constant = |axis: usize| match borders.unwrap()[axis] {
            Border::Constant(value) => (!self.missing_constant).then_some(value),
            _ => unreachable!(),
        };
        let mut taps = Vec::new();
        for i in 0..self.kernel.rows() {
            for j in 0..self.kernel.columns() {
                let sample = match (source(0, y, i), source(1, x, j)) {
                    (Some(row), Some(column)) => {
                        let at = (row * self.shape[1] + column) * self.shape[2] + c;
                        (!self.missing[at]).then(|| self.numbers[at])
                    }
                    (None, Some(_)) => constant(0),
                    (_, None) => constant(1),
                };
                taps.push((self.kernel.weights()[[i, j]], sample));
            }
        }
        taps
    }

    /// What is made of every window.
    fn windows<T>(&self, mut made: impl FnMut(Vec<(f64, Option<f64>)>) -> T) -> Vec<T> {
        let [rows, columns] = self.output();
        let mut all = Vec::new();
        for y in 0..rows {
            for x in 0..columns {
                for c in 0..self.shape[2] {
                    all.push(made(self.window([y, x, c])));
                }
            }
        }
        all
    }

    fn filter(&self) -> Filter {
        Filter::new(self.kernel.clone())
            .with_channel(Channel::Each)
            .with_extent(self.extent)
            .with_step(self.step)
            .with_dilation(self.dilation)
    }
}

/// Numerator and denominator of A + (S - P) B / Q, in units of 1 / `over` of a weight; `None`
/// without present weight. The second is the share of the weight that is present.
fn exact(taps: &[(f64, Option<f64>)], over: f64) -> (Option<[i128; 2]>, f64) {
    let [mut a, mut p, mut b, mut q, mut s, mut t] = [0_i128; 6];
    for &(weight, sample) in taps {
        let weight = (weight * over) as i128;
        s += weight;
        t += weight.abs();
        if let Some(sample) = sample {
            let sample = sample as i128;
            a += weight * sample;
            p += weight;
            b += weight.abs() * sample;
            q += weight.abs();
        }
    }
    let share = q as f64 / t as f64;
    match q {
        _ if q == t => (Some([a, 1]), 1.0),
        0 => (None, share),
        _ => (Some([a * q + (s - p) * b, q]), share),
    }
}

/// To the nearest integer, ties to even.
fn rounded(numerator: i128, denominator: i128) -> i128 {
    let [n, d] = [numerator, denominator].map(|n| n * denominator.signum());
    let (floor, twice) = (n.div_euclid(d), 2 * n.rem_euclid(d));
    floor + i128::from(twice > d || (twice == d && floor % 2 != 0))
}

const EXTENTS: [Extent; 6] = [
    Extent::Valid,
    Extent::Same(Border::Constant(1.0)),
    Extent::Same(Border::Edge),
    Extent::Same(Border::Reflect),
    Extent::Same(Border::Symmetric),
    Extent::Same(Border::Wrap),
];

const INTEGERS: [Depth; 9] = [
    Depth::U8,
    Depth::U16,
    Depth::U32,
    Depth::U64,
    Depth::I8,
    Depth::I16,
    Depth::I32,
    Depth::I64,
    Depth::Bool,
];

/// The tuning of a case, one after the other of all.
fn tuning(random: &mut Random) -> Tuning {
    let levels = Simd::available();
    Tuning::default()
        .with_simd(levels[random.below(levels.len() as u64) as usize])
        .with_threads([None, Some(1)][random.below(2) as usize])
        .with_band_rows([None, Some(1), Some(5)][random.below(3) as usize])
        .with_method([None, Some(Method::Direct)][random.below(2) as usize])
}

/// A random case of which every `share`-th of a hundred samples is missing.
fn case(
    random: &mut Random,
    depth: Depth,
    share: u64,
    weight: impl Fn(&mut Random) -> f64,
) -> Case {
    let mut below = |n: u64| random.below(n) as usize;
    let extent = EXTENTS[below(6)];
    let size = [1 + below(5), 1 + below(5)];
    let dilation = [1 + below(2), 1 + below(2)];
    let step = [1 + below(2), 1 + below(3)];
    let width = [12, 200][below(2)];
    // Wider than a block, or narrower than the kernel.
    let mut shape = [
        1 + below(14),
        1 + below(width),
        // Two have alpha, which is copied.
        [1, 3][below(2)],
    ];
    if extent == Extent::Valid {
        shape[0] += 8;
        shape[1] += 8;
    }
    let len = shape.iter().product();
    let [low, high] = match depth {
        Depth::I8 => [-128, 127],
        Depth::I16 => [-32_768, 32_767],
        Depth::U16 => [0, 65_535],
        Depth::I32 | Depth::I64 => [-(1 << 30), 1 << 30],
        Depth::U32 | Depth::U64 => [0, 1 << 31],
        Depth::Bool => [0, 1],
        _ => [0, 255],
    };
    let numbers = (0..len).map(|_| random.between(low, high) as f64).collect();
    let missing = (0..len).map(|_| random.below(100) < share).collect();
    let weights = (0..size[0] * size[1]).map(|_| weight(random)).collect();
    Case {
        shape,
        numbers,
        missing,
        missing_constant: false,
        kernel: Kernel::new(size[0], size[1], weights).unwrap(),
        extent,
        step,
        dilation,
    }
}

/// Weights of one sign, of both, of sum zero where `rest` is the last; integers or fractions
/// that are no short decimals.
fn kinds() -> [(f64, [i64; 2]); 5] {
    let over = f64::from(1 << 30);
    [
        (1.0, [1, 9]),
        (1.0, [-9, 0]),
        (1.0, [-5, 5]),
        (over, [1, 1 << 28]),
        (over, [-(1 << 28), 1 << 28]),
    ]
}

#[test]
fn integers_are_the_exact_responses_rounded_once() {
    let mut random = Random(41);
    let (mut cases, mut ties) = (0, 0);
    for round in 0..24 {
        for depth in INTEGERS {
            for (over, [low, high]) in kinds() {
                let share = [0, 5, 30, 80, 97, 100][round % 6];
                let weight = |random: &mut Random| random.between(low, high) as f64 / over;
                let mut case = case(&mut random, depth, share, weight);
                let divisor = random.between(1, 12);
                let kernel = case.kernel.with_divisor(divisor as f64).unwrap();
                let offset = random.between(-3, 3);
                case.kernel = kernel.with_offset(offset as f64).unwrap();
                let [least, most] = depth.range().map(|end| end as i128);
                let wanted = case.windows(|taps| match exact(&taps, over).0 {
                    None => 0,
                    Some([n, d]) => {
                        let d = d * over as i128 * i128::from(divisor);
                        let n = n + i128::from(offset) * d;
                        ties += usize::from((2 * n) % d == 0 && n % d != 0);
                        rounded(n, d).clamp(least, most)
                    }
                });
                let mask: Vec<f64> = case
                    .missing
                    .iter()
                    .map(|&m| f64::from(u8::from(m)))
                    .collect();
                let mask = Mask::new(&image(case.shape, Depth::U8, &mask)).unwrap();
                let image = image(case.shape, depth, &case.numbers);
                let filter = case.filter().ignoring(Missing::mask(mask));
                let made = apply(&filter, &image, &tuning(&mut random));
                let made: Vec<i128> = numbers(&made).iter().map(|&n| n as i128).collect();
                assert_eq!(
                    made, wanted,
                    "{depth} {over} {low} {share} {:?} {:?} {:?}",
                    case.extent, case.kernel, case.shape
                );
                cases += 1;
            }
        }
    }
    assert!(cases == 1080 && ties > 5000, "{cases} cases, {ties} ties");
}

/// A + (S - P) B / Q in `f64`, and the magnitude that errors are relative to.
fn real(taps: &[(f64, Option<f64>)]) -> Option<[f64; 2]> {
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        taps.iter().filter_map(|&(w, s)| s.map(|s| of(w, s))).sum()
    };
    let [a, p] = [sum(&|w, s| w * s), sum(&|w, _| w)];
    let [b, q] = [sum(&|w, s| w.abs() * s), sum(&|w, _| w.abs())];
    let all: f64 = taps.iter().map(|(w, _)| w).sum();
    let abs: f64 = taps.iter().map(|(w, _)| w.abs()).sum();
    let largest = taps
        .iter()
        .filter_map(|(_, s)| *s)
        .fold(0.0, |l: f64, s| l.max(s.abs()));
    let complete = taps.iter().all(|(_, s)| s.is_some());
    let response = if complete { a } else { a + (all - p) * b / q };
    (q > 0.0).then_some([response, abs * largest])
}

/// Samples of every float type, missing as NaN or by a value, at small and large magnitudes.
#[test]
fn floats_are_the_formula_in_f64() {
    let mut random = Random(43);
    let mut present = 0;
    for depth in [Depth::F16, Depth::F32, Depth::F64] {
        for magnitude in [1e-3, 1.0, 200.0, 1e30] {
            if depth == Depth::F16 && magnitude > 1e3 {
                continue;
            }
            for share in [0, 10, 50, 95, 100] {
                for signs in [false, true] {
                    for by_value in [false, true] {
                        let weight = |random: &mut Random| {
                            let w = random.below(1 << 20) as f64 / f64::from(1 << 20);
                            if signs { w - 0.5 } else { w }
                        };
                        let mut case = case(&mut random, depth, share, weight);
                        let value = if by_value { -9999.0 } else { f64::NAN };
                        let exact: Vec<f64> =
                            case.numbers.iter().map(|n| n * magnitude / 255.0).collect();
                        // As the type holds them.
                        case.numbers = numbers(&image(case.shape, depth, &exact));
                        let stored = case.numbers.iter().zip(&case.missing);
                        let stored: Vec<f64> =
                            stored.map(|(&n, &m)| if m { value } else { n }).collect();
                        let filter = case.filter().ignoring(Missing::value(value));
                        let made = image(case.shape, depth, &stored);
                        let made = apply(&filter, &made, &tuning(&mut random));
                        // As `-9999` is read back from the type.
                        let value = numbers(&image([1, 1, 1], depth, &[value]))[0];
                        let precision = match depth {
                            Depth::F16 => 2_f64.powi(-11),
                            Depth::F32 => 2_f64.powi(-24),
                            _ => 0.0,
                        };
                        for (made, wanted) in numbers(&made).iter().zip(case.windows(|t| real(&t)))
                        {
                            match wanted {
                                None => assert!(
                                    *made == value || (made.is_nan() && value.is_nan()),
                                    "{made}"
                                ),
                                Some([wanted, scale]) => {
                                    let smallest = if depth == Depth::F16 { 6e-8 } else { 0.0 };
                                    let allowed = wanted.abs() * precision + scale * 1e-13;
                                    present += 1;
                                    assert!(
                                        (made - wanted).abs() <= allowed * 1.01 + smallest,
                                        "{depth} {made} {wanted} {scale}"
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(present > 30_000, "{present}");
}

/// Only the far tail of a Gaussian lies on present samples: their mean is as exact as in the
/// middle of it.
#[test]
fn little_weight_is_as_good_as_much() {
    let (size, sigma) = (33, 1.5);
    let bell = |i: usize| (-(i as f64 - 16.0).powi(2) / (2.0 * sigma * sigma)).exp();
    let of = |turn: f64| {
        let weights = (0..size * size).map(|i| bell(i / size) * bell(i % size) + turn);
        Kernel::new(size, size, weights.collect()).unwrap()
    };
    // A product of two vectors, and no such product: a corner of weight 1e-49.
    let mut not_separable = of(0.0).as_slice().to_vec();
    not_separable[size * 16 + 15] *= 1.5;
    let not_separable = Kernel::new(size, size, not_separable).unwrap();
    for (kernel, method) in [
        (of(0.0), Method::Separable),
        (not_separable.clone(), Method::Direct),
        (not_separable, Method::Fft),
    ] {
        let mut stored = vec![f64::NAN; size * size];
        stored[0] = 1234.5;
        let alone = image([size, size, 1], Depth::F64, &stored);
        let filter = Filter::new(kernel.clone()).ignoring(Missing::nan());
        let tuning = Tuning::default().with_method(method);
        let made = numbers(&apply(&filter, &alone, &tuning))[0];
        let wanted = 1234.5 * kernel.sum();
        assert!(
            (made / wanted - 1.0).abs() < 1e-13,
            "{method:?}: {made} {wanted}"
        );
        stored[size * size - 1] = 0.5;
        let two = image([size, size, 1], Depth::F64, &stored);
        let made = numbers(&apply(&filter, &two, &tuning))[0];
        let wanted = (1234.5 + 0.5) / 2.0 * kernel.sum();
        assert!(
            (made / wanted - 1.0).abs() < 1e-12,
            "{method:?}: {made} {wanted}"
        );
    }
}

#[test]
fn kernels_of_sum_zero_are_zero_where_the_image_is_flat() {
    let mut random = Random(47);
    for name in ["laplacian4", "sobel_x", "log9"] {
        for depth in [Depth::I16, Depth::F32, Depth::F64] {
            let shape = [40, 50, 1];
            let stored: Vec<f64> = (0..2000)
                .map(|_| if random.below(3) == 0 { -1.0 } else { 8848.0 })
                .collect();
            let filter = Filter::new(KernelBank::resolve(name).unwrap())
                .with_extent(Border::Reflect)
                .with_map(Map::Float)
                .ignoring(Missing::value(-1.0));
            let made = numbers(&filter.apply(&image(shape, depth, &stored)).unwrap());
            let made = made.iter().filter(|&&n| n != -1.0);
            let largest = made.fold(0.0, |l: f64, n| l.max(n.abs()));
            assert!(largest <= 1e-7, "{name} {depth}: {largest}");
        }
    }
}

#[test]
fn without_missing_samples_the_result_is_the_same() {
    let mut random = Random(53);
    for depth in Depth::ALL {
        for (over, [low, high]) in kinds() {
            let weight = |random: &mut Random| random.between(low, high) as f64 / over;
            let mut case = case(&mut random, depth, 0, weight);
            case.kernel = case.kernel.with_divisor(7.0).unwrap();
            let mask = vec![0.0; case.numbers.len()];
            let mask = Mask::new(&image(case.shape, Depth::U8, &mask)).unwrap();
            let image = image(case.shape, depth, &case.numbers);
            let filter = case.filter();
            let plain = numbers(&filter.apply(&image).unwrap());
            let masked = filter.ignoring(Missing::mask(mask));
            let masked = numbers(&apply(&masked, &image, &tuning(&mut random)));
            for (masked, plain) in masked.iter().zip(plain) {
                let scale = case.kernel.abs_sum() / 7.0 * 255.0;
                let allowed = match depth {
                    Depth::F16 => 2_f64.powi(-11) * plain.abs() + 1e-5 * scale,
                    Depth::F32 => 1e-5 * scale,
                    Depth::F64 => 1e-13 * scale,
                    _ => 0.0,
                };
                assert!(
                    (masked - plain).abs() <= allowed,
                    "{depth} {masked} {plain}"
                );
            }
        }
    }
}

/// Neither threads, bands, regions nor SIMD levels change a sample.
#[test]
fn every_way_to_run_gives_the_same_samples() {
    let mut random = Random(59);
    for depth in [Depth::U8, Depth::I16, Depth::F64] {
        for (over, [low, high]) in kinds() {
            let weight = |random: &mut Random| random.between(low, high) as f64 / over;
            let mut case = case(&mut random, depth, 30, weight);
            case.missing = case.numbers.iter().map(|&n| n as i64 % 5 == 0).collect();
            let mask: Vec<f64> = case
                .missing
                .iter()
                .map(|&m| f64::from(u8::from(m)))
                .collect();
            let mask = Mask::new(&image(case.shape, Depth::Bool, &mask)).unwrap();
            let image = image(case.shape, depth, &case.numbers);
            let filter = case.filter().ignoring(Missing::mask(mask));
            let bits = |image: &Image| numbers(image).iter().map(|n| n.to_bits()).collect();
            let wanted: Vec<u64> = bits(&filter.apply(&image).unwrap());
            for simd in Simd::available() {
                for (threads, band_rows) in [(1, 1), (2, 3), (2, 7), (1, 100)] {
                    let tuning = Tuning::default()
                        .with_threads(threads)
                        .with_band_rows(band_rows)
                        .with_simd(depth.is_float().then(Simd::best).unwrap_or(simd));
                    let made: Vec<u64> = bits(&apply(&filter, &image, &tuning));
                    assert!(made == wanted, "{depth} {threads} {band_rows}");
                }
            }
            let plan = filter.plan(&image, &Tuning::default()).unwrap();
            let [rows, columns, channels] = plan.output_shape();
            let region = [rows / 3..rows, columns / 4..columns.div_ceil(2)];
            let shape = [region[0].len(), region[1].len(), channels];
            if shape.contains(&0) {
                continue;
            }
            let len = shape.iter().product();
            let mut part = self::image(shape, depth, &vec![0.0; len]);
            let [y, x] = region.clone();
            plan.runner()
                .unwrap()
                .run_region(&image, y, x, &mut part)
                .unwrap();
            let part: Vec<u64> = bits(&part);
            let mut at = part.iter();
            for y in region[0].clone() {
                for x in region[1].clone() {
                    for c in 0..channels {
                        let wanted = wanted[(y * columns + x) * channels + c];
                        assert_eq!(*at.next().unwrap(), wanted);
                    }
                }
            }
        }
    }
}

#[test]
fn windows_with_a_smaller_share_are_missing() {
    let mut random = Random(61);
    let (mut few, mut enough) = (0, 0);
    for share in [0.0, 0.2, 0.5, 0.75, 1.0] {
        for low in [1, -4] {
            let weight = |random: &mut Random| random.between(low, 4) as f64;
            let mut case = case(&mut random, Depth::I16, 30, weight);
            case.numbers.iter_mut().for_each(|n| *n /= 16.0);
            let stored = case.numbers.iter().zip(&case.missing);
            let stored: Vec<f64> = stored
                .map(|(&n, &m)| if m { -32_768.0 } else { n })
                .collect();
            case.numbers = numbers(&image(case.shape, Depth::I16, &stored));
            let wanted = case.windows(|taps| match exact(&taps, 1.0) {
                (Some([n, d]), present) if present >= share => {
                    enough += 1;
                    rounded(n, d).clamp(-32_768, 32_767)
                }
                _ => {
                    few += 1;
                    -32_768
                }
            });
            let missing = Missing::value(-32_768.0).with_min_share(share);
            let image = image(case.shape, Depth::I16, &stored);
            let made = case.filter().ignoring(missing).apply(&image).unwrap();
            let made: Vec<i128> = numbers(&made).iter().map(|&n| n as i128).collect();
            assert_eq!(made, wanted, "{share} {low}");
        }
    }
    assert!(few > 100 && enough > 100, "{few} {enough}");
}

/// A constant that is the value of missing samples is missing itself.
#[test]
fn constants_of_borders_may_be_missing() {
    let mut random = Random(67);
    for (depth, value) in [
        (Depth::F32, f64::NAN),
        (Depth::F32, -1.5),
        (Depth::F64, 0.0),
        (Depth::U8, 0.0),
    ] {
        for extent in [
            Extent::from(Border::Constant(value)),
            Extent::from([Border::Constant(value), Border::Constant(value)]),
        ] {
            let weight = |random: &mut Random| random.between(1, 4) as f64;
            let mut case = case(&mut random, depth, 0, weight);
            case.numbers.iter_mut().for_each(|n| *n = n.max(1.0));
            (case.extent, case.missing_constant) = (extent, true);
            let filter = case
                .filter()
                .with_map(Map::Float)
                .ignoring(Missing::value(value));
            let made = filter
                .apply(&image(case.shape, depth, &case.numbers))
                .unwrap();
            for (made, wanted) in numbers(&made).iter().zip(case.windows(|t| real(&t))) {
                let [wanted, scale] = wanted.unwrap();
                assert!((made - wanted).abs() <= 1e-7 * scale, "{made} {wanted}");
            }
        }
    }
}

/// Several kernels, each over its own window.
#[test]
fn banks_combine_the_responses_of_their_kernels() {
    let mut random = Random(71);
    let shape = [12, 30, 1];
    let stored: Vec<f64> = (0..360)
        .map(|_| {
            if random.below(4) == 0 {
                255.0
            } else {
                random.below(200) as f64
            }
        })
        .collect();
    let kernels = [
        Kernel::new(3, 3, vec![-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0]).unwrap(),
        Kernel::new(1, 5, vec![1.0, 2.0, 3.0, 2.0, 1.0])
            .unwrap()
            .with_divisor(3.0)
            .unwrap(),
    ];
    let responses = kernels.each_ref().map(|kernel| {
        let case = Case {
            shape,
            numbers: stored.clone(),
            missing: stored.iter().map(|&n| n == 255.0).collect(),
            missing_constant: false,
            kernel: kernel.clone(),
            extent: Extent::Same(Border::Reflect),
            step: [1, 1],
            dilation: [1, 1],
        };
        case.windows(|taps| real(&taps).map(|[r, _]| r / kernel.divisor()))
    });
    for combine in [Combine::Sum, Combine::Max, Combine::Magnitude] {
        let bank = KernelBank::new("two", kernels.to_vec(), Some(combine)).unwrap();
        let filter = Filter::new(bank)
            .with_extent(Border::Reflect)
            .ignoring(Missing::value(255.0));
        let bytes = image(shape, Depth::U8, &stored);
        let floats = numbers(&filter.clone().with_map(Map::Float).apply(&bytes).unwrap());
        let integers = numbers(&filter.apply(&bytes).unwrap());
        for at in 0..360 {
            let wanted = match [responses[0][at], responses[1][at]] {
                [Some(x), Some(y)] => Some(match combine {
                    Combine::Sum => x + y,
                    Combine::Max => x.max(y),
                    _ => x.hypot(y),
                }),
                _ => None,
            };
            match wanted {
                None => assert_eq!([floats[at], integers[at]], [255.0, 255.0]),
                Some(wanted) => {
                    assert!((floats[at] - wanted).abs() < 1e-4, "{combine} {wanted}");
                    let rounded = wanted.clamp(0.0, 255.0);
                    assert!(
                        (integers[at] - rounded).abs() <= 0.5 + 1e-9,
                        "{combine} {wanted}"
                    );
                }
            }
        }
    }
}

#[test]
fn luma_is_missing_where_any_colour_is_and_alpha_is_copied() {
    let shape = [2, 4, 4];
    #[rustfmt::skip]
    let stored = [
        10.0, 20.0, 30.0, 255.0,  0.0, 9.0, 9.0, 0.0,  50.0, 60.0, 70.0, 0.0,  9.0, 9.0, 0.0, 7.0,
        11.0, 21.0, 31.0, 0.0,  9.0, 0.0, 9.0, 1.0,  51.0, 61.0, 71.0, 2.0,  90.0, 91.0, 92.0, 3.0,
    ];
    let bytes = image(shape, Depth::U8, &stored);
    let identity = || Filter::new(Kernel::new(1, 1, vec![1.0]).unwrap());
    let luma = |r: f64, g: f64, b: f64| 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let wanted = [
        luma(10.0, 20.0, 30.0).round(),
        0.0,
        luma(50.0, 60.0, 70.0).round(),
        0.0,
        luma(11.0, 21.0, 31.0).round(),
        0.0,
        luma(51.0, 61.0, 71.0).round(),
        luma(90.0, 91.0, 92.0).round(),
    ];
    let zero = || Missing::value(0.0);
    let both = numbers(&identity().ignoring(zero()).apply(&bytes).unwrap());
    let [lumas, alphas] = [0, 1].map(|at| both.iter().skip(at).step_by(2));
    assert_eq!(Vec::from_iter(lumas.copied()), wanted);
    assert!(alphas.eq(stored.iter().skip(3).step_by(4)));
    let identity = || identity().with_alpha(Alpha::Drop);
    assert_eq!(
        numbers(&identity().ignoring(zero()).apply(&bytes).unwrap()),
        wanted
    );
    // Not rounded where the result is float.
    let float = identity().with_map(Map::Float).ignoring(zero());
    let made = numbers(&float.apply(&bytes).unwrap());
    assert!((made[0] - luma(10.0, 20.0, 30.0)).abs() < 1e-5 && made[1] == 0.0);
    let wide = Filter::new(Kernel::new(1, 3, vec![1.0; 3]).unwrap()).ignoring(zero());
    let wide = wide.with_alpha(Alpha::Drop);
    let made = numbers(&wide.with_map(Map::Float).apply(&bytes).unwrap());
    let mean = (luma(10.0, 20.0, 30.0) + luma(50.0, 60.0, 70.0)) / 2.0 * 3.0;
    assert!((made[0] - mean).abs() < 1e-4, "{} {mean}", made[0]);
    // Each channel for itself, alpha as it is.
    let each = identity().with_alpha(Alpha::Copy);
    let each = each.with_channel(Channel::Each).ignoring(zero());
    assert_eq!(numbers(&each.apply(&bytes).unwrap()), stored);
    let two = Filter::new(
        Kernel::new(1, 2, vec![1.0, 1.0])
            .unwrap()
            .with_anchor([0, 0])
            .unwrap(),
    )
    .with_channel(Channel::Each)
    .ignoring(zero());
    let made = numbers(&two.apply(&bytes).unwrap());
    assert_eq!(made[..4], [20.0, 29.0, 39.0, 255.0]);
    // The mask of the colours counts, that of alpha does not.
    let mut marks = vec![0.0; 32];
    (marks[3], marks[4], marks[9]) = (1.0, 0.5, f64::NAN);
    let mask = Mask::new(&image(shape, Depth::F32, &marks)).unwrap();
    let masked = identity().ignoring(Missing::mask(mask));
    let made = numbers(&masked.apply(&bytes).unwrap());
    let of = |r, g, b| luma(r, g, b).round();
    assert_eq!(
        made[..4],
        [of(10.0, 20.0, 30.0), 0.0, 0.0, of(9.0, 9.0, 0.0)]
    );
    // One channel of a mask is for all, one of an image takes its own.
    let gray: Vec<f64> = (0..8).map(|at| f64::from(at % 3)).collect();
    let mask = Mask::new(&image([2, 4, 1], Depth::U8, &gray)).unwrap();
    let green = identity().with_channel(Channel::Green);
    let made = numbers(&green.ignoring(Missing::mask(mask)).apply(&bytes).unwrap());
    assert_eq!(made, [20.0, 0.0, 0.0, 9.0, 0.0, 0.0, 61.0, 0.0]);
}

#[test]
fn missing_windows_have_the_missing_value() {
    let nan = f64::NAN;
    let one = |depth| image([1, 3, 1], depth, &[5.0, 7.0, 1.0]);
    let all = Mask::new(&image([1, 3, 1], Depth::U8, &[1.0; 3])).unwrap();
    let masked = |value: Option<f64>| match value {
        Some(value) => Missing::value(value).and_mask(all.clone()),
        None => Missing::mask(all.clone()),
    };
    let filter = || Filter::new(Kernel::new(1, 1, vec![1.0]).unwrap());
    for (from, to, value, filled) in [
        (Depth::F32, Depth::F32, None, nan),
        (Depth::F32, Depth::F32, Some(nan), nan),
        (Depth::F32, Depth::F64, Some(-9999.0), -9999.0),
        (Depth::F32, Depth::I32, Some(-9999.0), -9999.0),
        (Depth::F32, Depth::U8, Some(nan), 0.0),
        (Depth::U8, Depth::U8, None, 0.0),
        (Depth::U8, Depth::F32, None, nan),
        (Depth::U8, Depth::U16, Some(77.0), 77.0),
        (Depth::I16, Depth::I16, Some(-32_768.0), -32_768.0),
        (
            Depth::I64,
            Depth::I64,
            Some(-(2_f64.powi(63))),
            -(2_f64.powi(63)),
        ),
    ] {
        for map in [Map::Clamp, Map::Offset, Map::Stretch] {
            let filter = filter().with_map(map).with_sample_type(to);
            let made = filter.ignoring(masked(value)).apply(&one(from)).unwrap();
            for made in numbers(&made) {
                let same = made == filled || (made.is_nan() && filled.is_nan());
                assert!(same, "{from} {to} {value:?} {map}: {made}");
            }
        }
    }
}

/// The range of a map is that of the windows that are not missing.
#[test]
fn stretch_spans_the_present_responses() {
    let stored = [f64::NAN, 10.0, 20.0, 30.0, f64::NAN];
    let floats = image([1, 5, 1], Depth::F32, &stored);
    let filter = Filter::new(Kernel::new(1, 1, vec![1.0]).unwrap())
        .with_map(Map::Stretch)
        .with_depth(Depth::U8)
        .ignoring(Missing::nan());
    let made = numbers(&filter.apply(&floats).unwrap());
    assert_eq!(made, [0.0, 0.0, 128.0, 255.0, 0.0]);
}

/// Infinities, and NaN that is not ignored, stay in their windows.
#[test]
fn what_is_not_finite_stays_contained() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let stored = [1.0, -1.0, 3.0, 4.0, inf, 6.0, 7.0, nan, 9.0, 10.0];
    let floats = image([1, 10, 1], Depth::F32, &stored);
    let filter = Filter::new(
        Kernel::new(1, 3, vec![1.0; 3])
            .unwrap()
            .with_divisor(3.0)
            .unwrap(),
    );
    let made = numbers(
        &filter
            .clone()
            .ignoring(Missing::value(-1.0))
            .apply(&floats)
            .unwrap(),
    );
    assert_eq!(made[..4], [2.0, 3.5, inf, inf]);
    assert_eq!(made[4], inf);
    assert!(made[5..8].iter().all(|n| n.is_nan()), "{made:?}");
    let made = numbers(&filter.ignoring(Missing::nan()).apply(&floats).unwrap());
    assert_eq!(made[1..], [2.0, inf, inf, inf, 6.5, 8.0, 9.5]);
    // An infinity may itself be what is missing.
    let filter = Filter::new(Kernel::new(1, 1, vec![1.0]).unwrap());
    let made = numbers(&filter.ignoring(Missing::value(inf)).apply(&floats).unwrap());
    assert_eq!(made[4], inf);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let floats = image([4, 5, 1], Depth::F32, &[0.0; 20]);
    let bytes = image([4, 5, 1], Depth::U8, &[0.0; 20]);
    let filter = || Filter::new(Kernel::new(1, 3, vec![1.0; 3]).unwrap());
    let mask = |shape: [usize; 3]| {
        let len = shape.iter().product();
        Missing::mask(Mask::new(&image(shape, Depth::U8, &vec![0.0; len])).unwrap())
    };
    let direction = KernelBank::resolve("sobel").unwrap();
    let direction = KernelBank::new(
        "angle",
        direction.kernels().to_vec(),
        Some(Combine::Direction),
    )
    .unwrap();
    for (filter, image, message) in [
        (
            filter().ignoring(Missing::value(256.0)),
            &bytes,
            "no 8-bit sample is 256, so none is missing by it; use a whole number from 0 to 255",
        ),
        (
            filter().ignoring(Missing::value(0.5)),
            &bytes,
            "no 8-bit sample is 0.5, so none is missing by it; use a whole number from 0 to 255",
        ),
        (
            filter().ignoring(Missing::value(-1e39)),
            &floats,
            "no 32-bit float sample is -1e39, so none is missing by it; use a number from -3.4028234663852886e38 to 3.4028234663852886e38",
        ),
        (
            filter()
                .with_sample_type(Depth::U8)
                .ignoring(Missing::value(-9999.0)),
            &floats,
            "where no sample of a window is present, the result is -9999, which is no 8-bit sample; use a result of the type of the image, or of floats",
        ),
        (
            filter().ignoring(Missing::no_data()),
            &floats,
            "it has no no-data value (GDAL_NODATA, the tag 42113 of a TIFF file); name the value that is missing",
        ),
        (
            filter().ignoring(mask([5, 4, 1])),
            &floats,
            "the mask has 4 x 5 pixels of 1 channel, the image 5 x 4 of 1; use a mask of the size of the image, with 1 channel or as many",
        ),
        (
            filter().ignoring(mask([4, 5, 3])),
            &floats,
            "the mask has 5 x 4 pixels of 3 channels, the image 5 x 4 of 1; use a mask of the size of the image, with 1 channel or as many",
        ),
        (
            filter().ignoring(Missing::nan().with_min_share(1.5)),
            &floats,
            "a share of 1.5 is no part of a window; use a number from 0 to 1",
        ),
        (
            filter().ignoring(Missing::nan().with_min_share(f64::NAN)),
            &floats,
            "a share of NaN is no part of a window; use a number from 0 to 1",
        ),
        (
            Filter::new(direction).ignoring(Missing::nan()),
            &floats,
            "the direction of a gradient is not defined where samples are missing; combine the kernels otherwise",
        ),
    ] {
        assert_eq!(filter.apply(image).unwrap_err().to_string(), message);
    }
    for (method, missing, image, why) in [
        (
            Method::Naive,
            Missing::nan(),
            &floats,
            "which only direct, separable and fft leave out",
        ),
        (
            Method::Fft,
            Missing::value(7.0),
            &bytes,
            "and near ties of integers need sums tap by tap",
        ),
    ] {
        let tuning = Tuning::default().with_method(method);
        let refused = filter().ignoring(missing).plan(image, &tuning);
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!(
                "the {method} engine cannot run here: samples are missing, {why}; use another engine, or auto"
            )
        );
    }
    // Integers are never NaN: nothing changes.
    let plan = |filter: Filter| filter.plan(&bytes, &Tuning::default()).unwrap();
    let plain = plan(filter());
    assert_eq!(
        plan(filter().ignoring(Missing::nan())).to_string(),
        plain.to_string()
    );
}

/// Samples of 64 bits that are missing may be beyond what sums hold.
#[test]
fn large_integers_may_be_missing() {
    let low = i64::MIN as f64;
    let image = image([1, 4, 1], Depth::I64, &[5.0, low, 8.0, low]);
    let filter = Filter::new(
        Kernel::new(1, 2, vec![1.0, 1.0])
            .unwrap()
            .with_divisor(2.0)
            .unwrap(),
    );
    let made = filter
        .clone()
        .ignoring(Missing::value(low))
        .apply(&image)
        .unwrap();
    assert_eq!(numbers(&made), [5.0, 8.0, 8.0]);
    let refused = filter
        .ignoring(Missing::value(8.0))
        .apply(&image)
        .unwrap_err();
    assert!(
        refused.to_string().starts_with("a sample is beyond"),
        "{refused}"
    );
}

/// What astropy makes of arrays with NaN (see testdata/README.md).
#[derive(serde::Deserialize)]
struct Astropy {
    arrays: BTreeMap<String, Vec<Vec<Option<f64>>>>,
    kernels: BTreeMap<String, Vec<Vec<Option<f64>>>>,
    cases: Vec<AstropyCase>,
}

#[derive(serde::Deserialize)]
struct AstropyCase {
    array: String,
    kernel: String,
    border: String,
    expected: Vec<Vec<Option<f64>>>,
}

/// Rows, columns, and the numbers, `null` as NaN.
fn flat(rows: &[Vec<Option<f64>>]) -> ([usize; 2], Vec<f64>) {
    let numbers = rows.iter().flatten().map(|n| n.unwrap_or(f64::NAN));
    ([rows.len(), rows[0].len()], numbers.collect())
}

#[test]
fn arrays_with_nan_are_what_astropy_makes_of_them() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/golden/missing.json");
    let astropy: Astropy = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(astropy.cases.len(), 420);
    let (mut compared, mut nan) = (0, 0);
    for case in &astropy.cases {
        let ([rows, columns], numbers) = flat(&astropy.arrays[&case.array]);
        let (size, weights) = flat(&astropy.kernels[&case.kernel]);
        let sum = weights.iter().sum();
        let kernel = Kernel::new(size[0], size[1], weights).unwrap();
        let kernel = kernel.with_divisor(sum).unwrap().flipped();
        let border: Border = case.border.parse().unwrap();
        for (depth, allowed) in [(Depth::F32, 1e-6), (Depth::F64, 1e-11)] {
            let filter = Filter::new(kernel.clone())
                .with_extent(border)
                .ignoring(Missing::nan());
            let made = filter.apply(&image([rows, columns, 1], depth, &numbers));
            let expected = flat(&case.expected).1;
            for (made, expected) in self::numbers(&made.unwrap()).iter().zip(expected) {
                let what = (&case.array, &case.kernel, &case.border);
                match expected.is_nan() {
                    true => assert!(made.is_nan(), "{what:?}: {made}"),
                    false => assert!(
                        (made - expected).abs() <= allowed * expected.abs().max(1.0),
                        "{what:?}: {made} {expected}"
                    ),
                }
                nan += usize::from(expected.is_nan());
                compared += 1;
            }
        }
    }
    assert!(compared == 66_510 && nan == 10_940, "{compared} {nan}");
}

/// Responses to a flat image differ by rounding errors, as the present weights do.
#[test]
fn flat_images_stay_flat_whatever_is_missing() {
    let mut random = Random(0xf1a7);
    let weights: Vec<f64> = (0..25).map(|n| 1.0 / (3.0 + f64::from(n))).collect();
    let kernel = Kernel::new(5, 5, weights).unwrap();
    for value in [1, 77, 255_u8] {
        let mut samples = vec![value; 40 * 30];
        for _ in 0..300 {
            samples[random.below(40 * 30) as usize] = 0;
        }
        let image = Image::new(40, 30, 1, Samples::U8(samples.into())).unwrap();
        for (map, expected) in [(Map::Stretch, 0.0), (Map::Symmetric, 65535.0)] {
            let filter = Filter::new(kernel.clone())
                .with_extent(Border::Edge)
                .with_depth(Depth::U16)
                .with_map(map)
                .ignoring(Missing::value(0.0));
            let result = filter.apply(&image).unwrap();
            assert!(
                numbers(&result).iter().all(|&s| s == expected),
                "{value} {map}"
            );
        }
    }
}

/// A picture of floats from 0 to 1 with scattered missing samples, a gap that windows get lost in,
/// and a missing right side.
fn with_gaps([rows, columns, channels]: [usize; 3], random: &mut Random) -> (Vec<f64>, Vec<bool>) {
    let is_gap = |y: usize, x: usize| {
        (20..60).contains(&y) && (10..48).contains(&x) || x + 30 >= columns && y < rows / 2
    };
    (0..rows * columns * channels)
        .map(|at| {
            let (y, x) = (at / channels / columns, at / channels % columns);
            let number = f64::from((random.below(1 << 20) as f32) / (1 << 20) as f32);
            (number, is_gap(y, x) || random.below(20) == 0)
        })
        .unzip()
}

/// Sums by a transform have errors relative to the samples of a tile: windows with little present
/// weight are as good as others, those with none are missing, and so are those below a share.
#[test]
fn transforms_are_as_good_as_taps() {
    let mut random = Random(97);
    let (mut present, mut gone) = (0, 0);
    let fft = Tuning::default().with_method(Method::Fft);
    for (depth, precision) in [(Depth::F32, 2_f64.powi(-24)), (Depth::F64, 0.0)] {
        for (channels, share) in [(1, 0.0), (1, 0.5), (3, 0.3), (1, 1.0)] {
            // Of one sign, of both, and equal ones: shares are ratios of small integers.
            for (kind, extent) in EXTENTS.into_iter().enumerate().take(3) {
                let weight = |random: &mut Random| match (kind, random.below(1 << 20) as f64) {
                    (0, weight) => weight / 1e6,
                    (1, weight) => weight / 1e6 - 0.3,
                    _ => 1.0,
                };
                let size = [16, 17];
                let weights = (0..size[0] * size[1])
                    .map(|_| weight(&mut random))
                    .collect();
                let shape = [90, 110, channels];
                let (numbers_of, missing) = with_gaps(shape, &mut random);
                let case = Case {
                    shape,
                    numbers: numbers_of,
                    missing,
                    missing_constant: false,
                    kernel: Kernel::new(size[0], size[1], weights).unwrap(),
                    extent,
                    step: [1, 1 + channels / 2],
                    dilation: [1, 1],
                };
                let stored = case.numbers.iter().zip(&case.missing);
                let stored: Vec<f64> = stored
                    .map(|(&n, &m)| if m { f64::NAN } else { n })
                    .collect();
                let made_of = image(case.shape, depth, &stored);
                let missing = Missing::nan().with_min_share(share);
                let filter = case.filter().ignoring(missing);
                let plan = filter.plan(&made_of, &fft).unwrap();
                assert_eq!(plan.engine(), "fft");
                let direct = Tuning::default().with_method(Method::Direct);
                let direct = numbers(&apply(&filter, &made_of, &direct));
                let windows = case.windows(|t| real(&t));
                let mut first = None;
                for simd in Simd::available() {
                    for (threads, band_rows) in [(1, None), (2, Some(1)), (1, Some(50))] {
                        let tuning = fft.with_simd(simd).with_threads(threads);
                        let made = apply(&filter, &made_of, &tuning.with_band_rows(band_rows));
                        let made = numbers(&made);
                        // The same bytes for any threads and bands.
                        let bits: Vec<u64> = made.iter().map(|n| n.to_bits()).collect();
                        let (of, wanted) = first.get_or_insert_with(|| (simd, bits.clone()));
                        if *of == simd {
                            assert!(*wanted == bits, "{depth} {threads} {band_rows:?} {simd:?}");
                        } else {
                            first = Some((simd, bits));
                        }
                        for ((made, direct), wanted) in made.iter().zip(&direct).zip(&windows) {
                            assert_eq!(made.is_nan(), direct.is_nan(), "{made} {direct}");
                            if made.is_nan() {
                                gone += 1;
                                continue;
                            }
                            present += 1;
                            let [wanted, scale] = wanted.unwrap();
                            let allowed = wanted.abs() * precision + scale * 3e-14;
                            assert!(
                                (made - wanted).abs() <= allowed * 1.01,
                                "{depth} {kind} {made} {wanted} {scale}"
                            );
                        }
                    }
                }
            }
        }
    }
    assert!(present > 500_000 && gone > 50_000, "{present} {gone}");
}

/// Infinite samples and NaN that is not ignored reach their windows and no others.
#[test]
fn transforms_with_missing_samples_contain_what_is_not_finite() {
    let mut random = Random(101);
    let shape = [90, 110, 1];
    let (mut stored, missing) = with_gaps(shape, &mut random);
    for (number, missing) in stored.iter_mut().zip(missing) {
        if missing {
            *number = -1.0;
        }
    }
    stored[70 * 110 + 60] = f64::INFINITY;
    stored[80 * 110 + 20] = f64::NAN;
    let weights = (0..17 * 17).map(|_| random.below(1 << 20) as f64).collect();
    let filter = Filter::new(Kernel::new(17, 17, weights).unwrap());
    let filter = filter.ignoring(Missing::value(-1.0));
    for depth in [Depth::F32, Depth::F64] {
        let image = image(shape, depth, &stored);
        let made = |method| {
            let tuning = Tuning::default().with_method(method);
            numbers(&apply(&filter, &image, &tuning))
        };
        let mut strange = 0;
        for (fft, direct) in made(Method::Fft).iter().zip(made(Method::Direct)) {
            strange += usize::from(!direct.is_finite());
            match direct.is_finite() {
                true => assert!(
                    (fft - direct).abs() <= direct.abs() * 1e-6,
                    "{fft} {direct}"
                ),
                false => assert!(
                    fft.is_nan() && direct.is_nan() || *fft == direct,
                    "{fft} {direct}"
                ),
            }
        }
        assert!(strange > 400, "{strange}");
    }
}
