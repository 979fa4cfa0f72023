//! Parallel iterators, from iterators that can be split in two.

use rayon::iter::{
    IndexedParallelIterator, ParallelIterator,
    plumbing::{Consumer, Producer, ProducerCallback, UnindexedConsumer, bridge},
};

/// A parallel version of an iterator of this module, with the same items in the same
/// order.
#[derive(Debug, Clone)]
pub struct Parallel<P>(P);

impl<P> Parallel<P> {
    pub(super) const fn new(sequential: P) -> Self {
        Self(sequential)
    }
}

impl<P, I> ParallelIterator for Parallel<P>
where
    P: Producer<Item = I> + ExactSizeIterator<Item = I>,
    I: Send,
{
    type Item = I;

    fn drive_unindexed<C: UnindexedConsumer<I>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }

    fn opt_len(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

impl<P, I> IndexedParallelIterator for Parallel<P>
where
    P: Producer<Item = I> + ExactSizeIterator<Item = I>,
    I: Send,
{
    fn len(&self) -> usize {
        self.0.len()
    }

    fn drive<C: Consumer<I>>(self, consumer: C) -> C::Result {
        bridge(self, consumer)
    }

    fn with_producer<CB: ProducerCallback<I>>(self, callback: CB) -> CB::Output {
        callback.callback(self.0)
    }
}
