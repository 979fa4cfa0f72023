//! Dot products of bytes: of four in 32 bits where the processor has them, of two in 16 bits
//! everywhere.
//!
//! One vector holds the sums of every `TAPS`-th output, so as many vectors, whose samples are
//! loaded one byte apart, give the sums of neighbours.

use super::{Isa, Vectors, Words};

/// Sums of products of `TAPS` neighbouring samples and their weights.
pub(crate) trait ByteDots<const TAPS: usize>: Copy {
    /// The level of its vectors.
    type Isa: Isa;
    /// The sums of every `TAPS`-th output.
    type Sums: Copy;
    /// The samples of these sums, side by side.
    type Samples: Copy;
    /// The weights of neighbours, the same for every sum.
    type Weights: Copy;
    /// The sums in `TAPS` vectors, and the samples in one.
    const LANES: usize;
    /// The samples that a group of taps reads for them.
    const READ: usize;

    /// The level of its vectors.
    fn isa(self) -> Self::Isa;
    /// Sums of zero.
    fn zero(self) -> Self::Sums;
    /// Of the samples that are read, those of the sums in this vector; panics if there are fewer.
    fn samples(self, from: &[u8], vector: usize) -> Self::Samples;
    /// The same weights for every sum.
    fn weights(self, weights: [i8; TAPS]) -> Self::Weights;
    /// Adds products to every sum. In 16 bits, the positive products of one sum are at most
    /// 2^15 - 1 together, and the negative ones at least -2^15; sums wrap.
    fn add(self, sums: Self::Sums, samples: Self::Samples, weights: Self::Weights) -> Self::Sums;
    /// The sums modulo 2^16.
    fn words(self, sums: [Self::Sums; TAPS]) -> [<Self::Isa as Vectors<i16>>::Vector; 2];
    /// The low bytes of such words in output order; their high bytes are 0.
    fn bytes(self, words: [<Self::Isa as Vectors<i16>>::Vector; 2]) -> <Self::Isa as Words>::Bytes;
    /// Stores them in output order; panics if there is no room.
    fn store_words(self, words: [<Self::Isa as Vectors<i16>>::Vector; 2], to: &mut [i16]);
}

/// Dot products whose sums are exact beyond 16 bits.
pub(crate) trait WideDots<const TAPS: usize>: ByteDots<TAPS> {
    /// The sums as floats, which hold those below 2^24 exactly.
    fn floats(self, sums: [Self::Sums; TAPS]) -> [<Self::Isa as Vectors<f32>>::Vector; TAPS];
    /// Stores them in output order; panics if there is no room.
    fn store_floats(self, sums: [Self::Sums; TAPS], to: &mut [f32]);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{
        super::{
            Avx2, Avx512, Portable,
            tokens::{Dots, methods, with_features},
        },
        ByteDots, WideDots, Words,
    };

    macro_rules! byte_dots {
        (
            $token:ident, $taps:literal, $isa:ident, $vector:ty, $lanes:literal, $weights:ty:
            $zero:expr, |$four:ident| $splat:expr,
            |$sums:ident, $samples:ident, $w:ident| $add:expr, |$all:ident| $words:expr
        ) => {
            impl ByteDots<$taps> for $token {
                type Isa = $isa;
                type Sums = $vector;
                type Samples = $vector;
                type Weights = $weights;
                const LANES: usize = $lanes;
                const READ: usize = $lanes + $taps - 1;

                #[inline(always)]
                fn isa(self) -> $isa {
                    self.into()
                }

                #[inline(always)]
                fn samples(self, from: &[u8], vector: usize) -> $vector {
                    let from: &[u8; $lanes] = from[vector..]
                        .first_chunk()
                        .expect("there is a sample for every lane");
                    bytemuck::must_cast(*from)
                }

                #[inline(always)]
                fn bytes(self, words: [$vector; 2]) -> $vector {
                    self.isa().bytes_in_turn(words)
                }

                #[inline(always)]
                fn store_words(self, words: [$vector; 2], to: &mut [i16]) {
                    self.isa().store_in_turn(words, to);
                }

                with_features!($token: methods! {
                    fn zero() -> $vector { $zero }
                    fn weights($four: [i8; $taps]) -> $weights { $splat }
                    fn add($sums: $vector, $samples: $vector, $w: $weights) -> $vector { $add }
                    fn words($all: [$vector; $taps]) -> [$vector; 2] { $words }
                });
            }
        };
    }

