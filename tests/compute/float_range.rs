//! Ranges and angles of floats of every magnitude, which the exact oracle does not know: beside sums
//! in f64. All else is in `oracle/extremes.rs`.

use stridekern::{
    Border, Channel, Combine, Depth, Extent, Filter, Image, Kernel, KernelBank, Map, Method,
    Samples, Tuning, simd::Simd,
};

use crate::{
    common::{Random, apply, float_bound, numbers},
    oracle::{Bank, banks, extreme_image},
};

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

#[derive(Debug, Clone, Copy)]
struct Walk {
    same: bool,
    step: usize,
    dilation: usize,
}

/// The responses in f64, and by how much a result may differ.
struct Wanted {
    responses: Vec<f64>,
    allowed: Vec<f64>,
}

fn wanted(image: &Image, (kernels, combine): &Bank, walk: Walk, everywhere: bool) -> Wanted {
    let Samples::F32(samples) = image.samples() else {
        panic!("floats");
    };
    let [rows, columns, channels] = image.shape();
    let largest = samples
        .iter()
        .map(|s| f64::from(s.abs()))
        .fold(0.0, f64::max);
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
            let weights = kernel.abs_sum() / kernel.divisor().abs();
            allowed += float_bound(kernel.as_slice().len(), size, weights);
        }
        let response = match combine {
            None | Some(Combine::Sum) => responses.iter().sum(),
            Some(Combine::Max) => responses.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Some(Combine::Magnitude) => responses.iter().map(|r| r * r).sum::<f64>().sqrt(),
            Some(Combine::Mean) => responses.iter().sum::<f64>() / responses.len() as f64,
            Some(Combine::AbsSum) => responses.iter().map(|r| r.abs()).sum(),
            Some(Combine::AbsMax) => responses.iter().map(|r| r.abs()).fold(0.0, f64::max),
            Some(Combine::ArgMax) => f64::from(u8::from(responses[1] > responses[0])),
            Some(Combine::Direction) => responses[1].atan2(responses[0]),
            Some(Combine::DirectionDegrees) => responses[1]
                .atan2(responses[0])
                .to_degrees()
                .rem_euclid(360.0),
            Some(Combine::DirectionRadians) => responses[1]
                .atan2(responses[0])
                .rem_euclid(std::f64::consts::TAU),
            Some(_) => panic!("the tests know no other"),
        };
        wanted.responses.push(response);
        // An angle does not depend on the magnitude.
        wanted.allowed.push(match combine {
            Some(Combine::DirectionDegrees) => 1e-4,
            Some(combine) if combine.is_direction() => 1e-6,
            Some(Combine::ArgMax) => 0.0,
            _ => allowed + 1e-44,
        });
    }
    wanted
}

#[track_caller]
fn check(image: &Image, bank: &Bank, walk: Walk, map: Map, depth: Depth) {
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
        let [low, high] =
            [f64::min, f64::max].map(|end| responses.iter().copied().fold(responses[0], end));
        let most = low.abs().max(high.abs());
        let widest = allowed.iter().copied().fold(0.0, f64::max);
        let output = apply(&filter, image, &tuning);
        let outputs = numbers(&output);
        assert_eq!(outputs.len(), responses.len());
        let white = depth.full_scale();
        for (at, &got) in outputs.iter().enumerate() {
            let (r, e) = (responses[at], allowed[at]);
            let [r, e] = match map {
                Map::Stretch => [(r - low) / (high - low), 4.0 * widest / (high - low)],
                Map::Symmetric => [r / most / 2.0 + 0.5, 2.0 * widest / most],
                _ => [r, e],
            };
            let ends = match depth {
                Depth::U8 => {
                    [r - e, r + e].map(|r| (r * white).round_ties_even().clamp(0.0, white))
                }
                // What f32 does not hold is infinite.
                _ => [r - e, r + e].map(|r| f64::from(r as f32)),
            };
            assert!(
                ends[0] <= got && got <= ends[1],
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

#[test]
fn every_range() {
    let mut random = Random(0xdee9);
    for magnitude in [1e-30, 1.0, 1e20, 3.4e38] {
        for bank in &banks() {
            let image = extreme_image(&mut random, &[magnitude], 1);
            // An angle has a range of its own.
            let has_own_range =
                |combine: Combine| combine.is_direction() || combine == Combine::ArgMax;
            if bank.1.is_some_and(has_own_range) {
                continue;
            }
            for map in [Map::Stretch, Map::Symmetric] {
                for depth in [Depth::F32, Depth::U8] {
                    check(&image, bank, PLAIN, map, depth);
                }
            }
        }
    }
}

#[test]
fn every_angle() {
    let mut random = Random(0x3a1f);
    let angles = banks().into_iter();
    let mut angles = angles.filter(|bank| bank.1.is_some_and(Combine::is_direction));
    let angle = angles.next().unwrap();
    assert_eq!(angle.1, Some(Combine::Direction));
    assert_eq!(angles.count(), 2);
    for magnitudes in [
        &[2e-38][..],
        &[1e-20],
        &[1.0],
        &[1e19],
        &[3.4e38],
        &[1.0, 3.4e38, 1e-30],
        &[1e19, 1e20, 1.0, 1e-20],
    ] {
        let image = extreme_image(&mut random, magnitudes, 3);
        for (same, step, dilation) in [
            (false, 1, 1),
            (true, 1, 1),
            (true, 2, 1),
            (false, 3, 1),
            (true, 1, 2),
        ] {
            let walk = Walk {
                same,
                step,
                dilation,
            };
            check(&image, &angle, walk, Map::Float, Depth::F32);
        }
    }
}

#[test]
fn the_height_of_bands_does_not_show() {
    let mut random = Random(0xba2d);
    let image = extreme_image(&mut random, &[1.0, 1e20, 1e-30, 3.4e38, 1.0], 1);
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
    let unit = || Kernel::new(1, 1, vec![1.0]).unwrap();
    let magnitude = || KernelBank::new("m", vec![unit(), unit()], Some(Combine::Magnitude));
    let three = Kernel::new(1, 3, vec![1.0; 3]).unwrap();
    let three = three.with_divisor(3.0).unwrap();
    let mean = || KernelBank::new("m", vec![three.clone()], None);
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
