//! Inputs that are built to be hard: ties and near ties, large weights, floats of every magnitude
//! in images of several blocks and tiles.

use stridekern::{Border, Depth, Extent, KernelBank, Map, Method, Tuning};

use super::{
    BIAS_WHOLE, EXACT_WEIGHTS, FLOAT_BOUND,
    cases::{normal, pick, uniform},
    compare::run,
    response::{Case, Exact, Weights},
    samples::{Kind, image, kind},
    tests::tunings,
};
use crate::common::Random;

/// Runs the case in every way, each once. If `asserted`, all is right; if not, the promise is not
/// kept yet. The largest error.
#[track_caller]
pub(super) fn check(case: &Case, asserted: bool) -> f64 {
    let exact = Exact::new(case);
    let mut worst: f64 = 0.0;
    let mut ways = Vec::new();
    for tuning in tunings() {
        let Ok(plan) = case.filter().plan(&case.image, &tuning) else {
            continue;
        };
        let way = (plan.engine(), plan.lane(), plan.simd());
        if ways.contains(&way) {
            continue;
        }
        ways.push(way);
        let outcome = run(case, &exact, &tuning).expect("it was planned");
        worst = worst.max(outcome.worst);
        assert!(
            !asserted || outcome.wrong.is_empty(),
            "{way:?} {:?} {:?}: {:?}",
            case.kernels,
            case.extent,
            outcome.wrong[0]
        );
    }
    assert!(!ways.is_empty());
    worst
}

fn some_weights(random: &mut Random, shape: [usize; 2]) -> Weights {
    let weights = (0..shape[0] * shape[1]).map(|_| normal(random));
    Weights::new(shape, weights.collect())
}

/// The kernels of a bank of the library, of one kernel.
fn named(name: &str) -> Weights {
    let bank = KernelBank::resolve(name).unwrap();
    let [kernel] = bank.kernels() else {
        panic!("{name} has several kernels");
    };
    Weights::of(kernel)
}

fn flat(depth: Depth, shape: [usize; 3], value: f64) -> stridekern::Image {
    image(depth, shape, &vec![value; shape.iter().product()])
}

#[test]
fn sums_of_half_a_sample_are_ties_or_next_to_them() {
    let mut random = Random(0x7135);
    for depth in [Depth::U8, Depth::U16] {
        for size in [[1, 2], [2, 2], [3, 3], [1, 7], [5, 5], [13, 13]] {
            for target in [0.5, 1.5, 0.25] {
                let mut kernel = some_weights(&mut random, size);
                kernel.weights[0] = target - kernel.weights[1..].iter().sum::<f64>();
                let Kind::Integer { high, .. } = kind(depth) else {
                    panic!("integers were asked for");
                };
                for step in [f64::next_down, |w| w, f64::next_up] {
                    kernel.weights[0] = step(kernel.weights[0]);
                    // White, or black and a white line.
                    for values in [[high as f64; 2], [0.0, high as f64], [101.0; 2]] {
                        let samples: Vec<f64> = (0..15 * 37)
                            .map(|at| values[usize::from(at / 37 == 7)])
                            .collect();
                        let picture = image(depth, [15, 37, 1], &samples);
                        let mut case = Case::new(picture, kernel.clone());
                        case.extent = Extent::Same(Border::Edge);
                        check(&case, EXACT_WEIGHTS);
                    }
                }
            }
        }
    }
}

#[test]
fn small_differences_of_large_samples_are_rounded_once() {
    let mut random = Random(0xb16);
    let line = image(Depth::U16, [1, 3, 1], &[40000.0, 40000.0, 39999.0]);
    for (weights, wanted) in [([1000.3, -1000.3], 1000.3), ([-1000.5, 1000.5], -1000.5)] {
        let case = Case::new(line.clone(), Weights::new([1, 2], weights.to_vec()));
        let exact = Exact::new(&case);
        let sums: Vec<_> = (exact.wanted.iter())
            .map(|wanted| exact.approximate(wanted))
            .collect();
        assert_eq!(sums, [0.0, wanted]);
        check(&case, EXACT_WEIGHTS);
    }
    // Weights up to 400.
    for _ in 0..4 {
        let mut kernel = some_weights(&mut random, [13, 13]);
        kernel.weights.iter_mut().for_each(|w| *w *= 130.0);
        let near: Vec<f64> = (0..24 * 31)
            .map(|_| 40000.0 + random.below(30) as f64)
            .collect();
        let case = Case::new(image(Depth::U16, [24, 31, 1], &near), kernel);
        check(&case, EXACT_WEIGHTS);
    }
}

