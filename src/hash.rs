//! FNV-1a, a hash that is the same on every machine and in every version.

/// The FNV-1a hash of 64 bits.
/// <http://www.isthe.com/chongo/tech/comp/fnv/>
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    fnv1a_after(0xcbf2_9ce4_8422_2325, bytes)
}

/// The hash of further bytes after those that have `hash`.
pub(crate) fn fnv1a_after(hash: u64, bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(hash, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_the_published_ones() {
        for (text, hash) in [
            ("", 0xcbf2_9ce4_8422_2325_u64),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            assert_eq!(fnv1a(text.as_bytes()), hash, "{text}");
            let (start, end) = text.split_at(text.len() / 2);
            assert_eq!(fnv1a_after(fnv1a(start.as_bytes()), end.as_bytes()), hash);
        }
    }
}
