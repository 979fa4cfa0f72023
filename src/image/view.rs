//! Borrowed images: a strided view of samples of any type.

use super::{Depth, Image, ImageSpec, Sample, SampleSlice};
use crate::{
    error::{Error, Result},
    orientation::Orientation,
    view::{Layout, LayoutError, Slice, StridedView},
};

/// Defines the enum of views.
macro_rules! views {
    (@ () $([$variant:ident $type:ty])*) => {
        /// A strided view of shape `(rows, columns, channels)` of samples of any type:
        /// what a [`Filter`](crate::Filter) reads.
        ///
        /// It converts from a reference to an [`Image`], or from any view: a part of an image, a
        /// flipped image, an array that is mapped from a file.
        #[derive(Debug, Clone, Copy)]
        #[non_exhaustive]
        pub enum ImageView<'a> {
            $(
                #[doc = concat!("Samples of type `", stringify!($variant), "`; see [`Depth`].")]
                $variant(StridedView<'a, $type, 3>),
            )*
        }

        $(
            impl<'a> From<StridedView<'a, $type, 3>> for ImageView<'a> {
                fn from(view: StridedView<'a, $type, 3>) -> Self {
                    Self::$variant(view)
                }
            }

            /// A gray image.
            impl<'a> From<StridedView<'a, $type, 2>> for ImageView<'a> {
                fn from(view: StridedView<'a, $type, 2>) -> Self {
                    Self::$variant(
                        view.insert_axis(2)
                            .expect("a view of two axes has room for a third"),
                    )
                }
            }
        )*
    };
}
sample_types! { views () }

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
        Ok(each_sample!(SampleSlice(samples.into()), samples => {
            StridedView::from_slice(samples, shape)?.into()
        }))
    }

    /// Samples of this shape, `[rows, columns, channels]`, at these strides, from `offset` on.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if one of them is not among the samples.
    pub(crate) fn strided(
        samples: SampleSlice<'a>,
        shape: [usize; 3],
        strides: [isize; 3],
        offset: usize,
    ) -> Result<Self, LayoutError> {
        Ok(each_sample!(SampleSlice(samples), samples => {
            StridedView::new(samples, shape, strides, offset)?.into()
        }))
    }

    /// Shape, strides and offset, in samples.
    pub const fn layout(&self) -> &Layout<3> {
        each_sample!(ImageView(self), view => view.layout())
    }

    /// `[rows, columns, channels]`.
    pub const fn shape(&self) -> [usize; 3] {
        self.layout().shape()
    }

    /// The type of the samples.
    pub const fn depth(&self) -> Depth {
        sample_types! { depth_of (ImageView, self) }
    }

    /// Its size and the type of its samples.
    pub const fn spec(&self) -> ImageSpec {
        ImageSpec::new(self.shape(), self.depth())
    }

    /// The bytes of the whole buffer that the view borrows.
    pub const fn parent_bytes(&self) -> usize {
        each_sample!(ImageView(self), view => view.parent_bytes())
    }

    /// See [`Layout::slice`].
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if there is no such axis.
    pub fn slice(&self, axis: usize, slice: impl Into<Slice>) -> Result<Self, LayoutError> {
        Ok(each_sample!(ImageView(self), view => view.slice(axis, slice)?.into()))
    }

    /// The image upside down for axis 0, from right to left for axis 1; see
    /// [`Layout::flip`].
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if there is no such axis.
    pub fn flip(&self, axis: usize) -> Result<Self, LayoutError> {
        Ok(each_sample!(ImageView(self), view => view.flip(axis)?.into()))
    }

    /// The picture as it is seen, if this is how it is stored: a view of the same samples.
    #[must_use]
    pub fn turned(&self, orientation: Orientation) -> Self {
        let turned = orientation.turned(self.layout());
        let layout = turned.expect("an image has rows and columns");
        let (shape, strides, offset) = (layout.shape(), layout.strides(), layout.offset());
        each_sample!(ImageView(self), view => {
            StridedView::new(view.buffer(), shape, strides, offset)
                .expect("its samples are the same")
                .into()
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
        Ok(each_sample!(ImageView(self), view => view.plane(channel)?.into()))
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
        each_sample!(ImageView(&view), view => copy(view))
    }
}
