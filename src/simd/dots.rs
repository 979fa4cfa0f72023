//! Dot products of bytes: AVX-512 VNNI.

use std::arch::x86_64::*;

pub(crate) use super::tokens::Dots;
use super::tokens::{methods, with_features};

/// The sums of 64 neighbours in four vectors: the first holds outputs 0, 4, 8, ..., the
/// second 1, 5, 9, ... Their samples are four bytes to each 32-bit lane.
pub(crate) type DotVectors = [__m512i; 4];

impl Dots {
    /// The sums in a block.
    pub(crate) const LANES: usize = 64;
    /// The samples that a quad, four neighbouring taps, reads for them.
    pub(crate) const READ: usize = Self::LANES + 3;

    /// All 64 groups of four consecutive samples in 64 + 3.
    #[inline(always)]
    pub(crate) fn samples(self, from: &[u8; Self::READ]) -> DotVectors {
        let mut vectors = self.zero();
        for (shift, vector) in vectors.iter_mut().enumerate() {
            let from: &[u8; Self::LANES] = from[shift..]
                .first_chunk()
                .expect("64 samples follow each of the first four");
            *vector = bytemuck::must_cast(*from);
        }
        vectors
    }

    with_features!(Dots: methods! {
        /// Sums of zero.
        pub(crate) fn zero() -> DotVectors { [_mm512_setzero_si512(); 4] }

        /// The same four weights in every lane.
        pub(crate) fn weights(quad: [i8; 4]) -> __m512i {
            _mm512_set1_epi32(i32::from_le_bytes(bytemuck::must_cast(quad)))
        }

        /// Adds the products of four samples and four weights to every sum.
        pub(crate) fn add(sums: DotVectors, samples: DotVectors, weights: __m512i) -> DotVectors {
            [
                _mm512_dpbusd_epi32(sums[0], samples[0], weights),
                _mm512_dpbusd_epi32(sums[1], samples[1], weights),
                _mm512_dpbusd_epi32(sums[2], samples[2], weights),
                _mm512_dpbusd_epi32(sums[3], samples[3], weights),
            ]
        }

        /// Stores the sums modulo 2^16 in output order.
        pub(crate) fn store_i16(sums: DotVectors, to: &mut [i16; Dots::LANES]) {
            *to = bytemuck::must_cast(ordered_i16(sums));
        }

        /// Stores the sums as f32 in output order.
        pub(crate) fn store_f32(sums: DotVectors, to: &mut [f32; Dots::LANES]) {
            *to = bytemuck::must_cast(ordered_f32(sums));
        }
    });
}

/// The sums modulo 2^16 in output order.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn ordered_i16(sums: DotVectors) -> [__m512i; 2] {
    const fn interleave(first: i16) -> [i16; 32] {
        let mut at = [0; 32];
        let mut i = 0;
        while i < 32 {
            at[i] = first + i as i16 / 2 + i as i16 % 2 * 32;
            i += 1;
        }
        at
    }
    const AT: [[i16; 32]; 2] = [interleave(0), interleave(16)];
    let pair = |low, high| _mm512_mask_blend_epi16(0xaaaa_aaaa, low, _mm512_slli_epi32::<16>(high));
    let (even, odd) = (pair(sums[0], sums[2]), pair(sums[1], sums[3]));
    [
        _mm512_permutex2var_epi16(even, bytemuck::must_cast(AT[0]), odd),
        _mm512_permutex2var_epi16(even, bytemuck::must_cast(AT[1]), odd),
    ]
}

/// The sums as f32 in output order.
#[inline]
#[target_feature(enable = "avx512f")]
fn ordered_f32(sums: DotVectors) -> [__m512; 4] {
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
