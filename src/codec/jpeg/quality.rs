//! The quality of a file, by its quantization tables.

use std::fmt;

use libjpeg_turbo_rs::{
    api::quality::scale_quant_table_linear,
    common::tables::{STD_CHROMINANCE_QUANT_TABLE, STD_LUMINANCE_QUANT_TABLE, ZIGZAG_ORDER},
    quality_scaling,
};

use super::markers::{Markers, is_frame, segment};

/// How finely the coefficients of a JPEG are quantized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JpegQuality {
    /// By the example tables of the standard, scaled to this quality as libjpeg does it.
    Standard(u8),
    /// By other tables.
    Custom {
        /// The quality whose tables are the nearest, by the sum of their steps.
        near: u8,
    },
}

impl JpegQuality {
    /// The quality, or the nearest.
    pub const fn number(self) -> u8 {
        match self {
            Self::Standard(quality) | Self::Custom { near: quality } => quality,
        }
    }
}

/// `95`, or `about 95 by tables of its own`.
impl fmt::Display for JpegQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard(quality) => write!(f, "{quality}"),
            Self::Custom { near } => write!(f, "about {near} by tables of its own"),
        }
    }
}

/// The steps of a quantization table, in natural order.
type Table = [u16; 64];

impl JpegQuality {
    /// That of a file, by its segments up to the first scan.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        const QUANTIZATION: u8 = 0xdb;
        const START_OF_SCAN: u8 = 0xda;
        let mut tables = [None; 4];
        let mut frame = None;
        for marker in Markers::of(bytes) {
            let content = segment(bytes, &marker);
            match marker.code {
                QUANTIZATION => read_tables(content, &mut tables),
                START_OF_SCAN => break,
                code if is_frame(code) => frame = frame.or(Some(content)),
                _ => {}
            }
        }
        // Three bytes for each component, of which the last numbers its table.
        let components = frame?.get(6..)?.as_chunks::<3>().0;
        let table = |at: usize| *tables.get(usize::from(components.get(at)?[2]))?;
        let chroma = match components.len() {
            1 => None,
            _ => Some(table(1)?),
        };
        Some(quality(&table(0)?, chroma.as_ref()))
    }
}

/// Reads the tables of a segment: of each its precision and its number, and its steps.
fn read_tables(mut content: &[u8], tables: &mut [Option<Table>; 4]) {
    while let Some((kind, rest)) = content.split_first() {
        let size = if kind >> 4 == 0 { 1 } else { 2 };
        let Some((steps, rest)) = rest.split_at_checked(64 * size) else {
            return;
        };
        let mut table = [0; 64];
        for (place, step) in ZIGZAG_ORDER.iter().zip(steps.chunks(size)) {
            table[*place] = step.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte));
        }
        if let Some(known) = tables.get_mut(usize::from(kind & 15)) {
            *known = Some(table);
        }
        content = rest;
    }
}

/// The tables of luma and chroma of this quality.
fn standard(quality: u8, is_baseline: bool) -> [Table; 2] {
    [&STD_LUMINANCE_QUANT_TABLE, &STD_CHROMINANCE_QUANT_TABLE]
        .map(|table| scale_quant_table_linear(table, quality_scaling(quality), is_baseline))
}

