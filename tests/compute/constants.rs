//! Constant borders that are no numbers, in every way to run.

use stridekern::{
    Border, Channel, Depth, Error, Extent, Filter, Image, Kernel, Map, Samples, error::RequestError,
};

use crate::{
    common::{Random, Walk, apply, random_image, sums},
    engines::{allowed, unasked},
};

const VALUES: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

fn kernels() -> Vec<Kernel> {
    let kernel = |[rows, columns]: [usize; 2], weight: fn(usize) -> f64| {
        Kernel::new(rows, columns, (0..rows * columns).map(weight).collect()).unwrap()
    };
    vec![
        kernel([1, 1], |_| 1.0),
        kernel([1, 1], |_| -2.5),
        kernel([3, 3], |i| {
            [1.0, 2.0, 1.0, 0.0, 0.0, 0.0, -1.0, -2.0, -1.0][i]
        }),
        kernel([5, 5], |_| 1.0),
        kernel([1, 7], |i| i as f64 + 0.5),
        kernel([9, 4], |i| (i as f64).sin()),
        // Signs of one kind: the sum is infinite, not NaN.
        kernel([17, 17], |i| 1.0 + (i as f64).cos().abs()),
    ]
}

fn filter(kernel: &Kernel, walk: Walk) -> Filter {
    Filter::new(kernel.clone())
        .with_extent(walk.extent)
        .with_step(walk.step)
        .with_dilation(walk.dilation)
        .with_channel(Channel::Each)
        .with_map(Map::Float)
}

#[test]
fn the_windows_that_leave_the_image_hold_them_and_no_others() {
    let image = random_image(&mut Random(81), [40, 90, 1], Depth::F32);
    let (mut nan, mut infinite, mut finite) = (0, 0, 0);
    for kernel in kernels() {
        for value in VALUES {
            for (step, dilation) in [([1, 1], [1, 1]), ([2, 3], [1, 1]), ([1, 1], [2, 1])] {
                let walk = Walk {
                    extent: Extent::Same(Border::Constant(value)),
                    step,
                    dilation,
                };
                let filter = filter(&kernel, walk);
                let (shape, sums) = sums(&image, &kernel, walk, |v| v);
                for tuning in allowed(&filter, &image).into_iter().chain(unasked()) {
                    let output = apply(&filter, &image, &tuning);
                    assert_eq!(output.shape(), shape);
                    let Samples::F32(output) = output.into_samples() else {
                        panic!("responses are floats");
                    };
                    for (at, (&sum, &response)) in sums.iter().zip(&output[..]).enumerate() {
                        let response = f64::from(response);
                        let same = match sum.is_finite() {
                            true => (response - sum).abs() <= 1e-5 * kernel.abs_sum(),
                            false => response == sum || (response.is_nan() && sum.is_nan()),
                        };
                        let case = format!("{value} {step:?} {dilation:?} {tuning:?}");
                        assert!(same, "{at}: {response}, not {sum}: {case}");
                    }
                }
                let count = |is: fn(f64) -> bool| sums.iter().filter(|&&s| is(s)).count();
                nan += count(f64::is_nan);
                infinite += count(f64::is_infinite);
                finite += count(f64::is_finite);
            }
        }
    }
    assert!(
        nan > 1000 && infinite > 1000 && finite > 1000,
        "{nan} {infinite} {finite}"
    );
}

#[test]
fn a_window_of_three_at_the_edge() {
    let image = Image::new(1, 4, 1, Samples::F32(vec![1.0, 2.0, 4.0, 8.0].into())).unwrap();
    let kernel = Kernel::new(1, 3, vec![-1.0, 0.5, 3.0]).unwrap();
    for (value, [left, right]) in [
        (f64::NAN, [f32::NAN, f32::NAN]),
        (f64::INFINITY, [f32::NEG_INFINITY, f32::INFINITY]),
        (f64::NEG_INFINITY, [f32::INFINITY, f32::NEG_INFINITY]),
    ] {
        let filter = Filter::new(kernel.clone()).with_extent(Border::Constant(value));
        for tuning in allowed(&filter, &image) {
            let Samples::F32(samples) = apply(&filter, &image, &tuning).into_samples() else {
                panic!("floats stay floats");
            };
            let bits: Vec<u32> = samples.iter().map(|s| s.to_bits()).collect();
            let expected = [left, 12.0, 24.0, right].map(f32::to_bits);
            let nan = |bits: u32| f32::from_bits(bits).is_nan();
            for (&got, want) in bits.iter().zip(expected) {
                assert!(
                    got == want || (nan(got) && nan(want)),
                    "{value}: {samples:?}"
                );
            }
        }
        // An integer result has 0 for NaN, and saturates.
        let integers = filter.with_depth(Depth::U8).apply(&image).unwrap();
        let saturated = |s: f32| if s > 0.0 { 255 } else { 0 };
        let expected = vec![saturated(left), 255, 255, saturated(right)];
        assert_eq!(integers.samples(), &Samples::U8(expected.into()), "{value}");
    }
}

#[test]
fn integer_samples_refuse_them() {
    for (depth, kind, white) in [(Depth::U8, "8-bit", 255), (Depth::U16, "16-bit", 65535)] {
        let image = random_image(&mut Random(82), [4, 5, 1], depth);
        for (value, name) in VALUES.into_iter().zip(["nan", "inf", "-inf"]) {
            let filter = Filter::new(kernels().remove(2)).with_extent(Border::Constant(value));
            let error = filter.apply(&image).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "constant:{name} is no {kind} sample, as integers hold neither NaN nor \
                     infinity; use a whole number from 0 to {white}, or an image of floats"
                )
            );
            let Error::Request(RequestError::ConstantNotFinite { depth: of, .. }) = error else {
                panic!("{error:?}");
            };
            assert_eq!(of, depth);
        }
    }
}
