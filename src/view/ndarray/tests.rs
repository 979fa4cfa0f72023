use ndarray::{Array2, Array3, ArrayView, Axis, aview1, s};

use crate::view::{LayoutError, Slice, StridedView, StridedViewMut};

#[test]
fn arrays_of_ndarray_share_their_elements() {
    let array = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| i * 100 + j * 10 + k);
    let lent = array.view();
    let view = StridedView::from_ndarray(&lent).unwrap();
    assert_eq!((view.shape(), view.strides()), ([2, 3, 4], [12, 4, 1]));
    assert!(view.buffer().as_ptr() == array.as_ptr());
    assert!(view.iter().eq(array.iter()));
    // Axes permuted and inverted, in every way.
    for order in [[0, 1, 2], [2, 0, 1], [1, 0, 2], [2, 1, 0]] {
        for inverted in 0..8 {
            let mut lent = array.view().permuted_axes(order);
            for axis in (0..3).filter(|axis| inverted >> axis & 1 == 1) {
                lent.invert_axis(Axis(axis));
            }
            let view = StridedView::from_ndarray(&lent).unwrap();
            assert_eq!(view.strides().as_slice(), lent.strides());
            assert!(view.iter().eq(lent.iter()), "{order:?} {inverted}");
            assert_eq!(view.to_ndarray().unwrap(), lent);
        }
    }
    // Arrays with gaps or repeated elements are not contiguous.
    assert_eq!(
        StridedView::from_ndarray(&array.slice(s![.., .., ..;2]))
            .unwrap_err()
            .to_string(),
        "shape [2, 3, 2] with strides [12, 4, 2] does not stand element after element in memory; make a copy first"
    );
    let row = ArrayView::from(&[1, 2, 3]);
    assert!(StridedView::from_ndarray(&row.broadcast([2, 3]).unwrap()).is_err());
    let none = array.slice(s![.., 0..0, ..;-1]);
    assert_eq!(StridedView::from_ndarray(&none).unwrap().shape(), [2, 0, 4]);
}

#[test]
fn every_view_is_an_array_of_ndarray() {
    let buffer: Vec<i64> = (0..60).collect();
    let view = StridedView::from_slice(&buffer, [3, 4, 5]).unwrap();
    let views = [
        view,
        view.permute([2, 0, 1]).unwrap(),
        view.flip(0).unwrap().flip(2).unwrap(),
        view.slice(2, Slice::ALL.step(-2)).unwrap(),
        view.slice(1, 1..1).unwrap(),
        view.slice(0, 2..2).unwrap().transpose(),
        view.slice(1, 2..3)
            .unwrap()
            .broadcast_to([3, 6, 5])
            .unwrap(),
        StridedView::new(&buffer, [4, 4, 4], [7, 5, -3], 9).unwrap(),
        StridedView::new(&buffer, [1, 1, 2], [isize::MAX, isize::MIN, 59], 0).unwrap(),
        StridedView::new(&buffer, [0, 9, 9], [1, 99, 9], 60).unwrap(),
    ];
    for view in views {
        let array = view.to_ndarray().unwrap();
        assert_eq!(array.shape(), view.shape());
        assert!(array.iter().eq(view.iter()), "{view:?}");
    }
    let windows = view.index_axis(0, 1).unwrap().windows([2, 3]).unwrap();
    assert!(windows.to_ndarray().unwrap().iter().eq(windows.iter()));
}

#[test]
fn parts_of_arrays_are_views_of_the_whole() {
    let array = Array3::from_shape_fn((4, 5, 6), |(i, j, k)| i * 100 + j * 10 + k);
    let whole = array.view();
    let mut parts = vec![
        array.slice(s![.., .., ..;2]),
        array.slice(s![1..;2, 2..4, 1..]),
        array.slice(s![..;-1, ..;-2, ..;-3]),
        array.slice(s![3..4, .., 5..]),
        array.slice(s![.., 0..0, ..;-1]),
    ];
    parts.extend(
        parts
            .clone()
            .into_iter()
            .map(|part| part.permuted_axes([2, 0, 1])),
    );
    parts.extend(parts.clone().into_iter().map(|mut part| {
        part.invert_axis(Axis(1));
        part
    }));
    for part in &parts {
        let view = StridedView::from_ndarray_part(&whole, part).unwrap();
        assert_eq!(view.shape().as_slice(), part.shape());
        assert!(view.iter().eq(part.iter()), "{part:?}");
        if let Some(first) = part.first() {
            assert_eq!(view.strides().as_slice(), part.strides());
            assert!(std::ptr::eq(&view[[0, 0, 0]], first));
            assert_eq!(view.to_ndarray().unwrap(), *part);
        }
    }
    // Repeated by a stride of zero, along an axis in front and one inside.
    let row = array.slice(s![2, 1..2, ..]);
    let repeated = row.broadcast([3, 4, 6]).unwrap();
    let view = StridedView::from_ndarray_part(&whole, &repeated).unwrap();
    assert_eq!(view.strides(), [0, 0, 1]);
    assert_eq!(view.to_vec(), [210, 211, 212, 213, 214, 215].repeat(12));
    assert!(view.overlaps());
    // A whole that runs backwards is a whole still.
    let backwards = array.slice(s![..;-1, .., ..]);
    let view = StridedView::from_ndarray_part(&backwards, &backwards).unwrap();
    assert_eq!((view.offset(), view[[0, 0, 1]]), (90, 301));
}

