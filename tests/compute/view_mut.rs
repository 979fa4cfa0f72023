//! Views for writing: cut in two, visited in order, spread over threads.

use rayon::prelude::*;
use stridekern::{
    Depth, Image, ImageView, ImageViewMut, Samples,
    view::{Layout, LayoutError, Slice, StridedView, StridedViewMut},
};

/// Layouts of three axes over a buffer of 200: in C and Fortran order, with
/// gaps, backwards, permuted, of every small shape, and with strides without an
/// order among them.
fn layouts() -> Vec<Layout<3>> {
    let mut all = Vec::new();
    for shape in (0..64).map(|i| [i / 16, i / 4 % 4, i % 4]) {
        let gap = Layout::new(shape, [40, 9, 2], 3, 200).unwrap();
        let dense = Layout::c_order(shape, 200).unwrap();
        for layout in [gap, dense, Layout::f_order(shape, 200).unwrap()] {
            for flips in 0..8 {
                let flipped = (0..3).filter(|axis| flips >> axis & 1 == 1);
                let layout = flipped.fold(layout, |layout, axis| layout.flip(axis).unwrap());
                all.push(layout);
                all.push(layout.permute([1, 2, 0]).unwrap());
                all.push(layout.permute([0, 2, 1]).unwrap());
            }
        }
    }
    all.push(Layout::new([4, 4, 4], [7, 5, 3], 9, 200).unwrap());
    all.push(Layout::new([1, 1, 2], [isize::MAX, isize::MIN, -59], 59, 200).unwrap());
    all.retain(|layout| !layout.overlaps());
    all
}

/// The position of every index in row-major order, by the definition.
fn positions(layout: &Layout<3>) -> Vec<usize> {
    let ([rows, columns, channels], [down, right, deep]) = (layout.shape(), layout.strides());
    let mut all = Vec::new();
    for i in 0..rows as isize {
        for j in 0..columns as isize {
            for k in 0..channels as isize {
                let at = [(i, down), (j, right), (k, deep)]
                    .map(|(index, stride)| index.checked_mul(stride).unwrap());
                all.push((layout.offset() as isize + at.iter().sum::<isize>()) as usize);
            }
        }
    }
    all
}

/// Whether the elements of one index of `axis` all lie before or behind those
/// of any other: looked at one by one.
fn separate(layout: &Layout<3>, axis: usize) -> bool {
    let mut spans: Vec<(usize, usize)> = (0..layout.shape()[axis])
        .filter_map(|index| {
            let part = positions(&layout.slice(axis, index..index + 1).unwrap());
            Some((*part.iter().min()?, *part.iter().max()?))
        })
        .collect();
    spans.sort_unstable();
    spans.windows(2).all(|pair| pair[0].1 < pair[1].0)
}

/// A buffer whose elements are -1, and at these positions the numbers 0, 1, 2...
fn numbered(positions: &[usize]) -> Vec<isize> {
    let mut buffer = vec![-1; 200];
    for (number, &at) in positions.iter().enumerate() {
        buffer[at] = number as isize;
    }
    buffer
}

