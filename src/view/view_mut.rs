//! `StridedViewMut`: a mutable strided view of a buffer.

use std::{
    fmt,
    ops::{Index, IndexMut, Range},
};

use super::{IterMut, Layout, LayoutError, StridedView};

/// A mutable strided view of a buffer: no two of its indices address the same element.
///
/// So windows and repeated axes can never be written through. NumPy allows it, and the
/// result depends on the order of the writes.
///
/// # Examples
///
/// ```
/// use stridekern::view::{Layout, StridedViewMut};
///
/// let mut buffer = [0; 12];
/// let mut view = StridedViewMut::from_slice(&mut buffer, [3, 4])?;
/// view.diagonal_mut(0)?.fill(1);
/// view[[0, 3]] = 7;
/// assert_eq!(buffer, [1, 0, 0, 7, 0, 1, 0, 0, 0, 0, 1, 0]);
///
/// // Writing through overlapping windows is refused.
/// let windows = Layout::c_order([3, 4], 12)?.windows([2, 2])?;
/// let refused = StridedViewMut::with_layout(&mut buffer, windows).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "indices along axes 3 and 1 (strides 1 and 1) reach the same element, so the \
///      view cannot be written through; make a copy with to_vec"
/// );
/// # Ok::<(), stridekern::Error>(())
/// ```
pub struct StridedViewMut<'a, T, const N: usize> {
    buffer: &'a mut [T],
    layout: Layout<N>,
}

impl<'a, T, const N: usize> StridedViewMut<'a, T, N> {
    /// A view of `buffer` with this shape, strides (in elements) and offset.
    ///
    /// # Errors
    ///
    /// As [`Layout::new`], and [`LayoutError::Overlap`] if two indices address
    /// the same element.
    pub fn new(
        buffer: &'a mut [T],
        shape: [usize; N],
        strides: [isize; N],
        offset: usize,
    ) -> Result<Self, LayoutError> {
        let layout = Layout::new(shape, strides, offset, buffer.len())?;
        layout.check_disjoint()?;
        Ok(Self { buffer, layout })
    }

