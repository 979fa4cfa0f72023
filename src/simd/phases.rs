//! Samples in phases: of `P` vectors, the first holds the samples 0, P, 2P, ..., the second
//! 1, P + 1, 2P + 1, ..., and so on.
//!
//! Under the taps of a row, P neighbouring outputs in each lane read the same vectors: one load
//! serves P multiply-adds, where outputs side by side need a load each, and most loads cross a
//! cache line. Four bytes in the 32 bits of a lane, or four 16-bit samples in 64 bits, are in
//! phases as they are loaded: masks and shifts split them.

use super::{Vectors, memory::Stream};

/// Loads and stores of samples of `S` as `P` vectors of numbers of `T` in phases.
pub(crate) trait Phases<S, T, const P: usize>: Vectors<T> {
    /// The samples of `P` vectors.
    type Samples: Copy;

    /// Splits the first `P * LANES` samples of `from`; panics if there are fewer.
    fn split(self, from: &[S]) -> [Self::Vector; P];

    /// Joins the numbers again as samples: integers rounded to nearest, ties to even, and
    /// saturated. In f32 they are smaller than 2^31, and none is NaN unless samples are floats.
    fn join(self, numbers: [Self::Vector; P]) -> Self::Samples;

    /// Whether any of the samples differ. Floats need not be told apart.
    fn differ(self, a: Self::Samples, b: Self::Samples) -> bool;

    /// Stores to the first `P * LANES` samples of `to`; panics if there are fewer.
    fn store_samples(self, samples: Self::Samples, to: &mut [S]);

    /// The same by non-temporal stores, where `to` is aligned for them.
    fn stream_samples(self, stream: &mut Stream, samples: Self::Samples, to: &mut [S]);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{
        super::{
            Avx2, Avx512, Portable, Vectors,
            tokens::{methods, with_features},
        },
        Phases, Stream,
    };

    macro_rules! phases {
        (
            $isa:ident, $sample:ty => $number:ty, $phases:literal: $vector:ty, $samples:ty,
            |$from:ident| $split:expr, |$numbers:ident| $join:expr, |$a:ident, $b:ident| $differ:expr
        ) => {
            impl Phases<$sample, $number, $phases> for $isa {
                type Samples = $samples;

                with_features!($isa: methods! {
                    fn split(from: &[$sample]) -> [$vector; $phases] {
                        let $from: [$sample; $phases * <$isa as Vectors<$number>>::LANES] = *from
                            .first_chunk()
                            .expect("there is a sample for every lane");
                        $split
                    }

                    fn join($numbers: [$vector; $phases]) -> $samples { $join }

                    fn differ($a: $samples, $b: $samples) -> bool { $differ }
                });

                #[inline(always)]
                fn store_samples(self, samples: $samples, to: &mut [$sample]) {
                    let to: &mut [$sample; $phases * <$isa as Vectors<$number>>::LANES] =
                        to.first_chunk_mut().expect("there is room for every lane");
                    *to = bytemuck::must_cast(samples);
                }

                #[inline(always)]
                fn stream_samples(self, stream: &mut Stream, samples: $samples, to: &mut [$sample]) {
                    const BYTES: usize = size_of::<$samples>();
                    let bytes: [u8; BYTES] = bytemuck::must_cast(samples);
                    stream.store(bytes, bytemuck::must_cast_slice_mut(to));
                }
            }
        };
    }

