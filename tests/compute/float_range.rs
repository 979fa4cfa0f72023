//! Floats of every magnitude that they have: what f32 holds at the end is not
//! lost on the way, in any way to run.

use stridekern::{
    Border, Channel, Combine, Depth, Extent, Filter, Image, Kernel, KernelBank, Map, Method,
    Samples, Tuning, simd::Simd,
};

use crate::common::{Random, apply};

fn tunings() -> Vec<Tuning> {
    let mut all = vec![Tuning::default().with_method(Method::Naive)];
    for simd in Simd::available() {
        let methods = Method::ALL.into_iter().filter(|m| *m != Method::Naive);
        all.extend(
            methods
                .map(Some)
                .chain([None])
                .map(|method| Tuning::default().with_method(method).with_simd(simd)),
        );
    }
    all
}

fn kernel(rows: &[&[f64]], divisor: f64) -> Kernel {
    let weights = rows.concat();
    let kernel = Kernel::builder(rows.len(), rows[0].len(), weights).divisor(divisor);
    kernel.build().unwrap()
}

fn one(rows: &[&[f64]], divisor: f64) -> (Vec<Kernel>, Option<Combine>) {
    (vec![kernel(rows, divisor)], None)
}

/// Banks whose sums, squares, scales or products leave the range of f32 first.
fn banks() -> Vec<(Vec<Kernel>, Option<Combine>)> {
    let x = kernel(
        &[&[-1.0, 0.0, 1.0], &[-2.0, 0.0, 2.0], &[-1.0, 0.0, 1.0]],
        1.0,
    );
    let y = kernel(&[&[-1.0, -2.0, -1.0], &[0.0; 3], &[1.0, 2.0, 1.0]], 1.0);
    let unit = kernel(&[&[1.0]], 1.0);
    let bell = [1.0, 4.0, 6.0, 4.0, 1.0];
    let bell: Vec<Vec<f64>> = bell.map(|a| bell.map(|b| a * b * 0.1).to_vec()).to_vec();
    let bell: Vec<&[f64]> = bell.iter().map(Vec::as_slice).collect();
    let broad = [1.5; 17];
    let mut all = vec![
        one(&[&[1.0, 1.0, 1.0]], 3.0),
        one(&[&[1.0, 1.0, 1.0][..]; 3], 9.0),
        one(&[&[1.0, 1.0, -1.0, -1.0]], 1.0),
        one(&[&[0.1, 0.25], &[0.35, 0.3]], 1.0),
        one(&[&[0.123_456, -0.5, 0.376_544]], 1.0),
        one(&bell, 25.6),
        one(&[&broad[..]; 17], 433.5),
        one(&[&[1e-20]], 1e-20),
        one(&[&[1e25, 1e25]], 2e25),
        one(&[&[1e300, -1e290]], 2e300),
        one(&[&[1e-300], &[3e-300]], 4e-300),
        (
            vec![kernel(&[&[2.0]], 2.0), kernel(&[&[3.0]], 3.0)],
            Some(Combine::Sum),
        ),
        (
            vec![kernel(&[&[0.5, 0.5]], 1.0), kernel(&[&[0.5], &[0.5]], 1.0)],
            Some(Combine::Max),
        ),
        (vec![unit.clone(), unit], Some(Combine::Magnitude)),
    ];
    for combine in Combine::ALL {
        all.push((vec![x.clone(), y.clone()], Some(combine)));
    }
    all
}

/// Rows of samples of the magnitudes in turn, of either sign.
fn image(random: &mut Random, magnitudes: &[f32], channels: usize) -> Image {
    let [rows, columns] = [19, 41];
    let row = |y: usize| magnitudes[y * magnitudes.len() / rows];
    let sample = |at: usize, random: &mut Random| {
        let size = 0.5 + random.below(1 << 20) as f32 / (1 << 21) as f32;
        let sign = if random.below(2) == 0 { 1.0 } else { -1.0 };
        row(at / (columns * channels)) * size * sign
    };
    let samples = (0..rows * columns * channels).map(|at| sample(at, random));
    let samples = Samples::F32(samples.collect());
    Image::new(rows, columns, channels, samples).unwrap()
}

