//! The plan is a plain value: what is chosen, and what is refused, and why.

use std::collections::BTreeSet;

use stridekern::{
    Border, Channel, Combine, Depth, Extent, Filter, Image, Kernel, KernelBank, LaneKind, Map,
    Method, Plan, Samples, Tuning,
    simd::{Level, Simd},
};

use crate::common::{Random, random_image};

fn image(depth: Depth) -> Image {
    random_image(&mut Random(1), [40, 50, 1], depth)
}

fn filter(rows: usize, columns: usize, weights: &[f64]) -> Filter {
    let kernel = Kernel::new(rows, columns, weights.to_vec()).unwrap();
    Filter::new(KernelBank::from_kernel("test", kernel))
}

fn plan(filter: &Filter, depth: Depth) -> Plan {
    filter.plan(&image(depth), &Tuning::default()).unwrap()
}

fn refusal(filter: &Filter, image: &Image, tuning: &Tuning) -> String {
    filter.plan(image, tuning).unwrap_err().to_string()
}

#[test]
fn the_narrowest_exact_lane_is_chosen() {
    for (weights, depth, lane, reason) in [
        // 257 x 255 = 65535: the last sum that 16 bits tell apart.
        (
            [256.0, -1.0],
            Depth::U8,
            LaneKind::I16,
            "integer sums lie in -255..=65280, which 16 bits tell apart",
        ),
        (
            [257.0, -1.0],
            Depth::U8,
            LaneKind::F32,
            "integer sums lie in -255..=65535, where f32 is exact",
        ),
        // 65793 x 255 = 16777215 = 2^24 - 1.
        (
            [65793.0, 0.0],
            Depth::U8,
            LaneKind::F32,
            "integer sums lie in 0..=16777215, where f32 is exact",
        ),
        (
            [65794.0, 0.0],
            Depth::U8,
            LaneKind::F64,
            "integer sums lie in 0..=16777470, which only f64 holds",
        ),
        (
            [255.0, -255.0],
            Depth::U16,
            LaneKind::F32,
            "integer sums lie in -16711425..=16711425, where f32 is exact",
        ),
        (
            [257.0, 0.0],
            Depth::U16,
            LaneKind::F64,
            "integer sums lie in 0..=16842495, which only f64 holds",
        ),
        (
            [1.0 / 3.0, 0.25],
            Depth::U8,
            LaneKind::F32,
            "float weights, and sums in f32 are within 2.7e-5 of a sample; what is that near to a tie is summed again",
        ),
        (
            [1.0 / 3.0, 0.25],
            Depth::U16,
            LaneKind::F32,
            "float weights, and sums in f32 are within 6.8e-3 of a sample; what is that near to a tie is summed again",
        ),
        (
            [2.0 / 3.0, 0.77],
            Depth::U16,
            LaneKind::F64,
            "float weights, and sums in f32 could be 1.7e-2 of a sample off: too many would be near to a tie",
        ),
        (
            [1.0, 2.0],
            Depth::F32,
            LaneKind::F32,
            "float samples, and 3 roundings a sum stay below 1e-5 in f32; rows whose sums leave its range are made again in f64",
        ),
        (
            [1e-40, 0.5],
            Depth::U8,
            LaneKind::F64,
            "float weights beyond the range of f32",
        ),
    ] {
        let plan = plan(&filter(1, 2, &weights), depth);
        assert_eq!((plan.lane(), plan.lane_reason().as_str()), (lane, reason));
    }
    // Decimals are integers over a power of ten.
    let decimals = plan(&filter(1, 2, &[0.1, -0.25]), Depth::U8);
    let reason = "integer sums lie in -1275..=510, which 16 bits tell apart";
    assert_eq!(
        (decimals.lane(), decimals.lane_reason().as_str()),
        (LaneKind::I16, reason)
    );
    // Fractions n / 2^k are integers over a power of two, whatever their decimal digits.
    let binomial = filter(1, 3, &[0.000_976_562_5, 0.001_953_125, -0.000_976_562_5]);
    for (depth, lane, reason) in [
        (
            Depth::U8,
            LaneKind::I16,
            "integer sums lie in -255..=765, which 16 bits tell apart",
        ),
        (
            Depth::U16,
            LaneKind::F32,
            "integer sums lie in -65535..=196605, where f32 is exact",
        ),
    ] {
        let plan = plan(&binomial, depth);
        assert_eq!((plan.lane(), plan.lane_reason().as_str()), (lane, reason));
    }
    // As with decimals, where sums stay below 2^24 in those units; and a third is no fraction
    // of that kind.
    for (weights, depth) in [
        ([1.0 + 2_f64.powi(-17), 0.0], Depth::U8),
        ([1.0 + 2_f64.powi(-9), 0.0], Depth::U16),
        ([1.0 / 3.0, 0.0], Depth::U8),
    ] {
        let plan = plan(&filter(1, 2, &weights), depth);
        let reason = plan.lane_reason();
        assert!(
            reason.starts_with("float weights, and "),
            "{weights:?}: {reason}"
        );
    }
    // Long sums are made of groups; a column is never cut.
    let lane = |rows, columns| {
        let weights: Vec<f64> = (0..rows * columns).map(|i| (i as f64).sin()).collect();
        let direct = Tuning::default().with_method(Method::Direct);
        let image = random_image(&mut Random(1), [400, 200, 1], Depth::F32);
        filter(rows, columns, &weights)
            .plan(&image, &direct)
            .unwrap()
            .lane()
    };
    assert_eq!(lane(13, 13), LaneKind::F32);
    assert_eq!(lane(63, 63), LaneKind::F32);
    assert_eq!(lane(63, 100), LaneKind::F32);
    assert_eq!(lane(180, 190), LaneKind::F64);
    // Each addition rounds the sum so far, which is half of the last one on average.
    assert_eq!(lane(290, 1), LaneKind::F32);
    assert_eq!(lane(310, 1), LaneKind::F64);
}

