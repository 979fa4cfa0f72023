//! Every type of samples, against sums in integers that share no code with the engines.

use std::fmt::Debug;

use stridekern::{
    Border, Channel, Depth, Extent, Filter, Image, Kernel, LaneKind, Map, Method, Samples, Tuning,
    image::{Bool, Sample, f16},
};

use super::common::{Random, apply};

/// A type of samples, as exact numbers.
trait Number: Sample + PartialEq + Debug
where
    Samples: From<Vec<Self>>,
{
    /// The smallest and the largest sample of the tests: of integers those of the type, or of
    /// 64 bits those whose sums by weights of this absolute sum are below 2^53.
    fn ends(gain: i128) -> [i128; 2];

    fn integer(number: i128) -> Self;

    /// The nearest sample to `sum / divisor`, ties to even, saturated.
    fn nearest(sum: i128, divisor: i128) -> Self;
}

fn rounded(sum: i128, divisor: i128) -> i128 {
    let (below, rest) = (sum.div_euclid(divisor), sum.rem_euclid(divisor));
    let up = 2 * rest > divisor || (2 * rest == divisor && below % 2 != 0);
    below + i128::from(up)
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Number for $type {
            fn ends(gain: i128) -> [i128; 2] {
                let limit = ((1 << 53) - 1) / gain;
                [<$type>::MIN, <$type>::MAX].map(|end| i128::from(end).clamp(-limit, limit))
            }

            fn integer(number: i128) -> Self {
                Self::try_from(number).unwrap()
            }

            fn nearest(sum: i128, divisor: i128) -> Self {
                rounded(sum, divisor).clamp(Self::MIN.into(), Self::MAX.into()) as Self
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, i8, i16, i32, i64);

impl Number for Bool {
    fn ends(_: i128) -> [i128; 2] {
        [0, 1]
    }

    fn integer(number: i128) -> Self {
        Self(number as u8)
    }

    fn nearest(sum: i128, divisor: i128) -> Self {
        Self(rounded(sum, divisor).clamp(0, 1) as u8)
    }
}

/// Floats hold these integers, and their quotients by powers of two.
macro_rules! floats {
    ($($type:ty, $largest:expr, $from:expr;)*) => {$(
        impl Number for $type {
            fn ends(_: i128) -> [i128; 2] {
                [-$largest, $largest]
            }

            fn integer(number: i128) -> Self {
                $from(number as f64)
            }

            fn nearest(sum: i128, divisor: i128) -> Self {
                $from(sum as f64 / divisor as f64)
            }
        }
    )*};
}
floats! {
    f16, 100, f16::from_f64;
    f32, 2000, |number: f64| number as f32;
    f64, 1 << 40, |number: f64| number;
}

/// Calls a generic function for every type.
macro_rules! every_type {
    ($check:ident($($args:expr),*)) => {
        $check::<u8>($($args),*);
        $check::<u16>($($args),*);
        $check::<u32>($($args),*);
        $check::<u64>($($args),*);
        $check::<i8>($($args),*);
        $check::<i16>($($args),*);
        $check::<i32>($($args),*);
        $check::<i64>($($args),*);
        $check::<Bool>($($args),*);
        $check::<f16>($($args),*);
        $check::<f32>($($args),*);
        $check::<f64>($($args),*);
    };
}

/// A kernel of integers.
#[derive(Clone)]
struct Weights {
    rows: usize,
    columns: usize,
    weights: Vec<i128>,
    divisor: i128,
}

impl Weights {
    fn new(rows: usize, divisor: i128, weights: &[i128]) -> Self {
        Self {
            rows,
            columns: weights.len() / rows,
            weights: weights.to_vec(),
            divisor,
        }
    }

    fn kernel(&self) -> Kernel {
        let weights = self.weights.iter().map(|&w| w as f64).collect();
        let kernel = Kernel::new(self.rows, self.columns, weights).unwrap();
        kernel.with_divisor(self.divisor as f64).unwrap()
    }

    fn gain(&self) -> i128 {
        self.weights.iter().map(|w| w.abs()).sum()
    }
}

fn kernels() -> Vec<Weights> {
    let binomial = [1, 4, 6, 4, 1];
    let outer = binomial.map(|a| binomial.map(|b| a * b));
    let noise: Vec<i128> = (0..21 * 21).map(|i| (i * i * 7919) % 13 - 6).collect();
    vec![
        Weights::new(1, 1, &[-1, 1]),
        Weights::new(3, 1, &[0, -1, 0, -1, 5, -1, 0, -1, 0]),
        Weights::new(3, 4, &[1, -2, 3, -4, 5, -3, 2, -1, 0]),
        Weights::new(3, 1, &[0; 9]),
        Weights::new(5, 256, outer.as_flattened()),
        Weights::new(4, 16, &[1; 16]),
        Weights::new(21, 64, &noise),
    ]
}

/// Where a sample beyond the edge comes from, as the table of the README draws it.
fn source(border: Border, at: i64, len: i64) -> Option<usize> {
    let found = match border {
        _ if (0..len).contains(&at) => at,
        Border::Constant(_) => return None,
        Border::Edge => at.clamp(0, len - 1),
        Border::Wrap => at.rem_euclid(len),
        Border::Symmetric => match at.rem_euclid(2 * len) {
            turn if turn < len => turn,
            turn => 2 * len - 1 - turn,
        },
        Border::Reflect => match at.rem_euclid(2 * len - 2) {
            turn if turn < len => turn,
            turn => 2 * len - 2 - turn,
        },
        _ => panic!("an unknown border"),
    };
    Some(found as usize)
}

/// The sums of a gray image.
fn sums(samples: &[i128], [rows, columns]: [usize; 2], k: &Weights, extent: Extent) -> Vec<i128> {
    let (top, left) = match extent {
        Extent::Valid => (0, 0),
        _ => (k.rows / 2, k.columns / 2),
    };
    let size = match extent {
        Extent::Valid => [rows - k.rows + 1, columns - k.columns + 1],
        _ => [rows, columns],
    };
    let at = |y: i64, x: i64| {
        let border = extent.borders().map_or(Border::Edge, |[rows, _]| rows);
        let constant = match border {
            Border::Constant(value) => value as i128,
            _ => 0,
        };
        let source = source(border, y, rows as i64).zip(source(border, x, columns as i64));
        source.map_or(constant, |(y, x)| samples[y * columns + x])
    };
    let sum = |y: usize, x: usize| -> i128 {
        let taps = (0..k.rows).flat_map(|i| (0..k.columns).map(move |j| (i, j)));
        taps.map(|(i, j)| {
            let sample = at((y + i) as i64 - top as i64, (x + j) as i64 - left as i64);
            k.weights[i * k.columns + j] * sample
        })
        .sum()
    };
    (0..size[0])
        .flat_map(|y| (0..size[1]).map(move |x| sum(y, x)))
        .collect()
}

/// Random samples of the type, every fourth one of its ends.
fn numbers<T: Number>(random: &mut Random, len: usize, gain: i128) -> Vec<i128>
where
    Samples: From<Vec<T>>,
{
    let [low, high] = T::ends(gain);
    let number = |at: usize| match at % 8 {
        1 => low,
        5 => high,
        _ => low + i128::from(random.next()) % (high - low + 1),
    };
    (0..len).map(number).collect()
}

fn image<T: Number>(shape: [usize; 3], numbers: &[i128]) -> Image
where
    Samples: From<Vec<T>>,
{
    let samples: Vec<T> = numbers.iter().map(|&number| T::integer(number)).collect();
    Image::new(shape[0], shape[1], shape[2], samples.into()).unwrap()
}

const EXTENTS: [Extent; 6] = [
    Extent::Valid,
    Extent::Same(Border::Constant(1.0)),
    Extent::Same(Border::Edge),
    Extent::Same(Border::Reflect),
    Extent::Same(Border::Symmetric),
    Extent::Same(Border::Wrap),
];

#[test]
fn every_type_border_and_engine_gives_the_exact_response() {
    fn check<T: Number>(engines: &mut usize)
    where
        Samples: From<Vec<T>>,
    {
        let mut random = Random(0x1234_5678_9abc_def1);
        let size = [23, 170];
        for k in kernels() {
            let numbers = numbers::<T>(&mut random, size[0] * size[1], k.gain().max(1));
            let image = image::<T>([size[0], size[1], 1], &numbers);
            for extent in EXTENTS {
                let exact = sums(&numbers, size, &k, extent);
                let exact: Vec<T> = (exact.iter())
                    .map(|&sum| T::nearest(sum, k.divisor))
                    .collect();
                let filter = Filter::new(k.kernel()).with_extent(extent);
                let methods = Method::ALL.into_iter().map(Some);
                for method in methods.chain([None]) {
                    let mut tuning = Tuning::default();
                    tuning.method = method;
                    let Ok(plan) = filter.plan(&image, &tuning) else {
                        assert!(!matches!(
                            method,
                            None | Some(Method::Naive | Method::Direct)
                        ));
                        continue;
                    };
                    // Of floats these two round.
                    if T::DEPTH.is_float() && ["separable", "fft"].contains(&plan.engine()) {
                        continue;
                    }
                    let mut result = plan.allocate().unwrap();
                    plan.run(&image, &mut result).unwrap();
                    assert_eq!(result.depth(), T::DEPTH);
                    let result = T::of(&result).unwrap();
                    let differs = (0..exact.len()).find(|&at| result[at] != exact[at]);
                    if let Some(at) = differs {
                        panic!(
                            "{} {extent} {method:?} {plan}: {at} is {:?}, not {:?}",
                            T::DEPTH,
                            result[at],
                            exact[at]
                        );
                    }
                    *engines += 1;
                }
            }
        }
    }
    let mut engines = 0;
    every_type!(check(&mut engines));
    // The naive loop, the direct engine and the fastest of integers accept every case.
    let cases = EXTENTS.len() * kernels().len();
    assert!(engines > cases * (2 * 3 + 3 * 9), "{engines}");
}

/// `with_sample_type` for every pair of types: quarters, so that there are ties.
#[test]
fn every_type_becomes_every_other_without_scaling() {
    fn check<T: Number>()
    where
        Samples: From<Vec<T>>,
    {
        let mut random = Random(0x9876_5432_1fed_cba9);
        let k = Weights::new(2, 4, &[1, -3, 2, 1]);
        let size = [9, 150];
        let numbers = numbers::<T>(&mut random, size[0] * size[1], k.gain());
        let image = image::<T>([size[0], size[1], 1], &numbers);
        let sums = sums(&numbers, size, &k, Extent::Valid);
        fn pair<O: Number>(k: &Weights, image: &Image, sums: &[i128])
        where
            Samples: From<Vec<O>>,
        {
            let filter = Filter::new(k.kernel());
            let result = filter
                .clone()
                .with_sample_type(O::DEPTH)
                .apply(image)
                .unwrap();
            let wanted: Vec<O> = sums.iter().map(|&sum| O::nearest(sum, k.divisor)).collect();
            let context = format!("{} to {}", image.depth(), O::DEPTH);
            assert!(O::of(&result).unwrap() == wanted, "{context}");
            // A depth scales only from one type of pictures to another.
            let scaled = filter.with_depth(O::DEPTH).apply(image).unwrap();
            let pictures = image.depth() != O::DEPTH
                && [image.depth(), O::DEPTH]
                    .iter()
                    .all(|depth| depth.is_picture());
            assert_eq!(scaled != result, pictures, "{context}");
        }
        every_type!(pair(&k, &image, &sums));
    }
    every_type!(check());
}

/// A filter of one row on a gray row.
fn of_row<T: Number>(weights: &[f64], samples: &[T], map: Map) -> Samples
where
    Samples: From<Vec<T>>,
{
    let image = Image::new(1, samples.len(), 1, samples.to_vec().into()).unwrap();
    let kernel = Kernel::new(1, weights.len(), weights.to_vec()).unwrap();
    let result = Filter::new(kernel).with_map(map).apply(&image).unwrap();
    result.into_samples()
}

#[test]
fn doubles_are_computed_in_doubles() {
    let samples = [1e8, 1e8 + 1.0, 1e8 + 3.0];
    let result = of_row(&[-1.0, 1.0], &samples, Map::Clamp);
    assert_eq!(result, Samples::F64(vec![1.0, 2.0].into()));
    let result = of_row(&[-1.0, 1.0], &[0.1, 0.3, 1e300], Map::Float);
    assert_eq!(result, Samples::F64(vec![0.3 - 0.1, 1e300].into()));
    let image = Image::zeroed(9, 9, 1, Depth::F64).unwrap();
    let kernel = Kernel::new(1, 2, vec![-1.0, 1.0]).unwrap();
    let mut tuning = Tuning::default();
    let plan = Filter::new(kernel.clone()).plan(&image, &tuning).unwrap();
    assert_eq!(plan.lane(), LaneKind::F64);
    tuning.lane = Some(LaneKind::F32);
    let refused = Filter::new(kernel).plan(&image, &tuning).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the f32 lane would not be exact here: f32 does not hold 64-bit float samples; use f64 or wider"
    );
}

#[test]
fn floats_of_16_bits_are_rounded_once() {
    // 1 + 2^-11 is a tie of f16, and 2^-24 more is above it; by way of f32 it would be the tie.
    let weights = [1.0, 1.0, 1.0];
    let samples = [1.0, 2_f32.powi(-11), 2_f32.powi(-24)].map(f16::from_f32);
    let wide = Kernel::new(1, 3, weights.to_vec()).unwrap();
    let row = Image::new(1, 3, 1, samples.to_vec().into()).unwrap();
    let filter = Filter::new(wide);
    let in_f64 = Tuning::default().with_lane(LaneKind::F64);
    let wanted = f16::from_f64(1.0 + 2_f64.powi(-10));
    assert_eq!(
        apply(&filter, &row, &in_f64).into_samples(),
        Samples::F16(vec![wanted].into())
    );
    let result = filter.with_sample_type(Depth::F64).apply(&row).unwrap();
    let sum = 1.0 + 2_f64.powi(-11) + 2_f64.powi(-24);
    assert_eq!(result.into_samples(), Samples::F64(vec![sum].into()));
}

#[test]
fn maps_of_signed_types_keep_zero() {
    let of = |samples: &[i8], map| of_row(&[1.0], samples, map);
    let i8s = |samples: &[i8]| Samples::I8(samples.to_vec().into());
    let samples = [-128, -64, 0, 1, 127];
    assert_eq!(of(&samples, Map::Clamp), i8s(&samples));
    assert_eq!(of(&samples, Map::Offset), i8s(&samples));
    assert_eq!(of(&samples, Map::Abs), i8s(&[127, 64, 0, 1, 127]));
    let floats = Samples::F32(samples.map(f32::from).to_vec().into());
    assert_eq!(of(&samples, Map::Float), floats);
    // Zero stays, and the largest of either sign becomes full scale.
    assert_eq!(of(&[-10, 0, 5], Map::Symmetric), i8s(&[-127, 0, 64]));
    assert_eq!(of(&[0, 0, 0], Map::Symmetric), i8s(&[0, 0, 0]));
    // From end to end: 85 is a third of 255.
    assert_eq!(of(&[-1, 0, 1, 2], Map::Stretch), i8s(&[-128, -43, 42, 127]));
    let wide = of_row(&[1.0], &[-1_i32, 0, 1], Map::Stretch);
    assert_eq!(wide, Samples::I32(vec![i32::MIN, 0, i32::MAX].into()));
    let wide = of_row(&[1.0], &[1_u32, 2, 3], Map::Stretch);
    assert_eq!(wide, Samples::U32(vec![0, 1 << 31, u32::MAX].into()));
    let wide = of_row(&[1.0], &[5_i64, 0, -4], Map::Symmetric);
    // Four fifths of 2^63 - 1, exactly, are 7378697629483820645.6.
    let part = -7_378_697_629_483_820_646;
    assert_eq!(wide, Samples::I64(vec![i64::MAX, 0, part].into()));
    // The middle of the result's type.
    let image = Image::new(1, 2, 1, Samples::I16(vec![-5, 300].into())).unwrap();
    let filter = Filter::new(Kernel::new(1, 1, vec![1.0]).unwrap()).with_map(Map::Offset);
    let bytes = filter
        .clone()
        .with_sample_type(Depth::U8)
        .apply(&image)
        .unwrap();
    assert_eq!(bytes.samples(), &Samples::U8(vec![123, 255].into()));
    let wide = filter.with_sample_type(Depth::U32).apply(&image).unwrap();
    let middle = 1 << 31;
    assert_eq!(
        wide.samples(),
        &Samples::U32(vec![middle - 5, middle + 300].into())
    );
}

#[test]
fn the_map_float_gives_floats_that_hold_the_responses() {
    fn check<T: Number>(wanted: Depth)
    where
        Samples: From<Vec<T>>,
    {
        let result = of_row(&[1.0], &[T::integer(0), T::integer(1)], Map::Float);
        assert_eq!(result.depth(), wanted, "{}", T::DEPTH);
    }
    check::<u8>(Depth::F32);
    check::<u16>(Depth::F32);
    check::<u32>(Depth::F64);
    check::<u64>(Depth::F64);
    check::<i8>(Depth::F32);
    check::<i16>(Depth::F32);
    check::<i32>(Depth::F64);
    check::<i64>(Depth::F64);
    check::<Bool>(Depth::F32);
    check::<f16>(Depth::F32);
    check::<f32>(Depth::F32);
    check::<f64>(Depth::F64);
}

/// Copies compute nothing: integers of 64 bits keep every bit, alpha does as well.
#[test]
fn copied_samples_keep_every_bit() {
    let samples = vec![i64::MIN, -1, 0, i64::MAX, (1 << 53) + 1, 7, 9, 1 << 62];
    let image = Image::new(2, 1, 4, Samples::I64(samples.clone().into())).unwrap();
    let identity = Filter::new(Kernel::new(1, 1, vec![1.0]).unwrap()).with_channel(Channel::Each);
    assert_eq!(&identity.apply(&image).unwrap(), &image);
    let colours = Image::new(1, 1, 4, Samples::U64(vec![1, 2, 3, u64::MAX - 1].into())).unwrap();
    let doubled = Filter::new(Kernel::new(1, 1, vec![2.0]).unwrap()).with_channel(Channel::Each);
    let result = doubled.apply(&colours).unwrap();
    assert_eq!(
        result.samples(),
        &Samples::U64(vec![2, 4, 6, u64::MAX - 1].into())
    );
}

#[test]
fn luma_of_every_type_is_rounded_once() {
    fn check<T: Number>()
    where
        Samples: From<Vec<T>>,
    {
        let [low, high] = T::ends(1);
        let pixels: Vec<[i128; 3]> = [low, 0, 1, high]
            .iter()
            .flat_map(|&r| [low, 1, high].map(|g| [r, g, high.min(100)]))
            .collect();
        let wanted: Vec<T> = (pixels.iter())
            .map(|[r, g, b]| T::nearest(1063 * r + 3576 * g + 361 * b, 5000))
            .collect();
        let colours = image::<T>([1, pixels.len(), 3], pixels.as_flattened());
        let identity = Filter::new(Kernel::new(1, 1, vec![1.0]).unwrap());
        let result = identity.apply(&colours).unwrap();
        assert_eq!(T::of(&result).unwrap(), wanted, "{}", T::DEPTH);
    }
    every_type!(check());
}

#[test]
fn samples_of_64_bits_are_refused_where_sums_would_not_be_exact() {
    let kernel = Kernel::new(1, 2, vec![3.0, -4.0]).unwrap();
    // (2^53 - 1) / 7.
    let limit = 1_286_742_750_677_284_i64;
    for (sample, fits) in [
        (limit, true),
        (-limit, true),
        (limit + 1, false),
        (i64::MIN, false),
    ] {
        let image = Image::new(1, 3, 1, Samples::I64(vec![0, sample, 0].into())).unwrap();
        let result = Filter::new(kernel.clone()).apply(&image);
        if fits {
            let wanted = Samples::I64(vec![-4 * sample, 3 * sample].into());
            assert_eq!(result.unwrap().samples(), &wanted);
        } else {
            assert_eq!(
                result.unwrap_err().to_string(),
                "a sample is beyond ±1286742750677284, and sums of signed 64-bit samples by these weights would exceed 2^53, up to which they are exact; convert the samples to 64-bit floats, or use smaller weights"
            );
        }
    }
    let image = Image::zeroed(4, 4, 1, Depth::U64).unwrap();
    let border = |value| Filter::new(kernel.clone()).with_extent(Border::Constant(value));
    assert!(border(limit as f64).apply(&image).is_ok());
    let refused = border(2_f64.powi(52))
        .apply(&image)
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("a sample is beyond ±1286742750677284, "),
        "{refused}"
    );
    assert_eq!(
        border(-1.0).apply(&image).unwrap_err().to_string(),
        "constant:-1 is no 64-bit sample; use a whole number from 0 to 18446744073709551615"
    );
}