#[test]
fn what_is_no_part_is_refused() {
    let array = Array2::from_shape_fn((4, 6), |(i, j)| (i * 10 + j) as u32);
    let other = array.clone();
    let refused = StridedView::from_ndarray_part(&array.view(), &other.view());
    assert!(matches!(refused, Err(LayoutError::NotAPart)));
    // It begins inside and ends outside, or begins outside.
    let (upper, lower) = array.view().split_at(Axis(0), 2);
    assert!(matches!(
        StridedView::from_ndarray_part(&upper, &array.view()),
        Err(LayoutError::OutOfBounds { reaches: 18, .. })
    ));
    for (whole, part) in [(&lower, &array.view()), (&upper, &lower)] {
        assert_eq!(
            StridedView::from_ndarray_part(whole, part)
                .unwrap_err()
                .to_string(),
            "the part does not begin in the array; give the array that it was sliced from"
        );
    }
    let gaps = array.slice(s![.., ..4]);
    assert_eq!(
        StridedView::from_ndarray_part(&gaps, &gaps)
            .unwrap_err()
            .to_string(),
        "shape [4, 4] with strides [6, 1] does not stand element after element in memory; make a copy first"
    );
    // Elements that begin inside another.
    let bytes: Vec<u8> = (0..13).collect();
    let (whole, inside) = (
        bytes[..12].as_chunks::<4>().0,
        bytes[1..].as_chunks::<4>().0,
    );
    assert_eq!(
        StridedView::from_ndarray_part(&aview1(whole), &aview1(&inside[..1])),
        Err(LayoutError::NotAPart)
    );
    let second = aview1(&whole[1..]);
    let view = StridedView::from_ndarray_part(&aview1(whole), &second).unwrap();
    assert_eq!((view.offset(), view[[1]]), (1, [8, 9, 10, 11]));
    // Elements without a size.
    let units = Array2::from_elem((2, 3), ());
    let view = StridedView::from_ndarray_part(&units.view(), &units.slice(s![..;-1, ..]));
    assert_eq!(view.unwrap().len(), 6);
}

#[test]
fn arrays_are_filled_where_they_stand() {
    let mut array = Array2::<i32>::zeros((3, 4));
    let lent = array.view_mut().reversed_axes();
    let mut view = StridedViewMut::from_ndarray(lent).unwrap();
    assert_eq!((view.shape(), view.strides()), ([4, 3], [1, 4]));
    view.index_axis_mut(0, 1).unwrap().fill(7);
    let mut back = view
        .slice(0, 2..)
        .unwrap()
        .flip(1)
        .unwrap()
        .into_ndarray()
        .unwrap();
    assert_eq!(
        (back.shape(), back.strides()),
        ([2, 3].as_slice(), [1, -4].as_slice())
    );
    back[[1, 0]] = 5;
    assert_eq!(
        array,
        ndarray::array![[0, 7, 0, 0], [0, 7, 0, 0], [0, 7, 0, 5]]
    );
    let refused = StridedViewMut::from_ndarray(array.slice_mut(s![.., ..2]));
    assert!(matches!(refused, Err(LayoutError::NotContiguous { .. })));
    let none = StridedViewMut::from_ndarray(array.slice_mut(s![.., 4..])).unwrap();
    assert_eq!(none.into_ndarray().unwrap().shape(), [3, 0]);
    // Disjoint, but by no order of the strides: ndarray does not see that.
    let mut buffer = [0; 30];
    let view = StridedViewMut::new(&mut buffer, [3, 3], [5, 3], 0).unwrap();
    assert_eq!(
        view.into_ndarray().unwrap_err().to_string(),
        "ndarray takes no view of shape [3, 3] with strides [5, 3]; make a copy with to_vec"
    );
}
