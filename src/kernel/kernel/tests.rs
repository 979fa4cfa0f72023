use super::{KernelBuilder, *};

fn kernel(rows: usize, columns: usize, weights: &[f64]) -> Kernel {
    Kernel::new(rows, columns, weights.to_vec()).unwrap()
}

fn nine(kernel: &Kernel) -> Vec<i32> {
    kernel.weights.iter().map(|&w| w as i32).collect()
}

#[test]
fn what_new_refuses() {
    let message = |rows, columns, weights: &[f64]| {
        Kernel::new(rows, columns, weights.to_vec())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        message(0, 3, &[]),
        "the kernel has no weights; give at least one row with one number"
    );
    assert_eq!(
        message(2, 2, &[1.0]),
        "2 rows x 2 columns need 4 weights, not 1"
    );
    assert_eq!(
        message(2, 2, &[1.0, 2.0, f64::NAN, 3.0]),
        "weight NaN in row 1, column 0 is not a finite number"
    );
    // A product that does not fit must not wrap around to the right length.
    assert!(message(usize::MAX, 2, &[1.0; 4]).ends_with("weights, not 4"));
}

#[test]
fn what_the_setters_refuse() {
    let k = || kernel(2, 3, &[1.0; 6]);
    for divisor in [0.0, -0.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            k().with_divisor(divisor),
            Err(KernelError::Divisor(_))
        ));
    }
    assert!(matches!(k().with_bias(f64::NAN), Err(KernelError::Bias(_))));
    for offset in [f64::NAN, f64::INFINITY] {
        let error = k().with_offset(offset).unwrap_err();
        assert!(matches!(error, KernelError::Offset(_)));
    }
    assert!(k().with_anchor([1, 2]).is_ok());
    assert_eq!(
        k().with_anchor([2, 0]).unwrap_err().to_string(),
        "anchor [2, 0] lies outside the 2x3 kernel; rows and columns count from 0"
    );
}

#[test]
fn a_builder_checks_all_parts_at_the_end() {
    let builder = || Kernel::builder(2, 3, vec![1.0; 6]);
    assert_eq!(builder().build().unwrap(), kernel(2, 3, &[1.0; 6]));
    let built = builder().anchor([1, 0]).bias(0.25).divisor(6.0).build();
    let changed = kernel(2, 3, &[1.0; 6]).with_divisor(6.0).unwrap();
    let changed = changed.with_bias(0.25).unwrap().with_anchor([1, 0]);
    assert_eq!(built.unwrap(), changed.unwrap());
    let error = |builder: KernelBuilder| builder.build().unwrap_err();
    let empty = Kernel::builder(0, 3, Vec::new()).divisor(0.0);
    assert!(matches!(error(empty), KernelError::Empty));
    let parts = [
        builder().divisor(0.0).bias(f64::NAN),
        builder().bias(f64::NAN).anchor([2, 0]),
        builder().offset(f64::NAN).anchor([2, 0]),
        builder().bias(0.5).offset(128.0).anchor([2, 0]),
        builder().anchor([2, 0]),
    ];
    assert!(matches!(
        parts.map(error),
        [
            KernelError::Divisor(_),
            KernelError::Bias(_),
            KernelError::Offset(_),
            KernelError::BiasAndOffset,
            KernelError::Anchor { .. }
        ]
    ));
}

#[test]
fn a_bias_or_an_offset_takes_the_place_of_the_other() {
    let k = kernel(1, 1, &[1.0]);
    let biased = k.clone().with_offset(3.0).unwrap().with_bias(0.5).unwrap();
    assert_eq!((biased.bias(), biased.offset()), (0.5, 0.0));
    let offset = biased.with_offset(3.0).unwrap();
    assert_eq!((offset.bias(), offset.offset()), (0.0, 3.0));
    assert_eq!(offset.with_offset(0.0).unwrap(), k);
    let built = Kernel::builder(1, 1, vec![1.0]).offset(-2.0).build();
    assert_eq!(built.unwrap(), k.with_offset(-2.0).unwrap());
}

#[test]
fn integer_samples_take_a_whole_bias_with_halves_up() {
    let samples = |kernel: Kernel| {
        [Depth::U8, Depth::U16, Depth::F32].map(|depth| kernel.bias_in_samples(depth))
    };
    let k = || kernel(1, 1, &[1.0]);
    for (bias, expected) in [
        (0.0, [0.0, 0.0, 0.0]),
        (0.5, [128.0, 32768.0, 0.5]),
        (-0.5, [-127.0, -32767.0, -0.5]),
        (1.0, [255.0, 65535.0, 1.0]),
        (-1.0, [-255.0, -65535.0, -1.0]),
        (0.25, [64.0, 16384.0, 0.25]),
        (-0.125, [-32.0, -8192.0, -0.125]),
        // 25.5 and 6553.5.
        (0.1, [26.0, 6554.0, 0.1]),
        (-0.1, [-25.0, -6553.0, -0.1]),
        (0.001, [0.0, 66.0, 0.001]),
    ] {
        assert_eq!(samples(k().with_bias(bias).unwrap()), expected, "{bias}");
    }
    // A half plus just less than a half would be rounded to 1.
    let just_below = 0.5_f64.next_down();
    for (offset, expected) in [
        (128.0, [128.0, 128.0, 128.0]),
        (-3.0, [-3.0; 3]),
        (1000.0, [1000.0; 3]),
        (0.25, [0.0, 0.0, 0.25]),
        (0.5, [1.0, 1.0, 0.5]),
        (-0.5, [0.0, 0.0, -0.5]),
        (-1.5, [-1.0, -1.0, -1.5]),
        (just_below, [0.0, 0.0, just_below]),
        (4_503_599_627_370_497.0, [4_503_599_627_370_497.0; 3]),
    ] {
        assert_eq!(
            samples(k().with_offset(offset).unwrap()),
            expected,
            "{offset}"
        );
    }
}

