//! The symbols that stand for data: bytes as literals, and runs of zeros, each a zero and
//! matches at distance 1.
//!
//! Only zeros that fill a word of eight bytes are looked for, so that nothing else is tested
//! byte by byte.

use super::{
    bits::{BitWriter, Run},
    code::{Code, Entry},
    header::DISTANCE_LENGTH,
};

/// The symbols for literals, the end, and lengths (RFC 1951, 3.2.5).
pub(super) const SYMBOLS: usize = 286;

pub(super) const END_OF_BLOCK: usize = 256;

/// The symbol of the shortest length.
const FIRST_LENGTH: usize = 257;

/// The longest match.
const MAX_MATCH: usize = 258;

/// Fewer zeros are written as literals, which are short codes where there are runs.
const MIN_MATCH: usize = 5;

/// The least length of each symbol for lengths, and its extra bits.
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// The place in [`LENGTHS`] of every length of a match.
const PLACES: [u8; MAX_MATCH + 1] = {
    let mut places = [0; MAX_MATCH + 1];
    let (mut length, mut place) = (3, 0);
    while length <= MAX_MATCH {
        if place + 1 < LENGTHS.len() && length >= LENGTHS[place + 1].0 as usize {
            place += 1;
        }
        places[length] = place as u8;
        length += 1;
    }
    places
};

/// Data of at most this many bytes are counted whole.
const COUNTED_WHOLE: usize = 1 << 16;

/// Of longer data one sample of each so many bytes is counted.
const SAMPLE_BYTES: usize = 512;
const SAMPLED_BYTES: usize = 4 * SAMPLE_BYTES;

/// What takes the symbols of data.
trait Symbols {
    /// Eight literals, which are not all zero.
    fn literals(&mut self, bytes: [u8; 8]);

    fn literal(&mut self, byte: u8);

    /// A match at distance 1.
    fn matched(&mut self, length: usize);
}

/// Gives the symbols of data.
#[inline(always)]
fn walk(data: &[u8], symbols: &mut impl Symbols) {
    let mut at = 0;
    while let Some(&word) = data[at..].first_chunk() {
        if u64::from_le_bytes(word) != 0 {
            symbols.literals(word);
            at += word.len();
        } else {
            let end = end_of_zeros(data, at + word.len());
            zeros(end - at, symbols);
            at = end;
        }
    }
    for &byte in &data[at..] {
        symbols.literal(byte);
    }
}

/// Where the zeros at `at` end.
fn end_of_zeros(data: &[u8], mut at: usize) -> usize {
    while let Some(&word) = data[at..].first_chunk() {
        let word = u64::from_le_bytes(word);
        if word != 0 {
            return at + word.trailing_zeros() as usize / 8;
        }
        at += size_of_val(&word);
    }
    let zeros = data[at..].iter().take_while(|&&byte| byte == 0).count();
    at + zeros
}

#[inline(always)]
fn zeros(count: usize, symbols: &mut impl Symbols) {
    symbols.literal(0);
    let mut rest = count - 1;
    while rest >= MIN_MATCH {
        let length = rest.min(MAX_MATCH);
        symbols.matched(length);
        rest -= length;
    }
    for _ in 0..rest {
        symbols.literal(0);
    }
}

/// How often each symbol occurs. Of long data, all symbols do, since a sample is counted.
pub(super) fn counts(data: &[u8]) -> [u32; SYMBOLS] {
    let mut counter = Counter {
        literals: [[0; 256]; 4],
        lengths: [0; LENGTHS.len()],
    };
    let is_sampled = data.len() > COUNTED_WHOLE;
    if is_sampled {
        // At places that do not fall on the same columns of every row.
        let mut random = 1_u32;
        for part in data.chunks(SAMPLED_BYTES) {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let last = part.len().saturating_sub(SAMPLE_BYTES);
            let start = (random >> 16) as usize % (last + 1);
            let sample = &part[start..part.len().min(start + SAMPLE_BYTES)];
            walk(sample, &mut counter);
        }
    } else {
        walk(data, &mut counter);
    }
    let mut counts = [0; SYMBOLS];
    for literals in counter.literals {
        for (count, more) in counts.iter_mut().zip(literals) {
            *count += more;
        }
    }
    counts[FIRST_LENGTH..].copy_from_slice(&counter.lengths);
    if is_sampled {
        // The others are rare.
        counts = counts.map(|count| 8 * count + 1);
    }
    counts[END_OF_BLOCK] = 1;
    counts
}

/// Counts symbols.
struct Counter {
    /// In four tables, so that equal literals in a row do not wait for each other.
    literals: [[u32; 256]; 4],
    lengths: [u32; LENGTHS.len()],
}

impl Symbols for Counter {
    #[inline(always)]
    fn literals(&mut self, bytes: [u8; 8]) {
        for four in bytes.as_chunks::<4>().0 {
            for (counts, &byte) in self.literals.iter_mut().zip(four) {
                counts[usize::from(byte)] += 1;
            }
        }
    }

    #[inline(always)]
    fn literal(&mut self, byte: u8) {
        self.literals[0][usize::from(byte)] += 1;
    }

    #[inline(always)]
    fn matched(&mut self, length: usize) {
        self.lengths[usize::from(PLACES[length])] += 1;
    }
}

/// Writes the symbols of data and the end of the block.
pub(super) fn write(bits: &mut BitWriter, data: &[u8], code: &Code<SYMBOLS>) {
    bits.with_run(|run| {
        let (literals, lengths) = code.entries().split_at(END_OF_BLOCK);
        let literals = literals.first_chunk().expect("there are as many");
        let mut writer = Writer {
            run,
            literals,
            lengths: &lengths[FIRST_LENGTH - END_OF_BLOCK..],
        };
        walk(data, &mut writer);
    });
    let end = code.entry(END_OF_BLOCK);
    bits.put(end.bits(), end.length());
}

/// Writes symbols.
struct Writer<'a, 'b> {
    run: &'a mut Run<'b>,
    literals: &'a [Entry; 256],
    lengths: &'a [Entry],
}

impl Symbols for Writer<'_, '_> {
    #[inline(always)]
    fn literals(&mut self, bytes: [u8; 8]) {
        for four in bytes.as_chunks::<4>().0 {
            let [a, b, c, d] = four.map(|byte| self.literals[usize::from(byte)]);
            let first = a.bits() | b.bits() << a.length();
            let second = c.bits() | d.bits() << c.length();
            let first_length = a.length() + b.length();
            let length = first_length + c.length() + d.length();
            self.run.put(first | second << first_length, length);
        }
    }

    #[inline(always)]
    fn literal(&mut self, byte: u8) {
        let entry = self.literals[usize::from(byte)];
        self.run.put(entry.bits(), entry.length());
    }

    #[inline(always)]
    fn matched(&mut self, length: usize) {
        let place = usize::from(PLACES[length]);
        let (least, extra_bits) = LENGTHS[place];
        let entry = self.lengths[place];
        let extra = (length - usize::from(least)) as u64;
        // The code of the distance is 0.
        let count = entry.length() + u32::from(extra_bits) + u32::from(DISTANCE_LENGTH);
        self.run.put(entry.bits() | extra << entry.length(), count);
    }
}