#[test]
fn every_part_is_written_alone_and_where_it_stands() {
    let (mut cut, mut refused) = (0, 0);
    for layout in layouts() {
        for axis in 0..3 {
            let length = layout.shape()[axis];
            for index in 0..=length {
                let mut buffer = vec![0; 200];
                let view = StridedViewMut::with_layout(&mut buffer, layout).unwrap();
                let one_sided = index == 0 || index == length;
                match view.split_at(axis, index) {
                    Ok((mut first, mut second)) => {
                        assert_eq!(first.shape()[axis], index);
                        assert_eq!(second.shape()[axis], length - index);
                        rayon::join(|| first.fill(1), || second.fill(2));
                        cut += 1;
                    }
                    Err(error) => {
                        assert!(matches!(error, LayoutError::Interleaved { .. }), "{error}");
                        assert!(!one_sided && !separate(&layout, axis), "{layout:?} {axis}");
                        refused += 1;
                        continue;
                    }
                }
                let mut expected = vec![0; 200];
                for (range, value) in [(0..index, 1), (index..length, 2)] {
                    for at in positions(&layout.slice(axis, range).unwrap()) {
                        expected[at] = value;
                    }
                }
                assert_eq!(buffer, expected, "{layout:?} {axis} {index}");
            }
        }
    }
    assert!(cut > 1000 && refused > 1000, "{cut} {refused}");
    let mut buffer = [0; 6];
    let mut view = StridedViewMut::from_slice(&mut buffer, [2, 3]).unwrap();
    assert_eq!(
        view.split_at_mut(1, 4).unwrap_err().to_string(),
        "index 4 is outside axis 1 of length 3"
    );
    assert_eq!(
        view.split_at_mut(2, 0).unwrap_err().to_string(),
        "there is no axis 2: the axes are 0 to 1"
    );
    let (upper, lower) = view
        .as_view()
        .split_at(1, 1)
        .map(|(a, b)| (a.shape(), b.shape()))
        .unwrap();
    assert_eq!((upper, lower), ([2, 1], [2, 2]));
}

#[test]
fn elements_are_visited_in_row_major_order() {
    let (mut visited, mut refused) = (0, 0);
    for layout in layouts() {
        let positions = positions(&layout);
        let mut buffer = vec![-1; 200];
        let mut view = StridedViewMut::with_layout(&mut buffer, layout).unwrap();
        let nested = (0..3).all(|axis| {
            let inner = (0..axis).fold(layout, |inner, outer| inner.slice(outer, ..1).unwrap());
            separate(&inner, axis)
        });
        match view.iter_mut() {
            Err(error) => {
                assert!(matches!(error, LayoutError::Interleaved { .. }), "{error}");
                assert!(!nested, "{layout:?}");
                refused += 1;
                continue;
            }
            Ok(_) => assert!(nested, "{layout:?}"),
        }
        // One at a time, all at once, and some of each.
        for alone in [positions.len(), 0, 1, positions.len() / 2] {
            buffer.fill(-1);
            let view = StridedViewMut::with_layout(&mut buffer, layout).unwrap();
            let mut elements = view.into_iter_mut().unwrap();
            let mut number = 0;
            for left in (0..alone.min(positions.len())).rev() {
                *elements.next().unwrap() = number;
                number += 1;
                assert_eq!(
                    elements.len(),
                    positions.len() - alone.min(positions.len()) + left
                );
            }
            elements.for_each(|element| {
                *element = number;
                number += 1;
            });
            assert_eq!(buffer, numbered(&positions), "{layout:?} {alone}");
        }
        visited += 1;
    }
    assert!(visited > 500 && refused > 500, "{visited} {refused}");
    // A single element, and what has no elements at all.
    let mut one = [7];
    let mut single = StridedViewMut::new(&mut one, [], [], 0).unwrap();
    assert!(single.iter_mut().unwrap().map(|element| *element).eq([7]));
    let mut none = StridedViewMut::new(&mut one, [0, 3], [5, 9], 1).unwrap();
    assert_eq!(none.iter_mut().unwrap().count(), 0);
    assert!(none.iter_mut().unwrap().next().is_none());
}

