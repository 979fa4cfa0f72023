//! The mutable iterator over the elements of a view, in row-major order.

use std::{iter::FusedIterator, mem};

use super::{Layout, LayoutError, StridedViewMut, walk::merge};

/// A mutable iterator over the elements of a view, in row-major order.
///
/// As with [`Iter`](super::Iter), methods that consume the whole iterator run as loops over
/// lanes.
#[derive(Debug)]
pub struct IterMut<'a, T, const N: usize> {
    /// For every axis but the last, the elements of the indices that were not visited yet,
    /// from the lowest to the highest. The axes are merged, as in a
    /// [`Walk`](super::walk::Walk).
    outer: [Level<'a, T>; N],
    /// The rest of the lane along the last axis.
    lane: Level<'a, T>,
    left: usize,
}

/// The indices of one axis that were not visited yet.
#[derive(Debug)]
struct Level<'a, T> {
    /// From the lowest element of any index to the highest; empty if no index is left.
    rest: &'a mut [T],
    stride: isize,
    /// From the lowest element of one index to the highest.
    span: usize,
}

impl<'a, T> Level<'a, T> {
    fn new(stride: isize, span: usize) -> Self {
        let rest = &mut [];
        Self { rest, stride, span }
    }

    /// The elements of the next index, `span` of them.
    #[inline]
    fn take(&mut self) -> Option<&'a mut [T]> {
        let rest = mem::take(&mut self.rest);
        if rest.is_empty() {
            return None;
        }
        // No gap follows the last index.
        let gap = self.stride.unsigned_abs() - self.span;
        if self.stride < 0 {
            let (rest, taken) = rest.split_at_mut(rest.len() - self.span);
            let length = rest.len().saturating_sub(gap);
            self.rest = &mut rest[..length];
            Some(taken)
        } else {
            let (taken, rest) = rest.split_at_mut(self.span);
            let gap = gap.min(rest.len());
            self.rest = &mut rest[gap..];
            Some(taken)
        }
    }
}

impl<'a, T, const N: usize> IterMut<'a, T, N> {
    /// # Errors
    ///
    /// [`LayoutError::Interleaved`] if the elements of the indices of an axis interleave.
    pub(super) fn new(view: StridedViewMut<'a, T, N>) -> Result<Self, LayoutError> {
        let layout = *view.layout();
        layout.check_nested()?;
        let (shape, strides) = merge(&layout);
        let mut span = 1;
        let mut outer = [const { None }; N];
        for axis in (0..N).rev() {
            // The stride of a single index is never used and may have any value.
            let stride = match shape[axis] {
                0 | 1 => span as isize,
                _ => strides[axis],
            };
            outer[axis] = Some(Level::new(stride, span));
            span += shape[axis].saturating_sub(1) * stride.unsigned_abs();
        }
        let mut outer = outer.map(|level| level.unwrap_or_else(|| Level::new(1, 1)));
        let mut lane = Level::new(1, 1);
        if let Some(last) = outer.last_mut() {
            mem::swap(last, &mut lane);
        }
        let elements = match layout.ends() {
            Some((low, high)) => &mut view.into_buffer()[low..=high],
            None => &mut [],
        };
        match N {
            0 | 1 => lane.rest = elements,
            _ => outer[0].rest = elements,
        }
        let left = layout.len();
        Ok(Self { outer, lane, left })
    }

    /// Advances `lane` to the next one.
    fn next_lane(&mut self) -> Option<()> {
        let axes = N.saturating_sub(1);
        let (mut axis, mut taken) = (0..axes)
            .rev()
            .find_map(|axis| Some((axis, self.outer[axis].take()?)))?;
        while axis + 1 < axes {
            axis += 1;
            self.outer[axis].rest = taken;
            taken = self.outer[axis].take()?;
        }
        self.lane.rest = taken;
        Some(())
    }
}

impl<const N: usize> Layout<N> {
    /// Checks that the elements of the indices of each axis do not interleave.
    fn check_nested(&self) -> Result<(), LayoutError> {
        let (mut inner, strides) = (self.shape(), self.strides());
        for axis in 0..N {
            self.derive(inner, strides, self.offset())
                .check_separate(axis)?;
            inner[axis] = inner[axis].min(1);
        }
        Ok(())
    }
}

impl<'a, T, const N: usize> Iterator for IterMut<'a, T, N> {
    type Item = &'a mut T;

    #[inline]
    fn next(&mut self) -> Option<&'a mut T> {
        let element = match self.lane.take() {
            Some(element) => element,
            None => {
                self.next_lane()?;
                self.lane.take()?
            }
        };
        self.left -= 1;
        element.first_mut()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    fn fold<B, F: FnMut(B, &'a mut T) -> B>(mut self, init: B, mut f: F) -> B {
        let step = self.lane.stride.unsigned_abs();
        let mut all = init;
        loop {
            let lane = mem::take(&mut self.lane.rest);
            all = match self.lane.stride {
                1 => lane.iter_mut().fold(all, &mut f),
                2.. => lane.iter_mut().step_by(step).fold(all, &mut f),
                _ => lane.iter_mut().rev().step_by(step).fold(all, &mut f),
            };
            if self.next_lane().is_none() {
                return all;
            }
        }
    }
}

impl<T, const N: usize> ExactSizeIterator for IterMut<'_, T, N> {}

impl<T, const N: usize> FusedIterator for IterMut<'_, T, N> {}
