//! The data of a scan without restarts, walked code by code to find where its
//! rows begin, and cut there.

use std::ops::Range;

use crate::{
    codec::message,
    error::{Error, Result},
};

use super::{
    head::Head,
    huffman::{Chains, Codes, dc_codes},
    marks::{END, Marks},
};

/// Bytes of ones behind the data: as many as are looked at before a code of
/// nothing but ones is met.
const BEHIND: usize = 32;

/// Where a row of MCUs begins.
#[derive(Clone, Copy, Default)]
pub(super) struct Start {
    pub(super) bit: usize,
    /// The last DC coefficient of each component, to which the next difference
    /// is added (T.81, F.1.1.5.1).
    last: [i32; 4],
}

/// The data of a scan.
pub(super) struct Scan {
    /// Without the zeros that are stuffed behind each 0xff (T.81, B.1.1.5).
    data: Vec<u8>,
    parts: Vec<Part>,
    columns: usize,
}

/// How a component is coded.
struct Part {
    blocks: usize,
    dc: Codes,
    ac: Chains,
    /// The code of each category and its length, in the tables of strips.
    dc_codes: [(u16, u32); 16],
}

impl Scan {
    /// The scan of a file with this head, or nothing if it holds other marks
    /// than that of its end.
    pub(super) fn of(bytes: &[u8], head: &Head) -> Option<Self> {
        let mut parts = Vec::new();
        for component in &head.components {
            let dc = head.dc.get(component.dc)?.as_ref()?;
            let ac = head.ac.get(component.ac)?.as_ref()?;
            parts.push(Part {
                blocks: component.blocks,
                dc: Codes::of_dc(dc)?,
                ac: Chains::new(ac)?,
                dc_codes: dc_codes(&dc.with_all_categories()?)?,
            });
        }
        let mut data = Vec::new();
        data.try_reserve_exact(bytes.len() - head.data + BEHIND)
            .ok()?;
        let mut copied = head.data;
        for mark in Marks::behind(bytes, head.data) {
            data.extend_from_slice(&bytes[copied..mark.at]);
            match mark.code {
                0 => data.push(0xff),
                END => {
                    data.extend([0xff; BEHIND]);
                    let [_, columns] = head.size();
                    return Some(Self {
                        data,
                        parts,
                        columns,
                    });
                }
                _ => return None,
            }
            copied = mark.end;
        }
        None
    }

    /// The bytes of the data.
    pub(super) fn len(&self) -> usize {
        self.data.len()
    }

    /// Where the row of MCUs ends that begins here.
    pub(super) fn next_row(&self, start: Start) -> Result<Start> {
        let Start { bit, mut last } = start;
        let mut bits = self.bits(bit);
        for _ in 0..self.columns {
            for (part, last) in self.parts.iter().zip(&mut last) {
                for _ in 0..part.blocks {
                    *last = last.wrapping_add(bits.difference(&part.dc)?);
                    bits.skip_coefficients(&part.ac)?;
                }
            }
        }
        let bit = bits.position;
        Ok(Start { bit, last })
    }

    /// Appends the data between two starts to `out`, as of a picture of its own:
    /// the first difference of each component is from 0.
    pub(super) fn append(&self, [start, end]: [Start; 2], out: &mut Vec<u8>) -> Result<()> {
        let mut bits = self.bits(start.bit);
        let mut out = Stuffed::new(out);
        let mut copied = start.bit;
        for (part, last) in self.parts.iter().zip(start.last) {
            self.copy(copied..bits.position, &mut out);
            let first = last.wrapping_add(bits.difference(&part.dc)?);
            out.put_difference(first, part)?;
            copied = bits.position;
            bits.skip_coefficients(&part.ac)?;
            for _ in 1..part.blocks {
                bits.difference(&part.dc)?;
                bits.skip_coefficients(&part.ac)?;
            }
        }
        self.copy(copied..end.bit, &mut out);
        out.end();
        Ok(())
    }

    const fn bits(&self, position: usize) -> Bits<'_> {
        let data = self.data.as_slice();
        Bits { data, position }
    }

    /// Copies a range of bits.
    fn copy(&self, range: Range<usize>, out: &mut Stuffed<'_>) {
        let mut bits = self.bits(range.start);
        while bits.position < range.end {
            let count = (range.end - bits.position).min(32);
            out.put((bits.peek() >> (64 - count)) as u32, count as u32);
            bits.position += count;
        }
    }
}

/// Reads bits, the highest of a byte first.
struct Bits<'a> {
    data: &'a [u8],
    /// How many bits are before the next one.
    position: usize,
}

impl Bits<'_> {
    /// The next bits, at least 57 of them, from the highest on; ones behind the
    /// data.
    #[inline(always)]
    fn peek(&self) -> u64 {
        let data = self.data.get(self.position / 8..);
        let bytes = data.and_then(|data| data.first_chunk());
        bytes.map_or(!0, |bytes| u64::from_be_bytes(*bytes)) << (self.position % 8)
    }

    /// A DC difference (T.81, F.2.2.1).
    #[inline(always)]
    fn difference(&mut self, codes: &Codes) -> Result<i32> {
        let next = self.peek();
        let symbol = codes.symbol(next);
        if symbol.bits == 0 {
            return Err(no_code(next));
        }
        self.position += usize::from(symbol.bits);
        // The number is in the last bits; of a negative one the highest is 0.
        let category = symbol.value;
        let number = (next >> (64 - symbol.bits)) as i32 & ((1 << category) - 1);
        Ok(match number >> category.saturating_sub(1) {
            0 => number + 1 - (1 << category),
            _ => number,
        })
    }

    /// The AC coefficients of a block (T.81, F.2.2.2). A run that goes past the
    /// last one ends the block, as it does for the decoder.
    #[inline(always)]
    fn skip_coefficients(&mut self, codes: &Chains) -> Result<()> {
        let mut place = 1;
        while place < 64 {
            let next = self.peek();
            let chain = codes.chain(next);
            // Past the end of the block, they are not what they seem.
            if chain.bits > 0 && place + chain.before < 64 {
                self.position += usize::from(chain.bits);
                place += chain.value;
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

/// In the decoder's words.
#[cold]
fn no_code(bits: u64) -> Error {
    let bits = bits >> 48;
    message::damaged(
        "jpeg",
        format_args!("Bad Huffman Code 0x{bits:X}, corrupt JPEG"),
    )
}

/// Writes bits, with a zero behind each byte of ones.
struct Stuffed<'a> {
    out: &'a mut Vec<u8>,
    buffer: u64,
    count: u32,
}

impl<'a> Stuffed<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        let (buffer, count) = (0, 0);
        Self { out, buffer, count }
    }

    /// Adds the low bits, at most 32.
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

    /// Adds a DC difference (T.81, F.1.2.1).
    fn put_difference(&mut self, difference: i32, part: &Part) -> Result<()> {
        let category = 32 - difference.unsigned_abs().leading_zeros();
        let code = part.dc_codes.get(category as usize);
        let Some(&(code, length @ 1..)) = code else {
            return Err(message::damaged(
                "jpeg",
                "a block is too bright or too dark",
            ));
        };
        self.put(u32::from(code), length);
        let number = difference + (difference >> 31);
        self.put(number as u32 & ((1 << category) - 1), category);
        Ok(())
    }

    /// Fills the last byte with ones (T.81, F.1.2.3).
    fn end(mut self) {
        let missing = (8 - self.count % 8) % 8;
        self.put((1 << missing) - 1, missing);
        for byte in (0..self.count / 8).rev() {
            self.push((self.buffer >> (8 * byte)) as u8);
        }
    }
}