#[test]
fn decimals_and_binary_fractions_become_the_smallest_integers() {
    let integers = |weights: &[f64], divisor: f64| {
        let k = kernel(1, weights.len(), weights).with_divisor(divisor);
        let k = k.unwrap().in_integers()?;
        Some((k.weights.to_vec(), k.divisor))
    };
    let power = |n: i32| 2_f64.powi(n);
    let cases: [(&[f64], f64, &[f64], f64); 14] = [
        (&[0.1, 0.9], 1.0, &[1.0, 9.0], 10.0),
        (&[0.25, -0.75], 1.0, &[1.0, -3.0], 4.0),
        (&[0.5, 0.1], 1.0, &[5.0, 1.0], 10.0),
        (&[0.000_001], 1.0, &[1.0], 1e6),
        // Eight digits and more behind the point.
        (&[0.003_906_25, 0.023_437_5], 1.0, &[1.0, 6.0], 256.0),
        (
            &[1.0 + power(-20), 3.0],
            1.0,
            &[power(20) + 1.0, 3.0 * power(20)],
            power(20),
        ),
        (&[power(-53)], 1.0, &[1.0], power(53)),
        (&[0.0, -0.0], 1.0, &[0.0, -0.0], 1.0),
        (&[3.0, 2.0], 0.5, &[6.0, 4.0], 1.0),
        // The divisor a decimal, a binary fraction, and neither.
        (&[0.003_906_25], 0.1, &[1.0], 0.1 * 256.0),
        (&[0.5], 0.1, &[5.0], 1.0),
        (&[0.003_906_25], power(-10), &[4.0], 1.0),
        (
            &[0.75],
            std::f64::consts::PI,
            &[3.0],
            4.0 * std::f64::consts::PI,
        ),
        (&[4.0], -std::f64::consts::PI, &[4.0], -std::f64::consts::PI),
    ];
    for (weights, divisor, whole, over) in cases {
        let expected = Some((whole.to_vec(), over));
        assert_eq!(
            integers(weights, divisor),
            expected,
            "{weights:?} / {divisor}"
        );
    }
    for (weights, divisor) in [
        (&[1.0 / 3.0][..], 1.0),
        (&[1.0 / 273.0, 4.0 / 273.0], 1.0),
        (&[power(-54)], 1.0),
        (&[power(40), power(-20)], 1.0),
        (&[0.1, power(-20)], 1.0),
        (&[f64::MAX, 0.25], 1.0),
        (&[power(-10)], f64::MAX),
    ] {
        assert_eq!(integers(weights, divisor), None, "{weights:?} / {divisor}");
    }
}

#[test]
fn the_default_anchor_is_rounded_down() {
    for (size, anchor) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] {
        assert_eq!(kernel(size, 1, &vec![1.0; size]).anchor(), [anchor, 0]);
    }
}

