//! Plans that run into memory that the caller lends, on any layout, whole or in part.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use stridekern::{
    Border, Channel, Depth, Error, Extent, Filter, Image, ImageView, ImageViewMut, Kernel,
    KernelBank, Map, Method, Notes, Samples, Stop, Tuning,
    filter::Program,
    image::Sample,
    view::{StridedView, StridedViewMut},
};

use crate::common::{Random, random_image, random_kernel};

/// What samples that must not be touched are.
const SENTINEL: f32 = 77.0;

const EXTENTS: [Extent; 4] = [
    Extent::Valid,
    Extent::Same(Border::Constant(1.0)),
    Extent::Same(Border::Reflect),
    Extent::Same(Border::Wrap),
];

/// Strides and offset of arrays of this shape, and the samples of their buffer: C order, gaps
/// between rows, gaps between pixels, rows and columns backwards, Fortran order, planes.
fn layouts([rows, columns, channels]: [usize; 3]) -> Vec<([isize; 3], usize, usize)> {
    let [h, w, c] = [rows, columns, channels].map(|n| n as isize);
    let len = rows * columns * channels;
    let last = |stride: isize, n: usize| (stride * (n as isize - 1)) as usize;
    let gap = w * c + 3;
    vec![
        ([w * c, c, 1], 0, len),
        ([gap, c, 1], 2, 2 + last(gap, rows) + columns * channels),
        ([w * (c + 2), c + 2, 1], 1, rows * columns * (channels + 2)),
        ([-w * c, c, 1], last(w * c, rows), len),
        ([w * c, -c, 1], last(c, columns), len),
        ([1, h, h * w], 0, len),
        ([w, 1, h * w], 0, len),
    ]
}

/// The samples of `image` in the same places of another layout, `SENTINEL` elsewhere.
fn lay_out<T: Sample>(
    image: &Image,
    (strides, offset, len): ([isize; 3], usize, usize),
    sentinel: T,
) -> Vec<T> {
    let mut buffer = vec![sentinel; len];
    let mut view = StridedViewMut::new(&mut buffer, image.shape(), strides, offset).unwrap();
    view.assign(&image.view::<T>().unwrap()).unwrap();
    buffer
}

#[test]
fn images_and_outputs_of_every_layout_give_the_same_samples() {
    let mut random = Random(0x5eed);
    let bank = KernelBank::from_kernel("k", random_kernel(&mut random, 3, 5, 4));
    for (channels, channel) in [
        (1, Channel::Luma),
        (3, Channel::Luma),
        (3, Channel::Green),
        (4, Channel::Each),
    ] {
        let image = random_image(&mut random, [41, 150, channels], Depth::F32);
        for extent in EXTENTS {
            for threads in [1, 2] {
                let filter = Filter::new(bank.clone())
                    .with_extent(extent)
                    .with_channel(channel);
                let tuning = Tuning::default().with_threads(threads);
                let expected = filter.apply(&image).unwrap();
                let plan = filter.plan(&image, &tuning).unwrap();
                let mut runner = plan.runner().unwrap();
                let sources = layouts(image.shape());
                let outputs = layouts(expected.shape());
                for (&source, &output) in sources
                    .iter()
                    .flat_map(|s| outputs.iter().map(move |o| (s, o)))
                {
                    let samples = lay_out(&image, source, SENTINEL);
                    let view =
                        StridedView::new(&samples, image.shape(), source.0, source.1).unwrap();
                    let wanted = lay_out(&expected, output, SENTINEL);
                    let mut made = vec![SENTINEL; output.2];
                    let lent = StridedViewMut::new(&mut made, expected.shape(), output.0, output.1);
                    runner.run(view, lent.unwrap()).unwrap();
                    assert_eq!(made, wanted, "{source:?} {output:?} {extent} {channel}");
                    // A plan that was made for the layout gives the same.
                    let mut made = vec![SENTINEL; output.2];
                    let lent = StridedViewMut::new(&mut made, expected.shape(), output.0, output.1);
                    let own = filter.plan(view, &tuning).unwrap();
                    own.run(view, lent.unwrap()).unwrap();
                    assert_eq!(made, wanted, "{source:?} {output:?} {extent} {channel}");
                }
            }
        }
    }
}

