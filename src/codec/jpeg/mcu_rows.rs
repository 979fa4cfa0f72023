//! The entropy-coded data of a scan without restarts: decoded code by code to find
//! the bit offset of each MCU row, and split there.

use std::ops::Range;

use crate::{
    codec::errors,
    error::{Error, Result},
};

use super::{
    huffman::{AcTable, Codes, dc_codes},
    markers::{END, Markers},
    strip_headers::Headers,
};

/// Bytes of ones after the data: enough for all reads until the decoder meets a
/// code of ones only, which is an error.
pub(super) const PADDING: usize = 32;

/// The decoder state at the start of an MCU row.
#[derive(Clone, Copy, Default)]
pub(super) struct RowStart {
    pub(super) bit: usize,
    /// The DC predictor of each component (T.81, F.1.1.5.1).
    predictors: [i32; 4],
}

/// The entropy-coded data of a scan.
pub(super) struct Scan {
    /// Without the zero that is stuffed after each 0xff (T.81, B.1.1.5).
    data: Vec<u8>,
    parts: Vec<ScanComponent>,
    columns: usize,
}

/// How a component is coded.
struct ScanComponent {
    blocks: usize,
    dc: Codes,
    ac: AcTable,
    /// The code of each DC category and its length, in the strips' extended table.
    dc_codes: [(u16, u32); 16],
}

impl Scan {
    /// The scan of a file with these headers, or `None` if it contains other markers
    /// than EOI.
    pub(super) fn of(bytes: &[u8], head: &Headers) -> Option<Self> {
        let mut parts = Vec::new();
        for component in &head.components {
            let dc = head.dc.get(component.dc)?.as_ref()?;
            let ac = head.ac.get(component.ac)?.as_ref()?;
            parts.push(ScanComponent {
                blocks: component.blocks,
                dc: Codes::of_dc(dc)?,
                ac: AcTable::new(ac)?,
                dc_codes: dc_codes(&dc.with_all_categories()?)?,
            });
        }
        let mut data = Vec::new();
        data.try_reserve_exact(bytes.len() - head.data + PADDING)
            .ok()?;
        let mut copied = head.data;
        for marker in Markers::starting_at(bytes, head.data) {
            data.extend_from_slice(&bytes[copied..marker.at]);
            match marker.code {
                0 => data.push(0xff),
                END => {
                    data.extend([0xff; PADDING]);
                    let [_, columns] = head.size();
                    return Some(Self {
                        data,
                        parts,
                        columns,
                    });
                }
                _ => return None,
            }
            copied = marker.end;
        }
        None
    }

    /// The length of the data in bytes.
    pub(super) fn len(&self) -> usize {
        self.data.len()
    }

    /// The start of the next MCU row, after the one that begins at `start`.
    pub(super) fn next_row(&self, start: RowStart) -> Result<RowStart> {
        let RowStart {
            bit,
            mut predictors,
        } = start;
        let mut bits = self.bits(bit);
        for _ in 0..self.columns {
            for (part, predictor) in self.parts.iter().zip(&mut predictors) {
                for _ in 0..part.blocks {
                    *predictor = predictor.wrapping_add(bits.difference(&part.dc)?);
                    bits.skip_coefficients(&part.ac)?;
                }
            }
        }
        let bit = bits.position;
        Ok(RowStart { bit, predictors })
    }

    /// Appends the data between two row starts to `out` as the scan of an image of its
    /// own: the first DC difference of each component is recoded relative to 0.
    pub(super) fn append(&self, [start, end]: [RowStart; 2], out: &mut Vec<u8>) -> Result<()> {
        let mut bits = self.bits(start.bit);
        let mut out = StuffedWriter::new(out);
        let mut copied = start.bit;
        for (part, predictor) in self.parts.iter().zip(start.predictors) {
            out.copy(&self.data, copied..bits.position);
            let first = predictor.wrapping_add(bits.difference(&part.dc)?);
            out.put_difference(first, &part.dc_codes)?;
            copied = bits.position;
            bits.skip_coefficients(&part.ac)?;
            for _ in 1..part.blocks {
                bits.difference(&part.dc)?;
                bits.skip_coefficients(&part.ac)?;
            }
        }
        out.copy(&self.data, copied..end.bit);
        out.end();
        Ok(())
    }

    const fn bits(&self, position: usize) -> Bits<'_> {
        let data = self.data.as_slice();
        Bits { data, position }
    }
}

