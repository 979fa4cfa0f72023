//! Radiance HDR: a text header, then run-length encoded RGBE pixels.
//!
//! Checks before the image crate decodes it: memory, and the end of the pixels. Clamps samples
//! before it encodes.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use crate::{
    codec::{Limits, Part, errors, metadata::PartList},
    error::Result,
    image::{Image, SampleSliceMut, Samples},
    warning::Warning,
};

use super::check_memory;

/// The maximum bytes of a header. Real ones, with the commands that made the picture, have a
/// few thousand.
const MAX_HEADER_BYTES: usize = 1 << 20;

/// The bytes that the decoder keeps per line: a key and a value in a growing list.
const LINE_OVERHEAD_BYTES: usize = 256;

/// The bytes that it keeps per byte of a line: the growing line, its text, in which an invalid
/// byte becomes three, and key and value.
const BYTES_PER_LINE_BYTE: usize = 12;

/// An upper bound of the memory that the decoder keeps for the header: all of its lines.
pub(super) fn decoder_bytes(bytes: &[u8], limits: &Limits) -> Result<usize> {
    let (lines, len) = header(bytes);
    if len > MAX_HEADER_BYTES {
        return Err(errors::long_header("hdr", MAX_HEADER_BYTES as u64));
    }
    check_memory(
        "hdr",
        lines * LINE_OVERHEAD_BYTES + len * BYTES_PER_LINE_BYTE,
        bytes,
        limits,
    )
}

/// The number of lines and bytes of the header: up to the empty line and the resolution line.
/// Counting stops one byte beyond the limit.
fn header(bytes: &[u8]) -> (usize, usize) {
    let start = &bytes[..bytes.len().min(MAX_HEADER_BYTES + 1)];
    let (mut lines, mut len, mut ended) = (0, 0, false);
    for line in start.split_inclusive(|byte| *byte == b'\n') {
        lines += 1;
        len += line.len();
        // The line after the empty one contains the size.
        if ended {
            break;
        }
        ended = line == b"\n";
    }
    (lines, len)
}

/// What the first lines of a header are: the program that made it, and the format, which is
/// written anew.
const OWN_LINES: [&[u8]; 3] = [b"#?", b"FORMAT=", b"# Rust HDR encoder"];

/// The lines of the header that are carried over: variables such as EXPOSURE, which a result's
/// samples need as much as the picture's, comments and commands.
pub(super) fn lines(bytes: &[u8]) -> Vec<Part> {
    let (_, len) = header(bytes);
    let lines = bytes[..len].split(|byte| *byte == b'\n');
    let lines = lines.take_while(|line| !line.is_empty());
    lines
        .filter(|line| !OWN_LINES.iter().any(|own| line.starts_with(own)))
        .map(|line| Part::HeaderLine(line.into()))
        .collect::<PartList>()
        .into_vec()
}

/// Inserts `lines` after the first line that is written to `out`.
pub(super) struct WithLines<'a, W> {
    out: W,
    lines: &'a [Part],
    is_begun: bool,
}

impl<'a, W: Write> WithLines<'a, W> {
    pub(super) const fn new(out: W, lines: &'a [Part]) -> Self {
        Self {
            out,
            lines,
            is_begun: false,
        }
    }
}

impl<W: Write> Write for WithLines<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let end = match self.is_begun {
            true => None,
            false => bytes.iter().position(|byte| *byte == b'\n'),
        };
        let Some(end) = end else {
            return self.out.write(bytes);
        };
        self.out.write_all(&bytes[..=end])?;
        for part in self.lines {
            if let Part::HeaderLine(line) = part {
                self.out.write_all(line)?;
                self.out.write_all(b"\n")?;
            }
        }
        self.is_begun = true;
        Ok(end + 1)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The largest sample: 255/256 of 2^127.
const LARGEST: f32 = 255.0 / 256.0 * f32::from_bits(254 << 23);

