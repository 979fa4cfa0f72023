//! Huffman tables: lookup tables for decoding, and extension by missing codes.

/// A table as stored in a DHT segment: the number of codes of each length from 1
/// to 16, and their symbols (ITU T.81, B.2.4.2).
#[derive(Clone)]
pub(super) struct Table {
    counts: [u8; 16],
    symbols: Vec<u8>,
}

/// The largest DC difference category of 8-bit samples (T.81, table F.1).
const MAX_DC_CATEGORY: u8 = 11;

impl Table {
    /// A table of all DC categories, in codes of equal length.
    pub(super) fn of_all_categories() -> Self {
        let mut counts = [0; 16];
        counts[3] = MAX_DC_CATEGORY + 1;
        let symbols = (0..=MAX_DC_CATEGORY).collect();
        Self { counts, symbols }
    }

    /// Parses a table at the front of a segment's content and advances past it; also
    /// returns the byte of its class (DC or AC) and identifier.
    pub(super) fn split_from<'a>(content: &mut &'a [u8]) -> Option<(u8, Self)> {
        let (class_and_id, rest): (_, &'a [u8]) = content.split_first()?;
        let (counts, rest) = rest.split_first_chunk::<16>()?;
        let len = counts.iter().map(|count| usize::from(*count)).sum();
        let (symbols, rest) = rest.split_at_checked(len)?;
        *content = rest;
        let (counts, symbols) = (*counts, symbols.to_vec());
        Some((*class_and_id, Self { counts, symbols }))
    }

    /// A DHT segment of this table alone, with this class and identifier.
    pub(super) fn segment(&self, class_and_id: u8) -> Vec<u8> {
        let length = 2 + 1 + 16 + self.symbols.len() as u16;
        let mut segment = vec![0xff, 0xc4];
        segment.extend(length.to_be_bytes());
        segment.push(class_and_id);
        segment.extend(self.counts);
        segment.extend(&self.symbols);
        segment
    }

    /// The codes in order, each with its length and symbol (T.81, annex C); `None`
    /// if there are too many for their lengths, or one consists of ones only.
    fn codes(&self) -> Option<Vec<(u16, u32, u8)>> {
        let mut codes = Vec::with_capacity(self.symbols.len());
        let (mut next, mut symbols) = (0_u32, self.symbols.iter());
        for (length, count) in (1..).zip(self.counts) {
            next <<= 1;
            for symbol in symbols.by_ref().take(usize::from(count)) {
                if next + 1 >= 1 << length {
                    return None;
                }
                codes.push((next as u16, length, *symbol));
                next += 1;
            }
        }
        Some(codes)
    }

    /// The same codes, and longer ones for the DC categories without a code;
    /// `None` if no codes are left for them.
    pub(super) fn with_all_categories(&self) -> Option<Self> {
        let missing: Vec<u8> = (0..=MAX_DC_CATEGORY)
            .filter(|category| !self.symbols.contains(category))
            .collect();
        let mut table = self.clone();
        let (last, longest) = match self.codes()?.last() {
            Some((code, length, _)) => (u32::from(*code) + 1, *length),
            None => (0, 1),
        };
        // The number of unused codes of a length, without the code of ones only.
        let room = |length: &u32| (1 << length) - (last << (length - longest)) - 1;
        let length = (longest..=16).find(|length| room(length) >= missing.len() as u32)?;
        table.counts[length as usize - 1] += missing.len() as u8;
        table.symbols.extend(missing);
        Some(table)
    }
}

/// The index bits of the lookup tables: few enough for the L1 cache.
const LOOKUP_BITS: u32 = 11;

/// A decoded symbol.
#[derive(Clone, Copy, Default)]
pub(super) struct Symbol {
    /// The bits of its code and of the additional bits after it; 0 if the code is
    /// not in the table.
    pub(super) bits: u8,
    /// Of a DC difference, its category: the number of additional bits. Of an AC
    /// symbol, by how many coefficients it advances: a run of 2 zeros and a
    /// coefficient gives 3, an end of block 64.
    pub(super) value: u8,
}

/// A decoding table.
pub(super) struct Codes {
    fast: Box<[Symbol; 1 << LOOKUP_BITS]>,
    /// For each length, the first code beyond it, left-aligned in 16 bits; and the
    /// offset from a code to the index of its symbol.
    lengths: [(u32, i32); 17],
    symbols: Vec<Symbol>,
}

impl Codes {
    /// For DC differences: a symbol is a category (T.81, F.1.2.1).
    pub(super) fn of_dc(table: &Table) -> Option<Self> {
        Self::new(table, |category, length| Symbol {
            bits: length + category,
            value: category,
        })
    }

    /// For AC coefficients: a symbol is a run of zeros and a category (T.81,
    /// F.1.2.2).
    fn of_ac(table: &Table) -> Option<Self> {
        Self::new(table, |symbol, length| Symbol {
            bits: length + (symbol & 15),
            value: match (symbol >> 4, symbol & 15) {
                (15, 0) => 16,
                (_, 0) => 64,
                (run, _) => run + 1,
            },
        })
    }

