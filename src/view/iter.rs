//! The elements of a view in row-major order: exact size, from both ends, and
//! in parts for rayon.

use std::{iter::FusedIterator, ops::Range};

use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, ParallelIterator,
    plumbing::{Consumer, Producer, ProducerCallback, UnindexedConsumer, bridge},
};

use super::{Layout, StridedView};

/// The elements of a view in row-major order.
///
/// What consumes the rest of the iterator at once (`for_each`, `sum`,
/// `collect` and the like) runs as nested loops over axes that were merged
/// where they can be, which for a contiguous view is a loop over a slice.
#[derive(Debug)]
pub struct Iter<'a, T, const N: usize> {
    buffer: &'a [T],
    /// The axes, merged: those in front may be left over, of length 1.
    shape: [usize; N],
    strides: [isize; N],
    offset: usize,
    /// The elements left, counted in row-major order.
    left: Range<usize>,
    /// The index of `left.start`, and its position in the buffer.
    index: [usize; N],
    at: usize,
}

impl<T, const N: usize> Clone for Iter<'_, T, N> {
    fn clone(&self) -> Self {
        Self {
            left: self.left.clone(),
            ..*self
        }
    }
}

impl<'a, T, const N: usize> Iter<'a, T, N> {
    pub(super) fn new(view: StridedView<'a, T, N>) -> Self {
        let (shape, strides) = merge(view.layout());
        Self {
            buffer: view.buffer(),
            shape,
            strides,
            offset: view.offset(),
            left: 0..view.len(),
            index: [0; N],
            at: view.offset(),
        }
    }

    /// The same elements from number `left.start` to `left.end`.
    fn part(&self, left: Range<usize>) -> Self {
        let index = if left.is_empty() {
            [0; N]
        } else {
            unravel(left.start, self.shape)
        };
        Self {
            at: self.position_of(index),
            left,
            index,
            ..*self
        }
    }

    fn position_of(&self, index: [usize; N]) -> usize {
        (index.iter().zip(&self.strides)).fold(self.offset, |at, (&i, &stride)| {
            at.wrapping_add_signed(i as isize * stride)
        })
    }

    /// Counts `index` up by `count` along `axis`, like an odometer; the count
    /// goes at most to the end of the axis.
    #[inline(always)]
    fn advance(&mut self, mut axis: usize, mut count: usize) {
        loop {
            self.index[axis] += count;
            self.at = self
                .at
                .wrapping_add_signed((count as isize).wrapping_mul(self.strides[axis]));
            if self.index[axis] < self.shape[axis] || axis == 0 {
                return;
            }
            let back = (self.shape[axis] as isize).wrapping_mul(self.strides[axis]);
            self.at = self.at.wrapping_add_signed(back.wrapping_neg());
            self.index[axis] = 0;
            (axis, count) = (axis - 1, 1);
        }
    }
}

/// The index of the element with this row-major number.
fn unravel<const N: usize>(mut number: usize, shape: [usize; N]) -> [usize; N] {
    let mut index = [0; N];
    for axis in (0..N).rev() {
        index[axis] = number % shape[axis];
        number /= shape[axis];
    }
    index
}

/// Shape and strides with axes that can be walked as one merged into the later
/// one. The row-major numbers of the elements stay the same.
fn merge<const N: usize>(layout: &Layout<N>) -> ([usize; N], [isize; N]) {
    let mut shape = [1; N];
    let mut strides = [0; N];
    let mut to = N;
    for (&n, &stride) in layout.shape().iter().zip(&layout.strides()).rev() {
        let whole = to < N && (shape[to] as isize).wrapping_mul(strides[to]) == stride;
        if n == 1 {
            continue;
        } else if whole {
            shape[to] *= n;
        } else {
            to -= 1;
            (shape[to], strides[to]) = (n, stride);
        }
    }
    (shape, strides)
}