#[test]
fn a_lane_that_would_not_be_exact_is_refused() {
    let tuning = |lane| Tuning::default().with_lane(lane);
    let wide = filter(1, 1, &[1000.0]);
    assert_eq!(
        refusal(&wide, &image(Depth::U8), &tuning(LaneKind::I16)),
        "the i16 lane would not be exact here: integer sums lie in 0..=255000, where f32 is exact; use f32 or wider"
    );
    assert!(wide.plan(&image(Depth::U8), &tuning(LaneKind::F64)).is_ok());
}

/// A level that every processor has, for plans that depend on it.
fn portable() -> Tuning {
    Tuning::default().with_simd(Simd::PORTABLE)
}

#[test]
fn bytes_are_taken_several_at_a_time_where_that_is_faster() {
    let Some(simd) = Simd::named("avx512vnni") else {
        return;
    };
    let tuning = Tuning::default().with_simd(simd);
    let dots = |filter: &Filter, depth| {
        let plan = filter.plan(&image(depth), &tuning).unwrap();
        plan.method_reason().contains("dot products of bytes")
    };
    let weights: Vec<f64> = (-60..61).map(|w| f64::from(w % 13)).collect();
    let dense = filter(11, 11, &weights);
    assert!(dots(&dense, Depth::U8));
    // Only bytes, weights of a byte, and taps that are near to each other.
    assert!(!dots(&dense, Depth::U16));
    let mut heavy = weights.clone();
    heavy[60] = 128.0;
    assert!(!dots(&filter(11, 11, &heavy), Depth::U8));
    heavy[60] = -128.0;
    assert!(dots(&filter(11, 11, &heavy), Depth::U8));
    let diagonal: Vec<f64> = (0..121)
        .map(|at| f64::from(u8::from(at % 12 == 0)))
        .collect();
    assert!(!dots(&filter(11, 11, &diagonal), Depth::U8));
    assert!(dots(
        &filter(3, 3, &[1.0; 9]).with_dilation([1, 4]),
        Depth::U8
    ));
    // Decimals are integers over a power of ten; other weights are not.
    let tenths: Vec<f64> = weights.iter().map(|w| w / 10.0).collect();
    assert!(dots(&filter(11, 11, &tenths), Depth::U8));
    let thirds: Vec<f64> = weights.iter().map(|w| w / 3.0).collect();
    assert!(!dots(&filter(11, 11, &thirds), Depth::U8));
}

