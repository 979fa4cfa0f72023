//! BMP: headers of several versions, palettes or bit masks, rows from the bottom up or
//! run-length encoded.
//!
//! Checks before the image crate decodes it: unused bits, and data outside the image.

use std::io::{Seek, SeekFrom, Write};

use crate::{
    codec::{
        Density, DensityUnit, IgnoredContent, errors,
        ignored_content::{data_after, unknown_data},
    },
    error::Result,
};

use super::{u16_at, u32_at};

/// Content of the file beside its image, which has this size.
pub(super) fn ignored(bytes: &[u8], [rows, columns]: [usize; 2]) -> Vec<IgnoredContent> {
    if rows == 0 || columns == 0 {
        return Vec::new();
    }
    let ignored = BmpLayout::of(bytes).map(|layout| {
        let pixels = layout.ignored(bytes, [rows, columns]);
        let before = bytes
            .get(layout.headers_end..layout.pixels_start)
            .and_then(unknown_data);
        let after = data_after(bytes, layout.end(bytes, [rows, columns]));
        pixels.into_iter().chain(before).chain(after).collect()
    });
    ignored.unwrap_or_default()
}

/// The byte offset of pixels per metre, columns and rows, in all headers but the oldest.
const DENSITY: usize = FILE + 24;

/// The pixel density; 0 is none.
pub(super) fn density(bytes: &[u8]) -> Option<Density> {
    if u32_at(bytes, FILE)? == CORE {
        return None;
    }
    let [columns, rows] = [u32_at(bytes, DENSITY)?, u32_at(bytes, DENSITY + 4)?];
    let per_metre = [columns, rows].map(u32::try_from);
    let [Ok(columns), Ok(rows)] = per_metre else {
        return None;
    };
    Density::per_metre([columns, rows])
}

/// Writes the pixel density to the file that was written, at whose end `out` is.
pub(super) fn write_density(density: Option<Density>, out: &mut (impl Write + Seek)) -> Result<()> {
    let absolute = density.filter(|density| density.parts().1 != DensityUnit::None);
    let Some([columns, rows]) = absolute.and_then(|density| density.per_metre_rounded()) else {
        return Ok(());
    };
    let mut write = || {
        out.seek(SeekFrom::Start(DENSITY as u64))?;
        out.write_all(&columns.to_le_bytes())?;
        out.write_all(&rows.to_le_bytes())?;
        out.seek(SeekFrom::End(0)).map(drop)
    };
    write().map_err(errors::writing)
}

/// The bits of a pixel, and a description of samples that have fewer than 8: `of 5 to 6 bits`.
pub(super) fn stored(bytes: &[u8]) -> (usize, Option<String>) {
    let Some(layout) = BmpLayout::of(bytes) else {
        return (24, None);
    };
    let bits = layout.masks.map(u32::count_ones).into_iter();
    let bits = bits.filter(|bits| *bits > 0);
    let stored = match (bits.clone().min(), bits.max()) {
        (Some(least), Some(most @ ..8)) if least == most => Some(super::of_bits(most)),
        (Some(least @ ..8), Some(most @ ..=8)) => Some(format!("of {least} to {most} bits")),
        _ => None,
    };
    (layout.bits, stored)
}

/// How the pixels are stored.
struct BmpLayout {
    /// The byte offset after the headers and the palette.
    headers_end: usize,
    /// The byte offset of the pixels.
    pixels_start: usize,
    /// The bits per pixel.
    bits: usize,
    /// The compression method: 0 is none, 1 and 2 run lengths of 8-bit and 4-bit indices, 3
    /// none with bit masks.
    compression: usize,
    /// The masks of red, green, blue and alpha in a pixel of 16 or 32 bits.
    masks: [u32; 4],
    /// The byte offset after the ICC profile, if there is one.
    profile: usize,
}

/// The length of the file header, and of the info headers of several versions.
const FILE: usize = 14;
const CORE: usize = 12;
const WITH_ALPHA: usize = 56;
const WITH_PROFILE: usize = 124;