    /// A view of `buffer` through `layout`, which may be of another buffer and
    /// is checked again.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_layout(buffer: &'a mut [T], layout: Layout<N>) -> Result<Self, LayoutError> {
        Self::new(buffer, layout.shape(), layout.strides(), layout.offset())
    }

    /// The C-ordered view of `buffer`.
    ///
    /// # Errors
    ///
    /// If the buffer has fewer elements than the shape.
    pub fn from_slice(buffer: &'a mut [T], shape: [usize; N]) -> Result<Self, LayoutError> {
        let layout = Layout::c_order(shape, buffer.len())?;
        Ok(Self { buffer, layout })
    }

    /// The Fortran-ordered view of `buffer`.
    ///
    /// # Errors
    ///
    /// If the buffer has fewer elements than the shape.
    pub fn from_slice_f(buffer: &'a mut [T], shape: [usize; N]) -> Result<Self, LayoutError> {
        let layout = Layout::f_order(shape, buffer.len())?;
        Ok(Self { buffer, layout })
    }

    /// Shape, strides and offset.
    pub const fn layout(&self) -> &Layout<N> {
        &self.layout
    }

    /// The length of every axis.
    pub const fn shape(&self) -> [usize; N] {
        self.layout.shape()
    }

    /// The step along every axis, in elements.
    pub const fn strides(&self) -> [isize; N] {
        self.layout.strides()
    }

    /// The same view, read-only.
    pub fn as_view(&self) -> StridedView<'_, T, N> {
        // The layout is right for this buffer, so this cannot fail.
        StridedView::new(
            self.buffer,
            self.shape(),
            self.layout.strides(),
            self.layout.offset(),
        )
        .expect("the layout was checked against this buffer")
    }

    /// This view borrowed for a shorter time, for operations that consume a view.
    pub fn reborrow(&mut self) -> StridedViewMut<'_, T, N> {
        StridedViewMut::from_parts(self.buffer, self.layout)
    }

    /// The caller must ensure that the layout fits the buffer, and that no two of its
    /// indices address the same element.
    pub(super) const fn from_parts(buffer: &'a mut [T], layout: Layout<N>) -> Self {
        Self { buffer, layout }
    }

    /// This view through another layout, derived from its own. The caller must ensure that
    /// no two indices of it address the same element.
    pub(super) fn into_layout<const M: usize>(self, layout: Layout<M>) -> StridedViewMut<'a, T, M> {
        StridedViewMut::from_parts(self.buffer, layout)
    }

    /// The whole buffer that the view writes to.
    pub fn into_buffer(self) -> &'a mut [T] {
        self.buffer
    }

    /// The element at `index`, or `None` outside the shape.
    pub fn get_mut(&mut self, index: [usize; N]) -> Option<&mut T> {
        self.layout.position(index).map(|at| &mut self.buffer[at])
    }

    /// The elements in row-major order.
    ///
    /// If lanes interleave, as those of a transposed matrix, the elements cannot be lent
    /// one by one; [`for_each`](Self::for_each) visits them in the same order.
    ///
    /// # Errors
    ///
    /// [`LayoutError::Interleaved`] if lanes interleave.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::view::StridedViewMut;
    ///
    /// let mut buffer = [0; 6];
    /// let mut view = StridedViewMut::from_slice(&mut buffer, [2, 3])?.flip(0)?;
    /// for (number, element) in view.iter_mut()?.enumerate() {
    ///     *element = number;
    /// }
    /// assert_eq!(buffer, [3, 4, 5, 0, 1, 2]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn iter_mut(&mut self) -> Result<IterMut<'_, T, N>, LayoutError> {
        IterMut::new(self.reborrow())
    }

    /// As [`iter_mut`](Self::iter_mut), for as long as the buffer is borrowed.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn into_iter_mut(self) -> Result<IterMut<'a, T, N>, LayoutError> {
        IterMut::new(self)
    }

    /// All elements as a slice, if they are contiguous in C order.
    pub fn as_slice_mut(&mut self) -> Option<&mut [T]> {
        self.reborrow().into_slice()
    }

    /// As [`as_slice_mut`](Self::as_slice_mut), for as long as the buffer is borrowed.
    pub fn into_slice(self) -> Option<&'a mut [T]> {
        match self.layout.ends() {
            None => Some(&mut []),
            Some((low, high)) if self.layout.is_c_contiguous() => self.buffer.get_mut(low..=high),
            Some(_) => None,
        }
    }

    /// Calls `f` with every element in row-major order.
    pub fn for_each(&mut self, mut f: impl FnMut(&mut T)) {
        let mut walk = self.layout.positions();
        while let Some((run, start)) = walk.take_run() {
            let (n, stride) = (run.shape[2], run.strides[2]);
            run.lanes(start, (), |(), at| match stride {
                1 => self.buffer[at..at + n].iter_mut().for_each(&mut f),
                _ => (0..n).for_each(|i| {
                    f(&mut self.buffer[at.wrapping_add_signed(i as isize * stride)]);
                }),
            });
        }
    }

    /// Sets every element to `value`.
    pub fn fill(&mut self, value: T)
    where
        T: Clone,
    {
        self.for_each(|element| *element = value.clone());
    }

    /// Copies the elements of `source`, broadcast to this shape.
    ///
    /// # Errors
    ///
    /// If the shapes do not fit; see [`Layout::broadcast_to`].
    pub fn assign<const M: usize>(
        &mut self,
        source: &StridedView<'_, T, M>,
    ) -> Result<(), LayoutError>
    where
        T: Clone,
    {
        let source = source.broadcast_to(self.shape())?;
        let Some([near, long]) = self.layout.crossing_axes() else {
            self.assign_in_order(&source);
            return Ok(());
        };
        // Whole lanes would write to so many lines of memory that the cache keeps none of them for
        // the next lane.
        let shape = self.shape();
        for across in blocks(shape[near], BLOCK_LINE) {
            let source = source.slice(near, across.clone())?;
            let mut lines = self.reborrow().slice(near, across)?;
            for along in blocks(shape[long], BLOCK_LINES) {
                let source = source.slice(long, along.clone())?;
                lines
                    .reborrow()
                    .slice(long, along)?
                    .assign_in_order(&source);
            }
        }
        Ok(())
    }

    /// Copies the elements of a view of the same shape in row-major order.
    fn assign_in_order(&mut self, source: &StridedView<'_, T, N>)
    where
        T: Clone,
    {
        let mut values = source.iter();
        self.for_each(|element| {
            if let Some(value) = values.next() {
                element.clone_from(value);
            }
        });
    }
}

/// Elements of a block of a transposed copy along the axis on which they are nearest to each other: a
/// line of the cache, of bytes.
const BLOCK_LINE: usize = 64;

/// How many of these are in a block: at distances of a power of two they share a few places
/// of the cache.
const BLOCK_LINES: usize = 16;

/// The parts of an axis of this length.
fn blocks(len: usize, block: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len)
        .step_by(block)
        .map(move |start| start..(start + block).min(len))
}

impl<T, const N: usize> Index<[usize; N]> for StridedViewMut<'_, T, N> {
    type Output = T;

    /// # Panics
    ///
    /// If the index is outside the shape.
    fn index(&self, index: [usize; N]) -> &T {
        match self.layout.position(index) {
            Some(at) => &self.buffer[at],
            None => panic!("index {index:?} is outside shape {:?}", self.shape()),
        }
    }
}

impl<T, const N: usize> IndexMut<[usize; N]> for StridedViewMut<'_, T, N> {
    /// # Panics
    ///
    /// If the index is outside the shape.
    fn index_mut(&mut self, index: [usize; N]) -> &mut T {
        match self.layout.position(index) {
            Some(at) => &mut self.buffer[at],
            None => panic!("index {index:?} is outside shape {:?}", self.shape()),
        }
    }
}

impl<T: fmt::Debug, const N: usize> fmt::Debug for StridedViewMut<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_view().fmt(f)
    }
}
