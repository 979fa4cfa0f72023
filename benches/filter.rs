//! The filter from decoded samples to output samples: every method, lane and
//! SIMD level of this machine, by kernel size, image size and threads, with a
//! plain memory copy as the floor.
//!
//! Every answer is compared with the naive loop's before anything is timed.
//! `cargo bench -- u8` runs the groups whose name begins so.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::{hint::black_box, time::Duration};

use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
    measurement::WallTime,
};
use rayon::{ThreadPool, ThreadPoolBuilder};
use stridekern::{
    Depth, Filter, Image, Kernel, KernelBank, LaneKind, Method, Samples, Tuning,
    codec::{self, Limits},
    simd::Simd,
};

const SMALL: [usize; 2] = [512, 512];
const MEDIUM: [usize; 2] = [2048, 2048];
/// 24 megapixels.
const LARGE: [usize; 2] = [4000, 6000];

/// Noise, so that nothing can be guessed and every sample differs.
fn image([rows, columns]: [usize; 2], depth: Depth) -> Image {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let len = rows * columns;
    let samples = match depth {
        Depth::U8 => Samples::U8((0..len).map(|_| next() as u8).collect()),
        Depth::U16 => Samples::U16((0..len).map(|_| next() as u16).collect()),
        Depth::F32 => Samples::F32(
            (0..len)
                .map(|_| (next() >> 40) as f32 / (1 << 24) as f32)
                .collect(),
        ),
        _ => panic!("the tests know no other"),
    };
    Image::new(rows, columns, 1, samples).expect("the sides are not zero")
}

/// Integer weights from -2 to 2 without symmetry: no shortcut applies.
fn filter(size: usize) -> Filter {
    filter_of(size, |i, j| pattern(i * size + j))
}

fn pattern(i: usize) -> f64 {
    ((i * i + 3 * i) % 5) as f64 - 2.0
}

fn filter_of(size: usize, weight: impl Fn(usize, usize) -> f64) -> Filter {
    let weights = (0..size * size)
        .map(|at| weight(at / size, at % size))
        .collect();
    let kernel = Kernel::new(size, size, weights).expect("the weights are finite");
    Filter::new(KernelBank::from_kernel("bench", kernel))
}

/// 16 bits hold the sums of 8-bit samples up to a sum of absolute weights of
/// 257; wider kernels go through the next lane.
fn lanes(filter: &Filter, image: &Image) -> Vec<LaneKind> {
    [LaneKind::I16, LaneKind::F32, LaneKind::F64]
        .into_iter()
        .filter(|&lane| {
            filter
                .plan(image, &Tuning::default().with_lane(lane))
                .is_ok()
        })
        .collect()
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("threads can be started")
}

fn run(filter: &Filter, image: &Image, tuning: &Tuning, output: &mut Image) {
    let plan = filter.plan(image, tuning).expect("the lane is allowed");
    plan.run(image, output).expect("the output fits");
}

fn output(filter: &Filter, image: &Image, tuning: &Tuning) -> Image {
    let plan = filter.plan(image, tuning).expect("the lane is allowed");
    let mut output = plan.allocate().expect("there is memory");
    run(filter, image, tuning, &mut output);
    output
}

/// A filter on an image, and what the naive loop makes of it.
struct Subject<'a> {
    filter: Filter,
    image: &'a Image,
    expected: Image,
}

impl<'a> Subject<'a> {
    fn new(filter: Filter, image: &'a Image) -> Self {
        let naive = Tuning::default()
            .with_method(Method::Naive)
            .with_lane(LaneKind::F64);
        Self {
            expected: output(&filter, image, &naive),
            filter,
            image,
        }
    }

    /// Times a way to run after its answer was found equal to the naive
    /// loop's: sums of integers are exact, those of floats agree to 1e-5.
    fn time(
        &self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        id: BenchmarkId,
        pool: &ThreadPool,
        tuning: &Tuning,
    ) {
        let Self {
            filter,
            image,
            expected,
        } = self;
        let mut answer = output(filter, image, tuning);
        match (expected.samples(), answer.samples()) {
            (Samples::F32(expected), Samples::F32(answer)) => {
                let gain = filter.bank().kernels()[0].abs_sum() as f32;
                let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * gain;
                assert!(
                    expected.iter().zip(answer).all(close),
                    "{tuning:?} is wrong"
                );
            }
            (expected, answer) => assert!(expected == answer, "{tuning:?} is wrong"),
        }
        group.bench_function(id, |b| {
            b.iter(|| pool.install(|| run(filter, black_box(image), tuning, &mut answer)));
        });
    }
}