/// The quality by the tables of luma and, if there is colour, of chroma.
fn quality(luma: &Table, chroma: Option<&Table>) -> JpegQuality {
    let given = [Some(luma), chroma];
    let is_it = |quality: &u8| {
        let is_same = |is_baseline| {
            let tables = standard(*quality, is_baseline);
            let mut pairs = given.iter().zip(&tables);
            pairs.all(|(given, table)| given.is_none_or(|given| given == table))
        };
        is_same(true) || is_same(false)
    };
    if let Some(quality) = (1..=100).rev().find(is_it) {
        return JpegQuality::Standard(quality);
    }
    let sum = |table: &Table| table.iter().copied().map(u32::from).sum::<u32>();
    let wanted: u32 = given.into_iter().flatten().map(sum).sum();
    let distance = |quality: &u8| {
        let [one, other] = [true, false].map(|is_baseline| {
            let tables = standard(*quality, is_baseline);
            let pairs = tables.iter().zip(given);
            let tables = pairs.filter(|(_, given)| given.is_some());
            let found: u32 = tables.map(|(table, _)| sum(table)).sum();
            found.abs_diff(wanted)
        });
        one.min(other)
    };
    let near = (1..=100).min_by_key(distance).unwrap_or(100);
    JpegQuality::Custom { near }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of these tables, each with its number, and of components that use these.
    fn file(frame: u8, tables: &[(u8, Table)], components: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8];
        let mut add = |code: u8, content: &[u8]| {
            bytes.extend([0xff, code]);
            bytes.extend((2 + content.len() as u16).to_be_bytes());
            bytes.extend(content);
        };
        for (number, table) in tables {
            let is_wide = table.iter().any(|step| *step > 255);
            let mut content = vec![u8::from(is_wide) << 4 | number];
            for place in ZIGZAG_ORDER {
                let step = table[place].to_be_bytes();
                content.extend(&step[usize::from(!is_wide)..]);
            }
            add(0xdb, &content);
        }
        let mut content = vec![8, 0, 16, 0, 16, components.len() as u8];
        for (at, table) in components.iter().enumerate() {
            content.extend([1 + at as u8, 0x11, *table]);
        }
        add(frame, &content);
        add(0xda, &[]);
        bytes
    }

    fn found(file: &[u8]) -> JpegQuality {
        JpegQuality::of(file).unwrap()
    }

    #[test]
    fn tables_of_every_quality_are_known() {
        for quality in 1..=100 {
            for is_baseline in [true, false] {
                let [luma, chroma] = standard(quality, is_baseline);
                let gray = file(0xc0, &[(0, luma)], &[0]);
                assert_eq!(found(&gray), JpegQuality::Standard(quality));
                let color = file(0xc2, &[(0, luma), (1, chroma)], &[0, 1, 1]);
                assert_eq!(found(&color), JpegQuality::Standard(quality));
                // By their numbers, not by their order.
                let color = file(0xc1, &[(3, chroma), (2, luma)], &[2, 3, 3]);
                assert_eq!(found(&color), JpegQuality::Standard(quality));
            }
        }
    }

    #[test]
    fn other_tables_are_near_a_quality() {
        for quality in 20..=99 {
            let [mut luma, chroma] = standard(quality, true);
            luma[63] += 1;
            let color = file(0xc0, &[(0, luma), (1, chroma)], &[0, 1, 1]);
            let JpegQuality::Custom { near } = found(&color) else {
                panic!("{quality}");
            };
            assert!(quality.abs_diff(near) <= 1, "{quality} {near}");
            // Luma's table for all.
            let [luma, _] = standard(quality, true);
            let color = file(0xc0, &[(0, luma)], &[0, 0, 0]);
            assert!(matches!(found(&color), JpegQuality::Custom { .. }));
        }
        assert_eq!(found(&file(0xc0, &[(0, [1; 64])], &[0])).to_string(), "100");
        let flat = found(&file(0xc0, &[(0, [10; 64])], &[0]));
        assert_eq!(flat.to_string(), "about 91 by tables of its own");
    }

    #[test]
    fn headers_without_tables_tell_nothing() {
        let whole = file(0xc0, &[(0, [9; 64])], &[0]);
        for len in 0..whole.len() {
            // Without a panic.
            let _ = JpegQuality::of(&whole[..len]);
        }
        for (tables, components) in [
            (&[][..], &[0][..]),
            (&[(0, [9; 64])], &[1]),
            (&[(0, [9; 64])], &[]),
        ] {
            assert_eq!(JpegQuality::of(&file(0xc0, tables, components)), None);
        }
        assert_eq!(JpegQuality::of(b"\xff\xd8"), None);
        assert_eq!(JpegQuality::of(b""), None);
    }
}
