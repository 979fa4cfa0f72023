//! `Layout`: shape, strides and offset, with the only bounds check.

use super::LayoutError;

/// Shape, strides and offset of a view, checked to lie inside a buffer.
///
/// The element at index `i` is at position `offset + sum(i[a] * strides[a])`. A
/// layout made for a buffer of `len` elements holds these conditions:
///
/// 1. none of the products and sums overflows `isize`;
/// 2. if the shape has a zero, there are no elements and `offset <= len`;
/// 3. else the lowest and the highest element lie in `0..len`.
///
/// # Examples
///
/// Strides count elements. In NumPy, which counts bytes and does not check, the same
/// mistake reads past the end:
///
/// ```
/// use stridekern::view::Layout;
///
/// let wrong = Layout::new([4, 3], [24, 8], 0, 12).unwrap_err();
/// assert_eq!(
///     wrong.to_string(),
///     "axis 0 (length 4, stride 24) reaches element 72 of a buffer of 12; \
///      strides count elements, not bytes"
/// );
/// assert!(Layout::new([4, 3], [3, 1], 0, 12).is_ok());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout<const N: usize> {
    shape: [usize; N],
    strides: [isize; N],
    offset: usize,
}

impl<const N: usize> Layout<N> {
    /// A layout over a buffer of `len` elements; strides are in elements.
    ///
    /// # Errors
    ///
    /// If a condition of [`Layout`] does not hold; the error names the axis,
    /// the position outside the buffer, and `len`.
    pub fn new(
        shape: [usize; N],
        strides: [isize; N],
        offset: usize,
        len: usize,
    ) -> Result<Self, LayoutError> {
        let overflow = || LayoutError::Overflow {
            shape: shape.to_vec(),
            strides: strides.to_vec(),
        };
        // Condition 1 for `len()`: iterators and reports count elements.
        (shape.iter())
            .try_fold(1_usize, |product, &n| product.checked_mul(n.max(1)))
            .ok_or_else(overflow)?;
        let start = isize::try_from(offset).map_err(|_| overflow())?;
        let layout = Self {
            shape,
            strides,
            offset,
        };
        let empty = shape.contains(&0);
        if offset > len || (offset == len && !empty) {
            return Err(LayoutError::OutOfBounds {
                axis: None,
                reaches: start,
                len,
            });
        }
        if empty {
            // Condition 2.
            return Ok(layout);
        }
        // Condition 3, axis by axis: each extends the low or the high end.
        let (mut low, mut high) = (start, start);
        for (axis, (&n, &stride)) in shape.iter().zip(&strides).enumerate() {
            let extent = isize::try_from(n - 1)
                .ok()
                .and_then(|last| last.checked_mul(stride))
                .ok_or_else(overflow)?;
            let end = if extent < 0 { &mut low } else { &mut high };
            *end = end.checked_add(extent).ok_or_else(overflow)?;
            if *end < 0 || *end as usize >= len {
                return Err(LayoutError::OutOfBounds {
                    axis: Some((axis, n, stride)),
                    reaches: *end,
                    len,
                });
            }
        }
        Ok(layout)
    }

    /// The layout of a buffer in C order: the last axis is contiguous.
    ///
    /// # Errors
    ///
    /// If the shape needs more than `len` elements, or overflows.
    pub fn c_order(shape: [usize; N], len: usize) -> Result<Self, LayoutError> {
        Self::dense(shape, len, (0..N).rev())
    }

    /// The layout of a buffer in Fortran order: the first axis is contiguous.
    ///
    /// # Errors
    ///
    /// If the shape needs more than `len` elements, or overflows.
    pub fn f_order(shape: [usize; N], len: usize) -> Result<Self, LayoutError> {
        Self::dense(shape, len, 0..N)
    }

    /// `axes` begin with the contiguous one.
    fn dense(
        shape: [usize; N],
        len: usize,
        axes: impl Iterator<Item = usize>,
    ) -> Result<Self, LayoutError> {
        let mut strides = [0; N];
        let mut stride = 1_isize;
        for axis in axes {
            strides[axis] = stride;
            stride = isize::try_from(shape[axis].max(1))
                .ok()
                .and_then(|n| stride.checked_mul(n))
                .ok_or_else(|| LayoutError::Overflow {
                    shape: shape.to_vec(),
                    strides: strides.to_vec(),
                })?;
        }
        Self::new(shape, strides, 0, len)
    }