fn start<'a>(
    c: &'a mut Criterion,
    name: &str,
    [rows, columns]: [usize; 2],
) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(name);
    group
        .throughput(Throughput::Elements((rows * columns) as u64))
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    group
}

/// 3x3 to 31x31, one thread: kernels without symmetry, columns times rows, and
/// equal weights.
fn kernel_sizes(c: &mut Criterion) {
    every_method(c, "kernel size", filter);
    every_method(c, "columns x rows", |size| {
        filter_of(size, |i, j| pattern(i) * pattern(j + 1))
    });
    every_method(c, "equal weights", |size| filter_of(size, |_, _| 1.0));
}

/// Every method at every level and lane that can run such kernels.
fn every_method(c: &mut Criterion, kind: &str, filter: impl Fn(usize) -> Filter) {
    let one = pool(1);
    for depth in [Depth::U8, Depth::U16, Depth::F32] {
        let image = image(MEDIUM, depth);
        let mut group = start(c, &format!("{}/{kind}", depth.name()), MEDIUM);
        for size in [3, 5, 7, 9, 11, 15, 31] {
            let subject = Subject::new(filter(size), &image);
            for lane in lanes(&subject.filter, &image) {
                let tuning = Tuning::default().with_lane(lane);
                if size <= 9 {
                    let naive = tuning.with_method(Method::Naive);
                    let id = BenchmarkId::new(format!("naive {lane}"), size);
                    subject.time(&mut group, id, &one, &naive);
                }
                let fast = Method::ALL.into_iter().filter(|m| *m != Method::Naive);
                for (simd, method) in Simd::available()
                    .into_iter()
                    .flat_map(|simd| fast.clone().map(move |method| (simd, method)))
                {
                    let forced = tuning.with_method(method).with_simd(simd);
                    // Not every method can run this kernel in this lane.
                    if subject.filter.plan(&image, &forced).is_ok() {
                        let id =
                            BenchmarkId::new(format!("{method} {lane} {}", simd.level()), size);
                        subject.time(&mut group, id, &one, &forced);
                    }
                }
            }
        }
    }
}

/// 3x3 and 9x9 from 512 x 512 to 24 megapixels, on one thread and on all.
fn image_sizes(c: &mut Criterion) {
    let all = std::thread::available_parallelism().map_or(1, |n| n.get());
    for depth in [Depth::U8, Depth::F32] {
        for shape in [SMALL, MEDIUM, LARGE] {
            let image = image(shape, depth);
            let name = format!("{}/{} x {}", depth.name(), shape[1], shape[0]);
            let mut group = start(c, &name, shape);
            for size in [3, 9] {
                let subject = Subject::new(filter(size), &image);
                for threads in [1, all] {
                    let id =
                        BenchmarkId::new(format!("{size}x{size}"), format!("{threads} threads"));
                    subject.time(&mut group, id, &pool(threads), &Tuning::default());
                }
            }
            let mut copy = image.clone();
            group.bench_function("memory copy", |b| {
                b.iter(|| match black_box(&image).samples() {
                    Samples::U8(from) => copy_samples(from, &mut copy),
                    Samples::U16(from) => copy_samples(from, &mut copy),
                    Samples::F32(from) => copy_samples(from, &mut copy),
                    _ => panic!("the tests know no other"),
                });
            });
        }
    }
}