/// Rows of several parts and blocks, whose sums become samples while they are in registers; and of
/// floats some that are not finite, or too large for sums in f32.
#[test]
fn products_are_exact_in_wide_rows() {
    let mut random = Random(0x9a5e);
    for number in 0..100 {
        let depth = [Depth::U8, Depth::U16, Depth::F32, Depth::F64][number % 4];
        let below = |random: &mut Random, n: u64| random.below(n) as usize;
        let channels = 1 + below(&mut random, 4);
        let columns = (60 + below(&mut random, 500)).div_ceil(channels);
        let shape = [2 + below(&mut random, 8), columns, channels];
        let len: usize = shape.iter().product();
        let samples: Vec<f64> = match kind(depth) {
            Kind::Integer { high, .. } => {
                // Of two values, many sums are equal, and near to a tie.
                let levels = pick(&mut random, &[2, high as u64 + 1]);
                let level = high as f64 / (levels - 1) as f64;
                (0..len)
                    .map(|_| random.below(levels) as f64 * level)
                    .collect()
            }
            Kind::Float(_) => {
                let odd = pick(&mut random, &[0.0, f64::NAN, f64::INFINITY, 3e38, 1e-42]);
                let mut sample = |at| match at % 997 == 500 && odd != 0.0 {
                    true => odd,
                    false => normal(&mut random),
                };
                (0..len).map(|at| f64::from(sample(at) as f32)).collect()
            }
        };
        let mut line = |most: u64| -> Vec<f64> {
            (0..1 + random.below(most))
                .map(|_| normal(&mut random))
                .collect()
        };
        let kernel = match number % 3 {
            0 => named(&format!("gaussian:sigma={}", 0.4 + number as f64 / 40.0)),
            _ => {
                let (column, row) = (line(6), line(24));
                let products = column.iter().flat_map(|c| row.iter().map(move |r| c * r));
                Weights::new([column.len(), row.len()], products.collect())
            }
        };
        let mut case = Case::new(image(depth, shape, &samples), kernel);
        case.extent = Extent::Same(Border::Reflect);
        case.step[0] = 1 + number % 2;
        case.dilation = [1 + number / 2 % 2, 1 + number % 3];
        check(&case, EXACT_WEIGHTS && FLOAT_BOUND);
    }
}

/// At every place of a row's end in a block.
#[test]
fn every_width_is_exact() {
    let mut random = Random(0x71de);
    for columns in 1..=300 {
        let depth = pick(&mut random, &[Depth::U8, Depth::U16]);
        let Kind::Integer { high, .. } = kind(depth) else {
            panic!("integers were asked for");
        };
        let shape = [3, columns, 1 + columns % 3 / 2 * 2];
        let samples: Vec<f64> = (0..shape.iter().product())
            .map(|_| random.below(high as u64 + 1) as f64)
            .collect();
        let mut kernel = some_weights(&mut random, [1 + columns % 3, 1 + columns % 4]);
        if columns % 2 == 0 {
            kernel
                .weights
                .iter_mut()
                .for_each(|w| *w = (*w * 9.0).round());
        }
        kernel.divisor = 9.0;
        let mut case = Case::new(image(depth, shape, &samples), kernel);
        case.extent = Extent::Same(Border::Reflect);
        check(&case, EXACT_WEIGHTS || columns % 2 == 0);
    }
}

#[test]
fn a_bias_of_half_leaves_every_gray_level() {
    for depth in [Depth::U8, Depth::U16] {
        let ramp: Vec<f64> = (0..=255).map(f64::from).collect();
        let mut kernel = Weights::new([1, 2], vec![-1.0, 1.0]);
        kernel.bias = 0.5;
        let mut case = Case::new(image(depth, [1, 256, 1], &ramp), kernel);
        let exact = Exact::new(&case);
        let Kind::Integer { high, .. } = kind(depth) else {
            panic!("integers were asked for");
        };
        let middle = high as f64 / 2.0 + if BIAS_WHOLE { 0.5 } else { 0.0 };
        assert_eq!(exact.approximate(&exact.wanted[0]), middle + 1.0);
        check(&case, true);
        case.map = Map::Float;
        check(&case, true);
    }
}

