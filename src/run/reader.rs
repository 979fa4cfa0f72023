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
    codec::{RowReader, Trailer},
    error::{InputError, Result},
    image::Samples,
};

/// What is known after the last row, and the time spent reading.
#[derive(Default)]
pub(super) struct ReadSummary {
    pub(super) trailer: Trailer,
    pub(super) busy: Duration,
}

/// Delivers the input chunk by chunk.
pub(super) enum Reader<'a> {
    /// Decodes a chunk when it is requested.
    Inline {
        /// `None` after the last row.
        rows: Option<Box<RowReader<'a>>>,
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
    End(ReadSummary),
}

impl<'scope> Reader<'scope> {
    /// Reads `chunk` rows at a time: on a thread of `scope`, or inline without one.
    pub(super) fn new<'env>(
        rows: RowReader<'env>,
        chunk: usize,
        scope: Option<&'scope Scope<'scope, 'env>>,
    ) -> Result<Self>
    where
        'env: 'scope,
    {
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
                    let trailer = reader.finish()?;
                    let busy = *busy + start.elapsed();
                    return Ok(Some(ReadSummary { trailer, busy }));
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
                Ok(Ok(Message::End(summary))) => Ok(Some(summary)),
                Ok(Err(error)) => Err(error),
                // The thread panicked; its scope resumes the panic.
                Err(_) => Err(InputError::EndedEarly.into()),
            },
        }
    }
}

/// The reader thread: sends every chunk, then the summary.
fn read(
    mut reader: RowReader<'_>,
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
    let trailer = reader.finish()?;
    let busy = busy + start.elapsed();
    let _ = messages.send(Ok(Message::End(ReadSummary { trailer, busy })));
    Ok(())
}
