//! Writes a result in chunks of rows, on a separate thread if one is available.

use std::{
    panic,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{Scope, ScopedJoinHandle},
};

use super::{
    io_threads::{self, CAPACITY, recycled_buffer},
    output::{Ended, OutputWriter},
};
use crate::{
    codec::Metadata,
    error::{Error, OutputError, Result},
    image::{Depth, Samples},
};

/// Takes the chunks of one result.
pub(super) enum Writer<'scope> {
    /// Encodes a chunk when it is given.
    Inline {
        output: Box<OutputWriter>,
        /// The buffer of the last chunk, to be used again.
        spare: Option<Samples>,
    },
    /// Sends the chunks to a thread that encodes them. The channel is bounded: a filter
    /// that is faster than the encoder waits.
    Thread {
        messages: SyncSender<Message>,
        /// Buffers that the thread gives back.
        buffers: Receiver<Samples>,
        thread: ScopedJoinHandle<'scope, Result<Option<Ended>>>,
    },
}

/// A message to the writer thread.
pub(super) enum Message {
    Rows(Samples),
    /// There are no more rows. With the final metadata, and whether this was the last page.
    End(Metadata, bool),
}

impl<'scope> Writer<'scope> {
    /// Writes to `output`: on a thread of `scope`, or inline without one.
    pub(super) fn new<'env>(
        output: OutputWriter,
        scope: Option<&'scope Scope<'scope, 'env>>,
    ) -> Result<Self>
    where
        'env: 'scope,
    {
        let Some(scope) = scope else {
            return Ok(Self::Inline {
                output: Box::new(output),
                spare: None,
            });
        };
        let (messages, received) = sync_channel(CAPACITY);
        let (used, buffers) = channel();
        let thread = io_threads::spawn(scope, move || write(output, &received, &used))?;
        Ok(Self::Thread {
            messages,
            buffers,
            thread,
        })
    }

    /// A buffer for the next chunk, recycled if there is one.
    pub(super) fn buffer(&mut self, depth: Depth) -> Result<Samples> {
        match self {
            Self::Inline { spare, .. } => {
                spare.take().map_or_else(|| Samples::zeroed(depth, 0), Ok)
            }
            Self::Thread { buffers, .. } => recycled_buffer(buffers, depth),
        }
    }

    /// Writes a chunk, or hands it to the thread.
    ///
    /// # Errors
    ///
    /// That of the output. The writer is gone then.
    pub(super) fn write(mut self, samples: Samples) -> Result<Self> {
        match &mut self {
            Self::Inline { output, spare } => {
                output.write(&samples)?;
                *spare = Some(samples);
            }
            Self::Thread { messages, .. } => {
                if messages.send(Message::Rows(samples)).is_err()
                    && let Self::Thread { thread, .. } = self
                {
                    // The thread has ended with an error.
                    return Err(join(thread).err().unwrap_or_else(ended_early));
                }
            }
        }
        Ok(self)
    }

    /// Has the thread, if there is one, end the page, or finish the output if it is the last,
    /// without waiting for it.
    pub(super) fn announce_end(&self, metadata: &Metadata, is_last: bool) {
        if let Self::Thread { messages, .. } = self {
            // Fails only if the thread has ended; `finish` gives its error.
            let _ = messages.send(Message::End(metadata.clone(), is_last));
        }
    }

    /// Ends the page, or waits for the thread to end it, after
    /// [`announce_end`](Self::announce_end).
    pub(super) fn finish(self, metadata: &Metadata, is_last: bool) -> Result<Ended> {
        match self {
            Self::Inline { output, .. } => output.end(metadata, is_last),
            Self::Thread { thread, .. } => join(thread),
        }
    }
}

/// The result of the writer thread.
fn join(thread: ScopedJoinHandle<'_, Result<Option<Ended>>>) -> Result<Ended> {
    match thread.join() {
        Ok(result) => result?.ok_or_else(ended_early),
        Err(panicked) => panic::resume_unwind(panicked),
    }
}

/// The writer thread: writes every chunk; `None` if the channel closes before the end is
/// announced.
fn write(
    mut output: OutputWriter,
    messages: &Receiver<Message>,
    used: &Sender<Samples>,
) -> Result<Option<Ended>> {
    for message in messages {
        match message {
            Message::Rows(samples) => {
                output.write(&samples)?;
                // Fails only if the filter has ended.
                let _ = used.send(samples);
            }
            Message::End(metadata, is_last) => return output.end(&metadata, is_last).map(Some),
        }
    }
    Ok(None)
}

pub(super) fn ended_early() -> Error {
    OutputError::EndedEarly.into()
}
