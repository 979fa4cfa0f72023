//! Vectors of 16-bit integers, and how two of them become bytes.

use super::{Vectors, memory::Stream};

/// Operations on 16-bit integers: a mask has all bits of a lane or none.
pub(crate) trait Words: Vectors<i16> {
    /// The bytes of two vectors.
    type Bytes: Copy;

    /// `a - b` of unsigned integers, or 0 if that is negative.
    fn saturating_sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The smaller one of unsigned integers.
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b >> 16` of unsigned integers.
    fn high_product(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Unsigned integers shifted by less than 16 bits.
    fn shift_right(self, a: Self::Vector, bits: u16) -> Self::Vector;
    /// `a & b`.
    fn and(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a | b`.
    fn or(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The mask of equal integers.
    fn equal(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The mask of signed integers `a > b`.
    fn greater(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// The low bytes of two vectors in turn; their high bytes are 0.
    fn bytes_in_turn(self, words: [Self::Vector; 2]) -> Self::Bytes;
    /// Stores the words of two vectors in turn; panics if there is no room.
    fn store_in_turn(self, words: [Self::Vector; 2], to: &mut [i16]);
    /// Stores to the first bytes of `to`; panics if there are fewer.
    fn store_bytes(self, bytes: Self::Bytes, to: &mut [u8]);
    /// The same by non-temporal stores, where `to` is aligned for them.
    fn stream_bytes(self, stream: &mut Stream, bytes: Self::Bytes, to: &mut [u8]);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{
        super::{
            Avx2, Avx512, Portable,
            tokens::{methods, with_features},
        },
        Stream, Words,
    };

    macro_rules! words {
        (
            $isa:ident, $vector:ty, $bytes:literal:
            $saturating_sub:ident $high_product:ident $shift_right:ident $shift_left:ident
            $and:ident $or:ident,
            |$a:ident, $b:ident| $min:expr, $equal:expr, $greater:expr, $in_turn:expr
        ) => {
            impl Words for $isa {
                type Bytes = $vector;

                with_features!($isa: methods! {
                    fn saturating_sub(a: $vector, b: $vector) -> $vector { $saturating_sub(a, b) }
                    fn min($a: $vector, $b: $vector) -> $vector { $min }
                    fn high_product(a: $vector, b: $vector) -> $vector { $high_product(a, b) }
                    fn shift_right(a: $vector, bits: u16) -> $vector {
                        $shift_right(a, _mm_cvtsi32_si128(bits.into()))
                    }
                    fn and(a: $vector, b: $vector) -> $vector { $and(a, b) }
                    fn or(a: $vector, b: $vector) -> $vector { $or(a, b) }
                    fn equal($a: $vector, $b: $vector) -> $vector { $equal }
                    fn greater($a: $vector, $b: $vector) -> $vector { $greater }
                    fn bytes_in_turn(words: [$vector; 2]) -> $vector {
                        $or(words[0], $shift_left::<8>(words[1]))
                    }
                    fn store_in_turn(words: [$vector; 2], to: &mut [i16]) {
                        let [$a, $b] = words;
                        let to: &mut [i16; $bytes] =
                            to.first_chunk_mut().expect("there is room for two vectors");
                        *to = bytemuck::must_cast::<[$vector; 2], _>($in_turn);
                    }
                });

                #[inline(always)]
                fn store_bytes(self, bytes: $vector, to: &mut [u8]) {
                    let to: &mut [u8; $bytes] =
                        to.first_chunk_mut().expect("there is room for every byte");
                    *to = bytemuck::must_cast(bytes);
                }

                #[inline(always)]
                fn stream_bytes(self, stream: &mut Stream, bytes: $vector, to: &mut [u8]) {
                    stream.store::<$bytes>(bytemuck::must_cast(bytes), to);
                }
            }
        };
    }

    words!(Portable, __m128i, 16:
        _mm_subs_epu16 _mm_mulhi_epu16 _mm_srl_epi16 _mm_slli_epi16 _mm_and_si128 _mm_or_si128,
        |a, b| _mm_sub_epi16(a, _mm_subs_epu16(a, b)),
        _mm_cmpeq_epi16(a, b),
        _mm_cmpgt_epi16(a, b),
        [_mm_unpacklo_epi16(a, b), _mm_unpackhi_epi16(a, b)]);
    words!(Avx2, __m256i, 32:
    _mm256_subs_epu16 _mm256_mulhi_epu16 _mm256_srl_epi16 _mm256_slli_epi16 _mm256_and_si256
    _mm256_or_si256,
    |a, b| _mm256_min_epu16(a, b),
    _mm256_cmpeq_epi16(a, b),
    _mm256_cmpgt_epi16(a, b),
    {
        let [low, high] = [_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b)];
        [
            _mm256_permute2x128_si256::<0x20>(low, high),
            _mm256_permute2x128_si256::<0x31>(low, high),
        ]
    });
    words!(Avx512, __m512i, 64:
    _mm512_subs_epu16 _mm512_mulhi_epu16 _mm512_srl_epi16 _mm512_slli_epi16 _mm512_and_si512
    _mm512_or_si512,
    |a, b| _mm512_min_epu16(a, b),
    _mm512_movm_epi16(_mm512_cmpeq_epi16_mask(a, b)),
    _mm512_movm_epi16(_mm512_cmpgt_epi16_mask(a, b)),
    [
        _mm512_permutex2var_epi16(a, bytemuck::must_cast(IN_TURN[0]), b),
        _mm512_permutex2var_epi16(a, bytemuck::must_cast(IN_TURN[1]), b),
    ]);

    /// The words of two vectors in turn.
    const IN_TURN: [[i16; 32]; 2] = [in_turn(0), in_turn(16)];

    const fn in_turn(first: i16) -> [i16; 32] {
        let mut at = [0; 32];
        let mut i = 0;
        while i < 32 {
            at[i] = first + i as i16 / 2 + i as i16 % 2 * 32;
            i += 1;
        }
        at
    }
}

/// Arrays for targets without intrinsics here; the compiler vectorises them.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod arrays {
    use super::{super::Vectors, Stream, Words};

    /// Two arrays, number by number.
    #[inline(always)]
    fn each(a: [i16; 8], b: [i16; 8], with: impl Fn(u16, u16) -> u16) -> [i16; 8] {
        std::array::from_fn(|i| with(a[i] as u16, b[i] as u16) as i16)
    }

    /// All bits, or none.
    #[inline(always)]
    fn mask(all: bool) -> u16 {
        if all { u16::MAX } else { 0 }
    }

    macro_rules! words {
        ($isa:ty) => {
            impl Words for $isa {
                type Bytes = [u8; 16];

                #[inline(always)]
                fn saturating_sub(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
                    each(a, b, u16::saturating_sub)
                }

                #[inline(always)]
                fn min(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
                    each(a, b, Ord::min)
                }

                #[inline(always)]
                fn high_product(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
                    each(a, b, |a, b| ((u32::from(a) * u32::from(b)) >> 16) as u16)
                }

                #[inline(always)]
                fn shift_right(self, a: [i16; 8], bits: u16) -> [i16; 8] {
                    a.map(|a| (a as u16 >> bits) as i16)
                }

                #[inline(always)]
                fn and(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
                    each(a, b, |a, b| a & b)
                }

                #[inline(always)]
                fn or(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
                    each(a, b, |a, b| a | b)
                }

                #[inline(always)]
                fn equal(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
                    each(a, b, |a, b| mask(a == b))
                }

                #[inline(always)]
                fn greater(self, a: [i16; 8], b: [i16; 8]) -> [i16; 8] {
                    each(a, b, |a, b| mask(a as i16 > b as i16))
                }

                #[inline(always)]
                fn bytes_in_turn(self, words: [[i16; 8]; 2]) -> [u8; 16] {
                    std::array::from_fn(|i| words[i % 2][i / 2] as u8)
                }

                #[inline(always)]
                fn store_in_turn(self, words: [[i16; 8]; 2], to: &mut [i16]) {
                    let to: &mut [i16; 16] =
                        (to.first_chunk_mut()).expect("there is room for two vectors");
                    *to = std::array::from_fn(|i| words[i % 2][i / 2]);
                }

                #[inline(always)]
                fn store_bytes(self, bytes: [u8; 16], to: &mut [u8]) {
                    *to.first_chunk_mut().expect("there is room for every byte") = bytes;
                }

                #[inline(always)]
                fn stream_bytes(self, _: &mut Stream, bytes: [u8; 16], to: &mut [u8]) {
                    self.store_bytes(bytes, to);
                }
            }

            const _: usize = <$isa as Vectors<i16>>::LANES;
        };
    }

    #[cfg(test)]
    words!(super::super::vectors::tests::Arrays);
    #[cfg(not(target_arch = "x86_64"))]
    words!(super::super::Portable);
    #[cfg(target_arch = "aarch64")]
    words!(super::super::Neon);
}

#[cfg(test)]
mod tests {
    use super::{super::vectors::tests::Arrays, *};
    use crate::simd::{Body, Isa, Simd, streaming};