impl BmpLayout {
    fn of(bytes: &[u8]) -> Option<Self> {
        let start = u32_at(bytes, 10)?;
        let header = u32_at(bytes, FILE)?;
        if header == CORE {
            let bits = u16_at(bytes, FILE + 10)?;
            let (compression, masks, profile) = (0, [0; 4], 0);
            let palette = if bits <= 8 { 3 << bits } else { 0 };
            return Some(Self {
                headers_end: FILE + header + palette,
                pixels_start: start,
                bits,
                compression,
                masks,
                profile,
            });
        }
        let bits = u16_at(bytes, FILE + 14)?;
        let compression = u32_at(bytes, FILE + 16)?;
        let mask = |place: usize| u32_at(bytes, FILE + 40 + 4 * place).map(|mask| mask as u32);
        let masks = match (compression, bits) {
            (3, _) if header >= WITH_ALPHA => [mask(0)?, mask(1)?, mask(2)?, mask(3)?],
            (3, _) => [mask(0)?, mask(1)?, mask(2)?, 0],
            (_, 16) => [0x7c00, 0x3e0, 0x1f, 0],
            (_, 32) => [0xff_0000, 0xff00, 0xff, 0],
            _ => [0; 4],
        };
        let profile = match header {
            WITH_PROFILE => {
                let [start, size] = [u32_at(bytes, FILE + 112)?, u32_at(bytes, FILE + 116)?];
                if size > 0 { FILE + start + size } else { 0 }
            }
            _ => 0,
        };
        let colors = u32_at(bytes, FILE + 32)?;
        let palette = if bits <= 8 {
            colors.max(1 << bits)
        } else {
            colors
        };
        // Up to four masks may follow the header.
        let head = FILE + header + if compression == 3 { 16 } else { 0 };
        Some(Self {
            headers_end: head
                .saturating_add(palette.saturating_mul(4))
                .max(if profile <= start { profile } else { 0 }),
            pixels_start: start,
            bits,
            compression,
            masks,
            profile,
        })
    }

    /// The bytes of an uncompressed row, padded to 32 bits.
    const fn stride(&self, columns: usize) -> usize {
        self.bits.saturating_mul(columns).div_ceil(32) * 4
    }

    fn end(&self, bytes: &[u8], [rows, columns]: [usize; 2]) -> Option<usize> {
        let end = match self.compression {
            1 | 2 => {
                self.pixels_start + self.runs(bytes.get(self.pixels_start..)?, [rows, columns])?
            }
            _ => self
                .pixels_start
                .checked_add(self.stride(columns).checked_mul(rows)?)?,
        };
        Some(end.max(self.profile))
    }

    /// The bytes of the run-length codes, up to the marker that ends the picture.
    fn runs(&self, bytes: &[u8], [rows, _]: [usize; 2]) -> Option<usize> {
        let (mut rest, mut row) = (bytes, 0);
        while row < rows {
            let (code, after) = rest.split_first_chunk()?;
            rest = after;
            match *code {
                [0, 0] => row += 1,
                [0, 1] => return Some(bytes.len() - rest.len()),
                [0, 2] => {
                    let ([_, down], after) = rest.split_first_chunk()?;
                    row += usize::from(*down);
                    rest = after;
                }
                [0, count] => {
                    let stored = if self.compression == 1 { 1 } else { 2 };
                    // Padded to 16 bits.
                    let stored = usize::from(count).div_ceil(stored).next_multiple_of(2);
                    rest = rest.get(stored..)?;
                }
                _ => {}
            }
        }
        // The decoder stops at the end of the last row.
        let rest = rest.strip_prefix(&[0, 1]).unwrap_or(rest);
        Some(bytes.len() - rest.len())
    }

    /// Content in bits of the pixels that are not read, such as an unused alpha.
    fn ignored(&self, bytes: &[u8], [rows, columns]: [usize; 2]) -> Vec<IgnoredContent> {
        let mut ignored = Vec::new();
        let widest = self.masks.map(u32::count_ones).into_iter().max();
        if let Some(bits @ 9..) = widest {
            ignored.push(IgnoredContent::Bits(bits));
        }
        let mask = self.masks.iter().fold(0, |all, mask| all | mask);
        let unused_mask = if self.bits == 16 {
            !mask & 0xffff
        } else {
            !mask
        };
        if unused_mask != 0
            && self.has_unused_bits(bytes, unused_mask, [rows, columns]) == Some(true)
        {
            ignored.push(IgnoredContent::Channels { stored: 4, read: 3 });
        }
        ignored
    }

    /// Whether the unused bits differ between pixels: some programs keep alpha there.
    fn has_unused_bits(
        &self,
        bytes: &[u8],
        unused_mask: u32,
        [rows, columns]: [usize; 2],
    ) -> Option<bool> {
        let size = self.bits / 8;
        if self.compression == 1 || self.compression == 2 || !matches!(self.bits, 16 | 32) {
            return None;
        }
        let value = |pixel: &[u8]| {
            let whole = pixel.iter().rev();
            whole.fold(0, |value, byte| value << 8 | u32::from(*byte)) & unused_mask
        };
        let lines = bytes
            .get(self.pixels_start..)?
            .chunks(self.stride(columns))
            .take(rows);
        let mut pixels = lines.flat_map(|line| line.chunks_exact(size).take(columns));
        let first = value(pixels.next()?);
        Some(pixels.any(|pixel| value(pixel) != first))
    }
}