impl<'a, T, const N: usize> Iterator for Iter<'a, T, N> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        if self.left.is_empty() {
            return None;
        }
        let element = &self.buffer[self.at];
        self.left.start += 1;
        if N > 0 {
            self.advance(N - 1, 1);
        }
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.len(), Some(self.left.len()))
    }

    fn nth(&mut self, n: usize) -> Option<&'a T> {
        let start = self.left.start.saturating_add(n).min(self.left.end);
        *self = self.part(start..self.left.end);
        self.next()
    }

    fn fold<B, F: FnMut(B, &'a T) -> B>(mut self, init: B, mut f: F) -> B {
        let mut all = init;
        if N == 0 {
            return self.left.fold(all, |all, _| f(all, &self.buffer[self.at]));
        }
        let last = N - 1;
        let (lane, stride) = (self.shape[last], self.strides[last]);
        while !self.left.is_empty() {
            let rest = lane - self.index[last];
            if N == 1 || rest < lane || self.left.len() < lane {
                // The end of a lane, or the beginning of the last one.
                let count = rest.min(self.left.len());
                all = fold_lane(self.buffer, self.at, count, stride, all, &mut f);
                self.left.start += count;
                self.advance(last, count);
                continue;
            }
            // Whole lanes, up to the end of the axis before.
            let axis = last - 1;
            let lanes = (self.shape[axis] - self.index[axis]).min(self.left.len() / lane);
            let mut start = self.at;
            for _ in 0..lanes {
                all = fold_lane(self.buffer, start, lane, stride, all, &mut f);
                start = start.wrapping_add_signed(self.strides[axis]);
            }
            self.left.start += lanes * lane;
            self.advance(axis, lanes);
        }
        all
    }
}

/// Folds the `n` elements that stand `stride` apart from `start` on.
#[inline(always)]
fn fold_lane<'a, T, B>(
    buffer: &'a [T],
    start: usize,
    n: usize,
    stride: isize,
    init: B,
    f: &mut impl FnMut(B, &'a T) -> B,
) -> B {
    match stride {
        0 => (0..n).fold(init, |all, _| f(all, &buffer[start])),
        1 => buffer[start..start + n].iter().fold(init, f),
        2.. => {
            let step = stride.unsigned_abs();
            buffer[start..=start + (n - 1) * step]
                .iter()
                .step_by(step)
                .fold(init, f)
        }
        _ => {
            let step = stride.unsigned_abs();
            buffer[start - (n - 1) * step..=start]
                .iter()
                .rev()
                .step_by(step)
                .fold(init, f)
        }
    }
}

impl<T, const N: usize> ExactSizeIterator for Iter<'_, T, N> {}

impl<T, const N: usize> FusedIterator for Iter<'_, T, N> {}

impl<T, const N: usize> DoubleEndedIterator for Iter<'_, T, N> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.left.is_empty() {
            return None;
        }
        self.left.end -= 1;
        Some(&self.buffer[self.position_of(unravel(self.left.end, self.shape))])
    }
}

impl<const N: usize> Layout<N> {
    /// The positions of all indices in row-major order.
    pub(super) fn positions(&self) -> impl ExactSizeIterator<Item = usize> + use<N> {
        let layout = *self;
        (0..self.len())
            .map(move |number| layout.position_unchecked(unravel(number, layout.shape())))
    }
}

/// The elements of a view for rayon, in row-major order.
#[derive(Debug, Clone)]
pub struct ParIter<'a, T, const N: usize>(Iter<'a, T, N>);

impl<'a, T: Sync, const N: usize> IntoParallelIterator for StridedView<'a, T, N> {
    type Item = &'a T;
    type Iter = ParIter<'a, T, N>;

    fn into_par_iter(self) -> ParIter<'a, T, N> {
        ParIter(self.iter())
    }
}

impl<'a, T: Sync, const N: usize> ParallelIterator for ParIter<'a, T, N> {
    type Item = &'a T;

    fn drive_unindexed<C: UnindexedConsumer<&'a T>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }

    fn opt_len(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

impl<T: Sync, const N: usize> IndexedParallelIterator for ParIter<'_, T, N> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn drive<C: Consumer<Self::Item>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }

    fn with_producer<CB: ProducerCallback<Self::Item>>(self, callback: CB) -> CB::Output {
        callback.callback(self)
    }
}

impl<'a, T: Sync, const N: usize> Producer for ParIter<'a, T, N> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T, N>;

    fn into_iter(self) -> Iter<'a, T, N> {
        self.0
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let Range { start, end } = self.0.left;
        let at = start + index;
        (Self(self.0.part(start..at)), Self(self.0.part(at..end)))
    }
}
