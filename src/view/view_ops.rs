//! Operations on views: those of [`Layout`](super::Layout), on the same buffer.

use super::{
    AddAxes, AxisChunksIter, AxisIter, InsertAxis, LayoutError, RemoveAxis, Slice, Spacing,
    StridedView, split::Split,
};

impl<'a, T, const N: usize> StridedView<'a, T, N> {
    /// See [`Layout::slice`](super::Layout::slice).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn slice(&self, axis: usize, slice: impl Into<Slice>) -> Result<Self, LayoutError> {
        Ok(self.with(self.layout().slice(axis, slice)?))
    }

    /// See [`Layout::flip`](super::Layout::flip).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn flip(&self, axis: usize) -> Result<Self, LayoutError> {
        Ok(self.with(self.layout().flip(axis)?))
    }

    /// See [`Layout::permute`](super::Layout::permute).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn permute(&self, order: [usize; N]) -> Result<Self, LayoutError> {
        Ok(self.with(self.layout().permute(order)?))
    }

    /// See [`Layout::transpose`](super::Layout::transpose).
    #[must_use]
    pub fn transpose(&self) -> Self {
        self.with(self.layout().transpose())
    }

    /// See [`Layout::index_axis`](super::Layout::index_axis).
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn index_axis(
        &self,
        axis: usize,
        index: usize,
    ) -> Result<<Self as RemoveAxis>::Smaller, LayoutError>
    where
        Self: RemoveAxis,
    {
        self.remove_axis(axis, index)
    }

    /// The part before `index` of `axis`, and the rest.
    ///
    /// # Errors
    ///
    /// If there is no such axis or `index` is above its length.
    pub fn split_at(&self, axis: usize, index: usize) -> Result<(Self, Self), LayoutError> {
        Split::split_at(*self, axis, index)
    }

    /// The views along `axis`, without that axis: for an image of
    /// `(rows, columns, channels)`, its rows along axis 0, its planes along axis 2.
    /// [`into_par_iter`](rayon::iter::IntoParallelIterator::into_par_iter) iterates in
    /// parallel.
    ///
    /// # Errors
    ///
    /// If there is no such axis.
    ///
    /// # Examples
    ///
    /// The windows of every row, on all threads:
    ///
    /// ```
    /// use rayon::prelude::*;
    /// use stridekern::view::StridedView;
    ///
    /// let buffer: Vec<i64> = (0..12).collect();
    /// let windows = StridedView::from_slice(&buffer, [4, 3])?.windows([2, 2])?;
    /// let sums: Vec<i64> = (windows.axis_iter(0)?.into_par_iter())
    ///     .map(|row| row.iter().sum())
    ///     .collect();
    /// // Two windows a row: 0 1 3 4 and 1 2 4 5, and so on.
    /// assert_eq!(sums, [20, 44, 68]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn axis_iter(&self, axis: usize) -> Result<AxisIter<Self>, LayoutError>
    where
        Self: RemoveAxis,
    {
        AxisIter::new(*self, axis)
    }

    /// Parts of `count` indices of `axis` each; the last may be shorter.
    ///
    /// # Errors
    ///
    /// If there is no such axis, or `count` is zero.
    pub fn axis_chunks_iter(
        &self,
        axis: usize,
        count: usize,
    ) -> Result<AxisChunksIter<Self>, LayoutError> {
        AxisChunksIter::new(*self, axis, count)
    }

    /// See [`Layout::insert_axis`](super::Layout::insert_axis).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn insert_axis(&self, axis: usize) -> Result<<Self as InsertAxis>::Larger, LayoutError>
    where
        Self: InsertAxis,
    {
        self.insert_repeated(axis, 1)
    }

    /// See [`Layout::repeated`](super::Layout::repeated).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn repeated(
        &self,
        axis: usize,
        times: usize,
    ) -> Result<<Self as InsertAxis>::Larger, LayoutError>
    where
        Self: InsertAxis,
    {
        self.insert_repeated(axis, times)
    }

    /// See [`Layout::diagonal`](super::Layout::diagonal).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn diagonal(
        &self,
        axes: [usize; 2],
        offset: isize,
    ) -> Result<<Self as RemoveAxis>::Smaller, LayoutError>
    where
        Self: RemoveAxis,
    {
        self.merge_axes(axes, offset)
    }

    /// See [`Layout::anti_diagonal`](super::Layout::anti_diagonal).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn anti_diagonal(
        &self,
        axes: [usize; 2],
        offset: isize,
    ) -> Result<<Self as RemoveAxis>::Smaller, LayoutError>
    where
        Self: RemoveAxis,
    {
        self.flip(axes[1])?.diagonal(axes, offset)
    }

    /// See [`Layout::broadcast_to`](super::Layout::broadcast_to).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn broadcast_to<const M: usize>(
        &self,
        shape: [usize; M],
    ) -> Result<StridedView<'a, T, M>, LayoutError> {
        Ok(self.with(self.layout().broadcast_to(shape)?))
    }

    /// See [`Layout::reshape`](super::Layout::reshape).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn reshape<const M: usize>(
        &self,
        shape: [usize; M],
    ) -> Result<StridedView<'a, T, M>, LayoutError> {
        Ok(self.with(self.layout().reshape(shape)?))
    }

    /// See [`Layout::windows_over`](super::Layout::windows_over).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn windows_over<const K: usize>(
        &self,
        axes: [usize; K],
        window: [usize; K],
        spacing: Spacing<K>,
    ) -> Result<<Self as AddAxes<K>>::Larger, LayoutError>
    where
        Self: AddAxes<K>,
    {
        self.add_windows(axes, window, spacing)
    }

    /// See [`Layout::blocks`](super::Layout::blocks).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn blocks<const K: usize>(
        &self,
        axes: [usize; K],
        block: [usize; K],
    ) -> Result<<Self as AddAxes<K>>::Larger, LayoutError>
    where
        Self: AddAxes<K>,
    {
        self.add_blocks(axes, block)
    }

    /// The one-dimensional views along `axis`, in row-major order of the
    /// others: the columns of a matrix for axis 0, its rows for axis 1. Along an axis of
    /// length zero their number is the same, and they are empty.
    ///
    /// # Errors
    ///
    /// If there is no such axis.
    pub fn lanes(
        &self,
        axis: usize,
    ) -> Result<impl ExactSizeIterator<Item = StridedView<'a, T, 1>>, LayoutError> {
        let length = self.layout().axis_len(axis)?;
        let mut others = self.shape();
        others[axis] = 1;
        let starts = self
            .layout()
            .derive(others, self.strides(), self.offset())
            .positions();
        let (view, stride) = (*self, self.strides()[axis]);
        Ok(starts.map(move |at| {
            // An empty lane has no first element.
            let at = if length == 0 { view.offset() } else { at };
            view.with(view.layout().derive([length], [stride], at))
        }))
    }
}
