//! The headers of an image that can be split into strips, and those of the strips.

use super::{huffman::Table, markers::Markers};

/// A component, in the order of the scan.
pub(super) struct Component {
    /// The number of its blocks in an MCU.
    pub(super) blocks: usize,
    /// The identifiers of its Huffman tables.
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// The headers before the entropy-coded data of an image with one scan.
///
/// An MCU (minimum coded unit) is the smallest group of interleaved blocks, for
/// example 16 x 16 pixels with 4:2:0 subsampling.
pub(super) struct Headers {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) components: Vec<Component>,
    /// The rows and columns of pixels in an MCU.
    pub(super) mcu: [usize; 2],
    /// The restart interval in MCUs; 0 if there is none.
    pub(super) interval: usize,
    /// Whether upsampling the chroma of an MCU reads the MCUs above and below.
    pub(super) has_vertical_upsampling: bool,
    /// The byte offset of the entropy-coded data.
    pub(super) data: usize,
    /// Huffman tables by identifier.
    pub(super) dc: [Option<Table>; 4],
    pub(super) ac: [Option<Table>; 4],
    /// The segments that each strip begins with, and the offset of their row count.
    segments: Vec<u8>,
    rows_at: usize,
}

impl Headers {
    /// Parses a file whose headers the decoder has accepted; `None` if it cannot be
    /// split into strips or is unusual in any way.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let mut head = Self {
            rows: 0,
            columns: 0,
            components: Vec::new(),
            mcu: [0; 2],
            interval: 0,
            has_vertical_upsampling: false,
            data: 0,
            dc: [const { None }; 4],
            ac: [const { None }; 4],
            segments: vec![0xff, 0xd8],
            rows_at: 0,
        };
        let mut frame = &[][..];
        let mut end = 2;
        for marker in Markers::of(bytes) {
            if marker.at != end {
                return None;
            }
            let length = bytes.get(marker.end..)?.first_chunk()?;
            end = marker.end + usize::from(u16::from_be_bytes(*length));
            let mut content = bytes.get(marker.end + 2..end)?;
            match marker.code {
                // Sequential coding with Huffman tables.
                0xc0 | 0xc1 => {
                    head.rows_at = head.segments.len() + 5;
                    head.keep(marker.code, content);
                    frame = content;
                }
                0xc4 => {
                    while !content.is_empty() {
                        let (place, table) = Table::split_from(&mut content)?;
                        let tables = match place >> 4 {
                            0 => &mut head.dc,
                            _ => &mut head.ac,
                        };
                        *tables.get_mut(usize::from(place & 15))? = Some(table);
                    }
                }
                // Quantisation tables, and Adobe's colour transform (APP14).
                0xdb | 0xee => head.keep(marker.code, content),
                0xdd => head.interval = usize::from(u16::from_be_bytes(*content.first_chunk()?)),
                0xda => {
                    head.data = end;
                    head.set_frame(frame, content)?;
                    head.finish(content)?;
                    return Some(head);
                }
                // Motion JPEG frames may omit the tables; and the decoder reads one
                // byte too many from such a segment if it is this short.
                0xe0 if content.starts_with(b"AVI1") || content.len() == 4 => return None,
                0xe0..=0xef | 0xfe => {}
                _ => return None,
            }
        }
        None
    }

    /// The parameters of the frame (T.81, B.2.2) and the scan (B.2.3).
    fn set_frame(&mut self, frame: &[u8], scan: &[u8]) -> Option<()> {
        let ([8, high, low, left, right, count], parts) = frame.split_first_chunk()? else {
            return None;
        };
        self.rows = usize::from(u16::from_be_bytes([*high, *low]));
        self.columns = usize::from(u16::from_be_bytes([*left, *right]));
        let factors = |part: &[u8; 3]| [part[1] >> 4, part[1] & 15].map(usize::from);
        let parts = parts.as_chunks::<3>().0;
        // A single component is not interleaved: one block per MCU whatever its factors
        // (T.81, A.2.2). Of several, each has the factors of the first, or 1 x 1.
        let [horizontal, vertical] = match parts {
            [_] => [1, 1],
            [first, ..] => factors(first),
            [] => return None,
        };
        let several = || {
            let mut parts = parts.iter().map(factors);
            matches!([horizontal, vertical], [1 | 2, 1 | 2])
                && parts
                    .clone()
                    .all(|part| part == [1, 1] || part == [horizontal, vertical])
                && parts.any(|part| part == [1, 1])
        };
        let (scanned, tables) = scan.split_first()?;
        // Otherwise other scans hold the remaining components.
        if scanned != count || !matches!(parts.len(), 1 | 3 | 4) || !(parts.len() == 1 || several())
        {
            return None;
        }
        self.mcu = [8 * vertical, 8 * horizontal];
        // Components of half the height are interpolated vertically.
        self.has_vertical_upsampling = vertical == 2;
        for [id, tables] in tables.as_chunks::<2>().0.iter().take(parts.len()) {
            let part = parts.iter().find(|part| part[0] == *id)?;
            self.components.push(Component {
                blocks: match parts {
                    [_] => 1,
                    _ => factors(part).iter().product(),
                },
                dc: usize::from(tables >> 4),
                ac: usize::from(tables & 15),
            });
        }
        if self.interval >= self.mcus() {
            self.interval = 0;
        }
        (self.components.len() == parts.len()).then_some(())
    }

    /// Adds the Huffman tables, restart interval and scan header to the strips' headers.
    fn finish(&mut self, scan: &[u8]) -> Option<()> {
        for (number, table) in self.dc.iter().enumerate() {
            if let Some(table) = table {
                // Without restarts a strip's first DC differences change and may need
                // new codes. With restarts they do not: there, a code that the file's
                // table lacks must stay an error.
                let segment = match self.interval {
                    0 => table.with_all_categories()?.segment(number as u8),
                    _ => table.segment(number as u8),
                };
                self.segments.extend(segment);
            }
        }
        for (number, table) in self.ac.iter().enumerate() {
            if let Some(table) = table {
                self.segments.extend(table.segment(0x10 | number as u8));
            }
        }
        if self.interval > 0 {
            self.keep(0xdd, &(self.interval as u16).to_be_bytes());
        }
        self.keep(0xda, scan);
        Some(())
    }

    fn keep(&mut self, code: u8, content: &[u8]) {
        self.segments.extend([0xff, code]);
        self.segments
            .extend((2 + content.len() as u16).to_be_bytes());
        self.segments.extend(content);
    }

    /// The number of MCU rows, and of MCUs in each.
    pub(super) const fn size(&self) -> [usize; 2] {
        let [height, width] = self.mcu;
        [self.rows.div_ceil(height), self.columns.div_ceil(width)]
    }

    const fn mcus(&self) -> usize {
        let [rows, columns] = self.size();
        rows * columns
    }

    /// The headers of a strip of `rows` pixel rows.
    pub(super) fn of_rows(&self, rows: usize) -> Vec<u8> {
        let mut segments = self.segments.clone();
        segments[self.rows_at..self.rows_at + 2].copy_from_slice(&(rows as u16).to_be_bytes());
        segments
    }
}
