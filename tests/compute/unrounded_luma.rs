//! Float results are the responses to luma that is not rounded to samples.

use stridekern::{
    Alpha, Border, Channel, Depth, Extent, Filter, Image, Kernel, KernelBank, Map, Method, Samples,
    Tuning,
};

use crate::common::{
    Random, Walk, apply, bias_in_samples, numbers, random_image, random_kernel, run_plan, sample,
    sums,
};

/// Five thousand times the luma of every pixel: whole numbers.
fn whole_luma(image: &Image) -> Image {
    let [rows, columns, _] = image.shape();
    let pixels = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x)));
    let luma = pixels.map(|(y, x)| {
        let [r, g, b] = [0, 1, 2].map(|c| sample(image, [y, x, c]));
        1063.0 * r + 3576.0 * g + 361.0 * b
    });
    // Of 8 bits, below 2^24; of 16 bits only those that f32 holds are used here.
    let luma: Vec<f32> = luma
        .map(|whole| {
            assert_eq!(f64::from(whole as f32), whole);
            whole as f32
        })
        .collect();
    Image::new(rows, columns, 1, Samples::F32(luma.into())).unwrap()
}

/// Random colours; of 16 bits multiples of 257, whose luma times 5000 fits f32 after
/// division by it.
fn colours(random: &mut Random, shape: [usize; 3], depth: Depth) -> (Image, Image, f64) {
    let bytes = random_image(random, shape, Depth::U8);
    let whole = whole_luma(&bytes);
    match (depth, bytes.samples()) {
        (Depth::U16, Samples::U8(samples)) => {
            let wide = samples.iter().map(|&s| u16::from(s) * 257).collect();
            let wide = Image::new(shape[0], shape[1], shape[2], Samples::U16(wide)).unwrap();
            (wide, whole, 257.0 / 5000.0)
        }
        _ => (bytes, whole, 1.0 / 5000.0),
    }
}

/// The responses in f64, to the luma itself.
fn responses(whole: &Image, unit: f64, kernel: &Kernel, extent: Extent, depth: Depth) -> Vec<f64> {
    let in_wholes = |border| match border {
        Border::Constant(value) => Border::Constant(value / unit),
        other => other,
    };
    let walk = Walk {
        extent: match extent.borders() {
            None => Extent::Valid,
            Some([rows, columns]) => [in_wholes(rows), in_wholes(columns)].into(),
        },
        step: [1, 1],
        dilation: [1, 1],
    };
    let (_, sums) = sums(whole, kernel, walk, |v| v);
    let response = |sum| sum * unit / kernel.divisor() + bias_in_samples(kernel, depth);
    sums.into_iter().map(response).collect()
}

fn kernels(random: &mut Random) -> Vec<Kernel> {
    let sobel = vec![-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0];
    let decimals = vec![0.1, 0.2, -0.3, 0.7, 0.05, -0.6];
    let thirds = vec![1.0 / 3.0; 25];
    vec![
        Kernel::new(3, 3, sobel).unwrap(),
        random_kernel(random, 5, 4, 9).with_divisor(-7.0).unwrap(),
        random_kernel(random, 2, 3, 9).with_bias(0.25).unwrap(),
        Kernel::new(2, 3, decimals).unwrap(),
        Kernel::new(5, 5, thirds).unwrap(),
        // Large enough for the transform.
        random_kernel(random, 31, 31, 5)
            .with_divisor(100.0)
            .unwrap(),
    ]
}

