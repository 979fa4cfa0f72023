//! What a kernel adds to its responses, in every way to run.

use stridekern::{Depth, Map, Samples};

use crate::engines::{bank, gray, run};

const STEPS: [u8; 6] = [0, 1, 2, 7, 100, 255];

/// Differences of neighbours around mid-gray, by what is added to them.
fn differences(added: &str, divisor: i32) -> stridekern::KernelBank {
    bank(&format!(
        "weights = [[-1, 1]]\ndivisor = {divisor}\n{added}"
    ))
}

#[test]
fn odd_and_even_responses_around_mid_gray_stay_apart() {
    let bytes = gray(Samples::U8(STEPS.to_vec().into()));
    let words = gray(Samples::U16(
        STEPS.map(|s| u16::from(s) * 100).to_vec().into(),
    ));
    let floats = gray(Samples::F32(STEPS.map(f32::from).to_vec().into()));
    for added in ["bias = 0.5", "offset = 128", "offset = 127.5"] {
        for output in run(&bytes, differences(added, 1), |f| f) {
            assert_eq!(output, [129.0, 129.0, 133.0, 221.0, 255.0], "{added}");
        }
        // The bias is of the input's type, and scaled with it: 128 x 257.
        for output in run(&bytes, differences(added, 1), |f| f.with_depth(Depth::U16)) {
            let expected = [129.0, 129.0, 133.0, 221.0, 283.0].map(|s: f64| s * 257.0);
            assert_eq!(output, expected.map(|s| s.min(65535.0)), "{added}");
        }
        for output in run(&bytes, differences(added, 1), |f| f.with_map(Map::Float)) {
            assert_eq!(output, [129.0, 129.0, 133.0, 221.0, 283.0], "{added}");
        }
        // 128 + 5 / 2 is the only tie: 130.5.
        for output in run(&bytes, differences(added, 2), |f| f) {
            assert_eq!(output, [128.0, 128.0, 130.0, 174.0, 206.0], "{added}");
        }
    }
    for added in ["bias = 0.5", "offset = 32768"] {
        for output in run(&words, differences(added, 1), |f| f) {
            let expected = [100.0, 100.0, 500.0, 9300.0, 15500.0];
            assert_eq!(output, expected.map(|d| 32768.0 + d), "{added}");
        }
        // 32768 / 257 + 100 / 257 = 127.89.
        for output in run(&words, differences(added, 1), |f| f.with_depth(Depth::U8)) {
            assert_eq!(output, [128.0, 128.0, 129.0, 164.0, 188.0], "{added}");
        }
    }
    for (added, sum) in [
        ("bias = 0.5", 0.5),
        ("offset = 127.5", 127.5),
        ("offset = -0.25", -0.25),
    ] {
        for output in run(&floats, differences(added, 1), |f| f) {
            // A transform rounds.
            for (response, difference) in output.iter().zip([1.0, 1.0, 5.0, 93.0, 155.0]) {
                let error = (response - difference - sum).abs();
                assert!(error < 1e-6 * 255.0, "{added}: {output:?}");
            }
        }
    }
}

#[test]
fn negative_biases_are_rounded_up_as_well() {
    let bytes = gray(Samples::U8(vec![255, 128, 127, 5].into()));
    for (added, expected) in [
        ("bias = -0.5", [128.0, 1.0, 0.0, 0.0]),
        ("offset = -127.5", [128.0, 1.0, 0.0, 0.0]),
        ("bias = -0.1", [230.0, 103.0, 102.0, 0.0]),
        ("offset = -4.75", [250.0, 123.0, 122.0, 0.0]),
    ] {
        for output in run(&bytes, bank(&format!("weights = [[1]]\n{added}")), |f| f) {
            assert_eq!(output, expected, "{added}");
        }
    }
}

/// A copy that adds something is no copy, and one that adds less than half a sample is one.
#[test]
fn kernels_that_copy_add_what_they_say() {
    let bytes = gray(Samples::U8(vec![0, 9, 200, 255].into()));
    for (added, sum) in [
        ("offset = 3", 3.0),
        ("bias = 0.01", 3.0),
        ("bias = 0.001", 0.0),
    ] {
        for output in run(&bytes, bank(&format!("weights = [[1]]\n{added}")), |f| f) {
            let expected = [0.0, 9.0, 200.0, 255.0].map(|s: f64| (s + sum).min(255.0));
            assert_eq!(output, expected, "{added}");
        }
    }
}

/// Each kernel of a bank adds its own before the responses are combined.
#[test]
fn banks_add_before_they_combine() {
    let bytes = gray(Samples::U8(STEPS.to_vec().into()));
    let toml = |combine| {
        bank(&format!(
            "combine = '{combine}'\n[[kernels]]\nweights = [[-1, 1]]\nbias = 0.5\ndivisor = 4\n\
             [[kernels]]\nweights = [[1, -1]]\noffset = 99.5\ndivisor = 6"
        ))
    };
    // 128 + d / 4 and 100 - d / 6, for d of 1, 1, 5, 93, 155.
    for output in run(&bytes, toml("sum"), |f| f) {
        assert_eq!(output, [228.0, 228.0, 228.0, 236.0, 241.0]);
    }
    for output in run(&bytes, toml("max"), |f| f) {
        assert_eq!(output, [128.0, 128.0, 129.0, 151.0, 167.0]);
    }
}
