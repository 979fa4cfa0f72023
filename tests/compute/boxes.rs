//! Boxes: kernels of equal weights, whose sums run from window to window.

use stridekern::{
    Border, Channel, Depth, Extent, Filter, Image, Kernel, KernelBank, LaneKind, Map, Method,
    Samples, Tuning, simd::Simd,
};

use crate::common::{Random, apply, border_source, random_image, round_exactly, run_plan, sample};

const EXTENTS: [Extent; 6] = [
    Extent::Valid,
    Extent::Same(Border::Constant(77.0)),
    Extent::Same(Border::Edge),
    Extent::Same(Border::Reflect),
    Extent::Same(Border::Symmetric),
    Extent::Same(Border::Wrap),
];

/// A kernel of so many rows and columns of one weight.
fn kernel([rows, columns]: [usize; 2], weight: f64, divisor: f64) -> Kernel {
    let kernel = Kernel::new(rows, columns, vec![weight; rows * columns]).unwrap();
    kernel.with_divisor(divisor).unwrap()
}

fn filter(kernel: Kernel, extent: Extent) -> Filter {
    Filter::new(KernelBank::from_kernel("box", kernel))
        .with_extent(extent)
        .with_channel(Channel::Each)
}

/// What the filter makes of integers, if its only weight is an integer: sums of columns, then of
/// rows, each from its samples.
fn exact(image: &Image, kernel: &Kernel, extent: Extent, offset: i128) -> Samples {
    let shape = image.shape();
    let (size, anchor) = ([kernel.rows(), kernel.columns()], kernel.anchor());
    let (output, before) = match extent {
        Extent::Valid => ([0, 1].map(|axis| shape[axis] + 1 - size[axis]), [0, 0]),
        _ => ([shape[0], shape[1]], anchor),
    };
    let source = |axis: usize, at: usize| match extent {
        Extent::Same(border) => border_source(border, at as i64 - before[axis] as i64, shape[axis]),
        _ => Some(at),
    };
    let constant = match extent {
        Extent::Same(Border::Constant(value)) => value as i128,
        _ => 0,
    };
    let white = image.depth().full_scale() as i128;
    let weight = kernel.weights()[[0, 0]] as i128;
    let divisor = kernel.divisor() as i128;
    let mut samples = Vec::new();
    for y in 0..output[0] {
        let column_sum = |column: usize, channel: usize| -> i128 {
            let of_row = |row: usize| match source(0, y + row).zip(source(1, column)) {
                Some((row, column)) => sample(image, [row, column, channel]) as i128,
                None => constant,
            };
            (0..size[0]).map(of_row).sum()
        };
        let columns = output[1] + size[1] - 1;
        let column_sums: Vec<Vec<i128>> = (0..columns)
            .map(|x| (0..shape[2]).map(|c| column_sum(x, c)).collect())
            .collect();
        for x in 0..output[1] {
            for channel in 0..shape[2] {
                let of_columns = column_sums[x..x + size[1]].iter();
                let sum: i128 = of_columns.map(|sums| sums[channel]).sum();
                let dividend = sum * weight + offset * divisor;
                samples.push(round_exactly(dividend, divisor, white));
            }
        }
    }
    match image.depth() {
        Depth::U8 => Samples::U8(samples.into_iter().map(|s| s as u8).collect()),
        _ => Samples::U16(samples.into_iter().map(|s| s as u16).collect()),
    }
}

/// Running sums at every level, in every lane that is exact.
fn tunings(filter: &Filter, image: &Image) -> Vec<Tuning> {
    let lanes = [None, Some(LaneKind::F32), Some(LaneKind::F64)];
    let mut all = Vec::new();
    for simd in Simd::available() {
        let of_level = Tuning::default()
            .with_method(Method::Separable)
            .with_simd(simd);
        all.extend(lanes.map(|lane| of_level.with_lane(lane)));
    }
    all.retain(|tuning| filter.plan(image, tuning).is_ok());
    assert!(all.len() >= 2 * Simd::available().len());
    all
}

