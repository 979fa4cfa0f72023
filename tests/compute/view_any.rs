//! Views of any number of axes, and their operations as values: what the
//! tests of views share.

#![allow(dead_code, reason = "every test file uses its own part")]

use stridekern::view::{LayoutError, Slice, Spacing, StridedView};

/// A view of up to six axes. The elements of its buffer are their positions.
#[derive(Clone, Copy)]
pub(crate) enum Any<'a> {
    D0(StridedView<'a, i64, 0>),
    D1(StridedView<'a, i64, 1>),
    D2(StridedView<'a, i64, 2>),
    D3(StridedView<'a, i64, 3>),
    D4(StridedView<'a, i64, 4>),
    D5(StridedView<'a, i64, 5>),
    D6(StridedView<'a, i64, 6>),
}

/// Does one thing with the view inside.
macro_rules! each {
    ($any:expr, $view:ident => $body:expr) => {
        match $any {
            Any::D0($view) => $body,
            Any::D1($view) => $body,
            Any::D2($view) => $body,
            Any::D3($view) => $body,
            Any::D4($view) => $body,
            Any::D5($view) => $body,
            Any::D6($view) => $body,
        }
    };
}
pub(crate) use each;

macro_rules! from_view {
    ($($variant:ident $n:literal),*) => {
        $(impl<'a> From<StridedView<'a, i64, $n>> for Any<'a> {
            fn from(view: StridedView<'a, i64, $n>) -> Self {
                Self::$variant(view)
            }
        })*
    };
}
from_view!(D0 0, D1 1, D2 2, D3 3, D4 4, D5 5, D6 6);

/// Calls a method that leaves one axis out.
macro_rules! smaller {
    ($any:expr, $method:ident($($arg:expr),*)) => {
        match $any {
            Any::D0(_) => panic!("{} leaves no axis out of none", stringify!($method)),
            Any::D1(view) => view.$method($($arg),*).map(Any::from),
            Any::D2(view) => view.$method($($arg),*).map(Any::from),
            Any::D3(view) => view.$method($($arg),*).map(Any::from),
            Any::D4(view) => view.$method($($arg),*).map(Any::from),
            Any::D5(view) => view.$method($($arg),*).map(Any::from),
            Any::D6(view) => view.$method($($arg),*).map(Any::from),
        }
    };
}

/// Calls a method that adds axes, for the numbers of axes that it can be added to.
macro_rules! larger {
    ($any:expr, $method:ident $args:tt, $($from:ident),*) => {
        match $any {
            $(Any::$from(view) => larger!(@call view, $method, $args).map(Any::from),)*
            _ => panic!("{} leaves the zero to six axes of this test", stringify!($method)),
        }
    };
    (@call $view:ident, $method:ident, ($($arg:expr),*)) => {
        $view.$method($($arg),*)
    };
}

/// Calls a method with the number of axes that a shape has.
macro_rules! to_shape {
    ($any:expr, $method:ident, $shape:expr, $($n:literal),*) => {
        match $shape.len() {
            $($n => each!($any, view => view.$method(array::<$n>($shape)).map(Any::from)),)*
            axes => panic!("{axes} axes are more than the six of this test"),
        }
    };
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    Slice(usize, Slice),
    Flip(usize),
    Permute(Vec<usize>),
    Transpose,
    Index(usize, usize),
    InsertAxis(usize),
    Repeat(usize, usize),
    Reshape(Vec<usize>),
    Diagonal(isize, [usize; 2]),
    AntiDiagonal(isize, [usize; 2]),
    BroadcastTo(Vec<usize>),
    /// Axes, window, step and dilation, of one or two axes.
    Windows([Vec<usize>; 4]),
    /// Axes and block.
    Blocks([Vec<usize>; 2]),
}

pub(crate) fn array<const N: usize>(numbers: &[usize]) -> [usize; N] {
    numbers.try_into().expect("as many numbers as axes")
}

impl<'a> Any<'a> {
    pub(crate) fn new(
        buffer: &'a [i64],
        shape: &[usize],
        strides: &[isize],
        offset: usize,
    ) -> Result<Self, LayoutError> {
        macro_rules! of {
            ($($n:literal),*) => {
                match shape.len() {
                    $($n => {
                        let strides = strides.try_into().expect("a stride for each axis");
                        StridedView::<_, $n>::new(buffer, array(shape), strides, offset).map(Any::from)
                    })*
                    axes => panic!("{axes} axes are more than the six of this test"),
                }
            };
        }
        of!(0, 1, 2, 3, 4, 5, 6)
    }

    /// In C order or, if `fortran`, in Fortran order.
    pub(crate) fn dense(buffer: &'a [i64], shape: &[usize], fortran: bool) -> Self {
        macro_rules! of {
            ($($n:literal),*) => {
                match (shape.len(), fortran) {
                    $(($n, false) => StridedView::<_, $n>::from_slice(buffer, array(shape)).map(Any::from),
                    ($n, true) => StridedView::<_, $n>::from_slice_f(buffer, array(shape)).map(Any::from),)*
                    (axes, _) => panic!("{axes} axes are more than the six of this test"),
                }
            };
        }
        of!(0, 1, 2, 3, 4, 5, 6).expect("the buffer holds the shape")
    }

    pub(crate) fn shape(self) -> Vec<usize> {
        each!(self, view => view.shape().to_vec())
    }

    pub(crate) fn strides(self) -> Vec<isize> {
        each!(self, view => view.strides().to_vec())
    }

    pub(crate) fn to_vec(self) -> Vec<i64> {
        each!(self, view => view.to_vec())
    }

    pub(crate) fn apply(self, op: &Op) -> Result<Self, LayoutError> {
        match op {
            Op::Slice(axis, slice) => each!(self, view => view.slice(*axis, *slice).map(Any::from)),
            Op::Flip(axis) => each!(self, view => view.flip(*axis).map(Any::from)),
            Op::Permute(order) => {
                each!(self, view => view.permute(array(order)).map(Any::from))
            }
            Op::Transpose => Ok(each!(self, view => view.transpose().into())),
            Op::Index(axis, index) => smaller!(self, index_axis(*axis, *index)),
            Op::InsertAxis(axis) => {
                larger!(self, insert_axis(*axis), D0, D1, D2, D3, D4, D5)
            }
            Op::Repeat(axis, times) => {
                larger!(self, repeated(*axis, *times), D0, D1, D2, D3, D4, D5)
            }
            Op::Reshape(shape) => to_shape!(self, reshape, shape, 0, 1, 2, 3, 4, 5, 6),
            Op::BroadcastTo(shape) => to_shape!(self, broadcast_to, shape, 0, 1, 2, 3, 4, 5, 6),
            Op::Diagonal(offset, axes) => {
                smaller!(self, diagonal(*axes, *offset))
            }
            Op::AntiDiagonal(offset, axes) => {
                smaller!(self, anti_diagonal(*axes, *offset))
            }
            Op::Windows([axes, window, step, dilation]) => match axes.len() {
                1 => {
                    let spacing = Spacing {
                        step: array(step),
                        dilation: array(dilation),
                    };
                    larger!(
                        self,
                        windows_over(array::<1>(axes), array(window), spacing),
                        D1,
                        D2,
                        D3,
                        D4,
                        D5
                    )
                }
                _ => {
                    let spacing = Spacing {
                        step: array(step),
                        dilation: array(dilation),
                    };
                    larger!(
                        self,
                        windows_over(array::<2>(axes), array(window), spacing),
                        D2,
                        D3,
                        D4
                    )
                }
            },
            Op::Blocks([axes, block]) => match axes.len() {
                1 => {
                    larger!(
                        self,
                        blocks(array::<1>(axes), array(block)),
                        D1,
                        D2,
                        D3,
                        D4,
                        D5
                    )
                }
                _ => larger!(self, blocks(array::<2>(axes), array(block)), D2, D3, D4),
            },
        }
    }
}
