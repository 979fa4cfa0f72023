//! Iterators over the elements of a view in row-major order: of exact size, double-ended,
//! and parallel.

use std::{iter::FusedIterator, ops::Range};

use rayon::iter::{IntoParallelIterator, plumbing::Producer};

use super::{
    Parallel, StridedView,
    walk::{Run, Walk},
};

/// The elements of a view in row-major order.
///
/// Methods that consume the whole iterator (`for_each`, `sum`, `collect`, also in reverse)
/// run as nested loops over the axes, merged where possible: a contiguous view is a loop
/// over a slice. A `for` loop takes one element at a time, which compilers do not turn
/// into such loops: to sum a contiguous view takes about ten times as long.
#[derive(Debug)]
pub struct Iter<'a, T, const N: usize> {
    buffer: &'a [T],
    walk: Walk<N>,
}

impl<T, const N: usize> Clone for Iter<'_, T, N> {
    fn clone(&self) -> Self {
        Self {
            buffer: self.buffer,
            walk: self.walk.clone(),
        }
    }
}

impl<'a, T, const N: usize> Iter<'a, T, N> {
    pub(super) fn new(view: StridedView<'a, T, N>) -> Self {
        Self {
            buffer: view.buffer(),
            walk: view.layout().positions(),
        }
    }

    /// The same elements from number `left.start` to `left.end`.
    fn part(&self, left: Range<usize>) -> Self {
        Self {
            walk: self.walk.part(left),
            ..*self
        }
    }
}

impl<'a, T, const N: usize> Iterator for Iter<'a, T, N> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        self.walk.next().map(|at| &self.buffer[at])
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.walk.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<&'a T> {
        let Range { start, end } = *self.walk.left();
        self.walk = self.walk.part(start.saturating_add(n).min(end)..end);
        self.next()
    }

    fn fold<B, F: FnMut(B, &'a T) -> B>(mut self, init: B, mut f: F) -> B {
        let mut all = init;
        while let Some((run, start)) = self.walk.take_run() {
            all = run.fold(self.buffer, start, all, &mut f);
        }
        all
    }
}

impl Run {
    /// Folds the elements from `start` on. The loop for a lane is chosen once and not for
    /// every lane, which may be as short as a row of a window.
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
            // The rows of the smallest windows: a loop of a length known only at run time
            // would cost more than the elements.
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
}

impl<T, const N: usize> ExactSizeIterator for Iter<'_, T, N> {}

impl<T, const N: usize> FusedIterator for Iter<'_, T, N> {}

impl<'a, T, const N: usize> DoubleEndedIterator for Iter<'a, T, N> {
    fn next_back(&mut self) -> Option<&'a T> {
        self.nth_back(0)
    }

    fn nth_back(&mut self, n: usize) -> Option<&'a T> {
        self.walk.nth_back(n).map(|at| &self.buffer[at])
    }

    fn rfold<B, F: FnMut(B, &'a T) -> B>(self, init: B, f: F) -> B {
        let reversed = Self {
            walk: self.walk.reversed(),
            ..self
        };
        reversed.fold(init, f)
    }
}

/// A parallel iterator over the elements of a view, in row-major order.
pub type ParIter<'a, T, const N: usize> = Parallel<Iter<'a, T, N>>;

impl<'a, T: Sync, const N: usize> IntoParallelIterator for StridedView<'a, T, N> {
    type Item = &'a T;
    type Iter = ParIter<'a, T, N>;

    fn into_par_iter(self) -> ParIter<'a, T, N> {
        Parallel::new(self.iter())
    }
}

impl<'a, T: Sync, const N: usize> IntoParallelIterator for &StridedView<'a, T, N> {
    type Item = &'a T;
    type Iter = ParIter<'a, T, N>;

    fn into_par_iter(self) -> ParIter<'a, T, N> {
        Parallel::new(self.iter())
    }
}

impl<'a, T: Sync, const N: usize> Producer for Iter<'a, T, N> {
    type Item = &'a T;
    type IntoIter = Self;

    fn into_iter(self) -> Self {
        self
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let Range { start, end } = *self.walk.left();
        let at = start + index;
        (self.part(start..at), self.part(at..end))
    }
}