#[track_caller]
fn check(filter: &Filter, image: &Image, expected: &Samples) {
    for tuning in tunings(filter, image) {
        let plan = filter.plan(image, &tuning).unwrap();
        assert_eq!(plan.engine(), "running-sum");
        let made = run_plan(&plan, image);
        assert!(
            made.samples() == expected,
            "{plan} {tuning:?} {filter:?} of {:?}",
            image.shape()
        );
    }
}

/// Images narrower than a block, and smaller than the window; windows beyond what 8 and 16 bits
/// hold sums of; and divisors with many ties.
#[test]
fn boxes_of_every_size_are_exact() {
    let mut random = Random(0xb0c5);
    let shapes = [
        [37, 150],
        [9, 400],
        [1, 200],
        [130, 1],
        [3, 70],
        [21, 64],
        [5, 63],
        [2, 2],
    ];
    let sizes = [
        [1, 1],
        [1, 7],
        [7, 1],
        [2, 2],
        [3, 3],
        [4, 6],
        [6, 6],
        [15, 15],
        [31, 31],
        [12, 10],
        [63, 5],
        [1, 128],
        [1, 129],
        [5, 200],
        [300, 1],
        [260, 3],
        [64, 128],
        [270, 260],
    ];
    let mut turn = 0;
    for size in sizes {
        let taps = (size[0] * size[1]) as f64;
        for [rows, columns] in shapes {
            turn += 1;
            let extent = EXTENTS[turn % 6];
            if extent == Extent::Valid && (size[0] > rows || size[1] > columns) {
                continue;
            }
            if size[0] * size[1] * rows * columns > 40_000_000 {
                continue;
            }
            let depth = [Depth::U8, Depth::U16][turn / 2 % 2];
            // Without alpha.
            let channels = [1, 3, 5, 6, 3][turn % 5];
            let mut image = random_image(&mut random, [rows, columns, channels], depth);
            if turn % 3 == 0 {
                // Ties are frequent.
                image = faint(&mut random, [rows, columns, channels], depth);
            }
            let (weight, divisor, offset) = match turn % 5 {
                0 => (3.0, 3.0 * taps + 1.0, 0),
                1 => (-1.0, taps, (depth.full_scale() as i128 + 1) / 2),
                2 => (1.0, 4.0, 0),
                _ => (1.0, taps, 0),
            };
            let kernel = kernel(size, weight, divisor);
            let expected = exact(&image, &kernel, extent, offset);
            let mut filter = filter(kernel, extent);
            if offset != 0 {
                filter = filter.with_map(Map::Offset);
            }
            check(&filter, &image, &expected);
        }
    }
    assert_eq!(turn, sizes.len() * shapes.len());
}

/// Samples from 0 to 3.
fn faint(random: &mut Random, shape: [usize; 3], depth: Depth) -> Image {
    let len = shape.iter().product();
    let samples = match depth {
        Depth::U8 => Samples::U8((0..len).map(|_| random.below(4) as u8).collect()),
        _ => Samples::U16((0..len).map(|_| random.below(4) as u16).collect()),
    };
    Image::new(shape[0], shape[1], shape[2], samples).unwrap()
}

/// Pixels of four channels, the last of which is alpha and copied.
#[test]
fn boxes_leave_alpha_alone() {
    let mut random = Random(0xa1fa);
    for shape in [[40, 90, 4], [40, 90, 2]] {
        let image = random_image(&mut random, shape, Depth::U8);
        for size in [[5, 5], [6, 4]] {
            let kernel = kernel(size, 1.0, (size[0] * size[1]) as f64);
            let extent = Extent::Same(Border::Reflect);
            let filter = filter(kernel, extent);
            let naive = Tuning::default().with_method(Method::Naive);
            let expected = apply(&filter, &image, &naive);
            check(&filter, &image, expected.samples());
        }
    }
}

