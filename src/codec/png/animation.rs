//! Reads the frames of an animation (PNG Specification, third edition, 11.3.6 and 12.12).

use std::io::{self, Read, Seek, SeekFrom};

use ::png::{BlendOp, ColorType, DisposeOp, FrameControl};

use crate::{
    codec::{
        Delay,
        frames::{Blend, Canvas, Disposal, Frames, Region},
        input::InputReader,
    },
    error::Result,
    image::{Depth, zeroed_vec},
    warning::Warning,
};

use super::{
    Limits, Metadata, Trailer, errors,
    read::{RowDecoder, decode_error},
};

/// What the chunks of an animation tell before it is decoded.
pub(super) struct Scan {
    /// Whether the canvas may show through.
    pub(super) shows_canvas: bool,
    /// How many frames are announced, if that is known.
    pub(super) frames: Option<u64>,
    /// The bytes of the largest block of EXIF data.
    pub(super) largest_exif: u64,
}

impl Scan {
    /// What may be, if nothing is known.
    const UNKNOWN: Self = Self {
        shows_canvas: true,
        frames: None,
        largest_exif: 0,
    };

    /// `None` if the file is no animation. The input is rewound.
    pub(super) fn of(input: &mut InputReader<'_>) -> io::Result<Option<Self>> {
        let Ok(length) = input.seek(SeekFrom::End(0)) else {
            // Streams cannot seek.
            return Ok(Some(Self::UNKNOWN));
        };
        let found = walk(input, length);
        input.rewind()?;
        match found {
            // Its decoder tells of it.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Some(Self::UNKNOWN)),
            found => found,
        }
    }

    /// The bytes that the decoder counts for rows of the frames, one for each, though it holds
    /// one.
    pub(super) fn counted_rows(&self, columns: u32, limits: &Limits) -> usize {
        let row = 8 * u64::from(columns);
        match self.frames {
            Some(frames) => usize::try_from(row.saturating_mul(frames)).unwrap_or(usize::MAX),
            None => limits.memory() / 8,
        }
    }
}

/// The profile of a file, if it takes no more than `bytes`. The input is rewound.
pub(super) fn profile(input: &mut InputReader<'_>, bytes: usize) -> io::Result<Option<Vec<u8>>> {
    let mut decoder = ::png::Decoder::new_with_limits(&mut *input, ::png::Limits { bytes });
    decoder.set_ignore_text_chunk(true);
    // Any fault is told of by who decodes the frames.
    let profile = decoder.read_info().ok().and_then(|reader| {
        let profile = reader.info().icc_profile.as_deref();
        profile.map(<[u8]>::to_vec)
    });
    input.rewind()?;
    Ok(profile)
}

fn walk(input: &mut InputReader<'_>, length: u64) -> io::Result<Option<Scan>> {
    let (mut at, mut sides) = (8, [0; 2]);
    let (mut is_animation, mut frames, mut shows) = (false, 0_u64, false);
    let mut largest_exif = 0;
    // Whether the frame before is cleared.
    let mut is_cleared = false;
    while at + 12 <= length {
        input.seek(SeekFrom::Start(at))?;
        let mut chunk = [0; 8];
        input.read_exact(&mut chunk)?;
        let [a, b, c, d, name @ ..] = chunk;
        let data = u64::from(u32::from_be_bytes([a, b, c, d]));
        at += data + 12;
        match &name {
            b"IEND" => break,
            b"IDAT" if !is_animation => return Ok(None),
            b"IHDR" => sides = numbers(input)?,
            b"acTL" => is_animation = true,
            b"eXIf" => largest_exif = data.max(largest_exif),
            b"fcTL" => {
                let [_, width, height, left, top] = numbers(input)?;
                // The delay, and what becomes of the frame.
                let mut rest = [0; 5];
                input.read_exact(&mut rest)?;
                let covers = [width, height, left, top] == [sides[0], sides[1], 0, 0];
                shows |= is_cleared || (frames == 0 && !covers);
                is_cleared = match rest[4] {
                    1 => true,
                    // What is below the first frame is nothing.
                    2 => frames == 0,
                    _ => false,
                };
                frames += 1;
            }
            _ => {}
        }
    }
    Ok(is_animation.then_some(Scan {
        shows_canvas: shows,
        frames: Some(frames),
        largest_exif,
    }))
}

