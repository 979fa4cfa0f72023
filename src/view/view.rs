//! A borrowed look at a buffer.

use std::{fmt, ops::Index};

use super::{
    layout::{Layout, LayoutError},
    windows::Spacing,
};

/// A borrowed look at a buffer through a [`Layout`]: never a copy.
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
    /// A view of `buffer` with this shape, strides (in elements) and offset.
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

    /// The whole buffer that the view looks at.
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

    /// The number of indices.
    pub fn len(&self) -> usize {
        self.layout.len()
    }

    /// Whether there are no indices.
    pub fn is_empty(&self) -> bool {
        self.layout.is_empty()
    }

    /// What the view shows in bytes, counting an element as often as it is
    /// shown: NumPy's `nbytes`.
    pub fn nbytes(&self) -> usize {
        self.len().saturating_mul(size_of::<T>())
    }

    /// The bytes from the lowest element shown to the highest.
    pub fn span_bytes(&self) -> usize {
        self.layout.span() * size_of::<T>()
    }

    /// The element at `index`, or `None` outside the shape.
    pub fn get(&self, index: [usize; N]) -> Option<&'a T> {
        self.layout.position(index).map(|at| &self.buffer[at])
    }

    /// The element at an index known to be inside the shape. Outside it, the
    /// element is another one of the buffer, or this panics.
    #[inline(always)]
    pub(crate) fn at(&self, index: [usize; N]) -> &'a T {
        debug_assert!(
            self.layout.position(index).is_some(),
            "{index:?} is outside {:?}",
            self.shape()
        );
        &self.buffer[self.layout.position_unchecked(index)]
    }

    /// The view with `axis` cut to `range` in steps of `step`.
    ///
    /// # Errors
    ///
    /// As [`Layout::slice`].
    pub fn slice(
        &self,
        axis: usize,
        range: std::ops::Range<usize>,
        step: usize,
    ) -> Result<Self, LayoutError> {
        Ok(self.with(self.layout.slice(axis, range, step)?))
    }

    /// The elements in row-major order.
    pub fn iter(&self) -> Iter<'a, T, N> {
        Iter {
            view: *self,
            next: [0; N],
            left: self.len(),
        }
    }

    const fn with<const M: usize>(&self, layout: Layout<M>) -> StridedView<'a, T, M> {
        StridedView {
            buffer: self.buffer,
            layout,
        }
    }
}

impl<'a, T> StridedView<'a, T, 2> {
    /// Every window of `[kh, kw]` elements: shape `(H - kh + 1, W - kw + 1, kh, kw)`.
    ///
    /// # Errors
    ///
    /// If the window is larger than the view.
    pub fn windows(&self, window: [usize; 2]) -> Result<StridedView<'a, T, 4>, LayoutError> {
        self.spaced_windows(window, Spacing::default())
    }

    /// Windows that lie `spacing.step` apart and whose taps lie
    /// `spacing.dilation` apart; see [`Layout::windows`] for the shape.
    ///
    /// # Errors
    ///
    /// If the window is larger than the view.
    pub fn spaced_windows(
        &self,
        window: [usize; 2],
        spacing: Spacing,
    ) -> Result<StridedView<'a, T, 4>, LayoutError> {
        Ok(self.with(self.layout.windows(window, spacing)?))
    }

    /// Row `row` as a slice, or `None` if there is no such row or its elements
    /// do not stand one after the other.
    pub fn row(&self, row: usize) -> Option<&'a [T]> {
        let [rows, columns] = self.shape();
        if row >= rows || (columns > 1 && self.strides()[1] != 1) {
            return None;
        }
        let start = self.layout.position_unchecked([row, 0]);
        self.buffer.get(start..start + columns)
    }
}

impl<'a, T> StridedView<'a, T, 3> {
    /// The view without its last axis, at index `at` of it: one channel.
    ///
    /// # Errors
    ///
    /// If the last axis is not that long.
    pub fn index_last(&self, at: usize) -> Result<StridedView<'a, T, 2>, LayoutError> {
        Ok(self.with(self.layout.index_last(at)?))
    }

    /// Row `row` as one flat slice of columns x channels, or `None` if there
    /// is no such row or its samples do not stand one after the other.
    pub fn flat_row(&self, row: usize) -> Option<&'a [T]> {
        let [rows, columns, channels] = self.shape();
        let contiguous = Layout::new(
            [columns, channels],
            [self.strides()[1], self.strides()[2]],
            0,
            usize::MAX / 2,
        )
        .is_ok_and(|l| l.is_c_contiguous());
        if row >= rows || !contiguous {
            return None;
        }
        let start = self.layout.position_unchecked([row, 0, 0]);
        self.buffer.get(start..start + columns * channels)
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

impl<T: fmt::Debug, const N: usize> fmt::Debug for StridedView<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StridedView")
            .field("shape", &self.shape())
            .field("strides", &self.strides())
            .field("offset", &self.layout.offset())
            .field("buffer_len", &self.buffer.len())
            .finish()
    }
}

/// The elements of a view in row-major order.
#[derive(Debug)]
pub struct Iter<'a, T, const N: usize> {
    view: StridedView<'a, T, N>,
    next: [usize; N],
    left: usize,
}

impl<'a, T, const N: usize> Iterator for Iter<'a, T, N> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        self.left = self.left.checked_sub(1)?;
        let at = self.view.layout.position_unchecked(self.next);
        for axis in (0..N).rev() {
            self.next[axis] += 1;
            if self.next[axis] < self.view.shape()[axis] {
                break;
            }
            self.next[axis] = 0;
        }
        Some(&self.view.buffer[at])
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T, const N: usize> ExactSizeIterator for Iter<'_, T, N> {}
