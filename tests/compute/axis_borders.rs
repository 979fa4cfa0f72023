//! A border for each axis: every pair, in every way to run.

use std::{collections::BTreeSet, fs, path::Path};

use serde::Deserialize;
use stridekern::{
    Border, Channel, Depth, Extent, Filter, Image, ImageView, Kernel, KernelBank, LaneKind, Map,
    Method, Samples, Tuning, simd::Simd,
};

use crate::common::{
    Random, Walk, apply, exact_samples, random_image, random_kernel, run_plan, sample, sums,
};

const BORDERS: [Border; 5] = [
    Border::Constant(77.0),
    Border::Edge,
    Border::Reflect,
    Border::Symmetric,
    Border::Wrap,
];

/// Every pair of borders; the constants of the two axes differ.
fn pairs() -> Vec<[Border; 2]> {
    let columns = |border| match border {
        Border::Constant(_) => Border::Constant(3.0),
        other => other,
    };
    let pairs = BORDERS.map(|rows| BORDERS.map(|border| [rows, columns(border)]));
    pairs.concat()
}

/// The plans of every method, lane and SIMD level that the filter can be run in, and the one
/// that is chosen.
fn tunings(filter: &Filter, image: &Image) -> Vec<Tuning> {
    let mut all = vec![Tuning::default()];
    for lane in [LaneKind::I16, LaneKind::F32, LaneKind::F64] {
        for method in Method::ALL {
            let tuning = Tuning::default().with_method(method).with_lane(lane);
            all.extend((Simd::available().into_iter()).map(|simd| tuning.with_simd(simd)));
        }
    }
    all.retain(|tuning| filter.plan(image, tuning).is_ok());
    all
}

fn bank(kernel: &Kernel) -> KernelBank {
    KernelBank::from_kernel("test", kernel.clone())
}

/// Images of all small shapes, kernels that are larger than them among these.
#[test]
fn every_pair_is_exact_in_every_way_to_run() {
    let mut random = Random(0xa815);
    let (mut engines, mut count) = (BTreeSet::new(), 0);
    let sizes = [[1, 1], [1, 6], [4, 1], [2, 3], [5, 4], [7, 40]];
    let windows = [[3, 3], [1, 5], [6, 2], [11, 9]];
    let banks = windows.map(|[rows, columns]| random_kernel(&mut random, rows, columns, 9));
    let ones = Kernel::new(5, 5, vec![1.0; 25]).unwrap();
    // A translation by two rows and one column, which is copied.
    let mut one_tap = vec![0.0; 15];
    one_tap[0] = 1.0;
    let shift = Kernel::new(5, 3, one_tap).unwrap();
    let kernels: Vec<Kernel> = banks.into_iter().chain([ones, shift]).collect();
    for [rows, columns] in pairs() {
        let extent = Extent::from([rows, columns]);
        for (turn, size) in sizes.into_iter().enumerate() {
            for kernel in &kernels {
                for (step, dilation) in [([1, 1], [1, 1]), ([2, 3], [1, 2])] {
                    let walk = Walk {
                        extent,
                        step,
                        dilation,
                    };
                    let depth = [Depth::U8, Depth::U16][turn % 2];
                    let channels = [1, 3][turn / 2 % 2];
                    let image = random_image(&mut random, [size[0], size[1], channels], depth);
                    let (shape, samples) = exact_samples(&image, kernel, walk);
                    let filter = Filter::new(bank(kernel))
                        .with_extent([rows, columns])
                        .with_step(step)
                        .with_dilation(dilation)
                        .with_channel(Channel::Each);
                    for tuning in tunings(&filter, &image) {
                        let plan = filter.plan(&image, &tuning).unwrap();
                        let output = run_plan(&plan, &image);
                        assert_eq!(output.shape(), shape);
                        assert!(
                            *output.samples() == samples,
                            "{extent} {plan} {walk:?} {kernel:?} on {image:?}\ngives {:?}\nnot   {samples:?}",
                            output.samples()
                        );
                        engines.insert(plan.engine());
                        count += 1;
                    }
                }
            }
        }
    }
    for engine in ["copy", "direct", "fft", "naive", "running-sum", "separable"] {
        assert!(
            engines.contains(engine),
            "{engine} did not run: {engines:?}"
        );
    }
    assert!(count > 10_000, "{count}");
}