/// Below this, a pixel has no exponent: 2^-128.
const SMALLEST: f32 = f32::from_bits(1 << 21);

/// The image with samples clamped to the range of the format, and warnings about those that
/// were not in it. The encoder's exponents would wrap around.
pub(in crate::codec) fn fitted(image: &Image) -> Result<(Cow<'_, Image>, Vec<Warning>)> {
    let Samples::F32(samples) = image.samples() else {
        return Ok((Cow::Borrowed(image), Vec::new()));
    };
    let has = |what: fn(f32) -> bool| samples.iter().any(|sample| what(*sample));
    let pixels = samples.chunks_exact(image.channels());
    let is_small = |pixel: &[f32]| pixel.iter().all(|sample| *sample < SMALLEST);
    let underflows = |pixel: &[f32]| is_small(pixel) && pixel.iter().any(|sample| *sample > 0.0);
    let mut warnings = Vec::new();
    for (found, what) in [
        (has(|s| s < 0.0), "no negative values: they became 0"),
        (
            has(f32::is_nan),
            "no values that are not a number: they became 0",
        ),
        (
            has(|s| s > LARGEST),
            "no values above 1.69e38: they became that",
        ),
        (
            pixels.clone().any(underflows),
            "no values below 2.94e-39: they became 0",
        ),
    ] {
        if found {
            warnings.push(format!("hdr holds {what}").into());
        }
    }
    if warnings.is_empty() {
        return Ok((Cow::Borrowed(image), warnings));
    }
    let mut fitted = Image::zeroed(
        image.rows(),
        image.columns(),
        image.channels(),
        image.depth(),
    )?;
    if let SampleSliceMut::F32(out) = fitted.samples_mut() {
        for (out, pixel) in out.chunks_exact_mut(image.channels()).zip(pixels) {
            if is_small(pixel) {
                continue;
            }
            for (out, sample) in out.iter_mut().zip(pixel) {
                // NaN and negative samples become 0.
                if *sample > 0.0 {
                    *out = sample.min(LARGEST);
                }
            }
        }
    }
    Ok((Cow::Owned(fitted), warnings))
}

/// The byte offset after the image, which has this size.
pub(super) fn end(bytes: &[u8], [rows, columns]: [usize; 2]) -> Option<usize> {
    let mut rest = &bytes[header(bytes).1..];
    // Rows without columns would take no bytes.
    if columns == 0 {
        return None;
    }
    for _ in 0..rows {
        rest = match rest {
            // As the decoder tells them apart, of any width.
            [2, 2, 0..128, _, planes @ ..] => {
                (0..4).try_fold(planes, |plane, _| skip_plane(plane, columns))?
            }
            _ => skip_pixels(rest, columns)?,
        };
    }
    Some(bytes.len() - rest.len())
}

/// Skips a row of one component: runs of a value, and literal values.
fn skip_plane(mut rest: &[u8], columns: usize) -> Option<&[u8]> {
    let mut left = columns;
    while left > 0 {
        let (count, after) = rest.split_first()?;
        let (count, stored) = match usize::from(*count) {
            count @ ..=128 => (count, count),
            run => (run - 128, 1),
        };
        left = left.checked_sub(count)?;
        rest = after.get(stored..)?;
    }
    Some(rest)
}

/// Skips a row in the old run-length coding: (1, 1, 1, n) repeats the previous pixel n times;
/// consecutive ones are the bytes of one count, lowest first.
fn skip_pixels(mut rest: &[u8], columns: usize) -> Option<&[u8]> {
    let (mut left, mut shift) = (columns, 0_u32);
    while left > 0 {
        let (pixel, after) = rest.split_first_chunk()?;
        let count = match pixel {
            [1, 1, 1, count] => usize::from(*count).checked_shl(shift)?,
            _ => 1,
        };
        shift = if pixel.starts_with(&[1; 3]) {
            shift + 8
        } else {
            0
        };
        left = left.checked_sub(count)?;
        rest = after;
    }
    Some(rest)
}