/// Kernels of all engines on floats of every magnitude.
#[test]
fn floats_keep_the_bound_at_every_magnitude() {
    let mut random = Random(0xf10a);
    let shape = [40, 41, 1];
    let mut worst: f64 = 0.0;
    for size in [[3, 3], [7, 7], [11, 11], [31, 31]] {
        let mut kernels = vec![some_weights(&mut random, size)];
        let sides = [
            some_weights(&mut random, [size[0], 1]),
            some_weights(&mut random, [1, size[1]]),
        ];
        let products =
            (sides[0].weights.iter()).flat_map(|c| sides[1].weights.iter().map(move |r| c * r));
        kernels.push(Weights::new(size, products.collect()));
        for kernel in kernels {
            for magnitude in [1e-30, 1.0, 255.0, 8848.86, 1e8, 1e30] {
                let samples: Vec<f64> = (0..40 * 41)
                    .map(|_| magnitude * (2.0 * uniform(&mut random) - 0.5))
                    .collect();
                for depth in [Depth::F32, Depth::F64] {
                    let mut case = Case::new(image(depth, shape, &samples), kernel.clone());
                    case.extent = Extent::Same(Border::Symmetric);
                    worst = worst.max(check(&case, FLOAT_BOUND));
                    case.image = flat(depth, shape, magnitude);
                    worst = worst.max(check(&case, FLOAT_BOUND));
                }
            }
            // A bright point on a dark ground: what is far from it keeps a bound of its own,
            // where no transform spreads it.
            let mut samples: Vec<f64> = (0..40 * 41).map(|_| 1e-3 * uniform(&mut random)).collect();
            samples[20 * 41 + 5] = 1e6;
            for depth in [Depth::F32, Depth::F64] {
                let mut case = Case::new(image(depth, shape, &samples), kernel.clone());
                case.extent = Extent::Same(Border::Reflect);
                worst = worst.max(check(&case, FLOAT_BOUND));
                for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                    let mut samples = samples.clone();
                    samples[4 * 41 + 33] = bad;
                    case.image = image(depth, shape, &samples);
                    worst = worst.max(check(&case, FLOAT_BOUND));
                }
            }
        }
    }
    assert!(0.01 < worst, "nothing was rounded: {worst}");
}

/// An image of 8848.86 everywhere through a Laplacian of a Gaussian, whose weights add up to 0.
#[test]
fn a_flat_float_image_has_no_edges() {
    let kernel = named("log9");
    assert_eq!(kernel.weights.iter().sum::<f64>(), 0.0);
    let case = Case::new(flat(Depth::F32, [64, 64, 1], 8848.86), kernel);
    let exact = Exact::new(&case);
    assert_eq!(exact.approximate(&exact.wanted[0]), 0.0);
    check(&case, FLOAT_BOUND);
    let fft = Tuning::default().with_method(Method::Fft);
    assert!(run(&case, &exact, &fft).is_some());
}

/// Lines of taps at all angles, to both sides: blocks of rows that lean as these do, and what is beside
/// them, in rows shorter and longer than those computed at once.
#[test]
fn lines_at_angles_are_exact_at_every_width() {
    let mut random = Random(0x11e5);
    let widths = (1..=150).step_by(7).chain([190, 257, 700, 1290, 2600]);
    for (at, columns) in widths.enumerate() {
        for slope in [-3.0, -1.0, -0.6, 0.5, 1.0, 1.7, 4.0] {
            let rows = 3 + at % 5;
            let wide = 1 + at % 3;
            let lean = |y: usize| (slope * y as f64).round() as i64;
            let least = lean(0).min(lean(rows - 1));
            let kernel_columns = (lean(rows - 1) - lean(0)).unsigned_abs() as usize + wide;
            let mut weights = vec![0.0; rows * kernel_columns];
            for y in 0..rows {
                let first = (lean(y) - least) as usize;
                for weight in &mut weights[y * kernel_columns + first..][..wide] {
                    *weight = match at % 2 {
                        0 => normal(&mut random),
                        _ => random.between(-9, 9) as f64,
                    };
                }
            }
            let depth = pick(&mut random, &[Depth::U8, Depth::U16, Depth::F32]);
            let shape = [9, columns, 1 + at % 3 / 2 * 2];
            let largest = if depth == Depth::F32 { 1.0 } else { 255.0 };
            let samples: Vec<f64> = (0..shape.iter().product())
                .map(|_| match depth {
                    Depth::F32 => uniform(&mut random),
                    _ => (largest * uniform(&mut random)).round(),
                })
                .collect();
            let mut kernel = Weights::new([rows, kernel_columns], weights);
            kernel.divisor = 7.0;
            let mut case = Case::new(image(depth, shape, &samples), kernel);
            case.extent = Extent::Same(Border::Reflect);
            check(&case, true);
        }
    }
}