/// A bit reader, most significant bit first.
pub(super) struct Bits<'a> {
    pub(super) data: &'a [u8],
    /// The offset of the next bit.
    pub(super) position: usize,
}

impl Bits<'_> {
    /// At least 57 of the next bits, left-aligned; ones beyond the data.
    #[inline(always)]
    pub(super) fn peek(&self) -> u64 {
        let data = self.data.get(self.position / 8..);
        let bytes = data.and_then(|data| data.first_chunk());
        bytes.map_or(!0, |bytes| u64::from_be_bytes(*bytes)) << (self.position % 8)
    }

    /// Decodes a DC difference (T.81, F.2.2.1).
    #[inline(always)]
    pub(super) fn difference(&mut self, codes: &Codes) -> Result<i32> {
        let next = self.peek();
        let symbol = codes.symbol(next);
        if symbol.bits == 0 {
            return Err(no_code(next));
        }
        self.position += usize::from(symbol.bits);
        // The additional bits come last; of a negative number the highest is 0.
        let category = symbol.value;
        let number = (next >> (64 - symbol.bits)) as i32 & ((1 << category) - 1);
        Ok(match number >> category.saturating_sub(1) {
            0 => number + 1 - (1 << category),
            _ => number,
        })
    }

    /// Skips the AC coefficients of a block (T.81, F.2.2.2). A run beyond the last
    /// coefficient ends the block, as in the decoder.
    #[inline(always)]
    pub(super) fn skip_coefficients(&mut self, codes: &AcTable) -> Result<()> {
        let mut place = 1;
        while place < 64 {
            let next = self.peek();
            let run = codes.run_at(next);
            // Codes beyond the end of the block belong to the next block's DC table.
            if run.bits > 0 && place + run.before < 64 {
                self.position += usize::from(run.bits);
                place += run.value;
                continue;
            }
            let symbol = codes.single.symbol(next);
            if symbol.bits == 0 {
                return Err(no_code(next));
            }
            self.position += usize::from(symbol.bits);
            place += symbol.value;
        }
        Ok(())
    }
}

/// The error that the decoder gives for the same bits.
#[cold]
fn no_code(bits: u64) -> Error {
    let bits = bits >> 48;
    errors::damaged(
        "jpeg",
        format_args!("Bad Huffman Code 0x{bits:X}, corrupt JPEG"),
    )
}

/// A bit writer that stuffs a zero after each 0xff.
pub(super) struct StuffedWriter<'a> {
    out: &'a mut Vec<u8>,
    buffer: u64,
    count: u32,
}

impl<'a> StuffedWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        let (buffer, count) = (0, 0);
        Self { out, buffer, count }
    }

    /// Writes the `count` low bits, at most 32.
    #[inline(always)]
    fn put(&mut self, bits: u32, count: u32) {
        self.buffer = self.buffer << count | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            let bytes = ((self.buffer >> self.count) as u32).to_be_bytes();
            match bytes.contains(&0xff) {
                false => self.out.extend(bytes),
                true => bytes.into_iter().for_each(|byte| self.push(byte)),
            }
        }
    }

    fn push(&mut self, byte: u8) {
        self.out.push(byte);
        if byte == 0xff {
            self.out.push(0);
        }
    }

    /// Encodes a DC difference (T.81, F.1.2.1).
    pub(super) fn put_difference(
        &mut self,
        difference: i32,
        codes: &[(u16, u32); 16],
    ) -> Result<()> {
        let category = 32 - difference.unsigned_abs().leading_zeros();
        let code = codes.get(category as usize);
        let Some(&(code, length @ 1..)) = code else {
            return Err(errors::damaged("jpeg", "a block is too bright or too dark"));
        };
        self.put(u32::from(code), length);
        let number = difference + (difference >> 31);
        self.put(number as u32 & ((1 << category) - 1), category);
        Ok(())
    }

    /// Copies a range of bits.
    pub(super) fn copy(&mut self, data: &[u8], range: Range<usize>) {
        let mut bits = Bits {
            data,
            position: range.start,
        };
        while bits.position < range.end {
            let count = (range.end - bits.position).min(32);
            self.put((bits.peek() >> (64 - count)) as u32, count as u32);
            bits.position += count;
        }
    }

    /// Fills the last byte with ones (T.81, F.1.2.3).
    pub(super) fn end(mut self) {
        let missing = (8 - self.count % 8) % 8;
        self.put((1 << missing) - 1, missing);
        for byte in (0..self.count / 8).rev() {
            self.push((self.buffer >> (8 * byte)) as u8);
        }
    }
}
