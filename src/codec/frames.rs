//! Animations: each frame is a page, which is the whole canvas as it is shown.
//!
//! Frames are read one after another, in the memory of the canvas, of one frame and of what it
//! covers.

mod canvas;

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    error::{InputError, Result},
    image::{Image, ImageSpec, SampleSliceMut},
};

use super::{
    Delay, IgnoredContent, Limits, LoopCount, Metadata, Pages,
    errors::too_much_memory,
    rows::{Header, NextPage, RowReader, Source, Trailer},
};

pub(super) use canvas::{Blend, Canvas, Disposal, Region};

/// Decodes the frames of an animation, from the first on.
pub(super) trait Frames: Send {
    /// Goes on to the next frame, whether the one at hand was drawn or not; how long it is shown.
    fn advance(&mut self) -> Result<Delay>;

    /// Draws the frame, at most once, after those before it.
    fn draw(&mut self, canvas: &mut Canvas) -> Result<()>;

    /// Reads what follows the last frame that is read, whose page has this metadata.
    fn end(&mut self, metadata: Metadata) -> Result<Trailer>;
}

/// The frames of a file that are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    /// The number of the first, counted from 1.
    pub(super) first: u64,
    /// How many there are.
    pub(super) count: u64,
    /// Those that the file has and that are not read.
    ignored: Option<IgnoredContent>,
}

impl Chosen {
    /// These of a file of `frames`; without a choice it is the first, and a warning tells of
    /// others.
    ///
    /// # Errors
    ///
    /// [`Error::Request`](crate::Error::Request) if the file lacks one of them.
    pub(super) fn new(pages: Option<Pages>, frames: u64) -> Result<Self> {
        let read = pages.unwrap_or(Pages::FIRST);
        let count = read.count_of(frames.max(1))?;
        let others = frames.saturating_sub(count);
        let ignored = match pages {
            Some(_) => IgnoredContent::OtherPages(others),
            None => IgnoredContent::Frames(frames),
        };
        Ok(Self {
            first: read.first(),
            count,
            ignored: (others > 0).then_some(ignored),
        })
    }

    /// The number of the last.
    pub(super) const fn last(self) -> u64 {
        self.first + self.count - 1
    }

    /// The frames that are not read, if any.
    pub(super) const fn ignored(self) -> Option<IgnoredContent> {
        self.ignored
    }
}

/// Opens the first of the chosen frames. `header` is that of its page but for what follows from
/// its number and from `loops`, how often the animation is shown. Reading takes `memory` bytes.
pub(super) fn open<'a>(
    header: Header,
    frames: impl Frames + 'a,
    (chosen, loops): (Chosen, LoopCount),
    memory: usize,
    limits: &Limits,
) -> Result<RowReader<'a>> {
    if chosen.first > 1 && memory as u64 > limits.max_memory {
        return Err(too_much_memory(memory as u64, limits.max_memory));
    }
    let mut pager = Pager {
        canvas: Canvas::new(header.spec),
        frames: Box::new(frames),
        orientation: Metadata::default(),
        loops,
        page: 1,
        count: chosen.count,
        left: chosen.count,
        memory,
    };
    (pager.orientation).set_orientation(header.metadata.named_orientation());
    for _ in 1..chosen.first {
        pager.frames.advance()?;
        pager.frames.draw(&mut pager.canvas)?;
        pager.page += 1;
    }
    pager.open(header)
}

/// Reads pages, one after another.
struct Pager<'a> {
    frames: Box<dyn Frames + 'a>,
    canvas: Canvas,
    /// Nothing but the orientation of all pages.
    orientation: Metadata,
    loops: LoopCount,
    /// The number of the next page.
    page: u64,
    /// How many are read in all, and still.
    count: u64,
    left: u64,
    memory: usize,
}

/// Where a pager waits for the next page to be opened.
type Slot<'a> = Arc<Mutex<Option<Pager<'a>>>>;

impl<'a> Pager<'a> {
    /// Opens the next page.
    fn open(mut self, mut header: Header) -> Result<RowReader<'a>> {
        let delay = self.frames.advance()?;
        header.page = self.page;
        header.pages = self.count;
        header.pages_size = self.count as f64;
        // A single picture is not animated.
        if self.count > 1 {
            header.metadata.delay = Some(delay);
            header.metadata.loops = (self.left == self.count).then_some(self.loops);
        }
        self.page += 1;
        self.left -= 1;
        let slot = Slot::default();
        let next = (self.left > 0).then(|| {
            let slot = slot.clone();
            // What is said of the file as a whole is said with the first page.
            let mut next_header = Header::new(header.format, header.spec);
            next_header.metadata = Metadata {
                icc: header.metadata.icc.clone(),
                density: header.metadata.density,
                ..self.orientation.clone()
            };
            let open = move || {
                let pager = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                pager.ok_or(InputError::EndedEarly)?.open(next_header)
            };
            Box::new(open) as NextPage<'a>
        });
        let source = FrameSource {
            metadata: header.metadata.clone(),
            pager: self,
            slot,
            is_drawn: false,
            trailer: None,
            row: 0,
        };
        Ok(RowReader::new(header, source).with_next_page(next))
    }
}

/// The rows of a page.
struct FrameSource<'a> {
    pager: Pager<'a>,
    slot: Slot<'a>,
    metadata: Metadata,
    is_drawn: bool,
    /// That of the last page, once it is drawn.
    trailer: Option<Trailer>,
    row: usize,
}

impl FrameSource<'_> {
    fn draw(&mut self) -> Result<()> {
        if !self.is_drawn {
            self.is_drawn = true;
            self.pager.frames.draw(&mut self.pager.canvas)?;
            if self.pager.left == 0 {
                let metadata = mem::take(&mut self.metadata);
                self.trailer = Some(self.pager.frames.end(metadata)?);
            }
        }
        Ok(())
    }

    fn spec(&self) -> ImageSpec {
        self.pager.canvas.spec()
    }
}

impl Source for FrameSource<'_> {
    fn fill(&mut self, out: SampleSliceMut<'_>) -> Result<()> {
        self.draw()?;
        let row_bytes = self.spec().row_bytes();
        let out = out.into_bytes();
        let start = self.row * row_bytes;
        out.copy_from_slice(&self.pager.canvas.bytes()[start..start + out.len()]);
        self.row += out.len() / row_bytes;
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<Trailer> {
        // The frames after it lie upon it.
        self.draw()?;
        let Self {
            pager,
            slot,
            metadata,
            trailer,
            ..
        } = *self;
        if pager.left > 0 {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(pager);
        }
        Ok(trailer.unwrap_or_else(|| Trailer {
            metadata,
            warnings: Vec::new(),
        }))
    }

    fn skip(self: Box<Self>) {
        let Self { pager, slot, .. } = *self;
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(pager);
    }

    fn holds_image(&self) -> bool {
        self.pager.count == 1
    }

    fn take_image(&mut self) -> Result<Option<Image>> {
        if self.pager.count > 1 || self.row > 0 {
            return Ok(None);
        }
        self.draw()?;
        self.pager.canvas.take()
    }

    fn memory(&self) -> usize {
        self.pager.memory
    }
}
