//! The maps that depend on the smallest and the largest response, in every way to run.

use stridekern::{Depth, Map, Samples};

use crate::engines::{bank, gray, run};

/// `numerator / denominator`, rounded to nearest, ties to even.
fn rounded(numerator: i64, denominator: i64) -> f64 {
    let (whole, rest) = (
        numerator.div_euclid(denominator),
        numerator.rem_euclid(denominator),
    );
    let up = match (2 * rest).cmp(&denominator) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => whole & 1,
        std::cmp::Ordering::Greater => 1,
    };
    (whole + up) as f64
}

/// Rounding errors of sums that are equal would be spread over the whole range.
#[test]
fn flat_images_stay_flat_whatever_the_weights() {
    let kernels = [
        "weights = [[-0.3333333333333333, 0.1]]\ndivisor = -2.5",
        "weights = [[0.1, 0.2, 0.3], [0.7, -0.123456789, 0.1], [0.1, 0.1, 0.1]]",
        "weights = [[0.1, 0.2, 0.3, -0.6]]",
        "combine = \"magnitude\"\n[[kernels]]\nweights = [[0.1, 0.123456789]]\n[[kernels]]\nweights = [[0.3, 0.4]]",
    ];
    let (rows, columns) = (30, 70);
    for toml in kernels {
        for value in [0, 1, 77, 255_u8] {
            let samples = Samples::U8(vec![value; rows * columns].into());
            let image = stridekern::Image::new(rows, columns, 1, samples).unwrap();
            for depth in [Depth::U8, Depth::U16, Depth::F32] {
                for output in run(&image, bank(toml), |f| {
                    f.with_map(Map::Stretch).with_depth(depth)
                }) {
                    assert!(output.iter().all(|&s| s == 0.0), "{toml} {value} {depth}");
                }
                let signed = toml.contains("-2.5");
                for output in run(&image, bank(toml), |f| {
                    f.with_map(Map::Symmetric).with_depth(depth)
                }) {
                    // Float results are rounded like any other, without being amplified.
                    let allowed = if depth.is_float() { 1e-6 } else { 0.0 };
                    let expected = match signed && value > 0 {
                        // Responses above 0: all of them are the largest.
                        true => depth.full_scale(),
                        false => output[0],
                    };
                    let is_kept = |&s: &f64| (s - expected).abs() <= allowed;
                    assert!(output.iter().all(is_kept), "{toml} {value} {depth}");
                }
            }
        }
    }
}

/// Of magnitudes, extrema and responses are roots: some samples are exact ties all the same.
#[test]
fn magnitudes_are_stretched_exactly() {
    let kernels = [
        ("3", "4", "1"),
        ("0.3", "0.4", "1"),
        ("0.5", "1.2", "0.7"),
        // No root is rational, but all are multiples of one.
        ("1", "1", "1"),
        ("0.1", "0.2", "3"),
    ];
    let ramps: [&[i64]; 5] = [
        &[0, 1, 2],
        &[5, 6, 7, 8, 9],
        &[0, 1, 2, 3, 4, 5, 6],
        &[3, 250, 100, 7, 128, 43],
        &[1, 255],
    ];
    for (x, y, divisor) in kernels {
        let kernel = |w| format!("[[kernels]]\nweights = [[{w}]]\ndivisor = {divisor}\n");
        let toml = format!("combine = \"magnitude\"\n{}{}", kernel(x), kernel(y));
        for ramp in ramps {
            let (low, high) = (ramp.iter().min().unwrap(), ramp.iter().max().unwrap());
            let bytes = gray(Samples::U8(ramp.iter().map(|&s| s as u8).collect()));
            let words: Vec<u16> = ramp.iter().map(|&s| s as u16 * 200).collect();
            let words = gray(Samples::U16(words.into()));
            for (image, depth, full) in [
                (&bytes, Depth::U8, 255),
                (&bytes, Depth::U16, 65535),
                (&words, Depth::U8, 255),
                (&words, Depth::U16, 65535),
            ] {
                let stretched = ramp
                    .iter()
                    .map(|&s| rounded((s - low) * full, high - low))
                    .collect::<Vec<_>>();
                for output in run(image, bank(&toml), |f| {
                    f.with_map(Map::Stretch).with_depth(depth)
                }) {
                    assert_eq!(output, stretched, "{toml} {ramp:?} {depth}");
                }
                let symmetric = ramp
                    .iter()
                    .map(|&s| rounded((s + high) * full, 2 * high))
                    .collect::<Vec<_>>();
                for output in run(image, bank(&toml), |f| {
                    f.with_map(Map::Symmetric).with_depth(depth)
                }) {
                    assert_eq!(output, symmetric, "{toml} {ramp:?} {depth}");
                }
            }
        }
    }
}

/// The smallest and the largest of many responses that differ by less than f32 holds.
#[test]
fn extrema_among_responses_that_are_nearly_equal_are_found() {
    // Windows of (a, b) give a + b 2^-30: the order of a + b alone is not that of the responses.
    let toml = "weights = [[1.0, 9.313225746154785e-10]]";
    let (rows, columns) = (8, 64);
    let mut samples = vec![0_u16; rows * columns];
    for (i, sample) in samples.iter_mut().enumerate() {
        *sample = match i % columns {
            at if at % 2 == 0 => 1000,
            at => 2000 + ((at * 7 + i / columns * 5) % 53) as u16,
        };
    }
    let image = stridekern::Image::new(rows, columns, 1, Samples::U16(samples.clone().into()));
    let image = image.unwrap();
    // In units of 2^-30.
    let response = |y: usize, x: usize| {
        let [a, b] = [0, 1].map(|dx| i64::from(samples[y * columns + x + dx]));
        (a << 30) + b
    };
    let responses: Vec<i64> = (0..rows)
        .flat_map(|y| (0..columns - 1).map(move |x| response(y, x)))
        .collect();
    let (low, high) = (
        responses.iter().min().unwrap(),
        responses.iter().max().unwrap(),
    );
    let expected: Vec<f64> = (responses.iter())
        .map(|r| rounded((r - low) * 65535, high - low))
        .collect();
    for output in run(&image, bank(toml), |f| f.with_map(Map::Stretch)) {
        assert_eq!(output, expected);
    }
}