#[test]
fn rows_and_bands_come_in_order_on_any_number_of_threads() {
    for layout in layouts() {
        for axis in 0..3 {
            let length = layout.shape()[axis];
            let mut buffer = vec![0; 200];
            let mut view = StridedViewMut::with_layout(&mut buffer, layout).unwrap();
            assert_eq!(
                view.axis_iter_mut(axis).is_ok(),
                separate(&layout, axis),
                "{layout:?} {axis}"
            );
            let (Ok(parts), true) = (view.axis_iter_mut(axis), length > 0) else {
                continue;
            };
            assert_eq!(parts.len(), length);
            (parts.into_par_iter().enumerate()).for_each(|(i, mut part)| part.fill(i + 1));
            let expected = |of: &dyn Fn(usize) -> usize| {
                let mut expected = vec![0; 200];
                for index in 0..length {
                    for at in positions(&layout.slice(axis, index..index + 1).unwrap()) {
                        expected[at] = of(index);
                    }
                }
                expected
            };
            assert_eq!(buffer, expected(&|i| i + 1), "{layout:?} {axis}");
            // From both ends in turn.
            let view = StridedViewMut::with_layout(&mut buffer, layout).unwrap();
            let mut parts = view.into_axis_iter(axis).unwrap();
            let mut number = 0;
            while let Some(mut part) = match number % 2 {
                0 => parts.next(),
                _ => parts.next_back(),
            } {
                part.fill(number);
                number += 1;
            }
            let turns = |i: usize| (2 * i).min(2 * (length - 1 - i) + 1);
            assert_eq!(buffer, expected(&turns), "{layout:?} {axis}");
            for count in 1..=length + 1 {
                let view = StridedViewMut::with_layout(&mut buffer, layout).unwrap();
                let bands = view.into_axis_chunks_iter(axis, count).unwrap();
                assert_eq!(bands.len(), length.div_ceil(count));
                (bands.into_par_iter().enumerate()).for_each(|(i, mut band)| band.fill(i));
                assert_eq!(
                    buffer,
                    expected(&|i| i / count),
                    "{layout:?} {axis} {count}"
                );
                let view = StridedViewMut::with_layout(&mut buffer, layout).unwrap();
                let bands = view.into_axis_chunks_iter(axis, count).unwrap();
                (bands.rev().enumerate()).for_each(|(i, mut band)| band.fill(i));
                let last = (length - 1) / count;
                assert_eq!(
                    buffer,
                    expected(&|i| last - i / count),
                    "{layout:?} {axis} {count}"
                );
            }
        }
    }
    let mut buffer = [0; 6];
    let mut view = StridedViewMut::from_slice(&mut buffer, [2, 3]).unwrap();
    assert!(view.axis_chunks_iter_mut(0, 0).is_err());
    assert_eq!(view.axis_iter_mut(0).unwrap().nth(1).unwrap().shape(), [3]);
    assert!(view.axis_iter_mut(0).unwrap().nth(2).is_none());
}

#[test]
fn windows_are_read_by_rows_on_any_number_of_threads() {
    let buffer: Vec<usize> = (0..30).collect();
    let view = StridedView::from_slice(&buffer, [5, 6]).unwrap();
    let view = view.slice(1, Slice::ALL.step(-2)).unwrap();
    let windows = view.windows([2, 3]).unwrap();
    let rows: Vec<Vec<usize>> = (windows.axis_iter(0).unwrap().into_par_iter())
        .map(|row| {
            assert_eq!(row.shape(), [1, 2, 3]);
            row.to_vec()
        })
        .collect();
    // Columns 5, 3 and 1 of every two rows of six.
    let expected = (0..4).map(|row| [5, 3, 1, 11, 9, 7].map(|at| row * 6 + at).to_vec());
    assert_eq!(rows, expected.collect::<Vec<_>>());
    let bands: Vec<[usize; 4]> = (windows.axis_chunks_iter(0, 3).unwrap().into_par_iter())
        .map(|band| band.shape())
        .collect();
    assert_eq!(bands, [[3, 1, 2, 3], [1, 1, 2, 3]]);
    assert_eq!(windows.axis_iter(1).unwrap().len(), 1);
    assert!(windows.axis_iter(4).is_err());
}