#[test]
fn bytes_are_taken_in_pairs_where_their_sums_fit() {
    for simd in ["avx2", "avx512"].into_iter().filter_map(Simd::named) {
        let tuning = Tuning::default().with_simd(simd);
        let dots = |weights: &[f64]| {
            let plan = filter(3, 3, weights)
                .plan(&image(Depth::U8), &tuning)
                .unwrap();
            plan.method_reason().contains("dot products of bytes")
        };
        let plain = [1.0, -4.0, 2.0, 7.0, 9.0, -3.0, 1.0, 0.0, 5.0];
        assert!(dots(&plain));
        let with = |pair: [f64; 2]| {
            let mut weights = plain;
            weights[..2].copy_from_slice(&pair);
            weights
        };
        assert!(dots(&with([64.0, 64.0])) && dots(&with([-64.0, -64.0])));
        assert!(dots(&with([100.0, -120.0])));
        assert!(!dots(&with([64.0, 65.0])) && !dots(&with([-65.0, -64.0])));
    }
}

#[test]
fn floats_under_valid_windows_are_not_copied() {
    let wide = random_image(&mut Random(1), [9, 200, 1], Depth::F32);
    let sum = filter(1, 2, &[1.0, 1.0]);
    let zero_copy =
        |filter: &Filter, image: &Image| filter.plan(image, &portable()).unwrap().zero_copy();
    assert!(zero_copy(&sum, &wide));
    assert!(!zero_copy(
        &sum.clone().with_extent(Extent::Same(Border::Edge)),
        &wide
    ));
    assert!(!zero_copy(
        &sum,
        &random_image(&mut Random(1), [9, 200, 1], Depth::U8)
    ));
    // A row shorter than a block is copied, with room for a block.
    assert!(!zero_copy(
        &sum,
        &random_image(&mut Random(1), [9, 40, 1], Depth::F32)
    ));
    // One channel of three is not one flat row.
    let colour = random_image(&mut Random(1), [9, 200, 3], Depth::F32);
    assert!(!zero_copy(&sum.clone().with_channel(Channel::Red), &colour));
    assert!(zero_copy(&sum.with_channel(Channel::Each), &colour));
}

#[test]
fn method_and_level_are_as_asked() {
    let sum = filter(1, 2, &[1.0, 1.0]);
    let plan = |tuning| sum.plan(&image(Depth::U8), &tuning).unwrap();
    let automatic = plan(Tuning::default());
    assert_eq!(
        (automatic.method(), automatic.simd()),
        (Method::Direct, Simd::best().level())
    );
    for simd in Simd::available() {
        assert_eq!(plan(Tuning::default().with_simd(simd)).simd(), simd.level());
    }
    let naive = plan(
        Tuning::default()
            .with_method(Method::Naive)
            .with_band_rows(7),
    );
    assert_eq!(
        naive.to_string(),
        "naive in i16, portable, 7 rows at a time"
    );
    assert_eq!(naive.simd(), Level::Portable);
}

