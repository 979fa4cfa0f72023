//! Conversion between views and arrays of the `ndarray` crate, without a copy.

use std::ops::RangeInclusive;

use ndarray::{
    ArrayView, ArrayViewMut, Axis, Dim, Dimension, IntoDimension, Ix, ShapeBuilder, StrideShape,
};

use super::{Layout, LayoutError, StridedView, StridedViewMut};

/// Shape, strides and offset of an array whose elements are contiguous in memory.
struct Dense<const N: usize> {
    shape: [usize; N],
    strides: [isize; N],
    /// The slice begins at the lowest element; index zero is the last element along every
    /// axis of negative stride.
    offset: usize,
}

impl<const N: usize> Dense<N> {
    fn new(shape: &[usize], strides: &[isize]) -> Self {
        let before = |(&n, &stride): (&usize, &isize)| match stride < 0 {
            true => n.saturating_sub(1) * stride.unsigned_abs(),
            false => 0,
        };
        Self {
            shape: std::array::from_fn(|axis| shape[axis]),
            strides: std::array::from_fn(|axis| strides[axis]),
            offset: shape.iter().zip(strides).map(before).sum(),
        }
    }

    fn refused(&self) -> LayoutError {
        LayoutError::NotContiguous {
            shape: self.shape.to_vec(),
            strides: self.strides.to_vec(),
        }
    }
}

/// The parts that an `ndarray` array view is constructed from.
struct Foreign<D: Dimension> {
    /// With positive strides: its checked constructor takes no others, but an axis of a
    /// view can be inverted afterwards.
    shape: StrideShape<D>,
    /// The range of the buffer from the lowest element to the highest; `None` if empty.
    reached: Option<RangeInclusive<usize>>,
    inverted: Vec<Axis>,
}

impl<const N: usize> Layout<N> {
    fn foreign(&self) -> Foreign<Dim<[Ix; N]>>
    where
        Dim<[Ix; N]>: Dimension,
        [Ix; N]: IntoDimension<Dim = Dim<[Ix; N]>>,
    {
        let (shape, strides) = (self.shape(), self.strides());
        let Some((low, high)) = self.ends() else {
            // It checks strides against the buffer even if there are no elements.
            return Foreign {
                shape: shape.into_dimension().into(),
                reached: None,
                inverted: Vec::new(),
            };
        };
        // The stride of a single index is never used and may be too large to negate.
        let steps: [usize; N] = std::array::from_fn(|axis| match shape[axis] {
            1 => 0,
            _ => strides[axis].unsigned_abs(),
        });
        let backwards = (0..N).filter(|&axis| shape[axis] > 1 && strides[axis] < 0);
        Foreign {
            shape: shape.into_dimension().strides(steps.into_dimension()),
            reached: Some(low..=high),
            inverted: backwards.map(Axis).collect(),
        }
    }

    fn refused_by_ndarray(&self) -> LayoutError {
        LayoutError::Refused {
            by: "ndarray",
            shape: self.shape().to_vec(),
            strides: self.strides().to_vec(),
        }
    }
}