/// Float samples that are whole numbers: their sums are exact in f32, borders included.
#[test]
fn floats_have_the_borders_of_integers() {
    let mut random = Random(0xf10a);
    let kernel = random_kernel(&mut random, 5, 3, 5);
    for [rows, columns] in pairs() {
        let image = random_image(&mut random, [9, 30, 1], Depth::U8);
        let Samples::U8(bytes) = image.samples() else {
            panic!("random images have the depth that is asked for")
        };
        let floats = Samples::F32(bytes.iter().map(|&s| f32::from(s)).collect());
        let floats = Image::new(9, 30, 1, floats).unwrap();
        let walk = Walk {
            extent: [rows, columns].into(),
            step: [1, 1],
            dilation: [1, 1],
        };
        let (_, expected) = sums(&image, &kernel, walk, |v| v as i64);
        let filter = Filter::new(bank(&kernel))
            .with_extent(walk.extent)
            .with_map(Map::Float);
        for tuning in tunings(&filter, &floats) {
            // The transform rounds.
            if tuning.method == Some(Method::Fft) {
                continue;
            }
            let output = apply(&filter, &floats, &tuning);
            let responses = (0..9).flat_map(|y| (0..30).map(move |x| [y, x, 0]));
            let responses: Vec<_> = responses.map(|at| sample(&output, at) as i64).collect();
            assert_eq!(responses, expected, "{} {tuning:?}", walk.extent);
        }
    }
}

#[test]
fn equal_borders_are_one_border() {
    let image = random_image(&mut Random(0xe9), [20, 30, 3], Depth::U8);
    for border in BORDERS {
        let one = Filter::new(KernelBank::builtin("gaussian7").unwrap()).with_extent(border);
        let both = one.clone().with_extent(Extent::PerAxis {
            rows: border,
            columns: border,
        });
        assert_eq!(both.apply(&image).unwrap(), one.apply(&image).unwrap());
        assert_eq!(one.clone().with_extent([border, border]), one);
    }
}

#[test]
fn regions_are_those_of_the_whole_result() {
    let mut random = Random(0xce11);
    let image = random_image(&mut random, [60, 70, 3], Depth::U8);
    for [rows, columns] in pairs() {
        for method in Method::ALL {
            let filter = Filter::new(KernelBank::builtin("gaussian7").unwrap())
                .with_extent([rows, columns])
                .with_channel(Channel::Each);
            let tuning = Tuning::default().with_method(method);
            let plan = filter.plan(&image, &tuning).unwrap();
            let whole = run_plan(&plan, &image);
            let mut runner = plan.runner().unwrap();
            for (y, x) in [
                (0..5, 0..5),
                (0..60, 66..70),
                (57..60, 0..70),
                (20..31, 3..9),
            ] {
                let mut made = Image::zeroed(y.len(), x.len(), 3, Depth::U8).unwrap();
                runner
                    .run_region(&image, y.clone(), x.clone(), &mut made)
                    .unwrap();
                let expected = ImageView::from(&whole)
                    .slice(0, y.clone())
                    .and_then(|rows| rows.slice(1, x.clone()))
                    .unwrap();
                let (ImageView::U8(made), ImageView::U8(expected)) = ((&made).into(), expected)
                else {
                    panic!("8 bits stay 8 bits")
                };
                assert!(made.iter().eq(expected.iter()), "{plan} {y:?} {x:?}");
            }
        }
    }
}

#[test]
fn constants_are_checked_on_both_axes() {
    let filter = Filter::new(KernelBank::builtin("box3").unwrap());
    for (borders, value) in [
        ([Border::Constant(256.0), Border::Edge], "256"),
        ([Border::Wrap, Border::Constant(0.5)], "0.5"),
        ([Border::Constant(1.0), Border::Constant(-1.0)], "-1"),
    ] {
        let filter = filter.clone().with_extent(borders);
        let refused = filter.plan_for([9, 9, 1], Depth::U8, &Tuning::default());
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!("constant:{value} is no 8-bit sample; use a whole number from 0 to 255")
        );
    }
}

