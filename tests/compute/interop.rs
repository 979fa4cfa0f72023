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