#[derive(Debug, Clone, Copy)]
struct Walk {
    same: bool,
    step: usize,
    dilation: usize,
}

/// What exact arithmetic gives, nearly, and by how much a result may differ.
/// NaN where a window has a sample that is not finite.
struct Wanted {
    responses: Vec<f64>,
    allowed: Vec<f64>,
}

fn wanted(
    image: &Image,
    (kernels, combine): &(Vec<Kernel>, Option<Combine>),
    walk: Walk,
    everywhere: bool,
) -> Wanted {
    let Samples::F32(samples) = image.samples() else {
        panic!("floats");
    };
    let [rows, columns, channels] = image.shape();
    let all = samples.iter().map(|s| f64::from(s.abs()));
    let largest = all.filter(|s| s.is_finite()).fold(0.0, f64::max);
    let reach = |size: usize| (size - 1) * walk.dilation;
    let window = [0, 1].map(|axis| {
        let sizes = kernels.iter().map(|k| [k.rows(), k.columns()][axis]);
        // Windows of a bank share their anchors, which are the middles.
        let before = sizes.clone().map(|n| n / 2).max().unwrap();
        let after = sizes.map(|n| n - 1 - n / 2).max().unwrap();
        [before * walk.dilation, after * walk.dilation]
    });
    let out = [0, 1].map(|axis| {
        let len = [rows, columns][axis];
        match walk.same {
            true => len.div_ceil(walk.step),
            false => (len - window[axis][0] - window[axis][1]).div_ceil(walk.step),
        }
    });
    let mut wanted = Wanted {
        responses: Vec::new(),
        allowed: Vec::new(),
    };
    for at in 0..out[0] * out[1] * channels {
        let [y, x, c] = [
            at / channels / out[1],
            at / channels % out[1],
            at % channels,
        ];
        let mut responses = Vec::new();
        let mut allowed = 0.0;
        for kernel in kernels {
            let (mut sum, mut size) = (0.0, if everywhere { largest } else { 0.0_f64 });
            for (k, &weight) in kernel.weights().iter().enumerate() {
                let place = |y: usize, axis: usize, tap: usize, n: usize, len: usize| {
                    let first = if walk.same { 0 } else { window[axis][0] };
                    let at = (y * walk.step + first + tap * walk.dilation) as isize;
                    (at - (n / 2 * walk.dilation) as isize).clamp(0, len as isize - 1) as usize
                };
                let row = place(y, 0, k / kernel.columns(), kernel.rows(), rows);
                let column = place(x, 1, k % kernel.columns(), kernel.columns(), columns);
                let sample = f64::from(samples[(row * columns + column) * channels + c]);
                sum += weight / kernel.divisor() * sample;
                size = size.max(sample.abs());
            }
            assert!(reach(kernel.rows()) < rows);
            responses.push(sum);
            allowed += 1e-5 * size * (kernel.abs_sum() / kernel.divisor().abs());
        }
        let response = match combine {
            None | Some(Combine::Sum) => responses.iter().sum(),
            Some(Combine::Max) => responses.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Some(Combine::Magnitude) => responses.iter().map(|r| r * r).sum::<f64>().sqrt(),
            Some(Combine::Direction) => responses[1].atan2(responses[0]),
            Some(_) => panic!("the tests know no other"),
        };
        // The larger of a number and minus infinity is the number.
        let finite = match combine {
            Some(Combine::Max) => responses.iter().all(|r| !r.is_nan()) && response.is_finite(),
            _ => responses.iter().all(|r| r.is_finite()),
        };
        wanted
            .responses
            .push(if finite { response } else { f64::NAN });
        // An angle does not depend on the magnitude.
        wanted.allowed.push(match combine {
            Some(Combine::Direction) => 1e-6,
            _ => allowed + 1e-44,
        });
    }
    wanted
}

