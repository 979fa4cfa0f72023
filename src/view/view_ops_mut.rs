//! Operations on mutable views. Each addresses a subset of the elements of its parent, so
//! no two of its indices address the same element either.

use super::{
    AddAxes, AxisChunksIter, AxisIter, InsertAxis, LayoutError, RemoveAxis, Slice, StridedViewMut,
    split::Split,
};

/// Operations that consume the view, so that the result lives as long as the buffer is
/// borrowed. Those that end in `_mut` only borrow the view.
impl<'a, T, const N: usize> StridedViewMut<'a, T, N> {
    /// See [`Layout::slice`](super::Layout::slice).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn slice(self, axis: usize, slice: impl Into<Slice>) -> Result<Self, LayoutError> {
        let layout = self.layout().slice(axis, slice)?;
        Ok(self.into_layout(layout))
    }

    /// See [`Layout::flip`](super::Layout::flip).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn flip(self, axis: usize) -> Result<Self, LayoutError> {
        let layout = self.layout().flip(axis)?;
        Ok(self.into_layout(layout))
    }

    /// See [`Layout::permute`](super::Layout::permute).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn permute(self, order: [usize; N]) -> Result<Self, LayoutError> {
        let layout = self.layout().permute(order)?;
        Ok(self.into_layout(layout))
    }

    /// See [`Layout::transpose`](super::Layout::transpose).
    #[must_use]
    pub fn transpose(self) -> Self {
        let layout = self.layout().transpose();
        self.into_layout(layout)
    }

    /// See [`Layout::index_axis`](super::Layout::index_axis).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn index_axis(
        self,
        axis: usize,
        index: usize,
    ) -> Result<<Self as RemoveAxis>::Smaller, LayoutError>
    where
        Self: RemoveAxis,
    {
        self.remove_axis(axis, index)
    }

    /// See [`Layout::diagonal`](super::Layout::diagonal).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn diagonal(
        self,
        axes: [usize; 2],
        offset: isize,
    ) -> Result<<Self as RemoveAxis>::Smaller, LayoutError>
    where
        Self: RemoveAxis,
    {
        self.merge_axes(axes, offset)
    }

    /// See [`Layout::insert_axis`](super::Layout::insert_axis).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn insert_axis(self, axis: usize) -> Result<<Self as InsertAxis>::Larger, LayoutError>
    where
        Self: InsertAxis,
    {
        self.insert_repeated(axis, 1)
    }

    /// See [`Layout::blocks`](super::Layout::blocks).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn blocks<const K: usize>(
        self,
        axes: [usize; K],
        block: [usize; K],
    ) -> Result<<Self as AddAxes<K>>::Larger, LayoutError>
    where
        Self: AddAxes<K>,
    {
        self.add_blocks(axes, block)
    }

    /// The part before `index` of `axis`, and the rest: two views that different threads
    /// may write through.
    ///
    /// # Errors
    ///
    /// If there is no such axis, `index` is above its length, or
    /// [`LayoutError::Interleaved`] if elements of one part lie between those
    /// of the other; see [`Layout::check_separate`](super::Layout::check_separate).
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::view::StridedViewMut;
    ///
    /// // Rows of two pixels of three channels, with a gap of two after each.
    /// let mut buffer = [0; 24];
    /// let image = StridedViewMut::new(&mut buffer, [3, 2, 3], [8, 3, 1], 0)?;
    /// let (mut upper, mut lower) = image.split_at(0, 1)?;
    /// rayon::join(|| upper.fill(1), || lower.fill(2));
    /// assert_eq!(
    ///     buffer,
    ///     [1, 1, 1, 1, 1, 1, 0, 0, 2, 2, 2, 2, 2, 2, 0, 0, 2, 2, 2, 2, 2, 2, 0, 0]
    /// );
    ///
    /// // The left and the right half interleave row by row.
    /// let image = StridedViewMut::new(&mut buffer, [3, 2, 3], [8, 3, 1], 0)?;
    /// assert_eq!(
    ///     image.split_at(1, 1).unwrap_err().to_string(),
    ///     "the parts along axis 1 are 3 elements apart and span 19 each, so they \
    ///      interleave and cannot be lent to several writers; take the axis with the \
    ///      longest stride, or for_each"
    /// );
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn split_at(self, axis: usize, index: usize) -> Result<(Self, Self), LayoutError> {
        Split::split_at(self, axis, index)
    }

    /// The views along `axis`, without that axis; as
    /// [`axis_iter_mut`](Self::axis_iter_mut), for as long as the buffer is borrowed.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn into_axis_iter(self, axis: usize) -> Result<AxisIter<Self>, LayoutError>
    where
        Self: RemoveAxis,
    {
        AxisIter::new(self, axis)
    }

    /// Parts of `count` indices of `axis` each; as
    /// [`axis_chunks_iter_mut`](Self::axis_chunks_iter_mut), for as long as the
    /// buffer is borrowed.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn into_axis_chunks_iter(
        self,
        axis: usize,
        count: usize,
    ) -> Result<AxisChunksIter<Self>, LayoutError> {
        AxisChunksIter::new(self, axis, count)
    }
}