/// Alpha that is copied may be beyond what sums hold, under weights with many digits, too.
#[test]
fn large_alpha_beside_exact_sums_is_copied() {
    let pixels = [
        [7, -3, 100, i64::MAX],
        [1000, 5, -9, i64::MIN],
        [2, 2, 3, 1],
    ];
    let samples = Samples::I64(pixels.as_flattened().to_vec().into());
    let image = Image::new(1, 3, 4, samples).unwrap();
    // Weights of 71 bits, and sums of half a sample: ties.
    let weights = vec![0.5, 0.5 + f64::EPSILON / 2.0, 2_f64.powi(-70)];
    let kernel = Kernel::new(1, 3, weights).unwrap();
    let filter = Filter::new(kernel)
        .with_channel(Channel::Each)
        .with_extent(Border::Edge);
    let output = filter.apply(&image).unwrap();
    let Samples::I64(output) = output.samples() else {
        panic!("64 bits");
    };
    // (7 + 7) / 2 and a little; (7 + 1000) / 2 and a little; (1000 + 2) / 2.
    let red: Vec<i64> = output.iter().step_by(4).copied().collect();
    assert_eq!(red, [7, 504, 501]);
    let alpha: Vec<i64> = output.iter().skip(3).step_by(4).copied().collect();
    assert_eq!(alpha, [i64::MAX, i64::MIN, 1]);
}
