//! The codes of a block, as they are written before its data (RFC 1951, 3.2.7).

use super::{
    bits::BitWriter,
    code::Code,
    symbols::{END_OF_BLOCK, SYMBOLS},
};

/// The length of the one code for distances, that of distance 1.
pub(super) const DISTANCE_LENGTH: u8 = 1;

/// The order in which the lengths of the codes for lengths are written.
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// The longest code for lengths.
const MAX_LENGTH: u8 = 7;

/// A symbol for lengths: one length, or the length before or 0 several times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Symbol {
    symbol: usize,
    /// How many times more than the least, and the bits that say so.
    extra: u64,
    extra_bits: u32,
}

/// Writes the lengths of the code, and that of the distance.
pub(super) fn write(bits: &mut BitWriter, code: &Code<SYMBOLS>) {
    let used = code.lengths().iter().rposition(|&length| length > 0);
    let literals = used.unwrap_or(END_OF_BLOCK) + 1;
    let lengths = [&code.lengths()[..literals], &[DISTANCE_LENGTH]].concat();
    let symbols = symbols(&lengths);
    let mut counts = [0; ORDER.len()];
    for symbol in &symbols {
        counts[symbol.symbol] += 1;
    }
    // Two symbols occur at least: more than two codes for literals are not all as short as
    // the one for distances, and of two or fewer not all symbols have one.
    let code = Code::of_counts(&counts, MAX_LENGTH);
    let written = ORDER.iter().rposition(|&symbol| code.lengths()[symbol] > 0);
    let written = (written.unwrap_or(0) + 1).max(4);
    bits.put((literals - 257) as u64, 5);
    // One distance.
    bits.put(0, 5);
    bits.put((written - 4) as u64, 4);
    for &symbol in &ORDER[..written] {
        bits.put(u64::from(code.lengths()[symbol]), 3);
    }
    for symbol in symbols {
        let entry = code.entry(symbol.symbol);
        bits.put(entry.bits(), entry.length());
        bits.put(symbol.extra, symbol.extra_bits);
    }
}

/// The symbols for these lengths, equal ones together.
fn symbols(lengths: &[u8]) -> Vec<Symbol> {
    let mut symbols = Vec::with_capacity(lengths.len());
    for equal in lengths.chunk_by(|a, b| a == b) {
        let length = equal[0];
        let one = Symbol {
            symbol: length.into(),
            extra: 0,
            extra_bits: 0,
        };
        let mut rest = equal.len();
        if length > 0 {
            symbols.push(one);
            rest -= 1;
        }
        while rest > 0 {
            // The symbol, its extra bits, and how many times it stands for.
            let (symbol, extra_bits, times) = match (length, rest) {
                (_, ..3) => {
                    symbols.push(one);
                    rest -= 1;
                    continue;
                }
                (0, 11..) => (18, 7, 11..=138),
                (0, _) => (17, 3, 3..=10),
                _ => (16, 2, 3..=6),
            };
            let count = rest.min(*times.end());
            symbols.push(Symbol {
                symbol,
                extra: (count - times.start()) as u64,
                extra_bits,
            });
            rest -= count;
        }
    }
    symbols
}