    // Without an instruction for it, bytes are split into words.
    byte_dots!(Portable, 2, Portable, __m128i, 16, [__m128i; 2]:
        _mm_setzero_si128(),
        |two| [_mm_set1_epi16(two[0].into()), _mm_set1_epi16(two[1].into())],
        |sums, samples, weights| {
            let even = _mm_and_si128(samples, _mm_set1_epi16(255));
            let products = _mm_mullo_epi16(even, weights[0]);
            let odd = _mm_mullo_epi16(_mm_srli_epi16::<8>(samples), weights[1]);
            _mm_add_epi16(sums, _mm_add_epi16(products, odd))
        },
        |sums| sums);
    byte_dots!(Avx2, 2, Avx2, __m256i, 32, __m256i:
        _mm256_setzero_si256(),
        |two| _mm256_set1_epi16(bytemuck::must_cast(two)),
        |sums, samples, weights| _mm256_add_epi16(sums, _mm256_maddubs_epi16(samples, weights)),
        |sums| sums);
    byte_dots!(Avx512, 2, Avx512, __m512i, 64, __m512i:
        _mm512_setzero_si512(),
        |two| _mm512_set1_epi16(bytemuck::must_cast(two)),
        |sums, samples, weights| _mm512_add_epi16(sums, _mm512_maddubs_epi16(samples, weights)),
        |sums| sums);
    byte_dots!(Dots, 4, Avx512, __m512i, 64, __m512i:
    _mm512_setzero_si512(),
    |four| _mm512_set1_epi32(bytemuck::must_cast(four)),
    |sums, samples, weights| _mm512_dpbusd_epi32(sums, samples, weights),
    |sums| {
        let [a, b, c, d] = sums;
        [
            _mm512_mask_blend_epi16(0xaaaa_aaaa, a, _mm512_slli_epi32::<16>(c)),
            _mm512_mask_blend_epi16(0xaaaa_aaaa, b, _mm512_slli_epi32::<16>(d)),
        ]
    });

    impl WideDots<4> for Dots {
        with_features!(Dots: methods! {
            fn floats(sums: [__m512i; 4]) -> [__m512; 4] {
                let [a, b, c, d] = sums;
                [
                    _mm512_cvtepi32_ps(a),
                    _mm512_cvtepi32_ps(b),
                    _mm512_cvtepi32_ps(c),
                    _mm512_cvtepi32_ps(d),
                ]
            }

            fn store_floats(sums: [__m512i; 4], to: &mut [f32]) {
                let to: &mut [f32; 64] = to.first_chunk_mut().expect("there is room for every sum");
                *to = bytemuck::must_cast(in_output_order(sums));
            }
        });
    }

    /// The sums as f32 in output order.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn in_output_order(sums: [__m512i; 4]) -> [__m512; 4] {
        let [a, b, c, d] = [
            _mm512_cvtepi32_ps(sums[0]),
            _mm512_cvtepi32_ps(sums[1]),
            _mm512_cvtepi32_ps(sums[2]),
            _mm512_cvtepi32_ps(sums[3]),
        ];
        let low = |a, b| _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
        let high = |a, b| _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
        // Four neighbours in every 128 bits: those at 0, 16, 32, 48, then
        // those at 4, 20, 36, 52, and so on.
        let quads = [
            _mm512_unpacklo_pd(low(a, b), low(c, d)),
            _mm512_unpackhi_pd(low(a, b), low(c, d)),
            _mm512_unpacklo_pd(high(a, b), high(c, d)),
            _mm512_unpackhi_pd(high(a, b), high(c, d)),
        ];
        let [a, b, c, d] = [
            _mm512_castpd_ps(quads[0]),
            _mm512_castpd_ps(quads[1]),
            _mm512_castpd_ps(quads[2]),
            _mm512_castpd_ps(quads[3]),
        ];
        let first_half = [
            _mm512_shuffle_f32x4::<0b01_00_01_00>(a, b),
            _mm512_shuffle_f32x4::<0b01_00_01_00>(c, d),
        ];
        let second_half = [
            _mm512_shuffle_f32x4::<0b11_10_11_10>(a, b),
            _mm512_shuffle_f32x4::<0b11_10_11_10>(c, d),
        ];
        [
            _mm512_shuffle_f32x4::<0b10_00_10_00>(first_half[0], first_half[1]),
            _mm512_shuffle_f32x4::<0b11_01_11_01>(first_half[0], first_half[1]),
            _mm512_shuffle_f32x4::<0b10_00_10_00>(second_half[0], second_half[1]),
            _mm512_shuffle_f32x4::<0b11_01_11_01>(second_half[0], second_half[1]),
        ]
    }
}