/// Operations that borrow the view.
impl<T, const N: usize> StridedViewMut<'_, T, N> {
    /// As [`slice`](Self::slice) of a [`reborrow`](Self::reborrow).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn slice_mut(
        &mut self,
        axis: usize,
        slice: impl Into<Slice>,
    ) -> Result<StridedViewMut<'_, T, N>, LayoutError> {
        self.reborrow().slice(axis, slice)
    }

    /// As [`flip`](Self::flip) of a [`reborrow`](Self::reborrow).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn flip_mut(&mut self, axis: usize) -> Result<StridedViewMut<'_, T, N>, LayoutError> {
        self.reborrow().flip(axis)
    }

    /// As [`permute`](Self::permute) of a [`reborrow`](Self::reborrow).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn permute_mut(
        &mut self,
        order: [usize; N],
    ) -> Result<StridedViewMut<'_, T, N>, LayoutError> {
        self.reborrow().permute(order)
    }

    /// As [`transpose`](Self::transpose) of a [`reborrow`](Self::reborrow).
    pub fn transpose_mut(&mut self) -> StridedViewMut<'_, T, N> {
        self.reborrow().transpose()
    }

    /// As [`index_axis`](Self::index_axis) of a [`reborrow`](Self::reborrow).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn index_axis_mut<'b>(
        &'b mut self,
        axis: usize,
        index: usize,
    ) -> Result<<StridedViewMut<'b, T, N> as RemoveAxis>::Smaller, LayoutError>
    where
        StridedViewMut<'b, T, N>: RemoveAxis,
    {
        self.reborrow().index_axis(axis, index)
    }

    /// As [`blocks`](Self::blocks) of a [`reborrow`](Self::reborrow).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn blocks_mut<'b, const K: usize>(
        &'b mut self,
        axes: [usize; K],
        block: [usize; K],
    ) -> Result<<StridedViewMut<'b, T, N> as AddAxes<K>>::Larger, LayoutError>
    where
        StridedViewMut<'b, T, N>: AddAxes<K>,
    {
        self.reborrow().blocks(axes, block)
    }

    /// As [`split_at`](Self::split_at) of a [`reborrow`](Self::reborrow).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn split_at_mut(
        &mut self,
        axis: usize,
        index: usize,
    ) -> Result<(StridedViewMut<'_, T, N>, StridedViewMut<'_, T, N>), LayoutError> {
        self.reborrow().split_at(axis, index)
    }

    /// The views along `axis`, without that axis: the rows of an image for axis 0.
    /// `into_par_iter` iterates in parallel.
    ///
    /// # Errors
    ///
    /// If there is no such axis, or [`LayoutError::Interleaved`] if what two
    /// of its indices reach interleaves; see
    /// [`Layout::check_separate`](super::Layout::check_separate).
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    /// use stridekern::view::StridedViewMut;
    ///
    /// let mut buffer = [0; 12];
    /// let mut view = StridedViewMut::from_slice(&mut buffer, [3, 4])?;
    /// (view.axis_iter_mut(0)?.into_par_iter().enumerate())
    ///     .for_each(|(row, mut elements)| elements.fill(row));
    /// assert_eq!(buffer, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn axis_iter_mut<'b>(
        &'b mut self,
        axis: usize,
    ) -> Result<AxisIter<StridedViewMut<'b, T, N>>, LayoutError>
    where
        StridedViewMut<'b, T, N>: RemoveAxis,
    {
        self.reborrow().into_axis_iter(axis)
    }

    /// Parts of `count` indices of `axis` each, the last may be shorter: bands of rows for
    /// axis 0. `into_par_iter` iterates in parallel.
    ///
    /// # Errors
    ///
    /// As [`axis_iter_mut`](Self::axis_iter_mut), and if `count` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use rayon::prelude::*;
    /// use stridekern::view::StridedViewMut;
    ///
    /// // Five rows of one pixel of two channels, from the last to the first.
    /// let mut buffer = [0; 10];
    /// let mut image = StridedViewMut::new(&mut buffer, [5, 1, 2], [-2, 2, 1], 8)?;
    /// (image.axis_chunks_iter_mut(0, 2)?.into_par_iter().enumerate())
    ///     .for_each(|(band, mut rows)| rows.fill(band));
    /// assert_eq!(buffer, [2, 2, 1, 1, 1, 1, 0, 0, 0, 0]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn axis_chunks_iter_mut(
        &mut self,
        axis: usize,
        count: usize,
    ) -> Result<AxisChunksIter<StridedViewMut<'_, T, N>>, LayoutError> {
        self.reborrow().into_axis_chunks_iter(axis, count)
    }
}

impl<T> StridedViewMut<'_, T, 2> {
    /// The diagonal `offset` columns right of the main one; see
    /// [`Layout::diagonal`](super::Layout::diagonal).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn diagonal_mut(&mut self, offset: isize) -> Result<StridedViewMut<'_, T, 1>, LayoutError> {
        self.reborrow().diagonal([0, 1], offset)
    }

    /// Row `row` as a slice, or `None` if there is no such row or its elements
    /// are not contiguous.
    pub fn row_mut(&mut self, row: usize) -> Option<&mut [T]> {
        self.reborrow().index_axis(0, row).ok()?.into_slice()
    }
}

impl<T> StridedViewMut<'_, T, 3> {
    /// One channel of an image of `(rows, columns, channels)`.
    ///
    /// # Errors
    ///
    /// If there is no such channel.
    pub fn plane_mut(&mut self, channel: usize) -> Result<StridedViewMut<'_, T, 2>, LayoutError> {
        self.reborrow().index_axis(2, channel)
    }

    /// Row `row` of an interleaved image as one flat slice of columns x
    /// channels, or `None` if there is no such row or its samples are not contiguous.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::view::StridedViewMut;
    ///
    /// // Upside down, with a gap of one after every row.
    /// let mut buffer = [0; 14];
    /// let mut image = StridedViewMut::new(&mut buffer, [2, 3, 2], [-7, 2, 1], 7)?;
    /// image.flat_row_mut(0).unwrap().copy_from_slice(&[1, 2, 3, 4, 5, 6]);
    /// assert_eq!(image.flat_row_mut(2), None);
    /// assert_eq!(buffer, [0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn flat_row_mut(&mut self, row: usize) -> Option<&mut [T]> {
        self.reborrow().index_axis(0, row).ok()?.into_slice()
    }
}