/// What rounding exactly costs where many samples are next to a tie, beside weights of the same size
/// of which hardly any is (`plain`): weights whose sum is 0.5 but for the last bit on white; nine of
/// 1/18, of which one window in 18 is a tie but for their last bits, on a photograph; and halves and one
/// that is not quite a half, of which every second window is, on noise.
fn near_ties(c: &mut Criterion) {
    let one = pool(1);
    let [plain3, plain5] = [3, 5].map(|size| filter_of(size, |i, j| wave(i * size + j)));
    let others: f64 = (1..25).map(wave).sum();
    let half = filter_of(5, |i, j| match i * 5 + j {
        0 => (0.5 - others).next_up(),
        at => wave(at),
    });
    let eighteenths = filter_of(3, |_, _| 1.0 / 18.0);
    let halves = filter_of(3, |i, j| match i * 3 + j {
        0 => 0.5_f64.next_up(),
        at => [0.5, -0.5][at % 2],
    });
    let photograph = photograph(MEDIUM);
    for depth in [Depth::U8, Depth::U16] {
        let noise = image(MEDIUM, depth);
        let white = depth.full_scale() as u16;
        let white_picture = picture(depth, |_| white);
        let photograph = picture(depth, |at| u16::from(photograph[at]) * (white / 255));
        let mut group = start(c, &format!("{}/near ties", depth.name()), MEDIUM);
        for (name, filter, image) in [
            ("5x5 plain", &plain5, &noise),
            ("5x5 of half, white", &half, &white_picture),
            ("3x3 plain", &plain3, &noise),
            ("3x3 of eighteenths, photograph", &eighteenths, &photograph),
            ("3x3 of halves, noise", &halves, &noise),
        ] {
            let subject = Subject::new(filter.clone(), image);
            let id = BenchmarkId::from_parameter(name);
            subject.time(&mut group, id, &one, &Tuning::default());
        }
    }
}

/// Lines at angles and disks, in the direct method and in the fastest, each beside a square kernel of about as many
/// weights without a zero: weights of 0 should cost nothing.
fn sparse(c: &mut Criterion) {
    let one = pool(1);
    let direct = Tuning::default().with_method(Method::Direct);
    for depth in [Depth::U8, Depth::U16] {
        let noise = image(MEDIUM, depth);
        let mut group = start(c, &format!("{}/sparse", depth.name()), MEDIUM);
        let lines = [9, 25, 51, 101].into_iter().flat_map(|length| {
            let angles = [0, 30, 45, 90].into_iter();
            angles.map(move |angle| format!("motion:length={length},angle={angle}"))
        });
        let disks = [3, 6, 12, 25].map(|radius| format!("disk:radius={radius}"));
        for spec in lines.chain(disks) {
            let bank = KernelBank::from_spec(&spec).expect("the spec is right");
            let weights = bank.kernels()[0].as_slice();
            let taps = weights.iter().filter(|&&weight| weight != 0.0).count();
            let side = (taps as f64).sqrt().round() as usize;
            let sum: f64 = (0..side * side).map(|at| 1.5 + wave(at)).sum();
            let dense = filter_of(side, |i, j| (1.5 + wave(i * side + j)) / sum);
            let sparse = Subject::new(Filter::new(bank), &noise);
            let dense = Subject::new(dense, &noise);
            let name = |of: &str| BenchmarkId::new(of, &spec);
            sparse.time(&mut group, name("fastest"), &one, &Tuning::default());
            sparse.time(&mut group, name("direct"), &one, &direct);
            dense.time(&mut group, name("square, direct"), &one, &direct);
        }
    }
}

/// Without symmetry, of both signs.
fn wave(at: usize) -> f64 {
    ((at * at) as f64 * 0.37).sin() / 3.0
}

/// Of the medium size.
fn picture(depth: Depth, sample: impl Fn(usize) -> u16) -> Image {
    let [rows, columns] = MEDIUM;
    let samples = (0..rows * columns).map(sample);
    let samples = match depth {
        Depth::U8 => Samples::U8(samples.map(|sample| sample as u8).collect()),
        _ => Samples::U16(samples.collect()),
    };
    Image::new(rows, columns, 1, samples).expect("the sides are not zero")
}

/// A photograph of 512 x 512 bytes, repeated.
fn photograph([rows, columns]: [usize; 2]) -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/photos/camera.png");
    let read = codec::read(path.as_ref(), &Limits::default()).expect("the photograph is there");
    let Samples::U8(bytes) = read.image.samples() else {
        panic!("it has 8 bits");
    };
    let at = |at: usize| bytes[at / columns % 512 * 512 + at % columns % 512];
    (0..rows * columns).map(at).collect()
}

fn copy_samples<T: stridekern::image::Sample>(from: &[T], to: &mut Image) {
    if let Some(to) = T::of_mut(to) {
        to.copy_from_slice(from);
    }
}

criterion_group!(benches, kernel_sizes, image_sizes, near_ties, sparse);
criterion_main!(benches);
