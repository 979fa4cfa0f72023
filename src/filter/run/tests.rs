use crate::{
    Border, Channel, Depth, Extent, Filter, Image, Kernel, KernelBank, Map, Method, Samples, Tuning,
};

use super::*;

/// Samples that are never constant or symmetric.
fn image(rows: usize, columns: usize, channels: usize, depth: Depth) -> Image {
    let at = |i: usize| (i * i * 7919 + i * 104_729 + i / 7) % 65_521;
    let len = 0..rows * columns * channels;
    let samples = match depth {
        Depth::U8 => Samples::U8(len.map(|i| at(i) as u8).collect()),
        Depth::U16 => Samples::U16(len.map(|i| at(i) as u16).collect()),
        Depth::F32 => Samples::F32(len.map(|i| at(i) as f32 / 65_520.0).collect()),
    };
    Image::new(rows, columns, channels, samples).unwrap()
}

fn kernel(rows: usize, columns: usize) -> KernelBank {
    let weight = |i: usize| (i * 37 % 17) as f64 - 6.0;
    let weights = (0..rows * columns).map(weight).collect();
    let kernel = Kernel::new(rows, columns, weights).unwrap();
    KernelBank::from_kernel("k", kernel.with_divisor(9.0).unwrap())
}

const EXTENTS: [Extent; 6] = [
    Extent::Valid,
    Extent::Same(Border::Constant(1.0)),
    Extent::Same(Border::Edge),
    Extent::Same(Border::Reflect),
    Extent::Same(Border::Symmetric),
    Extent::Same(Border::Wrap),
];

/// The result in stretches, each made of a copy of no more rows than it needs.
fn in_stretches(filter: &Filter, image: &Image, tuning: &Tuning, blocks: usize) -> Image {
    let plan = filter
        .plan_for(image.shape(), image.depth(), tuning)
        .unwrap();
    let mut runner = Runner::new(&plan).unwrap();
    let whole = runner.source(image.into(), 0).unwrap();
    runner.look_at(&whole).unwrap();
    let mut output = plan.allocate().unwrap();
    let [rows, columns, channels] = output.shape();
    let stretch = blocks * plan.rows_at_once();
    for first in (0..rows).step_by(stretch) {
        let part = first..rows.min(first + stretch);
        let needed = plan.source_rows(&part);
        let row_len = image.columns() * image.channels();
        let mut samples = Samples::zeroed(image.depth(), needed.len() * row_len).unwrap();
        let held = image.samples().as_slice();
        let held = held.range(needed.start * row_len, needed.end * row_len);
        samples
            .as_mut_slice()
            .into_bytes()
            .copy_from_slice(held.as_bytes());
        let copy = Image::new(needed.len(), image.columns(), image.channels(), samples).unwrap();
        let source = runner.source((&copy).into(), needed.start).unwrap();
        let row_len = columns * channels;
        let out = output.samples_mut();
        let out = out.range(part.start * row_len, part.end * row_len);
        runner.run(&source, part, out, &|_| ()).unwrap();
    }
    output
}

#[track_caller]
fn check(filter: &Filter, image: &Image, tuning: &Tuning) {
    let plan = filter.plan(image, tuning).unwrap();
    let mut whole = plan.allocate().unwrap();
    plan.apply_into(image, &mut whole, &|_| ()).unwrap();
    for blocks in [1, 3] {
        let parts = in_stretches(filter, image, tuning, blocks);
        assert!(parts == whole, "{filter:?} {:?} {plan}", image.shape());
    }
}

#[test]
fn stretches_make_the_whole_result() {
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
fn stretches_of_windows_larger_than_the_image() {
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
fn stretches_of_every_channel_map_and_depth() {
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
fn stretches_of_every_method() {
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