#[test]
fn kernels_of_low_rank_run_in_two_passes() {
    let outer = |column: &[f64], row: &[f64]| -> Vec<f64> {
        column
            .iter()
            .flat_map(|c| row.iter().map(move |r| c * r))
            .collect()
    };
    let binomial = [1.0, 6.0, 15.0, 20.0, 15.0, 6.0, 1.0];
    let bell: Vec<f64> = (-7..=7).map(|x| (f64::from(x * x) / -20.0).exp()).collect();
    let wide: Vec<f64> = (-7..=7).map(|x| (f64::from(x * x) / -70.0).exp()).collect();
    let difference: Vec<f64> = (outer(&bell, &bell).iter().zip(outer(&wide, &wide)))
        .map(|(a, b)| a - b)
        .collect();
    let mut uneven = outer(&binomial, &binomial);
    uneven[0] += 1.0;
    for (size, weights, method, reason, others) in [
        (
            7,
            outer(&binomial, &binomial),
            Method::Separable,
            "separable: columns, then rows: the weights are one column times one row",
            "running-sum: cannot run: the weights of a kernel are not equal",
        ),
        (
            7,
            uneven,
            Method::Direct,
            "direct: every tap on a block of output at once",
            "separable: cannot run: the integer weights are not one column times one row",
        ),
        (
            15,
            outer(&bell, &bell),
            Method::Separable,
            "separable: columns, then rows: the weights are one column times one row",
            "copy: cannot run: the result is not samples that one weight moves",
        ),
        (
            15,
            difference,
            Method::Separable,
            "separable: columns, then rows: the weights are 2 columns times 2 rows",
            "dots: cannot run: it multiplies integer weights from -128 to 127 only",
        ),
        (
            3,
            outer(&[1.0, 2.0, 1.0], &[1.0, 2.0, 1.0]),
            Method::Direct,
            "direct: every tap on a block of output at once",
            // Taps of 4.2 x 0.0046 ns on 38 rows of 48 samples, of which blocks of 32 compute 64: 3
            // for columns, and two columns more than samples, 3 x 2.5 for rows, and 4.
            "separable: about 0.687 us on one thread",
        ),
        (
            9,
            vec![1.0; 81],
            Method::Separable,
            "separable: columns, then rows, by running totals: the weights are equal",
            "separable: cannot run: the weights are equal, and running sums take fewer steps",
        ),
    ] {
        let filter = filter(size, size, &weights);
        let plan = filter.plan(&image(Depth::U8), &portable()).unwrap();
        assert_eq!(
            (plan.method(), plan.method_reason().as_str()),
            (method, reason)
        );
        let answers: Vec<String> = plan.answers().iter().map(ToString::to_string).collect();
        assert!(answers.iter().any(|line| line == others), "{answers:?}");
    }
    let separable = Tuning::default().with_method(Method::Separable);
    assert_eq!(
        refusal(
            &filter(2, 2, &[1.0, 2.0, 2.0, 5.0]),
            &image(Depth::U16),
            &separable
        ),
        "the separable engine cannot run here: the integer weights are not one column times one row; use another engine, or auto"
    );
}

#[test]
fn large_kernels_are_transformed() {
    let noise = |len: usize| -> Vec<f64> { (0..len).map(|i| ((i * i) as f64).sin()).collect() };
    let large = random_image(&mut Random(1), [500, 700, 1], Depth::U16);
    let plan = |filter: &Filter| filter.plan(&large, &Tuning::default()).unwrap();
    let floats = plan(&filter(31, 31, &noise(961)));
    assert_eq!(
        (floats.method(), floats.lane()),
        (Method::Fft, LaneKind::F64)
    );
    assert_eq!(
        floats.lane_reason(),
        "float weights; what its rounding in f64 brings near to a tie is summed again"
    );
    let samples = (0..500 * 700)
        .map(|i| (i % 97) as f32 / 97.0)
        .collect::<Vec<_>>();
    let float_image = Image::new(500, 700, 1, Samples::from(samples)).unwrap();
    let floats = filter(31, 31, &noise(961)).plan(&float_image, &Tuning::default());
    let floats = floats.unwrap();
    assert_eq!(
        (floats.method(), floats.lane()),
        (Method::Fft, LaneKind::F32)
    );
    let weights: Vec<f64> = noise(961).iter().map(|w| (w * 100.0).round()).collect();
    let integers = plan(&filter(31, 31, &weights));
    assert_eq!(
        (integers.method(), integers.lane()),
        (Method::Fft, LaneKind::F64)
    );
    assert_eq!(
        integers.lane_reason(),
        "its rounding in f64 stays below half an integer"
    );
    assert_eq!(plan(&filter(5, 5, &noise(25))).method(), Method::Direct);

    let fft = Tuning::default().with_method(Method::Fft);
    for (filter, tuning, message) in [
        (
            filter(5, 5, &noise(25)).with_step([2, 1]),
            fft,
            "the fft engine cannot run here: it computes every row, and the step leaves rows out; use another engine, or auto",
        ),
        (
            filter(3, 3, &[1e6; 9].map(|w| w * 1e3)),
            fft,
            "the fft engine cannot run here: its rounding in f64 could exceed half an integer; use another engine, or auto",
        ),
        (
            filter(3, 3, &[1.0; 9]),
            fft.with_lane(LaneKind::F32),
            "the fft engine cannot run here: it would run in f64; use another engine, or auto",
        ),
        (
            filter(9000, 1, &noise(9000)).with_extent(Extent::Same(Border::Edge)),
            fft,
            "the fft engine cannot run here: the window is larger than its largest tile; use another engine, or auto",
        ),
    ] {
        assert_eq!(refusal(&filter, &large, &tuning), message);
    }
}

