//! Errors of layouts and of operations on them.

use std::fmt;

/// An error of a layout or of an operation on one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// Condition 1: a product or sum does not fit the machine's integers.
    Overflow {
        /// The shape requested.
        shape: Vec<usize>,
        /// The strides requested, in elements.
        strides: Vec<isize>,
    },
    /// Condition 2 or 3: an element lies outside the buffer.
    OutOfBounds {
        /// The axis that extends beyond the buffer, with its length and stride; `None` if
        /// the offset alone is outside.
        axis: Option<(usize, usize, isize)>,
        /// The position of that element in the buffer.
        reaches: isize,
        /// The length of the buffer in elements.
        len: usize,
    },
    /// There is no such axis.
    Axis {
        /// The axis requested.
        axis: usize,
        /// The number of axes.
        axes: usize,
    },
    /// The axis has no such index.
    Index {
        /// The axis.
        axis: usize,
        /// Its length.
        length: usize,
        /// The index requested.
        index: usize,
    },
    /// A step of zero.
    ZeroStep {
        /// The axis.
        axis: usize,
    },
    /// One axis was named twice.
    AxisTwice {
        /// The axis.
        axis: usize,
    },
    /// The elements cannot be given this shape without a copy.
    NeedsCopy {
        /// The current shape.
        from: Vec<usize>,
        /// The shape requested.
        to: Vec<usize>,
    },
    /// The elements are not contiguous: there are gaps between them, elements are repeated,
    /// or the order is another.
    NotContiguous {
        /// The shape.
        shape: Vec<usize>,
        /// The strides, in elements.
        strides: Vec<isize>,
    },
    /// A view that should be a part of an array begins outside it.
    NotAPart,
    /// Another crate does not support such a layout.
    Refused {
        /// The crate.
        by: &'static str,
        /// The shape.
        shape: Vec<usize>,
        /// The strides, in elements.
        strides: Vec<isize>,
    },
    /// A reshape to another number of elements.
    Size {
        /// The current shape.
        from: Vec<usize>,
        /// The shape requested.
        to: Vec<usize>,
    },
    /// An axis that cannot be broadcast: its length is neither 1 nor the requested one.
    Broadcast {
        /// The current shape.
        from: Vec<usize>,
        /// The shape requested.
        to: Vec<usize>,
    },
    /// The window is empty, or larger than an axis that it slides over.
    Window {
        /// The lengths of the axes it slides over.
        shape: Vec<usize>,
        /// The lengths of the window, dilation included.
        window: Vec<usize>,
    },
    /// The length of an axis is not a multiple of the block's.
    Block {
        /// The axis.
        axis: usize,
        /// Its length.
        length: usize,
        /// The block's.
        block: usize,
    },
    /// Two indices address the same element, so a write through one of them would change the
    /// element at the other.
    Overlap {
        /// The axes along which the two indices differ.
        axes: [usize; 2],
        /// Their strides.
        strides: [isize; 2],
    },
    /// The parts along an axis interleave in memory, so that the buffer cannot be split
    /// between them.
    Interleaved {
        /// The axis.
        axis: usize,
        /// Its stride.
        stride: isize,
        /// The number of buffer elements from the lowest element of one index of the axis to
        /// its highest.
        span: usize,
    },
    /// The elements cannot be reinterpreted as this type.
    Cast {
        /// The reason.
        fault: CastFault,
    },
}

/// Why elements cannot be reinterpreted as another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CastFault {
    /// One of the types is zero-sized.
    NoSize,
    /// The size of neither type is a multiple of the other's.
    Sizes,
    /// The types differ in size and the last axis is not contiguous.
    LastAxis,
    /// The last axis or a stride is not a multiple of the larger type.
    Multiple,
    /// The buffer is not aligned for the type.
    Alignment,
}

/// Why, and what to do.
impl fmt::Display for CastFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSize => "types without a size cannot be cast; use one that holds something",
            Self::Sizes => "the size of one type is not a multiple of the other's",
            Self::LastAxis => {
                "the last axis must be contiguous for a type of another size; make a copy with to_vec"
            }
            Self::Multiple => {
                "the last axis or a stride is not a multiple of the larger type; make a copy with to_vec"
            }
            Self::Alignment => {
                "the buffer is not aligned for this type; make a copy with to_vec"
            }
        })
    }
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
            Self::Axis { axis, axes: 0 } => {
                write!(f, "there is no axis {axis}: a single element has none")
            }
            Self::Axis { axis, axes } => {
                write!(f, "there is no axis {axis}: the axes are 0 to {}", axes - 1)
            }
            Self::Index {
                axis,
                length,
                index,
            } => write!(f, "index {index} is outside axis {axis} of length {length}"),
            Self::ZeroStep { axis } => {
                write!(
                    f,
                    "a step of 0 along axis {axis} goes nowhere; use 1, or -1 for backwards"
                )
            }
            Self::AxisTwice { axis } => {
                write!(f, "axis {axis} was named twice; name every axis once")
            }
            Self::NeedsCopy { from, to } => write!(
                f,
                "shape {from:?} with these strides cannot be seen as {to:?} without a copy; make one with to_vec"
            ),
            Self::NotContiguous { shape, strides } => write!(
                f,
                "shape {shape:?} with strides {strides:?} does not stand element after element in memory; make a copy first"
            ),
            Self::NotAPart => f.write_str(
                "the part does not begin in the array; give the array that it was sliced from",
            ),
            Self::Refused { by, shape, strides } => write!(
                f,
                "{by} takes no view of shape {shape:?} with strides {strides:?}; make a copy with to_vec"
            ),
            Self::Size { from, to } => {
                write!(
                    f,
                    "shape {from:?} has another number of elements than {to:?}"
                )
            }
            Self::Broadcast { from, to } => write!(
                f,
                "shape {from:?} cannot be broadcast to {to:?}: counted from the last, an axis must have length 1 or the new length"
            ),
            Self::Window { shape, window } => write!(
                f,
                "a window of {window:?} does not fit {shape:?}; every side must be from 1 to the axis' length"
            ),
            Self::Block {
                axis,
                length,
                block,
            } => write!(
                f,
                "axis {axis} of length {length} is not a multiple of {block}; slice it first"
            ),
            Self::Overlap {
                axes: [a, b],
                strides: [s, _],
            } if a == b => write!(
                f,
                "indices along axis {a} (stride {s}) reach the same element, so the view cannot be written through; make a copy with to_vec"
            ),
            Self::Overlap {
                axes: [a, b],
                strides: [s, t],
            } => write!(
                f,
                "indices along axes {a} and {b} (strides {s} and {t}) reach the same element, so the view cannot be written through; make a copy with to_vec"
            ),
            Self::Interleaved { axis, stride, span } => write!(
                f,
                "the parts along axis {axis} are {stride} elements apart and span {span} each, so they interleave and cannot be lent to several writers; take the axis with the longest stride, or for_each"
            ),
            Self::Cast { fault } => fault.fmt(f),
        }
    }
}

impl std::error::Error for LayoutError {}
