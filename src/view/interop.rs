//! The same memory as other crates' images and arrays, without a copy.

use image::{ImageBuffer, Pixel, Primitive};

use super::{LayoutError, StridedView};

impl<'a, T: Primitive> StridedView<'a, T, 3> {
    /// The samples of an image of the `image` crate as `(rows, columns,
    /// channels)`.
    pub fn of_image<P, C>(image: &'a ImageBuffer<P, C>) -> Self
    where
        P: Pixel<Subpixel = T>,
        C: std::ops::Deref<Target = [T]>,
    {
        let shape = [
            image.height() as usize,
            image.width() as usize,
            P::CHANNEL_COUNT as usize,
        ];
        Self::from_slice(image.as_raw(), shape).expect("an image buffer holds all of its pixels")
    }

    /// The view as an image of the `image` crate with pixels of type `P`.
    ///
    /// # Errors
    ///
    /// [`LayoutError::NeedsCopy`] if the samples do not stand one after the
    /// other, [`LayoutError::Size`] if `P` has another number of channels or a
    /// side does not fit 32 bits.
    ///
    /// # Examples
    ///
    /// ```
    /// use image::{ImageBuffer, Luma};
    /// use stridekern::view::StridedView;
    ///
    /// let image = ImageBuffer::<Luma<u8>, _>::from_raw(3, 2, vec![0, 1, 2, 3, 4, 5]).unwrap();
    /// let view = StridedView::of_image(&image);
    /// assert_eq!(view.shape(), [2, 3, 1]);
    /// let lower = view.slice(0, 1..)?;
    /// let lower: ImageBuffer<Luma<u8>, &[u8]> = lower.to_image()?;
    /// assert_eq!(lower.get_pixel(2, 0).0, [5]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn to_image<P: Pixel<Subpixel = T>>(&self) -> Result<ImageBuffer<P, &'a [T]>, LayoutError> {
        let [rows, columns, channels] = self.shape();
        let samples = self.as_slice().ok_or_else(|| LayoutError::NeedsCopy {
            from: self.shape().to_vec(),
            to: self.shape().to_vec(),
        })?;
        let sides = (u32::try_from(columns).ok()).zip(u32::try_from(rows).ok());
        sides
            .filter(|_| channels == P::CHANNEL_COUNT as usize)
            .and_then(|(width, height)| ImageBuffer::from_raw(width, height, samples))
            .ok_or_else(|| LayoutError::Size {
                from: self.shape().to_vec(),
                to: vec![rows, columns, P::CHANNEL_COUNT as usize],
            })
    }
}

#[cfg(feature = "ndarray")]
mod with_ndarray {
    use ndarray::{ArrayView, Dim, Dimension, IntoDimension, Ix, ShapeBuilder};

    use super::{LayoutError, StridedView};

    impl<'a, T, const N: usize> StridedView<'a, T, N>
    where
        Dim<[Ix; N]>: Dimension,
        [Ix; N]: IntoDimension<Dim = Dim<[Ix; N]>>,
    {
        /// The view as an array view of the `ndarray` crate, strides and all.
        ///
        /// # Errors
        ///
        /// [`LayoutError::NeedsCopy`] if `ndarray` refuses the layout: more
        /// indices than `isize` counts.
        pub fn to_ndarray(&self) -> Result<ArrayView<'a, T, Dim<[Ix; N]>>, LayoutError> {
            let refused = || LayoutError::NeedsCopy {
                from: self.shape().to_vec(),
                to: self.shape().to_vec(),
            };
            if self.is_empty() {
                // It wants room for strides even where nothing is reached.
                return ArrayView::from_shape(self.shape().into_dimension(), &[])
                    .map_err(|_| refused());
            }
            // Its checked constructor takes no negative strides; its views do,
            // once an axis is inverted. The stride of a single index is never
            // taken and may be too large to invert.
            let (shape, strides) = (self.shape(), self.strides());
            let steps = std::array::from_fn(|axis| match shape[axis] {
                1 => 0,
                _ => strides[axis].unsigned_abs(),
            });
            let (low, high) = self.layout().ends().unwrap_or_default();
            let dimension = shape.into_dimension().strides(steps.into_dimension());
            let mut view = ArrayView::from_shape(dimension, &self.buffer()[low..=high])
                .map_err(|_| refused())?;
            for axis in (0..N).filter(|&axis| shape[axis] > 1 && strides[axis] < 0) {
                view.invert_axis(ndarray::Axis(axis));
            }
            Ok(view)
        }

        /// An array view of the `ndarray` crate, if its elements stand one
        /// after the other: in C or Fortran order, or with axes permuted or
        /// inverted.
        ///
        /// # Errors
        ///
        /// [`LayoutError::NeedsCopy`] where there are gaps between the
        /// elements or elements are repeated: such a view does not lend its
        /// memory as a slice. Take the view of the whole array and slice it
        /// here.
        pub fn of_ndarray(array: &ArrayView<'a, T, Dim<[Ix; N]>>) -> Result<Self, LayoutError> {
            let shape: [usize; N] = std::array::from_fn(|axis| array.shape()[axis]);
            let strides: [isize; N] = std::array::from_fn(|axis| array.strides()[axis]);
            if array.is_empty() {
                return Self::from_slice(&[], shape);
            }
            let buffer = array
                .to_slice_memory_order()
                .ok_or_else(|| LayoutError::NeedsCopy {
                    from: shape.to_vec(),
                    to: shape.to_vec(),
                })?;
            // The slice begins at the lowest element, index zero stands at the
            // far end of every axis that runs backwards.
            let ahead = |(&n, &stride): (&usize, &isize)| match stride < 0 {
                true => (n - 1) * stride.unsigned_abs(),
                false => 0,
            };
            let offset = shape.iter().zip(&strides).map(ahead).sum();
            Self::new(buffer, shape, strides, offset)
        }
    }
}
