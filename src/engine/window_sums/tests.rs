use super::*;
use crate::{kernel::KernelBank, view::StridedView};

/// Products that are made when they are needed are those that were made before.
#[test]
fn sums_of_products_are_those_of_their_weights() {
    let random = |at: usize| ((at * 7919 + at * at * 31) % 251) as u8;
    for (spec, dilation, channels) in [
        ("gaussian:sigma=2.3", [1, 1], 1),
        ("gaussian:sigma=1,order_x=1", [2, 1], 3),
        ("gaussian:sigma=1", [1, 3], 2),
    ] {
        let bank = KernelBank::from_spec(spec).unwrap();
        let written = &bank.kernels()[0];
        let kernel = PlacedKernel {
            weights: written.as_slice(),
            shape: [written.rows(), written.columns()],
            dilation,
            origin: [1, 2],
        };
        let shape = [60, 70, channels];
        let samples = Vec::from_iter((0..shape.iter().product()).map(random));
        let view = StridedView::from_slice(&samples, shape).unwrap();
        let band = Band::new(view, 20, [1, 1], false, false, Vec::new()).unwrap();
        let factor = written.factor();
        assert!(factor.is_some(), "{spec}");
        let dense = written.as_slice().to_vec();
        let dense = Kernel::new(written.rows(), written.columns(), dense).unwrap();
        let product = WindowKernel::new(kernel, written, factor, channels);
        let plain = WindowKernel::new(kernel, &dense, None, channels);
        assert_eq!(product.denominator(), plain.denominator());
        for simd in Simd::available() {
            for (y, x) in [(0, 0), (3, 7), (20, 19)] {
                let channel = channels - 1;
                let window = Window { y, x, channel };
                let sums = [&product, &plain].map(|k| k.compensated_sum(simd, &band, window));
                assert_eq!(sums[0].to_bits(), sums[1].to_bits(), "{spec}");
                let exact = [&product, &plain].map(|kernel| {
                    let sum = kernel.exact_sum(&band, window);
                    sum.into_rational(kernel)
                });
                assert_eq!(exact[0], exact[1], "{spec}");
            }
        }
    }
}

#[test]
fn the_lowest_bits_of_numbers_are_those_of_their_denominators() {
    for number in [1.0, -6.0, 0.1, 1e-300, 5e-324, 3e300, 1.0 / 3.0] {
        let exponent = lowest_bit(number).unwrap();
        let exact = rational(number);
        let denominator = BigInt::from(1) << exponent.min(0).unsigned_abs();
        assert_eq!(exact.denom(), &denominator, "{number}");
    }
    assert_eq!(lowest_bit(0.0), None);
}

#[test]
fn compensated_sums_are_rounded_once() {
    // Terms that cancel but for the last digits.
    let samples: Vec<f32> = (0..5000).map(|i| (i * 7919 % 65521) as f32).collect();
    let mut weights: Vec<f64> = (0..4999)
        .map(|i| (f64::from(i) * 0.7).sin() / 3.0)
        .collect();
    let sum: f64 = (samples.iter().zip(&weights))
        .map(|(&s, w)| f64::from(s) * w)
        .sum();
    weights.push(-sum / f64::from(samples[4999]));
    let products = samples.iter().zip(&weights);
    let exact: BigRational = products
        .map(|(&s, &w)| rational(s.into()) * rational(w))
        .sum();
    let exact = crate::number::to_f64(&exact);
    let row = Row {
        weights: &weights,
        times: 1.0,
    };
    for simd in Simd::available() {
        let sum = simd.run(CompensatedDot {
            rows: [(&*samples, row)].into_iter(),
            distance: 1,
        });
        let magnitude: f64 = (samples.iter().zip(&weights))
            .map(|(&s, w)| f64::from(s) * w.abs())
            .sum();
        let bound = (f64::EPSILON / 2.0 * 5000.0).powi(2) * magnitude;
        assert!(
            (sum - exact).abs() <= f64::EPSILON * exact.abs() + bound,
            "{simd:?}: {sum} is not {exact}"
        );
    }
}
