//! Filters of any kernel, border, step, dilation, size, channel, depth and way
//! to run, against arithmetic that has nothing in common with the engines.

use stridekern::{
    Border, Channel, Depth, Extent, Filter, Image, Kernel, KernelBank, LaneKind, Map, Method,
    Samples, Tuning, simd::Simd,
};

use crate::{
    common::{
        Random, Walk, apply, bias_in_samples, exact_samples, float_bound, numbers, random_image,
        round_exactly, sums,
    },
    driver::Corpus,
    mutate::Numbers,
};

pub(crate) fn corpus() -> Corpus {
    let mut random = Random(0xf117);
    let input = |_| (0..80).map(|_| random.next() as u8).collect();
    Corpus {
        inputs: (0..64).map(input).collect(),
        words: Vec::new(),
        mend: |_, _| {},
    }
}

pub(crate) fn target(data: &[u8]) -> String {
    let mut n = Numbers(data);
    let shape = [
        1 + n.below(40),
        1 + [n.below(40), n.below(300)][n.below(2)],
        1 + n.below(6),
    ];
    let depth = [Depth::U8, Depth::U16, Depth::F32][n.below(3)];
    let mut random = Random(n.below(1 << 15) as u64 | 1);
    let image = random_image(&mut random, shape, depth);
    let (kernel, whole) = kernel(&mut n);
    let walk = walk(&mut n, &kernel, shape);
    let tuning = Tuning::default()
        .with_method(Some(Method::ALL[n.below(Method::ALL.len())]).filter(|_| n.below(4) > 0))
        .with_lane(
            Some([LaneKind::I16, LaneKind::F32, LaneKind::F64][n.below(3)])
                .filter(|_| n.below(2) > 0),
        )
        .with_simd(
            Some(Simd::available()[n.below(Simd::available().len())]).filter(|_| n.below(2) > 0),
        )
        .with_band_rows(Some(1 + n.below(20)).filter(|_| n.below(2) > 0));
    let channel = Channel::ALL[n.below(Channel::ALL.len())];
    let map = Map::ALL[n.below(Map::ALL.len())];
    let to = [None, Some(Depth::U8), Some(Depth::U16), Some(Depth::F32)][n.below(4)];
    let threads = 1 + n.below(3);
    let filter = Filter::new(KernelBank::from_kernel("fuzz", kernel.clone()))
        .with_extent(walk.extent)
        .with_step(walk.step)
        .with_dilation(walk.dilation);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.unwrap();

    // Of plain planes, each sample is known from its window alone.
    let plain = filter.clone().with_channel(Channel::Each);
    let tuning = usable(&plain, &image, tuning);
    let output = pool.install(|| apply(&plain, &image, &tuning));
    let planes = !image.has_alpha();
    if planes && whole && depth != Depth::F32 {
        let (shape, samples) = exact_samples(&image, &kernel, walk);
        assert_eq!(output.shape(), shape);
        assert!(
            *output.samples() == samples,
            "{tuning:?} {walk:?} {kernel:?}"
        );
    } else if planes && depth != Depth::F32 {
        let (shape, samples) = exact_sevenths(&image, &kernel, walk);
        assert_eq!(output.shape(), shape);
        assert!(
            *output.samples() == samples,
            "{tuning:?} {walk:?} {kernel:?}"
        );
    } else if planes {
        close(&image, &output, &kernel, walk, &tuning);
    }

    // All that comes after the sums is the same in every way to run.
    let toned = filter.with_channel(channel).with_map(map).with_depth(to);
    let Err(error) = toned.plan(&image, &Tuning::default()).map(drop) else {
        let tuning = usable(&toned, &image, tuning);
        let output = pool.install(|| apply(&toned, &image, &tuning));
        let naive = Tuning::default()
            .with_method(Method::Naive)
            .with_lane(LaneKind::F64);
        let expected = apply(&toned, &image, &naive);
        assert_eq!(output.shape(), expected.shape());
        assert_eq!(output.depth(), expected.depth());
        // Integers are the exact responses, whatever the weights.
        let is_ranged = matches!(map, Map::Stretch | Map::Symmetric);
        let is_exact = depth != Depth::F32 && output.depth() != Depth::F32 && !is_ranged;
        if is_exact || whole && depth != Depth::F32 && channel != Channel::Luma {
            assert!(
                output == expected,
                "{tuning:?} {walk:?} {channel:?} {map:?} {to:?} {kernel:?}"
            );
        }
        let plan = toned.plan(&image, &tuning).unwrap();
        return format!(
            "{} {:?} {:?} {channel:?} {map:?} {to:?}",
            plan.method_reason(),
            plan.lane(),
            plan.simd()
        );
    };
    error.to_string()
}

/// The tuning, with less of it where the plan refuses.
fn usable(filter: &Filter, image: &Image, tuning: Tuning) -> Tuning {
    let mut all = [
        tuning,
        tuning.with_lane(None),
        tuning.with_lane(None).with_method(None),
    ]
    .into_iter();
    all.find(|tuning| filter.plan(image, tuning).is_ok())
        .unwrap_or_default()
}

