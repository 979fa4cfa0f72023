//! Images and arrays of other crates, lent and given back.

use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, Luma, LumaA, Pixel, Rgb, Rgba};
use stridekern::{
    Depth, Error, Image, ImageView, ImageViewMut, Samples,
    error::{InputError, RequestError},
    view::{LayoutError, StridedView, StridedViewMut},
};

/// Two rows of three pixels whose samples are their positions.
fn buffer<P: Pixel>(sample: fn(u8) -> P::Subpixel) -> ImageBuffer<P, Vec<P::Subpixel>> {
    let samples = (0..6 * P::CHANNEL_COUNT).map(sample).collect();
    ImageBuffer::from_raw(3, 2, samples).unwrap()
}

/// An image of every type that the `image` crate has, its channels and depth.
fn all() -> Vec<(DynamicImage, usize, Depth)> {
    let (byte, word, float) = (|n| n, |n: u8| u16::from(n) * 257, |n| f32::from(n) / 8.0);
    vec![
        (buffer::<Luma<u8>>(byte).into(), 1, Depth::U8),
        (buffer::<LumaA<u8>>(byte).into(), 2, Depth::U8),
        (buffer::<Rgb<u8>>(byte).into(), 3, Depth::U8),
        (buffer::<Rgba<u8>>(byte).into(), 4, Depth::U8),
        (buffer::<Luma<u16>>(word).into(), 1, Depth::U16),
        (buffer::<LumaA<u16>>(word).into(), 2, Depth::U16),
        (buffer::<Rgb<u16>>(word).into(), 3, Depth::U16),
        (buffer::<Rgba<u16>>(word).into(), 4, Depth::U16),
        (buffer::<Rgb<f32>>(float).into(), 3, Depth::F32),
        (buffer::<Rgba<f32>>(float).into(), 4, Depth::F32),
    ]
}

/// The samples that [`buffer`] gives, by the definition.
fn expected(depth: Depth, count: u8) -> Samples {
    match depth {
        Depth::U8 => Samples::U8((0..count).collect()),
        Depth::U16 => Samples::U16((0..count).map(|n| u16::from(n) * 257).collect()),
        _ => Samples::F32((0..count).map(|n| f32::from(n) / 8.0).collect()),
    }
}

#[test]
fn images_of_every_type_come_and_go_without_a_change() {
    for (mut dynamic, channels, depth) in all() {
        let count = 6 * channels as u8;
        let lent = ImageView::try_from(&dynamic).unwrap();
        assert_eq!((lent.shape(), lent.depth()), ([2, 3, channels], depth));
        let copied = Image::try_from(lent).unwrap();
        assert_eq!(copied.samples(), &expected(depth, count));
        // The last row in front, and back by a copy.
        let flipped = DynamicImage::try_from(lent.flip(0).unwrap()).unwrap();
        assert_eq!(flipped, dynamic.flipv(), "{depth} {channels}");
        let address = dynamic.as_bytes().as_ptr();
        let taken = Image::try_from(dynamic.clone()).unwrap();
        assert_eq!(taken, copied);
        assert_eq!(DynamicImage::try_from(taken).unwrap(), dynamic);
        // Written to where it stands.
        let lent = ImageViewMut::try_from(&mut dynamic).unwrap();
        assert_eq!((lent.shape(), lent.depth()), ([2, 3, channels], depth));
        match lent.slice(0, 1..).unwrap() {
            ImageViewMut::U8(mut view) => view[[0, 2, channels - 1]] = 99,
            ImageViewMut::U16(mut view) => view[[0, 2, channels - 1]] = 99,
            ImageViewMut::F32(mut view) => view[[0, 2, channels - 1]] = 99.0,
            _ => panic!("the tests know no other"),
        }
        assert_eq!(dynamic.as_bytes().as_ptr(), address);
        let taken = Image::try_from(dynamic).unwrap().into_samples();
        let last = |depth| match &taken {
            Samples::U8(samples) => (samples[count as usize - 1] == 99) == (depth == Depth::U8),
            Samples::U16(samples) => samples[count as usize - 1] == 99,
            Samples::F32(samples) => samples[count as usize - 1] == 99.0,
            _ => panic!("the tests know no other"),
        };
        assert!(last(depth));
    }
}

#[test]
fn samples_are_taken_over_and_not_copied() {
    let gray = buffer::<Luma<u16>>(u16::from);
    let address = gray.as_raw().as_ptr();
    let image = Image::try_from(gray).unwrap();
    let Samples::U16(samples) = image.samples() else {
        panic!("16-bit samples stay");
    };
    assert_eq!(samples.as_ptr(), address);
    let back = ImageBuffer::<Luma<u16>, _>::try_from(image).unwrap();
    assert_eq!(
        (back.as_raw().as_ptr(), back.dimensions()),
        (address, (3, 2))
    );
    // Float gray has a buffer, though no dynamic image.
    let float = Image::new(1, 2, 1, Samples::F32(vec![0.5, 2.0].into())).unwrap();
    let float = ImageBuffer::<Luma<f32>, _>::try_from(float).unwrap();
    assert_eq!(float.get_pixel(1, 0).0, [2.0]);
    assert_eq!(ImageView::from(&float).depth(), Depth::F32);
    // Longer than the image, and without one.
    let long: GrayImage = GrayImage::from_raw(2, 1, vec![7, 8, 9]).unwrap();
    assert_eq!(
        Image::try_from(long).unwrap().samples(),
        &Samples::U8(vec![7, 8].into())
    );
    let none = GrayAlphaImage::new(0, 3);
    assert_eq!(ImageView::from(&none).shape(), [3, 0, 2]);
    assert!(matches!(
        Image::try_from(none).unwrap_err(),
        Error::Input(InputError::EmptyImage {
            shape: Some([3, 0, 2])
        })
    ));
}