impl<'a, T, const N: usize> StridedView<'a, T, N>
where
    Dim<[Ix; N]>: Dimension,
    [Ix; N]: IntoDimension<Dim = Dim<[Ix; N]>>,
{
    /// The view as an array view of the `ndarray` crate, strides and all.
    ///
    /// # Errors
    ///
    /// [`LayoutError::Refused`] if `ndarray` does not support the layout: more
    /// indices than `isize` counts.
    pub fn to_ndarray(&self) -> Result<ArrayView<'a, T, Dim<[Ix; N]>>, LayoutError> {
        let foreign = self.layout().foreign();
        let buffer = foreign
            .reached
            .map_or(&[][..], |reached| &self.buffer()[reached]);
        let view = ArrayView::from_shape(foreign.shape, buffer);
        let mut view = view.map_err(|_| self.layout().refused_by_ndarray())?;
        foreign
            .inverted
            .into_iter()
            .for_each(|axis| view.invert_axis(axis));
        Ok(view)
    }

    /// An array view of the `ndarray` crate, if its elements are contiguous in memory: in C
    /// or Fortran order, or with axes permuted or inverted.
    ///
    /// A part of an array has gaps, which may be borrowed elsewhere; for parts see [`from_ndarray_part`](Self::from_ndarray_part).
    ///
    /// # Errors
    ///
    /// [`LayoutError::NotContiguous`] where there are gaps between the elements
    /// or elements are repeated.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use stridekern::view::StridedView;
    ///
    /// let array = array![[1, 2, 3], [4, 5, 6]];
    /// let view = StridedView::from_ndarray(&array.t())?;
    /// assert_eq!((view.shape(), view.strides()), ([3, 2], [1, 3]));
    /// assert_eq!(view.flip(1)?.to_ndarray()?, array![[4, 1], [5, 2], [6, 3]]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn from_ndarray(array: &ArrayView<'a, T, Dim<[Ix; N]>>) -> Result<Self, LayoutError> {
        let dense = Dense::new(array.shape(), array.strides());
        if array.is_empty() {
            return Self::from_slice(&[], dense.shape);
        }
        let buffer = array
            .to_slice_memory_order()
            .ok_or_else(|| dense.refused())?;
        Self::new(buffer, dense.shape, dense.strides, dense.offset)
    }

    /// `part` of the array `whole`, whatever its strides: with gaps, backwards,
    /// or repeated by broadcasting. Only the shape, strides and address of
    /// `part` are used, and checked; the elements are those of `whole`, which must be
    /// contiguous in memory as in [`from_ndarray`](Self::from_ndarray).
    ///
    /// # Errors
    ///
    /// [`LayoutError::NotContiguous`] if `whole` does not fill a slice,
    /// [`LayoutError::NotAPart`] if `part` does not begin in it, and as
    /// [`new`](Self::new) if it ends outside it.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::{array, s};
    /// use stridekern::view::StridedView;
    ///
    /// let array = array![[1, 2, 3, 4], [5, 6, 7, 8]];
    /// let part = array.slice(s![..;-1, 1..;2]);
    /// let view = StridedView::from_ndarray_part(&array.view(), &part)?;
    /// assert_eq!((view.strides(), view.offset()), ([-4, 2], 5));
    /// assert_eq!(view.to_vec(), [6, 8, 2, 4]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn from_ndarray_part<D: Dimension>(
        whole: &ArrayView<'a, T, D>,
        part: &ArrayView<'_, T, Dim<[Ix; N]>>,
    ) -> Result<Self, LayoutError> {
        let layout = Dense::new(part.shape(), part.strides());
        if part.is_empty() {
            return Self::from_slice(&[], layout.shape);
        }
        let buffer = whole
            .to_slice_memory_order()
            .ok_or(LayoutError::NotContiguous {
                shape: whole.shape().to_vec(),
                strides: whole.strides().to_vec(),
            })?;
        let bytes = part.as_ptr().addr().checked_sub(buffer.as_ptr().addr());
        let offset = match (bytes, size_of::<T>()) {
            // Zero-sized elements all have the same address.
            (Some(0), 0) => Some(layout.offset),
            (Some(bytes), size) if size > 0 && bytes % size == 0 => Some(bytes / size),
            _ => None,
        };
        let offset = offset.filter(|&offset| offset < buffer.len());
        let offset = offset.ok_or(LayoutError::NotAPart)?;
        Self::new(buffer, layout.shape, layout.strides, offset)
    }
}

impl<'a, T, const N: usize> StridedViewMut<'a, T, N>
where
    Dim<[Ix; N]>: Dimension,
    [Ix; N]: IntoDimension<Dim = Dim<[Ix; N]>>,
{
    /// The view as a mutable array view of the `ndarray` crate, strides and all.
    ///
    /// # Errors
    ///
    /// [`LayoutError::Refused`] if `ndarray` does not support the layout: more indices
    /// than `isize` counts, or axes that interleave so that its check cannot rule out
    /// overlap.
    pub fn into_ndarray(self) -> Result<ArrayViewMut<'a, T, Dim<[Ix; N]>>, LayoutError> {
        let layout = *self.layout();
        let foreign = layout.foreign();
        let buffer = match foreign.reached {
            Some(reached) => &mut self.into_buffer()[reached],
            None => &mut [],
        };
        let view = ArrayViewMut::from_shape(foreign.shape, buffer);
        let mut view = view.map_err(|_| layout.refused_by_ndarray())?;
        foreign
            .inverted
            .into_iter()
            .for_each(|axis| view.invert_axis(axis));
        Ok(view)
    }

    /// A mutable array view of the `ndarray` crate, if its elements are contiguous in
    /// memory. For a part of an array, pass the whole and
    /// [`slice`](Self::slice) it here.
    ///
    /// # Errors
    ///
    /// [`LayoutError::NotContiguous`] where there are gaps between the elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::{array, s};
    /// use stridekern::view::StridedViewMut;
    ///
    /// let mut array = array![[1, 2, 3], [4, 5, 6]];
    /// StridedViewMut::from_ndarray(array.view_mut())?.slice(1, 1..2)?.fill(0);
    /// assert_eq!(array, array![[1, 0, 3], [4, 0, 6]]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn from_ndarray(array: ArrayViewMut<'a, T, Dim<[Ix; N]>>) -> Result<Self, LayoutError> {
        let dense = Dense::new(array.shape(), array.strides());
        if array.is_empty() {
            return Self::from_slice(&mut [], dense.shape);
        }
        let buffer = array
            .into_slice_memory_order()
            .ok_or_else(|| dense.refused())?;
        Self::new(buffer, dense.shape, dense.strides, dense.offset)
    }
}

#[cfg(test)]
mod tests;