    // Bytes in f32: packing saturates, and leaves four bytes of each phase in 128 bits.
    phases!(Portable, u8 => f32, 4: __m128, __m128i,
        |from| {
            let (words, mask) = (bytemuck::must_cast(from), _mm_set1_epi32(255));
            [
                _mm_cvtepi32_ps(_mm_and_si128(words, mask)),
                _mm_cvtepi32_ps(_mm_and_si128(_mm_srli_epi32::<8>(words), mask)),
                _mm_cvtepi32_ps(_mm_and_si128(_mm_srli_epi32::<16>(words), mask)),
                _mm_cvtepi32_ps(_mm_srli_epi32::<24>(words)),
            ]
        },
        |numbers| {
            let [a, b, c, d] = numbers;
            let packed = _mm_packus_epi16(
                _mm_packs_epi32(_mm_cvtps_epi32(a), _mm_cvtps_epi32(b)),
                _mm_packs_epi32(_mm_cvtps_epi32(c), _mm_cvtps_epi32(d)),
            );
            // a b c d of four bytes each, to pairs ac and bd, to quads abcd.
            let pairs = _mm_unpacklo_epi8(packed, _mm_srli_si128::<8>(packed));
            _mm_unpacklo_epi8(pairs, _mm_srli_si128::<8>(pairs))
        },
        |a, b| _mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) != 0xffff);
    phases!(Avx2, u8 => f32, 4: __m256, __m256i,
        |from| {
            let (words, mask) = (bytemuck::must_cast(from), _mm256_set1_epi32(255));
            [
                _mm256_cvtepi32_ps(_mm256_and_si256(words, mask)),
                _mm256_cvtepi32_ps(_mm256_and_si256(_mm256_srli_epi32::<8>(words), mask)),
                _mm256_cvtepi32_ps(_mm256_and_si256(_mm256_srli_epi32::<16>(words), mask)),
                _mm256_cvtepi32_ps(_mm256_srli_epi32::<24>(words)),
            ]
        },
        |numbers| {
            let [a, b, c, d] = numbers;
            let packed = _mm256_packus_epi16(
                _mm256_packs_epi32(_mm256_cvtps_epi32(a), _mm256_cvtps_epi32(b)),
                _mm256_packs_epi32(_mm256_cvtps_epi32(c), _mm256_cvtps_epi32(d)),
            );
            _mm256_shuffle_epi8(packed, _mm256_broadcastsi128_si256(bytemuck::must_cast(QUADS)))
        },
        |a, b| _mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b)) != -1);
    phases!(Avx512, u8 => f32, 4: __m512, __m512i,
        |from| {
            let (words, mask) = (bytemuck::must_cast(from), _mm512_set1_epi32(255));
            [
                _mm512_cvtepi32_ps(_mm512_and_si512(words, mask)),
                _mm512_cvtepi32_ps(_mm512_and_si512(_mm512_srli_epi32::<8>(words), mask)),
                _mm512_cvtepi32_ps(_mm512_and_si512(_mm512_srli_epi32::<16>(words), mask)),
                _mm512_cvtepi32_ps(_mm512_srli_epi32::<24>(words)),
            ]
        },
        |numbers| {
            let [a, b, c, d] = numbers;
            let packed = _mm512_packus_epi16(
                _mm512_packs_epi32(_mm512_cvtps_epi32(a), _mm512_cvtps_epi32(b)),
                _mm512_packs_epi32(_mm512_cvtps_epi32(c), _mm512_cvtps_epi32(d)),
            );
            _mm512_shuffle_epi8(packed, _mm512_broadcast_i32x4(bytemuck::must_cast(QUADS)))
        },
        |a, b| _mm512_cmpneq_epi8_mask(a, b) != 0);

    /// From four bytes of each phase to four neighbours.
    const QUADS: [u8; 16] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];

    // 16-bit samples in f64, saturated before they are rounded: the limits are integers. Phases
    // are joined by shifts.
    phases!(Portable, u16 => f64, 4: __m128d, __m128i,
        |from| {
            let (words, mask): (__m128i, _) = (bytemuck::must_cast(from), _mm_set1_epi64x(0xffff));
            let number = |words| {
                _mm_cvtepi32_pd(_mm_shuffle_epi32::<0b10_00>(_mm_and_si128(words, mask)))
            };
            [
                number(words),
                number(_mm_srli_epi64::<16>(words)),
                number(_mm_srli_epi64::<32>(words)),
                number(_mm_srli_epi64::<48>(words)),
            ]
        },
        |numbers| {
            let (zero, white) = (_mm_setzero_pd(), _mm_set1_pd(65535.0));
            let integer = |n| _mm_cvtpd_epi32(_mm_min_pd(_mm_max_pd(n, zero), white));
            let [a, b, c, d] = numbers;
            let low = _mm_or_si128(integer(a), _mm_slli_epi32::<16>(integer(b)));
            let high = _mm_or_si128(integer(c), _mm_slli_epi32::<16>(integer(d)));
            _mm_unpacklo_epi32(low, high)
        },
        |a, b| _mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) != 0xffff);
    phases!(Avx2, u16 => f64, 4: __m256d, __m256i,
        |from| {
            let words: __m256i = bytemuck::must_cast(from);
            let mask = _mm256_set1_epi64x(0xffff);
            // The integer in the low bits of 2^52.
            let magic = _mm256_set1_pd(4_503_599_627_370_496.0);
            let number = |words| {
                let bits = _mm256_or_si256(words, _mm256_castpd_si256(magic));
                _mm256_sub_pd(_mm256_castsi256_pd(bits), magic)
            };
            [
                number(_mm256_and_si256(words, mask)),
                number(_mm256_and_si256(_mm256_srli_epi64::<16>(words), mask)),
                number(_mm256_and_si256(_mm256_srli_epi64::<32>(words), mask)),
                number(_mm256_srli_epi64::<48>(words)),
            ]
        },
        |numbers| {
            let (zero, white) = (_mm256_setzero_pd(), _mm256_set1_pd(65535.0));
            let integer = |n| _mm256_cvtpd_epi32(_mm256_min_pd(_mm256_max_pd(n, zero), white));
            let [a, b, c, d] = numbers;
            let low = _mm_or_si128(integer(a), _mm_slli_epi32::<16>(integer(b)));
            let high = _mm_or_si128(integer(c), _mm_slli_epi32::<16>(integer(d)));
            let first = _mm256_castsi128_si256(_mm_unpacklo_epi32(low, high));
            _mm256_inserti128_si256::<1>(first, _mm_unpackhi_epi32(low, high))
        },
        |a, b| _mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b)) != -1);
    phases!(Avx512, u16 => f64, 4: __m512d, __m512i,
        |from| {
            let (words, mask) = (bytemuck::must_cast(from), _mm512_set1_epi64(0xffff));
            [
                _mm512_cvtepi64_pd(_mm512_and_si512(words, mask)),
                _mm512_cvtepi64_pd(_mm512_and_si512(_mm512_srli_epi64::<16>(words), mask)),
                _mm512_cvtepi64_pd(_mm512_and_si512(_mm512_srli_epi64::<32>(words), mask)),
                _mm512_cvtepi64_pd(_mm512_srli_epi64::<48>(words)),
            ]
        },
        |numbers| {
            let (zero, white) = (_mm512_setzero_pd(), _mm512_set1_pd(65535.0));
            let integer = |n| _mm512_cvtpd_epi64(_mm512_min_pd(_mm512_max_pd(n, zero), white));
            let [a, b, c, d] = numbers;
            let low = _mm512_or_si512(integer(a), _mm512_slli_epi64::<16>(integer(b)));
            let high = _mm512_or_si512(integer(c), _mm512_slli_epi64::<16>(integer(d)));
            _mm512_or_si512(low, _mm512_slli_epi64::<32>(high))
        },
        |a, b| _mm512_cmpneq_epi64_mask(a, b) != 0);

    // Bytes in f64, by way of 16-bit samples.
    macro_rules! bytes_in_f64 {
        ($isa:ident, $vector:ty, $words:ty, |$from:ident| $narrow:expr) => {
            impl $isa {
                with_features!($isa: methods! {
                    /// Saturates 16-bit samples to bytes.
                    fn narrow_words($from: $words) -> [u8; 4 * <$isa as Vectors<f64>>::LANES] {
                        $narrow
                    }
                });
            }

            impl Phases<u8, f64, 4> for $isa {
                type Samples = [u8; 4 * <$isa as Vectors<f64>>::LANES];

                #[inline(always)]
                fn split(self, from: &[u8]) -> [$vector; 4] {
                    let from: &Self::Samples = from
                        .first_chunk()
                        .expect("there is a sample for every lane");
                    Phases::<u16, f64, 4>::split(self, &from.map(u16::from))
                }

                #[inline(always)]
                fn join(self, numbers: [$vector; 4]) -> Self::Samples {
                    self.narrow_words(Phases::<u16, f64, 4>::join(self, numbers))
                }

                #[inline(always)]
                fn differ(self, a: Self::Samples, b: Self::Samples) -> bool {
                    a != b
                }

                #[inline(always)]
                fn store_samples(self, samples: Self::Samples, to: &mut [u8]) {
                    *to.first_chunk_mut().expect("there is room for every lane") = samples;
                }

                #[inline(always)]
                fn stream_samples(self, stream: &mut Stream, samples: Self::Samples, to: &mut [u8]) {
                    stream.store(samples, to);
                }
            }
        };
    }
    bytes_in_f64!(Portable, __m128d, __m128i, |words| {
        // The smaller one of unsigned words.
        let beyond = _mm_subs_epu16(words, _mm_set1_epi16(255));
        let words = _mm_sub_epi16(words, beyond);
        _mm_cvtsi128_si64(_mm_packus_epi16(words, words)).to_ne_bytes()
    });
    bytes_in_f64!(Avx2, __m256d, __m256i, |words| {
        let words = _mm256_min_epu16(words, _mm256_set1_epi16(255));
        let (low, high) = (
            _mm256_castsi256_si128(words),
            _mm256_extracti128_si256::<1>(words),
        );
        bytemuck::must_cast(_mm_packus_epi16(low, high))
    });
    bytes_in_f64!(Avx512, __m512d, __m512i, |words| {
        bytemuck::must_cast(_mm512_cvtusepi16_epi8(words))
    });

    const EVEN: [i32; 16] = every_second(0);
    const ODD: [i32; 16] = every_second(1);
    const FIRST: [i32; 16] = in_turn(0);
    const SECOND: [i32; 16] = in_turn(8);

    /// Of two vectors.
    const fn every_second(first: i32) -> [i32; 16] {
        let mut at = [0; 16];
        let mut i = 0;
        while i < 16 {
            at[i] = first + 2 * i as i32;
            i += 1;
        }
        at
    }

    /// Of one vector and of another.
    const fn in_turn(first: i32) -> [i32; 16] {
        let mut at = [0; 16];
        let mut i = 0;
        while i < 16 {
            at[i] = first + i as i32 / 2 + i as i32 % 2 * 16;
            i += 1;
        }
        at
    }

    // Floats, even and odd.
    phases!(Portable, f32 => f32, 2: __m128, [__m128; 2],
        |from| {
            let [a, b]: [__m128; 2] = bytemuck::must_cast(from);
            [_mm_shuffle_ps::<0b10_00_10_00>(a, b), _mm_shuffle_ps::<0b11_01_11_01>(a, b)]
        },
        |numbers| {
            let [even, odd] = numbers;
            [_mm_unpacklo_ps(even, odd), _mm_unpackhi_ps(even, odd)]
        },
        |_a, _b| false);
    phases!(Avx2, f32 => f32, 2: __m256, [__m256; 2],
        |from| {
            let [a, b]: [__m256; 2] = bytemuck::must_cast(from);
            let low = _mm256_permute2f128_ps::<0x20>(a, b);
            let high = _mm256_permute2f128_ps::<0x31>(a, b);
            [
                _mm256_shuffle_ps::<0b10_00_10_00>(low, high),
                _mm256_shuffle_ps::<0b11_01_11_01>(low, high),
            ]
        },
        |numbers| {
            let [even, odd] = numbers;
            let [low, high] = [_mm256_unpacklo_ps(even, odd), _mm256_unpackhi_ps(even, odd)];
            [
                _mm256_permute2f128_ps::<0x20>(low, high),
                _mm256_permute2f128_ps::<0x31>(low, high),
            ]
        },
        |_a, _b| false);
    phases!(Avx512, f32 => f32, 2: __m512, [__m512; 2],
        |from| {
            let [a, b]: [__m512; 2] = bytemuck::must_cast(from);
            [
                _mm512_permutex2var_ps(a, bytemuck::must_cast(EVEN), b),
                _mm512_permutex2var_ps(a, bytemuck::must_cast(ODD), b),
            ]
        },
        |numbers| {
            let [even, odd] = numbers;
            [
                _mm512_permutex2var_ps(even, bytemuck::must_cast(FIRST), odd),
                _mm512_permutex2var_ps(even, bytemuck::must_cast(SECOND), odd),
            ]
        },
        |_a, _b| false);
    phases!(Portable, f64 => f64, 2: __m128d, [__m128d; 2],
        |from| {
            let [a, b]: [__m128d; 2] = bytemuck::must_cast(from);
            [_mm_unpacklo_pd(a, b), _mm_unpackhi_pd(a, b)]
        },
        |numbers| {
            let [even, odd] = numbers;
            [_mm_unpacklo_pd(even, odd), _mm_unpackhi_pd(even, odd)]
        },
        |_a, _b| false);
    phases!(Avx2, f64 => f64, 2: __m256d, [__m256d; 2],
        |from| {
            let [a, b]: [__m256d; 2] = bytemuck::must_cast(from);
            let low = _mm256_permute2f128_pd::<0x20>(a, b);
            let high = _mm256_permute2f128_pd::<0x31>(a, b);
            [_mm256_unpacklo_pd(low, high), _mm256_unpackhi_pd(low, high)]
        },
        |numbers| {
            let [even, odd] = numbers;
            let [low, high] = [_mm256_unpacklo_pd(even, odd), _mm256_unpackhi_pd(even, odd)];
            [
                _mm256_permute2f128_pd::<0x20>(low, high),
                _mm256_permute2f128_pd::<0x31>(low, high),
            ]
        },
        |_a, _b| false);
    phases!(Avx512, f64 => f64, 2: __m512d, [__m512d; 2],
        |from| {
            let [a, b]: [__m512d; 2] = bytemuck::must_cast(from);
            [
                _mm512_permutex2var_pd(a, bytemuck::must_cast([0_i64, 2, 4, 6, 8, 10, 12, 14]), b),
                _mm512_permutex2var_pd(a, bytemuck::must_cast([1_i64, 3, 5, 7, 9, 11, 13, 15]), b),
            ]
        },
        |numbers| {
            let [even, odd] = numbers;
            [
                _mm512_permutex2var_pd(even, bytemuck::must_cast([0_i64, 8, 1, 9, 2, 10, 3, 11]), odd),
                _mm512_permutex2var_pd(even, bytemuck::must_cast([4_i64, 12, 5, 13, 6, 14, 7, 15]), odd),
            ]
        },
        |_a, _b| false);
    // Floats side by side.
    macro_rules! one_phase {
        ($($isa:ident, $number:ty, $vector:ty;)*) => { $(
            phases!($isa, $number => $number, 1: $vector, $vector,
                |from| [bytemuck::must_cast(from)],
                |numbers| { let [vector] = numbers; vector },
                |_a, _b| false);
        )* };
    }
    one_phase! {
        Portable, f32, __m128;
        Avx2, f32, __m256;
        Avx512, f32, __m512;
        Portable, f64, __m128d;
        Avx2, f64, __m256d;
        Avx512, f64, __m512d;
    }
}

