//! Layouts and views cut in two along an axis.

use super::{Layout, LayoutError, StridedView, StridedViewMut, axis::Split};

impl<const N: usize> Layout<N> {
    /// That what the indices of `axis` reach does not interleave: the span of
    /// each, from its lowest element to its highest, holds no element of
    /// another. Only then can the parts of a buffer that is written to be lent
    /// to several writers.
    ///
    /// The rows of an image in C order do not interleave, its columns do:
    /// between two samples of a column stand samples of all the others.
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

    /// The indices of `axis` in front of `index`, which is at most its length,
    /// and the others.
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
