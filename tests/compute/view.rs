//! Strided views: every accepted layout reads inside its buffer, every refused
//! one would not, and windows show what plain indexing shows.

use proptest::prelude::*;
use stridekern::view::{Layout, LayoutError, Slice, Spacing, StridedView, dilated_len};

/// All positions that a layout reaches, in `i128`, or `None` if there are none.
fn reachable(shape: [usize; 3], strides: [isize; 3], offset: usize) -> Option<(i128, i128)> {
    let mut ends: Option<(i128, i128)> = None;
    for i in 0..shape[0] {
        for j in 0..shape[1] {
            for k in 0..shape[2] {
                let at = (offset as i128)
                    + [i, j, k]
                        .iter()
                        .zip(strides)
                        .map(|(&i, s)| i as i128 * s as i128)
                        .sum::<i128>();
                let (low, high) = ends.unwrap_or((at, at));
                ends = Some((low.min(at), high.max(at)));
            }
        }
    }
    ends
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_layout_is_accepted_exactly_if_it_stays_inside(
        shape in [0_usize..5, 0_usize..5, 0_usize..5],
        strides in [-9_isize..10, -9_isize..10, -9_isize..10],
        offset in 0_usize..40,
        len in 0_usize..60,
    ) {
        let inside = match reachable(shape, strides, offset) {
            Some((low, high)) => low >= 0 && high < len as i128,
            None => offset <= len,
        };
        let layout = Layout::new(shape, strides, offset, len);
        prop_assert_eq!(layout.is_ok(), inside, "{:?}", layout);
        if let (Ok(layout), Some((low, high))) = (layout, reachable(shape, strides, offset)) {
            prop_assert_eq!(layout.span() as i128, high - low + 1);
        }
    }

    #[test]
    fn huge_numbers_are_refused_and_never_overflow(
        shape in [any::<usize>(), any::<usize>(), any::<usize>()],
        strides in [any::<isize>(), any::<isize>(), any::<isize>()],
        offset in any::<usize>(),
    ) {
        // Only a shape with a zero could be right over so short a buffer.
        prop_assert!(Layout::new(shape, strides, offset, 1000).is_err() || shape.contains(&0));
    }

    #[test]
    fn windows_show_what_indexing_shows(
        shape in [1_usize..12, 1_usize..12],
        window in [1_usize..6, 1_usize..6],
        step in [1_usize..4, 1_usize..4],
        dilation in [1_usize..4, 1_usize..4],
    ) {
        let buffer: Vec<usize> = (0..shape[0] * shape[1]).collect();
        let view = StridedView::from_slice(&buffer, shape).unwrap();
        let windows = view.windows_over([0, 1], window, Spacing { step, dilation });
        let reaches = [0, 1].map(|a| dilated_len(window[a], dilation[a]).unwrap());
        if reaches[0] > shape[0] || reaches[1] > shape[1] {
            prop_assert_eq!(windows.unwrap_err(), LayoutError::Window { shape: shape.to_vec(), window: reaches.to_vec() });
            return Ok(());
        }
        let windows = windows.unwrap();
        let positions = [0, 1].map(|a| (shape[a] - reaches[a]) / step[a] + 1);
        prop_assert_eq!(windows.shape(), [positions[0], positions[1], window[0], window[1]]);
        let mut all = windows.iter();
        prop_assert_eq!(all.len(), windows.len());
        for y in 0..positions[0] {
            for x in 0..positions[1] {
                for i in 0..window[0] {
                    for j in 0..window[1] {
                        let at = [y * step[0] + i * dilation[0], x * step[1] + j * dilation[1]];
                        prop_assert_eq!(windows[[y, x, i, j]], view[at]);
                        prop_assert_eq!(all.next(), Some(&view[at]));
                    }
                }
            }
        }
        prop_assert_eq!(all.next(), None);
        prop_assert_eq!(windows.get([positions[0], 0, 0, 0]), None);
    }

    #[test]
    fn slices_show_what_indexing_shows(
        shape in [1_usize..9, 1_usize..9, 1_usize..4],
        axis in 0_usize..3,
        ends in [0_usize..9, 0_usize..9],
        step in 1_usize..5,
    ) {
        let buffer: Vec<usize> = (0..shape.iter().product()).collect();
        let view = StridedView::from_slice(&buffer, shape).unwrap();
        let range = ends[0].min(ends[1])..ends[0].max(ends[1]);
        let slice = view.slice(axis, Slice::from(range.clone()).step(step as isize));
        let shown: Vec<_> = slice.unwrap().iter().copied().collect();
        let wanted = view.iter().copied().enumerate().filter(|&(at, _)| {
            let index = [at / (shape[1] * shape[2]), at / shape[2] % shape[1], at % shape[2]][axis];
            range.contains(&index) && (index - range.start) % step == 0
        });
        prop_assert_eq!(shown, wanted.map(|(_, element)| element).collect::<Vec<_>>());
    }
}