#[test]
fn rows_of_images_are_lent_as_slices() {
    let mut buffer = [0; 30];
    let mut view = StridedViewMut::new(&mut buffer, [3, 4, 2], [10, 2, 1], 1).unwrap();
    view.flat_row_mut(1)
        .unwrap()
        .copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(view.flat_row_mut(3), None);
    assert_eq!(
        view.slice_mut(1, 1..3).unwrap().flat_row_mut(1).unwrap(),
        [3, 4, 5, 6]
    );
    assert_eq!(view.flip_mut(1).unwrap().flat_row_mut(1), None);
    assert_eq!(
        view.flip_mut(0)
            .unwrap()
            .slice_mut(0, ..2)
            .unwrap()
            .flat_row_mut(1)
            .unwrap()[0],
        1
    );
    assert_eq!(view.as_slice_mut(), None);
    let mut plane = view.index_axis_mut(0, 1).unwrap();
    assert_eq!(plane.as_slice_mut().unwrap(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(plane.row_mut(3).unwrap(), [7, 8]);
    assert_eq!(plane.transpose_mut().row_mut(0), None);
    assert_eq!(plane.transpose_mut().shape(), [2, 4]);
    plane.transpose_mut().index_axis_mut(0, 1).unwrap().fill(0);
    assert_eq!(buffer[9..20], [0, 0, 1, 0, 3, 0, 5, 0, 7, 0, 0]);
}

#[test]
fn images_of_any_type_are_filled_in_parts() {
    for depth in [Depth::U8, Depth::U16, Depth::F32] {
        let mut image = Image::zeroed(4, 2, 3, depth).unwrap();
        let mut whole = ImageViewMut::from(&mut image);
        assert_eq!((whole.shape(), whole.depth()), ([4, 2, 3], depth));
        assert_eq!(whole.layout().strides(), [6, 3, 1]);
        let (_, lower) = whole.reborrow().flip(0).unwrap().split_at(0, 3).unwrap();
        let mut part = lower.slice(1, 1..).unwrap();
        assert_eq!(part.as_view().shape(), [1, 1, 3]);
        match depth {
            Depth::U8 => part.view_mut::<u8>().unwrap().fill(1),
            Depth::U16 => part.view_mut::<u16>().unwrap().fill(1),
            _ => part.view_mut::<f32>().unwrap().fill(1.0),
        }
        assert!(part.view_mut::<u16>().is_some() == (depth == Depth::U16));
        assert!(whole.split_at(2, 1).is_err());
        let expected: Vec<u8> = (0..24).map(|at| u8::from((3..6).contains(&at))).collect();
        let samples = match image.samples() {
            Samples::U8(samples) => samples.clone(),
            Samples::U16(samples) => samples.iter().map(|&sample| sample as u8).collect(),
            Samples::F32(samples) => samples.iter().map(|&sample| sample as u8).collect(),
            _ => panic!("the tests know no other"),
        };
        assert_eq!(samples, expected.into(), "{depth}");
    }
    let mut image = Image::new(2, 2, 2, Samples::U16((0..8).collect())).unwrap();
    let plane = ImageView::from(&image).plane(1).unwrap();
    assert_eq!(plane.shape(), [2, 2, 1]);
    assert_eq!(
        plane.flip(0).unwrap().view::<u16>().unwrap().to_vec(),
        [5, 7, 1, 3]
    );
    assert!(ImageView::from(&image).plane(2).is_err());
    let plane = ImageViewMut::from(&mut image).plane(0).unwrap();
    plane.into_view::<u16>().unwrap().fill(9);
    image.view_mut::<u16>().unwrap().plane_mut(1).unwrap()[[1, 0]] = 8;
    assert_eq!(
        image.samples(),
        &Samples::U16(vec![9, 1, 9, 3, 9, 8, 9, 7].into())
    );
    let mut gray = [0.0_f32; 6];
    let view = StridedViewMut::from_slice(&mut gray, [2, 3]).unwrap();
    assert_eq!(ImageViewMut::from(view).shape(), [2, 3, 1]);
    assert!(ImageViewMut::from_samples(gray.as_mut_slice(), [2, 3, 2]).is_err());
}
