use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::{collection::vec, prelude::*, sample::select};

use super::{compile::compile, point::Luma, *};
use crate::{
    Border, Channel, Depth, Extent, Filter, Image, Kernel, KernelBank, Map, Mask, Method, Missing,
    Orientation, Plan, Samples, Tuning,
    finish::Clipped,
    number::Output,
    simd::{Level, Simd},
};

/// Samples that are never constant or symmetric.
fn image(rows: usize, columns: usize, channels: usize, depth: Depth) -> Image {
    let at = |i: usize| (i * i * 7919 + i * 104_729 + i / 7) % 65_521;
    let len = 0..rows * columns * channels;
    // The largest number is the full scale, or the largest sample that f64 sums hold.
    let scale = depth.full_scale().min(2_f64.powi(40)) / 65_520.0;
    let samples = each_depth!(depth, T => {
        Samples::from(Vec::<T>::from_iter(len.map(|i| T::from_real(at(i) as f64 * scale))))
    });
    Image::new(rows, columns, channels, samples).unwrap()
}

fn kernel(rows: usize, columns: usize) -> KernelBank {
    let weight = |i: usize| (i * 37 % 17) as f64 - 6.0;
    let weights = (0..rows * columns).map(weight).collect();
    let kernel = Kernel::new(rows, columns, weights).unwrap();
    KernelBank::from_kernel("k", kernel.with_divisor(9.0).unwrap())
}

const EXTENTS: [Extent; 9] = [
    Extent::Valid,
    Extent::Same(Border::Constant(1.0)),
    Extent::Same(Border::Edge),
    Extent::Same(Border::Reflect),
    Extent::Same(Border::Symmetric),
    Extent::Same(Border::Wrap),
    Extent::PerAxis {
        rows: Border::Reflect,
        columns: Border::Wrap,
    },
    Extent::PerAxis {
        rows: Border::Wrap,
        columns: Border::Constant(1.0),
    },
    Extent::PerAxis {
        rows: Border::Constant(1.0),
        columns: Border::Symmetric,
    },
];

/// The result of a chain in chunks, each computed from a copy of only the rows that it needs;
/// chunks take these numbers of blocks of rows in turn.
fn in_chunks(chain: &Chain, image: &Image, blocks: &[usize]) -> Image {
    let spec = chain.output();
    let [rows, columns, channels] = spec.shape();
    let mut output = Image::zeroed(rows, columns, channels, spec.depth).unwrap();
    let mut scratch = Scratch::default();
    let whole = Rows {
        view: image.into(),
        first: 0,
    };
    chain.begin([whole], &mut scratch, None).unwrap();
    let count = AtomicUsize::new(0);
    let progress = |rows| _ = count.fetch_add(rows, Ordering::Relaxed);
    let mut blocks = blocks.iter().cycle();
    let mut first = 0;
    while first < rows {
        let end = rows.min(first + blocks.next().unwrap() * chain.rows_at_once());
        let needed = chain.source_rows(&(first..end));
        let row_len = image.columns() * image.channels();
        let mut samples = Samples::zeroed(image.depth(), needed.len() * row_len).unwrap();
        let held = image.samples().as_slice();
        let held = held.range(needed.start * row_len, needed.end * row_len);
        (samples.as_mut_slice().into_bytes()).copy_from_slice(held.as_bytes());
        let copy = Image::new(needed.len(), image.columns(), image.channels(), samples).unwrap();
        let source = Rows {
            view: (&copy).into(),
            first: needed.start,
        };
        let row_len = columns * channels;
        let out = RowsMut {
            samples: (output.samples_mut()).range(first * row_len, end * row_len),
            stride: row_len,
        };
        chain
            .run(
                source,
                part(first..end, columns),
                out,
                &mut scratch,
                &progress,
                None,
            )
            .unwrap();
        first = end;
    }
    assert_eq!(count.into_inner(), rows, "every row is told of once");
    output
}

/// These rows, with this number of columns.
const fn part(rows: Range<usize>, columns: usize) -> Part {
    let columns = 0..columns;
    Part { rows, columns }
}

fn plan(filter: &Filter, image: &Image, tuning: &Tuning) -> Plan {
    (filter.plan_for(image.shape(), image.depth(), tuning)).unwrap()
}

