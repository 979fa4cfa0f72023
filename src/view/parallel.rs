//! Iterators that rayon may cut in two.

use rayon::iter::{
    IndexedParallelIterator, ParallelIterator,
    plumbing::{Consumer, Producer, ProducerCallback, UnindexedConsumer, bridge},
};

/// What an iterator of this module gives, in the same order, over the threads
/// of rayon's current pool.
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
