//! Dot products of bytes that are a few samples apart, as those of one channel are among
//! interleaved ones: a permutation within 16 bytes brings those of a sum together.

use super::{ByteDots, Vectors, Words};

/// Dot products whose samples may be apart: each vector has the sums of `16 / TAPS` neighbours in
/// every 16 bytes.
pub(crate) trait SpacedDots<const TAPS: usize>: ByteDots<TAPS> {
    /// Places in every 16 bytes.
    type Places: Copy;

    /// The same places in every 16 bytes.
    fn places(self, places: [u8; 16]) -> Self::Places;
    /// The samples at these places of every 16.
    fn permute(self, samples: Self::Samples, places: Self::Places) -> Self::Samples;
    /// As [`words`](ByteDots::words).
    fn spaced_words(self, sums: [Self::Sums; TAPS]) -> [<Self::Isa as Vectors<i16>>::Vector; 2];
    /// As [`bytes`](ByteDots::bytes).
    fn spaced_bytes(
        self,
        words: [<Self::Isa as Vectors<i16>>::Vector; 2],
    ) -> <Self::Isa as Words>::Bytes;
    /// Such words in output order.
    fn spaced_in_order(
        self,
        words: [<Self::Isa as Vectors<i16>>::Vector; 2],
    ) -> [<Self::Isa as Vectors<i16>>::Vector; 2];
}

/// The largest distance of four samples whose permutations for four sums lie within 16 bytes.
pub(crate) const MAX_SPACING: usize = 4;

/// Dot products of samples at a distance.
#[derive(Clone, Copy)]
pub(crate) struct Spaced<D, P> {
    dots: D,
    places: P,
}

impl<D, P> Spaced<D, P> {
    /// Those of samples at a distance of 2 to [`MAX_SPACING`].
    #[inline(always)]
    pub(crate) fn new<const TAPS: usize>(dots: D, spacing: usize) -> Self
    where
        D: SpacedDots<TAPS, Places = P>,
    {
        let mut places = [0; 16];
        for (i, place) in places.iter_mut().enumerate() {
            *place = (i / TAPS + i % TAPS * spacing) as u8;
        }
        Self {
            dots,
            places: dots.places(places),
        }
    }
}

impl<D: SpacedDots<TAPS>, const TAPS: usize> ByteDots<TAPS> for Spaced<D, D::Places> {
    type Isa = D::Isa;
    type Sums = D::Sums;
    type Samples = D::Samples;
    type Weights = D::Weights;
    const LANES: usize = D::LANES;
    const READ: usize = D::LANES + (TAPS - 1) * (16 / TAPS);

    #[inline(always)]
    fn isa(self) -> D::Isa {
        self.dots.isa()
    }

    #[inline(always)]
    fn zero(self) -> D::Sums {
        self.dots.zero()
    }

    #[inline(always)]
    fn samples(self, from: &[u8], vector: usize) -> D::Samples {
        let samples = self.dots.samples(&from[vector * (16 / TAPS)..], 0);
        self.dots.permute(samples, self.places)
    }

    #[inline(always)]
    fn weights(self, weights: [i8; TAPS]) -> D::Weights {
        self.dots.weights(weights)
    }

    #[inline(always)]
    fn add(self, sums: D::Sums, samples: D::Samples, weights: D::Weights) -> D::Sums {
        self.dots.add(sums, samples, weights)
    }

    #[inline(always)]
    fn words(self, sums: [D::Sums; TAPS]) -> [<D::Isa as Vectors<i16>>::Vector; 2] {
        self.dots.spaced_words(sums)
    }

    #[inline(always)]
    fn bytes(self, words: [<D::Isa as Vectors<i16>>::Vector; 2]) -> <D::Isa as Words>::Bytes {
        self.dots.spaced_bytes(words)
    }