#[track_caller]
fn check_chunks(filter: &Filter, image: &Image, tuning: &Tuning, blocks: &[usize]) {
    let plan = plan(filter, image, tuning);
    let mut whole = plan.allocate().unwrap();
    plan.run(image, &mut whole).unwrap();
    let parts = in_chunks(&Chain::new(&plan).unwrap(), image, blocks);
    assert!(parts == whole, "{filter:?} {:?} {plan}", image.shape());
}

#[track_caller]
fn check(filter: &Filter, image: &Image, tuning: &Tuning) {
    for blocks in [1, 3] {
        check_chunks(filter, image, tuning, &[blocks]);
    }
}

fn extent() -> impl Strategy<Value = Extent> {
    select(EXTENTS.to_vec())
}

proptest! {
    #[test]
    fn chunks_of_any_size_make_the_whole_result(
        extent in extent(),
        size in [1_usize..12, 1_usize..6],
        step in [1_usize..4, 1_usize..3],
        (rows, columns, channels) in (12_usize..70, 12_usize..50, 1_usize..5),
        depth in select(Depth::ALL.to_vec()),
        channel in select(vec![Channel::Luma, Channel::Each]),
        map in select(Map::ALL.to_vec()),
        orientation in select(Orientation::ALL.to_vec()),
        threads in 1_usize..4,
        blocks in vec(1_usize..9, 1..5),
    ) {
        let filter = Filter::new(kernel(size[0], size[1]))
            .with_extent(extent)
            .with_step(step)
            .with_channel(channel)
            .with_map(map)
            .turned(orientation);
        let tuning = Tuning { threads: Some(threads), ..Tuning::default() };
        check_chunks(&filter, &image(rows, columns, channels, depth), &tuning, &blocks);
    }

    /// Luma, then two convolutions whose windows, steps and borders differ.
    #[test]
    fn chains_of_stages_give_what_they_give_one_after_the_other(
        extents in [extent(), extent()],
        sizes in [1_usize..8, 1_usize..8],
        steps in [1_usize..4, 1_usize..4],
        depth in select(Depth::ALL.to_vec()),
        map in select(vec![Map::Clamp, Map::Stretch]),
        blocks in vec(1_usize..6, 1..5),
    ) {
        // Luma of 16-bit floats is of 32.
        prop_assume!(depth != Depth::F16);
        // The first result spans the whole type, of which sums hold a part only.
        prop_assume!(map != Map::Stretch || !depth.is_64_bit_integer());
        let rgb = image(64, 40, 3, depth);
        let filter = |at: usize| Filter::new(kernel(sizes[at], 3))
            .with_extent(extents[at])
            .with_step([steps[at], 1])
            .with_map(map);
        let first = filter(0).apply(&rgb).unwrap();
        prop_assume!(extents[1] != Extent::Valid || first.rows() >= sizes[1]);
        let second = filter(1).apply(&first).unwrap();

        let tuning = Tuning::default();
        let gray = Image::zeroed(64, 40, 1, depth).unwrap();
        let plans = [plan(&filter(0), &gray, &tuning), plan(&filter(1), &first, &tuning)];
        let stage = |plan: &Plan| compile(&plan.convolution).unwrap();
        let luma: Box<dyn RowStage> = Box::new(Luma::new(&plan(&filter(0), &rgb, &tuning)));
        let [one, two] = &plans;
        let chain = Chain::of(vec![luma, stage(one), stage(two)]);
        prop_assert!(in_chunks(&chain, &rgb, &blocks) == second);
    }
}

