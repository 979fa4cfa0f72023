//! Views of views: the operations of [`Layout`](super::Layout) on the same buffer.

use super::{LayoutError, Slice, Spacing, StridedView};

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
    pub fn index_axis<const M: usize>(
        &self,
        axis: usize,
        index: usize,
    ) -> Result<StridedView<'a, T, M>, LayoutError> {
        Ok(self.with(self.layout().index_axis(axis, index)?))
    }

    /// See [`Layout::insert_axis`](super::Layout::insert_axis).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn insert_axis<const M: usize>(
        &self,
        axis: usize,
    ) -> Result<StridedView<'a, T, M>, LayoutError> {
        Ok(self.with(self.layout().insert_axis(axis)?))
    }

    /// See [`Layout::repeated`](super::Layout::repeated).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn repeated<const M: usize>(
        &self,
        axis: usize,
        times: usize,
    ) -> Result<StridedView<'a, T, M>, LayoutError> {
        Ok(self.with(self.layout().repeated(axis, times)?))
    }

    /// See [`Layout::diagonal`](super::Layout::diagonal).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn diagonal<const M: usize>(
        &self,
        offset: isize,
        axes: [usize; 2],
    ) -> Result<StridedView<'a, T, M>, LayoutError> {
        Ok(self.with(self.layout().diagonal(offset, axes)?))
    }

    /// See [`Layout::anti_diagonal`](super::Layout::anti_diagonal).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn anti_diagonal<const M: usize>(
        &self,
        offset: isize,
        axes: [usize; 2],
    ) -> Result<StridedView<'a, T, M>, LayoutError> {
        Ok(self.with(self.layout().anti_diagonal(offset, axes)?))
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
    pub fn windows_over<const K: usize, const M: usize>(
        &self,
        axes: [usize; K],
        window: [usize; K],
        spacing: Spacing<K>,
    ) -> Result<StridedView<'a, T, M>, LayoutError> {
        Ok(self.with(self.layout().windows_over(axes, window, spacing)?))
    }

    /// See [`Layout::blocks`](super::Layout::blocks).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn blocks<const K: usize, const M: usize>(
        &self,
        axes: [usize; K],
        block: [usize; K],
    ) -> Result<StridedView<'a, T, M>, LayoutError> {
        Ok(self.with(self.layout().blocks(axes, block)?))
    }

    /// The one-dimensional views along `axis`, in row-major order of the
    /// others: the columns of a matrix for axis 0, its rows for axis 1. Along an
    /// axis of length zero they are empty, and as many.
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
            // Where nothing is reachable, neither is the start of a lane.
            let at = if length == 0 { view.offset() } else { at };
            view.with(view.layout().derive([length], [stride], at))
        }))
    }
}
