//! OpenEXR: headers of attributes, offset tables, and blocks.
//!
//! Checks before it is decoded: memory, and ignored layers, channels and windows.

mod attributes;
mod chosen;
mod read;
mod sorted_header;
mod windows;
mod write;

pub(crate) use chosen::Wanted;
pub(super) use read::open;
pub(super) use write::write;

use std::thread;

use ::exr::meta::{
    BlockDescription, MetaData,
    attribute::{LevelMode, SampleType},
};

use crate::{
    codec::{IgnoredContent, Limits, ignored_content::data_after},
    error::{LimitError, Result},
    image::ImageSpec,
};

use chosen::Chosen;
use windows::Windows;

use super::{check_memory, u32_at};

/// Content beside the channels that were chosen.
fn ignored(bytes: &[u8], meta: &MetaData, chosen: &Chosen) -> Vec<IgnoredContent> {
    let headers = &meta.headers;
    let mut ignored = Vec::new();
    if headers.len() > 1 {
        ignored.push(IgnoredContent::Layers(Some(headers.len() as u64)));
    }
    ignored.extend(data_after(bytes, end(bytes, meta)));
    let header = &headers[chosen.part];
    let list = &header.channels.list;
    let [stored, read] = [list.len(), chosen.channels.len()].map(|count| count as u64);
    if stored > read {
        ignored.push(IgnoredContent::Channels { stored, read });
    }
    let is_integer = |at: &usize| list[*at].sample_type == SampleType::U32;
    if chosen.channels.iter().any(is_integer) {
        ignored.push(IgnoredContent::Integers);
    }
    if let BlockDescription::Tiles(tiles) = &header.blocks
        && tiles.level_mode != LevelMode::Singular
    {
        ignored.push(IgnoredContent::ReducedImages(None));
    }
    ignored.extend(Windows::of(header).ignored());
    ignored
}

/// The end of the last block of all parts: the offset tables of the blocks follow the
/// headers.
fn end(bytes: &[u8], meta: &MetaData) -> Option<usize> {
    let mut walk = Walk::of(bytes);
    loop {
        while walk.next().is_some() {}
        if !walk.has_another_part() {
            break;
        }
    }
    // An empty header ends the headers of a multi-part file.
    let tables = walk.rest.get(usize::from(walk.is_multi_part)..)?;
    let count = meta.headers.iter().map(|header| header.chunk_count).sum();
    let places = tables.as_chunks().0.iter().take(count);
    let last = places.map(|place| u64::from_le_bytes(*place)).max()?;
    let last = usize::try_from(last).ok()?;
    last.checked_add(block_bytes(bytes.get(last..)?, meta, walk.is_multi_part)?)
}

/// The size of a block: part number (multi-part files only), coordinates, sizes, data.
fn block_bytes(block: &[u8], meta: &MetaData, is_multi_part: bool) -> Option<usize> {
    let part = if is_multi_part { u32_at(block, 0)? } else { 0 };
    let header = meta.headers.get(part)?;
    let place = match header.blocks {
        BlockDescription::ScanLines => 4,
        BlockDescription::Tiles(_) => 16,
    };
    let sizes: usize = place + if is_multi_part { 4 } else { 0 };
    if !header.deep {
        return (sizes + 4).checked_add(u32_at(block, sizes)?);
    }
    // The sizes of the sample count table, of the packed and of the unpacked samples.
    let [table, samples, _] = *block.get(sizes..)?.as_chunks().0.first_chunk()?;
    let [table, samples] = [table, samples].map(|size| usize::try_from(u64::from_le_bytes(size)));
    (sizes + 24)
        .checked_add(table.ok()?)?
        .checked_add(samples.ok()?)
}

/// The maximum number of attributes in all parts of a file. Real files have some tens in each.
const MAX_ATTRIBUTES: usize = 1 << 16;

/// The bytes that the decoder keeps per attribute: in growing tables, and in the copies of the
/// header that its threads share.
const ATTRIBUTE_BYTES: usize = 4 << 10;

/// The bytes that the decoder keeps per part.
const PART_BYTES: usize = 16 << 10;