/// Buffers that another chain has used, of other types and sizes.
#[test]
fn scratch_serves_any_chain() {
    let mut scratch = Scratch::default();
    let rgb = Channel::Luma;
    for (depth, channel, size, map) in [
        (Depth::U8, rgb, 3, Map::Clamp),
        (Depth::F32, Channel::Each, 9, Map::Clamp),
        (Depth::U16, rgb, 5, Map::Stretch),
        (Depth::U8, Channel::Green, 2, Map::Float),
        (Depth::U8, rgb, 3, Map::Clamp),
    ] {
        let image = image(90, 70, 3, depth);
        let filter = Filter::new(kernel(size, size))
            .with_channel(channel)
            .with_map(map);
        let plan = plan(&filter, &image, &Tuning::default());
        let expected = filter.apply(&image).unwrap();
        let chain = Chain::new(&plan).unwrap();
        for _ in 0..2 {
            let mut output = plan.allocate().unwrap();
            let source = Rows {
                view: (&image).into(),
                first: 0,
            };
            chain.begin([source], &mut scratch, None).unwrap();
            let out = RowsMut {
                stride: output.columns() * output.channels(),
                samples: output.samples_mut(),
            };
            let [rows, columns, _] = plan.output_shape();
            let rows = 0..rows;
            chain
                .run(
                    source,
                    part(rows, columns),
                    out,
                    &mut scratch,
                    &|_| (),
                    None,
                )
                .unwrap();
            assert!(output == expected, "{plan}");
        }
    }
}

/// Samples between the rows of the output stay what they were.
#[test]
fn rows_with_gaps_between_them_are_filled_alone() {
    let image = image(37, 70, 4, Depth::U8);
    for (bank, channel) in [
        (kernel(3, 3), Channel::Luma),
        (kernel(3, 3), Channel::Each),
        (KernelBank::resolve("identity").unwrap(), Channel::Each),
    ] {
        for threads in [1, 2] {
            let filter = Filter::new(bank.clone()).with_channel(channel);
            let tuning = Tuning {
                threads: Some(threads),
                ..Tuning::default()
            };
            let plan = plan(&filter, &image, &tuning);
            let expected = filter.apply(&image).unwrap();
            let [rows, columns, channels] = plan.output_shape();
            let (row_len, stride) = (columns * channels, columns * channels + 5);
            let mut samples = vec![77; rows * stride - 5];
            let chain = Chain::new(&plan).unwrap();
            let mut scratch = Scratch::default();
            let source = Rows {
                view: (&image).into(),
                first: 0,
            };
            chain.begin([source], &mut scratch, None).unwrap();
            let out = RowsMut {
                samples: samples.as_mut_slice().into(),
                stride,
            };
            chain
                .run(
                    source,
                    part(0..rows, columns),
                    out,
                    &mut scratch,
                    &|_| (),
                    None,
                )
                .unwrap();
            let Samples::U8(expected) = expected.samples() else {
                unreachable!()
            };
            for (row, expected) in samples.chunks(stride).zip(expected.chunks(row_len)) {
                assert_eq!(&row[..row_len], expected);
                assert!(row[row_len..].iter().all(|&s| s == 77));
            }
        }
    }
}

#[test]
fn a_run_that_is_stopped_ends() {
    let image = image(64, 64, 3, Depth::F32);
    let stop = Stop::default();
    stop.set();
    for map in [Map::Clamp, Map::Stretch] {
        let filter = Filter::new(kernel(3, 3)).with_map(map);
        let plan = plan(&filter, &image, &Tuning::default());
        let chain = Chain::new(&plan).unwrap();
        let mut scratch = Scratch::default();
        let source = Rows {
            view: (&image).into(),
            first: 0,
        };
        let begun = chain.begin([source], &mut scratch, Some(&stop));
        let run = begun.and_then(|()| {
            let mut output = plan.allocate().unwrap();
            let out = RowsMut {
                stride: 62,
                samples: output.samples_mut(),
            };
            chain.run(
                source,
                part(0..62, 62),
                out,
                &mut scratch,
                &|_| (),
                Some(&stop),
            )
        });
        assert!(matches!(run, Err(crate::Error::Stopped)));
    }
}

