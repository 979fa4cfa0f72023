//! Every engine, lane and SIMD level against exact arithmetic.

use std::collections::BTreeSet;

use proptest::prelude::*;
use stridekern::{
    Border, Channel, Combine, Depth, Extent, Filter, Image, ImageView, Kernel, KernelBank,
    LaneKind, Map, Method, Plan, Samples, Tuning,
    simd::{Level, Simd},
    view::{Slice, StridedView},
};

use crate::common::{
    self, Random, Walk, apply, exact_samples, float_bound, random_image, random_kernel, run_plan,
    sums,
};

const EXTENTS: [Extent; 6] = [
    Extent::Valid,
    Extent::Same(Border::Constant(77.0)),
    Extent::Same(Border::Edge),
    Extent::Same(Border::Reflect),
    Extent::Same(Border::Symmetric),
    Extent::Same(Border::Wrap),
];

/// Every way to run a filter on this machine.
fn tunings() -> Vec<Tuning> {
    let mut all = Vec::new();
    for lane in [LaneKind::I16, LaneKind::F32, LaneKind::F64] {
        let naive = Tuning::default().with_method(Method::Naive).with_lane(lane);
        all.push(naive);
        for simd in Simd::available() {
            let methods = Method::ALL.into_iter().filter(|m| *m != Method::Naive);
            all.extend(methods.map(|method| naive.with_method(method).with_simd(simd)));
        }
    }
    all
}

/// Those of them that the plan allows: lanes and methods are refused where
/// they would not be exact.
pub(crate) fn allowed(filter: &Filter, image: &Image) -> Vec<Tuning> {
    let mut all = tunings();
    all.retain(|tuning| filter.plan(image, tuning).is_ok());
    assert!(
        all.len() > Simd::available().len(),
        "f64 is always exact enough"
    );
    all
}