#[test]
fn the_course_example_has_its_windows() {
    let emboss = filter(3, 3, &[-2.0, -1.0, 0.0, -1.0, 1.0, 1.0, 0.0, 1.0, 2.0]);
    let image = random_image(&mut Random(3), [400, 400, 1], Depth::U8);
    let plan = emboss.plan(&image, &Tuning::default()).unwrap();
    let (source, windows) = (plan.image_layout(), plan.window_layout().unwrap());
    assert_eq!(source.shape(), [400, 400, 1]);
    assert_eq!(windows.shape(), [398, 398, 3, 3]);
    assert_eq!(windows.strides(), [400, 1, 400, 1]);
    assert_eq!(plan.output_shape(), [398, 398, 1]);
}

#[test]
fn what_cannot_be_is_refused_with_a_way_out() {
    let sum = filter(3, 9, &[1.0; 27]);
    let small = random_image(&mut Random(1), [2, 7, 1], Depth::U8);
    let with = |extent| sum.clone().with_extent(Extent::Same(extent));
    for (filter, message) in [
        (
            sum.clone(),
            "the kernel's window of 3 rows x 9 columns is larger than the image of 2 x 7",
        ),
        (
            with(Border::Constant(256.0)),
            "constant:256 is no 8-bit sample; use a whole number from 0 to 255",
        ),
        (
            with(Border::Constant(0.5)),
            "constant:0.5 is no 8-bit sample; use a whole number from 0 to 255",
        ),
        (
            sum.clone().with_step([0, 1]),
            "a step of 0 never moves the window; use 1 or more",
        ),
        (
            sum.clone().with_dilation([1, 0]),
            "a dilation of 0 puts every tap on one sample; use 1 or more",
        ),
        (
            with(Border::Edge)
                .with_map(Map::Float)
                .with_depth(Some(Depth::U16)),
            "the map float gives floats, not 16-bit samples; use another map, or the depth f32, f64 or same",
        ),
        (
            with(Border::Edge).with_dilation([usize::MAX / 2, 1]),
            "a dilation of 9223372036854775807 makes the window larger than this machine can address; use a smaller one",
        ),
        (
            with(Border::Edge).with_dilation([1 << 40, 1]),
            "windows of 2199023255553 rows x 9 columns need 1207959552 MiB for each thread, more than the limit of 512; use a smaller kernel or dilation",
        ),
    ] {
        assert_eq!(refusal(&filter, &small, &portable()), message);
    }
}

/// Engines count their bytes before windows that are too large are refused.
#[test]
fn windows_of_any_size_are_refused_without_overflow() {
    for depth in [Depth::U8, Depth::U16, Depth::F32] {
        for channels in [1, 3, 6] {
            let image = random_image(&mut Random(1), [5, 7, channels], depth);
            for weights in [[1.0; 9], [0.3; 9], [1e9; 9]] {
                for shift in 30..60 {
                    for dilation in [[1, 1 << shift], [1 << shift, 1], [1 << shift, 1 << shift]] {
                        let filter = filter(3, 3, &weights)
                            .with_extent(Extent::Same(Border::Edge))
                            .with_channel(Channel::Each)
                            .with_dilation(dilation);
                        let message = refusal(&filter, &image, &Tuning::default());
                        assert!(message.contains("use a smaller "), "{message}");
                    }
                }
            }
        }
    }
}

