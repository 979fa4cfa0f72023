//! `StridedView`: a borrowed strided view of a buffer.

use std::ops::Index;

use super::{Iter, Layout, LayoutError};

/// A borrowed strided view of a buffer: a slice and a [`Layout`], never a copy.
///
/// All operations that derive a view from a view are arithmetic on shape, strides and
/// offset; see [`Layout`] for its conditions and errors.
///
/// # Examples
///
/// ```
/// use stridekern::view::StridedView;
///
/// // 0..12 in 4 rows of 3 columns, and every 2x2 window of it.
/// let buffer: Vec<i32> = (0..12).collect();
/// let view = StridedView::from_slice(&buffer, [4, 3])?;
/// let windows = view.windows([2, 2])?;
/// assert_eq!(windows.shape(), [3, 2, 2, 2]);
/// assert_eq!(windows.strides(), [3, 1, 3, 1]);
/// assert_eq!(windows[[2, 1, 0, 0]], 7);
/// # Ok::<(), stridekern::Error>(())
/// ```
///
/// A view cannot outlive its buffer:
///
/// ```compile_fail
/// use stridekern::view::StridedView;
///
/// let view = {
///     let buffer = vec![1, 2, 3];
///     StridedView::from_slice(&buffer, [3]).unwrap()
/// };
/// assert_eq!(view[[0]], 1);
/// ```
pub struct StridedView<'a, T, const N: usize> {
    buffer: &'a [T],
    layout: Layout<N>,
}

// Not derived: a view is a copy of a reference, whatever the elements are.
impl<T, const N: usize> Clone for StridedView<'_, T, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const N: usize> Copy for StridedView<'_, T, N> {}

impl<'a, T, const N: usize> StridedView<'a, T, N> {
    /// A view of `buffer` with this shape, strides (in elements) and offset:
    /// NumPy's `as_strided`, checked.
    ///
    /// # Errors
    ///
    /// As [`Layout::new`]: if any reachable element lies outside the buffer.
    pub fn new(
        buffer: &'a [T],
        shape: [usize; N],
        strides: [isize; N],
        offset: usize,
    ) -> Result<Self, LayoutError> {
        let layout = Layout::new(shape, strides, offset, buffer.len())?;
        Ok(Self { buffer, layout })
    }

    /// The C-ordered view of `buffer`: the last axis is contiguous.
    ///
    /// # Errors
    ///
    /// If the buffer has fewer elements than the shape.
    pub fn from_slice(buffer: &'a [T], shape: [usize; N]) -> Result<Self, LayoutError> {
        let layout = Layout::c_order(shape, buffer.len())?;
        Ok(Self { buffer, layout })
    }

    /// The Fortran-ordered view of `buffer`: the first axis is contiguous.
    ///
    /// # Errors
    ///
    /// If the buffer has fewer elements than the shape.
    pub fn from_slice_f(buffer: &'a [T], shape: [usize; N]) -> Result<Self, LayoutError> {
        let layout = Layout::f_order(shape, buffer.len())?;
        Ok(Self { buffer, layout })
    }

    /// The whole buffer that the view borrows.
    pub const fn buffer(&self) -> &'a [T] {
        self.buffer
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

    /// The step along every axis in bytes, as NumPy counts.
    pub fn byte_strides(&self) -> [isize; N] {
        self.strides()
            .map(|stride| stride.saturating_mul(size_of::<T>() as isize))
    }

    /// The position of the element at index zero in the buffer.
    pub const fn offset(&self) -> usize {
        self.layout.offset()
    }

    /// The number of indices.
    pub fn len(&self) -> usize {
        self.layout.len()
    }

    /// Whether there are no indices.
    pub fn is_empty(&self) -> bool {
        self.layout.is_empty()
    }

    /// See [`Layout::is_c_contiguous`].
    pub fn is_c_contiguous(&self) -> bool {
        self.layout.is_c_contiguous()
    }

    /// See [`Layout::is_f_contiguous`].
    pub fn is_f_contiguous(&self) -> bool {
        self.layout.is_f_contiguous()
    }

    /// See [`Layout::overlaps`].
    pub fn overlaps(&self) -> bool {
        self.layout.overlaps()
    }

    /// The number of indices times the size of an element: NumPy's `nbytes`. Windows
    /// count an element once for every window that contains it.
    pub fn nbytes(&self) -> usize {
        self.len().saturating_mul(size_of::<T>())
    }

    /// The bytes from the lowest element shown to the highest.
    pub fn span_bytes(&self) -> usize {
        self.layout.span() * size_of::<T>()
    }

    /// The bytes of the whole buffer, which is borrowed as long as the view lives.
    pub const fn parent_bytes(&self) -> usize {
        size_of_val(self.buffer)
    }