/// Engine, lane and SIMD level.
type Way = (&'static str, LaneKind, Level);

/// In what ways plans have run.
#[derive(Default)]
struct Ways(BTreeSet<Way>);

impl Ways {
    fn ran(&mut self, plan: &Plan) {
        self.0.insert((plan.engine(), plan.lane(), plan.simd()));
    }

    /// Nothing but these engines ran, each in all of its lanes and at every SIMD level that
    /// this machine has and the engine is made for.
    #[track_caller]
    fn are(&self, engines: &[(&'static str, &[LaneKind])]) {
        let available = || Simd::available().into_iter().map(Simd::level);
        let levels = |engine: &str, lane: LaneKind| -> Vec<Level> {
            match engine {
                // Compiled once, for every processor.
                "naive" => vec![Level::Portable],
                "dots" => {
                    // Of four bytes, and of two, whose sums are in 16 bits.
                    let least = match lane {
                        LaneKind::I16 => Level::Avx2,
                        _ => Level::Avx512Vnni,
                    };
                    available().filter(|level| *level >= least).collect()
                }
                _ => available().collect(),
            }
        };
        let expected: BTreeSet<Way> = (engines.iter())
            .flat_map(|&(engine, lanes)| lanes.iter().map(move |&lane| (engine, lane)))
            .flat_map(|(engine, lane)| {
                levels(engine, lane)
                    .into_iter()
                    .map(move |at| (engine, lane, at))
            })
            .collect();
        let missing: Vec<_> = expected.difference(&self.0).collect();
        let unexpected: Vec<_> = self.0.difference(&expected).collect();
        assert!(
            missing.is_empty() && unexpected.is_empty(),
            "did not run: {missing:?}\nran though not expected: {unexpected:?}"
        );
    }
}

/// The lanes of integers, and of floats.
const INTEGERS: [LaneKind; 3] = [LaneKind::I16, LaneKind::F32, LaneKind::F64];
const FLOATS: [LaneKind; 2] = [LaneKind::F32, LaneKind::F64];

/// The default tunings at every SIMD level: what is cheapest runs, a copy too.
pub(crate) fn unasked() -> impl Iterator<Item = Tuning> {
    Simd::available()
        .into_iter()
        .map(|simd| Tuning::default().with_simd(simd))
}

/// What a border draws around `abcd`, or around `a` alone.
#[test]
fn the_oracle_draws_borders_like_numpy() {
    let cases = [
        (Border::Constant(0.0), "......abcd......", "......a......"),
        (Border::Edge, "aaaaaaabcddddddd", "aaaaaaaaaaaaa"),
        (Border::Reflect, "abcdcbabcdcbabcd", "aaaaaaaaaaaaa"),
        (Border::Symmetric, "cddcbaabcddcbaab", "aaaaaaaaaaaaa"),
        (Border::Wrap, "cdabcdabcdabcdab", "aaaaaaaaaaaaa"),
    ];
    for (border, four, one) in cases {
        for (drawn, len) in [(four, 4), (one, 1)] {
            let drawn: Vec<_> = drawn.chars().collect();
            let at = |index| match common::border_source(border, index, len) {
                Some(source) => ['a', 'b', 'c', 'd'][source],
                None => '.',
            };
            let last = drawn.len() as i64 - 6;
            assert_eq!((-6..last).map(at).collect::<Vec<_>>(), drawn, "{border}");
        }
        // The library's own rule, which the oracle does not use.
        for len in 1..=9 {
            for index in -50..50 {
                assert_eq!(
                    border.source(index as isize, len),
                    common::border_source(border, index, len),
                    "{border} {index} {len}"
                );
            }
        }
    }
}

fn filter(kernel: &Kernel, walk: Walk) -> Filter {
    Filter::new(KernelBank::from_kernel("test", kernel.clone()))
        .with_extent(walk.extent)
        .with_step(walk.step)
        .with_dilation(walk.dilation)
        .with_channel(Channel::Each)
}

/// A kernel of the weights at row and column.
fn kernel_of(size: [usize; 2], weight: impl Fn([usize; 2]) -> f64) -> Kernel {
    let [rows, columns] = size;
    let weights = (0..rows).flat_map(|i| (0..columns).map(move |j| [i, j]));
    Kernel::new(rows, columns, weights.map(weight).collect()).unwrap()
}

/// The sum of columns times rows.
fn outer_products(terms: &[(&Kernel, &Kernel)]) -> Kernel {
    let (rows, columns) = (terms[0].0.rows(), terms[0].1.columns());
    let weight = |i: usize, j: usize| {
        let product = |(c, r): &(&Kernel, &Kernel)| c.weights()[[i, 0]] * r.weights()[[0, j]];
        terms.iter().map(product).sum()
    };
    kernel_of([rows, columns], |[i, j]| weight(i, j))
}

/// Alpha is copied; planes of another number of channels are all filtered, so
/// the oracle needs no alpha.
fn planes(channels: usize) -> usize {
    [1, 3, 5, 6][channels % 4]
}

#[test]
fn small_sizes_are_exact_in_every_way_to_run() {
    let mut random = Random(0x5eed);
    let mut ways = Ways::default();
    let unasked: Vec<_> = unasked().collect();
    for (rows, columns) in (1..=9).flat_map(|r| (1..=9).map(move |c| (r, c))) {
        for (kernel_rows, kernel_columns) in (1..=5).flat_map(|r| (1..=5).map(move |c| (r, c))) {
            // Large ones have pairs whose products are beyond 16 bits.
            let largest = if rows == columns { 90 } else { 9 };
            let kernel = random_kernel(&mut random, kernel_rows, kernel_columns, largest);
            for (turn, extent) in EXTENTS.into_iter().enumerate() {
                if extent == Extent::Valid && (kernel_rows > rows || kernel_columns > columns) {
                    continue;
                }
                let walk = Walk {
                    extent,
                    step: [1, 1],
                    dilation: [1, 1],
                };
                let depth = [Depth::U8, Depth::U16][turn % 2];
                let channels = planes(rows + columns + kernel_rows + turn);
                let image = random_image(&mut random, [rows, columns, channels], depth);
                let (shape, samples) = exact_samples(&image, &kernel, walk);
                let filter = filter(&kernel, walk);
                for tuning in allowed(&filter, &image).iter().chain(&unasked) {
                    let plan = filter.plan(&image, tuning).unwrap();
                    let output = run_plan(&plan, &image);
                    assert_eq!(output.shape(), shape);
                    assert!(
                        *output.samples() == samples,
                        "{tuning:?} {walk:?} {kernel:?} on {image:?}\ngives {:?}\nnot   {samples:?}",
                        output.samples()
                    );
                    ways.ran(&plan);
                }
            }
        }
    }
    ways.are(&[
        ("copy", &[LaneKind::I16, LaneKind::F32]),
        ("dots", &[LaneKind::I16, LaneKind::F32]),
        ("direct", &INTEGERS),
        ("separable", &INTEGERS),
        ("running-sum", &INTEGERS),
        ("fft", &[LaneKind::F64]),
        ("naive", &INTEGERS),
    ]);
}

/// Bytes may be taken four at a time: at every place of a row's end in a block,
/// with the largest weights, spread over rows as a kernel may have them.
#[test]
fn bytes_are_exact_at_every_width() {
    let mut random = Random(0xb17e);
    for columns in 1..=140 {
        let size = [1 + columns % 6, 1 + columns % 9];
        let kernel = random_kernel(&mut random, size[0], size[1], 128);
        let kernel = kernel_of(size, |at| kernel.weights()[at].min(127.0));
        let walk = Walk {
            extent: EXTENTS[1 + columns % 5],
            step: [1 + columns % 2, 1 + columns % 3],
            dilation: [1 + columns / 50, 1 + columns % 2],
        };
        let mut image = random_image(&mut random, [11, columns, planes(columns)], Depth::U8);
        if columns % 4 == 0 {
            let white = vec![255; 11 * columns * planes(columns)];
            image = Image::new(11, columns, planes(columns), Samples::U8(white.into())).unwrap();
        }
        let (_, samples) = exact_samples(&image, &kernel, walk);
        let filter = filter(&kernel, walk);
        for tuning in &allowed(&filter, &image) {
            let output = apply(&filter, &image, tuning);
            assert!(
                *output.samples() == samples,
                "{tuning:?} {walk:?} {columns}"
            );
        }
    }
}

/// Pairs of taps whose products just fit 16 bits, in rows whose taps begin in other columns: a
/// pair may begin with any of them.
#[test]
fn pairs_of_taps_fit_wherever_they_begin() {
    let mut random = Random(0x9a12);
    let white = |columns| Image::new(6, columns, 1, Samples::U8(vec![255; 6 * columns].into()));
    for _ in 0..300 {
        let weights = [0, 0, 28, 100, 64, -28, -100, -64, 1];
        let size = [1 + random.below(4) as usize, 2 + random.below(5) as usize];
        let all: Vec<f64> = (0..size[0] * size[1])
            .map(|_| f64::from(weights[random.below(9) as usize]))
            .collect();
        let kernel = kernel_of(size, |[i, j]| all[i * size[1] + j]);
        let walk = Walk {
            extent: EXTENTS[2],
            step: [1, 1],
            dilation: [1, 1],
        };
        let image = white(40 + random.below(60) as usize).unwrap();
        let (_, samples) = exact_samples(&image, &kernel, walk);
        let filter = filter(&kernel, walk);
        for tuning in &allowed(&filter, &image) {
            let output = apply(&filter, &image, tuning);
            assert!(*output.samples() == samples, "{tuning:?} {kernel:?}");
        }
    }
}

/// Wide enough for several tiles side by side, with a kernel for every method.
#[test]
fn tiles_join_without_a_seam() {
    let mut random = Random(0x7115);
    let column = random_kernel(&mut random, 3, 1, 3);
    let row = random_kernel(&mut random, 1, 5, 3);
    let kernels = [
        random_kernel(&mut random, 3, 5, 9),
        outer_products(&[(&column, &row)]),
        Kernel::new(3, 5, vec![1.0; 15]).unwrap(),
    ];
    for (turn, extent) in EXTENTS.into_iter().enumerate() {
        for (shape, step) in [([6, 25_000, 1], [1, 1]), ([5, 9_001, 3], [1, 2])] {
            let walk = Walk {
                extent,
                step,
                dilation: [1, 1],
            };
            let image = random_image(&mut random, shape, [Depth::U8, Depth::U16][turn % 2]);
            for kernel in &kernels {
                let (_, samples) = exact_samples(&image, kernel, walk);
                let filter = filter(kernel, walk);
                for tuning in &allowed(&filter, &image) {
                    let output = apply(&filter, &image, tuning);
                    assert!(*output.samples() == samples, "{tuning:?} {walk:?}");
                }
            }
        }
    }
}

/// Floats are looked at where they lie but at the borders, and results of this
/// size are stored past the caches. Sums of these whole numbers are exact in f32.
#[test]
fn large_float_images_have_no_seam() {
    let mut random = Random(0xf10a);
    let samples = (0..1501 * 1499).map(|_| random.between(-99, 99) as f32);
    let image = Image::new(1501, 1499, 1, Samples::F32(samples.collect())).unwrap();
    let [column, row] = [[5, 1], [1, 3]].map(|[r, c]| random_kernel(&mut random, r, c, 9));
    let kernel = outer_products(&[(&column, &row)]);
    // A tap has a product of its own and one of its column.
    let bound = float_bound(15 + 3, 99.0, kernel.abs_sum());
    // Without a border, with one that is not of the image, and with the farthest.
    for extent in [EXTENTS[0], EXTENTS[1], EXTENTS[5]] {
        let walk = Walk {
            extent,
            step: [1, 1],
            dilation: [1, 1],
        };
        let (shape, exact) = sums(&image, &kernel, walk, |v| v as i64);
        let filter = filter(&kernel, walk);
        for method in Method::ALL {
            let output = apply(&filter, &image, &Tuning::default().with_method(method));
            assert_eq!(output.shape(), shape);
            let Samples::F32(output) = output.into_samples() else {
                panic!("float images give float images");
            };
            // The factors of the separable engine are no integers, and a transform rounds.
            let bound = match method {
                Method::Naive | Method::Direct => 0.0,
                _ => bound,
            };
            for (&got, &exact) in output.iter().zip(&exact) {
                let error = (f64::from(got) - exact as f64).abs();
                assert!(error <= bound, "{method} {extent}: {got}, not {exact}");
            }
        }
    }
}

#[test]
fn kernels_that_move_samples_copy_them() {
    let mut random = Random(0x5417);
    for (turn, extent) in EXTENTS.into_iter().enumerate() {
        for case in 0..40 {
            let [rows, columns] = [1 + random.below(4) as usize, 1 + random.below(5) as usize];
            let mut weights = vec![0.0; rows * columns];
            let at = random.below(weights.len() as u64) as usize;
            weights[at] = 3.0;
            let kernel = Kernel::new(rows, columns, weights).unwrap();
            let kernel = kernel.with_divisor(3.0).unwrap();
            let some = |random: &mut Random| 1 + random.below(3) as usize;
            let walk = Walk {
                extent,
                step: [some(&mut random), [1, some(&mut random)][case % 2]],
                dilation: [some(&mut random), some(&mut random)],
            };
            let shape = [14 + case, 20 + 7 * case, planes(case)];
            let depth = [Depth::U8, Depth::U16][turn % 2];
            let image = random_image(&mut random, shape, depth);
            let filter = filter(&kernel, walk);
            let plan = filter.plan(&image, &Tuning::default()).unwrap();
            assert_eq!(
                plan.method_reason(),
                "direct: a copy: the one weight only moves samples"
            );
            let (shape, samples) = exact_samples(&image, &kernel, walk);
            let output = filter.apply(&image).unwrap();
            assert_eq!(output.shape(), shape);
            assert!(*output.samples() == samples, "{walk:?} {kernel:?}");
        }
    }
    // A shift moves colours and leaves alpha; an identity is a copy all the same.
    let colours = random_image(&mut random, [5, 9, 4], Depth::U8);
    let Samples::U8(before) = colours.samples() else {
        panic!("bytes were asked for");
    };
    for (weights, copied) in [([0.0, 0.0, 1.0], false), ([0.0, 1.0, 0.0], true)] {
        let kernel = Kernel::new(1, 3, weights.to_vec()).unwrap();
        let walk = Walk {
            extent: Extent::Same(Border::Wrap),
            step: [1, 1],
            dilation: [1, 1],
        };
        let filter = filter(&kernel, walk);
        let plan = filter.plan(&colours, &Tuning::default()).unwrap();
        assert_eq!(plan.method_reason().contains("copy"), copied);
        let output = filter.apply(&colours).unwrap();
        let expected: Vec<u8> = (0..before.len())
            .map(|at| match (at % 4, copied) {
                (3, _) | (_, true) => before[at],
                _ => before[at / 36 * 36 + (at % 36 + 4) % 36],
            })
            .collect();
        assert_eq!(*output.samples(), Samples::U8(expected.into()));
    }
    // What does more than move samples is computed.
    let image = random_image(&mut random, [9, 9, 1], Depth::F32);
    let shift = Kernel::new(1, 2, vec![0.0, 1.0]).unwrap();
    let half = Kernel::new(1, 1, vec![0.5]).unwrap();
    let one = Kernel::new(1, 1, vec![1.0]).unwrap();
    let plain = |kernel: &Kernel| Filter::new(KernelBank::from_kernel("test", kernel.clone()));
    for filter in [
        plain(&shift),
        plain(&half),
        plain(&one).with_map(Map::Abs),
        plain(&one).with_depth(Some(Depth::U8)),
    ] {
        let plan = filter.plan(&image, &Tuning::default()).unwrap();
        assert!(!plan.method_reason().contains("copy"), "{filter:?}");
    }
}

/// A kernel, an image and a walk that straddle blocks and bands.
#[derive(Debug, Clone)]
struct Case {
    seed: u64,
    shape: [usize; 3],
    kernel: [usize; 2],
    anchor: [usize; 2],
    extent: usize,
    step: [usize; 2],
    dilation: [usize; 2],
    divisor: f64,
    bias: f64,
    band_rows: usize,
    threads: usize,
}

prop_compose! {
    fn case()(
        seed in 1_u64..,
        shape in [1_usize..40, 1_usize..300, 1_usize..4],
        kernel in [1_usize..8, 1_usize..12],
        anchor in [0_usize..8, 0_usize..12],
        extent in 0..EXTENTS.len(),
        step in prop_oneof![3 => Just([1, 1]), 1 => [1_usize..4, 1_usize..4]],
        dilation in prop_oneof![3 => Just([1, 1]), 1 => [1_usize..4, 1_usize..4]],
        divisor in prop::sample::select(vec![1.0, 16.0, 256.0, 9.0, -7.0, 2.25]),
        bias in prop::sample::select(vec![0.0, 0.5, 1.0, -0.125]),
        band_rows in 1_usize..20,
        threads in 1_usize..4,
    ) -> Case {
        Case {
            shape: [shape[0], shape[1], planes(shape[2])],
            anchor: [anchor[0] % kernel[0], anchor[1] % kernel[1]],
            seed, kernel, extent, step, dilation, divisor, bias, band_rows, threads,
        }
    }
}

impl Case {
    fn walk(&self) -> Walk {
        let reach = |a: usize| (self.kernel[a] - 1) * self.dilation[a] + 1;
        let fits = reach(0) <= self.shape[0] && reach(1) <= self.shape[1];
        Walk {
            extent: EXTENTS[if fits {
                self.extent
            } else {
                self.extent.max(1)
            }],
            step: self.step,
            dilation: self.dilation,
        }
    }

    fn finished(&self, kernel: Kernel) -> Kernel {
        let kernel = kernel.with_anchor(self.anchor).unwrap();
        kernel
            .with_divisor(self.divisor)
            .unwrap()
            .with_bias(self.bias)
            .unwrap()
    }

    fn apply(&self, filter: &Filter, image: &Image, tuning: &Tuning) -> Image {
        let tuning = tuning.with_band_rows(self.band_rows);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .build()
            .unwrap();
        pool.install(|| apply(filter, image, &tuning))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn integer_weights_are_exact(case in case(), wide in any::<bool>()) {
        let mut random = Random(case.seed);
        let depth = if wide { Depth::U16 } else { Depth::U8 };
        let kernel = case.finished(random_kernel(&mut random, case.kernel[0], case.kernel[1], 30));
        let image = random_image(&mut random, case.shape, depth);
        let (shape, samples) = exact_samples(&image, &kernel, case.walk());
        let filter = filter(&kernel, case.walk());
        for tuning in allowed(&filter, &image) {
            let output = case.apply(&filter, &image, &tuning);
            prop_assert_eq!(output.shape(), shape);
            prop_assert!(*output.samples() == samples, "{:?}", tuning);
        }
    }

    #[test]
    fn integer_columns_times_rows_are_exact(case in case(), wide in any::<bool>()) {
        let mut random = Random(case.seed);
        let depth = if wide { Depth::U16 } else { Depth::U8 };
        let column = random_kernel(&mut random, case.kernel[0], 1, 6);
        let row = random_kernel(&mut random, 1, case.kernel[1], 6);
        let kernel = case.finished(outer_products(&[(&column, &row)]));
        let image = random_image(&mut random, case.shape, depth);
        let (_, samples) = exact_samples(&image, &kernel, case.walk());
        let filter = filter(&kernel, case.walk());
        let mut separable = 0;
        for tuning in allowed(&filter, &image) {
            let output = case.apply(&filter, &image, &tuning);
            prop_assert!(*output.samples() == samples, "{:?}", tuning);
            separable += usize::from(tuning.method == Some(Method::Separable));
        }
        prop_assert!(separable > 0 || kernel.abs_sum() == 0.0);
    }

    #[test]
    fn equal_weights_are_exact(case in case(), size in [1_usize..36, 1_usize..36], weight in prop::sample::select(vec![1.0, -1.0, 7.0])) {
        let mut random = Random(case.seed);
        let depth = if weight == 7.0 { Depth::U16 } else { Depth::U8 };
        let case = Case {
            kernel: size,
            anchor: [case.anchor[0] % size[0], case.anchor[1] % size[1]],
            ..case
        };
        let kernel = Kernel::new(size[0], size[1], vec![weight; size[0] * size[1]]).unwrap();
        let kernel = case.finished(kernel);
        let image = random_image(&mut random, case.shape, depth);
        let (_, samples) = exact_samples(&image, &kernel, case.walk());
        let filter = filter(&kernel, case.walk());
        for tuning in allowed(&filter, &image).into_iter().filter(|t| t.method != Some(Method::Naive)) {
            let output = case.apply(&filter, &image, &tuning);
            prop_assert!(*output.samples() == samples, "{:?}", tuning);
        }
    }

    #[test]
    fn threads_and_bands_never_change_a_byte(case in case()) {
        let mut random = Random(case.seed);
        let weights = (0..case.kernel[0] * case.kernel[1]).map(|_| random.next() as f64 / 1e19 - 0.9).collect();
        let kernel = case.finished(Kernel::new(case.kernel[0], case.kernel[1], weights).unwrap());
        let image = random_image(&mut random, case.shape, Depth::F32);
        let filter = filter(&kernel, case.walk());
        for tuning in allowed(&filter, &image) {
            let whole = apply(&filter, &image, &tuning.with_band_rows(1000));
            let bands = case.apply(&filter, &image, &tuning);
            prop_assert!(bits(&whole) == bits(&bands), "{:?}", tuning);
        }
    }

    #[test]
    fn nan_and_infinity_reach_their_windows_and_no_others(case in case(), value in prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY])) {
        let mut random = Random(case.seed);
        // Zeros among the weights: a window contains all its samples.
        let kernel = case.finished(random_kernel(&mut random, case.kernel[0], case.kernel[1], 1));
        let Samples::F32(mut samples) = random_image(&mut random, case.shape, Depth::F32).into_samples() else {
            panic!("floats were asked for");
        };
        let at = random.below(samples.len() as u64) as usize;
        samples[at] = value;
        let [rows, columns, channels] = case.shape;
        let image = Image::new(rows, columns, channels, Samples::F32(samples)).unwrap();
        let (_, sums) = sums(&image, &kernel, case.walk(), |v| v);
        let filter = filter(&kernel, case.walk()).with_map(Map::Float);
        for tuning in allowed(&filter, &image) {
            let Samples::F32(output) = case.apply(&filter, &image, &tuning).into_samples() else {
                panic!("responses are floats");
            };
            for (sum, &response) in sums.iter().zip(&output) {
                let exact = (sum / kernel.divisor() + kernel.bias()) as f32;
                let same_kind = exact.is_nan() == response.is_nan()
                    && exact.is_infinite() == response.is_infinite()
                    && (!exact.is_infinite() || exact == response);
                prop_assert!(same_kind, "{response} where {exact} is right: {tuning:?}");
            }
        }
    }
}

fn bits(image: &Image) -> Vec<u32> {
    let Samples::F32(samples) = image.samples() else {
        panic!("floats were asked for");
    };
    samples.iter().map(|s| s.to_bits()).collect()
}

/// Every response of a bank, combined in `f64`.
#[test]
fn banks_combine_exactly() {
    let mut random = Random(77);
    let kernels = [
        random_kernel(&mut random, 3, 3, 4)
            .with_divisor(6.0)
            .unwrap(),
        random_kernel(&mut random, 2, 5, 3)
            .with_divisor(-4.0)
            .unwrap()
            .with_anchor([0, 4])
            .unwrap(),
    ];
    let walk = Walk {
        extent: Extent::Same(Border::Reflect),
        step: [1, 1],
        dilation: [1, 1],
    };
    for depth in [Depth::U8, Depth::U16] {
        let image = random_image(&mut random, [13, 210, 1], depth);
        let responses: Vec<Vec<f64>> = (kernels.iter())
            .map(|k| {
                sums(&image, k, walk, |v| v)
                    .1
                    .into_iter()
                    .map(|s| s / k.divisor())
                    .collect()
            })
            .collect();
        for combine in [
            Combine::Sum,
            Combine::Mean,
            Combine::Max,
            Combine::AbsSum,
            Combine::AbsMax,
            Combine::ArgMax,
            Combine::Magnitude,
            Combine::Direction,
        ] {
            let bank = KernelBank::new("test", kernels.to_vec(), Some(combine)).unwrap();
            let filter = Filter::new(bank).with_extent(walk.extent);
            let expected: Vec<f64> = (responses[0].iter().zip(&responses[1]))
                .map(|(&a, &b)| match combine {
                    Combine::Sum => a + b,
                    Combine::Mean => (a + b) / 2.0,
                    Combine::Max => a.max(b),
                    Combine::AbsSum => a.abs() + b.abs(),
                    Combine::AbsMax => a.abs().max(b.abs()),
                    // Twelfths that differ by a rounding are equal.
                    Combine::ArgMax => f64::from(u8::from(b > a + 0.01)),
                    Combine::Magnitude => a.hypot(b),
                    Combine::Direction => b.atan2(a),
                    _ => panic!("the tests know no other"),
                })
                .collect();
            for tuning in allowed(&filter, &image) {
                let Samples::F32(floats) =
                    apply(&filter.clone().with_map(Map::Float), &image, &tuning).into_samples()
                else {
                    panic!("responses are floats");
                };
                for (float, exact) in floats.iter().zip(&expected) {
                    let tolerance = exact.abs() * f64::from(f32::EPSILON);
                    assert!(
                        (f64::from(*float) - exact).abs() <= tolerance,
                        "{float} is not {exact}: {combine:?} {tuning:?}"
                    );
                }
                if combine == Combine::Direction {
                    continue;
                }
                let white = depth.full_scale();
                let whole: Vec<f64> = match apply(&filter, &image, &tuning).samples() {
                    Samples::U8(s) => s.iter().map(|&s| f64::from(s)).collect(),
                    Samples::U16(s) => s.iter().map(|&s| f64::from(s)).collect(),
                    Samples::F32(_) => panic!("integers were asked for"),
                    _ => panic!("the tests know no other"),
                };
                for (sample, exact) in whole.iter().zip(&expected) {
                    // Twelfths, or halves of them: a tie is exact in f64 only up to the last bit.
                    let nearest = ((exact * 24.0).round() / 24.0)
                        .round_ties_even()
                        .clamp(0.0, white);
                    let nearest = if combine == Combine::Magnitude {
                        exact.round_ties_even().clamp(0.0, white)
                    } else {
                        nearest
                    };
                    assert_eq!(*sample, nearest, "{exact} {combine:?} {tuning:?}");
                }
            }
        }
    }
}

#[test]
fn alpha_is_copied_from_under_the_anchor() {
    let mut random = Random(9);
    let image = random_image(&mut random, [9, 70, 4], Depth::U8);
    let kernel = random_kernel(&mut random, 3, 3, 2)
        .with_anchor([0, 2])
        .unwrap();
    for (extent, first) in [
        (Extent::Valid, [0, 2]),
        (Extent::Same(Border::Wrap), [0, 0]),
    ] {
        let walk = Walk {
            extent,
            step: [2, 3],
            dilation: [1, 1],
        };
        let (shape, Samples::U8(exact)) = exact_samples(&image, &kernel, walk) else {
            panic!("8-bit samples were asked for");
        };
        for tuning in allowed(&filter(&kernel, walk), &image) {
            let output = apply(&filter(&kernel, walk), &image, &tuning);
            assert_eq!(output.shape(), shape);
            let wide = apply(
                &filter(&kernel, walk).with_depth(Some(Depth::U16)),
                &image,
                &tuning,
            );
            for (i, (&sample, pixel)) in exact.iter().zip((0..).map(|i| i / 4)).enumerate() {
                let [y, x] = [pixel / shape[1], pixel % shape[1]];
                let at = [y, x, i % 4];
                let alpha = common::sample(&image, [first[0] + 2 * y, first[1] + 3 * x, 3]);
                let expected = if i % 4 == 3 { alpha } else { f64::from(sample) };
                assert_eq!(common::sample(&output, at), expected);
                assert_eq!(common::sample(&wide, at), expected * 257.0);
            }
        }
    }
}

/// A filter reads any view as it reads a copy of it.
#[test]
fn views_are_filtered_like_copies() {
    let mut random = Random(31);
    let kernel = random_kernel(&mut random, 3, 4, 5);
    for depth in [Depth::U8, Depth::U16, Depth::F32] {
        let image = random_image(&mut random, [30, 150, 3], depth);
        match image.samples() {
            Samples::U8(_) => check_views::<u8>(&image, &kernel, Samples::from),
            Samples::U16(_) => check_views::<u16>(&image, &kernel, Samples::from),
            Samples::F32(_) => check_views::<f32>(&image, &kernel, Samples::from),
            _ => panic!("the tests know no other"),
        }
    }
}

fn check_views<T: stridekern::image::Sample>(
    image: &Image,
    kernel: &Kernel,
    samples: fn(Vec<T>) -> Samples,
) where
    for<'a> ImageView<'a>: From<StridedView<'a, T, 3>>,
{
    let whole = image.view::<T>().unwrap();
    let views = [
        whole.slice(0, 3..20).unwrap().slice(1, 7..140).unwrap(),
        whole.flip(0).unwrap().flip(1).unwrap(),
        whole.permute([1, 0, 2]).unwrap(),
        whole.slice(1, Slice::ALL.step(2)).unwrap(),
        whole.slice(2, Slice::ALL.step(-1)).unwrap(),
        whole
            .slice(0, 4..5)
            .unwrap()
            .broadcast_to([25, 150, 3])
            .unwrap(),
    ];
    for view in views {
        let [rows, columns, channels] = view.shape();
        let copy = Image::new(rows, columns, channels, samples(view.to_vec())).unwrap();
        for extent in EXTENTS {
            if let (Extent::Same(Border::Constant(_)), Depth::F32) = (extent, image.depth()) {
                continue;
            }
            let walk = Walk {
                extent,
                step: [1, 1],
                dilation: [1, 1],
            };
            for channel in [Channel::Each, Channel::Luma, Channel::Green] {
                let filter = filter(kernel, walk).with_channel(channel);
                let expected = filter.apply(&copy).unwrap();
                assert_eq!(
                    filter.apply(view).unwrap(),
                    expected,
                    "{extent} {channel} {:?}",
                    view.layout()
                );
            }
        }
    }
}

/// The samples of every way to run.
pub(crate) fn run(
    image: &Image,
    bank: KernelBank,
    change: impl Fn(Filter) -> Filter,
) -> Vec<Vec<f64>> {
    let filter = change(Filter::new(bank));
    let outputs = allowed(&filter, image).into_iter();
    outputs
        .map(|tuning| common::numbers(&apply(&filter, image, &tuning)))
        .collect()
}

pub(crate) fn bank(toml: &str) -> KernelBank {
    KernelBank::parse("test", "test.toml", toml).unwrap()
}

pub(crate) fn gray(samples: Samples) -> Image {
    Image::new(1, samples.len(), 1, samples).unwrap()
}

/// What was found by looking for ties and extremes.
#[test]
fn decimals_and_fractional_divisors_are_exact() {
    let ramp = gray(Samples::U8((0..=255).collect()));
    // x / 1.5 + 5 x / 6 = 1.5 x.
    let toml = "combine = \"sum\"\n[[kernels]]\nweights = [[1]]\ndivisor = 1.5\n[[kernels]]\nweights = [[5]]\ndivisor = 6";
    let wanted: Vec<f64> = (0..=255)
        .map(|x| (f64::from(x) * 1.5).round_ties_even().min(255.0))
        .collect();
    for output in run(&ramp, bank(toml), |f| f) {
        assert_eq!(output, wanted);
    }
    // 0 / 0.4 - 127 + 128, whatever the divisor: a bias is a whole sample.
    let black = gray(Samples::U8(vec![0; 5].into()));
    for divisor in ["0.4", "1.1", "1.3", "0.9", "7"] {
        let toml = format!("weights = [[1]]\nbias = -0.5\ndivisor = {divisor}");
        for output in run(&black, bank(&toml), |f| f.with_map(Map::Offset)) {
            assert_eq!(output, [1.0; 5], "{divisor}");
        }
        let toml = format!("weights = [[1]]\nbias = 0.5\ndivisor = {divisor}");
        for output in run(&black, bank(&toml), |f| f) {
            assert_eq!(output, [128.0; 5], "{divisor}");
        }
    }
    // Tenths that add up to zero, on flat and on even ground.
    let flat = Image::new(4, 6, 1, Samples::U8(vec![77; 24].into())).unwrap();
    let slopes = "combine = \"direction\"\n[[kernels]]\nweights = [[-0.1, 0.1]]\n[[kernels]]\nweights = [[-0.1], [0.1]]";
    for output in run(&flat, bank(slopes), |f| f) {
        assert_eq!(output, [0.0; 15]);
    }
    let sobel = "weights = [[-0.1, -0.2, -0.1], [0, 0, 0], [0.1, 0.2, 0.1]]";
    for output in run(&flat, bank(sobel), |f| f.with_map(Map::Symmetric)) {
        assert_eq!(output, [128.0; 8]);
    }
    let ramp = Image::new(
        4,
        6,
        1,
        Samples::U8([10, 20, 30, 40, 50, 60].repeat(4).into()),
    )
    .unwrap();
    for output in run(&ramp, bank(sobel), |f| f.with_map(Map::Stretch)) {
        assert_eq!(output, [0.0; 8]);
    }
}

/// Columns times rows of decimals of six digits, and of numbers that are none, run on samples of 8
/// and 16 bits, though their products in whole numbers have sums beyond 2^53.
#[test]
fn products_of_long_decimals_are_exact() {
    let mut random = Random(80);
    let walk = Walk {
        extent: Extent::Valid,
        step: [1, 1],
        dilation: [1, 1],
    };
    let vectors: [(&[f64], &[f64]); 4] = [
        (
            &[0.123457, 0.376543, 0.5],
            &[0.000001, 0.376543, 0.123457, 0.5],
        ),
        (&[-0.999999, 0.5, 0.999998], &[1.234567, -3.25]),
        (&[2.0 / 3.0, 5.0 / 6.0], &[1.0, 0.0, -1.0]),
        (&[-0.5091629090647775], &[1.0]),
    ];
    for (column, row) in vectors {
        let kernel = Kernel::from_vectors(column, row, 1.0).unwrap();
        assert!(kernel.is_integer());
        for depth in [Depth::U8, Depth::U16] {
            let image = random_image(&mut random, [40, 300, 1], depth);
            let (_, wanted) = exact_samples(&image, &kernel, walk);
            for simd in Simd::available() {
                let tuning = Tuning::default().with_simd(simd);
                let result = apply(&Filter::new(kernel.clone()), &image, &tuning);
                assert!(
                    result.samples() == &wanted,
                    "{column:?} {row:?} {depth} {simd:?}"
                );
            }
        }
    }
}

/// Weights n / 2^k written as floats, such as a binomial over 256, give what integers over a
/// divisor give, in every way to run.
#[test]
fn binary_fractions_are_exact() {
    let mut random = Random(79);
    for (depth, bits, size) in [
        (Depth::U8, 8, [5, 5]),
        (Depth::U8, 14, [1, 2]),
        (Depth::U16, 4, [3, 3]),
        (Depth::U16, 7, [2, 1]),
    ] {
        let scale = f64::from(1 << bits);
        let whole = match bits {
            8 => outer_products(&[(&binomial([5, 1]), &binomial([1, 5]))]),
            _ => random_kernel(&mut random, size[0], size[1], (1 << bits) / 9),
        };
        let weights = whole
            .as_slice()
            .iter()
            .map(|weight| weight / scale)
            .collect();
        let fractions = Kernel::new(size[0], size[1], weights).unwrap();
        let whole = whole.with_divisor(scale).unwrap();
        // Ties are frequent: samples next to each other.
        let mut image = random_image(&mut random, [23, 131, 1], depth);
        image = match image.into_samples() {
            Samples::U8(s) => gray_of([23, 131], Samples::U8(s.iter().map(|s| s % 8).collect())),
            Samples::U16(s) => gray_of(
                [23, 131],
                Samples::U16(s.iter().map(|s| s | 0xff00).collect()),
            ),
            _ => panic!("no floats were asked for"),
        };
        let walk = Walk {
            extent: Extent::Same(Border::Reflect),
            step: [1, 1],
            dilation: [1, 1],
        };
        let (shape, samples) = exact_samples(&image, &whole, walk);
        let [asked, written] = [&whole, &fractions].map(|kernel| filter(kernel, walk));
        let ways = allowed(&written, &image);
        assert_eq!(ways, allowed(&asked, &image), "{depth} {bits}");
        for tuning in ways {
            let output = apply(&written, &image, &tuning);
            assert_eq!(output.shape(), shape);
            assert!(*output.samples() == samples, "{depth} {bits} {tuning:?}");
        }
    }
}

fn binomial(size: [usize; 2]) -> Kernel {
    Kernel::new(size[0], size[1], vec![1.0, 4.0, 6.0, 4.0, 1.0]).unwrap()
}

fn gray_of([rows, columns]: [usize; 2], samples: Samples) -> Image {
    Image::new(rows, columns, 1, samples).unwrap()
}

#[test]
fn extremes_do_not_leave_the_numbers() {
    let quarters = gray(Samples::F32(vec![0.0, 0.25, 0.5, 1.0].into()));
    for power in ["1e20", "1e-25", "1e-20"] {
        let kernel = format!("[[kernels]]\nweights = [[{power}]]\ndivisor = {power}\n");
        let toml = format!("combine = \"magnitude\"\n{kernel}{kernel}");
        for output in run(&quarters, bank(&toml), |f| f) {
            for (got, sample) in output.iter().zip([0.0, 0.25, 0.5, 1.0]) {
                assert!(
                    (got - sample * 2_f64.sqrt()).abs() < 1e-6,
                    "{power}: {output:?}"
                );
            }
        }
    }
    let three = gray(Samples::U8(vec![0, 100, 255].into()));
    for output in run(
        &three,
        bank("weights = [[0.5]]\ndivisor = 1e39\nbias = 0.5"),
        |f| f,
    ) {
        assert_eq!(output, [128.0; 3]);
    }
    let refused = |image: &Image, toml: &str| {
        Filter::new(bank(toml))
            .apply(image)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(&three, "weights = [[100000000000003, -100000000000003]]"),
        "sums of 8-bit samples by these integer weights reach 2.6e16, and above 2^53 f64 does not hold them exactly; use smaller weights, with a divisor"
    );
    let primes = "combine = \"sum\"\n[[kernels]]\nweights = [[1]]\ndivisor = 2\n[[kernels]]\nweights = [[999983]]\ndivisor = 999983\n[[kernels]]\nweights = [[999979]]\ndivisor = 999979";
    let wide = gray(Samples::U16(vec![3003; 3].into()));
    assert_eq!(
        refused(&wide, primes),
        "the divisors of these kernels have no common multiple that is small enough for exact results; use other divisors"
    );
}

/// Float results of integers are rounded once: they are the nearest floats.
#[test]
fn float_results_are_the_nearest_floats() {
    let mut random = Random(12);
    let image = random_image(&mut random, [40, 41, 1], Depth::U8);
    let sobel = KernelBank::resolve("sobel").unwrap();
    let walk = Walk {
        extent: Extent::Valid,
        step: [1, 1],
        dilation: [1, 1],
    };
    let sums: Vec<Vec<f64>> = sobel
        .kernels()
        .iter()
        .map(|k| sums(&image, k, walk, |v| v).1)
        .collect();
    let wanted: Vec<f64> = (sums[0].iter().zip(&sums[1]))
        .map(|(x, y)| f64::from(((x * x + y * y).sqrt() / 255.0) as f32))
        .collect();
    for output in run(&image, sobel, |f| f.with_depth(Some(Depth::F32))) {
        assert_eq!(output, wanted);
    }
    let wide = random_image(&mut random, [3, 50, 1], Depth::U16);
    let wanted: Vec<f64> = (0..150)
        .map(|i| f64::from((common::sample(&wide, [i / 50, i % 50, 0]) / (273.0 * 65535.0)) as f32))
        .collect();
    for output in run(&wide, bank("weights = [[1]]\ndivisor = 273"), |f| {
        f.with_depth(Some(Depth::F32))
    }) {
        assert_eq!(output, wanted);
    }
}

#[test]
fn windows_that_need_too_much_are_refused() {
    let column = Image::new(50, 1, 1, Samples::U8(vec![1; 50].into())).unwrap();
    let filter = Filter::new(bank("weights = [[1], [1], [1]]"))
        .with_extent(Extent::Same(Border::Edge))
        .with_dilation([100_000_000, 1]);
    // What a row takes depends on the level.
    let portable = Tuning::default().with_simd(Simd::PORTABLE);
    let error = filter.plan(&column, &portable).unwrap_err().to_string();
    assert_eq!(
        error,
        "windows of 200000001 rows x 1 columns need 109863 MiB for each thread, more than the limit of 512; use a smaller kernel or dilation"
    );
    let wide = filter.with_dilation([1, 1]);
    let wide = Filter::new(bank("weights = [[1, 1, 1]]"))
        .with_extent(wide.extent())
        .with_dilation([1, 200_000_000]);
    assert!(
        wide.apply(&column)
            .unwrap_err()
            .to_string()
            .starts_with("windows of 1 rows x 400000001 columns need ")
    );
}

/// Blocks of rows and columns that a result does not have take no memory: a
/// step far larger than the image leaves one row or column.
#[test]
fn steps_far_larger_than_the_image_are_taken() {
    const FAR: usize = 1_000_000;
    let mut random = Random(77);
    let mut ways = Ways::default();
    for depth in [Depth::U8, Depth::U16, Depth::F32] {
        let image = random_image(&mut random, [60, 1000, 3], depth);
        for weights in [
            "[[1, 2, 1], [0, 1, 3], [-1, 5, 2]]",
            "[[1, 1, 1], [1, 1, 1]]",
            // More than dot products of bytes take.
            "[[1, 200, 1]]",
        ] {
            if weights.contains("200") && depth == Depth::F32 {
                continue;
            }
            for extent in EXTENTS {
                let extent = match (extent, depth) {
                    (Extent::Same(Border::Constant(_)), Depth::F32) => {
                        Extent::Same(Border::Constant(0.5))
                    }
                    (extent, _) => extent,
                };
                for step in [
                    [FAR, 1],
                    [1, FAR],
                    [FAR, FAR],
                    [usize::MAX, usize::MAX],
                    // Two rows, far from each other.
                    [35, 1],
                ] {
                    let filter = Filter::new(bank(&format!("weights = {weights}")))
                        .with_extent(extent)
                        .with_channel(Channel::Each)
                        .with_step(step);
                    let kernel = &filter.bank().kernels()[0];
                    let walk = Walk {
                        extent,
                        step,
                        dilation: [1, 1],
                    };
                    // Of floats, which are multiples of 2^-23, sums are exact in f64.
                    let (shape, exact) = sums(&image, kernel, walk, |v| v);
                    let bound = match depth {
                        Depth::F32 => float_bound(9, 1.25, kernel.abs_sum()),
                        _ => 0.0,
                    };
                    let near = |axis: usize, len: usize| match step[axis] {
                        1 => len - 2..=len,
                        35 => 2..=2,
                        _ => 1..=1,
                    };
                    assert!(near(0, 60).contains(&shape[0]), "{step:?}");
                    assert!(near(1, 1000).contains(&shape[1]), "{step:?}");
                    for tuning in allowed(&filter, &image) {
                        let plan = filter.plan(&image, &tuning).unwrap();
                        let output = run_plan(&plan, &image);
                        assert_eq!(output.shape(), shape);
                        for (got, exact) in common::numbers(&output).into_iter().zip(&exact) {
                            let exact = match depth {
                                Depth::F32 => *exact,
                                integer => exact.clamp(0.0, integer.full_scale()),
                            };
                            let error = (got - exact).abs();
                            assert!(error <= bound, "{tuning:?} {step:?}: {got}, not {exact}");
                        }
                        ways.ran(&plan);
                    }
                }
            }
        }
    }
    ways.are(&[
        ("dots", &[LaneKind::I16, LaneKind::F32]),
        ("direct", &INTEGERS),
        ("separable", &INTEGERS),
        ("running-sum", &INTEGERS),
        ("fft", &FLOATS),
        ("line-fft", &[LaneKind::F64]),
        ("naive", &INTEGERS),
    ]);
}

/// One row of a result takes the memory of one row, whatever the step.
#[test]
fn a_step_beyond_the_image_needs_no_more_than_a_row() {
    for (shape, step, outputs) in [
        ([1000, 1000, 1], [1_000_000, 1], [1, 1000]),
        ([1000, 1000, 1], [1, 1_000_000], [1000, 1]),
        ([1000, 1000, 1], [1_000_000, 1_000_000], [1, 1]),
        // Several rows, none near another.
        ([3_000_000, 1000, 3], [1_000_000, 1], [3, 1000]),
    ] {
        for weights in [
            "[[1, 2], [3, 5]]",
            "[[1, 1], [1, 1]]",
            "[[0.3, 2], [1, 0.7]]",
        ] {
            for extent in EXTENTS {
                let filter = Filter::new(bank(&format!("weights = {weights}")))
                    .with_extent(extent)
                    .with_channel(Channel::Each)
                    .with_step(step);
                for tuning in tunings() {
                    let plan = match filter.plan_for(shape, Depth::U8, &tuning) {
                        Ok(plan) => plan,
                        Err(error) => {
                            let error = error.to_string();
                            assert!(!error.contains("MiB"), "{tuning:?} {step:?}: {error}");
                            continue;
                        }
                    };
                    let less = usize::from(extent == Extent::Valid);
                    let outputs = [0, 1].map(|axis| match step[axis] {
                        1 => outputs[axis] - less,
                        _ => outputs[axis],
                    });
                    assert_eq!(plan.output_shape()[..2], outputs);
                }
            }
        }
    }
}

/// A border of NaN is a border like any other: it reaches the windows that leave
/// the image, and no others.
#[test]
fn a_border_of_nan_reaches_its_windows_alone() {
    let mut random = Random(78);
    let image = random_image(&mut random, [60, 150, 1], Depth::F32);
    let one = kernel_of([1, 1], |_| 1.0);
    let row = kernel_of([1, 7], |[_, j]| (j as f64 + 1.0).sqrt());
    let column = kernel_of([9, 1], |[i, _]| 0.3 + (i as f64).sin());
    let noise = kernel_of([21, 21], |[i, j]| ((i * 21 + j) as f64).sin());
    let product = outer_products(&[(&column, &row)]);
    let mut ways = Ways::default();
    for kernel in [one, row, column, noise, product] {
        for step in [[1, 1], [2, 3]] {
            let filtered = |value| {
                let walk = Walk {
                    extent: Extent::Same(Border::Constant(value)),
                    step,
                    dilation: [1, 1],
                };
                filter(&kernel, walk)
            };
            let (nan, zero) = (filtered(f64::NAN), filtered(0.0));
            assert_eq!(nan, nan.clone());
            for tuning in allowed(&nan, &image).into_iter().chain(unasked()) {
                let plan = nan.plan(&image, &tuning).unwrap();
                assert_eq!(plan, plan.clone());
                ways.ran(&plan);
                let (reached, inside) = (run_plan(&plan, &image), apply(&zero, &image, &tuning));
                let leaves = |axis: usize, at: usize| {
                    let size = [kernel.rows(), kernel.columns()][axis];
                    let first = (at * step[axis]).checked_sub(kernel.anchor()[axis]);
                    first.is_none_or(|first| first + size > image.shape()[axis])
                };
                for y in 0..reached.rows() {
                    for x in 0..reached.columns() {
                        let sample = |image| common::sample(image, [y, x, 0]);
                        let (sum, other) = (sample(&reached), sample(&inside));
                        if leaves(0, y) || leaves(1, x) {
                            assert!(sum.is_nan(), "{tuning:?} {y} {x}: {sum}");
                        } else {
                            assert!((sum - other).abs() < 1e-4, "{tuning:?} {y} {x}: {sum}");
                        }
                    }
                }
            }
        }
    }
    ways.are(&[
        ("copy", &[LaneKind::F32]),
        ("direct", &FLOATS),
        ("separable", &FLOATS),
        ("fft", &FLOATS),
        ("naive", &FLOATS),
    ]);
}