/// Bands are cut, and rows near to the border computed apart, without a trace.
#[test]
fn boxes_do_not_depend_on_bands_or_threads() {
    let mut random = Random(0xba9d);
    for shape in [[300, 5000, 1], [260, 1700, 3]] {
        let image = random_image(&mut random, shape, Depth::U8);
        for (size, extent) in [
            ([31, 31], EXTENTS[3]),
            ([8, 40], EXTENTS[0]),
            ([64, 3], EXTENTS[1]),
        ] {
            let filter = filter(kernel(size, 1.0, (size[0] * size[1]) as f64), extent);
            let direct = Tuning::default().with_method(Method::Direct);
            let expected = apply(&filter, &image, &direct);
            for band_rows in [None, Some(1), Some(7), Some(64), Some(1000)] {
                for threads in [1, 3] {
                    let tuning = Tuning::default()
                        .with_method(Method::Separable)
                        .with_band_rows(band_rows)
                        .with_threads(threads);
                    let plan = filter.plan(&image, &tuning).unwrap();
                    assert_eq!(plan.engine(), "running-sum");
                    assert!(run_plan(&plan, &image) == expected, "{plan} {band_rows:?}");
                }
            }
        }
    }
}

/// Results larger than the caches are written by non-temporal stores.
#[test]
fn large_boxes_have_no_seam() {
    let mut random = Random(0x1a49e);
    for (shape, depth) in [
        ([1300, 7001, 1], Depth::U8),
        ([700, 4501, 3], Depth::U8),
        ([900, 5003, 1], Depth::U16),
    ] {
        let image = random_image(&mut random, shape, depth);
        for size in [[9, 9], [6, 8]] {
            let kernel = kernel(size, 1.0, (size[0] * size[1]) as f64);
            let filter = filter(kernel, Extent::Same(Border::Reflect));
            let direct = Tuning::default().with_method(Method::Direct);
            let expected = apply(&filter, &image, &direct);
            check(&filter, &image, expected.samples());
        }
    }
}

/// A weight that is no integer multiplies sums that are, and the product is rounded once.
#[test]
fn weights_of_any_value_are_exact() {
    let mut random = Random(0xf10a7);
    for (turn, weight) in [1.0 / 961.0, 1.0 / 49.0, -0.0123456789, 1e-7, 0.04 + 1e-12]
        .into_iter()
        .enumerate()
    {
        for (depth, size) in [
            (Depth::U8, [31, 31]),
            (Depth::U8, [7, 7]),
            (Depth::U16, [7, 7]),
            (Depth::U8, [4, 150]),
            (Depth::U8, [280, 260]),
            (Depth::I16, [5, 5]),
            (Depth::U32, [5, 5]),
        ] {
            let image = random_image_of(&mut random, [40, 120, 1 + turn % 3], depth);
            let filter = filter(kernel(size, weight, 1.0), Extent::Same(Border::Reflect));
            let naive = Tuning::default().with_method(Method::Naive);
            let expected = apply(&filter, &image, &naive);
            for tuning in tunings(&filter, &image) {
                let plan = filter.plan(&image, &tuning).unwrap();
                let made = run_plan(&plan, &image);
                assert!(
                    made == expected,
                    "{plan} {tuning:?} {weight} {size:?} {depth}"
                );
            }
        }
    }
}

fn random_image_of(random: &mut Random, shape: [usize; 3], depth: Depth) -> Image {
    let len = shape.iter().product();
    let samples = match depth {
        Depth::I16 => Samples::I16((0..len).map(|_| random.next() as i16).collect()),
        Depth::U32 => Samples::U32((0..len).map(|_| random.next() as u32).collect()),
        _ => return random_image(random, shape, depth),
    };
    Image::new(shape[0], shape[1], shape[2], samples).unwrap()
}
