//! Conversions from and to images of the `image` crate: borrowed without a copy, or moved
//! with their samples.

use std::ops::{Deref, DerefMut};

use ::image::{DynamicImage, ImageBuffer, Pixel, Primitive};

use super::{Image, ImageView, ImageViewMut, Sample, Samples};
use crate::{
    error::{Error, RequestError, Result},
    view::{LayoutError, StridedView, StridedViewMut},
};

impl<'a, T: Primitive> StridedView<'a, T, 3> {
    /// The samples of an image of the `image` crate as `(rows, columns,
    /// channels)`.
    pub fn from_image<P, C>(image: &'a ImageBuffer<P, C>) -> Self
    where
        P: Pixel<Subpixel = T>,
        C: Deref<Target = [T]>,
    {
        Self::from_slice(image.as_raw(), shape(image)).expect(HOLDS_ALL)
    }

    /// The view as an image of the `image` crate with pixels of type `P`.
    ///
    /// # Errors
    ///
    /// [`LayoutError::NotContiguous`] if the samples are not contiguous, [`LayoutError::Size`] if `P` has another number of channels or a
    /// side does not fit 32 bits.
    ///
    /// # Examples
    ///
    /// ```
    /// use image::{ImageBuffer, Luma};
    /// use stridekern::view::StridedView;
    ///
    /// let image = ImageBuffer::<Luma<u8>, _>::from_raw(3, 2, vec![0, 1, 2, 3, 4, 5]).unwrap();
    /// let view = StridedView::from_image(&image);
    /// assert_eq!(view.shape(), [2, 3, 1]);
    /// let lower = view.slice(0, 1..)?;
    /// let lower: ImageBuffer<Luma<u8>, &[u8]> = lower.to_image()?;
    /// assert_eq!(lower.get_pixel(2, 0).0, [5]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn to_image<P: Pixel<Subpixel = T>>(&self) -> Result<ImageBuffer<P, &'a [T]>, LayoutError> {
        let samples = self.as_slice().ok_or_else(|| LayoutError::NotContiguous {
            shape: self.shape().to_vec(),
            strides: self.strides().to_vec(),
        })?;
        buffer(self.shape(), samples)
    }
}

impl<'a, T: Primitive> StridedViewMut<'a, T, 3> {
    /// The samples of an image of the `image` crate as `(rows, columns,
    /// channels)`, mutable.
    ///
    /// # Examples
    ///
    /// ```
    /// use image::RgbImage;
    /// use stridekern::view::StridedViewMut;
    ///
    /// let mut image = RgbImage::new(2, 2);
    /// StridedViewMut::from_image(&mut image).plane_mut(1)?.fill(9);
    /// assert_eq!(image.get_pixel(1, 1).0, [0, 9, 0]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn from_image<P, C>(image: &'a mut ImageBuffer<P, C>) -> Self
    where
        P: Pixel<Subpixel = T>,
        C: DerefMut<Target = [T]>,
    {
        let shape = shape(image);
        let samples: &'a mut [T] = image;
        Self::from_slice(samples, shape).expect(HOLDS_ALL)
    }
}

const HOLDS_ALL: &str = "an image buffer holds all of its pixels";

fn shape<P: Pixel, C: Deref<Target = [P::Subpixel]>>(image: &ImageBuffer<P, C>) -> [usize; 3] {
    [
        image.height() as usize,
        image.width() as usize,
        P::CHANNEL_COUNT as usize,
    ]
}

/// Samples in C order as an image of pixels `P`.
fn buffer<P: Pixel, C: Deref<Target = [P::Subpixel]>>(
    [rows, columns, channels]: [usize; 3],
    samples: C,
) -> Result<ImageBuffer<P, C>, LayoutError> {
    let sides = (u32::try_from(columns).ok()).zip(u32::try_from(rows).ok());
    sides
        .filter(|_| channels == P::CHANNEL_COUNT as usize)
        .and_then(|(width, height)| ImageBuffer::from_raw(width, height, samples))
        .ok_or_else(|| LayoutError::Size {
            from: vec![rows, columns, channels],
            to: vec![rows, columns, P::CHANNEL_COUNT as usize],
        })
}

/// Borrows the samples of an image buffer, which may be empty.
impl<'a, P, C> From<&'a ImageBuffer<P, C>> for ImageView<'a>
where
    P: Pixel<Subpixel: Sample>,
    C: Deref<Target = [P::Subpixel]>,
    Self: From<StridedView<'a, P::Subpixel, 3>>,
{
    fn from(image: &'a ImageBuffer<P, C>) -> Self {
        StridedView::from_image(image).into()
    }
}

/// Mutably borrows the samples of an image buffer.
impl<'a, P, C> From<&'a mut ImageBuffer<P, C>> for ImageViewMut<'a>
where
    P: Pixel<Subpixel: Sample>,
    C: DerefMut<Target = [P::Subpixel]>,
    Self: From<StridedViewMut<'a, P::Subpixel, 3>>,
{
    fn from(image: &'a mut ImageBuffer<P, C>) -> Self {
        StridedViewMut::from_image(image).into()
    }
}

/// Moves the samples, without a copy. An image without pixels is an error.
impl<P> TryFrom<ImageBuffer<P, Vec<P::Subpixel>>> for Image
where
    P: Pixel,
    Samples: From<Vec<P::Subpixel>>,
{
    type Error = Error;

    fn try_from(image: ImageBuffer<P, Vec<P::Subpixel>>) -> Result<Self> {
        let [rows, columns, channels] = shape(&image);
        let mut samples = image.into_raw();
        // The buffer may be longer than the image.
        samples.truncate(rows * columns * channels);
        Self::new(rows, columns, channels, samples.into())
    }
}

