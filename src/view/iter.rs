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
/// `collect` and the like, from either end) runs as nested loops over axes that
/// were merged where they can be, which for a contiguous view is a loop over a
/// slice. A `for` loop asks for one element at a time, which no compiler turns
/// into that: summing a contiguous view takes it about ten times as long.
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

    /// The same elements from the last to the first.
    fn reversed(self) -> Self {
        if self.left.is_empty() {
            return self;
        }
        let count: usize = self.shape.iter().product();
        let Range { start, end } = self.left;
        let last = self.shape.map(|n| n - 1);
        let backwards = Self {
            offset: self.position_of(last),
            strides: self.strides.map(isize::wrapping_neg),
            ..self
        };
        backwards.part(count - end..count - start)
    }

    /// The longest run of elements that nested loops can walk, taken off the
    /// front, and the position of its first.
    fn take_run(&mut self) -> Option<(Run, usize)> {
        if self.left.is_empty() {
            return None;
        }
        let start = self.at;
        let mut run = Run {
            shape: [1; 3],
            strides: [0; 3],
        };
        // From the last axis outwards: an axis is walked to its end, and the
        // one before it as long as all behind it are whole.
        let mut whole = 1;
        for (place, axis) in (0..N).rev().enumerate().take(3) {
            let rest = self.shape[axis] - self.index[axis];
            let count = rest.min(self.left.len() / whole);
            (run.shape[2 - place], run.strides[2 - place]) = (count, self.strides[axis]);
            whole *= count;
            let outermost = place + 1 == N.min(3);
            if outermost || count < self.shape[axis] {
                self.left.start += whole;
                self.advance(axis, count);
                return Some((run, start));
            }
        }
        self.left.start += 1;
        Some((run, start))
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
        while let Some((run, start)) = self.take_run() {
            all = run.fold(self.buffer, start, all, &mut f);
        }
        all
    }
}

/// Up to three nested loops over elements, the last innermost.
#[derive(Debug, Clone, Copy)]
struct Run {
    shape: [usize; 3],
    strides: [isize; 3],
}

impl Run {
    /// Folds the elements from `start` on. How to walk a lane is decided once
    /// and not for every lane, which may be as short as a window.
    #[inline]
    fn fold<'a, T, B>(
        &self,
        buffer: &'a [T],
        start: usize,
        init: B,
        f: &mut impl FnMut(B, &'a T) -> B,
    ) -> B {
        let (n, stride) = (self.shape[2], self.strides[2]);
        let step = stride.unsigned_abs();
        let reach = (n - 1) * step;
        match stride {
            0 => self.lanes(start, init, |all, at| {
                (0..n).fold(all, |all, _| f(all, &buffer[at]))
            }),
            // The rows of the smallest windows, so short that a loop over a
            // length known only at run time costs more than the elements.
            1 if n == 3 => self.lanes(start, init, |all, at| {
                let lane = buffer[at..].first_chunk::<3>();
                let lane = lane.expect("the lanes lie in the buffer");
                lane.iter().fold(all, &mut *f)
            }),
            1 => self.lanes(start, init, |all, at| {
                buffer[at..at + n].iter().fold(all, &mut *f)
            }),
            -1 => self.lanes(start, init, |all, at| {
                buffer[at - reach..=at].iter().rev().fold(all, &mut *f)
            }),
            2.. => self.lanes(start, init, |all, at| {
                let lane = buffer[at..=at + reach].iter().step_by(step);
                lane.fold(all, &mut *f)
            }),
            _ => self.lanes(start, init, |all, at| {
                let lane = buffer[at - reach..=at].iter().rev().step_by(step);
                lane.fold(all, &mut *f)
            }),
        }
    }

    /// Folds the starts of the lanes.
    #[inline(always)]
    fn lanes<B>(&self, start: usize, init: B, mut lane: impl FnMut(B, usize) -> B) -> B {
        let mut all = init;
        for plane in 0..self.shape[0] {
            let start = start.wrapping_add_signed(plane as isize * self.strides[0]);
            for row in 0..self.shape[1] {
                all = lane(
                    all,
                    start.wrapping_add_signed(row as isize * self.strides[1]),
                );
            }
        }
        all
    }
}

impl<T, const N: usize> ExactSizeIterator for Iter<'_, T, N> {}

impl<T, const N: usize> FusedIterator for Iter<'_, T, N> {}

impl<'a, T, const N: usize> DoubleEndedIterator for Iter<'a, T, N> {
    fn next_back(&mut self) -> Option<&'a T> {
        self.nth_back(0)
    }

    fn nth_back(&mut self, n: usize) -> Option<&'a T> {
        self.left
            .nth_back(n)
            .map(|number| &self.buffer[self.position_of(unravel(number, self.shape))])
    }

    fn rfold<B, F: FnMut(B, &'a T) -> B>(self, init: B, f: F) -> B {
        self.reversed().fold(init, f)
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

impl<'a, T: Sync, const N: usize> IntoParallelIterator for &StridedView<'a, T, N> {
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
