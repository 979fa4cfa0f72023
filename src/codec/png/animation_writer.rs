//! Writes animations.

use std::mem;

use ::png::{BlendOp, DisposeOp};

use crate::{
    codec::{
        LoopCount,
        rows::{SharedOutput, Sink},
    },
    error::Result,
    image::{ImageSpec, SampleSlice, no_memory},
    warning::Warning,
};

use super::{
    Compression, Metadata, errors,
    write::{chunks_after_samples, encode_error, encoder, write_chunks},
    write_samples,
};

/// Writes frames that each are the whole picture, encoded one after another.
pub(in crate::codec) struct AnimationWriter<'a> {
    writer: ::png::Writer<SharedOutput<'a>>,
    spec: ImageSpec,
    /// The frame so far, in the byte order of PNG.
    samples: Vec<u8>,
}

/// The maximum bytes of memory for writing, beside the rows passed in: the frame, and its
/// compressed form in a growing buffer, with a second one if that is larger than the frame.
pub(in crate::codec) const fn memory_to_write_frames(spec: ImageSpec) -> usize {
    let all = spec.bytes();
    all.saturating_mul(5)
        .saturating_add(all / 8)
        .saturating_add(spec.row_bytes().saturating_mul(8))
        .saturating_add(1 << 20)
}

impl<'a> AnimationWriter<'a> {
    /// Of this number of frames.
    pub(in crate::codec) fn new(
        spec: ImageSpec,
        metadata: &Metadata,
        (compression, frames): (Compression, u64),
        out: SharedOutput<'a>,
    ) -> Result<Self> {
        let Ok(frames) = u32::try_from(frames) else {
            let reason = "it has more than 4294967295 frames";
            return Err(errors::encoder_refused("png", reason, "tiff"));
        };
        let mut encoder = encoder(out, spec, metadata, compression)?;
        let plays = match metadata.loops {
            None | Some(LoopCount::Forever) => 0,
            Some(LoopCount::Times(times)) => times.get(),
        };
        encoder.set_animated(frames, plays).map_err(encode_error)?;
        encoder
            .set_dispose_op(DisposeOp::None)
            .and_then(|()| encoder.set_blend_op(BlendOp::Source))
            .map_err(encode_error)?;
        encoder.validate_sequence(true);
        let mut writer = encoder.write_header().map_err(encode_error)?;
        write_chunks(&mut writer, metadata)?;
        set_delay(&mut writer, metadata)?;
        Ok(Self {
            writer,
            spec,
            samples: Vec::new(),
        })
    }

    fn write_frame(&mut self) -> Result<()> {
        // Nothing of it is kept while other results have their turn.
        let samples = mem::take(&mut self.samples);
        let written = self.writer.write_image_data(&samples);
        written.map_err(encode_error)
    }
}

impl Sink for AnimationWriter<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        let all = self.spec.bytes();
        (self.samples.try_reserve_exact(all - self.samples.len()))
            .map_err(|_| no_memory::<u8>(all))?;
        write_samples(rows, true, &mut self.samples).map_err(errors::writing)
    }

    fn next_page(&mut self, late: &Metadata, _spec: ImageSpec, metadata: Metadata) -> Result<()> {
        self.write_frame()?;
        // Those of further pages have no place but what came late.
        chunks_after_samples(&mut self.writer, late)?;
        set_delay(&mut self.writer, &metadata)
    }

    fn finish(mut self: Box<Self>, late: &Metadata) -> Result<Vec<Warning>> {
        self.write_frame()?;
        chunks_after_samples(&mut self.writer, late)?;
        self.writer.finish().map_err(encode_error)?;
        Ok(Vec::new())
    }
}

fn set_delay(writer: &mut ::png::Writer<SharedOutput<'_>>, metadata: &Metadata) -> Result<()> {
    let [numerator, denominator] = (metadata.delay.unwrap_or_default().for_png()).parts();
    writer
        .set_frame_delay(numerator as u16, denominator as u16)
        .map_err(encode_error)
}