/// Moves the samples to an image of pixels `P`, without a copy.
///
/// It is an error if the sample type or the number of channels of `P` differs.
impl<P> TryFrom<Image> for ImageBuffer<P, Vec<P::Subpixel>>
where
    P: Pixel<Subpixel: Sample>,
{
    type Error = Error;

    fn try_from(image: Image) -> Result<Self> {
        let (shape, depth) = (image.shape(), image.depth());
        let samples = P::Subpixel::take(image).ok_or(RequestError::Depth {
            depth,
            wanted: P::Subpixel::DEPTH,
        })?;
        Ok(buffer(shape, samples)?)
    }
}

/// Calls the conversion of the buffer inside, of whichever type it is.
macro_rules! each {
    ($image:expr, $buffer:ident => $body:expr) => {
        match $image {
            DynamicImage::ImageLuma8($buffer) => Ok($body),
            DynamicImage::ImageLumaA8($buffer) => Ok($body),
            DynamicImage::ImageRgb8($buffer) => Ok($body),
            DynamicImage::ImageRgba8($buffer) => Ok($body),
            DynamicImage::ImageLuma16($buffer) => Ok($body),
            DynamicImage::ImageLumaA16($buffer) => Ok($body),
            DynamicImage::ImageRgb16($buffer) => Ok($body),
            DynamicImage::ImageRgba16($buffer) => Ok($body),
            DynamicImage::ImageRgb32F($buffer) => Ok($body),
            DynamicImage::ImageRgba32F($buffer) => Ok($body),
            // The enum is non-exhaustive.
            other => Err(RequestError::ColorType {
                color: format!("{:?}", other.color()),
            }),
        }
    };
}

/// Borrows the samples of an image. It is an error only for a colour type that a later
/// version of the `image` crate added.
impl<'a> TryFrom<&'a DynamicImage> for ImageView<'a> {
    type Error = Error;

    fn try_from(image: &'a DynamicImage) -> Result<Self> {
        Ok(each!(image, buffer => buffer.into())?)
    }
}

/// Mutably borrows the samples of an image; errors as for a shared borrow.
impl<'a> TryFrom<&'a mut DynamicImage> for ImageViewMut<'a> {
    type Error = Error;

    fn try_from(image: &'a mut DynamicImage) -> Result<Self> {
        Ok(each!(image, buffer => buffer.into())?)
    }
}

/// Moves the samples, without a copy. An image without pixels is an error, and so is a
/// colour type that a later version of the `image` crate added.
impl TryFrom<DynamicImage> for Image {
    type Error = Error;

    fn try_from(image: DynamicImage) -> Result<Self> {
        each!(image, buffer => Self::try_from(buffer)?).map_err(Error::from)
    }
}

/// Moves the samples, without a copy unless they are a large result in
/// [huge pages](super::Buffer). There are types for one to four
/// channels of 8 and 16 bits, and for three or four of floats; anything else
/// is an error.
///
/// # Examples
///
/// ```
/// use image::DynamicImage;
/// use stridekern::{Border, Filter, KernelBank};
///
/// let photo = DynamicImage::new_rgb8(4, 4);
/// let sharp = Filter::new(KernelBank::builtin("sharpen")?)
///     .with_extent(Border::Reflect)
///     .apply(stridekern::ImageView::try_from(&photo)?)?;
/// let sharp = DynamicImage::try_from(sharp)?;
/// assert_eq!(sharp.width(), 4);
/// # Ok::<(), stridekern::Error>(())
/// ```
impl TryFrom<Image> for DynamicImage {
    type Error = Error;

    fn try_from(image: Image) -> Result<Self> {
        let (depth, shape) = (image.depth(), image.shape());
        let channels = image.channels();
        Ok(match (channels, image.into_samples()) {
            (1, Samples::U8(samples)) => Self::ImageLuma8(buffer(shape, samples.into_vec())?),
            (2, Samples::U8(samples)) => Self::ImageLumaA8(buffer(shape, samples.into_vec())?),
            (3, Samples::U8(samples)) => Self::ImageRgb8(buffer(shape, samples.into_vec())?),
            (4, Samples::U8(samples)) => Self::ImageRgba8(buffer(shape, samples.into_vec())?),
            (1, Samples::U16(samples)) => Self::ImageLuma16(buffer(shape, samples.into_vec())?),
            (2, Samples::U16(samples)) => Self::ImageLumaA16(buffer(shape, samples.into_vec())?),
            (3, Samples::U16(samples)) => Self::ImageRgb16(buffer(shape, samples.into_vec())?),
            (4, Samples::U16(samples)) => Self::ImageRgba16(buffer(shape, samples.into_vec())?),
            (3, Samples::F32(samples)) => Self::ImageRgb32F(buffer(shape, samples.into_vec())?),
            (4, Samples::F32(samples)) => Self::ImageRgba32F(buffer(shape, samples.into_vec())?),
            _ => return Err(RequestError::PixelType { channels, depth }.into()),
        })
    }
}

/// A copy of the elements of the view; errors as for an [`Image`].
impl TryFrom<ImageView<'_>> for DynamicImage {
    type Error = Error;

    fn try_from(view: ImageView<'_>) -> Result<Self> {
        Image::try_from(view)?.try_into()
    }
}