#[test]
fn flipping_keeps_the_anchor_on_its_weight() {
    let k = kernel(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        .with_anchor([0, 2])
        .unwrap();
    let flipped = k.flipped();
    assert_eq!(flipped.as_slice(), [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
    assert_eq!(flipped.weights().get(flipped.anchor()), Some(&3.0));
    assert_eq!(flipped.flipped(), k);
}

#[test]
fn eight_rotations_turn_clockwise_by_one_place() {
    let k = kernel(3, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    let turned = k.rotations(8).unwrap();
    assert_eq!(turned.len(), 8);
    assert_eq!(turned[0], k);
    assert_eq!(nine(&turned[1]), [4, 1, 2, 7, 5, 3, 8, 9, 6]);
    assert_eq!(nine(&turned[2]), [7, 4, 1, 8, 5, 2, 9, 6, 3]);
    assert_eq!(turned[4], k.flipped());
    for pair in turned.windows(2) {
        assert_eq!(pair[0].rotations(8).unwrap()[1], pair[1]);
    }
    assert_eq!(turned[7].rotations(8).unwrap()[1], k);
}

#[test]
fn four_rotations_are_every_second_of_eight() {
    let k = kernel(3, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
        .with_divisor(3.0)
        .unwrap()
        .with_bias(0.5)
        .unwrap();
    let four = k.rotations(4).unwrap();
    let eight = k.rotations(8).unwrap();
    assert_eq!(four, [0, 2, 4, 6].map(|at| eight[at].clone()));
    assert!(eight.iter().all(|k| k.divisor() == 3.0 && k.bias() == 0.5));
}

#[test]
fn a_rotation_keeps_the_anchor_on_its_weight() {
    let k = kernel(3, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    for at in 0..9 {
        let k = k.clone().with_anchor([at / 3, at % 3]).unwrap();
        for turned in k.rotations(8).unwrap() {
            assert_eq!(
                turned.weights().get(turned.anchor()),
                k.weights().get(k.anchor())
            );
        }
        assert_eq!(k.rotations(4).unwrap()[2], k.flipped());
    }
}

#[test]
fn only_3x3_kernels_have_4_or_8_rotations() {
    let message = |k: Kernel, count| k.rotations(count).unwrap_err().to_string();
    assert_eq!(
        message(kernel(3, 1, &[1.0; 3]), 4),
        "a 3x1 kernel has no rotations; only a 3x3 kernel has"
    );
    assert_eq!(
        message(kernel(3, 3, &[1.0; 9]), 5),
        "5 rotations are not possible; give 4 (by 90 degrees) or 8 (by 45 degrees)"
    );
}

#[test]
fn integer_kernels_are_separable_exactly() {
    assert!(kernel(2, 2, &[1.0, 2.0, 3.0, 6.0]).is_separable());
    assert!(!kernel(2, 2, &[1.0, 2.0, 3.0, 7.0]).is_separable());
    assert!(!kernel(2, 2, &[1.0, 0.0, 0.0, -1.0]).is_separable());
    assert!(!kernel(2, 2, &[0.0, 1.0, 1.0, 0.0]).is_separable());
    assert!(kernel(1, 3, &[1.0, -5.0, 3.0]).is_separable());
    assert!(kernel(3, 1, &[0.0, 0.0, 7.0]).is_separable());
    assert!(kernel(2, 2, &[0.0; 4]).is_separable());
    // Off by one in 2^80: f64 would call this separable.
    let big = 2_f64.powi(40);
    assert!(
        kernel(
            2,
            2,
            &[big * big / 2_f64.powi(30), big, big, 2_f64.powi(30)]
        )
        .is_separable()
    );
    let near = [big + 1.0, big, big, big - 1.0];
    assert!(!kernel(2, 2, &near).is_separable());
}

#[test]
fn other_kernels_are_separable_within_rounding() {
    let [p, d] = [[0.0376593171958126, 0.249153396177344], [0.1, -0.3]];
    let mut product: Vec<f64> = p.iter().flat_map(|p| d.map(|d| p * d)).collect();
    for scale in [1.0, 1e-300, 1e300] {
        let scaled: Vec<f64> = product.iter().map(|w| w * scale).collect();
        assert!(kernel(2, 2, &scaled).is_separable(), "{scale}");
    }
    product[0] += 1e-11;
    assert!(!kernel(2, 2, &product).is_separable());
}

#[test]
fn gain_ignores_what_rounding_left_over() {
    let k = kernel(1, 3, &[0.1, 0.2, -0.3]);
    assert_ne!(k.sum(), 0.0);
    assert_eq!(k.gain(), 0.0);
    assert_eq!(
        kernel(1, 2, &[1.0, 2.0]).with_divisor(-2.0).unwrap().gain(),
        -1.5
    );
}

#[test]
fn integers_are_what_f64_holds_exactly() {
    assert!(kernel(1, 2, &[9007199254740992.0, -0.0]).is_integer());
    assert!(!kernel(1, 1, &[9007199254740994.0]).is_integer());
    assert!(!kernel(1, 1, &[0.5]).is_integer());
}

/// A divisor is of the weights as they were written, whatever they became.
#[test]
fn a_new_divisor_is_that_of_the_written_weights() {
    let vectors: [&[f64]; 5] = [
        &[0.5, 0.25],
        &[0.1, 0.3],
        &[1.0, 2.0],
        &[0.07],
        &[-1.5, 0.0, 2.0],
    ];
    for column in vectors {
        for row in vectors {
            for divisor in [1.0, 2.0, 0.07, -0.5, 12.34, 1e6] {
                let of_written = Kernel::from_vectors(column, row, divisor).unwrap();
                let replaced = Kernel::from_vectors(column, row, 3.0).unwrap();
                let turned = replaced.flipped().with_divisor(divisor).unwrap().flipped();
                for other in [replaced.with_divisor(divisor).unwrap(), turned] {
                    let [written, replaced] =
                        [&of_written, &other].map(|kernel| kernel.in_integers().unwrap());
                    for (of_written, of_replaced) in
                        written.as_slice().iter().zip(replaced.as_slice())
                    {
                        // Whole numbers: the products are exact.
                        assert_eq!(
                            of_written * replaced.divisor(),
                            of_replaced * written.divisor(),
                            "{column:?} {row:?} {divisor}"
                        );
                    }
                }
            }
        }
    }
}
