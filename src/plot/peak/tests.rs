#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{
    kernel::{Kernel, KernelBank},
    plot::response::Response,
};

/// The largest gain and its place.
#[track_caller]
fn check(kernel: &Kernel, gain: f64, at: [f64; 2]) {
    let response = Response::new(kernel);
    let found = response.largest;
    let error = (found.gain * response.unit / gain - 1.0).abs();
    assert!(error < 1e-9, "{found:?} is not {gain}");
    for (found, expected) in found.at.into_iter().zip(at) {
        assert!((found - expected).abs() < 1e-7, "{found} is not {expected}");
    }
}

fn row(weights: &[f64]) -> Kernel {
    Kernel::new(1, weights.len(), weights.to_vec()).unwrap()
}

fn column(weights: &[f64]) -> Kernel {
    Kernel::new(weights.len(), 1, weights.to_vec()).unwrap()
}

/// [1 0 ... 0 -1]: 2 sin(pi f d), which is first 2 at 1 / (2 d).
fn difference(distance: usize) -> Vec<f64> {
    let mut weights = vec![0.0; distance + 1];
    (weights[0], weights[distance]) = (1.0, -1.0);
    weights
}

/// 2 sin w (2 + 2 cos w) is 3 sqrt 3 at w = pi / 3.
const SMOOTH: [f64; 5] = [-1.0, -2.0, 0.0, 2.0, 1.0];

#[test]
fn peaks_between_samples_are_found() {
    let third = 27_f64.sqrt();
    for distance in [3, 7, 11, 13, 59, 100, 777] {
        let weights = difference(distance);
        let at = 0.5 / distance as f64;
        check(&row(&weights), 2.0, [at, 0.0]);
        check(&column(&weights), 2.0, [0.0, at]);
    }
    check(&row(&SMOOTH), third, [1.0 / 6.0, 0.0]);
    let product = |column: &[f64], row: &[f64]| {
        let weights = column.iter().flat_map(|a| row.iter().map(move |b| a * b));
        Kernel::new(column.len(), row.len(), weights.collect()).unwrap()
    };
    // Of the two that mirror each other, that of the diagonal downwards.
    check(
        &product(&difference(7), &SMOOTH),
        2.0 * third,
        [1.0 / 6.0, 1.0 / 14.0],
    );
    let kernel = product(&SMOOTH, &difference(97))
        .with_divisor(-4.0)
        .unwrap();
    check(&kernel, third / 2.0, [0.5 / 97.0, 1.0 / 6.0]);
}

#[test]
fn large_products_are_searched_by_their_factors() {
    // exp(-w^2 sigma^2 / 2) w is largest at w = 1 / sigma. Cut off at 6 sigma it is that to
    // seven digits.
    for sigma in [40.0, 160.0] {
        let spec = format!("gaussian:sigma={sigma},order_x=1,truncate=6");
        let bank = KernelBank::from_spec(&spec).unwrap();
        let response = Response::new(&bank.kernels()[0]);
        let Peak { gain, at } = response.largest;
        let expected = (-0.5_f64).exp() / sigma;
        assert!(
            (gain * response.unit / expected - 1.0).abs() < 1e-6,
            "{spec}: {gain}"
        );
        assert!(
            (at[0] * std::f64::consts::TAU * sigma - 1.0).abs() < 1e-3,
            "{spec}: {at:?}"
        );
        assert_eq!(at[1], 0.0);
    }
}

#[test]
fn narrow_peaks_of_dense_kernels_are_found() {
    for spec in [
        "gabor:wavelength=7.3,angle=20,sigma=40",
        "gabor:wavelength=3.1,angle=70,sigma=9",
    ] {
        let bank = KernelBank::from_spec(spec).unwrap();
        let kernel = &bank.kernels()[0];
        let response = Response::new(kernel);
        let Peak { gain, at } = response.largest;
        let frequency = magnitude(at);
        let wavelength: f64 = spec[17..20].parse().unwrap();
        assert!(
            (frequency * wavelength - 1.0).abs() < 2e-3,
            "{spec}: {at:?}"
        );
        // Half of the weights without their wave.
        let half = kernel.abs_sum() / kernel.divisor() * std::f64::consts::FRAC_PI_4;
        assert!(
            (gain * response.unit / half - 1.0).abs() < 2e-2,
            "{spec}: {gain}, {half}"
        );
    }
}

#[test]
fn no_sample_is_higher_than_the_peak() {
    for (rows, columns) in [(1, 1), (2, 2), (3, 3), (5, 4), (1, 9), (9, 1), (7, 12)] {
        for seed in 0..20 {
            let weights = (0..rows * columns)
                .map(|at| (((at * 7 + seed * 13 + at * at * (3 + seed)) % 19) as f64 - 8.5) / 10.5);
            let weights = Vec::from_iter(weights);
            let kernel = Weights {
                columns,
                weights: &weights,
            };
            let none = Peak {
                gain: 0.0,
                at: [0.0; 2],
            };
            let peak = kernel.highest(none);
            let direct = kernel.slope(peak.at).power.sqrt();
            assert!((peak.gain - direct).abs() <= 1e-9 * direct);
            assert!((0.0..=0.5).contains(&peak.at[0]) && peak.at[1].abs() <= 0.5);
            for x in 0..=40 {
                for y in 0..80 {
                    let at = [f64::from(x) / 80.0, f64::from(y) / 80.0 - 0.5];
                    let sample = kernel.slope(at).power.sqrt();
                    assert!(
                        sample <= peak.gain * (1.0 + 1e-9),
                        "{rows} x {columns}, {seed}: {sample} at {at:?} is above {peak:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn slopes_are_those_of_differences() {
    let weights = [
        0.3, -1.0, 0.7, 0.2, 0.9, -0.4, 0.1, 0.05, -0.6, 1.0, 0.33, -0.8,
    ];
    let kernel = Weights {
        columns: 4,
        weights: &weights,
    };
    let at = [0.13, -0.29];
    let slope = kernel.slope(at);
    let step = 1e-5;
    let moved = |axis: usize, by: f64| {
        let mut at = at;
        at[axis] += by / std::f64::consts::TAU;
        kernel.slope(at)
    };
    for axis in 0..2 {
        let [low, high] = [moved(axis, -step), moved(axis, step)];
        let first = (high.power - low.power) / (2.0 * step);
        assert!((first - slope.first[axis]).abs() < 1e-6);
        for other in 0..2 {
            let second = (high.first[other] - low.first[other]) / (2.0 * step);
            assert!((second - slope.second[axis + other]).abs() < 1e-6);
        }
    }
}