#[test]
fn responses_are_those_to_the_luma_itself() {
    let mut random = Random(0x709);
    let extents: [Extent; 4] = [
        Extent::Valid,
        Border::Reflect.into(),
        Border::Constant(7.0).into(),
        [Border::Wrap, Border::Constant(3.0)].into(),
    ];
    let (mut count, mut largest) = (0, 0.0_f64);
    for (channels, depth) in [
        (3, Depth::U8),
        (4, Depth::U8),
        (3, Depth::U16),
        (4, Depth::U16),
    ] {
        let (image, whole, unit) = colours(&mut random, [40, 45, channels], depth);
        let white = depth.full_scale();
        for kernel in kernels(&mut random) {
            for extent in extents {
                let exact = responses(&whole, unit, &kernel, extent, depth);
                let filter = Filter::new(KernelBank::from_kernel("k", kernel.clone()))
                    .with_alpha(Alpha::Drop)
                    .with_extent(extent)
                    .with_map(Map::Float);
                let tolerance = 1e-6 * white * kernel.abs_sum() / kernel.divisor().abs();
                let methods = Method::ALL.map(|method| Tuning::default().with_method(method));
                for tuning in methods.into_iter().chain([Tuning::default()]) {
                    let Ok(plan) = filter.plan(&image, &tuning) else {
                        continue;
                    };
                    assert_eq!(plan.window_depth(), Depth::F32);
                    let made = numbers(&run_plan(&plan, &image));
                    assert_eq!(made.len(), exact.len());
                    for (made, exact) in made.iter().zip(&exact) {
                        let apart = (made - exact).abs();
                        assert!(apart <= tolerance, "{made} is not {exact}: {plan} {extent}");
                    }
                    count += 1;
                }
                // Luma that is rounded first gives other responses by far.
                let rounded = filter.clone().with_map(Map::Clamp);
                let rounded = Filter::new(KernelBank::builtin("identity").unwrap())
                    .with_alpha(Alpha::Drop)
                    .with_extent(Border::Edge)
                    .apply(&image)
                    .map(|luma| rounded.with_map(Map::Float).apply(&luma).unwrap());
                for (rounded, exact) in numbers(&rounded.unwrap()).iter().zip(&exact) {
                    largest = largest.max((rounded - exact).abs() / white / tolerance);
                }
            }
        }
    }
    assert!(count > 300, "{count}");
    assert!(largest > 1.0, "{largest}");
}

/// Sums of 8-bit luma times 5000 below 2^24 are exact in f32, and so are their quotients.
#[test]
fn sobel_on_bytes_is_exact_and_flat_colours_vanish() {
    let mut random = Random(0x50b);
    let (image, whole, _) = colours(&mut random, [50, 60, 3], Depth::U8);
    let kernel = &kernels(&mut random)[0];
    let filter = Filter::new(KernelBank::from_kernel("k", kernel.clone()))
        .with_extent(Border::Edge)
        .with_map(Map::Float);
    let exact = responses(&whole, 1.0, kernel, Border::Edge.into(), Depth::U8);
    let exact: Vec<f64> = exact
        .iter()
        .map(|sum| f64::from((sum / 5000.0) as f32))
        .collect();
    for method in [Method::Naive, Method::Direct] {
        let tuning = Tuning::default().with_method(method);
        assert_eq!(numbers(&apply(&filter, &image, &tuning)), exact, "{method}");
    }
    let colour = [200, 13, 77];
    let flat = (0..900).map(|at| colour[at % 3]).collect();
    let flat = Image::new(15, 20, 3, Samples::U8(flat)).unwrap();
    assert_eq!(numbers(&filter.apply(&flat).unwrap()), [0.0; 300]);
}

#[test]
fn float_depth_and_the_maps_start_from_the_same_responses() {
    let mut random = Random(0xdef);
    for (depth, middle) in [(Depth::U8, 128.0), (Depth::U16, 32768.0)] {
        let (image, whole, unit) = colours(&mut random, [30, 33, 3], depth);
        let white = depth.full_scale();
        let kernel = random_kernel(&mut random, 3, 4, 5);
        let exact = responses(&whole, unit, &kernel, Border::Reflect.into(), depth);
        let [low, high] = [f64::min, f64::max].map(|end| exact.iter().copied().fold(exact[0], end));
        let most = low.abs().max(high);
        for map in [
            Map::Clamp,
            Map::Abs,
            Map::Offset,
            Map::Stretch,
            Map::Symmetric,
        ] {
            let filter = Filter::new(KernelBank::from_kernel("k", kernel.clone()))
                .with_extent(Border::Reflect)
                .with_depth(Depth::F32)
                .with_map(map);
            let made = numbers(&filter.apply(&image).unwrap());
            for (made, r) in made.iter().zip(&exact) {
                let wanted = match map {
                    Map::Abs => r.abs() / white,
                    Map::Offset => (r + middle) / white,
                    Map::Stretch => (r - low) / (high - low),
                    Map::Symmetric => 0.5 + r / most / 2.0,
                    _ => r / white,
                };
                assert!(
                    (made - wanted).abs() < 1e-5,
                    "{map} {depth}: {made} is not {wanted}"
                );
            }
        }
    }
}

