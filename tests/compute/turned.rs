//! Filters of stored pixels that are seen turned: the same as turning the pixels, filtering,
//! and turning back.

use std::collections::BTreeSet;

use proptest::{prelude::*, sample::select};
use stridekern::{
    Border, Channel, Combine, Depth, Extent, Filter, Image, ImageView, Kernel, KernelBank, Map,
    Mask, Method, Missing, Orientation, Samples, Tuning,
};

use crate::common::{Random, float_bound, numbers, random_image, random_kernel, run_plan};

/// The stored pixel that is seen at a row and column, of a picture of this stored size: the
/// formulas of the EXIF specification, one by one.
fn stored_at(orientation: Orientation, [rows, columns]: [usize; 2], at: [usize; 2]) -> [usize; 2] {
    let [y, x] = at;
    match orientation.exif() {
        1 => [y, x],
        2 => [y, columns - 1 - x],
        3 => [rows - 1 - y, columns - 1 - x],
        4 => [rows - 1 - y, x],
        5 => [x, y],
        6 => [rows - 1 - x, y],
        7 => [rows - 1 - x, columns - 1 - y],
        8 => [x, columns - 1 - y],
        _ => unreachable!("there are eight"),
    }
}

/// A copy of the picture as it is seen.
pub(crate) fn seen(stored: &Image, orientation: Orientation) -> Image {
    let [rows, columns, channels] = stored.shape();
    let [seen_rows, seen_columns] = match orientation.exif() {
        1..=4 => [rows, columns],
        _ => [columns, rows],
    };
    let mut pixels = Vec::new();
    for y in 0..seen_rows {
        for x in 0..seen_columns {
            let [row, column] = stored_at(orientation, [rows, columns], [y, x]);
            let at = (row * columns + column) * channels;
            pixels.extend(at..at + channels);
        }
    }
    let samples = match stored.samples() {
        Samples::U8(s) => Samples::U8(pixels.iter().map(|&at| s[at]).collect()),
        Samples::U16(s) => Samples::U16(pixels.iter().map(|&at| s[at]).collect()),
        Samples::I16(s) => Samples::I16(pixels.iter().map(|&at| s[at]).collect()),
        Samples::F32(s) => Samples::F32(pixels.iter().map(|&at| s[at]).collect()),
        _ => panic!("the tests know no other"),
    };
    Image::new(seen_rows, seen_columns, channels, samples).unwrap()
}

/// Every border, different constants for the two axes, and none.
fn extents() -> Vec<Extent> {
    let rows = [
        Border::Constant(77.0),
        Border::Edge,
        Border::Reflect,
        Border::Symmetric,
        Border::Wrap,
    ];
    let mut columns = rows;
    columns[0] = Border::Constant(3.0);
    let pairs = rows
        .into_iter()
        .flat_map(|row| columns.map(|column| Extent::from([row, column])));
    let same = rows.map(Extent::Same);
    [Extent::Valid]
        .into_iter()
        .chain(same)
        .chain(pairs)
        .collect()
}

/// Whether results are equal: integers to the bit, floats within the bound of each.
fn agree(turned: &Image, other: &Image, filter: &Filter, largest: f64) -> bool {
    if !turned.depth().is_float() {
        return turned == other;
    }
    let gain = |k: &Kernel| k.abs_sum() / k.divisor().abs();
    let kernels = filter.bank().kernels();
    let taps: usize = kernels.iter().map(|k| k.as_slice().len()).sum();
    let bound = 2.0 * float_bound(taps, largest, kernels.iter().map(gain).sum());
    let close = |(a, b): (f64, f64)| (a - b).abs() <= bound || (a.is_nan() && b.is_nan());
    turned.shape() == other.shape() && numbers(turned).into_iter().zip(numbers(other)).all(close)
}

fn apply(filter: &Filter, image: &Image) -> Image {
    filter.apply(image).unwrap()
}

/// Anchors at every corner of the kernels, and the default ones of even sizes.
fn kernels(random: &mut Random) -> Vec<Kernel> {
    let sizes = [[3, 3], [2, 4], [4, 1], [1, 5], [5, 2], [7, 6]];
    let mut all = Vec::new();
    for [rows, columns] in sizes {
        let kernel = random_kernel(random, rows, columns, 9);
        let corners = [[0, 0], [0, columns - 1], [rows - 1, 0]];
        all.extend(corners.map(|anchor| kernel.clone().with_anchor(anchor).unwrap()));
        all.push(kernel);
    }
    // What the engines for sums, products and copies run.
    all.push(Kernel::new(4, 5, vec![1.0; 20]).unwrap());
    let product = (0..24).map(|at| f64::from((at / 6 + 1) * (at % 6 - 2)));
    all.push(Kernel::new(4, 6, product.collect()).unwrap());
    let mut shift = vec![0.0; 15];
    shift[2] = 1.0;
    all.push(Kernel::new(5, 3, shift).unwrap());
    all
}

