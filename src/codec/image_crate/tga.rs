//! TGA: a header, a name and a palette, pixels or runs of them, and areas that a footer at the
//! end of the file refers to.
//!
//! Checks before the image crate decodes it: data outside the image.

mod areas;
mod carried;

pub(super) use areas::write;
pub(super) use carried::{Alpha, Carried, carried};

use crate::codec::{Coding, IgnoredContent, ignored_content::unknown_data};

use super::{u16_at, u32_at};

const HEADER: usize = 18;

/// Content of the file beside its image, which has this size.
pub(super) fn ignored(bytes: &[u8], [rows, columns]: [usize; 2]) -> Vec<IgnoredContent> {
    let mut ignored = Vec::new();
    // The attribute bit of 16-bit pixels is not read.
    if let (Some(16), Some(descriptor)) = (bytes.get(16), bytes.get(17))
        && descriptor & 15 == 1
    {
        ignored.push(IgnoredContent::Channels { stored: 4, read: 3 });
    }
    if let Some(colors) = palette(bytes).filter(|colors| *colors > 0)
        && !matches!(bytes.get(2), Some(1 | 9))
    {
        ignored.push(IgnoredContent::DataBetween(colors as u64));
    }
    let Some(end) = end(bytes, rows * columns) else {
        return ignored;
    };
    let mut used_ranges = vec![[0, end]];
    let thumbnail = footer(bytes, rows, &mut used_ranges, end);
    if thumbnail.is_some() {
        ignored.push(IgnoredContent::ReducedImages(None));
    }
    // The gaps between the used ranges.
    used_ranges.sort_unstable();
    let mut at = 0;
    for [start, end] in used_ranges.into_iter().chain([[bytes.len(); 2]]) {
        if let Some(gap) = bytes.get(at..start)
            && let Some(data) = unknown_data(gap)
        {
            ignored.push(data);
            break;
        }
        at = at.max(end);
    }
    ignored
}

/// How the samples are coded, and a description of those that have fewer than 8 bits.
pub(super) fn stored(bytes: &[u8]) -> (Option<Coding>, Option<String>) {
    match (bytes.get(2), bytes.get(16)) {
        (Some(1 | 9), _) => (Some(Coding::Palette), None),
        (Some(2 | 10), Some(15 | 16)) => (None, Some(super::of_bits(5))),
        _ => (None, None),
    }
}

/// The signature in a TGA 2.0 footer, after two offsets.
const SIGNATURE: &[u8; 18] = b"TRUEVISION-XFILE.\0";

const EXTENSION: usize = 495;

/// Adds the ranges that the footer refers to, if there is one; returns that of the thumbnail
/// ("postage stamp image" in the specification), if there is one.
fn footer(
    bytes: &[u8],
    rows: usize,
    used_ranges: &mut Vec<[usize; 2]>,
    end: usize,
) -> Option<[usize; 2]> {
    let footer_start = footer_start(bytes, end)?;
    used_ranges.push([footer_start, footer_start + 8 + SIGNATURE.len()]);
    used_ranges.extend(developer(bytes, footer_start).into_iter().flatten());
    let place = |at: usize| u32_at(bytes, at).filter(|place| *place > 0);
    let extension = place(footer_start)?;
    if u16_at(bytes, extension)? != EXTENSION {
        return None;
    }
    used_ranges.push([extension, extension + EXTENSION]);
    if let Some(colors) = place(extension + 482) {
        used_ranges.push([colors, colors.saturating_add(256 * 4 * 2)]);
    }
    if let Some(scan_line_table) = place(extension + 490) {
        used_ranges.push([scan_line_table, scan_line_table.saturating_add(4 * rows)]);
    }
    let thumbnail = place(extension + 486)?;
    let [width, height] = *bytes.get(thumbnail..)?.first_chunk()?;
    let pixel = usize::from(bytes.get(16)?.div_ceil(8));
    let size = 2 + usize::from(width) * usize::from(height) * pixel;
    let thumbnail = [thumbnail, thumbnail + size];
    used_ranges.push(thumbnail);
    Some(thumbnail)
}

/// The start of the footer, after a picture that ends here.
fn footer_start(bytes: &[u8], end: usize) -> Option<usize> {
    let rest = bytes.get(end + 8..)?;
    Some(end + (rest.windows(SIGNATURE.len())).position(|part| part == SIGNATURE)?)
}

/// The ranges of the developer area: its directory, and what that refers to.
fn developer(bytes: &[u8], footer: usize) -> Option<Vec<[usize; 2]>> {
    let directory = u32_at(bytes, footer + 4).filter(|place| *place > 0)?;
    let count = u16_at(bytes, directory)?;
    // A number, an offset and a size.
    let entries = bytes.get(directory + 2..)?.get(..10 * count)?;
    let ranges = entries.as_chunks::<10>().0.iter().filter_map(|entry| {
        let (start, size) = (u32_at(entry, 2)?, u32_at(entry, 6)?);
        let end = start.checked_add(size)?;
        (start > 0 && end <= bytes.len()).then_some([start, end])
    });
    let directory = [directory, directory + 2 + entries.len()];
    Some([directory].into_iter().chain(ranges).collect())
}

/// The bytes of the palette.
fn palette(bytes: &[u8]) -> Option<usize> {
    Some(match bytes.get(1)? {
        0 => 0,
        _ => u16_at(bytes, 5)? * usize::from(bytes.get(7)?.div_ceil(8)),
    })
}

/// The byte offset after the pixels.
fn end(bytes: &[u8], mut pixels: usize) -> Option<usize> {
    let [name, _, kind] = *bytes.first_chunk()?;
    let start = HEADER + usize::from(name) + palette(bytes)?;
    let pixel = usize::from(bytes.get(16)?.div_ceil(8));
    if kind < 8 {
        return pixels.checked_mul(pixel)?.checked_add(start);
    }
    let mut rest = bytes.get(start..)?;
    while pixels > 0 {
        let (code, after) = rest.split_first()?;
        let count = 1 + usize::from(code & 0x7f);
        let stored = if code & 0x80 == 0 {
            count.min(pixels)
        } else {
            1
        };
        pixels = pixels.saturating_sub(count);
        rest = after.get(stored * pixel..)?;
    }
    Some(bytes.len() - rest.len())
}
