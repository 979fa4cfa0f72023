//! The filtering stage of one result, and the writing stage that follows it.

use std::{
    mem, panic,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{Scope, ScopedJoinHandle},
    time::{Duration, Instant},
};

use super::{
    chunk,
    output::{Finished, Writing},
    report::{Event, Report},
    threads::{self, QUEUE, buffer},
};
use crate::{
    codec::Metadata,
    error::{Error, OutputError, Result},
    filter::Plan,
    image::{Depth, ImageSpec, ImageView, Samples},
    stage::{Chain, Part, Rows, RowsMut, Scratch},
    stop::Stop,
};

/// One result that is to be made.
pub(super) struct Work<'a> {
    pub(super) plan: &'a Plan,
    pub(super) writing: Writing,
}

/// A result that was made and is not yet in its place, and how long its filter took.
pub(super) struct Made {
    pub(super) finished: Finished,
    pub(super) filter: Duration,
}

/// The way of one result.
pub(super) struct Branch<'scope> {
    plan: &'scope Plan,
    chain: Chain,
    scratch: Scratch,
    /// Whether the chain was told of the image.
    begun: bool,
    /// The bytes of a row of the image.
    row_bytes: usize,
    /// Rows that are made at a time.
    stretch: usize,
    /// The row of the result that comes next.
    next: usize,
    busy: Duration,
    /// Where its rows go, or why they do not.
    feed: Result<Feed<'scope>>,
}

/// Where stretches go.
enum Feed<'scope> {
    /// Written at once, from a buffer that is kept.
    Here(Box<Writing>, Option<Samples>),
    /// Written by a thread.
    There {
        parcels: SyncSender<Parcel>,
        empty: Receiver<Samples>,
        thread: ScopedJoinHandle<'scope, Result<Option<Finished>>>,
    },
}

/// What a writing thread is given.
enum Parcel {
    Rows(Samples),
    End(Metadata),
}

