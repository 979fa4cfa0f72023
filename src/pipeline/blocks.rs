//! The reading stage.

use std::{
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::Scope,
    time::{Duration, Instant},
};

use super::{
    threads::{self, QUEUE, buffer},
    window::Window,
};
use crate::{
    codec::{RowReader, Trailer},
    error::{InputError, Result},
    image::Samples,
};

/// What the reader has to say at the end, and how long it took.
#[derive(Default)]
pub(super) struct Ending {
    pub(super) trailer: Trailer,
    pub(super) busy: Duration,
}

/// Where rows come from.
pub(super) enum Blocks<'a> {
    /// Read when asked for.
    Here(Option<Box<RowReader<'a>>>, usize, Duration),
    /// Read by a thread.
    There(Receiver<Result<Block>>, Sender<Samples>),
}

/// What a reading thread hands on.
pub(super) enum Block {
    Rows(Samples),
    End(Ending),
}

impl<'scope> Blocks<'scope> {
    /// With a scope, a thread reads.
    pub(super) fn new<'env>(
        reader: RowReader<'env>,
        rows: usize,
        scope: Option<&'scope Scope<'scope, 'env>>,
    ) -> Result<Self>
    where
        'env: 'scope,
    {
        let Some(scope) = scope else {
            return Ok(Self::Here(Some(Box::new(reader)), rows, Duration::ZERO));
        };
        let (full, blocks) = sync_channel(QUEUE);
        let (back, empty) = channel();
        threads::spawn(scope, move || {
            if let Err(error) = read(reader, rows, &full, &empty) {
                // Nobody listens any more if this fails.
                let _ = full.send(Err(error));
            }
        })?;
        Ok(Self::There(blocks, back))
    }

    /// Adds the next rows to `window`; after the last ones, how it ended.
    pub(super) fn next(&mut self, window: &mut Window) -> Result<Option<Ending>> {
        match self {
            Self::Here(slot, rows, busy) => {
                let start = Instant::now();
                let Some(mut reader) = slot.take() else {
                    return Ok(Some(Ending::default()));
                };
                let rows = (*rows).min(reader.rows_left());
                if rows == 0 {
                    let trailer = reader.finish()?;
                    let busy = *busy + start.elapsed();
                    return Ok(Some(Ending { trailer, busy }));
                }
                reader.read(window.grow(rows)?)?;
                *slot = Some(reader);
                *busy += start.elapsed();
                Ok(None)
            }
            Self::There(blocks, back) => match blocks.recv() {
                Ok(Ok(Block::Rows(samples))) => {
                    window.push(&samples)?;
                    // The reader may have ended.
                    let _ = back.send(samples);
                    Ok(None)
                }
                Ok(Ok(Block::End(ending))) => Ok(Some(ending)),
                Ok(Err(error)) => Err(error),
                // The scope will tell of the panic.
                Err(_) => Err(InputError::EndedEarly.into()),
            },
        }
    }
}

/// Reads all blocks.
fn read(
    mut reader: RowReader<'_>,
    rows: usize,
    full: &SyncSender<Result<Block>>,
    empty: &Receiver<Samples>,
) -> Result<()> {
    let spec = reader.header().spec;
    let mut busy = Duration::ZERO;
    while reader.rows_left() > 0 {
        let start = Instant::now();
        let mut samples = buffer(empty, spec.depth)?;
        samples.resize(rows.min(reader.rows_left()) * spec.row_len())?;
        reader.read(&mut samples)?;
        busy += start.elapsed();
        if full.send(Ok(Block::Rows(samples))).is_err() {
            return Ok(());
        }
    }
    let start = Instant::now();
    let trailer = reader.finish()?;
    let busy = busy + start.elapsed();
    let _ = full.send(Ok(Block::End(Ending { trailer, busy })));
    Ok(())
}
