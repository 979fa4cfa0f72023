//! Borrowed images: a strided view of samples of any type.

use super::{Depth, Image, ImageSpec, Sample, SampleSlice};
use crate::{
    error::{Error, Result},
    view::{Layout, LayoutError, Slice, StridedView},
};

/// A strided view of shape `(rows, columns, channels)` of samples of any type:
/// what a [`Filter`](crate::Filter) reads.
///
/// It converts from a reference to an [`Image`], or from any view: a part of an image, a
/// flipped image, an array that is mapped from a file.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ImageView<'a> {
    /// 8-bit samples.
    U8(StridedView<'a, u8, 3>),
    /// 16-bit samples.
    U16(StridedView<'a, u16, 3>),
    /// Float samples.
    F32(StridedView<'a, f32, 3>),
}

impl<'a> ImageView<'a> {
    /// Samples of this shape, `[rows, columns, channels]`, in C order.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if there are fewer than the shape needs.
    pub fn from_samples(
        samples: impl Into<SampleSlice<'a>>,
        shape: [usize; 3],
    ) -> Result<Self, LayoutError> {
        Ok(match samples.into() {
            SampleSlice::U8(samples) => Self::U8(StridedView::from_slice(samples, shape)?),
            SampleSlice::U16(samples) => Self::U16(StridedView::from_slice(samples, shape)?),
            SampleSlice::F32(samples) => Self::F32(StridedView::from_slice(samples, shape)?),
        })
    }

    /// Shape, strides and offset, in samples.
    pub const fn layout(&self) -> &Layout<3> {
        match self {
            Self::U8(view) => view.layout(),
            Self::U16(view) => view.layout(),
            Self::F32(view) => view.layout(),
        }
    }

    /// `[rows, columns, channels]`.
    pub const fn shape(&self) -> [usize; 3] {
        self.layout().shape()
    }

    /// The type of the samples.
    pub const fn depth(&self) -> Depth {
        match self {
            Self::U8(_) => Depth::U8,
            Self::U16(_) => Depth::U16,
            Self::F32(_) => Depth::F32,
        }
    }

    /// Its size and the type of its samples.
    pub const fn spec(&self) -> ImageSpec {
        ImageSpec::new(self.shape(), self.depth())
    }

    /// The bytes of the whole buffer that the view borrows.
    pub const fn parent_bytes(&self) -> usize {
        match self {
            Self::U8(view) => view.parent_bytes(),
            Self::U16(view) => view.parent_bytes(),
            Self::F32(view) => view.parent_bytes(),
        }
    }

    /// See [`Layout::slice`].
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if there is no such axis.
    pub fn slice(&self, axis: usize, slice: impl Into<Slice>) -> Result<Self, LayoutError> {
        Ok(match self {
            Self::U8(view) => Self::U8(view.slice(axis, slice)?),
            Self::U16(view) => Self::U16(view.slice(axis, slice)?),
            Self::F32(view) => Self::F32(view.slice(axis, slice)?),
        })
    }

    /// The image upside down for axis 0, from right to left for axis 1; see
    /// [`Layout::flip`].
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if there is no such axis.
    pub fn flip(&self, axis: usize) -> Result<Self, LayoutError> {
        Ok(match self {
            Self::U8(view) => Self::U8(view.flip(axis)?),
            Self::U16(view) => Self::U16(view.flip(axis)?),
            Self::F32(view) => Self::F32(view.flip(axis)?),
        })
    }

    /// One channel as a gray image.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if there is no such channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::{Image, ImageView, Samples};
    ///
    /// let image = Image::new(1, 2, 3, Samples::U8(vec![1, 2, 3, 4, 5, 6].into()))?;
    /// let green = ImageView::from(&image).plane(1)?;
    /// assert_eq!(green.shape(), [1, 2, 1]);
    /// assert_eq!(green.view::<u8>().unwrap().to_vec(), [2, 5]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn plane(&self, channel: usize) -> Result<Self, LayoutError> {
        Ok(match self {
            Self::U8(view) => view.plane(channel)?.into(),
            Self::U16(view) => view.plane(channel)?.into(),
            Self::F32(view) => view.plane(channel)?.into(),
        })
    }

    /// The view, if its samples are of this type.
    pub fn view<T: Sample>(&self) -> Option<StridedView<'a, T, 3>> {
        T::of_view(self)
    }
}

impl<'a> From<&'a Image> for ImageView<'a> {
    fn from(image: &'a Image) -> Self {
        Self::from_samples(image.samples().as_slice(), image.shape())
            .expect("an image's shape fits its samples")
    }
}

/// A copy of the elements of the view. It is an error if the view is empty or the copy
/// does not fit the memory.
impl TryFrom<ImageView<'_>> for Image {
    type Error = Error;

    fn try_from(view: ImageView<'_>) -> Result<Self> {
        fn copy<T: Sample>(view: &StridedView<'_, T, 3>) -> Result<Image> {
            let [rows, columns, channels] = view.shape();
            let mut image = Image::zeroed(rows, columns, channels, T::DEPTH)?;
            if let Some(mut samples) = image.view_mut() {
                samples.assign(view)?;
            }
            Ok(image)
        }
        match &view {
            ImageView::U8(view) => copy(view),
            ImageView::U16(view) => copy(view),
            ImageView::F32(view) => copy(view),
        }
    }
}

macro_rules! from_view {
    ($sample:ty, $variant:ident) => {
        impl<'a> From<StridedView<'a, $sample, 3>> for ImageView<'a> {
            fn from(view: StridedView<'a, $sample, 3>) -> Self {
                Self::$variant(view)
            }
        }

        /// A gray image.
        impl<'a> From<StridedView<'a, $sample, 2>> for ImageView<'a> {
            fn from(view: StridedView<'a, $sample, 2>) -> Self {
                Self::$variant(
                    view.insert_axis(2)
                        .expect("a view of two axes has room for a third"),
                )
            }
        }
    };
}
from_view!(u8, U8);
from_view!(u16, U16);
from_view!(f32, F32);
