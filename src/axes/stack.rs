//! `Stack`: the shape and the strides of an array, and what its axes are.

use super::Axes;
use crate::error::Result;

/// An array whose axes are known. It is only sizes; the samples are elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stack {
    axes: Axes,
    shape: Vec<usize>,
    /// In samples.
    strides: Vec<isize>,
}

impl Stack {
    /// An array in C order, or in Fortran order.
    ///
    /// # Errors
    ///
    /// If it has another number of axes.
    pub(crate) fn new(axes: Axes, shape: &[usize], fortran: bool) -> Result<Self> {
        axes.check(shape)?;
        let mut array = Self::in_c_order(axes, shape.to_vec());
        if fortran {
            array.strides = strides(shape.iter());
        }
        Ok(array)
    }

    /// An array in C order, of as many axes as its shape has.
    pub(crate) fn in_c_order(axes: Axes, shape: Vec<usize>) -> Self {
        let mut strides = strides(shape.iter().rev());
        strides.reverse();
        Self {
            axes,
            shape,
            strides,
        }
    }

    /// What the axes are.
    pub(crate) const fn axes(&self) -> &Axes {
        &self.axes
    }

    /// The length of every axis.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The letter, the length and the stride of every axis.
    pub(crate) fn each_axis(&self) -> impl Iterator<Item = (char, usize, isize)> {
        let sizes = self.shape.iter().zip(&self.strides);
        (self.axes.letters().zip(sizes)).map(|(letter, (&len, &stride))| (letter, len, stride))
    }

    /// Whether it is one picture, whose rows are in order: `YX` or `YXC`.
    pub(crate) fn is_picture(&self) -> bool {
        matches!(&*self.axes.0, "YX" | "YXC")
    }

    /// Shape and strides of the axes of this letter, or of one of length 1.
    pub(crate) fn axis(&self, letter: char) -> (usize, isize) {
        let at = self.axes.position(letter);
        at.map_or((1, 1), |at| (self.shape[at], self.strides[at]))
    }

    /// Rows, columns and channels of each plane.
    pub(crate) fn picture(&self) -> [usize; 3] {
        ['Y', 'X', 'C'].map(|letter| self.axis(letter).0)
    }

    /// The strides of rows, columns and channels.
    pub(crate) fn picture_strides(&self) -> [isize; 3] {
        ['Y', 'X', 'C'].map(|letter| self.axis(letter).1)
    }

    /// How many planes there are.
    pub(crate) fn planes(&self) -> usize {
        let others = self
            .each_axis()
            .filter(|(letter, ..)| !"YXC".contains(*letter));
        others.fold(1, |planes, (_, len, _)| planes.saturating_mul(len))
    }

    /// The array as a single image of one channel, in which it is read and written row by row:
    /// the lines of all its planes, one after the other. A line is all that lies behind the
    /// first axis of a picture.
    pub(crate) fn folded(&self) -> [usize; 3] {
        let first = self.axes.letters().position(|letter| "YX".contains(letter));
        let (before, after) = self.shape.split_at(first.unwrap_or(0) + 1);
        let count = |lens: &[usize]| lens.iter().fold(1_usize, |n, &len| n.saturating_mul(len));
        [count(before), count(after), 1]
    }
}

/// The strides of axes of these lengths, the contiguous one first.
fn strides<'a>(lens: impl Iterator<Item = &'a usize>) -> Vec<isize> {
    let mut next = 1_isize;
    lens.map(|&len| {
        let stride = next;
        // Of an array that is in memory or in a file, none overflows.
        next = next.saturating_mul(isize::try_from(len).unwrap_or(isize::MAX));
        stride
    })
    .collect()
}
