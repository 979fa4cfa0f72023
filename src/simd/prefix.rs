//! Prefix sums along a row of integers, whose differences are sums of any number of neighbours.
//!
//! Integers are half as wide as the numbers of the lane and wrap: the difference of two prefix sums
//! is right if it fits, whatever wrapped before. They are in two vectors, of even and of odd
//! samples, so that one scan of the sums of pairs serves both.

use bytemuck::Pod;

use super::{Phases, Vectors};

/// Prefix sums of differences of samples of `S`, which become numbers of `T`.
pub(crate) trait PrefixSums<S, T>: Phases<S, T, 4> {
    /// An integer.
    type Word: Pod;
    /// A register of integers: twice as many as numbers of `T`.
    type Words: Copy;

    /// The first samples of `entering` less those of `leaving`, as many as there are in four
    /// vectors of numbers: even ones and odd ones. Panics if there are fewer.
    fn differences(self, entering: &[S], leaving: &[S]) -> [Self::Words; 2];
    /// The same integer in every lane.
    fn splat_word(self, word: Self::Word) -> Self::Words;
    fn load_words(self, from: &[Self::Word]) -> Self::Words;
    fn store_words(self, words: Self::Words, to: &mut [Self::Word]);
    /// `a + b`, wrapping.
    fn add_words(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// `a - b`, wrapping.
    fn subtract_words(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// Moves every integer up by so many lanes; 0 enters.
    fn up(self, words: Self::Words, lanes: usize) -> Self::Words;
    /// Moves so many of the last integers to the first lanes; all others are 0.
    fn last(self, words: Self::Words, lanes: usize) -> Self::Words;
    /// The last integer in every lane.
    fn splat_last(self, words: Self::Words) -> Self::Words;
    /// Even and odd integers as numbers in phases.
    fn numbers(self, words: [Self::Words; 2]) -> [Self::Vector; 4];
}

/// The channels of pixels whose rows have prefix sums.
pub(crate) const MAX_PREFIX_CHANNELS: usize = 4;

/// The integers of a register.
const fn lanes<S, T, V: PrefixSums<S, T>>() -> usize {
    2 * <V as Vectors<T>>::LANES
}

/// Prefix sums of the next even and odd integers of a row of pixels with C channels, of which
/// `before` are those before.
#[inline(always)]
pub(crate) fn prefix_sums<S, T, V: PrefixSums<S, T>, const C: usize>(
    v: V,
    [mut even, mut odd]: [V::Words; 2],
    before: [V::Words; 2],
) -> [V::Words; 2] {
    const { assert!(C >= 1 && C <= MAX_PREFIX_CHANNELS) };
    let lanes = const { lanes::<S, T, V>() };
    if C == 1 {
        // Sums of pairs are those of odd integers, which are those of even ones and the last.
        let mut sums = v.add_words(even, odd);
        let mut span = 1;
        while span < lanes {
            sums = v.add_words(sums, v.up(sums, span));
            span *= 2;
        }
        sums = v.add_words(sums, v.splat_last(before[1]));
        return [v.subtract_words(sums, odd), sums];
    }
    // The last pixel is added to the first one, and the scan takes it along.
    let [last_even, last_odd] = before;
    if C == 3 {
        even = v.add_words(even, v.last(last_odd, 2));
        odd = v.add_words(odd, v.last(last_even, 1));
    } else {
        even = v.add_words(even, v.last(last_even, C / 2));
        odd = v.add_words(odd, v.last(last_odd, C / 2));
    }
    let mut span = C;
    while span < 2 * lanes {
        let moved = match span % 2 {
            0 => [v.up(even, span / 2), v.up(odd, span / 2)],
            _ => [v.up(odd, span / 2 + 1), v.up(even, span / 2)],
        };
        even = v.add_words(even, moved[0]);
        odd = v.add_words(odd, moved[1]);
        span *= 2;
    }
    [even, odd]
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{
        super::{
            Avx2, Avx512, Portable, Vectors,
            tokens::{methods, with_features},
        },
        PrefixSums,
    };

    macro_rules! prefix_sums {
        (
            $isa:ident, $sample:ty => $word:ty => $number:ty: $words:ty, $vector:ty,
            |$samples:ident| $split:expr, |$numbers:ident| $to_numbers:expr,
            $splat:ident, $add:ident, $subtract:ident, $up:ident, $last:ident, $splat_last:ident
        ) => {
            impl PrefixSums<$sample, $number> for $isa {
                type Word = $word;
                type Words = $words;

                #[inline(always)]
                fn load_words(self, from: &[$word]) -> $words {
                    let from: &[$word; 2 * <$isa as Vectors<$number>>::LANES] = from
                        .first_chunk()
                        .expect("there is an integer for every lane");
                    bytemuck::must_cast(*from)
                }

                #[inline(always)]
                fn store_words(self, words: $words, to: &mut [$word]) {
                    let to: &mut [$word; 2 * <$isa as Vectors<$number>>::LANES] =
                        to.first_chunk_mut().expect("there is room for every lane");
                    *to = bytemuck::must_cast(words);
                }

                with_features!($isa: methods! {
                    fn differences(entering: &[$sample], leaving: &[$sample]) -> [$words; 2] {
                        const SAMPLES: usize = 4 * <$isa as Vectors<$number>>::LANES;
                        let $samples: [$sample; SAMPLES] = *entering
                            .first_chunk()
                            .expect("there is a sample for every lane");
                        let [even, odd] = $split;
                        let $samples: [$sample; SAMPLES] = *leaving
                            .first_chunk()
                            .expect("there is a sample for every lane");
                        let [leaving_even, leaving_odd] = $split;
                        [$subtract(even, leaving_even), $subtract(odd, leaving_odd)]
                    }
                    fn splat_word(word: $word) -> $words { $splat(word) }
                    fn add_words(a: $words, b: $words) -> $words { $add(a, b) }
                    fn subtract_words(a: $words, b: $words) -> $words { $subtract(a, b) }
                    fn up(words: $words, lanes: usize) -> $words { $up(words, lanes) }
                    fn last(words: $words, lanes: usize) -> $words { $last(words, lanes) }
                    fn splat_last(words: $words) -> $words { $splat_last(words) }
                    fn numbers($numbers: [$words; 2]) -> [$vector; 4] { $to_numbers }
                });
            }
        };
    }

    // Moves by lanes, which are constants where they are inlined.

    /// By so many bytes of a 128-bit vector.
    macro_rules! shifted {
        ($shift:ident, $words:expr, $bytes:expr) => {
            match $bytes {
                2 => $shift::<2>($words),
                4 => $shift::<4>($words),
                6 => $shift::<6>($words),
                8 => $shift::<8>($words),
                10 => $shift::<10>($words),
                12 => $shift::<12>($words),
                14 => $shift::<14>($words),
                _ => unreachable!("a scan moves by a part of a vector"),
            }
        };
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn up_sse2(words: __m128i, bytes: usize) -> __m128i {
        shifted!(_mm_slli_si128, words, bytes)
    }
    #[inline]
    #[target_feature(enable = "sse2")]
    fn last_sse2(words: __m128i, bytes: usize) -> __m128i {
        shifted!(_mm_srli_si128, words, 16 - bytes)
    }
    #[inline]
    #[target_feature(enable = "sse2")]
    fn up16_sse2(words: __m128i, lanes: usize) -> __m128i {
        up_sse2(words, 2 * lanes)
    }
    #[inline]
    #[target_feature(enable = "sse2")]
    fn up32_sse2(words: __m128i, lanes: usize) -> __m128i {
        up_sse2(words, 4 * lanes)
    }
    #[inline]
    #[target_feature(enable = "sse2")]
    fn last16_sse2(words: __m128i, lanes: usize) -> __m128i {
        last_sse2(words, 2 * lanes)
    }
    #[inline]
    #[target_feature(enable = "sse2")]
    fn last32_sse2(words: __m128i, lanes: usize) -> __m128i {
        last_sse2(words, 4 * lanes)
    }
    #[inline]
    #[target_feature(enable = "sse2")]
    fn splat_last16_sse2(words: __m128i) -> __m128i {
        let high = _mm_shufflehi_epi16::<0b11_11_11_11>(words);
        _mm_unpackhi_epi64(high, high)
    }
    #[inline]
    #[target_feature(enable = "sse2")]
    fn splat_last32_sse2(words: __m128i) -> __m128i {
        _mm_shuffle_epi32::<0b11_11_11_11>(words)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn up_avx2(words: __m256i, bytes: usize) -> __m256i {
        // The low half in the high one.
        let high = _mm256_permute2x128_si256::<0x08>(words, words);
        macro_rules! aligned {
            ($($bytes:literal)*) => {
                match bytes {
                    $($bytes => _mm256_alignr_epi8::<{ 16 - $bytes }>(words, high),)*
                    16 => high,
                    _ => shifted!(_mm256_slli_si256, high, bytes - 16),
                }
            };
        }
        aligned!(2 4 6 8 10 12 14)
    }
    #[inline]
    #[target_feature(enable = "avx2")]
    fn last_avx2(words: __m256i, bytes: usize) -> __m256i {
        let low = _mm256_permute2x128_si256::<0x81>(words, words);
        shifted!(_mm256_srli_si256, low, 16 - bytes)
    }
    #[inline]
    #[target_feature(enable = "avx2")]
    fn up16_avx2(words: __m256i, lanes: usize) -> __m256i {
        up_avx2(words, 2 * lanes)
    }
    #[inline]
    #[target_feature(enable = "avx2")]
    fn up32_avx2(words: __m256i, lanes: usize) -> __m256i {
        up_avx2(words, 4 * lanes)
    }
    #[inline]
    #[target_feature(enable = "avx2")]
    fn last16_avx2(words: __m256i, lanes: usize) -> __m256i {
        last_avx2(words, 2 * lanes)
    }
    #[inline]
    #[target_feature(enable = "avx2")]
    fn last32_avx2(words: __m256i, lanes: usize) -> __m256i {
        last_avx2(words, 4 * lanes)
    }
    #[inline]
    #[target_feature(enable = "avx2")]
    fn splat_last16_avx2(words: __m256i) -> __m256i {
        let last = _mm256_permute4x64_epi64::<0b11_11_11_11>(words);
        _mm256_shuffle_epi8(last, _mm256_set1_epi16(0x0706))
    }
    #[inline]
    #[target_feature(enable = "avx2")]
    fn splat_last32_avx2(words: __m256i) -> __m256i {
        _mm256_permutevar8x32_epi32(words, _mm256_set1_epi32(7))
    }

    const LANES16: [i16; 32] = {
        let mut lanes = [0; 32];
        let mut i = 0;
        while i < 32 {
            lanes[i] = i as i16;
            i += 1;
        }
        lanes
    };
    const LANES32: [i32; 16] = {
        let mut lanes = [0; 16];
        let mut i = 0;
        while i < 16 {
            lanes[i] = i as i32;
            i += 1;
        }
        lanes
    };

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn up16_avx512(words: __m512i, lanes: usize) -> __m512i {
        let from = _mm512_sub_epi16(
            bytemuck::must_cast(LANES16),
            _mm512_set1_epi16(lanes as i16),
        );
        _mm512_maskz_permutexvar_epi16(u32::MAX << lanes, from, words)
    }
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn last16_avx512(words: __m512i, lanes: usize) -> __m512i {
        let from = _mm512_sub_epi16(
            bytemuck::must_cast(LANES16),
            _mm512_set1_epi16(lanes as i16),
        );
        _mm512_maskz_permutexvar_epi16((1 << lanes) - 1, from, words)
    }
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn splat_last16_avx512(words: __m512i) -> __m512i {
        _mm512_permutexvar_epi16(_mm512_set1_epi16(31), words)
    }
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn up32_avx512(words: __m512i, lanes: usize) -> __m512i {
        let from = _mm512_sub_epi32(
            bytemuck::must_cast(LANES32),
            _mm512_set1_epi32(lanes as i32),
        );
        _mm512_maskz_permutexvar_epi32(u16::MAX << lanes, from, words)
    }
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn last32_avx512(words: __m512i, lanes: usize) -> __m512i {
        let from = _mm512_sub_epi32(
            bytemuck::must_cast(LANES32),
            _mm512_set1_epi32(lanes as i32),
        );
        _mm512_maskz_permutexvar_epi32((1 << lanes) - 1, from, words)
    }
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn splat_last32_avx512(words: __m512i) -> __m512i {
        _mm512_permutexvar_epi32(_mm512_set1_epi32(15), words)
    }

    // Bytes in 16 bits, and two of them in the 32 bits of a number.
    prefix_sums!(Portable, u8 => i16 => f32: __m128i, __m128,
        |samples| {
            let bytes = bytemuck::must_cast(samples);
            [_mm_and_si128(bytes, _mm_set1_epi16(255)), _mm_srli_epi16::<8>(bytes)]
        },
        |words| {
            let [even, odd] = words;
            let low = |words| _mm_cvtepi32_ps(_mm_srai_epi32::<16>(_mm_slli_epi32::<16>(words)));
            let high = |words| _mm_cvtepi32_ps(_mm_srai_epi32::<16>(words));
            [low(even), low(odd), high(even), high(odd)]
        },
        _mm_set1_epi16, _mm_add_epi16, _mm_sub_epi16, up16_sse2, last16_sse2, splat_last16_sse2);
    prefix_sums!(Avx2, u8 => i16 => f32: __m256i, __m256,
        |samples| {
            let bytes = bytemuck::must_cast(samples);
            [_mm256_and_si256(bytes, _mm256_set1_epi16(255)), _mm256_srli_epi16::<8>(bytes)]
        },
        |words| {
            let [even, odd] = words;
            let low = |words| {
                _mm256_cvtepi32_ps(_mm256_srai_epi32::<16>(_mm256_slli_epi32::<16>(words)))
            };
            let high = |words| _mm256_cvtepi32_ps(_mm256_srai_epi32::<16>(words));
            [low(even), low(odd), high(even), high(odd)]
        },
        _mm256_set1_epi16, _mm256_add_epi16, _mm256_sub_epi16,
        up16_avx2, last16_avx2, splat_last16_avx2);
    prefix_sums!(Avx512, u8 => i16 => f32: __m512i, __m512,
        |samples| {
            let bytes = bytemuck::must_cast(samples);
            [_mm512_and_si512(bytes, _mm512_set1_epi16(255)), _mm512_srli_epi16::<8>(bytes)]
        },
        |words| {
            let [even, odd] = words;
            let low = |words| {
                _mm512_cvtepi32_ps(_mm512_srai_epi32::<16>(_mm512_slli_epi32::<16>(words)))
            };
            let high = |words| _mm512_cvtepi32_ps(_mm512_srai_epi32::<16>(words));
            [low(even), low(odd), high(even), high(odd)]
        },
        _mm512_set1_epi16, _mm512_add_epi16, _mm512_sub_epi16,
        up16_avx512, last16_avx512, splat_last16_avx512);

    // Samples in 32 bits, and two of them in the 64 bits of a number. Bytes become words first.
    macro_rules! in_64_bits {
        ($($sample:ty: $portable:expr, $avx2:expr, $avx512:expr;)*) => { $(
            prefix_sums!(Portable, $sample => i32 => f64: __m128i, __m128d,
                |samples| {
                    let words: __m128i = $portable(samples);
                    [_mm_and_si128(words, _mm_set1_epi32(0xffff)), _mm_srli_epi32::<16>(words)]
                },
                |words| {
                    let [even, odd] = words;
                    let low = |words| _mm_cvtepi32_pd(_mm_shuffle_epi32::<0b10_00>(words));
                    let high = |words| _mm_cvtepi32_pd(_mm_shuffle_epi32::<0b11_01>(words));
                    [low(even), low(odd), high(even), high(odd)]
                },
                _mm_set1_epi32, _mm_add_epi32, _mm_sub_epi32,
                up32_sse2, last32_sse2, splat_last32_sse2);
            prefix_sums!(Avx2, $sample => i32 => f64: __m256i, __m256d,
                |samples| {
                    let words: __m256i = $avx2(samples);
                    [
                        _mm256_and_si256(words, _mm256_set1_epi32(0xffff)),
                        _mm256_srli_epi32::<16>(words),
                    ]
                },
                |words| {
                    let order = bytemuck::must_cast([0, 2, 4, 6, 1, 3, 5, 7]);
                    let [even, odd] = words;
                    let even = _mm256_permutevar8x32_epi32(even, order);
                    let odd = _mm256_permutevar8x32_epi32(odd, order);
                    let low = |words| _mm256_cvtepi32_pd(_mm256_castsi256_si128(words));
                    let high = |words| _mm256_cvtepi32_pd(_mm256_extracti128_si256::<1>(words));
                    [low(even), low(odd), high(even), high(odd)]
                },
                _mm256_set1_epi32, _mm256_add_epi32, _mm256_sub_epi32,
                up32_avx2, last32_avx2, splat_last32_avx2);
            prefix_sums!(Avx512, $sample => i32 => f64: __m512i, __m512d,
                |samples| {
                    let words: __m512i = $avx512(samples);
                    [
                        _mm512_and_si512(words, _mm512_set1_epi32(0xffff)),
                        _mm512_srli_epi32::<16>(words),
                    ]
                },
                |words| {
                    let [even, odd] = words;
                    let low = |words| {
                        _mm512_cvtepi64_pd(_mm512_srai_epi64::<32>(_mm512_slli_epi64::<32>(words)))
                    };
                    let high = |words| _mm512_cvtepi64_pd(_mm512_srai_epi64::<32>(words));
                    [low(even), low(odd), high(even), high(odd)]
                },
                _mm512_set1_epi32, _mm512_add_epi32, _mm512_sub_epi32,
                up32_avx512, last32_avx512, splat_last32_avx512);
        )* };
    }
    in_64_bits! {
        u16: bytemuck::must_cast, bytemuck::must_cast, bytemuck::must_cast;
        u8:
            |bytes| {
                let bytes = _mm_cvtsi64_si128(i64::from_ne_bytes(bytes));
                _mm_unpacklo_epi8(bytes, _mm_setzero_si128())
            },
            |bytes: [u8; 16]| _mm256_cvtepu8_epi16(bytemuck::must_cast(bytes)),
            |bytes: [u8; 32]| _mm512_cvtepu8_epi16(bytemuck::must_cast(bytes));
    }
}

/// Arrays for targets without intrinsics here; the compiler vectorises them.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod arrays {
    use super::{super::Vectors, PrefixSums};

    macro_rules! prefix_sums {
        ($isa:ty, $($sample:ty => $word:ty => $number:ty, $lanes:literal;)*) => { $(
            impl PrefixSums<$sample, $number> for $isa {
                type Word = $word;
                type Words = [$word; 2 * $lanes];

                #[inline(always)]
                fn differences(
                    self,
                    entering: &[$sample],
                    leaving: &[$sample],
                ) -> [Self::Words; 2] {
                    let (entering, leaving) = (&entering[..4 * $lanes], &leaving[..4 * $lanes]);
                    [0, 1].map(|odd| {
                        std::array::from_fn(|i| {
                            let at = 2 * i + odd;
                            <$word>::from(entering[at]) - <$word>::from(leaving[at])
                        })
                    })
                }

                #[inline(always)]
                fn splat_word(self, word: $word) -> Self::Words {
                    [word; 2 * $lanes]
                }

                #[inline(always)]
                fn load_words(self, from: &[$word]) -> Self::Words {
                    *from
                        .first_chunk()
                        .expect("there is an integer for every lane")
                }

                #[inline(always)]
                fn store_words(self, words: Self::Words, to: &mut [$word]) {
                    *to.first_chunk_mut().expect("there is room for every lane") = words;
                }

                #[inline(always)]
                fn add_words(self, a: Self::Words, b: Self::Words) -> Self::Words {
                    std::array::from_fn(|i| a[i].wrapping_add(b[i]))
                }

                #[inline(always)]
                fn subtract_words(self, a: Self::Words, b: Self::Words) -> Self::Words {
                    std::array::from_fn(|i| a[i].wrapping_sub(b[i]))
                }

                #[inline(always)]
                fn up(self, words: Self::Words, lanes: usize) -> Self::Words {
                    std::array::from_fn(|i| i.checked_sub(lanes).map_or(0, |from| words[from]))
                }

                #[inline(always)]
                fn last(self, words: Self::Words, lanes: usize) -> Self::Words {
                    std::array::from_fn(|i| match i < lanes {
                        true => words[2 * $lanes - lanes + i],
                        false => 0,
                    })
                }

                #[inline(always)]
                fn splat_last(self, words: Self::Words) -> Self::Words {
                    [words[2 * $lanes - 1]; 2 * $lanes]
                }

                #[inline(always)]
                fn numbers(
                    self,
                    words: [Self::Words; 2],
                ) -> [<Self as Vectors<$number>>::Vector; 4] {
                    [[0, 0], [1, 0], [0, 1], [1, 1]].map(|[odd, first]| {
                        std::array::from_fn(|i| words[odd][2 * i + first] as $number)
                    })
                }
            }
        )* };
    }

    macro_rules! all {
        ($isa:ty) => {
            prefix_sums! {
                $isa,
                u8 => i16 => f32, 4;
                u8 => i32 => f64, 2;
                u16 => i32 => f64, 2;
            }
        };
    }

    #[cfg(test)]
    all!(super::super::vectors::tests::Arrays);
    #[cfg(not(target_arch = "x86_64"))]
    all!(super::super::Portable);
    #[cfg(target_arch = "aarch64")]
    all!(super::super::Neon);
}

#[cfg(test)]
mod tests;