    /// The length of every axis.
    pub const fn shape(&self) -> [usize; N] {
        self.shape
    }

    /// The step from one element to the next along every axis, in elements.
    pub const fn strides(&self) -> [isize; N] {
        self.strides
    }

    /// The position of the element at index zero in the buffer.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The number of indices; more than the elements when windows overlap.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no indices.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The lowest and the highest position of an element, or `None` for an empty layout.
    pub fn ends(&self) -> Option<(usize, usize)> {
        if self.is_empty() {
            return None;
        }
        let axes = self.shape.iter().zip(&self.strides);
        // Condition 3 of the layout: both ends lie in the buffer.
        let (low, high) = axes.fold((self.offset, self.offset), |(low, high), (&n, &stride)| {
            let extent = (n - 1) * stride.unsigned_abs();
            if stride < 0 {
                (low - extent, high)
            } else {
                (low, high + extent)
            }
        });
        Some((low, high))
    }

    /// The number of buffer elements from the lowest element to the highest, gaps included.
    pub fn span(&self) -> usize {
        self.ends().map_or(0, |(low, high)| high - low + 1)
    }

    /// The position of the element at `index` in the buffer, or `None` if the index is
    /// outside the shape.
    pub fn position(&self, index: [usize; N]) -> Option<usize> {
        let inside = index.iter().zip(&self.shape).all(|(i, n)| i < n);
        inside.then(|| self.position_unchecked(index))
    }

    /// As [`position`](Self::position), for an index known to be inside. An
    /// index outside gives a wrong position, never a wrong memory access.
    #[inline]
    pub(super) fn position_unchecked(&self, index: [usize; N]) -> usize {
        (index.iter().zip(&self.strides)).fold(self.offset, |at, (&i, &stride)| {
            at.wrapping_add_signed((i as isize).wrapping_mul(stride))
        })
    }

    /// The axis on which elements are nearest to each other, and the longest other one, if rows in
    /// row-major order do not go along the first.
    pub(super) fn crossing_axes(&self) -> Option<[usize; 2]> {
        let axes = (0..N).filter(|&axis| self.shape[axis] > 1);
        let last = axes.clone().next_back()?;
        let near = axes
            .clone()
            .min_by_key(|&axis| self.strides[axis].unsigned_abs())?;
        let is_nearer = self.strides[near].unsigned_abs() < self.strides[last].unsigned_abs();
        let long = axes
            .filter(|&axis| axis != near)
            .max_by_key(|&axis| self.shape[axis]);
        is_nearer.then_some([near, long?])
    }

    /// Whether the elements are contiguous in C order. Axes of
    /// length 1 may have any stride; an empty layout is contiguous.
    pub fn is_c_contiguous(&self) -> bool {
        self.is_contiguous((0..N).rev())
    }

    /// Whether the elements are contiguous in Fortran order.
    pub fn is_f_contiguous(&self) -> bool {
        self.is_contiguous(0..N)
    }

    fn is_contiguous(&self, mut axes: impl Iterator<Item = usize>) -> bool {
        let mut expected = 1;
        self.is_empty()
            || axes.all(|axis| {
                let (n, stride) = (self.shape[axis], self.strides[axis]);
                let fits = n == 1 || stride == expected;
                if fits {
                    // At most the length of the buffer; an axis that is only
                    // repeated may be longer than any buffer.
                    expected *= n as isize;
                }
                fits
            })
    }

    /// Another layout of the same buffer. The caller must ensure that all its elements are
    /// elements of this one.
    pub(super) const fn derive<const M: usize>(
        &self,
        shape: [usize; M],
        strides: [isize; M],
        offset: usize,
    ) -> Layout<M> {
        // Only that `self` is valid is needed, not its fields.
        let Self { .. } = self;
        Layout {
            shape,
            strides,
            offset,
        }
    }
}