#[test]
fn turning_the_kernel_is_turning_the_pixels_and_back() {
    let mut random = Random(0x7042);
    let kernels = kernels(&mut random);
    let spacings = [
        ([1, 1], [1, 1]),
        ([2, 3], [1, 1]),
        ([3, 1], [2, 1]),
        ([1, 4], [1, 3]),
        ([50, 2], [2, 2]),
    ];
    let sizes = [[23, 31], [24, 18], [9, 140]];
    let (mut engines, mut count, mut turn) = (BTreeSet::new(), 0, 0);
    for extent in extents() {
        for kernel in &kernels {
            for (step, dilation) in spacings {
                turn += 1;
                let [rows, columns] = sizes[turn % 3];
                let depth = [Depth::U8, Depth::U16, Depth::F32][turn / 3 % 3];
                let channels = [1, 3, 4, 2][turn % 4];
                let channel = [Channel::Each, Channel::Luma][turn / 2 % 2];
                let stored = random_image(&mut random, [rows, columns, channels], depth);
                let filter = Filter::new(KernelBank::from_kernel("k", kernel.clone()))
                    .with_extent(extent)
                    .with_step(step)
                    .with_dilation(dilation)
                    .with_map(if turn % 5 == 0 { Map::Abs } else { Map::Clamp })
                    .with_channel(channel);
                for orientation in Orientation::ALL {
                    let pixels = seen(&stored, orientation);
                    let Ok(expected) = filter.apply(&pixels) else {
                        // A window larger than the image, either way.
                        assert!(filter.turned(orientation).apply(&stored).is_err());
                        continue;
                    };
                    let filter = filter.turned(orientation);
                    let methods = Method::ALL.map(|method| Tuning::default().with_method(method));
                    for tuning in methods.into_iter().chain([Tuning::default()]) {
                        let Ok(plan) = filter.plan(&stored, &tuning) else {
                            continue;
                        };
                        let result = seen(&run_plan(&plan, &stored), orientation);
                        assert!(
                            agree(&result, &expected, &filter, 80.0),
                            "{orientation} {plan} {filter:?} {:?}",
                            stored.shape()
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
    assert!(count > 50_000, "{count}");
}

/// A view of the picture as it is seen is filtered like a copy of it.
#[test]
fn turned_views_are_filtered_like_copies() {
    let mut random = Random(0x71e3);
    for (turn, extent) in extents().into_iter().enumerate() {
        let depth = [Depth::U8, Depth::U16, Depth::F32][turn % 3];
        let stored = random_image(&mut random, [37, 52, 1 + turn % 4], depth);
        let kernel = random_kernel(&mut random, 4, 3, 9);
        for channel in [Channel::Luma, Channel::Each] {
            for missing in [None, Some(Missing::value(0.0))] {
                let filter = Filter::new(kernel.clone())
                    .with_extent(extent)
                    .with_step([1, 1 + turn % 3])
                    .with_channel(channel)
                    .ignoring(missing);
                for orientation in Orientation::ALL {
                    let view = ImageView::from(&stored).turned(orientation);
                    let copy = seen(&stored, orientation);
                    assert!(ImageView::from(&copy).numbers().eq(view.numbers()));
                    let [of_view, of_copy] = [filter.apply(view), filter.apply(&copy)];
                    assert!(
                        of_view.unwrap() == of_copy.unwrap(),
                        "{orientation} {filter:?}"
                    );
                }
            }
        }
    }
}

/// The number of a direction is that of the picture as it is seen: a ramp that grows to the right
/// has the angle 0, however it is stored.
#[test]
fn directions_are_those_of_the_picture_as_it_is_seen() {
    let ramp = (0..12 * 16).map(|at| (at % 16 * 10) as u8);
    let ramp = Image::new(12, 16, 1, Samples::U8(ramp.collect())).unwrap();
    let kernels = [
        vec![-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0],
        vec![-1.0, -2.0, -1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 1.0],
    ];
    let kernels = kernels.map(|weights| Kernel::new(3, 3, weights).unwrap());
    let sobel = KernelBank::new("sobel", kernels.to_vec(), Some(Combine::Direction));
    let filter = Filter::new(sobel.unwrap()).with_map(Map::Float);
    for orientation in Orientation::ALL {
        let stored = seen(&ramp, orientation.inverse());
        let result = apply(&filter.turned(orientation), &stored);
        assert!(
            numbers(&result).iter().all(|&angle| angle == 0.0),
            "{orientation}"
        );
        let as_stored = numbers(&apply(&filter, &stored));
        let is_same = matches!(orientation.exif(), 1 | 4);
        assert_eq!(
            as_stored.iter().all(|&angle| angle == 0.0),
            is_same,
            "{orientation}"
        );
    }
}

/// Turning changes nothing of a kernel that looks the same from every side, nor of its plan.
#[test]
fn symmetric_kernels_keep_their_plan() {
    let filter = Filter::new(KernelBank::resolve("gaussian5").unwrap()).with_extent(Border::Edge);
    let plan = |filter: &Filter| {
        let plan = filter
            .plan_for([400, 600, 3], Depth::U8, &Tuning::default())
            .unwrap();
        let answers: Vec<_> = plan.answers().iter().map(ToString::to_string).collect();
        (plan.to_string(), answers, plan.output_shape())
    };
    for orientation in Orientation::ALL {
        let turned = filter.turned(orientation);
        assert_eq!(turned.bank(), filter.bank());
        assert_eq!(plan(&turned), plan(&filter), "{orientation}");
    }
}

fn bank(combine: Option<Combine>, seed: u64) -> KernelBank {
    let mut random = Random(seed);
    let sizes: &[[usize; 2]] = match combine {
        None => &[[3, 4]],
        Some(Combine::Direction) => &[[3, 3], [3, 3]],
        Some(_) => &[[3, 3], [2, 5], [4, 1]],
    };
    let kernels = sizes.iter().map(|&[rows, columns]| {
        let anchor = [random.below(rows as u64), random.below(columns as u64)];
        let kernel = random_kernel(&mut random, rows, columns, 7);
        let kernel = kernel.with_anchor(anchor.map(|at| at as usize)).unwrap();
        // A third of the cases is not exact in binary.
        kernel
            .with_divisor([1.0, 8.0, 9.0][seed as usize % 3])
            .unwrap()
    });
    KernelBank::new("k", kernels.collect(), combine).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Banks that are combined, every map, missing samples and masks.
    #[test]
    fn every_filter_can_be_turned(
        orientation in select(Orientation::ALL.to_vec()),
        extent in select(extents()),
        step in [1_usize..5, 1_usize..5],
        dilation in [1_usize..3, 1_usize..3],
        size in [11_usize..40, 11_usize..60],
        channels in 1_usize..5,
        depth in select(vec![Depth::U8, Depth::U16]),
        combine in select(vec![
            None, Some(Combine::Magnitude), Some(Combine::Direction), Some(Combine::Max),
        ]),
        channel in select(vec![Channel::Luma, Channel::Each]),
        map in select(vec![Map::Clamp, Map::Abs, Map::Offset, Map::Stretch, Map::Symmetric]),
        missing in 0..3,
        seed in 1_u64..1000,
    ) {
        let mut random = Random(seed);
        let stored = random_image(&mut random, [size[0], size[1], channels], depth);
        let filter = Filter::new(bank(combine, seed))
            .with_extent(extent)
            .with_step(step)
            .with_dilation(dilation)
            .with_channel(channel)
            .with_map(map);
        prop_assume!(filter.apply(&stored).is_ok());
        let pixels = seen(&stored, orientation);
        // Its windows may be too long for the shorter side.
        prop_assume!(filter.apply(&pixels).is_ok());
        let with_mask = |filter: &Filter, mask: &Image| {
            filter.clone().ignoring(Missing::value(7.0).and_mask(Mask::new(mask).unwrap()))
        };
        let marks = random_image(&mut random, [size[0], size[1], 1], Depth::U8);
        let Samples::U8(marks) = marks.samples() else { unreachable!() };
        let marks = Samples::U8(marks.iter().map(|&m| u8::from(m < 30)).collect());
        let marks = Image::new(size[0], size[1], 1, marks).unwrap();
        let filter = match missing {
            2 if combine != Some(Combine::Direction) => {
                with_mask(&filter, &seen(&marks, orientation))
            }
            1 if combine != Some(Combine::Direction) => filter.ignoring(Missing::value(7.0)),
            _ => filter,
        };
        let turned = apply(&filter.turned(orientation), &stored);
        prop_assert!(seen(&turned, orientation) == apply(&filter, &pixels));
    }

    #[test]
    fn turning_twice_is_turning_once(
        first in select(Orientation::ALL.to_vec()),
        next in select(Orientation::ALL.to_vec()),
        extent in select(extents()),
        step in [1_usize..5, 1_usize..5],
        seed in 1_u64..1000,
    ) {
        let stored = random_image(&mut Random(seed), [19, 26, 1], Depth::U8);
        let filter = Filter::new(bank(None, seed)).with_extent(extent).with_step(step);
        // `next` turns the picture to the one that `first` turns to the one that is seen.
        let twice = filter.turned(first).turned(next);
        prop_assert_eq!(&twice, &filter.turned(next.then(first)));
        let (twice, both) = (apply(&twice, &stored), next.then(first));
        prop_assert!(seen(&twice, both) == apply(&filter, &seen(&stored, both)));
    }
}