/// Rows of every length about that of a block, with the last block shifted back or not: what is
/// counted in registers is what the responses themselves say.
#[test]
fn clipped_samples_are_counted_once() {
    let mut counted = [0; 3];
    for columns in (60..=70).chain([127, 128, 129, 200, 700]) {
        for (channels, size) in [(1, [3, 3]), (3, [3, 3]), (4, [2, 5]), (1, [3, 7])] {
            let image = image(9, columns, channels, Depth::U8);
            // They add up to 1, and are of both signs.
            let kernel = Kernel::new(
                size[0],
                size[1],
                kernel(size[0], size[1]).kernels()[0].as_slice().to_vec(),
            );
            let kernel = KernelBank::from_kernel("k", kernel.unwrap().with_divisor(16.0).unwrap());
            for map in [Map::Clamp, Map::Abs] {
                for simd in Simd::available() {
                    let tuning = Tuning::default()
                        .with_method(Some(Method::Direct))
                        .with_simd(simd);
                    let filter = Filter::new(kernel.clone())
                        .with_extent(Extent::Same(Border::Reflect))
                        .with_channel(Channel::Each)
                        .with_map(map);
                    let plan = plan(&filter, &image, &tuning);
                    let mut scratch = Scratch::tallying();
                    let chain = Chain::new(&plan).unwrap();
                    let source = Rows {
                        view: (&image).into(),
                        first: 0,
                    };
                    chain.begin([source], &mut scratch, None).unwrap();
                    let mut output = plan.allocate().unwrap();
                    let out = RowsMut {
                        stride: columns * channels,
                        samples: output.samples_mut(),
                    };
                    chain
                        .run(
                            source,
                            part(0..9, columns),
                            out,
                            &mut scratch,
                            &|_| (),
                            None,
                        )
                        .unwrap();

                    let floats = self::plan(&filter.with_map(Map::Float), &image, &tuning);
                    let mut output = floats.allocate().unwrap();
                    floats.run(&image, &mut output).unwrap();
                    let Samples::F32(responses) = output.samples() else {
                        unreachable!("they are floats");
                    };
                    let responses = responses.iter().map(|&r| match map {
                        Map::Abs => r.abs(),
                        _ => r,
                    });
                    // Alpha is copied.
                    let is_alpha = |at: usize| channels == 4 && at % 4 == 3;
                    let mut expected = Clipped::default();
                    for (_, response) in (0..).zip(responses).filter(|&(at, _)| !is_alpha(at)) {
                        expected.of += 1;
                        expected.below += u64::from(response < -0.5);
                        expected.above += u64::from(response >= 255.5);
                    }
                    let clipped = scratch.tally().clipped;
                    assert_eq!(
                        clipped, expected,
                        "{columns} {channels} {size:?} {map:?} {simd:?} {plan}"
                    );
                    counted[0] += clipped.below;
                    counted[1] += clipped.above;
                    counted[2] += u64::from(plan.engine() == "dots");
                }
            }
        }
    }
    // There are no dot products at some levels.
    let has_dots = Simd::available()
        .iter()
        .any(|simd| simd.level() >= Level::Avx2);
    let missing = counted.iter().filter(|&&count| count == 0).count();
    assert_eq!(missing, usize::from(!has_dots), "{counted:?}");
}

#[test]
fn chunks_make_the_whole_result() {
    let auto = Tuning::default();
    for extent in EXTENTS {
        for (rows, columns, size) in [
            (41, 37, [3, 3]),
            (41, 140, [5, 2]),
            (23, 9, [1, 7]),
            (30, 12, [21, 3]),
        ] {
            for depth in [Depth::U8, Depth::U16, Depth::F32] {
                let filter = Filter::new(kernel(size[0], size[1])).with_extent(extent);
                check(&filter, &image(rows, columns, 1, depth), &auto);
                let filter = filter.with_step([2, 3]);
                check(&filter, &image(rows, columns, 1, depth), &auto);
            }
        }
    }
}

#[test]
fn chunks_of_windows_larger_than_the_image() {
    for extent in &EXTENTS[1..] {
        for size in [[9, 9], [31, 2], [64, 5]] {
            let filter = Filter::new(kernel(size[0], size[1])).with_extent(*extent);
            for depth in [Depth::U8, Depth::F32] {
                check(&filter, &image(7, 11, 1, depth), &Tuning::default());
                let filter = filter.clone().with_dilation([3, 2]);
                check(&filter, &image(13, 11, 1, depth), &Tuning::default());
            }
        }
    }
}

