//! Iterators over the parts of a view along one axis, sequential and parallel.

use std::iter::FusedIterator;

use rayon::iter::{IntoParallelIterator, plumbing::Producer};

use super::{LayoutError, Parallel, RemoveAxis, split::Split};

/// An iterator over the views along one axis, without that axis; see
/// [`StridedView::axis_iter`](super::StridedView::axis_iter) and
/// [`StridedViewMut::axis_iter_mut`](super::StridedViewMut::axis_iter_mut).
///
/// `into_par_iter` converts it to a parallel iterator.
#[derive(Debug, Clone)]
pub struct AxisIter<V>(Parts<V>);

/// An iterator over parts of a view, each of a given number of indices of one axis; see
/// [`StridedView::axis_chunks_iter`](super::StridedView::axis_chunks_iter) and
/// [`StridedViewMut::axis_chunks_iter_mut`](super::StridedViewMut::axis_chunks_iter_mut).
///
/// `into_par_iter` converts it to a parallel iterator.
#[derive(Debug, Clone)]
pub struct AxisChunksIter<V> {
    parts: Parts<V>,
    count: usize,
}

impl<V: RemoveAxis> AxisIter<V> {
    pub(super) fn new(view: V, axis: usize) -> Result<Self, LayoutError> {
        Parts::new(view, axis).map(Self)
    }
}

impl<V: Split> AxisChunksIter<V> {
    pub(super) fn new(view: V, axis: usize, count: usize) -> Result<Self, LayoutError> {
        let parts = Parts::new(view, axis)?;
        match count {
            0 => Err(LayoutError::ZeroStep { axis }),
            _ => Ok(Self { parts, count }),
        }
    }
}

/// The rest of a view that is consumed from both ends of one axis.
#[derive(Debug, Clone)]
struct Parts<V> {
    /// `None` after the last part.
    rest: Option<V>,
    axis: usize,
    length: usize,
}

/// When this was created, it was checked that the axis exists and can be split anywhere;
/// every split is within its length.
const CHECKED: &str = "the axis can be cut between any two of its indices";

impl<V: Split> Parts<V> {
    fn new(view: V, axis: usize) -> Result<Self, LayoutError> {
        view.check_parts(axis)?;
        Ok(Self {
            length: view.axis_len(axis)?,
            rest: Some(view),
            axis,
        })
    }

    /// The next `count` indices, at most as many as are left.
    fn take_front(&mut self, count: usize) -> Option<V> {
        let whole = self.rest.take()?;
        let (taken, rest) = whole.split_at(self.axis, count).expect(CHECKED);
        self.rest = Some(rest);
        self.length -= count;
        Some(taken)
    }

    /// The last `count` indices, at most as many as are left.
    fn take_back(&mut self, count: usize) -> Option<V> {
        let whole = self.rest.take()?;
        self.length -= count;
        let (rest, taken) = whole.split_at(self.axis, self.length).expect(CHECKED);
        self.rest = Some(rest);
        Some(taken)
    }

    fn split(mut self, index: usize) -> (Self, Self) {
        let front = Self {
            rest: self.take_front(index),
            axis: self.axis,
            length: index,
        };
        (front, self)
    }
}

impl<V: RemoveAxis> AxisIter<V> {
    fn alone(&self, part: V) -> V::Smaller {
        part.remove_axis(self.0.axis, 0)
            .expect("a part of one index has an index zero")
    }
}

impl<V: RemoveAxis> Iterator for AxisIter<V> {
    type Item = V::Smaller;

    fn next(&mut self) -> Option<V::Smaller> {
        self.nth(0)
    }

    fn nth(&mut self, n: usize) -> Option<V::Smaller> {
        let skipped = n.min(self.0.length);
        if skipped > 0 {
            self.0.take_front(skipped);
        }
        if self.0.length == 0 {
            return None;
        }
        let part = self.0.take_front(1)?;
        Some(self.alone(part))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.length, Some(self.0.length))
    }
}

impl<V: RemoveAxis> DoubleEndedIterator for AxisIter<V> {
    fn next_back(&mut self) -> Option<V::Smaller> {
        if self.0.length == 0 {
            return None;
        }
        let part = self.0.take_back(1)?;
        Some(self.alone(part))
    }
}

impl<V: Split> Iterator for AxisChunksIter<V> {
    type Item = V;

    fn next(&mut self) -> Option<V> {
        match self.parts.length {
            0 => None,
            length => self.parts.take_front(self.count.min(length)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let chunks = self.parts.length.div_ceil(self.count);
        (chunks, Some(chunks))
    }
}

impl<V: Split> DoubleEndedIterator for AxisChunksIter<V> {
    fn next_back(&mut self) -> Option<V> {
        match (self.parts.length, self.parts.length % self.count) {
            (0, _) => None,
            (_, 0) => self.parts.take_back(self.count),
            (_, left) => self.parts.take_back(left),
        }
    }
}

impl<V: RemoveAxis> ExactSizeIterator for AxisIter<V> {}
impl<V: RemoveAxis> FusedIterator for AxisIter<V> {}
impl<V: Split> ExactSizeIterator for AxisChunksIter<V> {}
impl<V: Split> FusedIterator for AxisChunksIter<V> {}

impl<V: RemoveAxis + Send> Producer for AxisIter<V> {
    type Item = V::Smaller;
    type IntoIter = Self;

    fn into_iter(self) -> Self {
        self
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (front, back) = self.0.split(index);
        (Self(front), Self(back))
    }
}

impl<V: Split + Send> Producer for AxisChunksIter<V> {
    type Item = V;
    type IntoIter = Self;

    fn into_iter(self) -> Self {
        self
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let count = self.count;
        let at = index.saturating_mul(count).min(self.parts.length);
        let (front, back) = self.parts.split(at);
        let chunks = |parts| Self { parts, count };
        (chunks(front), chunks(back))
    }
}

impl<V: RemoveAxis<Smaller: Send> + Send> IntoParallelIterator for AxisIter<V> {
    type Item = V::Smaller;
    type Iter = Parallel<Self>;

    fn into_par_iter(self) -> Parallel<Self> {
        Parallel::new(self)
    }
}

impl<V: Split + Send> IntoParallelIterator for AxisChunksIter<V> {
    type Item = V;
    type Iter = Parallel<Self>;

    fn into_par_iter(self) -> Parallel<Self> {
        Parallel::new(self)
    }
}
