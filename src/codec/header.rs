//! Headers of files whose decoders keep all that stands in them: looked at
//! before, so that these take no more memory and time than the limits allow.

use std::thread;

use crate::error::{Error, Result};

use super::{Limits, message};

/// The most bytes of a header of lines. Real ones, with the commands that made
/// the picture, have a few thousand.
const MOST_LINES: usize = 1 << 20;

/// What the decoder keeps of a line, a key and a value, while their list grows.
const LINE: usize = 256;

/// What it keeps of a byte: the line as it grows, as text, whose bytes may become
/// three each where they are none, and as key and value.
const LINE_BYTE: usize = 12;

/// The most bytes that the decoder keeps of the header of an HDR file: lines to
/// an empty one, and one of the size.
pub(super) fn hdr(bytes: &[u8], limits: &Limits) -> Result<usize> {
    let start = &bytes[..bytes.len().min(MOST_LINES + 1)];
    let (mut lines, mut len, mut ended) = (0, 0, false);
    for line in start.split_inclusive(|byte| *byte == b'\n') {
        lines += 1;
        len += line.len();
        // Behind the empty line is the one of the size.
        if ended {
            break;
        }
        ended = line == b"\n";
    }
    if len > MOST_LINES {
        return Err(message::long_header("hdr", MOST_LINES as u64));
    }
    within("hdr", lines * LINE + len * LINE_BYTE, bytes, limits)
}

/// Refuses a WebP whose profile, EXIF or XMP data are more than may be kept: the
/// decoder takes memory for what their chunks claim.
pub(super) fn webp(bytes: &[u8], limits: &Limits) -> Result<()> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((&[a, b, c, d, length @ ..], after)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes(length) as usize;
        if matches!(&[a, b, c, d], b"ICCP" | b"EXIF" | b"XMP ") && length > limits.metadata() {
            return Err(message::over_memory("webp", limits.max_memory));
        }
        rest = after.get(length.next_multiple_of(2)..).unwrap_or_default();
    }
    Ok(())
}

/// The most attributes of an EXR file, of all its parts. Real ones have some
/// tens in each.
const MOST_ATTRIBUTES: usize = 1 << 16;

/// What the decoder keeps of an attribute, in tables that grow, and in the
/// copies of the header that its threads share.
const ATTRIBUTE: usize = 4 << 10;

/// What it keeps of a part.
const PART: usize = 16 << 10;

/// What it keeps of a byte of most values: their copies.
const VALUE_BYTE: usize = 4;

/// The same of lists, whose shortest entries have 4 and 18 bytes.
const TEXTS_BYTE: usize = 64;
const CHANNELS_BYTE: usize = 24;

/// Rows of a block of the method that has the most.
const BLOCK_ROWS: usize = 256;

/// How often a block is there while it is decoded: as it is stored, as bytes,
/// in the right order, and as samples of one row or another.
const BLOCK_COPIES: usize = 5;

/// The tables of a method: of most, and of PIZ, whose codes have 16 bits.
const TABLES: usize = 64 << 10;
const PIZ_TABLES: usize = 2 << 20;

/// An entry of the table of blocks: as it is read while that grows, and sorted.
const BLOCK: usize = 32;

/// The most bytes that the decoder keeps of the header of an EXR file, and of
/// the blocks that it decodes at a time: attributes to an empty name; of files
/// of several parts, headers to an empty one.
pub(super) fn exr(bytes: &[u8], limits: &Limits) -> Result<usize> {
    let several = bytes.get(5).is_some_and(|flags| flags & 0x10 != 0);
    let mut walk = Walk {
        rest: bytes.get(8..).unwrap_or_default(),
        attributes: 0,
        kept: 0,
    };
    let mut blocks = 0;
    loop {
        let mut part = Part::default();
        while let Some(attribute) = walk.next() {
            part.note(attribute);
            if walk.attributes > MOST_ATTRIBUTES {
                return Err(Error::limit(format_args!(
                    "the header of the exr file has more than {MOST_ATTRIBUTES} attributes, more than any real one: get a good copy of it"
                )));
            }
        }
        let [columns, rows] = part.size;
        if columns > 0 && rows > 0 {
            limits.check(rows, columns, 1, crate::image::Depth::F32)?;
        }
        // One part is decoded, but which is up to the decoder.
        blocks = blocks.max(part.blocks_bytes(bytes.len()));
        walk.kept = (walk.kept + PART).saturating_add(part.blocks(bytes.len()) * BLOCK);
        if !several || walk.rest.first().is_none_or(|byte| *byte == 0) {
            break;
        }
    }
    // Blocks are not decoded before samples are asked for.
    let kept = within("exr", walk.kept, bytes, limits)?;
    Ok(kept.saturating_add(blocks))
}

/// The blocks that are worked on at a time, on threads of the exr crate's own.
pub(super) fn exr_threads() -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    cores.max(rayon::current_num_threads()) + 2
}

fn within(name: &str, kept: usize, bytes: &[u8], limits: &Limits) -> Result<usize> {
    match bytes.len().saturating_add(kept) > limits.memory() {
        true => Err(message::over_memory(name, limits.max_memory)),
        false => Ok(kept),
    }
}