    /// Integers at and around all ends.
    fn numbers() -> Vec<u16> {
        let ends = [
            0, 1, 2, 254, 255, 256, 32_766, 32_767, 32_768, 32_769, 65_534, 65_535,
        ];
        (0..64).map(|i| ends[i * 7 % 12] ^ (i as u16 & 1)).collect()
    }

    struct All<'a>([&'a [i16]; 2]);

    impl All<'_> {
        #[inline(always)]
        fn through<V: Words>(self, v: V) -> (Vec<Vec<i16>>, Vec<i16>, [Vec<u8>; 2]) {
            let mut results = vec![Vec::new(); 8];
            let mut in_turn = Vec::new();
            let mut bytes = [Vec::new(), Vec::new()];
            for at in (0..64).step_by(V::LANES) {
                let [a, b] = self.0.map(|from| v.load(&from[at..]));
                let all = [
                    v.saturating_sub(a, b),
                    v.min(a, b),
                    v.high_product(a, b),
                    v.shift_right(a, 3),
                    v.and(a, b),
                    v.or(a, b),
                    v.equal(a, b),
                    v.greater(a, b),
                ];
                let mut stored = [0; 64];
                for (results, vector) in results.iter_mut().zip(all) {
                    v.store(vector, &mut stored);
                    results.extend(&stored[..V::LANES]);
                }
                v.store_in_turn([a, b], &mut stored);
                in_turn.extend(&stored[..2 * V::LANES]);
                let low = [a, b].map(|words| v.and(words, v.splat(255)));
                let low = v.bytes_in_turn(low);
                let mut stored = [[0; 64]; 2];
                v.store_bytes(low, &mut stored[0]);
                streaming(|stream| v.stream_bytes(stream, low, &mut stored[1]));
                for (bytes, stored) in bytes.iter_mut().zip(stored) {
                    bytes.extend(&stored[..2 * V::LANES]);
                }
            }
            (results, in_turn, bytes)
        }
    }

    impl Body for All<'_> {
        type Output = (Vec<Vec<i16>>, Vec<i16>, [Vec<u8>; 2]);

        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> Self::Output {
            self.through(isa)
        }
    }

    #[test]
    fn every_level_does_the_same() {
        let [a, b] = [numbers(), numbers().into_iter().rev().collect::<Vec<_>>()];
        let each = |with: &dyn Fn(u16, u16) -> u16| -> Vec<i16> {
            a.iter().zip(&b).map(|(&a, &b)| with(a, b) as i16).collect()
        };
        let mask = |all: bool| if all { u16::MAX } else { 0 };
        let results = vec![
            each(&u16::saturating_sub),
            each(&|a, b| a.min(b)),
            each(&|a, b| ((u32::from(a) * u32::from(b)) >> 16) as u16),
            each(&|a, _| a >> 3),
            each(&|a, b| a & b),
            each(&|a, b| a | b),
            each(&|a, b| mask(a == b)),
            each(&|a, b| mask(a as i16 > b as i16)),
        ];
        assert!(results[6].contains(&-1) && results[6].contains(&0));
        let in_turn: Vec<i16> = a
            .iter()
            .zip(&b)
            .flat_map(|(&a, &b)| [a as i16, b as i16])
            .collect();
        let bytes: Vec<u8> = in_turn.iter().map(|&word| word as u8).collect();
        let expected = (results, in_turn, [bytes.clone(), bytes]);
        let [a, b]: [Vec<i16>; 2] = [a, b].map(bytemuck::cast_vec);
        assert_eq!(All([&a, &b]).through(Arrays), expected);
        for simd in Simd::available() {
            assert_eq!(simd.run(All([&a, &b])), expected, "{simd:?}");
        }
    }
}