/// The responses of integers are whole numbers here, so that none is near to an end.
#[test]
fn notes_count_the_samples_that_do_not_fit() {
    let mut random = Random(0xc11b);
    for columns in [1, 3, 64, 301] {
        let bank = KernelBank::from_kernel("k", random_kernel(&mut random, 3, 3, 2));
        let filter = Filter::new(bank).with_extent(Extent::Same(Border::Edge));
        let image = random_image(&mut random, [37, columns, 1], Depth::U8);
        let floats = filter.clone().with_sample_type(Depth::F64).apply(&image);
        let floats = floats.unwrap();
        let responses = floats.view::<f64>().unwrap().to_vec();
        let count = |is: fn(f64) -> bool| responses.iter().filter(|&&r| is(r)).count() as u64;
        let expected = [count(|r| r < 0.0), count(|r| r > 255.0)];
        for threads in [1, 2] {
            let plan = (filter.plan(&image, &Tuning::default().with_threads(threads))).unwrap();
            let mut runner = plan.runner().unwrap().with_notes();
            let mut output = plan.allocate().unwrap();
            let mut all = Notes::default();
            for _ in 0..2 {
                runner.run(&image, &mut output).unwrap();
                let clipped = runner.notes().clipped();
                assert_eq!(
                    [clipped.below, clipped.above],
                    expected,
                    "{columns} columns"
                );
                all += runner.notes();
                // A clone notes its own runs.
                runner = runner.clone();
                assert_eq!(runner.notes(), Notes::default());
            }
            let clipped = all.clipped();
            assert_eq!([clipped.below, clipped.above], expected.map(|n| 2 * n));
            let shares = (clipped.below + clipped.above) as f64 / (2 * responses.len()) as f64;
            assert_eq!(all.warnings(&plan).is_empty(), shares <= 0.1);
            let mut silent = plan.runner().unwrap();
            silent.run(&image, &mut output).unwrap();
            assert_eq!(silent.notes(), Notes::default());
        }
    }
}

/// Every method, depth, border and map; the regions reach every edge.
#[test]
fn regions_are_those_of_the_whole_result() {
    let mut random = Random(0xface);
    let ones = Kernel::new(9, 9, vec![1.0; 81]).unwrap();
    let banks = [
        KernelBank::from_kernel("any", random_kernel(&mut random, 5, 3, 3)),
        KernelBank::from_kernel("box", ones.with_divisor(81.0).unwrap()),
        KernelBank::resolve("gaussian7").unwrap(),
        KernelBank::resolve("identity").unwrap(),
    ];
    let mut runs = [0; Method::ALL.len()];
    for bank in banks {
        for (at, method) in Method::ALL.into_iter().enumerate() {
            for (depth, channel, map) in [
                (Depth::U8, Channel::Luma, Map::Clamp),
                (Depth::U16, Channel::Each, Map::Clamp),
                (Depth::F32, Channel::Luma, Map::Stretch),
            ] {
                let image = random_image(&mut random, [100, 130, 4], depth);
                for (extent, step) in EXTENTS.into_iter().zip([[1, 1], [2, 1], [1, 1], [1, 3]]) {
                    let filter = Filter::new(bank.clone())
                        .with_extent(extent)
                        .with_step(step)
                        .with_channel(channel)
                        .with_map(map);
                    let tuning = Tuning::default().with_method(method);
                    // Some methods take some kernels only.
                    let Ok(plan) = filter.plan(&image, &tuning) else {
                        continue;
                    };
                    runs[at] += 1;
                    let mut whole = plan.allocate().unwrap();
                    plan.run(&image, &mut whole).unwrap();
                    let [rows, columns, channels] = whole.shape();
                    let mut runner = plan.runner().unwrap();
                    for _ in 0..6 {
                        let mut part = |n: usize| {
                            let [a, b] = [0, 1].map(|_| random.below(n as u64 + 1) as usize);
                            a.min(b)..a.max(b)
                        };
                        let (y, x) = (part(rows), part(columns));
                        if y.is_empty() || x.is_empty() {
                            continue;
                        }
                        let mut made = Image::zeroed(y.len(), x.len(), channels, depth).unwrap();
                        runner
                            .run_region(&image, y.clone(), x.clone(), &mut made)
                            .unwrap();
                        let expected = ImageView::from(&whole)
                            .slice(0, y.clone())
                            .and_then(|rows| rows.slice(1, x.clone()))
                            .unwrap();
                        assert!(
                            equal(expected, (&made).into()),
                            "{plan} {y:?} {x:?} {extent}"
                        );
                    }
                }
            }
        }
    }
    assert!(runs.iter().all(|&n| n > 0), "every method ran: {runs:?}");
}