/// The attributes of a header, one after the other; none where an empty name
/// ends it, or what follows is none. What is wrong is left to be found by the
/// decoder.
struct Walk<'a> {
    rest: &'a [u8],
    attributes: usize,
    /// The bytes that the decoder keeps of those so far.
    kept: usize,
}

struct Attribute<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Walk<'a> {
    fn next(&mut self) -> Option<Attribute<'a>> {
        let Some((name, rest)) = text(self.rest) else {
            self.rest = &[];
            return None;
        };
        if name.is_empty() {
            self.rest = rest;
            return None;
        }
        let result = text(rest).and_then(|(kind, rest)| {
            let (size, rest) = rest.split_first_chunk()?;
            let size = usize::try_from(i32::from_le_bytes(*size)).ok()?;
            // One that ends early is read as far as it goes.
            let (value, rest) = rest.split_at(size.min(rest.len()));
            Some((kind, value, rest))
        });
        let Some((kind, value, rest)) = result else {
            self.rest = &[];
            return None;
        };
        self.rest = rest;
        self.attributes += 1;
        let each = match kind {
            b"stringvector" => TEXTS_BYTE,
            b"chlist" => CHANNELS_BYTE,
            _ => VALUE_BYTE,
        };
        let names = name.len() + kind.len();
        self.kept += ATTRIBUTE + names * VALUE_BYTE + value.len().saturating_mul(each);
        Some(Attribute { name, value })
    }
}

/// The bytes before a zero, and those behind it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// What is known of a part.
#[derive(Default)]
struct Part {
    /// Columns and rows of the samples that are stored.
    size: [u64; 2],
    /// Columns and rows of a tile.
    tile: Option<[u64; 2]>,
    /// The bytes of a pixel.
    pixel: u64,
    /// The rows of a block that is no tile.
    rows: u64,
    /// The bytes of the tables of its method.
    tables: usize,
}

impl Part {
    /// If there are several of a name, the largest counts.
    fn note(&mut self, Attribute { name, value }: Attribute<'_>) {
        let numbers: Vec<i32> = (value.as_chunks().0.iter().take(4))
            .map(|bytes| i32::from_le_bytes(*bytes))
            .collect();
        match (name, &numbers[..], value) {
            (b"dataWindow", &[left, top, right, bottom], _) => {
                // In either order, as the decoder takes them.
                let len = |first: i32, last: i32| u64::from(first.abs_diff(last)) + 1;
                let size = [len(left, right), len(top, bottom)];
                self.size = [0, 1].map(|axis| self.size[axis].max(size[axis]));
            }
            (b"tiles", &[wide, high, ..], _) => {
                let tile = [wide, high].map(|n| u64::from(n.cast_unsigned()));
                let known = self.tile.unwrap_or_default();
                self.tile = Some([0, 1].map(|axis| known[axis].max(tile[axis])));
            }
            (b"channels", _, value) => self.pixel = self.pixel.max(pixel_bytes(value)),
            (b"compression", _, &[method, ..]) => {
                self.rows = self.rows.max(block_rows(method));
                self.tables = self.tables.max(match method {
                    4 => PIZ_TABLES,
                    _ => TABLES,
                });
            }
            _ => {}
        }
    }

    /// The most bytes of the blocks that are decoded at a time, of a file of
    /// this length.
    fn blocks_bytes(&self, file: usize) -> usize {
        let [columns, rows] = self.size;
        let lines = columns.saturating_mul(self.rows.min(rows));
        // A tile may claim more than the picture, and memory is taken for that.
        let tile = self
            .tile
            .map_or(0, |[wide, high]| wide.saturating_mul(high));
        let pixels = lines.max(tile);
        let block = usize::try_from(pixels.saturating_mul(self.pixel)).unwrap_or(usize::MAX);
        let together = self.blocks(file).clamp(1, exr_threads());
        (block
            .saturating_mul(BLOCK_COPIES)
            .saturating_add(self.tables))
        .saturating_mul(together)
    }

    /// The blocks that a file of this length can have: their table is in it.
    fn blocks(&self, file: usize) -> usize {
        let [columns, rows] = self.size;
        let blocks = match self.tile {
            // With all smaller copies of the picture.
            Some([wide, high]) => (columns.div_ceil(wide.max(1)))
                .saturating_mul(rows.div_ceil(high.max(1)))
                .saturating_mul(4)
                .max(rows),
            None => rows,
        };
        let most = file / size_of::<u64>();
        usize::try_from(blocks).unwrap_or(most).min(most)
    }
}

/// The bytes of a pixel with all channels of a list: names to an empty one, each
/// with 16 bytes of which the first tells the type.
fn pixel_bytes(mut channels: &[u8]) -> u64 {
    let mut bytes = 0;
    while let Some((name, rest)) = text(channels)
        && !name.is_empty()
        && let Some((channel, rest)) = rest.split_first_chunk::<16>()
    {
        // Of 32 bits, or of 16.
        bytes += if channel[0] == 1 { 2 } else { 4 };
        channels = rest;
    }
    bytes
}

/// The rows of a block, by the number of its method.
const fn block_rows(method: u8) -> u64 {
    match method {
        0..=2 => 1,
        3 | 5 => 16,
        4 | 6 | 7 | 8 => 32,
        _ => BLOCK_ROWS as u64,
    }
}