    #[inline(always)]
    fn store_words(self, words: [<D::Isa as Vectors<i16>>::Vector; 2], to: &mut [i16]) {
        let [first, second] = self.dots.spaced_in_order(words);
        let isa = self.isa();
        isa.store(first, to);
        isa.store(second, &mut to[<D::Isa as Vectors<i16>>::LANES..]);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{
        super::{
            Avx2, Avx512, Portable,
            tokens::{Dots, methods, with_features},
        },
        SpacedDots,
    };

    macro_rules! spaced {
        (
            $token:ident, $taps:literal, $vector:ty: |$sixteen:ident| $splat:expr,
            |$bytes:ident, $places:ident| $permute:expr, |$sums:ident| $words:expr,
            |$a:ident, $b:ident| $pack:expr, $in_order:expr
        ) => {
            impl SpacedDots<$taps> for $token {
                type Places = $vector;

                with_features!($token: methods! {
                    fn places($sixteen: [u8; 16]) -> $vector { $splat }
                    fn permute($bytes: $vector, $places: $vector) -> $vector { $permute }
                    fn spaced_words($sums: [$vector; $taps]) -> [$vector; 2] { $words }
                    fn spaced_bytes(words: [$vector; 2]) -> $vector {
                        let [$a, $b] = words;
                        $pack
                    }
                    fn spaced_in_order(words: [$vector; 2]) -> [$vector; 2] {
                        let [$a, $b] = words;
                        $in_order
                    }
                });
            }
        };
    }

    // Without an instruction for it, byte by byte: it is not chosen.
    spaced!(Portable, 2, __m128i: |sixteen| bytemuck::must_cast(sixteen),
        |bytes, places| {
            let bytes: [u8; 16] = bytemuck::must_cast(bytes);
            let mut places: [u8; 16] = bytemuck::must_cast(places);
            for place in &mut places {
                *place = bytes[usize::from(*place % 16)];
            }
            bytemuck::must_cast(places)
        },
        |sums| sums,
        |a, b| _mm_packus_epi16(a, b),
        [a, b]);
    spaced!(Avx2, 2, __m256i:
    |sixteen| _mm256_broadcastsi128_si256(bytemuck::must_cast(sixteen)),
    |bytes, places| _mm256_shuffle_epi8(bytes, places),
    |sums| sums,
    |a, b| _mm256_packus_epi16(a, b),
    [
        _mm256_permute2x128_si256::<0x20>(a, b),
        _mm256_permute2x128_si256::<0x31>(a, b),
    ]);
    spaced!(Avx512, 2, __m512i:
        |sixteen| _mm512_broadcast_i32x4(bytemuck::must_cast(sixteen)),
        |bytes, places| _mm512_shuffle_epi8(bytes, places),
        |sums| sums,
        |a, b| _mm512_packus_epi16(a, b),
        in_order(a, b));
    spaced!(Dots, 4, __m512i:
        |sixteen| _mm512_broadcast_i32x4(bytemuck::must_cast(sixteen)),
        |bytes, places| _mm512_shuffle_epi8(bytes, places),
        |sums| {
            // Packing saturates, and must not.
            let mask = _mm512_set1_epi32(0xffff);
            let [a, b, c, d] = sums;
            let [a, b] = [_mm512_and_si512(a, mask), _mm512_and_si512(b, mask)];
            let [c, d] = [_mm512_and_si512(c, mask), _mm512_and_si512(d, mask)];
            [_mm512_packus_epi32(a, b), _mm512_packus_epi32(c, d)]
        },
        |a, b| _mm512_packus_epi16(a, b),
        in_order(a, b));

    /// 16 bytes of one and of the other in turn.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn in_order(a: __m512i, b: __m512i) -> [__m512i; 2] {
        [
            _mm512_permutex2var_epi64(a, bytemuck::must_cast([0_i64, 1, 8, 9, 2, 3, 10, 11]), b),
            _mm512_permutex2var_epi64(a, bytemuck::must_cast([4_i64, 5, 12, 13, 6, 7, 14, 15]), b),
        ]
    }
}

/// Arrays for targets without intrinsics here.
#[cfg(not(target_arch = "x86_64"))]
mod arrays {
    use super::{super::Portable, ByteDots, SpacedDots};
    use crate::simd::Dots;