#[track_caller]
fn check(image: &Image, bank: &(Vec<Kernel>, Option<Combine>), walk: Walk, map: Map, depth: Depth) {
    let kernels = KernelBank::new("test", bank.0.clone(), bank.1).unwrap();
    let filter = Filter::new(kernels)
        .with_extent(match walk.same {
            true => Extent::Same(Border::Edge),
            false => Extent::Valid,
        })
        .with_step([walk.step; 2])
        .with_dilation([walk.dilation; 2])
        .with_channel(Channel::Each)
        .with_map(map)
        .with_depth((map != Map::Float).then_some(depth));
    for tuning in tunings() {
        let Ok(plan) = filter.plan(image, &tuning) else {
            continue;
        };
        let Wanted { responses, allowed } = wanted(image, bank, walk, plan.method() == Method::Fft);
        let finite = || responses.iter().copied().filter(|r| r.is_finite());
        let low = finite().fold(f64::INFINITY, f64::min);
        let high = finite().fold(f64::NEG_INFINITY, f64::max);
        let most = low.abs().max(high.abs());
        let widest = allowed.iter().copied().fold(0.0, f64::max);
        let output = apply(&filter, image, &tuning);
        let outputs: Vec<f64> = match output.samples() {
            Samples::U8(samples) => samples.iter().map(|&s| f64::from(s)).collect(),
            Samples::F32(samples) => samples.iter().map(|&s| f64::from(s)).collect(),
            Samples::U16(_) => panic!("not asked for"),
            _ => panic!("the tests know no other"),
        };
        assert_eq!(outputs.len(), responses.len());
        let white = depth.full_scale();
        for (at, &got) in outputs.iter().enumerate() {
            let (r, e) = (responses[at], allowed[at]);
            if r.is_nan() {
                // Windows contain their samples.
                let direction = bank.1 == Some(Combine::Direction);
                assert!(
                    depth == Depth::U8 || direction || !got.is_finite(),
                    "{tuning:?} {at}"
                );
                continue;
            }
            let [r, e] = match map {
                Map::Abs => [r.abs(), e],
                Map::Stretch => [(r - low) / (high - low), 4.0 * widest / (high - low)],
                Map::Symmetric => [r / most / 2.0 + 0.5, 2.0 * widest / most],
                _ => [r, e],
            };
            let (r, e) = match (bank.1, map) {
                // The angle as a share of full scale.
                (Some(Combine::Direction), Map::Float) => (r, e),
                (Some(Combine::Direction), _) => continue,
                _ => (r, e),
            };
            let ends = match depth {
                Depth::U8 => [r - e, r + e].map(|r| (r * white).round().clamp(0.0, white)),
                // What f32 does not hold is infinite.
                _ => [r - e, r + e].map(|r| f64::from(r as f32)),
            };
            let slack = if depth == Depth::U8 { 1.0 } else { 0.0 };
            assert!(
                ends[0] - slack <= got && got <= ends[1] + slack,
                "{got} is not from {ends:?} ({map}, {depth}, {walk:?}, {:?}, {:?} {:?}, sample {at})",
                bank,
                plan.method(),
                plan.simd(),
            );
        }
    }
}

const PLAIN: Walk = Walk {
    same: false,
    step: 1,
    dilation: 1,
};

/// From the smallest normal floats to the largest.
const MAGNITUDES: [f32; 10] = [
    2e-38, 1e-30, 1e-20, 1e-10, 1.0, 1e10, 1e19, 1e20, 1e30, 3.4e38,
];

#[test]
fn every_magnitude_in_every_way_to_run() {
    let mut random = Random(0xf10a7);
    for magnitude in MAGNITUDES {
        for bank in &banks() {
            let image = image(&mut random, &[magnitude], 1);
            check(&image, bank, PLAIN, Map::Float, Depth::F32);
        }
    }
}