fn equal(a: ImageView<'_>, b: ImageView<'_>) -> bool {
    fn same<T: Sample>(a: StridedView<'_, T, 3>, b: StridedView<'_, T, 3>) -> bool {
        a.shape() == b.shape() && a.iter().eq(b.iter())
    }
    match (a, b) {
        (ImageView::U8(a), ImageView::U8(b)) => same(a, b),
        (ImageView::U16(a), ImageView::U16(b)) => same(a, b),
        (ImageView::F32(a), ImageView::F32(b)) => same(a, b),
        _ => false,
    }
}

#[test]
fn images_outputs_and_regions_that_do_not_fit_are_refused() {
    let filter = Filter::new(KernelBank::resolve("box3").unwrap());
    let plan = filter
        .plan_for([20, 30, 1], Depth::U8, &Tuning::default())
        .unwrap();
    let mut runner = plan.runner().unwrap();
    let image =
        |rows, columns, channels, depth| Image::zeroed(rows, columns, channels, depth).unwrap();
    let right = image(20, 30, 1, Depth::U8);
    for (wrong, what) in [
        (image(30, 20, 1, Depth::U8), "8-bit of shape [30, 20, 1]"),
        (image(20, 30, 3, Depth::U8), "8-bit of shape [20, 30, 3]"),
        (image(20, 30, 1, Depth::U16), "16-bit of shape [20, 30, 1]"),
    ] {
        let mut output = plan.allocate().unwrap();
        let refused = runner.run(&wrong, &mut output).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "the plan is for 8-bit images of shape [20, 30, 1], and this one is {what}; \
                 make a plan for it"
            )
        );
    }
    for (mut wrong, what) in [
        (image(18, 29, 1, Depth::U8), "8-bit of shape [18, 29, 1]"),
        (
            image(18, 28, 1, Depth::F32),
            "32-bit float of shape [18, 28, 1]",
        ),
    ] {
        let refused = runner.run(&right, &mut wrong).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "the result is 8-bit of shape [18, 28, 1], and the output is {what}; \
                 write to one of the size and type of the result"
            )
        );
    }
    for (rows, columns) in [
        ([16, 19], [0, 4]),
        ([0, 3], [25, 29]),
        ([5, 2], [0, 4]),
        ([0, 3], [9, 1]),
        ([usize::MAX, 0], [0, 4]),
    ] {
        let [rows, columns] = [rows, columns].map(|[start, end]| start..end);
        let mut output = image(3, 4, 1, Depth::U8);
        let refused = runner.run_region(&right, rows.clone(), columns.clone(), &mut output);
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!(
                "the result has 18 rows and 28 columns, and so no region of rows {rows:?} and \
                 columns {columns:?}; take one within it"
            )
        );
    }
}

/// Whatever is asked for, bands and chunks are those of a result that memory holds.
#[test]
fn extreme_tunings_give_the_same_samples() {
    let mut random = Random(0xe7);
    let image = random_image(&mut random, [40, 43, 3], Depth::U8);
    for extent in EXTENTS {
        let filter = Filter::new(KernelBank::builtin("gaussian5").unwrap()).with_extent(extent);
        let expected = filter.apply(&image).unwrap();
        for method in Method::ALL {
            for value in [1, 1 << 31, 1 << 50, 1 << 62, 1 << 63, usize::MAX] {
                for (threads, band_rows) in [(Some(value), None), (None, Some(value))] {
                    let tuning = Tuning::default()
                        .with_method(method)
                        .with_threads(threads)
                        .with_band_rows(band_rows);
                    let plan = filter.plan(&image, &tuning).unwrap();
                    let mut output = plan.allocate().unwrap();
                    plan.run(&image, &mut output).unwrap();
                    assert!(output == expected, "{plan}");
                    // By way of chunks.
                    let mut flipped = plan.allocate().unwrap();
                    let view = ImageViewMut::from(&mut flipped).flip(1).unwrap();
                    plan.run(&image, view).unwrap();
                    let flipped = ImageView::from(&flipped).flip(1).unwrap();
                    assert!(equal(flipped, (&output).into()), "{plan}");
                }
            }
        }
    }
}