    fn new(table: &Table, symbol: impl Fn(u8, u8) -> Symbol) -> Option<Self> {
        let mut codes = Self {
            fast: Box::new([Symbol::default(); 1 << LOOKUP_BITS]),
            lengths: [(0, 0); 17],
            symbols: Vec::new(),
        };
        for (code, length, name) in table.codes()? {
            let (code, meaning) = (u32::from(code), symbol(name, length as u8));
            if length <= LOOKUP_BITS {
                let first = (code << (LOOKUP_BITS - length)) as usize;
                codes.fast[first..first + (1 << (LOOKUP_BITS - length))].fill(meaning);
            }
            let index = codes.symbols.len() as i32;
            let end = (code + 1) << (16 - length);
            codes.lengths[length as usize] = (end, index - code as i32);
            codes.symbols.push(meaning);
        }
        Some(codes)
    }

    /// The symbol whose code these bits begin with.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: u64) -> Symbol {
        let symbol = self.fast[(bits >> (64 - LOOKUP_BITS)) as usize];
        match symbol.bits {
            0 => self.long_symbol(bits),
            _ => symbol,
        }
    }

    #[cold]
    fn long_symbol(&self, bits: u64) -> Symbol {
        let next = (bits >> 48) as u32;
        let mut lengths = (LOOKUP_BITS + 1..=16).zip(&self.lengths[LOOKUP_BITS as usize + 1..]);
        lengths
            .find(|(_, (end, _))| next < *end)
            .and_then(|(length, (_, offset))| {
                let index = (next >> (16 - length)) as i32 + offset;
                self.symbols.get(index as usize).copied()
            })
            .unwrap_or_default()
    }
}

/// Several AC coefficients whose codes fit one lookup.
#[derive(Clone, Copy, Default)]
pub(super) struct CoefficientRun {
    /// The sums of those of the [`Symbol`]s.
    pub(super) bits: u8,
    pub(super) value: u8,
    /// By how many coefficients all symbols but the last advance.
    pub(super) before: u8,
}

/// A decoding table for AC coefficients.
pub(super) struct AcTable {
    pub(super) single: Codes,
    runs: Box<[CoefficientRun; 1 << LOOKUP_BITS]>,
}

impl AcTable {
    pub(super) fn new(table: &Table) -> Option<Self> {
        let single = Codes::of_ac(table)?;
        let lengths = Codes::new(table, |_, length| Symbol {
            bits: length,
            value: 0,
        })?;
        let mut runs = Box::new([CoefficientRun::default(); 1 << LOOKUP_BITS]);
        for (first, run) in (0_u64..).zip(runs.iter_mut()) {
            while u32::from(run.bits) < LOOKUP_BITS && run.value < 64 {
                let rest = (first << (64 - LOOKUP_BITS)) << run.bits;
                let index = (rest >> (64 - LOOKUP_BITS)) as usize;
                let (length, symbol) = (lengths.fast[index].bits, single.fast[index]);
                if length == 0 || u32::from(run.bits + length) > LOOKUP_BITS {
                    break;
                }
                *run = CoefficientRun {
                    bits: run.bits + symbol.bits,
                    value: run.value + symbol.value,
                    before: run.value,
                };
            }
        }
        Some(Self { single, runs })
    }

    /// The coefficients at the start of these bits that one lookup resolves; maybe
    /// none.
    #[inline(always)]
    pub(super) fn run_at(&self, bits: u64) -> CoefficientRun {
        self.runs[(bits >> (64 - LOOKUP_BITS)) as usize]
    }
}

/// The code and its length for each category of DC differences that has one.
pub(super) fn dc_codes(table: &Table) -> Option<[(u16, u32); 16]> {
    let mut codes = [(0, 0); 16];
    for (code, length, category) in table.codes()? {
        *codes.get_mut(usize::from(category))? = (code, length);
    }
    Some(codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(counts: &[u8], symbols: &[u8]) -> Table {
        let mut all = [0; 16];
        all[..counts.len()].copy_from_slice(counts);
        Table {
            counts: all,
            symbols: symbols.to_vec(),
        }
    }

    #[test]
    fn a_longer_table_keeps_its_codes_and_leaves_the_ones_alone() {
        for (counts, symbols) in [
            (&[][..], &[][..]),
            (&[1], &[3]),
            (&[0, 3], &[0, 1, 2]),
            (&[1, 1, 1, 1, 1, 1, 1, 1], &[5, 4, 3, 2, 1, 0, 6, 7]),
            (
                &[0, 1, 5, 1, 1, 1, 1, 1, 1],
                &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
            ),
        ] {
            let short = table(counts, symbols);
            let long = short.with_all_categories().unwrap();
            let (before, after) = (short.codes().unwrap(), long.codes().unwrap());
            assert_eq!(before, after[..before.len()]);
            let codes = dc_codes(&long).unwrap();
            assert!(codes[..12].iter().all(|(_, length)| *length > 0));
            for (code, length, category) in after {
                assert_ne!(u32::from(code) + 1, 1 << length);
                let bits = u64::from(code) << (64 - length);
                let symbol = Codes::of_dc(&long).unwrap().symbol(bits);
                assert_eq!(symbol.value, category);
                assert_eq!(u32::from(symbol.bits), length + u32::from(category));
            }
            assert_eq!(Codes::of_dc(&long).unwrap().symbol(!0).bits, 0);
        }
    }

    #[test]
    fn a_table_without_room_stays_as_it_is() {
        let mut counts = [1; 16];
        counts[15] = 0;
        let symbols: Vec<u8> = [5; 15].to_vec();
        assert!(table(&counts, &symbols).with_all_categories().is_none());
        // More codes than their length has, and a code of ones.
        assert!(table(&[3], &[1, 2, 3]).codes().is_none());
        assert!(table(&[2], &[1, 2]).codes().is_none());
    }
}