#[test]
fn every_map_and_depth() {
    let mut random = Random(0xdee9);
    for magnitude in [1e-30, 1.0, 1e20, 3.4e38] {
        for bank in &banks() {
            let image = image(&mut random, &[magnitude], 1);
            for map in [Map::Clamp, Map::Abs, Map::Stretch, Map::Symmetric] {
                for depth in [Depth::F32, Depth::U8] {
                    check(&image, bank, PLAIN, map, depth);
                }
            }
        }
    }
}

#[test]
fn every_walk_over_mixed_magnitudes_with_samples_that_are_not_finite() {
    let mut random = Random(0x3a1f);
    for magnitudes in [
        &[1.0, 3.4e38, 1e-30][..],
        &[3.4e38, 1.0],
        &[1e19, 1e20, 1.0, 1e-20],
    ] {
        for bank in &banks() {
            for (same, step, dilation) in [
                (false, 1, 1),
                (true, 1, 1),
                (true, 2, 1),
                (false, 3, 1),
                (true, 1, 2),
            ] {
                if bank.0[0].rows() > 9 && dilation > 1 {
                    continue;
                }
                let walk = Walk {
                    same,
                    step,
                    dilation,
                };
                for spoilt in [false, true] {
                    let mut image = image(&mut random, magnitudes, 3);
                    if spoilt {
                        let Samples::F32(samples) = image.samples().clone() else {
                            panic!("floats");
                        };
                        let mut samples = samples;
                        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                            let at = random.below(samples.len() as u64) as usize;
                            samples[at] = bad;
                        }
                        let [rows, columns, channels] = image.shape();
                        image = Image::new(rows, columns, channels, Samples::F32(samples)).unwrap();
                    }
                    check(&image, bank, walk, Map::Float, Depth::F32);
                }
            }
        }
    }
}

#[test]
fn the_height_of_bands_does_not_show() {
    let mut random = Random(0xba2d);
    let image = image(&mut random, &[1.0, 1e20, 1e-30, 3.4e38, 1.0], 1);
    for (kernels, combine) in banks() {
        let filter = Filter::new(KernelBank::new("test", kernels, combine).unwrap())
            .with_extent(Extent::Same(Border::Edge))
            .with_map(Map::Float);
        for simd in Simd::available() {
            let of = |band_rows| {
                let tuning = Tuning::default().with_simd(simd).with_band_rows(band_rows);
                match apply(&filter, &image, &tuning).samples() {
                    Samples::F32(samples) => samples.iter().map(|s| s.to_bits()).collect(),
                    _ => Vec::new(),
                }
            };
            let whole = of(None);
            assert!(!whole.is_empty());
            for rows in [1, 4, 7] {
                assert_eq!(of(Some(rows)), whole, "{rows} rows");
            }
        }
    }
}

#[test]
fn the_plain_cases() {
    let single = |sample: f32, columns: usize| {
        Image::new(1, columns, 1, Samples::F32(vec![sample; columns].into())).unwrap()
    };
    let root_2 = |sample: f32| (f64::from(sample) * 2_f64.sqrt()) as f32;
    let unit = || kernel(&[&[1.0]], 1.0);
    let magnitude = || KernelBank::new("m", vec![unit(), unit()], Some(Combine::Magnitude));
    let mean = || KernelBank::new("m", vec![kernel(&[&[1.0; 3]], 3.0)], None);
    for (bank, image, wanted) in [
        (magnitude(), single(1e20, 1), root_2(1e20)),
        (magnitude(), single(1e-30, 1), root_2(1e-30)),
        (magnitude(), single(3e38, 1), f32::INFINITY),
        (mean(), single(3e38, 3), 3e38),
        (mean(), single(f32::MAX, 3), f32::MAX),
    ] {
        let filter = Filter::new(bank.unwrap());
        for tuning in tunings() {
            if filter.plan(&image, &tuning).is_err() {
                continue;
            }
            let Samples::F32(samples) = apply(&filter, &image, &tuning).samples().clone() else {
                panic!("floats");
            };
            assert_eq!(samples[..], [wanted], "{tuning:?}");
        }
    }
}