/// A plan follows from its tuning: the pool that it is made in decides nothing but
/// what was left open.
#[test]
fn bands_are_cut_for_the_threads_of_the_tuning() {
    let filter = filter(5, 5, &[1.5; 25]).with_extent(Extent::Same(Border::Edge));
    let pools = [1, 2, 7].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        (threads, pool.build().unwrap())
    });
    let plan = |threads| {
        let tuning = portable().with_threads(threads);
        filter.plan_for([300, 200, 1], Depth::U8, &tuning).unwrap()
    };
    let mut heights = Vec::new();
    for (threads, pool) in &pools {
        let wanted = pool.install(|| plan(None));
        for (_, other) in &pools {
            assert_eq!(other.install(|| plan(Some(*threads))), wanted);
        }
        heights.push(wanted.band_rows());
    }
    assert!(heights.is_sorted_by(|a, b| a > b), "{heights:?}");
    assert_eq!(plan(Some(0)), plan(Some(1)));
}

/// One is taken, and costs no more than the others; each of the others says what
/// it would cost, or why it cannot run.
#[test]
fn an_engine_is_asked_for_by_name() {
    let image = image(Depth::U8);
    let filter = filter(3, 3, &[1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0]);
    let expected = filter.apply(&image).unwrap();
    let mut ran = 0;
    let answers = plan(&filter, Depth::U8);
    for answer in answers.answers() {
        let tuning = Tuning::default().with_engine(answer.engine());
        if answer.refusal().is_some() {
            let why = refusal(&filter, &image, &tuning);
            let begin = format!("the {} engine cannot run here: ", answer.engine());
            assert!(why.starts_with(&begin), "{why}");
            continue;
        }
        let plan = filter.plan(&image, &tuning).unwrap();
        assert_eq!(plan.engine(), answer.engine());
        let mut output = plan.allocate().unwrap();
        plan.run(&image, &mut output).unwrap();
        assert_eq!(output, expected, "{}", answer.engine());
        ran += 1;
    }
    assert!(ran >= 3, "{ran}");
    let tuning = Tuning::default()
        .with_engine("dots")
        .with_method(Method::Fft);
    assert_eq!(
        refusal(&filter, &image, &tuning),
        "the dots engine cannot run here: there is no such engine; use another engine, or auto"
    );
    assert_eq!(
        refusal(&filter, &image, &Tuning::default().with_engine("slow")),
        "the slow engine cannot run here: there is no such engine; use another engine, or auto"
    );
}

#[test]
fn every_engine_answers_once() {
    let names = |plan: &Plan| {
        let answers = plan.answers();
        let mut names: Vec<_> = answers.iter().map(|answer| answer.engine()).collect();
        names.sort_unstable();
        names
    };
    let all = [
        "copy",
        "direct",
        "dots",
        "fft",
        "line-fft",
        "naive",
        "running-sum",
        "separable",
    ];
    let large = random_image(&mut Random(1), [300, 400, 1], Depth::U8);
    for weights in [
        vec![1.0],
        vec![1.0; 25],
        (0..81).map(|i| f64::from(i * i % 7)).collect(),
        (0..961).map(|i| f64::from(i).sin()).collect(),
    ] {
        let size = weights.len().isqrt();
        let filter = filter(size, size, &weights);
        for method in [None].into_iter().chain(Method::ALL.map(Some)) {
            let tuning = Tuning::default().with_method(method);
            let Ok(plan) = filter.plan(&large, &tuning) else {
                continue;
            };
            assert_eq!(names(&plan), all);
            let answers = plan.answers();
            let (taken, others) = answers.split_first().unwrap();
            assert_eq!(taken.engine(), plan.engine());
            assert!(taken.is_taken() && taken.refusal().is_none());
            assert!(!others.iter().any(|other| other.is_taken()));
            let costs: Vec<_> = others.iter().map_while(|o| o.milliseconds()).collect();
            assert!(costs.is_sorted(), "{costs:?}");
            assert!(others[costs.len()..].iter().all(|o| o.refusal().is_some()));
            if method.is_none() {
                let cost = taken.milliseconds().unwrap();
                assert!(costs.iter().all(|&other| cost <= other), "{cost} {costs:?}");
                let naive = others.iter().find(|other| other.engine() == "naive");
                assert_eq!(
                    naive.unwrap().to_string(),
                    "naive: cannot run: it is the oracle, and runs only if it is asked for"
                );
            }
        }
    }
}