    macro_rules! spaced {
        ($token:ty, $taps:literal: |$sums:ident| $words:expr) => {
            impl SpacedDots<$taps> for $token {
                type Places = [u8; 16];

                #[inline(always)]
                fn places(self, places: [u8; 16]) -> [u8; 16] {
                    places
                }

                #[inline(always)]
                fn permute(self, samples: [u8; 16], places: [u8; 16]) -> [u8; 16] {
                    places.map(|place| samples[usize::from(place % 16)])
                }

                #[inline(always)]
                fn spaced_words(
                    self,
                    $sums: [<Self as ByteDots<$taps>>::Sums; $taps],
                ) -> [[i16; 8]; 2] {
                    $words
                }

                #[inline(always)]
                fn spaced_bytes(self, words: [[i16; 8]; 2]) -> [u8; 16] {
                    std::array::from_fn(|i| words[i / 8][i % 8] as u8)
                }

                #[inline(always)]
                fn spaced_in_order(self, words: [[i16; 8]; 2]) -> [[i16; 8]; 2] {
                    words
                }
            }
        };
    }

    spaced!(Portable, 2: |sums| sums);
    #[cfg(target_arch = "aarch64")]
    spaced!(super::super::Neon, 2: |sums| sums);
    spaced!(Dots, 4: |sums| {
        std::array::from_fn(|half| std::array::from_fn(|i| sums[2 * half + i / 4][i % 4] as i16))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Body, Dots, Isa, LINE, QuadBody, Simd};

    const WEIGHTS: [i8; 4] = [3, -100, 127, -128];

    fn samples() -> [u8; 2 * LINE] {
        std::array::from_fn(|i| (i * i * 7 + i * 31) as u8)
    }

    /// Twice the sums of neighbours modulo 2^16, and the low bytes of them.
    #[inline(always)]
    fn sums<D: SpacedDots<TAPS>, const TAPS: usize>(
        dots: D,
        spacing: usize,
    ) -> (Vec<i16>, Vec<u8>) {
        let dots = Spaced::new::<TAPS>(dots, spacing);
        let isa = dots.isa();
        let samples = samples();
        let weights = dots.weights(*WEIGHTS.first_chunk().unwrap());
        let mut sums = [dots.zero(); TAPS];
        for _ in 0..2 {
            for (vector, sum) in sums.iter_mut().enumerate() {
                *sum = dots.add(*sum, dots.samples(&samples, vector), weights);
            }
        }
        let words = dots.words(sums);
        let (mut stored, mut bytes) = (vec![0; 64], vec![0; 64]);
        dots.store_words(words, &mut stored);
        let low = words.map(|words| isa.and(words, isa.splat(255)));
        isa.store_bytes(dots.bytes(low), &mut bytes);
        stored.truncate(D::LANES);
        bytes.truncate(D::LANES);
        (stored, bytes)
    }

    fn expected<const TAPS: usize>(spacing: usize, len: usize) -> (Vec<i16>, Vec<u8>) {
        let samples = samples();
        let sum = |i: usize| {
            let products = (0..TAPS)
                .map(|tap| i32::from(samples[i + tap * spacing]) * i32::from(WEIGHTS[tap]));
            2 * products.sum::<i32>()
        };
        (
            (0..len).map(|i| sum(i) as i16).collect(),
            (0..len).map(|i| sum(i) as u8).collect(),
        )
    }

    struct Pairs(usize);

    impl Body for Pairs {
        type Output = (Vec<i16>, Vec<u8>);

        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> Self::Output {
            sums::<I, 2>(isa, self.0)
        }
    }

    struct Quads<'a>(usize, &'a mut (Vec<i16>, Vec<u8>));

    impl QuadBody for Quads<'_> {
        #[inline(always)]
        fn run(self, dots: Dots) {
            *self.1 = sums::<Dots, 4>(dots, self.0);
        }
    }

    #[test]
    fn samples_are_the_spacing_apart() {
        for simd in Simd::available() {
            for spacing in 2..=MAX_SPACING {
                let pairs = simd.run(Pairs(spacing));
                assert_eq!(
                    pairs,
                    expected::<2>(spacing, pairs.0.len()),
                    "{simd:?} {spacing}"
                );
                if simd.has_quads() || cfg!(not(target_arch = "x86_64")) {
                    let mut quads = Default::default();
                    simd.run_quads(Quads(spacing, &mut quads));
                    assert_eq!(
                        quads,
                        expected::<4>(spacing, quads.0.len()),
                        "{simd:?} {spacing}"
                    );
                }
            }
        }
    }
}