#[test]
fn chunks_of_every_channel_map_and_depth() {
    for extent in EXTENTS {
        for channel in [Channel::Luma, Channel::Each, Channel::Green, Channel::Alpha] {
            for map in Map::ALL {
                let filter = Filter::new(kernel(3, 5))
                    .with_extent(extent)
                    .with_channel(channel)
                    .with_map(map);
                check(&filter, &image(29, 31, 4, Depth::U8), &Tuning::default());
            }
        }
    }
}

#[test]
fn chunks_with_missing_samples() {
    for extent in EXTENTS {
        for channel in [Channel::Luma, Channel::Each, Channel::Green] {
            for map in [Map::Clamp, Map::Stretch, Map::Float] {
                let image = image(29, 31, 4, Depth::U8);
                let mask = Mask::new(&self::image(29, 31, 1, Depth::Bool)).unwrap();
                let missing = Missing::value(7.0).and_mask(mask).with_min_share(0.1);
                for missing in [Missing::value(7.0), missing] {
                    let filter = Filter::new(kernel(3, 5))
                        .with_extent(extent)
                        .with_channel(channel)
                        .with_map(map)
                        .with_step([2, 1])
                        .ignoring(missing);
                    check(&filter, &image, &Tuning::default());
                }
            }
        }
    }
}

#[test]
fn chunks_of_every_method() {
    let ones = |size: usize| Kernel::new(size, size, vec![1.0; size * size]).unwrap();
    let boxes = KernelBank::from_kernel("box", ones(9).with_divisor(81.0).unwrap());
    let [mut shift, mut smooth] = [vec![0.0; 15], vec![0.5; 49]];
    shift[3] = 1.0;
    smooth[3] = 0.25;
    let shift = KernelBank::from_kernel("shift", Kernel::new(5, 3, shift).unwrap());
    let smooth = KernelBank::from_kernel("smooth", Kernel::new(7, 7, smooth).unwrap());
    for bank in [boxes, shift, smooth] {
        for method in [None].into_iter().chain(Method::ALL.map(Some)) {
            for extent in EXTENTS {
                let filter = Filter::new(bank.clone()).with_extent(extent);
                let tuning = Tuning {
                    method,
                    ..Tuning::default()
                };
                for depth in [Depth::U8, Depth::F32] {
                    let image = image(150, 70, 1, depth);
                    // Some methods take some kernels only.
                    if filter.plan(&image, &tuning).is_ok() {
                        check(&filter, &image, &tuning);
                    }
                }
            }
        }
    }
}

#[test]
fn the_rows_that_are_needed() {
    let plan = |extent, size: [usize; 2], rows| {
        let filter = Filter::new(kernel(size[0], size[1])).with_extent(extent);
        filter
            .plan_for([rows, 20, 1], Depth::U8, &Tuning::default())
            .unwrap()
    };
    let valid = plan(Extent::Valid, [5, 3], 20);
    assert_eq!(valid.source_rows(&(0..4)), 0..8);
    assert_eq!(valid.source_rows(&(6..16)), 6..20);
    let edge = plan(Extent::Same(Border::Edge), [5, 3], 20);
    assert_eq!(edge.source_rows(&(0..1)), 0..3);
    assert_eq!(edge.source_rows(&(19..20)), 17..20);
    let reflect = plan(Extent::Same(Border::Reflect), [5, 3], 20);
    assert_eq!(reflect.source_rows(&(5..7)), 3..9);
    // The window reaches 8 rows above row 0, and 1 below row 0.
    let anchored = Kernel::new(10, 1, vec![1.0; 10]).unwrap();
    let anchored = anchored.with_anchor([8, 0]).unwrap();
    let anchored = Filter::new(KernelBank::from_kernel("a", anchored))
        .with_extent(Extent::Same(Border::Symmetric));
    let anchored = anchored.plan_for([20, 20, 1], Depth::U8, &Tuning::default());
    assert_eq!(anchored.unwrap().source_rows(&(0..1)), 0..8);
    let wrap = plan(Extent::Same(Border::Wrap), [5, 3], 20);
    assert_eq!(wrap.source_rows(&(0..1)), 0..20);
    assert_eq!(wrap.source_rows(&(2..3)), 0..5);
    let large = plan(Extent::Same(Border::Reflect), [201, 3], 4);
    assert_eq!(large.source_rows(&(1..2)), 0..4);
}