/// Arrays for targets without intrinsics here; the compiler vectorises them.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod arrays {
    use super::{super::Vectors, Phases, Stream};

    macro_rules! phases {
        ($isa:ty, $sample:ty => $number:ty, $phases:literal, $lanes:literal: |$n:ident| $join:expr) => {
            #[allow(clippy::modulo_one, reason = "one phase is one of them")]
            impl Phases<$sample, $number, $phases> for $isa {
                type Samples = [$sample; $phases * $lanes];

                #[inline(always)]
                fn split(self, from: &[$sample]) -> [<Self as Vectors<$number>>::Vector; $phases] {
                    let from = &from[..$phases * $lanes];
                    std::array::from_fn(|p| std::array::from_fn(|i| from[i * $phases + p].into()))
                }

                #[inline(always)]
                fn join(
                    self,
                    numbers: [<Self as Vectors<$number>>::Vector; $phases],
                ) -> Self::Samples {
                    std::array::from_fn(|i| {
                        let $n = numbers[i % $phases][i / $phases];
                        $join
                    })
                }

                #[inline(always)]
                fn differ(self, a: Self::Samples, b: Self::Samples) -> bool {
                    a != b
                }

                #[inline(always)]
                fn store_samples(self, samples: Self::Samples, to: &mut [$sample]) {
                    *to.first_chunk_mut().expect("there is room for every lane") = samples;
                }

                #[inline(always)]
                fn stream_samples(
                    self,
                    _: &mut Stream,
                    samples: Self::Samples,
                    to: &mut [$sample],
                ) {
                    Phases::<$sample, $number, $phases>::store_samples(self, samples, to);
                }
            }
        };
    }

    macro_rules! all_phases {
        ($isa:ty) => {
            // `as` saturates.
            phases!($isa, u8 => f32, 4, 4: |n| n.round_ties_even() as u8);
            phases!($isa, u16 => f64, 4, 2: |n| n.round_ties_even() as u16);
            phases!($isa, u8 => f64, 4, 2: |n| n.round_ties_even() as u8);
            phases!($isa, f32 => f32, 2, 4: |n| n);
            phases!($isa, f64 => f64, 2, 2: |n| n);
            phases!($isa, f32 => f32, 1, 4: |n| n);
            phases!($isa, f64 => f64, 1, 2: |n| n);
        };
    }

    #[cfg(test)]
    all_phases!(super::super::vectors::tests::Arrays);
    #[cfg(not(target_arch = "x86_64"))]
    all_phases!(super::super::Portable);
    #[cfg(target_arch = "aarch64")]
    all_phases!(super::super::Neon);
}

#[cfg(test)]
mod tests;