#[test]
fn errors_name_the_axis_the_element_and_the_buffer() {
    for (shape, strides, offset, len, message) in [
        (
            [2, 3],
            [3, 1],
            0,
            5,
            "axis 1 (length 3, stride 1) reaches element 5 of a buffer of 5; strides count elements, not bytes",
        ),
        (
            [2, 3],
            [-3, 1],
            0,
            6,
            "axis 0 (length 2, stride -3) reaches element -3 of a buffer of 6; strides count elements, not bytes",
        ),
        (
            [1, 1],
            [1, 1],
            6,
            6,
            "the offset 6 lies outside a buffer of 6 elements",
        ),
        (
            [0, 1],
            [1, 1],
            7,
            6,
            "the offset 7 lies outside a buffer of 6 elements",
        ),
        (
            [usize::MAX, 2],
            [1, 1],
            0,
            6,
            "shape [18446744073709551615, 2] with strides [1, 1] overflows the address arithmetic; use a smaller shape or stride",
        ),
    ] {
        assert_eq!(
            Layout::new(shape, strides, offset, len)
                .unwrap_err()
                .to_string(),
            message
        );
    }
}

#[test]
fn bytes_seen_are_not_bytes_owned() {
    let buffer = vec![0_u16; 400 * 400];
    let view = StridedView::from_slice(&buffer, [400, 400]).unwrap();
    let windows = view.windows([3, 3]).unwrap();
    assert_eq!(windows.shape(), [398, 398, 3, 3]);
    assert_eq!(windows.nbytes(), 398 * 398 * 9 * 2);
    assert_eq!(windows.span_bytes(), 400 * 400 * 2);
    assert!(view.layout().is_c_contiguous());
    assert!(!windows.layout().is_c_contiguous());
}

#[test]
fn rows_are_slices_only_where_they_are_contiguous() {
    let buffer: Vec<u8> = (0..24).collect();
    let image = StridedView::from_slice(&buffer, [2, 4, 3]).unwrap();
    assert_eq!(image.flat_row(1), Some(&buffer[12..]));
    assert_eq!(image.flat_row(2), None);
    let green = image.index_axis(2, 1).unwrap();
    assert_eq!(green.row(0), None);
    assert_eq!(
        green.iter().copied().collect::<Vec<_>>(),
        [1, 4, 7, 10, 13, 16, 19, 22]
    );
    assert!(image.index_axis(2, 3).is_err());
    let gray = StridedView::from_slice(&buffer, [4, 6]).unwrap();
    assert_eq!(gray.row(2), Some(&buffer[12..18]));
    assert_eq!(gray.row(4), None);
}

#[test]
#[should_panic(expected = "index [0, 3] is outside shape [2, 3]")]
fn an_index_outside_panics_with_both() {
    let _ = StridedView::from_slice(&[0; 6], [2, 3]).unwrap()[[0, 3]];
}

#[test]
fn windows_wider_than_any_number_are_refused() {
    let view = StridedView::of(&[1_u8, 2, 3]);
    for (window, dilation) in [(usize::MAX, 2), (usize::MAX, 1), (2, usize::MAX)] {
        let spacing = Spacing {
            step: [1],
            dilation: [dilation],
        };
        let error = view.windows_over([0], [window], spacing);
        assert_eq!(
            error.unwrap_err(),
            LayoutError::Window {
                shape: vec![3],
                window: vec![usize::MAX]
            }
        );
    }
}
