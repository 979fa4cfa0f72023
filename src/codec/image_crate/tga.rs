//! TGA: a header, a name and a palette, pixels or runs of them, and what a footer
//! at the end of the file tells of.

use crate::codec::{IgnoredContent, ignored_content::behind};

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
        ignored.push(IgnoredContent::Hole(colors as u64));
    }
    let Some(end) = end(bytes, rows * columns) else {
        return ignored;
    };
    let mut known = vec![[0, end]];
    let stamp = footer(bytes, rows, &mut known, end);
    if stamp.is_some() {
        ignored.push(IgnoredContent::Copies(None));
    }
    // Whatever lies between them.
    known.sort_unstable();
    let mut at = 0;
    for [start, end] in known.into_iter().chain([[bytes.len(); 2]]) {
        if let Some(gap) = bytes.get(at..start)
            && let Some(data) = behind(gap)
        {
            ignored.push(data);
            break;
        }
        at = at.max(end);
    }
    ignored
}

/// The signature in a TGA 2.0 footer, after two offsets.
const SIGNATURE: &[u8; 18] = b"TRUEVISION-XFILE.\0";

const EXTENSION: usize = 495;

/// Adds the parts that the footer tells of, if there is one, and gives that of a
/// small copy of the picture, if there is one.
fn footer(
    bytes: &[u8],
    rows: usize,
    known: &mut Vec<[usize; 2]>,
    end: usize,
) -> Option<[usize; 2]> {
    let rest = bytes.get(end + 8..)?;
    let places = end + (rest.windows(SIGNATURE.len())).position(|part| part == SIGNATURE)?;
    known.push([places, places + 8 + SIGNATURE.len()]);
    let place = |at: usize| u32_at(bytes, at).filter(|place| *place > 0);
    let extension = place(places)?;
    if u16_at(bytes, extension)? != EXTENSION {
        return None;
    }
    known.push([extension, extension + EXTENSION]);
    if let Some(colors) = place(extension + 482) {
        known.push([colors, colors.saturating_add(256 * 4 * 2)]);
    }
    if let Some(lines) = place(extension + 490) {
        known.push([lines, lines.saturating_add(4 * rows)]);
    }
    let stamp = place(extension + 486)?;
    let [wide, high] = *bytes.get(stamp..)?.first_chunk()?;
    let pixel = usize::from(bytes.get(16)?.div_ceil(8));
    let size = 2 + usize::from(wide) * usize::from(high) * pixel;
    let stamp = [stamp, stamp + size];
    known.push(stamp);
    Some(stamp)
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
