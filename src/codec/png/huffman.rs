//! Huffman codes of limited length.

/// The length in bits of the code of every symbol, 0 where it does not occur,
/// at most `limit`. At least two of the `counts` are not 0, and fewer than
/// `2^limit`.
pub(super) fn lengths<const N: usize>(counts: &[u32; N], limit: usize) -> [u8; N] {
    let mut symbols: Vec<(u32, usize)> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(symbol, count)| (*count, symbol))
        .collect();
    symbols.sort_unstable();
    let mut per_length = per_length(&symbols, limit);
    // The rarest have the longest codes.
    let mut lengths = [0; N];
    let mut length = limit;
    for (_, symbol) in symbols {
        while per_length[length] == 0 {
            length -= 1;
        }
        per_length[length] -= 1;
        lengths[symbol] = length as u8;
    }
    lengths
}

/// How many codes there are of each length up to `limit`, for symbols sorted by
/// their counts.
fn per_length(symbols: &[(u32, usize)], limit: usize) -> Vec<u32> {
    // Leaves first, then the nodes above them as they are made, which is in the
    // order of their weights: two queues.
    let leaves = symbols.len();
    let mut weights: Vec<u64> = symbols.iter().map(|(count, _)| u64::from(*count)).collect();
    let mut parents = vec![0; 2 * leaves - 1];
    let (mut leaf, mut node) = (0, leaves);
    for parent in leaves..2 * leaves - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let from_leaves =
                leaf < leaves && (node >= weights.len() || weights[leaf] <= weights[node]);
            let next = if from_leaves { &mut leaf } else { &mut node };
            weight += weights[*next];
            parents[*next] = parent;
            *next += 1;
        }
        weights.push(weight);
    }
    let mut depths = vec![0_usize; 2 * leaves - 1];
    let mut per_length = vec![0; limit + 1];
    for at in (0..2 * leaves - 2).rev() {
        depths[at] = depths[parents[at]] + 1;
        if at < leaves {
            per_length[depths[at].min(limit)] += 1;
        }
    }
    // Codes that were cut to the limit take too much room; others are made
    // longer by one until all fit.
    let mut room: u64 = (1..=limit)
        .map(|length| u64::from(per_length[length]) << (limit - length))
        .sum();
    while room > 1 << limit {
        per_length[limit] -= 1;
        if let Some(length) = (1..limit).rev().find(|length| per_length[*length] > 0) {
            per_length[length] -= 1;
            per_length[length + 1] += 2;
        }
        room -= 1;
    }
    per_length
}

/// The code of every symbol, its bits in the order in which deflate writes them.
pub(super) fn codes<const N: usize>(lengths: &[u8; N]) -> [u16; N] {
    let mut per_length = [0_u16; 16];
    for length in lengths.iter().filter(|length| **length > 0) {
        per_length[usize::from(*length)] += 1;
    }
    let mut next = [0_u16; 16];
    for length in 1..16 {
        next[length] = (next[length - 1] + per_length[length - 1]) << 1;
    }
    lengths.map(|length| match usize::from(length) {
        0 => 0,
        length => {
            let code = next[length];
            next[length] += 1;
            code.reverse_bits() >> (16 - length)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(lengths: &[u8], limit: u8) -> u64 {
        let used = lengths.iter().filter(|length| **length > 0);
        used.map(|length| 1 << (limit - length)).sum()
    }

    #[test]
    fn codes_are_as_short_as_they_can_be() {
        // Worked out by hand: 1 + 1 = 2, 2 + 2 = 4, 4 + 5 = 9.
        assert_eq!(lengths(&[5, 0, 1, 1, 2], 12), [1, 0, 3, 3, 2]);
        assert_eq!(codes(&[1, 0, 3, 3, 2]), [0, 0, 0b011, 0b111, 0b01]);
        assert_eq!(lengths(&[7, 7], 12), [1, 1]);
    }

    #[test]
    fn no_code_is_longer_than_the_limit_and_none_is_in_another() {
        // Fibonacci's numbers give the longest codes there are.
        let mut counts = [1_u32; 30];
        for i in 2..30 {
            counts[i] = counts[i - 1] + counts[i - 2];
        }
        for limit in [5, 7, 12, 15] {
            let lengths = lengths(&counts, limit);
            assert!(lengths.iter().all(|l| (1..=limit as u8).contains(l)));
            assert_eq!(room(&lengths, limit as u8), 1 << limit);
            assert!(lengths.is_sorted_by(|a, b| a >= b));
        }
    }
}