/// A transform rounds the sums of exact kernels only: beside others, what decides between equal
/// responses is its rounding error.
#[test]
fn transforms_leave_the_order_of_inexact_kernels_to_others() {
    let exact = kernel_of_weights(&[1.0, 2.0, 1.0, 3.0]);
    let rounded = kernel_of_weights(&[0.1 + 0.2, 1.0 / 3.0, -0.7, 0.9]);
    let tuning = Tuning::default().with_method(Method::Fft);
    for combine in [Combine::ArgMax, Combine::DirectionDegrees] {
        let plan = |kernels: [&Kernel; 2]| {
            let kernels = kernels.map(Clone::clone).to_vec();
            let bank = KernelBank::new("two", kernels, Some(combine)).unwrap();
            Filter::new(bank).plan(&image(Depth::U8), &tuning).is_ok()
        };
        assert!(plan([&exact, &exact]));
        assert!(!plan([&exact, &rounded]) && !plan([&rounded, &exact]));
    }
}

/// The last bit of a sum of floats depends on the engine, so that all levels that round alike, those
/// with fused multiply-adds, choose the same one, whatever each of them takes.
#[test]
fn floats_take_the_same_engine_at_all_levels_that_round_alike() {
    let levels = Simd::available().into_iter();
    let levels = Vec::from_iter(levels.filter(|simd| simd.level() != Level::Portable));
    let mut random = Random(18);
    let mut engines = BTreeSet::new();
    for (rows, columns) in [(1, 9), (3, 3), (5, 5), (9, 9), (31, 31), (63, 63), (31, 1)] {
        let mut decimals = |count: usize| {
            let weights = (0..count).map(|_| random.between(-900, 900) as f64 / 1000.0);
            Vec::from_iter(weights)
        };
        let product = Kernel::from_vectors(&decimals(rows), &decimals(columns), 1.0).unwrap();
        let dense = Kernel::new(rows, columns, decimals(rows * columns)).unwrap();
        let mean = Kernel::new(rows, columns, vec![1.0; rows * columns]).unwrap();
        for kernel in [product, dense, mean] {
            let bank = KernelBank::from_kernel("test", kernel);
            let filter = Filter::new(bank).with_extent(Border::Edge);
            for depth in [Depth::F32, Depth::F64] {
                for shape in [[40, 50, 1], [600, 700, 3], [2000, 90, 1], [64, 5000, 1]] {
                    let chosen = |simd: &Simd| {
                        let tuning = Tuning::default().with_simd(*simd).with_threads(1);
                        let plan = filter.plan_for(shape, depth, &tuning).unwrap();
                        (plan.engine(), plan.lane())
                    };
                    let all = Vec::from_iter(levels.iter().map(chosen));
                    let case = format!("{rows} x {columns}, {depth}, {shape:?}: {all:?}");
                    assert!(all.windows(2).all(|two| two[0] == two[1]), "{case}");
                    engines.extend(all.into_iter().map(|(engine, _)| engine));
                }
            }
        }
    }
    assert!(levels.is_empty() || engines.len() >= 3, "{engines:?}");
}

fn kernel_of_weights(weights: &[f64; 4]) -> Kernel {
    Kernel::new(2, 2, weights.to_vec()).unwrap()
}