/// The bytes that it keeps per byte of a value, which is copied.
const BYTES_PER_VALUE_BYTE: usize = 6;

/// The same for lists of texts and channels, whose shortest entries have 4 and 18 bytes.
const BYTES_PER_TEXT_BYTE: usize = 64;
const BYTES_PER_CHANNEL_BYTE: usize = 24;

/// The maximum rows of a block, over all compression methods.
const BLOCK_ROWS: usize = 256;

/// The copies of a block while it is decoded: stored, as bytes, reordered, and as samples of
/// a row in two forms.
const BLOCK_COPIES: usize = 5;

/// The tables of a compression method, and of PIZ, whose codes have 16 bits.
const TABLE_BYTES: usize = 64 << 10;
const PIZ_TABLE_BYTES: usize = 2 << 20;

/// The memory of an entry of the offset table: in the growing table, and in a sorted copy.
const OFFSET_ENTRY_BYTES: usize = 32;

/// An upper bound of the memory that the decoder keeps for headers, plus the blocks that it
/// decodes at a time.
pub(super) fn decoder_bytes(bytes: &[u8], limits: &Limits) -> Result<usize> {
    let mut walk = Walk::of(bytes);
    let mut blocks = 0;
    loop {
        let mut part = Part::default();
        while let Some(attribute) = walk.next() {
            part.record(attribute);
            if walk.attributes > MAX_ATTRIBUTES {
                let (format, limit) = ("exr", MAX_ATTRIBUTES);
                return Err(LimitError::Attributes { format, limit }.into());
            }
        }
        let [columns, rows] = part.size;
        if columns > 0 && rows > 0 {
            limits.check(rows, columns, 1, crate::image::Depth::F32)?;
        }
        // The decoder chooses the part to decode.
        blocks = blocks.max(part.blocks_bytes(bytes.len()));
        walk.kept =
            (walk.kept + PART_BYTES).saturating_add(part.blocks(bytes.len()) * OFFSET_ENTRY_BYTES);
        if !walk.has_another_part() {
            break;
        }
    }
    // Blocks are decoded only when samples are requested.
    let kept = check_memory("exr", walk.kept, bytes, limits)?;
    Ok(kept.saturating_add(blocks))
}

/// The maximum number of blocks that the exr crate's own threads process at a time.
fn threads() -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    cores.max(rayon::current_num_threads()) + 2
}

/// Iterates over the attributes of a header; ends at an empty name or at the first malformed
/// attribute, which the decoder reports.
struct Walk<'a> {
    rest: &'a [u8],
    /// Whether the file may have several parts.
    is_multi_part: bool,
    attributes: usize,
    /// The bytes that the decoder keeps of the attributes so far.
    kept: usize,
}

struct Attribute<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Walk<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let (is_multi_part, rest) = match bytes {
            [_, _, _, _, _, flags, _, _, rest @ ..] => (*flags & 0x10 != 0, rest),
            _ => (false, &[][..]),
        };
        Self {
            rest,
            is_multi_part,
            attributes: 0,
            kept: 0,
        }
    }

    /// Whether the header of another part follows that of one.
    fn has_another_part(&self) -> bool {
        self.is_multi_part && self.rest.first().is_some_and(|byte| *byte != 0)
    }

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
            // A truncated value is read up to the end of the file.
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
            b"stringvector" => BYTES_PER_TEXT_BYTE,
            b"chlist" => BYTES_PER_CHANNEL_BYTE,
            _ => BYTES_PER_VALUE_BYTE,
        };
        let names = name.len() + kind.len();
        self.kept +=
            ATTRIBUTE_BYTES + names * BYTES_PER_VALUE_BYTE + value.len().saturating_mul(each);
        Some(Attribute { name, value })
    }
}

/// Splits at the first zero byte.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// The properties of a part.
#[derive(Default)]
struct Part {
    /// Columns and rows of the samples that are stored.
    size: [u64; 2],
    /// Columns and rows of a tile.
    tile: Option<[u64; 2]>,
    /// The bytes of a pixel.
    pixel: u64,
    /// The rows of a scan line block.
    rows: u64,
    /// The bytes of its compression method's tables.
    tables: usize,
}

