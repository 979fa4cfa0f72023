//! Operations on layouts (slice, flip, permute, reshape): the result addresses a subset of
//! the elements of its parent. None copies.

use std::ops::{Range, RangeFrom, RangeFull, RangeTo};

use super::{InsertAxis, Layout, LayoutError, RemoveAxis};

/// A slice along one axis, as in Python: `start:stop:step`.
///
/// Negative ends count from the end of the axis, ends outside it are clamped to it, and a
/// negative step goes backwards. A Rust range of `usize` is the same with step 1.
///
/// ```
/// use stridekern::view::{Slice, StridedView};
///
/// let buffer = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/// let view = StridedView::from_slice(&buffer, [10])?;
/// let odd = view.slice(0, Slice::from(1..).step(2))?;
/// assert_eq!(odd.to_vec(), [1, 3, 5, 7, 9]);
/// let backwards = view.slice(0, Slice::ALL.step(-3))?;
/// assert_eq!(backwards.to_vec(), [9, 6, 3, 0]);
/// let last = view.slice(0, Slice { start: Some(-2), ..Slice::ALL })?;
/// assert_eq!(last.to_vec(), [8, 9]);
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The first index; `None` is the first index of the axis, or the last if the step is
    /// negative.
    pub start: Option<isize>,
    /// The end, exclusive; `None` is past the last index of the axis, or before the first
    /// if the step is negative.
    pub stop: Option<isize>,
    /// The step from one index to the next; not zero.
    pub step: isize,
}

impl Slice {
    /// `::`, the whole axis.
    pub const ALL: Self = Self {
        start: None,
        stop: None,
        step: 1,
    };

    /// The same ends with another step.
    #[must_use]
    pub const fn step(self, step: isize) -> Self {
        Self { step, ..self }
    }

    /// The first index and how many there are on an axis of `length`; the
    /// rules of Python's `slice.indices`.
    fn resolve(self, length: usize) -> (usize, usize) {
        let n = isize::try_from(length).unwrap_or(isize::MAX);
        let (lowest, highest) = if self.step > 0 { (0, n) } else { (-1, n - 1) };
        let end = |end: Option<isize>, default| match end {
            None => default,
            Some(end) if end < 0 => end.saturating_add(n).max(lowest),
            Some(end) => end.min(highest),
        };
        let (first, last) = if self.step > 0 {
            (lowest, highest)
        } else {
            (highest, lowest)
        };
        let (start, stop) = (end(self.start, first), end(self.stop, last));
        let distance = if self.step > 0 {
            stop - start
        } else {
            start - stop
        };
        if distance <= 0 {
            return (0, 0);
        }
        let count = (distance as usize).div_ceil(self.step.unsigned_abs());
        (start as usize, count)
    }
}

macro_rules! from_range {
    ($range:ty, |$r:ident| $start:expr, $stop:expr) => {
        impl From<$range> for Slice {
            fn from($r: $range) -> Self {
                Self {
                    start: $start,
                    stop: $stop,
                    step: 1,
                }
            }
        }
    };
}
from_range!(Range<usize>, |r| signed(r.start), signed(r.end));
from_range!(RangeFrom<usize>, |r| signed(r.start), None);
from_range!(RangeTo<usize>, |r| None, signed(r.end));
from_range!(RangeFull, |_r| None, None);

/// No axis is longer than `isize::MAX`.
fn signed(end: usize) -> Option<isize> {
    Some(isize::try_from(end).unwrap_or(isize::MAX))
}

impl<const N: usize> Layout<N> {
    /// `axis` restricted to `slice`; its stride is multiplied by the step.
    ///
    /// # Errors
    ///
    /// If there is no such axis or the step is zero.
    pub fn slice(&self, axis: usize, slice: impl Into<Slice>) -> Result<Self, LayoutError> {
        let slice = slice.into();
        let length = self.axis_len(axis)?;
        if slice.step == 0 {
            return Err(LayoutError::ZeroStep { axis });
        }
        let (start, count) = slice.resolve(length);
        let (mut shape, mut strides) = (self.shape(), self.strides());
        shape[axis] = count;
        // The product overflows only if the axis keeps a single index; then its stride is
        // never used.
        strides[axis] = strides[axis]
            .checked_mul(slice.step)
            .unwrap_or(strides[axis]);
        // The remaining indices are indices of this axis.
        Ok(self.derive(shape, strides, self.moved(axis, start)))
    }

    /// `axis` backwards.
    ///
    /// # Errors
    ///
    /// If there is no such axis.
    pub fn flip(&self, axis: usize) -> Result<Self, LayoutError> {
        self.slice(axis, Slice::ALL.step(-1))
    }

    /// The axes in another order: axis `a` of the result is axis `order[a]`.
    ///
    /// # Errors
    ///
    /// If an axis is missing or named twice.
    pub fn permute(&self, order: [usize; N]) -> Result<Self, LayoutError> {
        self.check_axes(&order)?;
        let shape = order.map(|axis| self.shape()[axis]);
        let strides = order.map(|axis| self.strides()[axis]);
        Ok(self.derive(shape, strides, self.offset()))
    }