impl<'scope> Branch<'scope> {
    /// With a scope, a thread writes.
    pub(super) fn new<'env>(
        work: Work<'env>,
        row_bytes: usize,
        scope: Option<&'scope Scope<'scope, 'env>>,
    ) -> Result<Self>
    where
        'env: 'scope,
    {
        let Work { plan, writing } = work;
        let chain = Chain::new(plan)?;
        let feed = match scope {
            None => Feed::Here(Box::new(writing), None),
            Some(scope) => {
                let (parcels, received) = sync_channel(QUEUE);
                let (back, empty) = channel();
                let thread = threads::spawn(scope, move || write(writing, &received, &back))?;
                Feed::There {
                    parcels,
                    empty,
                    thread,
                }
            }
        };
        Ok(Self {
            plan,
            chain,
            scratch: Scratch::default(),
            begun: false,
            row_bytes,
            stretch: chunk::stretch_rows(plan, row_bytes),
            next: 0,
            busy: Duration::ZERO,
            feed: Ok(feed),
        })
    }

    /// Makes the rows that `image`, which begins with row `first`, suffices for.
    pub(super) fn advance(
        &mut self,
        image: ImageView<'_>,
        first: usize,
        stop: &Stop,
        report: &dyn Report,
    ) {
        let feed = mem::replace(&mut self.feed, Err(ended_early()));
        self.feed = feed.and_then(|feed| self.make(feed, image, first, stop, report));
    }

    fn make(
        &mut self,
        mut feed: Feed<'scope>,
        image: ImageView<'_>,
        first: usize,
        stop: &Stop,
        report: &dyn Report,
    ) -> Result<Feed<'scope>> {
        let plan = self.plan;
        let result = ImageSpec::new(plan.output_shape(), plan.output_depth());
        let end = first + image.shape()[0];
        let progress = |count| report.event(Event::RowsDone { count });
        let source = Rows { view: image, first };
        if !self.begun {
            // Where samples depend on the range of all responses, all of the image is here.
            let start = Instant::now();
            self.chain.begin(source, &mut self.scratch, Some(stop))?;
            self.busy += start.elapsed();
            self.begun = true;
        }
        while self.next < result.rows {
            let part = self.next..result.rows.min(self.next + self.stretch);
            if self.chain.source_rows(&part).end > end {
                break;
            }
            stop.check()?;
            let mut out = feed.buffer(result.depth)?;
            out.resize(part.len() * result.row_len())?;
            let start = Instant::now();
            self.next = part.end;
            let out_rows = RowsMut {
                samples: out.as_mut_slice(),
                stride: result.row_len(),
            };
            self.chain.run(
                source,
                Part {
                    rows: part,
                    columns: 0..result.columns,
                },
                out_rows,
                &mut self.scratch,
                &progress,
                Some(stop),
            )?;
            self.busy += start.elapsed();
            feed = feed.give(out)?;
        }
        Ok(feed)
    }

    /// The most rows of the image that it needs at a time.
    pub(super) fn source_rows(&self) -> usize {
        chunk::source_rows(self.plan, self.row_bytes)
    }

    /// Whether it makes no more rows.
    pub(super) const fn has_failed(&self) -> bool {
        self.feed.is_err()
    }

    /// The first row of the image that is still needed.
    pub(super) fn needed_from(&self) -> usize {
        let rows = self.plan.output_shape()[0];
        match self.feed {
            Ok(_) if self.next < rows => self.chain.source_rows(&(self.next..rows)).start,
            _ => usize::MAX,
        }
    }

    /// Has a thread finish the result, without waiting for it.
    pub(super) fn announce_end(&mut self, metadata: &Metadata) {
        if let Ok(Feed::There { parcels, .. }) = &self.feed {
            // A thread that has failed does not hear it.
            let _ = parcels.send(Parcel::End(metadata.clone()));
        }
    }

    /// Waits until the result is finished.
    pub(super) fn end(self, metadata: &Metadata) -> Result<Made> {
        let finished = match self.feed? {
            Feed::Here(writing, _) => writing.finish(metadata)?,
            Feed::There { thread, .. } => joined(thread)?,
        };
        let filter = self.busy;
        Ok(Made { finished, filter })
    }
}

impl Feed<'_> {
    /// A buffer that came back, or a new one.
    fn buffer(&mut self, depth: Depth) -> Result<Samples> {
        match self {
            Self::Here(_, spare) => spare.take().map_or_else(|| Samples::zeroed(depth, 0), Ok),
            Self::There { empty, .. } => buffer(empty, depth),
        }
    }

    fn give(mut self, samples: Samples) -> Result<Self> {
        match &mut self {
            Self::Here(writing, spare) => {
                writing.write(&samples)?;
                *spare = Some(samples);
            }
            Self::There { parcels, .. } => {
                if parcels.send(Parcel::Rows(samples)).is_err()
                    && let Self::There { thread, .. } = self
                {
                    // It has failed, and knows why.
                    return Err(joined(thread).err().unwrap_or_else(ended_early));
                }
            }
        }
        Ok(self)
    }
}

/// What came of a writing thread.
fn joined(thread: ScopedJoinHandle<'_, Result<Option<Finished>>>) -> Result<Finished> {
    match thread.join() {
        Ok(result) => result?.ok_or_else(ended_early),
        Err(panicked) => panic::resume_unwind(panicked),
    }
}

/// Writes all stretches; `None` if they ended before the result did.
fn write(
    mut writing: Writing,
    parcels: &Receiver<Parcel>,
    back: &Sender<Samples>,
) -> Result<Option<Finished>> {
    for parcel in parcels {
        match parcel {
            Parcel::Rows(samples) => {
                writing.write(&samples)?;
                // The filter may have ended.
                let _ = back.send(samples);
            }
            Parcel::End(metadata) => return writing.finish(&metadata).map(Some),
        }
    }
    Ok(None)
}

fn ended_early() -> Error {
    OutputError::EndedEarly.into()
}