/// An image of equal channels is its luma: nothing is lost, nor does it differ.
#[test]
fn grays_have_the_responses_of_the_gray_image() {
    for depth in [Depth::U8, Depth::U16] {
        let gray = random_image(&mut Random(0x6a), [20, 30, 1], depth);
        let thrice = |len: usize| (0..3 * len).map(|at| at / 3);
        let samples = match gray.samples() {
            Samples::U8(s) => Samples::U8(thrice(s.len()).map(|at| s[at]).collect()),
            Samples::U16(s) => Samples::U16(thrice(s.len()).map(|at| s[at]).collect()),
            _ => panic!("the tests know no other"),
        };
        let rgb = Image::new(20, 30, 3, samples).unwrap();
        for kernel in ["sobel_x", "laplacian4", "sobel"] {
            let filter = Filter::new(KernelBank::builtin(kernel).unwrap())
                .with_extent(Border::Symmetric)
                .with_map(Map::Float);
            let of_gray = filter.apply(&gray).unwrap();
            let direct = Tuning::default().with_method(Method::Direct);
            assert_eq!(
                numbers(&apply(&filter, &rgb, &direct)),
                numbers(&of_gray),
                "{kernel}"
            );
            // Without colours there is nothing to compute.
            assert_eq!(filter.plan(&gray, &direct).unwrap().window_depth(), depth);
        }
    }
}

/// Integer results, and channels as they are stored, are convolved in the image's samples.
#[test]
fn integer_results_keep_rounded_luma() {
    let mut random = Random(0x1d);
    let sobel = || Filter::new(KernelBank::builtin("sobel_x").unwrap());
    for depth in [Depth::U8, Depth::U16] {
        let (image, ..) = colours(&mut random, [20, 30, 3], depth);
        let luma = Filter::new(KernelBank::builtin("identity").unwrap());
        let luma = luma.with_extent(Border::Edge).apply(&image).unwrap();
        let rounded = |y: usize, x: usize| {
            let [r, g, b] = [0, 1, 2].map(|c| sample(&image, [y, x, c]));
            ((2126.0 * r + 7152.0 * g + 722.0 * b) / 10_000.0).round_ties_even()
        };
        for (y, x) in (0..20).flat_map(|y| (0..30).map(move |x| (y, x))) {
            assert_eq!(sample(&luma, [y, x, 0]), rounded(y, x));
        }
        for map in [
            Map::Clamp,
            Map::Abs,
            Map::Offset,
            Map::Stretch,
            Map::Symmetric,
        ] {
            for to in [Depth::U8, Depth::U16] {
                let filter = sobel().with_map(map).with_depth(to);
                assert_eq!(filter.apply(&image).unwrap(), filter.apply(&luma).unwrap());
                let plan = filter.plan(&image, &Tuning::default()).unwrap();
                assert_eq!(plan.window_depth(), depth);
            }
        }
        for channel in [Channel::Each, Channel::Green] {
            let filter = sobel().with_map(Map::Float).with_channel(channel);
            let plan = filter.plan(&image, &Tuning::default()).unwrap();
            assert_eq!(plan.window_depth(), depth);
        }
    }
}

/// Differences of every integer type, as floats of 32 and of 64 bits.
#[test]
fn every_integer_type_keeps_the_luma_itself() {
    let bytes = random_image(&mut Random(0x7e57), [9, 14, 3], Depth::U8);
    for depth in Depth::ALL.into_iter().filter(|depth| !depth.is_float()) {
        // Sums of larger samples are refused.
        let largest = depth.full_scale().min(2_f64.powi(40));
        let spread = Kernel::new(1, 1, vec![largest]).unwrap();
        let spread = Filter::new(spread.with_divisor(255.0).unwrap());
        let spread = spread.with_channel(Channel::Each).with_sample_type(depth);
        let colours = spread.apply(&bytes).unwrap();
        let identity = Filter::new(KernelBank::builtin("identity").unwrap());
        let identity = identity
            .with_channel(Channel::Each)
            .with_extent(Border::Edge);
        let identity = identity.with_sample_type(Depth::F64);
        let values: Vec<f64> = numbers(&identity.apply(&colours).unwrap());
        let luma = |pixel: usize| {
            let [r, g, b] = [0, 1, 2].map(|c| values[pixel * 3 + c]);
            (1063.0 * r + 3576.0 * g + 361.0 * b) / 5000.0
        };
        let difference = Filter::new(Kernel::new(1, 2, vec![-1.0, 3.0]).unwrap());
        for (result, precision) in [(Depth::F32, 1e-6), (Depth::F64, 1e-14)] {
            let filter = difference.clone().with_sample_type(result);
            let made: Vec<f64> = numbers(&filter.apply(&colours).unwrap());
            assert_eq!(made.len(), 9 * 13);
            for (at, made) in made.into_iter().enumerate() {
                let pixel = at / 13 * 14 + at % 13;
                let wanted = 3.0 * luma(pixel + 1) - luma(pixel);
                let apart = (made - wanted).abs() / largest;
                assert!(
                    apart <= precision,
                    "{depth} {result}: {made} is not {wanted}"
                );
            }
        }
    }
}