/// Arrays for targets without intrinsics here; the compiler vectorises them. Those of four bytes
/// are too slow to be chosen.
#[cfg(not(target_arch = "x86_64"))]
pub(super) mod arrays {
    use super::{super::Portable, ByteDots, WideDots, Words};

    macro_rules! byte_dots {
        ($token:ty, $isa:ty, $taps:literal, $lanes:literal, $sum:ty: $words:expr) => {
            impl ByteDots<$taps> for $token {
                type Isa = $isa;
                type Sums = [$sum; $lanes / $taps];
                type Samples = [u8; $lanes];
                type Weights = [i8; $taps];
                const LANES: usize = $lanes;
                const READ: usize = $lanes + $taps - 1;

                #[inline(always)]
                fn isa(self) -> $isa {
                    self.into()
                }

                #[inline(always)]
                fn zero(self) -> Self::Sums {
                    [0; $lanes / $taps]
                }

                #[inline(always)]
                fn samples(self, from: &[u8], vector: usize) -> Self::Samples {
                    *from[vector..]
                        .first_chunk()
                        .expect("there is a sample for every lane")
                }

                #[inline(always)]
                fn weights(self, weights: [i8; $taps]) -> [i8; $taps] {
                    weights
                }

                #[inline(always)]
                fn add(
                    self,
                    sums: Self::Sums,
                    samples: Self::Samples,
                    weights: [i8; $taps],
                ) -> Self::Sums {
                    std::array::from_fn(|i| {
                        (0..$taps).fold(sums[i], |sum, tap| {
                            let product = <$sum>::from(samples[i * $taps + tap])
                                .wrapping_mul(<$sum>::from(weights[tap]));
                            sum.wrapping_add(product)
                        })
                    })
                }

                #[inline(always)]
                fn words(self, sums: [Self::Sums; $taps]) -> [[i16; 8]; 2] {
                    $words(sums)
                }

                #[inline(always)]
                fn bytes(self, words: [[i16; 8]; 2]) -> [u8; 16] {
                    self.isa().bytes_in_turn(words)
                }

                #[inline(always)]
                fn store_words(self, words: [[i16; 8]; 2], to: &mut [i16]) {
                    self.isa().store_in_turn(words, to);
                }
            }
        };
    }
    byte_dots!(Portable, Portable, 2, 16, i16: |sums| sums);
    #[cfg(target_arch = "aarch64")]
    byte_dots!(super::super::Neon, super::super::Neon, 2, 16, i16: |sums| sums);

    /// A token that proves nothing, as no instruction is needed.
    #[derive(Clone, Copy)]
    pub(crate) struct Dots(pub(in crate::simd) ());

    impl From<Dots> for Portable {
        fn from(_: Dots) -> Self {
            Self
        }
    }

    byte_dots!(Dots, Portable, 4, 16, i32: |sums: [[i32; 4]; 4]| {
        let words = |first: usize| std::array::from_fn(|i| sums[first + i % 2 * 2][i / 2] as i16);
        [words(0), words(1)]
    });

    impl WideDots<4> for Dots {
        fn floats(self, sums: [[i32; 4]; 4]) -> [[f32; 4]; 4] {
            sums.map(|sums| sums.map(|sum| sum as f32))
        }