fn numbers<const COUNT: usize>(input: &mut InputReader<'_>) -> io::Result<[u32; COUNT]> {
    let mut numbers = [0; COUNT];
    for number in &mut numbers {
        let mut bytes = [0; 4];
        input.read_exact(&mut bytes)?;
        *number = u32::from_be_bytes(bytes);
    }
    Ok(numbers)
}

/// The frames of a decoder that stands before the data of its first picture.
pub(super) struct AnimationFrames<'a> {
    decoder: RowDecoder<'a>,
    /// How many frames the file says it has.
    count: u64,
    /// The metadata before the first picture.
    first: Metadata,
    /// The frame at hand; that of the first picture before it is asked for.
    frame: Option<FrameControl>,
    has_begun: bool,
    pixels: Vec<u8>,
}

impl<'a> AnimationFrames<'a> {
    pub(super) fn new(decoder: RowDecoder<'a>, count: u64, first: Metadata) -> Self {
        // A picture without control data is none of the frames.
        let frame = decoder.reader.info().frame_control;
        Self {
            decoder,
            count,
            first,
            frame,
            has_begun: false,
            pixels: Vec::new(),
        }
    }
}

impl Frames for AnimationFrames<'_> {
    fn advance(&mut self) -> Result<Delay> {
        let (is_first, limit) = (!self.has_begun, self.decoder.memory_limit);
        self.has_begun = true;
        let frame = match self.frame {
            Some(frame) if is_first => frame,
            _ => {
                let next = self.decoder.reader.next_frame_info();
                *next.map_err(|error| decode_error(error, limit))?
            }
        };
        self.frame = Some(frame);
        let denominator = match frame.delay_den {
            0 => 100,
            denominator => denominator,
        };
        let delay = Delay::new(frame.delay_num.into(), denominator.into());
        Ok(delay.unwrap_or_default())
    }

    fn draw(&mut self, canvas: &mut Canvas) -> Result<()> {
        let Some(frame) = self.frame else {
            return Err(errors::damaged("png", "a frame has no control data"));
        };
        let limit = self.decoder.memory_limit;
        let reader = &mut self.decoder.reader;
        let size = reader.output_buffer_size();
        let size = size.ok_or_else(|| errors::over_memory("png", limit))?;
        if self.pixels.len() != size {
            self.pixels = zeroed_vec(size)?;
        }
        let decoded = reader.next_frame(&mut self.pixels);
        let decoded = decoded.map_err(|error| decode_error(error, limit))?;
        // The crate puts interlaced rows where those of the whole picture would be.
        let stride = match reader.info().interlaced {
            true => reader.output_line_size(reader.info().width),
            false => Some(decoded.line_size),
        };
        let stride = stride.ok_or_else(|| errors::over_memory("png", limit))?;
        let rows = self.pixels.chunks_mut(stride).take(frame.height as usize);
        if canvas.spec().depth == Depth::U16 {
            for sample in rows.flat_map(|row| row.as_chunks_mut::<2>().0) {
                *sample = u16::from_be_bytes(*sample).to_ne_bytes();
            }
        }
        let region = Region {
            top: frame.y_offset as usize,
            left: frame.x_offset as usize,
            rows: frame.height as usize,
            columns: frame.width as usize,
        };
        let disposal = match frame.dispose_op {
            DisposeOp::None => Disposal::Keep,
            DisposeOp::Background => Disposal::Clear,
            DisposeOp::Previous => Disposal::Restore,
        };
        let part = canvas.begin(region, disposal)?;
        let channels = decoded.color_type.samples();
        let has_alpha = matches!(
            decoded.color_type,
            ColorType::GrayscaleAlpha | ColorType::Rgba
        );
        let blend = match frame.blend_op {
            BlendOp::Over if has_alpha => Blend::Over,
            _ => Blend::Source,
        };
        canvas.draw(part, (&self.pixels, channels, stride), blend);
        Ok(())
    }

    fn end(&mut self, metadata: Metadata) -> Result<Trailer> {
        let mut trailer = self.decoder.rest()?;
        let found = self.decoder.frames();
        if found > self.count {
            let line = format!(
                "the png file has {found} frames and says it has {}: the others were not read",
                self.count
            );
            trailer.warnings.push(Warning::from(line));
        }
        let late = trailer.metadata.missing_from(&self.first);
        trailer.metadata = metadata.merged_with(&late);
        Ok(trailer)
    }
}