    /// The axes in reverse order.
    #[must_use]
    pub fn transpose(&self) -> Self {
        let (mut shape, mut strides) = (self.shape(), self.strides());
        shape.reverse();
        strides.reverse();
        self.derive(shape, strides, self.offset())
    }

    /// `axis` fixed at `index` and removed.
    ///
    /// # Errors
    ///
    /// If there is no such axis or index.
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

    /// As [`index_axis`](Self::index_axis), for [`RemoveAxis`], which pairs
    /// `M` with `N`.
    #[inline(always)]
    pub(super) fn without_axis<const M: usize>(
        &self,
        axis: usize,
        index: usize,
    ) -> Result<Layout<M>, LayoutError> {
        const { assert!(M + 1 == N, "indexing removes one axis") };
        let length = self.axis_len(axis)?;
        if index >= length {
            return Err(LayoutError::Index {
                axis,
                length,
                index,
            });
        }
        let shape = without(self.shape(), axis);
        let strides = without(self.strides(), axis);
        Ok(self.derive(shape, strides, self.moved(axis, index)))
    }

    /// A new axis of length 1 before `axis`, or at the end.
    ///
    /// # Errors
    ///
    /// If `axis` is above `N`.
    pub fn insert_axis(&self, axis: usize) -> Result<<Self as InsertAxis>::Larger, LayoutError>
    where
        Self: InsertAxis,
    {
        self.insert_repeated(axis, 1)
    }

    /// A new axis before `axis` along which every element is repeated
    /// `times`, by a stride of zero.
    ///
    /// # Errors
    ///
    /// If `axis` is above `N`, or the number of indices overflows.
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

    /// As [`repeated`](Self::repeated), for [`InsertAxis`], which pairs `M` with `N`.
    pub(super) fn with_axis<const M: usize>(
        &self,
        axis: usize,
        times: usize,
    ) -> Result<Layout<M>, LayoutError> {
        const { assert!(M == N + 1, "one axis is added") };
        if axis > N {
            return Err(LayoutError::Axis { axis, axes: M });
        }
        let shape = with(self.shape(), axis, times);
        let strides = with(self.strides(), axis, 0);
        check_len(&shape, &strides)?;
        Ok(self.derive(shape, strides, self.offset()))
    }

    /// The diagonal `offset` columns right of the main one (left of it if
    /// negative) of the plane of `axes`, as the last axis.
    ///
    /// # Errors
    ///
    /// If an axis is missing or named twice.
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

    /// As [`diagonal`](Self::diagonal), for [`RemoveAxis`].
    pub(super) fn on_diagonal<const M: usize>(
        &self,
        axes: [usize; 2],
        offset: isize,
    ) -> Result<Layout<M>, LayoutError> {
        const { assert!(M + 1 == N, "two axes become one") };
        self.check_axes(&axes)?;
        let [rows, columns] = axes.map(|axis| self.shape()[axis]);
        let (row, column) = if offset < 0 {
            (offset.unsigned_abs(), 0)
        } else {
            (0, offset.unsigned_abs())
        };
        let count = rows.saturating_sub(row).min(columns.saturating_sub(column));
        let [down, right] = axes.map(|axis| self.strides()[axis]);
        let start = if count == 0 {
            self.offset()
        } else {
            let at = |axis: usize| {
                if axis == axes[0] {
                    row
                } else if axis == axes[1] {
                    column
                } else {
                    0
                }
            };
            self.moved_by(std::array::from_fn(at))
        };
        // The two strides are added only if there are two elements; with fewer their sum
        // is never used.
        let stride = down.checked_add(right).unwrap_or(0);
        let (first, second) = (axes[0].max(axes[1]), axes[0].min(axes[1]));
        let mut left = (0..N).filter(|&axis| axis != first && axis != second);
        let mut shape = [count; M];
        let mut strides = [stride; M];
        for a in 0..M.saturating_sub(1) {
            if let Some(axis) = left.next() {
                (shape[a], strides[a]) = (self.shape()[axis], self.strides()[axis]);
            }
        }
        Ok(self.derive(shape, strides, start))
    }

    /// The [`diagonal`](Self::diagonal) from the top right to the bottom left: that of the
    /// layout with its columns, the second of `axes`, flipped.
    ///
    /// # Errors
    ///
    /// As [`diagonal`](Self::diagonal).
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

    /// This layout broadcast to `shape` by NumPy's rules: axes are aligned at the last, those
    /// of length 1 are repeated by a stride of zero, and missing ones are added.
    ///
    /// # Errors
    ///
    /// If an axis has another length, `M` is below `N`, or the number of
    /// indices overflows.
    pub fn broadcast_to<const M: usize>(
        &self,
        shape: [usize; M],
    ) -> Result<Layout<M>, LayoutError> {
        let refused = || LayoutError::Broadcast {
            from: self.shape().to_vec(),
            to: shape.to_vec(),
        };
        let added = M.checked_sub(N).ok_or_else(refused)?;
        let mut strides = [0; M];
        for (axis, (&n, &stride)) in self.shape().iter().zip(&self.strides()).enumerate() {
            if n == shape[added + axis] {
                strides[added + axis] = stride;
            } else if n != 1 {
                return Err(refused());
            }
        }
        check_len(&shape, &strides)?;
        Ok(self.derive(shape, strides, self.offset()))
    }

