use super::*;

fn kernel(rows: usize, columns: usize) -> Kernel {
    let weights = (1..=rows * columns).map(|w| w as f64).collect();
    Kernel::new(rows, columns, weights).unwrap()
}

#[test]
fn several_kernels_need_a_combine_and_one_has_none() {
    let message = |count: usize, combine| {
        KernelBank::new("x", vec![kernel(2, 2); count], combine)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        message(0, None),
        "the bank has no kernels; give at least one"
    );
    assert_eq!(
        message(3, None),
        "3 kernels need a rule that combines them; choose magnitude, max, sum, mean, abs_sum, abs_max, argmax, direction, direction_degrees, direction_radians"
    );
    assert_eq!(
        message(1, Some(Combine::Max)),
        "max combines several kernels, and there is one; drop it or add a kernel"
    );
    assert_eq!(
        message(3, Some(Combine::Direction)),
        "direction needs exactly two kernels, x and then y, not 3"
    );
    for combine in Combine::ALL {
        assert!(KernelBank::new("x", vec![kernel(1, 1); 2], Some(combine)).is_ok());
        for biased in [kernel(1, 1).with_bias(0.5), kernel(1, 1).with_offset(3.0)] {
            let kernels = vec![kernel(1, 1), biased.unwrap()];
            let bank = KernelBank::new("x", kernels, Some(combine));
            let refused = bank == Err(KernelError::BiasOfDirection);
            assert_eq!(refused, combine.is_direction(), "{combine}");
        }
    }
}

#[test]
fn the_size_is_the_largest_of_each_side() {
    let kernels = vec![kernel(1, 9), kernel(5, 2)];
    let bank = KernelBank::new("x", kernels, Some(Combine::Sum)).unwrap();
    assert_eq!(bank.size(), [5, 9]);
}

#[test]
fn convolving_turns_every_kernel_once_and_keeps_the_rest() {
    let kernels = vec![kernel(1, 2), kernel(3, 2)];
    let bank = KernelBank::new("x", kernels, Some(Combine::Sum))
        .unwrap()
        .with_description("d")
        .with_map(Map::Abs)
        .with_labels(["a".to_owned()]);
    let convolving = bank.convolving();
    assert_eq!(convolving.kernels()[1], kernel(3, 2).convolving());
    assert_eq!(convolving.labels(), ["a", ""]);
    assert_eq!(convolving.map(), Some(Map::Abs));
    assert_eq!(convolving.convolving(), convolving);
}

#[test]
fn a_summary_has_a_sum_only_if_the_kernels_agree() {
    let one = KernelBank::from_kernel("one", kernel(1, 2).with_divisor(6.0).unwrap());
    let summary = one.summary();
    assert_eq!((summary.rows, summary.columns, summary.kernels), (1, 2, 1));
    assert_eq!(summary.sum, Some(0.5));
    assert!(summary.separable);
    let kernels = vec![kernel(1, 2), kernel(2, 2)];
    let two = KernelBank::new("two", kernels, Some(Combine::Max)).unwrap();
    let summary = two.summary();
    assert_eq!(summary.sum, None);
    assert!(!summary.separable);
    assert_eq!(summary.combine, Some("max"));
}

#[test]
fn combine_names_go_both_ways() {
    for combine in Combine::ALL {
        assert_eq!(combine.to_string().parse::<Combine>().unwrap(), combine);
    }
    assert_eq!(
        "Max".parse::<Combine>().unwrap_err().to_string(),
        "unknown combine `Max`; choose magnitude, max, sum, mean, abs_sum, abs_max, argmax, direction, direction_degrees, direction_radians"
    );
}