    /// The element at `index`, or `None` outside the shape.
    pub fn get(&self, index: [usize; N]) -> Option<&'a T> {
        self.layout.position(index).map(|at| &self.buffer[at])
    }

    /// The element at an index known to be inside the shape. Outside it, this returns
    /// another element of the buffer or panics.
    #[inline(always)]
    pub(crate) fn at(&self, index: [usize; N]) -> &'a T {
        debug_assert!(
            self.layout.position(index).is_some(),
            "{index:?} is outside {:?}",
            self.shape()
        );
        &self.buffer[self.layout.position_unchecked(index)]
    }

    /// The elements in row-major order.
    pub fn iter(&self) -> Iter<'a, T, N> {
        Iter::new(*self)
    }

    /// All elements as a slice, if they are contiguous in C order.
    pub fn as_slice(&self) -> Option<&'a [T]> {
        let whole = self.layout.is_c_contiguous() && !self.is_empty();
        match whole {
            true => self.buffer.get(self.offset()..self.offset() + self.len()),
            false => self.is_empty().then_some(&[]),
        }
    }

    /// A view of the same buffer through another layout, derived from this one's.
    pub(super) const fn with<const M: usize>(&self, layout: Layout<M>) -> StridedView<'a, T, M> {
        StridedView {
            buffer: self.buffer,
            layout,
        }
    }

    /// The elements copied in row-major order.
    pub fn to_vec(&self) -> Vec<T>
    where
        T: Clone,
    {
        match self.as_slice() {
            Some(slice) => slice.to_vec(),
            None => self.iter().cloned().collect(),
        }
    }

    /// The elements copied in Fortran order: the first axis fastest.
    pub fn to_vec_f(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.transpose().to_vec()
    }
}

impl<'a, T> StridedView<'a, T, 1> {
    /// The view of a whole slice.
    pub fn of(slice: &'a [T]) -> Self {
        Self::from_slice(slice, [slice.len()]).expect("a slice is as long as itself")
    }
}

impl<'a, T> StridedView<'a, T, 2> {
    /// Every window of `[kh, kw]` elements: shape `(H - kh + 1, W - kw + 1, kh, kw)`.
    ///
    /// # Errors
    ///
    /// If the window is larger than the view or empty.
    pub fn windows(&self, window: [usize; 2]) -> Result<StridedView<'a, T, 4>, LayoutError> {
        Ok(self.with(self.layout.windows(window)?))
    }

    /// Row `row` as a slice, or `None` if there is no such row or its elements
    /// are not contiguous.
    pub fn row(&self, row: usize) -> Option<&'a [T]> {
        self.index_axis(0, row).ok()?.as_slice()
    }

    /// Every row as a slice, or `None` if their elements are not contiguous.
    pub fn rows(&self) -> Option<impl ExactSizeIterator<Item = &'a [T]>> {
        let view = *self;
        let [rows, columns] = self.shape();
        (columns <= 1 || self.strides()[1] == 1)
            .then(|| (0..rows).map(move |row| view.row(row).expect("rows are contiguous")))
    }
}

impl<'a, T> StridedView<'a, T, 3> {
    /// One channel of an image of `(rows, columns, channels)`.
    ///
    /// # Errors
    ///
    /// If there is no such channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::view::StridedView;
    ///
    /// let image = StridedView::from_slice(&[1, 2, 3, 4, 5, 6], [2, 1, 3])?;
    /// assert_eq!(image.plane(2)?.to_vec(), [3, 6]);
    /// assert!(image.plane(3).is_err());
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn plane(&self, channel: usize) -> Result<StridedView<'a, T, 2>, LayoutError> {
        self.index_axis(2, channel)
    }

    /// Row `row` of an interleaved image as one flat slice of columns x
    /// channels, or `None` if there is no such row or its samples are not contiguous.
    pub fn flat_row(&self, row: usize) -> Option<&'a [T]> {
        // Called for each row of each band, so its cost shows in small images.
        let [_, columns, channels] = self.shape();
        let [_, column_stride, channel_stride] = self.strides();
        let is_flat = (channels == 1 || channel_stride == 1)
            && (columns == 1 || column_stride == channels as isize);
        match self.layout.position([row, 0, 0]) {
            Some(start) if is_flat => self.buffer.get(start..start + columns * channels),
            Some(_) => None,
            // There is no such row, or it is empty.
            None => self.index_axis(0, row).ok()?.as_slice(),
        }
    }
}

impl<T, const N: usize> Index<[usize; N]> for StridedView<'_, T, N> {
    type Output = T;

    /// # Panics
    ///
    /// If the index is outside the shape.
    #[inline]
    fn index(&self, index: [usize; N]) -> &T {
        match self.layout.position(index) {
            Some(at) => &self.buffer[at],
            None => panic!("index {index:?} is outside shape {:?}", self.shape()),
        }
    }
}

/// Equal shapes and equal elements, whatever the strides.
impl<T: PartialEq<U>, U, const N: usize> PartialEq<StridedView<'_, U, N>>
    for StridedView<'_, T, N>
{
    fn eq(&self, other: &StridedView<'_, U, N>) -> bool {
        self.shape() == other.shape() && self.iter().zip(other.iter()).all(|(a, b)| a == b)
    }
}

impl<T: Eq, const N: usize> Eq for StridedView<'_, T, N> {}

impl<'a, T, const N: usize> IntoIterator for StridedView<'a, T, N> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T, N>;

    fn into_iter(self) -> Iter<'a, T, N> {
        self.iter()
    }
}

impl<'a, T, const N: usize> IntoIterator for &StridedView<'a, T, N> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T, N>;

    fn into_iter(self) -> Iter<'a, T, N> {
        self.iter()
    }
}
