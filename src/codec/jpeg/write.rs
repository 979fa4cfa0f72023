//! Writing: strips that are encoded in parallel, with a restart between them.

use std::io::Write;

use libjpeg_turbo_rs::{Encoder, PixelFormat, Subsampling};

use crate::{
    codec::rows::{Destination, Shape, Sink, StripFile, Strips},
    error::{Error, Result},
};

use super::{DensityUnit, Metadata, message};

/// The rows of blocks in a strip, if the blocks can be counted.
const BLOCK_ROWS: usize = 8;

/// Begins a file of 8-bit gray or RGB, without subsampling the colour.
pub(in crate::codec) fn create<'a>(
    shape: Shape,
    metadata: Metadata,
    quality: u8,
    out: Destination<'a>,
) -> Box<dyn Sink + 'a> {
    let rows = strip_rows(shape);
    let file = File {
        out,
        shape,
        metadata,
        quality: quality.clamp(1, 100),
        interval: match shape.rows > rows {
            true => (shape.columns.div_ceil(8) * rows / 8) as u16,
            false => 0,
        },
    };
    Box::new(Strips::new(file, rows * shape.row_bytes(), shape.bytes()))
}

/// The rows of a strip: whole rows of blocks.
pub(in crate::codec) fn strip_rows(shape: Shape) -> usize {
    // Restart marks are told by the number of blocks between them, in 16 bits.
    let most = usize::from(u16::MAX) / shape.columns.div_ceil(8);
    8 * most.clamp(1, BLOCK_ROWS)
}

/// A strip is what lies between two restart marks: the encoder makes a picture
/// of each, and the data of all of them follow the head of the first.
struct File<'a> {
    out: Destination<'a>,
    shape: Shape,
    metadata: Metadata,
    quality: u8,
    /// The blocks of a strip, if there are several strips.
    interval: u16,
}

impl StripFile for File<'_> {
    /// A picture of these rows, the first of all with the metadata.
    fn encode(&self, number: usize, rows: &mut [u8]) -> Result<Vec<u8>> {
        let color = match self.shape.channels {
            1 => PixelFormat::Grayscale,
            _ => PixelFormat::Rgb,
        };
        let (high, wide) = (rows.len() / self.shape.row_bytes(), self.shape.columns);
        let mut encoder = Encoder::new(rows, wide, high, color)
            .quality(self.quality)
            .subsampling(Subsampling::S444)
            .restart_blocks(self.interval);
        if number == 0 {
            if let Some(exif) = &self.metadata.exif {
                encoder = encoder.exif_data(exif);
            }
            if let Some(icc) = &self.metadata.icc {
                encoder = encoder.icc_profile(icc);
            }
            if let Some(xmp) = &self.metadata.xmp {
                encoder = encoder.xmp_data(xmp);
            }
            if let Some((unit, [x, y])) = self.metadata.density.and_then(|d| d.in_short()) {
                let unit = match unit {
                    DensityUnit::None => 0,
                    DensityUnit::Inch => 1,
                    DensityUnit::Centimetre => 2,
                };
                encoder = encoder.density(unit, x as u16, y as u16);
            }
        }
        encoder.encode().map_err(encoding)
    }

    fn append(&mut self, number: usize, mut strip: Vec<u8>) -> Result<()> {
        let start = scan(&strip).ok_or_else(|| encoding("no scan"))?;
        let written = match number.checked_sub(1) {
            None => {
                set_rows(&mut strip[..start], self.shape.rows as u16);
                self.out.write_all(&strip[..start])
            }
            Some(restart) => self.out.write_all(&[0xff, 0xd0 + (restart % 8) as u8]),
        };
        written
            .and_then(|()| self.out.write_all(&strip[start..strip.len() - END.len()]))
            .map_err(message::writing)
    }

    fn finish(mut self, late: &Metadata) -> Result<Vec<String>> {
        self.out.write_all(&END).map_err(message::writing)?;
        let mut warnings = Vec::new();
        if late.exif.is_some() {
            warnings.push(
                "the EXIF data came after the samples, where jpeg has no place for them: they were dropped"
                    .to_owned(),
            );
        }
        if late.icc.is_some() {
            warnings.push(
                "the ICC profile came after the samples, where jpeg has no place for it: it was dropped"
                    .to_owned(),
            );
        }
        Ok(warnings)
    }
}

/// The mark at the end of a picture.
const END: [u8; 2] = [0xff, 0xd9];

/// The segments of a picture: the code of each, and where its content lies.
fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, std::ops::Range<usize>)> {
    let mut at = 2;
    std::iter::from_fn(move || {
        let [mark, code, high, low] = *bytes.get(at..)?.first_chunk()?;
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        let segment = at + 4..end;
        at = end;
        (mark == 0xff && end <= bytes.len()).then_some((code, segment))
    })
}

/// Where the data of the first scan begin.
fn scan(bytes: &[u8]) -> Option<usize> {
    let mut segments = segments(bytes);
    segments.find_map(|(code, segment)| (code == 0xda).then_some(segment.end))
}

/// Has the head of a picture tell of so many rows.
fn set_rows(head: &mut [u8], rows: u16) {
    let frame = segments(head).find(|(code, _)| *code == 0xc0);
    if let Some((_, segment)) = frame {
        // After the bits of a sample.
        head[segment.start + 1..segment.start + 3].copy_from_slice(&rows.to_be_bytes());
    }
}

fn encoding(error: impl std::fmt::Display) -> Error {
    Error::output(format_args!(
        "jpeg cannot hold this picture ({}); choose png, tiff or npy",
        message::one_line(error)
    ))
}
