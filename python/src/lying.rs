//! How arrays lie in memory: as planes of rows, columns and channels.

use pyo3::{intern, prelude::*, types::PyTuple};
use stridekern::{Depth, Plan};

use crate::{
    array::{Array, PlaneAxes},
    memory,
};

/// How an array lies: as planes of rows, columns and channels.
pub(crate) struct Lying {
    pub(crate) axes: PlaneAxes,
    /// Whether rows are the array's columns.
    pub(crate) is_transposed: bool,
    /// All other axes.
    others: Vec<usize>,
}

/// What a filter asks of the axis of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    /// Nothing: planes do as well.
    Any,
    /// That there are so many, as in a mask.
    Count(usize),
    /// That the last of them is alpha.
    WithAlpha,
}

impl Lying {
    /// Rows are along the axis whose elements are farther apart; an axis whose elements are next
    /// to each other is one of channels. If a filter asks for channels, they are along the last axis
    /// behind those of rows and columns, however the array lies.
    pub(crate) fn of(array: &Array<'_>, [row, column]: [usize; 2], channels: Channels) -> Self {
        let (shape, strides) = (array.shape(), array.strides());
        let distance = |axis: usize| strides[axis].unsigned_abs();
        // One column is a row.
        let is_transposed = shape[row] > 1
            && (shape[column] == 1 || distance(row) != 0 && distance(row) < distance(column));
        let [row, column] = match is_transposed {
            true => [column, row],
            false => [row, column],
        };
        let mut others =
            Vec::from_iter((0..shape.len()).filter(|&axis| axis != row && axis != column));
        let is_channel = |&axis: &usize| match channels {
            Channels::Any => {
                shape[axis] > 1 && distance(axis) == 1 && shape[axis] == distance(column)
            }
            Channels::Count(count) => axis > row.max(column) && shape[axis] == count,
            Channels::WithAlpha => axis > row.max(column) && matches!(shape[axis], 2 | 4),
        };
        let channel = others.iter().rposition(is_channel);
        let channel = channel.map(|at| others.remove(at));
        Self {
            axes: PlaneAxes {
                row,
                column,
                channel,
            },
            is_transposed,
            others,
        }
    }

    /// How many planes there are.
    pub(crate) fn planes(&self, shape: &[usize]) -> usize {
        self.others.iter().map(|&axis| shape[axis]).product()
    }

    /// The shape of the result of an array of this shape.
    pub(crate) fn result_shape(&self, shape: &[usize], plan: &Plan) -> Vec<usize> {
        let [rows, columns, _] = plan.output_shape();
        let mut shape = shape.to_vec();
        shape[self.axes.row] = rows;
        shape[self.axes.column] = columns;
        shape
    }

    /// Where the planes of both arrays begin.
    pub(crate) fn places(&self, image: &Array<'_>, out: &Array<'_>) -> Places {
        let axes = self.others.iter().map(|&axis| {
            (
                image.shape()[axis],
                [image.strides()[axis], out.strides()[axis]],
            )
        });
        let axes = Vec::from_iter(axes);
        let count = axes.iter().map(|(len, _)| len).product();
        Places { axes, count }
    }
}

/// Where planes begin, in elements after the first of both arrays.
pub(crate) struct Places {
    /// Length, and strides of both.
    axes: Vec<(usize, [isize; 2])>,
    pub(crate) count: usize,
}

impl Places {
    pub(crate) fn at(&self, mut index: usize) -> [isize; 2] {
        let mut place = [0, 0];
        for &(len, strides) in self.axes.iter().rev() {
            let at = (index % len) as isize;
            index /= len;
            place = [place[0] + at * strides[0], place[1] + at * strides[1]];
        }
        place
    }
}

/// A new array of any values, whose axes lie in memory in the order of those of `like`.
pub(crate) fn empty<'py>(
    py: Python<'py>,
    shape: &[usize],
    depth: Depth,
    like: &Array<'_>,
) -> PyResult<Array<'py>> {
    let mut order = Vec::from_iter(0..shape.len());
    // Axes that tell no order, of one element or of a stride of zero, stay where they are.
    for end in 1..order.len() {
        for at in (1..=end).rev() {
            let [before, after] = [order[at - 1], order[at]].map(|axis| match like.shape()[axis] {
                1 => 0,
                _ => like.strides()[axis].unsigned_abs(),
            });
            if before == 0 || after == 0 || before >= after {
                break;
            }
            order.swap(at - 1, at);
        }
    }
    let in_memory = Vec::from_iter(order.iter().map(|&axis| shape[axis]));
    let mut new = memory::empty(py, &in_memory, depth)?;
    if !order.is_sorted() {
        let mut places = vec![0; order.len()];
        for (at, &axis) in order.iter().enumerate() {
            places[axis] = at;
        }
        new = new.call_method1(intern!(py, "transpose"), (PyTuple::new(py, &places)?,))?;
    }
    Array::of_new(&new, depth)
}
