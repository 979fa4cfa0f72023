//! All stride arithmetic, and the one bounds check.

use std::fmt;

/// What is wrong with a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// Condition 1: a product or sum does not fit the machine's integers.
    Overflow {
        /// The shape asked for.
        shape: Vec<usize>,
        /// The strides asked for, in elements.
        strides: Vec<isize>,
    },
    /// Condition 2 or 3: an element lies outside the buffer.
    OutOfBounds {
        /// The axis that leaves the buffer, with its length and stride; `None`
        /// where the offset alone does.
        axis: Option<(usize, usize, isize)>,
        /// The element reached, counted from the start of the buffer.
        reaches: isize,
        /// The length of the buffer in elements.
        len: usize,
    },
    /// A range, step or index that the axis does not have.
    Axis {
        /// The axis.
        axis: usize,
        /// Its length.
        length: usize,
        /// What was asked for.
        wanted: String,
    },
    /// The window is larger than what it slides over.
    Window {
        /// Rows and columns of the view.
        shape: [usize; 2],
        /// Rows and columns of the window, dilation included.
        window: [usize; 2],
    },
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow { shape, strides } => write!(
                f,
                "shape {shape:?} with strides {strides:?} overflows the address arithmetic; use a smaller shape or stride"
            ),
            Self::OutOfBounds {
                axis: Some((axis, length, stride)),
                reaches,
                len,
            } => write!(
                f,
                "axis {axis} (length {length}, stride {stride}) reaches element {reaches} of a buffer of {len}; strides count elements, not bytes"
            ),
            Self::OutOfBounds {
                axis: None,
                reaches,
                len,
            } => write!(
                f,
                "the offset {reaches} lies outside a buffer of {len} elements"
            ),
            Self::Axis {
                axis,
                length,
                wanted,
            } => write!(f, "axis {axis} has length {length}: {wanted} is outside it"),
            Self::Window { shape, window } => write!(
                f,
                "a window of {} rows x {} columns does not fit {} rows x {} columns",
                window[0], window[1], shape[0], shape[1]
            ),
        }
    }
}

impl std::error::Error for LayoutError {}

/// Shape, strides and offset of a view, known to lie inside a buffer.
///
/// The element at index `i` stands at `offset + sum(i[a] * strides[a])`. A
/// layout made for a buffer of `len` elements holds these conditions:
///
/// 1. none of the products and sums overflows `isize`;
/// 2. if the shape has a zero, nothing is reachable and `offset <= len`;
/// 3. else the lowest and the highest reachable element lie in `0..len`.
///
/// # Examples
///
/// Strides count elements. NumPy, which counts bytes and does not check,
/// reads past the end with the same mistake:
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
    /// the element it reaches, and `len`.
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
        shape
            .iter()
            .try_fold(1_usize, |product, &n| product.checked_mul(n.max(1)))
            .ok_or_else(overflow)?;
        let start = isize::try_from(offset).map_err(|_| overflow())?;
        if shape.contains(&0) {
            // Condition 2.
            if offset > len {
                return Err(LayoutError::OutOfBounds {
                    axis: None,
                    reaches: start,
                    len,
                });
            }
            return Ok(Self {
                shape,
                strides,
                offset,
            });
        }
        if offset >= len {
            return Err(LayoutError::OutOfBounds {
                axis: None,
                reaches: start,
                len,
            });
        }
        // Condition 3, axis by axis: each adds its reach to the low or the high end.
        let (mut low, mut high) = (start, start);
        for (axis, (&n, &stride)) in shape.iter().zip(&strides).enumerate() {
            let reach = isize::try_from(n - 1)
                .ok()
                .and_then(|last| last.checked_mul(stride))
                .ok_or_else(overflow)?;
            let end = if reach < 0 { &mut low } else { &mut high };
            *end = end.checked_add(reach).ok_or_else(overflow)?;
            if *end < 0 || *end as usize >= len {
                return Err(LayoutError::OutOfBounds {
                    axis: Some((axis, n, stride)),
                    reaches: *end,
                    len,
                });
            }
        }
        Ok(Self {
            shape,
            strides,
            offset,
        })
    }

    /// The layout of a whole C-ordered buffer: the last axis is contiguous.
    ///
    /// # Errors
    ///
    /// If the shape needs more than `len` elements, or overflows.
    pub fn c_order(shape: [usize; N], len: usize) -> Result<Self, LayoutError> {
        let mut strides = [0; N];
        let mut stride = 1_isize;
        for axis in (0..N).rev() {
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

    /// Where the element at index zero stands in the buffer.
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

    /// The number of buffer elements from the lowest reachable to the highest.
    pub fn span(&self) -> usize {
        if self.is_empty() {
            return 0;
        }
        let reach: usize = (self.shape.iter().zip(&self.strides))
            .map(|(&n, &stride)| (n - 1) * stride.unsigned_abs())
            .sum();
        reach + 1
    }

    /// Where the element at `index` stands in the buffer, or `None` if the
    /// index is outside the shape.
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

    /// Whether the elements stand one after the other in C order.
    pub fn is_c_contiguous(&self) -> bool {
        let mut expected = 1;
        self.is_empty()
            || (self.shape.iter().zip(&self.strides))
                .rev()
                .all(|(&n, &stride)| {
                    let fits = n == 1 || stride == expected;
                    expected *= n as isize;
                    fits
                })
    }

    /// The layout with `axis` cut to `start..stop` in steps of `step`.
    ///
    /// # Errors
    ///
    /// If there is no such axis, the range is not inside it, or the step is zero.
    pub fn slice(
        &self,
        axis: usize,
        range: std::ops::Range<usize>,
        step: usize,
    ) -> Result<Self, LayoutError> {
        let length = self.axis_len(axis)?;
        if range.start > range.end || range.end > length || step == 0 {
            return Err(LayoutError::Axis {
                axis,
                length,
                wanted: format!(
                    "the range {}..{} in steps of {step}",
                    range.start, range.end
                ),
            });
        }
        let mut layout = *self;
        layout.shape[axis] = range.len().div_ceil(step);
        if layout.shape[axis] > 0 && !self.is_empty() {
            layout.offset = self
                .offset
                .wrapping_add_signed(range.start as isize * self.strides[axis]);
        }
        if layout.shape[axis] > 1 {
            layout.strides[axis] = self.strides[axis] * step as isize;
        }
        Ok(layout)
    }

    fn axis_len(&self, axis: usize) -> Result<usize, LayoutError> {
        self.shape
            .get(axis)
            .copied()
            .ok_or_else(|| LayoutError::Axis {
                axis,
                length: 0,
                wanted: format!("a view of {N} axes has no axis {axis}; it"),
            })
    }

    /// Sets shape and strides of a view of this one; the caller argues why
    /// every element of it is an element of this one.
    pub(super) const fn derive<const M: usize>(
        &self,
        shape: [usize; M],
        strides: [isize; M],
    ) -> Layout<M> {
        Layout {
            shape,
            strides,
            offset: self.offset,
        }
    }
}

impl Layout<3> {
    /// The layout without its last axis, at index `at` of it: one channel of
    /// an interleaved image, whose column stride is the number of channels.
    ///
    /// # Errors
    ///
    /// If the last axis is not that long.
    pub fn index_last(&self, at: usize) -> Result<Layout<2>, LayoutError> {
        let cut = self.slice(2, at..at.saturating_add(1), 1)?;
        Ok(cut.derive(
            [self.shape[0], self.shape[1]],
            [self.strides[0], self.strides[1]],
        ))
    }
}