        fn store_floats(self, sums: [[i32; 4]; 4], to: &mut [f32]) {
            let to: &mut [f32; 16] = to.first_chunk_mut().expect("there is room for every sum");
            *to = std::array::from_fn(|i| sums[i % 4][i / 4] as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Body, Dots, QuadBody, Simd};

    /// Several arrays of samples, each with a group of weights.
    fn samples_and_weights<const TAPS: usize>() -> Vec<([u8; 80], [i8; TAPS])> {
        let made = |k: usize| {
            let weights =
                [k as i8, -128, 127 - k as i8, 3].map(|w: i8| w.wrapping_mul(k as i8 + 1));
            (
                std::array::from_fn(|i| (i * i * 7 + i * k * 31 + k) as u8),
                *weights.first_chunk().unwrap(),
            )
        };
        (0..6).map(made).collect()
    }

    /// The sums of neighbours modulo 2^16.
    #[inline(always)]
    fn sums<D: ByteDots<TAPS>, const TAPS: usize>(dots: D) -> [D::Sums; TAPS] {
        let mut sums = [dots.zero(); TAPS];
        for (samples, weights) in &samples_and_weights::<TAPS>() {
            let weights = dots.weights(*weights);
            for (vector, sums) in sums.iter_mut().enumerate() {
                *sums = dots.add(*sums, dots.samples(samples, vector), weights);
            }
        }
        sums
    }

    #[inline(always)]
    fn words<D: ByteDots<TAPS>, const TAPS: usize>(dots: D) -> Vec<i16> {
        let mut words = vec![0; D::LANES];
        dots.store_words(dots.words(sums(dots)), &mut words);
        words
    }

    fn expected<const TAPS: usize>(len: usize) -> Vec<i32> {
        let mut expected = vec![0; len];
        for (samples, weights) in samples_and_weights::<TAPS>() {
            for (i, sum) in expected.iter_mut().enumerate() {
                let products = samples[i..].iter().zip(weights);
                *sum += products
                    .map(|(&s, w)| i32::from(s) * i32::from(w))
                    .sum::<i32>();
            }
        }
        expected
    }

    struct Pairs;

    impl Body for Pairs {
        type Output = Vec<i16>;

        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> Self::Output {
            words::<I, 2>(isa)
        }
    }

    struct Quads<'a>(&'a mut Vec<i16>, &'a mut [Vec<f32>; 2]);

    impl QuadBody for Quads<'_> {
        #[inline(always)]
        fn run(self, dots: Dots) {
            *self.0 = words::<Dots, 4>(dots);
            let sums = sums(dots);
            for floats in &mut *self.1 {
                floats.resize(<Dots as ByteDots<4>>::LANES, 0.0);
            }
            dots.store_floats(sums, &mut self.1[0]);
            for (shift, vector) in dots.floats(sums).into_iter().enumerate() {
                let mut floats = [0.0; 16];
                dots.isa().store(vector, &mut floats);
                let every_fourth = self.1[1].iter_mut().skip(shift).step_by(4);
                every_fourth.zip(floats).for_each(|(to, float)| *to = float);
            }
        }
    }

    #[test]
    fn dot_products_are_sums_of_products() {
        for simd in Simd::available() {
            let words = simd.run(Pairs);
            let expected: Vec<i16> = (expected::<2>(words.len()).iter())
                .map(|&sum| sum as i16)
                .collect();
            assert_eq!(words, expected, "{simd:?}");
            if simd.has_quads() || cfg!(not(target_arch = "x86_64")) {
                let (mut words, mut floats) = (Vec::new(), [Vec::new(), Vec::new()]);
                simd.run_quads(Quads(&mut words, &mut floats));
                let expected = self::expected::<4>(words.len());
                assert!(expected.iter().any(|&sum| i16::try_from(sum).is_err()));
                assert!(
                    words
                        .iter()
                        .zip(&expected)
                        .all(|(&word, &sum)| word == sum as i16)
                );
                for floats in floats {
                    assert!(
                        floats
                            .iter()
                            .zip(&expected)
                            .all(|(&float, &sum)| float == sum as f32)
                    );
                }
            }
        }
    }
}