impl Part {
    /// Records an attribute. Of duplicates the largest value counts.
    fn record(&mut self, Attribute { name, value }: Attribute<'_>) {
        let numbers: Vec<i32> = (value.as_chunks().0.iter().take(4))
            .map(|bytes| i32::from_le_bytes(*bytes))
            .collect();
        match (name, &numbers[..], value) {
            (b"dataWindow", &[left, top, right, bottom], _) => {
                // The decoder accepts the corners in either order.
                let len = |first: i32, last: i32| u64::from(first.abs_diff(last)) + 1;
                let size = [len(left, right), len(top, bottom)];
                self.size = [0, 1].map(|axis| self.size[axis].max(size[axis]));
            }
            (b"tiles", &[width, height, ..], _) => {
                let tile = [width, height].map(|n| u64::from(n.cast_unsigned()));
                let known = self.tile.unwrap_or_default();
                self.tile = Some([0, 1].map(|axis| known[axis].max(tile[axis])));
            }
            (b"channels", _, value) => self.pixel = self.pixel.max(pixel_bytes(value)),
            (b"compression", _, &[method, ..]) => {
                self.rows = self.rows.max(block_rows(method));
                self.tables = self.tables.max(match method {
                    4 => PIZ_TABLE_BYTES,
                    _ => TABLE_BYTES,
                });
            }
            _ => {}
        }
    }

    /// An upper bound of the memory for the blocks of a file of this length that are decoded
    /// at a time.
    fn blocks_bytes(&self, file: usize) -> usize {
        let [columns, rows] = self.size;
        let lines = columns.saturating_mul(self.rows.min(rows));
        // A tile may be larger than the picture; the decoder allocates its full size.
        let tile = self
            .tile
            .map_or(0, |[width, height]| width.saturating_mul(height));
        let pixels = lines.max(tile);
        let block = usize::try_from(pixels.saturating_mul(self.pixel)).unwrap_or(usize::MAX);
        let concurrent = self.blocks(file).clamp(1, threads());
        (block
            .saturating_mul(BLOCK_COPIES)
            .saturating_add(self.tables))
        .saturating_mul(concurrent)
    }

    /// The maximum number of blocks in a file of this length, which contains their offset
    /// table.
    fn blocks(&self, file: usize) -> usize {
        let [columns, rows] = self.size;
        let blocks = match self.tile {
            // Including all mipmap or ripmap levels.
            Some([width, height]) => (columns.div_ceil(width.max(1)))
                .saturating_mul(rows.div_ceil(height.max(1)))
                .saturating_mul(4)
                .max(rows),
            None => rows,
        };
        let max_blocks = file / size_of::<u64>();
        usize::try_from(blocks)
            .unwrap_or(max_blocks)
            .min(max_blocks)
    }
}

/// The bytes of a pixel with all channels of a list, which ends with an empty name. Each name
/// is followed by 16 bytes, of which the first is the sample type.
fn pixel_bytes(mut channels: &[u8]) -> u64 {
    let mut bytes = 0;
    while let Some((name, rest)) = text(channels)
        && !name.is_empty()
        && let Some((channel, rest)) = rest.split_first_chunk::<16>()
    {
        // Type 1 is half precision; the others have 32 bits.
        bytes += if channel[0] == 1 { 2 } else { 4 };
        channels = rest;
    }
    bytes
}

/// The rows of a block, by its compression method.
const fn block_rows(method: u8) -> u64 {
    match method {
        0..=2 => 1,
        3 | 5 => 16,
        4 | 6 | 7 | 8 => 32,
        _ => BLOCK_ROWS as u64,
    }
}

/// An upper bound of the memory for the blocks that are encoded at a time: tiles of 64 x 64
/// pixels, as samples, reordered, and compressed; plus the offset table.
pub(in crate::codec) fn blocks_to_write(spec: ImageSpec) -> usize {
    const SIDE: usize = 64;
    let pixel = spec.channels * spec.depth.bytes();
    let blocks = spec.rows.div_ceil(SIDE) * spec.columns.div_ceil(SIDE);
    threads().min(blocks) * 4 * SIDE * SIDE * pixel + blocks * 64
}
