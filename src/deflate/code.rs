//! Canonical prefix codes of limited length (RFC 1951, 3.2.2).

/// The longest code of a literal or a length: four fit into the bits that can be written at a
/// time, and decoders look all of them up in one small table. Deflate allows 15.
pub(super) const MAX_LENGTH: u8 = 12;

/// The codes of `N` symbols.
#[derive(Debug, Clone)]
pub(super) struct Code<const N: usize> {
    /// The bits of each code; 0 if the symbol has none.
    lengths: [u8; N],
    entries: [Entry; N],
}

/// A code: its bits, the first of them the least significant, and from bit 16 on their number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry(u32);

impl Entry {
    #[inline(always)]
    pub(super) const fn bits(self) -> u64 {
        (self.0 & 0xffff) as u64
    }

    #[inline(always)]
    pub(super) const fn length(self) -> u32 {
        self.0 >> 16
    }
}

impl<const N: usize> Code<N> {
    /// The code of the least bits for symbols that occur this often, but that none is longer
    /// than `limit`. At least two of them occur.
    pub(super) fn of_counts(counts: &[u32; N], limit: u8) -> Self {
        Self::of_lengths(lengths(counts, limit))
    }

    fn of_lengths(lengths: [u8; N]) -> Self {
        let mut counts = [0_u16; 17];
        for &length in &lengths {
            counts[usize::from(length)] += 1;
        }
        counts[0] = 0;
        // The next code of each length.
        let mut next = [0_u16; 17];
        for length in 1..17 {
            next[length] = (next[length - 1] + counts[length - 1]) << 1;
        }
        let entries = lengths.map(|length| {
            if length == 0 {
                return Entry(0);
            }
            let code = &mut next[usize::from(length)];
            let reversed = code.reverse_bits() >> (16 - length);
            *code += 1;
            Entry(u32::from(length) << 16 | u32::from(reversed))
        });
        Self { lengths, entries }
    }

    pub(super) const fn lengths(&self) -> &[u8; N] {
        &self.lengths
    }

    pub(super) const fn entries(&self) -> &[Entry; N] {
        &self.entries
    }

    pub(super) const fn entry(&self, symbol: usize) -> Entry {
        self.entries[symbol]
    }
}

/// Lengths by Huffman's algorithm. While one exceeds the limit, small counts are raised.
fn lengths<const N: usize>(counts: &[u32; N], limit: u8) -> [u8; N] {
    let occurring = (0..N).filter(|&symbol| counts[symbol] > 0);
    let mut leaves: Vec<Leaf> = occurring
        .map(|symbol| Leaf {
            count: counts[symbol],
            symbol,
        })
        .collect();
    let total: u64 = leaves.iter().map(|leaf| u64::from(leaf.count)).sum();
    // What is rarer has a longer code than the limit.
    let mut least = u32::try_from(total >> limit).unwrap_or(u32::MAX).max(1);
    loop {
        leaves.sort_unstable();
        let depths = depths(&leaves);
        if depths.iter().all(|&depth| depth <= limit) {
            let mut lengths = [0; N];
            for (leaf, depth) in leaves.iter().zip(depths) {
                lengths[leaf.symbol] = depth;
            }
            return lengths;
        }
        for leaf in &mut leaves {
            leaf.count = leaf.count.max(least);
        }
        // In the end all are equal.
        least = least.saturating_mul(2);
    }
}

/// A symbol that occurs. Ordered by count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Leaf {
    count: u32,
    symbol: usize,
}

/// The depths of these leaves, at least two and in order, in their Huffman tree.
fn depths(leaves: &[Leaf]) -> Vec<u8> {
    // The weights of leaves, then of what joins two nodes, which come in order as well.
    let mut weights: Vec<u64> = leaves.iter().map(|leaf| u64::from(leaf.count)).collect();
    let nodes = 2 * leaves.len() - 1;
    let mut parents = vec![0; nodes];
    let (mut leaf, mut joined) = (0, leaves.len());
    while weights.len() < nodes {
        let mut sum = 0;
        for _ in 0..2 {
            let is_leaf = leaf < leaves.len()
                && (joined == weights.len() || weights[leaf] <= weights[joined]);
            let next = if is_leaf { &mut leaf } else { &mut joined };
            sum += weights[*next];
            parents[*next] = weights.len();
            *next += 1;
        }
        weights.push(sum);
    }
    // From the root, which is the last, to the leaves.
    let mut depths = vec![0; nodes];
    for node in (0..nodes - 1).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    depths.truncate(leaves.len());
    depths
}