#[test]
fn what_the_image_crate_cannot_hold_is_refused() {
    let image = |channels, depth| Image::zeroed(2, 2, channels, depth).unwrap();
    for depth in [Depth::U8, Depth::U16, Depth::F32] {
        for channels in 1..7 {
            let known = channels < 5 && (depth != Depth::F32 || channels > 2);
            match DynamicImage::try_from(image(channels, depth)) {
                Ok(dynamic) => {
                    assert!(known && usize::from(dynamic.color().channel_count()) == channels);
                }
                Err(Error::Request(RequestError::PixelType {
                    channels: told,
                    depth: also,
                })) => {
                    assert!(!known && (told, also) == (channels, depth));
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    let refused = ImageBuffer::<Rgb<u8>, _>::try_from(image(3, Depth::U16)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the samples are 16-bit, not 8-bit; convert them first"
    );
    let refused = ImageBuffer::<Rgb<u8>, _>::try_from(image(4, Depth::U8)).unwrap_err();
    assert!(matches!(refused, Error::Layout(LayoutError::Size { .. })));
    assert_eq!(
        DynamicImage::try_from(image(1, Depth::F32))
            .unwrap_err()
            .to_string(),
        "the image crate has no image of 1 channels of 32-bit float samples; take one channel out, or use 8-bit or 16-bit samples"
    );
}

#[test]
fn image_buffers_are_filled_where_they_stand() {
    let mut image = buffer::<LumaA<u8>>(|n| n);
    let mut view = StridedViewMut::from_image(&mut image);
    assert_eq!(view.shape(), [2, 3, 2]);
    view.flip_mut(1).unwrap().flat_row_mut(0);
    view.reborrow().flip(1).unwrap()[[1, 0, 1]] = 50;
    assert_eq!(image.as_raw()[6..], [6, 7, 8, 9, 10, 50]);
    let ImageViewMut::U8(mut view) = ImageViewMut::from(&mut image) else {
        panic!("8-bit samples stay");
    };
    view.plane_mut(0).unwrap().fill(1);
    assert_eq!(image.as_raw()[..], [1, 1, 1, 3, 1, 5, 1, 7, 1, 9, 1, 50]);
}

#[test]
#[expect(unsafe_code, reason = "what is tested is unsafe to call")]
fn foreign_memory_is_a_view_by_its_first_element() {
    let buffer: Vec<i32> = (0..40).collect();
    for (shape, strides, first) in [
        ([2, 3], [20, 3], 5),
        ([2, 3], [-20, 3], 25),
        ([2, 3], [-20, -7], 39),
        ([4, 1], [0, isize::MIN], 39),
        ([1, 1], [isize::MAX, -1], 0),
        ([0, 3], [isize::MAX, isize::MAX], 40),
    ] {
        let expected = StridedView::new(&buffer, shape, strides, first).unwrap();
        // SAFETY: `expected` reaches the same elements, all of a buffer that is
        // lent to nobody for writing.
        let view = unsafe {
            StridedView::from_raw_parts(buffer.as_ptr().wrapping_add(first), shape, strides)
        };
        let view = view.unwrap();
        assert_eq!((view, view.strides()), (expected, strides), "{strides:?}");
        assert_eq!(view.buffer().len(), expected.layout().span());
    }
    let mut buffer = [0; 12];
    let first = buffer.as_mut_ptr().wrapping_add(9);
    // SAFETY: rows 0 to 2 of four elements begin at 9, 5 and 1, in the buffer.
    let view = unsafe { StridedViewMut::from_raw_parts(first, [3, 2], [-4, 2]) };
    let mut rows = view.unwrap().into_axis_iter(0).unwrap();
    rows.next().unwrap().fill(1);
    rows.next().unwrap().fill(2);
    assert_eq!(buffer, [0, 0, 0, 0, 0, 2, 0, 2, 0, 1, 0, 1]);
    // What cannot be addressed is refused before a slice is made of it.
    let first = buffer.as_mut_ptr();
    for (shape, strides) in [
        ([2, 2], [isize::MAX, 1]),
        ([usize::MAX, 2], [1, 1]),
        ([2, 2], [isize::MAX / 4, 1]),
        ([2, 1], [isize::MIN / 8, 1]),
        ([usize::MAX, usize::MAX], [0, 0]),
    ] {
        // SAFETY: refused, so nothing is made.
        let view = unsafe { StridedView::from_raw_parts(first.cast_const(), shape, strides) };
        assert!(
            matches!(view, Err(LayoutError::Overflow { .. })),
            "{shape:?}"
        );
    }
    for wrong in [std::ptr::null(), first.cast::<u8>().wrapping_add(1).cast()] {
        // SAFETY: refused, so nothing is made.
        let view = unsafe { StridedView::<i32, 1>::from_raw_parts(wrong, [2], [1]) };
        assert!(matches!(view, Err(LayoutError::Cast { .. })));
    }
    // SAFETY: refused, so nothing is made.
    let view = unsafe { StridedViewMut::from_raw_parts(first, [3, 2], [1, 1]) };
    assert!(matches!(view, Err(LayoutError::Overlap { .. })));
}

#[cfg(feature = "ndarray")]
mod with_ndarray {
    use ndarray::{Array2, Array3, Axis, aview1, s};

    use super::*;

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
}
