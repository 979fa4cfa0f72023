//! The order in which the elements of a layout are visited.

use std::ops::Range;

use super::Layout;

/// The positions of a range of a layout's elements, numbered in row-major order.
#[derive(Debug, Clone)]
pub(super) struct Walk<const N: usize> {
    /// The axes, merged where possible; leading axes of length 1 fill the rank.
    shape: [usize; N],
    strides: [isize; N],
    offset: usize,
    /// The row-major numbers of the elements left.
    left: Range<usize>,
    /// The index of `left.start`, and its position in the buffer.
    index: [usize; N],
    at: usize,
}

impl<const N: usize> Walk<N> {
    pub(super) fn new(layout: &Layout<N>) -> Self {
        let (shape, strides) = merge(layout);
        Self {
            shape,
            strides,
            offset: layout.offset(),
            left: 0..layout.len(),
            index: [0; N],
            at: layout.offset(),
        }
    }

    /// The row-major numbers of the elements left.
    pub(super) const fn left(&self) -> &Range<usize> {
        &self.left
    }

    /// The elements with the row-major numbers `left`.
    pub(super) fn part(&self, left: Range<usize>) -> Self {
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
            at.wrapping_add_signed((i as isize).wrapping_mul(stride))
        })
    }

    /// The same elements in reverse order.
    pub(super) fn reversed(self) -> Self {
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

    /// Takes the longest run of elements that nested loops can visit off the front; returns
    /// it and the position of its first element.
    pub(super) fn take_run(&mut self) -> Option<(Run, usize)> {
        if self.left.is_empty() {
            return None;
        }
        let start = self.at;
        let mut run = Run {
            shape: [1; 3],
            strides: [0; 3],
        };
        // From the last axis outwards: an axis is visited to its end, and the one before it
        // only if all axes after it are complete.
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

    /// Advances `index` by `count` along `axis`, with carry like an odometer; `count` goes at
    /// most to the end of the axis.
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

    /// The position of the `n`-th element from the end.
    pub(super) fn nth_back(&mut self, n: usize) -> Option<usize> {
        (self.left.nth_back(n)).map(|number| self.position_of(unravel(number, self.shape)))
    }
}

impl<const N: usize> Iterator for Walk<N> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.left.is_empty() {
            return None;
        }
        let at = self.at;
        self.left.start += 1;
        if N > 0 {
            self.advance(N - 1, 1);
        }
        Some(at)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<const N: usize> ExactSizeIterator for Walk<N> {}

/// Up to three nested loops over elements, the last innermost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) shape: [usize; 3],
    pub(super) strides: [isize; 3],
}

impl Run {
    /// Folds over the positions of the first elements of the lanes.
    #[inline(always)]
    pub(super) fn lanes<B>(&self, start: usize, init: B, mut lane: impl FnMut(B, usize) -> B) -> B {
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

/// The index of the element with this row-major number.
fn unravel<const N: usize>(mut number: usize, shape: [usize; N]) -> [usize; N] {
    let mut index = [0; N];
    for axis in (0..N).rev() {
        index[axis] = number % shape[axis];
        number /= shape[axis];
    }
    index
}

/// Shape and strides with axes merged into the next where one stride covers both. The
/// row-major numbers of the elements stay the same.
pub(super) fn merge<const N: usize>(layout: &Layout<N>) -> ([usize; N], [isize; N]) {
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

impl<const N: usize> Layout<N> {
    /// The positions of all indices in row-major order.
    pub(super) fn positions(&self) -> Walk<N> {
        Walk::new(self)
    }
}