#[derive(Deserialize)]
struct Goldens {
    image: Vec<Vec<u8>>,
    kernels: Vec<Separable>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Separable {
    column: Vec<f64>,
    row: Vec<f64>,
}

#[derive(Deserialize)]
struct Case {
    kernel: usize,
    rows: String,
    columns: String,
    responses: Vec<Vec<i32>>,
}

/// The responses as rows.
fn responses(bank: KernelBank, extent: &str, image: &Image, tuning: &Tuning) -> Vec<Vec<f32>> {
    let filter = Filter::new(bank)
        .with_extent(extent.parse::<Extent>().unwrap())
        .with_map(Map::Float);
    let Samples::F32(responses) = apply(&filter, image, tuning).into_samples() else {
        panic!("the map float makes floats")
    };
    responses
        .chunks(image.columns())
        .map(<[f32]>::to_vec)
        .collect()
}

#[test]
fn every_pair_gives_the_numbers_of_scipy_and_numpy() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/golden/axis_borders.json");
    let Goldens {
        image,
        kernels,
        cases,
    } = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let image = Image::new(4, 5, 1, Samples::U8(image.concat().into())).unwrap();
    assert_eq!(cases.len(), 51);
    for Case {
        kernel,
        rows,
        columns,
        responses: expected,
    } in cases
    {
        let Separable { column, row } = &kernels[kernel];
        let weights = column.iter().flat_map(|c| row.iter().map(move |r| c * r));
        let kernel = Kernel::new(column.len(), row.len(), weights.collect()).unwrap();
        let extent = format!("y={rows},x={columns}");
        let naive = Tuning::default().with_method(Method::Naive);
        for tuning in [naive, Tuning::default()] {
            let responses = responses(bank(&kernel), &extent, &image, &tuning);
            let expected: Vec<Vec<f32>> = (expected.iter())
                .map(|row| row.iter().map(|&r| r as f32).collect())
                .collect();
            assert_eq!(responses, expected, "{extent}");
        }
    }
}

/// The expectations of `test_multiple_modes_*` in `scipy/ndimage/tests/test_filters.py`: an
/// array of 3 x 3, and `mode=['reflect', 'wrap']` by SciPy's names. Its derivatives run along the
/// last axis.
#[test]
fn the_cases_of_scipys_own_tests_hold() {
    let image = Image::new(3, 3, 1, Samples::U8(vec![1, 0, 0, 1, 1, 0, 0, 0, 0].into())).unwrap();
    let outer = |column: &[f64], row: &[f64]| {
        let weights = column.iter().flat_map(|c| row.iter().map(move |r| c * r));
        Kernel::new(column.len(), row.len(), weights.collect()).unwrap()
    };
    let difference = [-1.0, 0.0, 1.0];
    // SciPy's prewitt and sobel derive along the last axis.
    let cases = [
        (
            outer(&[1.0; 3], &difference),
            [[1.0, -3.0, 2.0], [1.0, -2.0, 1.0], [1.0, -1.0, 0.0]],
        ),
        (
            outer(&[1.0, 2.0, 1.0], &difference),
            [[1.0, -4.0, 3.0], [2.0, -3.0, 1.0], [1.0, -1.0, 0.0]],
        ),
        (
            Kernel::new(3, 3, vec![0.0, 1.0, 0.0, 1.0, -4.0, 1.0, 0.0, 1.0, 0.0]).unwrap(),
            [[-2.0, 2.0, 1.0], [-2.0, -3.0, 2.0], [1.0, 1.0, 0.0]],
        ),
        (
            outer(&[1.0; 5], &[1.0; 5]).with_divisor(25.0).unwrap(),
            [[0.32, 0.40, 0.48], [0.20, 0.28, 0.32], [0.28, 0.32, 0.40]],
        ),
    ];
    for (kernel, expected) in cases {
        // SciPy's `reflect` repeats the edge.
        let made = responses(
            bank(&kernel),
            "y=symmetric,x=wrap",
            &image,
            &Tuning::default(),
        );
        assert_eq!(made, expected.map(|row| row.to_vec()), "{kernel:?}");
    }
}