#[test]
fn rows_that_no_memory_holds_are_refused() {
    for channels in [1 << 56, usize::MAX >> 3, usize::MAX >> 1] {
        for depth in [Depth::U8, Depth::U16, Depth::F32] {
            let filter = Filter::new(KernelBank::builtin("box3").unwrap())
                .with_extent(Border::Edge)
                .with_channel(Channel::Each);
            let plan = filter.plan_for([1, 1, channels], depth, &Tuning::default());
            let refused = plan.unwrap_err().to_string();
            assert!(refused.contains("more than"), "{refused}");
        }
    }
}

#[test]
fn runs_tell_of_their_rows_and_can_be_stopped() {
    let image = Image::new(300, 40, 1, Samples::U8(vec![9; 12_000].into())).unwrap();
    let filter = Filter::new(KernelBank::resolve("box3").unwrap());
    let plan = filter.plan(&image, &Tuning::default()).unwrap();
    let mut runner = plan.runner().unwrap();
    let rows = AtomicUsize::new(0);
    let mut output = plan.allocate().unwrap();
    let count = |n| _ = rows.fetch_add(n, Ordering::Relaxed);
    runner
        .run_with_progress(&image, &mut output, &count)
        .unwrap();
    assert_eq!(rows.load(Ordering::Relaxed), 298);

    let stop = Stop::default();
    let mut stopped = runner.clone().with_stop(stop.clone());
    stopped.run(&image, &mut output).unwrap();
    stop.set();
    let ended = stopped.run(&image, &mut output);
    assert!(matches!(ended, Err(Error::Stopped)), "{ended:?}");
    // The one that it is a clone of goes on.
    runner.run(&image, &mut output).unwrap();
    assert_eq!(output.samples(), &Samples::U8(vec![9; 298 * 38].into()));
}

/// Also while a band lasts long: sums in the order of another program are computed tap by tap.
#[test]
fn long_bands_can_be_stopped() {
    let image = Image::new(600, 600, 1, Samples::F64(vec![9.0; 360_000].into())).unwrap();
    let kernel = Kernel::new(61, 61, vec![0.25; 61 * 61]).unwrap();
    let filter = Filter::new(kernel).like(Program::SciPy);
    let tuning = Tuning::default().with_threads(1).with_band_rows(600);
    let plan = filter.plan(&image, &tuning).unwrap();
    let stop = Stop::default();
    let mut runner = plan.runner().unwrap().with_stop(stop.clone());
    let mut output = plan.allocate().unwrap();
    let mut took = |stops: bool| {
        let began = Instant::now();
        thread::scope(|scope| {
            let run = scope.spawn(|| runner.run(&image, &mut output));
            if stops {
                thread::sleep(Duration::from_millis(20));
                stop.set();
            }
            (run.join().unwrap(), began.elapsed())
        })
    };
    let (done, whole) = took(false);
    done.unwrap();
    let (ended, part) = took(true);
    assert!(matches!(ended, Err(Error::Stopped)), "{ended:?}");
    assert!(part < whole / 2, "{part:?} of {whole:?}");
}

#[test]
fn planes_of_an_image_are_outputs() {
    let mut random = Random(3);
    let image = random_image(&mut random, [30, 40, 3], Depth::U8);
    let filter =
        |channel| Filter::new(KernelBank::resolve("gaussian3").unwrap()).with_channel(channel);
    let expected = filter(Channel::Each).apply(&image).unwrap();
    let mut made = Image::zeroed(28, 38, 3, Depth::U8).unwrap();
    for (c, channel) in [Channel::Red, Channel::Green, Channel::Blue]
        .into_iter()
        .enumerate()
    {
        let plan = filter(channel).plan(&image, &Tuning::default()).unwrap();
        let plane = ImageViewMut::from(&mut made).plane(c).unwrap();
        plan.run(&image, plane).unwrap();
    }
    assert_eq!(made, expected);
}