/// A kernel, and whether its weights are integers.
fn kernel(n: &mut Numbers<'_>) -> (Kernel, bool) {
    let [rows, columns] = match n.below(3) {
        0 => [1 + n.below(4), 1 + n.below(4)],
        1 => [1 + n.below(9), 1 + n.below(12)],
        _ => [[1, 1 + n.below(20)], [1 + n.below(20), 1]][n.below(2)],
    };
    let whole = n.below(3) > 0;
    let largest = [1, 3, 30, 127, 300][n.below(5)];
    let mut weight = |_| {
        let weight = n.between(-largest, largest) as f64;
        if whole { weight } else { weight / 7.0 }
    };
    let weights: Vec<f64> = match weight(0) as i64 % 3 {
        // Equal weights, a column times a row, none of it.
        0 => vec![weight(1); rows * columns],
        1 => {
            let column: Vec<f64> = (0..rows).map(&mut weight).collect();
            let row: Vec<f64> = (0..columns).map(&mut weight).collect();
            let products = column.iter().flat_map(|c| row.iter().map(move |r| c * r));
            products.collect()
        }
        _ => (0..rows * columns).map(&mut weight).collect(),
    };
    let kernel = Kernel::builder(rows, columns, weights)
        .anchor([n.below(rows), n.below(columns)])
        .divisor([1.0, 16.0, 256.0, 9.0, -7.0, 2.25][n.below(6)])
        .bias([0.0, 0.5, 1.0, -0.125][n.below(4)])
        .build();
    (kernel.unwrap(), whole)
}

fn walk(n: &mut Numbers<'_>, kernel: &Kernel, shape: [usize; 3]) -> Walk {
    let mut some = || match n.below(3) {
        0 => [1 + n.below(4), 1 + n.below(4)],
        _ => [1, 1],
    };
    let (step, dilation) = (some(), some());
    let fits = (kernel.rows() - 1) * dilation[0] < shape[0]
        && (kernel.columns() - 1) * dilation[1] < shape[1];
    let mut border = || match n.below(5) {
        0 => Border::Edge,
        1 => Border::Reflect,
        2 => Border::Symmetric,
        3 => Border::Wrap,
        _ => Border::Constant([0.0, 77.0, 1.0][n.below(3)]),
    };
    let [rows, columns] = [border(), border()];
    let extent = match n.below(6) {
        0 if fits => Extent::Valid,
        1 | 2 => [rows, columns].into(),
        _ => Extent::Same(rows),
    };
    Walk {
        extent,
        step,
        dilation,
    }
}

/// [`exact_samples`] of weights that are sevenths, or products of two, as floats: multiples of
/// 2^-58, so that sums of integers are exact in 128 bits.
fn exact_sevenths(image: &Image, kernel: &Kernel, walk: Walk) -> ([usize; 3], Samples) {
    const UNIT: f64 = (1_u64 << 58) as f64;
    let weights = kernel.as_slice().iter().map(|weight| weight * UNIT);
    let scaled = Kernel::builder(kernel.rows(), kernel.columns(), weights.collect())
        .anchor(kernel.anchor())
        .build()
        .unwrap();
    let (shape, sums) = sums(image, &scaled, walk, |v| {
        assert_eq!(v.fract(), 0.0);
        v as i128
    });
    let white = image.depth().full_scale() as i128;
    // Divisors are multiples of 1/4.
    let divisor = (kernel.divisor() * 4.0) as i128;
    let bias = bias_in_samples(kernel, image.depth()) as i128;
    let samples = sums.into_iter().map(|sum| {
        let unit = divisor << 58;
        round_exactly(4 * sum + bias * unit, unit, white)
    });
    let samples = match image.depth() {
        Depth::U8 => Samples::U8(samples.map(|s| s as u8).collect()),
        _ => Samples::U16(samples.map(|s| s as u16).collect()),
    };
    (shape, samples)
}

/// What is promised of floats, beside sums in f64.
fn close(image: &Image, output: &Image, kernel: &Kernel, walk: Walk, tuning: &Tuning) {
    let (shape, sums) = sums(image, kernel, walk, |v| v);
    assert_eq!(output.shape(), shape);
    let borders = walk.extent.borders().into_iter().flatten();
    let largest = borders.fold(1.25, |largest, border| match border {
        Border::Constant(value) => value.max(largest),
        _ => largest,
    });
    let weights = kernel.abs_sum() / kernel.divisor().abs();
    let promised = float_bound(kernel.as_slice().len(), largest, weights);
    for (sum, sample) in sums.iter().zip(numbers(output)) {
        let exact = sum / kernel.divisor() + bias_in_samples(kernel, image.depth());
        let tolerance = promised + exact.abs() / f64::from(1 << 24);
        assert!(
            (sample - exact).abs() <= tolerance,
            "{sample} is not {exact}: {tuning:?} {walk:?} {kernel:?}"
        );
    }
}
