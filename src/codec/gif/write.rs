//! Writes frames.

use std::mem;

use ::gif::{AnyExtension, DisposalMethod, Encoder, EncodingError, Frame, Repeat};

use crate::{
    codec::{
        Delay, LoopCount, Part,
        rows::{SharedOutput, Sink},
    },
    error::{Error, OutputError, Result},
    image::{ImageSpec, SampleSlice, no_memory, zeroed_vec},
    warning::Warning,
};

use super::{Metadata, blocks::COMMENT, errors};

const REDUCED: &str =
    "gif holds 256 colours, each opaque or not at all: the picture was reduced to that";

/// Writes frames that each cover the screen: gray exactly, anything else with 256 colours and a
/// warning if that is not exact.
pub(in crate::codec) struct Writer<'a> {
    encoder: Encoder<SharedOutput<'a>>,
    spec: ImageSpec,
    /// The frame so far.
    samples: Vec<u8>,
    delay: Delay,
    /// Whether there is another frame.
    is_animated: bool,
    is_reduced: bool,
}

impl<'a> Writer<'a> {
    /// Of this number of frames.
    pub(in crate::codec) fn new(
        spec: ImageSpec,
        metadata: &Metadata,
        frames: u64,
        out: SharedOutput<'a>,
    ) -> Result<Self> {
        let [Ok(height), Ok(width)] = [spec.rows, spec.columns].map(u16::try_from) else {
            return Err(OutputError::Sides.into());
        };
        // A gray palette is written as the global one: some readers recognise gray pictures
        // only by that.
        let global = match spec.channels {
            1 => (0..=255).flat_map(|gray| [gray; 3]).collect(),
            _ => Vec::new(),
        };
        let mut encoder = Encoder::new(out, width, height, &global).map_err(encoding)?;
        let is_animated = frames > 1;
        if is_animated && let Some(again) = repeat(metadata.loops) {
            encoder.set_repeat(again).map_err(encoding)?;
        }
        write_comments(&mut encoder, metadata)?;
        Ok(Self {
            encoder,
            spec,
            samples: Vec::new(),
            delay: delay(metadata, is_animated),
            is_animated,
            is_reduced: false,
        })
    }

    fn write_frame(&mut self) -> Result<()> {
        let channels = self.spec.channels;
        // Nothing of it is kept while other results have their turn.
        let samples = mem::take(&mut self.samples);
        let (height, width) = (self.spec.rows as u16, self.spec.columns as u16);
        let frame = if channels == 1 {
            Frame {
                width,
                height,
                buffer: (&samples[..]).into(),
                ..Frame::default()
            }
        } else {
            let mut quantised = zeroed_vec(self.spec.rows * self.spec.columns)?;
            let pixels = colors(&samples, channels);
            for (out, [r, g, b, a]) in quantised.iter_mut().zip(pixels) {
                // A pixel is opaque from half of full scale; to the encoder it would be from 1.
                *out = [r, g, b, if a < 128 { 0 } else { 255 }];
            }
            // 10 is the gif crate's compromise between speed and fidelity.
            let frame = Frame::from_rgba_speed(width, height, quantised.as_flattened_mut(), 10);
            drop(quantised);
            self.is_reduced |= !is_exact(colors(&samples, channels), &frame);
            frame
        };
        let has_alpha = matches!(channels, 2 | 4);
        let frame = Frame {
            delay: self.delay.parts()[0] as u16,
            dispose: match self.is_animated && has_alpha {
                true => DisposalMethod::Background,
                false => DisposalMethod::Keep,
            },
            ..frame
        };
        self.encoder.write_frame(&frame).map_err(encoding)?;
        Ok(())
    }
}

impl Sink for Writer<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        let all = self.spec.bytes();
        (self.samples.try_reserve_exact(all - self.samples.len()))
            .map_err(|_| no_memory::<u8>(all))?;
        self.samples.extend_from_slice(rows.as_bytes());
        Ok(())
    }

    fn next_page(&mut self, late: &Metadata, _spec: ImageSpec, metadata: Metadata) -> Result<()> {
        self.write_frame()?;
        write_comments(&mut self.encoder, late)?;
        write_comments(&mut self.encoder, &metadata)?;
        self.delay = delay(&metadata, self.is_animated);
        Ok(())
    }

    fn finish(mut self: Box<Self>, late: &Metadata) -> Result<Vec<Warning>> {
        self.write_frame()?;
        write_comments(&mut self.encoder, late)?;
        // Writes the trailer byte.
        self.encoder.into_inner().map_err(encoding)?;
        Ok(Vec::from_iter(self.is_reduced.then(|| REDUCED.into())))
    }
}

/// How long a frame is shown, in hundredths of a second.
fn delay(metadata: &Metadata, is_animated: bool) -> Delay {
    match metadata.delay {
        Some(delay) => delay.for_gif(),
        None if is_animated => Delay::default(),
        None => Delay::hundredths(0),
    }
}

/// What is said of how often an animation is shown again, if it is.
fn repeat(loops: Option<LoopCount>) -> Option<Repeat> {
    match loops.map(LoopCount::for_gif) {
        None | Some(LoopCount::Forever) => Some(Repeat::Infinite),
        Some(LoopCount::Times(times)) => match (times.get() - 1) as u16 {
            0 => None,
            again => Some(Repeat::Finite(again)),
        },
    }
}

fn write_comments(encoder: &mut Encoder<SharedOutput<'_>>, metadata: &Metadata) -> Result<()> {
    for part in &metadata.parts {
        if let Part::Comment(text) = part {
            // A sub-block holds 255 bytes.
            let blocks = Vec::from_iter(text.chunks(255));
            encoder
                .write_raw_extension(AnyExtension(COMMENT), &blocks)
                .map_err(encoding)?;
        }
    }
    Ok(())
}

/// The pixels as RGBA.
fn colors(samples: &[u8], channels: usize) -> impl Iterator<Item = [u8; 4]> {
    samples.chunks_exact(channels).map(|pixel| match *pixel {
        [gray, alpha] => [gray, gray, gray, alpha],
        [r, g, b] => [r, g, b, 255],
        [r, g, b, a] => [r, g, b, a],
        _ => [0; 4],
    })
}

fn is_exact(mut pixels: impl Iterator<Item = [u8; 4]>, frame: &Frame<'_>) -> bool {
    let palette = frame
        .palette
        .as_deref()
        .unwrap_or_default()
        .as_chunks::<3>()
        .0;
    let mut indices = frame.buffer.iter();
    pixels.all(|[r, g, b, a]| {
        indices.next().is_some_and(|index| {
            let alpha = if frame.transparent == Some(*index) {
                0
            } else {
                255
            };
            palette.get(usize::from(*index)) == Some(&[r, g, b]) && a == alpha
        })
    })
}

fn encoding(error: EncodingError) -> Error {
    match error {
        EncodingError::Io(error) => errors::writing(error),
        error => errors::encoder_refused("gif", error, "png"),
    }
}
