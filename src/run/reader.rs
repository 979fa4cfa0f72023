//! Reads the input in chunks of rows, on a separate thread if one is available.

use std::{
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::Scope,
    time::{Duration, Instant},
};

use super::{
    io_threads::{self, CAPACITY, recycled_buffer},
    row_buffer::RowBuffer,
};
use crate::{
    codec::{Header, RowReader, Trailer},
    error::{InputError, Result},
    image::Samples,
};

/// What is known after the last row, and the time spent reading.
#[derive(Default)]
pub(super) struct ReadSummary {
    pub(super) trailer: Trailer,
    pub(super) busy: Duration,
    /// The next page, if one is to be read.
    pub(super) next: Option<Box<RowReader<'static>>>,
}

impl ReadSummary {
    /// Ends a page whose rows were read, and opens the next.
    fn of(reader: RowReader<'static>, start: Instant) -> Result<Self> {
        let Header { page, pages, .. } = *reader.header();
        let ended = reader.finish_page();
        // What fails beyond the page is about the next one, unless there is none.
        let (trailer, next) = ended.map_err(|error| error.at_page(page + u64::from(pages > 1)))?;
        Ok(Self {
            trailer,
            busy: start.elapsed(),
            next: next.map(Box::new),
        })
    }
}

/// Delivers the input chunk by chunk.
pub(super) enum Reader {
    /// Decodes a chunk when it is requested.
    Inline {
        /// `None` after the last row.
        rows: Option<Box<RowReader<'static>>>,
        /// The rows of a chunk.
        chunk: usize,
        busy: Duration,
    },
    /// Receives the chunks that a thread decodes ahead.
    Thread {
        messages: Receiver<Result<Message>>,
        /// Gives buffers back to the thread.
        used: Sender<Samples>,
    },
}

/// A message from the reader thread.
pub(super) enum Message {
    Rows(Samples),
    End(Box<ReadSummary>),
}

impl Reader {
    /// Reads `chunk` rows at a time: on a thread of `scope`, or inline without one.
    pub(super) fn new<'scope>(
        rows: RowReader<'static>,
        chunk: usize,
        scope: Option<&'scope Scope<'scope, '_>>,
    ) -> Result<Self> {
        let Some(scope) = scope else {
            return Ok(Self::Inline {
                rows: Some(Box::new(rows)),
                chunk,
                busy: Duration::ZERO,
            });
        };
        let (sender, messages) = sync_channel(CAPACITY);
        let (used, buffers) = channel();
        io_threads::spawn(scope, move || {
            if let Err(error) = read(rows, chunk, &sender, &buffers) {
                // Fails only if the receiver is gone, and then nobody needs the error.
                let _ = sender.send(Err(error));
            }
        })?;
        Ok(Self::Thread { messages, used })
    }

    /// Appends the next chunk to `buffer`; after the last one, gives the summary.
    pub(super) fn next(&mut self, buffer: &mut RowBuffer) -> Result<Option<ReadSummary>> {
        match self {
            Self::Inline { rows, chunk, busy } => {
                let start = Instant::now();
                let Some(mut reader) = rows.take() else {
                    return Ok(Some(ReadSummary::default()));
                };
                let count = (*chunk).min(reader.rows_left());
                if count == 0 {
                    let mut summary = ReadSummary::of(*reader, start)?;
                    summary.busy += *busy;
                    return Ok(Some(summary));
                }
                reader.read(buffer.grow(count)?)?;
                *rows = Some(reader);
                *busy += start.elapsed();
                Ok(None)
            }
            Self::Thread { messages, used } => match messages.recv() {
                Ok(Ok(Message::Rows(samples))) => {
                    buffer.push(&samples)?;
                    // Fails only if the thread has ended.
                    let _ = used.send(samples);
                    Ok(None)
                }
                Ok(Ok(Message::End(summary))) => Ok(Some(*summary)),
                Ok(Err(error)) => Err(error),
                // The thread panicked; its scope resumes the panic.
                Err(_) => Err(InputError::EndedEarly.into()),
            },
        }
    }
}

/// The reader thread: sends every chunk, then the summary.
fn read(
    mut reader: RowReader<'static>,
    chunk: usize,
    messages: &SyncSender<Result<Message>>,
    buffers: &Receiver<Samples>,
) -> Result<()> {
    let spec = reader.header().spec;
    let mut busy = Duration::ZERO;
    while reader.rows_left() > 0 {
        let start = Instant::now();
        let mut samples = recycled_buffer(buffers, spec.depth)?;
        samples.resize(chunk.min(reader.rows_left()) * spec.row_len())?;
        reader.read(&mut samples)?;
        busy += start.elapsed();
        if messages.send(Ok(Message::Rows(samples))).is_err() {
            return Ok(());
        }
    }
    let start = Instant::now();
    let mut summary = ReadSummary::of(reader, start)?;
    summary.busy += busy;
    let _ = messages.send(Ok(Message::End(Box::new(summary))));
    Ok(())
}
