//! Results of 64-bit floats: the responses in that precision, whatever the type of the samples.

use stridekern::{
    Border, Channel, Depth, Filter, Image, ImageView, Kernel, KernelBank, Method, Samples, Tuning,
    image::f16,
};

use super::common::{Random, apply, random_image};

const DEPTHS: [Depth; 5] = [Depth::U8, Depth::U16, Depth::I32, Depth::F16, Depth::F32];

fn image(random: &mut Random, shape: [usize; 3], depth: Depth) -> Image {
    let all = 0..shape.iter().product();
    let samples: Samples = match depth {
        Depth::I32 => all.map(|_| random.next() as i32).collect::<Vec<_>>().into(),
        Depth::F16 => {
            let mut next = || f16::from_f32(random.below(1 << 20) as f32 / 1e6);
            all.map(|_| next()).collect::<Vec<_>>().into()
        }
        _ => return random_image(random, shape, depth),
    };
    Image::new(shape[0], shape[1], shape[2], samples).unwrap()
}

fn numbers(image: &Image) -> Vec<f64> {
    ImageView::from(image).numbers().collect()
}

/// The result in every way to run it.
fn in_every_way(filter: &Filter, image: &Image) -> Vec<(Method, Vec<f64>)> {
    let methods = Method::ALL.into_iter().filter_map(|method| {
        let tuning = Tuning::default().with_method(method);
        filter.plan(image, &tuning).ok()?;
        let result = apply(filter, image, &tuning);
        assert_eq!(result.depth(), Depth::F64);
        Some((method, numbers(&result)))
    });
    let results = Vec::from_iter(methods);
    assert!(results.len() > 1);
    results
}

/// Weights that are integers or decimals give the exact response, rounded once.
#[test]
fn integers_by_decimals_are_exact() {
    const COLUMNS: usize = 41;
    let mut random = Random(5);
    for depth in [Depth::U8, Depth::U16, Depth::I32] {
        let image = image(&mut random, [1, COLUMNS, 1], depth);
        let samples = numbers(&image);
        // Weights in units of 1 / `over`.
        for (units, over, divisor) in [
            ([1, 1, 1], 1, 3.0),
            ([7, -3, 12], 1, 7.0),
            ([1, 7, -3], 10, 1.0),
            ([123_456, 654_321, 222_223], 1_000_000, 1.0),
            ([999_999, 1, -999_998], 1_000_000, 3.0),
        ] {
            let weights = units.map(|unit: i64| unit as f64 / over as f64).to_vec();
            let kernel = Kernel::new(1, 3, weights).unwrap();
            let kernel = kernel.with_divisor(divisor).unwrap();
            let filter = Filter::new(kernel).with_sample_type(Depth::F64);
            let windows = samples.windows(3).map(|window| {
                let products = window.iter().zip(units).map(|(&s, unit)| s as i64 * unit);
                // Both are exact, and their quotient is rounded once.
                products.sum::<i64>() as f64 / (over as f64 * divisor)
            });
            let wanted = Vec::from_iter(windows);
            for (method, found) in in_every_way(&filter, &image) {
                assert_eq!(found, wanted, "{depth} {units:?} / {over}, {method}");
            }
        }
    }
}

/// All others are within the rounding of 64-bit floats, where those of 32 would be 1e-7.
#[test]
fn other_weights_have_the_precision_of_f64() {
    const TOLERANCE: f64 = 1e-14;
    let mut random = Random(9);
    let bank = KernelBank::resolve("gaussian:sigma=1.3,radius=3").unwrap();
    let kernel = &bank.kernels()[0];
    for depth in DEPTHS {
        let image = image(&mut random, [19, 23, 1], depth);
        let samples = numbers(&image);
        let filter = Filter::new(bank.clone()).with_sample_type(Depth::F64);
        for (method, found) in in_every_way(&filter, &image) {
            let [rows, columns] = [kernel.rows(), kernel.columns()];
            let width = 23 - columns + 1;
            let largest = samples.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
            for (at, found) in found.into_iter().enumerate() {
                let (y, x) = (at / width, at % width);
                let taps = kernel.as_slice().iter().enumerate().map(|(tap, weight)| {
                    let (down, across) = (tap / columns, tap % columns);
                    weight * samples[(y + down) * 23 + x + across]
                });
                let wanted = taps.sum::<f64>() / kernel.divisor();
                assert!(
                    (found - wanted).abs() <= TOLERANCE * largest,
                    "{depth} {method} at {y}, {x} of {rows} rows: {found}, not {wanted}"
                );
            }
        }
    }
}

/// Luma is not rounded to the type of the samples either.
#[test]
fn luma_has_the_precision_of_f64() {
    let mut random = Random(13);
    let kernel = Kernel::new(1, 1, vec![1.0]).unwrap();
    for channels in [3, 4] {
        for depth in DEPTHS {
            let image = image(&mut random, [5, 29, channels], depth);
            let filter = Filter::new(kernel.clone())
                .with_channel(Channel::Luma)
                .with_sample_type(Depth::F64);
            let result = filter.apply(&image).unwrap();
            let found = numbers(&result);
            let samples = numbers(&image);
            let pixels = samples.chunks_exact(channels);
            for (pixel, found) in pixels.zip(found.chunks_exact(channels - 2)) {
                let luma = 0.2126 * pixel[0] + 0.7152 * pixel[1] + 0.0722 * pixel[2];
                let size = pixel.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
                assert!(
                    (found[0] - luma).abs() <= 1e-15 * size,
                    "{depth}: {}, not {luma}",
                    found[0]
                );
                if let ([_, alpha], [.., stored]) = (found, pixel) {
                    assert_eq!(alpha, stored, "{depth}");
                }
            }
        }
    }
}

/// Samples of few bits keep their fast lanes where these are exact.
#[test]
fn sums_of_integers_take_the_lane_that_holds_them() {
    let image = Image::new(3, 3, 1, Samples::U8(vec![7; 9].into())).unwrap();
    for (name, lane) in [
        ("sobel_x", "i16"),
        ("gaussian5", "i16"),
        ("gaussian:sigma=1,radius=1", "f64"),
    ] {
        let bank = KernelBank::resolve(name).unwrap();
        let filter = Filter::new(bank)
            .with_extent(Border::Edge)
            .with_sample_type(Depth::F64);
        let plan = filter.plan(&image, &Tuning::default()).unwrap();
        assert_eq!(plan.lane().name(), lane, "{name}");
    }
}
