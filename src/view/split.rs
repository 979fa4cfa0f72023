//! Layouts and views that are split in two along an axis.

use super::{Layout, LayoutError, StridedView, StridedViewMut};

/// A layout or view that can be split in two along an axis.
pub trait Split: Sized {
    /// The length of `axis`.
    ///
    /// # Errors
    ///
    /// If there is no such axis.
    fn axis_len(&self, axis: usize) -> Result<usize, LayoutError>;

    /// The part before `index` of `axis`, and the rest.
    ///
    /// # Errors
    ///
    /// If there is no such axis, `index` is above its length, or the parts are mutable
    /// and interleave.
    fn split_at(self, axis: usize, index: usize) -> Result<(Self, Self), LayoutError>;

    /// Checks that it can be split between any two indices of `axis`.
    ///
    /// # Errors
    ///
    /// If there is no such axis, or the parts are mutable and interleave.
    fn check_parts(&self, axis: usize) -> Result<(), LayoutError> {
        self.axis_len(axis).map(|_| ())
    }
}

impl<const N: usize> Layout<N> {
    /// Checks that the indices of `axis` address separate parts of the buffer: the span
    /// of each, from its lowest element to its highest, holds no element of another.
    /// Only then can the parts be lent to several writers.
    ///
    /// For example, the rows of an image in C order do not interleave, its columns do:
    /// between two samples of a column lie samples of all the others.
    ///
    /// # Errors
    ///
    /// If there is no such axis, or [`LayoutError::Interleaved`].
    pub fn check_separate(&self, axis: usize) -> Result<(), LayoutError> {
        let length = self.axis_len(axis)?;
        // Neighbours are one stride apart, all others further.
        match length <= 1 || self.strides()[axis].unsigned_abs() >= self.part_span(axis) {
            true => Ok(()),
            false => Err(self.interleaved(axis)),
        }
    }

    /// The span of one index of `axis`.
    fn part_span(&self, axis: usize) -> usize {
        self.split(axis, self.shape()[axis].min(1)).0.span()
    }

    fn interleaved(&self, axis: usize) -> LayoutError {
        LayoutError::Interleaved {
            axis,
            stride: self.strides()[axis],
            span: self.part_span(axis),
        }
    }

    /// The part before `index` of `axis`, which is at most its length, and the rest.
    fn split(&self, axis: usize, index: usize) -> (Self, Self) {
        let part = |count, offset| {
            let mut shape = self.shape();
            shape[axis] = count;
            // The indices of a part are indices of this layout.
            self.derive(shape, self.strides(), offset)
        };
        let length = self.shape()[axis];
        let second = match index < length {
            true => self.moved(axis, index),
            false => self.offset(),
        };
        (part(index, self.offset()), part(length - index, second))
    }
}

impl<const N: usize> Split for Layout<N> {
    fn axis_len(&self, axis: usize) -> Result<usize, LayoutError> {
        self.axis_len(axis)
    }

    fn split_at(self, axis: usize, index: usize) -> Result<(Self, Self), LayoutError> {
        let length = self.axis_len(axis)?;
        match index <= length {
            true => Ok(self.split(axis, index)),
            false => Err(LayoutError::Index {
                axis,
                length,
                index,
            }),
        }
    }
}

impl<T, const N: usize> Split for StridedView<'_, T, N> {
    fn axis_len(&self, axis: usize) -> Result<usize, LayoutError> {
        self.layout().axis_len(axis)
    }

    fn split_at(self, axis: usize, index: usize) -> Result<(Self, Self), LayoutError> {
        let (first, second) = Split::split_at(*self.layout(), axis, index)?;
        Ok((self.with(first), self.with(second)))
    }
}

impl<'a, T, const N: usize> Split for StridedViewMut<'a, T, N> {
    fn axis_len(&self, axis: usize) -> Result<usize, LayoutError> {
        self.layout().axis_len(axis)
    }

    fn split_at(self, axis: usize, index: usize) -> Result<(Self, Self), LayoutError> {
        let layout = *self.layout();
        let (first, second) = Split::split_at(layout, axis, index)?;
        let whole = self.into_buffer();
        let none = |layout: Layout<N>| {
            let nowhere = layout.derive(layout.shape(), layout.strides(), 0);
            StridedViewMut::from_parts(&mut [], nowhere)
        };
        match (first.ends(), second.ends()) {
            (_, None) => Ok((Self::from_parts(whole, first), none(second))),
            (None, _) => Ok((none(first), Self::from_parts(whole, second))),
            (Some((_, end)), Some((start, _))) if end < start => {
                let (before, behind) = whole.split_at_mut(start);
                let second =
                    second.derive(second.shape(), second.strides(), second.offset() - start);
                Ok((
                    Self::from_parts(before, first),
                    Self::from_parts(behind, second),
                ))
            }
            // The axis runs backwards.
            (Some((start, _)), Some((_, end))) if end < start => {
                let (before, behind) = whole.split_at_mut(start);
                let first = first.derive(first.shape(), first.strides(), first.offset() - start);
                Ok((
                    Self::from_parts(behind, first),
                    Self::from_parts(before, second),
                ))
            }
            _ => Err(layout.interleaved(axis)),
        }
    }

    fn check_parts(&self, axis: usize) -> Result<(), LayoutError> {
        self.layout().check_separate(axis)
    }
}
