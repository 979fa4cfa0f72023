//! Mutably borrowed images: a strided view of samples of any type.

use super::{Depth, Image, ImageView, Sample, SampleSliceMut};
use crate::view::{Layout, LayoutError, Slice, StridedViewMut};

/// Defines the enum of mutable views.
macro_rules! views {
    (@ () $([$variant:ident $type:ty])*) => {
        /// A mutable strided view of shape `(rows, columns, channels)` of samples of any type: an
        /// [`Image`], a part of one, or foreign memory with any distance between its rows.
        ///
        /// # Examples
        ///
        /// ```
        /// use stridekern::{Image, ImageViewMut, Samples};
        ///
        /// let mut image = Image::new(3, 2, 1, Samples::U8(vec![0; 6].into()))?;
        /// let (mut upper, mut lower) = ImageViewMut::from(&mut image).split_at(0, 1)?;
        /// upper.view_mut::<u8>().unwrap().fill(1);
        /// lower.view_mut::<u8>().unwrap().fill(2);
        /// assert!(lower.view_mut::<f32>().is_none());
        /// assert_eq!(image.samples(), &Samples::U8(vec![1, 1, 2, 2, 2, 2].into()));
        /// # Ok::<(), stridekern::Error>(())
        /// ```
        #[derive(Debug)]
        #[non_exhaustive]
        pub enum ImageViewMut<'a> {
            $(
                #[doc = concat!("Samples of type `", stringify!($variant), "`; see [`Depth`].")]
                $variant(StridedViewMut<'a, $type, 3>),
            )*
        }

        $(
            impl<'a> From<StridedViewMut<'a, $type, 3>> for ImageViewMut<'a> {
                fn from(view: StridedViewMut<'a, $type, 3>) -> Self {
                    Self::$variant(view)
                }
            }

            /// A gray image.
            impl<'a> From<StridedViewMut<'a, $type, 2>> for ImageViewMut<'a> {
                fn from(view: StridedViewMut<'a, $type, 2>) -> Self {
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

impl<'a> ImageViewMut<'a> {
    /// Samples of this shape, `[rows, columns, channels]`, in C order.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if there are fewer than the shape needs.
    pub fn from_samples(
        samples: impl Into<SampleSliceMut<'a>>,
        shape: [usize; 3],
    ) -> Result<Self, LayoutError> {
        Ok(each_sample!(SampleSliceMut(samples.into()), samples => {
            StridedViewMut::from_slice(samples, shape)?.into()
        }))
    }

    /// Shape, strides and offset, in samples.
    pub const fn layout(&self) -> &Layout<3> {
        each_sample!(ImageViewMut(self), view => view.layout())
    }

    /// `[rows, columns, channels]`.
    pub const fn shape(&self) -> [usize; 3] {
        self.layout().shape()
    }

    /// The type of the samples.
    pub const fn depth(&self) -> Depth {
        sample_types! { depth_of (ImageViewMut, self) }
    }

    /// The same view, read-only.
    pub fn as_view(&self) -> ImageView<'_> {
        each_sample!(ImageViewMut(self), view => view.as_view().into())
    }

    /// This view borrowed for a shorter time, for operations that consume a view.
    pub fn reborrow(&mut self) -> ImageViewMut<'_> {
        each_sample!(ImageViewMut(self), view => view.reborrow().into())
    }

    /// The view, if its samples are of this type.
    pub fn view_mut<T: Sample>(&mut self) -> Option<StridedViewMut<'_, T, 3>> {
        self.reborrow().into_view()
    }

    /// As [`view_mut`](Self::view_mut), for as long as the samples are borrowed.
    pub fn into_view<T: Sample>(self) -> Option<StridedViewMut<'a, T, 3>> {
        T::of_view_mut(self)
    }

    /// See [`Layout::slice`].
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if there is no such axis.
    pub fn slice(self, axis: usize, slice: impl Into<Slice>) -> Result<Self, LayoutError> {
        Ok(each_sample!(ImageViewMut(self), view => view.slice(axis, slice)?.into()))
    }

    /// See [`Layout::flip`].
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if there is no such axis.
    pub fn flip(self, axis: usize) -> Result<Self, LayoutError> {
        Ok(each_sample!(ImageViewMut(self), view => view.flip(axis)?.into()))
    }

    /// One channel as a gray image.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if there is no such channel.
    pub fn plane(self, channel: usize) -> Result<Self, LayoutError> {
        Ok(each_sample!(ImageViewMut(self), view => view.index_axis(2, channel)?.into()))
    }

    /// The part before `index` of `axis`, and the rest; see
    /// [`StridedViewMut::split_at`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn split_at(self, axis: usize, index: usize) -> Result<(Self, Self), LayoutError> {
        Ok(each_sample!(ImageViewMut(self), view => {
            let (first, second) = view.split_at(axis, index)?;
            (first.into(), second.into())
        }))
    }
}

impl<'a> From<&'a mut Image> for ImageViewMut<'a> {
    fn from(image: &'a mut Image) -> Self {
        let shape = image.shape();
        Self::from_samples(image.samples_mut(), shape).expect("an image's shape fits its samples")
    }
}