    /// The same elements in the same row-major order in another shape: axes
    /// are split, and merged where their strides allow it.
    ///
    /// # Errors
    ///
    /// If the number of elements differs, or a copy would be needed.
    pub fn reshape<const M: usize>(&self, shape: [usize; M]) -> Result<Layout<M>, LayoutError> {
        let product = |shape: &[usize]| shape.iter().try_fold(1_usize, |p, &n| p.checked_mul(n));
        if product(&shape) != Some(self.len()) {
            return Err(LayoutError::Size {
                from: self.shape().to_vec(),
                to: shape.to_vec(),
            });
        }
        if self.is_empty() {
            let dense = Layout::c_order(shape, 0)?;
            return Ok(self.derive(shape, dense.strides(), self.offset()));
        }
        // Axes of length 1 are ignored: their stride is never used.
        let old: Vec<(usize, isize)> = (self.shape().into_iter().zip(self.strides()))
            .filter(|&(n, _)| n != 1)
            .collect();
        let mut strides = [0; M];
        let (mut from, mut to) = (0, 0);
        while to < M {
            if shape[to] == 1 {
                to += 1;
                continue;
            }
            // The shortest runs of old and of new axes with equally many elements.
            let (mut old_end, mut new_end) = (from + 1, to + 1);
            let (mut old_len, mut new_len) = (old[from].0, shape[to]);
            while old_len != new_len {
                if old_len < new_len {
                    old_len *= old[old_end].0;
                    old_end += 1;
                } else {
                    new_len *= shape[new_end];
                    new_end += 1;
                }
            }
            // Old axes can be merged if the stride of each is the extent of the next.
            let mergeable = old[from..old_end]
                .windows(2)
                .all(|pair| pair[0].1 == pair[1].0 as isize * pair[1].1);
            if !mergeable {
                return Err(LayoutError::NeedsCopy {
                    from: self.shape().to_vec(),
                    to: shape.to_vec(),
                });
            }
            let mut stride = old[old_end - 1].1;
            for axis in (to..new_end).rev() {
                strides[axis] = stride;
                stride = stride.saturating_mul(shape[axis] as isize);
            }
            (from, to) = (old_end, new_end);
        }
        // NumPy gives an axis of length 1 the stride of a dense one.
        let mut dense = 1_isize;
        for axis in (0..M).rev() {
            if shape[axis] == 1 {
                strides[axis] = dense;
            }
            dense = strides[axis].saturating_mul(shape[axis] as isize);
        }
        Ok(self.derive(shape, strides, self.offset()))
    }

    pub(super) fn axis_len(&self, axis: usize) -> Result<usize, LayoutError> {
        (self.shape().get(axis).copied()).ok_or(LayoutError::Axis { axis, axes: N })
    }

    /// Checks that every axis exists and is named once.
    pub(super) fn check_axes(&self, axes: &[usize]) -> Result<(), LayoutError> {
        for (place, &axis) in axes.iter().enumerate() {
            self.axis_len(axis)?;
            if axes[..place].contains(&axis) {
                return Err(LayoutError::AxisTwice { axis });
            }
        }
        Ok(())
    }

    /// The offset of `index` along `axis`, which is inside the axis.
    pub(super) fn moved(&self, axis: usize, index: usize) -> usize {
        self.moved_by(std::array::from_fn(|a| if a == axis { index } else { 0 }))
    }

    /// The position of `index`, which is inside unless the layout is empty.
    fn moved_by(&self, index: [usize; N]) -> usize {
        if self.is_empty() {
            self.offset()
        } else {
            self.position_unchecked(index)
        }
    }
}

/// Checks that the number of indices does not overflow: repeated axes have more indices
/// than there are elements.
pub(super) fn check_len(shape: &[usize], strides: &[isize]) -> Result<(), LayoutError> {
    (shape.iter())
        .try_fold(1_usize, |product, &n| product.checked_mul(n.max(1)))
        .map(|_| ())
        .ok_or_else(|| LayoutError::Overflow {
            shape: shape.to_vec(),
            strides: strides.to_vec(),
        })
}

fn without<T: Copy, const N: usize, const M: usize>(all: [T; N], axis: usize) -> [T; M] {
    std::array::from_fn(|a| all[if a < axis { a } else { a + 1 }])
}

fn with<T: Copy, const N: usize, const M: usize>(all: [T; N], axis: usize, new: T) -> [T; M] {
    std::array::from_fn(|a| match a.cmp(&axis) {
        std::cmp::Ordering::Less => all[a],
        std::cmp::Ordering::Equal => new,
        std::cmp::Ordering::Greater => all[a - 1],
    })
}
